//! What `dfslim detect` tells of one Dockerfile: facts, each with its evidence.
//!
//! It gathers what [`crate::image`] and [`crate::project`] know and concludes nothing of its own. No disk, no flags,
//! and nothing about how the facts are printed.

mod apps;
mod base;
mod commands;
mod deployment;
mod go;
mod missing;
mod python;
mod runs;

use crate::dockerfile::{Dockerfile, Instruction};
use crate::image::{FileSystem, Stages, Start, Writes};
use crate::project::context::Warning;
use crate::project::deploy::Usage;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::{Finding, Project};
use crate::proposal::Evidence;
use crate::shell::{self, Body, Dialect};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a fact is about, in the order of telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Topic {
    /// The build context.
    Context,
    /// An application: its ecosystem and package manager.
    App,
    /// The image that the final stage starts from.
    Base,
    /// A stage.
    Stage,
    /// The first process.
    Starts,
    /// A script that is run.
    Script,
    /// Who it runs as.
    User,
    /// A port.
    Port,
    /// A volume or mount.
    Volume,
    /// A health check.
    Check,
    /// A dependency with compiled code.
    Native,
    /// What builds it.
    Build,
    /// What runs it.
    Container,
    /// What is not there and should be.
    Missing,
}

impl Topic {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::App => "app",
            Self::Base => "base",
            Self::Stage => "stage",
            Self::Starts => "starts",
            Self::Script => "script",
            Self::User => "user",
            Self::Port => "port",
            Self::Volume => "volume",
            Self::Check => "check",
            Self::Native => "native",
            Self::Build => "build",
            Self::Container => "container",
            Self::Missing => "missing",
        }
    }
}

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Established.
    Known,
    /// Could not be established; the detail says why.
    Unknown,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub topic: Topic,
    /// How sure it is.
    pub status: Status,
    /// The fact in a few words.
    pub value: String,
    /// More of it; lines.
    pub detail: Vec<String>,
    /// Where it was read; files as they are called from where dfslim runs.
    pub evidence: Vec<Evidence>,
}

impl Fact {
    fn known(topic: Topic, value: impl Into<String>, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        let evidence = evidence.into_iter().collect();
        Self { topic, status: Status::Known, value: value.into(), detail: Vec::new(), evidence }
    }

    fn unknown(topic: Topic, why: impl Into<String>, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        Self { status: Status::Unknown, ..Self::known(topic, why, evidence) }
    }

    fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail.push(detail.into());
        self
    }
}

/// How paths are called from where dfslim runs; what is here is called by an empty text.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The Dockerfile.
    pub dockerfile: String,
    /// The root of the build context; empty for here.
    pub context: String,
    /// The root of the repository.
    pub repository: String,
    /// Where dfslim runs, in the repository; empty when that is its root or outside.
    pub here: String,
}

impl Places {
    /// How the file at `path` in the repository is called.
    fn in_repository(&self, path: &str) -> String {
        match paths::below(&self.here, path) {
            Some(below) if !self.here.is_empty() => shown(below).to_owned(),
            _ => at(&self.repository, path),
        }
    }
}

/// What a Dockerfile stands in.
pub struct Around<'a> {
    /// Its text.
    pub file: &'a Dockerfile,
    /// Its context.
    pub project: &'a Project,
    /// Where that is, in the repository; unknown when it could not be told (then `project` is empty).
    pub context: Finding<String>,
    /// What other files say of it.
    pub usage: &'a Usage,
    /// How paths are called.
    pub places: Places,
}

/// Everything there is to tell, in order.
pub fn detect(around: &Around<'_>) -> Vec<Fact> {
    let stages = Stages::of(around.file);
    let memo = RefCell::new(HashMap::new());
    let writes = |run: &Instruction| {
        memo.borrow_mut().entry(run.span.start).or_insert_with(|| Rc::new(written(around.file, &stages, run))).clone()
    };
    let files = FileSystem::new(around.file, &stages, around.project.context(), &writes);
    let start = stages.last().map(|last| Start::of(around.file, &stages, last)).unwrap_or_default();
    let view = View { around, stages: &stages, files: &files, start };
    let mut facts = view.context();
    let apps = view.apps();
    facts.extend(apps.iter().map(|app| view.app(app)));
    facts.extend(view.base());
    facts.extend(view.stage_list());
    facts.extend(view.starts(&apps));
    facts.extend(view.scripts());
    facts.extend(view.user());
    facts.extend(view.ports());
    facts.extend(view.volumes());
    facts.extend(view.checks());
    facts.extend(view.natives(&apps));
    facts.extend(view.builds());
    facts.extend(view.containers());
    facts.extend(view.missing(&apps));
    // Services of one workspace share their lock file.
    let mut seen: Vec<Fact> = Vec::new();
    facts.retain(|fact| {
        let new = !seen.contains(fact);
        if new {
            seen.push(fact.clone());
        }
        new
    });
    facts
}

