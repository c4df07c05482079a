//! The scripts inside words: `$( … )`, backquotes, `<( … )`.

use super::Script;
use super::read::{Opaque, Reader};
use super::words;
use shuck_ast as ast;

/// The scripts of one word, in order of writing.
type Found<'t> = Vec<Inner<'t>>;

/// A script inside a word.
#[derive(Clone, Copy)]
pub(super) struct Inner<'t> {
    body: &'t ast::StmtSeq,
    backquoted: bool,
}

impl<'t> Inner<'t> {
    fn new(body: &'t ast::StmtSeq, syntax: ast::CommandSubstitutionSyntax) -> Self {
        Self { body, backquoted: syntax == ast::CommandSubstitutionSyntax::Backtick }
    }
}

/// The scripts in a word.
pub(super) fn of_word(word: &ast::Word) -> Found<'_> {
    let mut found = vec![];
    parts(&word.parts, &mut found);
    found
}

/// The scripts in `name[subscript]=value` and `name=(values)`.
pub(super) fn of_assignment(assignment: &ast::Assignment) -> Found<'_> {
    let mut found = of_reference(&assignment.target);
    match &assignment.value {
        ast::AssignmentValue::Scalar(word) => parts(&word.parts, &mut found),
        ast::AssignmentValue::Compound(array) => {
            for element in &array.elements {
                if let ast::ArrayElem::Keyed { key, .. } | ast::ArrayElem::KeyedAppend { key, .. } = element {
                    subscript(key, &mut found);
                }
                parts(&element.value().parts, &mut found);
            }
        }
    }
    found
}

/// The scripts in the subscript of a variable.
pub(super) fn of_reference(name: &ast::VarRef) -> Found<'_> {
    let mut found = vec![];
    reference(name, &mut found);
    found
}

/// The scripts in a heredoc body.
pub(super) fn of_heredoc(body: &ast::HeredocBody) -> Found<'_> {
    let mut found = vec![];
    for part in &body.parts {
        match &part.kind {
            ast::HeredocBodyPart::CommandSubstitution { body, syntax } => found.push(Inner::new(body, *syntax)),
            ast::HeredocBodyPart::ArithmeticExpansion { expression_word_ast: word, .. } => {
                parts(&word.parts, &mut found);
            }
            ast::HeredocBodyPart::Parameter(expansion) => parameter(expansion, &mut found),
            ast::HeredocBodyPart::Literal(_) | ast::HeredocBodyPart::Variable(_) => {}
        }
    }
    found
}

/// The scripts in a pattern of `case` or `[[ … ]]`.
pub(super) fn of_pattern(pattern: &ast::Pattern) -> Found<'_> {
    let mut found = vec![];
    pattern_parts(pattern, &mut found);
    found
}

fn parts<'t>(nodes: &'t [ast::WordPartNode], found: &mut Found<'t>) {
    use ast::WordPart as Part;
    for node in nodes {
        match &node.kind {
            Part::CommandSubstitution { body, syntax } => found.push(Inner::new(body, *syntax)),
            Part::ProcessSubstitution { body, .. } => found.push(Inner { body, backquoted: false }),
            Part::DoubleQuoted { parts: inner, .. } => parts(inner, found),
            Part::ArithmeticExpansion { expression_word_ast: word, .. } => parts(&word.parts, found),
            Part::Parameter(expansion) => parameter(expansion, found),
            Part::ParameterExpansion { reference: name, operator, operand_word_ast, .. } => {
                reference(name, found);
                operation(Some(operator), operand_word_ast.as_deref(), found);
            }
            Part::IndirectExpansion { reference: name, operator, operand_word_ast, .. } => {
                reference(name, found);
                operation(operator.as_deref(), operand_word_ast.as_deref(), found);
            }
            Part::Substring { reference: name, offset_word_ast, length_word_ast, .. }
            | Part::ArraySlice { reference: name, offset_word_ast, length_word_ast, .. } => {
                reference(name, found);
                parts(&offset_word_ast.parts, found);
                optional(length_word_ast.as_deref(), found);
            }
            Part::Length(name)
            | Part::ArrayAccess(name)
            | Part::ArrayLength(name)
            | Part::ArrayIndices(name)
            | Part::Transformation { reference: name, .. } => reference(name, found),
            Part::Literal(_)
            | Part::SingleQuoted { .. }
            | Part::Variable(_)
            | Part::PrefixMatch { .. }
            | Part::ZshQualifiedGlob(_) => {}
        }
    }
}

