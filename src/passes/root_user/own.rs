//! Which directories the user must own, and how that costs no second copy of what is in them: `--chown` on the COPY
//! that brings them, else a change of the directory alone.

use super::Case;
use super::account::Account;
use super::needs::{Needs, Write};
use crate::dockerfile::{Args, Instruction, Keyword, Word};
use crate::edit::Edit;
use crate::image::{Exists, Origin, clean};
use crate::passes::insert;
use crate::passes::paths::is_in;
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::finding::evidence;
use crate::shell::Shell;
use std::collections::BTreeSet;

/// What makes the directories the user's.
#[derive(Debug, Default)]
pub(super) struct Owned {
    /// `--chown` flags, and commands added to RUNs.
    pub(super) edits: Vec<Edit>,
    /// A command for a RUN of its own.
    pub(super) run: Option<String>,
}

/// Directories that everybody may write to.
const OPEN: &[&str] = &["/tmp", "/var/tmp", "/dev", "/proc"];

/// Directories of the system itself: what is in them belongs to it.
const SYSTEM: &[&str] = &[
    "/",
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/spool",
];

/// A COPY or ADD of the stage, and where it puts what it brings.
struct Copy<'c> {
    instruction: &'c Instruction,
    target: String,
}

/// The edits by which the user may write what it needs to, and read what it is given.
pub(super) fn edits(case: &Case<'_>, account: &Account, needs: &mut Needs) -> Result<Owned, String> {
    let copies = copies(case);
    let mut chowned: BTreeSet<usize> = BTreeSet::new();
    let mut handed: Vec<String> = Vec::new();
    let mut owned = Owned::default();
    for (index, copy) in copies.iter().enumerate() {
        if let Some(path) = closed(case, copy.instruction) {
            chowned.insert(index);
            needs.evident(evidence(path, None, "can be read by its owner alone, so it gets a new one"));
        }
    }
    if case.chain.iter().skip(1).any(|stage| {
        let copies = stage.instructions.iter().filter(|one| matches!(one.keyword, Keyword::Copy | Keyword::Add));
        copies.into_iter().any(|copy| closed(case, copy).is_some())
    }) {
        return Err("files that a stage below copies can be read by their owner alone".to_owned());
    }
    for write in std::mem::take(&mut needs.writes) {
        if OPEN.iter().any(|open| is_in(&write.path, open)) || account.home.is_some_and(|home| is_in(&write.path, home))
        {
            needs.writes.push(write);
            continue;
        }
        if is_in(&write.path, "/root") {
            return Err(format!("{} writes to {}, where only root may", write.place, write.path));
        }
        if let Some(line) = made_by_a_run(case, &write.path) {
            needs.doubt(format!("line {line} may make {} as root", write.path));
        }
        match directory(case, &write) {
            Some(dir) => hand_over(case, needs, &copies, &write, &dir, &mut chowned, &mut handed, &mut owned, account),
            None => needs.doubt(format!("{} writes to {}, which is the system's", write.place, write.path)),
        }
        needs.writes.push(write);
    }
    for index in chowned {
        let instruction = copies[index].instruction;
        match chown(case, account, instruction) {
            Ok(edit) => {
                owned.edits.extend(edit);
            }
            Err(why) => needs.doubt(why),
        }
    }
    if !handed.is_empty() {
        owned.run = command(case, account, needs, &handed);
    }
    Ok(owned)
}

/// The directory that must be the user's for `write`; `None` when it is one of the system's.
fn directory(case: &Case<'_>, write: &Write) -> Option<String> {
    let find = |path: &str| case.cx.find_in_stage(case.stage.index, path);
    let up = |path: &str| path.rsplit_once('/').map(|(dir, _)| if dir.is_empty() { "/" } else { dir }.to_owned());
    let is_dir = || matches!(find(&write.path), Exists::Yes(_));
    let dir = if write.directory && (!write.must_be_new || is_dir()) { write.path.clone() } else { up(&write.path)? };
    (!SYSTEM.contains(&dir.as_str())).then_some(dir)
}

