//! What stands in a context: ecosystems, tools, Docker's own files, environment files, credentials. The data of the
//! templates.

use super::parts::Found;
use crate::project::context::Context;
use crate::project::files::EntryKind;
use crate::project::git_index::Tracked;
use crate::project::left_out::{self, SecretName};
use crate::project::{glob, paths};
use std::collections::BTreeMap;

/// Directories in which nobody keeps an application of their own.
const ASIDE: &[&str] = &[
    "node_modules",
    ".git",
    ".venv",
    "venv",
    "vendor",
    "testdata",
    "fixtures",
    "__pycache__",
    "examples",
    "example",
    "test",
    "tests",
    "docs",
    ".github",
    "third_party",
    "templates",
];
/// So many directories are listed in search of applications.
const MOST_DIRS: usize = 150;
/// So many manifests are read for the names of tools.
const MOST_READ: usize = 60;

/// Ecosystems, and the files by which they are known; `*` at the beginning stands for any name.
const ECOSYSTEMS: &[(&str, &[&str])] = &[
    ("node", &["package.json"]),
    (
        "python",
        &["pyproject.toml", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", "environment.yml", "manage.py"],
    ),
    ("go", &["go.mod"]),
    ("rust", &["Cargo.toml"]),
    ("maven", &["pom.xml"]),
    ("gradle", &["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"]),
    ("dotnet", &["*.csproj", "*.sln", "*.fsproj"]),
    ("ruby", &["Gemfile"]),
    ("php", &["composer.json"]),
    ("elixir", &["mix.exs"]),
];

/// Ecosystems whose patterns hold for the root only.
const AT_ROOT: &[&str] = &["rust", "maven", "gradle", "ruby", "elixir"];

/// Tools, and texts of manifests that name them.
const TOOLS: &[(&str, &[&str])] = &[
    ("pnpm", &["\"pnpm@", "lockfileVersion"]),
    ("yarn", &["\"yarn@"]),
    ("eslint", &["\"eslint\""]),
    ("typescript", &["\"typescript\""]),
    ("turbo", &["\"turbo\""]),
    ("parcel", &["\"parcel\""]),
    ("angular", &["\"@angular/cli\""]),
    ("docusaurus", &["\"@docusaurus/core\""]),
    ("vitepress", &["\"vitepress\""]),
    ("next", &["\"next\""]),
    ("nuxt", &["\"nuxt\""]),
    ("sveltekit", &["\"@sveltejs/kit\""]),
    ("coverage", &["\"jest\"", "\"vitest\"", "\"nyc\"", "\"c8\"", "\"ava\"", "\"tap\"", "\"karma\"", "simplecov"]),
    ("playwright", &["\"@playwright/test\""]),
    ("cypress", &["\"cypress\""]),
    ("pytest", &["pytest"]),
    ("mypy", &["mypy"]),
    ("ruff", &["ruff"]),
    ("tox", &["tox"]),
    ("nox", &["nox"]),
    ("jupyter", &["jupyter", "ipykernel", "notebook"]),
];

/// A file that holds credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    pub(super) path: String,
    pub(super) what: &'static str,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) found: Found,
    pub(super) secrets: Vec<Secret>,
}

/// Looks around in `context`, of which git tracks `tracked`.
pub(super) fn survey(context: &Context, tracked: Option<&Tracked>) -> Survey {
    let files = files(context, tracked);
    let root = context.list("");
    let names = root.entries.iter().map(|entry| entry.name.clone()).collect();
    let mut found = Found { root: names, uses: tools(context, &files), ..Found::default() };
    for (ecosystem, names) in ECOSYSTEMS {
        let is_one = |path: &&String| {
            (!AT_ROOT.contains(ecosystem) || !path.contains('/'))
                && names.iter().any(|name| glob::matches(name, paths::name(path)))
        };
        found.is.insert(ecosystem, files.iter().any(|path| is_one(&path)));
    }
    let python_code = files.iter().any(|path| paths::extension(path) == "py");
    found.is.entry("python").and_modify(|is| *is |= python_code);
    found.is.insert("git", found.root.contains(".git") || found.root.contains(".gitignore"));
    let venv = |dir: &String| context.is_file(&paths::join(dir, "venv/pyvenv.cfg").unwrap_or_default());
    found.is.insert("venv", std::iter::once(&String::new()).chain(&directories(context)).any(venv));
    found.docker =
        found.root.iter().filter(|name| left_out::is_docker(name) && context.is_file(name)).cloned().collect();
    // It will be there.
    if !found.root.contains(".dockerignore") {
        found.docker.insert(0, ".dockerignore".to_owned());
    }
    found.env = env_files(context, &found);
    let secrets = secrets(context, tracked);
    found.secrets = secrets.iter().map(|secret| secret.path.clone()).collect();
    Survey { found, secrets }
}

