//! Where the packages lie that the final stage takes from the build.

use super::work::{Step, Work};
use super::{App, No};
use crate::dockerfile::{Args, Keyword};
use crate::edit::Edit;
use crate::image::Known;
use crate::project::python::install::{Install, Tool};

/// The directory that holds them.
pub(super) enum Environment {
    /// A virtual environment that the file makes.
    Own(String),
    /// One that the tool makes beside the sources.
    InProject {
        dir: String,
        /// The instruction before which the tool is told so, when it is not yet.
        told: Option<(usize, String)>,
        /// Whether it is to be put on PATH.
        path: bool,
    },
    /// One that is to be made.
    Made {
        dir: String,
        /// The instruction before which it is made.
        at: usize,
        /// Whether the installs find it by `VIRTUAL_ENV`, and by PATH.
        variable: bool,
        path: bool,
        /// Whether uv was told to install for the system.
        system: bool,
        pip: Pip,
    },
}

/// What becomes of pip where nothing in the environment is installed by it.
#[derive(Clone, Copy)]
pub(super) enum Pip {
    /// It stays.
    Kept,
    /// None is put there.
    None,
    /// It goes, and leaves what came with it: Python before 3.12 has setuptools.
    Removed,
}

/// How an install finds its environment.
enum Kind {
    /// By PATH.
    Path,
    /// By `VIRTUAL_ENV`.
    Variable,
    /// It lies there, beside the sources.
    Beside(String),
}

/// Where one is made, unless the file speaks of it.
const PLACES: [&str; 2] = ["/opt/venv", "/opt/python-venv"];

/// The variable that sends installs of uv to the system.
const UV_SYSTEM: &str = "UV_SYSTEM_PYTHON";

/// Variables that send installs to another place.
const ELSEWHERE: [&str; 4] = ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PYTHONUSERBASE"];

impl Environment {
    pub(super) fn dir(&self) -> &str {
        match self {
            Self::Own(dir) | Self::InProject { dir, .. } | Self::Made { dir, .. } => dir,
        }
    }

