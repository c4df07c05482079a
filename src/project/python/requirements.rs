//! requirements.txt as pip reads it: continuations, comments, options, nested files, constraints, hashes.

use super::requirement::{Origin, Requirement};
use crate::project::context::Context;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::source::Source;
use crate::proposal::Evidence;

/// So many files may include one another.
const DEEPEST: usize = 16;

/// What a requirements file asks for, nested files included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Every file that was read, in order; all must be copied before the install.
    pub files: Vec<String>,
    /// What is installed.
    pub requirements: Vec<Requirement>,
    /// What only limits versions.
    pub constraints: Vec<Requirement>,
    /// Indexes other than the default one.
    pub indexes: Vec<Evidence>,
    /// `--no-binary`: packages that are built from source whatever wheels there are (`:all:` for all).
    pub no_binary: Vec<(String, Evidence)>,
    /// `-e`: installed in place, so the source must stay where it is.
    pub editable: Vec<Requirement>,
    /// Whether each requirement carries a hash, so that nothing else can be installed beside.
    pub hashed: bool,
    /// The line in which a tool says that it wrote this file from a resolved tree.
    pub compiled: Option<Evidence>,
    /// What could not be read; then the list is not whole.
    pub unknown: Vec<Evidence>,
}

impl Requirements {
    /// Reads the file at `path` and what it includes.
    pub fn read(context: &Context, path: &str) -> Self {
        let mut found = Self { hashed: true, ..Self::default() };
        found.include(context, path, false, 0);
        found.hashed &= !found.requirements.is_empty();
        found
    }

    /// Whether everything that will be installed stands in the list: each line is hashed, or a resolver wrote it.
    pub fn closed(&self) -> Option<Evidence> {
        if !self.unknown.is_empty() {
            return None;
        }
        let first = self.files.first()?;
        if self.hashed {
            return Some(evidence(first, None, "every requirement carries a hash, so pip installs nothing else"));
        }
        // Several files: the header speaks for one of them only.
        self.compiled.clone().filter(|_| self.files.len() == 1)
    }

    fn include(&mut self, context: &Context, path: &str, constraint: bool, depth: usize) {
        if self.files.iter().any(|seen| seen == path) {
            return;
        }
        let source = match context.read(path) {
            Ok(source) => source,
            Err(why) => return self.unreadable(context, path, None, &format!("not read: {why}")),
        };
        self.files.push(path.to_owned());
        if depth >= DEEPEST {
            return self.unreadable(context, path, None, "too many files include one another");
        }
        if let Some(header) = compiled_header(&source) {
            self.compiled.get_or_insert(header);
        }
        for (offset, line) in logical_lines(&source.text) {
            self.line(context, &source, offset, &line, constraint, depth);
        }
    }

    fn unreadable(&mut self, context: &Context, file: &str, line: Option<usize>, why: &str) {
        context.warn(file, line, why);
        self.unknown.push(evidence(file, line, why));
    }

    fn line(&mut self, context: &Context, source: &Source, offset: usize, line: &str, constraint: bool, depth: usize) {
        if line.starts_with('-') {
            return self.option(context, source, offset, line, constraint, depth);
        }
        let (text, options) = split_options(line);
        let hashed = options.contains("--hash");
        if text.contains("${") {
            return self.unreadable(
                context,
                &source.path,
                Some(source.line(offset)),
                "a variable stands in a requirement",
            );
        }
        match Requirement::parse(text, source, offset) {
            Ok(requirement) if constraint => self.constraints.push(requirement),
            Ok(requirement) => {
                self.hashed &= hashed;
                self.requirements.push(requirement);
            }
            Err(why) => self.unreadable(context, &source.path, Some(source.line(offset)), &why),
        }
    }

