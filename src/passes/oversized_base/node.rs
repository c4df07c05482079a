//! What a Node application needs of its base: native modules that fit the C library, a toolchain for those that
//! are compiled, git for those that are cloned.

use super::lacking::{Bringer, Move};
use super::programs::{Brought, place_of};
use super::{Case, programs, spawns};
use crate::dockerfile::Keyword;
use crate::image::base::{Family, Libc};
use crate::image::{Exists, Origin as PathOrigin, Stage};
use crate::passes::commands;
use crate::passes::no::No;
use crate::project::Finding;
use crate::project::node::lock::Origin;
use crate::project::node::native::{Arch, Natives, Support};
use crate::project::node::{Node, Scope, native_table};
use crate::proposal::Evidence;
use std::rc::Rc;

/// Evidence that every package of the applications in the group runs on `new`.
pub(super) fn runs_on(case: &Case<'_>, step: &Move<'_>) -> Result<Brought, No> {
    let mut evidence = Vec::new();
    let mut apps: Vec<Rc<Node>> = Vec::new();
    for stage in &case.group {
        for app in applications(case, stage)? {
            if !apps.iter().any(|known| known.dir == app.dir) {
                apps.push(app);
            }
        }
    }
    if apps.is_empty() {
        return Err(No::because("no package.json of the build context is installed here"));
    }
    let commands = programs::commands(case)?;
    let installs = installs_packages(case);
    for app in apps {
        scripts_run_on(&app, &commands, installs, step)?;
        spawns::all_there(&app, step)?;
        evidence.extend(match step.new.libc {
            Libc::Glibc if !installs => packages_brought_run(case, &app, step)?,
            _ => packages_run_on(&app, step)?,
        });
    }
    Ok(Brought { evidence, ..Brought::default() })
}

/// The programs that package.json's scripts use, as far as the commands of the Dockerfile reach them.
fn scripts_run_on(app: &Node, commands: &[Vec<String>], installs: bool, step: &Move<'_>) -> Result<(), No> {
    let hooks = app.manifest.install_scripts().into_iter().filter(|_| installs);
    let hooks = hooks.map(|script| app.runs_script(&script.name));
    for closure in commands.iter().map(|words| app.runs(words)).chain(hooks) {
        if let Some(gap) = closure.gaps.first() {
            return Err(No::because(format!("{}: {}", place_of(gap), gap.fact)));
        }
        for tool in app.tools(&closure) {
            // What stands in the Dockerfile itself was checked with the rest of it.
            if let (None, Some(from)) = (&tool.package, &tool.from) {
                step.check(&tool.command, &place_of(from), Bringer::Nobody)?;
            }
        }
    }
    Ok(())
}

/// Whether packages are installed in the group: else another stage brings them, as they were installed there.
fn installs_packages(case: &Case<'_>) -> bool {
    let runs = |stage: &Stage<'_>| {
        let mut runs = stage.instructions.iter().filter(|one| one.keyword == Keyword::Run);
        runs.any(|run| {
            let found = commands::of(case.cx, stage, run);
            found.map_or(true, |found| found.iter().any(commands::Command::installs_node_project))
        })
    };
    case.group.iter().any(|stage| runs(stage))
}

/// Packages that were installed on a larger image of the same release: they miss nothing but the libraries that they
/// load, which are added.
fn packages_brought_run(case: &Case<'_>, app: &Node, step: &Move<'_>) -> Result<Vec<Evidence>, No> {
    let pruned = ["prune", "--omit=dev", "--production", "--prod"].iter().any(|word| case.cx.mentions(word));
    let (natives, mut evidence) = match app.natives(if pruned { Scope::Production } else { Scope::All }) {
        Finding::Known { value, evidence } => (value, evidence),
        Finding::Unknown { why, .. } => return Err(No::because(format!("native modules are not known: {why}"))),
    };
    if app.context().is_file(&format!("{}/binding.gyp", app.dir)) {
        return Err(No::because("the project has native code of its own (binding.gyp)"));
    }
    for native in &natives.packages {
        let libraries = native.needs.map_or(&[][..], |known| known.apt_run);
        let runs = match native.slim.support {
            Support::Works | Support::Downloads | Support::Compiles => true,
            // An install script of a package that builds nothing does not matter any more.
            Support::Unknown if native.needs.is_none() => !is_native(app, &native.name),
            Support::Unknown => !libraries.is_empty(),
            Support::Breaks => false,
        };
        if !runs {
            return Err(No::because(format!("{}@{} {}", native.name, native.version, native.slim.why)));
        }
        for library in libraries {
            step.add(library, &native.name);
        }
    }
    evidence.truncate(8);
    Ok(evidence)
}

/// Whether a package builds or downloads something that is loaded: told by what it depends on, or by its name.
fn is_native(app: &Node, name: &str) -> bool {
    const DOWNLOADS: &[&str] =
        &["chrom", "electron", "puppeteer", "playwright", "phantom", "cypress", "wkhtml", "magick"];
    let Some(lock) = app.lock() else { return true };
    let mut edges = lock.named(name).flat_map(|at| &lock.packages[at].edges);
    edges.any(|edge| native_table::is_signal(&edge.name)) || DOWNLOADS.iter().any(|part| name.contains(part))
}

fn packages_run_on(app: &Node, step: &Move<'_>) -> Result<Vec<Evidence>, No> {
    let (natives, mut evidence) = match app.natives(Scope::All) {
        Finding::Known { value, evidence } => (value, evidence),
        Finding::Unknown { why, .. } => return Err(No::because(format!("native modules are not known: {why}"))),
    };
    if let Some(why) = &natives.may_be_more {
        return Err(No::because(why.clone()));
    }
    if let Some(why) = against(&natives, step.new) {
        return Err(No::because(why));
    }
    let cloned = app.lock().and_then(|lock| lock.packages.iter().find(|package| package.origin == Origin::Git));
    // What its own scripts build with is not known.
    if let Some(package) = cloned.filter(|_| step.new.has_tool("git") != Some(true)) {
        return Err(No::because(format!("{} is cloned with git, which is not there", package.name)));
    }
    evidence.truncate(8);
    Ok(evidence)
}

/// The first package that does not just work.
fn against(natives: &Natives, new: &Family) -> Option<String> {
    natives.packages.iter().find_map(|native| {
        let verdicts = match new.libc {
            // Whoever builds for several platforms builds for these two.
            Libc::Musl => vec![native.musl(Arch::X64), native.musl(Arch::Arm64)],
            Libc::Glibc => vec![&native.slim],
        };
        let bad = verdicts.into_iter().find(|verdict| verdict.support != Support::Works)?;
        Some(format!("{}@{} {}", native.name, native.version, bad.why))
    })
}

/// The applications whose package.json a COPY of `stage` brings to where something is installed or started.
fn applications(case: &Case<'_>, stage: &Stage<'_>) -> Result<Vec<Rc<Node>>, No> {
    let mut apps: Vec<Rc<Node>> = Vec::new();
    let mut directories: Vec<String> = Vec::new();
    for instruction in &stage.instructions {
        let workdir = stage.state_after(instruction).workdir().value();
        directories.extend(workdir.filter(|dir| !directories.iter().any(|known| known == dir)).map(str::to_owned));
    }
    for dir in directories {
        let package = format!("{}/package.json", dir.trim_end_matches('/'));
        if let Exists::Yes(PathOrigin::Context { path, .. }) = case.cx.find_in_stage(stage.index, &package) {
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            let app = case.cx.project.node(dir);
            apps.push(app.ok_or_else(|| No::because(format!("{path} is not understood")))?);
        }
    }
    Ok(apps)
}
