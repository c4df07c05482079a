//! From what starts a container to the programs that run in the end: through shells, wrappers and scripts of the
//! build context.

use super::account::{self, Account};
use super::around::low_port;
use super::needs::{Needs, Write, place_of};
use super::programs::{ROOTS, SILENT, WRAPPERS, is_of_system};
use super::{Case, go, node, python};
use crate::dockerfile::Logical;
use crate::image::{Exists, Form, Known, Launch, Origin, clean};
use crate::project::deploy::said::Command as Said;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::python::start::Start as PythonStart;
use crate::project::scripts::{DROPPERS, Script, Shebang};
use crate::shell::{self, Command, Dialect, Shell, Simple};

/// Scripts that start scripts; a chain longer than this is a circle.
const DEEPEST: usize = 8;

/// A word of a command; `None` when only the run knows it.
pub(super) type Word = Option<String>;

/// What a command is run with.
#[derive(Clone, Debug)]
pub(super) struct Here {
    /// The working directory.
    pub(super) workdir: Option<String>,
    /// Where it is written: `line 7`, `start.sh:3`.
    pub(super) place: String,
    depth: usize,
}

/// The way through all that a container starts.
pub(super) struct Walk<'w> {
    pub(super) case: &'w Case<'w>,
    pub(super) account: &'w Account,
    pub(super) needs: &'w mut Needs,
}

impl<'w> Walk<'w> {
    pub(super) fn new(case: &'w Case<'w>, account: &'w Account, needs: &'w mut Needs) -> Self {
        Self { case, account, needs }
    }

    /// Everything that is started: by the image itself, and instead of it by what runs the image.
    pub(super) fn all(&mut self) -> Result<(), String> {
        let start = &self.case.start;
        let own = |launch: &Option<Launch>| launch.clone().filter(|launch| !launch.is_empty());
        let (entrypoint, cmd) = (own(&start.entrypoint), own(&start.cmd));
        self.launch(entrypoint.as_ref(), cmd.as_ref())?;
        let usage = self.case.cx.project.usage();
        for container in &usage.containers {
            if container.entrypoint.is_none() && container.command.is_none() {
                continue;
            }
            let said = |command: &Said| Launch { form: Form::Exec(command.words.clone()), line: Some(0) };
            let entrypoint_said = container.entrypoint.as_ref().map(said);
            // What replaces ENTRYPOINT takes CMD away.
            let cmd_kept = if entrypoint_said.is_some() { None } else { cmd.clone() };
            let command = container.command.as_ref().map(said).or(cmd_kept);
            let entrypoint = entrypoint_said.or_else(|| entrypoint.clone());
            let place = place_of(&container.evidence);
            self.started(entrypoint.as_ref(), command.as_ref(), &place)?;
        }
        if self.needs.programs == 0 && self.needs.doubts.is_empty() {
            return Err("it starts nothing by itself: an image to work in".to_owned());
        }
        Ok(())
    }

    fn launch(&mut self, entrypoint: Option<&Launch>, cmd: Option<&Launch>) -> Result<(), String> {
        let line = entrypoint.and_then(|launch| launch.line).or(cmd.and_then(|launch| launch.line));
        let place = line.map_or_else(|| "the base image".to_owned(), |line| format!("line {line}"));
        self.started(entrypoint, cmd, &place)
    }

