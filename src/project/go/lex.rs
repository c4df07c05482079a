//! Go source as tokens: names, literals, punctuation, and the comments that are directives. Nothing fails.

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
    /// A string's value.
    Text(String),
    /// One character of punctuation; a rune literal is `'`.
    Mark(char),
    /// `//go:…` and `// +build …`, without the slashes.
    Directive(&'t str),
    /// Any other comment.
    Comment(&'t str),
}

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let start = at;
        let kind = match first {
            c if c.is_whitespace() || c == '\u{feff}' => {
                at += c.len_utf8();
                continue;
            }
            '/' if rest.starts_with("//") => {
                let line = rest.lines().next().unwrap_or(rest);
                at += line.len();
                let body = line[2..].trim_end();
                let is_directive = body.starts_with("go:") || body.trim_start().starts_with("+build");
                if is_directive { Kind::Directive(body.trim_start()) } else { Kind::Comment(body) }
            }
            '/' if rest.starts_with("/*") => {
                let end = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
                at += end;
                Kind::Comment(rest[2..end].trim_end_matches("*/"))
            }
            '`' => {
                let end = rest[1..].find('`').map_or(rest.len(), |end| end + 2);
                at += end;
                Kind::Text(rest[1..end].trim_end_matches('`').to_owned())
            }
            '"' | '\'' => {
                let end = quoted(rest, first);
                at += end;
                if first == '"' { Kind::Text(unescape(&rest[1..end])) } else { Kind::Mark('\'') }
            }
            c if c.is_ascii_digit() => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
                at += end;
                Kind::Number(&rest[..end])
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                at += end;
                Kind::Name(&rest[..end])
            }
            c => {
                at += c.len_utf8();
                Kind::Mark(c)
            }
        };
        found.push(Token { at: start, kind });
    }
    found
}

/// Length of a literal in quotes; one that is not closed ends with its line.
fn quoted(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\n' => return at,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The value of what stands after the opening quote.
fn unescape(text: &str) -> String {
    let inside = text.strip_suffix('"').unwrap_or(text);
    let (mut value, mut letters) = (String::with_capacity(inside.len()), inside.chars());
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some('n')) => value.push('\n'),
            ('\\', Some('t')) => value.push('\t'),
            ('\\', Some(other)) => value.push(other),
            (letter, _) => value.push(letter),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_comments_do_not_leak() {
        let text = "/* import \"C\" */ x := `a\"b` + \"c\\\"d\" // \"e\"\n//go:embed a b\n'\"' 1_0.5";
        let kinds: Vec<_> = tokens(text).into_iter().map(|token| token.kind).collect();
        assert!(kinds.contains(&Kind::Text("a\"b".to_owned())));
        assert!(kinds.contains(&Kind::Text("c\"d".to_owned())));
        assert!(kinds.contains(&Kind::Directive("go:embed a b")));
        assert!(kinds.contains(&Kind::Mark('\'')) && kinds.contains(&Kind::Number("1_0.5")));
        assert_eq!(kinds.iter().filter(|kind| matches!(kind, Kind::Text(_))).count(), 2);
    }

    #[test]
    fn broken_sources_end() {
        for text in ["\"", "`", "/*", "//", "'\\", "\"\\", "\"é\\", "/*/", "\u{feff}package x"] {
            tokens(text);
        }
    }
}
