//! What a Python program writes: by its server, by the packages that it imports, and by its own code.

use super::around::low_port;
use super::commands::{Here, Walk, absolute};
use super::needs::{Write, place_of};
use super::programs::is_of_root;
use crate::image::{Exists, Origin};
use crate::project::finding::evidence;
use crate::project::paths;
use crate::project::python::scan::{Found, Scan, Use};
use crate::project::python::start::{Server, Start};

/// Packages that keep data in files whose place is a matter of settings, by the name that is imported.
const KEEPERS: &[&str] = &[
    "chromadb",
    "diskcache",
    "joblib",
    "lancedb",
    "lmdb",
    "mlflow",
    "pickledb",
    "plyvel",
    "sqlitedict",
    "webdriver_manager",
    "whoosh",
    "zodb",
];

/// Options by which servers write files.
const FILE_OPTIONS: &[&str] = &[
    "--pid",
    "--pidfile",
    "--log-file",
    "--logfile",
    "--access-logfile",
    "--error-logfile",
    "--log-config",
    "--schedule",
];

/// An application, its directory in the context and in the image.
struct App {
    dir: String,
    root: String,
}

/// A command that starts Python.
pub(super) fn runs(walk: &mut Walk<'_>, start: &Start, words: &[Option<&str>], here: &Here) -> Result<(), String> {
    let place = &here.place;
    walk.needs.programs += 1;
    let more = added_words(walk, start, place);
    let words: Vec<Option<&str>> = words.iter().copied().chain(more.split_whitespace().map(Some)).collect();
    let read_again = (!more.is_empty()).then(|| Start::read(&words)).flatten();
    let (start, words) = (read_again.as_ref().unwrap_or(start), &words[..]);
    if let Some(runner) = &start.runner {
        walk.needs.doubt(format!("{place}: `{runner}` looks after an environment that may be root's"));
    }
    options(walk, start, words, here)?;
    for &port in &start.ports {
        low_port(walk.needs, u32::from(port), place);
    }
    let named = match start.server {
        Server::Flask if start.module.is_none() && start.script.is_none() => Some(flask_app(walk)),
        Server::Celery if start.module.is_none() => None,
        Server::Fastapi if start.script.is_none() => Some("main".to_owned()),
        _ => start.module.clone(),
    };
    let Some(app) = find(walk, start, named.as_deref(), here) else {
        walk.needs.doubt(format!("{place}: the code that it starts is not in the build context"));
        return Ok(());
    };
    let Some(python) = walk.case.cx.project.python(&app.dir) else {
        walk.needs.doubt(format!("{place}: the code that it starts is not understood"));
        return Ok(());
    };
    let scan = python.scan();
    if let Some(why) = scan.complete.why_unknown() {
        walk.needs.doubt(format!("the code was not read: {why}"));
    }
    for (import, found) in &scan.imports {
        if is_of_root(import) {
            walk.needs.doubt(format!("{}: what {import} opens is root's", place_of(found)));
        }
        if KEEPERS.contains(&import.as_str()) {
            walk.needs.doubt(format!("{}: {import} keeps data in files, and where is not known", place_of(found)));
        }
    }
    for found in &scan.found {
        if is_shipped(walk, &app, &found.file) {
            one(walk, &app, scan, start, found, here);
        }
    }
    let shown = if app.dir.is_empty() { "." } else { &app.dir };
    let fact = format!("{} files of Python read, and all that they write is known", scan.files);
    walk.needs.evident(evidence(shown, None, fact));
    Ok(())
}

/// What the server reads as further words of its command line:
/// <https://docs.gunicorn.org/en/stable/configure.html#environment-variables>.
fn added_words(walk: &mut Walk<'_>, start: &Start, place: &str) -> String {
    if start.server != Server::Gunicorn {
        return String::new();
    }
    match walk.setting(Some("GUNICORN_CMD_ARGS"), place) {
        Ok(words) => words.unwrap_or_default(),
        Err(why) => {
            walk.needs.doubt(why);
            String::new()
        }
    }
}

/// The socket in a directory that a server makes: `--bind unix:/run/app.sock`, `--uds /run/app.sock`.
fn socket<'w>(before: Option<&str>, word: &'w str) -> Option<&'w str> {
    let (flag, value) = match word.split_once('=') {
        Some((flag, value)) if flag.starts_with('-') => (flag, value),
        _ => (before.unwrap_or_default(), word),
    };
    match flag {
        "--uds" => Some(value),
        "-b" | "--bind" | "--unix-socket" | "-u" | "--insecure-bind" => {
            let path = value.strip_prefix("unix:").unwrap_or(value);
            (path != value || path.starts_with('/')).then(|| path.trim_start_matches("//"))
        }
        _ => word.strip_prefix("-bunix:"),
    }
}

