//! Who reads a package index that a RUN leaves behind: a later RUN of the stage, or of a stage built on it, that
//! installs without fetching the index itself.

use super::Cx;
use crate::dockerfile::{Instruction, Keyword};
use crate::image::Stage;
use crate::managers::{Use, uses};
use crate::shell::{Body, Place, Script, Shell};

/// Somebody who reads the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Line in the present text.
    pub line: usize,
    /// What it does, for messages.
    pub what: String,
    /// Whether it is certain; else it may read it.
    pub certain: bool,
}

/// An index of packages in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// `/var/lib/apt/lists`
    Apt,
    /// `/var/cache/apk`
    Apk,
}

/// What one instruction does with the index.
enum Effect {
    /// Fetches it before it reads it.
    Fetches,
    /// Reads it as it is.
    Reads(Reader),
    /// Neither.
    Nothing,
}

/// The first who reads the index that `run` of `stage` leaves behind.
pub fn reader_after(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction, index: Index) -> Option<Reader> {
    let start = stage.instructions.partition_point(|other| other.span.start <= run.span.start);
    let reader = reader_from(cx, stage, start, index)?;
    Some(Reader { line: cx.line(cx.file.lines().start(reader.line)), ..reader })
}

fn reader_from(cx: &Cx<'_>, stage: &Stage<'_>, start: usize, index: Index) -> Option<Reader> {
    let mut perhaps = None;
    for instruction in &stage.instructions[start..] {
        match effect(cx, instruction, index) {
            Effect::Fetches => return perhaps,
            Effect::Reads(reader) if reader.certain => return Some(reader),
            Effect::Reads(reader) => perhaps = perhaps.or(Some(reader)),
            Effect::Nothing => {}
        }
    }
    for child in cx.stages.children(stage.index) {
        match reader_from(cx, child, 0, index) {
            Some(reader) if reader.certain => return Some(reader),
            found => perhaps = perhaps.or(found),
        }
    }
    perhaps
}

fn effect(cx: &Cx<'_>, instruction: &Instruction, index: Index) -> Effect {
    match &instruction.keyword {
        Keyword::Run => of_run(cx, instruction, index),
        Keyword::Cmd | Keyword::Entrypoint | Keyword::Onbuild | Keyword::Healthcheck => {
            match rough(instruction.code.of(cx.file.text()), index) {
                Rough::Reads => Effect::Reads(told(instruction, "installs from them", true)),
                _ => Effect::Nothing,
            }
        }
        _ => Effect::Nothing,
    }
}

fn of_run(cx: &Cx<'_>, run: &Instruction, index: Index) -> Effect {
    let text = run.code.start..run.span.end;
    let text = &cx.file.text()[text];
    if !may_matter(text, index) {
        return Effect::Nothing;
    }
    let body = cx.body(run);
    match (&*body.shell, &body.body) {
        (Shell::Parsed(script), _) => of_script(script, run, index),
        (_, Body::Exec(words)) => {
            let words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            of_text(&words.join(" "), run, index)
        }
        _ => of_text(text, run, index),
    }
}

fn of_text(text: &str, run: &Instruction, index: Index) -> Effect {
    match rough(text, index) {
        Rough::Fetches => Effect::Fetches,
        Rough::Reads => Effect::Reads(told(run, "installs from them", true)),
        Rough::Nothing => Effect::Nothing,
    }
}

/// A cheap look ahead of the shell.
fn may_matter(text: &str, index: Index) -> bool {
    let words: &[&str] = match index {
        Index::Apt => &["apt", "rosdep", "mk-build-deps", "gdebi", "tasksel", ".sh", "install", "ansible"],
        Index::Apk => &["apk", ".sh"],
    };
    words.iter().any(|word| text.contains(word))
}

fn of_script(script: &Script, run: &Instruction, index: Index) -> Effect {
    let (mut fetched, mut surely, mut perhaps) = (false, false, None);
    let uses = uses(script);
    for place in script.commands() {
        let found = uses.iter().find(|a_use| std::ptr::eq(a_use.place.simple, place.simple));
        if fetches(&place, found, index) {
            fetched = true;
            surely |= place.top;
        } else if !fetched && reads(&place, found, index) {
            let name = place.simple.words.iter().take(3).map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
            return Effect::Reads(told(run, &format!("runs `{name}`"), true));
        } else if !fetched && let Some(script) = unknown_script(&place) {
            perhaps = perhaps.or(Some(told(run, &format!("runs `{script}`, which may install from them"), false)));
        }
    }
    match perhaps {
        Some(reader) => Effect::Reads(reader),
        None if surely => Effect::Fetches,
        None => Effect::Nothing,
    }
}

fn told(instruction: &Instruction, what: &str, certain: bool) -> Reader {
    Reader { line: instruction.first_line, what: what.to_owned(), certain }
}

