//! A container that runs as root for no reason → one that runs as a user of its own.

mod account;
mod around;
mod commands;
mod go;
mod needs;
mod node;
mod own;
mod place;
mod programs;
mod python;

use super::{Cx, Pass};
use crate::dockerfile::Keyword;
use crate::edit::Edit;
use crate::image::{Known, Stage, Start};
use crate::proposal::{Field, Kind, Proposal, Proposals};
use crate::text::Span;
use account::Account;
use commands::Walk;
use needs::Needs;

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "root-user",
    kind: Kind::User,
    answers_to: &["DL3002", "CKV_DOCKER_3", "CKV_DOCKER_8", "DS002", "DS-0002"],
    page: include_str!("root-user.md"),
    run,
};

const WHAT: &str = "run as a user without root's rights";

/// One stage whose containers run as root, and all that the question depends on.
struct Case<'c> {
    cx: &'c Cx<'c>,
    stage: &'c Stage<'c>,
    /// The stage and those that it is built on, itself first.
    chain: Vec<&'c Stage<'c>>,
    start: Start,
}

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter().filter(|stage| is_started(cx, stage)) {
        let case = Case::of(cx, stage);
        match case.user() {
            User::Root => {}
            User::Other => continue,
            User::Asked(line) => {
                let why = format!("line {line} asks for root");
                out.refuse(case.at(), WHAT, why);
                continue;
            }
        }
        match case.propose() {
            Ok(proposal) => out.push(proposal),
            Err(why) => out.refuse(case.at(), WHAT, why),
        }
    }
}

/// Whether containers are started from `stage` itself: it is the last, or built by its name.
fn is_started(cx: &Cx<'_>, stage: &Stage<'_>) -> bool {
    let is_last = cx.stages.last().is_some_and(|last| last.index == stage.index);
    // What is built on it would have to run its RUNs as that user.
    let has_children = cx.stages.children(stage.index).next().is_some();
    let named = || stage.name.as_deref().is_some_and(|name| cx.project.usage().is_target(name).is_yes());
    is_last || (!has_children && named())
}

/// Whom the containers run as now.
enum User {
    /// Root, because nothing says otherwise.
    Root,
    /// Root, because this line says so.
    Asked(usize),
    /// Somebody else, or only the build knows.
    Other,
}

impl<'c> Case<'c> {
    fn of(cx: &'c Cx<'c>, stage: &'c Stage<'c>) -> Self {
        Self { cx, stage, chain: cx.stages.chain(stage).collect(), start: Start::of(cx.file, cx.stages, stage) }
    }

    fn user(&self) -> User {
        match self.stage.end().user() {
            Known::Inherited => User::Root,
            Known::Is("root" | "0" | "root:root" | "0:0" | "root:0" | "0:root") => {
                let users = self.chain.iter().flat_map(|stage| stage.instructions.iter().rev());
                let last = users.into_iter().find(|instruction| instruction.keyword == Keyword::User);
                User::Asked(last.map_or(1, |user| self.cx.line(user.code.start)))
            }
            Known::Is(_) | Known::Unknown => User::Other,
        }
    }

    /// Where it is spoken of: what starts the container, else the FROM.
    fn at(&self) -> Span {
        let starts = |keyword: &Keyword| matches!(keyword, Keyword::Cmd | Keyword::Entrypoint);
        let last = self.stage.instructions.iter().rev().find(|instruction| starts(&instruction.keyword));
        last.map_or(self.stage.from.code, |instruction| instruction.code)
    }

    fn propose(&self) -> Result<Proposal, String> {
        let account = Account::of(self)?;
        around::allows(self)?;
        let mut needs = Needs::default();
        around::doubts(self, &mut needs);
        Walk::new(self, &account, &mut needs).all()?;
        let owned = own::edits(self, &account, &mut needs)?;
        let mut edits = owned.edits;
        edits.extend(place::edits(self, &account, owned.run.as_deref()));
        Ok(self.proposal(&account, needs, edits))
    }

    fn proposal(&self, account: &Account, needs: Needs, edits: Vec<Edit>) -> Proposal {
        let what = format!("run as {}", account.shown());
        let proposal = match needs.told() {
            None => {
                let mut evidence = vec![account.evidence.clone()];
                evidence.extend(needs.evidence);
                Proposal::checked(self.at(), what, evidence)
            }
            Some(may_break) => Proposal::risky(self.at(), what, may_break),
        };
        proposal
            .because("a program that is broken into then has no more rights than it needs")
            .edits(edits)
            .changing(Field::User)
    }
}
