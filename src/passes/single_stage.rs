//! One stage that builds and runs → a stage that builds, and a final one that holds what the application needs.

mod go;
mod layout;
mod node;
mod packages;
mod python;
mod runtime;
mod steps;

use super::no::No;
use super::{Cx, Pass};
use crate::image::base::{self, Tag};
use crate::image::{Base, Stage};
use crate::proposal::{Kind, Proposal, Proposals};

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "single-stage", kind: Kind::Stages, answers_to: &[], page: include_str!("single-stage.md"), run };

/// A file of one stage on an official image.
struct Case<'c> {
    cx: &'c Cx<'c>,
    stage: &'c Stage<'c>,
    /// What it starts from.
    from: Tag,
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
        Some(Self { cx, stage, from: base::official(image)? })
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
    fn major(&self) -> Option<u32> {
        self.from.name().split(['.', '-']).next()?.parse().ok()
    }

    /// `line 7`, in the user's own text.
    fn line(&self, instruction: &crate::dockerfile::Instruction) -> String {
        format!("line {}", self.cx.line(instruction.code.start))
    }
}
