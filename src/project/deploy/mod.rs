//! What the files around a Dockerfile say about building it and running its image: compose, bake, skaffold, CI.
//!
//! Only the Dockerfile's own directory and those above it are looked at, up to the root of the repository, and a few
//! directories with known names; never the whole tree. A file that is malformed is a warning.
//!
//! | module | what |
//! | --- | --- |
//! | [`said`] | the plain data: [`Build`], [`Container`] and what they hold |
//! | [`usage`] | [`Usage`]: all that concerns one Dockerfile |
//! | [`choice`] | the build context of a Dockerfile, and why it is that |
//! | `compose`, `bake`, `skaffold`, `github`, `gitlab`, `make`, `devcontainer` | one kind of file each |
//! | `command` | command lines: `docker build`, `buildah bud`, kaniko's `executor` |
//! | `interpolate`, `expression`, `hcl` | variables; GitHub's `${{ … }}`; the language of bake files |

mod bake;
pub mod choice;
mod command;
mod compose;
mod devcontainer;
mod expression;
mod github;
mod gitlab;
mod hcl;
mod interpolate;
mod make;
pub mod said;
mod skaffold;
pub mod usage;

pub use said::{Build, Container};
pub use usage::Usage;

use super::context::Context;
use super::finding::evidence;
use super::paths;
use super::source::Source;
use super::yaml::Yaml;
use crate::proposal::Evidence;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Directories at the root of a repository in which people keep what is about containers.
const KNOWN_DIRS: &[&str] =
    &[".devcontainer", ".docker", "build", "compose", "deploy", "deployment", "docker", "infra"];
/// So many workflows are read.
const MOST_WORKFLOWS: usize = 200;

/// A repository, and what was read in it about building and running images.
#[derive(Debug)]
pub struct Deployments {
    repository: Context,
    by_dir: RefCell<BTreeMap<String, Rc<Told>>>,
}

/// What the files of one directory say.
#[derive(Debug, Default)]
struct Told {
    builds: Vec<Build>,
    containers: Vec<Container>,
}

impl Deployments {
    /// Of the repository whose root is the root of `repository`.
    pub fn new(repository: Context) -> Self {
        Self { repository, by_dir: RefCell::default() }
    }

    /// The files of the repository.
    pub fn repository(&self) -> &Context {
        &self.repository
    }

    /// What concerns the Dockerfile at `dockerfile` (in the repository).
    pub fn usage(&self, dockerfile: &str) -> Usage {
        let mut dirs = vec![paths::parent(dockerfile)];
        while let Some(dir) = dirs.last().copied()
            && !dir.is_empty()
        {
            dirs.push(paths::parent(dir));
        }
        dirs.extend(KNOWN_DIRS);
        let mut seen: Vec<&str> = Vec::new();
        for dir in dirs {
            if !seen.contains(&dir) {
                seen.push(dir);
            }
        }
        let told: Vec<Rc<Told>> = seen.into_iter().map(|dir| self.told(dir)).collect();
        Usage::of(dockerfile, &told)
    }

    fn told(&self, dir: &str) -> Rc<Told> {
        if let Some(known) = self.by_dir.borrow().get(dir) {
            return Rc::clone(known);
        }
        let told = Rc::new(self.read(dir));
        self.by_dir.borrow_mut().insert(dir.to_owned(), Rc::clone(&told));
        told
    }

    fn read(&self, dir: &str) -> Told {
        let repository = &self.repository;
        let listing = repository.list(dir);
        let named = |wanted: fn(&str) -> bool| -> Vec<String> {
            let names = listing.entries.iter().map(|entry| entry.name.as_str()).filter(|name| wanted(name));
            names.filter_map(|name| paths::join(dir, name)).filter(|path| repository.is_file(path)).collect()
        };
        let mut told = Told::default();
        (told.builds, told.containers) = compose::read(repository, &named(compose::is_compose));
        told.builds.extend(bake::read(repository, &named(bake::is_bake)));
        for path in named(skaffold::is_skaffold) {
            told.builds.extend(skaffold::read(repository, &path));
        }
        for path in named(make::is_makefile) {
            told.builds.extend(make::read(repository, &path));
        }
        for path in named(devcontainer::is_devcontainer) {
            let (build, container) = devcontainer::read(repository, &path);
            told.builds.extend(build);
            told.containers.extend(container);
        }
        if dir.is_empty() {
            let workflows = repository.list(".github/workflows");
            let found = workflows.entries.iter().map(|entry| &entry.name).filter(|name| is_yaml(name));
            for name in found.take(MOST_WORKFLOWS) {
                told.builds.extend(github::read(repository, &format!(".github/workflows/{name}")));
            }
            told.builds.extend(gitlab::read(repository));
        }
        told
    }
}

fn is_yaml(name: &str) -> bool {
    matches!(paths::extension(name), "yml" | "yaml")
}

/// The YAML documents of a file; what is malformed leaves a warning.
fn documents(repository: &Context, path: &str) -> Option<(Rc<Source>, Vec<Yaml>)> {
    let source = repository.find(path)?;
    match Yaml::parse(&source.text) {
        Ok(documents) => Some((source, documents)),
        Err(error) => {
            let message = format!("{}: what it says is not known", error.message);
            repository.warn(path, Some(error.line), message);
            None
        }
    }
}

/// A fact read on a line of a file.
fn at(source: &Source, line: usize, fact: impl Into<String>) -> Evidence {
    evidence(&source.path, Some(line), fact)
}
