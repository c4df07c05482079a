//! A bounded, lazy, read-only view of one build context.
//!
//! Nothing is read before it is asked for, nothing twice, and no more than [`Limits`] say. A file that cannot
//! be read or understood is a warning, never a failure of the run.

use super::dockerignore::Dockerignore;
use super::files::{Disk, EntryKind, Files, Listing, Memory, Unread};
use super::paths;
use super::source::Source;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::rc::Rc;

/// How much of a context is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a source or configuration file.
    pub file: u64,
    /// Bytes of a lock file.
    pub lock: u64,
    /// Bytes of all files together.
    pub total: u64,
    /// Names of one directory.
    pub names: usize,
    /// Names seen by one walk.
    pub walked: usize,
    /// Directories inside one another.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self { file: MIB, lock: 32 * MIB, total: 128 * MIB, names: 20_000, walked: 20_000, depth: 24 }
    }
}

/// Directories that no walk enters: what they hold is installed, generated or history.
const PRUNED: &[&str] = &["node_modules", ".git", ".hg", ".svn", ".venv", "__pycache__", ".yarn", ".pnpm-store"];

/// Something in the context that could not be understood, shown to the user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The file.
    pub file: String,
    /// Line, from 1, when it is known.
    pub line: Option<usize>,
    /// What is wrong and what follows; lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// A build context, with the `.dockerignore` that holds for one Dockerfile.
#[derive(Clone, Debug)]
pub struct Context {
    shared: Rc<Shared>,
    dockerfile: String,
    ignore: OnceCell<Dockerignore>,
}

/// What several Dockerfiles of one context have in common.
#[derive(Debug)]
struct Shared {
    files: Box<dyn Files>,
    limits: Limits,
    read: Cell<u64>,
    texts: RefCell<HashMap<String, Result<Rc<Source>, Unread>>>,
    listings: RefCell<HashMap<String, Rc<Listing>>>,
    warnings: RefCell<BTreeSet<Warning>>,
}

/// What a walk does after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Goes on, into the entry if it is a directory.
    Enter,
    /// Goes on, not into this directory.
    Skip,
    /// Ends the walk.
    Stop,
}

impl Context {
    /// A context over `files`.
    pub fn new(files: impl Files + 'static, limits: Limits) -> Self {
        let shared = Shared {
            files: Box::new(files),
            limits,
            read: Cell::new(0),
            texts: RefCell::default(),
            listings: RefCell::default(),
            warnings: RefCell::default(),
        };
        Self { shared: Rc::new(shared), dockerfile: "Dockerfile".to_owned(), ignore: OnceCell::new() }
    }

    /// The directory `root` on disk; fails when it is not one.
    pub fn from_directory(root: &Path) -> std::io::Result<Self> {
        Ok(Self::new(Disk::new(root)?, Limits::default()))
    }

