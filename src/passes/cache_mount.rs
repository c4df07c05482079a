//! Puts `BuildKit` cache mounts over the directories in which package managers keep what they download, and takes away
//! the flags and cleanups that would defeat them.

mod apt;
mod cleanups;
mod elsewhere;
mod go;
mod target;

use super::shipped::{is_official, root_image};
use super::{Builder, CacheStyle, Cx, Pass, yarn};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::{Known, Stage};
use crate::managers::{self, Avoid, Manager, Through, Use, is_settled, mounts, touches, uses};
use crate::proposal::{Evidence, Kind, Proposal, Proposals};
use crate::shell::{Body, Effects, Place, Script, Shell};
use std::cell::RefCell;
use std::collections::HashMap;

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "cache-mount", kind: Kind::Caches, answers_to: &[], page: include_str!("cache-mount.md"), run };

/// A line does not get longer than this by a mount.
const WIDEST_LINE: usize = 110;

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    if !is_wanted(cx) {
        return;
    }
    let unable = builder_is_unable(cx);
    let memory = Memory::default();
    for stage in cx.stages.iter() {
        for run in stage.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Run) {
            of_run(cx, stage, run, &memory, unable.as_deref(), out);
        }
    }
}

/// Whether the user asked for mounts, or lets the file decide and it has some.
fn is_wanted(cx: &Cx<'_>) -> bool {
    match cx.wishes.cache {
        CacheStyle::Flags => false,
        CacheStyle::Mounts => true,
        CacheStyle::Auto => cx.file.instructions().any(|one| {
            one.flags.iter().any(|flag| flag.name == "mount" && flag.span.of(cx.file.text()).contains("type=cache"))
        }),
    }
}

/// Why the file's builder or frontend cannot have mounts.
fn builder_is_unable(cx: &Cx<'_>) -> Option<String> {
    if let Some(builder) = cx.unable_builder(Builder::has_cache_mounts) {
        return Some(format!("{builder} has no cache mounts"));
    }
    let syntax = cx.file.directive("syntax")?;
    let version = syntax.split('@').next()?.rsplit_once(':')?.1;
    let old = matches!(version, "1.0" | "1.1") || version.starts_with("1.0.") || version.starts_with("1.1.");
    old.then(|| format!("the frontend {syntax} has no cache mounts"))
}

fn of_run(
    cx: &Cx<'_>,
    stage: &Stage<'_>,
    run: &Instruction,
    memory: &Memory,
    unable: Option<&str>,
    out: &mut Proposals,
) {
    let text = text_of(cx, run);
    if !mountable().any(|manager| manager.programs.iter().any(|program| text.contains(program))) {
        return;
    }
    with_job(cx, stage, run, memory, |job| of_job(job, unable, out));
}

/// With its heredocs.
fn text_of<'c>(cx: &'c Cx<'_>, run: &Instruction) -> &'c str {
    &cx.file.text()[run.code.start..run.span.end]
}

/// Reads the RUN, and calls `act` when it is understood. What no shell grammar reads is reported by the pass that would
/// clean it up.
fn with_job<R>(
    cx: &Cx<'_>,
    stage: &Stage<'_>,
    run: &Instruction,
    memory: &Memory,
    act: impl FnOnce(&Job<'_>) -> R,
) -> Option<R> {
    let body = cx.body(run);
    let (Shell::Parsed(script), Body::Shell(_) | Body::Heredoc(_)) = (&*body.shell, &body.body) else { return None };
    let uses = uses(script);
    let (places, exported) = (script.commands(), Effects::of(script).environment);
    Some(act(&Job { cx, stage, run, memory, script, uses: &uses, places: &places, exported: &exported }))
}

fn of_job(job: &Job<'_>, unable: Option<&str>, out: &mut Proposals) {
    let mut all = Change::default();
    for manager in mountable() {
        let Some(last) = job.leaving(manager).last().filter(|_| job.applies(manager)) else { continue };
        let change = match unable {
            Some(why) => Err(why.to_owned()),
            None => job.change(manager),
        };
        match change {
            Ok(change) => all.take(change),
            Err(why) => out.refuse(last.simple().span, format!("mount a cache for {}", manager.name), why),
        }
    }
    if !all.mounts.is_empty() {
        out.push(job.proposal(all));
    }
}

/// What was found out of whole stages, asked for by each of their RUNs.
#[derive(Default)]
struct Memory {
    apt: apt::Memory,
    go: RefCell<HashMap<usize, Result<(), String>>>,
    elsewhere: elsewhere::Memory,
}

/// The managers for which a mount is safe.
fn mountable() -> impl Iterator<Item = &'static Manager> {
    managers::all().iter().filter(|manager| !manager.mounts.is_empty())
}

/// What is to change in a RUN.
#[derive(Default)]
struct Change {
    managers: Vec<&'static str>,
    /// The values of `--mount=`.
    mounts: Vec<String>,
    edits: Vec<Edit>,
    drops: Vec<String>,
    evidence: Vec<Evidence>,
}

impl Change {
    fn take(&mut self, other: Self) {
        self.managers.extend(other.managers);
        self.mounts.extend(other.mounts);
        self.edits.extend(other.edits);
        self.drops.extend(other.drops);
        self.evidence.extend(other.evidence);
    }
}

