//! What of the build a Go program needs beside it: the files that it may open.
//!
//! Only files that are no Go code and no part of how the project is built can be opened at run time. Where there are
//! none, the program alone is copied; where they are few, they are; else the whole directory is.

use super::sort::Sorted;
use super::{App, Built, No};
use crate::dockerfile::{Args, Keyword};
use crate::image::clean;
use crate::project::finding::evidence;
use crate::project::go::calls::Use;
use crate::project::go::code::Conditions;
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// Paths to copy, each to itself.
pub(super) struct Copied {
    pub paths: Vec<String>,
    pub evidence: Vec<Evidence>,
}

/// More single paths than this are not easier to read than their directory.
const MOST: usize = 6;

impl App<'_> {
    /// What to copy from the build.
    pub(super) fn copies(&self, sorted: &Sorted) -> Result<Copied, No> {
        let mut outputs: Vec<String> = Vec::new();
        for program in &self.programs {
            if !outputs.contains(&program.output) {
                outputs.push(program.output.clone());
            }
        }
        let (files, complete) = self.brought();
        let opened: Vec<&(String, String)> = files.iter().filter(|(context, _)| self.may_be_opened(context)).collect();
        let inside = |path: &str| path.starts_with(&format!("{}/", self.module));
        let tops: BTreeSet<String> =
            opened.iter().filter(|(_, image)| inside(image)).map(|(_, image)| self.top(image)).collect();
        let whole = sorted.generates || !complete || tops.len() > MOST || tops.contains(&self.module);
        let mut proof = Vec::new();
        let mut paths: Vec<String> = Vec::new();
        if whole && self.module == "/go" {
            return Err(No::because("the module lies among Go's own files, in /go"));
        }
        if whole {
            paths.push(self.module.clone());
            proof.push(self.evidence(format!("{} is copied whole: the program may read any file in it", self.module)));
        } else {
            match opened.len() {
                0 => proof
                    .push(self.evidence("no file is copied that the program could open: Go code and the like only")),
                count => proof.push(evidence(
                    opened[0].0.clone(),
                    None,
                    format!("{count} files that the program may open are copied"),
                )),
            }
            paths.extend(tops);
        }
        let covered = |path: &String| paths.iter().any(|tree| path.starts_with(&format!("{tree}/")));
        let outputs: Vec<String> = outputs.into_iter().filter(|output| !covered(output)).collect();
        paths.splice(0..0, outputs);
        Ok(Copied { paths, evidence: proof })
    }

    /// The files that COPYs of the build bring: in the context, and in the image. `false` when they may be more.
    fn brought(&self) -> (Vec<(String, String)>, bool) {
        let (case, context) = (self.case, self.case.cx.project.context());
        let (mut all, mut complete) = (Vec::new(), true);
        for copy in &case.stage.instructions {
            if !matches!(copy.keyword, Keyword::Copy | Keyword::Add) {
                continue;
            }
            let (Args::Words(words) | Args::Json(words)) = &copy.args else { continue };
            let here = case.stage.state_before(copy);
            let expanded: Option<Vec<String>> =
                words.iter().map(|word| here.expand(&word.value, case.cx.file.escape())).collect();
            let (Some(expanded), Some(workdir)) = (expanded, here.workdir().value()) else {
                complete = false;
                continue;
            };
            let Some((target, sources)) = expanded.split_last() else { continue };
            let dir = if target.starts_with('/') { clean(target) } else { clean(&format!("{workdir}/{target}")) };
            for source in sources {
                if source.contains("://") || source.contains("<<") {
                    complete = false;
                    continue;
                }
                let found = context.copy_source(source);
                let is_file =
                    found.roots.len() == 1 && !found.roots[0].directory && sources.len() == 1 && !target.ends_with('/');
                let is_file = is_file && dir != workdir;
                let (files, all_seen) = context.copied_files(&found);
                complete &= all_seen;
                for file in files {
                    let image =
                        if is_file { dir.clone() } else { format!("{}/{}", dir.trim_end_matches('/'), file.inside) };
                    all.push((file.path, image));
                }
            }
        }
        (all, complete)
    }

    /// Whether a path of the image is a file that the context brings.
    pub(super) fn is_brought(&self, path: &str) -> bool {
        self.brought().0.iter().any(|(_, image)| image == path)
    }

    /// The file or directory right below the module that `path` lies in.
    fn top(&self, path: &str) -> String {
        let below = path[self.module.len()..].trim_start_matches('/');
        let first = below.split('/').next().unwrap_or(below);
        format!("{}/{first}", self.module)
    }

    /// Whether the program may open a file of the context when it runs.
    fn may_be_opened(&self, path: &str) -> bool {
        let inside = paths::below(self.go.dir(), path).unwrap_or(path);
        if self.is_read(inside) {
            return true;
        }
        !(is_code(inside) || is_about_project(inside) || self.is_embedded(path))
    }

    /// Whether the code opens just this file, or a directory that it lies in.
    fn is_read(&self, inside: &str) -> bool {
        self.reads().any(|value| {
            let value = value.trim_start_matches("./").trim_end_matches('/');
            !value.is_empty() && paths::below(value, inside).is_some()
        })
    }

    fn reads(&self) -> impl Iterator<Item = &str> {
        let dirs: Vec<BTreeSet<String>> = self.programs.iter().map(|program| self.reached(program)).collect();
        let found =
            self.go.code().found.iter().filter(move |found| dirs.iter().any(|dirs| dirs.contains(&found.package)));
        found
            .filter(|found| matches!(found.what, Use::Reads | Use::Database))
            .filter_map(|found| found.value.as_deref())
    }

    /// Whether the program carries a file inside it, and opens nothing by a name that only the run knows.
    fn is_embedded(&self, path: &str) -> bool {
        let computed = self.go.code().found.iter().any(|found| found.what == Use::Reads && found.value.is_none());
        !computed
            && self.programs.iter().any(|program| {
                let embeds = self.go.embeds(&program.build, &program.package);
                embeds.iter().flat_map(|embed| &embed.paths).any(|embedded| paths::below(embedded, path).is_some())
            })
    }

    pub(super) fn reached(&self, program: &Built) -> BTreeSet<String> {
        self.go.reached(&program.package, Conditions { tags: &program.build.tags, cgo: program.build.cgo })
    }
}

