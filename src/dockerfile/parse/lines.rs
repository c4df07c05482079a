//! Physical lines, and where one continues on the next.

use crate::text::Span;

/// BuildKit scans with Go's `bufio.Scanner`, whose buffer holds 65,536 bytes including the newline
/// (`handleScannerError` in `parser.go`).
const LONGEST_LINE: usize = 65_535;

/// One physical line.
#[derive(Clone, Copy)]
pub(super) struct Line<'t> {
    /// Without its end: all `\r` and `\n` at the end are gone.
    pub(super) text: &'t str,
    /// With its end.
    pub(super) span: Span,
    /// From 1.
    pub(super) number: usize,
    /// Whether a `\n` ends it; the last line of a file may lack it.
    ended: bool,
}

impl Line<'_> {
    /// Where `part`, a piece of this line's text that goes to its end, starts in the file.
    pub(super) fn offset_of(&self, part: &str) -> usize {
        self.span.start + self.text.len() - part.len()
    }

    /// The line without its end.
    pub(super) fn code_span(&self) -> Span {
        Span::new(self.span.start, self.span.start + self.text.len())
    }

    pub(super) fn is_too_long(&self) -> bool {
        // A byte order mark is no part of the line, but the scanner has to hold it.
        let start = if self.number == 1 { 0 } else { self.span.start };
        self.span.end - start - usize::from(self.ended) > LONGEST_LINE
    }
}

/// The physical lines of a text.
pub(super) struct Lines<'t> {
    text: &'t str,
    position: usize,
    number: usize,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str, position: usize) -> Self {
        Self { text, position, number: 0 }
    }

    /// Offset of the first byte not read yet.
    pub(super) fn position(&self) -> usize {
        self.position
    }
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let rest = &self.text[self.position..];
        if rest.is_empty() {
            return None;
        }
        let newline = rest.find('\n');
        let whole = &rest[..newline.map_or(rest.len(), |at| at + 1)];
        let start = self.position;
        self.position += whole.len();
        self.number += 1;
        Some(Line {
            text: whole.trim_end_matches(['\r', '\n']),
            span: Span::new(start, self.position),
            number: self.number,
            ended: newline.is_some(),
        })
    }
}

/// `line` without the escape character that continues it on the next line, if there is one: it stands at the
/// end, blanks may follow, and no other escape character stands before it (`setEscapeToken` in `parser.go`).
pub(super) fn without_continuation(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_every_byte() {
        let text = "a\r\n\n b\r\r\nc";
        let lines: Vec<_> = Lines::new(text, 0).map(|line| (line.text, line.span.of(text))).collect();
        assert_eq!(lines, [("a", "a\r\n"), ("", "\n"), (" b", " b\r\r\n"), ("c", "c")]);
    }

    #[test]
    fn an_escaped_escape_does_not_continue() {
        assert_eq!(without_continuation(r"a \ 	", '\\'), Some("a "));
        assert_eq!(without_continuation(r"\", '\\'), Some(""));
        assert_eq!(without_continuation(r"a \\", '\\'), None);
        assert_eq!(without_continuation(r"a \\\", '\\'), None);
        assert_eq!(without_continuation("a `", '`'), Some("a "));
        assert_eq!(without_continuation("a", '\\'), None);
    }
}
