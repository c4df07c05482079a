//! What a Node application writes: by the tools that its scripts start, by its packages, and by its own code.

mod tables;

use super::around::low_port;
use super::commands::{Here, Walk, Word, absolute};
use super::needs::{Write, place_of};
use super::programs::is_of_root;
use crate::dockerfile::Keyword;
use crate::image::{Exists, Known, Origin, clean};
use crate::project::Finding;
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::finding::evidence;
use crate::project::node::Node;
use crate::project::node::code::{Access, Code, PathUse};
use crate::project::node::js::values::Start;
use crate::project::node::manager::PackageManager;
use crate::project::node::manifest::DependencyKind;
use crate::project::node::scripts::{Closure, Ran};
use crate::project::paths;
use std::rc::Rc;
use tables::{ASIDE, BROWSERS, DEVELOPERS, KEEPERS, RUNNERS, SETTERS, SILENT, STARTERS};

/// Whether Node, or a tool of its world, is started by `name`.
pub(super) fn is_its(name: &str) -> bool {
    STARTERS.contains(&name) || DEVELOPERS.iter().any(|(tool, _)| *tool == name)
}

/// An application, and its directory in the image.
struct App {
    node: Rc<Node>,
    root: String,
}

/// A command that starts Node.
pub(super) fn runs(walk: &mut Walk<'_>, words: &[Word], here: &Here) -> Result<(), String> {
    let place = &here.place;
    walk.needs.programs += 1;
    let Some(literal) = words.iter().cloned().collect::<Option<Vec<String>>>() else {
        walk.needs.doubt(format!("{place} starts something that only the run knows"));
        return Ok(());
    };
    let Some(app) = find(walk, &literal, here) else {
        let name = paths::name(&literal[0]);
        // A server of files reads them; no package.json is needed for that.
        if !matches!(name, "serve" | "http-server") {
            walk.needs.doubt(format!("{place}: no package.json of the build context tells what is started"));
        }
        return Ok(());
    };
    corepack(walk, &literal)?;
    let closure = app.node.runs(&literal);
    for gap in &closure.gaps {
        walk.needs.doubt(format!("{}: {}", place_of(gap), gap.fact));
    }
    for ran in &closure.ran {
        tool(walk, &app, ran, here)?;
    }
    packages(walk, &app)?;
    code(walk, &app, &closure, here);
    Ok(())
}

/// The application that is started here: that of the working directory, else the only one that is copied.
fn find(walk: &Walk<'_>, words: &[String], here: &Here) -> Option<App> {
    let cx = walk.case.cx;
    let root = here.workdir.clone()?;
    let mut dirs = vec![root.clone()];
    dirs.extend(
        words
            .iter()
            .skip(1)
            .filter(|word| word.contains('/'))
            .filter_map(|file| absolute(file, here).map(|path| paths::parent(&path).to_owned())),
    );
    for root in dirs {
        let package = format!("{}/package.json", root.trim_end_matches('/'));
        if let Exists::Yes(Origin::Context { path, .. }) = cx.find_in_stage(walk.case.stage.index, &package) {
            return Some(App { node: cx.project.node(paths::parent(&path))?, root });
        }
    }
    let mut apps: Vec<Rc<Node>> = Vec::new();
    for stage in cx.stages.iter() {
        for dir in stage.workdirs() {
            let package = format!("{}/package.json", dir.trim_end_matches('/'));
            if let Exists::Yes(Origin::Context { path, .. }) = cx.find_in_stage(stage.index, &package)
                && let Some(node) = cx.project.node(paths::parent(&path))
                && !apps.iter().any(|known| known.dir == node.dir)
            {
                apps.push(node);
            }
        }
    }
    match apps.as_slice() {
        [only] => Some(App { node: Rc::clone(only), root }),
        _ => None,
    }
}

/// Corepack keeps what it prepared in the home of who prepared it; another user fetches it anew.
fn corepack(walk: &Walk<'_>, words: &[String]) -> Result<(), String> {
    if !matches!(paths::name(&words[0]), "yarn" | "pnpm" | "pnpx") {
        return Ok(());
    }
    let case = walk.case;
    if !matches!(case.stage.end().env("COREPACK_HOME"), Known::Inherited) {
        return Ok(());
    }
    let runs = case.chain.iter().flat_map(|stage| &stage.instructions);
    let mut prepared = runs.filter(|run| run.keyword == Keyword::Run && run.rest.text().contains("corepack"));
    match prepared.next() {
        Some(run) => {
            let line = case.cx.line(run.code.start);
            Err(format!(
                "line {line}: corepack keeps {} in root's home, and another user would have to fetch it at each start",
                words[0]
            ))
        }
        None => Ok(()),
    }
}

