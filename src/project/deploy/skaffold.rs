//! `skaffold.yaml`: the artifacts that it builds from Dockerfiles.

use super::said::{Arg, Build, Place, Said, Tool};
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::paths;
use crate::project::source::Source;
use crate::project::yaml::Yaml;

/// Whether a file of this name is skaffold's.
pub(super) fn is_skaffold(name: &str) -> bool {
    name.starts_with("skaffold") && super::is_yaml(name)
}

/// What the file at `path` builds, in all its profiles.
pub(super) fn read(repository: &Context, path: &str) -> Vec<Build> {
    let Some((source, documents)) = super::documents(repository, path) else { return Vec::new() };
    let mut builds = Vec::new();
    for document in &documents {
        let profiles = document.get("profiles").into_iter().flat_map(Yaml::items);
        for build in std::iter::once(document).chain(profiles).filter_map(|part| part.get("build")) {
            let artifacts = build.get("artifacts").into_iter().flat_map(Yaml::items);
            builds.extend(artifacts.filter_map(|artifact| read_artifact(&source, build, artifact)));
        }
    }
    builds
}

fn read_artifact(source: &Source, build: &Yaml, artifact: &Yaml) -> Option<Build> {
    // Other builders need no Dockerfile.
    if ["buildpacks", "jib", "ko", "bazel", "custom"].iter().any(|other| artifact.get(other).is_some()) {
        return None;
    }
    let said = |yaml: &Yaml, fact: &str| {
        let text = yaml.as_str()?.to_owned();
        let evidence = super::at(source, yaml.line, format!("{fact} `{text}`"));
        Some(Said { literal: !text.contains("{{"), text, evidence })
    };
    let image = artifact.get("image").or_else(|| artifact.get("imageName"))?;
    let name = image.as_str().unwrap_or_default();
    let kaniko = artifact.get("kaniko");
    let how = artifact.get("docker").or(kaniko);
    let evidence = super::at(source, image.line, format!("builds `{name}`"));
    let context =
        artifact.get("context").or_else(|| artifact.get("workspace")).and_then(|yaml| said(yaml, "the context is"));
    let dir = paths::parent(&source.path);
    let (context, context_evidence) = match context {
        Some(said) => (Place::new(dir, &said.text, said.literal), said.evidence),
        None => (Place::Inside(dir.to_owned()), evidence.clone()),
    };
    let field = |key: &str| how.and_then(|how| how.get(key));
    let dockerfile = field("dockerfile").and_then(|yaml| said(yaml, "the Dockerfile is"));
    let arg = |(name, value): (&str, &Yaml)| Arg {
        name: name.to_owned(),
        value: value.as_str().filter(|text| !text.contains("{{")).map(str::to_owned),
        evidence: super::at(source, value.line, format!("gives the build argument `{name}`")),
    };
    let platforms = artifact.get("platforms").or_else(|| build.get("platforms"));
    Some(Build {
        tool: Tool::Skaffold,
        name: name.to_owned(),
        dockerfile: dockerfile
            .map_or_else(|| context.join("Dockerfile", true), |said| context.join(&said.text, said.literal)),
        context,
        context_evidence,
        target: field("target").and_then(|yaml| said(yaml, "the target is")),
        args: field("buildArgs").map(Yaml::members).unwrap_or_default().into_iter().map(arg).collect(),
        platforms: platforms.into_iter().flat_map(Yaml::items).filter_map(|yaml| said(yaml, "builds for")).collect(),
        named_contexts: Vec::new(),
        images: said(image, "the image is").into_iter().collect(),
        builder: match build.at_path(&["local", "useBuildkit"]).and_then(Yaml::as_bool) {
            _ if kaniko.is_some() || build.get("cluster").is_some() => Some(Builder::Kaniko),
            Some(true) => Some(Builder::Buildkit),
            Some(false) => Some(Builder::Classic),
            None => None,
        },
        evidence,
    })
}