/// Whether the command fetches the index.
pub fn fetches(place: &Place<'_>, a_use: Option<&Use<'_>>, index: Index) -> bool {
    let Some(a_use) = a_use else { return index == Index::Apt && fetches_apt_otherwise(place) };
    match index {
        Index::Apt => a_use.manager.name == "apt" && a_use.is_any(&["update"]),
        Index::Apk => {
            let fresh = || a_use.has_any(&["--no-cache", "-U", "--update", "--update-cache"]);
            a_use.manager.name == "apk" && (a_use.is_any(&["update"]) || fresh())
        }
    }
}

/// aptitude; and the wrappers of Bitnami, Google, docker-php-extension-installer and Playwright, which fetch the lists
/// themselves.
fn fetches_apt_otherwise(place: &Place<'_>) -> bool {
    let words = &place.simple.words;
    let calls = |name: &str| words.iter().take(3).any(|word| word.raw.rsplit('/').next() == Some(name));
    calls("aptitude") && words.iter().any(|word| word.raw == "update")
        || ["install_packages", "clean-install", "install-php-extensions"].iter().any(|name| calls(name))
        || words.iter().any(|word| matches!(word.raw.as_str(), "--with-deps" | "install-deps"))
}

/// Whether a shell that reads a downloaded script stands here, one that is known to fetch the index.
pub fn fetches_by_script(text: &str) -> bool {
    ["deb.nodesource.com/setup", "packagecloud.io", "script.deb.sh"].iter().any(|known| text.contains(known))
}

/// Subcommands of apt and apk that read the index.
const APT_READS: &[&str] = &[
    "install",
    "reinstall",
    "build-dep",
    "source",
    "download",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "search",
    "show",
    "policy",
    "list",
    "satisfy",
    "changelog",
];
const APK_READS: &[&str] = &["add", "upgrade", "search", "fetch", "policy", "list", "version", "info"];

/// Whether the command reads the index.
fn reads(place: &Place<'_>, a_use: Option<&Use<'_>>, index: Index) -> bool {
    match (index, a_use) {
        (Index::Apt, Some(a_use)) => a_use.manager.name == "apt" && a_use.is_any(APT_READS),
        (Index::Apk, Some(a_use)) => a_use.manager.name == "apk" && a_use.is_any(APK_READS),
        (Index::Apt, None) => reads_apt_otherwise(place),
        (Index::Apk, None) => false,
    }
}

fn reads_apt_otherwise(place: &Place<'_>) -> bool {
    let mut words = place.simple.words.iter().map(|word| word.raw.rsplit('/').next().unwrap_or_default());
    let name = words.find(|word| *word != "sudo" && !word.starts_with('-'));
    match name {
        Some("apt-cache" | "gdebi" | "mk-build-deps" | "tasksel" | "apt-file") => true,
        Some("aptitude") => words.any(|word| matches!(word, "install" | "upgrade" | "full-upgrade" | "safe-upgrade")),
        Some("rosdep") => words.any(|word| word == "install"),
        _ => false,
    }
}

/// What may stand before the script that a command runs.
const RUNS_SCRIPTS: &[&str] = &["sh", "bash", "/bin/sh", "/bin/bash", ".", "source", "sudo", "ansible-playbook"];
/// Parts of names of scripts that install packages.
const INSTALLS: &[&str] =
    &["install", "setup", "dep", "apt", "provision", "bootstrap", "prereq", "requirement", "packages", "build_env"];

/// The script of the project that the command runs, when its name says that it may install packages.
fn unknown_script<'s>(place: &Place<'s>) -> Option<&'s str> {
    let mut words = place.simple.words.iter().map(|word| word.literal.as_deref().unwrap_or(&word.raw));
    let script = words.find(|word| !RUNS_SCRIPTS.contains(word) && !word.starts_with('-'))?;
    let name = script.rsplit('/').next().unwrap_or_default().to_lowercase();
    let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
    let is_script = match extension {
        "sh" | "bash" | "yml" | "yaml" => true,
        "" => script.contains('/'),
        _ => false,
    };
    let known = ["install-php-extensions", "apt-", "get-pip"].iter().any(|known| stem.starts_with(known));
    (is_script && !known && !script.starts_with('$') && INSTALLS.iter().any(|part| stem.contains(part)))
        .then_some(script)
}

enum Rough {
    Fetches,
    Reads,
    Nothing,
}

/// The same for a text that no shell reads here.
fn rough(text: &str, index: Index) -> Rough {
    let (program, verbs): (&[&str], &[&str]) = match index {
        Index::Apt => (&["apt-get", "apt ", "aptitude"], &["install", "build-dep", "upgrade"]),
        Index::Apk => (&["apk "], &[" add", " upgrade"]),
    };
    let Some(first) = program.iter().filter_map(|program| text.find(program)).min() else { return Rough::Nothing };
    let text = &text[first..];
    let at = |words: &[&str]| words.iter().filter_map(|word| text.find(word)).min();
    let fetch = at(if index == Index::Apt { &["update"] } else { &["update", "--no-cache", "-U "] });
    match (fetch, at(verbs)) {
        (Some(fetch), Some(read)) if read < fetch && index == Index::Apt => Rough::Reads,
        (Some(_), _) => Rough::Fetches,
        (None, Some(_)) => Rough::Reads,
        (None, None) => Rough::Nothing,
    }
}