#[expect(clippy::too_many_arguments, reason = "the parts of one plan")]
fn hand_over(
    case: &Case<'_>,
    needs: &mut Needs,
    copies: &[Copy<'_>],
    write: &Write,
    dir: &str,
    chowned: &mut BTreeSet<usize>,
    handed: &mut Vec<String>,
    owned: &mut Owned,
    account: &Account,
) {
    let find = |path: &str| case.cx.find_in_stage(case.stage.index, path);
    let found = find(dir);
    let mut brought = false;
    // What is in a directory matters only where anything in it may be written.
    let tree = write.directory && dir == write.path;
    for (index, copy) in copies.iter().enumerate() {
        let into = tree && is_in(&copy.target, dir);
        let around = tree && !into && is_in(dir, &copy.target) && matters(case, &found, copy);
        let file = !tree && is_in(&write.path, &copy.target) && brings(&find(&write.path), copy);
        if into || around || file {
            chowned.insert(index);
        }
        brought |= around || ((into || file) && copy.target != dir);
    }
    // A directory that a COPY makes on its way is the user's with what is in it; its own target is not.
    let is_target = copies.iter().any(|copy| copy.target == dir) || is_workdir(case, dir);
    let built = built_by(case, dir);
    if let Some(run) = built {
        let body = case.cx.body(run);
        if let (Shell::Parsed(script), Some(owner)) = (&*body.shell, account.owner(false))
            && account.command().is_none_or(|_| copies.iter().any(|copy| copy.instruction.span.start < run.span.start))
        {
            let target = insert::Target { file: case.cx.file, run, body: &body, script };
            let command = format!("chown -R {owner} {dir}");
            match insert::at_end(target, &command) {
                Ok(edit) if !owned.edits.contains(&edit) => owned.edits.push(edit),
                Ok(_) => {}
                Err(why) => needs.doubt(format!("line {}: {why}", case.cx.line(run.code.start))),
            }
            return;
        }
        needs.doubt(format!("line {} writes {dir} as root", case.cx.line(run.code.start)));
    }
    if (!brought || is_target) && !handed.iter().any(|known| known == dir) {
        handed.push(dir.to_owned());
    }
}

/// The line of a RUN that fills a database file.
fn made_by_a_run(case: &Case<'_>, path: &str) -> Option<usize> {
    const FILLS: &[&str] =
        &["migrate", "db upgrade", "db init", "init_db", "initdb", "init-db", "create_db", "seed", "sqlite3 "];
    let is_database = [".db", ".sqlite", ".sqlite3"].iter().any(|end| path.ends_with(end));
    let runs = case.chain.iter().flat_map(|stage| &stage.instructions).filter(|one| one.keyword == Keyword::Run);
    let mut fills = runs.filter(|run| is_database && FILLS.iter().any(|word| run.rest.text().contains(word)));
    fills.next().map(|run| case.cx.line(run.code.start))
}

/// The RUN of the stage that builds `dir`, where that is known by its name.
fn built_by<'c>(case: &Case<'c>, dir: &str) -> Option<&'c Instruction> {
    if !dir.ends_with("/.next") {
        return None;
    }
    let builds = |run: &&&Instruction| run.keyword == Keyword::Run && run.rest.text().contains("build");
    case.stage.instructions.iter().rev().find(builds).copied()
}

fn is_workdir(case: &Case<'_>, dir: &str) -> bool {
    case.stage.instructions.iter().any(|one| case.stage.state_after(one).workdir().value() == Some(dir))
}

/// Whether `copy`, whose target lies above `dir`, brings something in `dir` that the user must own.
fn matters(case: &Case<'_>, found: &Exists, copy: &Copy<'_>) -> bool {
    match found {
        Exists::Yes(Origin::Context { path, line }) if copy.instruction.flag("from").is_none() => {
            *line == copy.instruction.first_line && holds_something(case, path)
        }
        Exists::Yes(Origin::Context { .. }) => copy.instruction.flag("from").is_some(),
        Exists::Unknown(why) => copy.instruction.flag("from").is_some() && !is_of_the_base(why),
        // Another COPY goes through it; what this one brings from a stage may have it too, and be there first.
        Exists::Yes(Origin::Directory { line }) => {
            let earlier = copy.instruction.first_line < *line;
            let is_copy = |one: &&&Instruction| one.first_line == *line && one.keyword == Keyword::Copy;
            earlier
                && copy.instruction.flag("from").is_some()
                && case.stage.instructions.iter().any(|one| is_copy(&one))
        }
        _ => false,
    }
}

/// Whether nothing but the base image may bring it: then nothing of the application's does.
fn is_of_the_base(why: &str) -> bool {
    why.ends_with("may bring it")
}

/// Whether a directory of the context holds more than a file that only keeps it in git.
fn holds_something(case: &Case<'_>, path: &str) -> bool {
    let context = case.cx.project.context();
    if !context.is_dir(path) {
        return true;
    }
    let mut something = false;
    context.walk_sent(path, |inside, _| {
        something |= !matches!(crate::project::paths::name(inside), ".gitkeep" | ".keep" | ".gitignore");
        if something { Step::Stop } else { Step::Enter }
    });
    something
}