    fn started(&mut self, entrypoint: Option<&Launch>, cmd: Option<&Launch>, place: &str) -> Result<(), String> {
        let workdir = self.case.stage.end().workdir().value().map(str::to_owned);
        let here = Here { workdir, place: place.to_owned(), depth: 0 };
        let form = |launch: Option<&Launch>| launch.map(|launch| launch.form.clone());
        // node's own entrypoint runs what it is given, or node on it.
        let inherited = entrypoint.filter(|launch| launch.line.is_none());
        let entrypoint = match (inherited, account::family_of(self.case)) {
            (Some(_), Some(family)) if family.image == "node" => {
                if let Some(Form::Exec(words)) = form(cmd) {
                    return self.words(&as_node_starts(words), &here);
                }
                None
            }
            (Some(_), _) => return Err("the base image's own entrypoint is not known".to_owned()),
            (None, _) => entrypoint,
        };
        match (form(entrypoint), form(cmd)) {
            (Some(Form::Shell(text)), _) | (None, Some(Form::Shell(text))) => self.text(&text, &here, &[], None),
            (Some(Form::Exec(words)), cmd) => {
                let more = match cmd {
                    Some(Form::Exec(more)) => more,
                    Some(Form::Shell(text)) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text],
                    None => Vec::new(),
                };
                let words: Vec<Word> = words.into_iter().chain(more).map(Some).collect();
                self.words(&words, &here)
            }
            (None, Some(Form::Exec(words))) => self.words(&words.into_iter().map(Some).collect::<Vec<_>>(), &here),
            (None, None) => Err("it starts nothing by itself: an image to work in".to_owned()),
        }
    }

    /// One command.
    pub(super) fn words(&mut self, words: &[Word], here: &Here) -> Result<(), String> {
        let words = unwrapped(words);
        let Some(first) = words.first() else { return Ok(()) };
        let place = &here.place;
        let Some(program) = first.as_deref() else {
            self.needs.doubt(format!("{place} starts a program that only the run knows"));
            return Ok(());
        };
        if here.depth > DEEPEST {
            self.needs.doubt(format!("{place}: scripts start each other without end"));
            return Ok(());
        }
        let name = paths::name(program);
        if DROPPERS.contains(&name) {
            return Err(format!("{place}: {name} gives up root by itself"));
        }
        if ROOTS.contains(&name) || ROOTS.contains(&program) {
            return Err(format!("{place}: {name} needs root"));
        }
        self.ports(words, place);
        if matches!(name, "sh" | "bash" | "ash" | "dash") {
            return self.shell(words, here);
        }
        let tool = if is_of_system(program) { name } else { program };
        if self.files(tool, words, here) || SILENT.contains(&tool) {
            return Ok(());
        }
        let borrowed: Vec<Option<&str>> = words.iter().map(Option::as_deref).collect();
        if let Some(start) = PythonStart::read(&borrowed) {
            return python::runs(self, &start, &borrowed, here);
        }
        if node::is_its(tool) {
            return node::runs(self, words, here);
        }
        match self.file_of(program, here) {
            Some(Origin::Context { path, .. }) => self.script(&path, &words[1..], here),
            found => {
                go::runs(self, program, found.as_ref(), here);
                Ok(())
            }
        }
    }

    /// Commands that change files, by their words; whether it is one of them.
    fn files(&mut self, name: &str, words: &[Word], here: &Here) -> bool {
        let operands: Vec<&Word> =
            words[1..].iter().filter(|word| !word.as_deref().is_some_and(|word| word.starts_with('-'))).collect();
        let (targets, directory): (Vec<&Word>, bool) = match name {
            "mkdir" => (operands, true),
            "sed" if words.iter().flatten().any(|word| word.starts_with("-i") || word.starts_with("--in-place")) => {
                (operands.last().copied().into_iter().collect(), false)
            }
            "touch" | "tee" | "rm" | "chmod" => (operands, false),
            "cp" | "mv" | "ln" | "install" => (operands.last().copied().into_iter().collect(), false),
            _ => return false,
        };
        for target in targets {
            self.written(target.as_deref(), directory, here);
        }
        true
    }

    /// A path that a shell command writes to.
    fn written(&mut self, path: Option<&str>, directory: bool, here: &Here) {
        match path.and_then(|path| absolute(path, here)) {
            Some(path) => {
                self.needs.write(Write { path, directory, must_be_new: false, place: here.place.clone() });
            }
            None => self.needs.doubt(format!("{} writes to a path that only the run knows", here.place)),
        }
    }

    fn shell(&mut self, words: &[Word], here: &Here) -> Result<(), String> {
        for (at, word) in words.iter().enumerate().skip(1) {
            match word.as_deref() {
                Some(flag) if flag.starts_with('-') && !flag.starts_with("--") && flag.contains('c') => {
                    if let Some(text) = words.get(at + 1).cloned().flatten() {
                        return self.text(&text, here, &[], None);
                    }
                    break;
                }
                Some(flag) if flag.starts_with(['-', '+']) => {}
                Some(script) => {
                    if let Some(Origin::Context { path, .. }) = self.file_of(script, here) {
                        return self.script(&path, &words[at + 1..], here);
                    }
                    break;
                }
                None => break,
            }
        }
        self.needs.doubt(format!("{} starts a shell, and what it runs is not known", here.place));
        Ok(())
    }

    /// The commands of a shell text. `of` names the script that it is; `arguments` are what `"$@"` stands for.
    fn text(&mut self, text: &str, here: &Here, arguments: &[Word], of: Option<&Script>) -> Result<(), String> {
        let mut logical = Logical::default();
        logical.push(text, 0);
        let script = match shell::read(&logical, Dialect::Bash) {
            Shell::Parsed(script) => script,
            Shell::Opaque(why) => {
                self.needs.doubt(format!("{}: {why}", here.place));
                return Ok(());
            }
        };
        let functions = functions(&script);
        let mut workdir = here.workdir.clone();
        for found in script.commands() {
            let simple = found.simple;
            let place = match of {
                Some(script) => place_of(&script.source.evidence(simple.span.start, "")),
                None => here.place.clone(),
            };
            let inner = Here { workdir: workdir.clone(), place, depth: here.depth + 1 };
            self.redirects(simple, &inner);
            if simple.name() == Some("cd") {
                let to = simple.words.get(1).and_then(|word| word.literal.as_deref());
                workdir = to.and_then(|to| absolute(to, &inner));
                continue;
            }
            if simple.name().is_some_and(|name| functions.contains(&name)) {
                continue;
            }
            let words: Vec<Word> = simple
                .words
                .iter()
                .flat_map(|word| match word.raw.as_str() {
                    "\"$@\"" | "$@" | "$*" | "\"${@}\"" | "${@}" => arguments.to_vec(),
                    _ => vec![word.literal.clone()],
                })
                .collect();
            self.words(&words, &inner)?;
        }
        Ok(())
    }

    fn redirects(&mut self, simple: &Simple, here: &Here) {
        for redirect in &simple.redirects {
            let to_file = redirect.operator.contains('>') && !redirect.operator.ends_with('&');
            let target = redirect.target.literal.as_deref();
            if to_file && !target.is_some_and(|target| target.starts_with("/dev/")) {
                self.written(target, false, here);
            }
        }
    }

    /// A script of the build context.
    fn script(&mut self, path: &str, arguments: &[Word], here: &Here) -> Result<(), String> {
        let Some(script) = Script::read(self.case.cx.project.context(), path) else {
            self.needs.doubt(format!("{path} could not be read"));
            return Ok(());
        };
        if let Some(found) = script.drops_root.first() {
            return Err(format!("{}: it gives up root by itself ({})", place_of(found), found.fact));
        }
        if let Some(found) = script.needs_root.first() {
            return Err(format!("{}: it needs root ({})", place_of(found), found.fact));
        }
        if let Some(found) = script.asks_user.first() {
            self.needs.doubt(format!("{} {}", place_of(found), found.fact));
        }
        match (script.is_shell, script.shebang.as_ref().map(Shebang::name)) {
            (true, _) => {}
            (false, Some(interpreter)) => {
                let image = self.file_in_image(path, here);
                let words = [Some(interpreter.to_owned()), image].into_iter().chain(arguments.iter().cloned());
                let inner = Here { depth: here.depth + 1, ..here.clone() };
                return self.words(&words.collect::<Vec<_>>(), &inner);
            }
            (false, None) => {
                self.needs.doubt(format!("what {path} does is not known"));
                return Ok(());
            }
        }
        let source = script.source.clone();
        self.needs.evident(evidence(path, None, "was read: it needs no root"));
        self.text(&source.text, here, arguments, Some(&script))
    }

    /// The word by which the context's file `path` is started.
    fn file_in_image(&self, path: &str, here: &Here) -> Word {
        let name = paths::name(path);
        let candidate = absolute(name, here)?;
        let found = self.case.cx.find_in_stage(self.case.stage.index, &candidate);
        matches!(&found, Exists::Yes(Origin::Context { path: origin, .. }) if origin == path).then_some(candidate)
    }

    /// What puts the file that `program` names into the image; on PATH when it is a bare name.
    pub(super) fn file_of(&self, program: &str, here: &Here) -> Option<Origin> {
        const PATH: &[&str] = &["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        let find = |path: &str| match self.case.cx.find_in_stage(self.case.stage.index, path) {
            Exists::Yes(origin) => Some(origin),
            Exists::No | Exists::Unknown(_) => None,
        };
        if program.contains('/') {
            return find(&absolute(program, here)?);
        }
        PATH.iter().find_map(|dir| find(&format!("{dir}/{program}")))
    }

    /// The value of the variable by which a path is set; `None` when nothing sets it.
    pub(super) fn setting(&self, name: Option<&str>, place: &str) -> Result<Option<String>, String> {
        let Some(name) = name else { return Ok(None) };
        let given = self.case.cx.project.usage().containers.iter().flat_map(|container| &container.environment);
        if let Some(said) = given.into_iter().find(|said| said.text == name) {
            return Err(format!("{place} writes to where {} says", place_of(&said.evidence)));
        }
        match self.case.stage.end().env(name) {
            Known::Inherited => Ok(None),
            Known::Is(value) => Ok(Some(value.to_owned())),
            Known::Unknown => Err(format!("{place} writes to where {name} says, which only the build knows")),
        }
    }

    /// A file that a program makes anew.
    pub(super) fn makes(&mut self, path: &str, place: &str, here: &Here) {
        match absolute(path, here) {
            Some(path) => {
                self.needs.write(Write { path, directory: false, must_be_new: true, place: place.to_owned() });
            }
            None => self.needs.doubt(format!("{place} makes `{path}`, and in which directory is not known")),
        }
    }

    /// Ports on a command line: `-p 80`, `--port=80`, `0.0.0.0:80`.
    pub(super) fn ports(&mut self, words: &[Word], place: &str) {
        const FLAGS: &[&str] = &["-p", "-l", "-b", "--port", "--listen", "--bind", "--http-port", "--server.port"];
        for (at, word) in words.iter().enumerate().skip(1) {
            let Some(word) = word.as_deref() else { continue };
            let before = words[at - 1].as_deref().unwrap_or_default();
            let value = match word.split_once('=') {
                Some((flag, value)) if FLAGS.contains(&flag) => Some(value),
                _ if FLAGS.contains(&before) => Some(word),
                _ => None,
            };
            let in_address = word.strip_prefix("0.0.0.0:").or_else(|| word.strip_prefix(':'));
            let number = value.or(in_address).and_then(|value| value.rsplit(':').next()?.parse().ok());
            if let Some(number) = number {
                low_port(self.needs, number, place);
            }
        }
    }
}

