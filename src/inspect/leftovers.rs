//! What is in an image and should not be: told by paths alone, apart from [secrets](super::secrets).

use super::tree::Tree;
use crate::managers::{self, Manager};
use std::collections::BTreeMap;

/// Something that should not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// What: `downloads of npm`.
    pub what: String,
    /// The layer that has it.
    pub layer: usize,
    /// Where most of it lies.
    pub path: String,
    /// In how many more places.
    pub places: usize,
    /// How many files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// The passes that take it out: of a layer of the Dockerfile's own, and of the base image.
    pub passes: (Option<&'static str>, Option<&'static str>),
    /// Whether it is a secret.
    pub secret: bool,
}

/// A kind of leftover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Secret(&'static str),
    /// The manager's index in the table.
    Cache(usize),
    Git,
    BuildCache,
    Compiler,
    Development,
    Tests,
    SourceMaps,
    Log,
}

/// Where something lies: below this directory, or wherever a name stands.
const COMPILERS: &[&str] = &[
    "usr/lib/gcc/",
    "usr/libexec/gcc/",
    "usr/lib/llvm",
    "usr/lib/go-",
    "usr/lib/go/",
    "usr/local/go/",
    "usr/local/cargo/",
    "usr/local/rustup/",
    "root/.rustup/",
    "usr/include/",
    "usr/local/include/",
];

/// Packages of npm that build or check, and that no server runs.
const DEVELOPMENT: &[&str] = &[
    "@babel",
    "@esbuild",
    "@eslint",
    "@jest",
    "@rollup",
    "@swc",
    "@types",
    "@typescript-eslint",
    "@vitejs",
    "cypress",
    "esbuild",
    "eslint",
    "jest",
    "mocha",
    "nodemon",
    "nyc",
    "prettier",
    "rollup",
    "ts-jest",
    "ts-node",
    "typescript",
    "vite",
    "vitest",
    "webpack",
];

/// How many files lie where, and their bytes.
type Places<'p> = BTreeMap<&'p str, (usize, u64)>;

/// All that lies in `tree`, the heaviest first, secrets before that.
pub fn find(tree: &Tree<'_>) -> Vec<Leftover> {
    let mut found: BTreeMap<(What, usize), Places<'_>> = BTreeMap::new();
    let mut add = |what, layer, root, bytes| {
        let place = found.entry((what, layer)).or_default().entry(root).or_default();
        *place = (place.0 + 1, place.1 + bytes);
    };
    for (path, seen) in &tree.seen {
        if let Some(secret) = seen.entry.secret {
            add(What::Secret(secret), seen.layer, path, seen.entry.bytes);
        } else if seen.entry.bytes > 0
            && let Some((what, root)) = classify(path)
        {
            add(what, seen.layer, root, seen.entry.bytes);
        }
    }
    // What is deleted later can still be read in its layer.
    for hidden in &tree.hidden {
        if let Some(secret) = hidden.entry.secret {
            add(What::Secret(secret), hidden.layer, &hidden.entry.path, hidden.entry.bytes);
        }
    }
    let mut all: Vec<Leftover> =
        found.into_iter().map(|((what, layer), places)| leftover(what, layer, &places)).collect();
    all.sort_by_key(|one| (!one.secret, std::cmp::Reverse(one.bytes)));
    all
}

fn leftover(what: What, layer: usize, places: &Places<'_>) -> Leftover {
    let heaviest = places.iter().max_by_key(|(_, (_, bytes))| *bytes).map_or("", |(path, _)| path);
    Leftover {
        what: what.name(),
        layer,
        path: format!("/{heaviest}"),
        places: places.len().saturating_sub(1),
        files: places.values().map(|(files, _)| files).sum(),
        bytes: places.values().map(|(_, bytes)| bytes).sum(),
        passes: what.passes(),
        secret: matches!(what, What::Secret(_)),
    }
}

impl What {
    fn name(self) -> String {
        match self {
            Self::Secret(what) => what.to_owned(),
            Self::Cache(manager) => {
                let Manager { name, leaves, .. } = &managers::all()[manager];
                format!("{} of {name}", leaves.trim_start_matches("the "))
            }
            Self::Git => "the history of git".to_owned(),
            Self::BuildCache => "caches of build tools".to_owned(),
            Self::Compiler => "compilers and headers".to_owned(),
            Self::Development => "development dependencies".to_owned(),
            Self::Tests => "tests".to_owned(),
            Self::SourceMaps => "source maps".to_owned(),
            Self::Log => "logs".to_owned(),
        }
    }

    /// The passes that take it out of a layer of the file's own, and of the base image.
    const fn passes(self) -> (Option<&'static str>, Option<&'static str>) {
        const BASE: Option<&str> = Some("oversized-base");
        match self {
            Self::Cache(_) => (Some("kept-package-cache"), BASE),
            Self::Secret(_) | Self::Git | Self::Tests => (Some("missing-dockerignore"), None),
            Self::Compiler | Self::Development | Self::BuildCache => (Some("single-stage"), BASE),
            Self::SourceMaps | Self::Log => (None, None),
        }
    }
}

