//! Directly adjacent RUNs of a stage become one where the image gets smaller by it.

mod joins;
mod pays;

use super::style::{self, Style};
use super::{Cx, Pass, RunBody};
use crate::dockerfile::{Instruction, ItemKind, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::proposal::{Kind, Proposal, Proposals};
use crate::shell::Script;
use crate::text::Span;
use joins::obstacle;
pub(super) use joins::steers_a_tool;
use pays::{Facts, Pays};
use std::rc::Rc;

/// Finds RUNs that should be one.
pub(super) const PASS: Pass =
    Pass { id: "split-run", kind: Kind::Layers, answers_to: &["DL3059"], page: include_str!("split-run.md"), run };

/// Longer chains make more layers than an image may have.
const LONGEST_CHAIN: usize = 127;
/// Linux hands a program no argument longer than 128 KiB; a merged body stays well below.
const LONGEST_BODY: usize = 100_000;

/// Of what a RUN runs this much is shown in a message.
const LONGEST_HEAD: usize = 50;

/// One RUN of a chain.
#[derive(Clone)]
struct Step<'a> {
    run: &'a Instruction,
    body: Rc<RunBody>,
}

impl Step<'_> {
    fn script(&self) -> Option<&Script> {
        self.body.shell.script()
    }
}

/// RUNs `first..=last` of a chain should be one RUN.
#[derive(Clone, Debug)]
struct Group {
    first: usize,
    last: usize,
    pays: Pays,
}

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter() {
        for chain in chains(stage) {
            let steps: Vec<Step<'_>> = chain.iter().map(|run| Step { run, body: cx.body(run) }).collect();
            Chain { cx, stage, steps: &steps }.join(out);
        }
    }
}

/// Runs of RUNs with no other instruction in between.
fn chains<'s, 'a>(stage: &'s Stage<'a>) -> impl Iterator<Item = &'s [&'a Instruction]> {
    let is_run = |instruction: &&Instruction| instruction.keyword == Keyword::Run;
    stage
        .instructions
        .chunk_by(move |one, next| is_run(one) && is_run(next))
        .filter(move |chain| (2..=LONGEST_CHAIN).contains(&chain.len()))
}

/// RUNs that stand one after the other, and what is around them.
struct Chain<'c, 'a> {
    cx: &'c Cx<'c>,
    stage: &'c Stage<'a>,
    steps: &'c [Step<'a>],
}

impl Chain<'_, '_> {
    fn join(&self, out: &mut Proposals) {
        let mut facts: Vec<Facts<'_>> =
            self.steps.iter().map(|step| Facts::of(self.stage, step.run, &step.body)).collect();
        for (pair, facts) in self.steps.windows(2).zip(&mut facts[1..]) {
            facts.commented = self.comments_between(pair[0].run, pair[1].run).next().is_some();
        }
        let mut groups: Vec<Group> = vec![];
        for last in 1..facts.len() {
            for first in (0..last).rev() {
                let Some(pays) = pays::pays(&facts, first, last) else { continue };
                match self.first_obstacle(first, last) {
                    None => groups.push(Group { first, last, pays }),
                    Some(why) if pays.is_worth_a_word() => {
                        out.refuse(self.steps[last].run.code, self.refused(first, last), why);
                    }
                    Some(_) => {}
                }
            }
        }
        for (group, whys) in self.united(groups) {
            if let Some(proposal) = self.proposal(&group, &whys) {
                out.push(proposal);
            }
        }
    }

    fn refused(&self, first: usize, last: usize) -> String {
        if last == first + 1 {
            return "merge this RUN into the one before it".to_owned();
        }
        format!("merge this RUN and those before it into {}", head(self.steps[first].run))
    }

    /// Why RUNs `first..=last` cannot be one, if so.
    fn first_obstacle(&self, first: usize, last: usize) -> Option<String> {
        (first..last).find_map(|left| (left + 1..=last).find_map(|right| obstacle(self, left, right)))
    }