    /// Lines of the build before an instruction, and those of the final stage that bring the environment.
    pub(super) fn lines(&self, builder: &str) -> (Vec<(usize, Vec<String>)>, Vec<String>) {
        let dir = self.dir();
        let copy = format!("COPY --from={builder} {dir} {dir}");
        let on_path = format!("ENV PATH=\"{dir}/bin:$PATH\"");
        let (at, variable, path, system, pip) = match self {
            Self::Made { at, variable, path, system, pip, .. } => (at, variable, path, system, pip),
            Self::Own(_) => return (Vec::new(), vec![copy]),
            Self::InProject { told, path, .. } => {
                let told = told.iter().map(|(at, line)| (*at, vec![line.clone()])).collect();
                let path = path.then_some(on_path);
                return (told, std::iter::once(copy).chain(path).collect());
            }
        };
        let mut before = vec![match pip {
            Pip::Kept => format!("RUN python -m venv {dir}"),
            Pip::None => format!("RUN python -m venv --without-pip {dir}"),
            Pip::Removed => format!("RUN python -m venv {dir} && {dir}/bin/pip uninstall --yes pip"),
        }];
        if *variable {
            before.push(format!("ENV VIRTUAL_ENV={dir}"));
            before.extend(system.then(|| format!("ENV {UV_SYSTEM}=0")));
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
            Environment::InProject { dir, .. } => format!("all packages are installed into {dir}"),
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
        let mut kinds = Vec::new();
        for (index, step, install) in self.installs() {
            let line = self.case.line(self.case.stage.instructions[index]);
            let start = step.words.first().and_then(Option::as_deref).unwrap_or_default();
            let tool = matches!(step.program(), Some("poetry" | "uv" | "pipenv"));
            if start.contains('/') && !tool {
                return Err(No::Because(format!("{line} installs with {start}, which is the system's own")));
            }
            kinds.push(self.kind(step, install, &line)?);
        }
        let in_project =
            kinds.iter().find_map(|kind| if let Kind::Beside(dir) = kind { Some(dir.clone()) } else { None });
        match in_project {
            Some(dir) if kinds.iter().all(|kind| matches!(kind, Kind::Beside(own) if *own == dir)) => {
                Ok(self.in_project(dir))
            }
            Some(_) => Err(No::because("packages are installed both beside the sources and for the system")),
            None => {
                let by_tool = kinds.iter().any(|kind| matches!(kind, Kind::Variable));
                self.made(by_tool, kinds.iter().any(|kind| matches!(kind, Kind::Path)))
            }
        }
    }

    /// How one install finds its environment.
    fn kind(&self, step: &Step, install: &Install, line: &str) -> Result<Kind, No> {
        let beside = || self.venv_beside(step).map(Kind::Beside).ok_or(No::NotThis);
        let hidden =
            |tool: &str| No::Because(format!("{line} installs into an environment whose name only {tool} knows"));
        match install.tool {
            Tool::Pip | Tool::Setup => Ok(Kind::Path),
            Tool::Poetry if self.is_told("virtualenvs.in-project", "true", "POETRY_VIRTUALENVS_IN_PROJECT") => beside(),
            Tool::Poetry if self.is_told("virtualenvs.create", "false", "POETRY_VIRTUALENVS_CREATE") => {
                Ok(Kind::Variable)
            }
            Tool::Poetry if self.is_run_by("poetry") => beside(),
            Tool::Poetry => Err(hidden("poetry")),
            Tool::Pipenv if install.into_system => Ok(Kind::Variable),
            Tool::Pipenv if self.is_told("", "", "PIPENV_VENV_IN_PROJECT") || self.is_run_by("pipenv") => beside(),
            Tool::Pipenv => Err(hidden("pipenv")),
            Tool::Uv => {
                self.uv_uses_this_python(step, line)?;
                beside()
            }
            Tool::UvPip if install.into_system || self.is_set(UV_SYSTEM) => Ok(Kind::Variable),
            Tool::UvPip | Tool::Pdm | Tool::Conda => {
                Err(No::Because(format!("{line} installs with a program whose environment is not moved")))
            }
        }
    }

    /// The environment beside the sources; the tool is told so when only its own `run` led to another one.
    fn in_project(&self, dir: String) -> Environment {
        let first = self.installs().next().map_or(0, |(index, ..)| index);
        let tool = self.installs().next().map(|(_, _, install)| install.tool);
        let told = match tool {
            Some(Tool::Poetry) if !self.is_told("virtualenvs.in-project", "true", "POETRY_VIRTUALENVS_IN_PROJECT") => {
                Some("ENV POETRY_VIRTUALENVS_IN_PROJECT=true")
            }
            Some(Tool::Pipenv) if !self.is_told("", "", "PIPENV_VENV_IN_PROJECT") => {
                Some("ENV PIPENV_VENV_IN_PROJECT=1")
            }
            _ => None,
        };
        let told = told.map(|line| (self.before_manifests(first), line.to_owned()));
        let end = self.case.stage.instructions.last().map_or(0, |last| last.span.end);
        let path = !self.runners.is_empty() && self.path_at(end).is_none_or(|first| first != format!("{dir}/bin"));
        Environment::InProject { dir, told, path }
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
        let tools: Vec<Tool> = self.installs().map(|(_, _, install)| install.tool).collect();
        // pipenv takes the Python that stands first on PATH; it then lies in the environment with the packages.
        let pipenv = tools.contains(&Tool::Pipenv);
        if together
            && (tool != Some(first)
                || tools.iter().any(|one| !matches!(one, Tool::Poetry | Tool::UvPip | Tool::Pipenv)))
        {
            return Err(No::because("what installs packages is installed beside them"));
        }
        Ok(Environment::Made {
            dir: (*dir).to_owned(),
            at: self.before_manifests(first),
            variable: by_tool,
            path: by_pip || pipenv,
            system: self.is_set(UV_SYSTEM),
            pip: self.pip(&tools),
        })
    }

    /// uv installs without the environment's own pip, and so does poetry since 1.2.
    fn pip(&self, tools: &[Tool]) -> Pip {
        let own = tools.iter().all(|tool| matches!(tool, Tool::Poetry | Tool::UvPip));
        let starts = |step: &Step| step.arguments().any(|word| word == "pip");
        let others = self.steps().any(|(_, step)| matches!(step.work, Work::Other) && starts(step));
        match self.minor {
            _ if !own || others || self.words.pip.is_some() => Pip::Kept,
            _ if tools.contains(&Tool::Poetry) && self.may_be_old_poetry() => Pip::Kept,
            Some(12..) => Pip::None,
            _ => Pip::Removed,
        }
    }

    fn is_set(&self, name: &str) -> bool {
        !matches!(self.case.stage.end().variable(name), Known::Inherited)
    }

    /// `uv pip install --system` finds no environment: the option goes.
    pub(super) fn without_system(&self) -> Vec<Edit> {
        let by_uv = self.installs().filter(|(_, _, install)| install.tool == Tool::UvPip);
        by_uv.filter_map(|(_, step, _)| step.system).map(Edit::delete).collect()
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

    /// Whether a tool is told something by an option of its own (`poetry config name value`), or by the variable `env`.
    fn is_told(&self, name: &str, value: &str, env: &str) -> bool {
        let told = |(_, step): (usize, &Step)| {
            let words: Vec<&str> = step.arguments().collect();
            words.windows(2).any(|pair| pair == [name, value])
        };
        let wanted: &[&str] =
            if value == "false" { &["0", "false", "False", "no"] } else { &["1", "true", "True", "yes"] };
        matches!(self.case.stage.end().variable(env), Known::Is(set) if wanted.contains(&set)) || self.steps().any(told)
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
}
