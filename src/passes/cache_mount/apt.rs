//! apt: the official images delete every downloaded package (`docker-clean`), which empties the mount; and a RUN
//! without the mounts finds neither lists nor that deletion. So it is all RUNs of an image that use apt, or none.

use super::{Change, Job, cleanups, text_of, with_job};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::managers::{Manager, Use, manager};
use crate::passes::Cx;
use crate::passes::index_readers::{Index, fetches, reader_after};
use crate::shell::Link;
use std::cell::RefCell;
use std::collections::HashMap;

/// What switches the deletion off.
const KEEP: &str = "rm -f /etc/apt/apt.conf.d/docker-clean";

/// What was found out of whole stages.
#[derive(Default)]
pub(super) struct Memory {
    /// By the first of stages that are built on one another: why not all of their RUNs can have the mounts.
    trees: RefCell<HashMap<usize, Result<(), String>>>,
    /// By stage: where the first RUN begins that switches the deletion off.
    first: RefCell<HashMap<usize, Option<usize>>>,
}

/// Lets the packages stay in the mount.
pub(super) fn prepare(job: &Job<'_>, change: &mut Change) -> Result<(), String> {
    all_of_the_image(job)?;
    if text_of(job.cx, job.run).contains("docker-clean") || is_off_before(job) {
        return Ok(());
    }
    let (list, part) = first_call(job)?;
    let pipeline = &job.script.lists[list].parts[part].1;
    change.edits.push(Edit::insert(pipeline.span.start, format!("{KEEP} && ")));
    Ok(())
}

/// The part of the script that calls apt first, where something can stand before it.
fn first_call(job: &Job<'_>) -> Result<(usize, usize), String> {
    // A cleanup goes itself.
    let stays = |a_use: &&Use<'_>| {
        a_use.manager.name == "apt" && !a_use.is_any(&["clean", "autoclean", "auto-clean", "dist-clean", "distclean"])
    };
    let first = job.uses.iter().find(stays).ok_or("apt is not called")?;
    let (link, pipeline) = &job.script.lists[first.place.list].parts[first.place.part];
    if matches!(link, Link::Or(_)) || pipeline.negated {
        return Err("apt is called only when something fails".to_owned());
    }
    Ok((first.place.list, first.place.part))
}

/// Whether an earlier RUN of the stage, or of one that it is built on, switches the deletion off, or will.
fn is_off_before(job: &Job<'_>) -> bool {
    job.cx.stages.chain(job.stage).any(|at| {
        let mut first = job.memory.apt.first.borrow_mut();
        let first = first.entry(at.index).or_insert_with(|| first_off(job, at));
        first.is_some_and(|start| start < job.run.span.start)
    })
}

/// Where the first RUN of `stage` begins that switches the deletion off, or will.
fn first_off(job: &Job<'_>, stage: &Stage<'_>) -> Option<usize> {
    let will = |run: &Instruction| with_job(job.cx, stage, run, job.memory, has_apt).unwrap_or_default();
    let mut runs = stage.instructions.iter().filter(|one| one.keyword == Keyword::Run);
    let first = runs.find(|run| {
        let text = text_of(job.cx, run);
        text.contains("docker-clean") || text.contains("apt") && will(run)
    });
    first.map(|run| run.span.start)
}

/// Whether the RUN gets the mounts in the same go.
fn has_apt(job: &Job<'_>) -> bool {
    manager("apt").is_some_and(|apt| job.leaving(apt).next().is_some() && job.applies(apt))
}

/// Whether every RUN that uses apt, in the stages that are built on one another, can have the mounts.
fn all_of_the_image(job: &Job<'_>) -> Result<(), String> {
    let root = job.cx.stages.chain(job.stage).last().ok_or("its base is not known")?;
    job.memory.apt.trees.borrow_mut().entry(root.index).or_insert_with(|| of_tree(job.cx, root, job.memory)).clone()
}

fn of_tree(cx: &Cx<'_>, stage: &Stage<'_>, memory: &super::Memory) -> Result<(), String> {
    for run in stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
        if text_of(cx, run).contains("apt") {
            of_run(cx, stage, run, memory)?;
        }
    }
    cx.stages.children(stage.index).try_for_each(|child| of_tree(cx, child, memory))
}

fn of_run(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction, memory: &super::Memory) -> Result<(), String> {
    let line = cx.line(run.code.start);
    let told = with_job(cx, stage, run, memory, |job| of_job(job, line));
    told.unwrap_or_else(|| Err(format!("line {line} may use apt, and is not understood")))
}

fn of_job(job: &Job<'_>, line: usize) -> Result<(), String> {
    let apt: Vec<&Use<'_>> = job.uses.iter().filter(|a_use| a_use.manager.name == "apt").collect();
    let Some(install) = apt.iter().position(|a_use| a_use.is_any(a_use.manager.leaving)) else {
        return if apt.is_empty() { Ok(()) } else { of_other(&apt, line) };
    };
    if !apt[..install].iter().any(|a_use| fetches(&a_use.place, Some(a_use), Index::Apt)) {
        return Err(format!("line {line} installs without fetching the lists, which the mounts keep to themselves"));
    }
    if let Some(reader) = reader_after(job.cx, job.stage, job.run, Index::Apt) {
        return Err(format!("line {} needs the lists: it {}", reader.line, reader.what));
    }
    possible(job, apt[0].manager).map_err(|why| format!("line {line} cannot have the mounts: {why}"))
}

/// A dry run of all that must be possible in each of the RUNs.
fn possible(job: &Job<'_>, apt: &'static Manager) -> Result<(), String> {
    if !job.applies(apt) {
        return Ok(());
    }
    job.check(apt)?;
    first_call(job)?;
    cleanups::take_away(job, apt, &mut Change::default())
}

/// A RUN that calls apt and installs nothing. Without docker-clean all but a cleanup would leave apt's own index of
/// packages behind.
fn of_other(apt: &[&Use<'_>], line: usize) -> Result<(), String> {
    let is_any = |verbs: &[&str]| apt.iter().all(|a_use| a_use.is_any(verbs) || a_use.only_tells());
    match () {
        () if is_any(&["clean", "autoclean", "dist-clean"]) => Ok(()),
        () if is_any(&["update", "clean", "autoclean"]) => {
            Err(format!("line {line} fetches the lists in a RUN of its own"))
        }
        () => Err(format!("line {line} calls apt, and installs nothing for which it would get the mounts")),
    }
}
