//! Which tokens an expression of a file takes.

use super::calls::LONGEST_CALL;
use super::places::Constants;
use crate::project::python::lex::{Kind, Token};
use crate::project::source::Source;

/// A file that is looked through.
#[derive(Clone, Copy)]
pub(super) struct File<'f> {
    pub(super) source: &'f Source,
    pub(super) tokens: &'f [Token<'f>],
    pub(super) constants: &'f Constants,
}

/// Whether the file looks at what is there before it makes a directory, or takes it when that fails.
pub(super) fn takes_what_is_there(source: &Source) -> bool {
    ["exists(", "isdir(", "is_dir(", "FileExistsError", "except OSError"].iter().any(|word| source.text.contains(word))
}

/// The expression from `start` to the end of its statement, argument or member.
pub(super) fn statement<'t>(tokens: &'t [Token<'t>], start: usize) -> &'t [Token<'t>] {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start).take(LONGEST_CALL) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}' | ',') | Kind::Newline if depth == 0 => return &tokens[start..index],
            Kind::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    tokens.get(start..tokens.len().min(start + LONGEST_CALL)).unwrap_or_default()
}

/// The value of `"NAME": …` or `NAME=…` not far behind `index`.
pub(super) fn member<'t>(tokens: &'t [Token<'t>], index: usize, name: &str) -> Option<&'t [Token<'t>]> {
    const FARTHEST: usize = 40;
    let is = |token: &Token<'_>| match &token.kind {
        Kind::Text(Some(text)) => text == name,
        Kind::Name(found) => *found == name,
        _ => false,
    };
    let rest = tokens.get(index..tokens.len().min(index + FARTHEST))?;
    let at = rest.windows(2).position(|two| is(&two[0]) && matches!(two[1].kind, Kind::Mark(':' | '=')))?;
    Some(statement(tokens, index + at + 2))
}

/// What stands before `.method(` at `index`: `(BASE / "x")`, `Path("x")`, `path`.
pub(super) fn expression_before<'t>(tokens: &'t [Token<'t>], index: usize) -> &'t [Token<'t>] {
    let Some(dot) = index.checked_sub(1) else { return &[] };
    let (mut start, mut depth) = (dot, 0_usize);
    while start > 0 && dot - start < LONGEST_CALL {
        match tokens[start - 1].kind {
            Kind::Mark(')' | ']') => depth += 1,
            Kind::Mark('(' | '[') if depth == 0 => break,
            Kind::Mark('(' | '[') => depth -= 1,
            Kind::Name("if" | "in" | "not" | "and" | "or" | "return" | "await" | "with" | "else") if depth == 0 => {
                break;
            }
            Kind::Name(_) | Kind::Mark('.') => {}
            _ if depth > 0 => {}
            _ => break,
        }
        start -= 1;
    }
    &tokens[start..dot]
}
