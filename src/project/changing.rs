//! Files whose change is told by example: a source file that an application starts with, and the lock file or manifest
//! that an install reads.

use super::context::{Context, Step};
use super::dockerignore::Dockerignore;
use super::files::EntryKind;
use super::{glob, paths};

/// Endings of source files.
const SOURCES: &[&str] =
    &["js", "mjs", "cjs", "ts", "tsx", "jsx", "go", "rs", "java", "kt", "c", "cc", "cpp", "py", "rb", "css", "html"];

/// Names of files in which an application begins.
const ENTRIES: &[&str] = &["main", "index", "app", "server", "__main__", "wsgi", "asgi", "manage"];

/// Files that name packages, the more exact one first.
const MANIFESTS: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "poetry.lock",
    "uv.lock",
    "pdm.lock",
    "Pipfile.lock",
    "go.sum",
    "Gemfile.lock",
    "composer.lock",
    "Cargo.lock",
    "package.json",
    "requirements*.txt",
    "Pipfile",
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "Gemfile",
    "composer.json",
    "Cargo.toml",
    "pom.xml",
    "build.gradle*",
];

/// Directories whose files an application does not start with.
const ASIDE: &[&str] =
    &["node_modules", "test", "tests", "__tests__", "docs", "scripts", "vendor", "venv", ".venv", "fixtures"];

/// A source file of `context` whose change an application would notice, which `also` lets through too.
pub fn source_file(context: &Context, also: Option<&Dockerignore>) -> Option<String> {
    nearest(context, also, |path| {
        let (stem, ending) = paths::name(path).rsplit_once('.')?;
        let is_aside = stem.contains('.') || stem.starts_with("setup") || stem.ends_with("_test");
        let fits = SOURCES.contains(&ending) && !is_aside;
        fits.then_some(if ENTRIES.contains(&stem) { 0 } else { 3 })
    })
}

/// The lock file or manifest nearest to the root of `context`, which `also` lets through too.
pub fn manifest(context: &Context, also: Option<&Dockerignore>) -> Option<String> {
    nearest(context, also, |path| MANIFESTS.iter().position(|pattern| glob::matches(pattern, paths::name(path))))
}

/// The file with the least rank, each directory above it counting for one.
fn nearest(context: &Context, also: Option<&Dockerignore>, rank: impl Fn(&str) -> Option<usize>) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    context.walk_sent("", |path, kind| {
        let name = paths::name(path);
        if kind == EntryKind::Directory {
            return if ASIDE.contains(&name) || name.starts_with('.') { Step::Skip } else { Step::Enter };
        }
        if kind == EntryKind::File
            && let Some(rank) = rank(path)
            && !also.is_some_and(|also| also.excludes(path))
        {
            let rank = rank + path.matches('/').count();
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, path.to_owned()));
            }
        }
        Step::Enter
    });
    best.map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[&str]) -> Context {
        Context::from_memory(files.iter().map(|path| (*path, "x")))
    }

    #[test]
    fn the_source_file_is_one_that_starts() {
        let also = Dockerignore::parse("", "ignored\n");
        let choose = |files: &[&str]| source_file(&of(files), Some(&also));
        assert_eq!(choose(&["src/a.js", "src/server.js", "vite.config.js"]).as_deref(), Some("src/server.js"));
        assert_eq!(choose(&["app/main.py", "setup.py", "tests/main.py"]).as_deref(), Some("app/main.py"));
        assert_eq!(choose(&["ignored/main.go", "cmd/x/main.go", "x_test.go"]).as_deref(), Some("cmd/x/main.go"));
        assert_eq!(choose(&["node_modules/a/index.js", "README.md"]), None);
    }

    #[test]
    fn the_manifest_is_the_lock_file_where_there_is_one() {
        let choose = |files: &[&str]| manifest(&of(files), None);
        assert_eq!(choose(&["package.json", "yarn.lock", "a.js"]).as_deref(), Some("yarn.lock"));
        assert_eq!(choose(&["app/requirements-dev.txt", "a.py"]).as_deref(), Some("app/requirements-dev.txt"));
        assert_eq!(choose(&["a.py"]), None);
    }
}