    fn option(
        &mut self,
        context: &Context,
        source: &Source,
        offset: usize,
        line: &str,
        constraint: bool,
        depth: usize,
    ) {
        let (name, value) = option(line);
        let at = || source.evidence(offset, line);
        match name {
            "-r" | "--requirement" | "-c" | "--constraint" => {
                let constraint = constraint || matches!(name, "-c" | "--constraint");
                let nested =
                    (!value.contains("://")).then(|| paths::join(paths::parent(&source.path), value)).flatten();
                match nested {
                    Some(path) => self.include(context, &path, constraint, depth + 1),
                    None => self.unreadable(
                        context,
                        &source.path,
                        Some(source.line(offset)),
                        &format!("`{value}` lies outside the build context"),
                    ),
                }
            }
            "-e" | "--editable" => match Requirement::read(value, at()) {
                Ok(requirement) => {
                    self.hashed = false;
                    self.editable.push(requirement.clone());
                    self.requirements.push(requirement);
                }
                Err(why) => self.unreadable(context, &source.path, Some(source.line(offset)), &why),
            },
            "-i" | "--index-url" | "--pypi-url" if is_default_index(value) => {}
            "-i" | "--index-url" | "--pypi-url" | "--extra-index-url" | "-f" | "--find-links" | "--no-index" => {
                self.indexes.push(at());
            }
            "--no-binary" => self.no_binary.extend(value.split(',').map(|name| (name.trim().to_owned(), at()))),
            _ => {}
        }
    }

    /// The requirement's origin, when its line does not say: another index makes the files unknown.
    pub fn origin(&self, requirement: &Requirement) -> Origin {
        match (&requirement.origin, self.indexes.first()) {
            (Origin::Index, Some(index)) => Origin::OtherIndex(index.fact.clone()),
            (origin, _) => origin.clone(),
        }
    }
}

/// Whether `address` is `PyPI`.
pub(super) fn is_default_index(address: &str) -> bool {
    let host = address.trim_start_matches("https://").trim_start_matches("http://");
    host.starts_with("pypi.org/") || host.starts_with("pypi.python.org/")
}

/// `-r x`, `-rx`, `--requirement x`, `--requirement=x` as name and value.
fn option(line: &str) -> (&str, &str) {
    let end = if line.starts_with("--") { line.find(|c: char| c == '=' || c.is_whitespace()) } else { Some(2) };
    let end = end.filter(|&end| line.is_char_boundary(end)).unwrap_or(line.len());
    let (name, value) = line.split_at(end);
    (name, value.trim_start_matches('=').trim().trim_matches(['"', '\'']))
}

/// The requirement and its own options (`--hash=…`, `--config-settings …`).
fn split_options(line: &str) -> (&str, &str) {
    match line.find(" --").or_else(|| line.find("\t--")) {
        Some(at) => line.split_at(at),
        None => (line, ""),
    }
}

/// Lines joined at a final backslash, comments and blank lines removed, each with its offset.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut open, mut at) = (Vec::new(), None::<(usize, String)>, 0);
    for piece in text.split_inclusive('\n') {
        let start = at;
        at += piece.len();
        let line = piece.trim_end_matches(['\n', '\r']);
        // pip ends a continuation at a comment line.
        let is_comment = line.trim_start().starts_with('#');
        let continued = !is_comment && line.ends_with('\\');
        let body = if is_comment { "" } else { line.strip_suffix('\\').unwrap_or(line) };
        let (start, mut joined) = open.take().unwrap_or((start, String::new()));
        joined.push_str(body);
        if continued {
            open = Some((start, joined));
        } else {
            lines.push((start, joined));
        }
    }
    lines.extend(open);
    lines.into_iter().filter_map(|(at, line)| Some((at, strip_comment(&line)?.to_owned()))).collect()
}

/// `None` for what is blank without its comment.
fn strip_comment(line: &str) -> Option<&str> {
    let comment =
        line.match_indices('#').find(|&(at, _)| line[..at].chars().next_back().is_none_or(char::is_whitespace));
    let line = comment.map_or(line, |(at, _)| &line[..at]).trim();
    (!line.is_empty()).then_some(line)
}

/// A resolver's header: the file lists a whole tree.
fn compiled_header(source: &Source) -> Option<Evidence> {
    const HEADERS: &[&str] = &["autogenerated by pip-compile", "autogenerated by uv", "generated by poetry export"];
    let head = source.text.lines().take(12).enumerate().filter(|(_, line)| line.starts_with('#'));
    let lowered = head.map(|(index, line)| (index, line, line.to_ascii_lowercase()));
    let mut found = lowered.filter(|(_, _, lowered)| HEADERS.iter().any(|header| lowered.contains(header)));
    let (index, line, _) = found.next()?;
    Some(evidence(&source.path, Some(index + 1), line.trim_start_matches(['#', ' '])))
}
