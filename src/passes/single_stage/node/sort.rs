//! Which instructions of a Node stage belong to the build, and which to what is run.
//!
//! The final stage starts from the same image or its slim twin: what sets up the system, or is not understood and does
//! not depend on the application, is done in both.

use super::super::layout::Fate;
use super::super::runtime::is_setting;
use super::proof::{Programs, provides};
use super::{App, Command, Installed, No, prune};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::image::clean;
use crate::project::node::scripts::Ran;

/// What becomes of the instructions up to the last one of the build.
#[derive(Default)]
pub(super) struct Sorted {
    pub fates: Vec<Fate>,
    pub installed: Installed,
    /// RUNs that install packages of the distribution.
    pub installs: Vec<usize>,
    /// Whether something is done in both that is not understood, and may need any package.
    open: bool,
    /// A RUN that installs packages beside package.json: a prune may take these away.
    pub adds: Option<String>,
    /// Whether the author takes development dependencies away.
    pub pruned: bool,
    /// Commands of the build.
    pub commands: Vec<Vec<String>>,
    /// Packages that are installed globally in the final stage.
    pub globals: Vec<String>,
    /// Lines of the final stage that stand for a part of a RUN of the build.
    pub beside: Vec<(usize, Vec<String>)>,
    /// Whether the final stage does anything else than install these.
    pub sets_up: bool,
}

/// What a RUN is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Install,
    Build,
    /// It takes development dependencies away.
    Prune,
    /// It installs packages that package.json need not name: `npm install mongoose`.
    Add,
    /// A program for everybody: `npm install -g serve`.
    Global,
    /// It sets up the system.
    System,
    /// It touches the application's files only.
    Tidy,
    /// It removes what lies elsewhere.
    Clean,
    /// It empties what the package managers of Node keep.
    Cache,
    Nothing,
}

