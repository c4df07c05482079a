//! setup.cfg and setup.py, as far as they can be read without running them.

use super::lex::{self, Kind, Token};
use super::name::normalize;
use super::pyproject::Script;
use super::requirement::Requirement;
use crate::project::context::Context;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::collections::BTreeMap;

/// What setup.cfg and setup.py say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The files that are there.
    pub files: Vec<String>,
    /// `install_requires`; unknown when it is computed.
    pub requires: Finding<Vec<Requirement>>,
    /// `extras_require`, by extra.
    pub extras: BTreeMap<String, Vec<Requirement>>,
    /// `console_scripts`.
    pub scripts: Vec<Script>,
    /// Files read to make the metadata: readme, requirements files.
    pub metadata_files: Vec<(String, Evidence)>,
    /// A version made from version control, and by what.
    pub git_version: Option<(String, Evidence)>,
    /// `ext_modules`: compiles code of its own.
    pub extensions: Option<Evidence>,
}

/// Reads both files of `dir`; `None` when neither is there.
pub(super) fn read(context: &Context, dir: &str) -> Option<Setup> {
    let find = |name: &str| paths::join(dir, name).and_then(|path| context.find(&path));
    let (cfg, py) = (find("setup.cfg"), find("setup.py"));
    let mut setup = Setup {
        files: Vec::new(),
        requires: Finding::known(Vec::new(), []),
        extras: BTreeMap::new(),
        scripts: Vec::new(),
        metadata_files: Vec::new(),
        git_version: None,
        extensions: None,
    };
    if let Some(source) = &cfg {
        let sections = sections(&source.text);
        // setup.cfg may hold nothing but settings of linters.
        if py.is_some() || sections.iter().any(|(name, ..)| name == "metadata" || name == "options") {
            setup.files.push(source.path.clone());
            read_cfg(context, dir, source, &sections, &mut setup);
        }
    }
    if let Some(source) = &py {
        setup.files.push(source.path.clone());
        read_py(context, dir, source, &mut setup);
    }
    (!setup.files.is_empty()).then_some(setup)
}

/// `(section, key, line of the key, lines of the value with their numbers)`
type Entry = (String, String, usize, Vec<(usize, String)>);

/// The entries of an ini file, as Python's `configparser` cuts them.
fn sections(text: &str) -> Vec<Entry> {
    let (mut entries, mut section) = (Vec::<Entry>::new(), String::new());
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let body = line.trim();
        if body.is_empty() || body.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with(char::is_whitespace) {
            if let Some((.., values)) = entries.last_mut() {
                values.push((number, body.to_owned()));
            }
            continue;
        }
        if let Some(name) = body.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            name.clone_into(&mut section);
            entries.push((section.clone(), String::new(), number, Vec::new()));
        } else if let Some((key, value)) = body.split_once(['=', ':']) {
            let value = value.trim();
            let values = if value.is_empty() { Vec::new() } else { vec![(number, value.to_owned())] };
            entries.push((section.clone(), key.trim().replace('-', "_"), number, values));
        }
    }
    entries
}

fn read_cfg(context: &Context, dir: &str, source: &Source, entries: &[Entry], setup: &mut Setup) {
    for (section, key, line, values) in entries {
        let at = |number: usize, fact: &str| evidence(&source.path, Some(number), fact);
        let list = || -> Vec<Requirement> {
            let read = |(number, text): &(usize, String)| Requirement::read(text, at(*number, text)).ok();
            values.iter().filter_map(read).collect()
        };
        match (section.as_str(), key.as_str()) {
            ("options", "install_requires") => {
                match values.first().and_then(|(_, value)| value.strip_prefix("file:")) {
                    Some(files) => from_files(context, dir, files, &at(*line, "install_requires = file:"), setup),
                    None => setup.requires = Finding::known(list(), [at(*line, "install_requires")]),
                }
            }
            ("options.extras_require", extra) if !extra.is_empty() => {
                setup.extras.insert(normalize(extra), list());
            }
            ("options.entry_points", "console_scripts") => {
                for (number, text) in values {
                    setup.scripts.extend(script(text, at(*number, text)));
                }
            }
            ("metadata", "long_description" | "license_file" | "license_files" | "version") => {
                for (number, text) in values {
                    let files =
                        text.strip_prefix("file:").or((key != "long_description" && key != "version").then_some(text));
                    let named = files
                        .into_iter()
                        .flat_map(|files| files.split(','))
                        .filter_map(|file| paths::join(dir, file.trim()));
                    let named = named.filter(|path| !path.contains(['*', '?']));
                    setup.metadata_files.extend(named.map(|path| (path, at(*number, text))));
                }
            }
            ("versioneer" | "pbr", _) => {
                setup.git_version = Some((section.clone(), at(*line, &format!("[{section}]"))));
            }
            ("options", "setup_requires") => {
                let tools = ["setuptools-scm", "pbr", "versioneer"];
                let found = list().into_iter().find(|one| tools.contains(&one.name.as_str()));
                setup.git_version = found.map(|one| (one.name, one.evidence)).or(setup.git_version.take());
            }
            _ => {}
        }
    }
}

