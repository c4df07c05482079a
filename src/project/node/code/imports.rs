//! What a file loads: `require`, `import`, `export … from`, `import()`, workers and forks, where the name is literal.

use crate::project::node::js::tokens::Token;
use crate::project::node::js::values;

/// Something that a file loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Load<'t> {
    /// The name as written; `None` when it is computed.
    pub(super) name: Option<&'t str>,
    /// Offset of the statement.
    pub(super) at: usize,
    /// Whether the name is a path from the file even without `./` (`new Worker('x.js')`).
    pub(super) path: bool,
}

/// All loads of a file, in order.
pub(super) fn loads<'t>(tokens: &[Token<'t>]) -> Vec<Load<'t>> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let after_dot = at > 0 && tokens[at - 1].is('.');
        let next = tokens.get(at + 1);
        let load = match token.word() {
            Some("require") if !after_dot => {
                let open = if next.is_some_and(|next| next.is('.')) { at + 3 } else { at + 1 };
                let is_resolve = open == at + 1 || tokens.get(at + 2).is_some_and(|word| word.is_word("resolve"));
                if is_resolve { called(tokens, at, open) } else { None }
            }
            Some("import") if !after_dot => import(tokens, at),
            Some("export") if next.is_some_and(|next| next.is('*') || next.is('{')) => from(tokens, at),
            Some("Worker") if at > 0 && tokens[at - 1].is_word("new") => {
                called(tokens, at, at + 1).map(|load| Load { path: true, ..load })
            }
            _ => None,
        };
        found.extend(load);
    }
    found
}

/// The first argument of a call whose `(` is at `open`.
fn called<'t>(tokens: &[Token<'t>], at: usize, open: usize) -> Option<Load<'t>> {
    if !tokens.get(open)?.is('(') {
        return None;
    }
    let arguments = values::arguments(tokens, open)?;
    let first = arguments.first()?;
    let name = if let [only] = first { only.text() } else { None };
    Some(Load { name, at: tokens[at].at, path: false })
}

/// `import 'x'`, `import a, {b} from 'x'`, `import('x')`; not `import type` nor `import.meta`.
fn import<'t>(tokens: &[Token<'t>], at: usize) -> Option<Load<'t>> {
    let next = tokens.get(at + 1)?;
    if next.is('(') {
        return called(tokens, at, at + 1);
    }
    if let Some(name) = next.text() {
        return Some(Load { name: Some(name), at: tokens[at].at, path: false });
    }
    let is_type = next.is_word("type") && !tokens.get(at + 2)?.is_word("from") && !tokens.get(at + 2)?.is(',');
    if next.is('.') || is_type {
        return None;
    }
    from(tokens, at)
}

/// The string after the next `from`; the names between are no more than a statement's.
fn from<'t>(tokens: &[Token<'t>], at: usize) -> Option<Load<'t>> {
    const LONGEST: usize = 600;
    for index in at + 1..(at + LONGEST).min(tokens.len()) {
        let token = &tokens[index];
        if token.is_word("from")
            && let Some(name) = tokens.get(index + 1).and_then(Token::text)
        {
            return Some(Load { name: Some(name), at: tokens[at].at, path: false });
        }
        if token.is(';') || token.is('=') || token.is('(') || token.is_word("import") {
            return None;
        }
    }
    None
}
