//! Which instructions up to the last install belong to the build, and which to what is run.
//!
//! Only what installs Python packages, and what that needs, belongs to the build alone. All else either moves, when
//! the build does not need it, or stands in both stages.

use super::super::layout::{Fate, variables};
use super::super::runtime::is_setting;
use super::tail::Tail;
use super::work::{Step, Work, steps};
use super::{App, No, packages};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::image::Writes;
use crate::passes::packages::Action;
use crate::project::python::install::{Install, Part};

/// What a RUN is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It installs Python packages, with packages of the distribution perhaps.
    Build,
    /// It asks the distribution's package manager, and does nothing else.
    Packages,
    /// It sets up users and directories.
    System,
    /// Anything else.
    Other,
}

/// A RUN that is understood.
pub(super) struct Run {
    pub role: Role,
    pub steps: Vec<Step>,
    /// What of it belongs to the final stage.
    pub tail: Option<Tail>,
    /// Why it must be cut for that.
    mixed: Option<String>,
}

/// What becomes of the instructions up to the last one of the build.
#[derive(Default)]
pub(super) struct Sorted {
    pub fates: Vec<Fate>,
    /// Lines of the final stage in the place of an instruction.
    pub beside: Vec<(usize, Vec<String>)>,
    /// ENV variables that only the build reads.
    pub build_only: Vec<String>,
}

/// Variables that programs read which install or compile packages.
const OF_BUILD: &[&str] =
    &["CC", "CFLAGS", "CPPFLAGS", "CPLUS_INCLUDE_PATH", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "LDFLAGS", "MAKEFLAGS"];
const OF_BUILD_PREFIXES: &[&str] = &["PIP_", "POETRY_", "PIPENV_", "PDM_", "UV_"];

/// Variables that only a running application reads.
const OF_RUN: &[&str] = &[
    "DJANGO_SETTINGS_MODULE",
    "FLASK_APP",
    "FLASK_DEBUG",
    "FLASK_ENV",
    "FLASK_RUN_HOST",
    "FLASK_RUN_PORT",
    "GUNICORN_CMD_ARGS",
    "HOST",
    "PORT",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "WEB_CONCURRENCY",
];

impl Run {
    /// Reads `run`; the error says why it is not understood.
    pub(super) fn read(case: &super::Case<'_>, run: &Instruction) -> Result<Self, String> {
        let mut steps = steps(case, run)?;
        let (mut installs, mut packages, mut system, mut other) = (false, false, false, None);
        for step in &steps {
            match step.work {
                Work::Install(_) | Work::Tool | Work::Basics | Work::Venv(_) | Work::Settings => installs = true,
                Work::Packages(_) => packages = true,
                Work::System => system = true,
                Work::Other => other = other.or(Some(step.program().unwrap_or("a command that is not literal"))),
                Work::Activate(_) | Work::Nothing => {}
            }
        }
        let mixed = match (installs, system, other) {
            (true, _, Some(program)) => {
                Some(format!("{} installs Python packages and runs {program} too", case.line(run)))
            }
            (true, true, None) => {
                Some(format!("{} installs Python packages and sets up the system too", case.line(run)))
            }
            _ => None,
        };
        let tail = mixed.as_ref().and_then(|_| Tail::of(case, run, &steps));
        if let (Some(why), None) = (&mixed, &tail) {
            return Err(why.clone());
        }
        let role = match (installs, packages, system, other) {
            (true, ..) => Role::Build,
            (false, _, _, Some(_)) | (false, true, true, None) => Role::Other,
            (false, true, false, None) => Role::Packages,
            (false, false, _, None) => Role::System,
        };
        if let Some(tail) = &tail {
            for step in &mut steps[tail.from..] {
                step.work = Work::Nothing;
            }
        }
        Ok(Self { role, steps, tail, mixed })
    }

    /// Whether it only removes packages and caches, or sets up what installs.
    fn finishes(&self) -> bool {
        let finishes = |step: &Step| match &step.work {
            Work::Packages(asked) => matches!(asked.action, Action::Remove | Action::Clean),
            Work::Settings | Work::Nothing => true,
            _ => false,
        };
        self.steps.iter().all(finishes)
    }
}

