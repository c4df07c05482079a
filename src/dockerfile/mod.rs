//! The lossless reader: a Dockerfile as spans over its own text.
//!
//! Reading cannot fail. The spans of [`Dockerfile::items`] tile the text: each byte belongs to exactly one
//! item. What is not understood is kept verbatim and named in [`Dockerfile::problems`]. The reading agrees
//! with BuildKit's parser on keyword, flags, arguments, form, lines and heredocs.
//!
//! It may not: touch the disk, expand variables, or know what an instruction does.

pub mod dump;
pub mod expand;
pub mod image_ref;
mod logical;
mod parse;

use crate::text::{LineIndex, Newline, Span};
pub use logical::Logical;
use std::fmt;

/// A Dockerfile: its text, and what stands where in it.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    text: String,
    items: Vec<Item>,
    problems: Vec<Problem>,
    escape: char,
    newline: Newline,
    lines: LineIndex,
}

/// One piece of the tiling. Spans end after the line's newline, so the next item starts at a line start.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Whole lines: from the first byte of the first line through the newline of the last.
    pub span: Span,
    /// What stands there.
    pub kind: ItemKind,
}

impl Item {
    /// The instruction, when it is one.
    pub fn instruction(&self) -> Option<&Instruction> {
        match &self.kind {
            ItemKind::Instruction(instruction) => Some(instruction),
            _ => None,
        }
    }
}

/// What a run of whole lines is.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// U+FEFF at the start of the file (three bytes, no line of its own).
    ByteOrderMark,
    /// `# syntax=…`, `# escape=…`, `# check=…` while directives are still allowed.
    Directive {
        /// Lower-cased name.
        name: String,
        /// The value, trimmed.
        value: String,
    },
    /// A comment line between instructions.
    Comment,
    /// Empty or white-space lines between instructions; neighbours share one item.
    Blank,
    /// An instruction with all its continuation lines and heredoc bodies.
    Instruction(Box<Instruction>),
}

/// One instruction.
///
/// ```text
///   RUN --network=none cat <<EOF \␊   span: from the first byte of the line (indent included) …
///       | sort␊                       code: from `RUN` through `sort`
///   hello␊                            heredocs[0].body
///   EOF␊                              … through this newline
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Which instruction.
    pub keyword: Keyword,
    /// The keyword as written.
    pub keyword_span: Span,
    /// Whole lines, heredoc bodies included; the same as the item's span. Under ONBUILD: as `code`.
    pub span: Span,
    /// From the keyword through the last byte of the arguments: no indent, no trailing white space, no
    /// newline, no heredoc body.
    pub code: Span,
    /// First line, from 1.
    pub first_line: usize,
    /// Last line, from 1, heredoc bodies included.
    pub last_line: usize,
    /// Leading `--name[=value]` words.
    pub flags: Vec<Flag>,
    /// What follows keyword and flags, continuation lines joined, comment lines gone; what RUN hands to the
    /// shell (heredoc bodies apart).
    pub rest: Logical,
    /// `rest`, read by the rules of this keyword.
    pub args: Args,
    /// Heredocs in order of appearance (RUN, COPY and ADD only).
    pub heredocs: Vec<Heredoc>,
    /// Comment lines inside the continuation (whole lines without the newline).
    pub comments: Vec<Span>,
}

impl Instruction {
    /// Whether the arguments stand in JSON (exec) form.
    pub fn is_json(&self) -> bool {
        match &self.args {
            Args::Json(_) => true,
            Args::Healthcheck { command, .. } => matches!(command.as_deref(), Some(Args::Json(_))),
            _ => false,
        }
    }

    /// The flag called `name` (without `--`), if given.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// `--name` or `--name=value` before the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without the dashes, quotes removed.
    pub name: String,
    /// After `=`, quotes removed.
    pub value: Option<String>,
    /// The flag as written, dashes and quotes included.
    pub span: Span,
}

impl Flag {
    /// What `--mount=type=bind` takes from the build context: its source, the whole context when it names none.
    pub fn bind_source(&self) -> Option<&str> {
        let mount = self.value.as_deref().filter(|_| self.name == "mount")?;
        let option = |names: &[&str]| {
            let mut options = mount.split(',').filter_map(|option| option.split_once('='));
            options.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
        };
        let is_bind = option(&["type"]).is_none_or(|kind| kind == "bind") && option(&["from"]).is_none();
        is_bind.then(|| option(&["source", "src"]).unwrap_or("."))
    }
}

