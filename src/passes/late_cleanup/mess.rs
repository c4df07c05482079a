//! What a cleanup removes, and which earlier RUN of the stage made it.

use super::Late;
use crate::dockerfile::{Instruction, Keyword};
use crate::image::Known;
use crate::managers::{self, Manager, cleans, home_path, mounts, touches, uses};
use crate::passes::index_readers::{self, Index};
use crate::passes::packages::{self, Action};
use crate::passes::paths::{self, Directory};
use crate::passes::touched::{How, touched};
use crate::proposal::Evidence;
use crate::shell::{Effects, Script, Shell, Simple};

/// What of one command can be moved.
#[derive(Debug)]
pub(super) struct Found {
    /// What pays for the move; `None` for what only keeps company.
    pub(super) mess: Option<Mess>,
    /// Indexes of the operands that go; all words of the command when it goes as a whole.
    pub(super) words: Vec<usize>,
    /// Whether the command is an `rm` of several things, of which some may stay.
    operands: bool,
}

/// Something that an earlier RUN left.
#[derive(Debug)]
pub(super) struct Mess {
    /// Place of that RUN in the stage.
    pub(super) made_at: usize,
    /// Why it must stay where it is.
    pub(super) why_not: Option<String>,
    /// What establishes that nobody needs it; empty for caches.
    pub(super) evidence: Vec<Evidence>,
}

/// A cheap look ahead of the shell.
pub(super) fn may_clean(text: &str) -> bool {
    ["rm ", "clean", "purge", "clear"].iter().any(|word| text.contains(word))
}

/// What `simple`, a command of the late RUN, cleans; `None` when it is no cleanup.
pub(super) fn found(late: &Late<'_, '_>, simple: &Simple) -> Option<Found> {
    let words = packages::words(simple);
    if packages::program(simple) == Some("rm") {
        let first = simple.words.len() - words.len() + 1;
        let operands: Vec<usize> =
            (first..simple.words.len()).filter(|at| !simple.words[*at].raw.starts_with('-')).collect();
        let messes: Vec<(usize, Mess)> =
            operands.iter().filter_map(|at| Some((*at, of_path(late, simple, *at)?))).collect();
        let made_at = messes.first()?.1.made_at;
        let words = messes.iter().filter(|(_, mess)| mess.made_at == made_at).map(|(at, _)| *at).collect();
        let mess = messes.into_iter().next().map(|(_, mess)| mess);
        return Some(Found { mess, words, operands: true });
    }
    let all = (0..simple.words.len()).collect();
    let script = late.body.shell.script()?;
    let uses = uses(script);
    let own = uses.iter().find(|a_use| std::ptr::eq(a_use.simple(), simple))?;
    if own.is_any(own.manager.cleaned_by) {
        return Some(Found { mess: Some(of_manager(late, own.manager, simple)?), words: all, operands: false });
    }
    // The archives: Debian's own images keep none.
    let archives = own.manager.name == "apt" && own.is_any(&["clean", "autoclean"]);
    archives.then_some(Found { mess: None, words: all, operands: false })
}

impl Found {
    /// The place of the RUN that made what is cleaned here.
    pub(super) fn pays_in(&self) -> Option<usize> {
        self.mess.as_ref().map(|mess| mess.made_at)
    }

    /// Keeps what can go to the instruction `target`.
    pub(super) fn keep_only(&mut self, late: &Late<'_, '_>, target: usize, simple: &Simple) {
        let fits = match &self.mess {
            Some(mess) => mess.made_at == target,
            None => is_apt_without(late, target, simple),
        };
        if !fits {
            self.words.clear();
        } else if self.operands
            && !late.between(target).iter().any(|between| is_work(between))
            && only_cleans_before(late, simple)
        {
            // Nothing happens in between, so all of it may go, as long as it means the same there.
            let absolute =
                |at: &usize| simple.words[*at].raw.starts_with('/') || simple.words[*at].raw.starts_with('-');
            let first = simple.words.len() - packages::words(simple).len() + 1;
            let operands = first..simple.words.len();
            if operands.clone().all(|at| absolute(&at)) {
                self.words = operands.filter(|at| !simple.words[*at].raw.starts_with('-')).collect();
            }
        }
    }

