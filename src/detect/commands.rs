//! The commands of a RUN, as words, and what paths of the image were in the context.

use super::View;
use crate::dockerfile::Instruction;
use crate::image::{Exists, Origin, Stage, clean};
use crate::shell::{self, Body, Dialect};

/// A command of a RUN.
pub(super) struct Command {
    /// `None` for a word that is not literal.
    words: Vec<Option<String>>,
    /// `NAME=value` before it, and exported by a command before it.
    settings: Vec<(String, String)>,
    /// The directory that it runs in.
    pub workdir: Option<String>,
}

impl Command {
    pub(super) fn words(&self) -> Vec<Option<&str>> {
        self.words.iter().map(Option::as_deref).collect()
    }

    /// What is set for it; the last one counts.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

impl View<'_> {
    /// The commands that `run` of `stage` runs, in order.
    pub(super) fn commands(&self, stage: &Stage<'_>, run: &Instruction) -> Vec<Command> {
        let mut workdir = stage.state_before(run).workdir().value().map(str::to_owned);
        let text = match shell::body(run, self.around.file.text()) {
            Body::Exec(words) => {
                let words = words.into_iter().map(|word| Some(word.value)).collect();
                return vec![Command { words, settings: Vec::new(), workdir }];
            }
            Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => text,
            Body::Foreign => return Vec::new(),
        };
        let shell = shell::read(&text, Dialect::Sh);
        let places = shell.script().map(shell::Script::commands).unwrap_or_default();
        let (mut commands, mut exported) = (Vec::new(), Vec::new());
        for place in places {
            let words: Vec<Option<String>> = place.simple.words.iter().map(|word| word.literal.clone()).collect();
            let assignments = place.simple.assignments.iter();
            let own = assignments.filter_map(|found| Some((found.name.clone(), found.value.literal.clone()?)));
            let settings = exported.iter().cloned().chain(own).collect();
            match place.simple.name() {
                Some("cd") => {
                    let to = words.get(1).cloned().flatten();
                    workdir = to.and_then(|to| joined(workdir.as_deref(), &to));
                }
                Some("export") => {
                    let pairs = words.iter().flatten().filter_map(|word| word.split_once('='));
                    exported.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                _ => commands.push(Command { words, settings, workdir: workdir.clone() }),
            }
        }
        commands
    }

    /// What a path of the image was in the context.
    pub(super) fn context_path(&self, stage: usize, workdir: Option<&str>, path: &str) -> Option<String> {
        match self.files.find(stage, &joined(workdir, path)?) {
            Exists::Yes(Origin::Context { path, .. }) => Some(path),
            _ => None,
        }
    }
}

fn joined(dir: Option<&str>, path: &str) -> Option<String> {
    if path.starts_with('/') { Some(clean(path)) } else { Some(clean(&format!("{}/{path}", dir?))) }
}
