//! How development dependencies stay out: by the install itself, or by a prune behind the build.

use super::Site;
use super::held::{Held, Step, paths_of};
use super::members::Members;
use crate::dockerfile::{Instruction, ItemKind, Keyword};
use crate::edit::Edit;
use crate::image::{Exists, Known, Origin, Stage};
use crate::passes::commands::{self, Command};
use crate::passes::insert::{self, Target};
use crate::passes::no::No;
use crate::passes::single_stage::node::App;
use crate::project::node::manager::PackageManager;
use crate::project::node::manifest::DependencyKind;
use crate::project::node::scripts::Ran;
use crate::project::paths;
use crate::text::Span;

/// A change of the file.
pub(super) struct Way {
    pub at: Span,
    pub what: String,
    pub edits: Vec<Edit>,
}

/// What a stage of pruned packages is called, unless the file uses the name.
const NAMES: [&str; 3] = ["pruned", "production-dependencies", "without-development"];

impl Site<'_> {
    /// The way that suits the file.
    pub(super) fn way(&self, app: &App<'_>, members: &Members) -> Result<Way, No> {
        let source = match self.held.steps.first() {
            None => return self.install_less(app, members),
            Some(Step::Base(parent)) if self.only_ships(*parent) && self.held.stage == *parent => {
                return self.install_less(app, members);
            }
            Some(Step::Base(_)) => {
                return Err(No::because("the stage that installs them is built on by others too"));
            }
            Some(Step::Copy(from)) => self.cx.stages.get(*from).ok_or(No::NotThis)?,
        };
        for run in self.ships.stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
            self.needs_none(app, run)?;
        }
        let alone = self.only_ships(source.index);
        if alone && source.index == self.held.stage && self.install_less(app, members).is_ok() {
            return self.install_less(app, members);
        }
        let prune = self.prune_in(source, app)?;
        if alone { Ok(self.prune_behind(source, &prune)) } else { self.prune_apart(source, &prune) }
    }

    /// Whether nothing but the stage that ships uses stage `index`, as far as the file and the repository tell.
    fn only_ships(&self, index: usize) -> bool {
        let last = self.ships.stage.index;
        let (stages, usage) = (self.cx.stages, self.cx.project.usage());
        let by_base = stages.children(index).any(|child| child.index != last);
        let by_flag = stages.iter().filter(|stage| stage.index != last).any(|stage| {
            let flags = stage.instructions.iter().flat_map(|one| &one.flags);
            flags.filter_map(|flag| stages.flag_reference(stage.index, flag)).any(|found| found.stage == Some(index))
        });
        let name = stages.get(index).and_then(|stage| stage.name.as_deref());
        let is_target = !usage.targets().is_empty() && name.is_some_and(|name| !usage.is_target(name).is_no());
        !by_base && !by_flag && !is_target
    }

    /// The install leaves them out, where nothing behind it in its stages needs them.
    fn install_less(&self, app: &App<'_>, members: &Members) -> Result<Way, No> {
        let stage = self.installs.stage;
        let own = stage.instructions.iter().skip(self.held.install);
        let ships = self.ships.stage;
        let later =
            ships.instructions.iter().filter(|_| ships.index != stage.index && self.held.steps.iter().all(is_base));
        for run in own.chain(later).filter(|one| one.keyword == Keyword::Run) {
            self.needs_none(app, run)?;
        }
        let run = stage.instructions[self.held.install];
        let hooked = (!app.node.manifest.install_scripts().is_empty() || members.have_hooks())
            && !app.command.arguments().any(|word| word == "--ignore-scripts");
        let bare = !hooked && app.config_in_typescript().is_none();
        if let (true, Some(flag)) = (bare, self.flag(app)) {
            let verb = app.command.words.iter().position(|word| word.as_deref() == app.command.verb()).unwrap_or(0);
            let at = *app.command.ends.get(verb).ok_or(No::NotThis)?;
            let what = format!("add {flag} to {}", app.command.program().unwrap_or_default());
            return Ok(Way { at: run.code, what, edits: vec![Edit::insert(at, format!(" {flag}"))] });
        }
        // Hooks of package.json may run what is a development dependency.
        let prune = app.pruning()?;
        let body = self.cx.body(run);
        let script = body.shell.script().ok_or(No::NotThis)?;
        let is_it = |end: &usize| app.command.ends.first() == Some(end);
        let places = script.commands();
        let place = places.iter().find(|place| place.simple.words.first().is_some_and(|word| is_it(&word.span.end)));
        let place = place.filter(|place| place.top).ok_or(No::NotThis)?;
        let target = Target { file: self.cx.file, run, body: &body, script };
        let edit = insert::after(target, place, &prune)
            .map_err(|why| No::Because(format!("{} cannot prune what it installs: {why}", self.installs.line(run))))?;
        Ok(Way { at: run.code, what: format!("prune in the same RUN: {prune}"), edits: vec![edit] })
    }

    /// The option by which an install leaves development dependencies out.
    fn flag(&self, app: &App<'_>) -> Option<&'static str> {
        match app.manager? {
            // npm 6, which comes with Node before 15, knows no --omit.
            PackageManager::Npm if self.installs.major().is_some_and(|major| major < 15) => Some("--production"),
            PackageManager::Npm => Some("--omit=dev"),
            PackageManager::YarnClassic => Some("--production"),
            PackageManager::Pnpm => Some("--prod"),
            PackageManager::YarnBerry | PackageManager::Bun => None,
        }
    }

    /// Whether `run`, which stands behind the install or installs, needs no development dependency.
    fn needs_none(&self, app: &App<'_>, run: &Instruction) -> Result<(), No> {
        const ASIDE: &[&str] = &[
            "addgroup",
            "adduser",
            "apk",
            "apt",
            "apt-get",
            "chgrp",
            "chmod",
            "chown",
            "corepack",
            "cp",
            "curl",
            "echo",
            "find",
            "groupadd",
            "groupmod",
            "ln",
            "ls",
            "mkdir",
            "mv",
            "printf",
            "rm",
            "sed",
            "set",
            "tar",
            "test",
            "touch",
            "true",
            "unzip",
            "update-ca-certificates",
            "useradd",
            "usermod",
            "wget",
            "[",
            ":",
        ];
        let line = self.installs.line(run);
        let stage = self.cx.stages.stage_of(run).ok_or(No::NotThis)?;
        for command in commands::of(self.cx, stage, run).map_err(No::Because)? {
            let program = command.program().unwrap_or("a command that is not literal");
            let is_tool = matches!(program, "npm" | "yarn" | "pnpm" | "bun");
            let keeps = is_tool
                && matches!(command.verb(), Some("cache" | "store" | "config" | "set" | "version" | "pkg" | "fund"));
            let global = is_tool && command.arguments().any(|word| matches!(word, "-g" | "--global" | "global"));
            let installs = command.installs_node_project() && command.workdir == app.command.workdir;
            if keeps || global || installs || ASIDE.contains(&program) {
                continue;
            }
            if !is_production(app, &command) {
                return Err(No::Because(format!("{line} runs {program}, which may need them")));
            }
        }
        Ok(())
    }

    /// The RUN that prunes in `source`, with what must stand before it.
    fn prune_in(&self, source: &Stage<'_>, app: &App<'_>) -> Result<Vec<String>, No> {
        let held = Held::by(self.cx, source).ok_or(No::NotThis)?;
        let prune = app.pruning()?;
        let manifest = &app.node.manifest.source.path;
        self.must_have(source, &held, "package.json", manifest)?;
        // Yarn and pnpm compare with the lock file, pnpm with the place where it installed.
        if let (Some(lock), true) = (&app.node.lock_path, app.manager != Some(PackageManager::Npm)) {
            self.must_have(source, &held, paths::name(lock), lock)?;
        }
        let by_place = matches!(app.manager, Some(PackageManager::Pnpm | PackageManager::YarnBerry));
        if by_place && (held.dir != app.dir || held.steps.iter().any(|step| matches!(step, Step::Copy(_)))) {
            return Err(No::because("the packages are pruned only where they were installed"));
        }
        if app.manager == Some(PackageManager::YarnBerry) {
            let settings = paths::join(&app.node.dir, ".yarnrc.yml").unwrap_or_default();
            self.must_have(source, &held, ".yarnrc.yml", &settings)?;
        }
        if app.manager == Some(PackageManager::Pnpm) && !self.has_pnpm(source) {
            return Err(No::because("the stage that builds has no pnpm to prune with"));
        }
        let end = source.end();
        let here = end.workdir().value() == Some(held.dir.as_str());
        let cd = if here { String::new() } else { format!("cd {} && ", held.dir) };
        let installs_here = self.held.stage == source.index;
        let install = self.installs.stage.instructions[self.held.install];
        let same = installs_here && end.user() == self.installs.stage.state_before(install).user();
        let is_root = match end.user() {
            Known::Inherited => true,
            Known::Is(user) => matches!(user.split(':').next(), Some("root" | "0")),
            Known::Unknown => false,
        };
        let user = (!same && !is_root).then(|| "USER root".to_owned());
        Ok(user.into_iter().chain([format!("RUN {cd}{prune}")]).collect())
    }

    fn must_have(&self, source: &Stage<'_>, held: &Held, name: &str, path: &str) -> Result<(), No> {
        let is_it = |found: &str| found == path;
        match self.cx.find_in_stage(source.index, &format!("{}/{name}", held.dir)) {
            Exists::Yes(Origin::Context { path, .. }) if is_it(&path) => Ok(()),
            _ => Err(No::Because(format!("{name} is not where the packages would be pruned"))),
        }
    }

    fn has_pnpm(&self, source: &Stage<'_>) -> bool {
        let runs = self.cx.stages.chain(source).flat_map(|stage| stage.instructions.iter());
        let text = self.cx.file.text();
        runs.filter(|one| one.keyword == Keyword::Run).any(|run| {
            let run = run.span.of(text);
            run.contains("pnpm") && (run.contains("corepack") || run.contains("npm i"))
                || run.contains("corepack enable")
        })
    }

    /// Lines at the end of `source`, which nobody else sees.
    fn prune_behind(&self, source: &Stage<'_>, lines: &[String]) -> Way {
        let text = self.cx.file.text();
        let end = source.instructions.last().map_or(source.from.span.end, |last| last.span.end);
        let newline = self.cx.file.newline().as_str();
        let missing = if text[..end].ends_with('\n') { "" } else { newline };
        let run = lines.last().map_or("", |line| line.trim_start_matches("RUN "));
        Way {
            at: source.from.code,
            what: format!("prune behind the build: {run}"),
            edits: vec![Edit::insert(end, format!("{missing}{}", self.lines(source, lines)))],
        }
    }

    /// A stage of its own before the one that ships, which copies from it.
    fn prune_apart(&self, source: &Stage<'_>, lines: &[String]) -> Result<Way, No> {
        let Some(base) = &source.name else {
            return Err(No::because("the stage that installs them has no name, and others use it too"));
        };
        let used = |name: &&&str| {
            self.cx.stages.find(name).is_some() || self.cx.stages.references().iter().any(|one| one.name == **name)
        };
        let name = NAMES.iter().find(|name| !used(name)).ok_or(No::NotThis)?;
        let newline = self.cx.file.newline().as_str();
        let from = [format!("FROM {base} AS {name}")];
        let all: Vec<String> = from.into_iter().chain(lines.iter().cloned()).collect();
        let at = self.first_line(self.ships.stage.from);
        let mut edits = vec![Edit::insert(at, format!("{}{newline}", self.lines(source, &all)))];
        let dir = Held::by(self.cx, source).map(|held| format!("{}/node_modules", held.dir)).ok_or(No::NotThis)?;
        for copy in &self.ships.stage.instructions {
            let Some(flag) = copy.flag("from") else { continue };
            let of_source = self.cx.stages.flag_reference(self.ships.stage.index, flag).and_then(|found| found.stage);
            let Some((sources, _)) = paths_of(self.cx, self.ships.stage, copy) else { continue };
            let holds = |path: &String| dir == *path || dir.starts_with(&format!("{}/", path.trim_end_matches('/')));
            if of_source == Some(source.index) && sources.iter().any(holds) {
                edits.push(Edit::replace(flag.span, format!("--from={name}")));
            }
        }
        let run = lines.last().map_or("", |line| line.trim_start_matches("RUN "));
        Ok(Way { at: self.ships.stage.from.code, what: format!("prune in a stage of its own: {run}"), edits })
    }

    /// Lines in the style of the file: its line ends, and keywords in small letters where FROM is.
    fn lines(&self, source: &Stage<'_>, lines: &[String]) -> String {
        let small = source.from.keyword_span.of(self.cx.file.text()).starts_with('f');
        let newline = self.cx.file.newline().as_str();
        let cased = |line: &String| match line.split_once(' ') {
            Some((keyword, rest)) if small => {
                format!("{} {}{newline}", keyword.to_lowercase(), rest.replace(" AS ", " as "))
            }
            _ => format!("{line}{newline}"),
        };
        lines.iter().map(cased).collect()
    }

    /// Where the comments directly above an instruction begin, or it does itself.
    fn first_line(&self, instruction: &Instruction) -> usize {
        let items = self.cx.file.items();
        let own = items.partition_point(|item| item.span.start < instruction.span.start);
        let above = items[..own].iter().rev().take_while(|item| matches!(item.kind, ItemKind::Comment));
        above.last().map_or(instruction.span.start, |item| item.span.start)
    }
}

fn is_base(step: &Step) -> bool {
    matches!(step, Step::Base(_))
}

/// Whether a command comes down to a generator that is a production dependency itself. A bundler or compiler that is
/// one loads others all the same, by its configuration.
fn is_production(app: &App<'_>, command: &Command) -> bool {
    let Some(words) = command.words.iter().cloned().collect::<Option<Vec<String>>>() else { return false };
    let closure = app.node.runs(&words);
    let generates = |ran: &Ran| ran.program() == "prisma" && ran.words.get(1).is_some_and(|verb| verb == "generate");
    let kind = app.node.manifest.dependency("prisma").map(|found| found.kind);
    let configured = ["js", "mjs", "cjs", "ts", "mts", "cts"].iter().any(|end| {
        let path = paths::join(&app.node.dir, &format!("prisma.config.{end}"));
        path.is_some_and(|path| app.node.context().is_file(&path))
    });
    closure.gaps.is_empty()
        && closure.wrappers.is_empty()
        && !closure.ran.is_empty()
        && closure.ran.iter().all(generates)
        && kind == Some(DependencyKind::Production)
        && !configured
}
