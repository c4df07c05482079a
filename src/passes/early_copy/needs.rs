//! What an install reads of the build context.

mod node;
mod python;

use super::copies::Bring;
use super::install;
use super::{No, Proof, Site};
use crate::image::clean;
use crate::passes::Cx;
use crate::passes::commands::Command;
use crate::project::Context;
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::finding::evidence;
use crate::project::paths;
use crate::text::Span;

/// A file or directory of the context that an install reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needed {
    /// In the context.
    pub path: String,
    /// Where the install looks for it.
    pub image: String,
}

/// What an install reads, all of it.
pub(super) struct Needs {
    /// The place of the install among the stage's instructions.
    pub at: usize,
    /// In the order in which they are copied.
    pub files: Vec<Needed>,
    /// Why these are all.
    pub evidence: Proof,
    /// Directories that it makes in the tree and that the context has too.
    pub overlaid: Vec<String>,
    /// Commands that also install the project itself, which takes the sources.
    pub again: Vec<Again>,
}

/// A command that is run without the project itself first, and as it is behind the sources.
#[derive(Clone, Copy)]
pub(super) struct Again {
    pub span: Span,
    /// The option that leaves the project itself out.
    pub option: &'static str,
}

/// What one command reads: paths of the context, and why they are all.
struct Read {
    files: Vec<String>,
    evidence: Proof,
    /// Directories that it makes in the tree, which a later copy must not bring.
    makes: Vec<String>,
    /// The option by which it leaves out what takes all sources.
    option: Option<&'static str>,
}

/// The project that a command installs.
struct Project<'s> {
    site: &'s Site<'s>,
    at: usize,
    command: &'s Command,
    /// The directory of the image that it works in.
    workdir: &'s str,
}

impl Needs {
    pub(super) fn of(site: &Site<'_>, step: &install::Step<'_>) -> Result<Self, No> {
        let flags = step.run.flags.iter().filter_map(|flag| flag.value.as_deref());
        if flags.into_iter().any(|value| value.contains("type=bind")) {
            return Err(No::NotThis);
        }
        let mut needs =
            Self { at: step.at, files: Vec::new(), evidence: Vec::new(), overlaid: Vec::new(), again: Vec::new() };
        for command in &step.installs {
            let workdir = command.workdir.as_deref().ok_or(No::NotThis)?;
            let project = Project { site, at: step.at, command, workdir };
            let (dir, read) = match command.program() {
                Some("go") => go(&project)?,
                Some("npm" | "yarn" | "pnpm" | "bun") => node::read(&project)?,
                _ => python::read(&project)?,
            };
            if let Some(option) = read.option {
                needs.again.push(Again { span: command.span.ok_or(No::NotThis)?, option });
            }
            needs.add(site, &project, &dir, read)?;
        }
        Ok(needs)
    }

    fn add(&mut self, site: &Site<'_>, project: &Project<'_>, dir: &str, read: Read) -> Result<(), No> {
        let context = site.cx.project.context();
        for path in read.files {
            let image = image_of(&path, dir, project.workdir);
            let image = image.ok_or_else(|| No::because(format!("{path} is not copied with the sources")))?;
            // An install may look in several places: where it stands now is one of them.
            let mut places = site
                .brings
                .iter()
                .filter(|bring| bring.index < self.at)
                .filter_map(|bring| bring.lands(context, &path));
            let first = places.next();
            let image = match first {
                Some(first) if first != image && !places.any(|place| place == image) => first,
                _ => image,
            };
            let needed = Needed { path, image };
            if !self.files.contains(&needed) {
                self.files.push(needed);
            }
        }
        let is_there = |path: &&String| context.kind(path).is_some() && context.is_sent(&format!("{path}/x"));
        self.overlaid.extend(read.makes.iter().filter(is_there).cloned());
        self.evidence.extend(read.evidence);
        Ok(())
    }

