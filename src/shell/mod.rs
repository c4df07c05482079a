//! The shell text of a RUN as commands and words, each with its byte span in the Dockerfile.
//!
//! The grammar is `shuck-parser`'s; this module is the only one that knows it. What it rejects, and what a
//! rewriter cannot reason about, is [`Shell::Opaque`] with the reason. It may not expand variables, run
//! anything, or know what a command does.

mod body;
mod chain;
mod compound;
mod effects;
mod limits;
mod read;
mod redirect;
mod rough;
mod scripts;
mod shift;
mod simple;
mod substitutions;
mod walk;
mod words;

use crate::dockerfile::Logical;
use crate::text::Span;
pub use body::{Body, body, heredoc_script};
pub use effects::Effects;
pub use rough::rough_words;
pub use scripts::Scripts;

/// Which shell reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `/bin/sh`, which may be dash, `BusyBox` or Bash: what they read differently is opaque.
    Sh,
    /// `bash`.
    Bash,
}

/// Reads a RUN's text; every span is one of the file that `text` leads back to.
pub fn read(text: &Logical, dialect: Dialect) -> Shell {
    read::read(text, dialect)
}

/// What is known of a RUN's body.
#[derive(Clone, Debug, PartialEq)]
pub enum Shell {
    /// Understood in full.
    Parsed(Script),
    /// Not understood, or not a POSIX-like shell; passes leave it alone.
    Opaque(String),
}

/// A list of and-or lists: `a && b; c &`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// In order of writing.
    pub lists: Vec<AndOr>,
}

/// `first && second || third`, up to `;`, `&` or a newline.
#[derive(Clone, Debug, PartialEq)]
pub struct AndOr {
    /// From the first byte of the first command to the last of the last; no terminator.
    pub span: Span,
    /// The commands, each with what stands before it.
    pub parts: Vec<(Link, Pipeline)>,
    /// What ends the list.
    pub end: Terminator,
}

/// What joins a pipeline to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Nothing: it is the first.
    First,
    /// `&&`, at this span.
    And(Span),
    /// `||`, at this span.
    Or(Span),
}

/// What ends an and-or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminator {
    /// The end of the text or of the surrounding compound.
    None,
    /// `;`, at this span.
    Semicolon(Span),
    /// A newline (heredoc scripts).
    Newline,
    /// `&`, at this span: runs in the background.
    Background(Span),
}

/// `a | b`, perhaps negated.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Including `!`.
    pub span: Span,
    /// Whether `!` stands before it.
    pub negated: bool,
    /// At least one.
    pub commands: Vec<Command>,
}

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Words, assignments and redirects.
    Simple(Simple),
    /// `( … )`: state does not leak out.
    Subshell(Compound),
    /// `{ …; }`: state leaks.
    Group(Compound),
    /// `if`, `for`, `while`, `until`, `case`, `[[ … ]]`, `(( … ))`: its inner scripts in order of writing.
    Control(Compound),
    /// `name() …` defines a function.
    Function(Compound),
}

/// A command made of other commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Compound {
    /// From the first byte of its opening word to its last redirect.
    pub span: Span,
    /// The reserved word or bracket that opens it: `(`, `{`, `if`, `for`, `[[` …; a function's name.
    pub keyword: String,
    /// Words of its own: the name and list of `for`, the subject and patterns of `case`, the operands of `[[`.
    pub words: Vec<ShellWord>,
    /// Inner scripts: condition and branches, body, case arms.
    pub bodies: Vec<Script>,
    /// Redirects of the whole.
    pub redirects: Vec<Redirect>,
}

/// `A=1 B=2 command word word >file`.
#[derive(Clone, Debug, PartialEq)]
pub struct Simple {
    /// From its first to its last byte, redirects included.
    pub span: Span,
    /// Assignments before the command, or alone.
    pub assignments: Vec<Assignment>,
    /// The command's name and arguments; empty when there are only assignments or redirects.
    pub words: Vec<ShellWord>,
    /// In order of writing.
    pub redirects: Vec<Redirect>,
}

impl Simple {
    /// The command's name, when it is literal: `apt-get`, `/usr/bin/apt-get`.
    pub fn name(&self) -> Option<&str> {
        self.words.first()?.literal.as_deref()
    }

    /// The literal values of the words after the name; `None` for a word that is not literal.
    pub fn args(&self) -> impl Iterator<Item = Option<&str>> {
        self.words.iter().skip(1).map(|word| word.literal.as_deref())
    }
}

/// `name=value`
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// The value's word; its span is empty for `name=`.
    pub value: ShellWord,
    /// The whole.
    pub span: Span,
}

/// One word as written, and its value when no expansion changes it.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellWord {
    /// Quotes included.
    pub span: Span,
    /// The value after quote removal; `None` when it holds a parameter, command or arithmetic expansion, a
    /// brace or tilde expansion, or an unquoted glob character.
    pub literal: Option<String>,
    /// As written, continuation breaks removed.
    pub raw: String,
    /// Scripts inside `$( … )`, backquotes and `<( … )`, in order (nothing when there are none).
    pub substitutions: Vec<Script>,
}

/// `>file`, `2>&1`, `<<EOF` …
#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    /// The operator with its descriptor and target; a heredoc's body not included.
    pub span: Span,
    /// `>`, `>>`, `<`, `<<`, `<<-`, `<<<`, `>&`, `&>` …
    pub operator: String,
    /// The target; for a heredoc, its delimiter.
    pub target: ShellWord,
    /// The body of a heredoc: its value when nothing in it expands (`<<-` tabs gone), and the scripts in it.
    pub heredoc: Option<ShellWord>,
}

/// A simple command and where in the script it stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The command.
    pub simple: &'a Simple,
    /// Whether it is a direct part of the RUN's own and-or lists: not inside a compound, a substitution or a
    /// pipeline of several commands, and not negated.
    pub top: bool,
    /// Index of the top-level and-or list it belongs to.
    pub list: usize,
    /// Index of the part of that list it belongs to.
    pub part: usize,
}

impl Shell {
    /// The script, when the text was understood.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Self::Parsed(script) => Some(script),
            Self::Opaque(_) => None,
        }
    }
}

impl Script {
    /// Every simple command in order of writing, also those in compounds and substitutions.
    pub fn commands(&self) -> Vec<Place<'_>> {
        walk::commands(self)
    }

    /// From the first to the last command; `None` when there is none.
    pub fn span(&self) -> Option<Span> {
        Some(self.lists.first()?.span.cover(self.lists.last()?.span))
    }
}

impl Command {
    /// Where it stands, redirects included.
    pub fn span(&self) -> Span {
        match self {
            Self::Simple(simple) => simple.span,
            Self::Subshell(compound) | Self::Group(compound) | Self::Control(compound) | Self::Function(compound) => {
                compound.span
            }
        }
    }
}