/// One argument: its value as BuildKit sees it, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// BuildKit's value: JSON strings decoded, other words as written (quotes kept).
    pub value: String,
    /// Where it stands, JSON quotes included.
    pub span: Span,
}

/// The arguments, by form.
#[derive(Clone, Debug, PartialEq)]
pub enum Args {
    /// A JSON array of strings: exec form, or the list form of COPY, ADD, VOLUME, SHELL.
    Json(Vec<Word>),
    /// One string (RUN, CMD, ENTRYPOINT, MAINTAINER, STOPSIGNAL …); read `Instruction::rest`.
    Text,
    /// White-space separated words (FROM, COPY, ADD, EXPOSE, VOLUME, ARG …).
    Words(Vec<Word>),
    /// Keys and values of ENV and LABEL.
    Pairs(Vec<Pair>),
    /// HEALTHCHECK: its type (`NONE`, `CMD`), and the command after it.
    Healthcheck {
        /// The type as written.
        kind: Word,
        /// `Json` or `Text`; for `Text` the command is `rest` after `kind`.
        command: Option<Box<Args>>,
    },
    /// ONBUILD: the instruction that it defers.
    Onbuild(Box<Instruction>),
}

/// `key=value`, or `key value` in the legacy form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key as written.
    pub key: Word,
    /// The value as written, quotes kept.
    pub value: Word,
    /// Whether it was written without `=` (one pair, the rest of the line is the value).
    pub legacy: bool,
}

/// `<<NAME` and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter, quotes removed.
    pub name: String,
    /// The file descriptor (0 when not written).
    pub fd: u32,
    /// Whether variables expand in the body (the name is not quoted).
    pub expand: bool,
    /// Whether leading tabs are stripped (`<<-`).
    pub chomp: bool,
    /// Body lines, newlines included, without the delimiter line.
    pub body: Span,
    /// The delimiter line without its newline; empty at the end of the file when it is missing.
    pub terminator: Span,
}

/// Something in the file that BuildKit would reject, or that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub span: Span,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// Whether BuildKit's *parser* refuses the file for it.
    pub fatal: bool,
}

macro_rules! keywords {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// The instruction's name.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Keyword {
            $(#[doc = $text] $variant,)*
            /// Any other word; kept as written, upper-cased.
            Unknown(String),
        }
        impl Keyword {
            /// Reads a keyword in any case. Case is Go's (`strings.ToLower`), where two letters outside ASCII
            /// also become `k` and `i`.
            pub fn new(word: &str) -> Self {
                let folded = (!word.is_ascii()).then(|| word.replace('\u{212a}', "K").replace('\u{130}', "I"));
                let word = folded.as_deref().unwrap_or(word);
                $(if word.eq_ignore_ascii_case($text) { return Self::$variant; })*
                Self::Unknown(word.to_uppercase())
            }
            /// The name in capitals.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Unknown(word) => word,
                }
            }
        }
    };
}

keywords! {
    Add "ADD", Arg "ARG", Cmd "CMD", Copy "COPY", Entrypoint "ENTRYPOINT", Env "ENV", Expose "EXPOSE",
    From "FROM", Healthcheck "HEALTHCHECK", Label "LABEL", Maintainer "MAINTAINER", Onbuild "ONBUILD",
    Run "RUN", Shell "SHELL", Stopsignal "STOPSIGNAL", User "USER", Volume "VOLUME", Workdir "WORKDIR",
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Dockerfile {
    /// Reads `text`. Never fails; see [`Dockerfile::problems`].
    pub fn parse(text: impl Into<String>) -> Self {
        parse::parse(text.into())
    }

    /// The text, byte for byte as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Everything in the file, in order; the spans tile the text.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The instructions in order.
    pub fn instructions(&self) -> impl DoubleEndedIterator<Item = &Instruction> {
        self.items.iter().filter_map(Item::instruction)
    }

    /// What BuildKit would reject, in order of appearance.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The continuation character: `\` or `` ` ``.
    pub fn escape(&self) -> char {
        self.escape
    }

    /// How inserted lines should end.
    pub fn newline(&self) -> Newline {
        self.newline
    }

    /// Line and column look-ups.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// The value of the parser directive `name` (lower case), if there is one.
    pub fn directive(&self, name: &str) -> Option<&str> {
        self.items.iter().find_map(|item| match &item.kind {
            ItemKind::Directive { name: found, value } if found == name => Some(value.as_str()),
            _ => None,
        })
    }
}
