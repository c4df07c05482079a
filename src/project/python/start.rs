//! What a start command runs: the server, the application it names, the ports on the command line.

use super::install::{command_name, is_python, skip_python_flags};
use crate::project::context::Context;
use crate::project::paths;

/// A program that serves or runs an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// gunicorn
    Gunicorn,
    /// uvicorn
    Uvicorn,
    /// hypercorn
    Hypercorn,
    /// daphne
    Daphne,
    /// granian
    Granian,
    /// uwsgi
    Uwsgi,
    /// waitress-serve
    Waitress,
    /// `flask run`: a development server.
    Flask,
    /// `fastapi run`, `fastapi dev`
    Fastapi,
    /// `manage.py runserver`: a development server.
    DjangoRunserver,
    /// Another command of `manage.py`.
    DjangoCommand(String),
    /// celery
    Celery,
    /// streamlit
    Streamlit,
    /// The interpreter itself, on a script or a module.
    Interpreter,
}

/// Something that is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// By what.
    pub server: Server,
    /// `package.module` of `package.module:app` or of `-m package.module`.
    pub module: Option<String>,
    /// `app` of `package.module:app`.
    pub attribute: Option<String>,
    /// The script, as written.
    pub script: Option<String>,
    /// Ports on the command line.
    pub ports: Vec<u16>,
    /// A configuration file, as written (`gunicorn -c gunicorn.conf.py`, `uwsgi --ini app.ini`).
    pub config: Option<String>,
    /// A directory to change into first (`--chdir`, `--app-dir`).
    pub directory: Option<String>,
    /// Reloads on changes, or is a server for development.
    pub development: bool,
    /// The command that stands before it and must be in the image (`poetry run`, `uv run`, `pipenv run`).
    pub runner: Option<String>,
    /// Whether a word was not literal, so that more may be meant.
    pub partly: bool,
}

impl Start {
    /// Reads the words of one command; a word that is not literal is `None`. `None` when it starts no Python.
    pub fn read(words: &[Option<&str>]) -> Option<Self> {
        Self::nested(words, 0)
    }

    fn nested(words: &[Option<&str>], depth: usize) -> Option<Self> {
        let name = command_name((*words.first()?)?);
        let rest = &words[1..];
        if depth > 4 {
            return None;
        }
        match name {
            "exec"
            | "tini"
            | "dumb-init"
            | "ddtrace-run"
            | "newrelic-admin"
            | "opentelemetry-instrument"
            | "gosu"
            | "su-exec"
            | "env"
            | "nice" => {
                let skipped = match name {
                    "gosu" | "su-exec" | "newrelic-admin" => 1,
                    _ => rest
                        .iter()
                        .take_while(|word| word.is_some_and(|word| word.starts_with('-') || word.contains('=')))
                        .count(),
                };
                Self::nested(rest.get(skipped..)?, depth + 1)
            }
            "poetry" | "uv" | "pipenv" | "pdm" | "hatch" if rest.first() == Some(&Some("run")) => {
                let valued = [
                    "--with",
                    "--extra",
                    "--group",
                    "--python",
                    "-p",
                    "--env-file",
                    "--package",
                    "--directory",
                    "--project",
                ];
                let mut rest = &rest[1..];
                while let Some(Some(word)) = rest.first().filter(|word| word.is_some_and(|word| word.starts_with('-')))
                {
                    rest = rest.get(if valued.contains(word) { 2 } else { 1 }..)?;
                }
                let mut start = Self::nested(rest, depth + 1).or_else(|| script_file(rest))?;
                start.runner = Some(format!("{name} run"));
                Some(start)
            }
            name if is_python(name) => interpreter(skip_python_flags(rest), depth),
            "manage.py" => Some(manage("manage.py", rest)),
            script if script.strip_suffix(".py").is_some() => script_file(words),
            name => server(name, rest),
        }
    }

    fn new(server: Server) -> Self {
        Self {
            server,
            module: None,
            attribute: None,
            script: None,
            ports: Vec::new(),
            config: None,
            directory: None,
            development: false,
            runner: None,
            partly: false,
        }
    }

