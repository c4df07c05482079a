//! The change itself: a flag, a command after the last use, or a removal at the end of the RUN.

use super::{Job, apk};
use crate::edit::Edit;
use crate::image::Known;
use crate::managers::{Avoid, Manager, Through, Use, cleans, mounts, touches};
use crate::passes::index_readers::{Index, Reader, reader_after};
use crate::passes::insert;
use crate::passes::shipped::{is_official, root_image};
use crate::passes::yarn;
use crate::proposal::Proposal;
use crate::shell::Command;
use crate::text::Span;

/// Options and subcommands that only yarn 1 knows.
const CLASSIC_ONLY: &[&str] = &["--pure-lockfile"];

impl Job<'_> {
    /// What keeps the leftovers of `manager` out, or why it cannot be done.
    pub(super) fn remedy(&self, manager: &'static Manager, last: &Use<'_>) -> Result<Vec<Proposal>, String> {
        match manager.avoid {
            Avoid::Flag(flag) if manager.name == "apk" => apk::remedy(self, flag),
            Avoid::Flag(flag) => Ok(self.leaving(manager).map(|a_use| self::flag(a_use, flag)).collect()),
            Avoid::Command(command) => self.command(manager, last, command).map(|proposal| vec![proposal]),
            Avoid::Remove(paths) => self.remove(manager, last, paths).map(|proposal| vec![proposal]),
            Avoid::Nothing(_) => Ok(Vec::new()),
        }
    }

    fn command(&self, manager: &Manager, last: &Use<'_>, command: &str) -> Result<Proposal, String> {
        let written = last.written_program(self.cx.file.text());
        if written.contains('\n') {
            return Err("its program stands on two lines".to_owned());
        }
        if self.may_be_skipped(last) && !is_official(root_image(self.cx, self.stage), "node") {
            return Err(format!("it runs under a condition, without which {written} may not be there"));
        }
        let command = command.replacen("PROGRAM", written, 1);
        let edit = insert::after(self.target, &last.place, &command)?;
        Ok(cleanup(manager, last, &command, edit))
    }

    /// Whether the use stands within `if`, `case` or a loop.
    fn may_be_skipped(&self, last: &Use<'_>) -> bool {
        let and_or = self.target.script.lists.get(last.place.list);
        let Some((_, pipeline)) = and_or.and_then(|and_or| and_or.parts.get(last.place.part)) else { return true };
        let holds = |span: Span| span.start <= last.simple().span.start && last.simple().span.end <= span.end;
        pipeline.commands.iter().any(|command| matches!(command, Command::Control(_)) && holds(command.span()))
    }

    fn remove(&self, manager: &'static Manager, last: &Use<'_>, paths: &[&str]) -> Result<Proposal, String> {
        if manager.name == "yarn" {
            return self.yarn(manager, last, paths);
        }
        // What is mounted cannot be removed, and is not in the layer.
        let in_layer = |path: &&&str| !mounts(self.cx.file, self.target.run).any(|mount| touches(mount, path));
        let paths: Vec<&str> = paths.iter().filter(in_layer).copied().collect();
        let sudo = if last.through == Through::Sudo { "sudo " } else { "" };
        let command = format!("{sudo}rm -rf {}", paths.join(" "));
        let edit = insert::at_end(self.target, &command)?;
        let proposal = cleanup(manager, last, &command, edit);
        if manager.name != "apt" {
            return Ok(proposal);
        }
        match reader_after(self.cx, self.stage, self.target.run, Index::Apt) {
            None => Ok(proposal),
            Some(reader) if reader.certain => Err(told(&reader)),
            Some(reader) => {
                let Proposal { at, what, why, edits, saves, .. } = proposal;
                let mut risky = Proposal::risky(at, what, told(&reader)).because(why).edits(edits);
                risky.saves = saves;
                Ok(risky)
            }
        }
    }

    /// yarn 1 is told to clean; where it may be a later yarn, whose cache can be the installation itself, only what
    /// yarn 1 writes is removed.
    fn yarn(&self, manager: &Manager, last: &Use<'_>, paths: &[&str]) -> Result<Proposal, String> {
        if let Some(why) = yarn::berry(self.cx) {
            return Err(why);
        }
        if self.is_classic(last) {
            return self.command(manager, last, "PROGRAM cache clean");
        }
        let user = self.stage.state_before(self.target.run).user();
        let root = match user {
            Known::Is(user) => Some(matches!(user.split(':').next(), Some("root" | "0"))),
            Known::Inherited if is_official(root_image(self.cx, self.stage), "node") => Some(true),
            _ => None,
        };
        let paths = match root {
            Some(true) => &paths[..1],
            Some(false) => &paths[1..],
            None => paths,
        };
        let command = format!("rm -rf {}", paths.join(" "));
        let edit = insert::at_end(self.target, &command)?;
        Ok(cleanup(manager, last, &command, edit))
    }

    fn is_classic(&self, last: &Use<'_>) -> bool {
        last.has_any(CLASSIC_ONLY) || last.is_any(&["global add"]) || yarn::is_classic_project(self.cx)
    }

    /// Whether a command anywhere in the RUN cleans up after `manager`.
    pub(super) fn cleans_anywhere(&self, manager: &Manager) -> bool {
        self.places.iter().any(|place| cleans(manager, place, self.uses))
    }
}

/// The flag right after the subcommand.
pub(super) fn flag(a_use: &Use<'_>, flag: &str) -> Proposal {
    let simple = a_use.simple();
    let verb = &simple.words[a_use.subcommand];
    let what = format!("add {flag} to {} {}", a_use.manager.name, verb.raw);
    Proposal::safe(simple.span, what)
        .because(format!("{} would stay in the layer for nothing", a_use.manager.leaves))
        .edit(Edit::insert(verb.span.end, format!(" {flag}")))
}

/// A cleanup after the use.
pub(super) fn cleanup(manager: &Manager, last: &Use<'_>, command: &str, edit: Edit) -> Proposal {
    let mut proposal = Proposal::safe(last.simple().span, format!("run `{command}` in the same RUN"))
        .because(format!("{} would stay in the layer for nothing", manager.leaves))
        .edit(edit);
    // A figure for a whole application says nothing of single packages.
    let whole = manager.name != "npm" || last.operands().is_empty();
    if let Some(bytes) = manager.bytes.filter(|_| whole) {
        proposal = proposal.saves_about(bytes);
    }
    proposal
}

/// The reason not to remove an index.
pub(super) fn told(reader: &Reader) -> String {
    format!("line {} needs them: it {}", reader.line, reader.what)
}
