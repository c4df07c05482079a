//! The effective ENV, ARG, WORKDIR, USER and SHELL at each instruction of a stage.
//!
//! A value is known only when everything in it is; an ARG's default counts as its value, as in a build
//! without `--build-arg`. Of what the base image brings, only an official image's WORKDIR is known here.

use super::base::Tag;
use crate::dockerfile::{Args, Instruction, Keyword, Pair, Word, image_ref};
use std::collections::HashMap;

/// Values longer than this are not followed: `ENV a=$a$a`, repeated, would double without end.
const LONGEST_VALUE: usize = 64 * 1024;

/// What is set by the instructions of one stage, and when.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    variables: HashMap<String, Vec<(usize, Setting)>>,
    workdir: Vec<(usize, Option<String>)>,
    user: Vec<(usize, Option<String>)>,
    shell: Vec<(usize, Vec<String>)>,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    /// `None`: set, but not to a value that can be known.
    value: Option<String>,
    /// Whether by ENV; an ARG is not seen by the container and yields to an ENV.
    env: bool,
}

/// A view of a stage as it is before one of its instructions.
#[derive(Clone, Copy, Debug)]
pub struct State<'s> {
    history: &'s History,
    /// Settings made by instructions before this one count.
    before: usize,
}

/// What is known of a variable or setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    /// Nothing in the file sets it: the base image's own value holds.
    Inherited,
    /// This value.
    Is(T),
    /// Set to something that the file does not tell.
    Unknown,
}

impl<T> Known<T> {
    /// The value, when it is known.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            _ => None,
        }
    }
}

impl<'s> State<'s> {
    pub(super) const fn new(history: &'s History, before: usize) -> Self {
        Self { history, before }
    }

    /// What ENV `name` holds; ARGs do not count.
    pub fn env(self, name: &str) -> Known<&'s str> {
        let Some(settings) = self.history.variables.get(name) else { return Known::Inherited };
        known(
            settings
                .iter()
                .rev()
                .filter(|(at, setting)| *at < self.before && setting.env)
                .map(|(_, s)| s.value.as_deref()),
        )
    }

    /// What `$name` is in an instruction here: the ENV, else the ARG.
    pub fn variable(self, name: &str) -> Known<&'s str> {
        match self.env(name) {
            Known::Inherited => {}
            found => return found,
        }
        let Some(settings) = self.history.variables.get(name) else { return Known::Inherited };
        known(settings.iter().rev().filter(|(at, _)| *at < self.before).map(|(_, s)| s.value.as_deref()))
    }

    /// Names of all ENV variables set so far, sorted.
    pub fn env_names(self) -> Vec<&'s str> {
        let set = |settings: &[(usize, Setting)]| settings.iter().any(|(at, s)| *at < self.before && s.env);
        let mut names: Vec<&str> = self
            .history
            .variables
            .iter()
            .filter(|(_, settings)| set(settings))
            .map(|(name, _)| name.as_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// The absolute working directory.
    pub fn workdir(self) -> Known<&'s str> {
        self.last(&self.history.workdir)
    }

    /// The user as written, variables expanded: `node`, `1000:1000`.
    pub fn user(self) -> Known<&'s str> {
        self.last(&self.history.user)
    }

    /// The words that run a shell-form command; `None` when the base image's own shell holds.
    pub fn shell(self) -> Option<&'s [String]> {
        self.history.shell.iter().rev().find(|(at, _)| *at < self.before).map(|(_, words)| words.as_slice())
    }

    fn last(self, settings: &'s [(usize, Option<String>)]) -> Known<&'s str> {
        known(settings.iter().rev().filter(|(at, _)| *at < self.before).map(|(_, value)| value.as_deref()))
    }

    /// `text` with its variables expanded and quotes removed, when all of them are known here.
    pub fn expand(self, text: &str, escape: char) -> Option<String> {
        for name in image_ref::variables(text, escape) {
            if !matches!(self.variable(&name), Known::Is(_)) {
                return None;
            }
        }
        let lookup = |name: &str| self.variable(name).value().map(str::to_owned);
        image_ref::expand(text, lookup, escape).ok().filter(|value| value.len() <= LONGEST_VALUE)
    }
}

fn known<'s>(mut newest_first: impl Iterator<Item = Option<&'s str>>) -> Known<&'s str> {
    match newest_first.next() {
        None => Known::Inherited,
        Some(Some(value)) => Known::Is(value),
        Some(None) => Known::Unknown,
    }
}

