//! A Node application: it is built, what only the build needs is pruned, and what is left runs on a leaner image.
//!
//! The whole directory of the application goes to the final stage, to the same place: what it opens at run time comes
//! along without being known.

mod base;
mod loads;
mod next;
mod outside;
mod proof;
pub(in crate::passes) mod prune;
mod sort;

use super::layout::{Layout, keep_arguments};
use super::packages::Installed;
use super::runtime::Started;
pub(in crate::passes) use super::steps::Command;
use super::{Case, No};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::base::Tag;
use crate::image::{Exists, Known, Origin};
use crate::project::node::Node;
use crate::project::node::manager::PackageManager;
use crate::project::paths;
use crate::proposal::{Evidence, Proposal};
use proof::Programs;
use sort::Sorted;
use std::rc::Rc;

/// A Node application in a stage.
pub(in crate::passes) struct App<'c> {
    /// The stage that installs it.
    pub(in crate::passes) case: &'c Case<'c>,
    /// What the build context says of it.
    pub(in crate::passes) node: Rc<Node>,
    /// Where it lies in the image.
    pub(in crate::passes) dir: String,
    /// The RUN that installs it, as an index into the stage's instructions.
    pub(in crate::passes) install: usize,
    /// The command in it that does.
    pub(in crate::passes) command: Command,
    /// `None`: which one is not known.
    pub(in crate::passes) manager: Option<PackageManager>,
}

/// What is around an application when it runs.
pub(in crate::passes) struct Around<'a> {
    /// Commands of its build.
    pub(in crate::passes) commands: &'a [Vec<String>],
    /// Packages that are installed globally.
    pub(in crate::passes) globals: &'a [String],
    /// Packages of the distribution.
    pub(in crate::passes) packages: &'a [String],
    /// The image that it runs on.
    pub(in crate::passes) image: Tag,
    /// Whether it lies there as it does in the build context, so that a file that is started can be found there.
    pub(in crate::passes) in_place: bool,
}

/// See the page.
pub(super) fn split(case: &Case<'_>) -> Result<Proposal, No> {
    let app = App::of(case)?;
    let started = case.started()?;
    let programs = app.programs(&started)?;
    let mut sorted = app.sort(&programs)?;
    app.need_libraries(&mut sorted);
    if !app.starts_programs() {
        leave_tools(&mut sorted.installed, &programs);
    }
    keep_arguments(case, &mut sorted.fates);
    if let Some(site) = app.served(&sorted, &started) {
        let base = app.base_of_site(&sorted, &started);
        let paths = vec![(site.path.clone(), site.path)];
        let split = Split { prune: None, paths, base, gains: true, evidence: site.evidence };
        return app.proposal(&sorted, split, None);
    }
    if let Some(server) = app.standalone(&sorted, &started) {
        return app.proposal(&sorted, server.split.clone(), Some(&server));
    }
    let pruned = app.prune(&sorted).and_then(|prune| match prune {
        Some(_) => Ok((prune, app.proof(&app.around(&sorted), &started)?)),
        None => Ok((None, Vec::new())),
    });
    let (prune, evidence) = pruned.clone().unwrap_or_default();
    let gains = prune.is_some() || sorted.installed.drops;
    let paths = vec![(app.dir.clone(), app.dir.clone())];
    let split = app.proposal(&sorted, Split { prune, paths, base: None, gains, evidence }, None);
    // With development dependencies, a leaner image alone may be worth it.
    match (split, pruned) {
        (Err(No::NotThis), Err(why)) => Err(why),
        (split, _) => split,
    }
}

/// What a split comes to.
#[derive(Clone)]
struct Split {
    /// The RUN that takes development dependencies away.
    prune: Option<String>,
    /// What is copied, and where to.
    paths: Vec<(String, String)>,
    /// The image of the final stage; `None`: to be found.
    base: Option<String>,
    /// Whether it pays on the same image.
    gains: bool,
    evidence: Vec<Evidence>,
}

