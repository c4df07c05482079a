//! Changes as disjoint byte spans on one text, and the way back from the changed text to the first one.
//!
//! It knows nothing of Dockerfiles.

use crate::text::Span;

/// Replaces the bytes under `span` by `text`. An empty span inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What goes.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Inserts `text` before the byte at `offset`.
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self { span: Span::at(offset), text: text.into() }
    }

    /// Replaces `span` by `text`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Deletes `span`.
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }

    /// Whether both cannot be applied to one text: they share a byte, or an insertion stands at a place
    /// that the other one touches, so that their order would matter.
    fn clashes(&self, other: &Self) -> bool {
        self.span.start <= other.span.end
            && other.span.start <= self.span.end
            && !self.follows(other)
            && !other.follows(self)
    }

    /// Whether two replacements merely stand side by side.
    fn follows(&self, other: &Self) -> bool {
        self.span.start == other.span.end && !self.span.is_empty() && !other.span.is_empty()
    }
}

/// Edits of one text that can be applied together, sorted by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditSet {
    edits: Vec<Edit>,
}

/// The edit that clashed with one already in the set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits want the bytes {}..{}", .0.span.start, .0.span.end)]
pub struct Clash(pub Edit);

impl EditSet {
    /// Adds all of `edits`, or none when one of them clashes.
    pub fn try_extend(&mut self, edits: &[Edit]) -> Result<(), Clash> {
        for (index, edit) in edits.iter().enumerate() {
            // Sorted and disjoint: only those that reach up to this one and begin no later than it ends.
            let from = self.edits.partition_point(|other| other.span.end < edit.span.start);
            let near = self.edits[from..].iter().take_while(|other| other.span.start <= edit.span.end);
            if near.into_iter().any(|other| edit.clashes(other)) {
                self.edits.retain(|other| !edits[..index].contains(other));
                return Err(Clash(edit.clone()));
            }
            let at = self.edits.partition_point(|other| other < edit);
            self.edits.insert(at, edit.clone());
        }
        Ok(())
    }

    /// Whether it holds no edit.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The edits, sorted.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// `text` with all edits made.
    ///
    /// # Panics
    /// When a span is not one of `text`.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 64);
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(&text[at..edit.span.start]);
            out.push_str(&edit.text);
            at = edit.span.end;
        }
        out.push_str(&text[at..]);
        out
    }
}

/// Which bytes of a changed text come from the first text, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// Kept runs: (start now, start in the first text, length), in order.
    kept: Vec<(usize, usize, usize)>,
}

impl Origins {
    /// Nothing changed yet in a text of `len` bytes.
    pub fn unchanged(len: usize) -> Self {
        Self { kept: vec![(0, 0, len)] }
    }

    /// The map after `edits` were applied to the text this map speaks of.
    #[must_use]
    pub fn after(&self, edits: &EditSet) -> Self {
        let mut kept = Vec::new();
        let mut rest = self.kept.iter().copied().peekable();
        let mut now = 0_usize;
        let mut at = 0_usize;
        let mut keep = |upto: usize, at: &mut usize, now: &mut usize| {
            while let Some(&(start, first, len)) = rest.peek() {
                let from = start.max(*at);
                let to = (start + len).min(upto);
                if from < to {
                    kept.push((*now + from - *at, first + from - start, to - from));
                }
                if start + len > upto {
                    break;
                }
                rest.next();
            }
            *now += upto - *at;
            *at = upto;
        };
        for edit in edits.edits() {
            keep(edit.span.start, &mut at, &mut now);
            now += edit.text.len();
            at = edit.span.end;
        }
        keep(usize::MAX / 2, &mut at, &mut now);
        Self { kept }
    }

    /// Where the byte at `offset` stood in the first text; for inserted bytes, the place where they were put
    /// in: just after the nearest kept byte before them.
    pub fn first(&self, offset: usize) -> usize {
        let after = self.kept.partition_point(|&(start, ..)| start <= offset);
        match after.checked_sub(1).map(|index| self.kept[index]) {
            Some((start, first, len)) => first + (offset - start).min(len),
            None => self.kept.first().map_or(0, |&(_, first, _)| first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(edits: &[Edit]) -> EditSet {
        let mut set = EditSet::default();
        set.try_extend(edits).unwrap();
        set
    }

    #[test]
    fn edits_are_applied_in_order_of_place() {
        let edits = set(&[Edit::insert(4, "X"), Edit::delete(Span::new(0, 2))]);
        assert_eq!(edits.apply("abcdef"), "cdXef");
    }

    #[test]
    fn what_would_depend_on_the_order_clashes() {
        let mut edits = set(&[Edit::insert(3, "X"), Edit::replace(Span::new(5, 7), "Y")]);
        for clash in [Edit::insert(3, "Z"), Edit::insert(5, "Z"), Edit::insert(7, "Z"), Edit::delete(Span::new(2, 4))] {
            assert!(edits.try_extend(std::slice::from_ref(&clash)).is_err(), "{clash:?}");
        }
        assert!(edits.try_extend(&[Edit::delete(Span::new(7, 9))]).is_ok());
        assert_eq!(edits.edits().len(), 3);
    }

    #[test]
    fn a_clash_leaves_the_set_alone() {
        let mut edits = set(&[Edit::insert(3, "X")]);
        let before = edits.clone();
        assert!(edits.try_extend(&[Edit::insert(1, "A"), Edit::insert(3, "B")]).is_err());
        assert_eq!(edits, before);
    }

    #[test]
    fn offsets_lead_back_to_the_first_text() {
        let first = "abcdef";
        let one = set(&[Edit::insert(2, "XX"), Edit::delete(Span::new(3, 5))]);
        let text = one.apply(first);
        assert_eq!(text, "abXXcf");
        let origins = Origins::unchanged(first.len()).after(&one);
        assert_eq!([0, 1, 4, 5].map(|at| origins.first(at)), [0, 1, 2, 5]);
        assert_eq!(origins.first(3), 2);
        let two = set(&[Edit::delete(Span::new(0, 1))]);
        let origins = origins.after(&two);
        assert_eq!(two.apply(&text), "bXXcf");
        assert_eq!([0, 3, 4].map(|at| origins.first(at)), [1, 2, 5]);
    }
}
