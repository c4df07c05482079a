//! What apt's packages recommend: what is not installed with `--no-install-recommends`, and whether somebody misses it.
//!
//! Compiled in from `facts/apt-recommends.yaml`, for the packages and releases that are listed there.

use crate::image::base::{self, Distro};

/// A package, with all that it depends on.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Where it exists: a bit for each of [`releases`].
    pub releases: u16,
    /// What it and its dependencies recommend, and in which releases.
    pub recommends: &'static [(&'static str, u16)],
    /// Those of its dependencies that others recommend.
    pub brings: &'static [&'static str],
}

/// A package that is missed only where something names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Needed {
    /// Its name.
    pub name: &'static str,
    /// The programs that it holds, or that need it.
    pub programs: &'static [&'static str],
    /// Words of an instruction that tell of it.
    pub words: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/apt_recommends.rs"));

/// The releases that were read; their order is that of the bits.
pub fn releases() -> &'static [&'static str] {
    RELEASES
}

/// All packages, sorted by name.
pub fn packages() -> &'static [Package] {
    PACKAGES
}

/// The packages that nobody misses.
pub fn harmless() -> &'static [&'static str] {
    HARMLESS
}

/// The packages that are asked for by name instead.
pub fn added() -> &'static [&'static str] {
    ADDED
}

/// The packages that are missed only where something names them.
pub fn needed() -> &'static [Needed] {
    NEEDED
}

/// The package called `name`, as it is in one of `releases`.
pub fn package(name: &str, releases: u16) -> Option<&'static Package> {
    let index = PACKAGES.binary_search_by(|package| package.name.cmp(name)).ok()?;
    Some(&PACKAGES[index]).filter(|package| package.releases & releases == releases)
}

/// The releases, as bits, one of which stands under `image` (`node:20`, `nvidia/cuda:12.2.0-base-ubuntu22.04`); `None` when that is
/// not told, or not among those that were read.
pub fn releases_of(image: &str) -> Option<u16> {
    let path = image.split('@').next().unwrap_or_default();
    let (repository, tag) = path.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).unwrap_or((path, "latest"));
    let name = repository.rsplit('/').next().unwrap_or_default();
    let official = !repository.contains('/') || repository.ends_with(&format!("library/{name}"));
    let known = official.then(|| base::tag(name, tag)).flatten().and_then(|tag| tag.release());
    match known.map(|release| release.name).or_else(|| named_in(name, tag)) {
        Some(release) => bit(release),
        None if !official || tag.contains("alpine") => None,
        // The newest with long-term support, as it was in 2025 and is in 2026.
        None if name == "ubuntu" && tag == "latest" => Some(bit("noble")? | bit("resolute")?),
        None if ON_DEBIAN.contains(&name) => Some(bit("bullseye")? | bit("bookworm")? | bit("trixie")?),
        None => None,
    }
}

/// Official images on Debian; which release a tag without its name is on is not known here.
const ON_DEBIAN: &[&str] = &[
    "ruby",
    "php",
    "rust",
    "perl",
    "postgres",
    "redis",
    "httpd",
    "wordpress",
    "buildpack-deps",
    "haskell",
    "gcc",
    "openjdk",
];

fn bit(release: &str) -> Option<u16> {
    Some(1 << RELEASES.iter().position(|known| *known == release)?)
}

/// The release that a tag names: `3.2-slim-bookworm`, `22.04` of ubuntu, `base-ubuntu22.04`.
fn named_in(repository: &str, tag: &str) -> Option<&'static str> {
    let found =
        RELEASES.iter().copied().find(|release| tag.split(|c: char| !c.is_alphanumeric()).any(|part| part == *release));
    found.or_else(|| {
        let ubuntu =
            RELEASES.iter().filter_map(|name| base::release(name)).filter(|release| release.distro == Distro::Ubuntu);
        let tells = |number: &str| repository == "ubuntu" && tag == number || tag.contains(&format!("ubuntu{number}"));
        ubuntu.filter(|release| tells(release.number)).map(|release| release.name).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_is_told_by_the_image() {
        let cases = [
            ("debian:bookworm-slim", Some("bookworm")),
            ("ubuntu:22.04", Some("jammy")),
            ("ubuntu:jammy", Some("jammy")),
            ("docker.io/library/debian:12", Some("bookworm")),
            ("python:3.11-slim-bookworm", Some("bookworm")),
            ("ruby:3.2-slim-bullseye", Some("bullseye")),
            ("nvidia/cuda:12.2.0-base-ubuntu22.04", Some("jammy")),
            ("mcr.microsoft.com/dotnet/sdk:8.0-jammy", Some("jammy")),
            ("acme/base:1.2", None),
            ("debian:stretch", None),
            ("alpine:3.20", None),
            ("php:8.3-fpm-alpine", None),
            ("acme/ruby:3.3", None),
        ];
        for (image, expected) in cases {
            assert_eq!(releases_of(image), expected.and_then(bit), "{image}");
        }
        assert_eq!(releases_of("ruby:3.3-slim").unwrap().count_ones(), 3);
        assert_eq!(releases_of("ubuntu").unwrap().count_ones(), 2);
    }

    #[test]
    fn packages_are_found_by_name_and_release() {
        let jammy = releases_of("ubuntu:jammy").unwrap();
        let curl = package("curl", jammy).unwrap();
        assert!(curl.recommends.iter().any(|(name, _)| *name == "ca-certificates"));
        assert!(package("no-such-package", jammy).is_none());
        assert!(PACKAGES.is_sorted_by_key(|package| package.name));
    }
}
