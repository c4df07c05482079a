//! What several tests need: running the engine, comparing, blessing.

use dfslim::dockerfile::Dockerfile;
use dfslim::engine::{self, Ceiling, Policy};
use dfslim::passes::{self, Wishes};
use dfslim::plan::{Because, Plan};
use dfslim::project::{Context, Project};
use dfslim::proposal::NewFile;
use dfslim::report::{diff, paint::Paint};
use similar::{ChangeTag, TextDiff};
use std::path::{Path, PathBuf};

/// The top of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expectations are to be written instead of compared.
pub(crate) fn blessing() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| !value.is_empty() && value != "0")
}

/// All passes, up to `ceiling`.
pub(crate) fn all_passes(ceiling: Ceiling) -> Policy {
    Policy { passes: passes::ALL.to_vec(), ceiling }
}

/// No pass at all.
pub(crate) fn no_pass() -> Policy {
    Policy { passes: Vec::new(), ceiling: Ceiling::Risky }
}

/// Whether a heredoc is in it. The shell is handed its carriage returns, so that with CRLF it is another script (one that
/// fails), and what holds for the one need not hold for the other.
pub(crate) fn has_heredoc(text: &str) -> bool {
    Dockerfile::parse(text).instructions().any(|instruction| !instruction.heredocs.is_empty())
}

/// The plan for `text`, and what must hold of every plan: the guard held nothing, what parsed still parses,
/// and a second run changes nothing.
pub(crate) fn sound_plan(text: &str, project: &Project, policy: &Policy, wishes: Wishes) -> Result<Plan, String> {
    let first = plan(text, project, policy, wishes)?;
    let held = guard_holds(&first);
    if !held.is_empty() {
        return Err(format!("the guard does not trust the result\n{}", held.join("\n")));
    }
    if !first.changed() {
        return Ok(first);
    }
    if parses(text) && !parses(&first.after) {
        return Err(format!("it no longer parses\n{}", whole_diff(text, &first.after)));
    }
    let second = plan(&first.after, project, policy, wishes)?;
    if second.changed() {
        return Err(format!("a second run changes it again\n{}", whole_diff(&first.after, &second.after)));
    }
    Ok(first)
}

/// Whether BuildKit's parser would take `text`, as far as our reader knows.
pub(crate) fn parses(text: &str) -> bool {
    !Dockerfile::parse(text).problems().iter().any(|problem| problem.fatal)
}

/// The engine's answer, which must be one.
pub(crate) fn plan(text: &str, project: &Project, policy: &Policy, wishes: Wishes) -> Result<Plan, String> {
    engine::plan(text, project, policy, &wishes).map_err(|problem| problem.to_string())
}

/// A project of which nothing but the Dockerfile is known.
pub(crate) fn lone() -> Project {
    Project::new(Context::empty())
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

/// The files that a plan makes, as lines behind the whole of the Dockerfile.
pub(crate) fn whole_made(plan: &Plan) -> String {
    let lines = |made: &NewFile| made.text.lines().map(|line| format!("+{line}\n")).collect::<Vec<_>>().concat();
    plan.made.iter().map(|made| format!("+++ {}\n{}", made.path, lines(made))).collect::<Vec<_>>().concat()
}

/// The diff that users get.
pub(crate) fn printed_diff(name: &str, before: &str, after: &str) -> String {
    diff::unified(name.as_bytes(), before, after, Paint(false))
}

/// Compares `actual` with the file at `path`, or writes it there when blessing; an empty text is no file.
pub(crate) fn compare_with_file(path: &PathBuf, actual: &str) -> Result<(), String> {
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    if !blessing() {
        let difference = whole_diff(&expected, actual);
        return Err(format!("{} is not what comes out (BLESS=1 writes it):\n{difference}", path.display()));
    }
    let written = if actual.is_empty() { std::fs::remove_file(path) } else { std::fs::write(path, actual) };
    written.map_err(|problem| format!("{}: {problem}", path.display()))
}

/// Fails with all of `failures`, if there are any.
pub(crate) fn fail_with(failures: &[String]) {
    assert!(failures.is_empty(), "{} failures:\n\n{}\n", failures.len(), failures.join("\n\n"));
}
