//! Finds the `dfslim.yaml` of each Dockerfile: the nearest one upward, no further than the repository.

use super::read;
use crate::cli::Rewrite;
use crate::config::{Config, FILE_NAMES};
use crate::ignoring::{self, Parts};
use crate::options::Options;
use crate::report::Fault;
use anyhow::{Context, bail};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The flags, and the settings of each directory looked at so far.
pub(super) struct Settings<'f> {
    flags: &'f Rewrite,
    /// What counts everywhere: `--config`, `--isolated`.
    fixed: Option<Arc<Setting>>,
    by_directory: HashMap<PathBuf, Arc<Setting>>,
}

/// How the files under one `dfslim.yaml` are treated.
#[derive(Debug)]
pub(super) struct Setting {
    /// How they are rewritten.
    pub options: Options,
    /// What is wished of ignore files.
    pub ignoring: Arc<ignoring::Wishes>,
    exclude: Gitignore,
}

impl Setting {
    fn plain(options: Options) -> Self {
        Self { options, ignoring: Arc::default(), exclude: Gitignore::empty() }
    }

    /// Whether a walk leaves the file at `path` out.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        if self.exclude.is_empty() {
            return false;
        }
        let real = path.parent().and_then(|parent| directory(parent).ok()).unwrap_or_default();
        let path = real.join(path.file_name().unwrap_or_default());
        path.starts_with(self.exclude.path()) && self.exclude.matched_path_or_any_parents(&path, false).is_ignore()
    }
}

impl<'f> Settings<'f> {
    /// For these flags.
    pub(super) fn new(flags: &'f Rewrite) -> anyhow::Result<Self> {
        // A mistake in the flags is told even when no file is found.
        let of_flags = Setting::plain(Options::new(flags, &Config::default())?);
        let fixed = match &flags.config.given {
            Some(path) => Some(load(path, flags)?),
            None if flags.config.isolated => Some(of_flags),
            None => None,
        };
        Ok(Self { flags, fixed: fixed.map(Arc::new), by_directory: HashMap::new() })
    }

    /// The settings of the Dockerfile at `path`.
    pub(super) fn of(&mut self, path: &Path) -> anyhow::Result<Arc<Setting>> {
        if let Some(fixed) = &self.fixed {
            return Ok(Arc::clone(fixed));
        }
        let parent = path.parent().unwrap_or(Path::new(""));
        // A path that is not there gets its message when it is read.
        let mut here = directory(parent).unwrap_or_default();
        let mut passed = Vec::new();
        let setting = loop {
            if let Some(known) = self.by_directory.get(&here) {
                break Arc::clone(known);
            }
            passed.push(here.clone());
            if let Some(file) = config_in(&here)? {
                break Arc::new(load(&file, self.flags)?);
            }
            if here.join(".git").exists() || !here.pop() {
                let options = Options::new(self.flags, &Config::default())?;
                break Arc::new(Setting::plain(options));
            }
        };
        self.by_directory.extend(passed.into_iter().map(|directory| (directory, Arc::clone(&setting))));
        Ok(setting)
    }
}

/// The real path of a directory as it stands in a file's path, where nothing means `.`.
fn directory(parent: &Path) -> std::io::Result<PathBuf> {
    fs::canonicalize(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

fn config_in(directory: &Path) -> anyhow::Result<Option<PathBuf>> {
    let there: Vec<_> = FILE_NAMES.iter().map(|name| directory.join(name)).filter(|path| path.is_file()).collect();
    if let [first, second, ..] = &there[..] {
        bail!("{} and {} stand side by side; keep one", shown(first).display(), shown(second).display());
    }
    Ok(there.into_iter().next())
}

fn load(path: &Path, flags: &Rewrite) -> anyhow::Result<Setting> {
    let name = shown(path).display().to_string();
    let text = read::file(path).map_err(|fault| placed(&name, &fault))?;
    let config =
        Config::parse(&text).map_err(|error| placed(&name, &Fault { at: error.at, message: error.message }))?;
    let options = Options::new(flags, &config).context(name.clone())?;
    let root = directory(path.parent().unwrap_or(Path::new("")))?;
    let mut exclude = GitignoreBuilder::new(&root);
    for line in config.exclude.iter().flatten() {
        exclude.add_line(None, line).with_context(|| format!("{name}: exclude: `{line}`"))?;
    }
    let ignoring = ignoring::Wishes {
        parts: match &config.templates {
            Some(templates) => {
                parts(&root.join(templates)).with_context(|| format!("{name}: templates: {templates}"))?
            }
            None => Parts::default(),
        },
        lines: config.ignore.unwrap_or_default(),
    };
    Ok(Setting { options, ignoring: Arc::new(ignoring), exclude: exclude.build()? })
}

/// The parts of an ignore file, with those that the user has in `directory`.
fn parts(directory: &Path) -> anyhow::Result<Parts> {
    let mut own: Vec<PathBuf> = fs::read_dir(directory)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    own.retain(|path| path.extension().is_some_and(|ending| ending == "hbs"));
    own.sort();
    let mut parts = Parts::default();
    for path in own {
        let text = read::file(&path).map_err(|fault| placed(&shown(&path).display().to_string(), &fault))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        parts = parts.with(&name, text);
    }
    Ok(parts)
}

/// `path` as short as it can be said from here.
fn shown(path: &Path) -> PathBuf {
    let here = fs::canonicalize(".").unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

fn placed(name: &str, fault: &Fault) -> anyhow::Error {
    match fault.at {
        Some(at) => anyhow::anyhow!("{name}:{}:{}: {}", at.line, at.column, fault.message),
        None => anyhow::anyhow!("{name}: {}", fault.message),
    }
}
