//! The logical text of an instruction: continuation lines joined, comment lines gone, with the way back to
//! the file for every byte.

use crate::text::{Shift, Span};
use std::ops::Range;

/// Text gathered from several places of a file, each byte with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logical {
    text: String,
    pieces: Vec<Piece>,
}

/// `len` bytes that stand at `logical` in the joined text and at `file` in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    logical: usize,
    file: usize,
    len: usize,
}

impl Logical {
    /// The joined text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends `slice`, which stands at offset `file` in the file.
    pub fn push(&mut self, slice: &str, file: usize) {
        if slice.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if last.file + last.len == file => last.len += slice.len(),
            _ => self.pieces.push(Piece { logical: self.text.len(), file, len: slice.len() }),
        }
        self.text.push_str(slice);
    }

    /// Forgets everything but the memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
    }

    /// The part from `range.start` to `range.end` of the joined text, with its own way back.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let first = self.pieces.partition_point(|piece| piece.logical + piece.len <= range.start);
        let after = first + self.pieces[first..].partition_point(|piece| piece.logical < range.end);
        let mut part = Self { text: String::with_capacity(range.len()), pieces: Vec::with_capacity(after - first) };
        for piece in &self.pieces[first..after] {
            let start = piece.logical.max(range.start);
            let end = (piece.logical + piece.len).min(range.end);
            part.push(&self.text[start..end], piece.file + start - piece.logical);
        }
        part
    }

    /// Where the byte at `offset` of the joined text stands in the file; the end of the joined text is the
    /// place after its last byte. `None` when there is no text at all.
    pub fn file_offset(&self, offset: usize) -> Option<usize> {
        let after = self.pieces.partition_point(|piece| piece.logical <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        Some(piece.file + (offset - piece.logical).min(piece.len))
    }

    /// The span in the file from the first to the last byte of `range`. What the joining dropped in between
    /// (line ends, comments) lies inside; what follows the last byte does not.
    pub fn file_span(&self, range: Range<usize>) -> Option<Span> {
        let start = self.file_offset(range.start)?;
        if range.is_empty() {
            return Some(Span::at(start));
        }
        Some(Span::new(start, self.file_offset(range.end - 1)? + 1))
    }

    /// From the first to the last byte in the file.
    pub fn span(&self) -> Option<Span> {
        self.file_span(0..self.text.len())
    }

    /// How far on `other` stands, which has the same text, broken at the same places; `None` when it has not.
    pub fn shift_to(&self, other: &Self) -> Option<Shift> {
        if self.text != other.text || self.pieces.len() != other.pieces.len() {
            return None;
        }
        let (first, others) = (self.pieces.first().map_or(0, |piece| piece.file), other.pieces.first());
        let by = others.map_or(0, |piece| piece.file).checked_signed_diff(first)?;
        let moved = |piece: &Piece| Piece { file: piece.file.saturating_add_signed(by), ..*piece };
        self.pieces.iter().map(moved).eq(other.pieces.iter().copied()).then_some(Shift(by))
    }

    /// Whether `range` is written without a break: the file holds the same bytes in one piece.
    pub fn is_contiguous(&self, range: Range<usize>) -> bool {
        self.file_span(range.clone()).is_some_and(|span| span.len() == range.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined() -> Logical {
        // the file: `RUN ab \␊ cd`
        let mut logical = Logical::default();
        logical.push("ab ", 4);
        logical.push(" cd", 9);
        logical
    }

    #[test]
    fn every_byte_finds_its_place() {
        let logical = joined();
        assert_eq!(logical.text(), "ab  cd");
        assert_eq!(logical.file_offset(0), Some(4));
        assert_eq!(logical.file_offset(4), Some(10));
        assert_eq!(logical.file_offset(6), Some(12));
        assert_eq!(logical.file_span(0..2), Some(Span::new(4, 6)));
        assert_eq!(logical.file_span(0..6), Some(Span::new(4, 12)));
        assert!(logical.is_contiguous(0..3) && !logical.is_contiguous(0..4));
    }

    #[test]
    fn a_slice_keeps_the_way_back() {
        let part = joined().slice(1..5);
        assert_eq!(part.text(), "b  c");
        assert_eq!(part.span(), Some(Span::new(5, 11)));
        assert_eq!(Logical::default().span(), None);
    }
}
