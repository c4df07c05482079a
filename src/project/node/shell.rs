//! The shell text of a package.json script as simple commands, when it is no more than a list of them.
//!
//! Scripts run under `sh`, outside of any Dockerfile, so this needs no spans; what it does not plainly understand
//! (substitutions, groups, control flow) has no answer.

/// A simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// `NAME=value` words before it.
    pub(super) assignments: Vec<String>,
    /// Its words, quotes removed.
    pub(super) words: Vec<String>,
    /// Whether a word holds a variable or a glob: `$PORT`, `*.js`.
    pub(super) expands: bool,
}

/// The commands of `text` in order; `None` when it is more than a list of simple commands.
pub(super) fn commands(text: &str) -> Option<Vec<Simple>> {
    let (mut all, mut current) = (Vec::new(), Simple::default());
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' => drop(chars.next()),
            '&' | '|' | ';' | '\n' => {
                chars.next();
                all.push(std::mem::take(&mut current));
            }
            '(' | ')' | '{' | '}' | '`' | '#' => return None,
            '<' | '>' => {
                // A redirect takes its target; a descriptor before it was read as a word.
                while chars.next_if(|c| matches!(c, '<' | '>' | '&')).is_some() {}
                while chars.next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
                word(&mut chars)?;
                if current.words.last().is_some_and(|last| matches!(last.as_str(), "1" | "2")) {
                    current.words.pop();
                }
            }
            _ => {
                let (text, expands) = word(&mut chars)?;
                current.expands |= expands;
                let is_assignment = current.words.is_empty() && is_assignment(&text);
                if is_assignment { &mut current.assignments } else { &mut current.words }.push(text);
            }
        }
    }
    all.push(current);
    all.retain(|simple| !simple.words.is_empty() || !simple.assignments.is_empty());
    let control = ["if", "for", "while", "until", "case", "then", "do", "function", "!", "[["];
    let opens = |simple: &Simple| simple.words.first().is_some_and(|word| control.contains(&word.as_str()));
    (!all.iter().any(opens)).then_some(all)
}

fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else { return false };
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// One word and whether it expands; `None` for a substitution or an open quote.
fn word(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, bool)> {
    let (mut text, mut expands) = (String::new(), false);
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' | '\n' | '&' | '|' | ';' | '<' | '>' | '(' | ')' => break,
            '\'' => {
                chars.next();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => text.push(c),
                    }
                }
            }
            '"' => {
                chars.next();
                expands |= quoted(chars, &mut text)?;
            }
            '\\' => {
                chars.next();
                text.push(chars.next()?);
            }
            '`' => return None,
            _ => {
                chars.next();
                if c == '$' && chars.peek() == Some(&'(') {
                    return None;
                }
                expands |= matches!(c, '$' | '*' | '?');
                text.push(c);
            }
        }
    }
    Some((text, expands))
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) -> Option<bool> {
    let mut expands = false;
    loop {
        match chars.next()? {
            '"' => return Some(expands),
            '`' => return None,
            '\\' => {
                let next = chars.next()?;
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    text.push('\\');
                }
                text.push(next);
            }
            '$' if chars.peek() == Some(&'(') => return None,
            c => {
                expands |= c == '$';
                text.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_simple_commands() {
        let words = |text: &str| {
            let all = commands(text)?;
            Some(all.into_iter().map(|simple| simple.words.join("|")).collect::<Vec<_>>())
        };
        assert_eq!(words("a && b 'c d' \"e\\\"f\"; g | h").unwrap(), ["a", "b|c d|e\"f", "g", "h"]);
        assert_eq!(words("node x > out.log 2>&1 &").unwrap(), ["node|x"]);
        assert_eq!(commands("A=1 B='2 3' node x").unwrap()[0].assignments, ["A=1", "B=2 3"]);
        assert!(commands("node $X").unwrap()[0].expands);
        for opaque in ["echo $(x)", "(a)", "{ a; }", "if a; then b; fi", "`a`", "a 'b", "echo \"$(x)\""] {
            assert_eq!(words(opaque), None, "{opaque}");
        }
    }
}
