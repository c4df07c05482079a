//! The parts of an ignore file: handlebars templates, built in or the user's, and what they come to.
//!
//! A part is rendered with what was found in the context; what comes out is comment lines, each of which heads a group
//! of patterns. A group without patterns is nothing.

use handlebars::{Context as Data, Handlebars, Helper, HelperResult, Output, RenderContext};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The built-in ones, in the order in which they stand in the file.
const BUILT_IN: &[(&str, &str)] = &[
    ("version-control", include_str!("../../templates/ignore/version-control.hbs")),
    ("node", include_str!("../../templates/ignore/node.hbs")),
    ("python", include_str!("../../templates/ignore/python.hbs")),
    ("compiled", include_str!("../../templates/ignore/compiled.hbs")),
    ("tests", include_str!("../../templates/ignore/tests.hbs")),
    ("docker", include_str!("../../templates/ignore/docker.hbs")),
    ("ci", include_str!("../../templates/ignore/ci.hbs")),
    ("editors", include_str!("../../templates/ignore/editors.hbs")),
    ("system", include_str!("../../templates/ignore/system.hbs")),
    ("logs", include_str!("../../templates/ignore/logs.hbs")),
    ("environment", include_str!("../../templates/ignore/environment.hbs")),
    ("secrets", include_str!("../../templates/ignore/secrets.hbs")),
];

/// The templates of an ignore file, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(Vec<(String, String)>);

/// What a template may ask.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// Ecosystems: `node`, `python`, …
    #[serde(flatten)]
    pub is: BTreeMap<&'static str, bool>,
    /// Tools: `uses.next`.
    pub uses: BTreeMap<&'static str, bool>,
    /// Dockerfiles, ignore and compose files at the root.
    pub docker: Vec<String>,
    /// Environment files at the root, and what stands for those to come.
    pub env: Vec<String>,
    /// Files that hold credentials.
    pub secrets: Vec<String>,
    /// The names at the root, for `{{there}}`.
    pub root: BTreeSet<String>,
}

/// Patterns under one comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The comment line.
    pub comment: String,
    /// The patterns.
    pub patterns: Vec<String>,
}

/// A template that cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template `{part}`: {message}")]
pub struct BadTemplate {
    /// Its name.
    pub part: String,
    /// What is wrong.
    pub message: String,
}

impl Default for Parts {
    fn default() -> Self {
        Self(BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }
}

impl Parts {
    /// The names of the built-in ones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The same with `text` for the part called `name`: in its place, or as the last one.
    #[must_use]
    pub fn with(mut self, name: &str, text: String) -> Self {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, old)) => *old = text,
            None => self.0.push((name.to_owned(), text)),
        }
        self
    }

    /// What the parts say of what was found. Each pattern comes once.
    pub fn groups(&self, found: &Found) -> Result<Vec<Group>, BadTemplate> {
        let mut engine = Handlebars::new();
        engine.register_escape_fn(handlebars::no_escape);
        engine.register_helper("there", Box::new(there));
        let (mut groups, mut seen) = (Vec::new(), BTreeSet::new());
        for (part, text) in &self.0 {
            let bad = |message: String| BadTemplate { part: part.clone(), message };
            let rendered = engine.render_template(text, found).map_err(|error| bad(error.to_string()))?;
            let mut open: Option<Group> = None;
            for line in rendered.lines().map(str::trim).filter(|line| !line.is_empty()) {
                if line.starts_with('#') {
                    groups.extend(open.replace(Group { comment: line.to_owned(), patterns: Vec::new() }));
                } else if seen.insert(line.to_owned()) {
                    let group =
                        open.get_or_insert_with(|| Group { comment: format!("# {part}"), patterns: Vec::new() });
                    group.patterns.push(line.to_owned());
                }
            }
            groups.extend(open);
        }
        groups.retain(|group| !group.patterns.is_empty());
        Ok(groups)
    }
}

/// `{{there "a" "b"}}`: those of the names that stand at the root of the context, each on a line.
fn there(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    data: &Data,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let root = data.data().get("root").and_then(|root| root.as_array());
    // `cypress/videos` is there when `cypress` is.
    let stands = |name: &str| {
        let first = name.split('/').next().unwrap_or(name);
        root.is_some_and(|root| root.iter().any(|own| own.as_str() == Some(first)))
    };
    for name in helper.params().iter().filter_map(|param| param.value().as_str()).filter(|name| stands(name)) {
        out.write(name)?;
        out.write("\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(groups: &[Group]) -> Vec<String> {
        groups.iter().flat_map(|group| std::iter::once(&group.comment).chain(&group.patterns)).cloned().collect()
    }

    #[test]
    fn parts_say_only_what_was_found() {
        let found =
            Found { root: [".github".to_owned()].into(), docker: vec!["Dockerfile".to_owned()], ..Found::default() };
        let all = lines(&Parts::default().groups(&found).unwrap());
        assert!(all.contains(&".github".to_owned()) && all.contains(&"Dockerfile".to_owned()), "{all:?}");
        for absent in [".git", ".circleci", "**/node_modules", "**/__pycache__", ".env", "# Version control"] {
            assert!(!all.contains(&absent.to_owned()), "{absent}");
        }
    }

    #[test]
    fn users_replace_and_add_parts() {
        let parts =
            Parts::default().with("logs", "# mine\n*.out\n".to_owned()).with("more", "{{#if node}}x{{/if}}".to_owned());
        let found = Found { is: [("node", true)].into(), ..Found::default() };
        let all = lines(&parts.groups(&found).unwrap());
        assert!(
            all.ends_with(&["# mine".to_owned(), "*.out".to_owned(), "# more".to_owned(), "x".to_owned()]),
            "{all:?}"
        );
        assert!(!all.contains(&"**/*.log".to_owned()));
        let error = Parts::default().with("bad", "{{#if}".to_owned()).groups(&found).unwrap_err();
        assert!(error.to_string().starts_with("the template `bad`: "), "{error}");
    }

    #[test]
    fn every_pattern_of_the_built_in_parts_has_a_rule() {
        let yes = |names: &[&'static str]| names.iter().map(|name| (*name, true)).collect::<BTreeMap<_, _>>();
        let texts: String = BUILT_IN.iter().map(|(_, text)| *text).collect();
        let quoted = texts.split('"').skip(1).step_by(2).map(str::to_owned);
        let found = Found {
            is: yes(&["git", "node", "python", "venv", "rust", "gradle", "elixir", "ruby"]),
            uses: texts
                .split("uses.")
                .skip(1)
                .map(|rest| &*String::leak(rest[..rest.find('}').unwrap()].to_owned()))
                .map(|name| (name, true))
                .collect(),
            root: quoted.collect(),
            ..Found::default()
        };
        for group in Parts::default().groups(&found).unwrap() {
            for pattern in group.patterns {
                assert!(
                    crate::project::left_out::rule(&pattern).is_some(),
                    "{pattern} has no rule in facts/dockerignore.yaml"
                );
            }
        }
    }
}
