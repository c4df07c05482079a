//! What a plan saves in the very image: real bytes in the place of estimates.

use super::Survey;
use crate::dockerfile::Dockerfile;
use crate::plan::{Finding, Note, Plan};
use crate::proposal::Saves;
use crate::report::paint::one_line;
use crate::text::Position;
use std::collections::BTreeSet;

/// Puts into `plan` of `file` what the image told by `survey` says. An image of another Dockerfile says nothing.
pub fn weigh(plan: &mut Plan, survey: &Survey, file: &Dockerfile) {
    let top = Position { line: 1, column: 1 };
    if survey.layers.iter().all(|layer| layer.line.is_none()) {
        let message = format!(
            "{} is not made by this Dockerfile, as its history tells of other instructions; nothing in it counts",
            one_line(&survey.name)
        );
        plan.notes.insert(0, Note { at: top, message });
        return;
    }
    let mut told = BTreeSet::new();
    let held = plan.held.iter_mut().map(|held| &mut held.finding);
    for finding in plan.applied.iter_mut().chain(held) {
        let first = first_line(file, finding.at.line);
        let bytes = bytes(survey, finding, first);
        // Several commands of one RUN leave their things in one layer: these are told once.
        let is_first = told.insert((finding.pass, first));
        match bytes.filter(|_| is_first) {
            Some(bytes) => finding.saves = Some(Saves { bytes, estimate: false }),
            None if bytes.is_some() || finding.pass == "kept-package-cache" => finding.saves = None,
            None => {}
        }
    }
    for leftover in survey.leftovers.iter().filter(|leftover| leftover.secret) {
        let line = survey.layers[leftover.layer].line.unwrap_or(1);
        let message =
            format!("the image holds {}, {}; who has the image can read it", leftover.what, one_line(&leftover.path));
        plan.notes.push(Note { at: Position { line, column: 1 }, message });
    }
}

/// The first line of the instruction that stands at `line`.
fn first_line(file: &Dockerfile, line: usize) -> usize {
    let covers = |first: usize, last: usize| (first..=last).contains(&line);
    file.instructions().find(|one| covers(one.first_line, one.last_line)).map_or(line, |one| one.first_line)
}

/// What the layer of the instruction at `line` has of what the finding's pass takes away.
fn bytes(survey: &Survey, finding: &Finding, line: usize) -> Option<u64> {
    let is_here = |layer: usize| survey.layers[layer].line == Some(line);
    let bytes: u64 = if finding.pass == "late-cleanup" {
        let wastes = survey.hidden.iter().filter(|waste| waste.deleted && (is_here(waste.layer) || is_here(waste.by)));
        wastes.map(|waste| waste.bytes).sum()
    } else {
        let left =
            survey.leftovers.iter().filter(|left| is_here(left.layer) && survey.passes(left).contains(&finding.pass));
        left.map(|left| left.bytes).sum()
    };
    (bytes > 0).then_some(bytes)
}
