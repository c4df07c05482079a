//! Whether a pattern may be written: what it would hide is compared with everything that is known to be needed.
//!
//! The first reason against it ends the question. "Not known" is a reason too.

use super::mentions;
use super::recipes::{Takes, stands_for};
use crate::project::context::Context;
use crate::project::dockerignore::{Dockerignore, Pattern};
use crate::project::finding::evidence;
use crate::project::left_out::{self, Kind};
use crate::project::readers;
use crate::project::{Project, paths};
use crate::proposal::Evidence;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A pattern that is compared with more than so many paths one by one is not worth the time.
const MOST_COMPARED: usize = 20_000;

/// What is known of the needs of a context.
pub(super) struct Judge<'a> {
    project: &'a Project,
    /// Without an ignore file.
    context: &'a Context,
    takes: &'a [Takes],
    gitignore: Gitignore,
    /// Each name in the paths that git tracks, with the first path that has it.
    names: OnceCell<BTreeMap<&'a str, &'a str>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(project: &'a Project, context: &'a Context, takes: &'a [Takes]) -> Self {
        let mut gitignore = GitignoreBuilder::new("");
        if let Ok(source) = context.read(".gitignore") {
            for line in source.text.lines() {
                // A line that git cannot read ignores nothing.
                let _ = gitignore.add_line(None, line);
            }
        }
        let gitignore = gitignore.build().unwrap_or_else(|_| Gitignore::empty());
        Self { project, context, takes, gitignore, names: OnceCell::new() }
    }

    /// Why a pattern of a template may not be written.
    pub(super) fn against(&self, text: &str) -> Option<Evidence> {
        let pattern = match parsed(text) {
            Ok(pattern) => pattern,
            Err(why) => return Some(why),
        };
        let rule = left_out::rule(text);
        self.is_taken(&pattern).or_else(|| self.is_input(&pattern)).or_else(|| match left_out::kind(text) {
            // What may be anywhere is no one's to name: `find . -name __pycache__` removes it.
            Kind::Junk if text.starts_with("**/") => self.is_tracked(&pattern),
            Kind::Junk => {
                self.is_tracked(&pattern).or_else(|| self.is_unknown(text)).or_else(|| self.is_mentioned(&pattern))
            }
            Kind::Meta => self.is_mentioned(&pattern),
            Kind::Made => {
                let by = rule.map_or(&[][..], |rule| rule.by);
                let known = || self.is_tracked(&pattern).or_else(|| self.is_unknown(text));
                self.may_be_named().or_else(known).or_else(|| self.is_not_made(by))
            }
            Kind::History => self.is_mentioned(&pattern).or_else(|| self.needs_history()),
            Kind::Env => {
                self.is_tracked(&pattern).or_else(|| self.is_mentioned(&pattern)).or_else(|| self.env_is_read())
            }
            Kind::Other => self.is_tracked(&pattern).or_else(|| self.is_mentioned(&pattern)),
        })
    }

    /// Why a line that the user wishes may not be written: the build would fail.
    pub(super) fn against_wish(&self, text: &str) -> Option<Evidence> {
        match parsed(text) {
            Ok(pattern) if pattern.includes => None,
            Ok(pattern) => self.is_taken(&pattern).or_else(|| self.is_input(&pattern)),
            Err(why) => Some(why),
        }
    }

    /// Why the file with credentials at `path` may not be left out.
    pub(super) fn against_secret(&self, path: &str) -> Option<Evidence> {
        let pattern = match parsed(path) {
            Ok(pattern) => pattern,
            Err(why) => return Some(why),
        };
        let read = || {
            let readers = self.project.readers();
            let reader = readers.naming(self.context, paths::name(path));
            let named = reader.map(|file| evidence(file, None, format!("names {}", paths::name(path))));
            named.or_else(|| readers.gap.as_ref().map(|gap| evidence(path, None, format!("may be read: {gap}"))))
        };
        self.is_taken(&pattern)
            .or_else(|| self.is_input(&pattern))
            .or_else(|| self.is_mentioned(&pattern))
            .or_else(read)
    }

    /// The first instruction that takes the file or directory at `path`.
    pub(super) fn taken_by(&self, path: &str) -> Option<&'a Evidence> {
        let takes = |named: &&super::recipes::Named| {
            stands_for(named, self.context).iter().any(|root| paths::below(root, path).is_some())
        };
        let all = self.takes.iter().flat_map(|takes| &takes.named);
        all.filter(|named| named.path.is_empty() || takes(named)).map(|named| &named.place).next()
    }

    /// COPY, ADD or a bind mount names what it hides.
    fn is_taken(&self, pattern: &Pattern) -> Option<Evidence> {
        let named = self.takes.iter().flat_map(|takes| &takes.named).filter(|named| !named.path.is_empty());
        let mut hidden = named.filter(|named| stands_for(named, self.context).iter().any(|path| pattern.covers(path)));
        hidden.next().map(|named| named.place.clone())
    }

    /// An instruction takes what only the build knows: it may be this.
    fn may_be_named(&self) -> Option<Evidence> {
        let mut named = self.takes.iter().flat_map(|takes| &takes.named);
        named.find(|named| named.open).map(|named| named.place.clone())
    }

    /// It hides what a build reads without being told.
    fn is_input(&self, pattern: &Pattern) -> Option<Evidence> {
        let name = left_out::never().iter().find(|name| pattern.covers(name) && self.context.kind(name).is_some());
        if let Some(name) = name {
            return Some(evidence(*name, None, "the build reads it"));
        }
        let python = self.project.python("")?;
        python.metadata_files().into_iter().find(|(path, _)| pattern.covers(path)).map(|(_, place)| place)
    }

    /// Git tracks some of it: then it is an input.
    fn is_tracked(&self, pattern: &Pattern) -> Option<Evidence> {
        let tracked = self.project.tracked()?;
        let text = pattern.text.as_str();
        let is_plain = |text: &str| !text.contains(['*', '?', '[', '\\']);
        let path = match text.strip_prefix("**/") {
            Some(name) if is_plain(name) && !name.contains('/') => self.names().get(name).copied(),
            Some(rest) if rest.strip_prefix('*').is_some_and(is_plain) && !rest.contains('/') => {
                self.names().iter().find(|(name, _)| name.ends_with(&rest[1..])).map(|(_, path)| *path)
            }
            _ if is_plain(text) => tracked.at(text),
            _ if tracked.paths().len() > MOST_COMPARED => Some("too many files to compare"),
            _ => tracked.paths().iter().map(String::as_str).find(|path| pattern.covers(path)),
        };
        path.map(|path| evidence(path, None, "is in git, so that it may be needed"))
    }

    fn names(&self) -> &BTreeMap<&'a str, &'a str> {
        self.names.get_or_init(|| {
            let mut names = BTreeMap::new();
            for path in self.project.tracked().map(crate::project::git_index::Tracked::paths).unwrap_or_default() {
                for name in path.split('/') {
                    names.entry(name).or_insert(path.as_str());
                }
            }
            names
        })
    }

    /// Something of that name stands at the root, and nothing tells that it is not the project's own.
    fn is_unknown(&self, text: &str) -> Option<Evidence> {
        let first = text.strip_prefix("**/").unwrap_or(text).split('/').next()?;
        let is_known = first.contains('*') || self.project.tracked().is_some() || first == "node_modules";
        let is_own_name = first.starts_with('.') || first.starts_with("__");
        if is_known || is_own_name || self.context.kind(first).is_none() {
            return None;
        }
        let ignored = self.gitignore.matched_path_or_any_parents(first, self.context.is_dir(first)).is_ignore();
        (!ignored).then(|| evidence(first, None, "is there, and no .gitignore says that it is made anew"))
    }

    /// A command of the build names it. A removal that may miss its target is no need.
    fn is_mentioned(&self, pattern: &Pattern) -> Option<Evidence> {
        let text = pattern.text.strip_prefix("**/").unwrap_or(&pattern.text);
        let names: Vec<String> = if text.contains('*') {
            let root = self.context.list("");
            root.entries.iter().map(|entry| entry.name.clone()).filter(|name| pattern.covers(name)).collect()
        } else {
            vec![text.to_owned()]
        };
        let mut texts = self.takes.iter().flat_map(|takes| &takes.texts);
        texts.find_map(|text| {
            let name = names.iter().find(|name| is_needed_by(&text.text, name))?;
            Some(Evidence { fact: format!("names `{name}`"), ..text.place.clone() })
        })
    }

    /// Some Dockerfile takes what is on this machine and makes nothing anew.
    fn is_not_made(&self, by: &[&str]) -> Option<Evidence> {
        let brings = self.takes.iter().filter_map(|takes| Some((takes, takes.directory(self.context)?)));
        let mut idle = brings.filter(|(takes, _)| !takes.texts.iter().any(|text| mentions::runs(&text.text, by)));
        idle.next()
            .map(|(_, place)| Evidence { fact: format!("{}, and nothing makes it anew", place.fact), ..place.clone() })
    }

    fn needs_history(&self) -> Option<Evidence> {
        for text in self.takes.iter().flat_map(|takes| &takes.texts) {
            if let Some(command) = mentions::git_command(&text.text) {
                return Some(Evidence { fact: format!("runs `{command}`"), ..text.place.clone() });
            }
            if text.text.contains("buildvcs=true") {
                return Some(Evidence { fact: "asks for a stamp by `-buildvcs`".to_owned(), ..text.place.clone() });
            }
        }
        if let Some(python) = self.project.python("")
            && !python.needs_git().is_no()
        {
            return python.needs_git().evidence().first().cloned();
        }
        let readers = self.project.readers();
        let gap = || readers.gap.as_ref().map(|gap| evidence(".git", None, format!("may be read: {gap}")));
        readers.git.clone().or_else(gap)
    }

    fn env_is_read(&self) -> Option<Evidence> {
        let readers = self.project.readers();
        let gap = || readers.gap.as_ref().map(|gap| evidence(".env", None, format!("may be read: {gap}")));
        let by_command = || {
            let mut texts = self.takes.iter().flat_map(|takes| &takes.texts);
            texts.find_map(|text| {
                let found = readers::first("Dockerfile", &text.text, left_out::env_readers())?;
                Some(Evidence { fact: found.fact, ..text.place.clone() })
            })
        };
        readers.env.clone().or_else(by_command).or_else(gap)
    }
}

