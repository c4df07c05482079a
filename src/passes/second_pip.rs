//! `pip install --upgrade pip` → nothing: the image has a pip that does the same, and keeps it below the new one.

use super::commands::{self, Command};
use super::shipped::ships;
use super::{Cx, Pass};
use crate::dockerfile::{Instruction, ItemKind, Keyword};
use crate::edit::Edit;
use crate::image::{Base, Stage, base};
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::proposal::{Kind, Proposal, Proposals};
use crate::shell::{Link, Script, rough_words};
use crate::text::Span;

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "second-pip", kind: Kind::Dependencies, answers_to: &[], page: include_str!("second-pip.md"), run };

const WHAT: &str = "install no second pip";
/// What pip takes, without its byte code.
const SIZE: u64 = 10_000_000;
/// Options of `pip install` that the pip of every image has.
const KNOWN: &[&str] = &[
    "--compile",
    "--constraint",
    "--default-timeout",
    "--disable-pip-version-check",
    "--editable",
    "--extra-index-url",
    "--find-links",
    "--force-reinstall",
    "--ignore-installed",
    "--index-url",
    "--no-binary",
    "--no-build-isolation",
    "--no-cache",
    "--no-cache-dir",
    "--no-compile",
    "--no-deps",
    "--no-input",
    "--no-warn-script-location",
    "--only-binary",
    "--pre",
    "--prefer-binary",
    "--progress-bar",
    "--quiet",
    "--requirement",
    "--retries",
    "--root-user-action",
    "--timeout",
    "--trusted-host",
    "--upgrade",
    "--upgrade-strategy",
    "--verbose",
    "--yes",
];
/// What tells of another pip than the image's own.
const ENVIRONMENTS: &[&str] = &["conda", "get-pip", "pyenv", "venv", "virtualenv", "VIRTUAL_ENV"];
/// So many files are looked into.
const MOST: usize = 2000;

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    if !cx.mentions("pip") {
        return;
    }
    for stage in cx.stages.iter() {
        let Some(minor) = minor(stage).filter(|_| ships(cx, stage)) else { continue };
        for run in stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
            let Some(found) = Renewal::find(cx, stage, run) else { continue };
            match found.proposal(cx, minor) {
                Ok(proposal) => out.push(proposal),
                Err(why) => out.refuse(found.at, WHAT, why),
            }
        }
    }
}

/// The minor version of the image, when its pip is one that is known: tags of a minor version move on with it.
fn minor(stage: &Stage<'_>) -> Option<u16> {
    let Base::Image(image) = &stage.base else { return None };
    let tag = base::official(image).filter(|tag| tag.image == "python")?;
    let name = tag.name();
    let is_moving = name.split('-').next()?.split('.').count() == 2;
    tag.python_minor().filter(|minor| is_moving && (9..=14).contains(minor))
}

/// A command that renews pip.
struct Renewal<'c> {
    run: &'c Instruction,
    /// The command.
    at: Span,
    /// The words that stay, if some do: `pip install --upgrade pip setuptools`.
    word: Option<Span>,
}

impl<'c> Renewal<'c> {
    fn find(cx: &Cx<'_>, stage: &Stage<'_>, run: &'c Instruction) -> Option<Self> {
        let found = commands::of(cx, stage, run).ok()?;
        let command = found.iter().find(|command| renews_pip(command))?;
        let at = command.span?;
        let others = names(command).iter().any(|name| *name != "pip");
        let word = others.then(|| {
            let text = at.of(cx.file.text());
            let place = text.match_indices(" pip").map(|(place, _)| place).filter(|place| {
                let behind = text[place + 4..].chars().next();
                behind.is_none_or(char::is_whitespace) && text[..*place].contains("install")
            });
            place.last().map(|place| Span::new(at.start + place, at.start + place + 4))
        });
        match word {
            Some(None) => None,
            word => Some(Self { run, at, word: word.flatten() }),
        }
    }

    fn proposal(&self, cx: &Cx<'_>, minor: u16) -> Result<Proposal, String> {
        is_last_word(cx)?;
        let gone = match self.word {
            Some(word) => word,
            None => self.gone(cx)?,
        };
        let dropped: Vec<String> = rough_words(gone.of(cx.file.text())).map(str::to_owned).collect();
        let dropped = dropped.into_iter().filter(|word| !matches!(word.as_str(), "&&" | "RUN" | "run"));
        let fact = format!("python:3.{minor} has pip 23.0 or later, whose options are all that is used here");
        let proof = evidence("python/cpython:Lib/ensurepip/__init__.py", None, fact);
        Ok(Proposal::checked(self.at, WHAT, vec![proof])
            .because("the image's own pip stays in the layer below it")
            .saves_about(SIZE)
            .edit(Edit::delete(gone))
            .dropping(dropped))
    }

    /// The command with what joins it to others, or the whole RUN.
    fn gone(&self, cx: &Cx<'_>) -> Result<Span, String> {
        let body = cx.body(self.run);
        let script: &Script = body.plain()?;
        let [list] = &script.lists[..] else { return Err("its RUN is no chain of commands".to_owned()) };
        let cannot = || Err("its RUN is no chain of commands".to_owned());
        if list.parts.iter().any(|(link, _)| matches!(link, Link::Or(_))) {
            return cannot();
        }
        let Some(part) = list.parts.iter().position(|(_, pipeline)| pipeline.span == self.at) else { return cannot() };
        let span = |part: usize| list.parts.get(part).map(|(_, pipeline)| pipeline.span);
        let gone = match (part.checked_sub(1).and_then(span), span(part + 1)) {
            (None, None) => return self.instruction(cx),
            (_, Some(next)) => Span::new(self.at.start, next.start),
            (Some(before), None) => Span::new(before.end, self.at.end),
        };
        if gone.of(cx.file.text()).contains('#') { Err("a comment stands there".to_owned()) } else { Ok(gone) }
    }

