//! Keeps what package managers leave behind out of the layers that ship: by their own flag, or by a cleanup in
//! the same RUN.

mod apk;
mod remedy;

use super::index_readers::{self, Index};
use super::insert::Target;
use super::shipped::{is_official, root_image, ships};
use super::{Cx, Pass};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::{Known, Stage};
use crate::managers::{self, Avoid, Manager, Use, cleans, is_settled, mounts, rough_use, touches, uses};
use crate::proposal::{Kind, Proposals};
use crate::shell::{Body, Effects, Place, Script, Shell};
use std::cell::RefCell;
use std::collections::HashMap;

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "kept-package-cache",
    kind: Kind::Caches,
    answers_to: &["DL3009", "DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3060"],
    page: include_str!("kept-package-cache.md"),
    run,
};

/// By manager, the word of the file that tells of a later reader of its cache: sought once, as files are long.
type Needs = RefCell<HashMap<&'static str, Option<&'static str>>>;

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let needs = Needs::default();
    for stage in cx.stages.iter() {
        let mut shipped = None;
        for run in stage.instructions.iter().filter(|instruction| instruction.keyword == Keyword::Run) {
            if calls_a_manager(run.code.start..run.span.end, cx) && *shipped.get_or_insert_with(|| ships(cx, stage)) {
                of_run(cx, stage, run, &needs, out);
            }
        }
    }
}

/// A cheap look ahead of the shell.
fn calls_a_manager(range: std::ops::Range<usize>, cx: &Cx<'_>) -> bool {
    let text = &cx.file.text()[range];
    acting().any(|manager| manager.programs.iter().any(|program| text.contains(program)))
}

fn of_run(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction, needs: &Needs, out: &mut Proposals) {
    let body = cx.body(run);
    let Shell::Parsed(script) = &*body.shell else { return of_opaque(cx, run, &body.shell, &body.body, out) };
    let uses = uses(script);
    if !uses.iter().any(Use::leaves) {
        return;
    }
    let places = script.commands();
    let exported = Effects::of(script).environment;
    let target = Target { file: cx.file, run, body: &body, script };
    let job = Job { cx, stage, needs, target, uses: &uses, places: &places, exported: &exported };
    for manager in acting() {
        if let Some(last) = job.last_leaving(manager) {
            job.of_manager(manager, last, out);
        }
    }
}

/// A RUN that no shell grammar reads: a word on it when a manager plainly leaves something.
fn of_opaque(cx: &Cx<'_>, run: &Instruction, shell: &Shell, body: &Body, out: &mut Proposals) {
    let Shell::Opaque(why) = shell else { return };
    let text = match body {
        Body::Exec(words) => words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" "),
        _ => cx.file.text()[run.code.start..run.span.end].to_owned(),
    };
    let Some(manager) = acting().find(|manager| rough_use(manager, &text)) else { return };
    let handled =
        manager.spared_by.iter().chain(manager.dirs).any(|known| text.contains(known.trim_start_matches('~')))
            || manager.cleaned_by.iter().any(|verb| text.contains(&format!(" {verb}")))
            || mounts(cx.file, run).any(|mount| manager.dirs.iter().any(|dir| touches(mount, dir)));
    // PowerShell and cmd keep their caches elsewhere.
    if !handled && !why.contains("Windows") && !why.starts_with("its SHELL is") {
        out.refuse(run.code, keep_out(manager), why.clone());
    }
}

/// The managers that leave what can be avoided.
fn acting() -> impl Iterator<Item = &'static Manager> {
    managers::all().iter().filter(|manager| !matches!(manager.avoid, Avoid::Nothing(_)))
}

fn keep_out(manager: &Manager) -> String {
    format!("keep {} of {} out of the layer", manager.leaves, manager.name)
}

/// One RUN, and what is known of it.
struct Job<'a> {
    cx: &'a Cx<'a>,
    stage: &'a Stage<'a>,
    needs: &'a Needs,
    target: Target<'a>,
    uses: &'a [Use<'a>],
    places: &'a [Place<'a>],
    exported: &'a [String],
}

impl<'a> Job<'a> {
    /// The uses that leave something of `manager`.
    fn leaving(&self, manager: &Manager) -> impl Iterator<Item = &'a Use<'a>> {
        let name = manager.name;
        self.uses.iter().filter(move |a_use| a_use.manager.name == name && a_use.leaves())
    }

    /// The last of them.
    fn last_leaving(&self, manager: &Manager) -> Option<&'a Use<'a>> {
        self.leaving(manager).last()
    }

