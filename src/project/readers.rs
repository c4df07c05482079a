//! What in the code of a context tells that it reads git's files, or environment files: by the texts of
//! `facts/dockerignore.yaml`, in every language. A text too many costs a line of an ignore file.

use super::context::{Context, Step};
use super::files::EntryKind;
use super::finding::evidence;
use super::git_index::Tracked;
use super::left_out::{self, Reader};
use super::paths;
use crate::proposal::Evidence;

/// So many files are looked through; more make the answer incomplete.
const MOST_FILES: usize = 4_000;
/// So many bytes of them.
const MOST_BYTES: usize = 24 << 20;
/// What is larger was not written by hand.
const LONGEST: usize = 512 << 10;
/// So many names are seen where git cannot tell the files.
const MOST_NAMES: usize = 10_000;

/// Directories whose code runs in tests only, or is not the project's.
const ASIDE: &[&str] = &[
    "__mocks__",
    "__tests__",
    "cypress",
    "e2e",
    "fixtures",
    "node_modules",
    "spec",
    "test",
    "testdata",
    "tests",
    "vendor",
    ".github",
    ".venv",
    "venv",
    "third_party",
];

/// Endings of programs, of their settings, and of build files.
const CODE: &[&str] = &[
    "astro", "cjs", "clj", "cs", "csproj", "cts", "dart", "ex", "exs", "fs", "gemspec", "go", "gradle", "groovy",
    "java", "jl", "js", "jsx", "kt", "kts", "lua", "mjs", "mts", "php", "pl", "props", "py", "rake", "rb", "rs", "sbt",
    "scala", "svelte", "swift", "targets", "toml", "ts", "tsx", "vue", "zig",
];

/// Build files whose endings say nothing.
const NAMED: &[&str] = &[
    "CMakeLists.txt",
    "Gemfile",
    "go.mod",
    "Pipfile",
    "Procfile",
    "Rakefile",
    "angular.json",
    "build.xml",
    "composer.json",
    "config.yaml",
    "config.yml",
    "hugo.json",
    "hugo.yaml",
    "meson.build",
    "mkdocs.yaml",
    "mkdocs.yml",
    "package.json",
    "pom.xml",
    "project.json",
    "requirements.txt",
    "setup.cfg",
    "_config.yml",
];

/// Lock files name packages that the project does not use itself.
const LOCKS: &[&str] = &["Cargo.lock", "Pipfile.lock", "pdm.lock", "poetry.lock", "uv.lock"];

/// Who reads what; the first place each.
#[derive(Clone, Debug, Default)]
pub struct Readers {
    /// Git's files.
    pub git: Option<Evidence>,
    /// Environment files.
    pub env: Option<Evidence>,
    /// What was looked through.
    pub files: Vec<String>,
    /// Why not all of it was.
    pub gap: Option<String>,
}

impl Readers {
    /// Looks through the code in `context`.
    pub fn read(context: &Context, tracked: Option<&Tracked>) -> Self {
        let (files, gap) = sources(context, tracked);
        let mut readers = Self { gap, ..Self::default() };
        let mut read = 0;
        for path in files {
            let Ok(bytes) = context.bytes(&path) else { continue };
            read += bytes.len();
            if read > MOST_BYTES {
                readers.gap = Some("there is more code than is read".to_owned());
                break;
            }
            if bytes.len() > LONGEST {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes);
            if readers.git.is_none() {
                readers.git = first(&path, &text, left_out::git_readers());
            }
            if readers.env.is_none() {
                readers.env = first(&path, &text, left_out::env_readers());
            }
            readers.files.push(path);
        }
        readers
    }

    /// The first of the files looked through that names `name`.
    pub fn naming(&self, context: &Context, name: &str) -> Option<&str> {
        let names =
            |path: &&String| context.bytes(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(name));
        self.files.iter().find(names).map(String::as_str)
    }
}

