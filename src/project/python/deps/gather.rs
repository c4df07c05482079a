//! Packages from requirements and locks in one list, and what stands in the way of its being whole.

use super::{Dependencies, Dependency};
use crate::project::context::Context;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::project::python::Python;
use crate::project::python::index::{self, Need};
use crate::project::python::install::Install;
use crate::project::python::lock::Locked;
use crate::project::python::marker::{self, Environment};
use crate::project::python::name::normalize;
use crate::project::python::requirement::{self, Origin, Requirement};
use crate::project::python::requirements::Requirements;
use crate::proposal::Evidence;
use std::collections::{BTreeMap, BTreeSet};

/// Name, version, and what tells apart what has neither.
type Key = (String, Option<String>, String);

#[derive(Default)]
pub(super) struct Gathered {
    pub(super) python: Option<u16>,
    pub(super) list: BTreeMap<Key, Dependency>,
    pub(super) reads: Vec<String>,
    pub(super) open: Vec<String>,
    pub(super) closed_by: Vec<Evidence>,
    /// Requirements whose own needs are not listed.
    pub(super) loose: Vec<String>,
    /// Constraints.
    pub(super) limits: Vec<Requirement>,
}

impl Gathered {
    pub(super) fn open(&mut self, why: String) {
        self.open.push(why);
    }

    pub(super) fn requirements(&mut self, context: &Context, path: &str, install: &Install) {
        let read = Requirements::read(context, path);
        for place in &read.unknown {
            self.open(format!("{place}"));
        }
        let closed = read.closed();
        for requirement in &read.requirements {
            let origin = read.origin(requirement);
            let forbidden = |(name, _): &&(String, Evidence)| name == ":all:" || normalize(name) == requirement.name;
            let from_source = read.no_binary.iter().find(forbidden).map(|(_, place)| place.clone());
            if self.own_project(context, path, &read, requirement, install) {
                continue;
            }
            let before = self.loose.len();
            self.require(&Requirement { origin, ..requirement.clone() }, install);
            if closed.is_some() {
                self.loose.truncate(before);
            }
            if let Some(dependency) = self.list.get_mut(&key(requirement)) {
                dependency.from_source = dependency.from_source.take().or(from_source);
            }
        }
        self.closed_by.extend(closed);
        self.limits.extend(read.constraints);
        self.reads.extend(read.files);
    }

    /// `-e .`: the project that the file belongs to, when all that it needs and is made of is known.
    fn own_project(
        &mut self,
        context: &Context,
        path: &str,
        read: &Requirements,
        requirement: &Requirement,
        install: &Install,
    ) -> bool {
        let here = matches!(&requirement.origin, Origin::Path(dir) if matches!(dir.as_str(), "." | "./" | ""));
        let project = Python::read(context, paths::parent(path)).filter(|_| here && requirement.name.is_empty());
        let Some(requires) = project.and_then(|project| project.requires_beside(&read.files)) else { return false };
        self.require_all(&requires, install);
        let place = Evidence { fact: "a project without compiled code".to_owned(), ..requirement.evidence.clone() };
        let evidence = requirement.evidence.clone();
        let own = Dependency {
            pure: Some(place),
            origin: requirement.origin.clone(),
            evidence,
            ..Dependency::any("the project")
        };
        self.list.insert(key(requirement), own);
        true
    }

    pub(super) fn constraints(&mut self, context: &Context, path: &str) {
        let read = Requirements::read(context, path);
        for place in &read.unknown {
            self.open(format!("{place}"));
        }
        self.limits.extend(read.requirements.into_iter().chain(read.constraints));
        self.reads.extend(read.files);
    }

    pub(super) fn named(&mut self, text: &str, install: &Install) {
        match Requirement::read(text, evidence("Dockerfile", None, text)) {
            Ok(requirement) => self.require(&requirement, install),
            Err(why) => self.open(why),
        }
    }

    pub(super) fn require_all(&mut self, list: &[Requirement], install: &Install) {
        for requirement in list {
            self.require(requirement, install);
        }
    }

