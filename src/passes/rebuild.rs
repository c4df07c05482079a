//! Which layers a change of one file of the build context makes anew.
//!
//! BuildKit takes a layer from its cache when what made it is the same: the instruction, what it reads of the context
//! (by content) or of another stage, and the layer before it; with `COPY --link`, whatever came before. A stage in which
//! anything is made anew counts as changed for those who read from it, although BuildKit compares the content of what
//! they take: so at least what is said to be kept is kept.

use super::commands::{self, Command};
use super::early_copy::is_install;
use super::{Cx, Wishes};
use crate::dockerfile::{Args, Dockerfile, Flag, Instruction, Keyword};
use crate::image::{Base, Stage, Stages};
use crate::project::changing;
use crate::project::dockerignore::Dockerignore;
use crate::project::python::install::Install;
use crate::project::{Project, paths};
use serde::Serialize;

/// What kind of file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// A source file: packages stay what they are.
    Source,
    /// A lock file or manifest: packages change.
    Packages,
}

/// What a change costs, with the text as it was and as it would be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rebuild {
    /// What kind of file changes.
    pub change: Change,
    /// The file, in the build context.
    pub file: String,
    /// With the text as it was.
    pub before: Rerun,
    /// With the text as it would be.
    pub after: Rerun,
}

/// What is made anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rerun {
    /// How many RUN, COPY and ADD lead to the image.
    pub layers: usize,
    /// Those that are made anew, by line.
    pub anew: Vec<Layer>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its line, from 1, in its own text.
    pub line: usize,
    /// `RUN`, `COPY` or `ADD`.
    pub instruction: String,
    /// Whether it installs packages.
    pub installs: bool,
}

impl Rerun {
    /// The lines of those that install packages.
    pub fn installs(&self) -> impl Iterator<Item = usize> {
        self.anew.iter().filter(|layer| layer.installs).map(|layer| layer.line)
    }
}

/// What changes of the build context cost before and after; of `ignore`, a new ignore file, nothing is sent. Nothing where
/// the context holds no such file.
pub fn rebuilds(
    before: &str,
    after: &str,
    project: &Project,
    wishes: Wishes,
    ignore: Option<&Dockerignore>,
) -> Vec<Rebuild> {
    let context = project.context();
    let files = [
        (Change::Source, changing::source_file(context, ignore)),
        (Change::Packages, changing::manifest(context, ignore)),
    ];
    let known = files.into_iter().filter_map(|(change, file)| Some((change, file?)));
    let cost = |text: &str, file: &str| rerun(text, project, wishes, file);
    known
        .map(|(change, file)| Rebuild { change, before: cost(before, &file), after: cost(after, &file), file })
        .filter(|rebuild| rebuild.before.layers > 0)
        .collect()
}

/// What a change of `file` makes anew of the last stage of `text`.
fn rerun(text: &str, project: &Project, wishes: Wishes, file: &str) -> Rerun {
    let dockerfile = Dockerfile::parse(text);
    let stages = Stages::of(&dockerfile);
    let cx = Cx::new(&dockerfile, &stages, project, &wishes);
    let needed = needed(&stages);
    let mut walk = Walk { cx: &cx, file, changed: Vec::new(), rerun: Rerun::default() };
    for stage in stages.iter() {
        walk.stage(stage, needed[stage.index]);
    }
    walk.rerun
}

/// Which stages lead to the last one.
fn needed(stages: &Stages<'_>) -> Vec<bool> {
    let mut needed = vec![false; stages.iter().count()];
    if let Some(last) = needed.last_mut() {
        *last = true;
    }
    for stage in stages.iter().rev() {
        if !needed[stage.index] {
            continue;
        }
        if let Base::Stage(base) = stage.base {
            needed[base] = true;
        }
        let flags = stage.instructions.iter().flat_map(|instruction| &instruction.flags);
        for read in flags.filter_map(|flag| stages.flag_reference(stage.index, flag)?.stage) {
            needed[read] = true;
        }
    }
    needed
}

struct Walk<'w> {
    cx: &'w Cx<'w>,
    file: &'w str,
    /// Of each stage so far: whether anything in it is made anew.
    changed: Vec<bool>,
    rerun: Rerun,
}

