//! `pnpm --filter api start` → `node server.js` in the directory of the member, where that is all that comes of it.

mod called;

use super::no::No;
use super::shipped::root_image;
use super::{Cx, Pass};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::base;
use crate::image::{Exists, Form, Launch, Origin, Stage, Start, clean};
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::node::Node;
use crate::project::paths;
use crate::proposal::{Field, Kind, Proposal, Proposals};
use called::{Called, called};

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "workspace-start", kind: Kind::Command, answers_to: &[], page: include_str!("workspace-start.md"), run };

const WHAT: &str = "start the member of the workspace without its package manager";

/// What a package manager sets for the scripts that it runs.
const SET_FOR_SCRIPTS: [&str; 5] = ["npm_package_", "npm_lifecycle", "npm_config_", "npm_execpath", "INIT_CWD"];

/// Settings by which scripts run otherwise.
const SETTINGS: [&str; 7] = [
    "script-shell",
    "scriptshell",
    "node-options",
    "nodeoptions",
    "use-node-version",
    "usenodeversion",
    "executionenv",
];

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(stage) = cx.stages.last().filter(|_| cx.mentions("npm") || cx.mentions("yarn")) else { return };
    let Some(cmd) = stage.instructions.iter().rev().find(|one| one.keyword == Keyword::Cmd) else { return };
    match proposal(cx, stage, cmd) {
        Ok(proposal) => out.push(proposal),
        Err(No::NotThis) => {}
        Err(No::Because(why)) => out.refuse(cmd.code, WHAT, why),
    }
}

fn proposal(cx: &Cx<'_>, stage: &Stage<'_>, cmd: &Instruction) -> Result<Proposal, No> {
    let start = Start::of(cx.file, cx.stages, stage);
    let words = start.cmd.as_ref().and_then(words_of).ok_or(No::NotThis)?;
    let called = called(&words).ok_or(No::NotThis)?;
    let is_node = base::official(root_image(cx, stage)).is_some_and(|tag| tag.image == "node");
    if !is_node || start.entrypoint.as_ref().is_some_and(|entrypoint| entrypoint.line.is_some()) {
        return Err(No::NotThis);
    }
    let here = stage.end().workdir().value().ok_or(No::NotThis)?.to_owned();
    let (member, dir) = member(cx, stage, &here, &called)?;
    let closure = member.runs_script(&called.script);
    if !member.is_bare_node(&closure) {
        return Err(No::Because(format!("its script {} is more than `node` with a file", called.script)));
    }
    let file = closure.ran[0].words[1].clone();
    if file.starts_with('/') {
        return Err(No::NotThis);
    }
    is_all(cx, stage, cmd, &start)?;
    reads_nothing_of_it(cx, &member)?;
    let fact = match member.manifest.script(&called.script) {
        Some(script) => member.manifest.at_line(script.line, format!("script {}: {}", script.name, script.command)),
        None => member.manifest.source.whole("has no script start, so that server.js is started"),
    };
    let newline = cx.file.newline().as_str();
    let span = cmd.rest.span().ok_or(No::NotThis)?;
    let end = span.start + span.of(cx.file.text()).trim_end().len();
    let small = cmd.keyword_span.of(cx.file.text()).starts_with('c');
    let workdir = if small { "workdir" } else { "WORKDIR" };
    let json = format!("[\"node\", {}]", serde_json::Value::from(file));
    Ok(Proposal::checked(cmd.code, WHAT, vec![fact])
        .because("node then gets the signals, and the package manager need not be in the image")
        .edit(Edit::insert(cmd.span.start, format!("{workdir} {dir}{newline}")))
        .edit(Edit::replace((span.start..end).into(), json))
        .changing(Field::Workdir)
        .changing(Field::Cmd))
}

/// The words of a command that no shell changes.
fn words_of(launch: &Launch) -> Option<Vec<String>> {
    match &launch.form {
        Form::Exec(words) => Some(words.clone()),
        Form::Shell(text) => {
            let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " @/-_.:=".contains(c));
            plain.then(|| text.split_whitespace().map(str::to_owned).collect())
        }
    }
}

