//! The RUN that installs packages, and RUNs that need nothing of the sources.

use super::copies::{Bring, overlap};
use super::{Cx, No, Site};
use crate::dockerfile::{Instruction, Keyword};
use crate::passes::commands::{self, Command};
use crate::project::paths;
use crate::project::python::install::{Install, Part, Tool};
use crate::shell::{Body, Link, Script};
use crate::text::Span;

/// A RUN that installs the packages of a project.
pub(super) struct Step<'s> {
    /// Its place among the stage's instructions.
    pub at: usize,
    pub run: &'s Instruction,
    /// Its commands that install.
    pub installs: Vec<Command>,
    /// What joins them to the rest, which does something else: the RUN is cut there.
    pub rest: Option<Span>,
}

impl Step<'_> {
    /// Whether its commands do the same in RUNs of their own.
    pub(super) fn stands_alone(&self, cx: &Cx<'_>) -> bool {
        let body = cx.body(self.run);
        let chain = |script: &Script| script.is_and_chain() && script.lists.len() == 1 && !leaks(script);
        matches!(body.body, Body::Shell(_)) && body.shell.script().is_some_and(chain)
    }
}

impl Site<'_> {
    /// The first RUN behind the instruction `index` that may need the sources, when it begins by installing packages.
    pub(super) fn install_behind(&self, index: usize) -> Result<Step<'_>, No> {
        for (at, run) in self.stage.instructions.iter().enumerate().skip(index + 1) {
            if run.keyword != Keyword::Run {
                continue;
            }
            let found = commands::of(self.cx, self.stage, run).map_err(|_| No::NotThis)?;
            if found.iter().all(is_of_system) {
                continue;
            }
            let Some(last) = found.iter().rposition(is_install) else { return Err(No::NotThis) };
            if let Some(index) = found[..last].iter().position(|command| !is_install(command) && !is_harmless(command))
            {
                let name = found[index].program().unwrap_or("a command");
                let line = self.cx.line(run.code.start);
                return Err(No::Because(format!("line {line} runs {name} first, which may need them")));
            }
            let harmless = found[last + 1..].iter().take_while(|command| is_harmless(command)).count();
            let part = found[last + harmless].part;
            let rest = if last + harmless + 1 == found.len() { None } else { Some(self.cut(run, part)?) };
            let installs = found.into_iter().filter(is_install).collect();
            return Ok(Step { at, run, installs, rest });
        }
        Err(No::NotThis)
    }

    /// What joins the command that is part `part` of the list to the next one, when both would do the same in RUNs of
    /// their own.
    fn cut(&self, run: &Instruction, part: Option<usize>) -> Result<Span, No> {
        let body = self.cx.body(run);
        let more = || {
            let line = self.cx.line(run.code.start);
            No::Because(format!("line {line} does more than install packages, and is not cut"))
        };
        let (Body::Shell(_), Some(script), Some(part)) = (&body.body, body.shell.script(), part) else {
            return Err(more());
        };
        let [list] = &script.lists[..] else { return Err(more()) };
        if !script.is_and_chain() || leaks(script) {
            return Err(more());
        }
        let (before, (link, after)) = list.parts.get(part).zip(list.parts.get(part + 1)).ok_or_else(more)?;
        match link {
            Link::And(_) => Ok(Span::new(before.1.span.end, after.span.start)),
            Link::First | Link::Or(_) => Err(more()),
        }
    }
}

/// Whether what a command sets matters to the ones behind it.
fn leaks(script: &Script) -> bool {
    let sets = |name: Option<&str>| match name {
        Some(name) => matches!(
            name,
            "cd" | "pushd" | "popd" | "export" | "set" | "umask" | "." | "source" | "eval" | "alias" | "trap" | "exec"
        ),
        None => true,
    };
    script.commands().iter().any(|place| sets(place.simple.name()))
}

/// Whether a command installs the packages that files of the project name.
pub(in crate::passes) fn is_install(command: &Command) -> bool {
    if command.installs_node_project() {
        return true;
    }
    if command.program() == Some("go") {
        return command.arguments().take(2).eq(["mod", "download"]);
    }
    let Some(install) = Install::read(&command.literal()) else { return false };
    match install.tool {
        Tool::Pip | Tool::UvPip => install.parts.iter().any(|part| matches!(part, Part::Requirements(_))),
        Tool::Pipenv | Tool::Poetry | Tool::Uv => true,
        _ => false,
    }
}

/// Whether `run`, which stands between, is all about the system, and touches nothing that `bring` brings.
pub(super) fn needs_nothing(site: &Site<'_>, run: &Instruction, bring: &Bring<'_>) -> bool {
    let Ok(found) = commands::of(site.cx, site.stage, run) else { return false };
    let binds = run.flags.iter().any(|flag| flag.value.as_deref().is_some_and(|value| value.contains("type=bind")));
    let inside = |word: &str| word.starts_with('/') && bring.target != "/" && overlap(&bring.target, word);
    !binds && found.iter().all(|command| is_of_system(command) && !command.arguments().any(inside))
}

/// Package managers of the distribution, and what sets up users and directories.
fn is_of_system(command: &Command) -> bool {
    let operands = || command.arguments().filter(|word| !word.starts_with('-'));
    let outside = |skipped: usize| {
        let literal = command.words.iter().all(Option::is_some);
        literal && operands().skip(skipped).all(|word| word.starts_with('/'))
    };
    match command.program() {
        Some(
            "apt-get"
            | "apt"
            | "apk"
            | "dpkg"
            | "addgroup"
            | "adduser"
            | "groupadd"
            | "useradd"
            | "usermod"
            | "groupmod"
            | "corepack"
            | "echo"
            | "true"
            | ":"
            | "update-ca-certificates"
            | "locale-gen",
        ) => !command.arguments().any(|word| word.starts_with("./") || paths::extension(word) == "deb"),
        Some("set") => true,
        Some("rm" | "mkdir" | "ln" | "touch") => outside(0),
        Some("chmod" | "chown") => outside(1),
        _ => is_global(command) || is_of_index(command),
    }
}

/// `npm install -g pnpm`
fn is_global(command: &Command) -> bool {
    let global = || command.arguments().any(|word| matches!(word, "-g" | "--global" | "global"));
    let local = || command.arguments().any(|word| word.starts_with(['.', '/']));
    match command.program() {
        Some("npm" | "yarn" | "pnpm") => (global() && !local()) || command.verb() == Some("config"),
        _ => false,
    }
}

/// `pip install --upgrade pip`, `pip install poetry`: names of the index only.
fn is_of_index(command: &Command) -> bool {
    let named =
        |part: &Part| matches!(part, Part::Named(name) if !name.contains('/') && paths::extension(name) != "whl");
    Install::read(&command.literal()).is_some_and(|install| {
        matches!(install.tool, Tool::Pip | Tool::UvPip) && !install.parts.is_empty() && install.parts.iter().all(named)
    })
}

/// What may stand beside an install in its RUN.
fn is_harmless(command: &Command) -> bool {
    let verb = command.verb();
    match command.program() {
        Some("npm" | "yarn" | "pnpm" | "bun" | "pip" | "pip3" | "poetry") => {
            matches!(verb, Some("cache" | "config" | "store")) || is_of_system(command)
        }
        Some("rm") => command.arguments().filter(|word| !word.starts_with('-')).all(is_leftover),
        _ => is_of_system(command),
    }
}

/// `/tmp/*`, `~/.npm`
fn is_leftover(path: &str) -> bool {
    ["/root/", "/tmp/", "/var/", "/usr/share/", "~/."].iter().any(|start| path.starts_with(start))
}
