//! `pnpm-lock.yaml`, `lockfileVersion` 5, 6 and 9.

use super::npm::Texts;
use super::{DependencyKind, Edge, Format, Importer, Index, Lock, NotRead, Origin, Package, Recorded, origin_of};
use crate::project::paths;
use crate::project::source::Source;
use serde::Deserialize;
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    lockfile_version: Value,
    #[serde(default)]
    importers: BTreeMap<String, Project>,
    /// A project without workspaces stands at the top, before version 9.
    #[serde(flatten)]
    root: Project,
    #[serde(default)]
    packages: BTreeMap<String, Entry>,
    #[serde(default)]
    snapshots: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Project {
    /// Version 5 keeps the ranges apart.
    specifiers: BTreeMap<String, String>,
    dependencies: BTreeMap<String, Reference>,
    dev_dependencies: BTreeMap<String, Reference>,
    optional_dependencies: BTreeMap<String, Reference>,
}

/// `1.0.0`, or from version 6 on `{specifier, version}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Reference {
    Version(String),
    Both { specifier: String, version: String },
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    resolution: Option<BTreeMap<String, Value>>,
    os: Texts,
    cpu: Texts,
    libc: Texts,
    requires_build: Option<bool>,
    dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
}

pub(super) fn read(source: Rc<Source>) -> Result<Lock, NotRead> {
    let file: File = serde_yaml::from_str(&source.text).map_err(|error| {
        NotRead::new(error.location().map(|place| place.line()), format!("malformed pnpm-lock.yaml, {error}"))
    })?;
    let version = match &file.lockfile_version {
        Value::String(text) => text.clone(),
        other => serde_yaml::to_string(other).unwrap_or_default(),
    };
    let major: u32 = version.split('.').next().and_then(|major| major.trim().parse().ok()).unwrap_or(0);
    if !(5..=9).contains(&major) {
        let line = source.line_of("lockfileVersion");
        return Err(NotRead::new(line, format!("lockfileVersion {} is not one that is read", version.trim())));
    }
    let File { mut importers, root, packages: entries, snapshots, .. } = file;
    if importers.is_empty() {
        importers.insert(".".to_owned(), root);
    }
    let (mut packages, mut index) = packages(major, &entries, &snapshots);
    // Workspaces refer to each other by `link:`; each is a package of its own here.
    for dir in importers.keys().filter_map(|dir| paths::clean(dir)) {
        index.insert(format!("link:{dir}"), packages.len());
        let origin = Origin::Directory(dir.clone());
        packages.push(Package { key: format!("importers.{dir}"), name: dir, origin, ..Package::default() });
    }
    let read = |(dir, project): (String, Project)| {
        let dir = paths::clean(&dir).unwrap_or_default();
        let importer = importer(&index, major, &dir, &project);
        (dir, importer)
    };
    let importers = importers.into_iter().map(read).collect();
    Ok(Lock { source, format: Format::Pnpm(major), packages, importers })
}

/// Version 9 has edges in `snapshots`, one for each set of peers, and the rest in `packages`.
fn packages(
    major: u32,
    entries: &BTreeMap<String, Entry>,
    snapshots: &BTreeMap<String, Entry>,
) -> (Vec<Package>, Index) {
    let keys: Vec<String> =
        if major >= 9 { snapshots.keys().cloned().collect() } else { entries.keys().cloned().collect() };
    let index: Index = keys.iter().enumerate().map(|(at, key)| (key.clone(), at)).collect();
    let none = Entry::default();
    let mut packages = Vec::new();
    for key in keys {
        let plain = key.split('(').next().unwrap_or(&key);
        // A key with peers shares its entry with others, so it is only lent.
        let entry = if major >= 9 { entries.get(plain) } else { entries.get(&key) }.unwrap_or(&none);
        let graph = if major >= 9 { snapshots.get(&key).unwrap_or(&none) } else { entry };
        let (name, version) = name_and_version(major, plain, entry);
        packages.push(Package {
            name,
            version,
            os: entry.os.to_vec(),
            cpu: entry.cpu.to_vec(),
            libc: entry.libc.to_vec(),
            install_script: (major < 9).then_some(entry.requires_build == Some(true)),
            edges: edges(&index, major, graph),
            origin: origin(plain, entry),
            key,
        });
    }
    (packages, index)
}

fn origin(key: &str, entry: &Entry) -> Origin {
    let field = |name: &str| entry.resolution.as_ref().and_then(|resolution| resolution.get(name)?.as_str());
    match (field("type"), field("directory"), field("tarball")) {
        (Some("git"), ..) => Origin::Git,
        (_, Some(dir), _) => Origin::Directory(paths::clean(dir).unwrap_or_default()),
        (_, _, Some(url)) if field("integrity").is_none() => match origin_of(url) {
            Origin::Registry => Origin::Tarball,
            other => other,
        },
        _ => origin_of(key.split_once('@').map_or(key, |(_, reference)| reference)),
    }
}

/// `/name/1.0.0_peers` (5), `/name@1.0.0` (6), `name@1.0.0` (9).
fn name_and_version(major: u32, key: &str, entry: &Entry) -> (String, String) {
    let key = key.strip_prefix('/').unwrap_or(key);
    let cut = if major == 5 { key.rfind('/') } else { key.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1) };
    let (name, version) = cut.map_or((key, ""), |at| (&key[..at], &key[at + 1..]));
    let version = version.split(['_', '(']).next().unwrap_or(version);
    let own = |field: &Option<String>, found: &str| field.clone().unwrap_or_else(|| found.to_owned());
    (own(&entry.name, name), own(&entry.version, version))
}

fn edges(index: &Index, major: u32, entry: &Entry) -> Vec<Edge> {
    let of_table = |table: &BTreeMap<String, String>, optional| {
        let edge = |(name, version): (&String, &String)| {
            let to = resolve(index, major, name, version);
            Edge { name: name.clone(), optional, to }
        };
        table.iter().map(edge).collect::<Vec<_>>()
    };
    [of_table(&entry.dependencies, false), of_table(&entry.optional_dependencies, true)].concat()
}

/// A reference is a version, or the key of an alias.
fn resolve(index: &Index, major: u32, name: &str, version: &str) -> Option<usize> {
    let key = match major {
        5 => format!("/{name}/{version}"),
        6..=8 => format!("/{name}@{version}"),
        _ => format!("{name}@{version}"),
    };
    index.get(&key).or_else(|| index.get(version)).copied()
}

fn importer(index: &Index, major: u32, dir: &str, project: &Project) -> Importer {
    let tables = [
        (DependencyKind::Production, &project.dependencies),
        (DependencyKind::Development, &project.dev_dependencies),
        (DependencyKind::Optional, &project.optional_dependencies),
    ];
    let mut dependencies = Vec::new();
    for (kind, table) in tables {
        for (name, reference) in table {
            let (range, version) = match reference {
                Reference::Version(version) => (project.specifiers.get(name).cloned(), version),
                Reference::Both { specifier, version } => (Some(specifier.clone()), version),
            };
            let to = match version.strip_prefix("link:").and_then(|path| paths::join(dir, path)) {
                Some(target) => index.get(&format!("link:{target}")).copied(),
                None => resolve(index, major, name, version),
            };
            dependencies.push(Recorded { name: name.clone(), range, kind: Some(kind), to });
        }
    }
    Importer { dependencies }
}