/// Manifests, settings of tools and code near the root, by the index or by looking.
fn files(context: &Context, tracked: Option<&Tracked>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for dir in std::iter::once(String::new()).chain(directories(context)) {
        let entries = &context.list(&dir).entries;
        let names = entries.iter().filter(|entry| entry.kind == EntryKind::File).map(|entry| entry.name.as_str());
        all.extend(names.filter_map(|name| paths::join(&dir, name)));
    }
    if let Some(tracked) = tracked {
        let is_manifest = |path: &&String| {
            let name = paths::name(path);
            ECOSYSTEMS.iter().any(|(_, names)| names.iter().any(|own| glob::matches(own, name)))
                && !path.split('/').any(|part| ASIDE.contains(&part))
        };
        all.extend(tracked.paths().iter().filter(is_manifest).cloned());
    }
    all.sort_by_key(|path| (path.matches('/').count(), path.clone()));
    all.dedup();
    all
}

/// Directories at the root, and in these, in which an application may stand.
fn directories(context: &Context) -> Vec<String> {
    let below = |dir: &str| -> Vec<String> {
        let entries = &context.list(dir).entries;
        let dirs =
            entries.iter().filter(|entry| entry.kind == EntryKind::Directory && !ASIDE.contains(&entry.name.as_str()));
        dirs.filter(|entry| !entry.name.starts_with('.')).filter_map(|entry| paths::join(dir, &entry.name)).collect()
    };
    let first = below("");
    let second: Vec<String> = first.iter().take(MOST_DIRS / 5).flat_map(|dir| below(dir)).collect();
    first.into_iter().chain(second).take(MOST_DIRS).collect()
}

fn tools(context: &Context, files: &[String]) -> BTreeMap<&'static str, bool> {
    let says = |path: &&String| {
        let name = paths::name(path);
        matches!(
            name,
            "package.json"
                | "pyproject.toml"
                | "setup.cfg"
                | "setup.py"
                | "tox.ini"
                | "noxfile.py"
                | "Pipfile"
                | "Gemfile"
                | "environment.yml"
        ) || (name.starts_with("requirements") && paths::extension(name) == "txt")
            || (name.ends_with("requirements.txt"))
    };
    let texts: Vec<_> = files.iter().filter(says).take(MOST_READ).filter_map(|path| context.read(path).ok()).collect();
    let there = |name: &str| files.iter().any(|path| paths::name(path) == name);
    let mut uses: BTreeMap<&'static str, bool> = TOOLS
        .iter()
        .map(|(tool, names)| (*tool, texts.iter().any(|text| names.iter().any(|name| text.text.contains(name)))))
        .collect();
    for (tool, file) in [("pnpm", "pnpm-lock.yaml"), ("yarn", "yarn.lock"), ("tox", "tox.ini"), ("nox", "noxfile.py")] {
        uses.insert(tool, there(file) || uses.get(tool).is_some_and(|is| *is && tool == "pnpm"));
    }
    uses
}

/// Environment files at the root; and where git is told to leave `.env` out, that name for the one to come.
fn env_files(context: &Context, found: &Found) -> Vec<String> {
    let is_env = |name: &&String| {
        let kept = ["example", "sample", "template", "dist", "defaults", "schema", "vault"];
        name.starts_with(".env")
            && (*name == ".env" || name.starts_with(".env."))
            && !kept.iter().any(|word| name.contains(word))
    };
    let mut names: Vec<String> =
        found.root.iter().filter(is_env).filter(|name| context.is_file(name)).cloned().collect();
    let told = context.read(".gitignore").is_ok_and(|source| {
        source.text.lines().any(|line| matches!(line.trim(), ".env" | "/.env" | ".env*" | "*.env" | ".env.*"))
    });
    if told && !names.iter().any(|name| name == ".env") {
        names.insert(0, ".env".to_owned());
    }
    names
}

/// Files near the root that hold credentials. What git tracks is no secret any more.
fn secrets(context: &Context, tracked: Option<&Tracked>) -> Vec<Secret> {
    let mut found = Vec::new();
    let hidden = [".aws", ".ssh", ".kube", ".gcloud"].map(str::to_owned);
    for dir in std::iter::once(String::new()).chain(directories(context)).chain(hidden) {
        for entry in context.list(&dir).entries.iter().filter(|entry| entry.kind == EntryKind::File) {
            let Some(path) = paths::join(&dir, &entry.name) else { continue };
            let holds = |secret: &&SecretName| glob::matches(secret.name, &entry.name) && is_in(context, &path, secret);
            let name = left_out::secret_names().iter().find(holds);
            if let Some(name) = name.filter(|_| tracked.is_none_or(|tracked| tracked.at(&path).is_none())) {
                found.push(Secret { path, what: name.what });
            }
        }
    }
    found
}

/// Whether one of the texts of `secret` stands in the file. `${TOKEN}` is no token.
fn is_in(context: &Context, path: &str, secret: &SecretName) -> bool {
    if secret.holds.is_empty() {
        return true;
    }
    let Ok(source) = context.read(path) else { return false };
    source.text.lines().any(|line| {
        secret
            .holds
            .iter()
            .any(|held| line.find(held).is_some_and(|at| !line[at + held.len()..].trim_start().starts_with("${")))
    })
}
