//! Lock files of all package managers, in one shape: packages, what each depends on, and what the project's own
//! package.json said when the lock was written.

mod bun;
mod npm;
mod pnpm;
pub mod yarn;

use super::manifest::DependencyKind;
use crate::project::json::Malformed;
use crate::project::source::Source;
use crate::project::{Context, paths};
use crate::proposal::Evidence;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Which lock file it is, which decides what it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// package-lock.json or npm-shrinkwrap.json, with its `lockfileVersion`.
    Npm(u32),
    /// yarn 1
    YarnClassic,
    /// yarn 2 and later
    YarnBerry,
    /// pnpm-lock.yaml, with the major of its `lockfileVersion`.
    Pnpm(u32),
    /// bun.lock
    Bun,
}

impl Format {
    /// Whether the lock says which packages run a script (or compile) when they are installed.
    pub const fn records_install_scripts(self) -> bool {
        // Yarn 2 and later add `node-gyp` to what compiles, and say nothing of other scripts; bun says nothing.
        matches!(self, Self::Npm(2..) | Self::Pnpm(5..=8))
    }

    /// Whether the lock says which systems a package is for.
    pub const fn records_platforms(self) -> bool {
        matches!(self, Self::Npm(2..) | Self::YarnBerry | Self::Pnpm(_) | Self::Bun)
    }
}

/// A lock file, read.
#[derive(Debug)]
pub struct Lock {
    /// The file.
    pub source: Rc<Source>,
    /// Its format.
    pub format: Format,
    /// Every package; edges are indices into this.
    pub packages: Vec<Package>,
    /// The project's own packages by directory (relative to the lock; the root is empty), as recorded.
    pub importers: BTreeMap<String, Importer>,
}

/// One resolved package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// Its key in the lock, as written.
    pub key: String,
    /// Its name in the registry.
    pub name: String,
    /// Its version; empty for links.
    pub version: String,
    /// Systems it is for, `!` negates; empty: all, or not recorded.
    pub os: Vec<String>,
    /// Processors it is for.
    pub cpu: Vec<String>,
    /// `glibc`, `musl`; empty: both, or not recorded.
    pub libc: Vec<String>,
    /// Whether installing it runs a script or compiles; `None`: not recorded.
    pub install_script: Option<bool>,
    /// What it depends on.
    pub edges: Vec<Edge>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a package comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// A registry.
    #[default]
    Registry,
    /// A git repository: installing it needs git, and may build it.
    Git,
    /// A tarball at a URL or in a file.
    Tarball,
    /// A directory of the project: a workspace, `link:`, `file:`; relative to the lock.
    Directory(String),
}

/// A dependency of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The name asked for.
    pub name: String,
    /// Whether an install goes on without it.
    pub optional: bool,
    /// The package it resolves to; `None` when the lock has none.
    pub to: Option<usize>,
}

/// A package.json as the lock recorded it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Importer {
    /// Its direct dependencies.
    pub dependencies: Vec<Recorded>,
}

/// A direct dependency as the lock recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The name asked for.
    pub name: String,
    /// The range; `None` when the format keeps none.
    pub range: Option<String>,
    /// The table; `None` when the format keeps none.
    pub kind: Option<DependencyKind>,
    /// The package it resolves to.
    pub to: Option<usize>,
}

/// Why a lock file was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotRead {
    line: Option<usize>,
    message: String,
}

impl NotRead {
    fn new(line: Option<usize>, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }

    fn json(source: &Source, error: &Malformed) -> Self {
        Self::new(Some(source.line(error.at)), error.message.clone())
    }
}

impl Lock {
    /// Reads the lock file at `path`; a malformed one leaves a warning.
    pub fn read(context: &Context, path: &str) -> Option<Self> {
        if paths::name(path) == "bun.lockb" {
            context.warn(
                path,
                None,
                "bun's binary lock file is not read; `bun install --save-text-lockfile` writes text",
            );
            return None;
        }
        let source = context.find_lock(path)?;
        let read = match paths::name(path) {
            "pnpm-lock.yaml" => pnpm::read(source),
            "yarn.lock" => yarn::read(source),
            "bun.lock" => bun::read(source),
            _ => npm::read(source),
        };
        read.map_err(|error| {
            context.warn(path, error.line, format!("{}: what it locks is unknown", error.message));
        })
        .ok()
    }

