//! Simple commands: assignments, words and redirects in order of writing.

use super::read::{Opaque, Reader};
use super::{Assignment, ShellWord, Simple, substitutions, words};
use shuck_ast as ast;

/// One piece of a simple command.
enum Piece<'t> {
    Assignment(&'t ast::Assignment),
    Word(&'t ast::Word),
    Operand(&'t ast::DeclOperand),
    Redirect(&'t ast::Redirect),
}

impl Piece<'_> {
    fn start(&self) -> usize {
        match self {
            Self::Assignment(assignment) => assignment.span.start.offset(),
            Self::Word(word) => word.span.start.offset(),
            Self::Operand(operand) => operand_span(operand).start.offset(),
            Self::Redirect(redirect) => super::redirect::start(redirect),
        }
    }
}

/// Reads the simple command of `statement`, from the cursor on.
pub(super) fn simple(reader: &mut Reader<'_>, statement: &ast::Stmt) -> Result<Simple, Opaque> {
    let start = reader.skip_blanks(reader.pos);
    let (mut pieces, mut name) = pieces(&statement.command);
    pieces.extend(statement.redirects.iter().map(Piece::Redirect));
    // Redirects come apart from the words they stand between.
    pieces.sort_by_key(Piece::start);

    let span = reader.file_span(start, start)?;
    let mut simple = Simple { span, assignments: vec![], words: vec![], redirects: vec![] };
    for piece in pieces {
        if reader.skip_blanks(reader.pos) < piece.start()
            && let Some(name) = name.take()
        {
            simple.words.push(reader.name(name)?);
        }
        match piece {
            Piece::Assignment(assignment) => simple.assignments.push(reader.assignment(assignment)?),
            Piece::Word(word) => simple.words.push(reader.argument(word)?),
            Piece::Operand(operand) => simple.words.push(reader.operand(operand)?),
            Piece::Redirect(redirect) => simple.redirects.extend(reader.redirect(redirect)?),
        }
    }
    if let Some(name) = name {
        simple.words.push(reader.name(name)?);
    }
    simple.span = reader.file_span(start, reader.pos)?;
    Ok(simple)
}

/// The pieces of a command without its redirects, and the name when the tree keeps none of its own word.
fn pieces(command: &ast::Command) -> (Vec<Piece<'_>>, Option<&str>) {
    match command {
        ast::Command::Simple(simple) => {
            // Assignments or redirects alone have an empty name that is written nowhere.
            let name = Some(&simple.name).filter(|name| name.span.start != name.span.end);
            let words = name.into_iter().chain(&simple.args).map(Piece::Word);
            (simple.assignments.iter().map(Piece::Assignment).chain(words).collect(), None)
        }
        ast::Command::Decl(clause) => {
            let operands = clause.operands.iter().map(Piece::Operand);
            let pieces = clause.assignments.iter().map(Piece::Assignment).chain(operands).collect();
            (pieces, Some(clause.variant.as_str()))
        }
        ast::Command::Builtin(builtin) => {
            let (name, assignments, first, more) = match builtin {
                ast::BuiltinCommand::Break(it) => ("break", &it.assignments, &it.depth, &it.extra_args),
                ast::BuiltinCommand::Continue(it) => ("continue", &it.assignments, &it.depth, &it.extra_args),
                ast::BuiltinCommand::Return(it) => ("return", &it.assignments, &it.code, &it.extra_args),
                ast::BuiltinCommand::Exit(it) => ("exit", &it.assignments, &it.code, &it.extra_args),
            };
            let words = first.iter().chain(more).map(Piece::Word);
            (assignments.iter().map(Piece::Assignment).chain(words).collect(), Some(name))
        }
        _ => (vec![], None),
    }
}

fn operand_span(operand: &ast::DeclOperand) -> ast::Span {
    match operand {
        ast::DeclOperand::Flag(word) | ast::DeclOperand::Dynamic(word) => word.span,
        ast::DeclOperand::Name(name) => name.span,
        ast::DeclOperand::Assignment(assignment) => assignment.span,
    }
}

impl Reader<'_> {
    /// A word of the tree as ours; the next token must be it.
    pub(super) fn word(&mut self, word: &ast::Word) -> Result<ShellWord, Opaque> {
        self.expect(word.span.start.offset())?;
        self.word_with(&word.span, &substitutions::of_word(word))
    }

    /// A word of a simple command. The tree takes `(…)` and `= (…)` for one, which no shell does.
    fn argument(&mut self, tree: &ast::Word) -> Result<ShellWord, Opaque> {
        let word = self.word(tree)?;
        if word.raw.split_once('(').is_some_and(|(before, _)| before.is_empty() || before == "= ") {
            return Err("holds a parenthesis or word where no shell takes one".into());
        }
        self.is_one(tree)?;
        Ok(word)
    }

    /// Checks that `word` ends where a shell ends it: the tree takes `{a && b` and `${ a`, whose braces are never
    /// closed, for one.
    fn is_one(&self, word: &ast::Word) -> Result<(), Opaque> {
        for part in &word.parts {
            let text = self.slice(part.span.start.offset(), part.span.end.offset())?;
            let broken = match part.kind {
                ast::WordPart::Literal(_) => words::ends_within(text),
                _ => text.starts_with("${") && !text.ends_with('}'),
            };
            if broken {
                return Err("holds a word whose brace is never closed".into());
            }
        }
        Ok(())
    }

    /// A word that stands somewhere after the cursor.
    pub(super) fn word_ahead(&mut self, word: &ast::Word) -> Result<ShellWord, Opaque> {
        self.jump(word.span.start.offset())?;
        self.word(word)
    }

    /// The word at `span`, whose substitutions are `inner`; the cursor stands behind it afterwards.
    pub(super) fn word_with(
        &mut self,
        span: &ast::Span,
        inner: &[substitutions::Inner<'_>],
    ) -> Result<ShellWord, Opaque> {
        let (start, end) = (span.start.offset(), span.end.offset());
        let mut word = self.plain(start, end)?;
        word.substitutions = self.substitutions(start, end, inner)?;
        self.jump(end)?;
        Ok(word)
    }

    /// The text from `start` to `end` as a word, without looking for substitutions.
    pub(super) fn plain(&self, start: usize, end: usize) -> Result<ShellWord, Opaque> {
        let text = self.slice(start, end)?;
        Ok(ShellWord {
            span: self.file_span(start, end)?,
            literal: words::literal(text),
            raw: words::without_breaks(text),
            substitutions: vec![],
        })
    }

    /// A name that the tree gives as text only.
    fn name(&mut self, name: &str) -> Result<ShellWord, Opaque> {
        let start = self.expect_token(name)?;
        self.plain(start, self.pos)
    }

    /// `name=value` before a command.
    fn assignment(&mut self, assignment: &ast::Assignment) -> Result<Assignment, Opaque> {
        let (start, end) = (assignment.span.start.offset(), assignment.span.end.offset());
        self.expect(start)?;
        let inner = substitutions::of_assignment(assignment);
        let whole = self.word_with(&assignment.span, &inner)?;
        let target = assignment.target.span.end.offset();
        let value = match &assignment.value {
            ast::AssignmentValue::Scalar(word) if word.span.start != word.span.end => word.span.start.offset(),
            ast::AssignmentValue::Scalar(_) => end,
            ast::AssignmentValue::Compound(_) => target + self.slice(target, end)?.find('(').unwrap_or(0),
        };
        let value = ShellWord { substitutions: whole.substitutions, ..self.plain(value, end)? };
        Ok(Assignment { name: assignment.target.name.to_string(), value, span: whole.span })
    }

    /// An operand of `export`, `declare` and the like, as the word it is.
    fn operand(&mut self, operand: &ast::DeclOperand) -> Result<ShellWord, Opaque> {
        self.expect(operand_span(operand).start.offset())?;
        let inner = match operand {
            ast::DeclOperand::Flag(word) | ast::DeclOperand::Dynamic(word) => substitutions::of_word(word),
            ast::DeclOperand::Name(name) => substitutions::of_reference(name),
            ast::DeclOperand::Assignment(assignment) => substitutions::of_assignment(assignment),
        };
        self.word_with(&operand_span(operand), &inner)
    }
}
