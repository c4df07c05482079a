//! Full images → Alpine or slim ones of the same version, where nothing in the file or its context needs more.

mod blocker;
mod documents;
mod lacking;
mod node;
mod programs;
mod python;
mod spawns;
mod swap;

use super::{Cx, Pass};
use crate::image::base::{self, Class, Tag};
use crate::image::{Base, Stage};
use crate::proposal::{Kind, Proposals};
use blocker::Blocker;
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
}

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(root) = shipped_root(cx) else { return };
    let Base::Image(image) = &root.base else { return };
    let Some(from) = base::official(image) else { return };
    let wanted: &[Class] = match from.class() {
        Class::Full => &[Class::Alpine, Class::Slim],
        Class::Slim => &[Class::Alpine],
        Class::Alpine => return,
    };
    let group = cx.stages.iter().filter(|stage| root_of(cx, stage) == Some(root.index)).collect();
    let case = Case { cx, root, group, from };
    let mut reasons = Vec::new();
    for &class in wanted {
        match case.swap_to(class) {
            Ok(proposal) => return out.push(proposal),
            Err(Blocker::NoSuchImage) => {}
            Err(Blocker::Because(why)) => reasons.push((name(class), why)),
        }
    }
    let why = match &reasons[..] {
        [] => return,
        [(_, one), rest @ ..] if rest.iter().all(|(_, other)| other == one) => one.clone(),
        _ => reasons.iter().map(|(class, why)| format!("{class}: {why}")).collect::<Vec<_>>().join("; "),
    };
    out.refuse(root.from.code, "start from a smaller image", why);
}

/// The stage at the bottom of the one that ships.
fn shipped_root<'c>(cx: &'c Cx<'_>) -> Option<&'c Stage<'c>> {
    cx.stages.get(root_of(cx, cx.stages.last()?)?)
}

fn root_of(cx: &Cx<'_>, stage: &Stage<'_>) -> Option<usize> {
    let mut stage = stage;
    // Every base is an earlier stage, so this ends.
    while let Base::Stage(parent) = stage.base {
        stage = cx.stages.get(parent)?;
    }
    Some(stage.index)
}

const fn name(class: Class) -> &'static str {
    match class {
        Class::Full => "full",
        Class::Slim => "slim",
        Class::Alpine => "alpine",
    }
}
