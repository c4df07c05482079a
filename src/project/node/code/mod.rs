//! What the code that an application ships does, found by a static scan from its entry: what it imports, listens on,
//! writes, reads and starts.
//!
//! Only what is plainly written counts as known. Whatever the scan could not follow is a gap, and with a gap an empty
//! list proves nothing: [`Code::complete`] says whether it does.

mod facts;
mod imports;
mod resolve;

use super::Node;
use super::js::tokens::tokens;
use super::js::values::WrittenPath;
use super::manifest::DependencyKind;
use super::outputs::{Builds, Shape};
use super::tsconfig::TsConfig;
use crate::project::files::Unread;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;
use resolve::Target;
use std::collections::{BTreeSet, VecDeque};

/// So many files are followed.
const MOST_FILES: usize = 3000;

/// The result of a scan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Files reached, sorted.
    pub files: Vec<String>,
    /// Packages imported, each at its first place.
    pub imports: Vec<Import>,
    /// Ports listened on.
    pub ports: Vec<Port>,
    /// Paths written and read.
    pub paths: Vec<PathUse>,
    /// Programs started.
    pub commands: Vec<Command>,
    /// What could not be followed.
    pub gaps: Vec<Evidence>,
}

/// A package that the code imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The package.
    pub package: String,
    /// How package.json declares it; `None`: not at all, it comes with another package.
    pub declared: Option<DependencyKind>,
    /// Where.
    pub evidence: Evidence,
}

/// A port that a server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The environment variable that sets it.
    pub env: Option<String>,
    /// The number, or the default of the variable.
    pub number: Option<u32>,
    /// Where.
    pub evidence: Evidence,
}

/// Whether a path is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read, served, listed.
    Read,
    /// Written, created, removed.
    Write,
}

/// A path that the code uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUse {
    /// Read or written.
    pub access: Access,
    /// The path, or as much of its beginning as is written out; `None` when it is computed.
    pub path: Option<WrittenPath>,
    /// Whether only its beginning is: what is meant lies in `path`.
    pub partly: bool,
    /// Whether `path` is a directory that is made or written into.
    pub directory: bool,
    /// Whether it fails where the directory is there already.
    pub must_be_new: bool,
    /// The environment variable that replaces the path.
    pub env: Option<String>,
    /// The file that uses it, from which `__dirname` counts.
    pub file: String,
    /// Where.
    pub evidence: Evidence,
}

/// A program that the code starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name; `None` when it is computed.
    pub program: Option<String>,
    /// Where.
    pub evidence: Evidence,
}

impl Code {
    /// Whether everything was followed, so that what was not found is not there.
    pub fn complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Whether the code loads `package`.
    pub fn uses(&self, package: &str) -> bool {
        self.imports.iter().any(|import| import.package == package)
    }

    /// What is imported and an install without development dependencies may not bring, at its places. Known and empty
    /// only when everything was followed.
    pub fn missing_in_production(&self) -> Finding<Vec<&Import>> {
        let lacks = |import: &&Import| matches!(import.declared, None | Some(DependencyKind::Development));
        let missing: Vec<&Import> = self.imports.iter().filter(lacks).collect();
        if missing.is_empty() && !self.complete() {
            return Finding::blocked(
                "not everything that the code loads could be followed",
                self.gaps.iter().take(3).cloned(),
            );
        }
        let proof: Vec<Evidence> = match missing.as_slice() {
            [] => self
                .files
                .iter()
                .take(1)
                .map(|file| evidence(file, None, "imports only production dependencies"))
                .collect(),
            some => some.iter().map(|import| import.evidence.clone()).collect(),
        };
        Finding::known(missing, proof)
    }
}

impl Node {
    /// Scans what the file at `entry` reaches. For a file that a build writes, give [`Self::source_of`] it.
    pub fn code(&self, entries: &[String]) -> Code {
        let config = TsConfig::read_if_there(self.context(), &super::at(&self.dir, "tsconfig.json"));
        let mut scan =
            Scan { node: self, config, code: Code::default(), seen: BTreeSet::new(), ahead: VecDeque::new() };
        for entry in entries {
            match resolve::file(self.context(), entry) {
                Some(path) => scan.add(path),
                None => scan.code.gaps.push(evidence(entry, None, "is started and not in the build context")),
            }
        }
        while let Some(path) = scan.ahead.pop_front() {
            scan.file(&path);
        }
        scan.code.files = scan.seen.into_iter().collect();
        scan.code
    }

