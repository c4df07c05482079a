//! What a container needs when it does not run as root: places to write to. And what is not known of that.

use crate::proposal::Evidence;

/// What is found on the way through all that a container starts.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// Where it writes.
    pub(super) writes: Vec<Write>,
    /// How many programs were looked at.
    pub(super) programs: usize,
    /// Why it may need more.
    pub(super) doubts: Vec<String>,
    /// What was looked at.
    pub(super) evidence: Vec<Evidence>,
}

/// A place that is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Write {
    /// Absolute and clean.
    pub(super) path: String,
    /// Whether it is a directory in which anything may be made; else a file.
    pub(super) directory: bool,
    /// Whether it is to be made by the program itself, which fails where it is there already.
    pub(super) must_be_new: bool,
    /// Who says so: `app.py:12`.
    pub(super) place: String,
}

/// So much of the evidence is shown.
const MOST_EVIDENCE: usize = 8;
/// So many doubts are told.
const MOST_DOUBTS: usize = 2;

impl Needs {
    pub(super) fn doubt(&mut self, why: impl Into<String>) {
        let why = why.into();
        if !self.doubts.contains(&why) {
            self.doubts.push(why);
        }
    }

    pub(super) fn write(&mut self, write: Write) {
        if !self.writes.contains(&write) {
            self.writes.push(write);
        }
    }

    pub(super) fn evident(&mut self, evidence: Evidence) {
        if self.evidence.len() < MOST_EVIDENCE && !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }

    /// What is not known, in one line.
    pub(super) fn told(&self) -> Option<String> {
        let more = self.doubts.len().saturating_sub(MOST_DOUBTS);
        let first = self.doubts.iter().take(MOST_DOUBTS).cloned().collect::<Vec<_>>().join("; ");
        match (first.is_empty(), more) {
            (true, _) => None,
            (false, 0) => Some(first),
            (false, more) => Some(format!("{first}; and {more} more")),
        }
    }
}

/// A place in a file, as messages show it.
pub(super) fn place_of(evidence: &Evidence) -> String {
    match evidence.line {
        Some(line) => format!("{}:{line}", evidence.file),
        None => evidence.file.clone(),
    }
}
