//! `.gitlab-ci.yml`: script lines that build images.

use super::command::{self, Lines};
use super::interpolate::fill;
use super::said::{Build, Place, Tool};
use crate::project::context::Context;
use crate::project::source::Source;
use crate::project::yaml::Yaml;
use std::collections::BTreeMap;

/// So many files that `include: local` names are read.
const MOST_FILES: usize = 20;

/// What the pipeline of the repository builds.
pub(super) fn read(repository: &Context) -> Vec<Build> {
    let mut ahead = vec![".gitlab-ci.yml".to_owned()];
    let (mut builds, mut seen) = (Vec::new(), Vec::new());
    while let Some(path) = ahead.pop() {
        if seen.contains(&path) || seen.len() >= MOST_FILES || !repository.is_file(&path) {
            continue;
        }
        if let Some((source, documents)) = super::documents(repository, &path) {
            // A file may begin with a document of its inputs.
            for pipeline in &documents {
                ahead.extend(included(pipeline));
                if command::may_build(&source.text) {
                    builds.extend(jobs(repository, &source, pipeline));
                }
            }
        }
        seen.push(path);
    }
    builds
}

fn included(pipeline: &Yaml) -> Vec<String> {
    let items = pipeline.get("include").into_iter().flat_map(Yaml::itself_or_items);
    let local = items.filter_map(|item| item.as_str().or_else(|| item.get("local")?.as_str()));
    local.filter(|path| !path.contains("://")).map(|path| path.trim_start_matches('/').to_owned()).collect()
}

fn jobs(repository: &Context, source: &Source, pipeline: &Yaml) -> Vec<Build> {
    let global = variables(pipeline, &BTreeMap::new());
    let mut builds = Vec::new();
    for (name, job) in pipeline.members() {
        let values = variables(job, &global);
        let mut cwd = Place::Inside(String::new());
        for line in ["before_script", "script"].into_iter().filter_map(|key| job.get(key)).flat_map(lines) {
            let Some(text) = line.as_str() else { continue };
            let script = Lines {
                tool: Tool::GitlabCi,
                name,
                text,
                value: &|name| values.get(name).cloned(),
                at: &|offset, fact| super::at(source, line.first_text_line() + offset, fact),
                repository,
            };
            let (found, end) = script.builds(&cwd);
            builds.extend(found);
            cwd = end;
        }
    }
    builds
}

/// The lines of a script; anchors make lists of lists.
fn lines(script: &Yaml) -> Vec<&Yaml> {
    let flat = script.itself_or_items().flat_map(Yaml::itself_or_items);
    flat.flat_map(Yaml::itself_or_items).filter(|line| line.as_str().is_some()).take(1000).collect()
}

fn variables(of: &Yaml, outer: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut values = outer.clone();
    values.insert("CI_PROJECT_DIR".to_owned(), ".".to_owned());
    for (name, value) in of.get("variables").map(Yaml::members).unwrap_or_default() {
        let text = value.as_str().or_else(|| value.get("value")?.as_str());
        let filled = text.map(|text| fill(text, &|name| values.get(name).cloned())).filter(|filled| filled.literal);
        match filled {
            Some(filled) => values.insert(name.to_owned(), filled.text),
            None => values.remove(name),
        };
    }
    values
}