impl App<'_> {
    /// Sorts everything up to the last RUN that makes or changes the application. Sources that are copied behind it are
    /// copied in the final stage: a change of them then builds nothing again.
    pub(super) fn sort(&self, programs: &Programs) -> Result<Sorted, No> {
        let all = &self.case.stage.instructions;
        let of_run = |one: &&Instruction| match one.keyword {
            Keyword::Run => self.purpose_of(one),
            _ => Ok(Purpose::Nothing),
        };
        let purposes: Vec<Result<Purpose, String>> = all.iter().map(of_run).collect();
        let makes = |index: &usize| {
            matches!(
                purposes[*index],
                Ok(Purpose::Install | Purpose::Build | Purpose::Prune | Purpose::Add | Purpose::Tidy | Purpose::Cache)
            )
        };
        let brings = |index: &usize| self.brings_sources(all[*index]);
        let last = |wanted: &dyn Fn(&usize) -> bool| (0..all.len()).rev().find(wanted);
        let made = last(&makes).or_else(|| last(&brings)).ok_or(No::NotThis)?;
        // Global tools that only the final stage has are installed before the application is copied: that changes more often.
        let is_tool =
            |index: &usize| matches!(purposes[*index], Ok(Purpose::Global)) && all[*index].keyword == Keyword::Run;
        let keeps = |index: usize| is_tool(&index) || is_setting(all[index]) || all[index].keyword == Keyword::Env;
        let last = (made..all.len()).rev().find(is_tool).filter(|&tool| (made + 1..tool).all(keeps)).unwrap_or(made);
        let mut sorted = Sorted::default();
        for (index, instruction) in all[..=last].iter().enumerate() {
            let fate = match &purposes[index] {
                _ if instruction.keyword == Keyword::Env && index > made => Fate::Run,
                _ if instruction.keyword != Keyword::Run => self.fate(instruction)?,
                Ok(Purpose::Global) if index > made => {
                    sorted.globals.extend(self.globals_of(instruction));
                    Fate::Run
                }
                purpose => self.fate_of_run(instruction, index, purpose, programs, &mut sorted)?,
            };
            let global = matches!(purposes[index], Ok(Purpose::Global));
            sorted.sets_up |= instruction.keyword == Keyword::Run && fate == Fate::Both && !global;
            sorted.fates.push(fate);
        }
        if sorted.open {
            for index in std::mem::take(&mut sorted.installs) {
                sorted.fates[index] = Fate::Both;
            }
            sorted.installed = Installed::default();
        }
        for (index, instruction) in all.iter().enumerate().skip(last + 1) {
            self.stays_right(instruction, &purposes[index], &mut sorted)?;
        }
        Ok(sorted)
    }

    fn fate(&self, instruction: &Instruction) -> Result<Fate, No> {
        let line = || self.case.line(instruction);
        match instruction.keyword {
            _ if is_setting(instruction) => Ok(Fate::Run),
            Keyword::Workdir | Keyword::User | Keyword::Shell => Ok(Fate::Both),
            Keyword::Env => Ok(fate_of_env(instruction)),
            Keyword::Arg => Ok(Fate::Build),
            Keyword::Copy | Keyword::Add => match self.target(instruction) {
                None => Err(No::Because(format!("where {} copies to is not known", line()))),
                Some(target) if self.is_inside(&target) => Ok(Fate::Build),
                Some(target) if self.dir.starts_with(&format!("{}/", target.trim_end_matches('/'))) => {
                    Err(No::Because(format!("{} copies around the application's directory", line())))
                }
                Some(_) => Ok(Fate::Both),
            },
            _ => Err(No::Because(format!("{} is {}, which is not split", line(), instruction.keyword))),
        }
    }

    fn fate_of_run(
        &self,
        run: &Instruction,
        index: usize,
        purpose: &Result<Purpose, String>,
        programs: &Programs,
        sorted: &mut Sorted,
    ) -> Result<Fate, No> {
        let early = !self.has_sources_before(index);
        if let Ok(Purpose::Install | Purpose::Build | Purpose::Prune | Purpose::Add) = purpose {
            self.tools_beside(run, index, programs, sorted)?;
        }
        match purpose {
            Ok(Purpose::Add) => {
                sorted.adds.get_or_insert_with(|| self.case.line(run));
                Ok(Fate::Build)
            }
            Ok(Purpose::Prune) => {
                sorted.pruned = true;
                Ok(Fate::Build)
            }
            Ok(Purpose::Build) => {
                sorted.commands.extend(self.case.commands(run).unwrap_or_default().iter().map(words));
                Ok(Fate::Build)
            }
            // `mkdir -p /app && chown node /app`; the directory alone is made by WORKDIR too.
            Ok(Purpose::Tidy) if early && !self.only_makes(run) => Ok(Fate::Both),
            Ok(Purpose::Install | Purpose::Tidy | Purpose::Cache | Purpose::Nothing) => Ok(Fate::Build),
            Ok(Purpose::System | Purpose::Clean) => Ok(Fate::Both),
            Ok(Purpose::Global) => Ok(self.fate_of_global(run, programs, sorted)),
            Err(why) => match sorted.installed.read(self.case, run) {
                Ok(true) => {
                    sorted.installs.push(index);
                    Ok(Fate::Build)
                }
                // Before the application is there, the same commands do the same in the final stage.
                _ if early => {
                    sorted.open = true;
                    Ok(Fate::Both)
                }
                _ => Err(No::Because(why.clone())),
            },
        }
    }

    fn only_makes(&self, run: &Instruction) -> bool {
        let commands = self.case.commands(run).unwrap_or_default();
        commands.iter().all(|command| {
            let mut made = command.arguments().filter(|word| !word.starts_with('-'));
            command.program() == Some("mkdir") && made.all(|word| command.path(word).as_ref() == Some(&self.dir))
        })
    }

    /// A global program that nothing starts at run time is left to the build.
    fn fate_of_global(&self, run: &Instruction, programs: &Programs, sorted: &mut Sorted) -> Fate {
        let packages = self.globals_of(run);
        if self.starts_programs() || packages.iter().any(|package| programs.names().any(|name| provides(package, name)))
        {
            sorted.globals.extend(packages);
            return Fate::Both;
        }
        sorted.installed.drops |= !packages.is_empty();
        Fate::Build
    }

    /// `npm install -g pnpm && pnpm install`: the tool is installed in the final stage too, where it is started.
    fn tools_beside(
        &self,
        run: &Instruction,
        index: usize,
        programs: &Programs,
        sorted: &mut Sorted,
    ) -> Result<(), No> {
        for command in self.case.commands(run).unwrap_or_default().iter().filter(|command| is_global(command)) {
            let packages: Vec<String> =
                words(command).into_iter().skip(2).filter(|word| !word.starts_with('-')).collect();
            if !packages.iter().any(|package| programs.names().any(|name| provides(package, name))) {
                continue;
            }
            let literal: Option<Vec<&str>> = command.words.iter().map(Option::as_deref).collect();
            let plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "@/-_.^~=".contains(c));
            let Some(text) = literal.filter(|words| words.iter().all(plain)) else {
                return Err(No::Because(format!("{} installs a tool that is started", self.case.line(run))));
            };
            sorted.beside.push((index, vec![format!("RUN {}", text.join(" "))]));
            sorted.globals.extend(packages);
        }
        Ok(())
    }

    fn globals_of(&self, run: &Instruction) -> Vec<String> {
        let commands = self.case.commands(run).unwrap_or_default();
        let global = commands.iter().filter(|command| is_global(command));
        global.flat_map(words).skip(2).filter(|word| !word.starts_with('-')).collect()
    }

    /// What stands behind the build runs in the final stage.
    fn stays_right(
        &self,
        instruction: &Instruction,
        purpose: &Result<Purpose, String>,
        sorted: &mut Sorted,
    ) -> Result<(), No> {
        match (&instruction.keyword, purpose) {
            (Keyword::Onbuild, _) => {
                Err(No::Because(format!("{} is ONBUILD, which is not split", self.case.line(instruction))))
            }
            (Keyword::Run, Ok(Purpose::Global)) => {
                sorted.globals.extend(self.globals_of(instruction));
                Ok(())
            }
            (Keyword::Run, Ok(_)) => {
                sorted.sets_up = true;
                Ok(())
            }
            (Keyword::Run, Err(why)) if !matches!(Installed::default().read(self.case, instruction), Ok(true)) => {
                Err(No::Because(why.clone()))
            }
            _ => Ok(()),
        }
    }

    fn purpose_of(&self, run: &Instruction) -> Result<Purpose, String> {
        let commands = self.case.commands(run)?;
        let mut found: Vec<Purpose> = Vec::new();
        for command in &commands {
            found.push(self.purpose(command).ok_or_else(|| {
                let program = command.program().unwrap_or("a command that is not literal");
                format!("{} runs {program}, and what that writes is not known", self.case.line(run))
            })?);
        }
        let has = |purpose| found.contains(&purpose);
        let works = has(Purpose::Install) || has(Purpose::Build) || has(Purpose::Prune) || has(Purpose::Add);
        if works && has(Purpose::System) {
            return Err(format!("{} builds, and sets up the system too", self.case.line(run)));
        }
        if !works && has(Purpose::Clean) {
            return Ok(if has(Purpose::Global) { Purpose::Global } else { Purpose::Clean });
        }
        let order = [
            Purpose::Add,
            Purpose::Prune,
            Purpose::Build,
            Purpose::Install,
            Purpose::Global,
            Purpose::System,
            Purpose::Tidy,
            Purpose::Cache,
        ];
        Ok(order.into_iter().find(|&purpose| has(purpose)).unwrap_or(Purpose::Nothing))
    }

    fn purpose(&self, command: &Command) -> Option<Purpose> {
        let program = command.program()?;
        let operands = || {
            let skipped = usize::from(matches!(program, "chmod" | "chown"));
            command.arguments().filter(|word| !word.starts_with('-')).skip(skipped)
        };
        let is_within = |word: &str| command.path(word).is_some_and(|path| self.is_inside(&path));
        let inside = || command.words.iter().all(Option::is_some) && operands().all(is_within);
        let here = command.workdir.as_deref().is_some_and(|dir| self.is_inside(dir));
        Some(match (program, command.verb()) {
            _ if is_global(command) => Purpose::Global,
            ("corepack", _) => Purpose::Global,
            ("npm" | "pnpm", Some("prune")) if here && prune::omits(command) => Purpose::Prune,
            // What is installed, or what package.json says of it, becomes another.
            ("npm" | "yarn" | "pnpm", Some("rebuild" | "rb" | "dedupe" | "ddp" | "version" | "pkg")) if here => {
                Purpose::Build
            }
            ("npm" | "yarn" | "pnpm", Some("audit"))
                if here && command.arguments().any(|word| word.contains("fix")) =>
            {
                Purpose::Build
            }
            ("npm" | "yarn" | "pnpm", Some("cache" | "store")) => Purpose::Cache,
            ("npm" | "yarn" | "pnpm", Some("config" | "set" | "audit" | "fund")) => Purpose::Nothing,
            _ if command.installs_node_project() && here => {
                if prune::omits(command) {
                    Purpose::Prune
                } else {
                    Purpose::Install
                }
            }
            ("npm" | "yarn" | "pnpm" | "bun", Some("install" | "i" | "add" | "ci" | "remove" | "uninstall"))
                if here =>
            {
                Purpose::Add
            }
            ("npm" | "yarn" | "pnpm" | "npx" | "node", Some(_)) if here => self.purpose_of_script(command)?,
            (program, _) if here && self.brings(program) => self.purpose_of_script(command)?,
            _ if here && command.words.first()?.as_deref()?.contains("node_modules/.bin/") => Purpose::Build,
            ("addgroup" | "adduser" | "groupadd" | "useradd" | "usermod" | "groupmod", _) => Purpose::System,
            // What is installed in the final stage is cleaned up there.
            ("apt-get" | "apt", Some("clean" | "autoclean")) | ("rm", _) if cleans_lists(command) => Purpose::Nothing,
            ("rm", _) if !inside() => Purpose::Clean,
            ("curl" | "wget" | "tar" | "unzip" | "gpg" | "install" | "ldconfig" | "fc-cache" | "locale-gen", _)
                if self.is_elsewhere(command) =>
            {
                Purpose::System
            }
            ("mkdir" | "rm" | "chown" | "chmod" | "touch" | "mv" | "cp" | "ln", _) => {
                if inside() {
                    Purpose::Tidy
                } else if operands().any(is_within) {
                    return None;
                } else {
                    Purpose::System
                }
            }
            (
                "ls" | "echo" | "cat" | "pwd" | "true" | ":" | "set" | "env" | "test" | "[" | "printf" | "date"
                | "which" | "node" | "sleep",
                _,
            ) => Purpose::Nothing,
            _ => return None,
        })
    }

    /// Whether a command reads and writes outside of the application only.
    fn is_elsewhere(&self, command: &Command) -> bool {
        let operands = || command.arguments().filter(|word| !word.starts_with('-') && !word.contains("://"));
        let outside = |path: &str| path.starts_with('/') && !self.is_inside(path);
        let is_relative = |word: &str| !word.starts_with('/') && word.contains(['/', '.']);
        let known = command.words.iter().all(Option::is_some) && !operands().any(|word| self.is_inside(word));
        let here = command.workdir.as_deref().is_some_and(outside);
        known && (here || writes_nothing(command) || (operands().any(outside) && !operands().any(is_relative)))
    }

    /// Whether a package of the application brings the command `program`.
    fn brings(&self, program: &str) -> bool {
        self.node.manifest.dependencies.iter().any(|dependency| provides(&dependency.name, program))
    }

    /// A script of package.json, or a program of a package: what it comes down to must write into the project only.
    fn purpose_of_script(&self, command: &Command) -> Option<Purpose> {
        let words: Option<Vec<String>> = command.words.iter().cloned().collect();
        let closure = self.node.runs(&words?);
        if !closure.gaps.is_empty() || closure.ran.is_empty() {
            return None;
        }
        let leaves = |ran: &Ran| {
            const ELSEWHERE: &[&str] = &[
                "curl",
                "wget",
                "playwright",
                "puppeteer",
                "cypress",
                "docker",
                "sudo",
                "apt-get",
                "apk",
                "pip",
                "pip3",
                "electron-builder",
                "pm2",
                "git",
                "ssh",
            ];
            let outside = |word: &String| word.starts_with('/') && !self.is_inside(word);
            ELSEWHERE.contains(&ran.program()) || ran.words.iter().skip(1).any(outside)
        };
        (!closure.ran.iter().any(leaves)).then_some(Purpose::Build)
    }

    fn target(&self, copy: &Instruction) -> Option<String> {
        let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
        let here = self.case.stage.state_before(copy);
        let target = here.expand(&words.last()?.value, self.case.cx.file.escape())?;
        if target.starts_with('/') {
            return Some(clean(&target));
        }
        Some(clean(&format!("{}/{target}", here.workdir().value()?)))
    }

    pub(super) fn brings_sources(&self, instruction: &Instruction) -> bool {
        matches!(instruction.keyword, Keyword::Copy | Keyword::Add)
            && self.target(instruction).is_some_and(|target| self.is_inside(&target))
    }

    fn has_sources_before(&self, index: usize) -> bool {
        self.case.stage.instructions[..index].iter().any(|one| self.brings_sources(one))
    }
}

