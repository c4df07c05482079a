//! What `dfslim detect` shows: aligned lines for people, and JSON v1.
//!
//! ```text
//! web/Dockerfile
//!   context  web                         docker-compose.yml:4
//!   app      Node, npm                   web/package.json, web/package-lock.json
//!   base     node:22-bookworm            web/Dockerfile:1
//!            Debian 12 (bookworm), glibc, the full image
//! ```

use super::Fault;
use super::paint::{BOLD, CYAN, DIM, Paint, RED, YELLOW, count, one_line};
use crate::detect::{Fact, Status, Topic};
use crate::project::context::Warning;
use crate::proposal::Evidence;
use serde::Serialize;
use std::fmt::Write;

/// What was found of one Dockerfile, or what is wrong with it.
#[derive(Debug)]
pub struct Report {
    /// As it is called from where dfslim runs.
    pub path: String,
    /// Facts, and what could not be understood.
    pub outcome: Result<(Vec<Fact>, Vec<Warning>), Fault>,
}

/// Evidence begins at this column, where what stands before it leaves room.
const EVIDENCE_COLUMN: usize = 52;
/// So many places are shown for one fact.
const MOST_PLACES: usize = 3;

/// The lines for people.
pub fn text(reports: &[Report], paint: Paint) -> String {
    let mut out = String::new();
    for (at, report) in reports.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&paint.paint(BOLD, &one_line(&report.path)));
        out.push('\n');
        match &report.outcome {
            Err(fault) => {
                let place = fault.at.map(|at| format!("{}:{}: ", at.line, at.column)).unwrap_or_default();
                let _ = writeln!(out, "  {} {place}{}", paint.paint(RED, "error:"), one_line(&fault.message));
            }
            Ok((facts, warnings)) => {
                page(&mut out, facts, paint);
                for warning in warnings {
                    let _ = writeln!(out, "  {} {}", paint.paint(YELLOW, "warning:"), one_line(&warning.to_string()));
                }
            }
        }
    }
    if reports.len() > 1 {
        let _ = writeln!(out, "\n{}", paint.paint(BOLD, &count(reports.len(), "Dockerfile")));
    }
    out
}

fn page(out: &mut String, facts: &[Fact], paint: Paint) {
    let width = facts.iter().map(|fact| fact.topic.name().len()).max().unwrap_or(0);
    let indent = width + 4;
    let mut before = None;
    for fact in facts {
        // The topic is said once for all of its facts.
        let topic = if before == Some(fact.topic) { "" } else { fact.topic.name() };
        before = Some(fact.topic);
        let label = paint.paint(CYAN, &format!("{topic:width$}"));
        let (value, style) = match (fact.status, fact.topic) {
            (Status::Unknown, _) => (format!("unknown: {}", one_line(&fact.value)), Some(YELLOW)),
            (_, Topic::Missing) => (one_line(&fact.value), Some(YELLOW)),
            _ => (one_line(&fact.value), None),
        };
        let shown = style.map_or_else(|| value.clone(), |style| paint.paint(style, &value));
        let room = EVIDENCE_COLUMN.saturating_sub(indent + value.chars().count()).max(2);
        let places = places(&fact.evidence);
        let gap = if places.is_empty() { 0 } else { room };
        let _ = writeln!(out, "  {label}  {shown}{:gap$}{}", "", paint.paint(DIM, &places));
        for detail in &fact.detail {
            let _ = writeln!(out, "{:indent$}{}", "", one_line(detail));
        }
    }
}

/// `package.json:3, Dockerfile:1 and 2 more`.
fn places(evidence: &[Evidence]) -> String {
    let mut shown: Vec<String> = Vec::new();
    // A compiled-in fact's source is for the JSON document.
    let is_place = |found: &&Evidence| !found.file.contains(' ') && !found.file.starts_with("facts/");
    let has_place = evidence.iter().any(|found| is_place(&found));
    for found in evidence.iter().filter(|found| is_place(found) || !has_place) {
        let place = match found.line {
            Some(line) => format!("{}:{line}", one_line(&found.file)),
            None => one_line(&found.file),
        };
        if !shown.contains(&place) {
            shown.push(place);
        }
    }
    match shown.len().checked_sub(MOST_PLACES) {
        Some(more @ 1..) => format!("{} and {more} more", shown[..MOST_PLACES].join(", ")),
        _ => shown.join(", "),
    }
}

/// The document, JSON v1: types of its own, so that the inside may change and the document may not.
#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    dockerfiles: Vec<Entry<'r>>,
    errors: Vec<Error<'r>>,
}

#[derive(Serialize)]
struct Entry<'r> {
    path: &'r str,
    facts: Vec<Line<'r>>,
    problems: Vec<Problem<'r>>,
}

#[derive(Serialize)]
struct Line<'r> {
    topic: Topic,
    status: Status,
    value: &'r str,
    detail: &'r [String],
    evidence: &'r [Evidence],
}

#[derive(Serialize)]
struct Problem<'r> {
    file: &'r str,
    line: Option<usize>,
    message: &'r str,
}

#[derive(Serialize)]
struct Error<'r> {
    path: &'r str,
    line: Option<usize>,
    column: Option<usize>,
    #[serde(rename = "error")]
    message: &'r str,
}

/// The document's text, with a newline at its end.
pub fn json(reports: &[Report]) -> String {
    let (mut dockerfiles, mut errors) = (Vec::new(), Vec::new());
    for report in reports {
        match &report.outcome {
            Ok((facts, warnings)) => dockerfiles.push(Entry {
                path: &report.path,
                facts: facts.iter().map(line).collect(),
                problems: warnings.iter().map(problem).collect(),
            }),
            Err(fault) => errors.push(Error {
                path: &report.path,
                line: fault.at.map(|at| at.line),
                column: fault.at.map(|at| at.column),
                message: &fault.message,
            }),
        }
    }
    // Strings and numbers only, which cannot fail.
    let mut text = serde_json::to_string_pretty(&Document { version: 1, dockerfiles, errors }).unwrap_or_default();
    text.push('\n');
    text
}

fn line(fact: &Fact) -> Line<'_> {
    Line { topic: fact.topic, status: fact.status, value: &fact.value, detail: &fact.detail, evidence: &fact.evidence }
}

fn problem(warning: &Warning) -> Problem<'_> {
    Problem { file: &warning.file, line: warning.line, message: &warning.message }
}
