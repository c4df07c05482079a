//! Python dependencies with compiled code, by the install commands of the Dockerfile.

use super::apps::App;
use super::{Fact, Topic, View, shortly};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::{Base, Stage, base};
use crate::project::Finding;
use crate::project::python::deps::{Dependencies, Dependency};
use crate::project::python::install::Install;
use crate::project::python::wheel::{Target, Wheel};
use crate::proposal::Evidence;

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
                for command in self.commands(stage, run) {
                    let Some(install) = Install::read(&command.words()) else { continue };
                    let resolve = |path: &str| self.context_path(stage.index, command.workdir.as_deref(), path);
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
        // Several requirements may bring the same.
        both.dedup();
        unknown.dedup();
        let at = || [self.line(run.first_line, "installs")];
        if !both.is_empty() {
            let value = format!("{}: wheels for glibc and musl", shortly(&both, 4));
            facts.push(Fact::known(Topic::Native, value, at()));
        }
        if !unknown.is_empty() {
            let value = format!("in which form {} arrive", shortly(&unknown, 4));
            facts.push(Fact::unknown(Topic::Native, value, at()));
        }
        if let Finding::Unknown { why, evidence } = &brought.complete {
            let all: Vec<Evidence> = at().into_iter().chain(self.in_context(evidence)).collect();
            let what = if facts.is_empty() { "which packages have compiled code" } else { "whether these are all" };
            facts.push(Fact::unknown(Topic::Native, format!("{what}: {why}"), all));
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

    /// The minor version of Python 3 in the stage's base image.
    fn minor(&self, stage: &Stage<'_>) -> Option<u16> {
        match &self.stages.chain(stage).last()?.base {
            Base::Image(image) => base::official(image)?.python_minor(),
            _ => None,
        }
    }
}