    /// A fact about a package, at its line.
    pub fn evidence(&self, package: usize, fact: impl Into<String>) -> Evidence {
        let Some(package) = self.packages.get(package) else { return self.source.whole(fact) };
        let needle = match self.format {
            Format::Npm(1) => format!("\"{}\": {{", package.name),
            Format::Npm(_) => format!("\"{}\": {{", package.key),
            Format::Bun => format!("\"{}\": [", package.key),
            Format::Pnpm(_) | Format::YarnClassic | Format::YarnBerry => {
                return self.evidence_of_key(&package.key, fact);
            }
        };
        match self.source.text.find(&needle) {
            Some(at) => self.source.evidence(at, fact),
            None => self.source.whole(fact),
        }
    }

    /// A fact at the line that is a key, quoted or not, and a colon.
    fn evidence_of_key(&self, key: &str, fact: impl Into<String>) -> Evidence {
        // Version 9 of pnpm names its packages without their peers.
        let plain = key.split('(').next().unwrap_or(key);
        let is_key = |line: &str| {
            let bare = line.trim().strip_suffix(':').unwrap_or_default().trim_start_matches("? ");
            let bare = yarn::unquote(bare).trim_matches('\'');
            bare == key || bare == plain
        };
        let line = self.source.text.lines().position(is_key).map(|index| index + 1);
        crate::project::finding::evidence(&self.source.path, line, fact)
    }

    /// All packages that these direct dependencies bring, as indices in order. `through_optional` says whether
    /// optional dependencies count.
    pub fn reachable<'d>(
        &self,
        direct: impl IntoIterator<Item = &'d Recorded>,
        through_optional: bool,
    ) -> std::collections::BTreeSet<usize> {
        let mut seen = std::collections::BTreeSet::new();
        let mut ahead: Vec<usize> = direct.into_iter().filter_map(|recorded| recorded.to).collect();
        while let Some(at) = ahead.pop() {
            if !seen.insert(at) {
                continue;
            }
            let Some(package) = self.packages.get(at) else { continue };
            let followed = package.edges.iter().filter(|edge| through_optional || !edge.optional);
            ahead.extend(followed.filter_map(|edge| edge.to));
            // A workspace brings what its own package.json asks for.
            if let Origin::Directory(dir) = &package.origin
                && let Some(importer) = self.importers.get(dir)
            {
                let wanted = importer.dependencies.iter().filter(|it| it.kind != Some(DependencyKind::Development));
                ahead.extend(wanted.filter_map(|recorded| recorded.to));
            }
        }
        seen
    }

    /// The packages called `name`.
    pub fn named<'l>(&'l self, name: &'l str) -> impl Iterator<Item = usize> + 'l {
        self.packages.iter().enumerate().filter(move |(_, package)| package.name == name).map(|(index, _)| index)
    }
}

/// Packages by a key that edges name.
type Index = HashMap<String, usize>;

/// Where a reference such as `git+ssh://…`, `https://….tgz`, `github:a/b`, `file:../x` points.
fn origin_of(reference: &str) -> Origin {
    let is = |prefix: &str| reference.starts_with(prefix);
    if is("git+")
        || is("git:")
        || is("git@")
        || is("github:")
        || is("gitlab:")
        || is("bitbucket:")
        || reference.contains(".git#")
    {
        return Origin::Git;
    }
    if reference.contains("codeload.github.com") || reference.contains("gitpkg") {
        return Origin::Git;
    }
    if let Some(dir) = reference.strip_prefix("link:").or_else(|| reference.strip_prefix("file:")) {
        let is_archive = [".tgz", ".tar.gz", ".tar"].iter().any(|end| dir.ends_with(end));
        return if is_archive { Origin::Tarball } else { Origin::Directory(paths::clean(dir).unwrap_or_default()) };
    }
    Origin::Registry
}
