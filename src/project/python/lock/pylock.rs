//! pylock.toml (PEP 751): flat, what it lists is what is installed.

use super::{Locked, file_names};
use crate::project::context::Context;
use crate::project::python::name::normalize;
use crate::project::python::requirement::Origin;
use crate::project::python::tables::{self, Item, Table};
use crate::project::source::Source;
use std::collections::BTreeMap;

pub(super) fn read(context: &Context, source: &Source) -> Option<Vec<Locked>> {
    let root = tables::parse(context, source)?;
    let root = Table::new(source, &root);
    Some(root.items(&["packages"]).filter_map(package).collect())
}

fn package(item: Item<'_>) -> Option<Locked> {
    let table = item.table()?;
    let name = table.get(&["name"])?;
    let written = name.str()?;
    let version = table.str(&["version"]);
    let mut files = file_names(table.items(&["wheels"]));
    files.extend(file_names(table.get(&["sdist"]).into_iter()));
    let origin = if let Some(vcs) = table.table(&["vcs"]) {
        Origin::Vcs(vcs.str(&["url"]).unwrap_or_default().to_owned())
    } else if let Some(directory) = table.table(&["directory"]) {
        Origin::Path(directory.str(&["path"]).unwrap_or_default().to_owned())
    } else if let Some(archive) = table.table(&["archive"]) {
        Origin::Url(archive.str(&["url"]).unwrap_or_default().to_owned())
    } else {
        Origin::Index
    };
    Some(Locked {
        name: normalize(written),
        version: version.map(str::to_owned),
        files: Some(files).filter(|files| !files.is_empty()),
        origin,
        own: false,
        needs: Vec::new(),
        needs_for: BTreeMap::new(),
        groups: Vec::new(),
        marker: table.str(&["marker"]).map(str::to_owned),
        evidence: name.evidence(format!("{written} {}", version.unwrap_or_default())),
    })
}
