//! What is known of the official images that stages start from: which tags exist, the distribution under each,
//! and what it brings along.
//!
//! Compiled in from `facts/base-images.yaml` and `facts/tags/`. What is not in there is unknown: no tag, user
//! or tool is ever guessed.

mod tags;

use crate::dockerfile::image_ref::ImageRef;

pub use tags::{Tag, tag};

/// How much of a distribution an image carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Debian with compilers, headers and version control.
    Full,
    /// Debian without.
    Slim,
    /// Alpine.
    Alpine,
}

/// The C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Libc {
    /// GNU's.
    Glibc,
    /// Alpine's.
    Musl,
}

/// A family of distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distro {
    /// Debian: suites have names.
    Debian,
    /// Ubuntu.
    Ubuntu,
    /// Alpine: releases have numbers.
    Alpine,
}

/// What all images of one name and class have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// `node`
    pub image: &'static str,
    /// How much of a distribution it carries.
    pub class: Class,
    /// Its C library.
    pub libc: Libc,
    /// Users for applications that exist beside root and the distribution's own.
    pub users: &'static [User],
    /// ENTRYPOINT; empty when it sets none.
    pub entrypoint: &'static [&'static str],
    /// CMD.
    pub cmd: &'static [&'static str],
    /// WORKDIR.
    pub workdir: &'static str,
    /// STOPSIGNAL, when it sets one.
    pub stopsignal: Option<&'static str>,
    /// EXPOSE.
    pub expose: &'static [&'static str],
    /// Names of the environment variables that it sets.
    pub env: &'static [&'static str],
    /// Programs that come and go with the version: every class of one version has them, or none has.
    pub alike: &'static [&'static str],
    /// Programs known to be there.
    pub tools: &'static [&'static str],
    /// Programs known not to be there.
    pub lacks: &'static [&'static str],
    /// Distribution packages known to be there and easily missed.
    pub packages: &'static [&'static str],
    /// Where this was read.
    pub source: &'static str,
}

/// A user of an image.
#[derive(Debug, PartialEq, Eq)]
pub struct User {
    /// Its name.
    pub name: &'static str,
    /// Its number.
    pub uid: u32,
    /// Its group's number.
    pub gid: u32,
    /// Its home directory.
    pub home: &'static str,
}

/// A release of a distribution.
#[derive(Debug, PartialEq, Eq)]
pub struct Release {
    /// Of what.
    pub distro: Distro,
    /// `bookworm`, `3.20`
    pub name: &'static str,
    /// `12`, `3.20`
    pub number: &'static str,
    /// Day of the last regular update, `YYYY-MM-DD`.
    pub end_of_life: &'static str,
    /// Whether the package index left the main mirror, so that `apt-get update` fails.
    pub mirror_gone: bool,
    /// Where this was read.
    pub source: &'static str,
}

/// The measured size of an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Size {
    /// `node:22`
    pub tag: &'static str,
    /// Uncompressed, amd64.
    pub bytes: u64,
    /// When, `YYYY-MM-DD`.
    pub date: &'static str,
    /// Where this was read.
    pub source: &'static str,
}

/// A package of Alpine that takes the place of an image.
#[derive(Debug, PartialEq, Eq)]
pub struct Runtime {
    /// `node`
    pub image: &'static str,
    /// Its major version.
    pub version: &'static str,
    /// The release of Alpine that has it.
    pub release: &'static str,
    /// `nodejs`
    pub package: &'static str,
    /// Where this was read.
    pub source: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/base_images.rs"));

impl Family {
    /// Whether `program` is on PATH; `None` when that is not known.
    pub fn has_tool(&self, program: &str) -> Option<bool> {
        let named = |list: &[&str]| list.contains(&program);
        if named(self.tools) {
            return Some(true);
        }
        named(self.lacks).then_some(false)
    }
}

/// The family of `image` (`node`) in `class`.
pub fn family(image: &str, class: Class) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.image == image && family.class == class)
}

/// The release called `name` (`bookworm`, `3.20`, `jammy`).
pub fn release(name: &str) -> Option<&'static Release> {
    RELEASES.iter().find(|release| release.name == name)
}

/// The official image that `reference` names. None through a registry of one's own or a digest: there the tag
/// does not say what is pulled.
pub fn official(reference: &str) -> Option<Tag> {
    let image = ImageRef::parse(reference);
    let docker_hub = image.registry.as_deref().is_none_or(|host| matches!(host, "docker.io" | "index.docker.io"));
    if !docker_hub || image.digest.is_some() {
        return None;
    }
    let name = image.image.strip_prefix("library/").unwrap_or(&image.image);
    tag(name, image.tag.as_deref().unwrap_or("latest"))
}

/// The package of Alpine that is what `image` is in this major version.
pub fn runtime(image: &str, version: &str) -> Option<&'static Runtime> {
    RUNTIMES.iter().find(|runtime| runtime.image == image && runtime.version == version)
}

/// All families, for tests and listings.
pub fn families() -> &'static [Family] {
    FAMILIES
}

/// All measured sizes.
pub fn sizes() -> &'static [Size] {
    SIZES
}
