//! Whether what a manager leaves is taken care of already.

use super::{Manager, Use, touches};
use crate::dockerfile::{Dockerfile, Instruction};
use crate::shell::{Place, ShellWord, Simple};

/// Whether the command at `place` removes what `manager` leaves, or says so by its name.
pub fn cleans(manager: &Manager, place: &Place<'_>, uses: &[Use<'_>]) -> bool {
    let of_manager = |a_use: &&Use<'_>| std::ptr::eq(a_use.place.simple, place.simple);
    if let Some(a_use) = uses.iter().find(of_manager) {
        return a_use.manager.name == manager.name && a_use.is_any(manager.cleaned_by);
    }
    let mut paths = removed_paths(place.simple).map(|word| word.literal.as_deref().unwrap_or(&word.raw));
    paths.any(|path| manager.dirs.iter().any(|dir| touches(path, dir))) || is_named_cleaner(place.simple)
}

/// The paths that a command removes.
pub fn removed_paths(simple: &Simple) -> impl Iterator<Item = &ShellWord> {
    let words = &simple.words;
    let named = |program: &str| {
        words.iter().take(6).position(|word| word.raw == program || word.raw.ends_with(&format!("/{program}")))
    };
    let deletes = || words.iter().any(|word| matches!(word.raw.as_str(), "-delete" | "-exec" | "rm"));
    let program =
        named("rm").or_else(|| named("find").filter(|_| deletes())).or_else(|| named("rmdir")).or_else(|| named("mv"));
    let rest = program.map_or(&[][..], |at| &words[at + 1..]);
    rest.iter().filter(|word| !word.raw.starts_with('-'))
}

/// `clean-layer.sh`, `/usr/local/bin/cleanup`: a script whose name says that it cleans.
fn is_named_cleaner(simple: &Simple) -> bool {
    simple.words.iter().take(2).any(|word| {
        let name = word.raw.rsplit('/').next().unwrap_or_default();
        name.starts_with("clean")
            && name != "clean"
            && (word.raw.contains('/') || name.contains(['-', '_', '.']) || name == "cleanup")
    })
}

/// Whether a variable that `command` is started with tells that its author took care of the cache: set before it,
/// or in its `env`, or exported earlier in the script.
pub fn is_settled(a_use: &Use<'_>, exported: &[String]) -> bool {
    let settles = |name: &str| a_use.manager.settled_by.iter().any(|known| known.eq_ignore_ascii_case(name));
    let words = a_use.simple().words[..a_use.program].iter();
    a_use.simple().assignments.iter().any(|assignment| settles(&assignment.name))
        || words.filter_map(|word| word.raw.split_once('=')).any(|(name, _)| settles(name))
        || exported.iter().any(|name| settles(name))
}

/// The targets of the mounts of `run`; as written, variables included.
pub fn mounts<'f>(file: &'f Dockerfile, run: &'f Instruction) -> impl Iterator<Item = &'f str> {
    let flags = run.flags.iter().filter(|flag| flag.name == "mount");
    flags.filter_map(|flag| {
        let written = flag.span.of(file.text());
        let options = written.trim_start_matches("--mount=").trim_matches(['"', '\'']).split(',');
        options
            .filter_map(|option| option.split_once('='))
            .find_map(|(key, value)| matches!(key.trim(), "target" | "dst" | "destination").then_some(value.trim()))
    })
}