/// What the file at `path` is, and the part of its path that names the place.
fn classify(path: &str) -> Option<(What, &str)> {
    if let Some(found) = cache(path) {
        return Some(found);
    }
    if let Some(root) = COMPILERS.iter().find(|root| path.starts_with(**root)) {
        return Some((What::Compiler, root.trim_end_matches('/')));
    }
    if let Some((parent, name)) = path.rsplit_once('/')
        && ["usr/bin", "usr/local/bin"].contains(&parent)
        && is_compiler(name)
    {
        return Some((What::Compiler, path));
    }
    if let Some(at) = path.rfind("node_modules/") {
        let inside = &path[at + "node_modules/".len()..];
        let package = inside.split('/').next().unwrap_or_default();
        let end = at + "node_modules/".len() + package.len();
        return match package {
            ".cache" => Some((What::BuildCache, &path[..end])),
            // npm's own, and what a program needs, may bring some of these too.
            package if path.matches("node_modules/").count() == 1 && !path.starts_with("usr/local/lib/") => {
                DEVELOPMENT.contains(&package).then_some((What::Development, &path[..end]))
            }
            _ => None,
        };
    }
    of_application(path)
}

/// What of an application's own files is no part of it.
fn of_application(path: &str) -> Option<(What, &str)> {
    let is_system = ["bin/", "etc/", "lib/", "lib64/", "opt/", "sbin/", "usr/", "var/", "go/pkg/"]
        .iter()
        .any(|root| path.starts_with(root))
        && !path.starts_with("usr/src/")
        && !path.starts_with("var/www/");
    if is_system || path.contains("site-packages/") {
        return None;
    }
    let mut end = 0;
    for part in path.split('/') {
        end += part.len();
        let is_directory = end < path.len();
        match part {
            ".git" if is_directory => return Some((What::Git, &path[..end])),
            "test" | "tests" | "__tests__" | "spec" | "e2e" | "cypress" if is_directory => {
                return Some((What::Tests, &path[..end]));
            }
            _ => {}
        }
        end += 1;
    }
    let maps = [".js.map", ".mjs.map", ".cjs.map", ".css.map"];
    if maps.iter().any(|ending| path.ends_with(ending)) {
        return Some((What::SourceMaps, path));
    }
    path.rsplit('.').next().is_some_and(|ending| ending == "log").then_some((What::Log, path))
}

/// What a package manager keeps for the next time.
fn cache(path: &str) -> Option<(What, &str)> {
    // As the table writes it: `~` is the home of whoever.
    let home = path.strip_prefix("root/").or_else(|| path.strip_prefix("home/")?.split_once('/').map(|(_, rest)| rest));
    managers::all().iter().enumerate().find_map(|(index, manager)| {
        manager.dirs.iter().find_map(|dir| {
            let (whole, dir) = match dir.strip_prefix("~/") {
                Some(dir) => (home?, dir),
                None => (path, dir.trim_start_matches('/')),
            };
            let rest = whole.strip_prefix(dir).filter(|rest| rest.starts_with('/'))?;
            Some((What::Cache(index), &path[..path.len() - rest.len()]))
        })
    })
}

fn is_compiler(name: &str) -> bool {
    let name = name.trim_start_matches("x86_64-linux-gnu-").trim_start_matches("aarch64-linux-gnu-");
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
    ["gcc", "g++", "c++", "cc", "cpp", "clang", "clang++", "rustc", "ld.bfd", "ld.gold", "lto-dump", "gfortran"]
        .contains(&stem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passes;

    #[test]
    fn the_passes_are_there() {
        for what in [What::Cache(0), What::Git, What::Compiler, What::Log, What::Secret("x")] {
            let (own, base) = what.passes();
            assert!(own.into_iter().chain(base).all(|id| passes::find(id).is_some()), "{what:?}");
        }
    }

    #[test]
    fn leftovers_are_told_by_their_paths() {
        for (path, told) in [
            ("root/.npm/_cacache/content-v2/x", Some(("npm", "root/.npm"))),
            ("home/node/.npm/_cacache/x", Some(("npm", "home/node/.npm"))),
            ("var/lib/apt/lists/deb_x", Some(("apt", "var/lib/apt/lists"))),
            ("app/.git/objects/aa/bb", Some(("git", "app/.git"))),
            ("usr/src/app/tests/a.js", Some(("tests", "usr/src/app/tests"))),
            ("usr/local/lib/python3.11/test/a.py", None),
            ("app/node_modules/x/test/a.js", None),
            ("app/node_modules/typescript/lib/tsc.js", Some(("development", "app/node_modules/typescript"))),
            ("app/node_modules/a/node_modules/typescript/x", None),
            ("app/node_modules/.cache/x/y", Some(("caches", "app/node_modules/.cache"))),
            ("usr/bin/x86_64-linux-gnu-gcc-12", Some(("compilers", "usr/bin/x86_64-linux-gnu-gcc-12"))),
            ("usr/bin/gcov", None),
            ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", Some(("compilers", "usr/lib/gcc"))),
            ("app/dist/main.js.map", Some(("source maps", "app/dist/main.js.map"))),
            ("app/npm-debug.log", Some(("logs", "app/npm-debug.log"))),
            ("var/log/dpkg.log", None),
            ("app/server.js", None),
        ] {
            let found = classify(path);
            let agrees = match (found, told) {
                (None, None) => true,
                (Some((what, root)), Some((part, place))) => what.name().contains(part) && root == place,
                _ => false,
            };
            assert!(agrees, "{path}: {:?}", found.map(|(what, root)| (what.name(), root)));
        }
    }
}
