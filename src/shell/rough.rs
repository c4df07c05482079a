//! Words without a grammar, for the guard.

/// `text` cut at blanks that stand outside quotes, with the joining operators as words of their own. Rougher
/// than the grammar and independent of it: the guard compares with it what a pass left.
pub fn rough_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = without_blanks(rest);
        let (word, after) = rest.split_at(word_len(rest));
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// `text` from its first word on; a backslash before a newline is a blank too.
fn without_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(more) = rest.strip_prefix("\\\n").or_else(|| rest.strip_prefix("\\\r\n")) {
        rest = more.trim_start();
    }
    rest
}

fn is_operator(c: char) -> bool {
    matches!(c, '&' | '|' | ';')
}

/// Length of the word or operator that `text` starts with.
fn word_len(text: &str) -> usize {
    if text.starts_with(is_operator) {
        return text.find(|c| !is_operator(c)).unwrap_or(text.len());
    }
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            Some('\'') if c == '\'' => quote = None,
            Some('\'') => {}
            _ if c == '\\' && !text[at..].starts_with("\\\n") => escaped = true,
            Some(_) if c == '"' => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() || is_operator(c) || text[at..].starts_with("\\\n") => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_operators() {
        let cases: [(&str, &[&str]); 7] = [
            ("a b", &["a", "b"]),
            ("a&&b; c", &["a", "&&", "b", ";", "c"]),
            ("a 'b ; c' \"d && e\"f", &["a", "'b ; c'", "\"d && e\"f"]),
            (r#"a\ b "c\" d" \; e"#, &["a\\ b", r#""c\" d""#, "\\;", "e"]),
            ("a \\\n  b\\\nc", &["a", "b", "c"]),
            ("it's", &["it's"]),
            ("  ", &[]),
        ];
        for (text, words) in cases {
            assert_eq!(rough_words(text).collect::<Vec<_>>(), words, "{text}");
        }
    }
}
