//! Which programs a distribution's package brings, and which package brings a program.
//!
//! Compiled in from `facts/packages.yaml`. Of a package that is not in there, only the program of its own name is known.

use crate::image::base::Distro;
use crate::project::glob;

/// A package, by its names, and its programs.
struct Package {
    apt: &'static [&'static str],
    apk: &'static [&'static str],
    programs: &'static [&'static str],
    adds: bool,
    trusts: bool,
}

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

impl Package {
    const fn names(&self, distro: Distro) -> &'static [&'static str] {
        match distro {
            Distro::Alpine => self.apk,
            Distro::Debian | Distro::Ubuntu => self.apt,
        }
    }
}

/// The programs that the distributions' package `name` is known to bring, whichever of them has it.
pub fn of(name: &str) -> impl Iterator<Item = &'static str> {
    let named = move |list: &[&str]| list.iter().any(|pattern| glob::matches(pattern, name));
    PACKAGES
        .iter()
        .filter(move |package| named(package.apt) || named(package.apk))
        .flat_map(|package| package.programs)
        .copied()
}

/// What to install for `program`, which does the same in all distributions; `None` when nothing is known.
pub fn packages_for(program: &str, distro: Distro) -> Option<Vec<&'static str>> {
    let package = PACKAGES.iter().find(|package| package.adds && package.programs.contains(&program))?;
    let name = *package.names(distro).first()?;
    // Alpine's own bundle of certificates comes with its TLS library.
    let trusts = package.trusts && distro != Distro::Alpine;
    Some(if trusts { vec!["ca-certificates", name] } else { vec![name] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_and_programs() {
        assert!(of("postgresql-client-15").any(|program| program == "psql"));
        assert_eq!(of("libpq5").count(), 0);
        assert_eq!(packages_for("curl", Distro::Debian), Some(vec!["ca-certificates", "curl"]));
        assert_eq!(packages_for("curl", Distro::Alpine), Some(vec!["curl"]));
        assert_eq!(packages_for("xz", Distro::Alpine), Some(vec!["xz"]));
        assert_eq!(packages_for("gcc", Distro::Debian), None);
    }
}
