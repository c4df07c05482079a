//! Which path a word of a command means, as far as it can be told without running anything.
//!
//! A path is absolute when the working directory is known; else it begins with a mark of that directory, so that
//! equal paths are the same file and different ones may or may not be. Variables stay as they are written:
//! `/tmp/go-$V.tgz` is the same file wherever it is written so, while `V` is the same.

use crate::image::{Known, State};
use crate::shell::ShellWord;

/// A directory: an absolute path, or a mark for one that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory(String);

impl Directory {
    /// Where a RUN starts, `state` being the one before it and `at` its place in the file.
    pub fn of(state: State<'_>, at: usize) -> Self {
        match state.workdir() {
            Known::Is(path) => Self(path.to_owned()),
            Known::Inherited => Self("?".to_owned()),
            Known::Unknown => Self::unknown(at),
        }
    }

    /// One that is like no other: what a `cd` at `at` leads to that only the build knows.
    pub fn unknown(at: usize) -> Self {
        Self(format!("?{at}"))
    }

    /// Its path; with a mark at the beginning when it is not known.
    pub fn path(&self) -> &str {
        &self.0
    }

    /// Where `cd path` leads.
    #[must_use]
    pub fn to(&self, path: &str) -> Self {
        Self(self.join(path))
    }

    /// `path` as seen from here.
    pub fn join(&self, path: &str) -> String {
        if path.starts_with('/') {
            return clean(path);
        }
        // `$dir/x` may be absolute or not; seen from one directory it is one file.
        clean(&format!("{}/{path}", self.0))
    }
}

/// The text of a word that means one path: literal, or with plain variables in it. `None` when it may be several
/// words, a pattern, or the output of a command.
pub fn text_of(word: &ShellWord) -> Option<String> {
    if let Some(literal) = &word.literal {
        return Some(literal.clone()).filter(|text| !text.is_empty());
    }
    let text = word.raw.replace('"', "");
    let plain = !text.contains(['*', '?', '[', '~', '`', '\'', '\\', '(', ' ', ',']) && !text.is_empty();
    (plain && variables_are_plain(&text)).then_some(text)
}

/// Whether each `$` begins `$NAME` or `${NAME}`.
fn variables_are_plain(text: &str) -> bool {
    text.split('$').skip(1).all(|rest| {
        let (name, closed) = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map_or(("", false), |(name, _)| (name, true)),
            None => (rest, true),
        };
        closed
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && (!rest.starts_with('{') || name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    })
}

/// The directory of a word such as `/tmp/*`, which means all that is in it.
pub fn all_in(word: &ShellWord) -> Option<String> {
    let raw = word.raw.replace('"', "");
    let directory = raw.strip_suffix("/*").or_else(|| raw.strip_suffix("/**")).or_else(|| raw.strip_suffix("/."))?;
    let plain = !directory.contains(['*', '?', '[', '~', '`', '\'', '\\', '(', ' ', ',', '{']) && !directory.is_empty();
    (plain && variables_are_plain(directory)).then(|| directory.to_owned())
}

/// Whether `path` is `directory` or lies in it.
pub fn is_in(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || directory == "/")
}

/// The part behind the last slash.
pub fn file_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// `path` without `.`, doubled and trailing slashes; `..` goes up where there is something to leave.
fn clean(path: &str) -> String {
    let (root, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| !last.starts_with('?') && !last.contains('$') && *last != "..") => {
                parts.pop();
            }
            ".." if root == "/" && parts.is_empty() => {}
            name => parts.push(name),
        }
    }
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_cleaned() {
        let app = Directory("/app".into());
        let unknown = Directory("?".into());
        let cases = [
            (&app, "x.tgz", "/app/x.tgz"),
            (&app, "./a/../x/", "/app/x"),
            (&app, "/tmp//x", "/tmp/x"),
            (&app, "../../..", "/"),
            (&app, "$D/x", "/app/$D/x"),
            (&unknown, "x", "?/x"),
            (&unknown, "../x", "?/../x"),
        ];
        for (directory, path, expected) in cases {
            assert_eq!(directory.join(path), expected, "{path}");
        }
    }

    #[test]
    fn a_path_lies_in_its_directories() {
        assert!(is_in("/a/b", "/a") && is_in("/a", "/a") && is_in("/a", "/"));
        assert!(!is_in("/ab", "/a") && !is_in("/a", "/a/b"));
        assert_eq!(file_name("/a/b/"), "b");
    }
}
