//! Where a path leads that is written out at least at its beginning: `path.join(uploads, name)`, `` `logs/${day}.txt` ``.

use super::tokens::{Kind, Token};
use super::values::{self, Start, WrittenPath};

/// A path, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The path; only its directory when the rest is computed.
    pub path: WrittenPath,
    /// Whether the rest is computed: what is meant lies in `path`.
    pub partly: bool,
    /// The environment variable that replaces all of it.
    pub env: Option<String>,
}

/// Definitions lead to definitions; a chain longer than this is not followed.
const DEEPEST: usize = 4;
/// So many tokens of a definition are looked at.
const LONGEST: usize = 40;

/// Where `expression` leads. `definition` gives the index after `const name =` in `tokens`.
pub fn located<'t>(
    expression: &[Token<'t>],
    tokens: &[Token<'t>],
    definition: &dyn Fn(&str) -> Option<usize>,
) -> Option<Located> {
    Reader { tokens, definition }.read(expression, 0)
}

struct Reader<'r, 't> {
    tokens: &'r [Token<'t>],
    definition: &'r dyn Fn(&str) -> Option<usize>,
}

impl Reader<'_, '_> {
    fn read(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(path) = values::path(expression) {
            return Some(Located { path, partly: false, env: None });
        }
        self.with_default(expression, depth)
            .or_else(|| self.named(expression, depth))
            .or_else(|| self.joined(expression, depth))
            .or_else(|| self.template(expression, depth))
            .or_else(|| self.sum(expression, depth))
    }

    /// `process.env.DIR || 'data'`
    fn with_default(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        let (name, len) = values::dotted(expression);
        let variable = name.strip_prefix("process.env.")?;
        let operator = expression.get(len..len + 2)?;
        let is_or = |mark: char| operator.iter().all(|token| token.is(mark));
        if !is_or('|') && !is_or('?') {
            return None;
        }
        let default = self.read(&expression[len + 2..], depth + 1)?;
        Some(Located { env: Some(variable.to_owned()), ..default })
    }

    fn named(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        let [Token { kind: Kind::Word(name), .. }] = expression else { return None };
        let start = (self.definition)(name)?;
        self.read(defined(self.tokens, start), depth + 1)
    }

    /// `path.join(…)`, of which the first arguments are known.
    fn joined(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        let (name, open) = values::dotted(expression);
        let joins = matches!(name.rsplit('.').next(), Some("join" | "resolve" | "normalize"));
        if !joins || values::skip_brackets(expression, open) != expression.len() {
            return None;
        }
        let arguments = values::arguments(expression, open)?;
        let (first, rest) = arguments.split_first()?;
        let mut found = self.read(first, depth + 1)?;
        for part in rest {
            match part {
                _ if found.partly => {}
                [Token { kind: Kind::Text(text), .. }] => found.path.path = join(&found.path.path, text),
                _ => found.partly = true,
            }
        }
        Some(found)
    }

    /// `` `${dir}/name` ``, `` `logs/${name}` ``
    fn template(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        let Kind::Piece(head) = expression.first()?.kind else { return None };
        if !head.is_empty() {
            let (directory, _) = head.rsplit_once('/')?;
            return Some(in_workdir(if directory.is_empty() { "/" } else { directory }));
        }
        let is_piece = |token: &Token<'_>| matches!(token.kind, Kind::Piece(_));
        let end = 1 + expression[1..].iter().position(is_piece)?;
        let mut found = self.read(&expression[1..end], depth + 1)?;
        let Kind::Piece(tail) = expression[end].kind else { return None };
        if found.partly {
            return Some(found);
        }
        let tail = tail.strip_prefix('/')?;
        if end + 1 == expression.len() {
            found.path.path = join(&found.path.path, tail);
        } else {
            let directory = tail.rsplit_once('/').map_or("", |(directory, _)| directory);
            found.path.path = join(&found.path.path, directory);
            found.partly = true;
        }
        Some(found)
    }

