//! Reads the page of a pass as test cases; the format is in CONTRIBUTING.md.

use clap::ValueEnum;
use dfslim::engine::{Ceiling, Policy};
use dfslim::passes::{BaseStyle, Builder, CacheStyle, Pass, Wishes};
use dfslim::project::{Context, Project};
use std::ops::Range;
use std::path::PathBuf;

/// A page, cut into examples.
pub(crate) struct Page {
    pub(crate) pass: &'static Pass,
    pub(crate) examples: Vec<Example>,
}

/// Where an example stands, and so what is expected of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Prose,
    Rewrites,
    LeftAlone,
}

impl Section {
    fn titled(title: &str) -> Self {
        match title {
            "Rewrites" => Self::Rewrites,
            "Left alone" => Self::LeftAlone,
            _ => Self::Prose,
        }
    }
}

/// One input, and what must become of it.
pub(crate) struct Example {
    pub(crate) section: Section,
    /// Line of the input block, from 1.
    pub(crate) line: usize,
    pub(crate) options: Options,
    pub(crate) traps: Vec<u16>,
    /// Files of the build context: path, text.
    pub(crate) context: Vec<(String, String)>,
    pub(crate) input: String,
    /// The lines inside the diff block, by index; none under *Left alone*.
    pub(crate) diff: Option<Range<usize>>,
    /// Parts of reasons that must be reported; `Some(empty)` when nothing may be.
    pub(crate) reasons: Option<Vec<String>>,
}

/// The flags of one example.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    pub(crate) ceiling: Ceiling,
    pub(crate) wishes: Wishes,
}

impl Page {
    pub(crate) fn of(pass: &'static Pass) -> Self {
        let mut reader = Reader { pass, lines: pass.page.lines().collect(), at: 0 };
        Self { pass, examples: reader.examples() }
    }

    /// Where the page stands on disk.
    pub(crate) fn path(&self) -> PathBuf {
        crate::support::root().join(format!("src/passes/{}.md", self.pass.id))
    }
}

impl Example {
    /// What stands around the input.
    pub(crate) fn project(&self) -> Project {
        let files = self.context.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        Project::new(Context::from_memory(files.chain([("Dockerfile", self.input.as_str())])))
    }

    pub(crate) fn policy(&self, pass: &'static Pass) -> Policy {
        Policy { passes: vec![pass], ceiling: self.options.ceiling }
    }
}

struct Reader {
    pass: &'static Pass,
    lines: Vec<&'static str>,
    at: usize,
}

/// A fenced block: its info string, and its lines by index.
struct Block {
    info: &'static str,
    body: Range<usize>,
}

/// What was said ahead of the next input.
#[derive(Default)]
struct Next {
    options: Options,
    traps: Vec<u16>,
    context: Vec<(String, String)>,
}

impl Reader {
    fn examples(&mut self) -> Vec<Example> {
        let mut examples: Vec<Example> = Vec::new();
        let mut section = Section::Prose;
        let mut next = Next::default();
        while self.at < self.lines.len() {
            let line = self.lines[self.at];
            if let Some(block) = self.block() {
                if section != Section::Prose {
                    self.take(section, &block, &mut next, &mut examples);
                }
                continue;
            }
            self.at += 1;
            if let Some(title) = line.strip_prefix("## ") {
                section = Section::titled(title.trim());
            } else if section != Section::Prose {
                self.remark(line, &mut next, examples.last_mut());
            }
        }
        for example in &examples {
            self.check(example);
        }
        examples
    }

    /// The block that starts at this line, if one does; leaves the reader after it.
    fn block(&mut self) -> Option<Block> {
        let line = self.lines[self.at];
        let fence = &line[..line.len() - line.trim_start_matches('`').len()];
        if fence.len() < 3 {
            return None;
        }
        let start = self.at + 1;
        let Some(len) = self.lines[start..].iter().position(|line| line.trim_end() == fence) else {
            self.fail(start, "this block is never closed")
        };
        self.at = start + len + 1;
        Some(Block { info: line[fence.len()..].trim(), body: start..start + len })
    }

    fn take(&self, section: Section, block: &Block, next: &mut Next, examples: &mut Vec<Example>) {
        let line = block.body.start;
        let text = || self.lines[block.body.clone()].iter().flat_map(|line| [line, "\n"]).collect::<String>();
        match (block.info.split_once(' '), block.info) {
            (Some((_, path)), _) => next.context.push((path.trim().to_owned(), text())),
            (None, "dockerfile") => {
                let Next { options, traps, context } = std::mem::take(next);
                let input = text();
                examples.push(Example { section, line, options, traps, context, input, diff: None, reasons: None });
            }
            (None, "diff") => match examples.last_mut() {
                Some(example) if example.diff.is_none() => example.diff = Some(block.body.clone()),
                _ => self.fail(line, "a diff block without an input before it"),
            },
            _ => self.fail(line, "neither an input, nor a diff, nor a named file (```lang path)"),
        }
    }

    fn remark(&self, line: &str, next: &mut Next, last: Option<&mut Example>) {
        if let Some(quote) = line.strip_prefix('>') {
            self.reason(quote.trim(), last);
        } else if let Some(comment) = line.strip_prefix("<!--").and_then(|rest| rest.trim_end().strip_suffix("-->")) {
            self.comment(comment.trim(), next);
        }
    }

    fn reason(&self, text: &str, example: Option<&mut Example>) {
        let Some(example) = example else { self.fail(self.at, "a reason without an input before it") };
        let reasons = example.reasons.get_or_insert_default();
        if text != "nothing" {
            reasons.push(text.to_owned());
        }
    }

    fn comment(&self, text: &str, next: &mut Next) {
        if let Some(traps) = text.strip_prefix("trap ") {
            let number = |trap: &str| -> u16 {
                trap.trim().parse().unwrap_or_else(|_| self.fail(self.at, "not a trap's number"))
            };
            next.traps.extend(traps.split(',').map(number));
        } else if let Some(flags) = text.strip_prefix("options:") {
            next.options = self.options(flags);
        }
    }

    fn options(&self, flags: &str) -> Options {
        let mut options = Options::default();
        let mut words = flags.split_whitespace();
        while let Some(flag) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| self.fail(self.at, "a flag without its value"));
            match flag {
                "--risky" => options.ceiling = Ceiling::Risky,
                "--safe-only" => options.ceiling = Ceiling::Safe,
                "--cache" => options.wishes.cache = self.value::<CacheStyle>(value()),
                "--builder" => options.wishes.builder = Some(self.value::<Builder>(value())),
                "--base" => options.wishes.base = Some(self.value::<BaseStyle>(value())),
                _ => self.fail(self.at, "examples take --risky, --safe-only, --cache, --builder and --base"),
            }
        }
        options
    }

    fn value<T: ValueEnum>(&self, word: &str) -> T {
        T::from_str(word, false).unwrap_or_else(|problem| self.fail(self.at, &problem))
    }

    fn check(&self, example: &Example) {
        match example.section {
            Section::Rewrites if example.diff.is_none() => self.fail(example.line, "no diff block follows"),
            Section::LeftAlone if example.diff.is_some() => {
                self.fail(example.line, "left alone, and yet a diff follows")
            }
            Section::LeftAlone if example.reasons.is_none() => {
                self.fail(example.line, "no reason follows (`> part of it`, or `> nothing`)")
            }
            _ => {}
        }
    }

    fn fail(&self, line: usize, problem: &str) -> ! {
        panic!("src/passes/{}.md:{line}: {problem}", self.pass.id)
    }
}
