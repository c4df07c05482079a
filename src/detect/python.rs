//! Python dependencies with compiled code, by the install commands of the Dockerfile.

use super::apps::App;
use super::{Fact, Topic, View, shortly};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::{Base, Exists, Origin, Stage, base};
use crate::project::Finding;
use crate::project::python::deps::{Dependencies, Dependency};
use crate::project::python::install::Install;
use crate::project::python::wheel::{Target, Wheel};
use crate::proposal::Evidence;
use crate::shell::{self, Body, Dialect};

/// What installs packages is no dependency of the application.
const INSTALLERS: &[&str] = &["pip", "setuptools", "wheel", "poetry", "pipenv", "uv", "pdm", "pip-tools"];

impl View<'_> {
    pub(super) fn python_natives(&self, apps: &[App]) -> Vec<Fact> {
        let Some(python) = apps.iter().find_map(|app| if let App::Python(python) = app { Some(python) } else { None })
        else {
            return Vec::new();
        };
        let mut facts = Vec::new();
        for stage in self.stages.iter() {
            let minor = self.minor(stage);
            for run in stage.instructions.iter().filter(|run| run.keyword == Keyword::Run) {
                for (install, workdir) in self.installs(stage, run) {
                    let resolve = |path: &str| self.context_path(stage.index, workdir.as_deref(), path);
                    let brought = python.dependencies(&install, minor, &resolve);
                    if brought.list.iter().all(|dependency| INSTALLERS.contains(&dependency.name.as_str())) {
                        continue;
                    }
                    facts.extend(self.of_install(run, &brought, minor));
                }
            }
        }
        facts
    }

    fn of_install(&self, run: &Instruction, brought: &Dependencies, minor: Option<u16>) -> Vec<Fact> {
        let target = Target::new(minor);
        let (mut facts, mut both, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for dependency in &brought.list {
            match dependency.wheel(&target) {
                Finding::Known { value: Wheel::Pure, .. } => {}
                Finding::Known { value: Wheel::Musllinux, .. } => both.push(dependency.name.clone()),
                Finding::Known { value, evidence } => facts.push(self.compiled(dependency, value, &evidence)),
                Finding::Unknown { .. } => unknown.push(dependency.name.clone()),
            }
        }
        let at = || [self.line(run.first_line, "installs")];
        if !both.is_empty() {
            let value = format!("{}: wheels for glibc and musl", shortly(&both, 4));
            facts.push(Fact::known(Topic::Native, value, at()));
        }
        if !unknown.is_empty() {
            let value = format!("nothing is known of the files of {}", shortly(&unknown, 4));
            facts.push(Fact::unknown(Topic::Native, value, at()));
        }
        if let Finding::Unknown { why, evidence } = &brought.complete {
            let all: Vec<Evidence> = at().into_iter().chain(self.in_context(evidence)).collect();
            facts.push(Fact::unknown(Topic::Native, format!("there may be more: {why}"), all));
        } else if facts.is_empty() && !brought.list.is_empty() {
            facts.push(Fact::known(Topic::Native, "no package with compiled code", at()));
        }
        facts
    }

    fn compiled(&self, dependency: &Dependency, wheel: Wheel, evidence: &[Evidence]) -> Fact {
        let version = dependency.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
        let fact = Fact::known(Topic::Native, format!("{}{version}", dependency.name), self.in_context(evidence));
        fact.with(match wheel {
            Wheel::PureFallback => "a compiled wheel for glibc only, and a pure one",
            Wheel::ManylinuxOnly => "wheels for glibc only: on Alpine it is built from source",
            Wheel::ManylinuxOnlyNoSdist => "wheels for glibc only: it cannot be installed on Alpine",
            Wheel::SdistOnly => "it is built from source everywhere",
            Wheel::Pure | Wheel::Musllinux => "it works everywhere",
        })
    }

    /// The install commands of a RUN, each with the directory it runs in.
    fn installs(&self, stage: &Stage<'_>, run: &Instruction) -> Vec<(Install, Option<String>)> {
        let workdir = stage.state_before(run).workdir().value().map(str::to_owned);
        let text = match shell::body(run, self.around.file.text()) {
            Body::Exec(words) => {
                let words: Vec<Option<&str>> = words.iter().map(|word| Some(word.value.as_str())).collect();
                return Install::read(&words).map(|install| (install, workdir)).into_iter().collect();
            }
            Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => text,
            Body::Foreign => return Vec::new(),
        };
        let shell = shell::read(&text, Dialect::Sh);
        let places = shell.script().map(shell::Script::commands).unwrap_or_default();
        let read = |place: &shell::Place<'_>| {
            let words: Vec<Option<&str>> = place.simple.words.iter().map(|word| word.literal.as_deref()).collect();
            Some((Install::read(&words)?, workdir.clone()))
        };
        places.iter().filter_map(read).collect()
    }

    /// What a path of the image was in the context.
    fn context_path(&self, stage: usize, workdir: Option<&str>, path: &str) -> Option<String> {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", workdir?) };
        match self.files.find(stage, &path) {
            Exists::Yes(Origin::Context { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// The minor version of Python 3 in the stage's base image.
    fn minor(&self, stage: &Stage<'_>) -> Option<u16> {
        match &stage.base {
            Base::Image(image) => {
                let tag = base::official(image).filter(|tag| tag.image == "python")?;
                tag.name().strip_prefix("3.")?.split(['.', '-']).next()?.parse().ok()
            }
            Base::Stage(parent) => self.minor(self.stages.get(*parent)?),
            Base::Scratch | Base::Unknown(_) => None,
        }
    }
}
