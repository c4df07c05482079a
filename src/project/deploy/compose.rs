//! Compose files: which services build a Dockerfile, and how they run what it makes.
//!
//! All compose files of a directory are read together, because each may add to a service of another
//! (`compose.override.yaml`, `docker-compose.dev.yml`).

mod fields;

use super::interpolate::{Filled, fill};
use super::said::{Build, Container, Place, Said, Tool};
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::paths;
use crate::project::source::Source;
use crate::project::yaml::Yaml;
use crate::proposal::Evidence;
use fields::{args, command, keys, mounts, ports, probe, tmpfs};
use std::collections::BTreeMap;
use std::rc::Rc;

/// So many files that others include or extend are followed.
const MOST_FILES: usize = 40;
/// So many services are read in one directory.
const MOST_SERVICES: usize = 500;
/// A service that extends one that extends one …
const LONGEST_CHAIN: usize = 8;

/// Whether a file of this name is a compose file.
pub(super) fn is_compose(name: &str) -> bool {
    let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")).unwrap_or_default();
    ["compose", "docker-compose"]
        .iter()
        .any(|start| stem.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_'])))
}

/// What the compose files at `paths` say.
pub(super) fn read(repository: &Context, paths: &[String]) -> (Vec<Build>, Vec<Container>) {
    let files = Files::open(repository, paths);
    let (mut builds, mut containers) = (Vec::new(), Vec::new());
    for (at, file) in files.0.iter().enumerate() {
        let services = file.yaml.get("services").map(Yaml::members).unwrap_or_default();
        for (name, yaml) in services.into_iter().take(MOST_SERVICES) {
            let mut service = Service { name, parts: vec![Part { file, yaml }], namesakes: Vec::new() };
            service.follow(&files);
            let container = service.container();
            // A file that only adds to the running of a service builds nothing of its own.
            if service.get("build").is_some() {
                service.join_namesakes(&files, at);
                builds.extend(service.build(&container));
            }
            containers.push(container);
        }
    }
    (builds, containers)
}

/// One file.
struct File {
    source: Rc<Source>,
    dir: String,
    yaml: Yaml,
    /// What `.env` beside it sets.
    env: Rc<BTreeMap<String, String>>,
}

/// The files of a directory, and those that they name.
struct Files(Vec<File>);

impl Files {
    fn open(repository: &Context, paths: &[String]) -> Self {
        let mut files = Self(Vec::new());
        let mut ahead: Vec<String> = paths.iter().rev().cloned().collect();
        let mut env_of: BTreeMap<String, Rc<BTreeMap<String, String>>> = BTreeMap::new();
        while let Some(path) = ahead.pop() {
            if files.0.len() >= MOST_FILES || files.0.iter().any(|file| file.source.path == path) {
                continue;
            }
            let Some((source, documents)) = super::documents(repository, &path) else { continue };
            let dir = paths::parent(&path).to_owned();
            for yaml in documents.into_iter().take(1) {
                ahead.extend(named_files(&yaml).into_iter().filter_map(|name| paths::join(&dir, &name)));
                let env = env_of.entry(dir.clone()).or_insert_with(|| Rc::new(read_env(repository, &dir)));
                files.0.push(File { source: Rc::clone(&source), dir: dir.clone(), yaml, env: Rc::clone(env) });
            }
        }
        files
    }

    fn find(&self, path: &str) -> Option<&File> {
        self.0.iter().find(|file| file.source.path == path)
    }
}

/// Files that a file includes or extends.
fn named_files(yaml: &Yaml) -> Vec<String> {
    let included = yaml.get("include").into_iter().flat_map(Yaml::itself_or_items).flat_map(|item| {
        let path = item.get("path").unwrap_or(item);
        path.itself_or_items().filter_map(Yaml::as_str).collect::<Vec<_>>()
    });
    let services = yaml.get("services").map(Yaml::members).unwrap_or_default();
    let extended = services.into_iter().filter_map(|(_, service)| service.at_path(&["extends", "file"])?.as_str());
    included.chain(extended).map(str::to_owned).collect()
}

/// A service.
struct Service<'f> {
    name: &'f str,
    /// Its own part, then those that it extends.
    parts: Vec<Part<'f>>,
    /// What other files of the directory say of the service with the same name.
    namesakes: Vec<Part<'f>>,
}

#[derive(Clone, Copy)]
struct Part<'f> {
    file: &'f File,
    yaml: &'f Yaml,
}

