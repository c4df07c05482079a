//! What the smaller image lacks: programs that stay, programs whose packages are added, and those that block.

use super::Case;
use super::programs::{self, Place, is_everywhere};
use super::translate::Translation;
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::base::{Distro, Family, Libc};
use crate::managers::programs::{of, packages_for};
use crate::passes::no::No;
use crate::passes::packages::{Action, Call, call, install};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// From one image to another.
pub(super) struct Move<'c> {
    case: &'c Case<'c>,
    pub(super) old: &'static Family,
    pub(super) new: &'static Family,
    /// By stage, what its commands and those of the stages below it install.
    installed: BTreeMap<usize, BTreeSet<String>>,
    /// Its lines in the words of the new image's distribution.
    pub(super) translation: Translation,
    /// Packages that the new image gets, and who needs them.
    added: RefCell<Vec<(&'static str, Place)>>,
}

/// Whether anything but the base may bring a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bringer {
    /// A command of the stage installs it.
    Install(usize),
    /// The project may.
    Project,
    /// Nothing.
    Nobody,
}

impl<'c> Move<'c> {
    pub(super) fn new(case: &'c Case<'c>, old: &'static Family, new: &'static Family) -> Result<Self, No> {
        let own = programs::installed(case)?;
        let mut installed = BTreeMap::new();
        for stage in &case.group {
            let chain = case.cx.stages.chain(stage);
            let all = chain.filter_map(|below| own.get(&below.index)).flatten().cloned().collect();
            installed.insert(stage.index, all);
        }
        let translates = case.translates && old.libc != new.libc;
        let translation = if translates { Translation::of(case)? } else { Translation::default() };
        Ok(Self { case, old, new, installed, translation, added: RefCell::default() })
    }

    /// The distribution of the new image.
    fn distro(&self) -> Distro {
        if self.new.libc == Libc::Musl { Distro::Alpine } else { Distro::Debian }
    }

    /// Whether the program `name`, which `place` uses in the stage that ships, is there or can be added.
    pub(super) fn check(&self, name: &str, place: &str, bringer: Bringer) -> Result<(), No> {
        let stage = match bringer {
            Bringer::Install(stage) => stage,
            _ => self.case.group.last().map_or(0, |stage| stage.index),
        };
        let apt = matches!(name, "apt" | "apt-get" | "apt-mark" | "dpkg");
        match (self.old.has_tool(name), self.new.has_tool(name)) {
            _ if is_everywhere(name) || self.translation.covers(name, place) => Ok(()),
            _ if self.translation.differs(name) => {
                Err(No::because(format!("{place} uses {name}, which is another version there")))
            }
            (_, Some(true)) | (Some(false), _) => Ok(()),
            (_, None) if apt && self.new.libc == Libc::Glibc => Ok(()),
            (_, None) if apt => Err(No::because(format!("{place} installs with {name}, which is not there"))),
            _ if self.is_installed(name, stage) => Ok(()),
            (_, Some(false)) => self.add_for(name, place),
            (_, None) if bringer == Bringer::Project => Ok(()),
            // The new image is of the same version.
            (None, None) if self.old.image == self.new.image && self.old.alike.contains(&name) => Ok(()),
            (_, None) => Err(No::because(format!("{place} uses {name}, which may not be there"))),
        }
    }

    fn is_installed(&self, program: &str, stage: usize) -> bool {
        let Some(installed) = self.installed.get(&stage) else { return false };
        programs::node_packages(program).any(|package| installed.contains(package))
            || installed.iter().any(|package| of(package).any(|brought| brought == program))
    }

    fn add_for(&self, program: &str, place: &str) -> Result<(), No> {
        let packages = packages_for(program, self.distro())
            .ok_or_else(|| No::because(format!("{place} uses {program}, which is not there")))?;
        for package in packages {
            self.add(package, place);
        }
        Ok(())
    }

    /// Has `package` installed, for the sake of `place`.
    pub(super) fn add(&self, package: &'static str, place: &str) {
        let mut added = self.added.borrow_mut();
        let is_there = self.new.packages.contains(&package)
            || self.translation.packages.contains(&package)
            || added.iter().any(|(known, _)| *known == package);
        let installed = self.installed.get(&self.case.root.index).is_some_and(|all| all.contains(package));
        if !is_there && !installed {
            added.push((package, place.to_owned()));
        }
    }

    /// What the new image gets.
    pub(super) fn added(&self) -> Vec<&'static str> {
        self.added.borrow().iter().map(|(name, _)| *name).collect()
    }

    /// The edit that has them installed, and what it installs for whom.
    pub(super) fn installs(&self) -> Result<Option<(Edit, String)>, No> {
        let added = self.added.borrow();
        let Some((_, place)) = added.first() else { return Ok(None) };
        let names: Vec<&str> = added.iter().map(|(name, _)| *name).collect();
        let fact = format!("{} added, for {place}", names.join(" "));
        if let Some(edit) = self.to_own_install(&names).filter(|_| self.old.libc == self.new.libc) {
            return Ok(Some((edit, fact)));
        }
        if let Some(line) = self.reaches_its_mirror_otherwise() {
            return Err(No::because(format!(
                "{place} needs {}, and line {line} changes how packages are had",
                names[0]
            )));
        }
        Ok(Some((self.run(&names), fact)))
    }

    /// A RUN of its own, right behind FROM.
    fn run(&self, names: &[&str]) -> Edit {
        let (file, from) = (self.case.cx.file, self.case.root.from);
        let newline = file.newline().as_str();
        let mut command = install(self.distro(), names);
        if file.escape() != '\\' {
            command = command.replace(" \\\n   ", "");
        }
        let upper = from.keyword_span.of(file.text()).starts_with(char::is_uppercase);
        let run = format!("{} {}", if upper { "RUN" } else { "run" }, command.replace('\n', newline));
        let ends = from.span.of(file.text()).ends_with('\n');
        Edit::insert(from.span.end, if ends { format!("{run}{newline}") } else { format!("{newline}{run}") })
    }

    /// The installation with which the first RUN of the lowest stage begins is given them too: nothing runs before it.
    fn to_own_install(&self, names: &[&str]) -> Option<Edit> {
        let mut runs = self.case.root.instructions.iter().filter(|one| one.keyword == Keyword::Run);
        let body = self.case.cx.body(runs.next()?);
        let script = body.shell.script().filter(|script| script.is_and_chain())?;
        for place in script.commands() {
            match call(place.simple) {
                Some(call) if is_plain_install(&call) => {
                    let last = call.packages.last()?;
                    return Some(Edit::insert(last.span.end, format!(" {}", names.join(" "))));
                }
                None if place.simple.name() != Some("set") => return None,
                _ => {}
            }
        }
        None
    }

    /// The line that tells of proxies and mirrors, without which nothing may be had.
    fn reaches_its_mirror_otherwise(&self) -> Option<usize> {
        let cx = self.case.cx;
        let tells = |instruction: &&&Instruction| {
            let text = instruction.code.of(cx.file.text()).to_lowercase();
            ["_proxy", "sources.list", "/etc/apt", "/etc/apk"].iter().any(|word| text.contains(word))
        };
        self.case.root.instructions.iter().find(tells).map(|instruction| cx.line(instruction.code.start))
    }
}

/// `apt-get install a b`, by name alone.
fn is_plain_install(call: &Call<'_>) -> bool {
    call.action == Action::Install && call.verb == "install" && call.packages.iter().all(|word| word.literal.is_some())
}
