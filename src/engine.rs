//! Runs the passes over one text, lap after lap, until one changes nothing.
//!
//! Each pass works on what the one before left. The guard sees every result before it counts. Positions are
//! led back to the user's own text. No disk, no flags: a text and a policy in, a [`Plan`] out.

use crate::dockerfile::Dockerfile;
use crate::edit::{EditSet, Origins};
use crate::guard;
use crate::image::Stages;
use crate::passes::{Cx, Pass, Wishes};
use crate::plan::{Because, Finding, Held, Note, Plan, Refused};
use crate::project::Project;
use crate::proposal::{NewFile, Proposal, Proposals, Safety};
use crate::shell::Scripts;
use crate::suppress::Suppressions;
use crate::text::{LineIndex, Position, Span};
use std::rc::Rc;

/// More laps than any chain of passes needs; a file that still changes has passes that undo each other.
const MOST_LAPS: usize = 8;

/// More checks of the guard than finding one wrong proposal among thousands takes. A pass that needs more is
/// wrong in so many places that the rest of its proposals is not worth the time.
const MOST_CHECKS: usize = 100;

/// Longer files are left as they are. Of 9,763 real ones the longest has 59,860 bytes, another one 362 instructions; an image
/// has at most 127 layers.
const MOST_INSTRUCTIONS: usize = 2_000;
/// See [`MOST_INSTRUCTIONS`].
const MOST_BYTES: usize = 1 << 20;

/// Which passes run, and how far their proposals are applied.
#[derive(Clone, Debug)]
pub struct Policy {
    /// In the order of [`crate::passes::ALL`].
    pub passes: Vec<&'static Pass>,
    /// The least sure class that is applied.
    pub ceiling: Ceiling,
}

/// The least sure class that is applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ceiling {
    /// `Safe` only.
    Safe,
    /// `Safe` and `Checked`.
    #[default]
    Checked,
    /// `Risky` too.
    Risky,
}

/// The passes kept undoing each other's work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the passes {} still change the file after {MOST_LAPS} laps; nothing was changed (try --skip with one of them)", .passes.join(", "))]
pub struct NoFixpoint {
    /// Those that changed something in the last lap.
    pub passes: Vec<&'static str>,
}

/// Decides what becomes of `text`, which is built from the context of `project`.
pub fn plan(text: &str, project: &Project, policy: &Policy, wishes: &Wishes) -> Result<Plan, NoFixpoint> {
    let run = Run::new(text, project, policy, wishes);
    if let Some((at, message)) = too_long(text) {
        let note = Note { at: run.position(at), message };
        return Ok(Plan { notes: vec![note], ..run.into_plan(text) });
    }
    let before = Rc::clone(&run.file);
    let (plan, after) = run.laps()?;
    // The independent parser takes as long as all passes: it is asked of the result, and of each step only where that
    // tells which step was wrong.
    if !plan.changed() || guard::second_opinion(&before, &after).is_ok() {
        return Ok(plan);
    }
    let (plan, _) = Run { asks_each_time: true, ..Run::new(text, project, policy, wishes) }.laps()?;
    Ok(plan)
}

/// Why a file is not rewritten for its mere length, and where that begins.
fn too_long(text: &str) -> Option<(Span, String)> {
    let told = |offset: usize, most: String| {
        let message = format!("more than {most}, which no image needs; nothing is rewritten (split the file)");
        Some((Span::new(offset, offset), message))
    };
    if text.len() > MOST_BYTES {
        return told((0..=MOST_BYTES).rev().find(|at| text.is_char_boundary(*at))?, format!("{MOST_BYTES} bytes"));
    }
    // Each instruction has a line of its own.
    if text.bytes().filter(|byte| *byte == b'\n').count() < MOST_INSTRUCTIONS {
        return None;
    }
    let file = Dockerfile::parse(text);
    let beyond = file.instructions().nth(MOST_INSTRUCTIONS)?;
    told(beyond.span.start, format!("{MOST_INSTRUCTIONS} instructions"))
}

/// What of one pass the guard let through so far.
#[derive(Default)]
struct Taken<'c> {
    edits: EditSet,
    proposals: Vec<&'c Proposal>,
    /// The file that the edits lead to, once there are any.
    file: Option<Dockerfile>,
    checks: usize,
}

/// Where a run over one text stands.
struct Run<'p> {
    project: &'p Project,
    policy: &'p Policy,
    wishes: &'p Wishes,
    /// Whether the independent parser is asked of each step.
    asks_each_time: bool,
    first: (&'p str, Rc<LineIndex>),
    file: Rc<Dockerfile>,
    origins: Origins,
    scripts: Rc<Scripts>,
    /// Of `file`; they remember what they silenced.
    suppressions: Rc<Suppressions>,
    applied: Vec<Finding>,
    changed_by: Vec<&'static str>,
    /// How often the file was changed, and after how many of these changes each pass saw it last.
    changes: usize,
    seen: Vec<Option<usize>>,
    // What each pass said when it saw the file last. At the end that is the final text for all of them.
    made: Vec<(Finding, NewFile)>,
    held: Vec<Held>,
    refused: Vec<Refused>,
}