impl Walk<'_> {
    fn stage(&mut self, stage: &Stage<'_>, needed: bool) {
        let mut anew = matches!(stage.base, Base::Stage(base) if self.changed[base]);
        for instruction in &stage.instructions {
            if !matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add) {
                continue;
            }
            let reads = self.reads(stage, instruction);
            anew |= reads;
            let stands_alone = instruction.flag("link").is_some();
            if needed {
                self.rerun.layers += 1;
                if reads || (anew && !stands_alone) {
                    let layer = self.layer(stage, instruction);
                    self.rerun.anew.push(layer);
                }
            }
        }
        self.changed.push(anew);
    }

    fn layer(&self, stage: &Stage<'_>, instruction: &Instruction) -> Layer {
        let installs = instruction.keyword == Keyword::Run
            && commands::of(self.cx, stage, instruction).is_ok_and(|found| found.iter().any(installs_packages));
        Layer { line: instruction.first_line, instruction: instruction.keyword.as_str().to_owned(), installs }
    }

    /// Whether `instruction` reads the file, or a stage in which something is made anew.
    fn reads(&self, stage: &Stage<'_>, instruction: &Instruction) -> bool {
        let of_stage = |flag: &Flag| self.cx.stages.flag_reference(stage.index, flag).map(|read| read.stage);
        let mut elsewhere = instruction.flags.iter().filter_map(of_stage).flatten();
        if elsewhere.any(|read| self.changed[read]) {
            return true;
        }
        match (&instruction.keyword, &instruction.args) {
            (Keyword::Copy | Keyword::Add, Args::Words(words) | Args::Json(words)) => {
                let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
                instruction.flag("from").is_none()
                    && sources.iter().any(|source| self.brings(stage, instruction, &source.value))
            }
            (Keyword::Run, _) => {
                let mut sources = instruction.flags.iter().filter_map(Flag::bind_source);
                sources.any(|source| self.brings(stage, instruction, source))
            }
            _ => false,
        }
    }

    /// Whether the file lies in `source`, as far as that is known.
    fn brings(&self, stage: &Stage<'_>, instruction: &Instruction, source: &str) -> bool {
        let context = self.cx.project.context();
        let Some(source) = stage.state_before(instruction).expand(source, self.cx.file.escape()) else { return true };
        context.copy_source(&source).brings(context, self.file)
    }
}

/// Package managers of distributions and of languages that are not told apart further, whose `install` or `add` installs.
const INSTALLERS: &[&str] = &[
    "apt-get", "apt", "apk", "dnf", "yum", "microdnf", "zypper", "gem", "bundle", "composer", "conda", "mamba", "npm",
    "yarn", "pnpm", "bun",
];

fn installs_packages(command: &Command) -> bool {
    let program = command.program().map(paths::name);
    let by_verb = || {
        program.is_some_and(|program| INSTALLERS.contains(&program))
            && matches!(command.verb(), Some("install" | "add" | "i" | "ci"))
    };
    is_install(command) || Install::read(&command.literal()).is_some() || by_verb()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Context;

    fn anew(dockerfile: &str, file: &str) -> Vec<(usize, bool)> {
        let files = ["package.json", "package-lock.json", "src/index.js", "docs/a.md"].map(|path| (path, "{}"));
        let project = Project::new(Context::from_memory(files));
        let rerun = rerun(dockerfile, &project, Wishes::default(), file);
        rerun.anew.iter().map(|layer| (layer.line, layer.installs)).collect()
    }

    #[test]
    fn what_stands_behind_a_changed_copy_is_made_anew() {
        let all_at_once = "FROM node\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n";
        assert_eq!(anew(all_at_once, "src/index.js"), [(3, false), (4, true), (5, false)]);
        let in_order = "FROM node\nCOPY package*.json ./\nRUN npm ci\nCOPY src src\nRUN npm run build\n";
        assert_eq!(anew(in_order, "src/index.js"), [(4, false), (5, false)]);
        assert_eq!(anew(in_order, "package-lock.json"), [(2, false), (3, true), (4, false), (5, false)]);
        assert_eq!(anew(in_order, "docs/a.md"), []);
    }

    #[test]
    fn stages_count_as_far_as_they_lead_to_the_image() {
        let stages = "FROM node AS deps\nCOPY package*.json ./\nRUN npm ci\n\
                      FROM deps AS test\nCOPY . .\nRUN npm test\n\
                      FROM node\nCOPY --from=deps /node_modules /node_modules\nCOPY --link docs docs\nCOPY src src\n";
        assert_eq!(anew(stages, "src/index.js"), [(10, false)]);
        // The link does not ask what came before it.
        assert_eq!(anew(stages, "package.json"), [(2, false), (3, true), (8, false), (10, false)]);
    }

    #[test]
    fn a_mount_reads_what_it_binds() {
        let mount = "FROM node\nRUN --mount=type=bind,source=package.json,target=package.json npm ci\n";
        assert_eq!(anew(mount, "package.json"), [(2, true)]);
        assert_eq!(anew(mount, "src/index.js"), []);
    }
}