    fn of_manager(&self, manager: &'static Manager, last: &Use<'_>, out: &mut Proposals) {
        if self.is_handled(manager, last) {
            return;
        }
        let proposed = match self.check(manager, last) {
            Ok(()) => self.remedy(manager, last),
            Err(why) => Err(why),
        };
        match proposed {
            Ok(proposals) => proposals.into_iter().for_each(|proposal| out.push(proposal)),
            Err(why) => out.refuse(last.simple().span, keep_out(manager), why),
        }
    }

    /// Whether nothing is left, or somebody took care: nothing needs to be said.
    fn is_handled(&self, manager: &Manager, last: &Use<'_>) -> bool {
        let image = root_image(self.cx, self.stage);
        let state = self.stage.state_before(self.target.run);
        manager.not_on.iter().any(|name| is_official(image, name))
            || !manager.only_on.is_empty() && !manager.only_on.iter().any(|name| is_official(image, name))
            || manager.settled_by.iter().any(|name| state.variable(name) != Known::Inherited)
            || self.leaving(manager).any(|a_use| is_settled(a_use, self.exported))
            || mounts(self.cx.file, self.target.run)
                .any(|mount| mount.contains('$') || manager.dirs.iter().any(|dir| touches(mount, dir)))
            || self.is_cleaned(manager, last)
            || self.shares_with_a_later(manager, last)
            || manager.name == "apt" && !self.fetches_lists()
    }

    /// Whether a command after the last that leaves something cleans up.
    fn is_cleaned(&self, manager: &Manager, last: &Use<'_>) -> bool {
        let from = self.places.iter().position(|place| std::ptr::eq(place.simple, last.simple())).unwrap_or_default();
        self.places[from..].iter().any(|place| cleans(manager, place, self.uses))
    }

    /// `conda` and `mamba` keep their packages in one place: the last one called cleans for both.
    fn shares_with_a_later(&self, manager: &Manager, last: &Use<'_>) -> bool {
        let shares =
            |other: &Manager| other.name != manager.name && other.dirs.iter().any(|dir| manager.dirs.contains(dir));
        self.uses.iter().any(|a_use| {
            shares(a_use.manager) && a_use.leaves() && a_use.simple().span.start > last.simple().span.start
        })
    }

    /// Whether this RUN brings the lists: those of an earlier RUN lie in its layer.
    fn fetches_lists(&self) -> bool {
        let by_use = self.uses.iter().any(|a_use| index_readers::fetches(&a_use.place, Some(a_use), Index::Apt));
        by_use || index_readers::fetches_by_script(self.target.run.rest.text())
    }

    /// Whether the remedy may be applied at all.
    fn check(&self, manager: &Manager, last: &Use<'_>) -> Result<(), String> {
        let image = root_image(self.cx, self.stage);
        if !manager.is_new_enough(image) && !manager.fresh_on.iter().any(|name| is_official(image, name)) {
            let way = if let Avoid::Flag(flag) = manager.avoid { flag } else { "how" };
            return Err(format!("the {} of {image} is too old to know {way}", manager.name));
        }
        if last.through == managers::Through::AnotherUser && !matches!(manager.avoid, Avoid::Flag(_)) {
            return Err("it runs as another user, whose cache it is".to_owned());
        }
        let needed = *self.needs.borrow_mut().entry(manager.name).or_insert_with(|| self.needed_by(manager));
        match needed {
            Some(word) => Err(format!("`{word}` in this file may need what {} keeps", manager.name)),
            None => Ok(()),
        }
    }

    /// A word of the file that tells of a later reader of the cache.
    fn needed_by(&self, manager: &Manager) -> Option<&'static str> {
        let text = self.cx.file.text();
        manager
            .needed_by
            .iter()
            .copied()
            .find(|word| text.contains(word) && (!word.starts_with('-') || self.is_option(manager, word)))
    }

    /// Whether a command of `manager`, in any RUN, has the option.
    fn is_option(&self, manager: &Manager, option: &str) -> bool {
        let runs = self.cx.file.instructions().filter(|instruction| instruction.keyword == Keyword::Run);
        runs.filter(|run| self.cx.file.text()[run.span.range()].contains(option)).any(|run| {
            match &*self.cx.body(run).shell {
                Shell::Parsed(script) => has_option(script, manager, option),
                Shell::Opaque(_) => true,
            }
        })
    }
}

fn has_option(script: &Script, manager: &Manager, option: &str) -> bool {
    uses(script).iter().any(|a_use| a_use.manager.name == manager.name && a_use.has_any(&[option]))
}
