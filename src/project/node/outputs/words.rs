//! A build command's words: its flags, its configuration file, and the output that follows.

use super::{Built, Shape};
use crate::project::finding::{Finding, evidence};
use crate::project::node::Node;
use crate::project::node::js::config::{Setting, setting};
use crate::project::node::js::tokens::tokens;
use crate::project::node::scripts::Ran;
use crate::project::paths;
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::rc::Rc;

/// A command's words, with the project they run in.
pub(super) struct Words<'r> {
    pub(super) ran: &'r Ran,
    pub(super) node: &'r Node,
}

impl Words<'_> {
    pub(super) fn built(&self, shape: Shape, output: Finding<String>) -> Built {
        let mode = Finding::known(String::new(), []);
        Built { tool: self.ran.program().to_owned(), shape, output, mode, from: self.ran.from.clone() }
    }

    pub(super) fn has(&self, flags: &[&str]) -> bool {
        self.ran.words.iter().any(|word| flags.contains(&word.as_str()))
    }

    /// The value of the first of these flags: `--flag value`, `--flag=value`.
    pub(super) fn flag(&self, flags: &[&str]) -> Option<&str> {
        let words = &self.ran.words;
        words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) if flags.contains(&name) => Some(value),
            None if flags.contains(&word.as_str()) => words.get(at + 1).map(String::as_str),
            _ => None,
        })
    }

    /// A fact about the command itself.
    pub(super) fn proof(&self, fact: &str) -> Evidence {
        let source = &self.node.manifest.source;
        let line = self.ran.from.as_ref().and_then(|from| from.line);
        evidence(&source.path, line, format!("{}: {fact}", self.ran.words.join(" ")))
    }

    pub(super) fn known(&self, path: &str, fact: &str) -> Finding<String> {
        Finding::known(path.to_owned(), [self.proof(fact)])
    }

    pub(super) fn under(&self, path: &str, fact: &str) -> Finding<String> {
        match paths::join(&self.node.dir, path) {
            _ if path.starts_with('/') || path.contains('$') => {
                Finding::blocked("the output folder is not in the project", [self.proof(fact)])
            }
            Some(path) => Finding::known(path, [self.proof(fact)]),
            None => Finding::blocked("the output folder leaves the context", [self.proof(fact)]),
        }
    }

    pub(super) fn fixed(&self, dir: &str) -> Finding<String> {
        self.under(dir, &format!("writes {dir}"))
    }

    pub(super) fn flag_output(&self, flags: &[&str]) -> Finding<String> {
        match self.flag(flags) {
            Some(path) => self.under(path, &format!("writes {path}")),
            None => Finding::blocked("no flag says where it writes", [self.proof("has no output flag")]),
        }
    }

    /// The flag, else a setting of the configuration file, else the default.
    pub(super) fn output(
        &self,
        flags: &[&str],
        config_flags: &[&str],
        files: &[&str],
        keys: &[&[&str]],
        default: &str,
    ) -> Finding<String> {
        if self.flag(flags).is_some() {
            return self.flag_output(flags);
        }
        if let Some(file) = self.flag(config_flags) {
            return keys.first().map_or_else(|| self.fixed(default), |keys| self.by_setting(&[file], keys, default));
        }
        keys.first().map_or_else(|| self.fixed(default), |keys| self.by_setting(files, keys, default))
    }

    /// The first of `files` that is there, and what it says of a setting.
    pub(super) fn config(&self, flags: &[&str], files: &[&str], keys: &[&str]) -> Option<(Rc<Source>, Setting)> {
        let named = self.flag(flags);
        let candidates = named.into_iter().chain(files.iter().copied());
        let path = candidates
            .filter_map(|name| paths::join(&self.node.dir, name))
            .find(|path| self.node.context().is_file(path))?;
        let source = self.node.context().find(&path)?;
        let setting = setting(&tokens(&source.text), keys);
        Some((source, setting))
    }

    pub(super) fn by_setting(&self, files: &[&str], keys: &[&str], default: &str) -> Finding<String> {
        let name = keys.join(".");
        match self.config(&[], files, keys) {
            None => self.fixed(default),
            Some((file, Setting::Literal(path, at))) => {
                let proof = file.evidence(at, format!("{name} is {}", path.path));
                match path.in_context(paths::parent(&file.path), &self.node.dir) {
                    Some(path) => Finding::known(path, [proof]),
                    None => Finding::blocked("the output folder is not in the project", [proof]),
                }
            }
            Some((file, Setting::Other(at))) => {
                Finding::blocked(format!("{name} is not plainly written"), [file.evidence(at, format!("sets {name}"))])
            }
            Some((file, Setting::Absent { open: true })) => Finding::blocked(
                format!("{name} may be set elsewhere"),
                [file.whole("takes settings over from elsewhere")],
            ),
            Some((file, Setting::Absent { open: false })) => {
                let proof = file.whole(format!("sets no {name}, so it is {default}"));
                paths::join(&self.node.dir, default)
                    .map_or_else(|| Finding::unknown("it leaves the context"), |path| Finding::known(path, [proof]))
            }
        }
    }
}
