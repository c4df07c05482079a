//! The decision for one smaller image, and the edit.

use super::lacking::Move;
use super::{Case, documents, foreign, node, programs, python};
use crate::dockerfile::{Args, Keyword, Word, image_ref};
use crate::edit::Edit;
use crate::image::Known;
use crate::image::base::{self, Class, Family, Libc, Tag};
use crate::passes::no::No;
use crate::proposal::{Evidence, Proposal};

impl Case<'_> {
    /// The swap to the image of `class`, and the packages that are added, when everything it needs is established.
    pub(super) fn swap_to(&self, class: Class) -> Result<(Proposal, Vec<&'static str>), No> {
        let to = self.from.in_class(class).ok_or(No::NotThis)?;
        let (old, new) = self.from.family().zip(to.family()).ok_or(No::NotThis)?;
        let word = self.written_image()?;
        let edit = self.edit(word, to)?;
        self.mirrors_answer(to)?;
        let step = Move::new(self, old, new)?;
        if from_full_to_slim(old, new) {
            documents::not_needed(self)?;
        }
        let mut evidence = self.runs_on(&step)?;
        self.keeps_its_zone(&step);
        if new.libc == Libc::Musl {
            foreign::brings_nothing_for_glibc(self)?;
        }
        self.inherits_the_same(old, new)?;
        let what = format!("start from {} instead of {}", edit.text, word.value);
        let installs = step.installs()?;
        evidence.extend(installs.iter().map(|(_, fact)| self.cx.evidence(self.root.from.code.start, fact)));
        let proposal = Proposal::checked(self.root.from.code, what, evidence)
            .because(match self.from.image {
                "debian" => format!("{} holds manuals and translations that nothing here reads", word.value),
                _ => format!("{} holds compilers, headers and tools that nothing here uses", word.value),
            })
            .edit(edit)
            .edits(installs.into_iter().map(|(edit, _)| edit))
            .edits(step.translation.edits.iter().cloned())
            .dropping(step.translation.drops.iter().cloned());
        let proposal = match saved(self.from, to) {
            Some(bytes) => proposal.saves_about(bytes),
            None => proposal,
        };
        Ok((proposal, step.added()))
    }

    /// Evidence that what the stages run, runs on the new image.
    fn runs_on(&self, step: &Move<'_>) -> Result<Vec<Evidence>, No> {
        let brought = match self.from.image {
            "node" => node::runs_on(self, step)?,
            "python" => python::runs_on(self, step)?,
            // Both have the same programs.
            "debian" => return Ok(vec![documents::all_that_goes(self)]),
            other => return Err(No::because(format!("what a {other} program needs of its base is not established"))),
        };
        let mut evidence = programs::all_there(step, self, &brought)?;
        evidence.extend(brought.evidence);
        Ok(evidence)
    }

    /// The image as FROM names it, when it is written out.
    fn written_image(&self) -> Result<&Word, No> {
        let Args::Words(words) = &self.root.from.args else { return Err(No::NotThis) };
        words.first().ok_or(No::NotThis)
    }

    /// The new name in the place of the old one. Variables stay where the new tag only adds an ending, and
    /// nothing in the repository gives them another value.
    fn edit(&self, word: &Word, to: Tag) -> Result<Edit, No> {
        let names = image_ref::variables(&word.value, self.cx.file.escape());
        if names.is_empty() {
            let image = word.value.split(':').next().unwrap_or(&word.value);
            return Ok(Edit::replace(word.span, format!("{image}:{}", to.name())));
        }
        let open = || No::because(format!("`{}` may be set to another image when it is built", word.value));
        if let Some(given) = names.iter().find_map(|name| self.cx.project.usage().values_of(name).next()) {
            return Err(No::because(format!("a build sets {} to another value", given.name)));
        }
        let (new, old) = (to.name(), self.from.name());
        let ending = new.strip_prefix(&old).ok_or_else(open)?;
        if !word.value.contains(':') || word.value.ends_with(':') || word.value.starts_with('$') {
            return Err(open());
        }
        Ok(Edit::replace(word.span, format!("{}{ending}", word.value)))
    }

    /// A distribution whose index is gone from the mirrors cannot install anything.
    fn mirrors_answer(&self, to: Tag) -> Result<(), No> {
        let gone = to.release().filter(|release| release.mirror_gone);
        let Some(release) = gone else { return Ok(()) };
        match programs::first_use(self, &["apt-get", "apt"]) {
            Some(place) => {
                Err(No::because(format!("{} is past its end and apt-get ({place}) gets no answer there", release.name)))
            }
            None => Ok(()),
        }
    }

    /// A time zone that is named needs the table of zones.
    fn keeps_its_zone(&self, step: &Move<'_>) {
        if let Some(stage) = self.group.iter().find(|stage| stage.end().env("TZ") != Known::Inherited) {
            let at =
                stage.instructions.iter().find(|one| one.keyword == Keyword::Env && one.rest.text().contains("TZ"));
            let line = self.cx.line(at.map_or(stage.from.code.start, |at| at.code.start));
            step.add("tzdata", &format!("line {line}"));
        }
    }

    /// What the container inherits must not change with the image.
    fn inherits_the_same(&self, old: &Family, new: &Family) -> Result<(), No> {
        let own =
            |keyword| self.group.iter().any(|stage| stage.instructions.iter().any(|other| other.keyword == keyword));
        let differs = [
            (Keyword::Entrypoint, old.entrypoint != new.entrypoint),
            (Keyword::Cmd, old.cmd != new.cmd),
            (Keyword::Workdir, old.workdir != new.workdir),
            (Keyword::Stopsignal, old.stopsignal != new.stopsignal),
        ];
        match differs.into_iter().find(|(keyword, differs)| *differs && !own(keyword.clone())) {
            Some((keyword, _)) => Err(No::because(format!("it inherits another {keyword}"))),
            None => Ok(()),
        }
    }
}

fn from_full_to_slim(old: &Family, new: &Family) -> bool {
    old.class == Class::Full && new.class == Class::Slim
}

/// The difference between measured images of the same name and classes; versions differ little.
fn saved(from: Tag, to: Tag) -> Option<u64> {
    let measured = |wanted: Tag| {
        base::sizes().iter().find_map(|size| {
            let tag = base::official(size.tag)?;
            (tag.image == wanted.image && tag.class() == wanted.class()).then_some(size.bytes)
        })
    };
    measured(from)?.checked_sub(measured(to)?)
}
