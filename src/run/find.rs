//! Which files are meant: those that are named, and the Dockerfiles below the directories that are named.

use super::settings::Settings;
use crate::report::{Fault, Names};
use ignore::{DirEntry, WalkBuilder};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// Something to work on.
#[derive(Debug)]
pub(super) struct Target {
    /// Where its text is.
    pub source: Source,
    /// How to speak of it.
    pub names: Names,
}

/// Where a text is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// On stdin.
    Stdin,
    /// In a file.
    File(PathBuf),
    /// Nowhere: what was named is not there, or cannot be looked into.
    Nowhere(Fault),
}

/// What `paths` mean: sorted, each file once.
pub(super) fn targets(paths: &[PathBuf], settings: &mut Settings<'_>) -> anyhow::Result<Vec<Target>> {
    let mut found: Vec<(PathBuf, Option<Fault>)> = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" || !path.is_dir() {
            found.push((without_dot(path), None));
        } else if is_exactly_a_dockerfiles_name(path) {
            let message = "this is a directory; name a file in it, or add a slash to look through it";
            found.push((path.clone(), Some(Fault::new(message))));
        } else {
            walk(path, settings, &mut found)?;
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let here = fs::canonicalize(".").unwrap_or_default();
    let mut seen = HashSet::new();
    let mut targets = Vec::new();
    for (path, fault) in found {
        let real = fs::canonicalize(&path).ok().filter(|_| path.as_os_str() != "-");
        if seen.insert(real.clone().unwrap_or_else(|| path.clone())) {
            targets.push(target(path, real.as_deref(), fault, &here));
        }
    }
    Ok(targets)
}

fn target(path: PathBuf, real: Option<&Path>, fault: Option<Fault>, here: &Path) -> Target {
    let is_stdin = path.as_os_str() == "-";
    let text = path.to_string_lossy().into_owned();
    let context = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_string_lossy().into_owned(),
        _ => ".".to_owned(),
    };
    let names = Names {
        shown: if is_stdin { "<stdin>".to_owned() } else { text.clone() },
        path: text,
        patch: if is_stdin { b"Dockerfile".to_vec() } else { patch_name(real.unwrap_or(&path), here) },
        context,
    };
    let source = match fault {
        Some(fault) => Source::Nowhere(fault),
        None if is_stdin => Source::Stdin,
        None => Source::File(path),
    };
    Target { source, names }
}

/// The names of a file that need not be there, at the real path `real`, for someone who is `here`.
pub(super) fn names_of(real: &Path, here: &Path) -> Names {
    let shown = super::repository::called(here, real);
    Names { shown: shown.clone(), path: shown, patch: patch_name(real, here), context: String::new() }
}

/// The name in the diff: relative to `here` when it lies below, so that `git apply` and `patch -p1` work
/// from here; else from the root (`patch -p1 -d /`), as neither takes `..`. Links are resolved, because
/// neither patches through one.
fn patch_name(real: &Path, here: &Path) -> Vec<u8> {
    let parts = real.strip_prefix(here).unwrap_or(real).components();
    let parts = parts.filter(|part| matches!(part, Component::Normal(_)));
    parts.map(|part| part.as_os_str().as_encoded_bytes()).collect::<Vec<_>>().join(&b'/')
}

/// A directory called `Dockerfile` is more likely a slip (Docker makes one for a missing bind mount) than a
/// place to look through; `Dockerfile/` says that it is one.
fn is_exactly_a_dockerfiles_name(path: &Path) -> bool {
    let path = path.as_os_str().as_encoded_bytes();
    let name = path.rsplit(|byte| std::path::is_separator(char::from(*byte))).next();
    matches!(name, Some(b"Dockerfile" | b"Containerfile"))
}

fn walk(root: &Path, settings: &mut Settings<'_>, found: &mut Vec<(PathBuf, Option<Fault>)>) -> anyhow::Result<()> {
    let real_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let in_repository = real_root.ancestors().any(|directory| directory.join(".git").exists());
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        // What only this machine ignores would make the result depend on the machine.
        .git_global(false)
        .git_exclude(false)
        // A .gitignore counts outside of a repository too, but not one above of what was named.
        .require_git(false)
        .parents(in_repository)
        .filter_entry(|entry| entry.depth() == 0 || !is_of_others(entry))
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = path_of(&error).unwrap_or(root).to_owned();
                let message = match error.io_error().map(io::Error::kind) {
                    Some(io::ErrorKind::PermissionDenied) => {
                        "no permission to look into it; check its mode and owner".to_owned()
                    }
                    _ => format!("cannot look into it: {error}"),
                };
                found.push((without_dot(&path), Some(Fault::new(message))));
                continue;
            }
        };
        let (path, Some(kind)) = (entry.path(), entry.file_type()) else { continue };
        let looks = looks(entry.file_name().as_encoded_bytes());
        if !(kind.is_file() || kind.is_symlink()) || looks == Looks::Other {
            continue;
        }
        if kind.is_symlink() && !leads_to_a_file_below(path, &real_root) {
            continue;
        }
        if looks == Looks::Perhaps && !begins_like_one(path) {
            continue;
        }
        if settings.of(path)?.excludes(path) {
            continue;
        }
        found.push((without_dot(path), None));
    }
    Ok(())
}

