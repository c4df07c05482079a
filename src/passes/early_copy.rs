//! Sources copied before the packages are installed → manifests first, then the install, then the sources.

mod copies;
mod install;
mod modules;
mod needs;

use super::no::No;
use super::{Cx, Pass, missing_dockerignore};
use crate::dockerfile::{Instruction, ItemKind, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::proposal::{Evidence, Kind, Proposal, Proposals};
use crate::text::Span;
use copies::Bring;
use install::Step;
pub(super) use install::is_install;
use needs::{Again, Needs, come_the_same};

/// See the page.
pub(super) const PASS: Pass =
    Pass { id: "early-copy", kind: Kind::Order, answers_to: &[], page: include_str!("early-copy.md"), run };

const WHAT: &str = "install the packages before the sources are copied";
const WHY: &str = "a change of the sources then does not install the packages again";

/// What was read.
type Proof = Vec<Evidence>;

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter() {
        let site = Site::of(cx, stage);
        let Some(first) = site.brings.iter().find(|bring| bring.bulk) else { continue };
        match site.later(first) {
            Ok(proposal) => return out.push(proposal),
            Err(No::Because(why)) => out.refuse(first.copy.code, WHAT, why),
            Err(No::NotThis) => match modules::download_first(&site, first) {
                Ok(proposal) => return out.push(proposal),
                Err(No::Because(why)) => out.refuse(first.copy.code, WHAT, why),
                Err(No::NotThis) => {}
            },
        }
    }
}

/// A stage, and what the build context brings to it.
struct Site<'c> {
    cx: &'c Cx<'c>,
    stage: &'c Stage<'c>,
    brings: Vec<Bring<'c>>,
}

/// The new order: which instructions move, and behind what.
struct Plan<'s> {
    /// They move behind the install, each with the lines that are put in its place.
    moved: Vec<(&'s Bring<'s>, Vec<String>)>,
    /// The RUN that installs.
    step: Step<'s>,
}

impl<'c> Site<'c> {
    fn of(cx: &'c Cx<'c>, stage: &'c Stage<'c>) -> Self {
        let brings = (0..stage.instructions.len()).filter_map(|index| Bring::of(cx, stage, index)).collect();
        Self { cx, stage, brings }
    }

    /// The proposal to copy the sources later, from `first` on.
    fn later(&self, first: &Bring<'_>) -> Result<Proposal, No> {
        let step = self.install_behind(first.index)?;
        let needs = Needs::of(self, &step)?;
        let moved = self.moved(first, &step, &needs)?;
        self.may_pass(first, &moved, step.at)?;
        let lines = moved.iter().map(|bring| self.manifests(bring, &needs)).collect::<Result<Vec<_>, _>>()?;
        let plan = Plan { moved: moved.into_iter().zip(lines).collect(), step };
        let at = plan.moved[0].0.copy.code;
        let edits = self.edits(&plan, &needs.again)?;
        Ok(self.proposal(at, needs).because(WHY).edits(edits))
    }

    /// What was installed must not be covered by what lies in the context.
    fn proposal(&self, at: Span, needs: Needs) -> Proposal {
        let Some(overlaid) = needs.overlaid.first() else { return Proposal::checked(at, WHAT, needs.evidence) };
        let may_break = format!(
            "{overlaid} of this machine would be copied over what was installed: it belongs into .dockerignore"
        );
        match missing_dockerignore::to_come(self.cx) {
            Some(ignore) if needs.overlaid.iter().all(|dir| ignore.excludes(dir)) => {
                Proposal::checked(at, WHAT, needs.evidence).together_with(missing_dockerignore::PASS.id, may_break)
            }
            _ => Proposal::risky(at, WHAT, may_break),
        }
    }

