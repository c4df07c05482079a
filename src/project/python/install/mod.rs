//! What an install command installs: `pip install -r requirements.txt`, `poetry install`, `uv sync` …

mod flags;
mod pip;
mod tools;

use super::lock::{Kind, Selection};

/// The program that installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// `pip install`
    Pip,
    /// `uv pip install`, `uv pip sync`
    UvPip,
    /// `uv sync`
    Uv,
    /// `poetry install`, `poetry sync`
    Poetry,
    /// `pipenv install`, `pipenv sync`
    Pipenv,
    /// `pdm install`, `pdm sync`
    Pdm,
    /// `python setup.py install`
    Setup,
    /// conda, mamba, micromamba: other packages than `PyPI`'s.
    Conda,
}

/// Something that is installed, or that limits it. Paths are as written in the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `-r file`
    Requirements(String),
    /// `-c file`
    Constraints(String),
    /// A directory: the project in it, with its dependencies.
    Project {
        /// The directory as written.
        dir: String,
        /// Normalized.
        extras: Vec<String>,
        /// Whether it is installed in place.
        editable: bool,
    },
    /// A requirement on the command line.
    Named(String),
    /// A lock file in the working directory.
    Lock(Kind),
    /// An argument that is not literal, or not understood.
    Unknown(String),
}

/// An install command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// The program.
    pub tool: Tool,
    /// What it installs.
    pub parts: Vec<Part>,
    /// `--package`: the member of a workspace that is meant, normalized.
    pub package: Option<String>,
    /// Which groups and extras; for pip without meaning.
    pub selection: Selection,
    /// Whether the project itself is installed or built, so that its sources and metadata must be there.
    pub builds_project: bool,
    /// Whether development dependencies come along; `None` when that is for the project's own settings to say.
    pub dev: Option<bool>,
    /// Whether packages go into the system's Python (`pip`, `pipenv --system`, `uv pip --system`).
    pub into_system: bool,
    /// `--user`, `--target DIR`, `--prefix DIR`, `--root DIR`.
    pub elsewhere: Option<String>,
    /// `--index-url`, `--extra-index-url`, `--find-links`, `--no-index`.
    pub index: Option<String>,
    /// `--no-deps`: only what is named.
    pub no_dependencies: bool,
    /// `--no-binary`, per package or `:all:`.
    pub no_binary: Vec<String>,
}

impl Install {
    /// Reads the words of one command; `None` when it installs nothing. A word that is not literal is given as
    /// `None`.
    pub fn read(words: &[Option<&str>]) -> Option<Self> {
        let name = command_name((*words.first()?)?);
        let rest = &words[1..];
        let sub = |index: usize| rest.get(index).copied().flatten();
        match name {
            "pip" | "pip3" => pip::read(Tool::Pip, rest),
            name if name.starts_with("pip3.") || name.starts_with("pip2") => pip::read(Tool::Pip, rest),
            name if is_python(name) => {
                let rest = skip_python_flags(rest);
                match (rest.first().copied().flatten(), rest.get(1).copied().flatten()) {
                    (Some("-m"), Some(module @ ("pip" | "poetry" | "pipenv" | "uv" | "pdm"))) => {
                        let words: Vec<_> = std::iter::once(Some(module)).chain(rest[2..].iter().copied()).collect();
                        Self::read(&words)
                    }
                    (Some("setup.py"), Some("install" | "develop" | "build" | "bdist_wheel")) => {
                        Some(tools::setup(rest))
                    }
                    _ => None,
                }
            }
            "uv" => match (sub(0)?, sub(1)) {
                ("pip", Some("install" | "sync")) => pip::read(Tool::UvPip, &rest[1..]),
                ("sync", _) => Some(tools::uv(&rest[1..])),
                _ => None,
            },
            "poetry" => matches!(first_plain(rest)?, "install" | "sync").then(|| tools::poetry(rest)),
            "pipenv" => matches!(first_plain(rest)?, "install" | "sync").then(|| tools::pipenv(rest)),
            "pdm" => matches!(first_plain(rest)?, "install" | "sync").then(|| tools::pdm(rest)),
            "conda" | "mamba" | "micromamba" => {
                let installs = rest.iter().flatten().any(|word| matches!(*word, "install" | "create" | "update"));
                installs.then(|| Self::new(Tool::Conda, vec![Part::Unknown("a conda environment".to_owned())]))
            }
            _ => None,
        }
    }

    /// The directory of the context that holds what is installed; `resolve` finds the file of the context that the
    /// command means by a path. Empty where only names stand on the command line.
    pub fn directory(&self, resolve: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let named = self.parts.iter().find_map(|part| match part {
            Part::Requirements(path) => Some(resolve(path)),
            Part::Project { dir, .. } => {
                Some(resolve(&format!("{dir}/pyproject.toml")).or_else(|| resolve(&format!("{dir}/setup.py"))))
            }
            Part::Lock(_) => Some(resolve("pyproject.toml").or_else(|| resolve("Pipfile"))),
            Part::Constraints(_) | Part::Named(_) | Part::Unknown(_) => None,
        });
        match named {
            Some(path) => path.map(|path| path.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_owned())),
            None => Some(String::new()),
        }
    }

    fn new(tool: Tool, parts: Vec<Part>) -> Self {
        Self {
            tool,
            parts,
            package: None,
            selection: Selection::default(),
            builds_project: false,
            dev: Some(false),
            into_system: false,
            elsewhere: None,
            index: None,
            no_dependencies: false,
            no_binary: Vec::new(),
        }
    }
}

/// `/opt/venv/bin/pip3` is `pip3`.
pub(in crate::project::python) fn command_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// `python`, `python3`, `python3.12`, `pypy3`.
pub(in crate::project::python) fn is_python(name: &str) -> bool {
    let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Steps over `-u`, `-O`, `-W ignore` and the like.
pub(in crate::project::python) fn skip_python_flags<'w, 't>(mut words: &'w [Option<&'t str>]) -> &'w [Option<&'t str>] {
    while let Some(Some(word)) = words.first() {
        match *word {
            "-W" | "-X" if words.len() > 1 => words = &words[2..],
            "-m" | "-c" | "-" => break,
            flag if flag.starts_with('-') => words = &words[1..],
            _ => break,
        }
    }
    words
}

fn first_plain<'t>(words: &[Option<&'t str>]) -> Option<&'t str> {
    words.iter().copied().flatten().find(|word| !word.starts_with('-'))
}
