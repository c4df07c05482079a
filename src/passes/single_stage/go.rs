//! A Go program: what builds it, what it needs beside it, and the base it then runs on.

mod assets;
mod bare;
mod base;
mod linked;
mod musl;
mod sort;

use super::layout::{Layout, keep_arguments};
use super::packages::Installed;
use super::{Case, No};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::{Exists, Known, Origin};
use crate::project::Finding;
use crate::project::finding::evidence;
use crate::project::go::Go;
use crate::project::go::build::{Build, Verb};
use crate::project::paths;
use crate::proposal::{Evidence, Field, Proposal};
use std::rc::Rc;

/// A program that a RUN builds.
struct Built {
    /// The RUN, as an index into the stage's instructions.
    at: usize,
    build: Build,
    /// The directory of its package.
    package: String,
    /// Where it goes in the image.
    output: String,
}

/// A Go application in a stage.
struct App<'c> {
    case: &'c Case<'c>,
    go: Rc<Go>,
    /// Where the module lies in the image.
    module: String,
    programs: Vec<Built>,
}

/// Uncompressed size of Debian's image with Go, without what it starts from.
const TOOLCHAIN: u64 = 750_000_000;

/// See the page.
pub(super) fn split(case: &Case<'_>) -> Result<Proposal, No> {
    let started = case.started()?;
    if let Some(run) = started.iter().find(|one| one.name == "go") {
        let verb = run.words.first().map_or("", String::as_str);
        return Err(No::Because(format!(
            "{} runs `go {verb}`, so that it needs the Go toolchain at run time",
            run.place
        )));
    }
    let app = App::of(case)?;
    if let Some(why) = case.is_for_development(&app.trees()) {
        return Err(No::Because(why));
    }
    let mut sorted = app.sort()?;
    let mut installed = std::mem::take(&mut sorted.installed);
    let base = app.base(&started, &mut installed, &sorted)?;
    let beside = app.copies(&sorted)?;
    keep_arguments(case, &mut sorted.fates);
    let builder = Layout::name(case);
    let copies = beside.paths.iter().map(|path| format!("COPY --from={builder} {path} {path}"));
    let copies = base.copies.iter().map(|path| format!("COPY --from={builder} {path} {path}")).chain(copies).collect();
    let first = app.programs.iter().map(|program| program.at).min().unwrap_or(0);
    let without_cgo = base.without_cgo.then(|| (first, vec!["ENV CGO_ENABLED=0".to_owned()]));
    let layout = Layout {
        case,
        base: base.image.clone(),
        builder: base.builder,
        before: base.prepare.map(|line| (0, vec![line])).into_iter().chain(without_cgo).collect(),
        after: Vec::new(),
        workdir: inherited_workdir(case),
        beside: Vec::new(),
        copied_at: None,
        installs: installed.line(base.distro).into_iter().collect(),
        copies,
        last: Vec::new(),
        fates: sorted.fates,
    };
    let mut proof = base.evidence;
    proof.extend(beside.evidence);
    let mut proposal = Proposal::checked(
        case.stage.from.code,
        format!("split into a build stage and a final one on {}", base.image),
        proof,
    )
    .because("the Go toolchain, the module cache and the sources are needed to build only")
    .saves_about(TOOLCHAIN)
    .edits(layout.edits())
    .moving();
    if base.image.starts_with("gcr.io/") {
        proposal = proposal.changing(Field::Base);
    }
    let inherited = case.from.family().map_or(&[][..], |family| family.env);
    for name in inherited.iter().copied().chain(sorted.build_only.iter().map(String::as_str)) {
        proposal = proposal.changing(Field::Env(name.to_owned()));
    }
    Ok(proposal)
}

impl<'c> App<'c> {
    fn of(case: &'c Case<'c>) -> Result<Self, No> {
        let mut app: Option<Self> = None;
        for (at, run) in case.stage.instructions.iter().enumerate() {
            if run.keyword != Keyword::Run {
                continue;
            }
            // A RUN that is not understood builds nothing that is known.
            for command in case.commands(run).unwrap_or_default() {
                let environment = |name: &str| case.setting(run, &command, name);
                let words: Vec<Option<&str>> = command.words.iter().map(Option::as_deref).collect();
                let Some(build) = Build::read(&words, &environment).filter(|build| build.verb != Verb::Run) else {
                    continue;
                };
                let workdir = command.workdir.as_deref();
                let workdir = workdir.ok_or_else(|| {
                    No::Because(format!("{} builds in a directory that is not known", case.line(run)))
                })?;
                let place = Place::of(case, workdir, run)?;
                let known = app.get_or_insert_with(|| Self {
                    case,
                    go: Rc::clone(&place.go),
                    module: place.module.clone(),
                    programs: Vec::new(),
                });
                if known.module != place.module {
                    return Err(No::Because(format!("{} builds another module", case.line(run))));
                }
                known.note(at, run, &command, &build, &place)?;
            }
        }
        let app = app.ok_or(No::NotThis)?;
        if app.programs.is_empty() { Err(No::because("no `go build` whose program is known")) } else { Ok(app) }
    }

