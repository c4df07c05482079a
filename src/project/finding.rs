//! What a conclusion is: a value with the evidence for it, or the reason why there is none.

use crate::proposal::Evidence;

/// A conclusion about the project. "Unknown" is an answer of its own, never silently "no".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding<T> {
    /// Established.
    Known {
        /// The conclusion.
        value: T,
        /// Where it was read; what is known because a file is *absent* names the directory or file looked for.
        evidence: Vec<Evidence>,
    },
    /// Could not be established.
    Unknown {
        /// Why not: lower case, no full stop.
        why: String,
        /// The place that stood in the way, when there is one.
        evidence: Vec<Evidence>,
    },
}

impl<T> Finding<T> {
    /// Established by `evidence`.
    pub fn known(value: T, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        Self::Known { value, evidence: evidence.into_iter().collect() }
    }

    /// Not established, because `why`.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into(), evidence: Vec::new() }
    }

    /// Not established, because of what stands at a place.
    pub fn blocked(why: impl Into<String>, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        Self::Unknown { why: why.into(), evidence: evidence.into_iter().collect() }
    }

    /// The value, when it is known.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Unknown { .. } => None,
        }
    }

    /// Why it is not known.
    pub fn why_unknown(&self) -> Option<&str> {
        match self {
            Self::Known { .. } => None,
            Self::Unknown { why, .. } => Some(why),
        }
    }

    /// What was read.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Known { evidence, .. } | Self::Unknown { evidence, .. } => evidence,
        }
    }

    /// The same with another value, by the same evidence.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Finding<U> {
        match self {
            Self::Known { value, evidence } => Finding::Known { value: change(value), evidence },
            Self::Unknown { why, evidence } => Finding::Unknown { why, evidence },
        }
    }
}

impl Finding<bool> {
    /// Whether it is known to hold.
    pub fn is_yes(&self) -> bool {
        self.value() == Some(&true)
    }

    /// Whether it is known not to hold.
    pub fn is_no(&self) -> bool {
        self.value() == Some(&false)
    }
}

/// A fact read in `file`, at `line` when it is known.
pub fn evidence(file: impl Into<String>, line: Option<usize>, fact: impl Into<String>) -> Evidence {
    Evidence { file: file.into(), line, fact: fact.into() }
}