impl History {
    /// What a stage starts with that is built on a stage which ended as `parent`: its ENV, not its ARGs.
    pub(super) fn inherited(parent: State<'_>) -> Self {
        let mut history = Self::default();
        for name in parent.env_names() {
            let value = parent.env(name).value().map(str::to_owned);
            history.variables.insert(name.to_owned(), vec![(0, Setting { value, env: true })]);
        }
        let setting = |known: Known<&str>| match known {
            Known::Inherited => vec![],
            Known::Is(value) => vec![(0, Some(value.to_owned()))],
            Known::Unknown => vec![(0, None)],
        };
        history.workdir = setting(parent.workdir());
        history.user = setting(parent.user());
        history.shell = parent.shell().map(|words| (0, words.to_vec())).into_iter().collect();
        history
    }

    /// What a stage starts with that is built on an official image: the directory that it sets.
    pub(super) fn based_on(tag: Option<Tag>) -> Self {
        let family = tag.and_then(|tag| tag.family());
        let workdir = family.map(|family| (0, Some(family.workdir.to_owned())));
        Self { workdir: workdir.into_iter().collect(), ..Self::default() }
    }

    /// Notes what `instruction`, the stage's number `at` from 1, sets.
    pub(super) fn note(&mut self, at: usize, instruction: &Instruction, globals: &Variables, escape: char) {
        match (&instruction.keyword, &instruction.args) {
            (Keyword::Env, Args::Pairs(pairs)) => self.note_env(at, pairs, escape),
            (Keyword::Arg, _) => self.note_arg(at, instruction, globals, escape),
            (Keyword::Workdir, _) => {
                let value = self.state(at).expand(instruction.rest.text().trim_end(), escape);
                let value = value.and_then(|path| self.resolve_workdir(at, &path));
                self.workdir.push((at, value));
            }
            (Keyword::User, _) => {
                let value = self.state(at).expand(instruction.rest.text().trim_end(), escape);
                self.user.push((at, value));
            }
            (Keyword::Shell, Args::Json(words)) => {
                self.shell.push((at, words.iter().map(|word| word.value.clone()).collect()));
            }
            _ => {}
        }
    }

    fn state(&self, before: usize) -> State<'_> {
        State::new(self, before)
    }

    fn note_env(&mut self, at: usize, pairs: &[Pair], escape: char) {
        // All values of one ENV are expanded with what held before it.
        let values: Vec<_> = pairs.iter().map(|pair| self.state(at).expand(&pair.value.value, escape)).collect();
        for (pair, value) in pairs.iter().zip(values) {
            let name = self.state(at).expand(&pair.key.value, escape).unwrap_or_else(|| pair.key.value.clone());
            self.set(name, at, Setting { value, env: true });
        }
    }

    fn note_arg(&mut self, at: usize, arg: &Instruction, globals: &Variables, escape: char) {
        for (name, default) in arg_definitions(arg) {
            let value = match default {
                Some(default) => self.state(at).expand(&default, escape),
                None => globals.get(&name).cloned().flatten(),
            };
            self.set(name, at, Setting { value, env: false });
        }
    }

    fn set(&mut self, name: String, at: usize, setting: Setting) {
        self.variables.entry(name).or_default().push((at, setting));
    }

    /// A relative WORKDIR continues the one before; without one it is the base image's, which is unknown.
    fn resolve_workdir(&self, at: usize, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(clean(path));
        }
        let parent = self.state(at).workdir().value()?;
        Some(clean(&format!("{parent}/{path}")))
    }
}

/// ARGs by name, with their default.
pub(super) type Variables = HashMap<String, Option<String>>;

/// What an ARG defines: names, with their default as written.
pub(super) fn arg_definitions(arg: &Instruction) -> Vec<(String, Option<String>)> {
    let Args::Words(words) = &arg.args else { return Vec::new() };
    words.iter().map(|Word { value, .. }| split_definition(value)).collect()
}

fn split_definition(definition: &str) -> (String, Option<String>) {
    match definition.split_once('=') {
        Some((name, default)) => (name.to_owned(), Some(default.to_owned())),
        None => (definition.to_owned(), None),
    }
}

/// `path` without `.`, `..` and doubled slashes; stays absolute.
pub fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}
