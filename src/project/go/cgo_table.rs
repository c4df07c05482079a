//! Modules that need cgo. Compiled in from `facts/go-cgo.yaml`; what is not in there is not known to need it.

/// A module that needs cgo.
#[derive(Debug, PartialEq, Eq)]
pub struct CgoModule {
    /// Its path without a major version suffix.
    pub path: &'static str,
    /// Only these packages of it need cgo; all when empty.
    pub only: &'static [&'static str],
    /// It needs cgo only with one of these build tags; always when empty.
    pub tags: &'static [&'static str],
    /// Debian packages to build it; `name@release` holds for that release only, here and below.
    pub build_apt: &'static [&'static str],
    /// Alpine packages to build it.
    pub build_apk: &'static [&'static str],
    /// Debian packages that the binary needs at run time.
    pub run_apt: &'static [&'static str],
    /// The same for Alpine.
    pub run_apk: &'static [&'static str],
    /// Whether it brings or wants libraries that musl cannot load.
    pub glibc_only: bool,
    /// The module, and its first version, that builds on musl.
    pub musl_since: Option<(&'static str, &'static str)>,
    /// What happens with `CGO_ENABLED=0`.
    pub without: Option<&'static str>,
    /// What is not known of its needs at run time.
    pub unsure: Option<&'static str>,
    /// Where the facts are from.
    pub source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/go_cgo.rs"));

/// All modules that are known, sorted by path.
pub fn modules() -> &'static [CgoModule] {
    MODULES
}

/// The entry that speaks for the module or package `path`, and what follows the module's path.
pub fn find(path: &str) -> Option<(&'static CgoModule, &str)> {
    MODULES.iter().find_map(|module| {
        let rest = path.strip_prefix(module.path)?;
        let below = if rest.is_empty() { rest } else { rest.strip_prefix('/')? };
        Some((module, strip_major(below)))
    })
}

/// `v2/kafka` as `kafka`.
fn strip_major(path: &str) -> &str {
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    let is_major =
        first.strip_prefix('v').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if is_major { rest } else { path }
}

impl CgoModule {
    /// Whether its needs at run time are verified.
    pub fn runtime_known(&self) -> bool {
        self.unsure.is_none() && !self.source.contains("unverified")
    }

    /// Whether importing the package `below` of it needs cgo under these build tags.
    pub fn applies(&self, below: &str, tags: &[String]) -> bool {
        let package = self.only.is_empty()
            || self.only.iter().any(|only| below == *only || below.starts_with(&format!("{only}/")));
        let tag = self.tags.is_empty() || self.tags.iter().any(|tag| tags.iter().any(|given| given == tag));
        package && tag
    }
}
