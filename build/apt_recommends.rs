//! `facts/apt-recommends.yaml` → the tables of `src/managers/recommends.rs`.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    releases: Vec<String>,
    harmless: Vec<String>,
    needed_by: BTreeMap<String, Words>,
    added: Vec<String>,
    packages: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    programs: Vec<String>,
    words: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    #[serde(rename = "in")]
    releases: String,
    #[serde(default)]
    recommends: Vec<String>,
    #[serde(default)]
    brings: Vec<String>,
}

/// The Rust source of the tables; those with names are sorted.
pub(crate) fn table(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/apt-recommends.yaml has the shape described in it");
    let mask = |written: &str| mask(&facts.releases, written);
    let needed: Vec<String> = facts.needed_by.iter().map(|(name, words)| needed(name, words)).collect();
    let packages: Vec<String> = facts.packages.iter().map(|(name, one)| package(name, one, &mask)).collect();
    let (needed, packages) = (needed.concat(), packages.concat());
    format!(
        "pub(super) static RELEASES: &[&str] = &{:?};\n\
         pub(super) static HARMLESS: &[&str] = &{:?};\n\
         pub(super) static ADDED: &[&str] = &{:?};\n\
         pub(super) static NEEDED: &[Needed] = &[\n{needed}];\n\
         pub(super) static PACKAGES: &[Package] = &[\n{packages}];\n",
        facts.releases, facts.harmless, facts.added,
    )
}

fn needed(name: &str, Words { programs, words }: &Words) -> String {
    format!("Needed {{ name: {name:?}, programs: &{programs:?}, words: &{words:?} }},\n")
}

fn package(name: &str, package: &Package, mask: &dyn Fn(&str) -> u16) -> String {
    let (releases, recommends) = (mask(&package.releases), recommends(&package.recommends, mask));
    format!(
        "Package {{ name: {name:?}, releases: {releases}, recommends: &[{recommends}], brings: &{:?} }},\n",
        package.brings
    )
}

/// `name:bookworm+trixie` as name and bits.
fn recommends(written: &[String], mask: &dyn Fn(&str) -> u16) -> String {
    let one = |entry: &String| match entry.split_once(':') {
        Some((name, releases)) => format!("({name:?}, {}), ", mask(releases)),
        None => format!("({entry:?}, {}), ", u16::MAX),
    };
    written.iter().map(one).collect()
}

/// One bit for each release, in their order.
fn mask(releases: &[String], written: &str) -> u16 {
    if written == "all" {
        return u16::MAX;
    }
    let bit = |name: &str| {
        let at = releases.iter().position(|release| release == name);
        1 << at.unwrap_or_else(|| panic!("{name} is not among the releases"))
    };
    written.split('+').map(bit).sum()
}
