//! Places in a text: byte spans, lines and columns, the newline style.
//!
//! Everything here speaks in byte offsets; lines and columns are only for printing.

use std::ops::Range;

/// A half-open range of byte offsets in one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The empty span at `offset`.
    pub const fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// Length in bytes.
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it covers no byte.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `other` lies wholly within.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The bytes of `text` under this span.
    ///
    /// # Panics
    /// When the span is not one of `text`.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }

    /// The same as a range, for slicing.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// How far on a text moved, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift(pub isize);

impl Shift {
    /// Whether it moves nothing.
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Moves `span`.
    pub const fn span(self, span: &mut Span) {
        span.start = span.start.saturating_add_signed(self.0);
        span.end = span.end.saturating_add_signed(self.0);
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// A line and a column, both from 1; the column counts characters, as editors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// Where the lines of a text start, to turn offsets into lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Indexes `text`; lines end at `\n` only, as in BuildKit.
    pub fn new(text: &str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self { starts: std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect() }
    }

    /// The line, from 1, in which `offset` lies.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    /// Offset of the first byte of `line` (from 1).
    pub fn start(&self, line: usize) -> usize {
        self.starts[line - 1]
    }

    /// Line and column of `offset` in `text`, the text that was indexed.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let line = self.line(offset);
        let before = text.get(self.start(line)..offset).unwrap_or_default();
        Position { line, column: before.chars().count() + 1 }
    }
}

/// How lines end in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newline {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl Newline {
    /// The style of the first line, which is what inserted lines follow.
    pub fn of(text: &str) -> Self {
        match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => Self::CrLf,
            _ => Self::Lf,
        }
    }

    /// The characters themselves.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let text = "FROM a\nRUN é x\n";
        let lines = LineIndex::new(text);
        assert_eq!(lines.position(text, 0), Position { line: 1, column: 1 });
        assert_eq!(lines.position(text, text.find('x').unwrap()), Position { line: 2, column: 7 });
        assert_eq!(lines.line(text.len()), 3);
    }

    #[test]
    fn the_first_line_sets_the_newline_style() {
        assert_eq!(Newline::of("a\r\nb\n"), Newline::CrLf);
        assert_eq!(Newline::of("a\nb\r\n"), Newline::Lf);
        assert_eq!(Newline::of("a"), Newline::Lf);
    }
}