    /// Whether the install needs all that `bring` brings; what lies beside manifests in a directory of theirs counts as
    /// needed.
    pub(super) fn is_all_of(&self, cx: &Cx<'_>, bring: &Bring<'_>) -> bool {
        let context = cx.project.context();
        bring.roots().all(|root| {
            let whole = self.files.iter().any(|one| paths::below(&one.path, root).is_some());
            let holds_one = || self.files.iter().any(|one| paths::below(root, &one.path).is_some());
            whole || (!root.is_empty() && holds_one() && holds_manifests_only(context, root))
        })
    }
}

/// `requirements/`, with a file for each occasion
fn holds_manifests_only(context: &Context, dir: &str) -> bool {
    const TEXTS: &[&str] = &["txt", "in", "pip", "toml", "lock", "json", "yaml", "yml", "md", "patch"];
    let mut only = true;
    let all = context.walk_sent(dir, |path, kind| {
        only &= kind != EntryKind::File || TEXTS.contains(&paths::extension(path));
        if only { Step::Enter } else { Step::Stop }
    });
    all && only
}

/// Whether what both bring is the same file, so that their order does not matter.
pub(super) fn come_the_same(cx: &Cx<'_>, one: &Bring<'_>, other: &Bring<'_>) -> bool {
    let context = cx.project.context();
    other.roots().all(|root| {
        let place = other.lands(context, root);
        place.is_some_and(|place| one.origin(context, &place).is_none_or(|origin| origin == root))
    })
}

impl Project<'_> {
    /// The directory of the context whose `name` a copy before the install puts into the working directory.
    fn dir_with(&self, name: &str) -> Option<String> {
        let path = self.origin(&clean(&format!("{}/{name}", self.workdir)))?;
        Some(paths::parent(&path).to_owned())
    }

    /// The file of the context that stands at `path` of the image when the install runs.
    fn origin(&self, path: &str) -> Option<String> {
        let context = self.site.cx.project.context();
        let before = self.site.brings.iter().rev().filter(|bring| bring.index < self.at);
        before.into_iter().find_map(|bring| bring.origin(context, path)).filter(|path| context.is_file(path))
    }

    /// Those of `names` in `dir` that are there, and sent to the builder.
    fn existing(&self, dir: &str, names: &[&str]) -> Vec<String> {
        let context = self.site.cx.project.context();
        let there = names.iter().map(|name| joined(dir, name));
        there.filter(|path| context.kind(path).is_some() && context.is_sent(path)).collect()
    }
}

/// Where `path` stands in the image, in which the context's `dir` is `workdir`.
fn image_of(path: &str, dir: &str, workdir: &str) -> Option<String> {
    let (mut dir, mut image) = (dir, workdir.trim_end_matches('/'));
    loop {
        if let Some(below) = paths::below(dir, path) {
            return Some(clean(&format!("{image}/{below}")));
        }
        if dir.is_empty() || image.is_empty() {
            return None;
        }
        dir = paths::parent(dir);
        image = image.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
}

fn joined(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

fn go(project: &Project<'_>) -> Result<(String, Read), No> {
    let dir = project.dir_with("go.mod").ok_or(No::NotThis)?;
    let go = project.site.cx.project.go(&dir).ok_or(No::NotThis)?;
    if go.vendored().is_yes() || go.work().is_some() {
        return Err(No::NotThis);
    }
    let mut files = project.existing(&dir, &["go.mod", "go.sum"]);
    for (module, _) in go.local_modules() {
        let file = joined(&module, "go.mod");
        if !project.site.cx.project.context().is_file(&file) {
            return Err(No::because(format!("go.mod needs the module in {module}, which is not in the build context")));
        }
        files.push(file);
    }
    let proof =
        evidence(joined(&dir, "go.mod"), None, "go mod download reads it, go.sum and local modules' go.mod only");
    Ok((dir, Read { files, evidence: vec![proof], makes: Vec::new(), option: None }))
}
