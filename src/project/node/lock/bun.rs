//! `bun.lock`: JSON with trailing commas; a package is `["name@version", registry, {…}, integrity]`.

use super::{DependencyKind, Edge, Format, Importer, Index, Lock, NotRead, Origin, Package, Recorded, origin_of};
use crate::project::json::{Dialect, Json};
use crate::project::source::Source;
use std::rc::Rc;

pub(super) fn read(source: Rc<Source>) -> Result<Lock, NotRead> {
    let json = Json::parse(&source.text, Dialect::Commented).map_err(|error| NotRead::json(&source, &error))?;
    let (Some(workspaces), Some(entries)) = (json.get("workspaces"), json.get("packages")) else {
        return Err(NotRead::new(Some(1), "it has no `workspaces` and `packages`"));
    };
    let index: Index = entries.members().iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
    let packages = entries.members().iter().map(|(key, entry)| package(&index, key, entry)).collect();
    let importers = workspaces.members().iter().map(|(dir, entry)| (dir.clone(), importer(&index, entry))).collect();
    Ok(Lock { source, format: Format::Bun, packages, importers })
}

fn package(index: &Index, key: &str, entry: &Json) -> Package {
    let ident = entry.items().first().and_then(Json::as_str).unwrap_or_default();
    let (name, reference) = match ident.get(1..).and_then(|rest| rest.find('@')) {
        Some(at) => (&ident[..=at], &ident[at + 2..]),
        None => (ident, ""),
    };
    let info = entry.items().iter().find(|item| item.is_object());
    let info = |name: &str| info.and_then(|info| info.get(name));
    let texts = |name: &str| match info(name) {
        Some(one) if one.as_str().is_some() => one.as_str().map(str::to_owned).into_iter().collect(),
        Some(many) => many.items().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        None => Vec::new(),
    };
    let edges = |table: &str, optional| {
        let names = info(table).map(Json::members).unwrap_or_default().iter().map(|(name, _)| name);
        let edge = move |name: &String| Edge { name: name.clone(), optional, to: resolve(index, key, name) };
        names.map(edge).collect::<Vec<_>>()
    };
    let peers = edges("peerDependencies", true).into_iter().filter(|edge| edge.to.is_some());
    let edges =
        edges("dependencies", false).into_iter().chain(edges("optionalDependencies", true)).chain(peers).collect();
    let origin = match reference.strip_prefix("workspace:") {
        Some(dir) => Origin::Directory(dir.to_owned()),
        None => origin_of(reference),
    };
    Package {
        key: key.to_owned(),
        name: name.to_owned(),
        version: reference.to_owned(),
        os: texts("os"),
        cpu: texts("cpu"),
        libc: texts("libc"),
        install_script: info("hasInstallScript").and_then(Json::as_bool).filter(|&runs| runs),
        edges,
        origin,
    }
}

/// Keys are paths of names: `a/b` is the `b` below `a`; a name may hold a slash itself.
fn resolve(index: &Index, key: &str, name: &str) -> Option<usize> {
    let mut at = key;
    while !at.is_empty() {
        if let Some(&found) = index.get(&format!("{at}/{name}")) {
            return Some(found);
        }
        at = at.rsplit_once('/').map_or("", |(above, _)| above);
    }
    index.get(name).copied()
}

fn importer(index: &Index, entry: &Json) -> Importer {
    let of_kind = |kind: DependencyKind| {
        let members = entry.get(kind.key()).map(Json::members).unwrap_or_default();
        members.iter().map(move |(name, range)| Recorded {
            name: name.clone(),
            range: range.as_str().map(str::to_owned),
            kind: Some(kind),
            to: index.get(name).copied(),
        })
    };
    Importer { dependencies: DependencyKind::ALL.into_iter().flat_map(of_kind).collect() }
}
