//! What an install brings: each package with its version, its files and the evidence; and whether that is all.

use super::Python;
use super::install::{Install, Part, Tool};
use super::lock::{self, Edge, Kind, Lock, Locked, Selection};
use super::marker::{self, Environment};
use super::native::{self, Native};
use super::requirement::{Origin, Requirement};
use super::requirements::Requirements;
use super::wheel::{Target, Wheel, classify};
use crate::project::context::Context;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::{BTreeMap, BTreeSet};

/// One package that an install brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Normalized; empty for a path or an address without a name.
    pub name: String,
    /// The version, when it is fixed.
    pub version: Option<String>,
    /// What limits the version, when it is not.
    pub specifier: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Its distribution files, when a lock lists them.
    pub files: Option<Vec<String>>,
    /// Whether `--no-binary` forbids wheels of it.
    pub from_source: Option<Evidence>,
    /// Where it is asked for.
    pub evidence: Evidence,
}

/// What an install brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependencies {
    /// By name.
    pub list: Vec<Dependency>,
    /// Whether the list is all that is installed; unknown names what may come beside.
    pub complete: Finding<bool>,
    /// The files of the context that the install reads.
    pub reads: Vec<String>,
}

impl Dependency {
    /// Any version of `name`, from the default index.
    fn any(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            specifier: String::new(),
            origin: Origin::Index,
            files: None,
            from_source: None,
            evidence: evidence("", None, ""),
        }
    }

    /// How it arrives on `target`.
    pub fn wheel(&self, target: &Target) -> Finding<Wheel> {
        let unknown = |why: String| Finding::blocked(why, [self.evidence.clone()]);
        if let Some(place) = &self.from_source {
            return Finding::known(Wheel::SdistOnly, [place.clone()]);
        }
        match &self.origin {
            Origin::Vcs(url) => return unknown(format!("{} is built from {url}", self.shown())),
            Origin::Path(path) if path.strip_suffix(".whl").is_none() => {
                return unknown(format!("{} is built from {path}", self.shown()));
            }
            Origin::Path(file) | Origin::Url(file) => {
                let file = file.split(['#', '?']).next().unwrap_or(file);
                return match classify(&[paths::name(file)], target) {
                    Finding::Known { value, .. } => Finding::known(value, [self.evidence.clone()]),
                    Finding::Unknown { why, .. } => unknown(format!("{}: {why}", self.shown())),
                };
            }
            Origin::Index | Origin::OtherIndex(_) => {}
        }
        if let Some(files) = &self.files {
            return match classify(files, target) {
                Finding::Known { value, .. } => {
                    let fact = format!("{} {}: {}", self.evidence.fact, described(value), sample(files, value));
                    Finding::known(value, [Evidence { fact, ..self.evidence.clone() }])
                }
                Finding::Unknown { why, .. } => unknown(format!("{}: {why}", self.shown())),
            };
        }
        if let Origin::OtherIndex(index) = &self.origin {
            return unknown(format!("{} comes from another index ({index})", self.shown()));
        }
        if let Some(native) = self.native() {
            let wheel = native.wheel(self.version.as_deref(), &self.specifier, target);
            return match wheel {
                Finding::Known { value, evidence } => {
                    Finding::known(value, std::iter::once(self.evidence.clone()).chain(evidence))
                }
                Finding::Unknown { why, .. } => unknown(why),
            };
        }
        match native::node(&self.name).filter(|node| node.pure) {
            Some(node) => Finding::known(Wheel::Pure, [self.evidence.clone(), node.evidence()]),
            None => unknown(format!("nothing is known of the files of {}", self.shown())),
        }
    }

    /// What is known of its compiled code and the system libraries it loads.
    pub fn native(&self) -> Option<&'static Native> {
        native::native(&self.name)
    }

    fn shown(&self) -> &str {
        if self.name.is_empty() { &self.evidence.fact } else { &self.name }
    }
}

fn described(wheel: Wheel) -> &'static str {
    match wheel {
        Wheel::Pure => "has no compiled code",
        Wheel::Musllinux => "has wheels for glibc and musl",
        Wheel::PureFallback => "has a compiled wheel for glibc only, and a pure one",
        Wheel::ManylinuxOnly | Wheel::ManylinuxOnlyNoSdist => "has wheels for glibc only",
        Wheel::SdistOnly => "is built from source",
    }
}

/// The file name that shows it best.
fn sample(files: &[String], wheel: Wheel) -> &str {
    let wanted = match wheel {
        Wheel::Pure => "-any.whl",
        Wheel::Musllinux => "musllinux",
        Wheel::PureFallback | Wheel::ManylinuxOnly | Wheel::ManylinuxOnlyNoSdist => "manylinux",
        Wheel::SdistOnly => ".tar.gz",
    };
    files.iter().find(|file| file.contains(wanted)).or(files.first()).map_or("", String::as_str)
}

