//! From `shuck-parser`'s syntax tree to ours: lists, pipelines, and the check that nothing is skipped.
//!
//! The tree is walked in order of writing with a cursor. Between one token and the next only blanks, comments
//! and heredoc bodies may stand; anything else means that a span of the tree is not what it says, and the
//! text is [`Shell::Opaque`]. So a span that leaves this module lies where its token is written.

use super::{AndOr, Command, Dialect, Link, Pipeline, Script, Shell, Terminator, limits, simple, words};
use crate::dockerfile::Logical;
use crate::text::Span;
use shuck_ast as ast;
use shuck_parser::parser::{ParseResult, Parser, ShellDialect, ShellProfile};
use std::collections::HashMap;

/// Deeper nesting is not read: real bodies stay below ten, and the parser recurses on the native stack.
const MAX_DEPTH: usize = 32;

/// The reason why a text stays opaque.
pub(super) type Opaque = String;

/// Stack for the parser, which takes up to 1.5 MiB and then some before it gives up, more than a caller on a
/// thread of its own may have left.
const STACK: usize = 8 << 20;

/// See [`super::read`].
pub(super) fn read(logical: &Logical, dialect: Dialect) -> Shell {
    match limits::refusal(logical.text()).map_or_else(|| script(logical, dialect), Err) {
        Ok(script) => Shell::Parsed(script),
        Err(why) => Shell::Opaque(why),
    }
}

/// Reads on a stack that suffices: on the caller's what cannot nest deeply, on one of its own what may.
fn script(logical: &Logical, dialect: Dialect) -> Result<Script, Opaque> {
    if limits::is_shallow(logical.text()) {
        return Reader::new(logical, dialect).script();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let reader = thread.spawn_scoped(scope, || Reader::new(logical, dialect).script());
        reader.ok().and_then(|reader| reader.join().ok()).unwrap_or_else(|| Err("the parser could not run".into()))
    })
}

/// The walk: where it stands in the logical text, and the heredoc bodies it has to step over.
pub(super) struct Reader<'a> {
    logical: &'a Logical,
    pub(super) text: &'a str,
    pub(super) dialect: Dialect,
    /// End of the last token, as an offset of the logical text.
    pub(super) pos: usize,
    /// Where comments end at the latest: the closing backquote.
    pub(super) limit: usize,
    /// Where a heredoc body starts → the end of its delimiter line.
    heredocs: HashMap<usize, usize>,
}

impl<'a> Reader<'a> {
    fn new(logical: &'a Logical, dialect: Dialect) -> Self {
        Self { logical, text: logical.text(), dialect, pos: 0, limit: logical.text().len(), heredocs: HashMap::new() }
    }

    fn script(mut self) -> Result<Script, Opaque> {
        let parsed = parse(self.text)?;
        let script = self.lists(&parsed.file.body)?;
        if self.skip_blanks(self.pos) != self.text.len() {
            return Err(self.lost());
        }
        Ok(script)
    }

    /// The span in the file of a range of the logical text.
    pub(super) fn file_span(&self, start: usize, end: usize) -> Result<Span, Opaque> {
        let range = (start <= end && end <= self.text.len()).then_some(start..end);
        range.and_then(|range| self.logical.file_span(range)).ok_or_else(|| self.lost())
    }