    pub(super) fn require(&mut self, requirement: &Requirement, install: &Install) {
        let environment = Environment { python: self.python, extras: &[] };
        if requirement.marker.as_deref().is_some_and(|text| marker::holds(text, &environment) == Some(false)) {
            return;
        }
        let origin = match (&requirement.origin, &install.index) {
            (Origin::Index, Some(index)) => Origin::OtherIndex(index.clone()),
            (origin, _) => origin.clone(),
        };
        let forbidden = install.no_binary.iter().any(|name| name == ":all:" || normalize(name) == requirement.name);
        self.list.entry(key(requirement)).or_insert_with(|| Dependency {
            name: requirement.name.clone(),
            version: requirement.pinned().map(str::to_owned),
            specifier: requirement.specifier.clone(),
            origin,
            files: None,
            pure: None,
            from_source: forbidden.then(|| evidence("Dockerfile", None, "--no-binary")),
            evidence: requirement.evidence.clone(),
        });
        let extras = requirement.extras.iter().map(|extra| format!("{}[{extra}]", requirement.name));
        self.loose.extend(extras.chain([requirement.name.clone()]));
    }

    pub(super) fn package(&mut self, package: &Locked, install: &Install) {
        let forbidden = install.no_binary.iter().any(|name| name == ":all:" || normalize(name) == package.name);
        let key = (package.name.clone(), package.version.clone(), String::new());
        self.list.entry(key).or_insert_with(|| Dependency {
            name: package.name.clone(),
            version: package.version.clone(),
            specifier: String::new(),
            origin: package.origin.clone(),
            files: package.files.clone(),
            pure: None,
            from_source: forbidden.then(|| evidence("Dockerfile", None, "--no-binary")),
            evidence: package.evidence.clone(),
        });
    }

    /// Follows what the table knows of the needs of packages that no lock covers; the first that it does not know.
    fn follow(&mut self) -> Option<String> {
        let mut seen: BTreeSet<(String, Key)> = BTreeSet::new();
        while let Some(name) = self.loose.pop() {
            let (bare, extra) = split_extra(&name);
            let asked: Vec<(Key, Dependency)> = self
                .list
                .iter()
                .filter(|(_, one)| one.name == bare)
                .map(|(key, one)| (key.clone(), one.clone()))
                .collect();
            for (key, one) in asked {
                if !seen.insert((name.clone(), key)) {
                    continue;
                }
                let known = index::package(bare)
                    .and_then(|package| package.needs(extra, one.version.as_deref(), &one.specifier, self.python));
                let Some((needs, place)) = known else { return Some(name) };
                for need in needs {
                    self.add(&need, &name, &place);
                }
            }
        }
        None
    }

    /// What another package needs, unless it is asked for already, in a fixed version or without a limit.
    fn add(&mut self, need: &Need, of: &str, place: &Evidence) {
        self.loose.extend(need.extra.map(|extra| format!("{}[{extra}]", need.name)));
        self.loose.push(need.name.to_owned());
        let mut own = self.list.values().filter(|one| one.name == need.name).peekable();
        let fixed = own.clone().any(|one| one.version.is_some() || one.origin != Origin::Index);
        if fixed || (need.limit.is_empty() && own.peek().is_some()) {
            return;
        }
        let evidence = Evidence { fact: format!("{of} needs {}{}", need.name, need.limit), ..place.clone() };
        let mut added = Dependency { evidence, specifier: need.limit.to_owned(), ..Dependency::any(need.name) };
        added.version = requirement::exact(need.limit).map(str::to_owned);
        Self::limited(&self.limits, &mut added);
        self.list.insert((need.name.to_owned(), added.version.clone(), need.limit.to_owned()), added);
    }

    /// Applies the constraints to a package that is not fixed.
    fn limited(limits: &[Requirement], one: &mut Dependency) {
        if one.version.is_some() {
            return;
        }
        for limit in limits.iter().filter(|limit| limit.name == one.name) {
            let joined = [one.specifier.as_str(), limit.specifier.as_str()];
            one.version = limit.pinned().map(str::to_owned);
            one.specifier = joined.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",");
        }
    }

    pub(super) fn finish(mut self, install: &Install) -> Dependencies {
        for one in self.list.values_mut() {
            Self::limited(&self.limits, one);
        }
        if !install.no_dependencies
            && let Some(name) = self.follow()
        {
            self.open(format!("what {name} needs in turn is not listed"));
        }
        let complete = match self.open.first() {
            Some(why) => Finding::unknown(why.clone()),
            None => Finding::known(true, self.closed_by),
        };
        self.reads.dedup();
        Dependencies { list: self.list.into_values().collect(), complete, reads: self.reads }
    }
}

/// `name[extra]`
fn split_extra(name: &str) -> (&str, Option<&str>) {
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, extra)) => (name, Some(extra)),
        None => (name, None),
    }
}

fn key(requirement: &Requirement) -> Key {
    // Nameless ones are told apart by their text.
    let text = if requirement.name.is_empty() { requirement.evidence.fact.clone() } else { String::new() };
    (requirement.name.clone(), requirement.pinned().map(str::to_owned), text)
}
