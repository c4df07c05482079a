//! A Python application: the virtual environment that the build makes, and what it needs beside it.

mod copies;
mod develop;
mod environment;
mod last;
mod needs;
mod packages;
mod projects;
mod reach;
mod runners;
mod sort;
mod tail;
mod words;
mod work;

use super::layout::{Layout, keep_arguments};
use super::runtime::Started;
use super::{Case, No};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::base::{Class, Distro, Release};
use crate::image::{Known, Start};
use crate::passes::packages::Action;
use crate::project::python::Python;
use crate::project::python::deps::Dependencies;
use crate::proposal::{Evidence, Field, Proposal};
use runners::Runner;
use sort::Run;
use std::collections::BTreeSet;
use std::rc::Rc;
use words::Words;
use work::{Step, Work};

/// Uncompressed size of Debian's compiler with what it brings.
const COMPILER: u64 = 250_000_000;
/// A tool such as poetry with what it needs.
const TOOL: u64 = 60_000_000;
/// What Debian's full image holds beyond its slim one.
const FULL: u64 = 850_000_000;

/// A Python application in a stage.
struct App<'c> {
    case: &'c Case<'c>,
    /// By instruction; `None` for what is no RUN.
    runs: Vec<Option<Result<Run, String>>>,
    release: &'static Release,
    /// The interpreter's minor version.
    minor: Option<u16>,
    /// What the installs bring, as far as their projects are known.
    dependencies: Vec<Dependencies>,
    /// The directories with code.
    projects: Vec<Rc<Python>>,
    /// Packages of the distribution that stay in the build.
    heavy: Vec<String>,
    /// Packages of the distribution that the author's own lines install in the final stage.
    stays: BTreeSet<String>,
    /// Whether git is there for the build alone.
    drops_git: bool,
    words: Words,
    /// Start commands that a tool runs.
    runners: Vec<Runner>,
}

/// See the page.
pub(super) fn split(case: &Case<'_>) -> Result<Proposal, No> {
    let mut app = App::of(case)?;
    app.pays()?;
    app.runners = app.read_runners();
    let started = app.started()?;
    if let Some(build) = case.dev_container() {
        return Err(No::Because(build));
    }
    let (lean, stays) = match app.lean(&started) {
        Ok(lean) => (lean, None),
        Err(No::NotThis) => (None, None),
        Err(No::Because(why)) => (None, Some(app.evidence(format!("packages for development stay: {why}")))),
    };
    if let Some(lean) = &lean {
        app.dependencies.clone_from(&lean.dependencies);
    }
    app.drops_git = app.needs_git_no_more(&started);
    let environment = app.environment()?;
    app.stays = app.stays_by_itself()?;
    let mut sorted = app.sort()?;
    let mut needs = app.needs()?;
    let installed = app.installed(&sorted);
    app.programs(&started, &installed, &mut needs)?;
    app.runs_behind(&sorted, &installed, &mut needs)?;
    app.libraries_are_found()?;
    app.stays_reachable(&environment, &started)?;
    needs.packages.retain(|name| !installed.contains(name));
    let mut edits = app.direct(sorted.fates.len())?;
    let without_system = app.without_system();
    let dropped = without_system.iter().map(|_| "--system".to_owned()).collect::<Vec<_>>();
    edits.extend(without_system);
    edits.extend(app.tail().map(|(_, tail)| Edit::delete(tail.gone)));
    let base = app.base()?;
    let install = app.install(&mut sorted, &needs)?;
    app.hoist(&mut sorted);
    keep_arguments(case, &mut sorted.fates);
    let builder = Layout::name(case);
    let (before, mut copies) = environment.lines(builder);
    copies.splice(0..0, install);
    let at = app.first_use(&sorted);
    let layout = Layout {
        case,
        base: base.clone(),
        builder: None,
        before,
        workdir: None,
        beside: sorted.beside,
        copied_at: at,
        installs: Vec::new(),
        copies,
        last: app.tail_line().into_iter().collect(),
        fates: sorted.fates,
        after: Vec::new(),
    };
    let mut proof = vec![app.evidence(environment.told())];
    proof.extend(stays);
    if let Some(lean) = lean {
        proof.push(lean.evidence);
        edits.extend(lean.edits);
    }
    proof.extend(needs.evidence);
    let what = if app.is_full() {
        format!("split into a build stage and a final one on {base}")
    } else {
        "split into a build stage and a final one".to_owned()
    };
    let mut proposal = Proposal::checked(case.stage.from.code, what, proof)
        .because("compilers, headers and the tools that install packages are needed to build only")
        .saves_about(app.saving())
        .edits(layout.edits().into_iter().chain(edits))
        .dropping(dropped)
        .moving();
    for runner in &app.runners {
        proposal = proposal.changing(runner.field.clone());
    }
    for name in sorted.build_only.iter().map(String::as_str).chain(["PATH"]) {
        proposal = proposal.changing(Field::Env(name.to_owned()));
    }
    Ok(proposal)
}

impl<'c> App<'c> {
    fn of(case: &'c Case<'c>) -> Result<Self, No> {
        let read =
            |instruction: &&Instruction| (instruction.keyword == Keyword::Run).then(|| Run::read(case, instruction));
        let runs: Vec<_> = case.stage.instructions.iter().map(read).collect();
        if !case.from.name().starts_with('3')
            && !case.from.name().starts_with("slim")
            && !case.from.name().starts_with("alpine")
        {
            return Err(No::NotThis);
        }
        let release = case.from.release().ok_or(No::NotThis)?;
        let mut app = Self {
            case,
            runs,
            release,
            minor: case.from.python_minor(),
            dependencies: Vec::new(),
            projects: Vec::new(),
            heavy: Vec::new(),
            stays: BTreeSet::new(),
            drops_git: false,
            words: Words::default(),
            runners: Vec::new(),
        };
        if !app.steps().any(|(_, step)| matches!(step.work, Work::Install(_))) {
            return Err(app.not_understood().unwrap_or(No::NotThis));
        }
        app.heavy = app.heavy_packages();
        Ok(app)
    }