/// One command that is run in the end.
fn tool(walk: &mut Walk<'_>, app: &App, ran: &Ran, here: &Here) -> Result<(), String> {
    let place = ran.from.as_ref().map_or_else(|| here.place.clone(), place_of);
    let (name, verb) = (ran.program(), ran.words.get(1).map_or("", String::as_str));
    let words: Vec<Word> = ran.words.iter().cloned().map(Some).collect();
    walk.ports(&words, &place);
    let develops = DEVELOPERS.iter().find(|(tool, _)| *tool == name);
    if develops.is_some_and(|(_, verbs)| verbs.is_empty() || verbs.contains(&verb)) {
        return Err(format!("{place}: `{}` writes caches and builds beside the code", [name, verb].join(" ").trim()));
    }
    match (name, verb) {
        ("next", "start") => next_cache(walk, app, place),
        ("prisma", "migrate") if ran.words.get(2).is_some_and(|word| word == "deploy") => engines(walk, app, &place),
        ("typeorm", "migration:run") => {}
        _ if SILENT.contains(&name) => {}
        ("npm" | "yarn" | "pnpm", _) => {
            walk.needs.doubt(format!("{place}: what `{}` writes is not known", ran.words.join(" ")));
        }
        _ => walk.needs.doubt(format!("{place}: what `{name}` writes is not known")),
    }
    Ok(())
}

/// Prisma's command puts an engine beside itself when its install script did not, and only root may write there:
/// <https://github.com/prisma/prisma/issues/8251>. npm and yarn 1 run these scripts unless told otherwise.
fn engines(walk: &mut Walk<'_>, app: &App, place: &str) {
    let runs_scripts =
        matches!(app.node.manager, Finding::Known { value: PackageManager::Npm | PackageManager::YarnClassic, .. });
    if !runs_scripts || walk.case.cx.mentions("--ignore-scripts") {
        walk.needs.doubt(format!("{place}: prisma may fetch its engine into node_modules, where only root may write"));
    }
}

/// Next.js keeps optimized images and regenerated pages below its build.
fn next_cache(walk: &mut Walk<'_>, app: &App, place: String) {
    let path = format!("{}/.next", app.root.trim_end_matches('/'));
    walk.needs.write(Write { path, directory: true, must_be_new: false, place });
}

fn packages(walk: &mut Walk<'_>, app: &App) -> Result<(), String> {
    let manifest = &app.node.manifest;
    let production =
        |name: &str| manifest.dependency(name).is_some_and(|found| found.kind != DependencyKind::Development);
    for (browser, elsewhere) in BROWSERS {
        let set = |name: &&str| !matches!(walk.case.stage.end().env(name), Known::Inherited);
        if production(browser) && !elsewhere.iter().any(set) {
            return Err(format!("{browser} keeps its browser in root's home, where nobody else may look"));
        }
    }
    let schema = ["prisma/schema.prisma", "schema.prisma"]
        .iter()
        .find_map(|name| app.node.context().find(&paths::join(&app.node.dir, name)?));
    if let Some(schema) = schema.filter(|schema| schema.text.replace(' ', "").contains("provider=\"sqlite\"")) {
        walk.needs.doubt(format!("{}: the database is a file, and where is not known", schema.path));
    }
    Ok(())
}

/// What the code of the application writes.
fn code(walk: &mut Walk<'_>, app: &App, closure: &Closure, here: &Here) {
    let entries: Vec<String> = app.node.entries(closure).into_iter().map(|entry| entry.path).collect();
    let serves_next = app.node.manifest.dependency("next").is_some();
    let runners = closure.ran.iter().filter(|ran| RUNNERS.contains(&ran.program())).count();
    if runners > entries.len() {
        walk.needs.doubt(format!("{}: what it runs is not known", here.place));
    }
    if entries.is_empty() {
        return;
    }
    let there = entries.iter().all(|entry| app.node.context().is_file(entry));
    let code = if there { app.node.code(&entries) } else { Code::default() };
    let (code, whole) = if there && code.complete() { (code, true) } else { (all_code(app), false) };
    if code.uses("next") || (!there && serves_next) {
        // The server of a standalone build.
        next_cache(walk, app, here.place.clone());
    }
    let unread =
        |gap: &&crate::proposal::Evidence| gap.fact.starts_with("not read") || gap.fact.starts_with("more files");
    if let Some(gap) = code.gaps.iter().find(unread) {
        walk.needs.doubt(format!("{}: {}", place_of(gap), gap.fact));
    }
    if code.files.is_empty() {
        walk.needs.doubt(format!("{}: no code of it is in the build context", here.place));
    }
    if let Some(import) = code.imports.iter().find(|import| is_of_root(&import.package)) {
        walk.needs.doubt(format!("{}: what {} opens is root's", place_of(&import.evidence), import.package));
    }
    for package in KEEPERS {
        let used = code.imports.iter().find(|import| import.package == *package);
        let known = || {
            code.paths.iter().any(|found| found.access == Access::Write && found.evidence.fact.starts_with("Database"))
        };
        if let Some(import) = used.filter(|_| !known()) {
            walk.needs.doubt(format!(
                "{}: {package} keeps data in files, and where is not known",
                place_of(&import.evidence)
            ));
        }
    }
    for port in &code.ports {
        let set = port.env.as_deref().map(|name| walk.case.stage.end().env(name));
        let number = match set {
            Some(Known::Is(value)) => value.parse().ok(),
            _ => port.number,
        };
        if let Some(number) = number {
            low_port(walk.needs, number, &place_of(&port.evidence));
        }
    }
    let sets = SETTERS.iter().any(|package| code.uses(package));
    let is_setting = |found: &PathUse| !found.evidence.fact.contains('(');
    for found in code.paths.iter().filter(|found| found.access == Access::Write && (sets || !is_setting(found))) {
        path(walk, app, found, here);
    }
    uploads(walk, &code);
    for command in &code.commands {
        const HARMLESS: &[&str] = &["node", "which", "uname", "ps", "ffprobe", "df", "nproc", "curl"];
        let place = place_of(&command.evidence);
        match command.program.as_deref().map(paths::name) {
            Some(program) if HARMLESS.contains(&program) => {}
            Some(program) => walk.needs.doubt(format!("{place} starts {program}, and what it writes is not known")),
            None => walk.needs.doubt(format!("{place} starts a program that only the run knows")),
        }
    }
    let fact = format!(
        "{} files of code read{}, and all that they write is known",
        code.files.len(),
        if whole { " from the entry on" } else { "" }
    );
    let shown = entries
        .first()
        .filter(|_| there)
        .cloned()
        .unwrap_or_else(|| paths::join(&app.node.dir, "package.json").unwrap_or_default());
    walk.needs.evident(evidence(shown, None, fact));
}

