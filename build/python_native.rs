//! `facts/python-native.yaml` → `NATIVE` of `src/project/python/native.rs`.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    name: String,
    seen: String,
    files: Vec<String>,
    #[serde(default)]
    aarch64: Vec<String>,
    #[serde(default)]
    musllinux: BTreeMap<u16, (String, String)>,
    #[serde(default)]
    build_apt: Vec<String>,
    #[serde(default)]
    build_apk: Vec<String>,
    #[serde(default)]
    run_apt: Vec<String>,
    #[serde(default)]
    run_apk: Vec<String>,
    #[serde(default)]
    wheel_apt: Vec<String>,
    #[serde(default)]
    wheel_apk: Vec<String>,
    #[serde(default)]
    unsure: Option<String>,
    #[serde(default)]
    settled_by: Option<String>,
    #[serde(default)]
    note: Option<String>,
    source: String,
}

/// The Rust source of the table, sorted by name.
pub(crate) fn table(yaml: &str) -> String {
    let mut facts: Facts = serde_yaml::from_str(yaml).expect("facts/python-native.yaml has the shape described in it");
    for package in &mut facts.packages {
        package.name = normalize(&package.name);
    }
    facts.packages.sort_by(|a, b| a.name.cmp(&b.name));
    let native: String = facts.packages.iter().map(package).collect();
    format!("pub(super) static NATIVE: &[Native] = &[\n{native}];\n")
}

fn package(package: &Package) -> String {
    let has = |list: &[String], kind: &str| list.iter().any(|one| one == kind);
    let rows: Vec<String> =
        package.musllinux.iter().map(|(minor, (first, last))| format!("({minor}, {first:?}, {last:?})")).collect();
    format!(
        "Native {{ name: {:?}, seen: {:?}, sdist: {}, any: {}, manylinux: {}, musllinux: {}, arm_manylinux: {}, arm_musllinux: {}, \
         musl_versions: &[{}], build_apt: &{:?}, build_apk: &{:?}, run_apt: &{:?}, run_apk: &{:?}, wheel_apt: &{:?}, wheel_apk: &{:?}, \
         unsure: {:?}, settled_by: {:?}, note: {:?}, source: {:?} }},\n",
        package.name,
        package.seen,
        has(&package.files, "sdist"),
        has(&package.files, "any"),
        has(&package.files, "manylinux"),
        has(&package.files, "musllinux"),
        has(&package.aarch64, "manylinux"),
        has(&package.aarch64, "musllinux"),
        rows.join(", "),
        package.build_apt,
        package.build_apk,
        package.run_apt,
        package.run_apk,
        package.wheel_apt,
        package.wheel_apk,
        package.unsure,
        package.settled_by,
        package.note,
        package.source,
    )
}

/// PEP 503.
fn normalize(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}
