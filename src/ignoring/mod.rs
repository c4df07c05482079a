//! What a build context needs a `.dockerignore` for, and what may stand in it.
//!
//! The parts (templates) offer patterns for what was found; the judge refuses each one that hides something the build
//! or the application might need. It may not touch the disk but through [`crate::project`], and writes nothing.
//!
//! | module | what |
//! | --- | --- |
//! | [`parts`] | the templates, built in or the user's |
//! | `survey` | which ecosystems, tools and credentials there are |
//! | [`recipes`], `mentions` | what the Dockerfiles of the context take and run |
//! | `sharing` | which Dockerfiles those are |
//! | `judge` | whether a pattern may be written |
//! | [`mod@file`] | the text of the file, new or merged |

pub mod file;
mod judge;
mod mentions;
pub mod parts;
pub mod recipes;
mod sharing;
mod survey;

pub use parts::{BadTemplate, Group, Parts};
pub use recipes::{Recipe, takes_all};
pub use sharing::sharing;

use crate::project::Project;
use crate::project::context::Context;
use crate::project::dockerignore::Dockerignore;
use crate::project::finding::evidence;
use crate::project::left_out::{self, Kind};
use crate::proposal::Evidence;
use file::Merged;
use judge::Judge;
use recipes::Takes;

/// What the user wishes of ignore files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The templates.
    pub parts: Parts,
    /// Lines of the user's own, which come last.
    pub lines: Vec<String>,
}

/// What may be left out of a context.
#[derive(Clone, Debug, Default)]
pub struct Ignoring {
    /// The patterns, under their comments.
    pub groups: Vec<Group>,
    /// Patterns that were offered and refused: what stands against each.
    pub refused: Vec<(String, Evidence)>,
    /// Credentials that end up in an image.
    pub spilled: Vec<Spilled>,
    /// Why it is worth it: the instruction that takes a directory of the context. `None`: nothing does.
    pub taken: Option<Evidence>,
    /// By what the needs of the context are known.
    pub evidence: Vec<Evidence>,
}

/// A file with credentials that a Dockerfile takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spilled {
    /// The file.
    pub path: String,
    /// What is in it.
    pub what: String,
    /// Who takes it.
    pub by: Evidence,
    /// Why it cannot be left out.
    pub because: Evidence,
}

impl Ignoring {
    /// Decides what may be left out of the context of `project`, from which `recipes` are built.
    pub fn of(project: &Project, recipes: &[Recipe]) -> Result<Self, BadTemplate> {
        let wishes = project.ignoring();
        let context = project.context().with_dockerignore(Dockerignore::default());
        let takes: Vec<Takes> = recipes.iter().map(|recipe| Takes::of(recipe, &context)).collect();
        let survey = survey::survey(&context, project.tracked());
        let judge = Judge::new(project, &context, &takes);
        let offered = wishes.parts.groups(&survey.found)?;
        let mut ignoring =
            Self { taken: takes.iter().find_map(|takes| takes.directory(&context)).cloned(), ..Self::default() };
        for group in offered {
            let is_secret = |text: &str| survey.secrets.iter().any(|secret| secret.path == text);
            let mut patterns = Vec::new();
            for text in group.patterns {
                let against = if is_secret(&text) { judge.against_secret(&text) } else { judge.against(&text) };
                // Of what is not there, nobody has to hear that it would stay.
                let is_there = left_out::kind(&text) != Kind::Env || context.kind(&text).is_some();
                match against {
                    Some(why) if is_there => ignoring.refused.push((text, why)),
                    Some(_) => {}
                    None => patterns.push(text),
                }
            }
            ignoring.add(Group { comment: group.comment, patterns });
        }
        let mut lines = Vec::new();
        for line in &wishes.lines {
            match judge.against_wish(line) {
                Some(why) => ignoring.refused.push((line.clone(), why)),
                None => lines.push(line.clone()),
            }
        }
        ignoring.add(Group { comment: "# By dfslim.yaml".to_owned(), patterns: lines });
        ignoring.spilled = ignoring.spilled_by(&judge, &context, &survey);
        ignoring.evidence = ignoring.known_by(project, recipes);
        Ok(ignoring)
    }

    fn add(&mut self, group: Group) {
        if !group.patterns.is_empty() {
            self.groups.push(group);
        }
    }

    /// Credentials that are taken and stay.
    fn spilled_by(&self, judge: &Judge<'_>, context: &Context, survey: &survey::Survey) -> Vec<Spilled> {
        let of_env = survey.found.env.iter().filter(|path| holds_secrets(context, path));
        let env = of_env.map(|path| (path.clone(), "passwords or keys"));
        let secrets = survey.secrets.iter().map(|secret| (secret.path.clone(), secret.what));
        let spilled = |(path, what): (String, &str)| {
            let because = self.refused.iter().find(|(text, _)| *text == path).map(|(_, why)| why.clone())?;
            // What git tracks, everybody has who has the sources.
            let by = judge.taken_by(&path).filter(|_| !because.fact.starts_with("is in git"))?.clone();
            Some(Spilled { path, what: what.to_owned(), by, because })
        };
        secrets.chain(env).filter_map(spilled).collect()
    }

    fn known_by(&self, project: &Project, recipes: &[Recipe]) -> Vec<Evidence> {
        let mut known: Vec<Evidence> = self.taken.iter().cloned().collect();
        known.extend(
            recipes.iter().skip(1).map(|recipe| evidence(&recipe.name, None, "is built from this context too")),
        );
        if let Some(tracked) = project.tracked() {
            let fact = format!(
                "{} files are tracked, and stay but for those of editors, CI and Docker",
                tracked.paths().len()
            );
            known.push(evidence(".git/index", None, fact));
        }
        known
    }

    /// The text of a new file; empty when there is nothing to leave out.
    pub fn text(&self) -> String {
        file::fresh(&self.groups)
    }

    /// The text `old` with what it lacks.
    pub fn merged(&self, old: &str) -> Merged {
        file::merged(old, &self.groups)
    }
}

/// Whether an environment file gives a value to a name that sounds like a secret's.
fn holds_secrets(context: &Context, path: &str) -> bool {
    const WORDS: &[&str] = &["SECRET", "PASSWORD", "PASSWD", "TOKEN", "API_KEY", "APIKEY", "PRIVATE", "CREDENTIAL"];
    let is_secret = |line: &str| {
        let Some((name, value)) = line.split_once('=') else { return false };
        let name = name.to_uppercase();
        !line.trim_start().starts_with('#')
            && WORDS.iter().any(|word| name.contains(word))
            && !value.trim().trim_matches(['"', '\'']).is_empty()
    };
    context.read(path).is_ok_and(|source| source.text.lines().any(is_secret))
}
