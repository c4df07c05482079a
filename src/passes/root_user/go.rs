//! What a Go program writes: by the code of the module that it is built from.

use super::around::low_port;
use super::commands::{Here, Walk, absolute};
use super::needs::{Write, place_of};
use super::programs::is_of_root;
use crate::dockerfile::Keyword;
use crate::image::{Exists, Origin};
use crate::project::finding::evidence;
use crate::project::go::Go;
use crate::project::go::calls::{Use, port};
use crate::project::go::code::Conditions;
use crate::project::paths;
use std::collections::BTreeSet;
use std::rc::Rc;

/// `program`, which is nothing else that is known, may be built from the Go code of the context.
pub(super) fn runs(walk: &mut Walk<'_>, program: &str, found: Option<&Origin>, here: &Here) {
    let place = &here.place;
    walk.needs.programs += 1;
    if matches!(paths::name(program), "go" | "air" | "reflex" | "fresh" | "CompileDaemon" | "dlv") {
        walk.needs.doubt(format!("{place} compiles at start, into caches of root's"));
        return;
    }
    let is_built = !matches!(found, Some(Origin::Heredoc { .. } | Origin::Directory { .. }));
    let modules = if is_built { modules(walk) } else { Vec::new() };
    let [go] = modules.as_slice() else {
        walk.needs.doubt(format!("{place}: what `{program}` writes is not known"));
        return;
    };
    if !is_called_so(walk, go, program) {
        walk.needs.doubt(format!("{place}: what `{program}` writes is not known"));
        return;
    }
    let code = go.code();
    if let Some(why) = code.complete.why_unknown() {
        walk.needs.doubt(format!("the Go code was not read: {why}"));
    }
    let reached = reached(go, program);
    for found in code.found.iter().filter(|found| reached.as_ref().is_none_or(|dirs| dirs.contains(&found.package))) {
        let place = place_of(&found.evidence);
        match (found.what, found.value.as_deref()) {
            (Use::Writes | Use::Database, Some(path)) if !path.contains(":memory:") => match absolute(path, here) {
                Some(path) => {
                    let directory = found.evidence.fact.contains("Mkdir");
                    let must_be_new = found.evidence.fact.contains("os.Mkdir(");
                    walk.needs.write(Write { path, directory, must_be_new, place });
                }
                None => walk.needs.doubt(format!("{place}: {}", found.evidence.fact)),
            },
            (Use::Writes | Use::Database, None) => {
                walk.needs.doubt(format!("{place} writes to a computed path ({})", found.evidence.fact));
            }
            (Use::Listens, Some(address)) => {
                if let Some(number) = port(address) {
                    low_port(walk.needs, u32::from(number), &place);
                }
            }
            _ => {}
        }
    }
    sockets(walk, go);
    let what = "no path is written that is not known";
    walk.needs.evident(evidence(if go.dir().is_empty() { "." } else { go.dir() }, None, what));
}

/// Modules with which it may speak to what is root's; of those that tests alone start, nothing is said.
fn sockets(walk: &mut Walk<'_>, go: &Go) {
    let Some(module) = go.module() else { return };
    let tested =
        module.requires.iter().any(|one| one.path.contains("testcontainers") || one.path.contains("dockertest"));
    let found = module.requires.iter().find(|one| is_of_root(&one.path) && !(tested && one.indirect));
    if let Some(found) = found {
        walk.needs.doubt(format!("{}: what {} opens is root's", place_of(&found.evidence), found.path));
    }
}

/// Whether a program of the module may be called so: by its directory, its module, or what a RUN says.
fn is_called_so(walk: &Walk<'_>, go: &Go, program: &str) -> bool {
    let name = paths::name(program);
    let module =
        go.module().and_then(|module| module.module.as_ref()).is_some_and(|(path, _)| paths::name(path) == name);
    let mains = || go.code().mains(Conditions::default()).any(|(dir, _)| paths::name(dir) == name);
    let cx = walk.case.cx;
    let says = || {
        let mut runs = cx.stages.iter().flat_map(|stage| &stage.instructions).filter(|one| one.keyword == Keyword::Run);
        runs.any(|run| {
            run.code
                .of(cx.file.text())
                .split(|c: char| !c.is_alphanumeric() && !"-_.".contains(c))
                .any(|word| word == name || word.strip_suffix(".go") == Some(name))
        })
    };
    module || mains() || says()
}

/// The packages that the program is built from; `None` when it cannot be told which of several it is.
fn reached(go: &Go, program: &str) -> Option<BTreeSet<String>> {
    let conditions = Conditions::default();
    let mains: Vec<String> = go.code().mains(conditions).map(|(dir, _)| dir.to_owned()).collect();
    let name = paths::name(program);
    let main = match mains.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|dir| paths::name(dir) == name),
    };
    Some(go.reached(main?, conditions))
}

/// The Go modules whose code the stages of the file take.
fn modules(walk: &Walk<'_>) -> Vec<Rc<Go>> {
    let cx = walk.case.cx;
    let mut found: Vec<Rc<Go>> = Vec::new();
    for stage in cx.stages.iter() {
        let builds = stage.instructions.iter().filter(|run| run.keyword == Keyword::Run);
        for run in builds.filter(|run| run.code.of(cx.file.text()).contains("go ")) {
            let Some(workdir) = stage.state_before(run).workdir().value() else { continue };
            // The module's file may lie above the directory in which it is built.
            let above = std::iter::successors(Some(workdir.trim_end_matches('/')), |dir| {
                dir.rsplit_once('/').map(|(parent, _)| parent).filter(|_| !dir.is_empty())
            });
            let files = above.map(|dir| format!("{dir}/go.mod")).chain([format!("{workdir}/main.go")]);
            let module = files.filter_map(|file| match cx.find_in_stage(stage.index, &file) {
                Exists::Yes(Origin::Context { path, .. }) => cx.project.go(paths::parent(&path)),
                _ => None,
            });
            let module = module.take(1).find(|go| !found.iter().any(|known: &Rc<Go>| known.dir() == go.dir()));
            found.extend(module);
        }
    }
    found
}
