//! Python: what is installed and in which form, what starts, what the code reads and writes.
//!
//! | module | what |
//! | --- | --- |
//! | [`requirements`], [`pyproject`], [`setup`] | what a project asks for |
//! | [`lock`] | what a lock file fixed |
//! | [`install`], [`deps`] | what an install command brings, and whether that is all |
//! | [`wheel`], [`native`], [`index`] | in which form a package arrives: from the lock's file list, else from tables |
//! | [`start`] | what a start command runs: server, application, ports |
//! | [`scan`] | what the code itself reads, writes, listens on and starts |
//! | [`name`], [`marker`], [`requirement`] | names, versions, conditions, single requirements |
//! | [`modules`] | which modules a package brings |

pub mod deps;
pub mod index;
pub mod install;
mod lex;
pub mod lock;
pub mod marker;
pub mod modules;
pub mod name;
pub mod native;
pub mod pyproject;
pub mod requirement;
pub mod requirements;
pub mod scan;
pub mod setup;
mod specifier;
pub mod start;
mod tables;
pub mod wheel;

use super::context::Context;
use super::files::EntryKind;
use super::finding::{Finding, evidence};
use super::paths;
use crate::proposal::Evidence;
use pyproject::{Pyproject, Script};
use requirement::Requirement;
use scan::Scan;
use setup::Setup;
pub use specifier::allows;
use std::cell::OnceCell;
use std::rc::Rc;

/// A directory with a Python application.
#[derive(Debug)]
pub struct Python {
    context: Context,
    dir: String,
    /// The files by which it was recognized, sorted; none where it was asked for by [`Self::bare`].
    pub files: Vec<String>,
    pyproject: Option<Finding<Rc<Pyproject>>>,
    setup: Option<Setup>,
    scan: OnceCell<Scan>,
}

/// Files that say what a project needs, and lock files.
const METADATA: &[&str] = &[
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "pylock.toml",
    "environment.yml",
    "environment.yaml",
];

/// Whether a file of this name says what a project needs.
fn is_metadata(name: &str) -> bool {
    METADATA.contains(&name) || is_requirements(name)
}

fn is_requirements(name: &str) -> bool {
    name.starts_with("requirements") && [".txt", ".in", ".pip"].iter().any(|end| name.ends_with(end))
}

impl Python {
    /// Reads what says that `dir` holds a Python application; `None` when nothing does.
    pub fn read(context: &Context, dir: &str) -> Option<Self> {
        let dir = paths::clean(dir)?;
        let listing = context.list(&dir);
        let is_file = |kind: EntryKind| kind == EntryKind::File;
        let known = |name: &str| is_metadata(name) || name.strip_suffix(".py").is_some();
        let mut files: Vec<String> = listing
            .entries
            .iter()
            .filter(|entry| is_file(entry.kind) && known(&entry.name))
            .filter_map(|entry| paths::join(&dir, &entry.name))
            .collect();
        // requirements/base.txt, requirements/prod.txt
        let nested = paths::join(&dir, "requirements").filter(|nested| context.is_dir(nested));
        if let Some(nested) = nested {
            let texts = context.list(&nested);
            let texts =
                texts.entries.iter().filter(|entry| is_file(entry.kind) && entry.name.strip_suffix(".txt").is_some());
            files.extend(texts.filter_map(|entry| paths::join(&nested, &entry.name)));
        }
        files.sort();
        if files.is_empty() {
            return None;
        }
        Some(Self::of(context, dir, files))
    }

    /// A directory of which nothing says that it is an application: what is installed must be known from elsewhere.
    pub fn bare(context: &Context, dir: &str) -> Option<Self> {
        let dir = paths::clean(dir).filter(|dir| dir.is_empty() || context.is_dir(dir))?;
        Some(Self::of(context, dir, Vec::new()))
    }

    fn of(context: &Context, dir: String, files: Vec<String>) -> Self {
        let pyproject = pyproject::read(context, &dir);
        let setup = setup::read(context, &dir);
        // A pyproject.toml alone may hold nothing but settings of a linter.
        Self { context: context.clone(), dir, files, pyproject, setup, scan: OnceCell::new() }
    }

    /// Its directory in the context.
    pub fn dir(&self) -> &str {
        &self.dir
    }

    /// pyproject.toml, when it is there and could be read.
    pub fn pyproject(&self) -> Option<&Pyproject> {
        self.pyproject.as_ref()?.value().map(Rc::as_ref)
    }

    /// setup.py and setup.cfg, when one is there.
    pub fn setup(&self) -> Option<&Setup> {
        self.setup.as_ref()
    }

    /// The lock files that are there.
    pub fn locks(&self) -> Vec<lock::Kind> {
        use lock::Kind::{Pdm, Pipfile, Poetry, Pylock, Uv};
        let has = |kind: &lock::Kind| self.files.iter().any(|file| paths::name(file) == kind.file());
        [Poetry, Uv, Pdm, Pipfile, Pylock].into_iter().filter(has).collect()
    }

    /// The requirements files that are there.
    pub fn requirements_files(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .map(String::as_str)
            .filter(|file| file.strip_suffix(".txt").is_some() || is_requirements(paths::name(file)))
    }

    /// Whether conda installs its packages: glibc only, and not `PyPI`'s.
    pub fn conda(&self) -> Option<Evidence> {
        let file = self.files.iter().find(|file| paths::name(file).starts_with("environment."))?;
        Some(evidence(file, None, "a conda environment"))
    }