impl App<'_> {
    /// Sorts everything up to the last RUN that installs, and the RUNs behind it that finish its work.
    pub(super) fn sort(&self) -> Result<Sorted, No> {
        let all = &self.case.stage.instructions;
        let last = self.last_install();
        let early = (0..last).filter_map(|index| self.run(index)).find_map(|run| run.mixed.clone());
        if let Some(why) = early {
            return Err(No::Because(why));
        }
        let mut cut = last + 1;
        while all.get(cut).is_some_and(|_| self.run(cut).is_some_and(Run::finishes)) {
            cut += 1;
        }
        let mut sorted = Sorted { fates: vec![Fate::Both; cut], ..Sorted::default() };
        for index in (0..cut).rev() {
            sorted.fates[index] = self.fate(index, &sorted.fates)?;
        }
        for index in 0..cut {
            if sorted.fates[index] == Fate::Build && self.run(index).is_some() {
                let line = self.packages_of(index)?;
                sorted.beside.extend(line.map(|line| (index, vec![line])));
            }
        }
        self.sort_environment(&mut sorted);
        Ok(sorted)
    }

    /// What becomes of an instruction; `fates` hold those behind it.
    fn fate(&self, index: usize, fates: &[Fate]) -> Result<Fate, No> {
        let instruction = self.case.stage.instructions[index];
        let line = || self.case.line(instruction);
        match instruction.keyword {
            _ if is_setting(instruction) => Ok(Fate::Run),
            Keyword::Workdir | Keyword::Env => Ok(Fate::Both),
            Keyword::Arg => Ok(Fate::Build),
            Keyword::User if self.is_root_after(instruction) => Ok(Fate::Both),
            Keyword::User => Err(No::Because(format!("{}: packages are installed by another user than root", line()))),
            Keyword::Copy | Keyword::Add => Ok(self.fate_of_copy(index, fates.len())),
            Keyword::Run => self.fate_of_run(index, fates),
            Keyword::Shell if self.is_debian() => Ok(Fate::Both),
            _ => Err(No::Because(format!("{} is {}, which is not split", line(), instruction.keyword))),
        }
    }

    fn fate_of_run(&self, index: usize, fates: &[Fate]) -> Result<Fate, No> {
        let instruction = self.case.stage.instructions[index];
        let Some(run) = self.run(index) else {
            return Err(No::Because(self.why_not_understood(index)));
        };
        Ok(match run.role {
            Role::Build => Fate::Build,
            Role::Packages => self.fate_of_packages(index, run, fates)?,
            Role::System | Role::Other if self.is_about_headers(instruction)? => Fate::Build,
            Role::System if self.is_made_anyway(run) => Fate::Build,
            Role::System if self.is_wanted_by_build(index, run, fates) => Fate::Both,
            Role::System => Fate::Run,
            Role::Other if instruction.flag("mount").is_some() => {
                return Err(No::Because(format!("{} mounts what it works with", self.case.line(instruction))));
            }
            Role::Other if packages::asked(run).iter().any(|one| packages::stays_in_build(one, self.drops_git)) => {
                let line = self.case.line(instruction);
                return Err(No::Because(format!(
                    "{line} installs what only a build needs, and does something else too"
                )));
            }
            Role::Other if self.is_nothing_to_build(instruction) => Fate::Run,
            Role::Other => Fate::Both,
        })
    }

    /// Packages that a build may use stay there, and come to the final stage by a line of its own; packages that no
    /// build uses move; others are installed in both.
    fn fate_of_packages(&self, index: usize, run: &Run, fates: &[Fate]) -> Result<Fate, No> {
        let asked = packages::asked(run);
        let installs = |action| asked.iter().any(|one| one.action == action);
        if asked.iter().flat_map(|one| &one.packages).any(Option::is_none) {
            let line = self.case.line(self.case.stage.instructions[index]);
            return Err(No::Because(format!("{line} installs a package whose name only the build knows")));
        }
        if asked.iter().any(|one| packages::stays_in_build(one, self.drops_git)) {
            return Ok(Fate::Build);
        }
        if !installs(Action::Install) {
            // An update alone is for the installs behind it.
            let later = (index + 1..self.case.stage.instructions.len())
                .any(|later| fates.get(later).is_none_or(|fate| *fate != Fate::Build) && self.needs_update(later));
            return Ok(if installs(Action::Update) && later { Fate::Both } else { Fate::Build });
        }
        if asked.iter().any(|one| one.verb.contains("upgrade")) {
            return Ok(Fate::Both);
        }
        let of_run =
            asked.iter().flat_map(|one| &one.packages).all(|name| name.as_deref().is_some_and(packages::is_of_run));
        Ok(if of_run { Fate::Run } else { Fate::Both })
    }

    /// Whether a RUN installs packages of the distribution with the index that one before it fetched.
    fn needs_update(&self, index: usize) -> bool {
        let Some(run) = self.runs[index].as_ref() else { return false };
        let Ok(run) = run else { return true };
        let asked = packages::asked(run);
        let does = |action| asked.iter().position(|one| one.action == action);
        does(Action::Install).is_some_and(|install| does(Action::Update).is_none_or(|update| update > install))
    }

    /// Whether a RUN only makes directories that a WORKDIR makes too.
    fn is_made_anyway(&self, run: &Run) -> bool {
        let workdirs: Vec<String> = self
            .case
            .stage
            .instructions
            .iter()
            .filter(|one| one.keyword == Keyword::Workdir)
            .filter_map(|one| self.case.stage.state_after(one).workdir().value().map(str::to_owned))
            .collect();
        let made = |path: &str| workdirs.iter().any(|dir| dir == path || dir.starts_with(&format!("{path}/")));
        run.steps.iter().all(|step| {
            let mut dirs = step.arguments().filter(|word| !word.starts_with('-'));
            matches!(step.work, Work::Nothing)
                || (step.program() == Some("mkdir") && dirs.all(|dir| step.path(dir).is_some_and(|dir| made(&dir))))
        })
    }

    /// Whether a RUN changes headers, which the final stage has not: then it may do nothing else.
    fn is_about_headers(&self, run: &Instruction) -> Result<bool, No> {
        const HEADERS: &str = "/usr/include";
        if !run.span.of(self.case.cx.file.text()).contains(HEADERS) {
            return Ok(false);
        }
        let body = self.case.cx.body(run);
        let writes =
            body.shell.script().map(|script| Writes::of(script, self.case.stage.state_before(run).workdir().value()));
        match writes {
            Some(writes)
                if writes.unknown.is_none() && writes.paths.iter().all(|one| one.path.starts_with(HEADERS)) =>
            {
                Ok(true)
            }
            _ => Err(No::Because(format!("{} changes headers, and something else perhaps", self.case.line(run)))),
        }
    }

    /// Whether all that a RUN writes is known, and no install reads it.
    fn is_nothing_to_build(&self, run: &Instruction) -> bool {
        let body = self.case.cx.body(run);
        let Some(script) = body.shell.script() else { return false };
        let writes = Writes::of(script, self.case.stage.state_before(run).workdir().value());
        let reads: Option<Vec<String>> = self
            .installs()
            .map(|(_, step, install)| files_read(step, install))
            .collect::<Option<Vec<_>>>()
            .map(|all| all.concat());
        writes.unknown.is_none()
            && reads.is_some_and(|reads| {
                let near = |path: &str| {
                    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
                    reads.iter().any(|read| {
                        read == path
                            || read.starts_with(&format!("{path}/"))
                            || read.rsplit_once('/').map_or("", |(own, _)| own) == dir
                    })
                };
                !writes.paths.iter().any(|written| near(&written.path) || is_of_system(&written.path))
            })
    }

    /// Whether the build gives files to a user that `run` makes, or speaks of what it makes.
    fn is_wanted_by_build(&self, index: usize, run: &Run, fates: &[Fate]) -> bool {
        let text = self.case.cx.file.text();
        let paths: Vec<&str> =
            run.steps.iter().flat_map(Step::arguments).filter(|word| word.starts_with('/') && word.len() > 1).collect();
        if paths.iter().any(|path| is_of_system(path)) {
            return true;
        }
        let all = self.case.stage.instructions.iter().zip(fates).skip(index + 1);
        all.filter(|(_, fate)| **fate != Fate::Run).any(|(later, _)| {
            let own = later.span.of(text);
            later.flag("chown").is_some()
                || (later.keyword == Keyword::Run && paths.iter().any(|path| own.contains(path)))
        })
    }

    /// ENV: that of the installers stays, that of the application moves, all other stands in both.
    fn sort_environment(&self, sorted: &mut Sorted) {
        let text = self.case.cx.file.text();
        let cut = sorted.fates.len();
        let others = (0..cut).any(|index| {
            sorted.fates[index] != Fate::Run && self.run(index).is_some_and(|run| run.role == Role::Other)
        });
        for index in 0..cut {
            let instruction = self.case.stage.instructions[index];
            let Args::Pairs(pairs) = &instruction.args else { continue };
            if instruction.keyword != Keyword::Env {
                continue;
            }
            let names: Vec<&str> = pairs.iter().map(|pair| pair.key.value.as_str()).collect();
            let of_build = |name: &&str| {
                OF_BUILD.contains(name) || OF_BUILD_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            };
            let rest = &self.case.stage.instructions[index + 1..];
            let speaks = |later: &&Instruction| variables(later.span.of(text)).iter().any(|name| names.contains(name));
            let in_build = rest[..cut - index - 1]
                .iter()
                .zip(&sorted.fates[index + 1..])
                .any(|(later, fate)| *fate != Fate::Run && speaks(later));
            let in_final = rest.iter().enumerate().any(|(at, later)| {
                sorted.fates.get(index + 1 + at).is_none_or(|fate| *fate != Fate::Build) && speaks(later)
            });
            if names.iter().all(of_build) && !in_final {
                sorted.fates[index] = Fate::Build;
                sorted.build_only.extend(names.iter().map(|&name| name.to_owned()));
            } else if names.iter().all(|name| OF_RUN.contains(name)) && !in_build && !others {
                sorted.fates[index] = Fate::Run;
            }
        }
    }
}

/// Whether a path belongs to the system that packages are compiled on.
fn is_of_system(path: &str) -> bool {
    ["/bin", "/etc", "/lib", "/opt", "/root", "/sbin", "/usr", "/var/lib"].iter().any(|tree| path.starts_with(tree))
}

/// The files that an install reads; `None` when they may be many.
fn files_read(step: &Step, install: &Install) -> Option<Vec<String>> {
    install
        .parts
        .iter()
        .filter(|part| !matches!(part, Part::Named(_)))
        .map(|part| match part {
            Part::Requirements(path) | Part::Constraints(path) => step.path(path),
            _ => None,
        })
        .collect()
}