    /// `'uploads/' + name`, `dir + '/' + name`
    fn sum(&self, expression: &[Token<'_>], depth: usize) -> Option<Located> {
        let plus = expression.iter().position(|token| token.is('+'))?;
        let (left, right) = (&expression[..plus], &expression[plus + 1..]);
        if let [Token { kind: Kind::Text(text), .. }] = left {
            let (directory, _) = text.rsplit_once('/')?;
            return Some(in_workdir(if directory.is_empty() { "/" } else { directory }));
        }
        let found = self.read(left, depth + 1)?;
        let Kind::Text(next) = right.first()?.kind else { return None };
        next.starts_with('/').then_some(Located { partly: true, ..found })
    }
}

fn in_workdir(directory: &str) -> Located {
    let path = WrittenPath { start: Start::Workdir, path: directory.to_owned() };
    Located { path, partly: true, env: None }
}

fn join(path: &str, more: &str) -> String {
    match (path, more) {
        ("", more) => more.trim_start_matches('/').to_owned(),
        (path, "") => path.to_owned(),
        (path, more) => format!("{}/{}", path.trim_end_matches('/'), more.trim_start_matches('/')),
    }
}

/// The expression that begins at `start`: names, calls and texts as long as an operator joins them.
fn defined<'s, 't>(tokens: &'s [Token<'t>], start: usize) -> &'s [Token<'t>] {
    let end = tokens.len().min(start + LONGEST);
    let mut at = start;
    while at < end {
        at = match tokens[at].kind {
            Kind::Word(_) => {
                let (_, len) = values::dotted(&tokens[at..end]);
                let after = at + len.max(1);
                if tokens.get(after).is_some_and(|token| token.is('(')) {
                    values::skip_brackets(tokens, after)
                } else {
                    after
                }
            }
            Kind::Text(_) => at + 1,
            // Where a template ends is not told by its tokens.
            Kind::Piece(_) => {
                let ends = |token: &Token<'_>| token.is(';');
                return &tokens[start..tokens[at..end].iter().position(ends).map_or(at, |len| at + len)];
            }
            _ => break,
        };
        let operator = |at: usize| tokens.get(at).is_some_and(|token| token.is('+'));
        let double = |mark| tokens.get(at..at + 2).is_some_and(|two| two.iter().all(|token| token.is(mark)));
        if operator(at) {
            at += 1;
        } else if double('|') || double('?') {
            at += 2;
        } else {
            break;
        }
    }
    &tokens[start..at.min(tokens.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::node::js::tokens::tokens;

    /// Where the argument of `f(…)` at the end of `text` leads.
    fn of(text: &str) -> Option<(String, bool)> {
        let tokens = tokens(text);
        let definition = |name: &str| {
            let at = tokens
                .windows(3)
                .position(|window| window[0].is_word("const") && window[1].is_word(name) && window[2].is('='))?;
            Some(at + 3)
        };
        let open = tokens.iter().rposition(|token| token.is_word("f"))? + 1;
        let arguments = values::arguments(&tokens, open)?;
        let found = located(arguments.first()?, &tokens, &definition)?;
        let start = match found.path.start {
            Start::Workdir => "",
            Start::OwnDirectory => "__dirname:",
            Start::Temporary => "tmp:",
            Start::Home => "home:",
        };
        Some((format!("{start}{}", found.path.path), found.partly))
    }

    #[test]
    fn paths_are_known_as_far_as_they_are_written() {
        let cases = [
            ("f('a.txt')", "a.txt", false),
            ("const dir = path.join(__dirname, 'up')\nf(path.join(dir, name))", "__dirname:up", true),
            ("const dir = './data'; f(`${dir}/${name}.json`)", "./data", true),
            ("const dir = 'data'; f(`${dir}/db.json`)", "data/db.json", false),
            ("f(`logs/${day}.txt`)", "logs", true),
            ("f('uploads/' + file.name)", "uploads", true),
            ("const dir = __dirname + '/up'\nf(dir + '/' + name)", "__dirname:up", true),
            ("const dir = process.env.DIR || './d'\nf(dir)", "./d", false),
            ("f(path.join(os.tmpdir(), name))", "tmp:", true),
            ("f(path.join(process.cwd(), 'x', name))", "x", true),
        ];
        for (text, path, partly) in cases {
            assert_eq!(of(text), Some((path.to_owned(), partly)), "{text}");
        }
        for text in ["f(name)", "f(config.dir)", "f(path.join(base, 'x'))", "const a = a; f(a)"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
