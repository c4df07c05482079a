//! Where a build context's files come from: a directory on disk, or a map in memory.
//!
//! This is the only module of the library's core that touches `std::fs`. It reads, never writes, and answers
//! nothing about what lies outside the root, also not through a symbolic link.
#![allow(clippy::disallowed_methods, reason = "this is the reader of the build context")]

use super::paths;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No more names of one directory are looked at, whatever the caller asks for.
const MOST_NAMES: usize = 500_000;

/// What a name in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file, or a link to one inside the context.
    File,
    /// A directory.
    Directory,
    /// A link to a directory inside the context; listings of everything do not go through it.
    LinkToDirectory,
    /// A link that is broken or leaves the context, a socket, a device.
    Other,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name alone.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// The names in a directory, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted by name.
    pub entries: Vec<Entry>,
    /// Whether the directory holds more than was read.
    pub cut: bool,
}

/// Why a file was not read. Only [`Unread::Missing`] says that it is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// It is a directory, a socket, a device.
    #[error("it is not a regular file")]
    NotAFile,
    /// The path, or a link in it, leaves the build context.
    #[error("it lies outside the build context")]
    Outside,
    /// It is larger than what is read of such a file.
    #[error("it is larger than {0} bytes, the most that is read of such a file")]
    TooLarge(u64),
    /// It is not text.
    #[error("it is not text")]
    Binary,
    /// Enough was read of this context already.
    #[error("enough of the build context was read already")]
    Spent,
    /// The system said no.
    #[error("{0}")]
    Failed(String),
}

/// A source of files. Paths are as in [`paths`].
pub trait Files: fmt::Debug {
    /// What stands at `path`; `None` when nothing does.
    fn kind(&self, path: &str) -> Option<EntryKind>;
    /// At most `most` names in the directory `dir`.
    fn list(&self, dir: &str, most: usize) -> Result<Listing, Unread>;
    /// Whether its owner may do with it what others may not: read a file, enter a directory, start a program.
    fn is_closed(&self, path: &str) -> bool;
    /// The bytes of a file of at most `most` bytes.
    fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, Unread>;
}

/// A directory on disk.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The directory `root`; fails when it is not one.
    pub fn new(root: &Path) -> std::io::Result<Self> {
        let root = root.canonicalize()?;
        if root.is_dir() { Ok(Self { root }) } else { Err(std::io::ErrorKind::NotADirectory.into()) }
    }

    /// The real path, links followed, when it lies inside.
    fn resolve(&self, path: &str) -> Result<PathBuf, Unread> {
        // Nearly always none of its names is a link: then it is the real path, and the root's own names need not be asked.
        let mut plain = self.root.clone();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            plain.push(name);
            let data = fs::symlink_metadata(&plain).map_err(|error| failure(&error))?;
            if data.is_symlink() || matches!(name, "." | "..") {
                return self.follow(path);
            }
        }
        Ok(plain)
    }

    fn follow(&self, path: &str) -> Result<PathBuf, Unread> {
        let real = self.root.join(path.trim_start_matches('/')).canonicalize().map_err(|error| failure(&error))?;
        if real.starts_with(&self.root) { Ok(real) } else { Err(Unread::Outside) }
    }

    fn kind_of_link(&self, path: &str) -> EntryKind {
        match self.resolve(path).and_then(|real| fs::metadata(real).map_err(|error| failure(&error))) {
            Ok(data) if data.is_file() => EntryKind::File,
            Ok(data) if data.is_dir() => EntryKind::LinkToDirectory,
            _ => EntryKind::Other,
        }
    }

    fn kind_of(&self, path: &str, file_type: fs::FileType) -> EntryKind {
        if file_type.is_symlink() {
            self.kind_of_link(path)
        } else if file_type.is_dir() {
            EntryKind::Directory
        } else if file_type.is_file() {
            EntryKind::File
        } else {
            EntryKind::Other
        }
    }
}