impl Part<'_> {
    fn evidence(&self, yaml: &Yaml, fact: impl Into<String>) -> Evidence {
        super::at(&self.file.source, yaml.line, fact)
    }

    /// A text with the values of `.env` and defaults; whoever runs compose may give others.
    fn fill(&self, yaml: &Yaml) -> Option<Filled> {
        yaml.as_str().map(|text| fill(text, &|name| self.file.env.get(name).cloned()))
    }

    fn said(&self, yaml: &Yaml, fact: &str) -> Option<Said> {
        let Filled { text, literal } = self.fill(yaml)?;
        let evidence = self.evidence(yaml, format!("{fact} `{text}`"));
        Some(Said { text, literal, evidence })
    }
}

/// A text that may hold secrets (commands, arguments): of its variables only defaults are filled in.
fn filled(yaml: &Yaml) -> Option<Filled> {
    yaml.as_str().map(|text| fill(text, &|_| None))
}

/// The `.env` in `dir`, which compose reads by itself.
fn read_env(repository: &Context, dir: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let source = paths::join(dir, ".env").and_then(|path| repository.find(&path));
    let lines = source.as_ref().map(|source| source.text.lines()).into_iter().flatten();
    for line in lines.map(str::trim).filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else { continue };
        let value = value.trim();
        let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
        let filled = match (quoted('\''), quoted('"')) {
            (Some(value), _) => Filled { text: value.to_owned(), literal: true },
            (_, Some(value)) => fill(value, &|name| values.get(name).cloned()),
            _ => fill(value.split(" #").next().unwrap_or(value).trim_end(), &|name| values.get(name).cloned()),
        };
        if filled.literal {
            values.insert(name.trim().to_owned(), filled.text);
        }
    }
    values
}

impl<'f> Service<'f> {
    /// Adds what the service extends.
    fn follow(&mut self, files: &'f Files) {
        while let Some(last) = self.parts.last().copied()
            && self.parts.len() < LONGEST_CHAIN
            && let Some(extends) = last.yaml.get("extends")
        {
            let Some(name) = extends.as_str().or_else(|| extends.get("service")?.as_str()) else { return };
            let file = match extends.get("file").and_then(Yaml::as_str) {
                Some(path) => paths::join(&last.file.dir, path).and_then(|path| files.find(&path)),
                None => Some(last.file),
            };
            let Some((file, yaml)) = file.and_then(|file| Some((file, file.yaml.at_path(&["services", name])?))) else {
                return;
            };
            self.parts.push(Part { file, yaml });
        }
    }

    fn join_namesakes(&mut self, files: &'f Files, own: usize) {
        let dir = &files.0[own].dir;
        for (at, file) in files.0.iter().enumerate() {
            if at != own
                && file.dir == *dir
                && let Some(yaml) = file.yaml.at_path(&["services", self.name])
            {
                self.namesakes.push(Part { file, yaml });
            }
        }
    }

    /// The first part that says something of `key`.
    fn get(&self, key: &str) -> Option<(Part<'f>, &'f Yaml)> {
        self.parts.iter().find_map(|part| Some((*part, part.yaml.get(key)?)))
    }

    /// All that the parts say of `key`.
    fn all(&self, key: &'static str) -> impl Iterator<Item = (Part<'f>, &'f Yaml)> {
        self.parts.iter().filter_map(move |part| Some((*part, part.yaml.get(key)?)))
    }

    fn said(&self, key: &str, fact: &str) -> Option<Said> {
        let (part, yaml) = self.get(key)?;
        part.said(yaml, fact)
    }

