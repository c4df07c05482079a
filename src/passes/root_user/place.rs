//! Where USER, and the RUN that makes the user, are written.

use super::Case;
use super::account::Account;
use crate::dockerfile::{Instruction, ItemKind, Keyword};
use crate::edit::Edit;

/// The edits that make the user, hand over directories by `run`, and switch.
pub(super) fn edits(case: &Case<'_>, account: &Account, run: Option<&str>) -> Vec<Edit> {
    let newline = case.cx.file.newline().as_str();
    let last = last_as_root(case);
    let make = account.command().map(|command| format!("RUN {command}{newline}"));
    let first = first_copy(case).filter(|_| make.is_some());
    let mut lines: Vec<String> = Vec::new();
    let mut edits = Vec::new();
    match (make, first) {
        // Before what changes often: made once, and there for `--chown`.
        (Some(make), Some(copy)) => edits.push(Edit::insert(above(case, copy), make)),
        (Some(make), None) => lines.push(make),
        (None, _) => {}
    }
    lines.extend(run.map(|run| format!("RUN {run}{newline}")));
    lines.push(format!("USER {}{newline}", account.user()));
    edits.push(switch(case, last, &lines.concat()));
    edits
}

/// The last instruction that changes files, and so is root's work.
fn last_as_root<'c>(case: &Case<'c>) -> &'c Instruction {
    let works = |keyword: &Keyword| {
        matches!(
            keyword,
            Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::User | Keyword::Unknown(_)
        )
    };
    let last = case.stage.instructions.iter().rev().find(|instruction| works(&instruction.keyword));
    last.copied().unwrap_or(case.stage.from)
}

/// What a user that is made late would be late for.
fn first_copy<'c>(case: &Case<'c>) -> Option<&'c Instruction> {
    let copies = |keyword: &Keyword| matches!(keyword, Keyword::Copy | Keyword::Add);
    case.stage.instructions.iter().copied().find(|instruction| copies(&instruction.keyword))
}

/// Inserts `lines` before what starts the container, or where the stage ends.
fn switch(case: &Case<'_>, last: &Instruction, lines: &str) -> Edit {
    let file = case.cx.file;
    let newline = file.newline().as_str();
    let starts = |instruction: &&&Instruction| {
        matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) && instruction.span.start >= last.span.end
    };
    if let Some(start) = case.stage.instructions.iter().find(starts) {
        let at = above(case, start);
        let apart = file.items().iter().any(|item| item.span.end == at && matches!(item.kind, ItemKind::Blank));
        let gap = if apart { newline } else { "" };
        return Edit::insert(at, format!("{lines}{gap}"));
    }
    let end = case.stage.instructions.last().map_or(case.stage.from.span.end, |last| last.span.end);
    if file.text()[..end].ends_with('\n') {
        return Edit::insert(end, lines);
    }
    Edit::insert(end, format!("{newline}{}", lines.trim_end_matches(newline)))
}

/// The start of the lines of `instruction`, with the comments right above it.
fn above(case: &Case<'_>, instruction: &Instruction) -> usize {
    let items = case.cx.file.items();
    let own = items.iter().position(|item| item.span == instruction.span).unwrap_or_default();
    let comments = items[..own].iter().rev().take_while(|item| matches!(item.kind, ItemKind::Comment));
    comments.last().map_or(instruction.span.start, |comment| comment.span.start)
}
