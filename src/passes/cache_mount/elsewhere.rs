//! What else in the file, or in its project, may want what lies in a directory that gets a mount.

use super::target::Target;
use super::{Job, text_of};
use crate::dockerfile::{Instruction, Keyword};
use crate::managers::{Manager, home_path, removed_paths, touches};
use crate::shell::{Shell, ShellWord, Simple};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Settings of a package manager that may move its cache; a word that says so.
const SETTINGS: &[(&str, &[&str], &str)] = &[
    ("npm", &[".npmrc"], "cache"),
    ("pnpm", &[".npmrc", "pnpm-workspace.yaml"], "store"),
    ("yarn", &[".yarnrc"], "cache"),
    ("pip", &["pip.conf"], "cache"),
    ("poetry", &["poetry.toml"], "cache"),
    ("uv", &["uv.toml", "pyproject.toml"], "cache-dir"),
];

/// What was found out of whole stages.
#[derive(Default)]
pub(super) struct Memory {
    /// By manager: what is told of the whole file and project.
    managers: RefCell<HashMap<&'static str, Result<(), String>>>,
    /// By stage and path.
    directories: RefCell<HashMap<(usize, String), Rc<Spoken>>>,
}

/// Who speaks of a directory.
struct Spoken {
    /// The first two instructions of the stage that do, by where they begin.
    here: Vec<usize>,
    /// A later instruction that copies from it.
    copied: Option<usize>,
}

/// The error names who may want it.
pub(super) fn check(job: &Job<'_>, manager: &'static Manager, targets: &[Target]) -> Result<(), String> {
    let mut managers = job.memory.elsewhere.managers.borrow_mut();
    managers.entry(manager.name).or_insert_with(|| of_manager(job, manager)).clone()?;
    kept_programs(job, manager)?;
    targets.iter().try_for_each(|target| of_target(job, target))
}

fn of_manager(job: &Job<'_>, manager: &'static Manager) -> Result<(), String> {
    match manager.needed_by.iter().find(|word| job.cx.mentions(word)) {
        Some(word) => Err(format!("`{word}` in this file tells of more than a cache")),
        None => settings(job, manager),
    }
}

fn of_target(job: &Job<'_>, target: &Target) -> Result<(), String> {
    let mut known = job.memory.elsewhere.directories.borrow_mut();
    let spoken =
        known.entry((job.stage.index, target.path.clone())).or_insert_with(|| Rc::new(Spoken::of(job, target)));
    if let Some(start) = spoken.here.iter().find(|start| **start != job.run.code.start) {
        return Err(format!("line {} speaks of the directory too", job.cx.line(*start)));
    }
    match spoken.copied {
        Some(start) => Err(format!("line {} copies from the directory", job.cx.line(start))),
        None => Ok(()),
    }
}

impl Spoken {
    fn of(job: &Job<'_>, target: &Target) -> Self {
        let speaks = |one: &&&Instruction| match one.keyword {
            Keyword::Copy | Keyword::Add | Keyword::Env | Keyword::Volume | Keyword::Workdir => {
                target.is_named_in(one.rest.text())
            }
            Keyword::Run => uses_it(job, one, target),
            _ => false,
        };
        let here = job.stage.instructions.iter().filter(speaks).map(|one| one.code.start).take(2).collect();
        let later = job.cx.stages.iter().skip(job.stage.index + 1).flat_map(|stage| stage.instructions.iter());
        let mut copies = later.filter(|one| one.keyword == Keyword::Copy && one.flag("from").is_some());
        let names = |path: &str| touches(path, &target.known);
        let first = copies.find(|copy| copy.rest.text().split([' ', '\t', '"', ',']).any(names));
        Self { here, copied: first.map(|copy| copy.code.start) }
    }
}

/// Whether a RUN names the directory, or what holds it, and does more than remove it.
fn uses_it(job: &Job<'_>, run: &Instruction, target: &Target) -> bool {
    let text = text_of(job.cx, run);
    if !text.contains(target.top()) {
        return false;
    }
    let concerns = |word: &&ShellWord| {
        let path = word.literal.as_deref().unwrap_or(&word.raw);
        home_path(path).starts_with(['/', '~']) && touches(path, &target.known)
    };
    let wants = |simple: &Simple| {
        let removed: Vec<&ShellWord> = removed_paths(simple).collect();
        let kept = |word: &&ShellWord| !removed.iter().any(|other| std::ptr::eq(*other, *word));
        simple.words.iter().filter(kept).any(|word| concerns(&word))
    };
    match &*job.cx.body(run).shell {
        Shell::Parsed(script) => script.commands().iter().any(|place| wants(place.simple)),
        // Where the RUN is not understood, its text has to do.
        Shell::Opaque(_) => target.is_named_in(text),
    }
}

/// A file of the project that moves the cache: the mount would stay empty, and what is taken away for it be missing.
fn settings(job: &Job<'_>, manager: &Manager) -> Result<(), String> {
    let context = job.cx.project.context();
    for (_, files, word) in SETTINGS.iter().filter(|(name, ..)| *name == manager.name) {
        for file in *files {
            let says = |text: &str| text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(word));
            if context.find(file).is_some_and(|source| says(&source.text)) {
                return Err(format!("{file} may move the cache"));
            }
        }
    }
    Ok(())
}

/// `npx` keeps the programs that it runs in npm's cache.
fn kept_programs(job: &Job<'_>, manager: &Manager) -> Result<(), String> {
    let fetches = |text: &str| ["npx ", "npm exec", "npm x ", "\"npx\""].iter().any(|word| text.contains(word));
    if manager.name != "npm" || !fetches(text_of(job.cx, job.run)) {
        return Ok(());
    }
    let starts = |one: &&Instruction| matches!(one.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck);
    let mut all = job.cx.file.instructions().filter(starts);
    match all.find(|one| fetches(one.rest.text())) {
        Some(one) => Err(format!("line {} starts by npx, which looks there", job.cx.line(one.code.start))),
        None => Ok(()),
    }
}