fn brings(found: &Exists, copy: &Copy<'_>) -> bool {
    match found {
        Exists::Yes(Origin::Context { line, .. }) => {
            copy.instruction.flag("from").is_some() || *line == copy.instruction.first_line
        }
        Exists::Unknown(why) => copy.instruction.flag("from").is_some() && !is_of_the_base(why),
        Exists::Yes(_) | Exists::No => false,
    }
}

fn copies<'c>(case: &Case<'c>) -> Vec<Copy<'c>> {
    let all = case.stage.instructions.iter().filter(|one| matches!(one.keyword, Keyword::Copy | Keyword::Add));
    all.filter_map(|instruction| {
        let (Args::Words(words) | Args::Json(words)) = &instruction.args else { return None };
        let here = case.stage.state_before(instruction);
        let target = here.expand(&words.last()?.value, case.cx.file.escape())?;
        let target = if target.starts_with('/') { target } else { format!("{}/{target}", here.workdir().value()?) };
        Some(Copy { instruction, target: clean(&target) })
    })
    .collect()
}

/// The edit that adds `--chown`; nothing where the file says the same already.
fn chown(case: &Case<'_>, account: &Account, copy: &Instruction) -> Result<Option<Edit>, String> {
    let line = case.cx.line(copy.code.start);
    let linked = copy.flag("link").is_some_and(|flag| flag.value.as_deref() != Some("false"));
    let owner = account.owner(linked).ok_or_else(|| format!("line {line}: with --link, a user has no name yet"))?;
    if let Some(flag) = copy.flag("chown") {
        let own = flag.value.as_deref().unwrap_or_default();
        let same = own == owner || Some(own) == owner.split(':').next() || account.owner(true).as_deref() == Some(own);
        return if same { Ok(None) } else { Err(format!("line {line} gives files to {own}")) };
    }
    let at = copy.flags.last().map_or(copy.keyword_span.end, |flag| flag.span.end);
    Ok(Some(Edit::insert(at, format!(" --chown={owner}"))))
}

/// The command that makes directories, where they are not there, and hands them over: nothing that is in them.
fn command(case: &Case<'_>, account: &Account, needs: &mut Needs, dirs: &[String]) -> Option<String> {
    if !account.has_shell {
        needs.doubt(format!("{} is written to, and there is no shell that could make it the user's", dirs[0]));
        return None;
    }
    let there = |dir: &&String| matches!(case.cx.find_in_stage(case.stage.index, dir), Exists::Yes(_));
    let missing: Vec<&str> = dirs.iter().filter(|dir| !there(dir)).map(String::as_str).collect();
    let make = if missing.is_empty() { String::new() } else { format!("mkdir -p {} && ", missing.join(" ")) };
    if dirs.iter().any(|dir| dir.contains(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '_' | '-' | '.'))) {
        needs.doubt(format!("`{}` is no plain path", dirs[0]));
        return None;
    }
    Some(format!("{make}chown {} {}", account.owner(false)?, dirs.join(" ")))
}

/// A file of the context that a COPY brings and that its owner alone may read.
fn closed(case: &Case<'_>, copy: &Instruction) -> Option<String> {
    let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
    let (_, sources) = words.split_last()?;
    let context = case.cx.project.context();
    if copy.flag("chmod").is_some() {
        return None;
    }
    if let Some(flag) = copy.flag("from") {
        let stage = case.cx.stages.stage_of(copy)?;
        let from = case.cx.stages.get(case.cx.stages.flag_reference(stage.index, flag)?.stage?)?;
        let copies = from.instructions.iter().filter(|one| matches!(one.keyword, Keyword::Copy | Keyword::Add));
        return copies.into_iter().find_map(|copy| closed(case, copy));
    }
    let stage = case.cx.stages.stage_of(copy)?;
    let expand = |word: &Word| stage.state_before(copy).expand(&word.value, case.cx.file.escape());
    for source in sources.iter().filter_map(expand).filter(|source| !source.contains("://") && !source.contains("<<")) {
        for root in context.copy_source(&source).roots {
            // The mode of the context's own directory is not sent.
            let is_closed = !root.path.is_empty() && context.is_closed(&root.path);
            let mut found = is_closed.then(|| root.path.clone());
            if root.directory {
                context.walk_sent(&root.path, |path, kind| {
                    if matches!(kind, EntryKind::File | EntryKind::Directory) && context.is_closed(path) {
                        found.get_or_insert_with(|| path.to_owned());
                        return Step::Stop;
                    }
                    Step::Enter
                });
            }
            if found.is_some() {
                return found;
            }
        }
    }
    None
}
