//! The text of an ignore file: a new one, or an old one with what it lacks behind it.

use super::parts::Group;
use crate::project::dockerignore::{Dockerignore, Pattern};

/// An ignore file with what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The whole text.
    pub text: String,
    /// What was not added, and why.
    pub held: Vec<(String, String)>,
}

/// A new file.
pub(super) fn fresh(groups: &[Group]) -> String {
    let one = |group: &Group| format!("{}\n{}\n", group.comment, group.patterns.join("\n"));
    groups.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// `old` with those of the patterns behind it that it lacks, and that do not undo a line of it.
pub(super) fn merged(old: &str, groups: &[Group]) -> Merged {
    let read = Dockerignore::parse("", old);
    let unchanged = |why: &str| Merged { text: old.to_owned(), held: vec![(String::new(), why.to_owned())] };
    if let Some((line, message)) = read.problem() {
        return unchanged(&format!("line {line}: {message}; mend it first"));
    }
    if read.patterns().iter().any(|pattern| !pattern.includes && is_everything(pattern)) {
        return unchanged("it leaves out everything but what it names; nothing is lacking");
    }
    let mut held = Vec::new();
    let mut missing = Vec::new();
    for group in groups {
        let mut patterns = Vec::new();
        for text in group.patterns.iter().filter(|text| !is_covered(text, &read)) {
            match undone(text, &read) {
                Some(line) => held.push((text.clone(), format!("line {line} brings back what it leaves out"))),
                None => patterns.push(text.clone()),
            }
        }
        if !patterns.is_empty() {
            missing.push(Group { comment: group.comment.clone(), patterns });
        }
    }
    if missing.is_empty() {
        return Merged { text: old.to_owned(), held };
    }
    let newline = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = old.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push_str(newline);
    }
    if !text.trim().is_empty() && !text.ends_with("\n\n") && !text.ends_with("\r\n\r\n") {
        text.push_str(newline);
    }
    text.push_str(&fresh(&missing).replace('\n', newline));
    Merged { text, held }
}

/// `*` and the like: the file says what it lets in.
fn is_everything(pattern: &Pattern) -> bool {
    pattern.covers("a") && pattern.covers("a/b.c") && pattern.covers(".z")
}

/// Whether the file leaves out already what `text` leaves out.
fn is_covered(text: &str, read: &Dockerignore) -> bool {
    if text.starts_with('!') {
        return read.patterns().iter().any(|pattern| pattern.includes && pattern.text == text[1..]);
    }
    probes(text).iter().all(|path| read.excludes(path))
}

/// The line that brings back what `text`, written behind it, would leave out again.
fn undone(text: &str, read: &Dockerignore) -> Option<usize> {
    let own = Dockerignore::parse("", text);
    let own = own.patterns().first().filter(|own| !own.includes)?;
    let brings_back = |pattern: &&Pattern| {
        let paths = probes(&pattern.text);
        pattern.includes
            && (paths.iter().any(|path| own.covers(path)) || probes(text).iter().any(|path| pattern.covers(path)))
    };
    read.patterns().iter().find(brings_back).map(|pattern| pattern.line)
}

/// Paths that a pattern matches: at the root and below.
fn probes(text: &str) -> Vec<String> {
    let plain = |text: &str| text.replace("**/", "").replace(['*', '?'], "x");
    match text.strip_prefix("**/") {
        Some(rest) => ["", "p/", "p/q/"].iter().map(|dir| format!("{dir}{}", plain(rest))).collect(),
        None => vec![plain(text.trim_matches('/'))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(patterns: &[&str]) -> Vec<Group> {
        vec![Group { comment: "# some".to_owned(), patterns: patterns.iter().map(|text| (*text).to_owned()).collect() }]
    }

    fn merge(old: &str, patterns: &[&str]) -> Merged {
        merged(old, &groups(patterns))
    }

    #[test]
    fn only_what_is_missing_is_added() {
        let text = |old: &str, patterns: &[&str]| merge(old, patterns).text;
        assert_eq!(text("", &[".git"]), "# some\n.git\n");
        assert_eq!(text(".git/\n", &[".git", "**/node_modules"]), ".git/\n\n# some\n**/node_modules\n");
        assert_eq!(
            text("**/.git\nnode_modules", &[".git", "**/node_modules"]),
            "**/.git\nnode_modules\n\n# some\n**/node_modules\n"
        );
        assert_eq!(text("a\r\n", &["b"]), "a\r\n\r\n# some\r\nb\r\n");
        assert_eq!(text("/.git\n.idea/**\n", &[".git"]), "/.git\n.idea/**\n");
    }

    #[test]
    fn what_a_file_lets_in_stays_in() {
        for (old, pattern) in [("*\n!src\n", ".git"), ("**\n!a\n", ".git"), ("**/*\n!a\n", ".git")] {
            assert_eq!(merge(old, &[pattern]).text, old, "{old}");
        }
        let kept = merge(".env*\n!.env.example\n", &[".env.example", ".idea"]);
        assert_eq!(kept.text, ".env*\n!.env.example\n\n# some\n.idea\n");
        assert_eq!(kept.held, [(".env.example".to_owned(), "line 2 brings back what it leaves out".to_owned())]);
        assert_eq!(merge("x\n!**/*.log\n", &["**/*.log"]).text, "x\n!**/*.log\n");
        assert_eq!(merge("!\n", &[".git"]).text, "!\n");
    }
}
