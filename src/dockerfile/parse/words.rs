//! The two ways in which BuildKit splits arguments into words.

use std::ops::Range;

/// What separates words outside quotes: `[\t\v\f\r ]+` (`reWhitespace` in `parser.go`).
pub(super) fn is_separator(char: char) -> bool {
    matches!(char, '\t' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// Splits `line` at its first white space: the part before, and the part after with its offset.
pub(super) fn split_first(line: &str) -> Option<(&str, usize)> {
    let end = line.find(is_separator)?;
    let rest = line[end..].trim_start_matches(is_separator);
    Some((&line[..end], line.len() - rest.len()))
}

/// The white-space separated words of `text`; quotes mean nothing.
pub(super) fn plain(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split(is_separator).filter_map(move |word| {
        let range = start..start + word.len();
        start = range.end + 1; // every separator is one byte
        (!word.is_empty()).then_some(range)
    })
}

/// A word that may hold quoted white space.
pub(super) struct QuotedWord {
    /// As written, but for an escape character at the very end of the text, which is dropped.
    pub(super) text: String,
    /// Where it stands.
    pub(super) range: Range<usize>,
}

/// The words of `text`, quotes and escape characters kept (`parseWords` in `line_parsers.go`).
pub(super) fn quoted(text: &str, escape: char) -> Vec<QuotedWord> {
    let mut words = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let skipped = rest.len() - rest.trim_start().len();
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let word = quoted_word(text, at, escape);
        at = word.range.end;
        if !word.text.is_empty() {
            words.push(word);
        }
    }
    words
}

/// The word that starts at `start`.
fn quoted_word(text: &str, start: usize, escape: char) -> QuotedWord {
    let mut quote = None;
    let mut chars = text[start..].char_indices();
    let mut end = text.len();
    let mut cut = None;
    while let Some((at, char)) = chars.next() {
        if quote.is_none() && char.is_whitespace() {
            end = start + at;
            break;
        }
        if quote == Some(char) {
            quote = None;
        } else if char == escape && quote != Some('\'') {
            // Whatever follows loses its meaning, and both are kept; at the end nothing is there to escape.
            if chars.next().is_none() {
                cut = Some(start + at);
            }
        } else if quote.is_none() && matches!(char, '\'' | '"') {
            quote = Some(char);
        }
    }
    QuotedWord { text: text[start..cut.unwrap_or(end)].to_owned(), range: start..end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        quoted(text, '\\').into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(read(r#"a="b c" d='e "f'  g\ h"#), [r#"a="b c""#, r#"d='e "f'"#, r"g\ h"]);
        assert_eq!(read(r#"a="b\" c" d='\' e"#), [r#"a="b\" c""#, r"d='\'", "e"]);
        assert_eq!(read(r#"a="open b"#), [r#"a="open b"#]);
    }

    #[test]
    fn an_escape_character_at_the_end_is_dropped() {
        assert_eq!(read(r"a=b\"), ["a=b"]);
        assert_eq!(read(r"a=b \"), ["a=b"]);
        assert_eq!(read(r#"a="b\"#), [r#"a="b"#]);
    }

    #[test]
    fn plain_words_know_no_quotes() {
        let text = "a  'b c'\u{a0}d";
        assert_eq!(plain(text).map(|range| &text[range]).collect::<Vec<_>>(), ["a", "'b", "c'\u{a0}d"]);
    }
}
