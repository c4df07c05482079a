//! Which package manager installs a project: by its lock file and the `packageManager` field.

use super::manifest::Manifest;
use crate::project::finding::{Finding, evidence};
use crate::project::{Context, paths};
use crate::proposal::Evidence;

/// A Node package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageManager {
    /// npm
    Npm,
    /// yarn 1
    YarnClassic,
    /// yarn 2 and later
    YarnBerry,
    /// pnpm
    Pnpm,
    /// bun
    Bun,
}

impl PackageManager {
    /// The command.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Pnpm => "pnpm",
            Self::Bun => "bun",
        }
    }
}

/// Lock files, the one that wins first: npm prefers its shrinkwrap.
pub const LOCK_FILES: [&str; 6] =
    ["npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/// The directory, from `dir` upward, that has a lock file, and the lock files there. A workspace's lock stands at
/// its root.
pub fn lock_files(context: &Context, dir: &str) -> (String, Vec<&'static str>) {
    let mut at = dir;
    loop {
        let found: Vec<_> = LOCK_FILES.into_iter().filter(|name| context.is_file(&super::at(at, name))).collect();
        // A shrinkwrap shadows the package-lock beside it.
        let found = match found.as_slice() {
            ["npm-shrinkwrap.json", "package-lock.json", rest @ ..] => {
                std::iter::once("npm-shrinkwrap.json").chain(rest.iter().copied()).collect()
            }
            _ => found,
        };
        if !found.is_empty() || at.is_empty() {
            return (if found.is_empty() { dir.to_owned() } else { at.to_owned() }, found);
        }
        at = paths::parent(at);
    }
}

/// Which manager installs the project.
pub fn detect(context: &Context, manifest: &Manifest, lock_dir: &str, locks: &[&str]) -> Finding<PackageManager> {
    let by_lock: Vec<(PackageManager, Evidence)> = locks.iter().map(|name| by_lock(context, lock_dir, name)).collect();
    let mut distinct: Vec<PackageManager> = by_lock.iter().map(|(manager, _)| *manager).collect();
    distinct.dedup();
    let declared = declared(manifest);
    let proofs = || by_lock.iter().map(|(_, proof)| proof.clone());
    match (declared, distinct.as_slice()) {
        (Some((manager, proof)), found) if found.is_empty() || found.contains(&manager) => {
            Finding::known(manager, std::iter::once(proof).chain(proofs()))
        }
        (None, [one]) => Finding::known(*one, proofs()),
        (None, []) => Finding::unknown("there is no lock file and no `packageManager` in package.json"),
        (Some((_, proof)), _) => {
            let why = "`packageManager` in package.json and the lock file name different package managers";
            Finding::blocked(why, std::iter::once(proof).chain(proofs()))
        }
        (None, _) => Finding::blocked("there are lock files of several package managers", proofs()),
    }
}

fn by_lock(context: &Context, dir: &str, name: &str) -> (PackageManager, Evidence) {
    let path = super::at(dir, name);
    let manager = match name {
        "pnpm-lock.yaml" => PackageManager::Pnpm,
        "bun.lock" | "bun.lockb" => PackageManager::Bun,
        "yarn.lock" => match context.find_lock(&path) {
            Some(source) if super::lock::yarn::is_berry(&source.text) => PackageManager::YarnBerry,
            _ => PackageManager::YarnClassic,
        },
        _ => PackageManager::Npm,
    };
    (manager, evidence(path, None, format!("is {}'s lock file", manager.command())))
}

/// `"packageManager": "pnpm@9.1.0+sha512…"`
fn declared(manifest: &Manifest) -> Option<(PackageManager, Evidence)> {
    let text = manifest.text("packageManager")?;
    let (name, version) = text.split_once('@').unwrap_or((text, ""));
    let manager = match name {
        "npm" => PackageManager::Npm,
        "pnpm" => PackageManager::Pnpm,
        "bun" => PackageManager::Bun,
        "yarn" if version.starts_with("1.") => PackageManager::YarnClassic,
        "yarn" => PackageManager::YarnBerry,
        _ => return None,
    };
    Some((manager, manifest.evidence("packageManager", format!("packageManager is {text}"))))
}
