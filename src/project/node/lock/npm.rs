//! `package-lock.json` and `npm-shrinkwrap.json`, `lockfileVersion` 1 to 3.

use super::{DependencyKind, Edge, Format, Importer, Index, Lock, NotRead, Origin, Package, Recorded, origin_of};
use crate::project::source::Source;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::rc::Rc;

/// `dependencies` of version 1 nest; deeper ones are refused.
const DEEPEST: usize = 60;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    lockfile_version: Option<u32>,
    packages: Option<BTreeMap<String, Entry>>,
    dependencies: Option<BTreeMap<String, Nested>>,
}

type Ranges = BTreeMap<String, String>;

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    link: bool,
    os: Texts,
    cpu: Texts,
    libc: Texts,
    has_install_script: bool,
    dependencies: Ranges,
    dev_dependencies: Ranges,
    optional_dependencies: Ranges,
    peer_dependencies: Ranges,
}

/// A list, or the one text that some packages write in its place.
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(super) enum Texts {
    #[default]
    None,
    Many(Vec<String>),
    One(String),
}

impl Texts {
    pub(super) fn to_vec(&self) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Many(all) => all.clone(),
            Self::One(one) => vec![one.clone()],
        }
    }
}

/// An entry of version 1.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Nested {
    version: String,
    requires: Requires,
    dependencies: BTreeMap<String, Nested>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Requires {
    Ranges(Ranges),
    /// npm 5 wrote `"requires": true` at the top.
    Flag(#[allow(dead_code, reason = "only its shape is read")] bool),
}

impl Default for Requires {
    fn default() -> Self {
        Self::Flag(false)
    }
}

pub(super) fn read(source: Rc<Source>) -> Result<Lock, NotRead> {
    let file: File = serde_json::from_str(&source.text)
        .map_err(|error| NotRead::new(Some(error.line()), format!("malformed package lock, {error}")))?;
    match (file.packages, file.dependencies) {
        (Some(packages), _) => Ok(flat(source, file.lockfile_version.unwrap_or(3), packages)),
        (None, Some(dependencies)) => nested(source, &dependencies),
        (None, None) if file.lockfile_version == Some(1) => nested(source, &BTreeMap::new()),
        (None, None) => Err(NotRead::new(Some(1), "it has neither `packages` nor `dependencies`")),
    }
}

/// Versions 2 and 3: one entry for each place in `node_modules`.
fn flat(source: Rc<Source>, version: u32, entries: BTreeMap<String, Entry>) -> Lock {
    let index: Index = entries.keys().enumerate().map(|(at, key)| (key.clone(), at)).collect();
    let (mut packages, mut importers) = (Vec::new(), BTreeMap::new());
    for (key, entry) in entries {
        let place = if entry.link { entry.resolved.clone().unwrap_or_default() } else { key.clone() };
        let edges = edges(&index, &place, &entry);
        if !key.contains("node_modules/") {
            importers.insert(key.clone(), importer(&index, &key, &entry));
        }
        let (_, path_name) = key.rsplit_once("node_modules/").unwrap_or(("", &key));
        let origin = match &entry.resolved {
            Some(target) if entry.link => Origin::Directory(target.clone()),
            _ if !key.contains("node_modules/") => Origin::Directory(key.clone()),
            Some(url) => origin_of(url),
            None => Origin::Registry,
        };
        packages.push(Package {
            name: entry.name.unwrap_or_else(|| path_name.to_owned()),
            version: entry.version.unwrap_or_default(),
            os: entry.os.to_vec(),
            cpu: entry.cpu.to_vec(),
            libc: entry.libc.to_vec(),
            install_script: Some(entry.has_install_script),
            edges: if entry.link { Vec::new() } else { edges },
            origin,
            key,
        });
    }
    Lock { source, format: Format::Npm(version.max(2)), packages, importers }
}

fn edges(index: &Index, place: &str, entry: &Entry) -> Vec<Edge> {
    let edge = |name: &String, optional| Edge { name: name.clone(), optional, to: resolve(index, place, name) };
    let required = entry.dependencies.keys().filter(|name| !entry.optional_dependencies.contains_key(*name));
    let mut edges: Vec<Edge> = required.map(|name| edge(name, false)).collect();
    edges.extend(entry.optional_dependencies.keys().map(|name| edge(name, true)));
    edges.extend(entry.peer_dependencies.keys().map(|name| edge(name, true)).filter(|edge| edge.to.is_some()));
    edges
}

fn importer(index: &Index, place: &str, entry: &Entry) -> Importer {
    let tables = [
        (DependencyKind::Production, &entry.dependencies),
        (DependencyKind::Development, &entry.dev_dependencies),
        (DependencyKind::Optional, &entry.optional_dependencies),
        (DependencyKind::Peer, &entry.peer_dependencies),
    ];
    let recorded = |(kind, ranges): (DependencyKind, &Ranges)| {
        let one = move |(name, range): (&String, &String)| Recorded {
            name: name.clone(),
            range: Some(range.clone()),
            kind: Some(kind),
            to: resolve(index, place, name),
        };
        ranges.iter().map(one).collect::<Vec<_>>()
    };
    Importer { dependencies: tables.into_iter().flat_map(recorded).collect() }
}

/// Node's own search: `node_modules` of the place itself, then of each directory above.
fn resolve(index: &Index, place: &str, name: &str) -> Option<usize> {
    let mut at = place;
    loop {
        let candidate =
            if at.is_empty() { format!("node_modules/{name}") } else { format!("{at}/node_modules/{name}") };
        if let Some(&found) = index.get(&candidate) {
            return Some(found);
        }
        if at.is_empty() {
            return None;
        }
        at = match at.rsplit_once("/node_modules/") {
            Some((above, _)) => above,
            None if at.starts_with("node_modules/") => "",
            None => at.rsplit_once('/').map_or("", |(above, _)| above),
        };
    }
}

/// Version 1: entries nest as `node_modules` does; the ranges of package.json are not recorded.
fn nested(source: Rc<Source>, dependencies: &BTreeMap<String, Nested>) -> Result<Lock, NotRead> {
    let mut flat: Vec<(String, &str, &Nested)> = Vec::new();
    let mut ahead: Vec<(String, usize, &BTreeMap<String, Nested>)> = vec![(String::new(), 0, dependencies)];
    while let Some((place, depth, level)) = ahead.pop() {
        if depth > DEEPEST {
            return Err(NotRead::new(None, "its dependencies are nested too deep"));
        }
        for (name, entry) in level {
            let key =
                if place.is_empty() { format!("node_modules/{name}") } else { format!("{place}/node_modules/{name}") };
            ahead.push((key.clone(), depth + 1, &entry.dependencies));
            flat.push((key, name, entry));
        }
    }
    flat.sort_by(|a, b| a.0.cmp(&b.0));
    let index: Index = flat.iter().enumerate().map(|(at, (key, ..))| (key.clone(), at)).collect();
    let package = |(key, name, entry): &(String, &str, &Nested)| {
        let requires = if let Requires::Ranges(ranges) = &entry.requires { Some(ranges) } else { None };
        let names = requires.into_iter().flat_map(BTreeMap::keys);
        let edge = |name: &String| Edge { name: name.clone(), optional: false, to: resolve(&index, key, name) };
        Package {
            key: key.clone(),
            name: (*name).to_owned(),
            version: entry.version.clone(),
            edges: names.map(edge).collect(),
            origin: origin_of(&entry.version),
            ..Package::default()
        }
    };
    let packages: Vec<Package> = flat.iter().map(package).collect();
    let top = |name: &String| Recorded { name: name.clone(), range: None, kind: None, to: resolve(&index, "", name) };
    let root = Importer { dependencies: dependencies.keys().map(top).collect() };
    Ok(Lock { source, format: Format::Npm(1), packages, importers: BTreeMap::from([(String::new(), root)]) })
}
