//! Which Dockerfiles are built from one context: an ignore file at its root holds for all of them.

use super::recipes::Recipe;
use crate::dockerfile::Dockerfile;
use crate::image::Stages;
use crate::project::context::Context;
use crate::project::deploy::Deployments;
use crate::project::deploy::choice::{context_of, wants};
use crate::project::files::EntryKind;
use crate::project::{Project, paths};

/// So many Dockerfiles are read.
const MOST: usize = 200;
/// Directories that hold none, or none of the project's own.
const ASIDE: &[&str] = &["node_modules", "vendor", ".git", ".venv", "venv", "testdata"];

/// The Dockerfiles that are built from the context of `project` and obey the ignore file at its root. Its own one comes
/// first: `own` where it was read (or changed) already.
pub fn sharing(project: &Project, own: Option<(&str, &Dockerfile)>) -> Vec<Recipe> {
    let mut recipes: Vec<Recipe> = own
        .map(|(name, file)| Recipe { name: name.to_owned(), file: Dockerfile::parse(file.text()) })
        .into_iter()
        .collect();
    let context = project.context();
    let (repository, here) = project.home();
    let deployments = Deployments::new(repository.clone());
    for path in candidates(project).into_iter().take(MOST) {
        let Ok(source) = context.read(&path) else { continue };
        if context.is_file(&format!("{path}.dockerignore")) {
            continue;
        }
        let file = Dockerfile::parse(source.text.clone());
        if recipes.first().is_some_and(|own| own.name == path && own.file.text() == file.text()) || !begins(&file) {
            continue;
        }
        let place = paths::join(here, &path).unwrap_or_else(|| path.clone());
        let usage = deployments.usage(&place);
        let found = context_of(&usage, repository, &wants(&file, &Stages::of(&file)));
        // One that may be built from here counts.
        if found.value().is_none_or(|dir| dir == here) || path == context.dockerfile() {
            recipes.push(Recipe { name: path, file });
        }
    }
    recipes
}

/// Files that are called like Dockerfiles: those that git tracks, and those near the root.
fn candidates(project: &Project) -> Vec<String> {
    let context = project.context();
    let mut found: Vec<String> = Vec::new();
    if let Some(tracked) = project.tracked() {
        let aside = |path: &str| path.split('/').any(|part| ASIDE.contains(&part));
        found.extend(tracked.paths().iter().filter(|path| is_called(paths::name(path)) && !aside(path)).cloned());
    }
    let mut dirs = vec![String::new()];
    dirs.extend(below(context, ""));
    let second: Vec<String> = dirs.iter().skip(1).take(40).flat_map(|dir| below(context, dir)).collect();
    dirs.extend(second);
    for dir in dirs.into_iter().take(MOST) {
        let listing = context.list(&dir);
        let files = listing.entries.iter().filter(|entry| entry.kind == EntryKind::File && is_called(&entry.name));
        found.extend(files.filter_map(|entry| paths::join(&dir, &entry.name)));
    }
    found.push(context.dockerfile().to_owned());
    found.sort();
    found.dedup();
    found
}

fn below(context: &Context, dir: &str) -> Vec<String> {
    let listing = context.list(dir);
    let dirs = listing.entries.iter().filter(|entry| entry.kind == EntryKind::Directory);
    dirs.filter(|entry| !ASIDE.contains(&entry.name.as_str()))
        .filter_map(|entry| paths::join(dir, &entry.name))
        .collect()
}

/// Whether a file is called like a Dockerfile.
fn is_called(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let stem = |word: &str| word == "dockerfile" || word == "containerfile";
    let ends_otherwise = ["dockerignore", "md", "j2", "tmpl", "tpl", "template", "bak", "orig", "swp"];
    stem(&name)
        || (name.split_once('.').is_some_and(|(first, _)| stem(first))
            && !ends_otherwise.contains(&paths::extension(&name)))
        || name.rsplit_once('.').is_some_and(|(_, last)| stem(last))
}

/// Whether it can be one: a program may be called `dockerfile.go`.
fn begins(file: &Dockerfile) -> bool {
    use crate::dockerfile::Keyword;
    file.instructions().next().is_some_and(|first| matches!(first.keyword, Keyword::From | Keyword::Arg))
}
