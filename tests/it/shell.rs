//! The shell model: what a text is read as, where its words lie, and what it leaves behind.

use dfslim::dockerfile::Logical;
use dfslim::shell::{self, Command, Compound, Dialect, Link, Redirect, Script, Shell, ShellWord, Simple, Terminator};

/// `text` as if it stood at offset 100 of a file.
fn logical(text: &str) -> Logical {
    let mut logical = Logical::default();
    logical.push(text, 100);
    logical
}

fn read(text: &str) -> Shell {
    shell::read(&logical(text), Dialect::Bash)
}

/// The tree in one line: `[name|word]`, words with expansions as `~raw~`, `(…)`, `{…}`, `if<…>`, `;` `&` and `⏎`.
fn show(shell: &Shell) -> String {
    match shell {
        Shell::Parsed(script) => script_text(script),
        Shell::Opaque(why) => format!("opaque: {why}"),
    }
}

fn script_text(script: &Script) -> String {
    let mut out = String::new();
    for list in &script.lists {
        for (link, pipeline) in &list.parts {
            out.push_str(match link {
                Link::First => "",
                Link::And(_) => " && ",
                Link::Or(_) => " || ",
            });
            out.push_str(if pipeline.negated { "!" } else { "" });
            let commands: Vec<_> = pipeline.commands.iter().map(command_text).collect();
            out.push_str(&commands.join(" | "));
        }
        out.push_str(match list.end {
            Terminator::None => "",
            Terminator::Semicolon(_) => ";",
            Terminator::Newline => "⏎",
            Terminator::Background(_) => "&",
        });
    }
    out
}

fn command_text(command: &Command) -> String {
    match command {
        Command::Simple(simple) => simple_text(simple),
        Command::Subshell(inner) => format!("({}){}", bodies(inner), redirects(&inner.redirects)),
        Command::Group(inner) => format!("{{{}}}{}", bodies(inner), redirects(&inner.redirects)),
        Command::Control(inner) => {
            let words: Vec<_> = inner.words.iter().map(word_text).collect();
            let keyword = &inner.keyword;
            format!("{keyword}<{}:{}>{}", words.join("|"), bodies(inner), redirects(&inner.redirects))
        }
        Command::Function(inner) => format!("fn {}<{}>{}", inner.keyword, bodies(inner), redirects(&inner.redirects)),
    }
}

fn bodies(inner: &Compound) -> String {
    inner.bodies.iter().map(script_text).collect::<Vec<_>>().join(", ")
}

fn simple_text(simple: &Simple) -> String {
    let mut parts: Vec<_> =
        simple.assignments.iter().map(|it| format!("{}:={}", it.name, word_text(&it.value))).collect();
    parts.extend(simple.words.iter().map(word_text));
    format!("[{}]{}", parts.join("|"), redirects(&simple.redirects))
}

fn redirects(redirects: &[Redirect]) -> String {
    let text = |it: &Redirect| {
        let body = it.heredoc.as_ref().map(|body| format!("={}", word_text(body))).unwrap_or_default();
        format!(" {}{}{body}", it.operator, word_text(&it.target))
    };
    redirects.iter().map(text).collect()
}

fn word_text(word: &ShellWord) -> String {
    let inner: Vec<_> = word.substitutions.iter().map(script_text).collect();
    let inner = if inner.is_empty() { String::new() } else { format!("«{}»", inner.join("»«")) };
    match &word.literal {
        Some(value) => format!("{value}{inner}"),
        None => format!("~{}~{inner}", word.raw),
    }
}

/// `\n`, `\r` and `\\` in a line of the tables.
fn unescape(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    out
}

/// `text ⇒ tree` on each line.
#[test]
fn texts_are_read_as_written() {
    let table = include_str!("shell_trees.txt");
    assert!(table.lines().count() > 120);
    for line in table.lines() {
        let (text, tree) = line.split_once("  ⇒").unwrap_or_else(|| panic!("no tree in: {line}"));
        assert_eq!(show(&read(&unescape(text))), unescape(tree.trim_start()), "{text}");
    }
}
