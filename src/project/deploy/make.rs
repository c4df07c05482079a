//! Makefiles: recipe lines that build images.

use super::command::{self, Lines};
use super::interpolate::fill;
use super::said::{Build, Place, Tool};
use crate::project::context::Context;
use crate::project::paths;
use std::collections::BTreeMap;

/// Whether a file of this name is make's.
pub(super) fn is_makefile(name: &str) -> bool {
    matches!(name, "Makefile" | "makefile" | "GNUmakefile")
}

/// What the rules of the Makefile at `path` build.
pub(super) fn read(repository: &Context, path: &str) -> Vec<Build> {
    let Some(source) = repository.find(path).filter(|source| command::may_build(&source.text)) else {
        return Vec::new();
    };
    let mut values = BTreeMap::new();
    let (mut builds, mut rule) = (Vec::new(), "make".to_owned());
    let mut lines = source.text.lines().enumerate();
    while let Some((line, text)) = lines.next() {
        if let Some(recipe) = text.strip_prefix('\t') {
            let mut script = recipe.trim_start_matches(['@', '-', '+', ' ']).to_owned();
            while script.ends_with('\\') {
                let Some((_, more)) = lines.next() else { break };
                script.push('\n');
                script.push_str(more);
            }
            if !command::may_build(&script) {
                continue;
            }
            // `$(A)` is make's way to write what the shell writes `${A}`; `$$` is the shell's `$`.
            let script = script.replace("$(CURDIR)", ".").replace("$(PWD)", ".");
            let script = braces(&script).replace("$$", "$");
            let lines = Lines {
                tool: Tool::Make,
                name: &rule,
                text: &script,
                value: &|name| values.get(name).cloned(),
                at: &|offset, fact| super::at(&source, line + 1 + offset, fact),
                repository,
            };
            builds.extend(lines.builds(&Place::Inside(paths::parent(path).to_owned())).0);
        } else if let Some((name, value)) = assignment(text) {
            let filled = fill(&braces(value), &|name| values.get(name).cloned());
            if filled.literal && !value.contains("$(shell") {
                values.insert(name.to_owned(), filled.text);
            } else {
                values.remove(name);
            }
        } else if let Some((name, _)) = text.split_once(':')
            && !text.starts_with(['#', ' ', '.'])
        {
            name.trim().clone_into(&mut rule);
        }
    }
    builds
}

/// `$(NAME)` as `${NAME}`; calls of make's functions are no variables.
fn braces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        out.push_str(before);
        let end = after.find(')').unwrap_or(0);
        let is_name = end > 0 && after[..end].chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name {
            out.extend(["${", &after[..end], "}"]);
            rest = &after[end + 1..];
        } else {
            out.push_str("$(");
            rest = after;
        }
    }
    out + rest
}

/// `NAME = value`, `NAME := value`, `NAME ?= value`.
fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end_matches([':', '?']).trim().trim_start_matches("export ");
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some((name, value.split(" #").next().unwrap_or(value).trim()))
}
