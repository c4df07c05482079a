//! `facts/cleanup.yaml` → `MANAGERS` of `src/managers/`.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    managers: Vec<Manager>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manager {
    name: String,
    programs: Vec<String>,
    valued: Vec<String>,
    leaving: Vec<String>,
    leaves: String,
    avoid: Avoid,
    spared_by: Vec<String>,
    cleaned_by: Vec<String>,
    dirs: Vec<String>,
    settled_by: Vec<String>,
    needed_by: Vec<String>,
    too_old: Vec<String>,
    fresh_on: Vec<String>,
    only_on: Vec<String>,
    not_on: Vec<String>,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(default)]
    bytes_source: String,
    mounts: Vec<String>,
    own_cache: bool,
    #[serde(default)]
    unlink: Option<String>,
    sharing: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
struct Avoid {
    #[serde(default)]
    flag: Option<String>,
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    remove: Vec<String>,
    #[serde(default)]
    nothing: Option<String>,
}

/// The Rust source of the table.
pub(crate) fn table(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/cleanup.yaml has the shape described in it");
    let managers: String = facts.managers.iter().map(manager).collect();
    format!("pub(super) static MANAGERS: &[Manager] = &[\n{managers}];\n")
}

fn manager(manager: &Manager) -> String {
    assert_eq!(manager.bytes.is_none(), manager.bytes_source.is_empty(), "a number has a source: {}", manager.name);
    format!(
        "Manager {{ name: {:?}, programs: &{:?}, valued: &{:?}, leaving: &{:?}, leaves: {:?}, avoid: {}, \
         spared_by: &{:?}, cleaned_by: &{:?}, dirs: &{:?}, settled_by: &{:?}, needed_by: &{:?}, too_old: &{:?}, fresh_on: &{:?}, \
         only_on: &{:?}, not_on: &{:?}, bytes: {}, mounts: &{:?}, own_cache: {:?}, unlink: {:?}, sharing: {:?}, source: {:?} }},\n",
        manager.name,
        manager.programs,
        manager.valued,
        manager.leaving,
        manager.leaves,
        avoid(&manager.avoid),
        manager.spared_by,
        manager.cleaned_by,
        manager.dirs,
        manager.settled_by,
        manager.needed_by,
        manager.too_old,
        manager.fresh_on,
        manager.only_on,
        manager.not_on,
        bytes(manager.bytes),
        manager.mounts,
        manager.own_cache,
        manager.unlink,
        manager.sharing,
        manager.source,
    )
}

/// With the digits in groups of three, as the lints want them.
fn bytes(bytes: Option<u64>) -> String {
    let Some(number) = bytes else { return "None".to_owned() };
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    format!("Some({})", groups.join("_"))
}

fn avoid(avoid: &Avoid) -> String {
    match (&avoid.flag, &avoid.command, &avoid.remove[..], &avoid.nothing) {
        (Some(flag), None, [], None) => format!("Avoid::Flag({flag:?})"),
        (None, Some(command), [], None) => format!("Avoid::Command({command:?})"),
        (None, None, paths @ [_, ..], None) => format!("Avoid::Remove(&{paths:?})"),
        (None, None, [], Some(why)) => format!("Avoid::Nothing({why:?})"),
        _ => panic!("avoid is one of flag, command, remove, nothing"),
    }
}