    /// A RUN that is not understood is spoken of when it installs Python packages with a compiler at hand.
    fn not_understood(&self) -> Option<No> {
        let text = self.case.cx.file.text();
        let installs = |index: usize| self.case.stage.instructions[index].span.of(text).contains("pip install");
        let mut reasons =
            self.runs.iter().enumerate().filter_map(|(index, run)| Some((index, run.as_ref()?.as_ref().err()?)));
        let (_, why) = reasons.find(|(index, _)| installs(*index))?;
        (self.is_full() || !self.heavy_packages().is_empty()).then(|| No::Because(why.clone()))
    }

    fn run(&self, index: usize) -> Option<&Run> {
        self.runs.get(index)?.as_ref()?.as_ref().ok()
    }

    fn why_not_understood(&self, index: usize) -> String {
        let why = self.runs.get(index).and_then(|run| run.as_ref()?.as_ref().err()).cloned();
        why.unwrap_or_else(|| format!("{} is not understood", self.case.line(self.case.stage.instructions[index])))
    }

    /// All commands of RUNs that are understood, each with the number of its RUN.
    fn steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        let runs = self.runs.iter().enumerate();
        runs.flat_map(|(index, run)| {
            run.iter().flatten().flat_map(move |run| run.steps.iter().map(move |step| (index, step)))
        })
    }

    /// The last RUN that installs Python packages.
    fn last_install(&self) -> usize {
        let installs = |step: &Step| matches!(step.work, Work::Install(_) | Work::Basics | Work::Venv(_));
        self.steps().filter(|(_, step)| installs(step)).map(|(index, _)| index).last().unwrap_or(0)
    }

    fn is_full(&self) -> bool {
        self.case.from.class() == Class::Full
    }

    fn is_debian(&self) -> bool {
        self.release.distro != Distro::Alpine
    }

    fn is_root_after(&self, instruction: &Instruction) -> bool {
        match self.case.stage.state_after(instruction).user() {
            Known::Inherited => true,
            Known::Is(user) => matches!(user.split(':').next(), Some("root" | "0")),
            Known::Unknown => false,
        }
    }

    fn saving(&self) -> u64 {
        match (self.is_full(), self.heavy.is_empty()) {
            (true, _) => FULL,
            (false, true) => TOOL,
            (false, false) => COMPILER,
        }
    }

    /// Packages that only the build needs, and that no RUN removes again where it installs them.
    fn heavy_packages(&self) -> Vec<String> {
        let mut heavy = Vec::new();
        for run in self.runs.iter().flatten().flatten() {
            let asked = packages::asked(run);
            if asked.iter().any(|one| one.action == Action::Remove) {
                continue;
            }
            for one in asked.into_iter().filter(|one| one.action == Action::Install) {
                let named = one.packages.iter().flatten();
                heavy.extend(named.filter(|name| packages::is_heavy(one.family, name, self.drops_git)).cloned());
            }
        }
        heavy
    }

    /// A tool that is larger than a second pip.
    fn has_large_tool(&self) -> bool {
        const LARGE: &[&str] = &["hatch", "pdm", "pipenv", "poetry", "uv"];
        let large = |word: &str| LARGE.iter().any(|name| word.split(['=', '<', '>', '~', '[']).next() == Some(name));
        let fetched = |step: &Step| matches!(step.program(), Some("curl" | "wget"));
        self.steps().any(|(_, step)| matches!(step.work, Work::Tool) && (fetched(step) || step.arguments().any(large)))
    }

    /// A split pays where the build holds something that the final stage can do without.
    fn pays(&mut self) -> Result<(), No> {
        if self.heavy.is_empty() && !self.has_large_tool() && !self.is_full() {
            return Err(No::NotThis);
        }
        self.read_projects()?;
        self.words = Words::read(self.case.cx.project.context());
        Ok(())
    }

    /// What a container starts; an image without a command of its own starts what compose files say.
    fn started(&self) -> Result<Vec<Started>, No> {
        let elsewhere = !self.case.cx.project.usage().commands().is_empty();
        let found = match self.case.started() {
            Err(No::NotThis) if elsewhere => self.case.started_elsewhere(),
            Err(No::NotThis) => Err(No::because("nothing says what it starts")),
            found => found,
        }?;
        let shell = |one: &Started| matches!(super::runtime::name_of(&one.name), "bash" | "sh" | "ash");
        if !elsewhere && self.starts_shell() && found.iter().all(shell) {
            return Err(No::because("it starts a shell, and what is run in it is not known"));
        }
        Ok(found.into_iter().map(|one| self.without_tool(one)).collect())
    }

    /// `CMD ["bash"]`
    fn starts_shell(&self) -> bool {
        let words = Start::of(self.case.cx.file, self.case.cx.stages, self.case.stage).words();
        let shell = |word: &str| matches!(super::runtime::name_of(word), "bash" | "sh" | "ash");
        let words = match words.as_slice() {
            [first, flag, rest] if shell(first) && flag == "-c" => rest.split_whitespace().map(str::to_owned).collect(),
            _ => words,
        };
        matches!(words.as_slice(), [first] if shell(first))
    }

    fn evidence(&self, fact: impl Into<String>) -> Evidence {
        crate::project::finding::evidence(self.case.cx.project.context().dockerfile(), None, fact)
    }
}
