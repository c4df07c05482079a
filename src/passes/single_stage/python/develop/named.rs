//! Where a package is used: imported, named by a command, or loaded by its name.

use super::No;
use crate::project::Context;
use crate::project::context::Step as Visit;
use crate::project::files::EntryKind;
use crate::project::paths;
use crate::project::python::modules;
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// So many files are looked into.
const MOST: usize = 3000;

/// Packages by name: those that stay, and those that go.
pub(super) struct Development<'n> {
    pub kept: &'n BTreeSet<String>,
    pub gone: &'n BTreeSet<&'n String>,
}

impl Development<'_> {
    /// Whether one that goes may bring `module`.
    pub(super) fn brings(&self, module: &str) -> bool {
        self.gone.iter().any(|name| modules::of(name).iter().any(|one| one == module))
    }

    /// A module must come with a package that stays.
    pub(super) fn is_brought(&self, module: &str, found: &Evidence) -> Result<(), No> {
        let stays = self.kept.iter().any(|name| modules::of(name).iter().any(|one| one == module));
        let place = format!("{}:{}", found.file, found.line.unwrap_or(1));
        match (self.brings(module), stays) {
            (false, true) => Ok(()),
            (true, true) if !modules::is_shared(module) => Ok(()),
            (true, _) => Err(No::Because(format!("{place} imports {module}, which only they may bring"))),
            (false, false) => {
                Err(No::Because(format!("{place} imports {module}, and which package brings that is not known")))
            }
        }
    }

    /// A word of a command must not be one of them: `pytest`, `-m mypy`, `debugpy.server`.
    pub(super) fn is_not_named(&self, word: &str, place: &str) -> Result<(), No> {
        let first = word.split(['.', ':', '[', '=']).next().unwrap_or(word);
        let is = |name: &&&String| {
            let stays = self.kept.iter().any(|kept| modules::of(kept).iter().any(|one| one == first));
            name.as_str() == first || (modules::of(name).iter().any(|one| one == first) && !stays)
        };
        match self.gone.iter().find(is) {
            Some(name) => Err(No::Because(format!("{place} names {name}, which is one of them"))),
            None => Ok(()),
        }
    }

    /// Files that run commands in a container, or name modules, must not name one of them.
    pub(super) fn look_through(&self, context: &Context) -> Result<(), No> {
        let mut files = Vec::new();
        context.walk("", |path, kind| {
            match kind {
                EntryKind::Directory if is_aside(paths::name(path)) => return Visit::Skip,
                EntryKind::File => files.extend(Reading::of(path).map(|reading| (path.to_owned(), reading))),
                _ => {}
            }
            if files.len() >= MOST { Visit::Stop } else { Visit::Enter }
        });
        if files.len() >= MOST {
            return Err(No::because("there are more files than are read"));
        }
        for (path, reading) in files {
            let Some(source) = context.find(&path) else { continue };
            for (index, line) in source.text.lines().enumerate() {
                let line = line.split(" #").next().unwrap_or(line);
                if !line.trim_start().starts_with('#') {
                    self.look(line, reading, &source.text, &format!("{path}:{}", index + 1))?;
                }
            }
        }
        Ok(())
    }

    fn look(&self, line: &str, reading: Reading, text: &str, place: &str) -> Result<(), No> {
        let words = || line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')));
        match reading {
            Reading::Commands => words().try_for_each(|word| self.is_not_named(word, place)),
            Reading::Outside => {
                let inside = ["docker", "compose", "podman", "kubectl"].iter().any(|word| line.contains(word));
                let runs = line.contains(" run ") || line.contains(" exec ");
                if inside && runs && ["test", "lint"].iter().any(|word| line.contains(word)) {
                    return Err(No::Because(format!("{place} runs tests in a container")));
                }
                if inside { words().try_for_each(|word| self.is_not_named(word, place)) } else { Ok(()) }
            }
            // A module by its path, or, where modules are loaded by name, by that alone.
            Reading::Names => {
                const LOADERS: &[&str] =
                    &["INSTALLED_APPS", "__import__", "entry_points", "find_spec", "import_module"];
                let by_name = LOADERS.iter().any(|word| text.contains(word));
                let texts = line.split(['"', '\'']).skip(1).step_by(2);
                let named = texts.filter(|text| by_name || text.contains('.'));
                named.filter(|text| text.chars().all(is_of_path)).try_for_each(|text| self.is_not_named(text, place))
            }
        }
    }
}

/// How a file may name a package.
#[derive(Clone, Copy)]
enum Reading {
    /// By commands that a container runs.
    Commands,
    /// By commands that start a container.
    Outside,
    /// By paths of modules in texts.
    Names,
}

impl Reading {
    fn of(path: &str) -> Option<Self> {
        let name = paths::name(path).to_lowercase();
        let in_ci = path.starts_with(".github/") || path.starts_with(".circleci/");
        match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "yml" | "yaml" if name.contains("compose") => Some(Self::Commands),
            "yml" | "yaml"
                if in_ci || name.contains("ci") || name.contains("pipeline") || name.contains("taskfile") =>
            {
                Some(Self::Outside)
            }
            "sh" | "bash" | "mk" => Some(Self::Outside),
            "py" if !name.starts_with("test_") && name != "conftest.py" => Some(Self::Names),
            "" if matches!(name.as_str(), "procfile" | "crontab") => Some(Self::Commands),
            "" if matches!(name.as_str(), "makefile" | "justfile" | "jenkinsfile") => Some(Self::Outside),
            _ if name.starts_with("dockerfile") || name.ends_with(".dockerfile") => None,
            "conf" | "service" => Some(Self::Commands),
            _ => None,
        }
    }
}

fn is_of_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | ':')
}

fn is_aside(name: &str) -> bool {
    matches!(name, ".git" | ".venv" | "doc" | "docs" | "examples" | "node_modules" | "test" | "tests" | "venv")
}