impl<'c> App<'c> {
    /// The application that the file installs, when it is one.
    fn of(case: &'c Case<'c>) -> Result<Self, No> {
        let mut app: Option<Self> = None;
        for (install, run) in case.stage.instructions.iter().enumerate() {
            if run.keyword != Keyword::Run {
                continue;
            }
            for command in case.commands(run).unwrap_or_default() {
                let Some(found) = Self::installed_by(case, install, run, command)? else { continue };
                match &app {
                    Some(known) if known.dir != found.dir => {
                        return Err(No::Because(format!("{} installs another project", case.line(run))));
                    }
                    Some(_) => {}
                    None => app = Some(found),
                }
            }
        }
        app.ok_or(No::NotThis)
    }

    /// The application that `command` of `run`, the stage's instruction number `install`, installs.
    pub(in crate::passes) fn installed_by(
        case: &'c Case<'c>,
        install: usize,
        run: &Instruction,
        command: Command,
    ) -> Result<Option<Self>, No> {
        if !command.installs_node_project() {
            return Ok(None);
        }
        let Some(dir) = command.workdir.clone() else {
            return Err(No::Because(format!("{} installs in a directory that is not known", case.line(run))));
        };
        if dir == "/" {
            return Err(No::Because(format!("{} installs in the root directory", case.line(run))));
        }
        let Exists::Yes(Origin::Context { path, .. }) =
            case.cx.find_in_stage(case.stage.index, &format!("{dir}/package.json"))
        else {
            return Err(No::Because(format!(
                "{} installs a package.json that is not in the build context",
                case.line(run)
            )));
        };
        let node = case.cx.project.node(paths::parent(&path));
        let node = node.ok_or_else(|| No::Because(format!("{path} is not understood")))?;
        let program = command.program().unwrap_or_default();
        let manager = node.manager.value().copied().filter(|manager| manager.command() == program);
        let manager = manager.or_else(|| by_program(&node, program));
        Ok(Some(Self { case, node, dir, install, command, manager }))
    }

    fn proposal(&self, sorted: &Sorted, split: Split, server: Option<&next::Standalone<'_>>) -> Result<Proposal, No> {
        let owner = match self.owner(sorted) {
            Some(owner) if owner.contains('$') => {
                return Err(No::Because(format!("who owns the application is left to `{owner}`")));
            }
            Some(owner) => format!(" --chown={owner}"),
            None => String::new(),
        };
        let builder = Layout::name(self.case);
        let without = if split.prune.is_some() { ", without development dependencies" } else { "" };
        let mut layout = Layout {
            case: self.case,
            base: self.image(),
            builder: None,
            before: Vec::new(),
            after: split.prune.map(|prune| self.after(sorted, &prune)).unwrap_or_default(),
            workdir: None,
            beside: Vec::new(),
            copied_at: None,
            installs: Vec::new(),
            copies: split.paths.iter().map(|(from, to)| format!("COPY --from={builder}{owner} {from} {to}")).collect(),
            last: Vec::new(),
            fates: sorted.fates.clone(),
        };
        let (edits, changes) = server.map(|server| server.start(&mut layout)).unzip();
        let mut proof = split.evidence;
        let base = split.base.unwrap_or_else(|| {
            let (base, why) = self.base(&mut layout, sorted);
            proof.extend(why);
            base
        });
        if !split.gains && base == layout.base {
            return Err(No::NotThis);
        }
        if let Some(why) = self.case.is_for_development(std::slice::from_ref(&self.dir)) {
            return Err(No::Because(why));
        }
        if split.paths.iter().any(|(_, to)| *to == self.dir) {
            self.keeps_downloads()?;
        }
        let what = format!("split into a build stage and a final one on {base}{without}");
        layout.base = base;
        let proposal = Proposal::checked(self.case.stage.from.code, what, proof)
            .because("development dependencies, compilers and caches are needed to build only")
            .edits(layout.edits())
            .edits(edits.unwrap_or_default())
            .moving();
        Ok(changes.into_iter().flatten().fold(proposal, Proposal::changing))
    }

    /// The lines that prune at the end of the build: in the application's directory, and as who may change it.
    fn after(&self, sorted: &Sorted, prune: &str) -> Vec<String> {
        let instructions = &self.case.stage.instructions;
        let end = self.case.stage.state_after(instructions[sorted.fates.len() - 1]);
        let same = end.user() == self.case.stage.state_before(instructions[self.install]).user();
        let here = end.workdir().value() == Some(&self.dir);
        let cd = if here { String::new() } else { format!("cd {} && ", self.dir) };
        let run = format!("RUN {cd}{prune}{}", self.leftover(sorted));
        (!same).then(|| "USER root".to_owned()).into_iter().chain([run]).collect()
    }