/// One RUN, and what is known of it.
struct Job<'a> {
    cx: &'a Cx<'a>,
    stage: &'a Stage<'a>,
    run: &'a Instruction,
    memory: &'a Memory,
    script: &'a Script,
    uses: &'a [Use<'a>],
    places: &'a [Place<'a>],
    exported: &'a [String],
}

impl<'a> Job<'a> {
    /// The uses that leave something of `manager`, whatever flags they have.
    fn leaving(&self, manager: &Manager) -> impl Iterator<Item = &'a Use<'a>> {
        let name = manager.name;
        let leaves = |a_use: &Use<'_>| a_use.is_any(a_use.manager.leaving) && !a_use.only_tells();
        self.uses.iter().filter(move |a_use| a_use.manager.name == name && leaves(a_use))
    }

    /// Whether the manager is one of this image, and nothing is mounted there yet.
    fn applies(&self, manager: &Manager) -> bool {
        let image = root_image(self.cx, self.stage);
        let here = manager.only_on.is_empty() || manager.only_on.iter().any(|name| is_official(image, name));
        here && !self.is_mounted(manager)
    }

    /// Whether something is mounted there already.
    fn is_mounted(&self, manager: &Manager) -> bool {
        mounts(self.cx.file, self.run).any(|mount| {
            mount.contains('$') || manager.dirs.iter().chain(manager.mounts).any(|dir| touches(mount, dir))
        })
    }

    fn change(&self, manager: &'static Manager) -> Result<Change, String> {
        self.check(manager)?;
        let mut change = Change { managers: vec![manager.name], ..Change::default() };
        let (targets, evidence) = target::of(self, manager)?;
        elsewhere::check(self, manager, &targets)?;
        match manager.name {
            "yarn" => yarn::berry(self.cx).map_or(Ok(()), Err)?,
            "apt" => apt::prepare(self, &mut change)?,
            "go" => self.memory.go.borrow_mut().entry(self.stage.index).or_insert_with(|| go::check(self)).clone()?,
            _ => {}
        }
        cleanups::take_away(self, manager, &mut change)?;
        for target in targets {
            change.mounts.push(target::mount(self, manager, &target));
        }
        change.evidence.push(evidence);
        Ok(change)
    }

    fn check(&self, manager: &Manager) -> Result<(), String> {
        let state = self.stage.state_before(self.run);
        if let Some(name) = manager.settled_by.iter().find(|name| state.variable(name) != Known::Inherited) {
            return Err(format!("{name} moves the cache or switches it off, so that a mount would stay empty"));
        }
        if self.leaving(manager).any(|a_use| is_settled(a_use, self.exported)) {
            return Err("a variable in the RUN moves the cache or switches it off".to_owned());
        }
        if self.leaving(manager).any(|a_use| a_use.through != Through::Nothing) {
            return Err("it runs as another user, whose cache lies elsewhere".to_owned());
        }
        // A wish of its own about the cache; the flag that avoids it is taken away instead.
        let own = |option: &&&str| !matches!(manager.avoid, Avoid::Flag(flag) if flag == **option || flag.starts_with(**option));
        let spared: Vec<&str> = manager.spared_by.iter().filter(own).copied().collect();
        match spared.into_iter().find(|option| self.leaving(manager).any(|a_use| a_use.has_any(&[option]))) {
            Some(option) => Err(format!("{option} says otherwise")),
            None => Ok(()),
        }
    }

    fn proposal(&self, change: Change) -> Proposal {
        let Change { managers, mounts, edits, drops, evidence } = change;
        let at = self.run.flags.last().map_or(self.run.keyword_span, |flag| flag.span).end;
        Proposal::checked(self.run.code, format!("mount a cache for {}", managers.join(", ")), evidence)
            .because("what is downloaded stays out of the layer, and is there for the next build on this machine")
            .edit(Edit::insert(at, self.flags(&mounts, at)))
            .edits(joined(edits))
            .dropping(drops)
    }

    /// The mounts, on lines of their own where the line would get too long.
    fn flags(&self, mounts: &[String], at: usize) -> String {
        let flags: Vec<String> = mounts.iter().map(|mount| format!("--mount={mount}")).collect();
        let one_line = format!(" {}", flags.join(" "));
        let (file, run) = (self.cx.file, self.run);
        let first = file.text()[run.code.start..].lines().next().unwrap_or_default();
        if !run.heredocs.is_empty() || mounts.len() == 1 && first.len() + one_line.len() <= WIDEST_LINE {
            return one_line;
        }
        let joint = format!(" {}{}    ", file.escape(), file.newline().as_str());
        let flags = flags.join(&joint);
        // The command begins on the next line already, or one blank of its indent stands before it.
        if first.trim_end().strip_suffix(file.escape()).is_some_and(|line| line.trim_end().len() == at - run.code.start)
        {
            return format!(" {flags}");
        }
        format!(" {flags}{}", &joint[..joint.len() - 1])
    }
}

/// Edits that touch each other as one.
fn joined(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort();
    let mut joined: Vec<Edit> = Vec::new();
    for edit in edits {
        match joined.last_mut().filter(|last| edit.span.start <= last.span.end) {
            Some(last) => {
                last.span = last.span.cover(edit.span);
                last.text.push_str(&edit.text);
            }
            None => joined.push(edit),
        }
    }
    joined
}
