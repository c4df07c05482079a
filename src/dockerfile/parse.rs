//! From text to [`Dockerfile`]: lines are gathered into items, and an instruction's lines into one statement.
//!
//! The rules are those of BuildKit's `frontend/dockerfile/parser` (read at dockerfile/1.26.0, `parser.go`);
//! where releases differ, the newest is followed. Reading goes on after every error: what BuildKit would
//! refuse becomes a [`Problem`]. Time and memory are linear in the text.

mod args;
mod directives;
mod flags;
mod heredocs;
mod json;
mod lines;
mod words;

use super::{Dockerfile, Instruction, Item, ItemKind, Logical, Problem};
use crate::text::{LineIndex, Newline, Span};
use directives::Directives;
use lines::{Line, Lines};

const BYTE_ORDER_MARK: char = '\u{feff}';

pub(super) fn parse(text: String) -> Dockerfile {
    let mut reader = Reader::new(&text);
    reader.read();
    let Reader { items, problems, escape, .. } = reader;
    Dockerfile { items, problems, escape, newline: Newline::of(&text), lines: LineIndex::new(&text), text }
}

/// What has been read so far.
struct Reader<'t> {
    lines: Lines<'t>,
    items: Vec<Item>,
    problems: Vec<Problem>,
    escape: char,
    /// The lines of one instruction, joined; kept for the memory it has.
    statement: Logical,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        let mut items = Vec::new();
        let mut start = 0;
        if text.starts_with(BYTE_ORDER_MARK) {
            start = BYTE_ORDER_MARK.len_utf8();
            items.push(Item { span: Span::new(0, start), kind: ItemKind::ByteOrderMark });
        }
        Self {
            lines: Lines::new(text, start),
            items,
            problems: Vec::new(),
            escape: '\\',
            statement: Logical::default(),
        }
    }

    fn read(&mut self) {
        let mut directives = Directives::default();
        let mut instructions = 0_usize;
        while let Some(line) = self.next_line() {
            let code = line.text.trim_start();
            if let Some(kind) = self.directive(&mut directives, line, code) {
                self.items.push(Item { span: line.span, kind });
            } else if code.is_empty() {
                self.blank(line);
            } else if code.starts_with('#') {
                self.items.push(Item { span: line.span, kind: ItemKind::Comment });
            } else {
                instructions += 1;
                let instruction = Box::new(self.instruction(line, code));
                self.items.push(Item { span: instruction.span, kind: ItemKind::Instruction(instruction) });
            }
        }
        if instructions == 0 {
            self.refuse(Span::at(self.lines.position()), "file with no instructions");
        }
    }

    /// The next physical line, with a complaint when it is longer than BuildKit's scanner takes.
    fn next_line(&mut self) -> Option<Line<'t>> {
        let line = self.lines.next()?;
        if line.is_too_long() {
            self.refuse(line.span, "line longer than 65535 bytes; split it with continuation lines");
        }
        Some(line)
    }

    fn directive(&mut self, directives: &mut Directives, line: Line<'_>, code: &str) -> Option<ItemKind> {
        let directive = directives.read(code)?;
        match directive.escape {
            Some(Ok(escape)) => self.escape = escape,
            Some(Err(message)) => self.refuse(line.span, message),
            None => {}
        }
        if directive.repeated {
            self.refuse(line.span, format!("only one `{}` parser directive can be used", directive.name));
        }
        Some(ItemKind::Directive { name: directive.name, value: directive.value })
    }

    /// Adds an empty line; neighbours share one item, so that a file of newlines stays small.
    fn blank(&mut self, line: Line<'_>) {
        match self.items.last_mut() {
            Some(Item { span, kind: ItemKind::Blank }) => span.end = line.span.end,
            _ => self.items.push(Item { span: line.span, kind: ItemKind::Blank }),
        }
    }

    /// Reads the instruction whose first line is `first`, through its last heredoc.
    fn instruction(&mut self, first: Line<'t>, code: &'t str) -> Instruction {
        let mut statement = std::mem::take(&mut self.statement);
        statement.clear();
        let (comments, mut last) = self.gather(&mut statement, first, code);
        let mut context = args::Context { escape: self.escape, problems: &mut self.problems };
        let mut instruction = context.instruction(&statement, first.span.start, 0);
        if let Some(carrier) = heredocs::carrier(&mut instruction)
            && statement.text().contains("<<")
        {
            last = self.heredocs(carrier, &statement).unwrap_or(last);
        }
        instruction.comments = comments;
        instruction.span = Span::new(first.span.start, last.span.end);
        instruction.set_lines(first.number, last.number);
        self.statement = statement;
        instruction
    }

    /// Joins the continuation lines into `statement`; gives the comment lines among them and the last line.
    fn gather(&mut self, statement: &mut Logical, first: Line<'t>, code: &'t str) -> (Vec<Span>, Line<'t>) {
        let mut comments = Vec::new();
        let mut last = first;
        let mut piece = code;
        loop {
            let continued = lines::without_continuation(piece, self.escape);
            statement.push(continued.unwrap_or(piece), last.offset_of(piece));
            if continued.is_none() {
                break;
            }
            let Some(next) = self.next_code_line(&mut comments, &mut last) else { break };
            piece = next;
        }
        (comments, last)
    }

    /// The next line of a continuation that is neither blank nor a comment; white space in front is kept.
    fn next_code_line(&mut self, comments: &mut Vec<Span>, last: &mut Line<'t>) -> Option<&'t str> {
        loop {
            let line = self.next_line()?;
            *last = line;
            let code = line.text.trim_start();
            if code.starts_with('#') {
                comments.push(line.code_span());
            } else if !code.is_empty() {
                return Some(line.text);
            }
        }
    }

    /// Reads the bodies of the heredocs that `statement` announces; gives the last line read.
    fn heredocs(&mut self, carrier: &mut Instruction, statement: &Logical) -> Option<Line<'t>> {
        let announced = match heredocs::announced(statement.text()) {
            Ok(announced) => announced,
            Err(why) => {
                self.refuse(carrier.code, format!("cannot read the heredoc's name: {why}"));
                return None;
            }
        };
        let mut last = None;
        for mut heredoc in announced {
            last = self.heredoc_body(&mut heredoc).or(last);
            if heredoc.terminator.is_empty() {
                let message = format!("unterminated heredoc; add a line `{}` after its body", heredoc.name);
                self.refuse(carrier.code, message);
            }
            carrier.heredocs.push(heredoc);
        }
        last
    }

    fn refuse(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem { span, message: message.into(), fatal: true });
    }
}

