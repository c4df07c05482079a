//! What `dfslim measure` finds: numbers of images, what their containers answer, and whether two answers are the same.
//!
//! It builds and starts nothing, and touches no network; `run` does.

pub mod answer;
pub mod http;

use crate::inspect::Survey;
pub use answer::{Answer, Verdict};
use serde::Serialize;
use std::time::Duration;

/// One Dockerfile, built and started.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// `original`, `rewritten`, or the name of a file.
    pub label: String,
    /// Why it did not build.
    pub failure: Option<String>,
    /// How long the build took with nothing there of an earlier one.
    pub cold: Option<Duration>,
    /// How long it took after a source file changed.
    pub warm: Option<Duration>,
    /// What the builder is sent.
    pub context: Option<Weight>,
    /// What is in the image.
    pub survey: Option<Survey>,
    /// Its compressed bytes.
    pub compressed: Option<Compressed>,
    /// What a container of it answers.
    pub answer: Option<Answer>,
    /// Known vulnerabilities.
    pub scan: Option<Scan>,
}

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Weight {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What goes over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Compressed {
    /// Bytes.
    pub bytes: u64,
    /// Whether a part was compressed and the rest reckoned.
    pub estimate: bool,
}

/// Vulnerabilities by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// All others.
    pub low: usize,
}

impl Scan {
    /// Counts one more.
    pub fn add(&mut self, severity: &str) {
        match severity.to_ascii_lowercase().as_str() {
            "critical" => self.critical += 1,
            "high" => self.high += 1,
            "medium" => self.medium += 1,
            _ => self.low += 1,
        }
    }
}

/// All that was measured.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The Dockerfile.
    pub path: String,
    /// The engine and its version.
    pub engine: String,
    /// The original, the rewritten one where something is rewritten, and another where one was given.
    pub columns: Vec<Measured>,
    /// What was asked of the containers, in words.
    pub asked: Option<String>,
    /// The file that was changed for the second build.
    pub touched: Option<String>,
    /// Whether the rewritten one does what the original does.
    pub verdict: Verdict,
    /// The same for the other one.
    pub other: Option<Verdict>,
    /// What the images are called, when they are kept.
    pub kept: Vec<String>,
}

impl Measured {
    /// The bytes of the image.
    pub fn bytes(&self) -> Option<u64> {
        self.survey.as_ref().map(|survey| survey.bytes)
    }

    /// The bytes that the Dockerfile adds to its base image; `None` when the two cannot be told apart.
    pub fn own(&self) -> Option<u64> {
        let survey = self.survey.as_ref()?;
        let own = |index: usize| survey.is_base(index).map(|base| if base { 0 } else { survey.layers[index].bytes });
        (0..survey.layers.len()).map(own).sum()
    }
}
