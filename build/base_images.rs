//! `facts/base-images.yaml` → `FAMILIES`, `RELEASES` and `SIZES` of `src/image/base/`.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    distros: BTreeMap<String, Vec<Release>>,
    families: Vec<Family>,
    sizes: Vec<Size>,
    runtimes: Vec<Runtime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runtime {
    image: String,
    version: String,
    alpine: String,
    package: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    name: String,
    #[serde(rename = "release")]
    number: String,
    eol: String,
    #[serde(default)]
    mirror: Option<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    image: String,
    class: String,
    libc: String,
    users: Vec<User>,
    #[serde(default)]
    entrypoint: Vec<String>,
    cmd: Vec<String>,
    workdir: String,
    #[serde(default)]
    stopsignal: Option<String>,
    #[serde(default)]
    expose: Vec<String>,
    env: Vec<String>,
    /// Programs that all classes of one version have, or none.
    #[serde(default)]
    alike: Vec<String>,
    tools: Vec<String>,
    lacks: Vec<String>,
    packages: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    uid: u32,
    gid: u32,
    home: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    tag: String,
    bytes: u64,
    date: String,
    source: String,
}

/// The Rust source of the tables.
pub(crate) fn table(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/base-images.yaml has the shape described in it");
    let families: String = facts.families.iter().map(family).collect();
    let releases: String =
        facts.distros.iter().flat_map(|(distro, all)| all.iter().map(|one| release(distro, one))).collect();
    let sizes: String = facts.sizes.iter().map(size).collect();
    let runtimes: String = facts.runtimes.iter().map(runtime).collect();
    format!(
        "pub(super) static FAMILIES: &[Family] = &[\n{families}];\n\
         pub(super) static RELEASES: &[Release] = &[\n{releases}];\n\
         pub(super) static SIZES: &[Size] = &[\n{sizes}];\n\
         pub(super) static RUNTIMES: &[Runtime] = &[\n{runtimes}];\n"
    )
}

fn family(family: &Family) -> String {
    let users: String = family.users.iter().map(user).collect();
    format!(
        "Family {{ image: {:?}, class: Class::{}, libc: Libc::{}, users: &[{users}], entrypoint: &{:?}, cmd: &{:?}, workdir: {:?}, \
         stopsignal: {:?}, expose: &{:?}, env: &{:?}, alike: &{:?}, tools: &{:?}, lacks: &{:?}, packages: &{:?}, source: {:?} }},\n",
        family.image,
        capitalized(&family.class),
        capitalized(&family.libc),
        family.entrypoint,
        family.cmd,
        family.workdir,
        family.stopsignal,
        family.expose,
        family.env,
        family.alike,
        family.tools,
        family.lacks,
        family.packages,
        family.source,
    )
}

fn user(user: &User) -> String {
    format!("User {{ name: {:?}, uid: {}, gid: {}, home: {:?} }}, ", user.name, user.uid, user.gid, user.home)
}

fn release(distro: &str, release: &Release) -> String {
    format!(
        "Release {{ distro: Distro::{}, name: {:?}, number: {:?}, end_of_life: {:?}, mirror_gone: {}, source: {:?} }},\n",
        capitalized(distro),
        release.name,
        release.number,
        release.eol,
        release.mirror.as_deref() == Some("gone"),
        release.source
    )
}

fn runtime(runtime: &Runtime) -> String {
    let Runtime { image, version, alpine, package, source } = runtime;
    format!(
        "Runtime {{ image: {image:?}, version: {version:?}, release: {alpine:?}, package: {package:?}, source: {source:?} }},\n"
    )
}

fn size(size: &Size) -> String {
    format!(
        "Size {{ tag: {:?}, bytes: {}, date: {:?}, source: {:?} }},\n",
        size.tag,
        grouped(size.bytes),
        size.date,
        size.source
    )
}

/// `1130000000` as `1_130_000_000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join("_")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
