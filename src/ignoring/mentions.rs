//! Whether a text names a file of the context, and whether it runs a command: by its words, whatever shell or language
//! it is written in. A name too many costs a line of the ignore file; one too few costs the build.

use crate::project::left_out as rules;
use crate::shell::rough_words;

/// Where `text` names the file or directory `path`: as a word of its own, or as part of a path.
pub(super) fn named(text: &str, path: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find(path).map(|at| at + from) {
        let (before, after) = (&text[..at], &text[at + path.len()..]);
        if begins_there(before) && ends_there(after) {
            return Some(at);
        }
        from = at + path.len();
    }
    None
}

/// Whether a name may begin behind `before`: not inside of a word, not in a URL.
fn begins_there(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else { return true };
    if last == '/' {
        let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).next().unwrap_or(before);
        return !word.contains("://");
    }
    !(last.is_alphanumeric() || matches!(last, '_' | '-' | '.' | '@'))
}

/// Whether a name may end before `after`: a full stop ends a sentence, but `.js` goes on.
fn ends_there(after: &str) -> bool {
    let mut rest = after.chars();
    match rest.next() {
        Some('.') => !rest.next().is_some_and(|c| c.is_alphanumeric() || c == '*'),
        Some(c) => !(c.is_alphanumeric() || matches!(c, '_' | '-')),
        None => true,
    }
}

/// Options of package managers that take a word: it is no subcommand.
const VALUED: &[&str] = &["-C", "-F", "-w", "--cwd", "--dir", "--filter", "--prefix", "--workspace", "-f", "-pl"];

/// Whether `text` runs one of `commands`, each a program and a subcommand (`npm ci`, `npm run build`), or a program alone (`yarn`). What
/// installs for the whole system (`npm install -g`) is something else.
pub(super) fn runs(text: &str, commands: &[&str]) -> bool {
    let words: Vec<&str> = plain_words(text).collect();
    let at = |index: usize| {
        let program = words[index].rsplit('/').next().unwrap_or_default();
        let rest: Vec<&str> = words[index + 1..].iter().copied().take_while(|word| !is_operator(word)).collect();
        commands.iter().any(|command| match command.split_once(' ') {
            Some((own, subcommand)) => program == own && is_subcommand(&rest, subcommand),
            None => program == *command && rest.iter().all(|word| word.starts_with('-')),
        })
    };
    (0..words.len()).any(at)
}

fn is_subcommand(rest: &[&str], subcommand: &str) -> bool {
    if rest.iter().any(|word| matches!(*word, "-g" | "--global" | "global" | "--location=global")) {
        return false;
    }
    let mut plain = rest.iter().filter(|word| !word.starts_with('-'));
    subcommand.split(' ').all(|word| plain.next() == Some(&word))
        || (rest.contains(&subcommand) && rest.iter().any(|word| VALUED.contains(word)))
}

/// The first git command in `text` that needs the history of the repository around it; not of one that the same text
/// makes or clones.
pub(super) fn git_command(text: &str) -> Option<String> {
    let words: Vec<&str> = plain_words(text).collect();
    let mut elsewhere = false;
    for (index, word) in words.iter().enumerate() {
        if word.rsplit('/').next() != Some("git") {
            continue;
        }
        let mut rest = words[index + 1..].iter().copied().take_while(|word| !is_operator(word)).peekable();
        while let Some(flag) = rest.next_if(|word| word.starts_with('-')) {
            if matches!(flag, "-C" | "-c") {
                rest.next();
            }
        }
        let subcommand = rest.next().unwrap_or_default();
        let global = || rest.clone().any(|word| matches!(word, "--global" | "--system" | "-f" | "--file"));
        match subcommand {
            "clone" | "init" => elsewhere = true,
            "config" if global() => {}
            "lfs" if rest.clone().any(|word| word == "install") => {}
            known if rules::git_commands().contains(&known) && !elsewhere => return Some(format!("git {known}")),
            _ => {}
        }
    }
    None
}

/// The words of a text, without quotes, parentheses and the like around them.
pub(super) fn plain_words(text: &str) -> impl Iterator<Item = &str> {
    let is_odd = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | '$' | '@')
    };
    rough_words(text).flat_map(move |word| word.split(is_odd)).filter(|word| !word.is_empty())
}

fn is_operator(word: &str) -> bool {
    word.chars().all(|c| matches!(c, '&' | '|' | ';'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_names() {
        for text in [".github", "cat .github/x", "\"./.github\"", "cp /app/.github/a b", "x=.github.", "(.github)"] {
            assert!(named(text, ".github").is_some(), "{text}");
        }
        for text in ["a.github", ".github-x", "https://a.b/.github/x", ".githubs", ".github.io", "me@.github"] {
            assert_eq!(named(text, ".github"), None, "{text}");
        }
        assert_eq!(named("Dockerfile.dev Dockerfile", "Dockerfile"), Some(15));
    }

    #[test]
    fn commands_are_told_by_program_and_subcommand() {
        let install = &["npm ci", "npm install", "yarn"][..];
        for text in [
            "npm ci",
            "cd a && npm --prefix web ci",
            "npm --no-audit install",
            "sh -c \"npm ci\"",
            "yarn --frozen-lockfile",
            "yarn",
        ] {
            assert!(runs(text, install), "{text}");
        }
        for text in ["npm install -g pm2", "npm run ci", "yarn global add x", "yarn build", "echo", "pnpm ci"] {
            assert!(!runs(text, install), "{text}");
        }
    }

    #[test]
    fn git_commands_need_a_repository_of_theirs() {
        for (text, expected) in [
            ("git describe --tags", Some("git describe")),
            ("X=$(git -C . rev-parse HEAD)", Some("git rev-parse")),
            ("git config user.name x", Some("git config")),
            ("git config --global user.name x", None),
            ("git clone a b && cd b && git checkout v1", None),
            ("apt-get install -y git && npm ci", None),
            ("git lfs install", None),
            ("git lfs pull", Some("git lfs")),
        ] {
            assert_eq!(git_command(text).as_deref(), expected, "{text}");
        }
    }
}
