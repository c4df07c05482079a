//! Where a path leads that Python code puts together from literals, its own place and constants:
//! `os.path.join(BASE_DIR, "db.sqlite3")`, `Path(__file__).parent / "uploads" / name`.

use super::calls::arguments;
use crate::project::paths;
use crate::project::python::lex::{Kind, Token};
use std::collections::{BTreeMap, BTreeSet};

/// A path, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The path: in the context when `from_file`, else absolute or seen from the working directory.
    pub path: String,
    /// Whether it starts from the place of the file that names it (`__file__`).
    pub from_file: bool,
    /// Whether the rest is computed: what is meant lies in `path`.
    pub partly: bool,
    /// The environment variable that replaces all of it.
    pub env: Option<String>,
}

impl Place {
    fn literal(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    fn parent(self) -> Option<Self> {
        if self.partly || self.path.is_empty() || self.path == "/" {
            return None;
        }
        let up = paths::parent(&self.path).to_owned();
        let path = if up.is_empty() && self.path.starts_with('/') { "/".to_owned() } else { up };
        Some(Self { path, ..self })
    }

    fn join(self, more: Option<Self>) -> Option<Self> {
        match more {
            _ if self.partly => Some(self),
            Some(more) if more.path.starts_with('/') || more.from_file => Some(more),
            Some(more) if self.from_file => {
                let path = paths::join(&self.path, &more.path)?;
                Some(Self { path, partly: more.partly, ..self })
            }
            Some(more) => {
                let path = match self.path.trim_end_matches('/') {
                    "" if self.path.is_empty() => more.path,
                    own => format!("{own}/{}", more.path),
                };
                Some(Self { path, partly: more.partly, ..self })
            }
            None => Some(Self { partly: true, ..self }),
        }
    }
}

/// Expressions inside expressions; deeper ones are not followed.
const DEEPEST: usize = 12;

/// The constants of the files of an application, by name.
#[derive(Debug, Default)]
pub(super) struct Constants {
    /// By file. `None`: it has several values, or one that is computed.
    own: BTreeMap<String, BTreeMap<String, Option<Place>>>,
    /// By name alone, where no two files differ.
    all: BTreeMap<String, Option<Place>>,
    /// Directories with an `__init__.py`.
    packages: BTreeSet<String>,
}

impl Constants {
    /// Takes in what `tokens`, those of `file`, assign to names.
    pub(super) fn learn(&mut self, file: &str, tokens: &[Token<'_>]) {
        if paths::name(file) == "__init__.py" {
            self.packages.insert(paths::parent(file).to_owned());
        }
        let mut own: BTreeMap<String, Option<Place>> = BTreeMap::new();
        for index in 0..tokens.len() {
            let Kind::Name(name) = tokens[index].kind else { continue };
            let begins = index == 0 || matches!(tokens[index - 1].kind, Kind::Newline | Kind::Mark(':' | ';'));
            let rebinds = index > 0 && matches!(tokens[index - 1].kind, Kind::Name("for" | "as"));
            let assigned = mark(tokens, index + 1) == Some('=') && mark(tokens, index + 2) != Some('=');
            if rebinds {
                own.insert(name.to_owned(), None);
            }
            if !begins || !assigned {
                continue;
            }
            let rest = &tokens[index + 2..];
            let end = rest.iter().position(|token| token.kind == Kind::Newline).unwrap_or(rest.len());
            let value = self.with(&own, file, &rest[..end]);
            let known = own.entry(name.to_owned()).or_insert_with(|| value.clone());
            if *known != value {
                *known = None;
            }
        }
        for (name, value) in &own {
            let known = self.all.entry(name.clone()).or_insert_with(|| value.clone());
            if *known != *value {
                *known = None;
            }
        }
        self.own.insert(file.to_owned(), own);
    }

    /// Where `expression`, of `file`, leads.
    pub(super) fn place(&self, file: &str, expression: &[Token<'_>]) -> Option<Place> {
        let none = BTreeMap::new();
        self.with(self.own.get(file).unwrap_or(&none), file, expression)
    }

    /// Where what is called `name` in `file` leads.
    pub(super) fn named(&self, file: &str, name: &str) -> Option<Place> {
        match self.own.get(file).and_then(|own| own.get(name)) {
            Some(own) => own.clone(),
            None => self.all.get(name).cloned().flatten(),
        }
    }

    /// Forgets what names alone mean, so that a second reading of all files starts afresh.
    pub(super) fn again(&mut self) {
        self.all.clear();
        for own in self.own.values() {
            for (name, value) in own {
                let known = self.all.entry(name.clone()).or_insert_with(|| value.clone());
                if *known != *value {
                    *known = None;
                }
            }
        }
    }

    fn with(&self, own: &BTreeMap<String, Option<Place>>, file: &str, expression: &[Token<'_>]) -> Option<Place> {
        Reader { constants: self, own, file }.whole(expression, 0)
    }
}

struct Reader<'r> {
    constants: &'r Constants,
    own: &'r BTreeMap<String, Option<Place>>,
    file: &'r str,
}

/// A part of an expression, and where it ends.
type Part = (Option<Place>, usize);

impl Reader<'_> {
    fn whole(&self, tokens: &[Token<'_>], depth: usize) -> Option<Place> {
        if depth > DEEPEST || tokens.is_empty() {
            return None;
        }
        let (mut found, mut at) = self.part(tokens, 0, depth);
        while let Some(token) = tokens.get(at) {
            match token.kind {
                Kind::Mark('/') => {
                    let (right, end) = self.part(tokens, at + 1, depth);
                    found = found?.join(right);
                    at = end;
                }
                Kind::Mark('+') => {
                    let (right, end) = self.part(tokens, at + 1, depth);
                    found = Self::sum(found?, right);
                    at = end;
                }
                // `os.environ.get("DIR") or "data"`
                Kind::Name("or") => {
                    let env = found.filter(|found| found.env.is_some() && found.path.is_empty())?.env;
                    return Some(Place { env, ..self.whole(&tokens[at + 1..], depth + 1)? });
                }
                _ => return None,
            }
        }
        // A variable without a default is no path.
        found.filter(|found| !(found.env.is_some() && found.path.is_empty()))
    }

    /// `dir + "/name"`
    fn sum(left: Place, right: Option<Place>) -> Option<Place> {
        match right {
            _ if left.partly => Some(left),
            Some(right) if right.path.starts_with('/') && !right.from_file => {
                left.join(Some(Place { path: right.path.trim_start_matches('/').to_owned(), ..right }))
            }
            // `"uploads/" + name`
            _ if left.path.ends_with('/') => Some(Place { partly: true, ..left }),
            _ => None,
        }
    }

    /// One name, call or literal with what hangs on it. What is not known is passed over as far as it goes.
    fn part(&self, tokens: &[Token<'_>], start: usize, depth: usize) -> Part {
        let (mut found, mut at) = match tokens.get(start).map(|token| &token.kind) {
            Some(Kind::Text(text)) => (text.as_deref().map(Place::literal), start + 1),
            Some(Kind::Mark('(')) => {
                let end = close(tokens, start);
                let inside = tokens.get(start + 1..end.saturating_sub(1)).unwrap_or_default();
                (self.whole(inside, depth + 1), end)
            }
            Some(Kind::Name(_)) => self.name(tokens, start, depth),
            _ => (None, tokens.len()),
        };
        while mark(tokens, at) == Some('.') {
            let Some(Kind::Name(member)) = tokens.get(at + 1).map(|token| &token.kind) else { break };
            let calls = mark(tokens, at + 2) == Some('(');
            let subscript = mark(tokens, at + 2) == Some('[');
            found = match *member {
                "parent" => found.and_then(Place::parent),
                "resolve" | "absolute" | "expanduser" | "as_posix" if calls => found,
                "joinpath" if calls => self.join_all(found, tokens, at + 2, depth),
                "parents" if subscript => match tokens.get(at + 3).map(|token| &token.kind) {
                    Some(Kind::Number(levels)) => {
                        let levels: usize = levels.parse().unwrap_or(usize::MAX - 1);
                        (0..=levels.min(DEEPEST)).fold(found, |found, _| found.and_then(Place::parent))
                    }
                    _ => None,
                },
                _ => None,
            };
            at = if calls || subscript { close(tokens, at + 2) } else { at + 2 };
        }
        if mark(tokens, at) == Some('[') {
            return (None, close(tokens, at));
        }
        (found, at)
    }

    /// `a.b.c`, `a.b.c(…)`; what a path itself can do (`.parent`) is left for later.
    fn name(&self, tokens: &[Token<'_>], start: usize, depth: usize) -> Part {
        const OF_PATHS: &[&str] = &["parent", "parents", "resolve", "absolute", "expanduser", "joinpath", "as_posix"];
        let (mut owner, mut last, mut at) = ("", "", start);
        while let Some(Kind::Name(name)) = tokens.get(at).map(|token| &token.kind) {
            (owner, last) = (last, *name);
            let next = match tokens.get(at + 2).map(|token| &token.kind) {
                Some(Kind::Name(next)) if mark(tokens, at + 1) == Some('.') => *next,
                _ => "",
            };
            if next.is_empty() || OF_PATHS.contains(&next) {
                at += 1;
                break;
            }
            at += 2;
        }
        if mark(tokens, at) == Some('(') {
            return (self.call(owner, last, tokens, at, depth), close(tokens, at));
        }
        let package = || {
            let mut dir = paths::parent(self.file);
            while self.constants.packages.contains(dir) && !dir.is_empty() {
                dir = paths::parent(dir);
            }
            dir
        };
        let here = |path: &str| Some(Place { path: path.to_owned(), from_file: true, ..Place::default() });
        let found = match last {
            "__file__" => here(self.file),
            "instance_path" => here(&paths::join(package(), "instance").unwrap_or_default()),
            "root_path" => here(paths::parent(self.file)),
            _ if owner.is_empty() && self.own.contains_key(last) => self.own.get(last).cloned().flatten(),
            _ => self.constants.named(self.file, last),
        };
        (found, at)
    }

    fn call(&self, owner: &str, name: &str, tokens: &[Token<'_>], open: usize, depth: usize) -> Option<Place> {
        let all = arguments(tokens, open);
        let first = || self.whole(all.first()?.tokens, depth + 1);
        match name {
            "dirname" => first()?.parent(),
            "abspath" | "realpath" | "normpath" | "expanduser" | "str" | "fspath" => first(),
            "join" | "Path" | "PurePath" | "PosixPath" if name != "join" || owner == "path" => {
                if all.is_empty() {
                    return Some(Place::default());
                }
                self.join_all(None, tokens, open, depth)
            }
            "getcwd" | "cwd" => Some(Place::default()),
            "gettempdir" | "mkdtemp" => Some(Place::literal("/tmp")),
            "get" | "getenv" if matches!(owner, "environ" | "os" | "env" | "") => {
                let variable = all.first()?.text()?.to_owned();
                let default = all.get(1).and_then(|default| self.whole(default.tokens, depth + 1));
                match (default, all.len()) {
                    (Some(default), _) => Some(Place { env: Some(variable), ..default }),
                    (None, 1) => Some(Place { env: Some(variable), ..Place::default() }),
                    (None, _) => None,
                }
            }
            _ => None,
        }
    }

    fn join_all(&self, start: Option<Place>, tokens: &[Token<'_>], open: usize, depth: usize) -> Option<Place> {
        let mut found = start;
        for argument in arguments(tokens, open) {
            let part = self.whole(argument.tokens, depth + 1);
            found = match found {
                None => Some(part?),
                Some(found) => found.join(part),
            };
        }
        found
    }
}

fn mark(tokens: &[Token<'_>], index: usize) -> Option<char> {
    match tokens.get(index)?.kind {
        Kind::Mark(mark) => Some(mark),
        _ => None,
    }
}

/// The index after the bracket that closes the one at `open`.
fn close(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for index in open..tokens.len() {
        match mark(tokens, index) {
            Some('(' | '[' | '{') => depth += 1,
            Some(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::python::lex;

    fn place(before: &str, expression: &str) -> Option<(String, bool, bool)> {
        let mut constants = Constants::default();
        constants.learn("proj/conf/settings.py", &lex::tokens(before));
        let found = constants.place("proj/conf/settings.py", &lex::tokens(expression))?;
        Some((found.path, found.from_file, found.partly))
    }

    #[test]
    fn paths_are_put_together() {
        let base = "BASE_DIR = Path(__file__).resolve().parent.parent\nbasedir = os.path.abspath(os.path.dirname(__file__))\nNAME = 'n'\n";
        let cases = [
            ("BASE_DIR / 'db.sqlite3'", "proj/db.sqlite3", true, false),
            ("os.path.join(BASE_DIR, 'db.sqlite3')", "proj/db.sqlite3", true, false),
            ("os.path.join(basedir, 'data', NAME)", "proj/conf/data/n", true, false),
            ("str(BASE_DIR / 'up' / file.name)", "proj/up", true, true),
            ("Path('data') / name", "data", false, true),
            ("os.path.join('uploads', f.filename)", "uploads", false, true),
            ("'logs/' + name", "logs/", false, true),
            ("Path(__file__).parents[1] / 'x'", "proj/x", true, false),
            ("os.environ.get('D', '/data')", "/data", false, false),
            ("os.getenv('D') or 'data'", "data", false, false),
            ("settings.BASE_DIR.joinpath('a', 'b')", "proj/a/b", true, false),
            ("os.path.join(tempfile.gettempdir(), x)", "/tmp", false, true),
        ];
        for (expression, path, from_file, partly) in cases {
            assert_eq!(place(base, expression), Some((path.to_owned(), from_file, partly)), "{expression}");
        }
        for expression in
            ["name", "f'{a}/b'", "os.environ.get('D')", "a % b", "func(x)", "OTHER / 'x'", "x if y else z"]
        {
            assert_eq!(place(base, expression), None, "{expression}");
        }
    }

    #[test]
    fn names_with_several_values_are_not_known() {
        assert_eq!(place("p = 'a'\np = 'b'\n", "p"), None);
        assert_eq!(place("p = 'a'\nfor p in x:\n  pass\n", "p"), None);
        assert_eq!(place("p = f()\n", "p"), None);
    }
}
