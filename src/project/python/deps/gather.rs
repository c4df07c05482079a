//! Packages from requirements and locks in one list, and what stands in the way of its being whole.

use super::{Dependencies, Dependency};
use crate::project::context::Context;
use crate::project::finding::{Finding, evidence};
use crate::project::python::install::Install;
use crate::project::python::lock::Locked;
use crate::project::python::marker::{self, Environment};
use crate::project::python::name::normalize;
use crate::project::python::native;
use crate::project::python::requirement::{Origin, Requirement};
use crate::project::python::requirements::Requirements;
use crate::proposal::Evidence;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Gathered {
    pub(super) python: Option<u16>,
    pub(super) list: BTreeMap<(String, Option<String>, String), Dependency>,
    pub(super) reads: Vec<String>,
    pub(super) open: Vec<String>,
    pub(super) closed_by: Vec<Evidence>,
    /// Requirements whose own needs are not listed.
    pub(super) loose: Vec<String>,
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
            from_source: forbidden.then(|| evidence("Dockerfile", None, "--no-binary")),
            evidence: package.evidence.clone(),
        });
    }

    /// Follows what the table knows of the needs of packages that no lock covers; the first that it does not know.
    fn follow(&mut self) -> Option<String> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = self.loose.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let bare = name.split('[').next().unwrap_or(&name);
            let asked = self.list.values().find(|one| one.name == bare);
            let node = native::node(&name)
                .filter(|node| asked.is_none_or(|one| node.speaks_for(one.version.as_deref(), &one.specifier)));
            let Some(node) = node else { return Some(name) };
            for need in node.needs {
                let bare = need.split('[').next().unwrap_or(need);
                if !self.list.keys().any(|(name, ..)| name == bare) {
                    let evidence = evidence(node.source, None, format!("{} {} needs {bare}", node.name, node.seen));
                    let added = Dependency { evidence, ..Dependency::any(bare) };
                    self.list.insert((bare.to_owned(), None, String::new()), added);
                }
                self.loose.push((*need).to_owned());
                self.loose.push(bare.to_owned());
            }
        }
        None
    }

    pub(super) fn finish(mut self, install: &Install) -> Dependencies {
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

fn key(requirement: &Requirement) -> (String, Option<String>, String) {
    // Nameless ones are told apart by their text.
    let text = if requirement.name.is_empty() { requirement.evidence.fact.clone() } else { String::new() };
    (requirement.name.clone(), requirement.pinned().map(str::to_owned), text)
}
