//! `dfslim init-ignore`: finds the contexts, decides what each can do without, prints or writes.

use super::find::{self, Source};
use super::repository::{Repositories, called};
use super::settings::Settings;
use super::surroundings::{self, Surroundings};
use super::weigh::{Weights, weigh};
use super::{Exit, NO_STDOUT, paint, pool, read, say, write};
use crate::cli::{InitIgnore, Rewrite};
use crate::dockerfile::Dockerfile;
use crate::ignoring::{Ignoring, Recipe, sharing};
use crate::project::Project;
use crate::project::dockerignore::Dockerignore;
use crate::report::ignoring::{self as said, Sizes};
use crate::report::paint::{BOLD, Paint};
use crate::report::{Fault, Names, diff, text};
use anyhow::{Context as _, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Does it.
pub(super) fn init_ignore(flags: &InitIgnore) -> anyhow::Result<Exit> {
    surroundings::given(&flags.context)?;
    let rewrite = Rewrite { paths: vec![flags.path.clone()], config: flags.config.clone(), ..Rewrite::default() };
    let mut settings = Settings::new(&rewrite)?;
    let run = Run { flags, paint: paint(flags.color, &io::stderr()), here: fs::canonicalize(".")? };
    let targets = run.targets(&mut settings)?;
    if targets.is_empty() {
        say(&format!("no Dockerfile found in {}; an ignore file is for what builds from it\n", flags.path.display()));
        return Ok(Exit::NoneFound);
    }
    if flags.stdout && targets.len() > 1 {
        let names: Vec<&str> = targets.values().map(|target| target.names.shown.as_str()).collect();
        bail!(
            "--stdout prints one file, and these are {}: {}; name a Dockerfile or --context",
            names.len(),
            names.join(", ")
        );
    }
    let mut exit = Exit::Fine;
    for target in targets.values() {
        match pool::guarded(|| run.target(target)) {
            Ok(out) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(out.stdout.as_bytes()).and_then(|()| stdout.flush()).context(NO_STDOUT)?;
                say(&out.stderr);
            }
            Err(fault) => {
                say(&text::error(&target.names.shown, &fault, run.paint));
                exit = Exit::Error;
            }
        }
    }
    Ok(exit)
}

/// An ignore file to make.
struct Target {
    /// Where it stands, or will.
    path: PathBuf,
    names: Names,
    /// Whether it is one Dockerfile's own.
    own: bool,
    /// The first Dockerfile for which it holds.
    recipe: Recipe,
    project: Project,
    /// The real path of the context.
    context: PathBuf,
}

/// What is said of one.
struct Out {
    stdout: String,
    stderr: String,
}

struct Run<'f> {
    flags: &'f InitIgnore,
    paint: Paint,
    here: PathBuf,
}

