//! What the installs of a file bring, and where the code is.

use super::super::runtime::Started;
use super::work::{Step, Work};
use super::{App, No};
use crate::dockerfile::{Args, Keyword};
use crate::image::{Exists, Origin, clean};
use crate::project::paths;
use crate::project::python::deps::Dependencies;
use crate::project::python::install::{Install, Part, Tool};
use std::collections::BTreeSet;

impl App<'_> {
    /// Reads what the installs bring, and where the code is.
    pub(super) fn read_projects(&mut self) -> Result<(), No> {
        let mut dirs: BTreeSet<String> = BTreeSet::new();
        let (mut dependencies, mut projects) = (Vec::new(), Vec::new());
        for (index, step) in self.steps() {
            let Work::Install(install) = &step.work else { continue };
            let line = || self.case.line(self.case.stage.instructions[index]);
            if let Some(why) = self.in_place(install, step) {
                return Err(No::Because(format!("{} {why}", line())));
            }
            if let Some(elsewhere) = &install.elsewhere {
                return Err(No::Because(format!("{} installs into another place ({elsewhere})", line())));
            }
            let dir = install.directory(&|path| self.read_by(index, &step.path(path)?));
            if dir.is_none() {
                return Err(No::Because(format!("{} installs what is not in the build context", line())));
            }
            match self.brought(index, step, install) {
                Some(found) => {
                    dependencies.push(found);
                    dirs.extend(dir);
                }
                None if self.is_full() => {
                    return Err(No::Because(format!("{} installs a project that is not understood", line())));
                }
                None => {}
            }
        }
        dirs.extend(self.copied_dirs());
        if dirs.contains("") && self.case.cx.project.python("").is_some() {
            dirs.retain(String::is_empty);
        }
        projects.extend(dirs.iter().filter_map(|dir| self.case.cx.project.python_code(dir)));
        self.dependencies = dependencies;
        self.projects = projects;
        Ok(())
    }

    /// What `install`, a command of the RUN number `index`, brings.
    pub(super) fn brought(&self, index: usize, step: &Step, install: &Install) -> Option<Dependencies> {
        let resolve = |path: &str| self.read_by(index, &step.path(path)?);
        let python = self.case.cx.project.python_code(&install.directory(&resolve)?)?;
        Some(python.dependencies(install, self.minor, &resolve))
    }

    /// The file of the context that the RUN number `index` sees at `path`: COPY brought it, or the RUN mounts it.
    fn read_by(&self, index: usize, path: &str) -> Option<String> {
        let run = self.case.stage.instructions[index];
        let mounts = run.flags.iter().filter(|flag| flag.name == "mount").filter_map(|flag| flag.value.as_deref());
        let mounted = mounts.filter_map(|mount| {
            let value = |names: [&str; 3]| {
                let pairs = mount.split(',').filter_map(|pair| pair.split_once('='));
                pairs.filter(|(key, _)| names.contains(key)).map(|(_, value)| value).next_back()
            };
            if value(["type", "", ""]).is_some_and(|kind| kind != "bind") || value(["from", "", ""]).is_some() {
                return None;
            }
            let target = value(["target", "dst", "destination"])?;
            let workdir = self.case.stage.state_before(run).workdir().value()?;
            let target =
                clean(&if target.starts_with('/') { target.to_owned() } else { format!("{workdir}/{target}") });
            let source = value(["source", "src", ""]).unwrap_or(".").trim_start_matches("./").trim_start_matches('/');
            let below = if target == path { "" } else { path.strip_prefix(&target)?.strip_prefix('/')? };
            let found = paths::join(source.trim_end_matches('.'), below)?;
            self.case
                .cx
                .project
                .context()
                .is_file(found.trim_end_matches('/'))
                .then(|| found.trim_end_matches('/').to_owned())
        });
        mounted.last().or_else(|| self.context_path(path))
    }

    /// Why a project that is installed stands against a split: what it writes beside its sources, or links to, is lost.
    pub(super) fn in_place(&self, install: &Install, step: &Step) -> Option<String> {
        for part in &install.parts {
            let Part::Project { dir, editable, .. } = part else { continue };
            let file = |name: &str| self.context_path(&step.path(&format!("{dir}/{name}"))?);
            let found = file("pyproject.toml").or_else(|| file("setup.py"))?;
            let python = self.case.cx.project.python(paths::parent(&found))?;
            let backend = python.pyproject().and_then(|project| project.backend.as_ref());
            if *editable && backend.is_none() {
                return Some("installs the project in place by setup.py, which writes beside the sources".to_owned());
            }
            let compiles = |name: &str| {
                ["maturin", "scikit_build", "mesonpy", "setuptools_rust"].iter().any(|one| name.starts_with(one))
            };
            let native = backend.is_some_and(|(name, _)| compiles(name))
                || python.setup().is_some_and(|setup| setup.extensions.is_some());
            if native && (*editable || self.is_full()) {
                return Some("compiles the project itself".to_owned());
            }
        }
        // uv and poetry install the project in place.
        let locked = install.builds_project && install.parts.iter().any(|part| matches!(part, Part::Lock(_)));
        if locked {
            let path = self.context_path(&step.path("pyproject.toml")?)?;
            let text = &self.case.cx.project.context().find(&path)?.text;
            let compiles = [
                "maturin",
                "scikit-build",
                "mesonpy",
                "setuptools-rust",
                "Cython",
                "cython",
                "[tool.poetry.build]",
                "build.py",
            ];
            if compiles.iter().any(|word| text.contains(word)) {
                return Some("may compile the project itself, beside its sources".to_owned());
            }
        }
        (install.tool == Tool::Setup).then(|| "runs setup.py, which writes beside the sources".to_owned())
    }

    /// The directories of the context that COPYs bring.
    pub(super) fn copied_dirs(&self) -> BTreeSet<String> {
        let mut dirs = BTreeSet::new();
        for copy in &self.case.stage.instructions {
            let (Keyword::Copy | Keyword::Add, Args::Words(words) | Args::Json(words), None) =
                (&copy.keyword, &copy.args, copy.flag("from"))
            else {
                continue;
            };
            for word in words.split_last().map_or(&[][..], |(_, sources)| sources) {
                let found = self.case.cx.project.context().copy_source(&word.value);
                dirs.extend(found.roots.into_iter().filter(|root| root.directory).map(|root| root.path));
            }
        }
        dirs
    }

    /// The file of the context that lies at `path` of the image.
    pub(super) fn context_path(&self, path: &str) -> Option<String> {
        match self.case.cx.find_in_stage(self.case.stage.index, path) {
            Exists::Yes(Origin::Context { path, .. }) => Some(path),
            _ => None,
        }
    }

    /// Whether a bare program name means a file that COPY brings.
    pub(super) fn is_of_context(&self, name: &str) -> bool {
        ["/usr/local/bin", "/usr/bin", "/bin"].iter().any(|dir| self.context_path(&format!("{dir}/{name}")).is_some())
    }

    pub(super) fn is_spoken_of(&self, file: &str) -> bool {
        self.projects.iter().any(|python| {
            let scan = python.scan();
            scan.found.iter().any(|found| found.value.as_deref().is_some_and(|value| value.ends_with(file)))
        })
    }

    /// Whether git only fetched packages: no code and no package runs it.
    pub(super) fn needs_git_no_more(&self, started: &[Started]) -> bool {
        const RUN_GIT: &[&str] = &["commitizen", "dulwich", "dvc", "gitpython", "mlflow", "pre-commit", "wandb"];
        let known = self.dependencies.iter().all(|found| found.complete.is_yes());
        let by_package =
            self.dependencies.iter().flat_map(|found| &found.list).any(|one| RUN_GIT.contains(&one.name.as_str()));
        let by_code = self.projects.is_empty() || self.words.git.is_some();
        known && !by_package && !by_code && !started.iter().any(|one| one.name == "git")
    }
}
