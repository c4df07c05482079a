//! uv.lock, version 1.

use super::{Edge, Locked, basename, file_names};
use crate::project::context::Context;
use crate::project::python::name::normalize;
use crate::project::python::requirement::Origin;
use crate::project::python::requirements::is_default_index;
use crate::project::python::tables::{self, Item, Table};
use crate::project::source::Source;
use std::collections::BTreeMap;

pub(super) fn read(context: &Context, source: &Source) -> Option<Vec<Locked>> {
    let root = tables::parse(context, source)?;
    let root = Table::new(source, &root);
    Some(root.items(&["package"]).filter_map(package).collect())
}

fn package(item: Item<'_>) -> Option<Locked> {
    let table = item.table()?;
    let name = table.get(&["name"])?;
    let written = name.str()?;
    let version = table.str(&["version"]);
    let mut files = file_names(table.items(&["wheels"]));
    files.extend(table.get(&["sdist"]).into_iter().flat_map(|item| file_names(item.items().into_iter())));
    let (origin, own) = origin(table);
    let mut needs_for: BTreeMap<String, Vec<Edge>> = BTreeMap::new();
    for kind in ["optional-dependencies", "dev-dependencies"] {
        for (extra, item) in table.table(&[kind]).map(Table::members).unwrap_or_default() {
            // Groups and extras of one name are told apart by a prefix.
            let key = if kind == "dev-dependencies" { format!("group {}", normalize(extra)) } else { normalize(extra) };
            needs_for.insert(key, item.items().into_iter().filter_map(edge).collect());
        }
    }
    Some(Locked {
        name: normalize(written),
        version: version.map(str::to_owned),
        files: (!own).then_some(files),
        origin,
        own,
        needs: table.items(&["dependencies"]).filter_map(edge).collect(),
        needs_for,
        groups: Vec::new(),
        marker: None,
        evidence: name.evidence(format!("{written} {}", version.unwrap_or_default())),
    })
}

fn edge(item: Item<'_>) -> Option<Edge> {
    let table = item.table()?;
    let extras = table.get(&["extra"]).or_else(|| table.get(&["extras"]));
    Some(Edge {
        name: normalize(table.str(&["name"])?),
        version: table.str(&["version"]).map(str::to_owned),
        extras: super::names(extras),
        marker: table.str(&["marker"]).map(str::to_owned),
    })
}

/// Where it comes from, and whether it is part of the project.
fn origin(table: Table<'_>) -> (Origin, bool) {
    let key = |key: &str| table.str(&["source", key]).map(str::to_owned);
    if let Some(path) = key("virtual").or_else(|| key("editable")) {
        return (Origin::Path(path), true);
    }
    if let Some(registry) = key("registry") {
        let origin =
            if is_default_index(&format!("{registry}/")) { Origin::Index } else { Origin::OtherIndex(registry) };
        return (origin, false);
    }
    if let Some(url) = key("git") {
        return (Origin::Vcs(url), false);
    }
    if let Some(url) = key("url") {
        return (Origin::Url(basename(&url)), false);
    }
    if let Some(path) = key("directory").or_else(|| key("path")) {
        return (Origin::Path(path), false);
    }
    (Origin::Index, false)
}