impl Instruction {
    /// Sets the lines of this instruction and of what it defers.
    fn set_lines(&mut self, first: usize, last: usize) {
        self.first_line = first;
        self.last_line = last;
        if let super::Args::Onbuild(inner) = &mut self.args {
            inner.set_lines(first, last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Args;
    use super::*;

    /// The problems of `text`: what each is about, its words, and whether it is fatal.
    fn problems(text: &str) -> Vec<(String, String, bool)> {
        let file = Dockerfile::parse(text);
        let quoted = |problem: &Problem| problem.span.of(text).to_owned();
        file.problems().iter().map(|found| (quoted(found), found.message.clone(), found.fatal)).collect()
    }

    #[test]
    fn problems_are_named_at_their_place() {
        let cases = [
            ("# nothing\n", "", "file with no instructions", true),
            ("# escape=x\nFROM a", "# escape=x\n", "invalid escape character `x`; use \\ or `", true),
            ("# syntax=a\n# SYNTAX=b\nFROM a", "# SYNTAX=b\n", "only one `syntax` parser directive can be used", true),
            ("ENV a", "ENV a", "ENV must have two arguments; write name=value", true),
            ("LABEL a=b \\\n  c", "c", "no `=` in `c`; write LABEL as name=value", true),
            (
                "CMD [\"a\", 1]",
                "1",
                "a JSON array of arguments may hold strings only; put quotes around this element",
                true,
            ),
            ("RUN cat <<E\nx\n", "RUN cat <<E", "unterminated heredoc; add a line `E` after its body", true),
            ("FORM a", "FORM a", "unknown instruction `FORM`", false),
        ];
        for (text, place, message, fatal) in cases {
            assert_eq!(problems(text), [(place.to_owned(), message.to_owned(), fatal)], "{text}");
        }
    }

    #[test]
    fn an_instruction_knows_where_its_parts_are() {
        let text = "  RUN --mount=type=cache,target='/x y' cat <<E \\\n # note\n\n  | sort  \nhello\nE\nCMD []\n";
        let file = Dockerfile::parse(text);
        let run = file.instructions().next().unwrap();
        assert_eq!(run.span.of(text), &text[..text.find("CMD").unwrap()]);
        assert_eq!((run.first_line, run.last_line), (1, 6));
        assert!(run.code.of(text).starts_with("RUN --mount") && run.code.of(text).ends_with("| sort"));
        assert_eq!(run.flags[0].span.of(text), "--mount=type=cache,target='/x y'");
        assert_eq!(run.flag("mount").unwrap().value.as_deref(), Some("type=cache,target=/x y"));
        assert_eq!(run.rest.text(), "cat <<E   | sort");
        assert_eq!(run.comments[0].of(text), " # note");
        assert_eq!(run.heredocs[0].body.of(text), "hello\n");
        assert_eq!(run.heredocs[0].terminator.of(text), "E");
    }

    #[test]
    fn an_empty_value_stands_behind_its_equals_sign() {
        let text = "ENV a=\\\n  b=c";
        let file = Dockerfile::parse(text);
        let Args::Pairs(pairs) = &file.instructions().next().unwrap().args else { panic!("ENV holds pairs") };
        assert_eq!(pairs[0].value.span, Span::at(text.find('\\').unwrap()));
        assert_eq!(pairs[1].key.span.of(text), "b");
    }
}
