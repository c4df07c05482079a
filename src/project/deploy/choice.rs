//! Which directory is the build context of a Dockerfile, and why.
//!
//! In this order: what compose, bake, skaffold or CI files say, if they agree; where the sources of COPY stand; the
//! Dockerfile's own directory. Where these contradict each other, the answer is "unknown".

use super::said::{Build, Place, Tool};
use super::usage::Usage;
use crate::dockerfile::{Args, Dockerfile, Flag, Keyword};
use crate::image::Stages;
use crate::project::context::Context;
use crate::project::dockerignore::Dockerignore;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::BTreeMap;

/// What the instructions of a Dockerfile take from the context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Named files and directories.
    pub named: Vec<Wanted>,
    /// Line of the first instruction that takes the whole context, from 1.
    pub whole: Option<usize>,
}

impl Wants {
    /// Whether nothing is taken, so that it does not matter which directory the context is.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty() && self.whole.is_none()
    }
}

/// Something that COPY, ADD or a bind mount takes from the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The path or pattern in the context.
    pub path: String,
    /// Line of the instruction, from 1.
    pub line: usize,
}

/// So many sources of one Dockerfile are looked for.
const MOST_WANTED: usize = 200;

/// What the instructions of `file` take from the context, as far as it is literal.
pub fn wants(file: &Dockerfile, stages: &Stages<'_>) -> Wants {
    let mut found = Vec::new();
    for stage in stages.iter() {
        for instruction in &stage.instructions {
            let here = stage.state_before(instruction);
            let mut add = |text: &str| {
                if let Some(path) = here.expand(text, file.escape()) {
                    found.push(Wanted { path, line: instruction.first_line });
                }
            };
            match (&instruction.keyword, &instruction.args) {
                (Keyword::Copy | Keyword::Add, Args::Words(words) | Args::Json(words)) => {
                    let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
                    let remote = |text: &str| text.contains("://") || text.starts_with("git@") || text.contains("<<");
                    if instruction.flag("from").is_none() {
                        sources.iter().filter(|word| !remote(&word.value)).for_each(|word| add(&word.value));
                    }
                }
                (Keyword::Run, _) => {
                    instruction.flags.iter().filter_map(Flag::bind_source).for_each(&mut add);
                }
                _ => {}
            }
        }
    }
    // The whole context is there wherever it is.
    let is_whole = |wanted: &Wanted| paths::clean(&wanted.path).is_some_and(|path| matches!(path.as_str(), "" | "*"));
    let whole = found.iter().find(|wanted| is_whole(wanted)).map(|wanted| wanted.line);
    found.retain(|wanted| paths::clean(&wanted.path).is_some() && !is_whole(wanted));
    found.truncate(MOST_WANTED);
    Wants { named: found, whole }
}

/// The build context of the Dockerfile of `usage`, in the repository.
pub fn context_of(usage: &Usage, repository: &Context, wants: &Wants) -> Finding<String> {
    let search = Search {
        dockerfile: &usage.dockerfile,
        // What an ignore file leaves out stands there nonetheless.
        files: repository.with_dockerignore(Dockerignore::default()),
        wants,
    };
    let told = told(&usage.builds);
    match told.as_slice() {
        [] => match usage.builds.first() {
            Some(build) => search.find(Some(build)),
            None => search.find(None),
        },
        [(dir, evidence)] => Finding::known(dir.clone(), [evidence.clone()]),
        several => search.decide(several),
    }
}

/// The contexts that builds name, each once; those of dev containers only when there is no other.
fn told(builds: &[Build]) -> Vec<(String, Evidence)> {
    let of = |wanted: fn(&Build) -> bool| {
        let mut dirs = BTreeMap::new();
        for build in builds.iter().filter(|build| wanted(build)) {
            if let Place::Inside(dir) = &build.context {
                dirs.entry(dir.clone()).or_insert_with(|| build.context_evidence.clone());
            }
        }
        dirs.into_iter().collect::<Vec<_>>()
    };
    let main = of(|build| build.tool != Tool::Devcontainer);
    if main.is_empty() { of(|build| build.tool == Tool::Devcontainer) } else { main }
}

/// Looks for what the Dockerfile wants.
struct Search<'s> {
    dockerfile: &'s str,
    files: Context,
    wants: &'s Wants,
}

