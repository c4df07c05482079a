//! Bake files: `docker-bake.hcl`, `docker-bake.json` and their overrides, read together.

use super::hcl;
use super::interpolate::{Filled, fill};
use super::said::{Arg, Build, Place, Said, Tool};
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::json::{Dialect, Json, Value};
use crate::project::paths;
use crate::project::source::Source;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Targets inherit from others, which inherit …
const MOST_PARTS: usize = 32;
/// So many targets are made of one matrix.
const MOST_COMBINATIONS: usize = 64;

/// Whether a file of this name is bake's.
pub(super) fn is_bake(name: &str) -> bool {
    match paths::extension(name) {
        "hcl" => {
            name.starts_with("docker-bake") || name == "bake.hcl" || paths::extension(&name[..name.len() - 4]) == "bake"
        }
        "json" => name.starts_with("docker-bake"),
        _ => false,
    }
}

/// What the bake files at `paths`, which stand in one directory, build.
pub(super) fn read(repository: &Context, paths: &[String]) -> Vec<Build> {
    let files: Vec<File> = paths.iter().filter_map(|path| File::open(repository, path)).collect();
    let bake =
        Bake { dir: paths.first().map_or("", |path| paths::parent(path)), values: values(&files), files: &files };
    bake.builds()
}

struct File {
    source: Rc<Source>,
    json: Json,
}

impl File {
    fn open(repository: &Context, path: &str) -> Option<Self> {
        let source = repository.find(path)?;
        let read = if paths::extension(path) == "json" {
            Json::parse(&source.text, Dialect::Strict)
        } else {
            hcl::parse(&source.text)
        };
        match read {
            Ok(json) => Some(Self { source, json }),
            Err(error) => {
                let message = format!("{}: what it says is not known", error.message);
                repository.warn(path, Some(source.line(error.at)), message);
                None
            }
        }
    }

    fn targets(&self) -> &[(String, Json)] {
        self.json.get("target").map(Json::members).unwrap_or_default()
    }
}

/// The variables' defaults. Whoever runs bake may give others, as with a build argument.
fn values(files: &[File]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for file in files {
        for (name, variable) in file.json.get("variable").map(Json::members).unwrap_or_default() {
            if let Some(default) = variable.get("default").and_then(text) {
                let filled = fill(&default, &|name| values.get(name).cloned());
                if filled.literal {
                    values.insert(name.clone(), filled.text);
                }
            }
        }
    }
    values
}

/// A scalar as text.
fn text(json: &Json) -> Option<String> {
    match &json.value {
        Value::String(text) | Value::Number(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

struct Bake<'f> {
    dir: &'f str,
    values: BTreeMap<String, String>,
    files: &'f [File],
}

/// What one file says of a target.
type Part<'f> = (&'f File, &'f Json);

impl<'f> Bake<'f> {
    fn builds(&self) -> Vec<Build> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.files.iter().flat_map(File::targets) {
            if !names.contains(&name.as_str()) && !self.is_only_inherited(name) {
                names.push(name);
            }
        }
        names.into_iter().flat_map(|name| self.target(name)).collect()
    }

    /// A target that others inherit from, that no group has and that names no file is no build of its own.
    fn is_only_inherited(&self, name: &str) -> bool {
        let holds =
            |list: Option<&Json>| list.is_some_and(|list| list.items().iter().any(|item| item.as_str() == Some(name)));
        let targets = || self.files.iter().flat_map(File::targets);
        let groups = self.files.iter().filter_map(|file| file.json.get("group")).flat_map(Json::members);
        let grouped = groups.into_iter().any(|(_, group)| holds(group.get("targets")));
        let inherited = targets().any(|(_, target)| holds(target.get("inherits")));
        let parts = || targets().filter(|(own, _)| own == name).map(|(_, target)| target);
        let files = |target: &Json| ["context", "dockerfile", "target"].iter().any(|key| target.get(key).is_some());
        name.starts_with('_')
            || (inherited && !grouped && !parts().any(files))
            || parts().any(|part| part.get("dockerfile-inline").is_some())
    }

    /// The parts of a target, those that count first; then what it inherits.
    fn parts(&self, name: &str) -> Vec<Part<'f>> {
        let mut parts: Vec<Part<'f>> = Vec::new();
        let mut ahead = vec![name.to_owned()];
        let mut seen = Vec::new();
        while let Some(name) = ahead.pop() {
            if seen.contains(&name) || parts.len() > MOST_PARTS {
                continue;
            }
            for file in self.files.iter().rev() {
                for (_, target) in file.targets().iter().rev().filter(|(own, _)| *own == name) {
                    parts.push((file, target));
                    let inherited = target.get("inherits").map(Json::items).unwrap_or_default();
                    ahead.extend(inherited.iter().filter_map(Json::as_str).map(str::to_owned));
                }
            }
            seen.push(name);
        }
        parts
    }

    fn target(&self, name: &str) -> Vec<Build> {
        let parts = self.parts(name);
        let matrix = parts.iter().find_map(|(_, target)| target.get("matrix"));
        let mut choices = vec![self.values.clone()];
        for (variable, axis) in matrix.map(Json::members).unwrap_or_default() {
            let with = |values: &BTreeMap<String, String>| {
                let choose = |item: &Json| {
                    let mut values = values.clone();
                    match text(item) {
                        Some(text) => values.insert(variable.clone(), text),
                        None => values.remove(variable),
                    };
                    for (key, value) in item.members() {
                        values.extend(text(value).map(|text| (format!("{variable}.{key}"), text)));
                    }
                    values
                };
                axis.items().iter().map(choose).collect::<Vec<_>>()
            };
            choices = choices.iter().flat_map(with).take(MOST_COMBINATIONS).collect();
        }
        choices.iter().filter_map(|values| Target { bake: self, name, parts: &parts, values }.build()).collect()
    }
}