/// What could not be understood in the files of the context, called as from where dfslim runs.
pub fn warnings(around: &Around<'_>, repository: &[Warning]) -> Vec<Warning> {
    let here = |prefix: &str, warning: &Warning| Warning { file: at(prefix, &warning.file), ..warning.clone() };
    let own = around.project.context().warnings();
    let own = own.iter().map(|warning| here(&around.places.context, warning));
    let mut all: Vec<Warning> =
        own.chain(repository.iter().map(|warning| here(&around.places.repository, warning))).collect();
    all.sort();
    all.dedup();
    all
}

/// What a RUN writes, remembered because each question about a path asks again.
fn written(file: &Dockerfile, stages: &Stages<'_>, run: &Instruction) -> Writes {
    let workdir = stages.stage_of(run).and_then(|stage| stage.state_before(run).workdir().value());
    match shell::body(run, file.text()) {
        Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => match shell::read(&text, Dialect::Sh) {
            shell::Shell::Parsed(script) => Writes::of(&script, workdir),
            shell::Shell::Opaque(why) => Writes { unknown: Some(why), ..Writes::default() },
        },
        Body::Exec(_) | Body::Foreign => Writes { unknown: Some("no shell runs it".to_owned()), ..Writes::default() },
    }
}

/// All that the parts look at.
struct View<'a> {
    around: &'a Around<'a>,
    stages: &'a Stages<'a>,
    files: &'a FileSystem<'a>,
    start: Start,
}

impl View<'_> {
    /// A fact read on a line of the Dockerfile.
    fn line(&self, line: usize, fact: impl Into<String>) -> Evidence {
        evidence(&self.around.places.dockerfile, Some(line), fact)
    }

    /// Evidence from the context, called as from where dfslim runs.
    fn in_context(&self, found: &[Evidence]) -> Vec<Evidence> {
        found.iter().map(|found| self.of_context(found)).collect()
    }

    fn of_context(&self, found: &Evidence) -> Evidence {
        // Compiled-in facts name their own source.
        let is_source =
            found.file.contains([' ', '@']) || found.file.contains("://") || found.file.starts_with("facts/");
        if is_source && self.around.project.context().kind(&found.file).is_none() {
            return found.clone();
        }
        Evidence { file: at(&self.around.places.context, &found.file), ..found.clone() }
    }

    /// The same for evidence from the repository.
    fn in_repository(&self, found: &Evidence) -> Evidence {
        if found.file.starts_with("--") {
            return found.clone();
        }
        Evidence { file: self.around.places.in_repository(&found.file), ..found.clone() }
    }

    fn context(&self) -> Vec<Fact> {
        let context = &self.around.context;
        let evidence: Vec<Evidence> = context.evidence().iter().map(|found| self.in_repository(found)).collect();
        vec![match context.why_unknown() {
            None => Fact::known(Topic::Context, shown(&self.around.places.context), evidence),
            Some(why) => Fact::unknown(Topic::Context, why, evidence),
        }]
    }

    /// The directory in which the final stage ends.
    fn workdir(&self) -> Option<String> {
        let stage = self.stages.last()?;
        stage.end().workdir().value().map(str::to_owned)
    }
}

/// `path` in the directory called `prefix`.
fn at(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("" | ".", "") => ".".to_owned(),
        ("" | ".", path) => path.to_owned(),
        (prefix, "" | ".") => prefix.to_owned(),
        (prefix, path) => format!("{}/{path}", prefix.trim_end_matches('/')),
    }
}

fn shown(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}

/// `a, b and 3 more`.
fn shortly(names: &[String], most: usize) -> String {
    match names.len().checked_sub(most) {
        Some(more @ 1..) => format!("{} and {more} more", names[..most].join(", ")),
        _ => names.join(", "),
    }
}