/// Go code and the C code beside it, and what only the Go command reads.
fn is_code(path: &str) -> bool {
    let name = paths::name(path);
    let is_source = |(_, ending): (&str, &str)| {
        matches!(ending, "go" | "c" | "cc" | "cpp" | "cxx" | "h" | "hh" | "hpp" | "s" | "S" | "syso")
    };
    name.rsplit_once('.').is_some_and(is_source)
        || matches!(name, "go.mod" | "go.sum" | "go.work" | "go.work.sum" | "tools.go")
        || path.split('/').any(|part| matches!(part, "vendor" | "testdata"))
}

/// What tells of the project, or how it is built, tested and kept.
fn is_about_project(path: &str) -> bool {
    let (name, lower) = (paths::name(path), paths::name(path).to_lowercase());
    let starts = [
        "dockerfile",
        "license",
        "licence",
        "readme",
        "changelog",
        "contributing",
        "makefile",
        "docker-compose",
        "compose.y",
        "jenkinsfile",
        ".golangci",
        ".goreleaser",
        "sonar-project",
    ];
    let first = path.split('/').next().unwrap_or(path);
    starts.iter().any(|start| lower.starts_with(start))
        || lower.strip_suffix(".dockerfile").is_some()
        || matches!(first, ".git" | ".github" | ".gitlab" | ".circleci" | ".vscode" | ".idea" | ".devcontainer")
        || matches!(
            name,
            ".dockerignore"
                | ".gitignore"
                | ".gitattributes"
                | ".gitmodules"
                | ".editorconfig"
                | ".travis.yml"
                | ".gitlab-ci.yml"
                | ".air.toml"
                | ".pre-commit-config.yaml"
                | "renovate.json"
                | "codecov.yml"
                | ".DS_Store"
                | ".env.example"
                | "Procfile"
                | "Vagrantfile"
                | "CODEOWNERS"
        )
        || lower.strip_suffix(".md").is_some()
}
