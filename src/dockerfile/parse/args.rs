//! One statement — an instruction's lines, joined — to keyword, flags and arguments.
//!
//! Which keyword takes which form is BuildKit's dispatch table (`init` in `parser.go`).

use super::super::{Args, Flag, Instruction, Keyword, Logical, Pair, Problem, Word};
use super::json::{self, Array};
use super::{flags, words};
use crate::text::Span;
use std::ops::Range;

/// How many ONBUILD may stand in a row and still be read. Builders refuse the second one already, so this
/// only bounds the recursion (also of drop and clone).
const DEEPEST_ONBUILD: usize = 8;

/// What reading a statement needs to know, and where its problems go.
pub(super) struct Context<'p> {
    pub(super) escape: char,
    pub(super) problems: &'p mut Vec<Problem>,
}

impl Context<'_> {
    /// Reads `statement`; `start` is where an empty one stands. Lines, whole span, comments and heredocs are
    /// the caller's.
    pub(super) fn instruction(&mut self, statement: &Logical, start: usize, depth: usize) -> Instruction {
        let line = trimmed(statement.text());
        let text = &statement.text()[line.clone()];
        let (keyword, after) = words::split_first(text).unwrap_or((text, text.len()));
        let after = line.start + after;
        let (flag_words, args) = flags::split(&statement.text()[after..line.end], self.escape);
        let rest = trimmed(&statement.text()[after + args..line.end]);
        let offset = after + args;

        let keyword_span = file_span(statement, line.start..line.start + keyword.len(), start);
        let code = file_span(statement, line, start);
        let rest = statement.slice(offset + rest.start..offset + rest.end);
        let keyword = Keyword::new(keyword);
        let args = self.args(&keyword, &rest, code, depth);
        Instruction {
            keyword,
            keyword_span,
            span: code,
            code,
            first_line: 0,
            last_line: 0,
            flags: flag_words
                .into_iter()
                .map(|word| flag(&word, file_span(statement, after + word.range.start..after + word.range.end, start)))
                .collect(),
            rest,
            args,
            heredocs: Vec::new(),
            comments: Vec::new(),
        }
    }

    fn args(&mut self, keyword: &Keyword, rest: &Logical, code: Span, depth: usize) -> Args {
        match keyword {
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell => {
                self.json(rest, 0).unwrap_or(Args::Text)
            }
            Keyword::Add | Keyword::Copy | Keyword::Volume => self.json(rest, 0).unwrap_or_else(|| plain_words(rest)),
            Keyword::From | Keyword::Expose => plain_words(rest),
            Keyword::Arg => Args::Words(
                words::quoted(rest.text(), self.escape)
                    .into_iter()
                    .map(|word| Word { span: span(rest, word.range), value: word.text })
                    .collect(),
            ),
            Keyword::Env | Keyword::Label => self.pairs(keyword, rest, code),
            Keyword::Healthcheck => self.healthcheck(rest),
            Keyword::Onbuild => self.onbuild(rest, code, depth),
            Keyword::Maintainer | Keyword::Stopsignal | Keyword::User | Keyword::Workdir => Args::Text,
            Keyword::Unknown(name) => {
                let message = format!("unknown instruction `{name}`");
                self.problems.push(Problem { span: code, message, fatal: false });
                Args::Text
            }
        }
    }

    /// The JSON form, if the text from `offset` to the end of `rest` is one array of strings.
    fn json(&mut self, rest: &Logical, offset: usize) -> Option<Args> {
        match json::read(&rest.text()[offset..]) {
            Array::NotJson => None,
            Array::NotStrings(range) => {
                let message = "a JSON array of arguments may hold strings only; put quotes around this element";
                self.refuse(span(rest, offset + range.start..offset + range.end), message);
                None
            }
            Array::Strings(strings) => Some(Args::Json(
                strings
                    .into_iter()
                    .map(|(value, range)| Word { value, span: span(rest, offset + range.start..offset + range.end) })
                    .collect(),
            )),
        }
    }

    /// ENV and LABEL (`parseNameVal` in `line_parsers.go`).
    fn pairs(&mut self, keyword: &Keyword, rest: &Logical, code: Span) -> Args {
        let words = words::quoted(rest.text(), self.escape);
        if words.first().is_some_and(|word| !word.text.contains('=')) {
            return Args::Pairs(self.legacy_pair(keyword, rest, code).into_iter().collect());
        }
        let mut pairs = Vec::new();
        for word in words {
            let Some((key, value)) = word.text.split_once('=') else {
                let message = format!("no `=` in `{}`; write {keyword} as name=value", word.text);
                self.refuse(span(rest, word.range), message);
                continue;
            };
            let split = word.range.start + key.len();
            pairs.push(Pair {
                key: Word { value: key.to_owned(), span: span(rest, word.range.start..split) },
                value: Word { value: value.to_owned(), span: span(rest, split + 1..word.range.end) },
                legacy: false,
            });
        }
        Args::Pairs(pairs)
    }

    /// `ENV name the rest`.
    fn legacy_pair(&mut self, keyword: &Keyword, rest: &Logical, code: Span) -> Option<Pair> {
        let Some((key, value)) = words::split_first(rest.text()) else {
            self.refuse(code, format!("{keyword} must have two arguments; write name=value"));
            return None;
        };
        Some(Pair { key: word(rest, 0..key.len()), value: word(rest, value..rest.text().len()), legacy: true })
    }

    /// A type, and after `CMD` a command that may be JSON (`parseHealthConfig` in `line_parsers.go`, which reads
    /// bytes as `extractBuilderFlags` does).
    fn healthcheck(&mut self, rest: &Logical) -> Args {
        let text = rest.text();
        if text.is_empty() {
            return Args::Text;
        }
        let end = flags::find_byte(text, 0, flags::is_space);
        let after = flags::find_byte(text, end, |byte| !flags::is_space(byte));
        let command = (after < text.len()).then(|| Box::new(self.json(rest, after).unwrap_or(Args::Text)));
        Args::Healthcheck { kind: word(rest, 0..end), command }
    }

    fn onbuild(&mut self, rest: &Logical, code: Span, depth: usize) -> Args {
        let Some(first) = rest.file_offset(0) else { return Args::Text };
        if depth >= DEEPEST_ONBUILD {
            let message = "ONBUILD within ONBUILD is not allowed; the inner ones were not read".to_owned();
            self.problems.push(Problem { span: code, message, fatal: false });
            return Args::Text;
        }
        Args::Onbuild(Box::new(self.instruction(rest, first, depth + 1)))
    }

    fn refuse(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem { span, message: message.into(), fatal: true });
    }
}

