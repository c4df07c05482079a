//! Values that are plainly written: strings, numbers, paths joined from literals, an environment variable with its
//! default.

use super::tokens::{Kind, Token};
use crate::project::paths;

/// What a relative path starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The working directory of the process.
    Workdir,
    /// The directory of the file that names it (`__dirname`).
    OwnDirectory,
    /// The system's temporary directory.
    Temporary,
    /// The user's home.
    Home,
}

/// A path as far as it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPath {
    /// What it starts from; without meaning for an absolute path.
    pub start: Start,
    /// The path.
    pub path: String,
}

/// Brackets that close further away are as good as open: nested calls may not cost the square of their length.
const FARTHEST: usize = 1000;

/// The index after the bracket that closes the one at `open`.
pub fn skip_brackets(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(open).take(FARTHEST) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The first arguments of the call whose `(` is at `open`, each as its tokens; `None` when no `(` is there. An
/// argument that is longer than any plain value (a callback) is cut: what it is does not matter then.
pub fn arguments<'s, 't>(tokens: &'s [Token<'t>], open: usize) -> Option<Vec<&'s [Token<'t>]>> {
    const LONGEST: usize = 300;
    if !tokens.get(open)?.is('(') {
        return None;
    }
    let end = tokens.len().min(open + 1 + LONGEST);
    let (mut all, mut start, mut depth) = (Vec::new(), open + 1, 0usize);
    let mut close = end;
    for (at, token) in tokens.iter().enumerate().take(end).skip(open + 1) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => depth += 1,
            Kind::Mark(')' | ']' | '}') if depth == 0 => {
                close = at;
                break;
            }
            Kind::Mark(')' | ']' | '}') => depth -= 1,
            Kind::Mark(',') if depth == 0 => {
                all.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < close {
        all.push(&tokens[start..close]);
    }
    Some(all)
}

/// The words and dots at the start of `tokens`, as one name: `path.join`; and how many tokens it takes.
pub fn dotted(tokens: &[Token<'_>]) -> (String, usize) {
    let (mut name, mut at) = (String::new(), 0);
    while let Some(word) = tokens.get(at).and_then(Token::word) {
        name.push_str(word);
        at += 1;
        if !tokens.get(at).is_some_and(|token| token.is('.')) {
            break;
        }
        name.push('.');
        at += 1;
    }
    (name, at)
}

/// The path that an expression plainly is: `'x'`, `path.join(__dirname, 'x')`, `__dirname + '/x'`,
/// `` `${__dirname}/x` ``.
pub fn path(expression: &[Token<'_>]) -> Option<WrittenPath> {
    let in_workdir = |path: &str| WrittenPath { start: Start::Workdir, path: path.to_owned() };
    match expression {
        [Token { kind: Kind::Text(text), .. }] => return Some(in_workdir(text)),
        [Token { kind: Kind::Piece(""), .. }, middle @ .., Token { kind: Kind::Piece(end), .. }] => {
            return under(start_of(middle)?, end);
        }
        [begin @ .., Token { kind: Kind::Mark('+'), .. }, Token { kind: Kind::Text(end), .. }] => {
            return under(start_of(begin)?, end);
        }
        _ => {}
    }
    if let Some(start) = start_of(expression) {
        return Some(WrittenPath { start, path: String::new() });
    }
    let (name, open) = dotted(expression);
    let function = name.rsplit('.').next().unwrap_or_default();
    if !matches!(function, "join" | "resolve") || skip_brackets(expression, open) != expression.len() {
        return None;
    }
    let arguments = arguments(expression, open)?;
    let (first, rest) = arguments.split_first()?;
    let (start, mut joined) = match start_of(first) {
        Some(start) => (start, String::new()),
        None => (Start::Workdir, first_text(first)?.to_owned()),
    };
    for part in rest {
        joined = format!("{joined}/{}", first_text(part)?);
    }
    let joined = if start == Start::Workdir { joined } else { joined.trim_start_matches('/').to_owned() };
    Some(WrittenPath { start, path: joined })
}

fn under(start: Start, rest: &str) -> Option<WrittenPath> {
    let path = rest.strip_prefix('/')?.to_owned();
    Some(WrittenPath { start, path })
}

fn first_text<'t>(expression: &[Token<'t>]) -> Option<&'t str> {
    if let [one] = expression { one.text() } else { None }
}

/// A well-known directory: `__dirname`, `process.cwd()`, `os.tmpdir()`.
fn start_of(expression: &[Token<'_>]) -> Option<Start> {
    let (name, len) = dotted(expression);
    let call = expression.len() == len + 2 && expression.get(len)?.is('(');
    match (name.as_str(), call) {
        ("__dirname" | "import.meta.dirname", false) if expression.len() == len => Some(Start::OwnDirectory),
        ("process.cwd", true) => Some(Start::Workdir),
        ("os.tmpdir" | "tmpdir", true) => Some(Start::Temporary),
        ("os.homedir" | "homedir", true) => Some(Start::Home),
        _ => None,
    }
}

impl WrittenPath {
    /// The path in the context, for a file in `dir` of a process that starts in `workdir` (both in the context);
    /// `None` for one outside.
    pub fn in_context(&self, dir: &str, workdir: &str) -> Option<String> {
        match self.start {
            _ if self.path.starts_with('/') => None,
            Start::Workdir => paths::join(workdir, &self.path),
            Start::OwnDirectory => paths::join(dir, &self.path),
            Start::Temporary | Start::Home => None,
        }
    }
}

/// A number, and the environment variable that may replace it: `process.env.PORT || 3000`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberOrEnv {
    /// The variable.
    pub env: Option<String>,
    /// The number written.
    pub number: Option<u32>,
}

/// The number and the variable that an expression names; both empty when it names neither.
pub fn number_or_env(expression: &[Token<'_>]) -> NumberOrEnv {
    let mut found = NumberOrEnv::default();
    for (at, token) in expression.iter().enumerate() {
        let (name, _) = dotted(&expression[at..]);
        if let Some(variable) = name.strip_prefix("process.env.").or_else(|| name.strip_prefix("Bun.env.")) {
            found.env.get_or_insert_with(|| variable.to_owned());
        }
        // The base of `parseInt(x, 10)` is no port.
        let after_comma = at > 0 && expression[at - 1].is(',');
        if let Kind::Number(text) | Kind::Text(text) = token.kind
            && let (Ok(number), false) = (text.replace('_', "").parse(), after_comma)
        {
            found.number.get_or_insert(number);
        }
    }
    found
}
