//! What a pass may see.

use super::RunBody;
use crate::dockerfile::{Dockerfile, Instruction};
use crate::edit::Origins;
use crate::image::{Exists, FileSystem, Stages, Writes};
use crate::project::Project;
use crate::project::finding::evidence;
use crate::proposal::Evidence;
use crate::shell::{Scripts, Shell};
use crate::text::LineIndex;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// One text and everything known of it. Made anew after each change.
pub struct Cx<'a> {
    /// The Dockerfile.
    pub file: &'a Dockerfile,
    /// What its stages end up as.
    pub stages: &'a Stages<'a>,
    /// What the build context says.
    pub project: &'a Project,
    /// What the user asked for.
    pub wishes: &'a Wishes,
    scripts: Rc<Scripts>,
    bodies: RefCell<HashMap<usize, Rc<RunBody>>>,
    writes: RefCell<HashMap<usize, Rc<Writes>>>,
    words: RefCell<HashMap<&'static str, bool>>,
    first: Option<(&'a Origins, &'a LineIndex)>,
}

/// Choices of style that are the user's to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// How package-manager caches stay out of the image.
    pub cache: CacheStyle,
    /// What will build the file; `None`: what the repository says, else `BuildKit`.
    pub builder: Option<Builder>,
    /// What the stage that ships may start from; `None`: the smallest that the evidence allows.
    pub base: Option<BaseStyle>,
}

/// What the stage that ships may start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum BaseStyle {
    /// Alpine, or what it is now.
    Alpine,
    /// Debian's slim image, or what it is now.
    Slim,
    /// Distroless: no shell, no package manager.
    Distroless,
    /// Nothing at all, for programs that are one static file.
    Scratch,
    /// Alpine with its own package of Node.js: another patch version.
    DistroRuntime,
    /// What it is now.
    Keep,
}

/// How package-manager caches stay out of the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum CacheStyle {
    /// By the package manager's own flag, or a cleanup in the same RUN.
    #[default]
    Flags,
    /// By BuildKit cache mounts.
    Mounts,
    /// Mounts where the file already uses them, else flags.
    Auto,
}

/// The program that builds the file, which decides what syntax may be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// Docker with `BuildKit`, the default since Docker Engine 23.
    #[default]
    Buildkit,
    /// Docker's builder before `BuildKit`: no mounts, heredocs, `--link`, `--chmod`.
    Classic,
    /// podman and buildah.
    Podman,
    /// kaniko: cache mounts are accepted and ignored.
    Kaniko,
}

impl Builder {
    /// Whether `RUN --mount=type=cache` keeps the mounted directory out of the image.
    pub const fn has_cache_mounts(self) -> bool {
        matches!(self, Self::Buildkit | Self::Podman)
    }

    /// Its name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buildkit => "BuildKit",
            Self::Classic => "the classic builder",
            Self::Podman => "podman",
            Self::Kaniko => "kaniko",
        }
    }
}

impl<'a> Cx<'a> {
    /// Gathers what is known of `file`.
    pub fn new(file: &'a Dockerfile, stages: &'a Stages<'a>, project: &'a Project, wishes: &'a Wishes) -> Self {
        Self {
            file,
            stages,
            project,
            wishes,
            scripts: Rc::default(),
            bodies: RefCell::default(),
            writes: RefCell::default(),
            words: RefCell::default(),
            first: None,
        }
    }

    /// The same, when the text came about by edits of the user's own, whose lines are `lines`.
    #[must_use]
    pub fn after_edits(self, origins: &'a Origins, lines: &'a LineIndex) -> Self {
        Self { first: Some((origins, lines)), ..self }
    }

    /// The same, with what shell texts are known already to say.
    #[must_use]
    pub fn knowing(self, scripts: &Rc<Scripts>) -> Self {
        Self { scripts: Rc::clone(scripts), ..self }
    }

    /// What shell texts are known to say so far.
    pub fn scripts(&self) -> &Rc<Scripts> {
        &self.scripts
    }

    /// The line, from 1, in which what stands at `offset` stands in the user's own text: for messages.
    pub fn line(&self, offset: usize) -> usize {
        match self.first {
            Some((origins, lines)) => lines.line(origins.first(offset)),
            None => self.file.lines().line(offset),
        }
    }

    /// A fact that stands at `offset` of the Dockerfile.
    pub fn evidence(&self, offset: usize, fact: impl Into<String>) -> Evidence {
        evidence(self.project.context().dockerfile(), Some(self.line(offset)), fact)
    }

    /// Whether `word` stands anywhere in the file; sought once, as files are long and RUNs many.
    pub fn mentions(&self, word: &'static str) -> bool {
        *self.words.borrow_mut().entry(word).or_insert_with(|| self.file.text().contains(word))
    }

    /// Why the programs that build the file cannot all do what `able` asks for: by the user's word, else by that of the
    /// repository.
    pub fn unable_builder(&self, able: impl Fn(Builder) -> bool) -> Option<String> {
        if let Some(builder) = self.wishes.builder {
            return (!able(builder)).then(|| builder.name().to_owned());
        }
        let mut told = self.project.usage().builders().into_iter();
        let (builder, evidence) = told.find(|(builder, _)| !able(*builder))?;
        let line = evidence.line.map(|line| format!(":{line}")).unwrap_or_default();
        Some(format!("{}, which builds it according to {}{line},", builder.name(), evidence.file))
    }

    /// What `run` (a RUN instruction of this file) runs.
    pub fn body(&self, run: &Instruction) -> Rc<RunBody> {
        let mut bodies = self.bodies.borrow_mut();
        Rc::clone(bodies.entry(run.code.start).or_insert_with(|| Rc::new(RunBody::read(self, run))))
    }

    /// Whether the absolute `path` exists at the end of stage `index`, and what puts it there.
    pub fn find_in_stage(&self, index: usize, path: &str) -> Exists {
        let writes = |run: &Instruction| self.writes(run);
        FileSystem::new(self.file, self.stages, self.project.context(), &writes).find(index, path)
    }

    /// What `run` writes.
    fn writes(&self, run: &Instruction) -> Rc<Writes> {
        let read = || {
            let body = self.body(run);
            Rc::new(match (&*body.shell, self.stages.stage_of(run)) {
                (Shell::Parsed(script), Some(stage)) => Writes::of(script, stage.state_before(run).workdir().value()),
                (Shell::Opaque(why), _) => Writes { paths: Vec::new(), unknown: Some(why.clone()) },
                (Shell::Parsed(_), None) => Writes::default(),
            })
        };
        Rc::clone(self.writes.borrow_mut().entry(run.code.start).or_insert_with(read))
    }
}