    /// Files given as text, by their paths.
    pub fn from_memory<P: Into<String>, T: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let files = files.into_iter().map(|(path, text)| (path.into(), text.into()));
        Self::new(Memory::new(files), Limits::default())
    }

    /// A context with no file in it, for a Dockerfile that comes alone.
    pub fn empty() -> Self {
        Self::new(Memory::default(), Limits::default())
    }

    /// The same context as the Dockerfile at `path` (in the context) sees it: its own ignore file first.
    #[must_use]
    pub fn for_dockerfile(&self, path: &str) -> Self {
        let dockerfile = paths::clean(path).unwrap_or_else(|| paths::name(path).to_owned());
        Self { shared: Rc::clone(&self.shared), dockerfile, ignore: OnceCell::new() }
    }

    /// The same context under an ignore file that stands outside of it (beside a Dockerfile outside of it).
    #[must_use]
    pub fn with_dockerignore(&self, ignore: Dockerignore) -> Self {
        Self { shared: Rc::clone(&self.shared), dockerfile: self.dockerfile.clone(), ignore: OnceCell::from(ignore) }
    }

    /// The text of a source or configuration file.
    pub fn read(&self, path: &str) -> Result<Rc<Source>, Unread> {
        self.read_at_most(path, self.shared.limits.file)
    }

    /// The text of a lock file, which may be larger.
    pub fn read_lock(&self, path: &str) -> Result<Rc<Source>, Unread> {
        self.read_at_most(path, self.shared.limits.lock)
    }

    /// The bytes of a file that may be as large as a lock file; they are not kept.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Unread> {
        let path = paths::clean(path).ok_or(Unread::Outside)?;
        let left = self.shared.limits.total.saturating_sub(self.shared.read.get());
        let bytes = self.shared.files.read(&path, self.shared.limits.lock.min(left))?;
        self.shared.read.set(self.shared.read.get() + bytes.len() as u64);
        Ok(bytes)
    }

    /// As [`Self::read`]; a file that is there and cannot be read leaves a warning.
    pub fn find(&self, path: &str) -> Option<Rc<Source>> {
        self.warn_unread(path, self.read(path))
    }

    /// As [`Self::read_lock`]; a file that is there and cannot be read leaves a warning.
    pub fn find_lock(&self, path: &str) -> Option<Rc<Source>> {
        self.warn_unread(path, self.read_lock(path))
    }

    fn warn_unread(&self, path: &str, read: Result<Rc<Source>, Unread>) -> Option<Rc<Source>> {
        if let Err(why) = &read
            && *why != Unread::Missing
        {
            self.warn(path, None, format!("not read: {why}"));
        }
        read.ok()
    }

    fn read_at_most(&self, path: &str, most: u64) -> Result<Rc<Source>, Unread> {
        let path = paths::clean(path).ok_or(Unread::Outside)?;
        if let Some(known) = self.shared.texts.borrow().get(&path) {
            // Too large for a source is not yet too large for a lock file.
            if !matches!(known, Err(Unread::TooLarge(limit)) if *limit < most) {
                return known.clone();
            }
        }
        let left = self.shared.limits.total.saturating_sub(self.shared.read.get());
        let text = match self.shared.files.read(&path, most.min(left)) {
            Err(Unread::TooLarge(_)) if left < most => Err(Unread::Spent),
            Err(why) => Err(why),
            Ok(bytes) => {
                self.shared.read.set(self.shared.read.get() + bytes.len() as u64);
                Source::decode(&path, bytes).map(Rc::new)
            }
        };
        self.shared.texts.borrow_mut().insert(path, text.clone());
        text
    }

    /// What stands at `path`.
    pub fn kind(&self, path: &str) -> Option<EntryKind> {
        self.shared.files.kind(&paths::clean(path)?)
    }

    /// Whether a file stands at `path`.
    pub fn is_file(&self, path: &str) -> bool {
        self.kind(path) == Some(EntryKind::File)
    }

    /// Whether a directory stands at `path`.
    pub fn is_dir(&self, path: &str) -> bool {
        matches!(self.kind(path), Some(EntryKind::Directory | EntryKind::LinkToDirectory))
    }

    /// Whether its owner may do with it what others may not: read a file, enter a directory, start a program. A
    /// COPY keeps that.
    pub fn is_closed(&self, path: &str) -> bool {
        paths::clean(path).is_some_and(|path| self.shared.files.is_closed(&path))
    }

    /// The names in a directory; empty when there is none.
    pub fn list(&self, dir: &str) -> Rc<Listing> {
        let Some(dir) = paths::clean(dir) else { return Rc::default() };
        if let Some(known) = self.shared.listings.borrow().get(&dir) {
            return Rc::clone(known);
        }
        let listing = Rc::new(self.shared.files.list(&dir, self.shared.limits.names).unwrap_or_default());
        if listing.cut {
            self.warn(&dir, None, format!("only {} names of this directory are read", listing.entries.len()));
        }
        self.shared.listings.borrow_mut().insert(dir, Rc::clone(&listing));
        listing
    }

    /// Visits what is below `dir` in a fixed order, names sorted, a directory before what it holds; neither
    /// through links nor into `node_modules`, `.git` and the like. Returns whether everything was seen.
    pub fn walk(&self, dir: &str, mut visit: impl FnMut(&str, EntryKind) -> Step) -> bool {
        let Some(dir) = paths::clean(dir) else { return false };
        let (mut seen, mut complete) = (0, true);
        // Paths still to be looked at, the next one last; each with its depth.
        let mut ahead = vec![(dir, EntryKind::Directory, 0)];
        while let Some((path, kind, depth)) = ahead.pop() {
            if depth > 0 {
                seen += 1;
                match visit(&path, kind) {
                    Step::Enter => {}
                    Step::Skip => continue,
                    Step::Stop => return false,
                }
            }
            if seen >= self.shared.limits.walked {
                return false;
            }
            if kind != EntryKind::Directory || (depth > 0 && PRUNED.contains(&paths::name(&path))) {
                continue;
            }
            if depth >= self.shared.limits.depth {
                complete = false;
                continue;
            }
            let listing = self.list(&path);
            complete &= !listing.cut;
            let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            ahead.extend(listing.entries.iter().rev().map(|entry| (join(&entry.name), entry.kind, depth + 1)));
        }
        complete
    }

    /// Visits what of `dir` is sent to the builder: as [`Self::walk`], without what `.dockerignore` leaves out.
    pub fn walk_sent(&self, dir: &str, mut visit: impl FnMut(&str, EntryKind) -> Step) -> bool {
        let ignore = self.dockerignore();
        self.walk(dir, |path, kind| match ignore.excludes(path) {
            false => visit(path, kind),
            true if ignore.includes_again() => Step::Enter,
            true => Step::Skip,
        })
    }

    /// The Dockerfile's path, by which its own ignore file is found.
    pub fn dockerfile(&self) -> &str {
        &self.dockerfile
    }

    /// The ignore file that holds: `<Dockerfile>.dockerignore` beside it, else the one at the root.
    pub fn dockerignore(&self) -> &Dockerignore {
        self.ignore.get_or_init(|| {
            let own = format!("{}.dockerignore", self.dockerfile);
            let Some(source) = self.find(&own).or_else(|| self.find(".dockerignore")) else {
                return Dockerignore::default();
            };
            let ignore = Dockerignore::parse(&source.path, &source.text);
            if let Some((line, message)) = ignore.problem() {
                self.warn(&source.path, Some(*line), message.clone());
            }
            ignore
        })
    }

    /// Whether `path` is part of what the builder gets: it is not left out by the ignore file.
    pub fn is_sent(&self, path: &str) -> bool {
        paths::clean(path).is_some_and(|path| !self.dockerignore().excludes(&path))
    }

    /// Notes something that could not be understood.
    pub fn warn(&self, file: &str, line: Option<usize>, message: impl Into<String>) {
        let warning = Warning { file: file.to_owned(), line, message: message.into() };
        self.shared.warnings.borrow_mut().insert(warning);
    }

    /// All that could not be understood so far, sorted.
    pub fn warnings(&self) -> Vec<Warning> {
        self.shared.warnings.borrow().iter().cloned().collect()
    }

    /// How many bytes were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.shared.read.get()
    }
}
