//! The .go files of a module, each read once: packages, what they import and embed, and what their code does.

use super::calls::{self, Found};
use super::constraint;
use super::source::{self, GoFile};
use crate::project::context::{Context, Step};
use crate::project::files::EntryKind;
use crate::project::finding::Finding;
use crate::project::{glob, paths};
use crate::proposal::Evidence;
use std::collections::{BTreeMap, BTreeSet};

/// So many files are read.
const MOST_FILES: usize = 4000;

/// The code of a module, tests left out.
#[derive(Debug)]
pub struct Code {
    packages: BTreeMap<String, Package>,
    /// What the code does, in the order of files and lines.
    pub found: Vec<Found>,
    /// Whether all code was read.
    pub complete: Finding<bool>,
}

/// A directory of .go files.
#[derive(Debug, Default)]
pub struct Package {
    files: Vec<(String, GoFile)>,
}

/// A `//go:embed` directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embed {
    /// As written: `templates/*`, `all:static`.
    pub pattern: String,
    /// The paths in the context that it names; none means that the build fails.
    pub paths: Vec<String>,
    /// Its line.
    pub evidence: Evidence,
}

/// Build tags and whether cgo is on: what decides which files are built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions<'c> {
    /// `-tags`
    pub tags: &'c [String],
    /// Whether cgo is on, when that is known.
    pub cgo: Option<bool>,
}

impl Code {
    /// Reads the code below `dir`, as far as it is sent to the builder; other modules inside, `vendor`, tests and
    /// `testdata` left out, as the go tool does.
    pub(super) fn read(context: &Context, dir: &str) -> Self {
        let mut files = Vec::new();
        let all = context.walk_sent(dir, |path, kind| {
            let name = paths::name(path);
            match kind {
                EntryKind::Directory if is_aside(name) || context.is_file(&format!("{path}/go.mod")) => Step::Skip,
                EntryKind::File if is_source(name) && constraint::name_fits(name) => {
                    files.push(path.to_owned());
                    if files.len() >= MOST_FILES { Step::Stop } else { Step::Enter }
                }
                _ => Step::Enter,
            }
        });
        let mut code = Self { packages: BTreeMap::new(), found: Vec::new(), complete: Finding::known(true, []) };
        if !all {
            code.complete = Finding::unknown("there is more code than is read");
        }
        for path in files {
            match context.read(&path) {
                Ok(text) => {
                    let tokens = source::tokens(&text);
                    let file = GoFile::read(&text, &tokens);
                    calls::find(&text, &tokens, &file, &mut code.found);
                    code.packages.entry(paths::parent(&path).to_owned()).or_default().files.push((path, file));
                }
                Err(why) => code.complete = Finding::unknown(format!("{path}: {why}")),
            }
        }
        code
    }

    /// The package in `dir`.
    pub fn package(&self, dir: &str) -> Option<&Package> {
        self.packages.get(dir)
    }