    /// The source file that is run, when it stands in `dir` (the working directory, or what is put on the path).
    pub fn file(&self, context: &Context, dir: &str) -> Option<String> {
        let dir = self.directory.as_deref().map_or_else(|| Some(dir.to_owned()), |below| paths::join(dir, below))?;
        if let Some(script) = &self.script {
            return paths::join(&dir, script).filter(|path| context.is_file(path));
        }
        let module = self.module.as_ref()?.replace('.', "/");
        // The last name may be a package, with or without a `__main__`.
        let below = [format!("{module}.py"), format!("{module}/__main__.py"), format!("{module}/__init__.py")];
        below.iter().filter_map(|path| paths::join(&dir, path)).find(|path| context.is_file(path))
    }
}

fn script_file(words: &[Option<&str>]) -> Option<Start> {
    let script = (*words.first()?)?;
    script.strip_suffix(".py")?;
    if command_name(script) == "manage.py" {
        return Some(manage(script, &words[1..]));
    }
    let mut start = Start::new(Server::Interpreter);
    start.script = Some(script.to_owned());
    start.partly = words.iter().any(Option::is_none);
    Some(start)
}

fn interpreter(words: &[Option<&str>], depth: usize) -> Option<Start> {
    match (*words.first()?)? {
        "-m" => {
            let module = words.get(1).copied().flatten()?;
            let named: Vec<_> = std::iter::once(Some(module)).chain(words[2..].iter().copied()).collect();
            if let Some(start) = (depth < 4).then(|| server(module, &named[1..])).flatten() {
                return Some(start);
            }
            if matches!(
                module,
                "pip" | "venv" | "http.server" | "compileall" | "ensurepip" | "poetry" | "pipenv" | "uv"
            ) {
                return None;
            }
            let mut start = Start::new(Server::Interpreter);
            start.module = Some(module.to_owned());
            start.partly = words.iter().any(Option::is_none);
            Some(start)
        }
        "-c" | "-" => None,
        _ => script_file(words).or_else(|| {
            // A script without an ending.
            let mut start = Start::new(Server::Interpreter);
            start.script = Some((*words.first()?)?.to_owned());
            Some(start)
        }),
    }
}

fn manage(script: &str, words: &[Option<&str>]) -> Start {
    let command = words.iter().flatten().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    let server =
        if command == "runserver" { Server::DjangoRunserver } else { Server::DjangoCommand(command.to_owned()) };
    let mut start = Start::new(server);
    start.development = command == "runserver";
    start.script = Some(script.to_owned());
    start.partly = words.iter().any(Option::is_none);
    if start.development {
        let address =
            words.iter().flatten().skip_while(|word| **word != "runserver").skip(1).find(|word| !word.starts_with('-'));
        start.ports = vec![address.and_then(|address| port(address)).unwrap_or(8000)];
    }
    start
}

fn server(name: &str, words: &[Option<&str>]) -> Option<Start> {
    let (server, usual_port) = match name {
        "gunicorn" => (Server::Gunicorn, Some(8000)),
        "uvicorn" => (Server::Uvicorn, Some(8000)),
        "hypercorn" => (Server::Hypercorn, Some(8000)),
        "daphne" => (Server::Daphne, Some(8000)),
        "granian" => (Server::Granian, Some(8000)),
        "uwsgi" => (Server::Uwsgi, None),
        "waitress-serve" | "waitress" => (Server::Waitress, Some(8080)),
        "flask" => (Server::Flask, Some(5000)),
        "fastapi" => (Server::Fastapi, Some(8000)),
        "celery" => (Server::Celery, None),
        "streamlit" => (Server::Streamlit, Some(8501)),
        "django-admin" => return Some(manage("", words)),
        _ => return None,
    };
    let mut start = Start::new(server);
    start.partly = words.iter().any(Option::is_none);
    let mut words = words.iter().copied();
    let mut plain = Vec::new();
    while let Some(word) = words.next() {
        let Some(word) = word else { continue };
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (flag, Some(value)),
            _ => (word, None),
        };
        if !flag.starts_with('-') {
            plain.push(word);
            continue;
        }
        if takes_none(flag) {
            start.development |= flag == "--reload" || flag == "--debug";
            continue;
        }
        // `-b:8000`, `-w4`
        let (flag, value) = match value {
            None if flag.len() > 2 && !flag.starts_with("--") && flag.is_char_boundary(2) => {
                (&flag[..2], Some(&flag[2..]))
            }
            value => (flag, value.or_else(|| words.next().flatten())),
        };
        option(&mut start, flag, value);
    }
    application(&mut start, &plain);
    if start.ports.is_empty() && !start.partly && start.config.is_none() {
        start.ports.extend(usual_port);
    }
    Some(start)
}

