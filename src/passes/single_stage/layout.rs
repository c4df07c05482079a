//! The two stages as edits of the one: the author's lines stay, move with the comments above them, or stand in both.
//!
//! What follows the last line of the build is the final stage's already, and stays where it is.

use super::Case;
use crate::dockerfile::{Args, Instruction, ItemKind, Keyword};
use crate::edit::Edit;
use crate::text::Span;
use std::collections::BTreeSet;

/// What becomes of an instruction that stands before the last line of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It belongs to the build.
    Build,
    /// It belongs to what is run.
    Run,
    /// It belongs to both.
    Both,
}

/// A file of one stage, cut in two.
pub(super) struct Layout<'c> {
    /// What is cut.
    pub case: &'c Case<'c>,
    /// What becomes of each instruction up to the last one of the build.
    pub fates: Vec<Fate>,
    /// What the final stage starts from.
    pub base: String,
    /// The image of the build, when it must be named more exactly than it is.
    pub builder: Option<String>,
    /// Lines to be put before an instruction of the build.
    pub before: Vec<(usize, Vec<String>)>,
    /// Lines at the end of the build.
    pub after: Vec<String>,
    /// The working directory of the final stage, when the file leaves it to the image of the build.
    pub workdir: Option<String>,
    /// Lines of the final stage in the place of an instruction that stays in the build.
    pub beside: Vec<(usize, Vec<String>)>,
    /// The instruction of the final stage that first needs what is copied, when one does: the lines below go before it.
    pub copied_at: Option<usize>,
    /// Lines of the final stage behind its settings: packages that it installs.
    pub installs: Vec<String>,
    /// Lines behind them: what is copied from the build.
    pub copies: Vec<String>,
    /// Lines behind all of these.
    pub last: Vec<String>,
}

/// What the build stage is called, unless the file uses the name.
const NAMES: [&str; 3] = ["build", "builder", "build-stage"];

