//! What the user sees: the diff, the reasons, JSON, manual pages. Text in memory; nothing is printed here.

pub mod detect;
pub mod diff;
pub mod explain;
pub mod ignoring;
pub mod inspect;
pub mod json;
pub mod measure;
pub mod paint;
pub mod text;

use crate::plan::{Because, Plan};
use crate::text::Position;

/// One file of a run: its names, and what came of it.
#[derive(Debug)]
pub struct FileReport {
    /// The names under which it is spoken of.
    pub names: Names,
    /// The plan, or what is wrong.
    pub outcome: Result<Plan, Fault>,
    /// The names of the files that the plan makes, in its order.
    pub made: Vec<Names>,
}

/// The names of a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In messages, as the user wrote it: `web/Dockerfile`, `<stdin>`.
    pub shown: String,
    /// In JSON; differs for stdin (`-`).
    pub path: String,
    /// In the diff's header, as bytes: relative to where dfslim runs, so that `git apply` and `patch -p1`
    /// find it from there.
    pub patch: Vec<u8>,
    /// The build context.
    pub context: String,
}

/// Why a file could not be worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, when it is a place in the text.
    pub at: Option<Position>,
    /// What, and what to do about it.
    pub message: String,
}

impl Fault {
    /// Of the file as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self { at: None, message: message.into() }
    }

    /// At one place.
    pub fn at(at: Position, message: impl Into<String>) -> Self {
        Self { at: Some(at), message: message.into() }
    }
}

/// Counts over a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Files that were read.
    pub files: usize,
    /// Those that change.
    pub changed: usize,
    /// Proposals applied.
    pub applied: usize,
    /// Proposals held.
    pub held: usize,
    /// Places left alone for a reason.
    pub refused: usize,
    /// Files that could not be worked on.
    pub errors: usize,
    /// Of the held, those that `--risky` applies.
    #[serde(skip)]
    pub risky: usize,
    /// Of the held, those that are advice.
    #[serde(skip)]
    pub advice: usize,
    /// Of the held, those that a comment silences.
    #[serde(skip)]
    pub silenced: usize,
    /// Bytes that the applied ones save.
    #[serde(skip)]
    pub saved: u64,
    /// Whether any of these bytes are an estimate.
    #[serde(skip)]
    pub estimate: bool,
}

impl Totals {
    /// The counts of one file.
    pub fn of(outcome: &Result<Plan, Fault>) -> Self {
        let Ok(plan) = outcome else { return Self { errors: 1, ..Self::default() } };
        let held = |which: fn(&Because) -> bool| plan.held.iter().filter(|held| which(&held.because)).count();
        let saves = || plan.applied.iter().filter_map(|finding| finding.saves);
        Self {
            files: 1,
            changed: usize::from(plan.changed()) + plan.made.len(),
            applied: plan.applied.len(),
            held: plan.held.len(),
            refused: plan.refused.len(),
            errors: 0,
            risky: held(|because| matches!(because, Because::Risky(_))),
            advice: held(|because| matches!(because, Because::Advice)),
            silenced: held(|because| matches!(because, Because::Suppressed(_))),
            saved: saves().map(|saves| saves.bytes).sum(),
            estimate: saves().any(|saves| saves.estimate),
        }
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.changed += other.changed;
        self.applied += other.applied;
        self.held += other.held;
        self.refused += other.refused;
        self.errors += other.errors;
        self.risky += other.risky;
        self.advice += other.advice;
        self.silenced += other.silenced;
        self.saved += other.saved;
        self.estimate |= other.estimate;
    }
}
