//! What several tests need: running the engine, comparing, blessing.

use dfslim::engine::{self, Policy};
use dfslim::passes::Wishes;
use dfslim::plan::{Because, Plan};
use dfslim::project::{Context, Project};
use similar::{ChangeTag, TextDiff};
use std::path::Path;

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expectations are to be written instead of compared.
pub(crate) fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

/// The engine's answer, which must be one.
pub(crate) fn plan(text: &str, policy: &Policy, wishes: Wishes) -> Result<Plan, String> {
    engine::plan(text, &Project::new(Context::empty()), policy, &wishes).map_err(|problem| problem.to_string())
}

/// What the guard held; the engine copes with it, but a pass that proposes such a thing is wrong.
pub(crate) fn guard_holds(plan: &Plan) -> Vec<String> {
    let held = plan.held.iter().filter(|held| matches!(held.because, Because::Guard(_)));
    held.map(|held| format!("line {}: {}: {}", held.finding.at.line, held.finding.pass, held.because)).collect()
}

/// What is said of what was not done, one line each: held proposals, refusals, notes.
pub(crate) fn reasons(plan: &Plan) -> Vec<String> {
    let held = plan.held.iter().map(|held| {
        let finding = &held.finding;
        (finding.at, format!("held: {}: {}: {}", finding.pass, finding.what, held.because))
    });
    let refused = plan
        .refused
        .iter()
        .map(|refused| (refused.at, format!("left alone: {}: {}: {}", refused.pass, refused.what, refused.why)));
    let notes = plan.notes.iter().map(|note| (note.at, format!("note: {}", note.message)));
    let mut lines: Vec<_> = held.chain(refused).chain(notes).collect();
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(at, line)| format!("line {}: {line}", at.line)).collect()
}

/// `text` with CRLF line ends.
pub(crate) fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// The whole of `after` beside `before`: every line marked ` `, `-` or `+`; empty lines stay empty.
pub(crate) fn whole_diff(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut out = String::new();
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end_matches('\n');
        match change.tag() {
            ChangeTag::Equal if line.is_empty() => {}
            ChangeTag::Equal => out.push(' '),
            ChangeTag::Delete => out.push('-'),
            ChangeTag::Insert => out.push('+'),
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// The diff that users get.
pub(crate) fn printed_diff(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}

/// Fails with all of `failures`, if there are any.
pub(crate) fn fail_with(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n\n{}\n", failures.len(), failures.join("\n\n"));
}
