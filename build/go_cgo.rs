//! `facts/go-cgo.yaml` → `MODULES` of `src/project/go/cgo_table.rs`.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    modules: Vec<Module>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    #[serde(rename = "module")]
    path: String,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    build_apt: Vec<String>,
    #[serde(default)]
    build_apk: Vec<String>,
    #[serde(default)]
    run_apt: Vec<String>,
    #[serde(default)]
    run_apk: Vec<String>,
    #[serde(default)]
    glibc_only: bool,
    #[serde(default)]
    musl_since: Option<(String, String)>,
    #[serde(default)]
    without: Option<String>,
    #[serde(default)]
    unsure: Option<String>,
    source: String,
}

/// The Rust source of the table, sorted by module path.
pub(crate) fn table(yaml: &str) -> String {
    let mut facts: Facts = serde_yaml::from_str(yaml).expect("facts/go-cgo.yaml has the shape described in it");
    facts.modules.sort_by(|a, b| a.path.cmp(&b.path));
    let modules: String = facts.modules.iter().map(module).collect();
    format!("pub(super) static MODULES: &[CgoModule] = &[\n{modules}];\n")
}

fn module(module: &Module) -> String {
    format!(
        "CgoModule {{ path: {:?}, only: &{:?}, tags: &{:?}, build_apt: &{:?}, build_apk: &{:?}, run_apt: &{:?}, run_apk: &{:?}, \
         glibc_only: {}, musl_since: {:?}, without: {:?}, unsure: {:?}, source: {:?} }},\n",
        module.path,
        module.only,
        module.tags,
        module.build_apt,
        module.build_apk,
        module.run_apt,
        module.run_apk,
        module.glibc_only,
        module.musl_since,
        module.without,
        module.unsure,
        module.source,
    )
}
