//! Commands that people and pipelines run in containers of the image: `docker compose exec api npm run migrate`.

use super::{App, No};
use crate::project::context::Context;
use crate::project::node::manifest::DependencyKind;
use crate::project::paths;

/// Directories of a repository in which such commands stand, beside the root and the directory of the Dockerfile.
const DIRS: &[&str] =
    &["", ".circleci", ".github/workflows", "bin", "deploy", "k8s", "kubernetes", "manifests", "scripts"];
/// A file that is longer is not written by hand.
const LONGEST: usize = 200_000;

impl App<'_> {
    /// Whether a file of the repository runs in a container what only a development dependency brings.
    pub(super) fn runs_outside(&self) -> Result<(), No> {
        let project = self.case.cx.project;
        // With a stage for it, it is run there.
        if !project.usage().targets().is_empty() {
            return Ok(());
        }
        let (repository, dir) = project.home();
        for path in told(repository, dir) {
            let Some(source) = repository.find(&path).filter(|source| source.text.len() < LONGEST) else { continue };
            for (at, command) in commands(&source.text) {
                let closure = self.node.runs(&command);
                let brought = |kind: &DependencyKind| *kind == DependencyKind::Development;
                let tools = self.node.tools(&closure);
                let found = tools.iter().find(|tool| tool.package.as_ref().is_some_and(|(_, kind)| brought(kind)));
                if let Some(tool) = found {
                    let name = &tool.command;
                    return Err(No::Because(format!(
                        "{path}:{at} runs {name} in a container, which a development dependency brings"
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Files in which such commands are written.
fn told(repository: &Context, dir: &str) -> Vec<String> {
    let mut found = Vec::new();
    for dir in DIRS.iter().copied().chain((!dir.is_empty()).then_some(dir)) {
        let listing = repository.list(dir);
        let names = listing.entries.iter().map(|entry| entry.name.as_str()).filter(|name| is_told(name));
        found.extend(names.filter_map(|name| paths::join(dir, name)).filter(|path| repository.is_file(path)));
    }
    found
}

fn is_told(name: &str) -> bool {
    const NAMES: &[&str] =
        &["makefile", "gnumakefile", "justfile", "jenkinsfile", "package.json", "readme.md", "readme", "procfile"];
    let lower = name.to_ascii_lowercase();
    NAMES.contains(&lower.as_str())
        || matches!(paths::extension(&lower), "sh" | "yml" | "yaml")
            && !lower.contains("lock")
            && !lower.contains("compose")
}

/// The commands of a package manager that `docker run` and `docker exec` start, with their lines.
fn commands(text: &str) -> Vec<(usize, Vec<String>)> {
    const STARTS: &[&str] = &["npm", "npx", "yarn", "pnpm"];
    const QUOTES: &[char] = &[' ', '"', '\'', ']'];
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        // A job of Kubernetes: `command: ["npx", "sequelize", "db:migrate"]`
        if let Some((key, list)) = line.split_once('[')
            && key.trim_start_matches([' ', '-']).starts_with("command:")
        {
            let words: Vec<String> = list.split(',').map(|word| word.trim_matches(QUOTES).to_owned()).collect();
            found.extend(words.first().is_some_and(|word| STARTS.contains(&word.as_str())).then_some((at + 1, words)));
            continue;
        }
        if !line.contains("docker") && !line.contains("podman") {
            continue;
        }
        let mut whole = line.to_owned();
        while whole.ends_with('\\') {
            whole.pop();
            whole.push_str(lines.next().map_or("", |(_, more)| more));
        }
        for part in whole.split(['&', ';', '|']) {
            let words: Vec<&str> =
                part.split_whitespace().map(|word| word.trim_matches(['"', '\'', '`', ','])).collect();
            let Some(docker) = words.iter().position(|word| {
                let name = paths::name(word);
                name.starts_with("docker") || name.starts_with("podman")
            }) else {
                continue;
            };
            let Some(verb) = words[docker..].iter().position(|word| matches!(*word, "run" | "exec")) else { continue };
            let rest = &words[docker + verb + 1..];
            let Some(start) = rest.iter().position(|word| STARTS.contains(word)) else { continue };
            // `docker run -v .:/app node:20 npm test` takes another image.
            if start == 0 || rest[start - 1].starts_with("node") {
                continue;
            }
            found.push((at + 1, rest[start..].iter().map(|word| (*word).to_owned()).collect()));
        }
    }
    found
}
