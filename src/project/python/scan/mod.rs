//! What the code itself does that an image must allow: files read and written, programs started, ports, data that
//! a library downloads. Found by the literals in calls; a call whose argument is computed is found without a value.
//!
//! It may not claim that something is *not* done: code can do everything in other ways too.

mod calls;
mod expressions;
mod places;
mod writes;

pub use places::Place;

use super::lex;
use crate::project::context::{Context, Step};
use crate::project::files::EntryKind;
use crate::project::finding::Finding;
use crate::project::paths;
use crate::proposal::Evidence;
use places::Constants;
use std::collections::{BTreeMap, BTreeSet};

/// What a place in the code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Writes a file.
    Writes,
    /// Reads a file, or serves a directory.
    Reads,
    /// Makes a directory.
    MakesDirectory,
    /// Opens a database file.
    Database,
    /// Writes a log file.
    Log,
    /// Takes uploads into a directory (`UPLOAD_FOLDER`, `MEDIA_ROOT`).
    Upload,
    /// Collects static files into a directory (`STATIC_ROOT`).
    Static,
    /// Starts a program.
    Runs,
    /// Listens on a port.
    Port,
    /// Needs data that is downloaded: the value names the library.
    Data,
    /// Makes temporary files.
    Temporary,
    /// Looks up a time zone by name.
    Timezone,
}

/// One such place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// What is done.
    pub what: Use,
    /// The path, program or port, when it is literal.
    pub value: Option<String>,
    /// Where the path leads, when it is put together from what is written.
    pub place: Option<Place>,
    /// Whether it fails where the directory is there already.
    pub must_be_new: bool,
    /// The place: file and line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The call, shortened.
    pub call: String,
}

impl Found {
    /// It as evidence.
    pub fn evidence(&self) -> Evidence {
        let place = self.place.as_ref().map(|place| place.path.as_str());
        let value = self.value.as_deref().or(place).unwrap_or("…");
        Evidence { file: self.file.clone(), line: Some(self.line), fact: format!("{}({value})", self.call) }
    }
}

/// What was found in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// In the order of files and lines.
    pub found: Vec<Found>,
    /// First names of what is imported (`django`, `os`), each with the first place.
    pub imports: BTreeMap<String, Evidence>,
    /// The directories of the code.
    pub dirs: BTreeSet<String>,
    /// How many files were read.
    pub files: usize,
    /// Whether all code was read.
    pub complete: Finding<bool>,
}

impl Scan {
    /// The places of one kind.
    pub fn of(&self, what: Use) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.what == what)
    }
}

/// So many files are read.
const MOST_FILES: usize = 2000;
impl Scan {
    /// Reads the code below `dir` that is sent to the builder; tests, documentation and virtual environments
    /// left out.
    pub(super) fn read(context: &Context, dir: &str) -> Self {
        let mut files = Vec::new();
        let all = context.walk_sent(dir, |path, kind| {
            let name = paths::name(path);
            match kind {
                EntryKind::Directory if is_aside(name) => Step::Skip,
                EntryKind::File if name.strip_suffix(".py").is_some() && !is_test(name) => {
                    files.push(path.to_owned());
                    if files.len() >= MOST_FILES { Step::Stop } else { Step::Enter }
                }
                _ => Step::Enter,
            }
        });
        let dirs = files.iter().map(|file| paths::parent(file).to_owned()).collect();
        let complete = Finding::known(true, []);
        let mut scan = Self { found: Vec::new(), imports: BTreeMap::new(), dirs, files: 0, complete };
        if !all {
            scan.complete = Finding::unknown("there is more code than is read");
        }
        let mut sources = Vec::new();
        for file in files {
            match context.read(&file) {
                Ok(source) => sources.push(source),
                Err(why) => scan.complete = Finding::unknown(format!("{file}: {why}")),
            }
        }
        scan.files = sources.len();
        let tokens: Vec<_> = sources.iter().map(|source| lex::tokens(&source.text)).collect();
        let mut constants = Constants::default();
        // Twice, since a constant may come from a file that is read later.
        for _ in 0..2 {
            constants.again();
            for (source, tokens) in sources.iter().zip(&tokens) {
                constants.learn(&source.path, tokens);
            }
        }
        for (source, tokens) in sources.iter().zip(&tokens) {
            scan.add(source, tokens, &constants);
        }
        scan
    }
}

fn is_aside(name: &str) -> bool {
    matches!(
        name,
        "tests"
            | "test"
            | "docs"
            | "venv"
            | "env"
            | "virtualenv"
            | "site-packages"
            | "node_modules"
            | "e2e"
            | ".tox"
            | ".nox"
    )
}

fn is_test(name: &str) -> bool {
    name.starts_with("test_")
        || name.ends_with("_test.py")
        || matches!(name, "conftest.py" | "setup.py" | "noxfile.py" | "tests.py")
}
