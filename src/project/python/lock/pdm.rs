//! pdm.lock, lock-version 4.

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
    Some(root.items(&["package"]).filter_map(package).collect())
}

fn package(item: Item<'_>) -> Option<Locked> {
    let table = item.table()?;
    let name = table.get(&["name"])?;
    let written = name.str()?;
    let version = table.str(&["version"]);
    let origin = if let Some(url) = table.str(&["git"]) {
        Origin::Vcs(url.to_owned())
    } else if let Some(url) = table.str(&["url"]) {
        Origin::Url(url.to_owned())
    } else if let Some(path) = table.str(&["path"]) {
        Origin::Path(path.to_owned())
    } else {
        Origin::Index
    };
    let edge = |item: Item<'_>| -> Option<Edge> { super::edge(item.str()?, &item.evidence("")) };
    let files = table.get(&["files"]).map(|item| file_names(item.items().into_iter()));
    Some(Locked {
        name: normalize(written),
        version: version.map(str::to_owned),
        files: files.filter(|files| !files.is_empty()),
        origin,
        own: false,
        needs: table.items(&["dependencies"]).filter_map(edge).collect(),
        needs_for: BTreeMap::new(),
        groups: names(table.get(&["groups"])),
        marker: table.str(&["marker"]).map(str::to_owned),
        evidence: name.evidence(format!("{written} {}", version.unwrap_or_default())),
    })
}
