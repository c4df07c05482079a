//! The commands of a RUN as words, with what is set for them and where they run.

use super::Case;
use crate::dockerfile::Instruction;
use crate::image::{Known, clean};
use crate::shell::{Body, Place, Script, Shell};

/// A command of a RUN.
pub(super) struct Command {
    /// `None` for a word that is not literal.
    pub words: Vec<Option<String>>,
    /// `NAME=value` before it, and exported by a command before it.
    settings: Vec<(String, String)>,
    /// The directory that it runs in.
    pub workdir: Option<String>,
}

impl Command {
    /// The program, without its directory.
    pub(super) fn program(&self) -> Option<&str> {
        let name = self.words.first()?.as_deref()?;
        Some(name.rsplit('/').next().unwrap_or(name))
    }

    /// The words behind the program that are literal.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).filter_map(Option::as_deref)
    }

    /// Its first argument that is no option.
    pub(super) fn verb(&self) -> Option<&str> {
        self.arguments().find(|word| !word.starts_with('-'))
    }

    /// What `name` is set to for it by the RUN itself.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The absolute path that `word` means here.
    pub(super) fn path(&self, word: &str) -> Option<String> {
        if word.starts_with('/') {
            return Some(clean(word));
        }
        Some(clean(&format!("{}/{word}", self.workdir.as_deref()?)))
    }
}

impl Case<'_> {
    /// The commands of `run`, in order; the error says why they are not known.
    pub(super) fn commands(&self, run: &Instruction) -> Result<Vec<Command>, String> {
        let body = self.cx.body(run);
        let workdir = self.stage.state_before(run).workdir().value().map(str::to_owned);
        match (&body.body, &body.shell) {
            (Body::Exec(words), _) => {
                let words = words.iter().map(|word| Some(word.value.clone())).collect();
                Ok(vec![Command { words, settings: Vec::new(), workdir }])
            }
            (_, Shell::Parsed(script)) => Ok(of_script(script, workdir)),
            (_, Shell::Opaque(why)) => Err(format!("{}: {why}", self.line(run))),
        }
    }

    /// What the variable `name` is for `command` of `run`.
    pub(super) fn setting<'s>(&'s self, run: &Instruction, command: &'s Command, name: &str) -> Option<&'s str> {
        command.setting(name).or_else(|| match self.stage.state_before(run).variable(name) {
            Known::Is(value) => Some(value),
            _ => None,
        })
    }
}

fn of_script(script: &Script, mut workdir: Option<String>) -> Vec<Command> {
    let (mut commands, mut exported) = (Vec::new(), Vec::new());
    for Place { simple, top, .. } in script.commands() {
        let words: Vec<Option<String>> = simple.words.iter().map(|word| word.literal.clone()).collect();
        let assignments = simple.assignments.iter();
        let own = assignments.filter_map(|found| Some((found.name.clone(), found.value.literal.clone()?)));
        let settings: Vec<(String, String)> = exported.iter().cloned().chain(own).collect();
        let command = Command { words, settings, workdir: workdir.clone() };
        match simple.name() {
            // Behind one in a subshell or a loop, where things run is not known.
            Some("cd" | "pushd" | "popd") => {
                workdir = command.verb().filter(|_| top).and_then(|to| command.path(to));
            }
            Some("export") => {
                let pairs = command.arguments().filter_map(|word| word.split_once('='));
                exported.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            None if simple.words.is_empty() => exported.extend(command.settings),
            _ => commands.push(command),
        }
    }
    commands
}
