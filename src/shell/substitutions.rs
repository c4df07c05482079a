//! The scripts inside words: `$( … )`, backquotes, `<( … )`.

use super::Script;
use super::read::{Opaque, Reader};
use super::words;
use shuck_ast as ast;

/// The scripts of one word, in order of writing.
type Found<'t> = Vec<&'t ast::StmtSeq>;

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
            ast::HeredocBodyPart::CommandSubstitution { body, .. } => found.push(body),
            ast::HeredocBodyPart::ArithmeticExpansion { expression_word_ast: word, .. } => parts(&word.parts, &mut found),
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
            Part::CommandSubstitution { body, .. } | Part::ProcessSubstitution { body, .. } => found.push(body),
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
                length_word_ast.iter().for_each(|word| parts(&word.parts, found));
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
            length_word_ast.iter().for_each(|word| parts(&word.parts, found));
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
            Op::ReplaceFirst { pattern, replacement_word_ast, .. } | Op::ReplaceAll { pattern, replacement_word_ast, .. },
        ) => {
            pattern_parts(pattern, found);
            return parts(&replacement_word_ast.parts, found);
        }
        _ => {}
    }
    operand.iter().for_each(|word| parts(&word.parts, found));
}

fn reference<'t>(name: &'t ast::VarRef, found: &mut Found<'t>) {
    name.subscript.iter().for_each(|inner| subscript(inner, found));
}

fn subscript<'t>(inner: &'t ast::Subscript, found: &mut Found<'t>) {
    inner.word_ast().into_iter().for_each(|word| parts(&word.parts, found));
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
        inner: &[&ast::StmtSeq],
    ) -> Result<Vec<Script>, Opaque> {
        let text = self.slice(start, end)?;
        if inner.is_empty() && !words::may_substitute(text) {
            return Ok(vec![]);
        }
        if inner.is_empty() {
            return Err("holds a substitution that cannot be read".into());
        }
        let outside = std::mem::replace(&mut self.pos, start);
        let scripts = inner.iter().map(|sequence| self.substitution(end, sequence)).collect();
        self.pos = outside;
        scripts
    }

    fn substitution(&mut self, end: usize, sequence: &ast::StmtSeq) -> Result<Script, Opaque> {
        let script = self.lists_ahead(sequence)?;
        let close = self.skip_blanks(self.pos);
        match self.slice(close.min(end), end)?.as_bytes().first() {
            Some(b')') => {}
            // Inside backquotes a backslash is taken away before the text is read, which moves every span.
            Some(b'`') if self.slice(sequence.span.start.offset(), close)?.contains('\\') => {
                return Err("holds a backslash inside backquotes".into());
            }
            Some(b'`') => {}
            _ => return Err(self.lost()),
        }
        self.pos = close + 1;
        Ok(script)
    }
}
