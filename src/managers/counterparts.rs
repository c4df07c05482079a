//! Packages of Debian that Alpine has too, under the same name or another one, for the same use.
//!
//! Compiled in from `facts/packages.yaml`. What is not in there has no exact counterpart.

/// A package of Debian, and what takes its place on Alpine.
#[derive(Debug, PartialEq, Eq)]
pub struct Counterpart {
    /// Debian's name.
    pub apt: &'static str,
    /// Alpine's packages; none for what only apt itself has a use for.
    pub apk: &'static [&'static str],
    /// Whether it is the same for builds only: what runs might see another version.
    pub build: bool,
}

include!(concat!(env!("OUT_DIR"), "/counterparts.rs"));

/// The counterpart of Debian's package `name`, without a version or an architecture.
pub fn of(name: &str) -> Option<&'static Counterpart> {
    COUNTERPARTS.iter().find(|known| known.apt == name)
}

/// Whether `program` is Debian's package manager.
pub fn is_debians(program: &str) -> bool {
    matches!(program, "apt" | "apt-get")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_distributions() {
        assert_eq!(of("build-essential").map(|known| known.apk), Some(&["build-base"][..]));
        assert_eq!(of("git").map(|known| known.apk), Some(&["git"][..]));
        assert!(of("imagemagick").is_none() && of("curl=7.*").is_none());
    }
}