fn from_files(context: &Context, dir: &str, files: &str, at: &Evidence, setup: &mut Setup) {
    let mut all = Vec::new();
    for file in files.split(',').filter_map(|file| paths::join(dir, file.trim())) {
        setup.metadata_files.push((file.clone(), at.clone()));
        let read = super::requirements::Requirements::read(context, &file);
        if let Some(why) = read.unknown.first() {
            setup.requires = Finding::blocked(why.fact.clone(), [why.clone()]);
            return;
        }
        all.extend(read.requirements);
    }
    setup.requires = Finding::known(all, [at.clone()]);
}

/// `name = package.module:function`
fn script(text: &str, evidence: Evidence) -> Option<Script> {
    let (name, target) = text.split_once('=')?;
    Some(Script { name: name.trim().to_owned(), target: target.trim().to_owned(), evidence })
}

fn read_py(context: &Context, dir: &str, source: &Source, setup: &mut Setup) {
    let tokens = lex::tokens(&source.text);
    for (index, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(index + ahead).map(|token| &token.kind);
        match &token.kind {
            Kind::Name("install_requires") if next(1) == Some(&Kind::Mark('=')) => {
                setup.requires = python_list(source, &tokens[index + 2..], token.at);
            }
            Kind::Name("use_scm_version" | "versioneer" | "setuptools_scm" | "pbr") => {
                let Kind::Name(name) = token.kind else { continue };
                setup.git_version.get_or_insert_with(|| {
                    (name.replace("use_scm_version", "setuptools_scm"), source.evidence(token.at, name))
                });
            }
            Kind::Name("ext_modules") => {
                setup.extensions.get_or_insert_with(|| source.evidence(token.at, "ext_modules"));
            }
            // `open("README.md")`, `Path("README.md")`, `os.path.join(here, "README.md")`: read to build.
            Kind::Text(Some(text)) if is_file_of(context, dir, text) => {
                if let Some(path) = paths::join(dir, text) {
                    setup.metadata_files.push((path, source.evidence(token.at, text.clone())));
                }
            }
            Kind::Text(Some(text)) if text == "console_scripts" => {
                let texts = tokens[index + 1..].iter().take_while(|token| token.kind != Kind::Mark(']'));
                for token in texts {
                    if let Kind::Text(Some(text)) = &token.kind {
                        setup.scripts.extend(script(text, source.evidence(token.at, text.clone())));
                    }
                }
            }
            _ => {}
        }
    }
    // Requirements that are read from a file are computed as far as we can see.
    let names_file = |(path, _): &&(String, Evidence)| paths::name(path).starts_with("requirements");
    if setup.requires.value().is_none()
        && let Some((path, at)) = setup.metadata_files.iter().find(names_file).cloned()
    {
        setup.requires = Finding::blocked(format!("install_requires is computed, it seems from {path}"), [at]);
    }
}

fn is_file_of(context: &Context, dir: &str, text: &str) -> bool {
    let looks = text.len() < 200 && text.contains('.') && !text.contains(['\n', ' ', '*', ':']);
    looks && paths::join(dir, text).is_some_and(|path| !path.is_empty() && context.is_file(&path))
}

/// The texts of a list literal; anything else in it makes it unknown.
fn python_list(source: &Source, tokens: &[Token<'_>], at: usize) -> Finding<Vec<Requirement>> {
    let here = source.evidence(at, "install_requires");
    let computed = || Finding::blocked("install_requires is computed", [here.clone()]);
    let Some((Token { kind: Kind::Mark('[' | '('), .. }, rest)) = tokens.split_first() else { return computed() };
    let mut list = Vec::new();
    for token in rest {
        match &token.kind {
            Kind::Mark(']' | ')') => return Finding::known(list, [here]),
            Kind::Mark(',') => {}
            Kind::Text(Some(text)) => match Requirement::parse(text, source, token.at) {
                Ok(requirement) => list.push(requirement),
                Err(why) => return Finding::blocked(why, [source.evidence(token.at, text.clone())]),
            },
            _ => return computed(),
        }
    }
    computed()
}
