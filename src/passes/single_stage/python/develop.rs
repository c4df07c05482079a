//! Packages for development that poetry and uv install unless they are told not to: they stay out where it is proven
//! that nothing which a container runs uses them.

mod named;

use super::super::runtime::{Started, name_of};
use super::work::{Step, Work};
use super::{App, No};
use crate::edit::Edit;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::python::deps::Dependencies;
use crate::project::python::install::{Install, Part, Tool};
use crate::project::python::modules;
use crate::project::python::scan::Use;
use crate::proposal::Evidence;
use named::Development;
use std::collections::BTreeSet;

/// Packages for development stay out.
pub(super) struct Lean {
    /// What the installs bring then.
    pub dependencies: Vec<Dependencies>,
    pub edits: Vec<Edit>,
    pub evidence: Evidence,
}

/// Names of groups that are for people who work on the project.
const GROUPS: &[&str] = &[
    "build",
    "check",
    "checks",
    "ci",
    "coverage",
    "debug",
    "dev",
    "develop",
    "development",
    "doc",
    "docs",
    "format",
    "formatting",
    "lint",
    "linters",
    "linting",
    "mypy",
    "pre-commit",
    "quality",
    "release",
    "style",
    "test",
    "testing",
    "tests",
    "types",
    "typing",
];

/// So many names are shown.
const MOST_SHOWN: usize = 5;