/// The range of `text` without white space at its ends.
fn trimmed(text: &str) -> Range<usize> {
    let end = text.trim_end().len();
    let start = end - text[..end].trim_start().len();
    start..end
}

fn flag(word: &flags::FlagWord, span: Span) -> Flag {
    let text = word.text.strip_prefix("--").unwrap_or(&word.text);
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (text, None),
    };
    Flag { name: name.to_owned(), value, span }
}

fn plain_words(rest: &Logical) -> Args {
    let mut words: Vec<_> = words::plain(rest.text()).map(|range| word(rest, range)).collect();
    words.shrink_to_fit(); // there are many short lists in a file, and they stay
    Args::Words(words)
}

fn word(rest: &Logical, range: Range<usize>) -> Word {
    Word { value: rest.text()[range.clone()].to_owned(), span: span(rest, range) }
}

fn span(rest: &Logical, range: Range<usize>) -> Span {
    file_span(rest, range, 0)
}

/// Where `range` stands in the file. An empty range stands right after the byte before it, not beyond the line
/// end that may follow; `start` is the place of an empty text.
fn file_span(text: &Logical, range: Range<usize>, start: usize) -> Span {
    if range.is_empty()
        && let Some(before) = range.start.checked_sub(1)
        && let Some(offset) = text.file_offset(before)
    {
        return Span::at(offset + 1);
    }
    text.file_span(range).unwrap_or(Span::at(start))
}