/// Multer's storage on disk, when no path was found for it.
fn uploads(walk: &mut Walk<'_>, code: &Code) {
    let Some(import) = code.imports.iter().find(|import| matches!(import.package.as_str(), "multer" | "@koa/multer"))
    else {
        return;
    };
    let context = walk.case.cx.project.context();
    let on_disk =
        code.files.iter().find(|file| context.find(file).is_some_and(|source| source.text.contains("diskStorage")));
    let Some(file) = on_disk else { return };
    let known =
        code.paths.iter().any(|found| found.access == Access::Write && found.file == **file && found.path.is_some());
    if !known {
        walk.needs.doubt(format!("{}: where uploads go is not known", place_of(&import.evidence)));
    }
}

/// All code of the application, where what is started cannot be followed: it is built first, or loads by computed names.
fn all_code(app: &App) -> Code {
    let mut files = Vec::new();
    app.node.context().walk_sent(&app.node.dir, |path, kind| {
        let name = paths::name(path);
        match kind {
            EntryKind::Directory | EntryKind::LinkToDirectory if ASIDE.contains(&name) => return Step::Skip,
            EntryKind::File if is_source(name) => files.push(path.to_owned()),
            _ => {}
        }
        Step::Enter
    });
    app.node.code(&files)
}

fn is_source(name: &str) -> bool {
    const ENDINGS: &[&str] = &["cjs", "cts", "js", "jsx", "mjs", "mts", "ts", "tsx"];
    let mut parts = name.rsplit('.');
    parts.next().is_some_and(|ending| ENDINGS.contains(&ending))
        && !matches!(parts.next(), Some("test" | "spec" | "config" | "d" | "stories"))
        && !name.starts_with('.')
        && !matches!(name, "gulpfile.js" | "Gruntfile.js")
}

/// A path that the code writes to.
fn path(walk: &mut Walk<'_>, app: &App, found: &PathUse, here: &Here) {
    let place = place_of(&found.evidence);
    let Some(written) = &found.path else {
        return walk.needs.doubt(format!("{place} writes to a computed path ({})", found.evidence.fact));
    };
    let directory = found.directory || found.partly;
    let path = match walk.setting(found.env.as_deref(), &place) {
        Err(why) => return walk.needs.doubt(why),
        Ok(Some(value)) => absolute(&value, here),
        Ok(None) if written.path.starts_with('/') => Some(clean(&written.path)),
        Ok(None) => match written.start {
            Start::Temporary => return,
            Start::Home => walk.account.home.map(|home| format!("{home}/{}", written.path)),
            Start::Workdir if written.path == ":memory:" => return,
            Start::Workdir => absolute(&written.path, here),
            Start::OwnDirectory => beside(walk, app, found, &written.path),
        },
    };
    match path {
        Some(path) => {
            let path = clean(&path);
            walk.needs.write(Write { path, directory, must_be_new: found.must_be_new, place });
        }
        None => walk.needs.doubt(format!("{place} writes to a path that is not known ({})", found.evidence.fact)),
    }
}

/// A path that starts from the file that names it. What is built may stand elsewhere; then only what lies outside of
/// the sources' own directory is known.
fn beside(walk: &Walk<'_>, app: &App, found: &PathUse, path: &str) -> Option<String> {
    let dir = paths::parent(&found.file);
    let target = paths::join(dir, path)?;
    let in_image =
        |path: &str| Some(format!("{}/{}", app.root.trim_end_matches('/'), paths::below(&app.node.dir, path)?));
    let own = in_image(&found.file)?;
    let same = matches!(
        walk.case.cx.find_in_stage(walk.case.stage.index, &own),
        Exists::Yes(Origin::Context { path, .. }) if path == found.file
    );
    let top = |path: &str| paths::below(&app.node.dir, path).and_then(|path| path.split('/').next().map(str::to_owned));
    (same || top(&target) != top(&found.file)).then(|| in_image(&target))?
}
