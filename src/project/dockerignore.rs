//! `.dockerignore` as `BuildKit` reads it: moby/patternmatcher@5a6d842 (`ignorefile.go`, `patternmatcher.go`).
//!
//! Not git's rules: every pattern is anchored at the root of the context, the last one that matches decides,
//! and `!x` brings back what lies below an excluded directory.

use super::glob;
use regex::Regex;
use std::cell::OnceCell;

/// An ignore file, read. The default one leaves nothing out.
#[derive(Clone, Debug, Default)]
pub struct Dockerignore {
    file: Option<String>,
    patterns: Vec<Pattern>,
    problem: Option<(usize, String)>,
}

/// One line that holds a pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The cleaned pattern, without `!`.
    pub text: String,
    /// Whether it brings back (`!`).
    pub includes: bool,
    /// Its line, from 1.
    pub line: usize,
    kind: OnceCell<Option<Matcher>>,
}

/// How a pattern is compared, as in `Pattern.compile`.
#[derive(Clone, Debug)]
enum Matcher {
    Exact,
    /// `x/**`: everything that begins so.
    Prefix(String),
    /// `**/x`: everything that ends so.
    Suffix(String),
    Regex(Regex),
}

impl Dockerignore {
    /// Reads the text of `file`.
    pub fn parse(file: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mut ignore = Self { file: Some(file.to_owned()), ..Self::default() };
        for (index, line) in text.split('\n').enumerate() {
            // A comment only when `#` is the very first byte.
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            match Pattern::new(line.trim(), index + 1) {
                Ok(pattern) => ignore.patterns.push(pattern),
                Err(message) => ignore.problem = ignore.problem.or(Some((index + 1, message))),
            }
        }
        ignore
    }

    /// The file it was read from; `None` when there is no ignore file.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The patterns in order of writing.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The first line with which a build fails, and why. The verdicts then mean little.
    pub fn problem(&self) -> Option<&(usize, String)> {
        self.problem.as_ref()
    }

    /// Whether some pattern brings back what others leave out.
    pub fn includes_again(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.includes)
    }

    /// Whether `path` (cleaned) is left out of what is sent to the builder.
    pub fn excludes(&self, path: &str) -> bool {
        self.deciding(path).is_some_and(|pattern| !pattern.includes)
    }

    /// The last pattern that changed the verdict on `path`: the one to show as the reason.
    pub fn deciding(&self, path: &str) -> Option<&Pattern> {
        let mut decided: Option<&Pattern> = None;
        for pattern in &self.patterns {
            let excluded = decided.is_some_and(|pattern| !pattern.includes);
            if pattern.includes == excluded && pattern.covers(path) {
                decided = Some(pattern);
            }
        }
        decided
    }
}

impl Pattern {
    fn new(line: &str, number: usize) -> Result<Self, String> {
        let (includes, body) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if includes && body.is_empty() {
            return Err("`!` alone is no pattern: the build fails with \"illegal exclusion pattern\"".to_owned());
        }
        let text = go_clean(body);
        let text = if text.len() > 1 { text.strip_prefix('/').unwrap_or(&text).to_owned() } else { text };
        if !glob::is_valid(&text) {
            return Err(format!("`{line}` is malformed: the build fails with \"syntax error in pattern\""));
        }
        Ok(Self { text, includes, line: number, kind: OnceCell::new() })
    }

    /// Whether it matches `path` or a directory that holds it (`MatchesOrParentMatches`).
    pub fn covers(&self, path: &str) -> bool {
        let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
        self.matches(path) || parents.into_iter().any(|parent| self.matches(parent))
    }

    fn matches(&self, path: &str) -> bool {
        match self.kind.get_or_init(|| compile(&self.text)) {
            None => false,
            Some(Matcher::Exact) => path == self.text,
            Some(Matcher::Prefix(prefix)) => path.starts_with(prefix.as_str()),
            Some(Matcher::Suffix(suffix)) => {
                path.ends_with(suffix.as_str()) || suffix.strip_prefix('/').is_some_and(|name| path == name)
            }
            Some(Matcher::Regex(regex)) => regex.is_match(path),
        }
    }
}

