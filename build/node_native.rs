//! `facts/node-native.yaml` → `PACKAGES` and `SIGNALS` of `src/project/node/native_table.rs`.

use serde::Deserialize;
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    signals: Vec<Signal>,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Signal {
    name: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    from: Option<String>,
    below: Option<String>,
    musl_x64: String,
    musl_arm64: String,
    slim: String,
    #[serde(default)]
    apt_build: Vec<String>,
    #[serde(default)]
    apk_build: Vec<String>,
    #[serde(default)]
    apt_run: Vec<String>,
    #[serde(default)]
    apk_run: Vec<String>,
    why: String,
    source: String,
}

/// The tables as Rust, sorted by name for a binary search.
pub(crate) fn table(yaml: &str) -> String {
    let mut facts: Facts = serde_yaml::from_str(yaml).expect("facts/node-native.yaml is well formed");
    facts.packages.sort_by(|a, b| a.name.cmp(&b.name));
    facts.signals.sort_by(|a, b| a.name.cmp(&b.name));
    let mut out = String::from("pub(super) const PACKAGES: &[Known] = &[\n");
    for package in &facts.packages {
        assert!(!package.source.is_empty() && !package.why.is_empty(), "{} has a source and a reason", package.name);
        writeln!(out, "    {},", known(package)).expect("writing to a string");
    }
    out.push_str("];\npub(super) const SIGNALS: &[&str] = &[\n");
    for signal in &facts.signals {
        assert!(!signal.source.is_empty(), "{} has a source", signal.name);
        writeln!(out, "    {:?},", signal.name).expect("writing to a string");
    }
    out + "];\n"
}

fn known(package: &Package) -> String {
    let Package { name, apt_build, apk_build, apt_run, apk_run, why, source, .. } = package;
    format!(
        "Known {{ name: {name:?}, from: {}, below: {}, musl_x64: Fact::{}, musl_arm64: Fact::{}, slim: Fact::{}, \
         apt_build: &{apt_build:?}, apk_build: &{apk_build:?}, apt_run: &{apt_run:?}, apk_run: &{apk_run:?}, \
         why: {why:?}, source: {source:?} }}",
        version(package.from.as_deref()),
        version(package.below.as_deref()),
        fact(&package.musl_x64),
        fact(&package.musl_arm64),
        fact(&package.slim),
    )
}

fn version(text: Option<&str>) -> String {
    let Some(text) = text else { return "None".to_owned() };
    let parts: Vec<u64> = text.split('.').map(|part| part.parse().expect("a version is three numbers")).collect();
    let &[major, minor, patch] = parts.as_slice() else { panic!("{text} is not three numbers") };
    format!("Some(({major}, {minor}, {patch}))")
}

fn fact(word: &str) -> &'static str {
    match word {
        "works" => "Works",
        "downloads" => "Downloads",
        "compiles" => "Compiles",
        "breaks" => "Breaks",
        "platform" => "Platform",
        "unknown" => "Unknown",
        other => panic!("`{other}` is not one of works, downloads, compiles, breaks, platform, unknown"),
    }
}