/// `path` as seen from `here`, absolute and clean.
pub(super) fn absolute(path: &str, here: &Here) -> Option<String> {
    if path.starts_with('/') {
        return Some(clean(path));
    }
    Some(clean(&format!("{}/{path}", here.workdir.as_deref()?)))
}

/// node's entrypoint puts `node` before what is a flag or no command.
fn as_node_starts(words: Vec<String>) -> Vec<Word> {
    let is_file =
        |word: &String| word.starts_with('-') || [".js", ".mjs", ".cjs"].iter().any(|end| word.ends_with(end));
    let node = words.first().is_some_and(is_file).then(|| Some("node".to_owned()));
    node.into_iter().chain(words.into_iter().map(Some)).collect()
}

/// What is left when the programs that only start others are taken off.
fn unwrapped(mut words: &[Word]) -> &[Word] {
    while let Some(Some(first)) = words.first() {
        let name = paths::name(first);
        if !WRAPPERS.contains(&name) {
            break;
        }
        words = &words[1..];
        let skipped = |word: &Word| word.as_deref().is_some_and(|word| word.starts_with('-') || word.contains('='));
        while words.first().is_some_and(skipped) {
            words = &words[1..];
        }
    }
    words
}

fn functions(script: &shell::Script) -> Vec<&str> {
    let pipelines = script.lists.iter().flat_map(|list| &list.parts);
    let commands = pipelines.flat_map(|(_, pipeline)| &pipeline.commands);
    let mut names = Vec::new();
    for command in commands {
        if let Command::Function(function) = command {
            names.push(function.keyword.as_str());
        }
    }
    names
}