/// The member whose script is called, and its directory in the image.
fn member(cx: &Cx<'_>, stage: &Stage<'_>, here: &str, called: &Called) -> Result<(std::rc::Rc<Node>, String), No> {
    let origin = |path: &str| match cx.find_in_stage(stage.index, path) {
        Exists::Yes(Origin::Context { path, .. }) => Some(path),
        _ => None,
    };
    let root = origin(&clean(&format!("{here}/package.json"))).ok_or(No::NotThis)?;
    let root = cx.project.node(paths::parent(&root)).ok_or(No::NotThis)?;
    let settings = [".npmrc", "pnpm-workspace.yaml"].iter().filter_map(|name| paths::join(&root.dir, name));
    for source in settings.filter_map(|path| root.context().find(&path)) {
        let text = source.text.to_lowercase();
        if let Some(set) = SETTINGS.iter().find(|set| text.contains(**set)) {
            return Err(No::Because(format!("{} sets {set}", source.path)));
        }
    }
    let inside = called.dir_in(cx.project, &root).map_err(No::Because)?;
    let below = paths::below(&root.dir, &inside).filter(|below| !below.is_empty()).ok_or(No::NotThis)?;
    let dir = clean(&format!("{here}/{below}"));
    let manifest = origin(&format!("{dir}/package.json"));
    let member = cx.project.node(&inside).filter(|member| Some(&member.manifest.source.path) == manifest.as_ref());
    Ok((member.ok_or_else(|| No::Because(format!("{inside} is not copied to {dir}")))?, dir))
}

/// Whether nothing else depends on the directory in which the container starts.
fn is_all(cx: &Cx<'_>, stage: &Stage<'_>, cmd: &Instruction, start: &Start) -> Result<(), No> {
    let later = stage.instructions.iter().filter(|one| one.span.start > cmd.span.start);
    let moves = |one: &&&Instruction| {
        matches!(one.keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Volume)
    };
    if later.filter(moves).count() > 0 {
        return Err(No::NotThis);
    }
    let relative =
        |word: &str| !word.starts_with('/') && [".js", ".mjs", ".cjs", ".sh"].iter().any(|end| word.contains(end));
    let checks = start.healthcheck.iter().flat_map(|check| match &check.form {
        Form::Exec(words) => words.clone(),
        Form::Shell(text) => text.split_whitespace().map(str::to_owned).collect(),
    });
    if checks.into_iter().any(|word| relative(&word)) {
        return Err(No::because("HEALTHCHECK names a file from the working directory"));
    }
    let usage = cx.project.usage().of_default(stage.name.as_deref());
    let told = usage.commands().into_iter().chain(usage.entrypoints()).map(|command| &command.evidence);
    let in_dir = usage.containers.iter().filter_map(|container| Some(&container.workdir.as_ref()?.evidence));
    match told.chain(in_dir).next() {
        Some(evidence) => Err(No::Because(format!("{} starts it otherwise", evidence.file))),
        None => Ok(()),
    }
}

/// Whether the code reads nothing that the package manager sets, and starts no programs, which it puts on PATH.
fn reads_nothing_of_it(cx: &Cx<'_>, member: &Node) -> Result<(), No> {
    let context = cx.project.context();
    let mut files = Vec::new();
    let all = context.walk_sent(&member.dir, |path, kind| {
        let is_dir = matches!(kind, EntryKind::Directory | EntryKind::LinkToDirectory);
        let is_code = ["js", "mjs", "cjs", "ts", "mts", "cts"].contains(&paths::extension(path));
        if is_dir && matches!(paths::name(path), "node_modules" | "test" | "tests" | "__tests__") {
            return Step::Skip;
        }
        if !is_dir && is_code {
            files.push(path.to_owned());
        }
        Step::Enter
    });
    if !all {
        return Err(No::because("there is more code than is read"));
    }
    for file in &files {
        let Ok(source) = context.read(file) else { continue };
        if let Some(name) = SET_FOR_SCRIPTS.iter().find(|name| source.text.contains(**name)) {
            return Err(No::Because(format!("{file} reads {name}…, which the package manager sets")));
        }
    }
    match member.code(&files).commands.first() {
        Some(command) => Err(No::Because(format!(
            "{} starts programs, which the package manager puts on PATH",
            command.evidence.file
        ))),
        None => Ok(()),
    }
}