/// The port is of no use to a build; anything else may be.
fn fate_of_env(instruction: &Instruction) -> Fate {
    let Args::Pairs(pairs) = &instruction.args else { return Fate::Both };
    let of_run = |name: &str| matches!(name, "PORT" | "HOST" | "HOSTNAME");
    let only_run = pairs.iter().all(|pair| of_run(&pair.key.value));
    if only_run { Fate::Run } else { Fate::Both }
}

/// `apt-get clean && rm -rf /var/lib/apt/lists/*`
fn cleans_lists(command: &Command) -> bool {
    let is_list = |word: &str| {
        word.starts_with("/var/lib/apt") || word.starts_with("/var/cache/") || matches!(word, "clean" | "autoclean")
    };
    command.words.iter().all(Option::is_some) && command.arguments().all(|word| word.starts_with('-') || is_list(word))
}

/// `curl https://… | sh` writes what the next command makes of it.
fn writes_nothing(command: &Command) -> bool {
    let names_file = |word: &str| {
        let short = word.starts_with('-') && !word.starts_with("--") && word.contains(['o', 'O']);
        short || word.starts_with("--output") || word.starts_with("--remote-name")
    };
    command.program() == Some("curl") && !command.arguments().any(names_file)
}

fn is_global(command: &Command) -> bool {
    let told = command.arguments().any(|word| matches!(word, "-g" | "--global" | "global"));
    matches!(command.program(), Some("npm" | "yarn" | "pnpm")) && told
}

fn words(command: &Command) -> Vec<String> {
    command.words.iter().map(|word| word.clone().unwrap_or_default()).collect()
}
