//! A final stage that ships development dependencies → they are not installed, or pruned before they are copied.
//!
//! What proves that nothing needs them is what proves it for a split into stages.

mod held;
mod members;
mod place;
mod way;

use super::no::No;
use super::single_stage::Case;
use super::single_stage::node::{App, Around};
use super::{Cx, Pass};
use crate::dockerfile::Keyword;
use crate::proposal::{Kind, Proposal, Proposals};
use held::Held;
use members::Members;

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "dev-dependencies",
    kind: Kind::Dependencies,
    answers_to: &[],
    page: include_str!("dev-dependencies.md"),
    run,
};

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let Some(last) = cx.stages.last().filter(|_| cx.mentions("node")) else { return };
    let Some(held) = Held::by(cx, last) else { return };
    let (Some(ships), Some(installs)) =
        (Case::of_stage(cx, last), cx.stages.get(held.stage).and_then(|stage| Case::of_stage(cx, stage)))
    else {
        return;
    };
    if ships.from.image != "node" || installs.from.image != "node" {
        return;
    }
    let site = Site { cx, ships: &ships, installs: &installs, held: &held };
    let at = installs.stage.instructions[held.install].code;
    match site.proposal() {
        Ok(proposal) => out.push(proposal),
        // Of a file of one stage, the pass that splits it says why not.
        Err(_) if cx.stages.iter().count() == 1 => {}
        Err(No::NotThis) => {}
        Err(No::Because(why)) => out.refuse(at, "leave development dependencies out of the image", why),
    }
}

/// What is shipped, and where it comes from.
struct Site<'c> {
    cx: &'c Cx<'c>,
    /// The last stage.
    ships: &'c Case<'c>,
    /// The stage that installs what it has.
    installs: &'c Case<'c>,
    held: &'c Held,
}

impl Site<'_> {
    fn proposal(&self) -> Result<Proposal, No> {
        let run = self.installs.stage.instructions[self.held.install];
        let command = self.held.command(self.cx, self.installs).ok_or(No::NotThis)?;
        let Some(app) = App::installed_by(self.installs, self.held.install, run, command)? else {
            return Err(No::NotThis);
        };
        let members = Members::of(self, &app)?;
        if !app.ships_development() && !members.ship_development(&app) {
            return Err(No::NotThis);
        }
        let way = self.way(&app, &members)?;
        let started = self.ships.started()?;
        let commands = self.commands();
        let globals = self.globals();
        let packages = self.packages();
        let around = Around {
            commands: &commands,
            globals: &globals,
            packages: &packages,
            image: self.ships.from,
            in_place: self.is_in_place(&app),
        };
        let evidence = match members.started(self, &app)? {
            None => app.proof(&around, &started)?,
            Some(member) => {
                let mut evidence = member.proof(&around, &started)?;
                for linked in members.linked(self, &member)? {
                    evidence.extend(linked.proof(&around, &[])?);
                }
                evidence
            }
        };
        if let Some(why) = self.ships.is_for_development(std::slice::from_ref(&self.held.dir)) {
            return Err(No::Because(why));
        }
        Ok(Proposal::checked(way.at, way.what, evidence)
            .because("what only the build and the tests need is not in the image")
            .edits(way.edits))
    }

    /// Every command of the file, by which what is built where is told.
    fn commands(&self) -> Vec<Vec<String>> {
        let mut found = Vec::new();
        for stage in self.cx.stages.iter() {
            for run in stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
                for command in super::commands::of(self.cx, stage, run).unwrap_or_default() {
                    found.extend(command.words.iter().cloned().collect::<Option<Vec<String>>>());
                }
            }
        }
        found
    }
}
