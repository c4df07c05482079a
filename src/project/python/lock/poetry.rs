//! poetry.lock, lock-version 1.0 to 2.1.

use super::{Edge, Locked, file_names, names};
use crate::project::context::Context;
use crate::project::python::name::normalize;
use crate::project::python::requirement::Origin;
use crate::project::python::tables::{self, Item, Table};
use crate::project::source::Source;
use std::collections::BTreeMap;

pub(super) fn read(context: &Context, source: &Source) -> Option<Vec<Locked>> {
    let root = tables::parse(context, source)?;
    let root = Table::new(source, &root);
    // lock-version 1.x keeps the files of all packages in one table.
    let files = root.table(&["metadata", "files"]).map(Table::members).unwrap_or_default();
    let files: Files<'_> = files.into_iter().map(|(name, item)| (normalize(name), item)).collect();
    Some(root.items(&["package"]).filter_map(|item| package(item, &files)).collect())
}

type Files<'s> = BTreeMap<String, Item<'s>>;

fn package(item: Item<'_>, all_files: &Files<'_>) -> Option<Locked> {
    let table = item.table()?;
    let name = table.get(&["name"])?;
    let written = name.str()?;
    let version = table.str(&["version"]);
    let own = table.get(&["files"]).map(|item| file_names(item.items().into_iter()));
    let shared = || {
        let files = all_files.get(&normalize(written))?;
        Some(file_names(files.items().into_iter())).filter(|files| !files.is_empty())
    };
    let category = table.str(&["category"]).map(|category| vec![normalize(category)]);
    Some(Locked {
        name: normalize(written),
        version: version.map(str::to_owned),
        files: own.or_else(shared),
        origin: origin(table),
        own: false,
        needs: needs(table),
        needs_for: extras(table, name),
        groups: category.unwrap_or_else(|| names(table.get(&["groups"]))),
        marker: marker(table.get(&["markers"])),
        evidence: name.evidence(format!("{written} {}", version.unwrap_or_default())),
    })
}

/// `markers` is a text, or (lock-version 2.1) a table by group of which no one text speaks for all.
fn marker(item: Option<Item<'_>>) -> Option<String> {
    item?.str().map(str::to_owned)
}

fn origin(table: Table<'_>) -> Origin {
    let url = table.str(&["source", "url"]).unwrap_or_default().to_owned();
    match table.str(&["source", "type"]) {
        Some("git" | "hg" | "svn") => Origin::Vcs(url),
        Some("url") => Origin::Url(url),
        Some("file" | "directory") => Origin::Path(url),
        Some(_) => Origin::OtherIndex(url),
        None => Origin::Index,
    }
}

/// `[package.dependencies]`: a version, a table, or a list of tables for several conditions.
fn needs(table: Table<'_>) -> Vec<Edge> {
    let members = table.table(&["dependencies"]).map(Table::members).unwrap_or_default();
    let edges = members.into_iter().flat_map(|(name, item)| {
        item.items().into_iter().filter_map(move |item| {
            let table = item.table();
            let optional = table.and_then(|table| table.get(&["optional"])?.bool()) == Some(true);
            (!optional).then(|| Edge {
                name: normalize(name),
                version: None,
                extras: names(table.and_then(|table| table.get(&["extras"]))),
                marker: marker(table.and_then(|table| table.get(&["markers"]))),
            })
        })
    });
    edges.collect()
}

/// `[package.extras]`: `standard = ["httptools (>=0.6)", …]`
fn extras(table: Table<'_>, name: Item<'_>) -> BTreeMap<String, Vec<Edge>> {
    let members = table.table(&["extras"]).map(Table::members).unwrap_or_default();
    let edges = |item: Item<'_>| {
        let texts = item.strings();
        texts.iter().filter_map(|text| super::edge(text, &name.evidence("extra"))).collect()
    };
    members.into_iter().map(|(extra, item)| (normalize(extra), edges(item))).collect()
}