/// A line as it would be read from the file.
fn parsed(text: &str) -> Result<Pattern, Evidence> {
    let read = Dockerignore::parse("", text);
    let bad = || evidence("templates", None, format!("`{text}` is no pattern"));
    if read.problem().is_some() {
        return Err(bad());
    }
    read.patterns().first().cloned().ok_or_else(bad)
}

/// Whether `text` names `name` other than to remove it, if it is there.
fn is_needed_by(text: &str, name: &str) -> bool {
    let mut rest = text;
    while let Some(at) = mentions::named(rest, name) {
        let start = rest[..at].rfind(['\n', ';', '&', '|', '(']).map_or(0, |end| end + 1);
        let before: Vec<&str> = rest[start..at].split_whitespace().collect();
        let removes = before.first() == Some(&"rm")
            && before.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('f'));
        if !removes {
            return true;
        }
        rest = &rest[at + name.len()..];
        if rest.is_empty() {
            break;
        }
        // What follows in the same command is removed too.
        let end = rest.find(['\n', ';', '&', '|']).unwrap_or(rest.len());
        rest = &rest[end..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_is_no_need() {
        for text in ["rm -rf .git", "npm ci && rm -rf tests .git docs && npm test", "rm -f a; rm -fr ./.git"] {
            assert!(!is_needed_by(text, ".git"), "{text}");
        }
        for text in ["rm -r .git", "cat .git/HEAD", "rm -rf .git && cp -r .git x"] {
            assert!(is_needed_by(text, ".git"), "{text}");
        }
    }
}
