//! `facts/packages.yaml` → the tables of `src/managers/build_only.rs` and `src/managers/programs.rs`.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    build_only: BuildOnly,
    programs: Programs,
    counterparts: Counterparts,
    libraries: Vec<Library>,
    alpine: Vec<Alpine>,
    with_python: List,
    pure_python: List,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildOnly {
    apt: Vec<String>,
    apk: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Programs {
    source: String,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Package {
    apt: Vec<String>,
    apk: Vec<String>,
    programs: Vec<String>,
    #[serde(default)]
    adds: bool,
    #[serde(default)]
    trusts: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counterparts {
    /// By Debian's name.
    same: std::collections::BTreeMap<String, Vec<String>>,
    build: std::collections::BTreeMap<String, Vec<String>>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    apt: String,
    #[serde(default)]
    bullseye: Vec<String>,
    #[serde(default)]
    bookworm: Vec<String>,
    #[serde(default)]
    trixie: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alpine {
    apk: String,
    libraries: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    names: Vec<String>,
    source: String,
}

/// The Rust source of the tables.
pub(crate) fn table(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/packages.yaml has the shape described in it");
    assert!(!facts.build_only.source.is_empty(), "build_only has a source");
    assert!(!facts.with_python.source.is_empty() && !facts.pure_python.source.is_empty(), "lists have a source");
    let libraries: String = facts.libraries.iter().map(library).collect();
    let alpine: String = facts.alpine.iter().map(alpine).collect();
    format!(
        "static BUILD_ONLY_APT: &[&str] = &{:?};\nstatic BUILD_ONLY_APK: &[&str] = &{:?};\n\
         static LIBRARIES: &[Library] = &[\n{libraries}];\n\
         static ALPINE: &[(&str, &[&str])] = &[\n{alpine}];\n\
         static WITH_PYTHON: &[&str] = &{:?};\nstatic PURE_PYTHON: &[&str] = &{:?};\n",
        facts.build_only.apt, facts.build_only.apk, facts.with_python.names, facts.pure_python.names
    )
}

/// The Rust source of the table of programs.
pub(crate) fn programs(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/packages.yaml has the shape described in it");
    assert!(!facts.programs.source.is_empty(), "programs have a source");
    let packages: String = facts.programs.packages.iter().map(package).collect();
    format!("static PACKAGES: &[Package] = &[\n{packages}];\n")
}

/// The Rust source of the table of counterparts.
pub(crate) fn counterparts(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/packages.yaml has the shape described in it");
    let Counterparts { same, build, source } = facts.counterparts;
    assert!(!source.is_empty(), "counterparts have a source");
    let row = |(apt, apk): (&String, &Vec<String>), build: bool| {
        format!("Counterpart {{ apt: {apt:?}, apk: {:?}, build: {build} }},\n", Slice(apk))
    };
    let rows: String = same.iter().map(|one| row(one, false)).chain(build.iter().map(|one| row(one, true))).collect();
    format!("static COUNTERPARTS: &[Counterpart] = &[\n{rows}];\n")
}

fn package(package: &Package) -> String {
    let Package { apt, apk, programs, adds, trusts } = package;
    let (apt, apk, programs) = (Slice(apt), Slice(apk), Slice(programs));
    format!("Package {{ apt: {apt:?}, apk: {apk:?}, programs: {programs:?}, adds: {adds}, trusts: {trusts} }},\n")
}

fn alpine(alpine: &Alpine) -> String {
    assert!(!alpine.source.is_empty(), "{} has a source", alpine.apk);
    format!("({:?}, {:?}),\n", alpine.apk, Slice(&alpine.libraries))
}

fn library(library: &Library) -> String {
    assert!(!library.source.is_empty(), "{} has a source", library.apt);
    let Library { apt, bullseye, bookworm, trixie, .. } = library;
    let by_release = [("bullseye", bullseye), ("bookworm", bookworm), ("trixie", trixie)];
    format!("Library {{ apt: {apt:?}, by_release: &{:?} }},\n", by_release.map(|(name, libs)| (name, Slice(libs))))
}

/// Prints as a slice, not a vector.
struct Slice<'l>(&'l [String]);

impl std::fmt::Debug for Slice<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "&{:?}", self.0)
    }
}
