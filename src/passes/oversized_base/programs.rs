//! Every program that a group of stages uses, and whether the smaller image has it.
//!
//! Counted are the commands of RUN, CMD, ENTRYPOINT and HEALTHCHECK and of the scripts of the build context
//! that they start. Only what the old image has and the new one has not matters: whatever else is called
//! was brought by the project, or failed before.

use super::Case;
use super::lacking::{Bringer, Move};
use crate::dockerfile::{Instruction, Keyword, Logical};
use crate::image::base::Libc;
use crate::image::{Exists, Origin, Stage};
use crate::passes::no::No;
use crate::passes::packages::without_version;
use crate::project::deploy::said::Check;
use crate::project::node::bins;
use crate::proposal::Evidence;
use crate::shell::{self, Body, Dialect, Effects, Script, Shell, Simple};
use std::collections::{BTreeMap, BTreeSet};

/// Commands of the shell itself, and file utilities that Debian's images and `BusyBox` both have.
const EVERYWHERE: &[&str] = &[
    ".",
    ":",
    "[",
    "awk",
    "base64",
    "basename",
    "break",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "clear",
    "cmp",
    "command",
    "continue",
    "cp",
    "cut",
    "date",
    "dd",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "eval",
    "exec",
    "exit",
    "export",
    "expr",
    "false",
    "fgrep",
    "find",
    "getopts",
    "grep",
    "gunzip",
    "gzip",
    "hash",
    "head",
    "hostname",
    "id",
    "kill",
    "ln",
    "local",
    "ls",
    "md5sum",
    "mkdir",
    "mkfifo",
    "mktemp",
    "mv",
    "nice",
    "nohup",
    "od",
    "printenv",
    "printf",
    "pwd",
    "read",
    "readlink",
    "readonly",
    "realpath",
    "return",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "set",
    "sh",
    "sha1sum",
    "sha256sum",
    "shift",
    "sleep",
    "sort",
    "stat",
    "stty",
    "sync",
    "tail",
    "tar",
    "tee",
    "test",
    "timeout",
    "touch",
    "tr",
    "trap",
    "true",
    "tty",
    "type",
    "umask",
    "uname",
    "uniq",
    "unset",
    "wait",
    "wc",
    "whoami",
    "xargs",
    "yes",
    "zcat",
];

/// Whether every shell and every file utility of an image bring `name`.
pub(in crate::passes) fn is_everywhere(name: &str) -> bool {
    EVERYWHERE.contains(&name)
}

/// Where a program is used, for messages: `line 7`, `start.sh:3`.
pub(super) type Place = String;

/// One use of a program.
pub(super) struct Use<'s> {
    pub(super) simple: &'s Simple,
    pub(super) place: Place,
    /// The stage that it stands in.
    pub(super) stage: usize,
    /// Where it is run, unless it stands behind a `cd`.
    pub(super) workdir: Option<String>,
}

/// What the project itself brings along.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Evidence that it runs on the new image.
    pub(super) evidence: Vec<Evidence>,
    /// Programs that come with its packages.
    pub(super) programs: BTreeSet<String>,
}

/// Evidence that everything used is there; else what is missing, or cannot be known.
pub(super) fn all_there(step: &Move<'_>, case: &Case<'_>, brought: &Brought) -> Result<Vec<Evidence>, No> {
    let mut uses = 0;
    each_use(case, &mut |found| {
        uses += 1;
        check(found, step, &|name| brought.programs.contains(name))
    })?;
    let fact = match uses {
        0 => "no command of the base image is used".to_owned(),
        _ => format!("{uses} commands used, all of them on {}'s {:?} image too", step.new.image, step.new.class)
            .to_lowercase(),
    };
    Ok(vec![Evidence { file: case.cx.project.context().dockerfile().to_owned(), line: None, fact }])
}

/// The first place that uses one of `programs`.
pub(super) fn first_use(case: &Case<'_>, programs: &[&str]) -> Option<Place> {
    let found = each_use(case, &mut |found| match program(found.simple) {
        Some(name) if programs.contains(&name) => Err(No::Because(found.place.clone())),
        _ => Ok(()),
    });
    match found {
        Err(No::Because(place)) => Some(place),
        _ => None,
    }
}