impl<'p> Run<'p> {
    fn new(text: &'p str, project: &'p Project, policy: &'p Policy, wishes: &'p Wishes) -> Self {
        let file = Dockerfile::parse(text);
        Self {
            project,
            policy,
            wishes,
            asks_each_time: false,
            first: (text, Rc::new(LineIndex::new(text))),
            suppressions: Rc::new(Suppressions::of(&file)),
            file: Rc::new(file),
            origins: Origins::unchanged(text.len()),
            scripts: Rc::default(),
            applied: Vec::new(),
            changed_by: Vec::new(),
            changes: 0,
            seen: vec![None; policy.passes.len()],
            made: Vec::new(),
            held: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// The plan, and the file it leads to.
    fn laps(mut self) -> Result<(Plan, Rc<Dockerfile>), NoFixpoint> {
        let before = self.first.0;
        for _ in 0..MOST_LAPS {
            self.lap();
            if self.changed_by.is_empty() {
                let after = Rc::clone(&self.file);
                return Ok((self.into_plan(before), after));
            }
        }
        Err(NoFixpoint { passes: self.changed_by })
    }

    /// Every pass that has not seen the file as it is.
    fn lap(&mut self) {
        self.changed_by.clear();
        let mut passes = self.policy.passes.iter().copied().enumerate().peekable();
        while passes.peek().is_some() {
            let file = Rc::clone(&self.file);
            let (origins, lines) = (self.origins.clone(), Rc::clone(&self.first.1));
            let stages = Stages::of(&file);
            let cx = Cx::new(&file, &stages, self.project, self.wishes).after_edits(&origins, &lines);
            let cx = cx.knowing(&self.scripts);
            let suppressions = Rc::clone(&self.suppressions);
            let taken = passes.by_ref().find_map(|(index, pass)| {
                if self.seen[index].replace(self.changes) == Some(self.changes) {
                    return None;
                }
                self.forget(pass);
                self.pass(pass, &cx, &suppressions)
            });
            if let Some((edits, file)) = taken {
                self.origins = self.origins.after(&edits);
                self.suppressions = Rc::new(Suppressions::of(&file));
                self.file = Rc::new(file);
                self.changes += 1;
            }
        }
    }

    /// What `pass` said of an earlier text.
    fn forget(&mut self, pass: &Pass) {
        self.made.retain(|(finding, _)| finding.pass != pass.id);
        self.held.retain(|held| held.finding.pass != pass.id);
        self.refused.retain(|refused| refused.pass != pass.id);
    }

    /// One pass over one text: what it proposes is applied, held or refused. Edits, and where they lead, only when there
    /// are any.
    fn pass(&mut self, pass: &'static Pass, cx: &Cx<'_>, suppressions: &Suppressions) -> Option<(EditSet, Dockerfile)> {
        let mut proposals = Proposals::default();
        (pass.run)(cx, &mut proposals);
        proposals.changes.sort_by_key(|proposal| proposal.at);
        for refusal in proposals.refusals {
            if suppressions.silencing(pass, &[refusal.at]).is_none() {
                let at = self.position(refusal.at);
                self.refused.push(Refused { pass: pass.id, at, what: refusal.what, why: refusal.why });
            }
        }
        let mut accepted = Vec::new();
        for proposal in proposals.changes {
            match self.because(pass, &proposal, suppressions) {
                // The context is as it was: the next lap asks for the same file again.
                None if proposal.makes.is_some() => {
                    let finding = Finding::new(pass, &proposal, self.position(proposal.at));
                    self.made.extend(proposal.makes.map(|made| (finding, made)));
                }
                None => accepted.push(proposal),
                Some(because) => self.hold(pass, &proposal, because),
            }
        }
        self.apply(pass, cx, &accepted)
    }

    /// Why `proposal` must not be applied, if so.
    fn because(&self, pass: &Pass, proposal: &Proposal, suppressions: &Suppressions) -> Option<Because> {
        let places: Vec<Span> =
            std::iter::once(proposal.at).chain(proposal.edits.iter().map(|edit| edit.span)).collect();
        if let Some(comment) = suppressions.silencing(pass, &places) {
            return Some(Because::Suppressed(comment.to_owned()));
        }
        if let Some((id, may_break)) = proposal.with.as_ref().filter(|_| self.policy.ceiling != Ceiling::Risky) {
            let stands = |pass: &&Pass| pass.id == *id && suppressions.silencing(pass, &[proposal.at]).is_none();
            if !self.policy.passes.iter().any(stands) {
                return Some(Because::Risky(may_break.clone()));
            }
        }
        match (&proposal.safety, self.policy.ceiling) {
            (Safety::Advice, _) => Some(Because::Advice),
            (Safety::Risky { may_break }, Ceiling::Safe | Ceiling::Checked) => Some(Because::Risky(may_break.clone())),
            (Safety::Checked { .. }, Ceiling::Safe) => Some(Because::SafeOnly),
            _ => None,
        }
    }

    /// Applies what the guard lets through. A proposal that clashes with one before it waits for the next lap.
    fn apply(&mut self, pass: &'static Pass, cx: &Cx<'_>, accepted: &[Proposal]) -> Option<(EditSet, Dockerfile)> {
        let mut edits = EditSet::default();
        let fitting: Vec<&Proposal> =
            accepted.iter().filter(|proposal| edits.try_extend(&proposal.edits).is_ok()).collect();
        if edits.is_empty() {
            return None;
        }
        let mut taken = Taken::default();
        self.take(pass, cx, &mut taken, &fitting);
        for proposal in taken.proposals {
            self.applied.push(Finding::new(pass, proposal, self.position(proposal.at)));
        }
        let file = taken.file?;
        self.changed_by.push(pass.id);
        Some((taken.edits, file))
    }

    /// Adds to `taken` what the guard lets through: all candidates where that holds, else each half by itself.
    fn take<'c>(&mut self, pass: &'static Pass, cx: &Cx<'_>, taken: &mut Taken<'c>, candidates: &[&'c Proposal]) {
        let mut edits = taken.edits.clone();
        // They fit together, so that none clashes here.
        for proposal in candidates {
            let _ = edits.try_extend(&proposal.edits);
        }
        let proposals = [&taken.proposals, candidates].concat();
        taken.checks += 1;
        match guard::check(cx, &edits, &proposals, self.asks_each_time) {
            Ok(file) => (taken.edits, taken.proposals, taken.file) = (edits, proposals, Some(file)),
            Err(_) if candidates.len() > 1 && taken.checks < MOST_CHECKS => {
                let (first, second) = candidates.split_at(candidates.len() / 2);
                self.take(pass, cx, taken, first);
                self.take(pass, cx, taken, second);
            }
            Err(found) => {
                for proposal in candidates {
                    self.hold(pass, proposal, Because::Guard(found.clone()));
                }
            }
        }
    }

    fn hold(&mut self, pass: &'static Pass, proposal: &Proposal, because: Because) {
        let finding = Finding::new(pass, proposal, self.position(proposal.at));
        self.held.push(Held { finding, because });
    }

    /// What is to be said of the text as it is.
    fn notes(&self) -> Vec<Note> {
        let problems = self.file.problems().iter().map(|problem| (problem.span, problem.message.clone()));
        let idle = self.suppressions.idle(&self.policy.passes);
        problems.chain(idle).map(|(span, message)| Note { at: self.position(span), message }).collect()
    }

    /// Where `span` of the present text begins in the user's text.
    fn position(&self, span: Span) -> Position {
        let (text, lines) = &self.first;
        let offset = self.origins.first(span.start);
        lines.position(text, offset)
    }

    fn into_plan(mut self, before: &str) -> Plan {
        let order = |id: &str| self.policy.passes.iter().position(|pass| pass.id == id);
        // A pass that saw the file again speaks after those that did not.
        self.made.sort_by_key(|(finding, _)| order(finding.pass));
        self.held.sort_by_key(|held| (held.finding.at, order(held.finding.pass)));
        self.refused.sort_by_key(|refused| (refused.at, order(refused.pass)));
        let mut notes = self.notes();
        notes.sort_by_key(|note| note.at);
        let (findings, made) = self.made.into_iter().unzip::<_, _, Vec<_>, Vec<_>>();
        self.applied.extend(findings);
        self.applied.sort_by_key(|finding| finding.at);
        Plan {
            before: before.to_owned(),
            after: self.file.text().to_owned(),
            made,
            applied: self.applied,
            held: self.held,
            refused: self.refused,
            notes,
            rebuilds: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use crate::project::Context;
    use crate::proposal::Kind;

    /// Writes `new` in place of the first `old`.
    fn replace(cx: &Cx<'_>, out: &mut Proposals, old: &str, new: &str) {
        if let Some(at) = cx.file.text().find(old) {
            let edit = Edit::replace((at..at + old.len()).into(), new);
            out.push(Proposal::safe(edit.span, "a change").edit(edit));
        }
    }

    const fn pass(id: &'static str, run: fn(&Cx<'_>, &mut Proposals)) -> Pass {
        Pass { id, kind: Kind::Other, answers_to: &[], page: "", run }
    }

    static FINE: Pass = pass("fine", |cx, out| replace(cx, out, "echo a\n", "echo a && b\n"));
    /// The independent parser knows no heredocs.
    static DOUBTED: Pass = pass("doubted", |cx, out| replace(cx, out, "RUN true\n", "RUN <<END\ntrue\nEND\n"));

    #[test]
    fn what_the_independent_parser_reads_differently_is_held_alone() {
        let policy = Policy { passes: vec![&FINE, &DOUBTED], ceiling: Ceiling::Safe };
        let text = "FROM alpine\nRUN echo a\nRUN true\n";
        let plan = plan(text, &Project::new(Context::empty()), &policy, &Wishes::default()).unwrap();
        assert_eq!(plan.after, "FROM alpine\nRUN echo a && b\nRUN true\n");
        let held: Vec<_> = plan.held.iter().map(|held| (held.finding.pass, held.because.to_string())).collect();
        let why = "the result would not hold: an independent parser reads the result differently";
        assert_eq!(held, [("doubted", why.to_owned())]);
    }
}