impl Python {
    /// What `install` brings. `resolve` turns a path as the command writes it into one of the context.
    pub fn dependencies(
        &self,
        install: &Install,
        python: Option<u16>,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Dependencies {
        let mut gathered = Gathered { python, ..Gathered::default() };
        for part in &install.parts {
            match part {
                Part::Requirements(path) => match resolve(path) {
                    // `uv pip install -r pyproject.toml`
                    Some(path) if matches!(paths::name(&path), "pyproject.toml" | "setup.py" | "setup.cfg") => {
                        self.project(paths::parent(&path), &[], install, &mut gathered);
                    }
                    Some(path) => gathered.requirements(&self.context, &path, install),
                    None => gathered.open(format!("{path} does not come from the build context")),
                },
                Part::Constraints(_) => {}
                Part::Named(text) => gathered.named(text, install),
                Part::Project { dir, extras, .. } => match resolve(dir) {
                    Some(dir) => self.project(&dir, extras, install, &mut gathered),
                    None => gathered.open(format!("{dir} does not come from the build context")),
                },
                Part::Lock(kind) => self.locked(*kind, install, &mut gathered),
                Part::Unknown(what) => gathered.open(what.clone()),
            }
        }
        gathered.finish(install)
    }

    fn project(&self, dir: &str, extras: &[String], install: &Install, gathered: &mut Gathered) {
        let own;
        let project = if dir == self.dir {
            self
        } else {
            let Some(other) = Self::read(&self.context, dir) else {
                return gathered.open(format!("no Python project is in {}", if dir.is_empty() { "." } else { dir }));
            };
            own = other;
            &own
        };
        let wanted: Vec<String> = extras.iter().cloned().chain(install.selection.extras.iter().cloned()).collect();
        match project.requires(&wanted) {
            Finding::Known { value, .. } => gathered.require_all(&value, install),
            Finding::Unknown { why, .. } => gathered.open(why),
        }
        gathered.reads.extend(project.files.iter().filter(|file| super::is_metadata(paths::name(file))).cloned());
    }

    fn locked(&self, kind: Kind, install: &Install, gathered: &mut Gathered) {
        let Some(lock) = lock::read(&self.context, &self.dir, kind) else {
            gathered.open(format!("{} is not there, so versions are chosen at build time", kind.file()));
            let groups = self.start_groups(&install.selection, install);
            if let Finding::Known { value, .. } = self.requires_with(&groups, &install.selection) {
                gathered.require_all(&value, install);
            }
            return;
        };
        let lock = match lock {
            Finding::Known { value, .. } => value,
            Finding::Unknown { why, .. } => return gathered.open(why),
        };
        gathered.reads.push(lock.path.clone());
        gathered.reads.extend(self.files.iter().filter(|file| paths::name(file) == "pyproject.toml").cloned());
        match self.starts(&lock, install) {
            Finding::Known { value: starts, .. } => {
                let (reached, missing) = lock.reached(starts, gathered.python);
                for package in reached.into_iter().filter(|package| !package.own) {
                    gathered.package(package, install);
                }
                if let Some(name) = missing.first() {
                    gathered.open(format!("{} does not hold {name}: it is out of step with the project", lock.path));
                }
                gathered.closed_by.push(evidence(&lock.path, None, "the lock file lists all that is installed"));
            }
            Finding::Unknown { why, .. } => gathered.open(why),
        }
    }

    /// What an install from `lock` starts from.
    fn starts(&self, lock: &Lock, install: &Install) -> Finding<Vec<Edge>> {
        let groups = self.start_groups(&install.selection, install);
        let selection = &install.selection;
        match lock.kind {
            Kind::Uv => Finding::known(uv_starts(lock, &groups, selection), []),
            Kind::Pipfile | Kind::Pdm | Kind::Pylock => Finding::known(flat_starts(lock, &groups, selection), []),
            Kind::Poetry => self
                .requires_with(&groups, selection)
                .map(|list| list.iter().filter(|one| !one.name.is_empty()).map(Edge::from).collect()),
        }
    }

    /// The groups beside the main dependencies.
    fn start_groups(&self, selection: &Selection, install: &Install) -> Vec<String> {
        let mut groups: Vec<String> = selection.groups.iter().cloned().collect();
        let Some(project) = self.pyproject() else {
            if install.dev != Some(false) {
                groups.push("dev".to_owned());
            }
            return groups;
        };
        let defaults: Vec<String> = match install.tool {
            Tool::Poetry | Tool::Pdm if install.dev == Some(true) => {
                project.groups.keys().filter(|name| !project.optional_groups.contains(name)).cloned().collect()
            }
            // `--without dev` leaves the other groups in.
            Tool::Poetry if !selection.without_main => {
                let left =
                    project.groups.keys().filter(|name| *name != "dev" && !project.optional_groups.contains(name));
                left.cloned().collect()
            }
            Tool::Uv if install.dev.is_none() => project.default_groups.clone(),
            Tool::Uv if install.dev == Some(true) => project.groups.keys().cloned().collect(),
            _ if install.dev == Some(true) => vec!["dev".to_owned()],
            _ => Vec::new(),
        };
        groups.extend(defaults);
        groups
    }

    fn requires_with(&self, groups: &[String], selection: &Selection) -> Finding<Vec<Requirement>> {
        let Some(project) = self.pyproject() else {
            return Finding::unknown("there is no pyproject.toml that could be read beside the lock file");
        };
        let extras = if selection.all_extras {
            project.extras.keys().cloned().collect()
        } else {
            selection.extras.iter().cloned().collect::<Vec<_>>()
        };
        let main = if selection.without_main { Finding::known(Vec::new(), []) } else { self.requires(&extras) };
        main.map(|mut list| {
            list.extend(groups.iter().filter_map(|group| project.groups.get(group)).flatten().cloned());
            list
        })
    }
}

/// uv.lock holds the project itself: what it needs, by extra and by group.
fn uv_starts(lock: &Lock, groups: &[String], selection: &Selection) -> Vec<Edge> {
    let roots: Vec<&Locked> = lock.packages.iter().filter(|package| package.own).collect();
    // In a workspace the member at the root is what a plain `uv sync` installs.
    let at_root = |package: &&&Locked| matches!(&package.origin, Origin::Path(path) if path == "." || path.is_empty());
    let Some(root) = roots.iter().find(at_root).or(roots.first()) else { return Vec::new() };
    let mut starts = Vec::new();
    if !selection.without_main {
        starts.extend(root.needs.iter().cloned());
    }
    for (key, edges) in &root.needs_for {
        let wanted = match key.strip_prefix("group ") {
            Some(group) => groups.iter().any(|name| name == group),
            None => selection.all_extras || selection.extras.contains(key),
        };
        if wanted {
            starts.extend(edges.iter().cloned());
        }
    }
    starts
}

/// A lock without edges to follow: each package says to which groups it belongs.
fn flat_starts(lock: &Lock, groups: &[String], selection: &Selection) -> Vec<Edge> {
    let wanted = |package: &&Locked| {
        let main = package.groups.is_empty()
            || package.groups.iter().any(|group| matches!(group.as_str(), "main" | "default"));
        (main && !selection.without_main)
            || package.groups.iter().any(|group| groups.contains(group) || selection.extras.contains(group))
    };
    let edge = |package: &Locked| Edge {
        name: package.name.clone(),
        version: package.version.clone(),
        extras: Vec::new(),
        marker: package.marker.clone(),
    };
    lock.packages.iter().filter(wanted).map(edge).collect()
}

#[derive(Default)]
struct Gathered {
    python: Option<u16>,
    list: BTreeMap<(String, Option<String>, String), Dependency>,
    reads: Vec<String>,
    open: Vec<String>,
    closed_by: Vec<Evidence>,
    /// Requirements whose own needs are not listed.
    loose: Vec<String>,
}

impl Gathered {
    fn open(&mut self, why: String) {
        self.open.push(why);
    }