fn check(found: &Use<'_>, step: &Move<'_>, brings: &dyn Fn(&str) -> bool) -> Result<(), No> {
    let place = &found.place;
    let Some(name) = program(found.simple) else {
        return if found.simple.words.is_empty() {
            Ok(())
        } else {
            Err(No::because(format!("{place} runs a command that only the build knows")))
        };
    };
    if step.new.libc == Libc::Musl {
        if EVERYWHERE.contains(&name) {
            short_options_only(found, name)?;
        }
        no_path_of_debian(found, step)?;
        stands_at_the_same_place(found, name)?;
    }
    let by_project = name.contains('/') || found.place.contains(':') || brings(name);
    step.check(name, place, if by_project { Bringer::Project } else { Bringer::Install(found.stage) })
}

/// A program that is called by its path must be at that path on Alpine too.
fn stands_at_the_same_place(found: &Use<'_>, name: &str) -> Result<(), No> {
    const OTHERWISE: &[(&str, &str)] = &[("bash", "/bin/bash"), ("tini", "/sbin/tini")];
    let Some(path) = found.simple.name().filter(|path| path.starts_with('/')) else { return Ok(()) };
    match OTHERWISE.iter().find(|(own, place)| *own == name && *place != path) {
        Some((_, place)) => Err(No::because(format!("{} uses {path}, which is {place} there", found.place))),
        None => Ok(()),
    }
}

/// Paths that Debian has and Alpine has not, or has otherwise.
fn no_path_of_debian(found: &Use<'_>, step: &Move<'_>) -> Result<(), No> {
    const DEBIANS: &[&str] = &[
        "/etc/apt",
        "/etc/default/",
        "/etc/dpkg",
        "/lib/",
        "/lib64/",
        "/usr/include/",
        "/usr/lib/",
        "/usr/share/",
        "/var/lib/dpkg",
    ];
    for word in &found.simple.words {
        let text = word.literal.as_deref().unwrap_or(&word.raw);
        if text.contains("/usr/share/zoneinfo") {
            step.add("tzdata", &found.place);
        } else if let Some(path) = DEBIANS.iter().find(|path| text.starts_with(**path)) {
            return Err(No::because(format!("{} speaks of {path}, which is otherwise there", found.place)));
        }
    }
    Ok(())
}

/// `BusyBox` has the utilities, but few of their long options.
fn short_options_only(found: &Use<'_>, name: &str) -> Result<(), No> {
    const BUILT_IN: &[&str] =
        &["echo", "printf", "set", "test", "[", "exec", "command", "export", "env", "timeout", "xargs"];
    let long = |word: &str| word.starts_with("--") && word.len() > 2;
    let perl =
        name == "grep" && found.simple.words.iter().any(|word| word.raw.starts_with('-') && word.raw.contains('P'));
    match found.simple.words.iter().skip(1).find(|word| long(&word.raw)) {
        _ if perl => Err(No::because(format!("{} uses grep -P, which BusyBox has not", found.place))),
        Some(word) if !BUILT_IN.contains(&name) => {
            Err(No::because(format!("{} uses {name} {}, which BusyBox may not know", found.place, word.raw)))
        }
        _ => Ok(()),
    }
}

/// The program's name: a path under a system directory counts by its last part.
fn program(simple: &Simple) -> Option<&str> {
    let name = simple.name()?;
    let system = ["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/"];
    Some(system.iter().find_map(|dir| name.strip_prefix(dir)).unwrap_or(name))
}

/// The words of every literal command of the stages: the program and its arguments.
pub(super) fn commands(case: &Case<'_>) -> Result<Vec<Vec<String>>, No> {
    let mut all = Vec::new();
    each_use(case, &mut |found| {
        let words: Option<Vec<String>> = found.simple.words.iter().map(|word| word.literal.clone()).collect();
        all.extend(words);
        Ok(())
    })?;
    Ok(all)
}

