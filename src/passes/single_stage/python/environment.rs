//! Where the packages lie that the final stage takes from the build.

use super::super::runtime::{Started, name_of};
use super::work::{Step, Work};
use super::{App, No};
use crate::dockerfile::{Args, Keyword};
use crate::image::Known;
use crate::project::python::install::{Install, Tool};

/// The directory that holds them.
pub(super) enum Environment {
    /// A virtual environment that the file makes.
    Own(String),
    /// One that the tool makes beside the sources.
    InProject(String),
    /// One that is to be made.
    Made {
        dir: String,
        /// The instruction before which it is made.
        at: usize,
        /// Whether the installs find it by `VIRTUAL_ENV`, and by PATH.
        variable: bool,
        path: bool,
    },
}

/// Where one is made, unless the file speaks of it.
const PLACES: [&str; 2] = ["/opt/venv", "/opt/python-venv"];

/// Variables that send installs to another place.
const ELSEWHERE: [&str; 5] = ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PYTHONUSERBASE", "UV_SYSTEM_PYTHON"];

impl Environment {
    pub(super) fn dir(&self) -> &str {
        match self {
            Self::Own(dir) | Self::InProject(dir) | Self::Made { dir, .. } => dir,
        }
    }

    /// Lines of the build before an instruction, and those of the final stage that bring the environment.
    pub(super) fn lines(&self, builder: &str) -> (Vec<(usize, Vec<String>)>, Vec<String>) {
        let dir = self.dir();
        let copy = format!("COPY --from={builder} {dir} {dir}");
        let Environment::Made { at, variable, path, .. } = self else { return (Vec::new(), vec![copy]) };
        let on_path = format!("ENV PATH=\"{dir}/bin:$PATH\"");
        let mut before = vec![format!("RUN python -m venv {dir}")];
        if *variable {
            before.push(format!("ENV VIRTUAL_ENV={dir}"));
        }
        if *path {
            before.push(on_path.clone());
        }
        (vec![(*at, before)], vec![copy, on_path])
    }

    /// What is installed where.
    pub(super) fn told(&self) -> String {
        match self {
            Environment::Own(dir) => format!("all packages are installed into the virtual environment {dir}"),
            Environment::InProject(dir) => format!("all packages are installed into {dir}"),
            Environment::Made { dir, .. } => format!("all packages are installed for the system: {dir} takes them in"),
        }
    }
}