    /// The whole RUN, with a blank line where two would stand.
    fn instruction(&self, cx: &Cx<'_>) -> Result<Span, String> {
        let items = cx.file.items();
        let own = items.partition_point(|item| item.span.start < self.run.span.start);
        let kind = |at: Option<usize>| at.and_then(|at| items.get(at)).map(|item| &item.kind);
        let above = kind(own.checked_sub(1));
        if matches!(above, Some(ItemKind::Comment)) || !self.run.comments.is_empty() {
            return Err("a comment above it would be left alone".to_owned());
        }
        let both = matches!(above, Some(ItemKind::Blank)) && matches!(kind(Some(own + 1)), Some(ItemKind::Blank));
        let end = items.get(own + 1).filter(|_| both).map_or(self.run.span.end, |item| item.span.end);
        Ok(Span::new(self.run.span.start, end))
    }
}

/// `pip install --upgrade pip`, alone or with what builds packages.
fn renews_pip(command: &Command) -> bool {
    let names = names(command);
    let upgrades = command.arguments().any(|word| matches!(word, "--upgrade" | "-U"));
    let known = command.words.iter().all(Option::is_some);
    known
        && upgrades
        && names.contains(&"pip")
        && names.iter().all(|name| matches!(*name, "pip" | "setuptools" | "wheel"))
        && !command.words.first().and_then(Option::as_deref).is_some_and(|word| word.contains('/'))
}

/// What a `pip install` names.
fn names(command: &Command) -> Vec<&str> {
    let mut words: Vec<&str> = command.arguments().collect();
    let module = command.program().is_some_and(|name| matches!(name, "python" | "python3"));
    if module && words.starts_with(&["-m", "pip"]) {
        words.drain(..2);
    } else if !matches!(command.program(), Some("pip" | "pip3")) {
        return Vec::new();
    }
    if words.first() != Some(&"install") {
        return Vec::new();
    }
    words.into_iter().skip(1).filter(|word| !word.starts_with('-')).collect()
}

/// Nothing needs a newer pip: neither the build, nor what is run.
fn is_last_word(cx: &Cx<'_>) -> Result<(), String> {
    if let Some(word) = ENVIRONMENTS.iter().find(|word| cx.mentions(word)) {
        return Err(format!("the file speaks of {word}: which pip is meant is not known"));
    }
    let text = cx.file.text();
    for stage in cx.stages.iter() {
        for instruction in &stage.instructions {
            let line = || format!("line {}", cx.line(instruction.code.start));
            if !instruction.span.of(text).contains("pip") {
                continue;
            }
            match instruction.keyword {
                Keyword::Run => options_are_known(cx, stage, instruction).map_err(|why| format!("{} {why}", line()))?,
                Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Onbuild => {
                    return Err(format!("{} speaks of pip", line()));
                }
                _ => {}
            }
        }
    }
    files_run_none(cx)
}

fn options_are_known(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction) -> Result<(), String> {
    let commands = commands::of(cx, stage, run).map_err(|_| "is not understood".to_owned())?;
    for command in commands.iter().filter(|command| command.arguments().any(|word| word == "install")) {
        let options = command.arguments().filter(|word| word.starts_with("--"));
        let pip = command.program().is_some_and(|name| name.starts_with("pip") || name.starts_with("python"));
        let unknown = options.map(|word| word.split('=').next().unwrap_or(word)).find(|word| !KNOWN.contains(word));
        if let (true, Some(option)) = (pip, unknown) {
            return Err(format!("has the option {option}, which a newer pip may be needed for"));
        }
    }
    Ok(())
}

/// Files that are sent, and may be run, speak of no pip.
fn files_run_none(cx: &Cx<'_>) -> Result<(), String> {
    let context = cx.project.context();
    let mut files = Vec::new();
    context.walk_sent("", |path, kind| {
        let name = paths::name(path);
        let aside = matches!(name, "docs" | "examples" | "test" | "tests" | "venv" | ".venv" | ".github");
        if aside && kind == EntryKind::Directory {
            return Step::Skip;
        }
        // Of scripts, those that the file names.
        let script = paths::extension(name) == "sh" && cx.file.text().contains(name);
        if kind == EntryKind::File && (script || paths::extension(name) == "py" || name.contains("compose")) {
            files.push(path.to_owned());
        }
        if files.len() >= MOST { Step::Stop } else { Step::Enter }
    });
    let speaks = |path: &&String| {
        context.find(path).is_some_and(|source| {
            ["pip install", "import pip", "\"pip\"", "'pip'", "-m pip"].iter().any(|word| source.text.contains(word))
        })
    };
    match files.iter().find(speaks) {
        _ if files.len() >= MOST => Err("there are more files than are read".to_owned()),
        Some(file) => Err(format!("{file} speaks of pip")),
        None => Ok(()),
    }
}
