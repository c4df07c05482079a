//! What is known of packages with compiled code: which wheels they have, and what they need to be built and to run.
//!
//! Compiled in from `facts/python-native.yaml`. What is not in there is unknown.

use super::name::{Version, between};
use super::specifier::allows;
use super::wheel::{Arch, Target, Wheel};
use crate::project::finding::{Finding, evidence};
use crate::proposal::Evidence;

/// A package with compiled code, or one that loads a system library.
#[derive(Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a kind of file that an index has or has not")]
pub struct Native {
    /// Normalized.
    pub name: &'static str,
    /// The newest version when the facts were collected.
    pub seen: &'static str,
    /// Whether that version has a source distribution,
    pub sdist: bool,
    /// a wheel without compiled code,
    pub any: bool,
    /// one for glibc on `x86_64`,
    pub manylinux: bool,
    /// one for musl on `x86_64`,
    pub musllinux: bool,
    /// one for glibc on `aarch64`,
    pub arm_manylinux: bool,
    /// one for musl on `aarch64`.
    pub arm_musllinux: bool,
    /// By minor version of `CPython` 3: the first and last version with a wheel for musl on `x86_64`.
    pub musl_versions: &'static [(u16, &'static str, &'static str)],
    /// Debian packages to build it; `name@release` holds for that release only, here and below.
    pub build_apt: &'static [&'static str],
    /// Alpine packages to build it.
    pub build_apk: &'static [&'static str],
    /// Debian packages that it needs at run time when it was built from source.
    pub run_apt: &'static [&'static str],
    /// The same for Alpine.
    pub run_apk: &'static [&'static str],
    /// Debian packages that even its wheel needs at run time.
    pub wheel_apt: &'static [&'static str],
    /// The same for Alpine.
    pub wheel_apk: &'static [&'static str],
    /// What is not known of its needs at run time.
    pub unsure: Option<&'static str>,
    /// The package that brings all of this in its wheels, where it is installed too.
    pub settled_by: Option<&'static str>,
    /// For the reader.
    pub note: Option<&'static str>,
    /// Where the facts are from.
    pub source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/python_native.rs"));

/// All packages with compiled code that are known, sorted by name.
pub fn natives() -> &'static [Native] {
    NATIVE
}

/// The package `name` (normalized), when it is known to have compiled code.
pub fn native(name: &str) -> Option<&'static Native> {
    NATIVE.binary_search_by(|one| one.name.cmp(name)).ok().map(|index| &NATIVE[index])
}

impl Native {
    /// How the package arrives on `target`: in the version asked for (`None`: the newest that `specifier` allows).
    pub fn wheel(&self, version: Option<&str>, specifier: &str, target: &Target) -> Finding<Wheel> {
        let newest = version.is_none() && allows(specifier, self.seen) == Some(true);
        let current = newest || version.is_some_and(|version| Version::parse(version) == Version::parse(self.seen));
        if !self.manylinux && !self.musllinux {
            return self.without_compiled_wheel(version, current);
        }
        if !self.sdist && !self.any {
            // Whatever version it is: where an install works, a wheel for glibc was taken.
            return self.known(Wheel::ManylinuxOnlyNoSdist, "has neither a source distribution nor a wheel for musl");
        }
        if !self.musllinux {
            return self.for_glibc_only(current);
        }
        let Some(minor) = target.python else {
            return Finding::unknown(format!(
                "which wheels {} has depends on the Python version, and it is not known",
                self.name
            ));
        };
        let row = self.musl_versions.iter().find(|(row, ..)| *row == minor);
        let Some((_, first, last)) = row else {
            return Finding::unknown(format!("no wheel of {} for CPython 3.{minor} is known", self.name));
        };
        let has = match version {
            Some(version) => between(version, first, last) == Some(true),
            None => newest && *last == self.seen,
        };
        if !has {
            let version =
                version.map_or("the version that will be taken".to_owned(), |version| format!("version {version}"));
            return Finding::unknown(format!("no wheel of {} in {version} for CPython 3.{minor} is known", self.name));
        }
        if target.arches.contains(&Arch::Aarch64) && !(self.arm_musllinux && current) {
            return Finding::unknown(format!(
                "whether this version of {} has a wheel for musl on arm64 is not known",
                self.name
            ));
        }
        self.known(Wheel::Musllinux, &format!("has wheels for musl from {first} to {last} on CPython 3.{minor}"))
    }

    /// That a wheel for glibc exists of the version asked for, where [`Self::wheel`] cannot tell more.
    pub(super) fn wheel_for_glibc(&self, version: Option<&str>, specifier: &str, target: &Target) -> Option<Evidence> {
        let newest = version.is_none() && allows(specifier, self.seen) == Some(true);
        let current = newest || version.is_some_and(|version| Version::parse(version) == Version::parse(self.seen));
        let arm = target.arches.contains(&Arch::Aarch64);
        let minor = target.python?;
        let row = self.musl_versions.iter().find(|(row, ..)| *row == minor);
        // Who builds wheels for musl builds them for glibc too.
        let in_row = row.is_some_and(|(_, first, last)| match version {
            Some(version) => between(version, first, last) == Some(true),
            None => newest && *last == self.seen,
        });
        let fits = self.manylinux && in_row && (!arm || (current && self.arm_manylinux));
        fits.then(|| evidence(self.source, None, format!("{} has wheels for CPython 3.{minor}", self.name)))
    }

    fn without_compiled_wheel(&self, version: Option<&str>, current: bool) -> Finding<Wheel> {
        if !self.any {
            return self.known(Wheel::SdistOnly, "is built from source on Linux");
        }
        let major = |text: &str| Version::parse(text).and_then(|version| version.release().first().copied());
        if current || version.is_some_and(|version| major(version) == major(self.seen)) {
            return self.known(Wheel::Pure, "has no compiled code");
        }
        Finding::unknown(format!("{} had compiled code in other versions than {}", self.name, self.seen))
    }

    fn for_glibc_only(&self, current: bool) -> Finding<Wheel> {
        if !current {
            return Finding::unknown(format!("only the wheels of {} {} are known", self.name, self.seen));
        }
        let wheel = if self.any { Wheel::PureFallback } else { Wheel::ManylinuxOnly };
        self.known(wheel, "has no wheel for musl")
    }

    fn known(&self, wheel: Wheel, fact: &str) -> Finding<Wheel> {
        Finding::known(
            wheel,
            [evidence(self.source, None, format!("{} {fact} (newest seen: {})", self.name, self.seen))],
        )
    }
}