    fn build(&self, container: &Container) -> Option<Build> {
        let (own, build) = self.get("build")?;
        let builds: Vec<_> = self.all("build").collect();
        let field = |key: &str| in_builds(&builds, key);
        // What an override does not say of the place is said by the file that it overrides.
        let namesakes: Vec<_> =
            self.namesakes.iter().filter_map(|part| Some((*part, part.yaml.get("build")?))).collect();
        let (context, dockerfile) = match (field("context"), in_builds(&namesakes, "context")) {
            (None, Some(context)) => {
                (Some(context), field("dockerfile").or_else(|| in_builds(&namesakes, "dockerfile")))
            }
            (own, _) => (own, field("dockerfile")),
        };
        if field("dockerfile_inline").is_some() && dockerfile.is_none() {
            return None;
        }
        let evidence = own.evidence(build, format!("the service `{}` is built", self.name));
        let (context, context_evidence) = match context {
            Some((part, yaml)) => {
                let Filled { text, literal } = part.fill(yaml)?;
                let shown = part.evidence(yaml, format!("the service `{}` is built from `{text}`", self.name));
                (Place::new(&part.file.dir, &text, literal), shown)
            }
            None => (Place::Inside(own.file.dir.clone()), evidence.clone()),
        };
        let dockerfile = match dockerfile.and_then(|(part, yaml)| part.fill(yaml)) {
            Some(Filled { text, literal }) => context.join(&text, literal),
            None => context.join("Dockerfile", true),
        };
        let list = |key: &str, fact: &str| {
            let (part, yaml) = field(key)?;
            Some(yaml.itself_or_items().filter_map(|item| part.said(item, fact)).collect::<Vec<_>>())
        };
        let images = container.image.clone().into_iter().chain(list("tags", "the image is").unwrap_or_default());
        Some(Build {
            tool: Tool::Compose,
            name: self.name.to_owned(),
            evidence,
            context,
            context_evidence,
            dockerfile,
            target: field("target").and_then(|(part, yaml)| part.said(yaml, "the target is")),
            args: builds.iter().flat_map(|(part, yaml)| args(*part, yaml.get("args"))).collect(),
            platforms: list("platforms", "builds for").unwrap_or_default(),
            named_contexts: field("additional_contexts")
                .map(|(part, yaml)| keys(part, yaml, "gives the build context"))
                .unwrap_or_default(),
            images: images.collect(),
            builder: Some(Builder::Buildkit),
        })
    }

    fn container(&self) -> Container {
        let own = self.parts[0];
        let evidence = own.evidence(own.yaml, format!("the service `{}`", self.name));
        let mut container = Container::new(Tool::Compose, self.name, evidence);
        container.image = self.said("image", "the image is");
        container.user = self.said("user", "runs as");
        container.workdir = self.said("working_dir", "starts in");
        container.platform = self.said("platform", "runs on");
        container.entrypoint = self.get("entrypoint").map(|(part, yaml)| command(part, yaml, "entrypoint"));
        container.command = self.get("command").map(|(part, yaml)| command(part, yaml, "command"));
        container.environment =
            self.all("environment").flat_map(|(part, yaml)| keys(part, yaml, "sets the variable")).collect();
        container.ports = self.all("ports").flat_map(|(part, yaml)| ports(part, yaml)).collect();
        container.mounts = self.all("volumes").flat_map(|(part, yaml)| mounts(part, yaml)).collect();
        container.mounts.extend(self.all("tmpfs").flat_map(|(part, yaml)| tmpfs(part, yaml)));
        container.probes = self.get("healthcheck").and_then(|(part, yaml)| probe(part, yaml)).into_iter().collect();
        container.privileges = self.privileges();
        let locked = self.get("read_only").filter(|(_, yaml)| yaml.as_bool() == Some(true));
        container.read_only = locked.map(|(part, yaml)| part.evidence(yaml, "the image's files cannot be written"));
        container
    }

    fn privileges(&self) -> Vec<Said> {
        let flag = self.get("privileged").filter(|(_, yaml)| yaml.as_bool() == Some(true));
        let flag = flag.map(|(part, yaml)| Said {
            text: "privileged".to_owned(),
            literal: true,
            evidence: part.evidence(yaml, "runs privileged"),
        });
        let lists = [
            ("cap_add", "has the capability"),
            ("devices", "uses the device"),
            ("group_add", "is in the group"),
            ("security_opt", "has the security option"),
        ];
        let listed = lists.into_iter().flat_map(|(key, fact)| {
            let items = self.all(key).flat_map(|(part, yaml)| yaml.items().map(move |item| (part, item)));
            items.filter_map(move |(part, item)| part.said(item, fact)).collect::<Vec<_>>()
        });
        let host = ["network_mode", "pid", "ipc", "userns_mode"].into_iter().filter_map(|key| {
            let said = self.said(key, &format!("{key} is"))?;
            (said.text == "host").then_some(said)
        });
        flag.into_iter().chain(listed).chain(host).collect()
    }
}

/// The first of `builds` that says something of `key`; a text alone is the context.
fn in_builds<'f>(builds: &[(Part<'f>, &'f Yaml)], key: &str) -> Option<(Part<'f>, &'f Yaml)> {
    builds.iter().find_map(|(part, yaml)| match yaml.as_str() {
        Some(_) => (key == "context").then_some((*part, *yaml)),
        None => Some((*part, yaml.get(key)?)),
    })
}