impl App<'_> {
    /// Leaves the packages for development out; `None` where none are installed, or the author asks for them.
    pub(super) fn lean(&self, started: &[Started]) -> Result<Option<Lean>, No> {
        let mut edits = Vec::new();
        let mut dependencies = Vec::new();
        for (index, step, install) in self.installs() {
            let lean = self.without_development(step, install);
            if let Some((option, _)) = &lean {
                edits.push(Edit::insert(step.span.end, format!(" {option}")));
            }
            let install = lean.as_ref().map_or(install, |(_, install)| install);
            dependencies.extend(self.brought(index, step, install));
        }
        let names = |all: &[Dependencies]| -> BTreeSet<String> {
            all.iter().flat_map(|found| &found.list).map(|one| one.name.clone()).collect()
        };
        let (all, kept) = (names(&self.dependencies), names(&dependencies));
        let gone: BTreeSet<&String> = all.difference(&kept).collect();
        if edits.is_empty() || gone.is_empty() {
            return Ok(None);
        }
        let development = Development { kept: &kept, gone: &gone };
        let evidence = self.needs_none(&development, started)?;
        Ok(Some(Lean { dependencies, edits, evidence }))
    }

    /// The option by which an install leaves them out, and the install as it is then.
    fn without_development(&self, step: &Step, install: &Install) -> Option<(&'static str, Install)> {
        let plain = install.parts.iter().all(|part| matches!(part, Part::Lock(_)))
            && install.selection.groups.is_empty()
            && !install.selection.without_main
            && !step.span.of(self.case.cx.file.text()).contains(['<', '>'])
            && step.words.iter().all(|word| word.as_deref().is_some_and(|word| word != "--with" && word != "--dev"));
        let project = self.projects.iter().find_map(|one| one.pyproject().filter(|one| !one.groups.is_empty()))?;
        if !plain || install.package.is_some() {
            return None;
        }
        let mut lean = Install { dev: Some(false), ..install.clone() };
        match install.tool {
            Tool::Uv if install.dev.is_none() && project.default_groups == ["dev"] => Some(("--no-dev", lean)),
            Tool::Poetry if install.dev == Some(true) => {
                let mut groups = project.groups.keys().filter(|name| !project.optional_groups.contains(name));
                if !groups.clone().all(|name| GROUPS.contains(&name.as_str())) {
                    return groups.any(|name| name == "dev").then_some(("--without dev", lean));
                }
                lean.selection.without_defaults = true;
                let text = &self.case.cx.project.context().find(&project.path)?.text;
                let with_groups = text.contains("[tool.poetry.group.") || text.contains("[dependency-groups]");
                match (with_groups, self.poetry_version()) {
                    // Groups, and --only, came with 1.2, and --no-dev went with 2.0.
                    (true, _) | (false, Some((1, 2..) | (2.., _))) => Some(("--only main", lean)),
                    (false, Some(_)) => Some(("--no-dev", lean)),
                    (false, None) => None,
                }
            }
            _ => None,
        }
    }

    /// Whether poetry may be older than 1.2, which installs by the pip of the environment; where that has none, by the
    /// next one on PATH, into the system.
    pub(super) fn may_be_old_poetry(&self) -> bool {
        match self.poetry_version() {
            Some((1, 2..) | (2.., _)) => false,
            Some(_) => true,
            None => {
                let words =
                    self.steps().filter(|(_, step)| matches!(step.work, Work::Tool)).flat_map(|(_, step)| &step.words);
                let pinned = |word: &Option<String>| match word {
                    Some(word) => {
                        word.strip_prefix("poetry").is_some_and(|rest| rest.starts_with(['=', '<', '>', '~', '!']))
                    }
                    None => true,
                };
                let text = self.case.cx.file.text();
                let by_script = text.contains("get-poetry.py") || text.contains("--version");
                by_script || words.into_iter().any(pinned) || self.minor.is_some_and(|minor| minor < 7)
            }
        }
    }

    /// Major and minor version of poetry, where the file says it.
    fn poetry_version(&self) -> Option<(u32, u32)> {
        let words = self.steps().filter(|(_, step)| matches!(step.work, Work::Tool)).flat_map(|(_, step)| &step.words);
        let named = words.flatten().find_map(|word| word.strip_prefix("poetry=="));
        let named = named.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        let set = self.case.stage.end().variable("POETRY_VERSION");
        let version = named.or(if let crate::image::Known::Is(version) = set { Some(version) } else { None })?;
        let mut numbers = version.split('.').map(|part| part.parse().ok());
        Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
    }

    /// Why nothing uses what is left out.
    fn needs_none(&self, development: &Development<'_>, started: &[Started]) -> Result<Evidence, No> {
        if let Some(why) = self.dependencies.iter().find_map(|found| found.complete.why_unknown()) {
            return Err(No::Because(format!("not all that is installed is known: {why}")));
        }
        let workdir = self.case.stage.end().workdir().value().map(str::to_owned);
        if let Some(why) = self.case.is_for_development(&workdir.into_iter().collect::<Vec<_>>()) {
            return Err(No::Because(why));
        }
        if let Some(name) = development.gone.iter().find(|name| modules::is_loaded_if_there(name)) {
            return Err(No::Because(format!("{name} is one of them, which other packages load where it is there")));
        }
        for one in started {
            development.is_not_named(name_of(&one.name), &one.place)?;
            one.words.iter().try_for_each(|word| development.is_not_named(word, &one.place))?;
        }
        self.other_runs_name_none(development)?;
        let mut files = 0;
        for python in &self.projects {
            let scan = python.scan();
            if let Some(why) = scan.complete.why_unknown() {
                return Err(No::Because(format!("not all of the code was read: {why}")));
            }
            files += scan.files;
            for (module, found) in &scan.imports {
                if !modules::is_standard(module) && !self.is_own(module, development) {
                    development.is_brought(module, found)?;
                }
            }
            for found in scan.of(Use::Runs) {
                let program = found.value.as_deref().unwrap_or_default();
                development.is_not_named(paths::name(program), &format!("{}:{}", found.file, found.line))?;
            }
        }
        if files == 0 {
            return Err(No::because("no code was found"));
        }
        development.look_through(self.case.cx.project.context())?;
        development.look_through(self.case.cx.project.home().0)?;
        let asked =
            self.projects.iter().filter_map(|one| one.pyproject()).flat_map(|one| one.groups.values().flatten());
        let asked: BTreeSet<&String> =
            asked.map(|one| &one.name).filter(|name| development.gone.contains(name)).collect();
        let shown: Vec<&str> = asked.iter().take(MOST_SHOWN).map(|name| name.as_str()).collect();
        let more = if asked.len() > MOST_SHOWN { ", …" } else { "" };
        let fact = format!("{files} files of code use no packages for development ({}{more})", shown.join(", "));
        Ok(evidence(self.case.cx.project.context().dockerfile(), None, fact))
    }

    /// What else the build runs.
    fn other_runs_name_none(&self, development: &Development<'_>) -> Result<(), No> {
        let text = self.case.cx.file.text();
        for (index, instruction) in self.case.stage.instructions.iter().enumerate() {
            let place = self.case.line(instruction);
            match self.runs.get(index).and_then(Option::as_ref) {
                Some(Ok(run)) => {
                    let others =
                        run.steps.iter().filter(|step| !matches!(step.work, Work::Install(_) | Work::Packages(_)));
                    let mut words = others.flat_map(|step| step.words.iter().flatten());
                    words.try_for_each(|word| development.is_not_named(word, &place))?;
                }
                Some(Err(_)) => instruction
                    .span
                    .of(text)
                    .split_whitespace()
                    .try_for_each(|word| development.is_not_named(word, &place))?,
                None => {}
            }
        }
        Ok(())
    }

    /// Whether a module is the project's own.
    fn is_own(&self, module: &str, development: &Development<'_>) -> bool {
        let context = self.case.cx.project.context();
        let mut dirs: Vec<String> = vec![String::new()];
        dirs.extend(self.projects.iter().flat_map(|one| {
            let dir = one.dir();
            [dir.to_owned(), paths::join(dir, "src").unwrap_or_default()]
        }));
        let beside = || self.projects.iter().flat_map(|one| &one.scan().dirs);
        let lies_in = |dir: &str| {
            paths::join(dir, module).is_some_and(|path| context.is_dir(&path) || context.is_file(&format!("{path}.py")))
        };
        !development.brings(module) && (dirs.iter().any(|dir| lies_in(dir)) || beside().any(|dir| lies_in(dir)))
    }
}