/// By stage, names of what its commands install: packages of the distribution, and global ones of npm, pip and their like.
pub(super) fn installed(case: &Case<'_>) -> Result<BTreeMap<usize, BTreeSet<String>>, No> {
    let mut all = BTreeMap::<usize, BTreeSet<String>>::new();
    each_use(case, &mut |found| {
        let words: Vec<&str> = found.simple.words.iter().filter_map(|word| word.literal.as_deref()).collect();
        all.entry(found.stage).or_default().extend(installs(&words));
        Ok(())
    })?;
    Ok(all)
}

fn installs(words: &[&str]) -> Vec<String> {
    let plain = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied().collect::<Vec<_>>();
    let global = words.iter().any(|word| matches!(*word, "-g" | "--global" | "global"));
    match (words.first().copied(), &plain[..]) {
        (Some("corepack"), ["enable", ..]) => ["pnpm", "yarn"].map(str::to_owned).to_vec(),
        (Some("npm" | "pnpm" | "yarn"), ["install" | "i" | "add" | "global", packages @ ..]) if global => {
            packages.iter().map(|package| without_version(package).to_owned()).collect()
        }
        (Some("pip" | "pip3" | "apt-get" | "apt"), ["install", packages @ ..]) => {
            packages.iter().map(|package| without_version(package).to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

/// The names under which `program` may be installed.
pub(super) fn node_packages(program: &str) -> impl Iterator<Item = &str> {
    bins::packages_of(program).iter().copied().chain([program])
}

pub(super) type Visit<'v> = dyn FnMut(&Use<'_>) -> Result<(), No> + 'v;

pub(super) fn each_use(case: &Case<'_>, visit: &mut Visit<'_>) -> Result<(), No> {
    for stage in &case.group {
        for instruction in &stage.instructions {
            if matches!(instruction.keyword, Keyword::Onbuild) {
                return Err(No::because(format!(
                    "line {} defers an instruction",
                    case.cx.line(instruction.code.start)
                )));
            }
            if matches!(instruction.keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck) {
                instruction_uses(case, stage, instruction, visit)?;
            }
        }
    }
    usage_uses(case, visit)
}

/// What compose, CI and the like run inside the container: probes, and commands of their own.
fn usage_uses(case: &Case<'_>, visit: &mut Visit<'_>) -> Result<(), No> {
    let Some(stage) = case.group.last() else { return Ok(()) };
    let usage = case.cx.project.usage();
    for probe in usage.probes_inside() {
        let text = match &probe.check {
            Check::Exec(words) => joined(words.iter().map(String::as_str)),
            Check::Shell(text) => text.clone(),
            Check::Network(_) | Check::Disabled => continue,
        };
        text_uses(case, stage, &text, Dialect::Sh, &place_of(&probe.evidence), visit)?;
    }
    for command in usage.commands().into_iter().chain(usage.entrypoints()) {
        let place = place_of(&command.evidence);
        if !command.literal {
            return Err(No::because(format!("{place} runs a command that only who runs it knows")));
        }
        text_uses(case, stage, &joined(command.words.iter().map(String::as_str)), Dialect::Sh, &place, visit)?;
    }
    Ok(())
}

/// `compose.yaml:7`
pub(super) fn place_of(evidence: &Evidence) -> Place {
    match evidence.line {
        Some(line) => format!("{}:{line}", evidence.file),
        None => evidence.file.clone(),
    }
}

fn instruction_uses(
    case: &Case<'_>,
    stage: &Stage<'_>,
    instruction: &Instruction,
    visit: &mut Visit<'_>,
) -> Result<(), No> {
    let place = format!("line {}", case.cx.line(instruction.code.start));
    let body = case.cx.body(instruction);
    match (&body.body, &*body.shell) {
        (Body::Exec(words), _) => {
            let text = joined(words.iter().map(|word| word.value.as_str()));
            text_uses(case, stage, &text, Dialect::Sh, &place, visit)
        }
        (_, Shell::Parsed(script)) => script_uses(case, stage, script, &place, visit),
        (_, Shell::Opaque(why)) => Err(No::because(format!("{place} is not understood: {why}"))),
    }
}

/// Words as one shell text that means just them.
fn joined<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// One word for the shell, whatever it holds.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn text_uses(
    case: &Case<'_>,
    stage: &Stage<'_>,
    text: &str,
    dialect: Dialect,
    place: &str,
    visit: &mut Visit<'_>,
) -> Result<(), No> {
    let mut logical = Logical::default();
    logical.push(text, 0);
    match shell::read(&logical, dialect) {
        Shell::Parsed(script) => script_uses(case, stage, &script, place, visit),
        Shell::Opaque(why) => Err(No::because(format!("{place} is not understood: {why}"))),
    }
}

fn script_uses(
    case: &Case<'_>,
    stage: &Stage<'_>,
    script: &Script,
    place: &str,
    visit: &mut Visit<'_>,
) -> Result<(), No> {
    let moves = Effects::of(script).cd || script.commands().iter().any(|found| found.simple.name() == Some("cd"));
    let workdir = stage.end().workdir().value().filter(|_| !moves);
    for found in script.commands() {
        let workdir = workdir.map(str::to_owned);
        visit(&Use { simple: found.simple, place: place.to_owned(), stage: stage.index, workdir })?;
        follow(case, stage, found.simple, place, visit)?;
    }
    Ok(())
}

/// A script of the build context that a command starts: by its path, or behind `sh`.
fn follow(case: &Case<'_>, stage: &Stage<'_>, simple: &Simple, place: &str, visit: &mut Visit<'_>) -> Result<(), No> {
    // Scripts that start scripts are one step too many to follow.
    let Some(name) = simple.name().filter(|_| !place.contains(':')) else { return Ok(()) };
    let by_shell = matches!(program(simple), Some("sh" | "bash"));
    let path = match simple.args().next() {
        Some(Some(path)) if by_shell && !path.starts_with('-') => path,
        _ if name.contains('/') || has_script_ending(name) => name,
        _ => return Ok(()),
    };
    if path.starts_with("/bin/") || path.starts_with("/usr/bin/") {
        return Ok(());
    }
    let Some(file) = context_file(case, stage, path) else {
        return Err(No::because(format!("{place} starts {path}, which could not be looked into")));
    };
    let source = case.cx.project.context().find(&file);
    let Some(source) = source else { return Err(No::because(format!("{file} could not be read"))) };
    let first = source.text.lines().next().unwrap_or_default();
    let shebang = first.strip_prefix("#!").map(str::trim);
    let interpreter = shebang.and_then(|line| line.rsplit(['/', ' ']).next()).unwrap_or("sh");
    let place = format!("{file}:1");
    match interpreter {
        "sh" | "ash" | "dash" => text_uses(case, stage, &source.text, Dialect::Sh, &place, visit),
        "bash" => {
            let path = shebang.and_then(|line| line.split_whitespace().next()).filter(|path| path.ends_with("/bash"));
            text_uses(case, stage, path.unwrap_or("bash"), Dialect::Sh, &place, visit)?;
            text_uses(case, stage, &source.text, Dialect::Bash, &place, visit)
        }
        other => text_uses(case, stage, &quoted(other), Dialect::Sh, &place, visit),
    }
}

fn has_script_ending(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "sh" | "bash"))
}

fn context_file(case: &Case<'_>, stage: &Stage<'_>, path: &str) -> Option<String> {
    let candidates = match path.strip_prefix('/') {
        Some(_) => vec![path.to_owned()],
        // A bare name is looked for on PATH, which most images extend by /usr/local/bin.
        None if path.contains('/') => vec![format!("{}/{path}", stage.end().workdir().value()?)],
        None => vec![format!("/usr/local/bin/{path}"), format!("/usr/bin/{path}"), format!("/bin/{path}")],
    };
    candidates.into_iter().find_map(|path| match case.cx.find_in_stage(stage.index, &path) {
        Exists::Yes(Origin::Context { path, .. }) => Some(path),
        _ => None,
    })
}
