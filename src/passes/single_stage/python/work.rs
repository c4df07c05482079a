//! The commands of a RUN, by what they are for where Python packages are installed.

use super::super::Case;
use crate::dockerfile::Instruction;
use crate::image::clean;
use crate::passes::packages::{self, Action, Call, Family, distribution_name};
use crate::project::python::install::{Install, Part};
use crate::shell::{Script, Shell, ShellWord, Simple};
use crate::text::Span;

/// What a command is for.
pub(super) enum Work {
    /// It installs packages.
    Install(Box<Install>),
    /// It installs programs that install packages.
    Tool,
    /// It renews pip and what builds packages.
    Basics,
    /// It makes a virtual environment there.
    Venv(String),
    /// It enters one.
    Activate(String),
    /// It asks the distribution's package manager.
    Packages(Asked),
    /// It sets up or asks a program that installs packages.
    Settings,
    /// Nothing that is left behind.
    Nothing,
    /// It makes users, directories and the like.
    System,
    /// Anything else.
    Other,
}

/// A call of the distribution's package manager.
pub(super) struct Asked {
    pub family: Family,
    pub action: Action,
    pub verb: String,
    /// Names without versions; `None` for one that is not known.
    pub packages: Vec<Option<String>>,
    /// Whether packages that are only recommended come too.
    pub recommends: bool,
}

impl Asked {
    fn read(case: &Case<'_>, run: &Instruction, call: &Call<'_>) -> Self {
        let mut packages = Vec::new();
        for word in &call.packages {
            // `$BUILD_PACKAGES` may hold several.
            match word.literal.clone().or_else(|| written_out(case, run, word)) {
                Some(text) => {
                    packages.extend(text.split_whitespace().map(|name| Some(distribution_name(name).to_owned())));
                }
                None => packages.push(None),
            }
        }
        Self {
            family: call.family,
            action: call.action,
            verb: call.verb.to_owned(),
            packages,
            recommends: call.family == Family::Apt
                && !call
                    .options
                    .iter()
                    .any(|option| option.contains("no-install-recommends") || option.contains("Install-Recommends=")),
        }
    }
}

/// A command of a RUN.
pub(super) struct Step {
    pub work: Work,
    /// As written out; `None` for a word that only the build knows.
    pub words: Vec<Option<String>>,
    /// Where it runs.
    pub workdir: Option<String>,
    /// `--system`, with the blank before it.
    pub system: Option<Span>,
    /// The whole command.
    pub span: Span,
    /// Whether it is a direct part of the RUN's own list.
    pub top: bool,
}

/// Programs that install packages from a lock, or make one, and are not needed where nothing is installed.
pub(super) const TOOLS: &[&str] =
    &["hatch", "pdm", "pip-tools", "pipenv", "poetry", "poetry-core", "poetry-plugin-export", "uv", "virtualenv"];
/// What every build of a package may use.
const BASICS: &[&str] = &["build", "pip", "setuptools", "wheel"];

impl Step {
    /// The program, without its directory.
    pub(super) fn program(&self) -> Option<&str> {
        let name = self.words.first()?.as_deref()?;
        Some(name.rsplit('/').next().unwrap_or(name))
    }

    /// The words behind the program that are known.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).filter_map(Option::as_deref)
    }

    /// The absolute path that `word` means here.
    pub(super) fn path(&self, word: &str) -> Option<String> {
        if word.starts_with('/') {
            return Some(clean(word));
        }
        Some(clean(&format!("{}/{word}", self.workdir.as_deref()?)))
    }
}

/// The commands of `run`; the error says why they are not known.
pub(super) fn steps(case: &Case<'_>, run: &Instruction) -> Result<Vec<Step>, String> {
    let body = case.cx.body(run);
    match &*body.shell {
        Shell::Parsed(script) => Ok(of_script(case, run, script)),
        Shell::Opaque(why) => Err(format!("{}: {why}", case.line(run))),
    }
}

fn of_script(case: &Case<'_>, run: &Instruction, script: &Script) -> Vec<Step> {
    let mut workdir = case.stage.state_before(run).workdir().value().map(str::to_owned);
    let mut steps: Vec<Step> = Vec::new();
    let mut fetched = None;
    for place in script.commands() {
        let words: Vec<Option<String>> =
            packages::words(place.simple).iter().map(|word| written_out(case, run, word)).collect();
        let mut step = Step {
            work: Work::Nothing,
            words,
            workdir: workdir.clone(),
            system: system(place.simple),
            span: place.simple.span,
            top: place.top,
        };
        step.work = match packages::call(place.simple) {
            Some(call) => Work::Packages(Asked::read(case, run, &call)),
            // What comes out of the pipe is run by the next command of it.
            None if fetched == Some((place.list, place.part)) && is_shell(&step) => Work::Tool,
            None => purpose(&step, place.simple),
        };
        fetched = fetches_tool(place.simple).then_some((place.list, place.part));
        if matches!(step.program(), Some("cd" | "pushd" | "popd")) {
            workdir = step.arguments().next().filter(|_| place.top).and_then(|to| step.path(to));
        }
        steps.push(step);
    }
    steps
}

/// ` --system`
fn system(simple: &Simple) -> Option<Span> {
    let pair = simple.words.windows(2).find(|pair| pair[1].raw == "--system")?;
    Some(Span::new(pair[0].span.end, pair[1].span.end))
}