/// What the server itself writes.
fn options(walk: &mut Walk<'_>, start: &Start, words: &[Option<&str>], here: &Here) -> Result<(), String> {
    let place = &here.place;
    let has = |wanted: &[&str]| words.iter().flatten().any(|word| wanted.contains(word));
    match start.server {
        Server::Uwsgi => walk.needs.doubt(format!("{place}: what uwsgi writes is a matter of its settings")),
        Server::Gunicorn if has(&["-u", "--user", "-g", "--group"]) => {
            return Err(format!("{place}: gunicorn gives up root by itself"));
        }
        Server::Celery if has(&["beat", "-B", "--beat"]) && !has(&["-s", "--schedule"]) => {
            write(walk, "celerybeat-schedule", false, place.clone(), here);
        }
        Server::Celery if has(&["--uid", "--gid"]) => return Err(format!("{place}: celery gives up root by itself")),
        Server::DjangoCommand(ref command)
            if matches!(command.as_str(), "makemigrations" | "compilemessages" | "startapp") =>
        {
            walk.needs.doubt(format!("{place}: {command} writes beside the code"));
        }
        _ => {}
    }
    if let Some(config) = &start.config {
        settings(walk, config, here);
    }
    for (at, word) in words.iter().enumerate() {
        let Some(word) = word else { continue };
        let before = at.checked_sub(1).and_then(|before| words[before]);
        if let Some(socket) = socket(before, word) {
            walk.makes(socket, place, here);
        }
        let value = match word.split_once('=') {
            Some((flag, value)) if FILE_OPTIONS.contains(&flag) => Some(value),
            _ if FILE_OPTIONS.contains(word) => words.get(at + 1).copied().flatten(),
            _ => None,
        };
        if let Some(value) = value.filter(|value| *value != "-" && !word.starts_with("--log-config")) {
            write(walk, value, false, place.clone(), here);
        }
    }
    Ok(())
}

/// A file of settings may name files that are written, and users.
fn settings(walk: &mut Walk<'_>, config: &str, here: &Here) {
    const SETTINGS: &[&str] = &[
        "accesslog",
        "bind",
        "errorlog",
        "group",
        "logconfig",
        "logto",
        "pidfile",
        "uid",
        "gid",
        "umask",
        "user",
        "worker_tmp_dir",
    ];
    let config = config.trim_start_matches("python:");
    let Some(Origin::Context { path, .. }) = walk.file_of(&format!("./{config}"), here) else {
        return walk.needs.doubt(format!("{}: the settings in {config} are not in the build context", here.place));
    };
    let Some(source) = walk.case.cx.project.context().find(&path) else { return };
    for (index, line) in source.text.lines().enumerate() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let value = value.trim().trim_matches(['"', '\'']);
        let matters = name.trim() != "bind" || line.contains("unix:");
        if matters && SETTINGS.contains(&name.trim()) && !matches!(value, "-" | "None" | "") {
            walk.needs.doubt(format!("{path}:{} sets {}", index + 1, name.trim()));
        }
    }
}

fn flask_app(walk: &Walk<'_>) -> String {
    let said = walk.case.stage.end().env("FLASK_APP").value().unwrap_or("app.py").to_owned();
    let module = said.split(':').next().unwrap_or_default().trim_end_matches(".py").trim_start_matches("./");
    module.replace('/', ".")
}

/// Where the code that is started stands.
fn find(walk: &Walk<'_>, start: &Start, module: Option<&str>, here: &Here) -> Option<App> {
    let mut root = here.workdir.clone()?;
    if let Some(below) = &start.directory {
        root = absolute(below, here)?;
    }
    let names: Vec<String> = match (&start.script, module) {
        (Some(script), _) if script.starts_with('/') => vec![paths::name(script).to_owned()],
        (Some(script), _) => vec![paths::clean(script)?],
        (None, Some(module)) => {
            let path = module.replace('.', "/");
            let files = [format!("{path}.py"), format!("{path}/__init__.py"), format!("{path}/__main__.py")];
            // A project that is installed in place may keep its packages in a directory of their own.
            let in_place = files.clone().map(|file| format!("src/{file}"));
            files.into_iter().chain(in_place).collect()
        }
        (None, None) if start.server == Server::Celery || matches!(start.server, Server::DjangoCommand(_)) => {
            vec!["manage.py".to_owned()]
        }
        (None, None) => return None,
    };
    if let Some(script) = start.script.as_deref().filter(|script| script.starts_with('/')) {
        paths::parent(script).clone_into(&mut root);
    }
    names.iter().find_map(|name| {
        let image = format!("{}/{name}", root.trim_end_matches('/'));
        match walk.case.cx.find_in_stage(walk.case.stage.index, &image) {
            Exists::Yes(Origin::Context { path, .. }) => {
                let dir = path.strip_suffix(name.as_str())?.trim_end_matches('/').to_owned();
                Some(App { dir, root: root.clone() })
            }
            _ => None,
        }
    })
}