    /// What installing the project itself requires, with these extras.
    pub fn requires(&self, extras: &[String]) -> Finding<Vec<Requirement>> {
        let mut list = Vec::new();
        let mut places = Vec::new();
        match &self.pyproject {
            Some(Finding::Unknown { why, evidence }) => return Finding::blocked(why.clone(), evidence.clone()),
            Some(Finding::Known { value, .. }) => {
                let computed = value.dynamic.iter().find(|(field, _)| field == "dependencies");
                if let (Some((_, place)), None) = (computed, &self.setup) {
                    return Finding::blocked(
                        "the dependencies are computed when the project is built",
                        [place.clone()],
                    );
                }
                list.extend(value.dependencies.iter().cloned());
                list.extend(extras.iter().filter_map(|extra| value.extras.get(extra)).flatten().cloned());
                places.push(evidence(&value.path, None, "its dependencies"));
            }
            None => {}
        }
        if let Some(setup) = &self.setup {
            match &setup.requires {
                Finding::Known { value, evidence } => {
                    list.extend(value.iter().cloned());
                    places.extend(evidence.iter().cloned());
                }
                Finding::Unknown { why, evidence } => return Finding::blocked(why.clone(), evidence.clone()),
            }
            list.extend(extras.iter().filter_map(|extra| setup.extras.get(extra)).flatten().cloned());
        }
        if places.is_empty() && self.pyproject.is_none() && self.setup.is_none() {
            return Finding::unknown(format!("nothing in {} says what the project needs", shown(&self.dir)));
        }
        Finding::known(list, places)
    }

    /// What installing the project itself requires beside the requirements files `listed`; `None` when that is not known,
    /// or the project may compile something.
    fn requires_beside(&self, listed: &[String]) -> Option<Vec<Requirement>> {
        const PURE: &[&str] = &["setuptools", "hatchling", "poetry.core", "flit_core", "pdm.backend"];
        let is_pure = self.pyproject().is_none_or(|project| {
            let backend = project.backend.as_ref().is_none_or(|(name, _)| PURE.iter().any(|one| name.starts_with(one)));
            let plain =
                project.build_requires.iter().all(|one| !matches!(one.name.as_str(), "cython" | "cffi" | "pybind11"));
            backend && plain
        });
        let known = matches!(&self.pyproject, None | Some(Finding::Known { .. }));
        let setup = self.setup.as_ref();
        let compiles = setup.is_some_and(|setup| setup.extensions.is_some());
        if !is_pure || !known || compiles || (self.pyproject.is_none() && setup.is_none()) || !self.needs_git().is_no()
        {
            return None;
        }
        match self.requires(&[]) {
            Finding::Known { value, .. } => Some(value),
            // `install_requires=get_requirements("requirements.txt")`
            Finding::Unknown { .. } => {
                let setup = setup.filter(|setup| setup.requires.value().is_none() && self.pyproject.is_none())?;
                let mut read =
                    setup.metadata_files.iter().filter(|(path, _)| paths::extension(path) == "txt").peekable();
                read.peek()?;
                read.all(|(path, _)| listed.contains(path)).then(Vec::new)
            }
        }
    }

    /// The commands that installing the project puts on PATH.
    pub fn scripts(&self) -> Vec<&Script> {
        let own = self.pyproject().map(|project| project.scripts.iter()).into_iter().flatten();
        own.chain(self.setup.iter().flat_map(|setup| &setup.scripts)).collect()
    }

    /// The files that a build of the project reads beside its sources: without them it fails.
    pub fn metadata_files(&self) -> Vec<(String, Evidence)> {
        let own = self.pyproject().map(|project| project.metadata_files.clone()).unwrap_or_default();
        let mut all = own;
        all.extend(self.setup.iter().flat_map(|setup| setup.metadata_files.iter().cloned()));
        all
    }

    /// Whether a build of the project makes its version from git, so that `.git` must be in the context.
    pub fn needs_git(&self) -> Finding<bool> {
        if let Some(Finding::Unknown { why, evidence }) = &self.pyproject {
            return Finding::blocked(why.clone(), evidence.clone());
        }
        let own = self.pyproject().and_then(|project| project.git_version.as_ref());
        let found = own.or_else(|| self.setup.as_ref()?.git_version.as_ref());
        if let Some((tool, place)) = found {
            let fact = format!("{}: {tool} makes the version from git", place.fact);
            return Finding::known(true, [Evidence { fact, ..place.clone() }]);
        }
        // Flit and hatch read it from the sources; anything else dynamic is for a plugin to say.
        let dynamic = self.pyproject().and_then(|project| {
            let place = project.dynamic.iter().find(|(field, _)| field == "version").map(|(_, place)| place)?;
            let backend = project.backend.as_ref().map_or("", |(name, _)| name.as_str());
            let reads_sources = ["flit", "hatchling", "setuptools", "pdm", "poetry"];
            (!reads_sources.iter().any(|known| backend.starts_with(known))).then(|| place.clone())
        });
        match dynamic {
            Some(place) => Finding::blocked("the version is computed by a build backend that is not known", [place]),
            None => Finding::known(false, [evidence(shown(&self.dir), None, "no version is made from git")]),
        }
    }

    /// What the code of the application does, read on first use.
    pub fn scan(&self) -> &Scan {
        self.scan.get_or_init(|| Scan::read(&self.context, &self.dir))
    }

    /// Django's manage.py.
    pub fn manage_py(&self) -> Option<&str> {
        self.files.iter().map(String::as_str).find(|file| paths::name(file) == "manage.py")
    }
}

fn shown(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}