/// What git and package managers keep: who works here did not write it, and the next install writes it anew.
fn is_of_others(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    // In a worktree it is a file.
    if name == b".git" {
        return true;
    }
    // Of the many files nothing more is asked.
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return false;
    }
    let holds = |name: &str| entry.path().join(name).is_file();
    match name {
        b"node_modules" => true,
        // Go's and Composer's; others call directories of their own so.
        b"vendor" => holds("modules.txt") || holds("autoload.php"),
        // A virtual environment of Python, whatever its name.
        _ => holds("pyvenv.cfg"),
    }
}

/// `./web/Dockerfile` is `web/Dockerfile`; but `./-` is a file.
fn without_dot(path: &Path) -> PathBuf {
    path.strip_prefix("./").ok().filter(|short| short.as_os_str() != "-").unwrap_or(path).to_owned()
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}

/// Whoever asks for a directory does not ask for what lies elsewhere. A link that leads nowhere is taken, and
/// said to be broken when it is read.
fn leads_to_a_file_below(link: &Path, real_root: &Path) -> bool {
    match fs::canonicalize(link) {
        Ok(real) => real.starts_with(real_root) && real.is_file(),
        Err(_) => true,
    }
}

/// What a file's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    /// It is a Dockerfile.
    Dockerfile,
    /// It may as well be the source of a program (`Dockerfile.go`, `dockerfile.py`).
    Perhaps,
    /// It is none.
    Other,
}

/// Templates are no Dockerfiles until they are filled in; backups and other tools' files never are.
const NEVER: &[&str] = &[
    "dockerignore",
    "j2",
    "jinja",
    "jinja2",
    "tmpl",
    "tpl",
    "template",
    "in",
    "erb",
    "ejs",
    "hbs",
    "mustache",
    "gotmpl",
    "bak",
    "backup",
    "orig",
    "rej",
    "old",
    "save",
    "swp",
    "swo",
    "tmp",
    "lock",
    "md",
    "rst",
    "adoc",
    "html",
    "diff",
    "patch",
    "json",
    "yaml",
    "yml",
    "toml",
    "xml",
    "snap",
    "sha256",
    "asc",
    "sig",
];

/// Both a language that an image is for and a file of that language.
const PERHAPS: &[&str] = &[
    "c", "cc", "cpp", "cs", "dart", "el", "erl", "ex", "exs", "fs", "go", "groovy", "h", "hs", "java", "jl", "js",
    "kt", "lua", "m", "mjs", "nim", "php", "pl", "ps1", "py", "r", "rb", "rs", "scala", "sh", "sql", "swift", "tf",
    "ts", "tsx", "txt", "vim", "vue", "zig",
];

fn looks(name: &[u8]) -> Looks {
    let name = name.to_ascii_lowercase();
    let Ok(name) = std::str::from_utf8(&name) else { return Looks::Other };
    let is_stem = |word: &str| word == "dockerfile" || word == "containerfile";
    if is_stem(name) {
        return Looks::Dockerfile;
    }
    if name.ends_with('~') {
        return Looks::Other;
    }
    match (name.split_once('.'), name.rsplit_once('.')) {
        (_, Some((before, last))) if is_stem(last) && !before.is_empty() => Looks::Dockerfile,
        (Some((first, _)), Some((_, last))) if is_stem(first) => match last {
            last if last.is_empty() || NEVER.contains(&last) => Looks::Other,
            last if PERHAPS.contains(&last) => Looks::Perhaps,
            _ => Looks::Dockerfile,
        },
        _ => Looks::Other,
    }
}

/// Whether the first instruction is one with which a Dockerfile can begin.
fn begins_like_one(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(16 << 10).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    let first = head.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let word = first.and_then(|line| line.split_ascii_whitespace().next()).unwrap_or_default();
    read.is_ok() && (word.eq_ignore_ascii_case("FROM") || word.eq_ignore_ascii_case("ARG"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerfiles_are_known_by_their_names() {
        for name in ["Dockerfile", "dockerfile", "Dockerfile.dev", "web.Dockerfile", "WEB.DOCKERFILE", "Containerfile"]
        {
            assert_eq!(looks(name.as_bytes()), Looks::Dockerfile, "{name}");
        }
        for name in ["Dockerfile.web.dev", "containerfile.prod", "a.b.Containerfile", "Dockerfile.alpine3.20"] {
            assert_eq!(looks(name.as_bytes()), Looks::Dockerfile, "{name}");
        }
        for name in ["Dockerfile.dockerignore", "web.Dockerfile.dockerignore", "Dockerfile.j2", "Dockerfile~"] {
            assert_eq!(looks(name.as_bytes()), Looks::Other, "{name}");
        }
        for name in
            ["Dockerfile.", ".Dockerfile", "MyDockerfile", "Dockerfile-dev", "docker-compose.yml", "Dockerfile.md"]
        {
            assert_eq!(looks(name.as_bytes()), Looks::Other, "{name}");
        }
        assert_eq!(looks(b"Dockerfile.go"), Looks::Perhaps);
    }

    #[test]
    fn the_diff_names_files_from_where_dfslim_runs() {
        let name = |real: &str| String::from_utf8(patch_name(Path::new(real), Path::new("/home/me"))).unwrap();
        assert_eq!(name("/home/me/web/Dockerfile"), "web/Dockerfile");
        assert_eq!(name("/srv/Dockerfile"), "srv/Dockerfile");
    }
}
