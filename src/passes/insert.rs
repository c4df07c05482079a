//! Adds a command to a RUN, at its end or after one of its commands, in the style that the RUN shows.
//!
//! What ran before runs as before, in the same order, and decides as before whether the RUN succeeds; the command
//! that is added runs only where what stands before it succeeded, or where its failure did not matter.

use super::RunBody;
use super::style::{self, Style};
use crate::dockerfile::{Dockerfile, Instruction};
use crate::edit::Edit;
use crate::shell::{AndOr, Body, Command, Effects, Link, Pipeline, Place, Script, Terminator};
use crate::text::Span;

/// A RUN and what it runs.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// The file.
    pub file: &'a Dockerfile,
    /// The RUN.
    pub run: &'a Instruction,
    /// What it runs.
    pub body: &'a RunBody,
    /// The same as commands.
    pub script: &'a Script,
}

/// Adds `command` at the end. The error says why nothing can be added there.
pub fn at_end(target: Target<'_>, command: &str) -> Result<Edit, String> {
    match &target.body.body {
        Body::Heredoc(_) => heredoc_end(target, command),
        Body::Shell(_) if has_idle_tail(target) => {
            let end = target.script.last_command_end_under(target.body.started.errexit);
            let end = end.ok_or("its last command would no longer end the script when it fails inside")?;
            Ok(Edit::insert(end, Style::of_addition(target.file, target.run).joint([]) + command))
        }
        _ => style::append(target.file, target.run, target.body, command),
    }
}

/// Whether only continuation characters, blank lines and comment lines follow the last command: `b \⏎⏎`.
fn has_idle_tail(target: Target<'_>) -> bool {
    let Some(span) = target.script.span() else { return false };
    let tail = Span::new(span.end, target.run.span.end).of(target.file.text());
    let Some(tail) = tail.trim_start_matches([' ', '\t']).strip_prefix(target.file.escape()) else { return false };
    let idle = |line: &str| line.is_empty() || line.starts_with('#') || line == target.file.escape().to_string();
    tail.lines().map(str::trim).all(idle)
}

fn heredoc_end(target: Target<'_>, command: &str) -> Result<Edit, String> {
    let script = target.script;
    let last = script.lists.last().ok_or("it is empty")?;
    if !(script.errexit() || target.body.started.errexit) {
        let end = script.last_command_end_under(false).ok_or("its last command does not end it")?;
        return Ok(Edit::insert(end, format!(" && {command}")));
    }
    let effects = Effects::of(script);
    if effects.exit || matches!(last.end, Terminator::Background(_)) {
        return Err(effects.why().unwrap_or_else(|| "it may end before its last command".to_owned()));
    }
    Ok(new_line(target, last.span, command))
}

/// `command` on a line of its own after the line in which `before` ends.
fn new_line(target: Target<'_>, before: Span, command: &str) -> Edit {
    let text = target.file.text();
    let line_start = text[..before.start].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[line_start..before.start];
    let indent = &line[..line.len() - line.trim_start().len()];
    let end = text[before.end..].find('\n').map_or(text.len(), |at| before.end + at);
    let end = if text[..end].ends_with('\r') { end - 1 } else { end };
    Edit::insert(end, format!("{}{indent}{command}", target.file.newline().as_str()))
}

/// Adds `command` after the one at `place`: directly, where the commands go on with `&&`, `;` or a new line, else
/// at the end of its list.
pub fn after(target: Target<'_>, place: &Place<'_>, command: &str) -> Result<Edit, String> {
    let Target { file, body, script, .. } = target;
    if !matches!(body.body, Body::Shell(_) | Body::Heredoc(_)) {
        return Err("it has a heredoc that feeds a command".to_owned());
    }
    let list = script.lists.get(place.list).ok_or("its place is not known")?;
    let (_, pipeline) = list.parts.get(place.part).ok_or("its place is not known")?;
    runs_in_this_shell(pipeline, place)?;
    let next = match list.parts.get(place.part + 1) {
        Some((Link::And(link), next)) => {
            let joint = joint_between(target, pipeline.span, *link, next.span);
            return Ok(Edit::insert(pipeline.span.end, joint + command));
        }
        Some((Link::Or(_), _)) if list.parts[place.part + 2..].iter().any(|(link, _)| matches!(link, Link::And(_))) => {
            return Err("what follows it runs only when it fails".to_owned());
        }
        _ => script.lists.get(place.list + 1),
    };
    let Some(next) = next else { return at_end(target, command) };
    after_list(file, target, list, next, command)
}

fn after_list(
    file: &Dockerfile,
    target: Target<'_>,
    list: &AndOr,
    next: &AndOr,
    command: &str,
) -> Result<Edit, String> {
    match list.end {
        Terminator::Semicolon(_) if same_line(file, list.span, next.span) => {
            Ok(Edit::insert(list.span.end, format!("; {command}")))
        }
        Terminator::Semicolon(span) if matches!(target.body.body, Body::Shell(_)) => {
            let between = Span::new(span.end, next.span.start).of(file.text());
            let indent = between.rfind('\n').map_or("", |at| &between[at + 1..]);
            let end = format!("; {}{}", file.escape(), file.newline().as_str());
            Ok(Edit::insert(list.span.end, format!("{end}{indent}{command}")))
        }
        Terminator::Semicolon(_) | Terminator::Newline => Ok(new_line(target, list.span, command)),
        Terminator::Background(_) => Err("it runs in the background".to_owned()),
        Terminator::None => Err("its place is not known".to_owned()),
    }
}

/// Whether what is set up for the command still holds right behind it: it is no part of a subshell.
fn runs_in_this_shell(pipeline: &Pipeline, place: &Place<'_>) -> Result<(), String> {
    let holds = |command: &Command| {
        let span = command.span();
        span.start <= place.simple.span.start && place.simple.span.end <= span.end
    };
    if pipeline.negated {
        return Err("it is negated".to_owned());
    }
    match pipeline.commands.iter().find(|command| holds(command)) {
        Some(Command::Simple(_)) => Ok(()),
        Some(Command::Group(_) | Command::Control(_)) if pipeline.commands.len() == 1 => Ok(()),
        Some(Command::Function(_)) => Err("it stands in a function".to_owned()),
        _ => Err("it stands in a subshell".to_owned()),
    }
}

/// What joins a new command to the one before it, where the two around it are joined by `&&`.
fn joint_between(target: Target<'_>, before: Span, link: Span, after: Span) -> String {
    if same_line(target.file, before, after) || matches!(target.body.body, Body::Heredoc(_)) {
        return " && ".to_owned();
    }
    let (file, text) = (target.file, target.file.text());
    let indent = |at: usize| &text[file.lines().start(file.lines().line(at))..at];
    let end = format!("{}{}", file.escape(), file.newline().as_str());
    if file.lines().line(before.end) < file.lines().line(link.start) {
        return format!(" {end}{}&& ", indent(link.start));
    }
    format!(" && {end}{}", indent(after.start))
}

fn same_line(file: &Dockerfile, before: Span, after: Span) -> bool {
    file.lines().line(before.end) == file.lines().line(after.start)
}
