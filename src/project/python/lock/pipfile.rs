//! Pipfile.lock: flat, without file names; its hashes say nothing of platforms.

use super::Locked;
use crate::project::context::Context;
use crate::project::json::{Dialect, Json};
use crate::project::python::name::normalize;
use crate::project::python::requirement::Origin;
use crate::project::source::Source;
use std::collections::BTreeMap;

pub(super) fn read(context: &Context, source: &Source) -> Option<Vec<Locked>> {
    let json = Json::parse(&source.text, Dialect::Strict)
        .map_err(|error| context.warn(&source.path, Some(source.line(error.at)), error.message))
        .ok()?;
    let default = json.get("default")?;
    let develop = json.get("develop");
    let of = |group: &'static str, json: &Json| -> Vec<Locked> {
        json.members().iter().map(|(name, item)| package(source, group, name, item)).collect()
    };
    let mut packages = of("main", default);
    packages.extend(develop.map(|json| of("dev", json)).unwrap_or_default());
    Some(packages)
}

fn package(source: &Source, group: &str, name: &str, item: &Json) -> Locked {
    let text = |key: &str| item.get(key).and_then(Json::as_str);
    let version = text("version").map(|version| version.trim_start_matches('=').to_owned());
    let origin = if let Some(url) = text("git") {
        Origin::Vcs(url.to_owned())
    } else if let Some(url) = text("file") {
        Origin::Url(url.to_owned())
    } else if let Some(path) = text("path") {
        Origin::Path(path.to_owned())
    } else {
        match text("index") {
            Some(index) if index != "pypi" => Origin::OtherIndex(index.to_owned()),
            _ => Origin::Index,
        }
    };
    let fact = format!("{name} {}", version.as_deref().unwrap_or_default());
    Locked {
        name: normalize(name),
        version,
        files: None,
        origin,
        own: false,
        needs: Vec::new(),
        needs_for: BTreeMap::new(),
        groups: vec![group.to_owned()],
        marker: text("markers").map(str::to_owned),
        evidence: source.evidence(item.at, fact),
    }
}