impl Layout<'_> {
    /// The name of the build stage.
    pub(super) fn name(case: &Case<'_>) -> &'static str {
        let own = case.stage.name.as_deref();
        let free =
            |name: &&&str| own != Some(**name) && !case.cx.stages.references().iter().any(|one| one.name == **name);
        NAMES.iter().find(free).copied().unwrap_or(NAMES[0])
    }

    /// The edits.
    pub(super) fn edits(&self) -> Vec<Edit> {
        let stage = self.case.stage;
        let mut edits = self.edits_of_from();
        for (index, lines) in &self.before {
            edits.push(Edit::insert(self.first_line(stage.instructions[*index]), self.lines(lines)));
        }
        let moved = self.fated(Fate::Run);
        let last = stage.instructions[self.fates.len() - 1];
        // What follows the last line stays: the final stage is put before it.
        let upto_last = |span: Span| Span::new(span.start, span.end.min(last.span.end));
        edits.extend(self.without_gaps(moved).into_iter().map(upto_last).map(Edit::delete));
        edits.push(Edit::insert(last.span.end, self.final_stage(last)));
        joined(edits)
    }

    fn fated(&self, fate: Fate) -> impl Iterator<Item = &Instruction> {
        let all = self.fates.iter().zip(&self.case.stage.instructions);
        all.filter(move |(own, _)| **own == fate).map(|(_, instruction)| *instruction)
    }

    /// `AS build`: the name that the stage has now goes to the final one, which is what it means.
    fn edits_of_from(&self) -> Vec<Edit> {
        let from = self.case.stage.from;
        let Args::Words(words) = &from.args else { return Vec::new() };
        let name = Self::name(self.case);
        let named = match words.as_slice() {
            [_, _, own] => Edit::replace(own.span, name),
            [.., last] => Edit::insert(last.span.end, format!(" {} {name}", self.cased("AS"))),
            [] => return Vec::new(),
        };
        let image =
            words.first().zip(self.builder.as_ref()).map(|(word, image)| Edit::replace(word.span, image.clone()));
        image.into_iter().chain([named]).collect()
    }

    fn final_stage(&self, last: &Instruction) -> String {
        let text = self.case.cx.file.text();
        let newline = self.case.cx.file.newline().as_str();
        let missing = if last.span.of(text).ends_with('\n') { "" } else { newline };
        let after = self.lines(&self.after);
        let mut out = format!("{missing}{after}{newline}{}", self.lines([&self.first_of_final()]));
        out.push_str(&self.lines(self.workdir.iter().map(|dir| format!("WORKDIR {dir}")).collect::<Vec<_>>().iter()));
        let copies = self.lines(self.installs.iter().chain(&self.copies));
        for (index, fate) in self.fates.iter().enumerate() {
            for (_, lines) in self.beside.iter().filter(|(at, _)| *at == index) {
                out.push_str(&self.lines(lines));
            }
            if self.copied_at == Some(index) {
                out.push_str(&copies);
            }
            let instruction = self.case.stage.instructions[index];
            let lines = match fate {
                Fate::Build => continue,
                Fate::Run => self.with_comments(instruction).of(text),
                Fate::Both => instruction.span.of(text),
            };
            out.push_str(lines);
            if !lines.ends_with('\n') {
                out.push_str(newline);
            }
        }
        let copies = if self.copied_at.is_none() { copies } else { String::new() };
        out + &copies + &self.lines(&self.last)
    }

    fn first_of_final(&self) -> String {
        let from = self.case.stage.from;
        let platform = from.flag("platform").map(|flag| format!("{} ", flag.span.of(self.case.cx.file.text())));
        let name = match &from.args {
            Args::Words(words) if words.len() == 3 => {
                format!(" {} {}", self.cased("AS"), words[2].span.of(self.case.cx.file.text()))
            }
            _ => String::new(),
        };
        format!("FROM {}{}{name}", platform.unwrap_or_default(), self.base)
    }

    /// Lines in the file's own style: its line ends, and keywords in small letters where FROM is.
    fn lines<'l>(&self, lines: impl IntoIterator<Item = &'l String>) -> String {
        let newline = self.case.cx.file.newline().as_str();
        let line = |line: &String| match line.split_once(' ') {
            Some((keyword, rest)) => format!("{} {}{newline}", self.cased(keyword), rest.replace('\n', newline)),
            None => format!("{line}{newline}"),
        };
        lines.into_iter().map(line).collect()
    }

    fn cased(&self, keyword: &str) -> String {
        let small = self.case.stage.from.keyword_span.of(self.case.cx.file.text()).starts_with('f');
        if small { keyword.to_lowercase() } else { keyword.to_owned() }
    }

    /// Where the comments directly above an instruction begin, or it does itself.
    fn first_line(&self, instruction: &Instruction) -> usize {
        let items = self.case.cx.file.items();
        let own = items.partition_point(|item| item.span.start < instruction.span.start);
        let above = items[..own].iter().rev().take_while(|item| matches!(item.kind, ItemKind::Comment));
        above.last().map_or(instruction.span.start, |item| item.span.start)
    }

    fn with_comments(&self, instruction: &Instruction) -> Span {
        Span::new(self.first_line(instruction), instruction.span.end)
    }

    /// The same for several, neighbours together, with the blank lines below where blank lines stand above too: what is
    /// left would gape.
    fn without_gaps<'i>(&self, instructions: impl Iterator<Item = &'i Instruction>) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for span in instructions.map(|instruction| self.with_comments(instruction)) {
            match spans.last_mut() {
                Some(last) if last.end == span.start => last.end = span.end,
                _ => spans.push(span),
            }
        }
        let blanks = || self.case.cx.file.items().iter().filter(|item| matches!(item.kind, ItemKind::Blank));
        for span in &mut spans {
            let below = blanks().find(|item| item.span.start == span.end);
            if let Some(below) = below.filter(|_| blanks().any(|item| item.span.end == span.start)) {
                span.end = below.span.end;
            }
        }
        spans
    }
}

/// Edits that touch each other, as one.
fn joined(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort();
    let mut out: Vec<Edit> = Vec::new();
    for edit in edits {
        match out.last_mut() {
            Some(last) if last.span.end == edit.span.start => {
                last.span.end = edit.span.end;
                last.text.push_str(&edit.text);
            }
            _ => out.push(edit),
        }
    }
    out
}

/// Names of the variables that an instruction speaks of, as the shell or the builder would read them.
pub(super) fn variables(text: &str) -> BTreeSet<&str> {
    let parts = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
    let name = |rest: &'_ str| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    parts.map(|rest| &rest[..name(rest)]).filter(|name| !name.is_empty()).collect()
}

/// Turns ARGs of the build that the final stage speaks of into those of both.
pub(super) fn keep_arguments(case: &Case<'_>, fates: &mut [Fate]) {
    let text = case.cx.file.text();
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for (index, instruction) in case.stage.instructions.iter().enumerate().rev() {
        let is_final = fates.get(index).is_none_or(|fate| *fate != Fate::Build);
        let defines = |word: &str| word.split('=').next().is_some_and(|name| wanted.contains(name));
        match (&instruction.keyword, &instruction.args) {
            (Keyword::Arg, Args::Words(words)) if !is_final && words.iter().any(|word| defines(&word.value)) => {
                fates[index] = Fate::Both;
                wanted.extend(variables(instruction.span.of(text)));
            }
            _ if is_final => wanted.extend(variables(instruction.span.of(text))),
            _ => {}
        }
    }
}