    /// The copies before the install that bring more than it needs.
    fn moved<'s>(&'s self, first: &Bring<'_>, step: &Step<'_>, needs: &Needs) -> Result<Vec<&'s Bring<'s>>, No> {
        let before = || self.brings.iter().filter(|bring| bring.index < step.at && bring.index >= first.index);
        let is_bulk = |bring: &&Bring<'_>| bring.bulk && !needs.is_all_of(self.cx, bring);
        let moved: Vec<&Bring<'_>> = before().filter(is_bulk).collect();
        if moved.is_empty() {
            return Err(No::NotThis);
        }
        let stays = |bring: &&Bring<'_>| !moved.iter().any(|moving| moving.index == bring.index);
        for other in before().filter(stays) {
            let moving = moved.iter().filter(|moving| moving.index < other.index);
            // What stays would then be overwritten, and not overwrite.
            for moving in moving.filter(|moving| moving.meets(other)) {
                if !come_the_same(self.cx, moving, other) {
                    let line = self.cx.line(other.copy.code.start);
                    return Err(No::Because(format!("line {line} copies into the same directory")));
                }
            }
        }
        Ok(moved)
    }

    /// What stands between must not need the sources, nor change what the copies mean.
    fn may_pass(&self, first: &Bring<'_>, moved: &[&Bring<'_>], at: usize) -> Result<(), No> {
        for between in &self.stage.instructions[first.index + 1..at] {
            let above = || moved.iter().filter(|bring| bring.copy.code.start < between.code.start);
            let fine = match between.keyword {
                Keyword::Workdir => {
                    above().all(|bring| bring.target_word.value.starts_with('/') || !bring.copy.is_json())
                }
                Keyword::Env | Keyword::Arg => above().all(|bring| !bring.expands),
                Keyword::Copy | Keyword::Add => {
                    let known = self.brings.iter().any(|bring| bring.copy.code == between.code);
                    known || above().all(|bring| copies::stands_aside(self, between, bring))
                }
                Keyword::Run => above().all(|bring| install::needs_nothing(self, between, bring)),
                Keyword::Onbuild | Keyword::From | Keyword::Volume | Keyword::Unknown(_) => false,
                _ => true,
            };
            if !fine {
                return Err(No::NotThis);
            }
        }
        Ok(())
    }

    fn edits(&self, plan: &Plan<'_>, again: &[Again]) -> Result<Vec<Edit>, No> {
        let text = self.cx.file.text();
        let newline = self.cx.file.newline().as_str();
        let run = plan.step.run;
        let (mut edits, mut own) = (Vec::new(), String::new());
        for (bring, lines) in &plan.moved {
            let moved = self.with_comments(bring.copy);
            let lines: String = lines.iter().flat_map(|line| [line.as_str(), newline]).collect();
            // Where nothing is left between blank lines, one of the two goes.
            let alone = lines.is_empty() && self.blank(|item| item.end == moved.start).is_some();
            let gap = self.blank(|item| item.start == moved.end).filter(|_| alone);
            edits.push(Edit::replace(Span::new(moved.start, gap.map_or(moved.end, |gap| gap.end)), lines));
            own.push_str(&self.moved_text(bring, moved, run));
        }
        let own = own.trim_end_matches(['\n', '\r']);
        // A comment between the two would end up in neither.
        if plan.step.rest.is_some_and(|cut| cut.of(text).contains('#')) {
            return Err(No::NotThis);
        }
        let (flags, behind) = (copies::written(&run.flags, text), self.again(&plan.step, again)?);
        let at_cut = |one: &&Again| plan.step.rest.is_some_and(|cut| cut.start == one.span.end);
        let options = again.iter().filter(|one| !at_cut(one));
        edits.extend(options.map(|one| Edit::insert(one.span.end, format!(" {}", one.option))));
        let keyword = run.keyword_span.of(text);
        // Where the install stands by itself between blank lines, so do the sources.
        let blanks = self.blank(|item| item.end == run.span.start).and(self.blank(|item| item.start == run.span.end));
        let apart = if blanks.is_some() { newline } else { "" };
        edits.push(if let Some(cut) = plan.step.rest {
            let behind = behind.map(|behind| format!("{behind} && ")).unwrap_or_default();
            let option = again.iter().find(at_cut).map(|one| format!(" {}", one.option)).unwrap_or_default();
            Edit::replace(cut, format!("{option}{newline}{own}{newline}{keyword} {flags}{behind}"))
        } else {
            let behind = behind.map(|behind| format!("{newline}{keyword} {flags}{behind}")).unwrap_or_default();
            if run.span.of(text).ends_with('\n') {
                Edit::insert(run.span.end, format!("{apart}{own}{behind}{newline}"))
            } else {
                Edit::insert(run.span.end, format!("{newline}{apart}{own}{behind}"))
            }
        });
        Ok(edits)
    }

    /// The commands that are run once more behind the sources.
    fn again(&self, step: &Step<'_>, again: &[Again]) -> Result<Option<String>, No> {
        if again.is_empty() {
            return Ok(None);
        }
        if !step.stands_alone(self.cx) {
            let line = self.cx.line(step.run.code.start);
            return Err(No::Because(format!("line {line} installs the project itself, and is not cut")));
        }
        let commands: Vec<&str> = again.iter().map(|one| one.span.of(self.cx.file.text())).collect();
        Ok(Some(commands.join(" && ")))
    }

    /// What moves, as it must read behind `run`: from another working directory, a target is named from the root.
    fn moved_text(&self, bring: &Bring<'_>, moved: Span, run: &Instruction) -> String {
        let workdir = |at: &Instruction| self.stage.state_before(at).workdir().value().map(str::to_owned);
        let (text, word) = (self.cx.file.text(), bring.target_word.span);
        if bring.target_word.value.starts_with('/') || workdir(bring.copy) == workdir(run) {
            return moved.of(text).to_owned();
        }
        format!("{}{}{}", &text[moved.start..word.start], bring.target, &text[word.end..moved.end])
    }

    /// The blank line that passes the test.
    fn blank(&self, test: impl Fn(Span) -> bool) -> Option<Span> {
        let mut blanks = self.cx.file.items().iter().filter(|item| matches!(item.kind, ItemKind::Blank));
        blanks.find(|item| test(item.span)).map(|item| item.span)
    }

    /// An instruction with the comments directly above it.
    fn with_comments(&self, instruction: &Instruction) -> Span {
        let items = self.cx.file.items();
        let own = items.partition_point(|item| item.span.start < instruction.span.start);
        let above = items[..own].iter().rev().take_while(|item| matches!(item.kind, ItemKind::Comment));
        Span::new(above.last().map_or(instruction.span.start, |item| item.span.start), instruction.span.end)
    }
}
