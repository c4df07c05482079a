//! The repository of a Dockerfile: the nearest directory above it that holds `.git`, as far as evidence may come from.

use crate::project::Context;
use crate::project::deploy::Deployments;
use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// Repositories met so far; what is read in one is read once.
#[derive(Default)]
pub(super) struct Repositories {
    by_root: HashMap<PathBuf, Rc<Deployments>>,
    root_of: HashMap<PathBuf, PathBuf>,
}

/// Where a Dockerfile stands in its repository.
pub(super) struct Place {
    /// The repository's real path.
    pub root: PathBuf,
    /// The Dockerfile in it, `/` between names.
    pub inside: String,
    /// What its files say about building and running.
    pub deployments: Rc<Deployments>,
}

impl Repositories {
    /// Where the Dockerfile at `path` stands. Outside of any repository, nothing above where dfslim runs counts; nor,
    /// where the file does not lie below that, above `top`; nor above its own directory. `None` when it cannot be
    /// found or named.
    pub(super) fn place(&mut self, path: &Path, top: &Path) -> Option<Place> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = fs::canonicalize(parent).ok()?;
        let root = self.root(&parent, top);
        let below = parent.strip_prefix(&root).ok()?.join(path.file_name()?);
        let names: Option<Vec<&str>> = below.iter().map(|name| name.to_str()).collect();
        let inside = names?.join("/");
        let deployments = self.deployments(&root)?;
        Some(Place { root, inside, deployments })
    }

    fn deployments(&mut self, root: &Path) -> Option<Rc<Deployments>> {
        if let Some(known) = self.by_root.get(root) {
            return Some(Rc::clone(known));
        }
        let opened = Rc::new(Deployments::new(Context::from_directory(root).ok()?));
        self.by_root.insert(root.to_owned(), Rc::clone(&opened));
        Some(opened)
    }

    fn root(&mut self, directory: &Path, top: &Path) -> PathBuf {
        if let Some(known) = self.root_of.get(directory) {
            return known.clone();
        }
        let repository = directory.ancestors().find(|above| above.join(".git").exists());
        let above = |top: &Path| {
            let top = fs::canonicalize(top).ok()?;
            (top.parent().is_some() && top.is_dir() && directory.starts_with(&top)).then_some(top)
        };
        let tops = || [Path::new("."), top].into_iter().find_map(above);
        let root = repository.map(Path::to_owned).or_else(tops).unwrap_or_else(|| directory.to_owned());
        self.root_of.insert(directory.to_owned(), root.clone());
        root
    }
}

/// How the real path `to` is called from the real directory `here`; absolute when the two have nothing in common.
pub(super) fn called(here: &Path, to: &Path) -> String {
    let common = here.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 && here != to {
        return to.to_string_lossy().into_owned();
    }
    let up = here.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(common)).collect();
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_called_as_from_here() {
        let name = |to: &str| called(Path::new("/home/me/work"), Path::new(to));
        assert_eq!(name("/home/me/work/web"), "web");
        assert_eq!(name("/home/me/work"), "");
        assert_eq!(name("/home/me"), "..");
        assert_eq!(name("/home/me/other/a"), "../other/a");
        assert_eq!(name("/srv/a"), "/srv/a");
    }

    #[test]
    fn the_repository_is_the_nearest_one_and_else_what_was_named() {
        let top = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(top.path()).unwrap();
        fs::create_dir_all(top.join("a/.git")).unwrap();
        fs::create_dir_all(top.join("a/b")).unwrap();
        fs::create_dir_all(top.join("c")).unwrap();
        let mut repositories = Repositories::default();
        let mut place = |path: &str, top: &Path| {
            let place = repositories.place(path.as_ref(), top).unwrap();
            (place.root, place.inside)
        };
        let path = |name: &str| top.join(name).to_string_lossy().into_owned();
        assert_eq!(place(&path("a/b/Dockerfile"), &top), (top.join("a"), "b/Dockerfile".to_owned()));
        assert_eq!(place(&path("c/Dockerfile"), &top), (top.clone(), "c/Dockerfile".to_owned()));
        let mut others = Repositories::default();
        let found = others.place(top.join("c/Dockerfile").as_ref(), &top.join("a")).unwrap();
        assert_eq!((found.root, found.inside), (top.join("c"), "Dockerfile".to_owned()));
    }
}
