//! What a pass hands out: a change with its safety, its reason and its evidence, or the reason why not.
//!
//! The constructors name the safety; there is no default one.

use crate::edit::Edit;
use crate::text::Span;
use serde::Serialize;
use std::fmt;

/// What a rewrite is about; groups passes in reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The image a stage starts from.
    Base,
    /// How the file is cut into stages.
    Stages,
    /// Which packages end up in the image.
    Dependencies,
    /// How many layers, and what they hold twice.
    Layers,
    /// Package-manager caches and indexes.
    Caches,
    /// Order of instructions, for the build cache.
    Order,
    /// Who the container runs as.
    User,
    /// The build context.
    Ignore,
    /// CMD, ENTRYPOINT and their forms.
    Command,
    /// Anything else.
    Other,
}

/// How sure a proposal is, and so whether it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Safety {
    /// Nothing that a running container or a later instruction can observe changes.
    Safe,
    /// The image changes as the pass declares, and every precondition of its page was established.
    Checked {
        /// The facts that establish the preconditions.
        evidence: Vec<Evidence>,
    },
    /// A precondition could not be established.
    Risky {
        /// What may break, lower case, no full stop.
        may_break: String,
    },
    /// Never applied: shown to the reader.
    Advice,
}

impl Safety {
    /// `safe`, `checked`, `risky` or `advice`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Checked { .. } => "checked",
            Self::Risky { .. } => "risky",
            Self::Advice => "advice",
        }
    }

    /// The evidence; empty for classes that carry none.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Self::Checked { evidence } => evidence,
            _ => &[],
        }
    }
}

/// A fact, and where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file, relative to the build context, or the source of a compiled-in fact.
    pub file: String,
    /// Line, from 1, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What was read there.
    pub fact: String,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.fact),
            None => write!(f, "{}: {}", self.file, self.fact),
        }
    }
}

/// What an applied proposal saves in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Saves {
    /// Uncompressed bytes.
    pub bytes: u64,
    /// Whether the number is a typical figure rather than this image's own.
    pub estimate: bool,
}

/// Something a container can observe of a stage, which a proposal says it changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The image at the bottom, where nothing more is known of it.
    Base,
    /// The value of one environment variable.
    Env(String),
    /// The working directory.
    Workdir,
    /// The user.
    User,
    /// ENTRYPOINT.
    Entrypoint,
    /// CMD.
    Cmd,
    /// Exposed ports.
    Expose,
    /// Declared volumes.
    Volume,
    /// The value of one label.
    Label(String),
    /// STOPSIGNAL.
    Stopsignal,
    /// HEALTHCHECK.
    Healthcheck,
    /// The shell of shell-form commands.
    Shell,
    /// Deferred instructions.
    Onbuild,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "ENV {name}"),
            Self::Label(name) => write!(f, "LABEL {name}"),
            other => f.write_str(&format!("{other:?}").to_uppercase()),
        }
    }
}

/// A file that a proposal makes beside the Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewFile {
    /// Its path in the build context.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A change that a pass proposes.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The place it is about, in the text the pass saw.
    pub at: Span,
    /// What is done, as an imperative: `add --no-cache to apk add`.
    pub what: String,
    /// Why that is better.
    pub why: String,
    /// How sure it is.
    pub safety: Safety,
    /// What it saves, if anything is known.
    pub saves: Option<Saves>,
    /// The change itself.
    pub edits: Vec<Edit>,
    /// The file it makes; such a proposal has no edits.
    pub makes: Option<NewFile>,
    /// What a container will observe to differ.
    pub changes: Vec<Field>,
    /// Words of RUN commands that go away, in order of writing (a cleanup that a flag makes needless).
    pub drops: Vec<String>,
    /// Whether commands move from one RUN to another.
    pub moves: bool,
    /// The pass without whose change it is risky, and what then may break.
    pub with: Option<(&'static str, String)>,
}

impl Proposal {
    /// Nobody can observe it.
    pub fn safe(at: Span, what: impl Into<String>) -> Self {
        Self::new(at, what, Safety::Safe)
    }

    /// Observable as declared, every precondition established by `evidence`.
    pub fn checked(at: Span, what: impl Into<String>, evidence: Vec<Evidence>) -> Self {
        Self::new(at, what, Safety::Checked { evidence })
    }

    /// A precondition is open; `may_break` says what that means.
    pub fn risky(at: Span, what: impl Into<String>, may_break: impl Into<String>) -> Self {
        Self::new(at, what, Safety::Risky { may_break: may_break.into() })
    }

    /// For the reader only.
    pub fn advice(at: Span, what: impl Into<String>) -> Self {
        Self::new(at, what, Safety::Advice)
    }

    fn new(at: Span, what: impl Into<String>, safety: Safety) -> Self {
        Self {
            at,
            what: what.into(),
            why: String::new(),
            safety,
            saves: None,
            edits: Vec::new(),
            makes: None,
            changes: Vec::new(),
            drops: Vec::new(),
            moves: false,
            with: None,
        }
    }

    /// Says why it is better.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Adds an edit.
    #[must_use]
    pub fn edit(mut self, edit: Edit) -> Self {
        self.edits.push(edit);
        self
    }

    /// Adds several edits.
    #[must_use]
    pub fn edits(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edits.extend(edits);
        self
    }

    /// Makes a file.
    #[must_use]
    pub fn making(mut self, path: impl Into<String>, text: impl Into<String>) -> Self {
        self.makes = Some(NewFile { path: path.into(), text: text.into() });
        self
    }

    /// States a typical saving, in bytes.
    #[must_use]
    pub fn saves_about(mut self, bytes: u64) -> Self {
        self.saves = Some(Saves { bytes, estimate: true });
        self
    }

    /// Declares an observable change.
    #[must_use]
    pub fn changing(mut self, field: Field) -> Self {
        self.changes.push(field);
        self
    }

    /// Declares words of RUN commands that go away.
    #[must_use]
    pub fn dropping(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.drops.extend(words);
        self
    }

    /// Declares that without what the pass `id` does it is risky: `may_break`.
    #[must_use]
    pub fn together_with(mut self, id: &'static str, may_break: impl Into<String>) -> Self {
        self.with = Some((id, may_break.into()));
        self
    }

    /// Declares that commands move between RUNs.
    #[must_use]
    pub fn moving(mut self) -> Self {
        self.moves = true;
        self
    }
}

/// A place where the pattern stands and was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The place, in the text the pass saw.
    pub at: Span,
    /// What was not done, as an imperative.
    pub what: String,
    /// Why, lower case, no full stop.
    pub why: String,
}

/// What one run of one pass found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Proposals {
    /// Changes, in any order.
    pub changes: Vec<Proposal>,
    /// Places left alone, with the reason.
    pub refusals: Vec<Refusal>,
}

impl Proposals {
    /// Hands out a change.
    pub fn push(&mut self, proposal: Proposal) {
        self.changes.push(proposal);
    }

    /// Tells why a place was left alone.
    pub fn refuse(&mut self, at: Span, what: impl Into<String>, why: impl Into<String>) {
        self.refusals.push(Refusal { at, what: what.into(), why: why.into() });
    }
}
