//! The final stage: what it starts from, installs, and must find there.

use super::super::layout::Fate;
use super::needs::Needs;
use super::sort::{Role, Run, Sorted};
use super::tail::Tail;
use super::work::{Step, Work};
use super::{App, No, packages};
use crate::dockerfile::{Args, Keyword};
use crate::image::base::Class;
use std::collections::BTreeSet;

impl App<'_> {
    /// What stands in the final stage must find its programs there.
    pub(super) fn runs_behind(
        &self,
        sorted: &Sorted,
        installed: &BTreeSet<String>,
        needs: &mut Needs,
    ) -> Result<(), No> {
        for (index, instruction) in self.case.stage.instructions.iter().enumerate() {
            if sorted.fates.get(index) == Some(&Fate::Build) {
                continue;
            }
            let line = self.case.line(instruction);
            match instruction.keyword {
                Keyword::Onbuild => return Err(No::Because(format!("{line} is ONBUILD, which is not split"))),
                Keyword::Copy if self.is_full() && instruction.flag("from").is_some() => {
                    return Err(No::Because(format!("{line} copies from another image what may need this one")));
                }
                Keyword::Run => {}
                _ => continue,
            }
            let Some(run) = self.run(index) else { return Err(No::Because(self.why_not_understood(index))) };
            self.finds_programs(&run.steps, &line, installed, needs)?;
        }
        if let Some((run, tail)) = self.tail() {
            let line = self.case.line(self.case.stage.instructions[self.last_install()]);
            self.finds_programs(&run.steps[tail.from..], &line, installed, needs)?;
        }
        Ok(())
    }

    /// The end of the last RUN that installs, when it belongs to the final stage.
    pub(super) fn tail(&self) -> Option<(&Run, &Tail)> {
        let run = self.run(self.last_install())?;
        Some((run, run.tail.as_ref()?))
    }

    /// It as a RUN of its own.
    pub(super) fn tail_line(&self) -> Option<String> {
        let (_, tail) = self.tail()?;
        Some(format!("RUN {}", tail.text.of(self.case.cx.file.text()).replace("\r\n", "\n")))
    }

    /// Whether the programs of these commands are there.
    fn finds_programs(
        &self,
        steps: &[Step],
        line: &str,
        installed: &BTreeSet<String>,
        needs: &mut Needs,
    ) -> Result<(), No> {
        for step in steps {
            let Some(program) = step.words.first() else { continue };
            let Some(program) = program.as_deref() else {
                return Err(No::Because(format!("{line} runs a command that only the build knows")));
            };
            if let Work::Packages(asked) = &step.work {
                if packages::removes_of_build(asked, self.drops_git) {
                    return Err(No::Because(format!("{line} removes packages that only the build has")));
                }
                continue;
            }
            if step.arguments().any(|word| word == "setup.py") {
                return Err(No::Because(format!("{line} runs setup.py, which may compile")));
            }
            let words: Vec<String> = std::iter::once(program).chain(step.arguments()).map(str::to_owned).collect();
            let mut all = Vec::new();
            self.case.words(&words, line, &mut all)?;
            self.programs_of(&all, installed, needs)?;
        }
        Ok(())
    }

    /// Where the runtime packages that nothing else installs are installed.
    pub(super) fn install(&self, sorted: &mut Sorted, needs: &Needs) -> Result<Vec<String>, No> {
        let more: Vec<String> = needs.packages.iter().cloned().collect();
        if more.is_empty() {
            return Ok(Vec::new());
        }
        // One RUN that installs is enough: the author's own takes them in.
        for (index, lines) in &mut sorted.beside {
            let Some(line) = self.packages_with(*index, &more)? else { continue };
            *lines = vec![line];
            return Ok(Vec::new());
        }
        Ok(self.line(&[], &more, None, false).into_iter().collect())
    }

    /// The first instruction of the final stage that may use what is copied.
    pub(super) fn first_use(&self, sorted: &Sorted) -> Option<usize> {
        (0..sorted.fates.len()).find(|&index| {
            let instruction = self.case.stage.instructions[index];
            sorted.fates[index] != Fate::Build
                && match instruction.keyword {
                    Keyword::Copy | Keyword::Add => true,
                    Keyword::Run => self.run(index).is_none_or(|run| run.role == Role::Other),
                    _ => false,
                }
        })
    }

    /// The image of the final stage, written as the file writes it.
    pub(super) fn base(&self) -> Result<String, No> {
        let Args::Words(words) = &self.case.stage.from.args else { return Err(No::NotThis) };
        let written = words.first().map_or("", |word| word.value.as_str());
        if !self.is_full() {
            return Ok(written.to_owned());
        }
        let slim = self
            .case
            .from
            .in_class(Class::Slim)
            .ok_or_else(|| No::because("there is no slim image of this version and release"))?;
        let (old, new) = (self.case.from.name(), slim.name());
        if !written.contains('$') {
            let image = written.split(':').next().unwrap_or(written);
            return Ok(format!("{image}:{new}"));
        }
        let ending = new
            .strip_prefix(&old)
            .filter(|_| written.contains(':') && !written.starts_with('$') && !written.ends_with(':'));
        let ending =
            ending.ok_or_else(|| No::Because(format!("`{written}` may be set to another image when it is built")))?;
        Ok(format!("{written}{ending}"))
    }

    /// Packages of RUNs that stand in the final stage as they are.
    pub(super) fn stays_by_itself(&self) -> Result<BTreeSet<String>, No> {
        let sorted = self.sort()?;
        let mut names = BTreeSet::new();
        for (index, step) in self.steps() {
            let stays = sorted.fates.get(index).is_none_or(|fate| *fate != Fate::Build);
            if let (Work::Packages(asked), true) = (&step.work, stays) {
                names.extend(asked.packages.iter().flatten().cloned());
            }
        }
        Ok(names)
    }

    /// Packages that stand behind what is copied, and do not need it, are installed before it: a change of the sources
    /// shall not install them again.
    pub(super) fn hoist(&self, sorted: &mut Sorted) {
        let Some(first) = self.first_use(sorted) else { return };
        for (index, _) in &mut sorted.beside {
            let between = (first..*index).any(|at| self.run(at).is_some() && sorted.fates[at] != Fate::Build);
            if *index > first && !between {
                *index = first;
            }
        }
    }

    /// Packages of the distribution that the final stage installs.
    pub(super) fn installed(&self, sorted: &Sorted) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (_, line) in sorted.beside.iter().flat_map(|(index, lines)| lines.iter().map(move |line| (index, line))) {
            names.extend(line.split_whitespace().map(str::to_owned));
        }
        names.extend(self.stays.iter().cloned());
        names
    }
}