    fn requirements(&mut self, context: &Context, path: &str, install: &Install) {
        let read = Requirements::read(context, path);
        for place in &read.unknown {
            self.open(format!("{place}"));
        }
        let closed = read.closed();
        for requirement in &read.requirements {
            let origin = read.origin(requirement);
            let forbidden =
                |(name, _): &&(String, Evidence)| name == ":all:" || super::name::normalize(name) == requirement.name;
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

    fn named(&mut self, text: &str, install: &Install) {
        match Requirement::read(text, evidence("Dockerfile", None, text)) {
            Ok(requirement) => self.require(&requirement, install),
            Err(why) => self.open(why),
        }
    }

    fn require_all(&mut self, list: &[Requirement], install: &Install) {
        for requirement in list {
            self.require(requirement, install);
        }
    }

    fn require(&mut self, requirement: &Requirement, install: &Install) {
        let environment = Environment { python: self.python, extras: &[] };
        if requirement.marker.as_deref().is_some_and(|text| marker::holds(text, &environment) == Some(false)) {
            return;
        }
        let origin = match (&requirement.origin, &install.index) {
            (Origin::Index, Some(index)) => Origin::OtherIndex(index.clone()),
            (origin, _) => origin.clone(),
        };
        let forbidden =
            install.no_binary.iter().any(|name| name == ":all:" || super::name::normalize(name) == requirement.name);
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

    fn package(&mut self, package: &Locked, install: &Install) {
        let forbidden =
            install.no_binary.iter().any(|name| name == ":all:" || super::name::normalize(name) == package.name);
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

    fn finish(mut self, install: &Install) -> Dependencies {
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
