//! What the engine decided for one Dockerfile: the new text, what was applied, what was held and why.

use crate::passes::Pass;
use crate::passes::rebuild::Rebuild;
use crate::proposal::{Kind, NewFile, Proposal, Safety, Saves};
use crate::text::Position;

/// The outcome for one file. Positions are those of the user's own text.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The text as it was.
    pub before: String,
    /// The text as it would be; equal to `before` when nothing is to change.
    pub after: String,
    /// Files to be made in the build context.
    pub made: Vec<NewFile>,
    /// What was applied, by line.
    pub applied: Vec<Finding>,
    /// What was not, and why, by line.
    pub held: Vec<Held>,
    /// Places where a pattern stands and was left alone for a reason of its own, by line.
    pub refused: Vec<Refused>,
    /// What is odd in the file: parse problems, suppressions that hit nothing.
    pub notes: Vec<Note>,
    /// What changes of the build context make anew, before and after; nothing where that was not asked for.
    pub rebuilds: Vec<Rebuild>,
}

impl Plan {
    /// Whether anything is to be written: the text changes, or a file is made.
    pub fn writes(&self) -> bool {
        self.changed() || !self.made.is_empty()
    }

    /// Whether the text changes.
    pub fn changed(&self) -> bool {
        self.before != self.after
    }
}

/// A proposal as it is reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The pass.
    pub pass: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// How sure it is.
    pub safety: Safety,
    /// Where, in the user's text.
    pub at: Position,
    /// What is done.
    pub what: String,
    /// Why.
    pub why: String,
    /// What it saves.
    pub saves: Option<Saves>,
}

impl Finding {
    /// Reports `proposal` of `pass` at `at`.
    pub fn new(pass: &Pass, proposal: &Proposal, at: Position) -> Self {
        Self {
            pass: pass.id,
            kind: pass.kind,
            safety: proposal.safety.clone(),
            at,
            what: proposal.what.clone(),
            why: proposal.why.clone(),
            saves: proposal.saves,
        }
    }
}

/// A proposal that was not applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The proposal.
    pub finding: Finding,
    /// Why it was not applied.
    pub because: Because,
}

/// Why a proposal was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// It is risky and `--risky` was not given; holds what may break.
    Risky(String),
    /// It is checked, and `--safe-only` was given.
    SafeOnly,
    /// It is advice.
    Advice,
    /// A comment in the file silences it; holds the comment.
    Suppressed(String),
    /// The guard refused the result; holds what it found.
    Guard(String),
}

impl Because {
    /// The flag that would apply it, if there is one.
    pub const fn flag(&self) -> Option<&'static str> {
        match self {
            Self::Risky(_) => Some("--risky"),
            Self::SafeOnly => Some("without --safe-only"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Risky(may_break) => write!(f, "{may_break}"),
            Self::SafeOnly => f.write_str("only safe rewrites were asked for"),
            Self::Advice => f.write_str("advice: for you to decide"),
            Self::Suppressed(comment) => write!(f, "silenced by `{comment}`"),
            Self::Guard(found) => write!(f, "the result would not hold: {found}"),
        }
    }
}

/// A place left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The pass.
    pub pass: &'static str,
    /// Where, in the user's text.
    pub at: Position,
    /// What was not done.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Something odd at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where, in the user's text.
    pub at: Position,
    /// What.
    pub message: String,
}
