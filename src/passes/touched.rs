//! Which files a RUN makes, unpacks, changes and removes, as far as its commands say so.
//!
//! Only commands whose arguments are understood count; what is not said here is unknown, not "untouched".

mod fetch;
mod tools;

use super::paths::{self, Directory};
use crate::shell::{AndOr, Command, Link, Pipeline, Script, ShellWord, Simple, Terminator};

/// One path, and what a command does to it.
#[derive(Clone, Debug)]
pub struct Touch<'s> {
    /// The path; see [`paths`]. For [`How::RemoveMatching`], the directory.
    pub path: String,
    /// What is done.
    pub how: How<'s>,
    /// The command that does it.
    pub simple: &'s Simple,
    /// The word that names the path; `None` when it follows from others (`curl -O URL`).
    pub word: Option<&'s ShellWord>,
    /// The directory in which the command runs.
    pub from: Directory,
    /// Whether it runs whenever what stands before it succeeded: it is no branch, loop, pipeline or background job.
    pub sure: bool,
}

/// What is done to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How<'s> {
    /// A file from the network.
    Download,
    /// A tree from the network, or out of an archive.
    Tree,
    /// An archive or package is unpacked or installed.
    Unpack,
    /// A script is run by its interpreter.
    Run,
    /// Written: a redirect, `touch`, `tee`.
    Write,
    /// A directory, with what is missing above it.
    MakeDirectory,
    /// The target of a copy or move: a file or a tree.
    Copy,
    /// The source of a move.
    MoveAway,
    /// Mode, owner or content of the file; of the tree with `-R`.
    Change {
        /// `-R`
        recursive: bool,
    },
    /// Removed, with all in it if it is a directory and `-r` is given.
    Remove,
    /// What in the directory matches the pattern is removed.
    RemoveMatching(&'s str),
}

impl How<'_> {
    /// Whether new bytes come to be at the path.
    pub fn makes(self) -> bool {
        matches!(self, Self::Download | Self::Tree | Self::Write | Self::Copy)
    }
}

impl Touch<'_> {
    /// Whether it removes `path`, or all of the directory that it lies in.
    pub fn removes(&self, path: &str) -> bool {
        match self.how {
            How::Remove => paths::is_in(path, &self.path),
            How::RemoveMatching("*") => paths::is_in(path, &self.path) && path != self.path,
            How::RemoveMatching(pattern) => match path.strip_prefix(self.path.as_str()) {
                Some(rest) => matches(pattern, rest.trim_start_matches('/').split('/').next().unwrap_or_default()),
                None => false,
            },
            _ => false,
        }
    }
}

/// What `script` touches, in order of writing, when it starts in `directory`; and where it ends.
pub fn touched(script: &Script, directory: Directory) -> (Vec<Touch<'_>>, Directory) {
    let mut walk = Walk { touches: vec![], directory, sure: true };
    walk.script(script);
    (walk.touches, walk.directory)
}

/// Whether `name` matches a pattern of `*` and `?`.
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                n = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

struct Walk<'s> {
    touches: Vec<Touch<'s>>,
    directory: Directory,
    sure: bool,
}

impl<'s> Walk<'s> {
    fn script(&mut self, script: &'s Script) {
        for list in &script.lists {
            let aside = matches!(list.end, Terminator::Background(_));
            if aside { self.aside(|walk| walk.list(list)) } else { self.list(list) }
        }
    }

    fn list(&mut self, list: &'s AndOr) {
        let sure = self.sure;
        for (link, pipeline) in &list.parts {
            self.sure &= !matches!(link, Link::Or(_)) && !pipeline.negated;
            self.pipeline(pipeline);
        }
        self.sure = sure;
    }

    fn pipeline(&mut self, pipeline: &'s Pipeline) {
        match &pipeline.commands[..] {
            [command] => self.command(command),
            several => several.iter().for_each(|command| self.aside(|walk| walk.command(command))),
        }
    }

    /// What leaves neither the directory nor certainty behind.
    fn aside(&mut self, visit: impl FnOnce(&mut Self)) {
        let (directory, sure) = (self.directory.clone(), self.sure);
        self.sure = false;
        visit(self);
        (self.directory, self.sure) = (directory, sure);
    }

    fn command(&mut self, command: &'s Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Group(group) => group.bodies.iter().for_each(|body| self.script(body)),
            Command::Subshell(inner) => inner.bodies.iter().for_each(|body| self.aside(|walk| walk.script(body))),
            Command::Control(inner) => {
                let before = self.directory.clone();
                let mut moved = false;
                for body in &inner.bodies {
                    let mut branch = Walk { touches: vec![], directory: before.clone(), sure: false };
                    branch.script(body);
                    moved |= branch.directory != before;
                    self.touches.append(&mut branch.touches);
                }
                if moved {
                    self.directory = Directory::unknown(inner.span.start);
                }
            }
            Command::Function(_) => {}
        }
    }

    fn simple(&mut self, simple: &'s Simple) {
        let words = simple.assignments.iter().map(|assignment| &assignment.value).chain(&simple.words);
        for script in words.flat_map(|word| &word.substitutions) {
            self.aside(|walk| walk.script(script));
        }
        for redirect in &simple.redirects {
            if matches!(redirect.operator.as_str(), ">" | ">>" | ">|" | "&>" | "&>>") {
                self.touch(simple, &redirect.target, How::Write);
            }
        }
        tools::simple(self, simple);
    }

    /// Notes what is done to the path that `word` names, if it names one.
    fn touch(&mut self, simple: &'s Simple, word: &'s ShellWord, how: How<'s>) {
        if let Some(text) = paths::text_of(word) {
            self.note(simple, Some(word), &text, how);
        }
    }

    fn note(&mut self, simple: &'s Simple, word: Option<&'s ShellWord>, path: &str, how: How<'s>) {
        let (path, from) = (self.directory.join(path), self.directory.clone());
        if !paths::is_in(&path, "/dev") {
            self.touches.push(Touch { path, how, simple, word, from, sure: self.sure });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_names() {
        for (pattern, name) in [("*", "x"), ("*.tgz", "a.tgz"), ("a-*.t?z", "a-1.tgz"), ("**", "")] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.tgz", "a.zip"), ("a?", "a"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
