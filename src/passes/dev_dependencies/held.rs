//! From the stage that ships back to the command that installs the packages it has.

use crate::dockerfile::{Args, Instruction, Keyword};
use crate::image::{Base, Stage, clean};
use crate::passes::Cx;
use crate::passes::commands::{self, Command};
use crate::passes::single_stage::Case;
use crate::passes::single_stage::node::prune;
use crate::shell::Shell;
use std::collections::HashMap;

/// The packages that a stage has in a `node_modules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// The directory of the project in that stage.
    pub dir: String,
    /// The stage that installs them.
    pub stage: usize,
    /// The RUN that does, as an index into the stage's instructions.
    pub install: usize,
    /// Which of its commands.
    command: usize,
    /// How they come from there, the last step first; nothing when it is that stage itself.
    pub steps: Vec<Step>,
}

/// A step on the way of what was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A stage starts from the one that has them.
    Base(usize),
    /// They are copied from a stage.
    Copy(usize),
}

impl Held {
    /// What `stage` has at its end; `None`: nothing, or it is not known.
    pub(super) fn by(cx: &Cx<'_>, stage: &Stage<'_>) -> Option<Self> {
        Search { cx, known: HashMap::new() }.stage(stage.index)
    }

    /// The command that installs.
    pub(super) fn command(&self, cx: &Cx<'_>, case: &Case<'_>) -> Option<Command> {
        let run = case.stage.instructions.get(self.install)?;
        commands::of(cx, case.stage, run).ok()?.into_iter().nth(self.command)
    }
}

/// Stages that were looked at: many may copy from one.
struct Search<'c> {
    cx: &'c Cx<'c>,
    known: HashMap<usize, Option<Held>>,
}

impl Search<'_> {
    /// What the stage has. Those that it starts from or copies from stand before it, so this ends.
    fn stage(&mut self, index: usize) -> Option<Held> {
        if let Some(known) = self.known.get(&index) {
            return known.clone();
        }
        let found = self.read(self.cx.stages.get(index)?);
        self.known.insert(index, found.clone());
        found
    }

    fn read(&mut self, stage: &Stage<'_>) -> Option<Held> {
        for (index, instruction) in stage.instructions.iter().enumerate().rev() {
            let found = match instruction.keyword {
                Keyword::Run => by_run(self.cx, stage, index, instruction),
                Keyword::Copy => self.by_copy(stage, instruction).map_or(Brings::Nothing, Brings::All),
                _ => Brings::Nothing,
            };
            match found {
                Brings::Nothing => {}
                Brings::Unknown => return None,
                Brings::All(held) => return Some(held),
            }
        }
        let Base::Stage(parent) = stage.base else { return None };
        let mut held = self.stage(parent)?;
        held.steps.insert(0, Step::Base(parent));
        Some(held)
    }

    /// What a COPY from another stage brings, when packages are in it.
    fn by_copy(&mut self, stage: &Stage<'_>, copy: &Instruction) -> Option<Held> {
        let from = self.cx.stages.flag_reference(stage.index, copy.flag("from")?)?.stage?;
        let held = self.stage(from)?;
        let (sources, target) = paths_of(self.cx, stage, copy)?;
        let dir = sources.iter().find_map(|source| landing(&held.dir, source, &target))?;
        let steps = [Step::Copy(from)].into_iter().chain(held.steps).collect();
        Some(Held { dir, steps, ..held })
    }
}

/// What an instruction does to the packages of a stage.
enum Brings {
    Nothing,
    All(Held),
    /// What it leaves of them is not known.
    Unknown,
}

fn by_run(cx: &Cx<'_>, stage: &Stage<'_>, index: usize, run: &Instruction) -> Brings {
    let text = run.span.of(cx.file.text());
    if !["npm", "yarn", "bun", "node_modules"].iter().any(|word| text.contains(word)) {
        return Brings::Nothing;
    }
    if matches!(*cx.body(run).shell, Shell::Opaque(_)) && !matches!(run.args, Args::Json(_)) {
        return Brings::Unknown;
    }
    let Ok(all) = commands::of(cx, stage, run) else { return Brings::Unknown };
    for (at, command) in all.iter().enumerate().rev() {
        if takes_away(command) || adds(command) {
            return Brings::Unknown;
        }
        if command.installs_node_project() {
            let Some(dir) = command.workdir.clone().filter(|dir| dir != "/") else { return Brings::Unknown };
            return Brings::All(Held { dir, stage: stage.index, install: index, command: at, steps: Vec::new() });
        }
    }
    Brings::Nothing
}

/// Whether a command prunes already, or removes packages by hand.
fn takes_away(command: &Command) -> bool {
    let focuses = command.program() == Some("yarn") && command.arguments().any(|word| word == "focus");
    let prunes = (focuses || command.verb() == Some("prune")) && prune::omits(command);
    let removes = command.program() == Some("rm") && command.arguments().any(|word| word.ends_with("node_modules"));
    let moves = command.program() == Some("mv") && command.arguments().any(|word| word.contains("node_modules"));
    prunes || removes || moves
}

/// Whether a command installs packages that package.json need not name.
fn adds(command: &Command) -> bool {
    const VERBS: &[&str] = &["install", "i", "add", "link", "ln", "remove", "uninstall"];
    let global = command.arguments().any(|word| matches!(word, "-g" | "--global" | "global"));
    let is_manager = matches!(command.program(), Some("npm" | "yarn" | "pnpm" | "bun"));
    is_manager
        && !global
        && command.verb().is_some_and(|verb| VERBS.contains(&verb))
        && !command.installs_node_project()
}

/// Where the project in `dir` of the other stage, or its packages alone, lies after `source` was copied to `target`.
fn landing(dir: &str, source: &str, target: &str) -> Option<String> {
    if source == format!("{dir}/node_modules") {
        return target.strip_suffix("/node_modules").map(|dir| if dir.is_empty() { "/" } else { dir }.to_owned());
    }
    let rest = dir.strip_prefix(source.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| clean(&format!("{target}{rest}")))
}

/// The absolute sources in the other stage and the absolute target of a `COPY --from`.
pub(super) fn paths_of(cx: &Cx<'_>, stage: &Stage<'_>, copy: &Instruction) -> Option<(Vec<String>, String)> {
    let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
    let here = stage.state_before(copy);
    let expand = |text: &str| here.expand(text, cx.file.escape());
    let (target, sources) = words.split_last()?;
    let target = expand(&target.value)?;
    let target = if target.starts_with('/') { target } else { format!("{}/{target}", here.workdir().value()?) };
    let sources = sources.iter().map(|word| Some(clean(&expand(&word.value)?))).collect::<Option<Vec<String>>>()?;
    Some((sources, clean(&target)))
}