    /// What Next.js keeps for the next build, beside what it keeps for the run.
    fn leftover(&self, sorted: &Sorted) -> &'static str {
        let runs = |words: &Vec<String>| {
            let ran = self.node.runs(words).ran;
            ran.iter().any(|ran| ran.program() == "next" && ran.words.get(1).is_some_and(|verb| verb == "build"))
        };
        if sorted.commands.iter().any(runs) { " && rm -rf .next/cache/webpack" } else { "" }
    }

    /// Who owns the application, when it is not root.
    fn owner(&self, sorted: &Sorted) -> Option<String> {
        let instructions = &self.case.stage.instructions[..sorted.fates.len()];
        let copied = instructions
            .iter()
            .filter(|one| self.brings_sources(one))
            .find_map(|copy| copy.flag("chown")?.value.clone());
        let given = instructions.iter().rev().find_map(|run| self.given_to(run));
        let run = instructions[self.install];
        let user = match self.case.stage.state_before(run).user() {
            Known::Is(user) if !matches!(user.split(':').next(), Some("root" | "0")) => Some(user.to_owned()),
            _ => None,
        };
        given.or(copied).or(user)
    }

    /// Whom `run` gives the application to, by `chown`.
    fn given_to(&self, run: &Instruction) -> Option<String> {
        let commands = if run.keyword == Keyword::Run { self.case.commands(run).ok()? } else { Vec::new() };
        let chown = commands.iter().filter(|command| command.words.iter().all(Option::is_some)).find(|command| {
            let mut operands = command.arguments().filter(|word| !word.starts_with('-')).skip(1);
            let recursive = command.arguments().any(|word| word.starts_with('-') && word.contains('R'));
            command.program() == Some("chown")
                && recursive
                && operands.any(|word| command.path(word).is_some_and(|path| path == self.dir))
        })?;
        chown.verb().map(str::to_owned)
    }

    fn around<'s>(&self, sorted: &'s Sorted) -> Around<'s> {
        Around {
            commands: &sorted.commands,
            globals: &sorted.globals,
            packages: &sorted.installed.runtime,
            image: self.case.from,
            in_place: true,
        }
    }

    fn is_inside(&self, path: &str) -> bool {
        path == self.dir || path.starts_with(&format!("{}/", self.dir))
    }

    /// What a container starts, as commands of the application.
    fn closures(&self, started: &[Started]) -> Vec<(String, crate::project::node::scripts::Closure)> {
        let own = started.iter().filter(|one| !is_script(&one.name));
        own.map(|one| {
            let words: Vec<String> = std::iter::once(one.name.clone()).chain(one.words.iter().cloned()).collect();
            (one.place.clone(), self.node.runs(&words))
        })
        .collect()
    }
}

/// What is called `program` where no lock file tells.
fn by_program(node: &Node, program: &str) -> Option<PackageManager> {
    match program {
        "npm" => Some(PackageManager::Npm),
        "pnpm" => Some(PackageManager::Pnpm),
        "bun" => Some(PackageManager::Bun),
        // The image has Yarn 1, which hands over to what this file names.
        "yarn" if node.lock_path.is_none() && !node.context().is_file(&format!("{}/.yarnrc.yml", node.dir)) => {
            Some(PackageManager::YarnClassic)
        }
        _ => None,
    }
}

/// Leaves to the build what compiles native modules and fetches packages, when nothing starts it at run time.
fn leave_tools(installed: &mut Installed, programs: &Programs) {
    const TOOLS: &[&str] =
        &["python3", "python", "python2", "py3-pip", "python3-pip", "git", "openssh-client", "openssh"];
    let before = installed.runtime.len();
    installed.runtime.retain(|name| !TOOLS.contains(&name.as_str()) || programs.has(name));
    installed.drops |= installed.runtime.len() != before;
}

/// Whether a command is a script of the project: what it starts was followed.
fn is_script(name: &str) -> bool {
    paths::extension(name) == "sh" || (name.contains('/') && !name.contains("node_modules/.bin/"))
}
