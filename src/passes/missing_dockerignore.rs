//! A Dockerfile that takes its whole context gets a `.dockerignore` when there is none.

use super::{Cx, Pass};
use crate::dockerfile::Instruction;
use crate::ignoring::{Ignoring, Recipe, sharing, takes_all};
use crate::project::paths;
use crate::proposal::{Kind, Proposal, Proposals};
use crate::report::ignoring::{remedy, warning};

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "missing-dockerignore",
    kind: Kind::Ignore,
    answers_to: &[],
    page: include_str!("missing-dockerignore.md"),
    run,
};

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let context = cx.project.context();
    let own = context.dockerfile();
    // Of a Dockerfile alone nothing is known that could be left out.
    if !context.list("").entries.iter().any(|entry| entry.name != paths::name(own)) {
        return;
    }
    let Some(at) = whole_copy(cx) else { return };
    if context.dockerignore().file().is_some() {
        return;
    }
    if own == "-" {
        let why = "the Dockerfile lies outside of its build context, and other ones may be built from there";
        return out.refuse(at.code, "create .dockerignore", why);
    }
    // The needs of all are those of the files as they stand, so that each Dockerfile of a context asks for one and the
    // same ignore file; what passes change takes nothing else from the context.
    let recipes = match context.read(own) {
        Ok(_) => sharing(cx.project, None),
        Err(_) => sharing(cx.project, Some((own, cx.file))),
    };
    let ignoring = match Ignoring::of(cx.project, &recipes) {
        Ok(ignoring) => ignoring,
        Err(bad) => return out.refuse(at.code, "create .dockerignore", bad.to_string()),
    };
    propose(&ignoring, &recipes, at, out);
}

fn propose(ignoring: &Ignoring, recipes: &[Recipe], at: &Instruction, out: &mut Proposals) {
    for (pattern, why) in &ignoring.refused {
        out.refuse(at.code, format!("leave `{pattern}` out of the build context"), why.to_string());
    }
    for spilled in &ignoring.spilled {
        out.push(Proposal::advice(at.code, warning(spilled)).because(remedy(spilled)));
    }
    if ignoring.groups.is_empty() {
        return;
    }
    let of_others = if recipes.len() > 1 { format!(" of {} Dockerfiles", recipes.len()) } else { String::new() };
    let why = format!(
        "the whole context{of_others} is taken: what is not needed makes the image larger, and each change of it the build slower"
    );
    let proposal = Proposal::checked(at.code, "create .dockerignore", ignoring.evidence.clone());
    out.push(proposal.because(why).making(".dockerignore", ignoring.text()));
}

/// The first instruction that takes the whole context.
fn whole_copy<'c>(cx: &'c Cx<'_>) -> Option<&'c Instruction> {
    let mut all = cx.stages.iter().flat_map(|stage| stage.instructions.iter().map(move |one| (stage, *one)));
    all.find(|(stage, instruction)| takes_all(cx.file, stage, instruction)).map(|(_, instruction)| instruction)
}