    /// Whether nothing of the command stays.
    pub(super) fn is_whole(&self, simple: &Simple) -> bool {
        !self.operands || {
            let first = simple.words.len() - packages::words(simple).len() + 1;
            (first..simple.words.len()).all(|at| simple.words[at].raw.starts_with('-') || self.words.contains(&at))
        }
    }

    /// The command as it is written in the RUN that made the mess.
    pub(super) fn command(&self, simple: &Simple) -> String {
        let first = simple.words.len() - packages::words(simple).len() + 1;
        let stays = |at: usize| {
            self.operands && at >= first && !simple.words[at].raw.starts_with('-') && !self.words.contains(&at)
        };
        let words = simple.words.iter().enumerate().filter(|(at, _)| !stays(*at));
        words.map(|(_, word)| word.raw.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether nothing stands before `simple` in its RUN but what removes too.
fn only_cleans_before(late: &Late<'_, '_>, simple: &Simple) -> bool {
    let Some(script) = late.body.shell.script() else { return false };
    before(script, simple).into_iter().all(|other| {
        packages::program(other) == Some("rm") || packages::call(other).is_some_and(|call| call.action == Action::Clean)
    })
}

/// Whether an instruction changes files.
fn is_work(instruction: &Instruction) -> bool {
    matches!(instruction.keyword, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Unknown(_))
}

/// What is known of the path that an `rm` names.
fn of_path(late: &Late<'_, '_>, simple: &Simple, at: usize) -> Option<Mess> {
    let word = &simple.words[at];
    let path = word.raw.replace('"', "");
    let manager = managers::all().iter().find(|manager| manager.dirs.iter().any(|dir| is_of(&path, dir)));
    match manager {
        Some(manager) => of_managers(late, &path, manager, simple),
        None => of_file(late, simple, at),
    }
}

/// Several managers keep their cache in one place: the one whose RUN is nearest counts.
fn of_managers(late: &Late<'_, '_>, path: &str, first: &'static Manager, simple: &Simple) -> Option<Mess> {
    let sharing = managers::all().iter().filter(|manager| manager.dirs.iter().any(|dir| is_of(path, dir)));
    let messes = sharing.filter_map(|manager| of_manager(late, manager, simple));
    messes.max_by_key(|mess| mess.made_at).or_else(|| of_manager(late, first, simple))
}

/// Whether `path`, as written, is the directory `dir`, all in it, or a part of it.
fn is_of(path: &str, dir: &str) -> bool {
    let path = home_path(path);
    let path = path.strip_suffix("/*").unwrap_or(&path).trim_end_matches('/');
    path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// The last earlier RUN that leaves what `manager` leaves.
fn of_manager(late: &Late<'_, '_>, manager: &'static Manager, simple: &Simple) -> Option<Mess> {
    let script = late.body.shell.script()?;
    if before(script, simple).iter().any(|place| leaves(script, manager, place)) {
        // It cleans up after itself.
        return None;
    }
    let runs = late.stage.instructions[..late.at].iter().enumerate().rev();
    for (made_at, run) in runs.filter(|(_, instruction)| instruction.keyword == Keyword::Run) {
        let text = late.cx.file.text();
        if !manager.programs.iter().any(|program| text[run.span.range()].contains(program)) {
            continue;
        }
        let body = late.cx.body(run);
        // `filled_again` speaks of those that are not understood.
        let Shell::Parsed(script) = &*body.shell else { continue };
        let places = script.commands();
        let Some(last) = places.iter().rposition(|place| leaves(script, manager, place.simple)) else { continue };
        let uses = uses(script);
        let cleaned = places[last..].iter().any(|place| cleans(manager, place, &uses));
        let mounted = mounts(late.cx.file, run)
            .any(|mount| mount.contains('$') || manager.dirs.iter().any(|dir| touches(mount, dir)));
        let state = late.stage.state_before(late.run);
        let settled = manager.settled_by.iter().any(|name| state.variable(name) != Known::Inherited);
        if cleaned || mounted || settled {
            return None;
        }
        let why_not = reader(late, manager, run)
            .or_else(|| filled_again(late, made_at, simple))
            .or_else(|| plug_and_play(late, manager, made_at))
            .or_else(|| needed(late, manager))
            .or_else(|| Effects::of(script).options.then(|| noglob(script)).flatten());
        return Some(Mess { made_at, why_not, evidence: vec![] });
    }
    None
}

/// Commands of the script that stand before `simple`.
fn before<'s>(script: &'s Script, simple: &Simple) -> Vec<&'s Simple> {
    let commands = script.commands().into_iter().map(|place| place.simple);
    commands.take_while(|other| other.span.start < simple.span.start).collect()
}

/// Whether `simple`, a command of `script`, leaves something of `manager`: for apt and apk, the index that it fetches.
fn leaves(script: &Script, manager: &Manager, simple: &Simple) -> bool {
    let uses = uses(script);
    let Some(own) = uses.iter().find(|a_use| std::ptr::eq(a_use.simple(), simple)) else { return false };
    if own.manager.name != manager.name {
        return false;
    }
    match manager.name {
        "apt" => index_readers::fetches(&own.place, Some(own), Index::Apt),
        "apk" => index_readers::fetches(&own.place, Some(own), Index::Apk) && !own.has_any(&["--no-cache"]),
        _ => own.leaves(),
    }
}

/// Who still reads the index between `run` and the cleanup.
fn reader(late: &Late<'_, '_>, manager: &Manager, run: &Instruction) -> Option<String> {
    let index = match manager.name {
        "apt" => Index::Apt,
        "apk" => Index::Apk,
        _ => return None,
    };
    let reader = index_readers::reader_after(late.cx, late.stage, run, index)?;
    // Whoever reads it after the cleanup finds nothing today either.
    let needs = if reader.certain { ", and needs what it removes" } else { "" };
    (reader.line <= late.run.first_line).then(|| format!("a RUN in between {}{needs}", reader.what))
}

/// Something in the file that may use the cache.
fn needed(late: &Late<'_, '_>, manager: &Manager) -> Option<String> {
    let text = late.cx.file.text();
    let word = manager.needed_by.iter().find(|word| text.contains(**word))?;
    Some(format!("`{word}` in this file may need what {} keeps", manager.name))
}

/// A script between the RUN at `made_at` and the cleanup: nobody knows what it leaves.
fn filled_again(late: &Late<'_, '_>, made_at: usize, cleanup: &Simple) -> Option<String> {
    let runs = late.between(made_at).iter().chain(std::iter::once(&late.run));
    for run in runs.filter(|instruction| instruction.keyword == Keyword::Run) {
        let body = late.cx.body(run);
        let Shell::Parsed(script) = &*body.shell else {
            return Some("a RUN in between is not understood, and may fill it again".to_owned());
        };
        let commands = script.commands().into_iter().map(|place| place.simple);
        let mut earlier = commands.take_while(|simple| simple.span.start < cleanup.span.start);
        if let Some(script) = earlier.find_map(runs_script) {
            return Some(format!("`{script}` in between may fill it again"));
        }
    }
    None
}

/// The program that `simple` runs, when that is a script or runs one, or calls a package manager on its own account.
fn runs_script(simple: &Simple) -> Option<&str> {
    let program = packages::words(simple).first()?;
    let name = packages::program(simple).unwrap_or(&program.raw);
    let fills = ["sh", "bash", "dash", "ash", "zsh", ".", "source", "eval", "add-apt-repository", "apt-add-repository"];
    let is_script = name.contains('/') || name.contains('$') || name.strip_suffix(".sh").is_some();
    (is_script || fills.contains(&name)).then_some(program.raw.as_str())
}

/// Yarn's newer versions may run the application out of their cache.
fn plug_and_play(late: &Late<'_, '_>, manager: &Manager, made_at: usize) -> Option<String> {
    let text = late.cx.file.text();
    let runs = |run: &&&Instruction| {
        let text = &text[run.span.range()];
        run.keyword == Keyword::Run && ["yarn", "node", "npx", "npm"].iter().any(|word| text.contains(word))
    };
    let found = manager.name == "yarn" && late.between(made_at).iter().find(runs).is_some();
    found.then(|| "a RUN in between may run out of yarn's cache (Plug'n'Play)".to_owned())
}

/// `set -f` keeps `*` from meaning anything.
fn noglob(script: &Script) -> Option<String> {
    let sets = |simple: &Simple| {
        simple.name() == Some("set")
            && simple.args().flatten().any(|arg| arg == "noglob" || arg.starts_with('-') && arg.contains('f'))
    };
    script.commands().iter().any(|place| sets(place.simple)).then(|| "`set -f` is on there".to_owned())
}

/// Whether the instruction `target` calls apt, and does not do `simple` already.
fn is_apt_without(late: &Late<'_, '_>, target: usize, simple: &Simple) -> bool {
    let Some(run) = late.stage.instructions.get(target) else { return false };
    let body = late.cx.body(run);
    let Some(script) = body.shell.script() else { return false };
    let uses = uses(script);
    let same = |other: &Simple| other.words.iter().map(|word| &word.raw).eq(simple.words.iter().map(|word| &word.raw));
    uses.iter().any(|a_use| a_use.manager.name == "apt") && !uses.iter().any(|a_use| same(a_use.simple()))
}

/// A file that an earlier RUN downloaded and unpacked, and that nothing else names.
fn of_file(late: &Late<'_, '_>, simple: &Simple, at: usize) -> Option<Mess> {
    let script = late.body.shell.script()?;
    let (here, _) = touched(script, Directory::of(late.stage.state_before(late.run), late.run.span.start));
    let word = &simple.words[at];
    let removed =
        here.iter().find(|touch| touch.how == How::Remove && touch.word.is_some_and(|own| std::ptr::eq(own, word)))?;
    // Where the RUN that made it ends, only an absolute path is sure to mean the same.
    if !removed.path.starts_with('/') || removed.path.contains('$') || !word.raw.starts_with('/') {
        return None;
    }
    let name = paths::file_name(&removed.path);
    let text = late.cx.file.text();
    let named_before = before(script, simple).iter().any(|other| other.span.of(text).contains(name));
    if named_before {
        return None;
    }
    for made_at in (0..late.at).rev() {
        let run = late.stage.instructions[made_at];
        if !text[run.span.range()].contains(name) {
            // Under another name, a script or a pattern may still use it; so nothing may run in between but what
            // is known to be of no concern.
            if is_work(run) && (run.keyword != Keyword::Run || text[run.span.range()].contains('*')) {
                return None;
            }
            continue;
        }
        if run.keyword != Keyword::Run || !mounts(late.cx.file, run).collect::<Vec<_>>().is_empty() {
            return None;
        }
        let body = late.cx.body(run);
        let (touches, _) = touched(body.shell.script()?, Directory::of(late.stage.state_before(run), run.span.start));
        let of_it =
            |how: How<'_>| touches.iter().any(|touch| touch.how == how && touch.path == removed.path && touch.sure);
        let gone = touches.iter().any(|touch| touch.removes(&removed.path));
        if !of_it(How::Download) || !of_it(How::Unpack) || gone {
            return None;
        }
        let evidence = vec![
            late.cx.evidence(run.code.start, format!("downloads and unpacks `{}`", removed.path)),
            late.cx
                .evidence(late.run.code.start, format!("removes `{}`, which nothing in between names", removed.path)),
        ];
        return Some(Mess { made_at, why_not: None, evidence });
    }
    None
}