fn parameter<'t>(expansion: &'t ast::ParameterExpansion, found: &mut Found<'t>) {
    use ast::BourneParameterExpansion as Form;
    match expansion.bourne() {
        Some(
            Form::Access { reference: name }
            | Form::Length { reference: name }
            | Form::Indices { reference: name }
            | Form::Transformation { reference: name, .. },
        ) => reference(name, found),
        Some(Form::Operation { reference: name, operator, operand_word_ast, .. }) => {
            reference(name, found);
            operation(Some(operator), operand_word_ast.as_deref(), found);
        }
        Some(Form::Indirect { reference: name, operator, operand_word_ast, .. }) => {
            reference(name, found);
            operation(operator.as_deref(), operand_word_ast.as_deref(), found);
        }
        Some(Form::Slice { reference: name, offset_word_ast, length_word_ast, .. }) => {
            reference(name, found);
            parts(&offset_word_ast.parts, found);
            optional(length_word_ast.as_deref(), found);
        }
        Some(Form::PrefixMatch { .. }) | None => {}
    }
}

fn operation<'t>(operator: Option<&'t ast::ParameterOp>, operand: Option<&'t ast::Word>, found: &mut Found<'t>) {
    use ast::ParameterOp as Op;
    match operator {
        Some(
            Op::RemovePrefixShort { pattern }
            | Op::RemovePrefixLong { pattern }
            | Op::RemoveSuffixShort { pattern }
            | Op::RemoveSuffixLong { pattern },
        ) => return pattern_parts(pattern, found),
        Some(
            Op::ReplaceFirst { pattern, replacement_word_ast, .. }
            | Op::ReplaceAll { pattern, replacement_word_ast, .. },
        ) => {
            pattern_parts(pattern, found);
            return parts(&replacement_word_ast.parts, found);
        }
        _ => {}
    }
    optional(operand, found);
}

fn optional<'t>(word: Option<&'t ast::Word>, found: &mut Found<'t>) {
    if let Some(word) = word {
        parts(&word.parts, found);
    }
}

fn reference<'t>(name: &'t ast::VarRef, found: &mut Found<'t>) {
    if let Some(inner) = &name.subscript {
        subscript(inner, found);
    }
}

fn subscript<'t>(inner: &'t ast::Subscript, found: &mut Found<'t>) {
    optional(inner.word_ast(), found);
}

fn pattern_parts<'t>(pattern: &'t ast::Pattern, found: &mut Found<'t>) {
    for part in &pattern.parts {
        match &part.kind {
            ast::PatternPart::Word(word) => parts(&word.parts, found),
            ast::PatternPart::Group { patterns, .. } => patterns.iter().for_each(|inner| pattern_parts(inner, found)),
            _ => {}
        }
    }
}

impl Reader<'_> {
    /// Reads the scripts `inner` of the text from `start` to `end`, and leaves the cursor where it was.
    pub(super) fn substitutions(
        &mut self,
        start: usize,
        end: usize,
        inner: &[Inner<'_>],
    ) -> Result<Vec<Script>, Opaque> {
        let text = self.slice(start, end)?;
        if inner.is_empty() && !words::may_substitute(text) {
            return Ok(vec![]);
        }
        if inner.is_empty() {
            return Err("holds a substitution that cannot be read".into());
        }
        let outside = (self.pos, self.limit);
        self.pos = start;
        let scripts = inner.iter().map(|inner| self.substitution(end, *inner)).collect();
        (self.pos, self.limit) = outside;
        scripts
    }

    fn substitution(&mut self, end: usize, inner: Inner<'_>) -> Result<Script, Opaque> {
        let start = inner.body.span.start.offset();
        if inner.backquoted {
            // A comment ends at the closing backquote. A backslash before these is taken away before the text is
            // read, which moves every span; without one there is no backquote inside.
            let open = self.slice(self.pos, end)?.find('`').map(|at| self.pos + at + 1);
            let open = open.filter(|&open| open <= start).ok_or_else(|| self.lost())?;
            let text = self.slice(open, end)?.split('`').next().unwrap_or_default();
            let quoted = self.slice(self.pos, open)?.contains('"');
            if text.contains(r"\\") || text.contains(r"\$") || text.ends_with('\\') || (quoted && text.contains("\\\""))
            {
                return Err("holds a backslash inside backquotes".into());
            }
            self.limit = open + text.len();
        }
        let script = self.lists_ahead(inner.body)?;
        let close = self.skip_blanks(self.pos).min(end);
        self.pos = close;
        self.limit = self.text.len();
        self.expect_token(if inner.backquoted { "`" } else { ")" })?;
        Ok(script)
    }
}