/// A target, with one choice of its matrix.
struct Target<'a> {
    bake: &'a Bake<'a>,
    name: &'a str,
    parts: &'a [Part<'a>],
    values: &'a BTreeMap<String, String>,
}

impl Target<'_> {
    fn build(&self) -> Option<Build> {
        let (file, own) = self.parts.first()?;
        let evidence = file.source.evidence(own.at, format!("the target `{}`", self.name));
        let (context, context_evidence) = match self.said("context", "the context is") {
            Some(said) => (Place::new(self.bake.dir, &said.text, said.literal), said.evidence),
            None => (Place::Inside(self.bake.dir.to_owned()), evidence.clone()),
        };
        let dockerfile = match self.said("dockerfile", "the Dockerfile is") {
            Some(said) => context.join(&said.text, said.literal),
            None => context.join("Dockerfile", true),
        };
        Some(Build {
            tool: Tool::Bake,
            name: self.name.to_owned(),
            context,
            context_evidence,
            dockerfile,
            target: self.said("target", "the target is"),
            args: self.members("args").map(|(file, name, value)| self.arg(file, name, value)).collect(),
            platforms: self.list("platforms", "builds for"),
            named_contexts: self.members("contexts").map(|(file, name, value)| key(file, name, value)).collect(),
            images: self.list("tags", "the image is"),
            builder: Some(Builder::Buildkit),
            evidence,
        })
    }

    fn fill(&self, text: &str) -> Filled {
        // `${item.name}` is no shell variable.
        let text = self
            .values
            .iter()
            .filter(|(name, _)| name.contains('.'))
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
        fill(&text, &|name| self.values.get(name).cloned())
    }

    fn to_said(&self, file: &File, json: &Json, fact: &str) -> Option<Said> {
        let Filled { text, literal } = self.fill(&text(json)?);
        let evidence = file.source.evidence(json.at, format!("{fact} `{text}`"));
        Some(Said { text, literal, evidence })
    }

    fn said(&self, key: &str, fact: &str) -> Option<Said> {
        let (file, json) = self.parts.iter().find_map(|(file, target)| Some((file, target.get(key)?)))?;
        self.to_said(file, json, fact).filter(|said| !said.text.is_empty())
    }

    fn list(&self, key: &str, fact: &str) -> Vec<Said> {
        let found = self.parts.iter().find_map(|(file, target)| Some((file, target.get(key)?)));
        let Some((file, json)) = found else { return Vec::new() };
        json.items().iter().filter_map(|item| self.to_said(file, item, fact)).collect()
    }

    /// The members of an object in all parts; the first of each name counts.
    fn members<'k>(&'k self, key: &'k str) -> impl Iterator<Item = (&'k File, &'k str, &'k Json)> {
        let mut seen = Vec::new();
        let all = self.parts.iter().flat_map(move |(file, target)| {
            let members = target.get(key).map(Json::members).unwrap_or_default();
            members.iter().map(move |(name, value)| (*file, name.as_str(), value))
        });
        all.filter(move |(_, name, _)| {
            let new = !seen.contains(name);
            seen.push(*name);
            new
        })
    }

    fn arg(&self, file: &File, name: &str, value: &Json) -> Arg {
        let filled = text(value).map(|text| self.fill(&text)).filter(|filled| filled.literal);
        let evidence = file.source.evidence(value.at, format!("gives the build argument `{name}`"));
        Arg { name: name.to_owned(), value: filled.map(|filled| filled.text), evidence }
    }
}

fn key(file: &File, name: &str, value: &Json) -> Said {
    let evidence = file.source.evidence(value.at, format!("gives the build context `{name}`"));
    Said { text: name.to_owned(), literal: true, evidence }
}
