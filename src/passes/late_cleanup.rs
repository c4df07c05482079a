//! Moves a cleanup that stands in a later RUN into the RUN that made the mess, the only place where it frees bytes.

mod cut;
mod mess;

use super::insert::{self, Target};
use super::shipped::ships;
use super::style::{self, Style};
use super::{Cx, Pass, RunBody};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::proposal::{Kind, Proposal, Proposals};
use crate::shell::{Command, Link, Script, Simple, Terminator};
use crate::text::Span;
use cut::Cut;
pub(super) use cut::parts as parts_with_their_links;
use mess::{Found, Mess};
use std::rc::Rc;

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "late-cleanup",
    kind: Kind::Layers,
    answers_to: &["DL3009", "DL3032", "DL3036", "DL3040", "DL3060"],
    page: include_str!("late-cleanup.md"),
    run,
};

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter() {
        let mut shipped = None;
        let mut earlier = false;
        for (at, late) in stage.instructions.iter().enumerate() {
            if late.keyword != Keyword::Run {
                continue;
            }
            let may = earlier && mess::may_clean(late.rest.text()) && late.flags.is_empty();
            earlier = true;
            if may && *shipped.get_or_insert_with(|| ships(cx, stage)) {
                Late { cx, stage, at, run: late, body: cx.body(late) }.propose(out);
            }
        }
    }
}

/// A RUN that may clean up after an earlier one.
struct Late<'c, 'a> {
    cx: &'c Cx<'c>,
    stage: &'c Stage<'a>,
    /// Its place in the stage.
    at: usize,
    run: &'a Instruction,
    body: Rc<RunBody>,
}

/// A command of the late RUN that cleans, and what of it.
struct Cleaning<'s> {
    list: usize,
    part: usize,
    simple: &'s Simple,
    found: Found,
}

impl Late<'_, '_> {
    fn propose(&self, out: &mut Proposals) {
        let Ok(script) = self.body.plain() else { return };
        let mut cleanings: Vec<Cleaning<'_>> = direct_commands(script)
            .filter_map(|(list, part, simple)| Some(Cleaning { list, part, simple, found: mess::found(self, simple)? }))
            .collect();
        // What merely keeps company moves only with what pays.
        let Some(target) = cleanings.iter().find_map(|cleaning| cleaning.found.pays_in()) else { return };
        for cleaning in &mut cleanings {
            cleaning.found.keep_only(self, target, cleaning.simple);
        }
        cleanings.retain(|cleaning| !cleaning.found.words.is_empty());
        let at = cleanings.first().map_or(self.run.code, |cleaning| cleaning.simple.span);
        match self.moved(script, &cleanings, target) {
            Ok(Some(proposal)) => out.push(proposal),
            Ok(None) => {}
            Err(why) => out.refuse(at, "move this cleanup into the RUN that makes what it removes", why),
        }
    }

    /// The proposal that moves `cleanings` to the end of the stage's instruction `target`.
    fn moved(&self, script: &Script, cleanings: &[Cleaning<'_>], target: usize) -> Result<Option<Proposal>, String> {
        let Some(Mess { why_not, evidence, .. }) = cleanings.iter().find_map(|cleaning| cleaning.found.mess.as_ref())
        else {
            return Ok(None);
        };
        if let Some(why) = why_not {
            return Err(why.clone());
        }
        let early = self.stage.instructions[target];
        self.same_state(early)?;
        let commands: Vec<String> = cleanings.iter().map(|cleaning| cleaning.found.command(cleaning.simple)).collect();
        let cut = Cut::of(self.cx.file, self.run, script, cleanings)?;
        let added = self.added(early, &commands, &cut.comments)?;
        let what = format!("run `{}` in the RUN that makes what it removes", commands.join(" && "));
        let at = cleanings[0].simple.span;
        let proposal = match evidence.clone() {
            evidence if evidence.is_empty() => Proposal::safe(at, what),
            evidence => Proposal::checked(at, what, evidence),
        };
        let why = "what a later layer removes stays in the layer below it";
        Ok(Some(proposal.because(why).edit(added).edits(cut.edits).moving()))
    }

    /// The edit that adds `commands` to `early`, with `comments` above them.
    fn added(&self, early: &Instruction, commands: &[String], comments: &[Span]) -> Result<Edit, String> {
        let body = self.cx.body(early);
        let script = body.shell.script().ok_or("the RUN that makes it is not understood")?;
        let file = self.cx.file;
        let command = commands.join(" && ");
        if comments.is_empty() {
            return insert::at_end(Target { file, run: early, body: &body, script }, &command);
        }
        let script = body.plain()?;
        let end = style::end_of(file, early, &body, script)?;
        let style = Style::of_addition(file, early);
        let style = if commands.len() == 1 { style.with_semicolons(file, early, script) } else { style };
        let joint = style.joint(comments.iter().map(|comment| comment.of(file.text())));
        Ok(Edit::replace(Span::new(end, early.code.end), joint + &command))
    }

    /// Whether the cleanup does the same at the end of `early`.
    fn same_state(&self, early: &Instruction) -> Result<(), String> {
        let (before, now) = (self.stage.state_before(early), self.stage.state_before(self.run));
        if before.user() != now.user() {
            return Err("the user changes in between".to_owned());
        }
        if before.shell() != now.shell() {
            return Err("SHELL changes in between".to_owned());
        }
        if before.env("HOME") != now.env("HOME") {
            return Err("HOME changes in between".to_owned());
        }
        Ok(())
    }

    /// The instructions between the one at `target` and this.
    fn between(&self, target: usize) -> &[&Instruction] {
        &self.stage.instructions[target + 1..self.at]
    }
}

/// The commands of lists that are joined by `&&` only: one of them can go without a trace.
fn direct_commands(script: &Script) -> impl Iterator<Item = (usize, usize, &Simple)> {
    script.lists.iter().enumerate().flat_map(|(at, list)| {
        let plain = !matches!(list.end, Terminator::Background(_))
            && list.parts.iter().all(|(link, _)| !matches!(link, Link::Or(_)));
        let parts = list.parts.iter().enumerate().filter(move |_| plain);
        parts.filter_map(move |(part, (_, pipeline))| match &pipeline.commands[..] {
            [Command::Simple(simple)]
                if !pipeline.negated && simple.redirects.is_empty() && simple.assignments.is_empty() =>
            {
                Some((at, part, simple))
            }
            _ => None,
        })
    })
}
