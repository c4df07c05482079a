//! JSON v1: types of its own, so that the inside may change and the document may not.

use super::paint::Paint;
use super::{Fault, FileReport, Names, Totals, diff};
use crate::passes::rebuild::Rebuild;
use crate::plan::{Finding, Plan};
use crate::proposal::{Evidence, Kind, Saves};
use serde::Serialize;

/// The document.
#[derive(Debug, Serialize)]
pub struct Document {
    version: u32,
    files: Vec<File>,
    errors: Vec<Error>,
    totals: Totals,
}

/// What the document says of one file.
#[derive(Debug)]
pub enum Entry {
    /// It was worked on; goes under `files`.
    File(File),
    /// It could not be; goes under `errors`.
    Error(Error),
}

/// A file that was worked on.
#[derive(Debug, Serialize)]
pub struct File {
    path: String,
    context: String,
    changed: bool,
    diff: String,
    applied: Vec<Proposal>,
    held: Vec<Held>,
    refused: Vec<Refused>,
    problems: Vec<Problem>,
    rebuilds: Vec<Rebuild>,
}

#[derive(Debug, Serialize)]
struct Proposal {
    pass: &'static str,
    kind: Kind,
    safety: &'static str,
    line: usize,
    what: String,
    why: String,
    evidence: Vec<Evidence>,
    saves: Option<Saves>,
}

#[derive(Debug, Serialize)]
struct Held {
    #[serde(flatten)]
    proposal: Proposal,
    #[serde(rename = "held_because")]
    because: String,
    flag: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Refused {
    pass: &'static str,
    line: usize,
    what: String,
    why: String,
}

#[derive(Debug, Serialize)]
struct Problem {
    line: usize,
    column: usize,
    message: String,
}

/// A file that could not be worked on.
#[derive(Debug, Serialize)]
pub struct Error {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(rename = "error")]
    message: String,
}

impl Document {
    /// Gathers the entries of a run, in their order.
    pub fn new(entries: impl IntoIterator<Item = Entry>, totals: Totals) -> Self {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for entry in entries {
            match entry {
                Entry::File(file) => files.push(file),
                Entry::Error(error) => errors.push(error),
            }
        }
        Self { version: 1, files, errors, totals }
    }

    /// The text, with a newline at its end.
    pub fn to_text(&self) -> String {
        // The types hold strings and numbers only, which cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Entry {
    /// The entries of one Dockerfile: its own, and those of the files that its plan makes.
    pub fn of(report: &FileReport) -> Vec<Self> {
        match &report.outcome {
            Ok(plan) => {
                let made = report.made.iter().zip(&plan.made).map(|(names, made)| File::made(names, &made.text));
                std::iter::once(File::new(&report.names, plan)).chain(made).map(Self::File).collect()
            }
            Err(fault) => vec![Self::Error(Error::new(&report.names.path, fault))],
        }
    }

    /// The path of the file; of an error, none.
    pub fn path(&self) -> Option<&str> {
        if let Self::File(file) = self { Some(&file.path) } else { None }
    }
}

impl Error {
    fn new(path: &str, fault: &Fault) -> Self {
        Self {
            path: path.to_owned(),
            line: fault.at.map(|at| at.line),
            column: fault.at.map(|at| at.column),
            message: fault.message.clone(),
        }
    }
}

impl File {
    /// A file that is not there yet.
    fn made(names: &Names, text: &str) -> Self {
        Self {
            path: names.path.clone(),
            context: names.context.clone(),
            changed: true,
            diff: diff::created(&names.patch, text, Paint(false)),
            applied: Vec::new(),
            held: Vec::new(),
            refused: Vec::new(),
            problems: Vec::new(),
            rebuilds: Vec::new(),
        }
    }

    fn new(names: &Names, plan: &Plan) -> Self {
        let held = plan.held.iter().map(|held| Held {
            proposal: Proposal::new(&held.finding),
            because: held.because.to_string(),
            flag: held.because.flag(),
        });
        let refused = plan.refused.iter().map(|refused| Refused {
            pass: refused.pass,
            line: refused.at.line,
            what: refused.what.clone(),
            why: refused.why.clone(),
        });
        let problems = plan.notes.iter().map(|note| Problem {
            line: note.at.line,
            column: note.at.column,
            message: note.message.clone(),
        });
        Self {
            path: names.path.clone(),
            context: names.context.clone(),
            changed: plan.changed(),
            diff: diff::unified(&names.patch, &plan.before, &plan.after, Paint(false)),
            applied: plan.applied.iter().map(Proposal::new).collect(),
            held: held.collect(),
            refused: refused.collect(),
            problems: problems.collect(),
            rebuilds: plan.rebuilds.clone(),
        }
    }
}

impl Proposal {
    fn new(finding: &Finding) -> Self {
        Self {
            pass: finding.pass,
            kind: finding.kind,
            safety: finding.safety.name(),
            line: finding.at.line,
            what: finding.what.clone(),
            why: finding.why.clone(),
            evidence: finding.safety.evidence().to_vec(),
            saves: finding.saves,
        }
    }
}
