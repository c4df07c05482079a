//! One stage that builds and runs → a stage that builds, and a final one that holds what the application needs.

mod go;
mod layout;
pub(super) mod node;
mod packages;
mod python;
pub(super) mod runtime;
mod steps;

use super::no::No;
use super::{Cx, Pass};
use crate::image::base::{self, Tag};
use crate::image::{Base, Stage};
use crate::project::deploy::Usage;
use crate::proposal::{Kind, Proposal, Proposals};

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "single-stage", kind: Kind::Stages, answers_to: &[], page: include_str!("single-stage.md"), run };

/// A stage on an official image: the only one, or the one that ships.
pub(super) struct Case<'c> {
    pub(super) cx: &'c Cx<'c>,
    pub(super) stage: &'c Stage<'c>,
    /// What it starts from.
    pub(super) from: Tag,
    /// What is said of the image, where not all that is said of the file concerns it.
    usage: Option<Usage>,
}

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(case) = Case::of(cx) else { return };
    match case.split() {
        Ok(proposal) => out.push(proposal),
        Err(No::NotThis) => {}
        Err(No::Because(why)) => out.refuse(case.stage.from.code, "split into a build stage and a final one", why),
    }
}

impl<'c> Case<'c> {
    fn of(cx: &'c Cx<'c>) -> Option<Self> {
        let mut stages = cx.stages.iter();
        let (stage, None) = (stages.next()?, stages.next()) else { return None };
        let Base::Image(image) = &stage.base else { return None };
        Some(Self { cx, stage, from: base::official(image)?, usage: None })
    }

    /// `stage` of a file of several.
    pub(super) fn of_stage(cx: &'c Cx<'c>, stage: &'c Stage<'c>) -> Option<Self> {
        let Base::Image(image) = &cx.stages.chain(stage).last()?.base else { return None };
        let usage = (cx.stages.iter().count() > 1).then(|| cx.project.usage().of_default(stage.name.as_deref()));
        Some(Self { cx, stage, from: base::official(image)?, usage })
    }

    /// What the repository says of how the image is built and run.
    fn usage(&self) -> &Usage {
        self.usage.as_ref().unwrap_or_else(|| self.cx.project.usage())
    }

    fn split(&self) -> Result<Proposal, No> {
        match self.from.image {
            "golang" => go::split(self),
            "python" => python::split(self),
            "node" => node::split(self),
            _ => Err(No::NotThis),
        }
    }

    /// The major version that the tag names.
    pub(super) fn major(&self) -> Option<u32> {
        self.from.name().split(['.', '-']).next()?.parse().ok()
    }

    /// `line 7`, in the user's own text.
    pub(super) fn line(&self, instruction: &crate::dockerfile::Instruction) -> String {
        format!("line {}", self.cx.line(instruction.code.start))
    }
}

/// The packages of the distribution that `run` installs, those that only builds need apart.
pub(super) fn installed_packages(case: &Case<'_>, run: &crate::dockerfile::Instruction) -> Vec<String> {
    let mut installed = packages::Installed::default();
    let _ = installed.read(case, run);
    installed.runtime
}
