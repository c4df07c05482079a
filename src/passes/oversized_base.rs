//! Full images → Alpine or slim ones of the same version, where nothing in the file or its context needs more.

mod distro;
mod documents;
mod foreign;
mod lacking;
mod node;
mod programs;
mod python;
mod spawns;
mod swap;
mod translate;

use super::no::No;
use super::{BaseStyle, Cx, Pass};
use crate::image::base::{self, Class, Tag};
use crate::image::{Base, Stage};
use crate::proposal::{Evidence, Kind, Proposal, Proposals};
pub(super) use programs::is_everywhere;

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "oversized-base", kind: Kind::Base, answers_to: &[], page: include_str!("oversized-base.md"), run };

/// A stage to be put on another base, and all that depends on the choice.
struct Case<'c> {
    cx: &'c Cx<'c>,
    /// The stage whose FROM names the image.
    root: &'c Stage<'c>,
    /// It and every stage that is built on it.
    group: Vec<&'c Stage<'c>>,
    /// What it stands on now.
    from: Tag,
    /// Whether its other lines may be rewritten too, and not FROM alone.
    translates: bool,
}

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(case) = Case::of(cx).map(|case| Case { translates: true, ..case }) else { return };
    if cx.wishes.base == Some(BaseStyle::DistroRuntime) && case.from.class() == Class::Alpine {
        match distro::propose(&case) {
            Ok(proposal) => out.push(proposal),
            Err(No::Because(why)) => out.refuse(case.root.from.code, "start from Alpine with its own Node.js", why),
            Err(No::NotThis) => {}
        }
        return;
    }
    if matches!(cx.wishes.base, Some(BaseStyle::Distroless | BaseStyle::Scratch)) && case.has_interpreter() {
        let why = "an interpreter of another image would run it: that is only written for Go programs";
        out.refuse(case.root.from.code, "start from an image without a shell", why);
        return;
    }
    match case.choose() {
        Ok((proposal, _)) => out.push(proposal),
        Err(Some(why)) => out.refuse(case.root.from.code, "start from a smaller image", why),
        Err(None) => {}
    }
}

/// A smaller image that the stage which ships can start from.
pub(super) struct Smaller {
    /// As FROM would name it.
    pub image: String,
    /// Packages that are then to be installed.
    pub packages: Vec<&'static str>,
    /// Why it will do.
    pub evidence: Vec<Evidence>,
}

/// The smallest image for the stage which ships; the error says why there is none, when there is anything to say.
pub(super) fn smaller(cx: &Cx<'_>) -> Result<Smaller, Option<String>> {
    let (proposal, packages) = Case::of(cx).ok_or(None)?.choose()?;
    let image = proposal.edits.first().map(|edit| edit.text.clone()).ok_or(None)?;
    Ok(Smaller { image, packages, evidence: proposal.safety.evidence().to_vec() })
}

impl<'c> Case<'c> {
    fn of(cx: &'c Cx<'c>) -> Option<Self> {
        let root = shipped_root(cx)?;
        let Base::Image(image) = &root.base else { return None };
        let from = base::official(image)?;
        let group =
            cx.stages.iter().filter(|stage| cx.stages.chain(stage).any(|below| below.index == root.index)).collect();
        Some(Self { cx, root, group, from, translates: false })
    }

    /// Whether what runs is no program of its own.
    fn has_interpreter(&self) -> bool {
        matches!(self.from.image, "node" | "python")
    }

    /// The swap to the smallest image that will do, and the packages that are added to it.
    fn choose(&self) -> Result<(Proposal, Vec<&'static str>), Option<String>> {
        let smaller: &[Class] = match self.from.class() {
            Class::Full => &[Class::Alpine, Class::Slim],
            Class::Slim => &[Class::Alpine],
            Class::Alpine => return Err(None),
        };
        let wanted = |class: &&Class| match self.cx.wishes.base {
            None => true,
            Some(BaseStyle::Alpine | BaseStyle::DistroRuntime) => **class == Class::Alpine,
            Some(BaseStyle::Slim) => **class == Class::Slim,
            Some(BaseStyle::Distroless | BaseStyle::Scratch | BaseStyle::Keep) => false,
        };
        let mut reasons = Vec::new();
        for &class in smaller.iter().filter(wanted) {
            match self.swap_to(class) {
                Ok(swap) => return Ok(swap),
                Err(No::NotThis) => {}
                Err(No::Because(why)) => reasons.push((name(class), why)),
            }
        }
        Err(match &reasons[..] {
            [] => None,
            [(_, one), rest @ ..] if rest.iter().all(|(_, other)| other == one) => Some(one.clone()),
            _ => Some(reasons.iter().map(|(class, why)| format!("{class}: {why}")).collect::<Vec<_>>().join("; ")),
        })
    }
}

/// The stage at the bottom of the one that ships.
fn shipped_root<'c>(cx: &'c Cx<'_>) -> Option<&'c Stage<'c>> {
    cx.stages.chain(cx.stages.last()?).last()
}

const fn name(class: Class) -> &'static str {
    match class {
        Class::Full => "full",
        Class::Slim => "slim",
        Class::Alpine => "alpine",
    }
}
