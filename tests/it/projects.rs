//! Runs all passes over the whole small projects under `fixtures/`.
//!
//! `expected.diff` is what must come out, `expected.txt` what was held or left alone and why; a file that is
//! not there stands for nothing.

use crate::applies::{self, Printed};
use crate::support::{
    all_passes, compare_with_file, crlf, fail_with, no_pass, plan, printed_diff, reasons, root, sound_plan,
};
use dfslim::dockerfile::{Dockerfile, Keyword};
use dfslim::engine::Ceiling;
use dfslim::passes::Wishes;
use dfslim::passes::rebuild::{Change, Rerun, rebuilds};
use dfslim::plan::Plan;
use dfslim::project::Context;
use dfslim::project::dockerignore::Dockerignore;
use dfslim::proposal::Kind;
use dfslim::report::paint::Paint;
use ignore::WalkBuilder;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A Dockerfile of a project.
struct Case {
    /// Relative to the project, with `/`.
    name: String,
    text: String,
}

struct Project {
    folder: PathBuf,
    cases: Vec<Case>,
}

/// All Dockerfiles of all projects; other tests use them as input.
pub(crate) fn texts() -> Vec<String> {
    projects().into_iter().flat_map(|project| project.cases).map(|case| case.text).collect()
}

fn projects() -> Vec<Project> {
    let entries = std::fs::read_dir(root().join("fixtures")).expect("fixtures/");
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(|folder| Project { cases: cases(&folder), folder }).collect()
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut names: Vec<String> = WalkBuilder::new(folder)
        .standard_filters(false)
        .build()
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| ["Dockerfile", "Containerfile"].iter().any(|name| entry.file_name() == *name))
        .map(|entry| entry.path().strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/"))
        .collect();
    names.sort();
    let case = |name: String| Case { text: std::fs::read_to_string(folder.join(&name)).expect("UTF-8"), name };
    names.into_iter().map(case).collect()
}

/// The project's files; what is expected of it is none of them.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let expected = |name: &std::ffi::OsStr| name == "expected.diff" || name == "expected.txt";
    WalkBuilder::new(folder)
        .standard_filters(false)
        .build()
        .map(|entry| entry.expect("an entry").into_path())
        .filter(|path| path.is_file() && !path.file_name().is_some_and(expected))
        .map(|path| {
            let name = path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
            (name, std::fs::read(&path).expect("a file"))
        })
        .collect()
}

#[test]
fn every_project_comes_out_as_expected() {
    let mut failures = Vec::new();
    let mut printed = Vec::new();
    let projects = projects();
    assert!(projects.len() >= 14, "projects went missing");
    for project in &projects {
        let (mut diff, mut said) = (String::new(), String::new());
        assert!(!project.cases.is_empty(), "{} has no Dockerfile", project.folder.display());
        for case in &project.cases {
            match check(project, case) {
                Ok(plan) => {
                    diff += &printed_diff(&case.name, &plan.before, &plan.after);
                    for made in &plan.made {
                        let made = dfslim::report::diff::created(made.path.as_bytes(), &made.text, Paint(false));
                        // Several Dockerfiles may ask for the same file.
                        if !diff.contains(&made) {
                            diff += &made;
                        }
                    }
                    said.extend(reasons(&plan).iter().map(|reason| format!("{}: {reason}\n", case.name)));
                    printed.push(printed_of(project, case, plan));
                }
                Err(problem) => failures.push(format!("{}/{}: {problem}", project.folder.display(), case.name)),
            }
        }
        failures.extend(compare_with_file(&project.folder.join("expected.diff"), &diff).err());
        failures.extend(compare_with_file(&project.folder.join("expected.txt"), &said).err());
    }
    failures.extend(applies::check(&printed));
    fail_with(&failures);
}

