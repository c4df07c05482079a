//! What is known of npm packages with native code, where a lock file is silent: `facts/node-native.yaml`, made into
//! tables at build time.

use super::version::{self, Version};

include!(concat!(env!("OUT_DIR"), "/node_native.rs"));

/// How a package behaves on an image, by the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// As it is installed.
    Works,
    /// When its install gets a build from outside of the registry; else it compiles.
    Downloads,
    /// When it is installed; needs a toolchain.
    Compiles,
    /// Not at all.
    Breaks,
    /// When the lock has its package for that libc.
    Platform,
    /// Not established.
    Unknown,
}

/// An entry: a package in a range of versions.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name in the registry.
    pub name: &'static str,
    /// The first version it holds for.
    pub from: Option<Version>,
    /// The first version it no longer holds for.
    pub below: Option<Version>,
    /// On Alpine, x86-64.
    pub musl_x64: Fact,
    /// On Alpine, arm64.
    pub musl_arm64: Fact,
    /// On a Debian `-slim` image.
    pub slim: Fact,
    /// Debian packages that compiling needs.
    pub apt_build: &'static [&'static str],
    /// Alpine packages that compiling needs.
    pub apk_build: &'static [&'static str],
    /// Debian packages needed at run time.
    pub apt_run: &'static [&'static str],
    /// Alpine packages needed at run time.
    pub apk_run: &'static [&'static str],
    /// In words.
    pub why: &'static str,
    /// Where it was read.
    pub source: &'static str,
}

/// What the table has on a package.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// An entry for this version.
    Covered(&'static Known),
    /// Only entries for other versions.
    OtherVersions(&'static Known),
    /// Nothing.
    Absent,
}

/// The entry for `name` at `version`.
pub fn lookup(name: &str, version: &str) -> Lookup {
    let start = PACKAGES.partition_point(|known| known.name < name);
    let entries = PACKAGES[start..].iter().take_while(|known| known.name == name);
    // A pre-release is told apart only from entries for all versions.
    let version = version::parse(version);
    let covers = |known: &&Known| match version {
        Some(version) => {
            known.from.is_none_or(|from| version >= from) && known.below.is_none_or(|below| version < below)
        }
        None => known.from.is_none() && known.below.is_none(),
    };
    let mut entries = entries.peekable();
    let Some(first) = entries.peek().copied() else { return Lookup::Absent };
    entries.find(covers).map_or(Lookup::OtherVersions(first), Lookup::Covered)
}

/// Whether a package that depends on `name` has native code.
pub fn is_signal(name: &str) -> bool {
    SIGNALS.binary_search(&name).is_ok()
}

/// Every entry, sorted by name.
pub const fn all() -> &'static [Known] {
    PACKAGES
}
