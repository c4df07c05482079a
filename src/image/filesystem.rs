//! The simulated file system of a stage: whether a path exists at its end, and where it comes from.
//!
//! Only what instructions say counts: COPY and ADD from the context or a stage, WORKDIR, and what is known of
//! the commands of a RUN. The base image's own files are unknown. Nothing is listed that is not asked for.

use super::stages::{Base, Stage, Stages};
use super::state::clean;
use super::writes::{What, Writes, within};
use crate::dockerfile::{Args, Dockerfile, Instruction, Keyword, Word};
use crate::project::Context;
use crate::project::copy::Root;
use crate::project::paths;
use std::rc::Rc;

/// Whether a path exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exists {
    /// It does, and comes from there.
    Yes(Origin),
    /// Nothing makes it, or the last word is its removal.
    No,
    /// It may; holds what stands against knowing.
    Unknown(String),
}

/// What puts a path into a stage. Lines are those of the instruction, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file or directory of the build context.
    Context {
        /// Its path there.
        path: String,
        /// The COPY or ADD.
        line: usize,
    },
    /// The text of a heredoc.
    Heredoc {
        /// The COPY or ADD.
        line: usize,
    },
    /// A command of a RUN.
    Run {
        /// The RUN.
        line: usize,
    },
    /// WORKDIR, or the directory that a COPY makes for what it brings.
    Directory {
        /// The instruction.
        line: usize,
    },
}

/// The file systems of all stages of one file.
pub struct FileSystem<'a> {
    file: &'a Dockerfile,
    stages: &'a Stages<'a>,
    context: &'a Context,
    /// What a RUN writes; asked again for each question, so it should remember.
    writes: &'a dyn Fn(&Instruction) -> Rc<Writes>,
}

impl<'a> FileSystem<'a> {
    /// The file systems of `stages` of `file`, built from `context`.
    pub fn new(
        file: &'a Dockerfile,
        stages: &'a Stages<'a>,
        context: &'a Context,
        writes: &'a dyn Fn(&Instruction) -> Rc<Writes>,
    ) -> Self {
        Self { file, stages, context, writes }
    }

    /// Whether the absolute `path` exists at the end of stage `index`.
    pub fn find(&self, index: usize, path: &str) -> Exists {
        let path = clean(path);
        let Some(stage) = self.stages.get(index) else { return Exists::No };
        let mut doubt = None;
        for instruction in stage.instructions.iter().rev() {
            match self.instruction(stage, instruction, &path) {
                Some(Exists::Unknown(why)) => drop(doubt.get_or_insert(why)),
                Some(found) => return found,
                None => {}
            }
        }
        // Every base is an earlier stage, so this ends.
        let below = match &stage.base {
            Base::Stage(parent) => self.find(*parent, &path),
            Base::Scratch => Exists::No,
            Base::Image(image) | Base::Unknown(image) => Exists::Unknown(format!("`{image}` may bring it")),
        };
        match (below, doubt) {
            (Exists::No | Exists::Unknown(_), Some(why)) => Exists::Unknown(why),
            (found, _) => found,
        }
    }

    /// What one instruction says of `path`; `None`: nothing.
    fn instruction(&self, stage: &Stage<'_>, instruction: &Instruction, path: &str) -> Option<Exists> {
        let line = instruction.first_line;
        match instruction.keyword {
            Keyword::Workdir => {
                let next = stage.state_after(instruction).workdir().value()?;
                within(next, path).then_some(Exists::Yes(Origin::Directory { line }))
            }
            Keyword::Run => Self::run(&(self.writes)(instruction), line, path),
            Keyword::Copy | Keyword::Add => self.copy(stage, instruction, path),
            _ => None,
        }
    }

    fn run(writes: &Writes, line: usize, path: &str) -> Option<Exists> {
        match writes.at(path) {
            Some(What::File | What::Directory) => Some(Exists::Yes(Origin::Run { line })),
            Some(What::Removed) => Some(Exists::No),
            Some(What::Tree) => Some(Exists::Unknown(format!("the RUN of line {line} may write it"))),
            None => writes.unknown.as_ref().map(|why| Exists::Unknown(format!("line {line}: {why}"))),
        }
    }

