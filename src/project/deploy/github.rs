//! GitHub workflows: actions that build images, and `run` steps that do.

use super::command::{self, Lines};
use super::expression::Values;
use super::interpolate::Filled;
use super::said::{Arg, Build, Place, Said, Tool};
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::source::Source;
use crate::project::yaml::Yaml;
use crate::proposal::Evidence;

/// What the workflow at `path` builds.
pub(super) fn read(repository: &Context, path: &str) -> Vec<Build> {
    // Most workflows build nothing, and reading them would be the dearest part.
    let worth = |text: &str| text.contains("build-push-action") || text.contains("kaniko") || command::may_build(text);
    if !repository.find(path).is_some_and(|source| worth(&source.text)) {
        return Vec::new();
    }
    let Some((source, documents)) = super::documents(repository, path) else { return Vec::new() };
    let Some(workflow) = documents.first() else { return Vec::new() };
    let mut builds = Vec::new();
    for (name, job) in workflow.get("jobs").map(Yaml::members).unwrap_or_default() {
        for values in Values::of_matrix(job.at_path(&["strategy", "matrix"]), &source.text) {
            let values = values.with_env(workflow.get("env")).with_env(job.get("env"));
            let job = Job { repository, source: &source, workflow, name, yaml: job, values };
            for build in job.builds() {
                if !builds.contains(&build) {
                    builds.push(build);
                }
            }
        }
    }
    builds
}

/// A job, with one choice of its matrix.
struct Job<'a> {
    repository: &'a Context,
    source: &'a Source,
    workflow: &'a Yaml,
    name: &'a str,
    yaml: &'a Yaml,
    values: Values,
}

impl Job<'_> {
    fn builds(&self) -> Vec<Build> {
        let steps = self.yaml.get("steps").into_iter().flat_map(Yaml::items);
        steps.flat_map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &Yaml) -> Vec<Build> {
        if let Some(run) = step.get("run") {
            return self.run(step, run);
        }
        let Some(uses) = step.get("uses") else { return Vec::new() };
        let Some(action) = uses.as_str() else { return Vec::new() };
        let builder = match action.split('@').next().unwrap_or(action) {
            name if name.contains("kaniko") => Builder::Kaniko,
            name if name.contains("buildah") => Builder::Podman,
            name if name.ends_with("build-push-action") => Builder::Buildkit,
            _ => return Vec::new(),
        };
        let step = Step { job: self, action, uses, with: step.get("with"), builder };
        vec![step.build()]
    }

    fn run(&self, step: &Yaml, run: &Yaml) -> Vec<Build> {
        let Some(text) = run.as_str().filter(|text| command::may_build(text)) else { return Vec::new() };
        let values = self.values.with_env(step.get("env"));
        let dir = [step.get("working-directory"), Self::default_dir(self.yaml), Self::default_dir(self.workflow)];
        let cwd = match dir.into_iter().flatten().next().and_then(Yaml::as_str) {
            Some(dir) => {
                let Filled { text, literal } = values.fill(dir);
                Place::new("", &text, literal)
            }
            None => Place::Inside(String::new()),
        };
        let lines = Lines {
            tool: Tool::GithubActions,
            name: self.name,
            text: &values.fill_script(text),
            value: &|name| values.env(name),
            at: &|line, fact| super::at(self.source, run.first_text_line() + line, fact),
            repository: self.repository,
        };
        lines.builds(&cwd).0
    }

    fn default_dir(of: &Yaml) -> Option<&Yaml> {
        of.at_path(&["defaults", "run", "working-directory"])
    }
}

/// A step that uses an action.
struct Step<'a> {
    job: &'a Job<'a>,
    action: &'a str,
    uses: &'a Yaml,
    with: Option<&'a Yaml>,
    builder: Builder,
}

impl Step<'_> {
    fn build(&self) -> Build {
        let evidence =
            super::at(self.job.source, self.uses.line, format!("`{}` runs `{}`", self.job.name, self.action));
        let (context, context_evidence) = match self.input(&["context", "path"]) {
            Some(said) => {
                // `{{defaultContext}}:dir` is a directory of the repository as it was pushed.
                let text = said.text.replace("{{defaultContext}}:", "").replace("{{defaultContext}}", ".");
                (Place::new("", &text, said.literal), said.evidence)
            }
            None => (Place::Inside(String::new()), evidence.clone()),
        };
        // Not below the context, but from where the action runs; unlike compose.
        let dockerfile = match self.input(&["file", "dockerfile", "dockerfiles", "containerfiles"]) {
            Some(said) => {
                let here = Place::new("", said.text.trim(), said.literal);
                let there = context.join(said.text.trim(), said.literal);
                let exists = |place: &Place| place.path().is_some_and(|path| self.job.repository.is_file(path));
                if !exists(&here) && exists(&there) { there } else { here }
            }
            None => context.join("Dockerfile", true),
        };
        Build {
            tool: Tool::GithubActions,
            name: self.job.name.to_owned(),
            evidence,
            context,
            context_evidence,
            dockerfile,
            target: self.input(&["target"]).filter(|said| !said.text.is_empty()),
            args: self.list(&["build-args", "build_args"], false).into_iter().map(arg).collect(),
            platforms: self.list(&["platforms", "platform"], true),
            named_contexts: self.list(&["build-contexts"], false).into_iter().map(before_equals).collect(),
            images: self.list(&["tags", "image"], true),
            builder: Some(self.builder),
        }
    }

    fn input(&self, names: &[&str]) -> Option<Said> {
        let (name, yaml) = names.iter().find_map(|name| Some((name, self.with?.get(name)?)))?;
        let Filled { text, literal } = self.job.values.fill(yaml.as_str()?);
        let evidence = super::at(self.job.source, yaml.line, format!("{name}: {}", text.trim()));
        Some(Said { text, literal, evidence })
    }

    /// An input of several lines, or with commas.
    fn list(&self, names: &[&str], commas: bool) -> Vec<Said> {
        let found = names.iter().find_map(|name| Some((name, self.with?.get(name)?)));
        let Some((name, yaml)) = found else { return Vec::new() };
        let mut all = Vec::new();
        for (line, text) in yaml.as_str().unwrap_or_default().lines().enumerate() {
            let parts: Vec<&str> = if commas { text.split(',').collect() } else { vec![text] };
            for part in parts.into_iter().map(str::trim).filter(|part| !part.is_empty()) {
                let Filled { text, literal } = self.job.values.fill(part);
                let at = super::at(self.job.source, yaml.first_text_line() + line, format!("{name}: {text}"));
                all.push(Said { text, literal, evidence: at });
            }
        }
        all
    }
}

fn arg(said: Said) -> Arg {
    let name = said.text.split('=').next().unwrap_or_default();
    let evidence = Evidence { fact: format!("gives the build argument `{name}`"), ..said.evidence };
    // The name is known even where the value is not.
    Arg::parse(&said.text, said.literal, evidence)
}

fn before_equals(said: Said) -> Said {
    let text = said.text.split('=').next().unwrap_or_default().to_owned();
    Said { literal: !text.contains("${{"), text, ..said }
}
