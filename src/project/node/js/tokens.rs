//! Cuts JavaScript and TypeScript into tokens: comments, strings, templates and regular expressions are what a
//! search for words would trip over.
//!
//! A quote that is not closed on its line (text in JSX) and a slash that opens no regular expression are punctuation.

use std::collections::HashMap;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'t> {
    /// An identifier or a keyword.
    Word(&'t str),
    /// A string, or a template without substitutions; as written between its quotes.
    Text(&'t str),
    /// A piece of a template that has substitutions.
    Piece(&'t str),
    /// A number as written.
    Number(&'t str),
    /// A regular expression.
    Regex,
    /// Any other character.
    Mark(char),
}

/// A token and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    /// Offset of its first byte.
    pub at: usize,
    /// What it is.
    pub kind: Kind<'t>,
}

impl<'t> Token<'t> {
    /// Whether it is this character.
    pub fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    /// Whether it is this word.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word(word)
    }

    /// The identifier or keyword.
    pub const fn word(&self) -> Option<&'t str> {
        if let Kind::Word(word) = self.kind { Some(word) } else { None }
    }

    /// The text of a string.
    pub const fn text(&self) -> Option<&'t str> {
        if let Kind::Text(text) = self.kind { Some(text) } else { None }
    }
}

/// Cuts `text`.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut cutter = Cutter { text, at: 0, tokens: Vec::new(), templates: Vec::new(), unclosed: HashMap::new() };
    if text.starts_with("#!") {
        cutter.at = text.find('\n').unwrap_or(text.len());
    }
    while let Some(c) = cutter.peek() {
        cutter.step(c);
    }
    cutter.tokens
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token<'t>>,
    /// Openers that are not closed before this offset: a second search on the same line would find as little.
    unclosed: HashMap<char, usize>,
    /// For each template that is open, how many braces are open inside its substitution.
    templates: Vec<usize>,
}

impl<'t> Cutter<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: Kind<'t>, len: usize) {
        self.tokens.push(Token { at: self.at, kind });
        self.at += len;
    }

    fn step(&mut self, c: char) {
        let rest = self.rest();
        match c {
            _ if c.is_whitespace() => self.at += c.len_utf8(),
            '/' if rest.starts_with("//") => self.at += rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => self.at += rest.find("*/").map_or(rest.len(), |end| end + 2),
            '/' => self.slash(),
            '"' | '\'' => self.string(c),
            '`' => {
                self.at += 1;
                self.template(true);
            }
            '{' => {
                if let Some(open) = self.templates.last_mut() {
                    *open += 1;
                }
                self.push(Kind::Mark(c), 1);
            }
            '}' => self.brace(),
            _ if c.is_ascii_digit() => {
                let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
                self.push(Kind::Number(&rest[..len]), len);
            }
            _ if is_word(c) => {
                let len = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.push(Kind::Word(&rest[..len]), len);
            }
            _ => self.push(Kind::Mark(c), c.len_utf8()),
        }
    }

    /// The end of a substitution takes the template up again.
    fn brace(&mut self) {
        match self.templates.last_mut() {
            Some(0) => {
                self.templates.pop();
                self.at += 1;
                self.template(false);
                return;
            }
            Some(open) => *open -= 1,
            None => {}
        }
        self.push(Kind::Mark('}'), 1);
    }

    fn string(&mut self, quote: char) {
        match self.closing(quote, |c| c == quote) {
            Some(len) => {
                let inside = &self.rest()[1..=len];
                self.push(Kind::Text(inside), len + 2);
            }
            None => self.push(Kind::Mark(quote), 1),
        }
    }

    /// How many bytes of this line lie between the opener here and the first unescaped character that closes.
    fn closing(&mut self, opener: char, closes: impl Fn(char) -> bool) -> Option<usize> {
        if self.unclosed.get(&opener).is_some_and(|&until| self.at < until) {
            return None;
        }
        let inside = self.rest().get(1..)?;
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '\n' => break,
                c if closes(c) => return Some(at),
                _ => {}
            }
        }
        self.unclosed.insert(opener, self.text.len() - chars.as_str().len());
        None
    }

    /// Reads from inside a template to its end or its next substitution.
    fn template(&mut self, first: bool) {
        let rest = self.rest();
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '`' => {
                    let piece = &rest[..at];
                    self.push(if first { Kind::Text(piece) } else { Kind::Piece(piece) }, at + 1);
                    return;
                }
                '$' if rest[at + 1..].starts_with('{') => {
                    self.push(Kind::Piece(&rest[..at]), at + 2);
                    self.templates.push(0);
                    return;
                }
                _ => {}
            }
        }
        self.push(Kind::Piece(rest), rest.len());
    }

    fn slash(&mut self) {
        let regex = self.regex_may_begin().then(|| self.regex_len()).flatten();
        match regex {
            Some(len) => self.push(Kind::Regex, len),
            None => self.push(Kind::Mark('/'), 1),
        }
    }

    fn regex_may_begin(&self) -> bool {
        const BEFORE: [&str; 12] =
            ["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await"];
        match self.tokens.last().map(|token| token.kind) {
            None => true,
            Some(Kind::Word(word)) => BEFORE.contains(&word),
            // `</div>` is no comparison with a regular expression.
            Some(Kind::Mark(mark)) => !matches!(mark, ')' | ']' | '<'),
            Some(_) => false,
        }
    }

    fn regex_len(&mut self) -> Option<usize> {
        let in_class = std::cell::Cell::new(false);
        let end = self.closing('/', |c| {
            match c {
                '[' => in_class.set(true),
                ']' => in_class.set(false),
                _ => {}
            }
            c == '/' && !in_class.get()
        })?;
        Some(end + 2)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let show = |token: Token<'_>| match token.kind {
            Kind::Word(word) => word.to_owned(),
            Kind::Text(text) => format!("'{text}'"),
            Kind::Piece(text) => format!("`{text}`"),
            Kind::Number(number) => number.to_owned(),
            Kind::Regex => "RE".to_owned(),
            Kind::Mark(mark) => mark.to_string(),
        };
        tokens(text).into_iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_strings_and_regular_expressions_hide_their_content() {
        assert_eq!(show("#!/usr/bin/env node\na // require('x')\n/* 'y' */ b"), "a b");
        assert_eq!(show(r#"x = "a\"b" + 'c//d'"#), r#"x = 'a\"b' + 'c//d'"#);
        assert_eq!(show("x = /['\"/]+/g; y = a / b / c"), "x = RE g ; y = a / b / c");
        assert_eq!(show("return /re/"), "return RE");
        assert_eq!(show("<p>Don't</p>"), "< p > Don ' t < / p >");
    }

    #[test]
    fn templates_give_their_pieces_and_their_code() {
        assert_eq!(show("`plain`"), "'plain'");
        assert_eq!(show("`a${f({x: `in${1}`})}b` + c"), "`a` f ( { x : `in` 1 `` } ) `b` + c");
        assert_eq!(show("`open ${x"), "`open ` x");
    }

    #[test]
    fn anything_is_cut_to_its_end() {
        for text in ["'", "\"\\", "`\\", "/", "/*", "${", "}}}", "é'é", "`${`${`", "/[", "1.2.3e", "\u{1F600}'"] {
            let _ = tokens(text);
        }
    }
}