    fn copy(&self, stage: &Stage<'_>, copy: &Instruction, path: &str) -> Option<Exists> {
        let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
        let (target, sources) = words.split_last()?;
        let line = copy.first_line;
        let expand = |word: &Word| stage.state_before(copy).expand(&word.value, self.file.escape());
        let Some(target) = expand(target).and_then(|target| Self::absolute(stage, copy, &target)) else {
            return Some(Exists::Unknown(format!("the target of line {line} is not known")));
        };
        let place = Place { directory: target.ends_with('/') || sources.len() > 1, path: clean(&target) };
        if place.path != path && within(&place.path, path) {
            return Some(Exists::Yes(Origin::Directory { line }));
        }
        if !within(path, &place.path) {
            return None;
        }
        let mut doubt = None;
        for source in sources {
            let found = match expand(source) {
                None => Exists::Unknown(format!("`{}` of line {line} is not known", source.value)),
                Some(source) => self.source(stage, copy, &source, &place, path),
            };
            match found {
                Exists::Yes(origin) => return Some(Exists::Yes(origin)),
                Exists::Unknown(why) => drop(doubt.get_or_insert(why)),
                Exists::No => {}
            }
        }
        doubt.map(Exists::Unknown)
    }

    fn absolute(stage: &Stage<'_>, copy: &Instruction, target: &str) -> Option<String> {
        if target.starts_with('/') {
            return Some(target.to_owned());
        }
        Some(format!("{}/{target}", stage.state_before(copy).workdir().value()?))
    }

    /// Whether one source of a COPY brings `path`, which lies at or below `place`.
    fn source(&self, stage: &Stage<'_>, copy: &Instruction, source: &str, place: &Place, path: &str) -> Exists {
        let line = copy.first_line;
        if let Some(flag) = copy.flag("from") {
            let found = self.stages.flag_reference(stage.index, flag).and_then(|found| found.stage);
            let Some(from) = found else { return Exists::Unknown(format!("line {line} copies from another image")) };
            return self.stage_source(from, source, place, path);
        }
        if let Some(heredoc) =
            copy.heredocs.iter().find(|heredoc| source.contains("<<") && source.contains(&heredoc.name))
        {
            let there = place.lands(&heredoc.name, path);
            return if there { Exists::Yes(Origin::Heredoc { line }) } else { Exists::No };
        }
        if source.contains("://") || source.starts_with("git@") || (copy.keyword == Keyword::Add && is_archive(source))
        {
            return Exists::Unknown(format!("line {line} adds `{source}`, whose content is not known"));
        }
        let resolved = self.context.copy_source(source);
        let roots = resolved.roots.iter().filter_map(|root| self.root(root, place, path));
        match roots.into_iter().next() {
            Some(path) => Exists::Yes(Origin::Context { path, line }),
            None if resolved.complete => Exists::No,
            None => Exists::Unknown(format!("`{source}` of line {line} is too large to list")),
        }
    }

    /// The context path under `root` that lands at `path`, when it exists and is sent to the builder.
    fn root(&self, root: &Root, place: &Place, path: &str) -> Option<String> {
        if !root.directory {
            return place.lands(paths::name(&root.path), path).then(|| root.path.clone());
        }
        let inside = place.inside(path);
        let wanted = paths::join(&root.path, inside)?;
        (self.context.kind(&wanted).is_some() && (inside.is_empty() || self.context.is_sent(&wanted))).then_some(wanted)
    }

    fn stage_source(&self, from: usize, source: &str, place: &Place, path: &str) -> Exists {
        let source = clean(source);
        if source.contains(['*', '?', '[']) {
            return Exists::Unknown(format!("`{source}` is a pattern"));
        }
        // What the source is, a file or a directory, is often unknown: both readings are tried.
        let as_directory = self.find(from, &format!("{source}/{}", place.inside(path)));
        if matches!(as_directory, Exists::Yes(_)) || !place.lands(paths::name(&source), path) {
            return as_directory;
        }
        self.find(from, &source)
    }
}

