//! The patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/replacement}`: `*` and `?` are wild,
//! everything else stands for itself (`convertShellPatternToRegex` in `lex.go`).

use super::Unresolved;

/// Steps that matching may take; a value of ordinary length needs far fewer.
const MOST_STEPS: usize = 1_000_000;

/// A pattern, one token for each place of the value.
pub(super) struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, PartialEq)]
enum Token {
    /// `*`
    Any,
    /// `?`
    One,
    Char(char),
}

impl Token {
    /// Wild cards do not stand for a newline, as the dot in Go's regular expressions.
    fn takes(self, char: char) -> bool {
        match self {
            Self::Any | Self::One => char != '\n',
            Self::Char(own) => own == char,
        }
    }
}

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, Unresolved> {
        let mut tokens = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            tokens.push(match char {
                '*' => Token::Any,
                '?' => Token::One,
                // `}` and `/` had to be escaped to stand here at all; the next turn takes them.
                '\\' if matches!(chars.peek(), Some('}' | '/')) => continue,
                '\\' => match chars.next() {
                    Some(escaped @ ('*' | '?' | '\\')) => Token::Char(escaped),
                    _ => return Err(Unresolved::Unsupported(text.to_owned())),
                },
                _ => Token::Char(char),
            });
        }
        Ok(Self { tokens })
    }

    /// `value` without the shortest or longest start that matches.
    pub(super) fn without_prefix(&self, value: &str, longest: bool) -> String {
        let chars: Vec<char> = value.chars().collect();
        let end = matching_end(&self.tokens, &chars, longest).unwrap_or(0);
        chars[end..].iter().collect()
    }

    /// `value` without the shortest or longest end that matches.
    pub(super) fn without_suffix(&self, value: &str, longest: bool) -> String {
        let tokens: Vec<Token> = self.tokens.iter().rev().copied().collect();
        let chars: Vec<char> = value.chars().rev().collect();
        let end = matching_end(&tokens, &chars, longest).unwrap_or(0);
        chars[end..].iter().rev().collect()
    }

    /// `value` with the first match, or with `all` every match, replaced.
    pub(super) fn replace(&self, value: &str, replacement: &str, all: bool) -> Result<String, Unresolved> {
        let chars: Vec<char> = value.chars().collect();
        // Go expands `$1` in the replacement of all matches, and has rules of its own for empty matches.
        let odd = all && (replacement.contains('$') || self.tokens.iter().all(|&token| token == Token::Any));
        if odd || chars.len().saturating_mul(chars.len()).saturating_mul(self.tokens.len()) > MOST_STEPS {
            return Err(Unresolved::Unsupported(format!("replacement by `{replacement}`")));
        }
        let mut result = String::new();
        let mut at = 0;
        let mut searching = true;
        while at <= chars.len() {
            let end = if searching { matching_end(&self.tokens, &chars[at..], true) } else { None };
            if let Some(len) = end {
                result.push_str(replacement);
                at += len;
                searching = all;
                if len > 0 {
                    continue;
                }
            }
            result.extend(chars.get(at));
            at += 1;
        }
        Ok(result)
    }
}

/// Where the shortest or longest start of `chars` that matches all of `tokens` ends.
fn matching_end(tokens: &[Token], chars: &[char], longest: bool) -> Option<usize> {
    // states[n]: the first n tokens match what has been read.
    let mut states = vec![false; tokens.len() + 1];
    states[0] = true;
    let mut found = None;
    for end in 0..=chars.len() {
        for (n, &token) in tokens.iter().enumerate() {
            // `*` may stand for nothing.
            states[n + 1] |= states[n] && token == Token::Any;
        }
        if states[tokens.len()] {
            found = Some(end);
            if !longest {
                break;
            }
        }
        let Some(&char) = chars.get(end) else { break };
        for n in (0..=tokens.len()).rev() {
            let stays = states[n] && n > 0 && tokens[n - 1] == Token::Any && tokens[n - 1].takes(char);
            let steps = n > 0 && states[n - 1] && tokens[n - 1] != Token::Any && tokens[n - 1].takes(char);
            states[n] = stays || steps;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn starts_and_ends_are_cut() {
        assert_eq!(pattern("*/").without_prefix("a/b/c", false), "b/c");
        assert_eq!(pattern("*/").without_prefix("a/b/c", true), "c");
        assert_eq!(pattern("/*").without_suffix("a/b/c", false), "a/b");
        assert_eq!(pattern("/*").without_suffix("a/b/c", true), "a");
        assert_eq!(pattern("v?").without_prefix("v1.2", false), ".2");
        assert_eq!(pattern("x").without_prefix("v1.2", true), "v1.2");
        assert_eq!(pattern(r"\*").without_prefix("*a", true), "a");
        assert!(Pattern::new(r"\a").is_err());
    }

    #[test]
    fn matches_are_replaced() {
        assert_eq!(pattern(".").replace("1.2.3", "-", false).unwrap(), "1-2.3");
        assert_eq!(pattern(".").replace("1.2.3", "-", true).unwrap(), "1-2-3");
        assert_eq!(pattern(r"\/").replace("a/b", "_", true).unwrap(), "a_b");
        assert_eq!(pattern("b*").replace("abc", "", false).unwrap(), "a");
        assert_eq!(pattern("x").replace("abc", "y", true).unwrap(), "abc");
        assert!(pattern(".").replace("1.2", "$1", true).is_err());
    }
}
