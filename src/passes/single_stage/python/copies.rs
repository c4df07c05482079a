//! What becomes of a COPY that stands before the last install.

use super::super::layout::Fate;
use super::App;
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::image::clean;
use crate::project::paths;

impl App<'_> {
    /// Files that only an install reads stay in the build; all others are wanted at run time too.
    pub(super) fn fate_of_copy(&self, index: usize, cut: usize) -> Fate {
        let copy = self.case.stage.instructions[index];
        if copy.flag("from").is_some() {
            return if brings_tool(copy) { Fate::Build } else { Fate::Both };
        }
        let Some((files, target)) = self.manifests(copy) else { return Fate::Both };
        let again = |file: &str| {
            let image = clean(&format!("{target}/{}", paths::name(file)));
            (index + 1..self.case.stage.instructions.len())
                .filter(|later| *later >= cut || self.case.stage.instructions[*later].flag("from").is_none())
                .any(|later| self.brings_all(later, file, &image))
        };
        let of_build = |file: &String| {
            again(file)
                || ((is_list(paths::name(file)) || self.is_for_tools(file)) && !self.is_spoken_of(paths::name(file)))
        };
        if files.iter().all(of_build) { Fate::Build } else { Fate::Both }
    }

    /// The files that a COPY brings, when all of them say what to install; and the directory that they go to.
    fn manifests(&self, copy: &Instruction) -> Option<(Vec<String>, String)> {
        let (sources, target) = self.copied(copy)?;
        let single = sources.len() == 1 && !target.ends_with('/');
        let target = clean(&target);
        let mut files = Vec::new();
        for source in &sources {
            let found = self.case.cx.project.context().copy_source(source);
            if found.roots.is_empty() || found.roots.iter().any(|root| root.directory) {
                return None;
            }
            files.extend(found.roots.into_iter().map(|root| root.path));
        }
        if !files.iter().all(|file| is_manifest(paths::name(file))) {
            return None;
        }
        // `COPY requirements.txt requirements.txt` names the file itself.
        let dir = match target.rsplit_once('/') {
            Some((dir, name)) if single && files.iter().any(|file| paths::name(file) == name) => dir.to_owned(),
            _ => target,
        };
        Some((files, dir))
    }

    /// Sources and absolute target of a COPY from the context, variables filled in.
    fn copied(&self, copy: &Instruction) -> Option<(Vec<String>, String)> {
        let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
        if !copy.heredocs.is_empty() {
            return None;
        }
        let here = self.case.stage.state_before(copy);
        let words: Option<Vec<String>> =
            words.iter().map(|word| here.expand(&word.value, self.case.cx.file.escape())).collect();
        let mut words = words?;
        let target = words.pop()?;
        let target = if target.starts_with('/') { target } else { format!("{}/{target}", here.workdir().value()?) };
        Some((words, target))
    }

    /// Whether the instruction `later` copies a directory that holds `file` so that it lands at `image`.
    fn brings_all(&self, later: usize, file: &str, image: &str) -> bool {
        let copy = self.case.stage.instructions[later];
        if !matches!(copy.keyword, Keyword::Copy | Keyword::Add) || copy.flag("from").is_some() {
            return false;
        }
        let Some((sources, target)) = self.copied(copy) else { return false };
        sources.iter().any(|source| {
            let source = source.trim_start_matches("./").trim_end_matches(['/', '.']);
            let inside = if source.is_empty() { Some(file) } else { paths::below(source, file) };
            inside.is_some_and(|inside| clean(&format!("{target}/{inside}")) == image)
                && self.case.cx.project.context().is_dir(source)
        })
    }
}

impl App<'_> {
    /// Whether a pyproject.toml only speaks to programs that build, check and test.
    fn is_for_tools(&self, file: &str) -> bool {
        const TOOLS: &[&str] = &[
            "bandit",
            "black",
            "coverage",
            "flake8",
            "hatch",
            "isort",
            "mypy",
            "pdm",
            "poetry",
            "pylint",
            "pyright",
            "pytest",
            "ruff",
            "setuptools",
            "setuptools_scm",
            "uv",
        ];
        let Some(source) = self.case.cx.project.context().find(file).filter(|_| paths::name(file) == "pyproject.toml")
        else {
            return false;
        };
        let tables = source.text.lines().filter_map(|line| line.trim().trim_start_matches('[').strip_prefix("tool."));
        let mut names = tables.filter_map(|rest| rest.split(['.', ']']).next());
        names.all(|name| TOOLS.contains(&name)) && self.words.pyproject.is_none()
    }
}

/// `COPY --from=ghcr.io/astral-sh/uv /uv /bin/`
fn brings_tool(copy: &Instruction) -> bool {
    let (Args::Words(words) | Args::Json(words)) = &copy.args else { return false };
    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
    !sources.is_empty() && sources.iter().all(|source| matches!(source.value.as_str(), "/uv" | "/uvx"))
}

/// Files that say what to install.
fn is_manifest(name: &str) -> bool {
    is_list(name) || matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg")
}

/// Those that nothing but an install reads.
fn is_list(name: &str) -> bool {
    let text = [".txt", ".in", ".lock"].iter().any(|ending| name.ends_with(ending));
    (text && (name.contains("requirements") || name.contains("constraints")))
        || matches!(
            name,
            "Pipfile"
                | "Pipfile.lock"
                | "poetry.lock"
                | "uv.lock"
                | "pdm.lock"
                | "pylock.toml"
                | "uv.toml"
                | "poetry.toml"
        )
}