impl Search<'_> {
    fn has(&self, dir: &str, wanted: &Wanted) -> bool {
        let path = paths::clean(&wanted.path).and_then(|path| paths::join(dir, &path));
        path.is_some_and(|path| !self.files.copy_source(&path).roots.is_empty())
    }

    fn count(&self, dir: &str) -> usize {
        self.wants.named.iter().filter(|wanted| self.has(dir, wanted)).count()
    }

    /// Several are named: the one that has what is wanted, if only one does.
    fn decide(&self, told: &[(String, Evidence)]) -> Finding<String> {
        let best = told.iter().map(|(dir, _)| self.count(dir)).max().unwrap_or(0);
        let fitting: Vec<_> = told.iter().filter(|(dir, _)| self.count(dir) == best).collect();
        if let [(dir, evidence)] = fitting.as_slice() {
            return Finding::known(dir.clone(), [evidence.clone()]);
        }
        let names: Vec<String> = told.iter().map(|(dir, _)| format!("`{}`", shown(dir))).collect();
        let why = format!("{} are named as build contexts; give --context", names.join(" and "));
        Finding::blocked(why, told.iter().map(|(_, evidence)| evidence.clone()))
    }

    /// None is named that is a directory of the repository; `build` names something else.
    fn find(&self, build: Option<&Build>) -> Finding<String> {
        let own = paths::parent(self.dockerfile);
        let mut dirs = vec![own];
        while let Some(dir) = dirs.last().copied()
            && !dir.is_empty()
        {
            dirs.push(paths::parent(dir));
        }
        let counts: Vec<(&str, usize)> = dirs.into_iter().map(|dir| (dir, self.count(dir))).collect();
        // The nearest of the best.
        let best = counts.iter().rev().max_by_key(|(_, count)| *count).copied().unwrap_or((own, 0));
        match (best, counts[0].1, build) {
            ((_, 0), _, Some(build)) => {
                let place = match &build.context {
                    Place::Inside(dir) | Place::Elsewhere(dir) | Place::Unknown(dir) => dir,
                };
                let why =
                    format!("the context `{place}` is no directory of the repository that files tell; give --context");
                Finding::blocked(why, [build.context_evidence.clone()])
            }
            ((_, 0), _, None) if self.wants.whole.is_some() && self.is_alone(own) => {
                let why = format!(
                    "`{}` holds nothing but Dockerfiles, and no file names the context; give --context",
                    shown(own)
                );
                Finding::blocked(why, [evidence(self.dockerfile, None, "stands alone in its directory")])
            }
            ((dir, count), here, _) if dir == own || here == count => {
                let fact = match self.wants.named.iter().find(|wanted| self.has(own, wanted)) {
                    Some(wanted) => self.stands(wanted, own, "is there"),
                    None => evidence(self.dockerfile, None, "no file names another context"),
                };
                Finding::known(own.to_owned(), [fact])
            }
            ((dir, _), 0, _) => {
                let first = self.wants.named.iter().find(|wanted| self.has(dir, wanted));
                let fact = first.map(|wanted| self.stands(wanted, dir, &format!("is not in `{}`", shown(own))));
                Finding::known(dir.to_owned(), fact)
            }
            ((dir, _), _, _) => {
                let missing = self.wants.named.iter().find(|wanted| !self.has(own, wanted) && self.has(dir, wanted));
                let fact = missing.map(|wanted| self.stands(wanted, dir, "is there"));
                let (own, dir) = (shown(own), shown(dir));
                Finding::blocked(
                    format!("some of what COPY takes is in `{own}`, more in `{dir}`; give --context"),
                    fact,
                )
            }
        }
    }

    fn stands(&self, wanted: &Wanted, dir: &str, what: &str) -> Evidence {
        let path = paths::clean(&wanted.path).unwrap_or_default();
        let place =
            if what.starts_with("is not") { format!("is in `{}` and {what}", shown(dir)) } else { what.to_owned() };
        evidence(self.dockerfile, Some(wanted.line), format!("`{path}` {place}"))
    }

    /// Whether the directory holds Dockerfiles and what belongs to them, and nothing to build.
    fn is_alone(&self, dir: &str) -> bool {
        let belongs = |name: &str| {
            let name = name.to_ascii_lowercase();
            let of_docker =
                ["dockerfile", "containerfile", "compose", "dockerignore"].iter().any(|word| name.contains(word));
            of_docker || paths::extension(&name) == "md" || name.starts_with(".env")
        };
        !dir.is_empty() && self.files.list(dir).entries.iter().all(|entry| belongs(&entry.name))
    }
}

/// The root of the repository has no name.
pub(crate) fn shown(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}
