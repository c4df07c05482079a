//! What a Python application needs of its base: wheels that fit the C library, the libraries that wheels load,
//! and the programs that the code starts.

use super::Case;
use super::lacking::{Bringer, Move};
use super::programs::{self, Brought, Use};
use crate::image::base::Libc;
use crate::image::{Exists, Origin};
use crate::managers::build_only;
use crate::passes::no::No;
use crate::project::Finding;
use crate::project::python::Python;
use crate::project::python::deps::Dependency;
use crate::project::python::install::Install;
use crate::project::python::native::Native;
use crate::project::python::scan;
use crate::project::python::wheel::{Target, Wheel};
use crate::proposal::Evidence;
use std::rc::Rc;

/// Modules on top of Tk.
const WINDOWS: &[&str] = &["customtkinter", "pysimplegui", "tkinter", "turtle"];

/// So many facts are shown; the rest is alike.
const MOST_SHOWN: usize = 8;

/// Evidence that every package that the group installs runs on `new`, and so does the code.
pub(super) fn runs_on(case: &Case<'_>, step: &Move<'_>) -> Result<Brought, No> {
    let mut brought = Brought::default();
    let mut installs = 0;
    programs::each_use(case, &mut |found| {
        let words: Vec<Option<&str>> = found.simple.words.iter().map(|word| word.literal.as_deref()).collect();
        let Some(install) = Install::read(&words) else { return Ok(()) };
        installs += 1;
        let python = install_runs_on(case, found, &install, step, &mut brought)?;
        code_runs_on(&python, step)
    })?;
    if installs == 0 {
        let copies = case.group.iter().flat_map(|stage| &stage.instructions).any(|one| one.flag("from").is_some());
        let why = if copies {
            "its packages are installed in another stage"
        } else {
            "no install of Python packages was found"
        };
        return Err(No::because(why));
    }
    brought.evidence.truncate(MOST_SHOWN);
    Ok(brought)
}

fn install_runs_on(
    case: &Case<'_>,
    found: &Use<'_>,
    install: &Install,
    step: &Move<'_>,
    brought: &mut Brought,
) -> Result<Rc<Python>, No> {
    let place = &found.place;
    let workdir =
        found.workdir.as_deref().ok_or_else(|| No::because(format!("{place} installs in an unknown directory")))?;
    let resolve = |path: &str| context_path(case, found.stage, workdir, path);
    let dir = install
        .directory(&resolve)
        .ok_or_else(|| No::because(format!("{place} installs what is not in the build context")))?;
    let python = case.cx.project.python_code(&dir);
    let python = python.ok_or_else(|| No::because(format!("{place} installs a project that is not understood")))?;
    let dependencies = python.dependencies(install, case.from.python_minor(), &resolve);
    if let Finding::Unknown { why, .. } = &dependencies.complete {
        return Err(No::because(format!("not all that {place} installs is known: {why}")));
    }
    let target = Target::new(case.from.python_minor());
    for dependency in &dependencies.list {
        brought.evidence.extend(dependency_runs_on(
            case,
            dependency,
            dependencies.native_of(dependency),
            &target,
            step,
        )?);
        brought.programs.insert(dependency.name.clone());
    }
    Ok(python)
}

fn context_path(case: &Case<'_>, stage: usize, workdir: &str, path: &str) -> Option<String> {
    let absolute = if path.starts_with('/') { path.to_owned() } else { format!("{workdir}/{path}") };
    match case.cx.find_in_stage(stage, &absolute) {
        Exists::Yes(Origin::Context { path, .. }) => Some(path),
        _ => None,
    }
}

fn dependency_runs_on(
    case: &Case<'_>,
    dependency: &Dependency,
    native: Option<&'static Native>,
    target: &Target,
    step: &Move<'_>,
) -> Result<Vec<Evidence>, No> {
    let name = &dependency.name;
    let (wheel, evidence) = match dependency.wheel(target) {
        Finding::Known { value, evidence } => (value, evidence),
        Finding::Unknown { why, .. } => return Err(No::because(why)),
    };
    let musl = step.new.libc == Libc::Musl;
    match wheel {
        Wheel::SdistOnly if !build_only::is_pure_python(name) => {
            return Err(No::because(format!("{name} is built from source, and no compiler is there")));
        }
        // pip finds musllinux wheels from 21.2 on, which the images have from Python 3.10 on.
        Wheel::Musllinux if musl && case.from.python_minor().is_none_or(|minor| minor < 10) => {
            return Err(No::because(format!("the pip there may not find the musl wheel of {name}")));
        }
        // Which version comes is only known on the day of the build.
        _ if musl && dependency.version.is_none() => {
            return Err(No::because(format!("{name} is not fixed to a version, which may lack a wheel for musl")));
        }
        Wheel::SdistOnly | Wheel::Pure | Wheel::Musllinux => {}
        _ if musl => return Err(No::because(format!("{name} has no wheel for musl"))),
        Wheel::PureFallback | Wheel::ManylinuxOnly | Wheel::ManylinuxOnlyNoSdist => {}
    }
    let Some(native) = native else { return Ok(evidence) };
    if let Some(unsure) = native.unsure {
        return Err(No::because(format!("what {name} loads at run time is not known: {unsure}")));
    }
    match native.wheel_apk.first() {
        Some(library) if musl => Err(No::because(format!("{name} loads {library}, which is not there"))),
        _ => {
            if !musl {
                libraries(case, native.wheel_apt, step, name);
            }
            Ok(evidence)
        }
    }
}

/// Adds the libraries that wheels load and that the full image had by the way; what it had not, nothing used.
fn libraries(case: &Case<'_>, names: &'static [&'static str], step: &Move<'_>, of: &str) {
    let release = case.from.release().map(|release| release.name);
    for name in names {
        let (name, on) = name.split_once('@').map_or((*name, release), |(name, on)| (name, Some(on)));
        if on == release && step.old.packages.contains(&name) {
            step.add(name, of);
        }
    }
}

/// The programs that the code starts must be there; a computed name may be any program.
fn code_runs_on(python: &Python, step: &Move<'_>) -> Result<(), No> {
    let scan = python.scan();
    if let Finding::Unknown { why, .. } = &scan.complete {
        return Err(No::because(format!("not all of the code was read: {why}")));
    }
    // <https://github.com/docker-library/python>: the slim and Alpine images have no Tk, to which the module is linked.
    if let Some(found) = WINDOWS.iter().find_map(|module| scan.imports.get(*module)) {
        return Err(No::because(format!("{} opens windows, for which Tk is not there", programs::place_of(found))));
    }
    for found in scan.of(scan::Use::Runs) {
        let place = format!("{}:{}", found.file, found.line);
        let words = found.value.as_deref().and_then(|value| value.split_whitespace().next());
        let Some(program) = words else {
            return Err(No::because(format!("{place} starts a program that only the run knows")));
        };
        step.check(program, &place, Bringer::Nobody)?;
    }
    Ok(())
}