/// Go's `filepath.Clean`.
fn go_clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            name => parts.push(name),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// `Pattern.compile`, quirks included: `^a|b[^/]*$` for `a|b*`. `None` for what Go's regular expressions reject
/// or read in a way that cannot be said in Rust's; such a line is malformed to any reader.
fn compile(pattern: &str) -> Option<Matcher> {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut regex, mut kind, mut at) = (GoRegex::default(), Kind::Exact, 0);
    while let Some(&c) = chars.get(at) {
        let start = at;
        at += 1;
        let next = chars.get(at);
        match c {
            '*' if next == Some(&'*') => {
                at += if chars.get(at + 1) == Some(&'/') { 2 } else { 1 };
                let last = at == chars.len();
                kind = match kind {
                    _ if start == 0 => Kind::Suffix,
                    Kind::Exact if last => Kind::Prefix,
                    _ => Kind::Regex,
                };
                regex.push(if last { ".*" } else { "(.*/)?" });
                continue;
            }
            '*' => regex.push("[^/]*"),
            '?' => regex.push("[^/]"),
            // Go hands `\d` and the like to its regular expressions, where they mean something else.
            '\\' if next.is_none_or(char::is_ascii_alphanumeric) => return None,
            '\\' => {
                regex.push_literal(*next?);
                at += 1;
            }
            '[' | ']' => regex.bracket(c),
            _ => {
                let text = ".+()$".contains(c) || (c == '{' && !is_repetition(&chars[at..]));
                if text {
                    regex.push_literal(c);
                } else {
                    regex.character(c);
                }
                continue;
            }
        }
        kind = Kind::Regex;
    }
    match kind {
        Kind::Exact => Some(Matcher::Exact),
        Kind::Prefix => Some(Matcher::Prefix(pattern[..pattern.len() - 2].to_owned())),
        Kind::Suffix => Some(Matcher::Suffix(pattern[2..].to_owned())),
        Kind::Regex => Regex::new(&format!("^{}$", regex.text)).ok().map(Matcher::Regex),
    }
}

/// `matchType`
#[derive(Clone, Copy)]
enum Kind {
    Exact,
    Prefix,
    Suffix,
    Regex,
}

/// A regular expression written as Go would, in Rust's syntax: inside a class, `[`, `&` and `~` are plain.
#[derive(Default)]
struct GoRegex {
    text: String,
    /// Where the open class begins.
    class: Option<usize>,
}

impl GoRegex {
    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if matches!(c, '[' | ']') {
                self.bracket(c);
            } else {
                self.character(c);
            }
        }
    }

    fn push_literal(&mut self, c: char) {
        self.text.push_str(&regex::escape(&c.to_string()));
    }

    fn character(&mut self, c: char) {
        if self.class.is_some() && matches!(c, '&' | '~') {
            self.text.push('\\');
        }
        self.text.push(c);
    }

    fn bracket(&mut self, c: char) {
        match (c, self.class) {
            ('[', None) => {
                self.class = Some(self.text.len());
                self.text.push('[');
            }
            // `]` right after `[` or `[^` is a member.
            (']', Some(open)) if !matches!(&self.text[open..], "[" | "[^") => {
                self.class = None;
                self.text.push(']');
            }
            _ => self.text.extend(['\\', c]),
        }
    }
}

/// Whether what follows a `{` makes it a repetition: `2}`, `2,}`, `2,3}`. Anything else Go reads as text.
fn is_repetition(after: &[char]) -> bool {
    let Some(end) = after.iter().position(|&c| c == '}') else { return false };
    let inside: String = after[..end].iter().collect();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match inside.split_once(',') {
        None => number(&inside),
        Some((low, high)) => number(low) && (high.is_empty() || number(high)),
    }
}