/// Where a COPY puts what it brings.
struct Place {
    /// Absolute and clean.
    path: String,
    /// Whether it can only be a directory.
    directory: bool,
}

impl Place {
    /// Whether a single file called `name` lands at `path`.
    fn lands(&self, name: &str, path: &str) -> bool {
        let inside = self.inside(path);
        inside == name || (inside.is_empty() && !self.directory)
    }

    /// `path` as seen from here; empty for the place itself.
    fn inside<'p>(&self, path: &'p str) -> &'p str {
        path[self.path.trim_end_matches('/').len()..].trim_start_matches('/')
    }
}

/// Whether ADD may unpack it: told by its name here, by its content in a build.
fn is_archive(name: &str) -> bool {
    [".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz"].iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::{Body, Dialect, Shell, body, read};

    fn exists(dockerfile: &str, path: &str) -> Exists {
        let file = Dockerfile::parse(dockerfile);
        let stages = Stages::of(&file);
        let context = Context::from_memory([
            ("package.json", "{}"),
            ("src/server.js", ""),
            ("secret.env", ""),
            ("entrypoint.sh", ""),
            (".dockerignore", "*.env\n"),
        ]);
        let writes = |run: &Instruction| {
            let stage = stages.stage_of(run).unwrap();
            let Body::Shell(text) = body(run, file.text()) else { return Rc::default() };
            let Shell::Parsed(script) = read(&text, Dialect::Sh) else { return Rc::default() };
            Rc::new(Writes::of(&script, stage.state_before(run).workdir().value()))
        };
        FileSystem::new(&file, &stages, &context, &writes).find(stages.last().unwrap().index, path)
    }

    fn from_context(path: &str, line: usize) -> Exists {
        Exists::Yes(Origin::Context { path: path.to_owned(), line })
    }

    #[test]
    fn copies_from_the_context_are_followed() {
        let all = "FROM scratch\nWORKDIR /app\nCOPY . .\n";
        assert_eq!(exists(all, "/app/src/server.js"), from_context("src/server.js", 3));
        assert_eq!(exists(all, "/app/secret.env"), Exists::No);
        assert_eq!(exists(all, "/app/missing.js"), Exists::No);
        assert_eq!(exists("FROM scratch\nCOPY entrypoint.sh /start\n", "/start"), from_context("entrypoint.sh", 2));
        assert_eq!(
            exists("FROM scratch\nCOPY entrypoint.sh /bin/\n", "/bin/entrypoint.sh"),
            from_context("entrypoint.sh", 2)
        );
        assert_eq!(exists("FROM scratch\nCOPY src /app/src\n", "/app"), Exists::Yes(Origin::Directory { line: 2 }));
        assert_eq!(
            exists("FROM scratch\nCOPY src/ package*.json /x/\n", "/x/package.json"),
            from_context("package.json", 2)
        );
    }

    #[test]
    fn copies_from_stages_are_followed_to_their_origin() {
        let split = "FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN npm run build\n\
                     FROM scratch\nCOPY --from=build /app/src /srv\nCOPY --from=build /app/dist /srv/dist\n";
        assert_eq!(exists(split, "/srv/server.js"), from_context("src/server.js", 3));
        assert!(matches!(exists(split, "/srv/dist/main.js"), Exists::Unknown(_)));
        assert_eq!(exists(split, "/elsewhere"), Exists::No);
    }

    #[test]
    fn runs_make_remove_and_leave_in_doubt() {
        assert_eq!(exists("FROM scratch\nRUN mkdir -p /data\n", "/data"), Exists::Yes(Origin::Run { line: 2 }));
        assert_eq!(exists("FROM scratch\nCOPY . /app\nRUN rm -rf /app/src\n", "/app/src/server.js"), Exists::No);
        let built = exists("FROM scratch\nCOPY . /app\nRUN make\n", "/app/out");
        assert_eq!(built, Exists::Unknown("line 3: `make` may write anywhere".to_owned()));
        assert!(matches!(exists("FROM node\n", "/usr/local/bin/node"), Exists::Unknown(_)));
    }
}
