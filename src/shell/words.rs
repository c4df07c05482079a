//! The literal value of a word, from its text alone.

/// The value of the word `text` when no expansion changes it.
pub(super) fn literal(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut glob = Unquoted::default();
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        match c {
            '\'' => loop {
                match chars.next()? {
                    '\'' => break,
                    c => value.push(c),
                }
            },
            '"' => double_quoted(&mut chars, &mut value)?,
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) => value.push(c),
                None => value.push('\\'),
            },
            '$' if chars.peek().is_some_and(|&next| expands(next) || matches!(next, '\'' | '"' | '[')) => return None,
            '`' | '*' | '?' | '(' | '<' | '>' => return None,
            // A tilde expands at the start of a word and, in assignments, behind `=` and `:`.
            '~' if matches!(before, None | Some('=' | ':')) => return None,
            _ if glob.expands(c) => return None,
            _ => value.push(c),
        }
        before = Some(c);
    }
    Some(value)
}

/// Whether `$` before `next` starts an expansion.
fn expands(next: char) -> bool {
    next.is_ascii_alphanumeric() || "_{(@*#?$!-".contains(next)
}

fn double_quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, value: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '"' => return Some(()),
            '`' => return None,
            '$' if chars.peek().copied().is_some_and(expands) => return None,
            '\\' => match chars.next()? {
                '\n' => {}
                c @ ('$' | '`' | '"' | '\\') => value.push(c),
                c => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
}

/// Brackets and braces, which mean something only in pairs: `[` alone is the test command, `{}` is literal.
#[derive(Default)]
struct Unquoted {
    bracket: bool,
    brace: bool,
    list: bool,
    before: Option<char>,
}

impl Unquoted {
    /// Takes the next unquoted character; whether it completes a bracket or brace expression.
    fn expands(&mut self, c: char) -> bool {
        let before = self.before.replace(c);
        match c {
            '[' => self.bracket = true,
            ']' => return self.bracket,
            '{' => self.brace = true,
            ',' => self.list |= self.brace,
            '.' => self.list |= self.brace && before == Some('.'),
            '}' => return self.list,
            _ => {}
        }
        false
    }
}

/// Whether the unquoted `text`, in which nothing expands, holds what ends a word.
pub(super) fn ends_within(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            ' ' | '\t' | '\n' | '&' | '|' | ';' => return true,
            _ => {}
        }
    }
    false
}

/// `text` without the breaks that a backslash before a newline makes.
pub(super) fn without_breaks(text: &str) -> String {
    if !text.contains("\\\n") {
        return text.to_owned();
    }
    let (mut out, mut single, mut double) = (String::new(), false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '\\' if !single => {
                match chars.next() {
                    Some('\n') => {}
                    Some(next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// `text` without the tabs at the start of its lines (`<<-`).
pub(super) fn without_tabs(text: &str) -> String {
    text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
}

/// Whether `text` may hold `$( … )`, backquotes or `<( … )`: all that is outside single quotes counts.
pub(super) fn may_substitute(text: &str) -> bool {
    let (mut single, mut double) = (false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !single => drop(chars.next()),
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '`' if !single => return true,
            '$' if !single && chars.peek() == Some(&'(') => {
                chars.next();
                // `$((` is arithmetic; what it holds is looked at in turn.
                if chars.peek() != Some(&'(') {
                    return true;
                }
            }
            '<' | '>' if !single && !double && chars.peek() == Some(&'(') => return true,
            _ => {}
        }
    }
    false
}

/// The complaint of `shuck-parser` in the form of ours: lower case, no full stop.
pub(super) fn message(complaint: &str) -> String {
    complaint.trim_end_matches('.').trim_start_matches("parse error: ").to_owned()
}