    /// The source of a file that is started: itself when it is in the context, else what a per-file build makes it
    /// from (`dist/main.js` from `src/main.ts`).
    pub fn source_of(&self, entry: &str, builds: &Builds) -> Finding<String> {
        if let Some(path) = resolve::file(self.context(), entry) {
            return Finding::known(path, [evidence(entry, None, "is in the build context")]);
        }
        for built in &builds.built {
            let Some(output) = built.output.value() else { continue };
            let Some(inside) = paths::below(output, entry).filter(|_| *output != self.dir) else { continue };
            if built.shape != Shape::PerFile {
                return Finding::blocked(
                    format!("{} bundles its sources into {entry}", built.tool),
                    built.output.evidence().to_vec(),
                );
            }
            let config = TsConfig::read_if_there(self.context(), &super::at(&self.dir, "tsconfig.json"));
            let roots =
                [config.and_then(|config| config.root_dir), Some(super::at(&self.dir, "src")), Some(self.dir.clone())];
            let candidates = roots.into_iter().flatten().filter_map(|root| paths::join(&root, inside));
            if let Some(path) = candidates.into_iter().find_map(|base| resolve::file(self.context(), &base)) {
                let proof = built.output.evidence().iter().cloned();
                return Finding::known(
                    path.clone(),
                    proof.chain([evidence(path, None, format!("is built into {entry}"))]),
                );
            }
        }
        Finding::unknown(format!("{entry} is not in the build context, and no build is known to write it"))
    }
}

struct Scan<'n> {
    node: &'n Node,
    config: Option<TsConfig>,
    code: Code,
    seen: BTreeSet<String>,
    ahead: VecDeque<String>,
}

impl Scan<'_> {
    fn add(&mut self, path: String) {
        if self.seen.len() >= MOST_FILES {
            self.code.gaps.push(evidence(path, None, "more files than are followed"));
        } else if self.seen.insert(path.clone()) {
            self.ahead.push_back(path);
        }
    }

    fn file(&mut self, path: &str) {
        let extension = paths::name(path).rsplit('.').next().unwrap_or_default();
        if matches!(extension, "json" | "css" | "scss" | "svg" | "png" | "html" | "graphql" | "sql") {
            return;
        }
        if extension == "node" {
            self.code.gaps.push(evidence(path, None, "is native code"));
            return;
        }
        let source = match self.node.context().read(path) {
            Ok(source) => source,
            Err(Unread::Missing) => return,
            Err(why) => return self.code.gaps.push(evidence(path, None, format!("not read: {why}"))),
        };
        let tokens = tokens(&source.text);
        let loads = imports::loads(&tokens);
        for load in &loads {
            let Some(name) = load.name else {
                self.code.gaps.push(source.evidence(load.at, "loads a module by a computed name"));
                continue;
            };
            match resolve::resolve(self.node.context(), self.config.as_ref(), path, name, load.path) {
                Target::File(path) => self.add(path),
                Target::Package(package) => self.import(package, source.evidence(load.at, format!("imports {name}"))),
                Target::Builtin => {}
                Target::Nothing => self
                    .code
                    .gaps
                    .push(source.evidence(load.at, format!("loads {name}, which is not in the build context"))),
            }
        }
        let starter = |name: &str| matches!(name, "child_process" | "node:child_process" | "execa" | "cross-spawn");
        let starts = loads.iter().filter_map(|load| load.name).any(starter);
        let found = facts::facts(&source, &tokens, starts);
        self.code.ports.extend(found.ports);
        self.code.paths.extend(found.paths);
        self.code.commands.extend(found.commands);
    }

    fn import(&mut self, package: String, evidence: Evidence) {
        if self.code.uses(&package) {
            return;
        }
        let declared = self.node.manifest.dependency(&package).map(|found| found.kind);
        // A package may import itself by name.
        if self.node.manifest.text("name") != Some(&package) {
            self.code.imports.push(Import { package, declared, evidence });
        }
    }
}
