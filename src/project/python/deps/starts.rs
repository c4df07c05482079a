//! From the words of an install command to the packages: through requirements files, the project, or a lock.

use super::Dependencies;
use super::gather::Gathered;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::project::python::install::{Install, Part, Tool};
use crate::project::python::lock::{self, Edge, Kind, Lock, Locked, Selection};
use crate::project::python::requirement::{Origin, Requirement};
use crate::project::python::specifier::allows;
use crate::project::python::{Python, is_metadata};
use crate::proposal::Evidence;

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
                Part::Constraints(path) => match resolve(path) {
                    Some(path) => gathered.constraints(&self.context, &path),
                    None => gathered.open(format!("{path} does not come from the build context")),
                },
                Part::Named(text) => gathered.named(text, install),
                Part::Project { dir, extras, .. } => match resolve(dir) {
                    Some(dir) => self.project(&dir, extras, install, &mut gathered),
                    None => gathered.open(format!("{dir} does not come from the build context")),
                },
                Part::Lock(kind) => self.locked(*kind, install, &mut gathered),
                Part::Unknown(what) => gathered.open(what.clone()),
            }
        }
        if let Some((minor, (wanted, place))) = python.zip(self.refuses(python)) {
            gathered.open(format!("{place}: CPython 3.{minor} is not in {wanted}"));
        }
        gathered.finish(install)
    }

    /// The project's `requires-python`, when it rules this version out: another one is then fetched, or the
    /// install fails.
    fn refuses(&self, python: Option<u16>) -> Option<(&str, &Evidence)> {
        let (wanted, place) = self.pyproject()?.requires_python.as_ref()?;
        let minor = python?;
        let refused = |version: String| allows(wanted, &version) == Some(false);
        // The patch version is not known: the first and the last one speak for all.
        (refused(format!("3.{minor}")) && refused(format!("3.{minor}.99"))).then_some((wanted.as_str(), place))
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
        gathered.reads.extend(project.files.iter().filter(|file| is_metadata(paths::name(file))).cloned());
    }

    fn locked(&self, kind: Kind, install: &Install, gathered: &mut Gathered) {
        let Some(lock) = lock::read(&self.context, &self.lock_dir(kind), kind) else {
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

    /// Where the lock is: a member of a uv workspace has it above.
    fn lock_dir(&self, kind: Kind) -> String {
        let holds = |dir: &str| paths::join(dir, kind.file()).is_some_and(|path| self.context.is_file(&path));
        let mut dir = self.dir.as_str();
        while kind == Kind::Uv && !holds(dir) && !dir.is_empty() {
            dir = paths::parent(dir);
        }
        if holds(dir) { dir.to_owned() } else { self.dir.clone() }
    }

    /// What an install from `lock` starts from.
    fn starts(&self, lock: &Lock, install: &Install) -> Finding<Vec<Edge>> {
        let groups = self.start_groups(&install.selection, install);
        let selection = &install.selection;
        match lock.kind {
            Kind::Uv => {
                let member = paths::below(paths::parent(&lock.path), &self.dir).unwrap_or_default();
                uv_starts(lock, member, install, &groups)
            }
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
            Tool::Poetry if !selection.without_main && !selection.without_defaults => {
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

/// uv.lock holds the project itself: what it needs, by extra and by group. `member` is the directory of the
/// project as seen from the lock.
fn uv_starts(lock: &Lock, member: &str, install: &Install, groups: &[String]) -> Finding<Vec<Edge>> {
    let own: Vec<&Locked> = lock.packages.iter().filter(|package| package.own).collect();
    let stands_in = |package: &&&Locked| match &package.origin {
        Origin::Path(path) => paths::clean(path).as_deref() == Some(member),
        _ => false,
    };
    let members: Vec<&Locked> = match &install.package {
        Some(name) => own.iter().filter(|package| package.name == *name).copied().collect(),
        None => match own.iter().find(stands_in) {
            Some(package) => vec![package],
            // The root of a workspace that is no project: all members are installed.
            None if member.is_empty() => own,
            None => Vec::new(),
        },
    };
    if members.is_empty() {
        let name = install.package.as_deref().unwrap_or(member);
        return Finding::unknown(format!("{} does not hold the project {name}", lock.path));
    }
    let selection = &install.selection;
    let mut starts = Vec::new();
    for member in members {
        if !selection.without_main {
            starts.extend(member.needs.iter().cloned());
        }
        for (key, edges) in &member.needs_for {
            let wanted = match key.strip_prefix("group ") {
                Some(group) => groups.iter().any(|name| name == group),
                None => selection.all_extras || selection.extras.contains(key),
            };
            if wanted {
                starts.extend(edges.iter().cloned());
            }
        }
    }
    Finding::known(starts, [])
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
