//! Scripts that an image ships and runs: which shell they need, which programs they call, whether they need root.
//!
//! What cannot be read as a shell script is said to be so ([`Script::unread`]); then no list here is complete.

mod bashisms;
mod named;

pub use named::named_by;

use super::context::Context;
use super::finding::Finding;
use super::paths;
use super::source::Source;
use crate::dockerfile::Logical;
use crate::image::Writes;
use crate::proposal::Evidence;
use crate::shell::{self, Command, Dialect, Shell, Simple};
use std::rc::Rc;

/// A script of the context.
#[derive(Clone, Debug)]
pub struct Script {
    /// Its text.
    pub source: Rc<Source>,
    /// What its first line asks for; `None` without a `#!`.
    pub shebang: Option<Shebang>,
    /// The first line that ends in CRLF: the kernel looks for an interpreter with `\r` in its name.
    pub crlf: Option<Evidence>,
    /// Whether a shell runs it, as far as its first line says.
    pub is_shell: bool,
    /// What only Bash understands.
    pub bashisms: Vec<Evidence>,
    /// Programs that it calls, each once; not the shell's own commands, nor its functions.
    pub programs: Vec<Used>,
    /// Files that it reads in (`. ./common.sh`), as written.
    pub sources: Vec<Used>,
    /// Where it hands over to its arguments: `exec "$@"`.
    pub hands_over: Option<Evidence>,
    /// Where it gives up root: `gosu`, `su-exec` …
    pub drops_root: Vec<Evidence>,
    /// What needs root: `chown`, `apt-get` …
    pub needs_root: Vec<Evidence>,
    /// Where it asks which user it is; then it may get along without root.
    pub asks_user: Vec<Evidence>,
    /// Why it was not read as a shell script.
    pub unread: Option<String>,
    parsed: Option<shell::Script>,
}

/// The first line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shebang {
    /// The interpreter that runs in the end: `/bin/bash`; the bare name behind `env`: `bash`.
    pub interpreter: String,
    /// Whether `env` looks for it on PATH.
    pub by_env: bool,
    /// Where.
    pub evidence: Evidence,
}

impl Shebang {
    /// The interpreter's own name.
    pub fn name(&self) -> &str {
        paths::name(&self.interpreter)
    }
}

/// A word, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The word.
    pub name: String,
    /// Where.
    pub evidence: Evidence,
}

/// Shells that read what POSIX says, and perhaps more.
const SHELLS: &[&str] = &["sh", "dash", "ash", "busybox", "bash", "ksh", "zsh"];

/// Programs that go on as another user.
pub const DROPPERS: &[&str] =
    &["gosu", "su-exec", "setpriv", "runuser", "su", "sudo", "s6-setuidgid", "setuidgid", "chpst", "s6-applyuidgid"];

/// Programs that do nothing useful without root, or hardly.
const ROOT_ONLY: &[&str] = &[
    "adduser",
    "addgroup",
    "apk",
    "apt",
    "apt-get",
    "chown",
    "chroot",
    "cron",
    "crond",
    "deluser",
    "dnf",
    "dpkg",
    "fixuid",
    "groupadd",
    "groupmod",
    "iptables",
    "ip6tables",
    "ldconfig",
    "mount",
    "ntpd",
    "service",
    "setcap",
    "sshd",
    "supervisord",
    "sysctl",
    "ufw",
    "umount",
    "update-ca-certificates",
    "useradd",
    "usermod",
    "yum",
];

/// Commands of the shell itself.
const BUILTINS: &[&str] = &[
    ":",
    ".",
    "[",
    "alias",
    "bg",
    "break",
    "builtin",
    "case",
    "cd",
    "command",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "kill",
    "let",
    "local",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
];

impl Script {
    /// Reads the script at `path`; `None` when there is no such text file.
    pub fn read(context: &Context, path: &str) -> Option<Self> {
        context.find(path).map(Self::of)
    }

    /// Reads a script.
    pub fn of(source: Rc<Source>) -> Self {
        let shebang = shebang(&source);
        let is_shell = match &shebang {
            Some(shebang) => SHELLS.contains(&shebang.name()),
            None => looks_like_shell(&source),
        };
        let crlf = source.text.find("\r\n").map(|at| source.evidence(at, "the line ends in CRLF"));
        let mut script = Self {
            shebang,
            crlf,
            is_shell,
            bashisms: Vec::new(),
            programs: Vec::new(),
            sources: Vec::new(),
            hands_over: None,
            drops_root: Vec::new(),
            needs_root: Vec::new(),
            asks_user: Vec::new(),
            unread: None,
            parsed: None,
            source,
        };
        if is_shell {
            script.understand();
        } else {
            let by = script.shebang.as_ref().map_or("something else than a shell", |shebang| shebang.name()).to_owned();
            script.unread = Some(format!("it is run by {by}"));
        }
        script
    }

    fn understand(&mut self) {
        let source = Rc::clone(&self.source);
        let mut text = Logical::default();
        text.push(&source.text, 0);
        self.bashisms = bashisms::in_text(&source);
        match shell::read(&text, Dialect::Bash) {
            Shell::Opaque(why) => self.unread = Some(why),
            Shell::Parsed(script) => {
                let functions = functions(&script);
                for place in script.commands() {
                    self.command(&source, place.simple, &functions);
                }
                if let (true, Shell::Opaque(why)) = (self.bashisms.is_empty(), shell::read(&text, Dialect::Sh)) {
                    self.bashisms.push(source.whole(format!("sh may read it otherwise: {why}")));
                }
                self.parsed = Some(script);
            }
        }
    }

