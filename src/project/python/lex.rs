//! Python source as tokens, enough to find calls and their literal arguments. Comments are dropped, strings
//! are read; nothing is understood beyond that, and nothing fails.

/// A token and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) at: usize,
    pub(super) kind: Kind<'t>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'t> {
    /// A name or keyword.
    Name(&'t str),
    /// A number.
    Number(&'t str),
    /// A string's value; `None` when it has replacement fields.
    Text(Option<String>),
    /// One character of punctuation.
    Mark(char),
    /// The end of a line outside brackets.
    Newline,
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { text, at: 0, depth: 0, found: Vec::new() };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.found
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    found: Vec<Token<'t>>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn push(&mut self, at: usize, kind: Kind<'t>) {
        self.found.push(Token { at, kind });
    }

    fn step(&mut self) {
        let at = self.at;
        let Some(first) = self.rest().chars().next() else { return };
        match first {
            '\n' => {
                self.at += 1;
                if self.depth == 0 && self.found.last().is_some_and(|token| token.kind != Kind::Newline) {
                    self.push(at, Kind::Newline);
                }
            }
            '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
            '\\' if self.rest().starts_with("\\\n") => self.at += 2,
            '\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
            '"' | '\'' => self.string(at, ""),
            c if c.is_ascii_digit() => {
                let end = self.rest().find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
                let number = &self.rest()[..end.unwrap_or(self.rest().len())];
                self.at += number.len();
                self.push(at, Kind::Number(number));
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = self.rest().find(|c: char| !c.is_alphanumeric() && c != '_');
                let name = &self.rest()[..end.unwrap_or(self.rest().len())];
                self.at += name.len();
                let is_prefix = name.len() <= 2 && name.chars().all(|c| "rRbBuUfFtT".contains(c));
                if is_prefix && self.rest().starts_with(['"', '\'']) {
                    return self.string(at, name);
                }
                self.push(at, Kind::Name(name));
            }
            c => {
                self.at += c.len_utf8();
                match c {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                if !c.is_whitespace() && c != '\u{feff}' {
                    self.push(at, Kind::Mark(c));
                }
            }
        }
    }

    /// A string from its opening quote; one that is not closed ends with its line, a triple one with the text.
    fn string(&mut self, start: usize, prefix: &str) {
        let quote = self.rest().chars().next().unwrap_or('"');
        let triple: String = [quote; 3].iter().collect();
        let is_triple = self.rest().starts_with(&triple);
        let close = if is_triple { triple.as_str() } else { &triple[..1] };
        let raw = prefix.contains(['r', 'R']);
        let formatted = prefix.contains(['f', 'F', 't', 'T']);
        let begin = self.at + close.len();
        let bytes = self.text.as_bytes();
        let mut end = begin;
        loop {
            match bytes.get(end) {
                None => break,
                Some(b'\\') => end += 2,
                Some(b'\n') if !is_triple => break,
                Some(_) if bytes[end..].starts_with(close.as_bytes()) => break,
                Some(_) => end += 1,
            }
        }
        let end = end.min(self.text.len());
        let inside = self.text.get(begin..end).unwrap_or_default();
        self.at = if bytes[end..].starts_with(close.as_bytes()) { end + close.len() } else { end };
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        let opaque = prefix.contains(['b', 'B']) || (formatted && inside.contains('{'));
        let value = (!opaque).then(|| if raw { inside.to_owned() } else { unescape(inside) });
        // Literals that stand side by side are one.
        match self.found.last_mut() {
            Some(Token { kind: Kind::Text(before), .. }) => {
                *before = before.take().zip(value).map(|(before, value)| before + &value);
            }
            _ => self.push(start, Kind::Text(value)),
        }
    }
}

fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let (mut value, mut letters) = (String::with_capacity(text.len()), text.chars());
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some('n')) => value.push('\n'),
            ('\\', Some('t')) => value.push('\t'),
            ('\\', Some('\n')) => {}
            ('\\', Some(other @ ('\\' | '\'' | '"'))) => value.push(other),
            ('\\', Some(other)) => value.extend(['\\', other]),
            (letter, _) => value.push(letter),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        tokens(text).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn strings_and_comments_do_not_leak() {
        let text = "a = 'x#y' # open('no')\nb = f\"{c}\" r'\\d'\n\"\"\"open('no')\n\"\"\"\nopen(\"a\" 'b')";
        let found = kinds(text);
        assert_eq!(found.iter().filter(|kind| **kind == Kind::Name("open")).count(), 1);
        assert!(found.contains(&Kind::Text(Some("x#y".to_owned()))));
        assert!(found.contains(&Kind::Text(None)));
        assert!(found.contains(&Kind::Text(Some("ab".to_owned()))));
    }

    #[test]
    fn broken_sources_end() {
        for text in ["'", "'\\", "\"\"\"\u{e9}\\", "f'{", "(((", "\\", "'a\nb", "é'\\é", "'\\\u{1F600}"] {
            tokens(text);
        }
        assert_eq!(kinds("'a\nb").last(), Some(&Kind::Name("b")));
    }
}