    /// The logical text from `start` to `end`.
    pub(super) fn slice(&self, start: usize, end: usize) -> Result<&'a str, Opaque> {
        self.text.get(start..end).ok_or_else(|| self.lost())
    }

    /// The reason given when the tree and the text do not agree.
    pub(super) fn lost(&self) -> Opaque {
        let near: String = self.text.get(self.pos..).unwrap_or_default().chars().take(20).collect();
        format!("cannot tell what is written near `{}`", near.trim())
    }

    /// Checks that the next token starts at `start`, and stands there.
    pub(super) fn expect(&mut self, start: usize) -> Result<(), Opaque> {
        if self.skip_blanks(self.pos) != start {
            return Err(self.lost());
        }
        self.pos = start;
        Ok(())
    }

    /// Checks that the next token is `token`, and stands behind it. Gives its start.
    pub(super) fn expect_token(&mut self, token: &str) -> Result<usize, Opaque> {
        let start = self.skip_blanks(self.pos);
        if !self.text[start..].starts_with(token) {
            return Err(self.lost());
        }
        self.pos = start + token.len();
        Ok(start)
    }

    /// Moves forward to `start`, past words that are of no interest (`in`, `[[`'s operators).
    pub(super) fn jump(&mut self, start: usize) -> Result<(), Opaque> {
        if start < self.pos || !self.text.is_char_boundary(start) {
            return Err(self.lost());
        }
        self.pos = start;
        Ok(())
    }

    /// Remembers a heredoc body, so that the walk steps over it and its delimiter line.
    pub(super) fn remember_heredoc(&mut self, body: &ast::Span) {
        let end = body.end.offset();
        let rest = self.text.get(end..).unwrap_or_default();
        let line = rest.find('\n').unwrap_or(rest.len());
        self.heredocs.insert(body.start.offset(), end + line);
    }

    /// From `at` over blanks, line ends, comments and heredoc bodies to the next token.
    pub(super) fn skip_blanks(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' => at += 1,
                b'\n' => {
                    at += 1;
                    at = self.heredocs.get(&at).copied().unwrap_or(at);
                }
                b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
                b'#' => at = self.text[at..].find('\n').map_or(bytes.len(), |line| at + line).min(self.limit),
                _ => break,
            }
        }
        at
    }

    /// The lists of one sequence, from the cursor on.
    pub(super) fn lists(&mut self, sequence: &ast::StmtSeq) -> Result<Script, Opaque> {
        let lists = sequence.stmts.iter().map(|statement| self.list(statement));
        let lists: Vec<_> = lists.collect::<Result<_, _>>()?;
        // The tree takes `a (b)` for two commands; shells do not.
        match lists.split_last() {
            Some((_, before)) if before.iter().any(|list| list.end == Terminator::None) => {
                Err("holds a parenthesis or word where no shell takes one".into())
            }
            _ => Ok(Script { lists }),
        }
    }

    /// The lists of a sequence that stands somewhere after the cursor.
    pub(super) fn lists_ahead(&mut self, sequence: &ast::StmtSeq) -> Result<Script, Opaque> {
        self.jump(sequence.span.start.offset())?;
        self.lists(sequence)
    }

    /// `first && second || third` and what ends it. The tree leans left; long chains must not recurse.
    fn list(&mut self, statement: &ast::Stmt) -> Result<AndOr, Opaque> {
        let (first, rest) = unchain(statement, |op| matches!(op, ast::BinaryOp::And | ast::BinaryOp::Or));
        let start = self.skip_blanks(self.pos);
        let mut parts = vec![(Link::First, self.pipeline(first)?)];
        for (binary, right) in rest {
            let operator = self.operator(&binary.op_span)?;
            let link = if binary.op == ast::BinaryOp::And { Link::And(operator) } else { Link::Or(operator) };
            parts.push((link, self.pipeline(right)?));
        }
        let span = self.file_span(start, self.pos)?;
        let end = self.terminator(statement)?;
        Ok(AndOr { span, parts, end })
    }

    fn terminator(&mut self, statement: &ast::Stmt) -> Result<Terminator, Opaque> {
        if let (Some(kind), Some(span)) = (statement.terminator, statement.terminator_span) {
            let span = self.operator(&span)?;
            return Ok(match kind {
                ast::StmtTerminator::Semicolon => Terminator::Semicolon(span),
                ast::StmtTerminator::Background(_) => Terminator::Background(span),
            });
        }
        // Inside compounds the tree keeps no separators.
        let rest = self.text[self.pos..].trim_start_matches([' ', '\t']);
        if rest.starts_with(';') && !rest.starts_with(";;") && !rest.starts_with(";&") {
            let start = self.expect_token(";")?;
            return Ok(Terminator::Semicolon(self.file_span(start, self.pos)?));
        }
        Ok(if rest.starts_with(['\n', '#']) && rest.contains('\n') { Terminator::Newline } else { Terminator::None })
    }

    /// An operator at its span; the cursor stands behind it afterwards.
    fn operator(&mut self, span: &ast::Span) -> Result<Span, Opaque> {
        self.expect(span.start.offset())?;
        self.jump(span.end.offset())?;
        self.file_span(span.start.offset(), span.end.offset())
    }

    pub(super) fn pipeline(&mut self, statement: &ast::Stmt) -> Result<Pipeline, Opaque> {
        let start = self.skip_blanks(self.pos);
        if statement.negated {
            self.expect_token("!")?;
        }
        let (first, rest) = unchain(statement, |op| matches!(op, ast::BinaryOp::Pipe | ast::BinaryOp::PipeAll));
        let mut commands = vec![self.command(first)?];
        for (binary, right) in rest {
            self.operator(&binary.op_span)?;
            commands.push(self.command(right)?);
        }
        Ok(Pipeline { span: self.file_span(start, self.pos)?, negated: statement.negated, commands })
    }

    /// One command with its redirects.
    pub(super) fn command(&mut self, statement: &ast::Stmt) -> Result<Command, Opaque> {
        match &statement.command {
            ast::Command::Simple(_) | ast::Command::Builtin(_) | ast::Command::Decl(_) => {
                simple::simple(self, statement).map(Command::Simple)
            }
            ast::Command::Compound(compound) => self.compound(compound, &statement.redirects),
            ast::Command::Function(function) => self.function(function),
            ast::Command::Binary(_) | ast::Command::AnonymousFunction(_) => Err(self.lost()),
        }
    }
}

/// The leftmost statement of a left-leaning chain, and the operators and right sides in order of writing.
fn unchain(
    statement: &ast::Stmt,
    belongs: impl Fn(ast::BinaryOp) -> bool,
) -> (&ast::Stmt, Vec<(&ast::BinaryCommand, &ast::Stmt)>) {
    let (mut first, mut rest) = (statement, Vec::new());
    while let ast::Command::Binary(binary) = &first.command
        && belongs(binary.op)
    {
        rest.push((binary, &*binary.right));
        first = &binary.left;
        if first.negated {
            break;
        }
    }
    rest.reverse();
    (first, rest)
}

/// What `shuck-parser` makes of `text`, if it accepts it without a complaint.
///
/// Its Bash grammar serves `sh` too, because `/bin/sh` is Bash or a shell with Bash's extensions on many base
/// images; what means something else in dash is refused where it is met.
fn parse(text: &str) -> Result<ParseResult, Opaque> {
    if text.contains("expand_aliases") {
        return Err("expands aliases".into());
    }
    let fuel = 100_000 + 4 * text.len();
    let profile = ShellProfile::native(ShellDialect::Bash);
    let result = Parser::with_limits_and_profile(text, MAX_DEPTH, fuel, profile).parse();
    if result.is_ok() {
        return Ok(result);
    }
    let complaint = result.diagnostics.first().map(|diagnostic| diagnostic.message.clone());
    let error = result.terminal_error.as_ref().map(ToString::to_string);
    Err(complaint.or(error).map_or_else(|| "not a shell text".into(), |why| words::message(&why)))
}