impl Run<'_> {
    /// The ignore files of the Dockerfiles that are meant, each once.
    fn targets(&self, settings: &mut Settings<'_>) -> anyhow::Result<BTreeMap<PathBuf, Target>> {
        let mut repositories = Repositories::default();
        let mut targets = BTreeMap::new();
        for found in find::targets(std::slice::from_ref(&self.flags.path), settings)? {
            let Source::File(path) = &found.source else {
                bail!("{}: give a directory, or a Dockerfile", self.flags.path.display());
            };
            let text = match read::file(path) {
                Ok(text) => text,
                Err(fault) if path == &self.flags.path => bail!("{}: {}", path.display(), fault.message),
                // A walk finds what it may not read; there is nothing to learn from that.
                Err(_) => continue,
            };
            let file = Dockerfile::parse(text);
            let (project, context) = self.around(&file, &found.names, &mut repositories);
            let Some(context) = context else { continue };
            let own = PathBuf::from(format!("{}.dockerignore", path.display()));
            let is_own = own.is_file();
            let at = if is_own { fs::canonicalize(&own)? } else { context.join(".dockerignore") };
            let names = find::names_of(&at, &self.here);
            let project = project.wishing(Arc::clone(&settings.of(path)?.ignoring));
            let recipe = Recipe { name: in_context(path, &context), file };
            targets.entry(at.clone()).or_insert(Target { path: at, names, own: is_own, recipe, project, context });
        }
        self.keep_own(&mut targets);
        Ok(targets)
    }

    /// Where the directory that is named is a context itself, only that one is meant.
    fn keep_own(&self, targets: &mut BTreeMap<PathBuf, Target>) {
        let Ok(here) = fs::canonicalize(&self.flags.path) else { return };
        if !targets.values().any(|target| target.context == here) {
            return;
        }
        let others: BTreeSet<String> = targets
            .values()
            .filter(|target| target.context != here)
            .map(|target| called(&self.here, &target.context))
            .collect();
        targets.retain(|_, target| target.context == here);
        if !others.is_empty() && !self.flags.quiet {
            let others: Vec<String> = others.into_iter().collect();
            say(&format!("other contexts below are left to runs of their own: {}\n", others.join(", ")));
        }
    }

    /// The project of a Dockerfile, and its context. Where that cannot be told, it is what was named.
    fn around(&self, file: &Dockerfile, names: &Names, repositories: &mut Repositories) -> (Project, Option<PathBuf>) {
        let (given, top) = (self.flags.context.given.as_deref(), self.flags.path.as_path());
        let found = Surroundings::of(file, names, given, top, repositories);
        if found.directory.is_some() {
            return (found.project, found.directory);
        }
        let parent = Path::new(&names.path).parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = if top.is_dir() { top } else { parent.unwrap_or(Path::new(".")) };
        let found = Surroundings::of(file, names, Some(directory), top, repositories);
        (found.project, found.directory)
    }

    fn target(&self, target: &Target) -> Result<Out, Fault> {
        let Recipe { name, file } = &target.recipe;
        let recipes = if target.own {
            vec![Recipe { name: name.clone(), file: Dockerfile::parse(file.text()) }]
        } else {
            sharing(&target.project, Some((name, file)))
        };
        let ignoring = Ignoring::of(&target.project, &recipes).map_err(|error| Fault::new(error.to_string()))?;
        let before = if target.path.is_file() { Some(read::file(&target.path)?) } else { None };
        if before.is_none() && ignoring.taken.is_none() && !self.flags.stdout {
            let name = self.paint.paint(BOLD, &format!("{}:", target.names.shown));
            let stderr = format!("{name} not needed: no Dockerfile takes a directory of the context\n");
            return Ok(Out { stdout: String::new(), stderr });
        }
        self.settle(target, &ignoring, before.as_deref())
    }

    /// Prints or writes what came out.
    fn settle(&self, target: &Target, ignoring: &Ignoring, before: Option<&str>) -> Result<Out, Fault> {
        let flags = self.flags;
        let merged = before.filter(|_| !flags.force).map(|before| ignoring.merged(before));
        let after = merged.as_ref().map_or_else(|| ignoring.text(), |merged| merged.text.clone());
        let changed = before.unwrap_or_default() != after;
        let writes = changed && !flags.dry_run && !flags.stdout && (before.is_none() || flags.merge || flags.force);
        match before {
            _ if !writes => {}
            None => write::create(&target.path, &after)?,
            Some(before) => write::replace(&target.path, before, &after)?,
        }
        let stdout = match before {
            _ if flags.stdout => after.clone(),
            _ if writes || !changed => String::new(),
            None => diff::created(&target.names.patch, &after, paint(flags.color, &io::stdout())),
            Some(before) => diff::unified(&target.names.patch, before, &after, paint(flags.color, &io::stdout())),
        };
        let mut stderr = said::spilled(&target.names.shown, &ignoring.spilled, self.paint);
        if !flags.quiet {
            stderr += &self.told(target, ignoring, before, &after);
            for (pattern, why) in merged.iter().flat_map(|merged| &merged.held) {
                let name = self.paint.paint(BOLD, &format!("{}:", target.names.shown));
                let what = if pattern.is_empty() { String::new() } else { format!("`{pattern}` is not added: ") };
                stderr.extend([name, " ".to_owned(), what, why.clone(), "\n".to_owned()]);
            }
            stderr += &self.outcome(target, before.is_some(), changed, writes);
        }
        Ok(Out { stdout, stderr })
    }

    fn told(&self, target: &Target, ignoring: &Ignoring, before: Option<&str>, after: &str) -> String {
        let read = |text: &str| Dockerignore::parse("", text);
        let weights = weigh(&target.context, &read(before.unwrap_or_default()), &read(after));
        said::refused(&target.names.shown, ignoring, self.flags.verbose, self.paint)
            + &said::sizes(&target.names.shown, &sizes(&weights), self.paint)
    }

    fn outcome(&self, target: &Target, existed: bool, changed: bool, written: bool) -> String {
        let name = self.paint.paint(BOLD, &format!("{}:", target.names.shown));
        match (existed, changed, written) {
            (_, _, true) => format!("{name} written\n"),
            (true, false, _) => format!("{name} nothing is lacking\n"),
            (true, true, _) if !self.flags.stdout => {
                format!("{name} left as it is; --merge adds what it lacks\n")
            }
            _ => String::new(),
        }
    }
}

/// How the Dockerfile at `path` is called in its context; outside of it, by its way from there.
fn in_context(path: &Path, context: &Path) -> String {
    fs::canonicalize(path).map_or_else(|_| path.to_string_lossy().into_owned(), |real| called(context, &real))
}

fn sizes(weights: &Weights) -> Sizes<'_> {
    Sizes {
        before: (weights.before.files, weights.before.bytes),
        after: (weights.after.files, weights.after.bytes),
        leaving: weights.leaving.iter().map(|(name, weight)| (name.as_str(), weight.bytes)).collect(),
    }
}