impl Files for Disk {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        self.resolve(paths::parent(path)).ok()?;
        let data = fs::symlink_metadata(self.root.join(path)).ok()?;
        Some(self.kind_of(path, data.file_type()))
    }

    fn list(&self, dir: &str, most: usize) -> Result<Listing, Unread> {
        let found = fs::read_dir(self.resolve(dir)?).map_err(|error| failure(&error))?;
        // A name that is not UTF-8 cannot be named by a Dockerfile's text either.
        let with_type = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.file_type().ok()?));
        let mut entries: Vec<_> = found.take(MOST_NAMES).filter_map(Result::ok).filter_map(with_type).collect();
        // Sorted before it is cut, so that every machine sees the same part.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let cut = entries.len() > most;
        entries.truncate(most);
        let entry = |(name, file_type)| {
            let kind = self.kind_of(&format!("{dir}/{name}"), file_type);
            Entry { name, kind }
        };
        Ok(Listing { entries: entries.into_iter().map(entry).collect(), cut })
    }

    #[cfg(unix)]
    fn is_closed(&self, path: &str) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let data = self.resolve(path).and_then(|real| fs::metadata(real).map_err(|error| failure(&error)));
        data.is_ok_and(|data| {
            let mode = data.permissions().mode();
            mode & 0o004 == 0 || (mode & 0o100 != 0 && mode & 0o001 == 0)
        })
    }

    #[cfg(not(unix))]
    fn is_closed(&self, _: &str) -> bool {
        false
    }

    fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, Unread> {
        let real = self.resolve(path)?;
        // Asked before opening: opening a pipe would wait for its writer.
        let data = fs::metadata(&real).map_err(|error| failure(&error))?;
        if !data.is_file() {
            return Err(Unread::NotAFile);
        }
        if data.len() > most {
            return Err(Unread::TooLarge(most));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(&real).map_err(|error| failure(&error))?;
        // The file may have grown since.
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| failure(&error))?;
        if bytes.len() as u64 > most { Err(Unread::TooLarge(most)) } else { Ok(bytes) }
    }
}

fn failure(error: &std::io::Error) -> Unread {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Unread::Missing,
        _ => Unread::Failed(error.to_string()),
    }
}

/// Files given as text: tests, and the examples in the pages of passes.
#[derive(Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    directories: BTreeSet<String>,
}

impl Memory {
    /// These files; a path that leaves the context is left out.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut memory = Self::default();
        for (path, bytes) in files {
            let Some(path) = paths::clean(&path) else { continue };
            let mut dir = paths::parent(&path);
            while memory.directories.insert(dir.to_owned()) && !dir.is_empty() {
                dir = paths::parent(dir);
            }
            memory.files.insert(path, bytes);
        }
        memory
    }
}

impl Files for Memory {
    fn kind(&self, path: &str) -> Option<EntryKind> {
        if self.directories.contains(path) || path.is_empty() {
            return Some(EntryKind::Directory);
        }
        self.files.contains_key(path).then_some(EntryKind::File)
    }

    fn list(&self, dir: &str, most: usize) -> Result<Listing, Unread> {
        if self.kind(dir) != Some(EntryKind::Directory) {
            return Err(Unread::Missing);
        }
        let child = |path: &String| !path.is_empty() && paths::parent(path) == dir;
        let directories = self.directories.iter().filter(|path| child(path)).map(|path| (path, EntryKind::Directory));
        let files = self.files.keys().filter(|path| child(path)).map(|path| (path, EntryKind::File));
        let entry = |(path, kind): (&String, _)| Entry { name: paths::name(path).to_owned(), kind };
        let mut entries: Vec<Entry> = directories.chain(files).map(entry).collect();
        entries.sort();
        let cut = entries.len() > most;
        entries.truncate(most);
        Ok(Listing { entries, cut })
    }

    fn is_closed(&self, _: &str) -> bool {
        false
    }

    fn read(&self, path: &str, most: u64) -> Result<Vec<u8>, Unread> {
        match self.files.get(path) {
            Some(bytes) if bytes.len() as u64 > most => Err(Unread::TooLarge(most)),
            Some(bytes) => Ok(bytes.clone()),
            None if self.directories.contains(path) => Err(Unread::NotAFile),
            None => Err(Unread::Missing),
        }
    }
}
