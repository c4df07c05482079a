//! Go: the module, what a build command builds, whether it needs cgo, and what the program needs at run time.
//!
//! | module | what |
//! | --- | --- |
//! | [`modfile`] | go.mod and go.work |
//! | [`code`], [`calls`] | packages, imports, embeds; what the code opens, runs and listens on |
//! | [`build`] | a `go build` command |
//! | [`cgo_table`], [`c_code`] | modules that need cgo; what runs on musl |
//! | [`programs`], [`linking`] | which program is built; cgo and static linking |
//! | [`needs`] | CA certificates, time zones, users, other programs, private modules |

pub mod build;
pub mod c_code;
pub mod calls;
pub mod cgo_table;
pub mod code;
mod constraint;
mod lex;
pub mod linking;
pub mod modfile;
pub mod needs;
pub mod programs;
mod source;

use super::context::Context;
use super::files::EntryKind;
use super::finding::{Finding, evidence};
use super::paths;
use crate::proposal::Evidence;
use code::Code;
use modfile::ModFile;
use std::cell::OnceCell;

/// A directory with a Go module, or with Go code outside of modules.
#[derive(Debug)]
pub struct Go {
    context: Context,
    dir: String,
    /// go.mod; unknown when it cannot be read.
    module: Option<Finding<ModFile>>,
    /// go.work here or above.
    work: Option<Finding<ModFile>>,
    code: OnceCell<Code>,
}

/// What of the repository's history reaches the builder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum History {
    /// There is no `.git` in the context, or all of it is left out.
    None,
    /// All of it.
    Whole,
    /// Some of it: `go build` then fails with "error obtaining VCS status" where git is installed.
    Part,
}

impl Go {
    /// Reads what says that `dir` holds Go code; `None` when nothing does.
    pub fn read(context: &Context, dir: &str) -> Option<Self> {
        let dir = paths::clean(dir)?;
        let module = read_file(context, &dir, "go.mod");
        let own_work = read_file(context, &dir, "go.work");
        let listing = context.list(&dir);
        let has_code = || {
            listing
                .entries
                .iter()
                .any(|entry| entry.kind == EntryKind::File && entry.name.strip_suffix(".go").is_some())
        };
        if module.is_none() && own_work.is_none() && !has_code() {
            return None;
        }
        let work = own_work.or_else(|| work_above(context, &dir));
        Some(Self { context: context.clone(), dir, module, work, code: OnceCell::new() })
    }

    /// Its directory in the context.
    pub fn dir(&self) -> &str {
        &self.dir
    }

    /// go.mod, when it is there and could be read.
    pub fn module(&self) -> Option<&ModFile> {
        self.module.as_ref()?.value()
    }

    /// go.work, when one holds for this module and could be read.
    pub fn work(&self) -> Option<&ModFile> {
        self.work.as_ref()?.value()
    }

    /// The least version of Go that the module asks for: `1.22`, `1.22.3`.
    pub fn version(&self) -> Finding<&str> {
        match (&self.module, self.module().and_then(|module| module.go.as_ref())) {
            (_, Some((version, place))) => Finding::known(version.as_str(), [place.clone()]),
            (Some(Finding::Unknown { why, evidence }), _) => Finding::blocked(why.clone(), evidence.clone()),
            (Some(_), None) => Finding::unknown("go.mod names no version of Go"),
            (None, _) => Finding::unknown("there is no go.mod"),
        }
    }

    /// The toolchain that go.mod asks for; with `GOTOOLCHAIN=local`, as in the official images, an older one fails.
    pub fn toolchain(&self) -> Option<(&str, &Evidence)> {
        self.module()?.toolchain.as_ref().map(|(name, place)| (name.as_str(), place))
    }

    /// Whether the dependencies are in the context, in `vendor/`, and sent to the builder.
    pub fn vendored(&self) -> Finding<bool> {
        let Some(list) = paths::join(&self.dir, "vendor/modules.txt") else { return Finding::unknown("no such path") };
        if !self.context.is_file(&list) {
            let place = evidence(paths::parent(&list), None, "there is no modules.txt");
            return Finding::known(false, [place]);
        }
        if !self.context.is_sent(&list) {
            let decided = self.context.dockerignore().deciding(&list).map_or(0, |pattern| pattern.line);
            let file = self.context.dockerignore().file().unwrap_or(".dockerignore");
            return Finding::known(false, [evidence(file, Some(decided), "vendor is left out")]);
        }
        Finding::known(true, [evidence(list, None, "lists the vendored modules")])
    }

    /// Whether go.sum is there; without it a build of a module with dependencies fails.
    pub fn has_sum(&self) -> bool {
        paths::join(&self.dir, "go.sum").is_some_and(|path| self.context.is_file(&path))
    }

    /// Files and directories that downloading the dependencies reads beside go.mod and go.sum: directories of
    /// `replace` and go.work. A path outside of the context is given as written.
    pub fn local_modules(&self) -> Vec<(String, Evidence)> {
        let below = |dir: &str, path: &str| paths::join(dir, path).unwrap_or_else(|| path.to_owned());
        let directives = self.module().into_iter().flat_map(|module| &module.replaces);
        let replaced = directives.filter_map(|one| Some((below(&self.dir, one.directory()?), one.evidence.clone())));
        let used = self.work().into_iter().flat_map(|work| {
            let dir = paths::parent(&work.path);
            work.uses.iter().map(move |(path, place)| (below(dir, path), place.clone()))
        });
        replaced.chain(used.filter(|(path, _)| *path != self.dir)).collect()
    }

    /// What of `.git` reaches the builder, by which versions are stamped.
    pub fn history(&self) -> Finding<History> {
        let place = |fact: &str| [evidence(".git", None, fact)];
        match self.context.kind(".git") {
            None => return Finding::known(History::None, place("is not in the context")),
            Some(EntryKind::Directory) => {}
            Some(_) => {
                return Finding::blocked(".git is no directory: a worktree or a submodule", place("is no directory"));
            }
        }
        let parts = [".git/HEAD", ".git/objects", ".git/refs", ".git/index", ".git/config", ".git/packed-refs"];
        let there: Vec<_> = parts.into_iter().filter(|path| self.context.kind(path).is_some()).collect();
        let sent = there.iter().filter(|path| self.context.is_sent(path)).count();
        match sent {
            0 => Finding::known(History::None, place("is left out by the ignore file")),
            sent if sent == there.len() => Finding::known(History::Whole, place("is sent to the builder")),
            _ => Finding::known(History::Part, place("is sent in part")),
        }
    }

    /// The code of the module, read on first use.
    pub fn code(&self) -> &Code {
        self.code.get_or_init(|| Code::read(&self.context, &self.dir))
    }

    /// Its files.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }
}

fn read_file(context: &Context, dir: &str, name: &str) -> Option<Finding<ModFile>> {
    let path = paths::join(dir, name)?;
    if !context.is_file(&path) {
        return None;
    }
    let Some(source) = context.find(&path) else { return Some(Finding::unknown(format!("{path} cannot be read"))) };
    Some(Finding::known(ModFile::read(context, &source), [source.whole("read")]))
}

/// The go.work of a directory above that uses `dir`.
fn work_above(context: &Context, dir: &str) -> Option<Finding<ModFile>> {
    let mut above = dir;
    while !above.is_empty() {
        above = paths::parent(above);
        let Some(work) = read_file(context, above, "go.work") else { continue };
        let uses = work
            .value()
            .is_some_and(|file| file.uses.iter().any(|(path, _)| paths::join(above, path).as_deref() == Some(dir)));
        return (uses || work.value().is_none()).then_some(work);
    }
    None
}