/// What a change of a source file, and one of a lock file, make anew before and after: `fixtures/rebuilds.tsv`.
#[test]
fn a_change_of_sources_installs_no_more_than_before() {
    let mut table = "# file, what changes, layers made anew (lines of installs), before and after\n".to_owned();
    let (mut failures, mut improved) = (Vec::new(), 0);
    for project in &projects() {
        for case in &project.cases {
            let context = Context::from_memory(files(&project.folder)).for_dockerfile(&case.name);
            let around = dfslim::project::Project::new(context);
            let plan = plan(&case.text, &around, &all_passes(Ceiling::Checked), Wishes::default()).expect("a plan");
            let ignore = plan.made.first().map(|made| Dockerignore::parse(&made.path, &made.text));
            let name = format!("{}/{}", project.folder.file_name().expect("a name").to_string_lossy(), case.name);
            for rebuild in rebuilds(&plan.before, &plan.after, &around, Wishes::default(), ignore.as_ref()) {
                let (before, after) = (rebuild.before.installs().count(), rebuild.after.installs().count());
                if rebuild.change == Change::Source && after > before {
                    failures.push(format!("{name}: a change of {} installs more than before", rebuild.file));
                }
                improved += usize::from(rebuild.change == Change::Source && after < before);
                let file = &rebuild.file;
                let (before, after) = (shown(&rebuild.before), shown(&rebuild.after));
                let _ = writeln!(table, "{name}\t{:?}\t{file}\t{before}\t{after}", rebuild.change);
            }
        }
    }
    assert!(improved >= 4, "only {improved} projects are rebuilt with fewer installs");
    failures.extend(compare_with_file(&root().join("fixtures/rebuilds.tsv"), &table).err());
    fail_with(&failures);
}

fn shown(rerun: &Rerun) -> String {
    let installs: Vec<_> = rerun.installs().map(|line| line.to_string()).collect();
    format!("{}/{} ({})", rerun.anew.len(), rerun.layers, installs.join(", "))
}

fn check(project: &Project, case: &Case) -> Result<Plan, String> {
    let wishes = Wishes::default();
    let around = || {
        let context = Context::from_memory(files(&project.folder));
        dfslim::project::Project::new(context.for_dockerfile(&case.name))
    };
    let plan_of = |text: &str| plan(text, &around(), &all_passes(Ceiling::Checked), wishes);
    let first = sound_plan(&case.text, &around(), &all_passes(Ceiling::Checked), wishes)?;
    sound_plan(&case.text, &around(), &all_passes(Ceiling::Risky), wishes)?;
    let other_threads: Vec<_> = std::thread::scope(|scope| {
        [(); 3].map(|()| scope.spawn(|| plan_of(&case.text))).map(std::thread::ScopedJoinHandle::join).into()
    });
    for other in other_threads {
        let other = other.map_err(|_| "a thread panicked")??;
        if format!("{other:?}") != format!("{first:?}") {
            return Err("another thread comes to another plan".to_owned());
        }
    }
    if plan(&case.text, &around(), &no_pass(), wishes)?.changed() {
        return Err("it changes without any pass".to_owned());
    }
    if !case.text.contains('\r') && plan_of(&crlf(&case.text))?.after != crlf(&first.after) {
        return Err("with CRLF it becomes something else".to_owned());
    }
    only_runs_change(&first)?;
    Ok(first)
}

/// Passes on layers, caches and packages rewrite RUNs; every other instruction stays as it is, to the byte.
fn only_runs_change(plan: &Plan) -> Result<(), String> {
    let about_runs = |kind: Kind| matches!(kind, Kind::Layers | Kind::Caches | Kind::Dependencies);
    if !plan.applied.iter().all(|finding| about_runs(finding.kind)) {
        return Ok(());
    }
    let (before, after) = (Dockerfile::parse(plan.before.as_str()), Dockerfile::parse(plan.after.as_str()));
    if others(&before) == others(&after) { Ok(()) } else { Err("more than RUNs changed".to_owned()) }
}

fn others(file: &Dockerfile) -> Vec<&str> {
    let others = file.instructions().filter(|instruction| instruction.keyword != Keyword::Run);
    others.map(|instruction| instruction.span.of(file.text())).collect()
}

fn printed_of(project: &Project, case: &Case, plan: Plan) -> Printed {
    let folder = project.folder.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("{folder}/{}", case.name);
    Printed { diff: printed_diff(&name, &plan.before, &plan.after), name, before: plan.before, after: plan.after }
}
