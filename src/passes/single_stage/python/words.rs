//! Words in the files of the context that tell of a system which the final stage may not have any more.

use crate::project::context::{Context, Step};
use crate::project::files::EntryKind;
use crate::project::paths;

/// The first file that says each.
#[derive(Default)]
pub(super) struct Words {
    /// `gcc`, `g++`, `clang`
    pub compiler: Option<String>,
    /// `git` as a word of a command.
    pub git: Option<String>,
    /// A path into the system's own Python.
    pub system_python: Option<String>,
    /// The file with what the project says of itself.
    pub pyproject: Option<String>,
    /// A library that is looked for by its name.
    pub find_library: Option<String>,
    /// A library under the name that only its headers' package brings: `libgdal.so`.
    pub unversioned: Option<String>,
    /// pip, as a module or a word of a command.
    pub pip: Option<String>,
    /// A change of user with a PATH of its own.
    pub other_path: Option<String>,
}

/// So many files are looked into.
const MOST: usize = 3000;
const ENDINGS: &[&str] = &["cfg", "conf", "cron", "env", "ini", "py", "service", "sh", "toml", "yaml", "yml"];
const ASIDE: &[&str] =
    &[".git", ".github", ".venv", "docs", "doc", "examples", "node_modules", "test", "tests", "venv"];
const OF_SYSTEM: &[&str] = &[
    "/usr/local/bin/celery",
    "/usr/local/bin/flask",
    "/usr/local/bin/gunicorn",
    "/usr/local/bin/pip",
    "/usr/local/bin/python",
    "/usr/local/bin/uvicorn",
    "/usr/local/bin/uwsgi",
    "/usr/local/lib/python",
];

impl Words {
    /// Looks through the code and the settings that are sent to the builder.
    pub(super) fn read(context: &Context) -> Self {
        let mut files = Vec::new();
        context.walk_sent("", |path, kind| {
            let name = paths::name(path);
            match kind {
                EntryKind::Directory | EntryKind::LinkToDirectory if ASIDE.contains(&name) => return Step::Skip,
                EntryKind::File if is_read(name) => files.push(path.to_owned()),
                _ => {}
            }
            if files.len() >= MOST { Step::Stop } else { Step::Enter }
        });
        files.sort();
        let mut words = Self::default();
        for path in files {
            if let Some(source) = context.find(&path) {
                words.look(&path, &source.text);
            }
        }
        words
    }

    fn look(&mut self, path: &str, text: &str) {
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let note = |found: &mut Option<String>, is: bool| {
            if is && found.is_none() {
                *found = Some(path.to_owned());
            }
        };
        let code = [".py", ".sh"].iter().any(|ending| path.ends_with(ending));
        note(&mut self.compiler, code && says(&["gcc", "g++", "clang", "rustc", "\"make\"", "'make'"]));
        note(
            &mut self.git,
            code && says(&["\"git\"", "'git'", "\"git ", "'git ", "import git\n", "from git import", "\ngit "]),
        );
        note(&mut self.pyproject, code && says(&["pyproject"]));
        note(&mut self.pip, says(&["pip ", "\"pip\"", "'pip'", "import pip", "pip3", "pip."]));
        note(&mut self.system_python, says(OF_SYSTEM));
        note(&mut self.find_library, code && says(&["find_library", "django.contrib.gis"]));
        note(&mut self.unversioned, says(&[".so\"", ".so'", ".so\n"]));
        note(
            &mut self.other_path,
            path.strip_suffix(".sh").is_some() && says(&["su - ", "su -l", "sudo ", "crond", "cron ", "runuser"]),
        );
    }
}

fn is_read(name: &str) -> bool {
    match name.rsplit_once('.') {
        Some((_, ending)) => ENDINGS.contains(&ending) && !name.starts_with("test_"),
        None => matches!(name, "Procfile" | "crontab" | "entrypoint" | "start" | "run"),
    }
}