    /// Groups that share a RUN, as one where that is possible, with the reasons of each.
    fn united(&self, mut groups: Vec<Group>) -> Vec<(Group, Vec<Pays>)> {
        groups.sort_by_key(|group| (group.first, group.last));
        let mut all: Vec<(Group, Vec<Pays>)> = vec![];
        for group in groups {
            match all.last_mut() {
                Some((open, whys)) if group.last <= open.last => whys.push(group.pays),
                Some((open, whys)) if group.first <= open.last => {
                    if self.first_obstacle(open.first, group.last).is_none() {
                        open.last = group.last;
                        whys.push(group.pays);
                    }
                }
                _ => all.push((group.clone(), vec![group.pays])),
            }
        }
        for (_, whys) in &mut all {
            whys.sort_by_key(Pays::rank);
        }
        all
    }

    fn proposal(&self, group: &Group, whys: &[Pays]) -> Option<Proposal> {
        let steps = &self.steps[group.first..=group.last];
        if steps.iter().map(|step| step.run.code.len()).sum::<usize>() > LONGEST_BODY {
            return None;
        }
        let style = self.style(steps)?;
        let mut edits = vec![];
        for pair in steps.windows(2) {
            let [left, right] = pair else { continue };
            edits.push(self.joint(left, right, &style)?);
        }
        let count = steps.len();
        let what = match count {
            2 => format!("merge the next RUN into this one: {}", head(steps[1].run)),
            _ => format!("merge the next {} RUNs into this one", count - 1),
        };
        let mut why: Vec<String> = whys.iter().map(Pays::why).collect();
        why.dedup();
        why.truncate(2);
        Some(Proposal::safe(steps[0].run.code, what).because(why.join("; ")).edits(edits))
    }

    fn style(&self, steps: &[Step<'_>]) -> Option<Style> {
        let runs: Vec<&Instruction> = steps.iter().map(|step| step.run).collect();
        let style = Style::of(self.cx.file, &runs);
        let single =
            |step: &Step<'_>| step.script().is_some_and(|script| script.lists.iter().all(|list| list.parts.len() == 1));
        if steps[1..].iter().all(single) {
            return Some(style.with_semicolons(self.cx.file, steps[0].run, steps[0].script()?));
        }
        Some(style)
    }

    /// What replaces the text between two RUNs.
    fn joint(&self, left: &Step<'_>, right: &Step<'_>, style: &Style) -> Option<Edit> {
        let start = style::end_of(self.cx.file, left.run, &left.body, left.script()?).ok()?;
        let end = right.script()?.span()?.start;
        let text = self.cx.file.text();
        let comments = self.comments_between(left.run, right.run).chain(inner_comments(right.run, end));
        Some(Edit::replace(Span::new(start, end), style.joint(comments.map(|span| span.of(text)))))
    }

    /// Comments between two instructions.
    fn comments_between(&self, left: &Instruction, right: &Instruction) -> impl Iterator<Item = Span> {
        let items = self.cx.file.items();
        let from = items.partition_point(|item| item.span.start < left.span.end);
        let upto = items.partition_point(|item| item.span.start < right.span.start);
        items[from..upto].iter().filter(|item| item.kind == ItemKind::Comment).map(|item| item.span)
    }
}

/// The first words of what `run` runs, for messages; line numbers would be those of a text in between.
fn head(run: &Instruction) -> String {
    let mut shown = String::new();
    for word in run.rest.text().split_whitespace() {
        if shown.len() + word.len() > LONGEST_HEAD && !shown.is_empty() {
            return format!("`{shown} …`");
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    format!("`{shown}`")
}

/// Comments in the continuation lines of `run` before `end`.
fn inner_comments(run: &Instruction, end: usize) -> impl Iterator<Item = Span> {
    run.comments.iter().copied().filter(move |comment| comment.start < end)
}
