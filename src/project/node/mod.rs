//! Node applications: package.json, lock files, native modules, scripts, builds, and what the code does.
//!
//! | module | what |
//! | --- | --- |
//! | [`manifest`], [`manager`] | package.json; which package manager; the members of a workspace |
//! | [`native`], [`native_table`] | native modules: what runs on musl and on slim images |
//! | [`lock`], [`sync`] | lock files of all formats in one shape; whether they fit package.json |
//! | [`scripts`] | from a start command through scripts and wrappers to the files and programs that run |
//! | [`outputs`], [`tsconfig`] | build tools and where they write |
//! | [`code`] | what the shipped code imports, listens on, writes, reads and starts |
//! | [`js`] | JavaScript as tokens, values in configuration files |
//!
//! It may not know a Dockerfile: a start command comes in as words or shell text.

pub mod bins;
pub mod code;
mod invocation;
pub mod js;
pub mod lock;
pub mod manager;
pub mod manifest;
mod members;
pub mod native;
pub mod native_table;
pub mod npm_index;
pub mod outputs;
pub mod scripts;
mod shell;
pub mod sync;
pub mod tsconfig;
pub mod version;

use super::context::Context;
use super::finding::{Finding, evidence};
use super::paths;
use crate::proposal::Evidence;
use lock::{Lock, Recorded};
use manager::PackageManager;
use manifest::{DependencyKind, Manifest};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// An application: a directory with a package.json.
#[derive(Debug)]
pub struct Node {
    /// Its directory in the context.
    pub dir: String,
    /// Its package.json.
    pub manifest: Manifest,
    /// What installs it.
    pub manager: Finding<PackageManager>,
    /// The lock file that holds for it: its own, or that of the workspace root above.
    pub lock_path: Option<String>,
    context: Context,
    lock: OnceCell<Option<Rc<Lock>>>,
}

/// Which dependencies are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What `npm ci --omit=dev` installs: production and optional dependencies and all that they bring.
    Production,
    /// What `npm ci` installs.
    All,
}

/// `name` in `dir`.
fn at(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

impl Node {
    /// Reads the application in `dir`; `None` when there is no readable package.json.
    pub fn read(context: &Context, dir: &str) -> Option<Self> {
        let dir = paths::clean(dir)?;
        let manifest = Manifest::read(context, &dir)?;
        let (lock_dir, locks) = manager::lock_files(context, &dir);
        let manager = manager::detect(context, &manifest, &lock_dir, &locks);
        let lock_path = locks.first().map(|name| at(&lock_dir, name));
        Some(Self { dir, manifest, manager, lock_path, context: context.clone(), lock: OnceCell::new() })
    }

    /// The lock file, read on first use; `None` when there is none, or none that is understood.
    pub fn lock(&self) -> Option<&Lock> {
        self.lock.get_or_init(|| Lock::read(&self.context, self.lock_path.as_ref()?).map(Rc::new)).as_deref()
    }

    /// The lock file, or why it is not known.
    pub fn known_lock(&self) -> Finding<&Lock> {
        match (self.lock(), &self.lock_path) {
            (Some(lock), Some(path)) => Finding::known(lock, [evidence(path, None, "is the lock file")]),
            (_, Some(path)) => {
                let why = format!("the lock file {path} could not be read");
                Finding::blocked(why, [evidence(path, None, "could not be read")])
            }
            (_, None) => Finding::unknown("there is no lock file"),
        }
    }

    /// The name under which the lock knows this directory.
    fn importer_dir(&self) -> &str {
        let lock_dir = self.lock_path.as_deref().map_or("", paths::parent);
        paths::below(lock_dir, &self.dir).unwrap_or_default()
    }

    /// The direct dependencies of these kinds as the lock resolved them.
    pub fn direct(&self, kinds: &[DependencyKind]) -> Vec<&Recorded> {
        let Some(importer) = self.lock().and_then(|lock| lock.importers.get(self.importer_dir())) else {
            // Yarn 1 knows only the root, and by range.
            return self.direct_by_range(kinds);
        };
        if importer.dependencies.iter().all(|recorded| recorded.kind.is_none() && recorded.range.is_some()) {
            return self.direct_by_range(kinds);
        }
        let wanted = |recorded: &&Recorded| match recorded.kind {
            Some(kind) => kinds.contains(&kind),
            None => self.manifest.dependency(&recorded.name).is_some_and(|found| kinds.contains(&found.kind)),
        };
        importer.dependencies.iter().filter(wanted).collect()
    }

    fn direct_by_range(&self, kinds: &[DependencyKind]) -> Vec<&Recorded> {
        let Some(lock) = self.lock() else { return Vec::new() };
        let declared = self.manifest.dependencies.iter().filter(|found| kinds.contains(&found.kind));
        let importers: Vec<_> =
            lock.importers.get(self.importer_dir()).or(lock.importers.get("")).into_iter().collect();
        let find = |found: &manifest::Dependency| {
            let range = found.range.strip_prefix("npm:").unwrap_or(&found.range);
            let same = |recorded: &&Recorded| {
                recorded.name == found.name
                    && recorded.range.as_deref().is_some_and(|own| own.strip_prefix("npm:").unwrap_or(own) == range)
            };
            importers.iter().flat_map(|importer| &importer.dependencies).find(same)
        };
        declared.filter_map(find).collect()
    }

    /// Indices into [`Lock::packages`] of what an install brings; `None` without a lock.
    pub fn installed(&self, scope: Scope) -> Option<BTreeSet<usize>> {
        use DependencyKind::{Development, Optional, Peer, Production};
        let kinds: &[DependencyKind] = match scope {
            Scope::Production => &[Production, Optional, Peer],
            Scope::All => &[Production, Optional, Peer, Development],
        };
        Some(self.lock()?.reachable(self.direct(kinds), true))
    }

    /// Whether each direct dependency's range is the one that the lock was made for.
    pub fn lock_in_sync(&self) -> Finding<bool> {
        match self.known_lock() {
            Finding::Known { value: lock, .. } => sync::in_sync(&self.manifest, lock, self.importer_dir()),
            Finding::Unknown { why, evidence } => Finding::Unknown { why, evidence },
        }
    }

    /// The build context that it is part of.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// A fact about a package of the lock.
    pub fn package_evidence(&self, package: usize, fact: impl Into<String>) -> Option<Evidence> {
        Some(self.lock()?.evidence(package, fact))
    }
}
