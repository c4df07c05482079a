//! CMD and ENTRYPOINT in shell form → exec form, where the shell does nothing but start one command.

use super::{Cx, Pass};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::edit::Edit;
use crate::image::{Base, Stage, base};
use crate::proposal::{Field, Kind, Proposal, Proposals};
use crate::shell::{Command, Shell, Simple};

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "shell-form-command",
    kind: Kind::Command,
    answers_to: &["DL3025", "JSONArgsRecommended"],
    page: include_str!("shell-form-command.md"),
    run,
};

/// What the shell does itself: there is no such program to start, or not the same one.
const BUILTINS: &[&str] = &[
    ".", ":", "[", "alias", "bg", "break", "cd", "command", "continue", "eval", "exec", "exit", "export", "fg",
    "getopts", "hash", "jobs", "local", "read", "readonly", "return", "set", "shift", "source", "times", "trap",
    "type", "ulimit", "umask", "unalias", "unset", "wait",
];

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(stage) = cx.stages.last() else { return };
    // Only the last of each counts, as in a build.
    for keyword in [Keyword::Cmd, Keyword::Entrypoint] {
        let last = stage.instructions.iter().rev().find(|instruction| instruction.keyword == keyword);
        if let Some(instruction) = last
            && matches!(instruction.args, Args::Text)
            && !instruction.rest.text().trim().is_empty()
        {
            propose(cx, stage, instruction, out);
        }
    }
}

fn propose(cx: &Cx<'_>, stage: &Stage<'_>, instruction: &Instruction, out: &mut Proposals) {
    let what = format!("write {} in exec form", instruction.keyword);
    match literal_words(cx, stage, instruction) {
        Err(why) => out.refuse(instruction.code, what, why),
        Ok(words) => out.push(proposal(cx, instruction, what, &words)),
    }
}

fn proposal(cx: &Cx<'_>, instruction: &Instruction, what: String, words: &[String]) -> Proposal {
    let span = instruction.rest.span().unwrap_or(instruction.code);
    let written = instruction.rest.text().trim();
    let json = serde_json::Value::from(words).to_string().replace("\",\"", "\", \"");
    let proposal = if instruction.keyword == Keyword::Entrypoint {
        // An ENTRYPOINT in shell form ignores what docker run or compose add behind the image's name.
        let may_break = "arguments given to `docker run`, ignored so far, would be handed to the program";
        Proposal::risky(instruction.code, what, may_break).changing(Field::Entrypoint)
    } else {
        let fact = format!("`{written}` is one literal command, nothing for a shell to do");
        let evidence = vec![cx.evidence(instruction.code.start, fact)];
        Proposal::checked(instruction.code, what, evidence).changing(Field::Cmd)
    };
    let end = span.start + span.of(cx.file.text()).trim_end().len();
    proposal
        .because("signals such as SIGTERM reach the program itself, not a shell around it")
        .edit(Edit::replace((span.start..end).into(), json))
}

/// The words of the one command, or why there is more to it.
fn literal_words(cx: &Cx<'_>, stage: &Stage<'_>, instruction: &Instruction) -> Result<Vec<String>, String> {
    if stage.state_before(instruction).shell().is_some() || stage.end().shell().is_some() {
        return Err("SHELL is set: it decides how the command is run".to_owned());
    }
    meets_entrypoint(stage, instruction)?;
    if instruction.rest.text().trim_start().starts_with('[') {
        return Err("it looks like exec form and is none: a JSON array wants double quotes".to_owned());
    }
    let body = cx.body(instruction);
    let script = match &*body.shell {
        Shell::Parsed(script) => script,
        Shell::Opaque(why) => return Err(why.clone()),
    };
    let simple = only_command(script).ok_or("it is more than one simple command")?;
    if !simple.assignments.is_empty() {
        return Err("it sets a variable for the command".to_owned());
    }
    if !simple.redirects.is_empty() {
        return Err("it redirects input or output".to_owned());
    }
    let words: Option<Vec<String>> = simple.words.iter().map(|word| word.literal.clone()).collect();
    let words = words.ok_or("the shell expands a part of it")?;
    match words.first() {
        Some(name) if BUILTINS.contains(&name.as_str()) => Err(format!("`{name}` is the shell's own")),
        Some(_) => Ok(words),
        None => Err("there is no command in it".to_owned()),
    }
}

fn only_command(script: &crate::shell::Script) -> Option<&Simple> {
    let [list] = &script.lists[..] else { return None };
    let [(_, pipeline)] = &list.parts[..] else { return None };
    match &pipeline.commands[..] {
        [Command::Simple(simple)] if !pipeline.negated && list.end == crate::shell::Terminator::None => Some(simple),
        _ => None,
    }
}

/// Exec form hands its words to the ENTRYPOINT; shell form hands it `/bin/sh -c …`. Both start the same
/// program only when there is no ENTRYPOINT, or one that is known to run whatever it is given.
fn meets_entrypoint(stage: &Stage<'_>, instruction: &Instruction) -> Result<(), String> {
    let own = |keyword| stage.instructions.iter().any(|other| other.keyword == keyword);
    if instruction.keyword == Keyword::Entrypoint {
        return if own(Keyword::Cmd) { Err("CMD, ignored so far, would be handed to it".to_owned()) } else { Ok(()) };
    }
    if own(Keyword::Entrypoint) {
        return Err("its ENTRYPOINT gets other words then".to_owned());
    }
    let family = match &stage.base {
        Base::Image(image) => base::official(image).and_then(|tag| tag.family()),
        Base::Stage(_) | Base::Unknown(_) => None,
        Base::Scratch => return Err("scratch has no shell to leave out".to_owned()),
    };
    match family {
        // node's entrypoint ends in `exec "$@"` and changes only what is no command.
        Some(family) if family.entrypoint.is_empty() || family.image == "node" => Ok(()),
        Some(family) => Err(format!("the entrypoint of {} looks at the words", family.image)),
        None => Err("the base image may have an ENTRYPOINT that looks at the words".to_owned()),
    }
}