    /// The directories of the programs: `package main` with a `func main()`.
    pub fn mains<'c>(&'c self, conditions: Conditions<'c>) -> impl Iterator<Item = (&'c str, Evidence)> {
        self.packages.iter().filter_map(move |(dir, package)| {
            let mut files = package.fitting(conditions).filter(|(_, file)| file.package == "main");
            let (path, _) = files.find(|(_, file)| file.main)?;
            Some((dir.as_str(), crate::project::finding::evidence(path, None, "package main with func main")))
        })
    }

    /// The directories of the packages that the one in `main` is built from, itself included. `roots` tells the
    /// directory of each import path that is not on the network.
    pub fn reached(&self, main: &str, roots: &[(String, String)], conditions: Conditions<'_>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![main.to_owned()];
        while let Some(dir) = ahead.pop() {
            let Some(package) = self.packages.get(&dir) else { continue };
            if !seen.insert(dir) {
                continue;
            }
            for (_, file) in package.fitting(conditions) {
                ahead.extend(file.imports.iter().filter_map(|import| locate(&import.path, roots)));
            }
        }
        seen
    }

    /// What the packages in these directories import, each with its first place.
    pub fn imports(&self, dirs: &BTreeSet<String>, conditions: Conditions<'_>) -> BTreeMap<&str, &Evidence> {
        let mut imports = BTreeMap::new();
        for package in dirs.iter().filter_map(|dir| self.packages.get(dir)) {
            for import in package.fitting(conditions).flat_map(|(_, file)| &file.imports) {
                imports.entry(import.path.as_str()).or_insert(&import.evidence);
            }
        }
        imports
    }

    /// The first `import "C"` in these directories.
    pub fn cgo(&self, dirs: &BTreeSet<String>, conditions: Conditions<'_>) -> Option<&Evidence> {
        let packages = dirs.iter().filter_map(|dir| self.packages.get(dir));
        packages.flat_map(|package| package.fitting(conditions)).find_map(|(_, file)| file.cgo.as_ref())
    }

    /// The files of the package in `dir` that have `import "C"`.
    pub(super) fn cgo_files(&self, dir: &str, conditions: Conditions<'_>) -> Vec<&str> {
        let files = self.packages.get(dir).into_iter().flat_map(|package| package.fitting(conditions));
        files.filter(|(_, file)| file.cgo.is_some()).map(|(path, _)| path.as_str()).collect()
    }

    /// What these directories embed.
    pub fn embeds(&self, context: &Context, dirs: &BTreeSet<String>, conditions: Conditions<'_>) -> Vec<Embed> {
        let packages = dirs.iter().filter_map(|dir| Some((dir, self.packages.get(dir)?)));
        let all = packages.flat_map(|(dir, package)| {
            package.fitting(conditions).flat_map(move |(_, file)| file.embeds.iter().map(move |embed| (dir, embed)))
        });
        let embed = |(dir, (pattern, evidence)): (&String, &(String, Evidence))| Embed {
            pattern: pattern.clone(),
            paths: embedded(context, dir, pattern),
            evidence: evidence.clone(),
        };
        all.map(embed).collect()
    }
}

impl Package {
    fn fitting<'p, 'c>(
        &'p self,
        conditions: Conditions<'c>,
    ) -> impl Iterator<Item = &'p (String, GoFile)> + use<'p, 'c> {
        self.files.iter().filter(move |(_, file)| file.fits(conditions.tags, conditions.cgo))
    }
}

/// The directory of an import path that begins with one of `roots` (import path, directory).
fn locate(import: &str, roots: &[(String, String)]) -> Option<String> {
    let below = |(path, dir): &(String, String)| Some((path.len(), paths::join(dir, paths::below(path, import)?)?));
    // The longest prefix is the module that a package belongs to.
    roots
        .iter()
        .filter(|(path, _)| !path.is_empty())
        .filter_map(below)
        .max_by_key(|(length, _)| *length)
        .map(|(_, dir)| dir)
}

/// The paths that an embed pattern names.
fn embedded(context: &Context, dir: &str, pattern: &str) -> Vec<String> {
    let pattern = pattern.strip_prefix("all:").unwrap_or(pattern);
    let mut dirs = vec![dir.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for dir in dirs {
            let listing = context.list(&dir);
            let matching =
                listing.entries.iter().filter(|entry| entry.name == part || glob::matches(part, &entry.name));
            next.extend(matching.filter_map(|entry| paths::join(&dir, &entry.name)));
        }
        dirs = next;
    }
    dirs
}

fn is_source(name: &str) -> bool {
    name.strip_suffix(".go").is_some_and(|stem| !stem.ends_with("_test")) && !name.starts_with(['_', '.'])
}

fn is_aside(name: &str) -> bool {
    matches!(name, "vendor" | "testdata" | "node_modules") || name.starts_with(['_', '.'])
}