/// Whether the image may hold the file: a repository has more code than that of one image.
fn is_shipped(walk: &Walk<'_>, app: &App, file: &str) -> bool {
    let Some(below) = paths::below(&app.dir, file) else { return false };
    let image = format!("{}/{below}", app.root.trim_end_matches('/'));
    match walk.case.cx.find_in_stage(walk.case.stage.index, &image) {
        Exists::Yes(_) => true,
        Exists::No => false,
        // A RUN that may write anywhere does not write sources of the context.
        Exists::Unknown(_) => {
            let copies = walk.case.chain.iter().flat_map(|stage| &stage.instructions);
            copies.into_iter().any(|one| one.flag("from").is_some())
        }
    }
}

/// One thing that the code does.
fn one(walk: &mut Walk<'_>, app: &App, scan: &Scan, start: &Start, found: &Found, here: &Here) {
    let place = place_of(&found.evidence());
    match found.what {
        Use::Port => {
            if let Some(number) = found.value.as_deref().and_then(|value| value.parse().ok()) {
                low_port(walk.needs, number, &place);
            }
        }
        Use::Static => {
            if matches!(&start.server, Server::DjangoCommand(command) if command == "collectstatic") {
                path(walk, app, found, true, place, here);
            }
        }
        Use::Database => {
            // Flask-SQLAlchemy counts from the application or its instance directory.
            let flask = scan.imports.contains_key("flask_sqlalchemy") && found.call == "sqlite";
            match found.value.as_deref() {
                Some(value) if value.contains(":memory:") || value.starts_with('?') => {}
                Some(value) if flask && !value.starts_with('/') => {
                    let path = format!("{}/{}", app.root, value.trim_start_matches("./"));
                    let is_new =
                        |path: String| Write { path, directory: false, must_be_new: false, place: place.clone() };
                    walk.needs.write(is_new(crate::image::clean(&path)));
                    walk.needs.write(Write {
                        path: format!("{}/instance", app.root),
                        directory: true,
                        must_be_new: false,
                        place,
                    });
                }
                _ => path(walk, app, found, false, place, here),
            }
        }
        Use::Writes | Use::Log => path(walk, app, found, false, place, here),
        Use::MakesDirectory | Use::Upload => path(walk, app, found, true, place, here),
        Use::Runs => {
            const HARMLESS: &[&str] = &["python", "python3", "which", "uname", "ps", "ffprobe", "nvidia-smi"];
            match found.value.as_deref().map(paths::name) {
                Some(program) if HARMLESS.contains(&program) => {}
                Some(program) => walk.needs.doubt(format!("{place} starts {program}, and what it writes is not known")),
                None => walk.needs.doubt(format!("{place} starts a program that only the run knows")),
            }
        }
        Use::Reads | Use::Data | Use::Temporary | Use::Timezone => {}
    }
}

/// A path that the code writes to.
fn path(walk: &mut Walk<'_>, app: &App, found: &Found, directory: bool, place: String, here: &Here) {
    if let Some(value) = &found.value {
        let value = value.split('?').next().unwrap_or(value);
        let path = absolute(value, here);
        return match path {
            Some(path) => walk.needs.write(Write { path, directory, must_be_new: found.must_be_new, place }),
            None => walk.needs.doubt(format!("{place} writes to `{value}`, and from which directory is not known")),
        };
    }
    let Some(known) = &found.place else {
        let call = &found.call;
        return walk.needs.doubt(format!("{place} writes to a computed path ({call})"));
    };
    let directory = directory || known.partly;
    let written = match walk.setting(known.env.as_deref(), &place) {
        Ok(Some(value)) => absolute(&value, here),
        Ok(None) if known.from_file => paths::below(&app.dir, &known.path).map(|below| format!("{}/{below}", app.root)),
        Ok(None) => absolute(&known.path, here),
        Err(why) => return walk.needs.doubt(why),
    };
    match written {
        Some(path) => {
            let path = crate::image::clean(&path);
            walk.needs.write(Write { path, directory, must_be_new: found.must_be_new, place });
        }
        None => walk.needs.doubt(format!("{place} writes to `{}`, outside of what is copied", known.path)),
    }
}

fn write(walk: &mut Walk<'_>, path: &str, directory: bool, place: String, here: &Here) {
    match absolute(path, here) {
        Some(path) => walk.needs.write(Write { path, directory, must_be_new: false, place }),
        None => walk.needs.doubt(format!("{place} writes to `{path}`, and from which directory is not known")),
    }
}
