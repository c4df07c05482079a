//! Whether a lock file fits the package.json beside it: what decides between `npm ci` and a failed build.

use super::lock::{Format, Lock, Recorded};
use super::manifest::{Dependency, DependencyKind, Manifest};
use super::version;
use crate::project::Finding;
use crate::proposal::Evidence;

/// Whether each direct dependency of `manifest`, the package in `dir` of the lock, is recorded with the same range.
pub fn in_sync(manifest: &Manifest, lock: &Lock, dir: &str) -> Finding<bool> {
    // Yarn 1 has one list for all workspaces.
    let shared = || lock.importers.get("").filter(|_| lock.format == Format::YarnClassic);
    let Some(importer) = lock.importers.get(dir).or_else(shared) else {
        let proof = lock.source.whole(format!("names no workspace {dir}"));
        return Finding::blocked("the lock file does not know this workspace", [proof]);
    };
    let mut open: Option<Evidence> = None;
    for declared in manifest.dependencies.iter().filter(|declared| counts(lock.format, declared)) {
        match fits(lock, declared, &importer.dependencies) {
            Fit::Yes => {}
            Fit::No(what) => {
                let proof = manifest.at_line(declared.line, format!("{}@{} {what}", declared.name, declared.range));
                if rewritten(manifest) {
                    return Finding::blocked("overrides or resolutions may change what the lock records", [proof]);
                }
                return Finding::known(false, [proof, lock.source.whole("does not fit package.json")]);
            }
            Fit::Unknown(what) => {
                open = Some(manifest.at_line(declared.line, format!("{}@{} {what}", declared.name, declared.range)));
            }
        }
    }
    if let Some(proof) = open {
        return Finding::blocked("the lock format keeps no ranges, and not every range can be compared", [proof]);
    }
    if let Some(stale) = stale(manifest, lock, &importer.dependencies) {
        let fact = format!("still holds {}, which package.json does not ask for", stale.name);
        return Finding::known(false, [lock.source.whole(fact)]);
    }
    Finding::known(true, [lock.source.whole("has every direct dependency of package.json with the same range")])
}

enum Fit {
    Yes,
    No(&'static str),
    Unknown(&'static str),
}

/// Peers are recorded by npm and bun only.
fn counts(format: Format, declared: &Dependency) -> bool {
    declared.kind != DependencyKind::Peer || matches!(format, Format::Npm(2..) | Format::Bun)
}

fn fits(lock: &Lock, declared: &Dependency, recorded: &[Recorded]) -> Fit {
    let mut same_name = recorded.iter().filter(|recorded| recorded.name == declared.name).peekable();
    if same_name.peek().is_none() {
        return Fit::No("is not in the lock file");
    }
    let plain = |range: &str| range.strip_prefix("npm:").unwrap_or(range).to_owned();
    let local = ["workspace:", "link:", "portal:", "file:"].iter().any(|prefix| declared.range.starts_with(prefix));
    for recorded in same_name {
        let Some(range) = &recorded.range else {
            let version = recorded.to.and_then(|at| lock.packages.get(at)).map(|package| package.version.as_str());
            return match version.and_then(|version| version::satisfies(version, &declared.range)) {
                Some(true) => Fit::Yes,
                Some(false) => Fit::No("is locked at a version outside of that range"),
                None => Fit::Unknown("cannot be compared with the locked version"),
            };
        };
        if plain(range) == plain(&declared.range) {
            let found = recorded.to.is_some()
                || local
                || declared.kind == DependencyKind::Optional
                || declared.kind == DependencyKind::Peer;
            return if found { Fit::Yes } else { Fit::No("has no package in the lock file") };
        }
    }
    Fit::No("has another range in the lock file")
}

/// Whether package.json changes ranges before they are recorded.
fn rewritten(manifest: &Manifest) -> bool {
    ["overrides", "resolutions"].iter().any(|key| manifest.json.get(key).is_some())
        || manifest.json.at_path(&["pnpm", "overrides"]).is_some()
}

/// A direct dependency of the lock that package.json has no more.
fn stale<'r>(manifest: &Manifest, lock: &Lock, recorded: &'r [Recorded]) -> Option<&'r Recorded> {
    // Where direct dependencies cannot be told from others, there is nothing to compare.
    if matches!(lock.format, Format::Npm(1) | Format::YarnClassic) {
        return None;
    }
    let declared = |recorded: &Recorded| manifest.dependencies.iter().any(|found| found.name == recorded.name);
    recorded.iter().find(|recorded| !declared(recorded))
}