    fn note(
        &mut self,
        at: usize,
        run: &Instruction,
        command: &super::steps::Command,
        build: &Build,
        place: &Place,
    ) -> Result<(), No> {
        if build.os.as_deref().is_some_and(|os| os != "linux") {
            return Err(No::Because(format!("{} builds for another system", self.case.line(run))));
        }
        let programs = match self.go.programs(build, &place.inside) {
            Finding::Known { value, .. } => value,
            // `go build ./...` over libraries writes nothing.
            Finding::Unknown { why, .. } => return Err(No::Because(format!("{}: {why}", self.case.line(run)))),
        };
        for program in programs {
            let output = match (&build.verb, &program.output) {
                (Verb::Install, _) => {
                    let dir = self.case.setting(run, command, "GOBIN").map(str::to_owned);
                    let path = self.case.setting(run, command, "GOPATH").unwrap_or("/go");
                    Some(format!("{}/{}", dir.unwrap_or_else(|| format!("{path}/bin")), program.name))
                }
                (_, Some(output)) => {
                    let path = command.path(output);
                    // `-o /bin` puts it into the directory that is there.
                    path.map(
                        |path| if is_directory(self.case, &path) { format!("{path}/{}", program.name) } else { path },
                    )
                }
                (_, None) => None,
            };
            if let Some(output) = output {
                self.programs.push(Built { at, build: build.clone(), package: program.package, output });
            }
        }
        Ok(())
    }

    /// The directories of the image that the build works in.
    fn trees(&self) -> Vec<String> {
        let mut trees = vec![self.module.clone()];
        trees.extend(
            self.case.stage.end().workdir().value().filter(|dir| *dir != "/" && *dir != "/go").map(str::to_owned),
        );
        trees.dedup();
        trees
    }

    fn evidence(&self, fact: impl Into<String>) -> Evidence {
        evidence(self.case.cx.project.context().dockerfile(), None, fact)
    }
}

/// Where a build runs.
struct Place {
    go: Rc<Go>,
    /// The module in the image.
    module: String,
    /// The working directory in the context.
    inside: String,
}

impl Place {
    /// The module around `workdir`: the go.mod that a COPY brings there or above.
    fn of(case: &Case<'_>, workdir: &str, run: &Instruction) -> Result<Self, No> {
        let mut module = workdir;
        if module == "/" {
            return Err(No::Because(format!("{} builds in the root directory", case.line(run))));
        }
        loop {
            let file = format!("{}/go.mod", module.trim_end_matches('/'));
            if let Exists::Yes(Origin::Context { path, .. }) = case.cx.find_in_stage(case.stage.index, &file) {
                let dir = paths::parent(&path);
                let go = case.cx.project.go(dir).ok_or(No::NotThis)?;
                let below = workdir[module.len()..].trim_matches('/');
                let inside = paths::join(dir, below).ok_or(No::NotThis)?;
                return Ok(Self { go, module: module.to_owned(), inside });
            }
            match module.rsplit_once('/') {
                Some((parent, _)) if !parent.is_empty() => module = parent,
                _ => {
                    return Err(No::Because(format!(
                        "{} builds a module whose go.mod is not in the build context",
                        case.line(run)
                    )));
                }
            }
        }
    }
}

/// The directory that the image of the build starts in, when the file names none.
fn inherited_workdir(case: &Case<'_>) -> Option<String> {
    let own = case.stage.instructions.iter().any(|instruction| instruction.keyword == Keyword::Workdir);
    case.from.family().filter(|family| !own && family.workdir != "/").map(|family| family.workdir.to_owned())
}

/// Directories that every image has, or that the stage makes.
fn is_directory(case: &Case<'_>, path: &str) -> bool {
    const DIRECTORIES: [&str; 8] = ["/", "/bin", "/usr/bin", "/usr/local/bin", "/go/bin", "/sbin", "/usr/sbin", "/opt"];
    let made = || match case.cx.find_in_stage(case.stage.index, path) {
        Exists::Yes(Origin::Directory { .. }) => true,
        Exists::Yes(Origin::Context { path, .. }) => case.cx.project.context().is_dir(&path),
        _ => false,
    };
    DIRECTORIES.contains(&path) || made()
}

/// Whether `user` is who builds anyway.
fn is_root(user: &Known<&str>) -> bool {
    match user {
        Known::Inherited => true,
        Known::Is(user) => matches!(user.split(':').next(), Some("root" | "0")),
        Known::Unknown => false,
    }
}