/// The first of `readers` whose text stands in the file at `path`.
pub fn first(path: &str, text: &str, readers: &[Reader]) -> Option<Evidence> {
    let name = paths::name(path);
    let concerns = |reader: &&Reader| reader.within.is_empty() || reader.within.iter().any(|part| name.contains(part));
    readers.iter().filter(concerns).find_map(|reader| {
        let at = if reader.text == ".env" { env_file(text) } else { text.find(reader.text) }?;
        let line = text[..at].matches('\n').count() + 1;
        let why = if reader.why.is_empty() { String::new() } else { format!(" {}", reader.why) };
        Some(evidence(path, Some(line), format!("`{}`{why}", reader.text.trim())))
    })
}

/// Where the name of an environment file stands: `.env` and `.env.local`, not `process.env`.
fn env_file(text: &str) -> Option<usize> {
    let is_one = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + 4..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ')' | ']' | '?' | '!'))
            && !after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    };
    text.match_indices(".env").map(|(at, _)| at).find(|&at| is_one(at))
}

/// The files to look through, and why these are not all.
fn sources(context: &Context, tracked: Option<&Tracked>) -> (Vec<String>, Option<String>) {
    let mut files = Vec::new();
    let mut gap = None;
    if let Some(tracked) = tracked {
        let aside = |path: &str| path.split('/').any(|part| ASIDE.contains(&part));
        files.extend(tracked.paths().iter().filter(|path| is_source(path) && !aside(path)).cloned());
    }
    // What is not tracked yet is code all the same; where git cannot tell, all of it is looked for.
    let most = if tracked.is_some() { 1_000 } else { MOST_NAMES };
    let mut seen = 0;
    let complete = context.walk("", |path, kind| {
        seen += 1;
        let name = paths::name(path);
        match kind {
            _ if seen > most => return Step::Stop,
            EntryKind::Directory | EntryKind::LinkToDirectory if ASIDE.contains(&name) => return Step::Skip,
            EntryKind::File if is_source(path) => files.push(path.to_owned()),
            _ => {}
        }
        Step::Enter
    });
    files.sort_by_key(|path| (path.matches('/').count(), path.clone()));
    files.dedup();
    if files.len() > MOST_FILES || (tracked.is_none() && !complete) {
        gap = Some("there is more code than is read".to_owned());
        files.truncate(MOST_FILES);
    }
    (files, gap)
}

fn is_source(path: &str) -> bool {
    let name = paths::name(path);
    let ending = paths::extension(name);
    let is_test = [".test.", ".spec.", "_test."].iter().any(|part| name.contains(part));
    (CODE.contains(&ending) || NAMED.contains(&name) || (name.starts_with("requirements") && ending == "txt"))
        && !is_test
        && !LOCKS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(path: &str, text: &str) -> Readers {
        Readers::read(&Context::from_memory([(path, text)]), None)
    }

    #[test]
    fn readers_of_git_are_found_in_any_language() {
        for (path, text) in [
            ("vite.config.ts", "const rev = execSync('git rev-parse HEAD')"),
            ("pyproject.toml", "requires = [\"setuptools_scm\"]"),
            ("build.rs", "Command::new(\"git\").args([\"describe\"])"),
            ("docs/.vitepress/config.ts", "export default { lastUpdated: true }"),
            ("main.go", "info, _ := debug.ReadBuildInfo()"),
        ] {
            assert!(readers(path, text).git.is_some(), "{path}");
        }
        for (path, text) in
            [("src/post.ts", "post.lastUpdated"), ("a.py", "print('github')"), ("test/a.js", "git rev-parse")]
        {
            assert_eq!(readers(path, text).git, None, "{path}");
        }
    }

    #[test]
    fn readers_of_environment_files_are_not_readers_of_the_environment() {
        for text in ["require('dotenv').config()", "open('.env.local')", "load(\".env\")"] {
            assert!(readers("a.js", text).env.is_some(), "{text}");
        }
        for text in ["process.env.PORT", "import.meta.env.DEV", "config.environment"] {
            assert_eq!(readers("a.js", text).env, None, "{text}");
        }
        assert!(readers("package.json", "{\"dependencies\": {\"next\": \"15\"}}").env.is_some());
    }
}