    fn command(&mut self, source: &Source, simple: &Simple, functions: &[&str]) {
        let at = simple.span.start;
        if self.hands_over.is_none() && hands_over(simple) {
            self.hands_over = Some(source.evidence(at, "hands over to its arguments"));
        }
        for name in programs(simple) {
            let own = paths::name(name);
            match own {
                "." | "source" => {
                    let file = simple.words.get(1).map_or("", |word| word.literal.as_deref().unwrap_or(&word.raw));
                    let evidence = source.evidence(at, format!("reads in `{file}`"));
                    self.sources.push(Used { name: file.to_owned(), evidence });
                }
                "id" | "whoami" => self.asks_user.push(source.evidence(at, "asks which user it is")),
                _ => {}
            }
            if DROPPERS.contains(&own) {
                self.drops_root.push(source.evidence(at, format!("gives up root by `{own}`")));
            }
            if ROOT_ONLY.contains(&own) {
                self.needs_root.push(source.evidence(at, format!("runs `{own}`")));
            }
            let known = BUILTINS.contains(&name) || functions.contains(&name);
            if !known && !self.programs.iter().any(|used| used.name == name) {
                let evidence = source.evidence(at, format!("runs `{own}`"));
                self.programs.push(Used { name: name.to_owned(), evidence });
            }
        }
    }

    /// Whether `sh` is enough to run it.
    pub fn needs_bash(&self) -> Finding<bool> {
        if let Some(shebang) = self.shebang.as_ref().filter(|shebang| shebang.name() == "bash") {
            return Finding::known(true, [shebang.evidence.clone()]);
        }
        match (&self.unread, self.bashisms.first()) {
            _ if !self.is_shell => Finding::known(false, self.shebang.iter().map(|shebang| shebang.evidence.clone())),
            (Some(why), _) => Finding::blocked(why.clone(), [self.source.whole("could not be read")]),
            (None, Some(_)) => Finding::known(true, self.bashisms.iter().take(3).cloned()),
            (None, None) => Finding::known(false, [self.source.whole("nothing in it needs Bash")]),
        }
    }

    /// The programs that it calls; unknown when it could not be read, or reads in files.
    pub fn all_programs(&self) -> Finding<Vec<&str>> {
        if let Some(why) = &self.unread {
            return Finding::blocked(why.clone(), [self.source.whole("could not be read")]);
        }
        if let Some(used) = self.sources.first() {
            return Finding::blocked("it reads in another file", [used.evidence.clone()]);
        }
        let names = self.programs.iter().map(|used| used.name.as_str()).collect();
        Finding::known(names, self.programs.iter().map(|used| used.evidence.clone()))
    }

    /// What it writes when it starts in `workdir`; `None` when it could not be read.
    pub fn writes(&self, workdir: Option<&str>) -> Option<Writes> {
        self.parsed.as_ref().map(|script| Writes::of(script, workdir))
    }
}

fn shebang(source: &Source) -> Option<Shebang> {
    let line = source.text.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_whitespace();
    let program = words.next()?;
    let evidence = source.evidence(0, format!("#!{}", line.trim()));
    if paths::name(program) != "env" {
        return Some(Shebang { interpreter: program.to_owned(), by_env: false, evidence });
    }
    let interpreter = words.find(|word| !word.starts_with('-') && !word.contains('='))?.to_owned();
    Some(Shebang { interpreter, by_env: true, evidence })
}

/// A file without `#!` is run by the shell that starts it.
fn looks_like_shell(source: &Source) -> bool {
    matches!(paths::extension(&source.path), "sh" | "bash" | "ash") || paths::extension(&source.path).is_empty()
}

fn functions(script: &shell::Script) -> Vec<&str> {
    let pipelines = script.lists.iter().flat_map(|list| &list.parts);
    let mut found = Vec::new();
    for command in pipelines.flat_map(|(_, pipeline)| &pipeline.commands) {
        let inner = match command {
            Command::Simple(_) => continue,
            Command::Function(inner) => {
                found.push(inner.keyword.as_str());
                inner
            }
            Command::Subshell(inner) | Command::Group(inner) | Command::Control(inner) => inner,
        };
        found.extend(inner.bodies.iter().flat_map(functions));
    }
    found
}

/// `exec "$@"`, `exec gosu app "$@"`, or `"$@"` alone.
fn hands_over(simple: &Simple) -> bool {
    let arguments = |raw: &str| matches!(raw, "\"$@\"" | "$@" | "$*" | "\"${@}\"" | "${@}");
    let first = simple.words.first().map_or("", |word| word.raw.as_str());
    arguments(first) || (first == "exec" && simple.words.iter().any(|word| arguments(&word.raw)))
}

/// The programs that a command runs: its own, and those behind `exec`, `env`, `gosu user` and the like.
fn programs(simple: &Simple) -> Vec<&str> {
    let mut found = Vec::new();
    let mut words = simple.words.iter().map(|word| word.literal.as_deref()).peekable();
    while let Some(Some(name)) = words.next() {
        found.push(name);
        match paths::name(name) {
            "exec" | "command" | "env" | "nohup" | "time" | "nice" | "tini" | "dumb-init" | "catatonit" | "sudo"
            | "xargs" => {}
            "gosu" | "su-exec" | "setuidgid" | "s6-setuidgid" => drop(words.next()),
            _ => return found,
        }
        let skipped = |word: &str| word.starts_with('-') || word.contains('=');
        while words.next_if(|word| word.is_some_and(skipped)).is_some() {}
    }
    found
}
