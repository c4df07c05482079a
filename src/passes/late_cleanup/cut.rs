//! Takes the cleanups out of the RUN in which they stand, and that RUN away when nothing else is in it.

use super::Cleaning;
use crate::dockerfile::{Dockerfile, Instruction, ItemKind};
use crate::edit::Edit;
use crate::passes::split_run::steers_a_tool;
use crate::shell::{AndOr, Script, Terminator};
use crate::text::Span;

/// What goes.
pub(super) struct Cut {
    /// The deletions.
    pub(super) edits: Vec<Edit>,
    /// Comments that stood there.
    pub(super) comments: Vec<Span>,
}

impl Cut {
    /// How `cleanings` leave `late`, whose body is `script`.
    pub(super) fn of(
        file: &Dockerfile,
        late: &Instruction,
        script: &Script,
        cleanings: &[Cleaning<'_>],
    ) -> Result<Self, String> {
        let goes = |list: usize, part: usize| {
            cleanings.iter().any(|c| c.list == list && c.part == part && c.found.is_whole(c.simple))
        };
        let all_go = |list: usize| (0..script.lists[list].parts.len()).all(|part| goes(list, part));
        if (0..script.lists.len()).all(all_go) {
            return instruction(file, late);
        }
        let mut spans = vec![];
        for (at, list) in script.lists.iter().enumerate() {
            if all_go(at) {
                spans.push(whole_list(script, at)?);
            } else {
                spans.extend(parts(list, |part| goes(at, part)));
            }
        }
        for cleaning in cleanings.iter().filter(|cleaning| !cleaning.found.is_whole(cleaning.simple)) {
            let words = &cleaning.simple.words;
            spans.extend(cleaning.found.words.iter().map(|at| Span::new(words[at - 1].span.end, words[*at].span.end)));
        }
        let comments: Vec<Span> =
            late.comments.iter().copied().filter(|comment| spans.iter().any(|span| span.contains(*comment))).collect();
        Ok(Self { edits: joined(spans).into_iter().map(Edit::delete).collect(), comments })
    }
}

/// The parts of a list that go, each run of them with the `&&` that joined it.
pub(in crate::passes) fn parts(list: &AndOr, goes: impl Fn(usize) -> bool) -> Vec<Span> {
    let span = |part: usize| list.parts[part].1.span;
    let mut spans = vec![];
    let mut part = 0;
    while part < list.parts.len() {
        let first = part;
        while part < list.parts.len() && goes(part) {
            part += 1;
        }
        match first {
            _ if first == part => part += 1,
            0 => spans.push(Span::new(span(0).start, span(part).start)),
            _ => spans.push(Span::new(span(first - 1).end, span(part - 1).end)),
        }
    }
    spans
}

/// A whole list among others.
fn whole_list(script: &Script, at: usize) -> Result<Span, String> {
    let lists = &script.lists;
    match (at.checked_sub(1).and_then(|before| lists.get(before)), lists.get(at + 1)) {
        (Some(before), _) if matches!(before.end, Terminator::Background(_)) => {
            Err("a command in the background runs beside it".to_owned())
        }
        (Some(before), _) => Ok(Span::new(before.span.end, lists[at].span.end)),
        (None, Some(after)) => Ok(Span::new(lists[at].span.start, after.span.start)),
        (None, None) => Err("nothing else is in its RUN".to_owned()),
    }
}

/// Spans that touch, as one.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut all: Vec<Span> = vec![];
    for span in spans {
        match all.last_mut() {
            Some(last) if span.start <= last.end => *last = last.cover(span),
            _ => all.push(span),
        }
    }
    all
}

/// The whole RUN, with the comments right above it, which go with the cleanup.
fn instruction(file: &Dockerfile, late: &Instruction) -> Result<Cut, String> {
    let items = file.items();
    let at = items.partition_point(|item| item.span.start < late.span.start);
    let above = items[..at].iter().rev().take_while(|item| item.kind == ItemKind::Comment).count();
    let mut comments: Vec<Span> = items[at - above..at].iter().map(|item| item.span).collect();
    if let Some(comment) = comments.iter().map(|span| span.of(file.text()).trim()).find(|text| steers_a_tool(text)) {
        return Err(format!("`{comment}` must stay above its instruction"));
    }
    comments.extend(&late.comments);
    let mut gone = items[at - above].span.cover(late.span);
    let is_blank = |at: Option<usize>| at.and_then(|at| items.get(at)).is_some_and(|item| item.kind == ItemKind::Blank);
    let before = (at - above).checked_sub(1);
    if is_blank(before) && (is_blank(Some(at + 1)) || at + 1 == items.len()) {
        gone = gone.cover(items[at - above - 1].span);
    }
    Ok(Cut { edits: vec![Edit::delete(gone)], comments })
}
