//! The commands of a RUN as words, with what is set for them and where they run.

use super::Cx;
use crate::dockerfile::Instruction;
use crate::image::{Stage, clean};
use crate::shell::{Body, Place, Script, Shell, ShellWord};
use crate::text::Span;

/// A command of a RUN.
pub(super) struct Command {
    /// `None` for a word that is not literal.
    pub words: Vec<Option<String>>,
    /// Where each word ends in the file; empty for words of exec form.
    pub ends: Vec<usize>,
    /// `NAME=value` before it, and exported by a command before it.
    settings: Vec<(String, String)>,
    /// The directory that it runs in.
    pub workdir: Option<String>,
    /// Which part of the RUN's first list it belongs to, when it stands there by itself.
    pub part: Option<usize>,
    /// Where it stands, as words of a shell.
    pub span: Option<Span>,
}

impl Command {
    /// The program, without its directory.
    pub(super) fn program(&self) -> Option<&str> {
        let name = self.words.first()?.as_deref()?;
        Some(name.rsplit('/').next().unwrap_or(name))
    }

    /// All words, those that are not literal as `None`.
    pub(super) fn literal(&self) -> Vec<Option<&str>> {
        self.words.iter().map(Option::as_deref).collect()
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

    /// Whether it installs the packages of the Node project in its directory.
    pub(super) fn installs_node_project(&self) -> bool {
        let verb = self.verb();
        let named = || self.arguments().filter(|word| !word.starts_with('-')).count() > 1;
        let elsewhere = ["-g", "--global", "--prefix", "--cwd", "-C", "--filter", "-w", "--workspace"];
        let elsewhere =
            || self.arguments().any(|word| word.split('=').next().is_some_and(|flag| elsewhere.contains(&flag)));
        let installs = match self.program() {
            Some("npm") => matches!(verb, Some("install" | "i" | "ci" | "clean-install" | "install-clean")),
            Some("yarn") => matches!(verb, None | Some("install")),
            Some("pnpm" | "bun") => matches!(verb, Some("install" | "i")),
            _ => false,
        };
        let literal = self.words.iter().all(Option::is_some);
        installs
            && literal
            && !named()
            && !elsewhere()
            && !self.arguments().any(|word| matches!(word, "-v" | "--version"))
    }
}

/// The commands of `run` of `stage`, in order; the error says why they are not known.
pub(super) fn of(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction) -> Result<Vec<Command>, String> {
    let body = cx.body(run);
    let workdir = stage.state_before(run).workdir().value().map(str::to_owned);
    match (&body.body, &*body.shell) {
        (Body::Exec(words), _) => {
            let words = words.iter().map(|word| Some(word.value.clone())).collect();
            Ok(vec![Command { words, ends: Vec::new(), settings: Vec::new(), workdir, part: None, span: None }])
        }
        (_, Shell::Parsed(script)) => Ok(of_script(script, workdir)),
        (_, Shell::Opaque(why)) => Err(format!("line {}: {why}", cx.line(run.code.start))),
    }
}

/// What a word stands for; a pattern of file names for itself: it names nothing but what is below its beginning.
fn known(word: &ShellWord) -> Option<String> {
    let is_pattern =
        word.raw.starts_with('/') && word.raw.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.*".contains(c));
    word.literal.clone().or_else(|| is_pattern.then(|| word.raw.clone()))
}

fn of_script(script: &Script, mut workdir: Option<String>) -> Vec<Command> {
    let (mut commands, mut exported) = (Vec::new(), Vec::new());
    for Place { simple, top, list, part } in script.commands() {
        let mut words: Vec<Option<String>> = simple.words.iter().map(known).collect();
        let mut ends: Vec<usize> = simple.words.iter().map(|word| word.span.end).collect();
        let assignments = simple.assignments.iter();
        let own = assignments.filter_map(|found| Some((found.name.clone(), found.value.literal.clone()?)));
        let mut settings: Vec<(String, String)> = exported.iter().cloned().chain(own).collect();
        while simple.name() == Some("env") && words.len() > 1 {
            let Some((name, value)) = words[1].as_deref().and_then(|word| word.split_once('=')) else { break };
            settings.push((name.to_owned(), value.to_owned()));
            words.remove(1);
            ends.remove(1);
        }
        if simple.name() == Some("env") && words.len() > 1 {
            words.remove(0);
            ends.remove(0);
        }
        let part = Some(part).filter(|_| top && list == 0);
        let span = Some(simple.span);
        let command = Command { words, ends, settings, workdir: workdir.clone(), part, span };
        match simple.name() {
            // Behind one in a subshell or a loop, where things run is not known.
            Some("cd" | "pushd" | "popd") => {
                workdir = command.verb().filter(|_| top).and_then(|to| command.path(to));
            }
            Some("export") => {
                let pairs = command.arguments().filter_map(|word| word.split_once('='));
                exported.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
            }
            None if simple.words.is_empty() => exported = command.settings,
            _ => commands.push(command),
        }
    }
    commands
}
