//! What only Bash understands, found in the text: a script whose grammar is fine for `sh` may still use it.

use crate::project::source::Source;
use crate::proposal::Evidence;

/// Words that begin a command which `sh` does not have.
const COMMANDS: &[&str] = &[
    "[[",
    "((",
    "source",
    "function",
    "declare",
    "typeset",
    "shopt",
    "pushd",
    "popd",
    "mapfile",
    "readarray",
    "let",
    "select",
    "coproc",
    "disown",
    "enable",
    "builtin",
];

/// Pieces of text that mean something to Bash alone, wherever a single quote does not hide them.
const PIECES: &[(&str, &str)] = &[
    ("<<<", "a here-string"),
    ("&>", "`&>` redirects both streams"),
    ("|&", "`|&` pipes both streams"),
    ("<(", "a process substitution"),
    (">(", "a process substitution"),
    ("${!", "an indirect expansion"),
    ("$BASH", "a variable of Bash"),
    ("${BASH", "a variable of Bash"),
    ("$RANDOM", "a variable of Bash"),
    ("$EUID", "a variable of Bash"),
    ("${EUID", "a variable of Bash"),
    ("[@]}", "an array"),
    ("[*]}", "an array"),
    ("+=(", "an array"),
    ("=(", "an array"),
    ("+=\"", "`+=`"),
    ("$'", "a quoted string with escapes"),
    (";;&", "`;;&`"),
];

/// All of them, the first of each kind.
pub(super) fn in_text(source: &Source) -> Vec<Evidence> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut offset = 0;
    let mut heredoc: Option<String> = None;
    for line in source.text.split_inclusive('\n') {
        if let Some(end) = &heredoc {
            if line.trim() == end {
                heredoc = None;
            }
        } else {
            let code = code(line);
            in_line(&code, offset, &mut found);
            heredoc = heredoc_after(&code);
        }
        offset += line.len();
    }
    let mut seen = Vec::new();
    found.retain(|(_, what)| {
        let new = !seen.contains(what);
        seen.push(what.clone());
        new
    });
    found.into_iter().map(|(at, what)| source.evidence(at, format!("{what}, which only Bash has"))).collect()
}

fn in_line(code: &str, offset: usize, found: &mut Vec<(usize, String)>) {
    for (start, first, second) in commands(code) {
        if COMMANDS.contains(&first) {
            found.push((offset + start, format!("`{first}`")));
        }
        let options = second.strip_prefix('-').unwrap_or_default();
        let odd = match first {
            "echo" => options.starts_with('e'),
            "read" => options.contains(['a', 'd', 'p', 'n', 't', 's', 'u']),
            "printf" => options.starts_with('v'),
            "local" | "export" => options.contains(['a', 'A', 'i', 'n', 'f']),
            "trap" => code.contains(" ERR") || code.contains(" DEBUG") || code.contains(" RETURN"),
            "[" => code[start..].contains(" == "),
            "set" => code[start..].contains("pipefail"),
            _ => false,
        };
        if odd {
            found.push((offset + start, format!("`{first}` with what is not POSIX")));
        }
    }
    for (piece, what) in PIECES {
        if let Some(at) = code.find(piece) {
            found.push((offset + at, (*what).to_owned()));
        }
    }
    for (at, _) in code.match_indices("${") {
        let rest = &code[at + 2..];
        let after = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let name = rest.len() > after.len();
        let substring =
            after.strip_prefix(':').is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit() || c == ' '));
        if name && (after.starts_with(['/', '^', ',', '[', '@']) || substring) {
            found.push((offset + at, "an expansion that changes the value".to_owned()));
        }
    }
}

/// The first two words of each command of a line, with the place of the first.
fn commands(code: &str) -> Vec<(usize, &str, &str)> {
    const OPENERS: &[&str] = &["if", "then", "elif", "else", "while", "until", "do", "!", "{", "("];
    let mut found = Vec::new();
    let mut start = 0;
    for part in code.split_inclusive([';', '|', '&']) {
        let end = part.trim_end_matches([';', '|', '&']);
        let mut rest = end.trim_start();
        while let Some((opener, after)) = rest.split_once(char::is_whitespace)
            && OPENERS.contains(&opener)
        {
            rest = after.trim_start();
        }
        let mut words = rest.split_whitespace();
        if let Some(first) = words.next() {
            let first = if first.starts_with("((") { "((" } else { first };
            let at = start + (end.len() - rest.len());
            found.push((at, first, words.next().unwrap_or_default()));
        }
        start += part.len();
    }
    found
}

/// The line with comments cut off and single-quoted text blanked out.
fn code(line: &str) -> String {
    let (mut out, mut single, mut double) = (String::with_capacity(line.len()), false, false);
    let mut before = ' ';
    for c in line.trim_end().chars() {
        match c {
            '\'' if !double && before != '\\' => {
                single = !single;
                out.push(c);
            }
            _ if single => out.extend(std::iter::repeat_n(' ', c.len_utf8())),
            '#' if !double && (before.is_whitespace() || before == ';') => break,
            _ => {
                if c == '"' && before != '\\' {
                    double = !double;
                }
                out.push(c);
            }
        }
        before = c;
    }
    out
}

/// The delimiter of a heredoc that begins on this line.
fn heredoc_after(code: &str) -> Option<String> {
    let (before, after) = code.split_once("<<")?;
    if before.ends_with('<') || after.starts_with('<') {
        return None;
    }
    let word = after.trim_start_matches('-').trim_start();
    let name = word.trim_start_matches(['\'', '"', '\\']);
    let len = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    (len > 0).then(|| name[..len].to_owned())
}
