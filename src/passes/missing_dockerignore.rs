//! A Dockerfile that takes its whole context gets a `.dockerignore` when there is none.

use super::{Cx, Pass};
use crate::dockerfile::Instruction;
use crate::ignoring::{Ignoring, Recipe, sharing, takes_all};
use crate::project::dockerignore::Dockerignore;
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
    let own = cx.project.context().dockerfile();
    let Some(at) = missed_by(cx) else { return };
    if own == "-" {
        let why = "the Dockerfile lies outside of its build context, and other ones may be built from there";
        return out.refuse(at.code, "create .dockerignore", why);
    }
    let recipes = recipes(cx);
    let ignoring = match Ignoring::of(cx.project, &recipes) {
        Ok(ignoring) => ignoring,
        Err(bad) => return out.refuse(at.code, "create .dockerignore", bad.to_string()),
    };
    propose(&ignoring, &recipes, at, out);
}

/// The ignore file that this pass would make.
pub(super) fn to_come(cx: &Cx<'_>) -> Option<Dockerignore> {
    missed_by(cx).filter(|_| cx.project.context().dockerfile() != "-")?;
    let ignoring = Ignoring::of(cx.project, &recipes(cx)).ok().filter(|ignoring| !ignoring.groups.is_empty())?;
    Some(Dockerignore::parse(".dockerignore", &ignoring.text()))
}

/// The instruction that takes a whole context for which there is no ignore file.
fn missed_by<'c>(cx: &'c Cx<'_>) -> Option<&'c Instruction> {
    let context = cx.project.context();
    // Of a Dockerfile alone nothing is known that could be left out.
    if !context.list("").entries.iter().any(|entry| entry.name != paths::name(context.dockerfile())) {
        return None;
    }
    whole_copy(cx).filter(|_| context.dockerignore().file().is_none())
}

/// The needs of all are those of the files as they stand, so that each Dockerfile of a context asks for one and the
/// same ignore file; what passes change takes nothing else from the context.
fn recipes(cx: &Cx<'_>) -> Vec<Recipe> {
    let own = cx.project.context().dockerfile();
    match cx.project.context().read(own) {
        Ok(_) => sharing(cx.project, None),
        Err(_) => sharing(cx.project, Some((own, cx.file))),
    }
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