/// What a word is when the variables in it are those of the file.
fn written_out(case: &Case<'_>, run: &Instruction, word: &ShellWord) -> Option<String> {
    word.literal.clone().or_else(|| {
        let plain = !word.raw.contains(['`', '*', '?', '[', '\'', '~']) && !word.raw.contains("$(");
        let state = case.stage.state_before(run);
        let expanded = plain.then(|| state.expand(&word.raw, '\\')).flatten();
        expanded.or_else(|| {
            // An ARG is given when it is built; which version comes does not matter here.
            let (name, rest) = word.raw.trim_matches('"').split_once("==")?;
            let own = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') && rest.starts_with('$');
            own.then(|| format!("{name}=={rest}"))
        })
    })
}

fn purpose(step: &Step, simple: &Simple) -> Work {
    if simple.words.is_empty() {
        return Work::Nothing;
    }
    let words: Vec<Option<&str>> = step.words.iter().map(Option::as_deref).collect();
    if let Some(install) = Install::read(&words) {
        return installs(install);
    }
    if fetches_tool(simple) {
        return Work::Tool;
    }
    let Some(program) = step.program() else { return Work::Other };
    let rest: Vec<&str> = step.arguments().collect();
    let module = match (program, rest.as_slice()) {
        ("." | "source", [file, ..]) => {
            return file
                .strip_suffix("/bin/activate")
                .and_then(|dir| step.path(dir))
                .map_or(Work::Other, Work::Activate);
        }
        (name, ["-m", module, ..]) if name.starts_with("python") => Some((*module, &rest[2..])),
        (name, _) => Some((name, &rest[..])),
    };
    let Some((name, rest)) = module else { return Work::Other };
    let verb = rest.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    match name {
        "venv" | "virtualenv" => venv(step, rest),
        "uv" if verb == "venv" => venv(step, &rest[1..]),
        "pip" | "pip3" if matches!(verb, "cache" | "config" | "check" | "list" | "show" | "debug" | "freeze" | "") => {
            Work::Settings
        }
        "pip" | "pip3" if verb == "uninstall" => Work::Basics,
        "poetry" if matches!(verb, "config" | "self" | "check" | "cache" | "lock" | "") => Work::Settings,
        "poetry" if verb == "export" => Work::Settings,
        "pipenv" if matches!(verb, "lock" | "requirements" | "--clear" | "") => Work::Settings,
        "pdm" if matches!(verb, "config" | "export" | "lock") => Work::Settings,
        "uv" if matches!(verb, "cache" | "export" | "lock" | "") => Work::Settings,
        "pip-compile" => Work::Settings,
        "rm" if simple.words[1..].iter().all(|word| word.raw.starts_with('-') || is_rubbish(&word.raw)) => {
            Work::Nothing
        }
        "set" | "echo" | "true" | ":" | "ls" | "cat" | "pwd" | "env" | "printf" | "date" | "which" | "test" | "["
        | "cd" | "python" | "python3"
            if simple
                .redirects
                .iter()
                .all(|redirect| redirect.target.raw.starts_with("/dev/") || redirect.operator.contains('&'))
                && (!name.starts_with("python") || rest == ["--version"] || rest == ["-V"]) =>
        {
            Work::Nothing
        }
        "addgroup" | "adduser" | "groupadd" | "useradd" | "usermod" | "mkdir" | "chmod" | "chown" | "touch"
        | "install"
            if step.is_known() =>
        {
            Work::System
        }
        _ => Work::Other,
    }
}

impl Step {
    fn is_known(&self) -> bool {
        self.words.iter().all(Option::is_some)
    }
}

fn installs(install: Install) -> Work {
    let end =
        |name: &str| name.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(name.len());
    let asked: Option<Vec<String>> = install
        .parts
        .iter()
        .map(|part| if let Part::Named(name) = part { Some(name[..end(name)].to_lowercase()) } else { None })
        .collect();
    let basic = |name: &String| BASICS.contains(&name.as_str());
    match asked.filter(|asked| !asked.is_empty()) {
        Some(all) if all.iter().all(basic) => Work::Basics,
        Some(all) if all.iter().all(|name| basic(name) || TOOLS.contains(&name.as_str())) => Work::Tool,
        _ => Work::Install(Box::new(install)),
    }
}

/// `python -m venv /opt/venv`
fn venv(step: &Step, rest: &[&str]) -> Work {
    const VALUED: &[&str] = &["--prompt", "--python", "-p"];
    let mut words = rest.iter();
    let mut dir = None;
    while let Some(word) = words.next() {
        if VALUED.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            dir = Some(*word);
        }
    }
    step.path(dir.unwrap_or(".venv")).filter(|_| step.is_known()).map_or(Work::Other, Work::Venv)
}

fn is_shell(step: &Step) -> bool {
    matches!(step.program(), Some("sh" | "bash" | "python" | "python3"))
}

/// Whether a command fetches the installer of a tool: `curl … | sh`.
fn fetches_tool(simple: &Simple) -> bool {
    const INSTALLERS: &[&str] = &[
        "://astral.sh/uv",
        "://github.com/astral-sh/uv/",
        "://install.python-poetry.org",
        "://sh.rustup.rs",
        "python-poetry/master/",
    ];
    let fetches = matches!(simple.name(), Some("curl" | "wget"));
    fetches && simple.words.iter().any(|word| INSTALLERS.iter().any(|address| word.raw.contains(address)))
}

/// Caches, indexes and scratch space.
fn is_rubbish(word: &str) -> bool {
    ["/var/lib/apt", "/var/cache", "/root/.cache", "~/.cache", "$HOME/.cache", "/tmp", "/var/tmp", "/root/.npm"]
        .iter()
        .any(|dir| word.starts_with(dir))
}
