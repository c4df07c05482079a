//! Which stages' layers end up in an image that somebody pulls.

use super::Cx;
use crate::dockerfile::Args;
use crate::image::{Base, Stage};

/// Whether the layers of `stage` are part of an image that leaves the build: it is the last stage, or a stage that
/// ships starts from it, or nothing in the file uses it, so that it is there for `--target`, or all of it is
/// copied (`COPY --from=build / /`).
pub fn ships(cx: &Cx<'_>, stage: &Stage<'_>) -> bool {
    let is_last = cx.stages.last().is_some_and(|last| last.index == stage.index);
    if is_last || cx.stages.children(stage.index).any(|child| ships(cx, child)) {
        return true;
    }
    let mut used = cx.stages.children(stage.index).next().is_some();
    for later in cx.stages.iter().skip(stage.index + 1) {
        for instruction in &later.instructions {
            let named = |flag| cx.stages.flag_reference(later.index, flag).and_then(|found| found.stage);
            if !instruction.flags.iter().any(|flag| named(flag) == Some(stage.index)) {
                continue;
            }
            used = true;
            if let Args::Words(words) | Args::Json(words) = &instruction.args
                && words
                    .first()
                    .is_some_and(|source| matches!(source.value.as_str(), "/" | "/." | "/*" | "/var" | "/var/"))
            {
                return true;
            }
        }
    }
    !used
}

/// The name of the image that `stage` starts from in the end, as written: `node:20`; empty when there is none.
pub fn root_image<'c>(cx: &'c Cx<'_>, stage: &'c Stage<'_>) -> &'c str {
    match cx.stages.chain(stage).last().map(|root| &root.base) {
        Some(Base::Image(image) | Base::Unknown(image)) => image,
        _ => "",
    }
}

/// Whether `image` is the official image called `name`, of whatever registry mirror.
pub fn is_official(image: &str, name: &str) -> bool {
    let repository = image.split('@').next().unwrap_or_default();
    let repository = match repository.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => repository,
    };
    repository == name
        || repository.strip_suffix(name).is_some_and(|rest| rest == "docker.io/" || rest.ends_with("library/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn official_images_are_told_by_their_repository() {
        for image in
            ["ruby", "ruby:3.2-slim", "docker.io/library/ruby:3", "public.ecr.aws/docker/library/ruby@sha256:0"]
        {
            assert!(is_official(image, "ruby"), "{image}");
        }
        for image in ["jruby:9", "phusion/ruby", "localhost:5000/ruby-app", "ruby-base"] {
            assert!(!is_official(image, "ruby"), "{image}");
        }
    }
}