/// Options of these servers that stand alone.
fn takes_none(flag: &str) -> bool {
    const ALONE: &[&str] = &[
        "--reload",
        "--debug",
        "--preload",
        "--preload-app",
        "--proxy-headers",
        "--no-access-log",
        "--access-log",
        "--factory",
        "--daemon",
        "--no-reload",
        "--with-threads",
        "--without-threads",
        "--no-debugger",
        "--no-use-colors",
        "--use-colors",
        "-D",
        "--enable-threads",
        "--call",
        "--master",
        "--die-on-term",
        "--vacuum",
        "-M",
        "--strict",
        "--capture-output",
        "--no-server-header",
        "--no-date-header",
        "--enable-stdio-inheritance",
        "--no-proxy-headers",
        "--beat",
        "-B",
        "-E",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--http-keepalive",
        "--lazy-apps",
        "--single-interpreter",
        "--need-app",
        "--thunder-lock",
    ];
    ALONE.contains(&flag)
}

fn option(start: &mut Start, flag: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    match flag {
        // It counts processes.
        "-p" if start.server == Server::Uwsgi => {}
        "-b" | "--bind" | "-p" | "--port" | "--http" | "--http-socket" | "--socket" | "--listen" | "--server.port" => {
            start.ports.extend(port(value));
        }
        "-c" | "--config" | "--ini" | "--yaml" => start.config = Some(value.trim_start_matches("file:").to_owned()),
        "--chdir" | "--app-dir" => start.directory = Some(value.to_owned()),
        "-A" | "--app" | "-w" | "--module" | "--wsgi" | "--wsgi-file"
            if start.server != Server::Gunicorn || flag == "--app" =>
        {
            if flag == "--wsgi-file" || value.strip_suffix(".py").is_some() {
                start.script = Some(value.to_owned());
            } else if !value.chars().all(|c| c.is_ascii_digit()) {
                split_application(start, value);
            }
        }
        _ => {}
    }
}

fn application(start: &mut Start, plain: &[&str]) {
    match start.server {
        Server::Flask => start.development |= plain.contains(&"run"),
        Server::Fastapi | Server::Streamlit => {
            start.development |= plain.first() == Some(&"dev");
            start.script = plain.get(1).map(|script| (*script).to_owned());
        }
        Server::Celery => {}
        Server::Uwsgi => {
            if let Some(config) =
                plain.iter().find(|word| [".ini", ".yaml", ".yml", ".xml"].iter().any(|end| word.ends_with(end)))
            {
                start.config = Some((*config).to_owned());
            }
        }
        _ => {
            if let Some(application) = plain.last() {
                split_application(start, application);
            }
        }
    }
}

/// `package.module:app`, `package.module:create_app()`
fn split_application(start: &mut Start, text: &str) {
    let (module, attribute) = match text.split_once(':') {
        Some((module, attribute)) => (module, Some(attribute)),
        None => (text, None),
    };
    let is_module = !module.is_empty() && module.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    if is_module {
        start.module = Some(module.to_owned());
        start.attribute = attribute.map(str::to_owned);
    }
}

/// The port of `8000`, `:8000`, `0.0.0.0:8000`, `[::]:8000`; none of a socket's path.
fn port(text: &str) -> Option<u16> {
    text.rsplit(':').next()?.trim().parse().ok()
}