impl App<'_> {
    pub(super) fn environment(&self) -> Result<Environment, No> {
        let own =
            self.steps().find_map(|(_, step)| if let Work::Venv(dir) = &step.work { Some(dir.clone()) } else { None });
        if let Some(dir) = own {
            self.all_inside(&dir)?;
            return Ok(Environment::Own(dir));
        }
        for name in ELSEWHERE {
            if !matches!(self.case.stage.end().variable(name), Known::Inherited) {
                return Err(No::Because(format!("{name} says where packages are installed")));
            }
        }
        let mut in_project: Option<String> = None;
        let (mut by_tool, mut by_pip) = (false, false);
        for (index, step, install) in self.installs() {
            let line = || self.case.line(self.case.stage.instructions[index]);
            let start = step.words.first().and_then(Option::as_deref).unwrap_or_default();
            if start.contains('/') {
                return Err(No::Because(format!("{} installs with {start}, which is the system's own", line())));
            }
            match install.tool {
                Tool::Pip | Tool::Setup => by_pip = true,
                Tool::Poetry if self.poetry_in_project() => in_project = self.venv_beside(step),
                Tool::Poetry => by_tool = true,
                Tool::Pipenv if install.into_system => by_tool = true,
                Tool::Pipenv if self.is_on("PIPENV_VENV_IN_PROJECT") => in_project = self.venv_beside(step),
                Tool::Pipenv => {
                    return Err(No::Because(format!(
                        "{} installs into an environment whose name only pipenv knows",
                        line()
                    )));
                }
                Tool::Uv => in_project = self.venv_beside(step),
                Tool::UvPip | Tool::Pdm | Tool::Conda => {
                    return Err(No::Because(format!(
                        "{} installs with a program whose environment is not moved",
                        line()
                    )));
                }
            }
        }
        if let Some(dir) = in_project {
            return if by_pip || by_tool {
                Err(No::because("packages are installed both beside the sources and for the system"))
            } else {
                Ok(Environment::InProject(dir))
            };
        }
        self.made(by_tool, by_pip)
    }

    /// The environment that takes the place of the system's own packages.
    fn made(&self, by_tool: bool, by_pip: bool) -> Result<Environment, No> {
        let text = self.case.cx.file.text();
        let place = PLACES.iter().find(|place| !text.contains(**place));
        let dir = place.ok_or_else(|| No::because("the file uses the places for an environment"))?;
        let tool = self.steps().filter(|(_, step)| matches!(step.work, Work::Tool)).map(|(index, _)| index).last();
        let first = self
            .steps()
            .find(|(index, step)| {
                matches!(step.work, Work::Install(_))
                    || (matches!(step.work, Work::Basics) && tool.is_none_or(|tool| *index > tool))
            })
            .map_or(0, |(index, _)| index);
        let together = tool.is_some_and(|tool| tool >= first);
        if together && (by_pip || tool != Some(first)) {
            return Err(No::because("what installs packages is installed beside them"));
        }
        let pipenv = self.installs().any(|(_, _, install)| install.tool == Tool::Pipenv);
        if together && pipenv {
            return Err(No::because("pipenv is installed where it installs packages"));
        }
        Ok(Environment::Made {
            dir: (*dir).to_owned(),
            at: self.before_manifests(first),
            variable: by_tool,
            path: by_pip || pipenv,
        })
    }

    /// The COPYs directly before the first install belong to it.
    fn before_manifests(&self, first: usize) -> usize {
        let all = &self.case.stage.instructions;
        let mut at = first;
        for index in (0..first).rev() {
            match all[index].keyword {
                Keyword::Copy | Keyword::Add => at = index,
                Keyword::Workdir | Keyword::Env | Keyword::Arg => {}
                _ => break,
            }
        }
        at
    }

    pub(super) fn installs(&self) -> impl Iterator<Item = (usize, &Step, &Install)> {
        self.steps().filter_map(|(index, step)| match &step.work {
            Work::Install(install) => Some((index, step, &**install)),
            _ => None,
        })
    }

    fn venv_beside(&self, step: &Step) -> Option<String> {
        match self.case.stage.end().variable("UV_PROJECT_ENVIRONMENT") {
            Known::Is(dir) => step.path(dir),
            Known::Inherited => step.path(".venv"),
            Known::Unknown => None,
        }
    }

    fn poetry_in_project(&self) -> bool {
        let told = |(_, step): (usize, &Step)| {
            let words: Vec<&str> = step.arguments().collect();
            words.windows(2).any(|pair| pair == ["virtualenvs.in-project", "true"])
        };
        self.is_on("POETRY_VIRTUALENVS_IN_PROJECT") || self.steps().any(told)
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.case.stage.end().variable(name), Known::Is("1" | "true" | "True" | "yes"))
    }

    /// Whether all installs go into the environment `dir` that the file makes.
    fn all_inside(&self, dir: &str) -> Result<(), No> {
        for (index, step, _) in self.installs() {
            let instruction = self.case.stage.instructions[index];
            let program = step.words.first().and_then(Option::as_deref).unwrap_or_default();
            let entered = self
                .run(index)
                .is_some_and(|run| run.steps.iter().any(|one| matches!(&one.work, Work::Activate(own) if own == dir)));
            let on_path = || self.path_at(instruction.span.start).is_some_and(|first| first == format!("{dir}/bin"));
            let named = self.case.stage.state_before(instruction).variable("VIRTUAL_ENV") == Known::Is(dir);
            let by_variable = matches!(step.program(), Some("uv" | "poetry"))
                && (named || step.path(".venv").as_deref() == Some(dir));
            if !(program.starts_with(&format!("{dir}/bin/")) || entered || on_path() || by_variable) {
                return Err(No::Because(format!(
                    "{} installs beside the virtual environment",
                    self.case.line(instruction)
                )));
            }
        }
        Ok(())
    }

    /// The first directory that an ENV before `offset` puts on PATH.
    fn path_at(&self, offset: usize) -> Option<String> {
        let before =
            self.case.stage.instructions.iter().filter(|one| one.keyword == Keyword::Env && one.span.start < offset);
        let paths = before.flat_map(|env| {
            let pairs = if let Args::Pairs(pairs) = &env.args { pairs.as_slice() } else { &[] };
            pairs.iter().filter(|pair| pair.key.value == "PATH").map(move |pair| (env, pair))
        });
        let (env, pair) = paths.last()?;
        let first = pair.value.value.trim_matches('"').split(':').next()?;
        self.case.stage.state_before(env).expand(first, self.case.cx.file.escape())
    }

    /// Whether what is started finds the packages in an environment that was not there before.
    pub(super) fn stays_reachable(&self, environment: &Environment, started: &[Started]) -> Result<(), No> {
        let dir = environment.dir();
        let mounts = self.case.cx.project.usage().mounts();
        let over = |target: &str| {
            dir == target || (dir.starts_with(&format!("{target}/")) && matches!(environment, Environment::Made { .. }))
        };
        if let Some(mount) =
            mounts.iter().find(|mount| mount.target.value().is_some_and(|target| over(target.trim_end_matches('/'))))
        {
            return Err(No::Because(format!("{} mounts over {dir}", mount.target.evidence.file)));
        }
        if !matches!(environment, Environment::Made { .. }) {
            return Ok(());
        }
        for one in started {
            let login = matches!(name_of(&one.name), "bash" | "sh" | "ash")
                && one.words.iter().any(|word| word == "--login" || (word.starts_with("-l") || word == "-cl"));
            if login || matches!(name_of(&one.name), "cron" | "crond" | "su" | "sudo" | "runuser" | "sshd") {
                return Err(No::Because(format!("{} runs {}, which sets a PATH of its own", one.place, one.name)));
            }
            let words = std::iter::once(&one.name).chain(&one.words);
            let of_system = |word: &&String| word.starts_with("/usr/local/bin/") && self.context_path(word).is_none();
            if let Some(word) = words.into_iter().find(of_system) {
                return Err(No::Because(format!("{} names {word}, which would lie in {dir}", one.place)));
            }
        }
        if let Some(file) = &self.words.system_python {
            return Err(No::Because(format!("{file} names a path of the system's own Python")));
        }
        if let Some(file) = &self.words.other_path {
            return Err(No::Because(format!("{file} may start programs with a PATH of its own")));
        }
        let text = self.case.cx.file.text();
        for instruction in &self.case.stage.instructions {
            let line = || self.case.line(instruction);
            let own = instruction.code.of(text);
            if own.contains("/usr/local/lib/python")
                || own.contains("/usr/local/bin/python")
                || own.contains("site-packages")
            {
                return Err(No::Because(format!("{} names a path of the system's own Python", line())));
            }
            let Args::Pairs(pairs) = &instruction.args else { continue };
            let resets =
                |pair: &crate::dockerfile::Pair| pair.key.value == "PATH" && !pair.value.value.contains("PATH");
            if instruction.keyword == Keyword::Env && pairs.iter().any(resets) {
                return Err(No::Because(format!("{} sets PATH without what stood there", line())));
            }
        }
        Ok(())
    }

    /// Libraries that are looked for when the program runs, by means that only compilers bring.
    pub(super) fn libraries_are_found(&self) -> Result<(), No> {
        if let Some(file) = &self.words.unversioned {
            return Err(No::Because(format!("{file} names a library as only its package of headers does")));
        }
        if let (Some(file), true) = (&self.words.find_library, self.is_full()) {
            return Err(No::Because(format!("{file} looks for libraries by their name")));
        }
        if self.is_debian() {
            return Ok(());
        }
        if let Some(file) = &self.words.find_library {
            return Err(No::Because(format!("{file} looks for libraries with the tools of the compiler")));
        }
        let loads = |one: &&crate::project::python::deps::Dependency| {
            one.native().is_some_and(|native| !native.wheel_apk.is_empty())
        };
        match self.dependencies.iter().flat_map(|found| &found.list).find(loads) {
            Some(one) => Err(No::Because(format!("{} looks for libraries with the tools of the compiler", one.name))),
            None => Ok(()),
        }
    }
}
