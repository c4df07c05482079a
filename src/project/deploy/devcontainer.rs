//! Dev containers: the Dockerfile that `devcontainer.json` names, and who works in it.

use super::said::{Arg, Build, Container, Place, Said, Tool};
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::json::{Dialect, Json};
use crate::project::paths;

/// Whether a file of this name describes a dev container.
pub(super) fn is_devcontainer(name: &str) -> bool {
    matches!(name, "devcontainer.json" | ".devcontainer.json")
}

/// The image that a dev container is built from, and how it is run.
pub(super) fn read(repository: &Context, path: &str) -> (Option<Build>, Option<Container>) {
    let Some(source) = repository.find(path) else { return (None, None) };
    let json = match Json::parse(&source.text, Dialect::Commented) {
        Ok(json) => json,
        Err(error) => {
            repository.warn(path, Some(source.line(error.at)), format!("{}: what it says is not known", error.message));
            return (None, None);
        }
    };
    let said = |json: &Json, fact: &str| {
        let text = json.as_str()?.to_owned();
        let evidence = source.evidence(json.at, format!("{fact} `{text}`"));
        Some(Said { literal: !text.contains("${"), text, evidence })
    };
    let field = |key: &str| json.at_path(&["build", key]);
    let file = field("dockerfile").or_else(|| json.get("dockerFile")).and_then(|json| said(json, "the Dockerfile is"));
    let Some(file) = file else { return (None, None) };
    let dir = paths::parent(path);
    let context = field("context").or_else(|| json.get("context")).and_then(|json| said(json, "the context is"));
    let arg = |(name, value): &(String, Json)| Arg {
        name: name.clone(),
        value: value.as_str().filter(|text| !text.contains("${")).map(str::to_owned),
        evidence: source.evidence(value.at, format!("gives the build argument `{name}`")),
    };
    let build = Build {
        tool: Tool::Devcontainer,
        name: "dev container".to_owned(),
        evidence: file.evidence.clone(),
        context: context
            .as_ref()
            .map_or_else(|| Place::Inside(dir.to_owned()), |said| Place::new(dir, &said.text, said.literal)),
        context_evidence: context.map_or_else(|| file.evidence.clone(), |said| said.evidence),
        dockerfile: Place::new(dir, &file.text, file.literal),
        target: field("target").and_then(|json| said(json, "the target is")),
        args: field("args").map(Json::members).unwrap_or_default().iter().map(arg).collect(),
        platforms: Vec::new(),
        named_contexts: Vec::new(),
        images: vec![Said { text: format!("dev container of {path}"), literal: true, evidence: file.evidence.clone() }],
        builder: Some(Builder::Buildkit),
    };
    let mut container = Container::new(Tool::Devcontainer, "dev container", file.evidence);
    container.image = build.images.first().cloned();
    let user = json.get("remoteUser").or_else(|| json.get("containerUser"));
    container.user = user.and_then(|json| said(json, "works as"));
    (Some(build), Some(container))
}
