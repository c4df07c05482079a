//! Lock files, in one shape: packages with their files and what each needs, and what an install starts from.
//!
//! What is reached is walked, not read off: a lock also holds packages for Windows, for groups and extras that
//! are not installed, and for other versions of Python.

mod pdm;
mod pipfile;
mod poetry;
mod pylock;
mod uv;

use super::marker::{self, Environment};
use super::name::normalize;
use super::requirement::{Origin, Requirement};
use super::tables::Item;
use crate::project::context::Context;
use crate::project::finding::Finding;
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The kinds of lock files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// poetry.lock
    Poetry,
    /// uv.lock
    Uv,
    /// pdm.lock
    Pdm,
    /// Pipfile.lock
    Pipfile,
    /// pylock.toml (PEP 751)
    Pylock,
}

impl Kind {
    /// The file's name.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Poetry => "poetry.lock",
            Self::Uv => "uv.lock",
            Self::Pdm => "pdm.lock",
            Self::Pipfile => "Pipfile.lock",
            Self::Pylock => "pylock.toml",
        }
    }
}

/// A lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its kind.
    pub kind: Kind,
    /// Its path.
    pub path: String,
    /// In order of writing.
    pub packages: Vec<Locked>,
}

/// One package of a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// Normalized.
    pub name: String,
    /// Its version, when one is fixed.
    pub version: Option<String>,
    /// Its distribution files by name; `None` when the format does not list them.
    pub files: Option<Vec<String>>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whether it is (part of) the project itself.
    pub own: bool,
    /// What it needs.
    pub needs: Vec<Edge>,
    /// What it needs for an extra, or (the project itself, in uv.lock) for a group.
    pub needs_for: BTreeMap<String, Vec<Edge>>,
    /// The groups it belongs to, where the format says so.
    pub groups: Vec<String>,
    /// The condition under which it is installed.
    pub marker: Option<String>,
    /// The line of its name.
    pub evidence: Evidence,
}

/// One package needs another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Normalized.
    pub name: String,
    /// The one version meant, when the lock holds several.
    pub version: Option<String>,
    /// Extras of it, normalized.
    pub extras: Vec<String>,
    /// Condition.
    pub marker: Option<String>,
}

/// Which groups and extras an install asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Groups beside what is always installed, normalized.
    pub groups: BTreeSet<String>,
    /// Extras of the project, normalized.
    pub extras: BTreeSet<String>,
    /// Every extra.
    pub all_extras: bool,
    /// Only the groups: not what is always installed.
    pub without_main: bool,
    /// Only the groups that are named: none of those that come by default.
    pub without_defaults: bool,
}

/// Reads the lock of this kind in `dir`; `None` when there is none.
pub fn read(context: &Context, dir: &str, kind: Kind) -> Option<Finding<Lock>> {
    let path = paths::join(dir, kind.file())?;
    if !context.is_file(&path) {
        return None;
    }
    let Some(source) = context.find_lock(&path) else {
        return Some(Finding::unknown(format!("{path} cannot be read")));
    };
    let packages = match kind {
        Kind::Poetry => poetry::read(context, &source),
        Kind::Uv => uv::read(context, &source),
        Kind::Pdm => pdm::read(context, &source),
        Kind::Pipfile => pipfile::read(context, &source),
        Kind::Pylock => pylock::read(context, &source),
    };
    Some(match packages {
        Some(packages) => {
            let fact = format!("{} packages locked", packages.len());
            Finding::known(Lock { kind, path, packages }, [source.whole(fact)])
        }
        None => Finding::blocked(format!("{path} is malformed"), [source.whole("cannot be understood")]),
    })
}

impl Lock {
    /// What an install brings that starts from `starts`: each package once, in the lock's order; and the names
    /// that the lock does not have.
    pub fn reached(&self, starts: Vec<Edge>, python: Option<u16>) -> (Vec<&Locked>, Vec<String>) {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, package) in self.packages.iter().enumerate() {
            by_name.entry(&package.name).or_default().push(index);
        }
        let (mut seen, mut missing) = (BTreeSet::new(), BTreeSet::new());
        let mut done = BTreeSet::new();
        let mut ahead = starts;
        while let Some(edge) = ahead.pop() {
            if !applies(edge.marker.as_deref(), python, &edge.extras) {
                continue;
            }
            if !done.insert((edge.name.clone(), edge.version.clone(), edge.extras.clone())) {
                continue;
            }
            let Some(indexes) = by_name.get(edge.name.as_str()) else {
                missing.insert(edge.name);
                continue;
            };
            for &index in indexes {
                let package = &self.packages[index];
                if edge.version.is_some() && package.version != edge.version {
                    continue;
                }
                if !applies(package.marker.as_deref(), python, &edge.extras) {
                    continue;
                }
                seen.insert(index);
                // A need under `extra == "x"` applies when this extra was asked for.
                let own = package.needs.iter().filter(|need| applies(need.marker.as_deref(), python, &edge.extras));
                let more = edge.extras.iter().filter_map(|extra| package.needs_for.get(extra)).flatten();
                ahead.extend(own.chain(more).map(|need| strip_extra(need, python, &edge.extras)));
            }
        }
        (seen.into_iter().map(|index| &self.packages[index]).collect(), missing.into_iter().collect())
    }
}

/// The edge without a marker that was already decided under the extras of the package it starts from.
fn strip_extra(edge: &Edge, python: Option<u16>, extras: &[String]) -> Edge {
    let decided =
        edge.marker.as_deref().is_some_and(|text| text.contains("extra") && applies(Some(text), python, extras));
    Edge { marker: if decided { None } else { edge.marker.clone() }, ..edge.clone() }
}

/// Whether a condition can hold: what is open counts as yes.
fn applies(marker: Option<&str>, python: Option<u16>, extras: &[String]) -> bool {
    let environment = Environment { python, extras };
    marker.is_none_or(|marker| marker::holds(marker, &environment) != Some(false))
}

impl From<&Requirement> for Edge {
    fn from(requirement: &Requirement) -> Self {
        Self {
            name: requirement.name.clone(),
            version: None,
            extras: requirement.extras.clone(),
            marker: requirement.marker.clone(),
        }
    }
}

/// The last part of an address, percent-decoded as far as file names of distributions need it.
fn basename(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    paths::name(path).replace("%2B", "+").replace("%21", "!")
}

/// `[{file = "…"}, {url = "…"}, {name = "…"}]` as file names.
fn file_names<'s>(items: impl Iterator<Item = Item<'s>>) -> Vec<String> {
    let name = |item: Item<'s>| {
        let table = item.table()?;
        let text = ["file", "name", "url", "path", "filename"].into_iter().find_map(|key| table.str(&[key]))?;
        Some(basename(text))
    };
    items.filter_map(name).collect()
}

/// A requirement's text as an edge.
fn edge(text: &str, evidence: &Evidence) -> Option<Edge> {
    Requirement::read(text, evidence.clone()).ok().map(|requirement| Edge::from(&requirement))
}

/// Texts, normalized.
fn names(item: Option<Item<'_>>) -> Vec<String> {
    item.map(|item| item.strings().iter().map(|name| normalize(name)).collect()).unwrap_or_default()
}
