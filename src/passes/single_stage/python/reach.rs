//! Whether what runs finds packages and libraries in the final stage as it found them before.

use super::super::runtime::{Started, name_of};
use super::environment::Environment;
use super::{App, No};
use crate::dockerfile::{Args, Keyword};

impl App<'_> {
    /// Whether what is started finds the packages in an environment that was not there before.
    pub(super) fn stays_reachable(&self, environment: &Environment, started: &[Started]) -> Result<(), No> {
        let dir = environment.dir();
        let mounts = self.case.cx.project.usage().mounts();
        let over = |target: &str| {
            dir == target || (dir.starts_with(&format!("{target}/")) && matches!(environment, Environment::Made { .. }))
        };
        if let Some(mount) =
            mounts.iter().find(|mount| mount.target.value().is_some_and(|target| over(target.trim_end_matches('/'))))
        {
            return Err(No::Because(format!("{} mounts over {dir}", mount.target.evidence.file)));
        }
        if !matches!(environment, Environment::Made { .. }) {
            return Ok(());
        }
        for one in started {
            let login = matches!(name_of(&one.name), "bash" | "sh" | "ash")
                && one.words.iter().any(|word| word == "--login" || (word.starts_with("-l") || word == "-cl"));
            if login || matches!(name_of(&one.name), "cron" | "crond" | "su" | "sudo" | "runuser" | "sshd") {
                return Err(No::Because(format!("{} runs {}, which sets a PATH of its own", one.place, one.name)));
            }
            let words = std::iter::once(&one.name).chain(&one.words);
            let of_system = |word: &&String| word.starts_with("/usr/local/bin/") && self.context_path(word).is_none();
            if let Some(word) = words.into_iter().find(of_system) {
                return Err(No::Because(format!("{} names {word}, which would lie in {dir}", one.place)));
            }
        }
        if let Some(file) = &self.words.system_python {
            return Err(No::Because(format!("{file} names a path of the system's own Python")));
        }
        if let Some(file) = &self.words.other_path {
            return Err(No::Because(format!("{file} may start programs with a PATH of its own")));
        }
        let text = self.case.cx.file.text();
        for instruction in &self.case.stage.instructions {
            let line = || self.case.line(instruction);
            let own = instruction.code.of(text);
            if own.contains("/usr/local/lib/python")
                || own.contains("/usr/local/bin/python")
                || own.contains("site-packages")
            {
                return Err(No::Because(format!("{} names a path of the system's own Python", line())));
            }
            let Args::Pairs(pairs) = &instruction.args else { continue };
            let resets =
                |pair: &crate::dockerfile::Pair| pair.key.value == "PATH" && !pair.value.value.contains("PATH");
            if instruction.keyword == Keyword::Env && pairs.iter().any(resets) {
                return Err(No::Because(format!("{} sets PATH without what stood there", line())));
            }
        }
        Ok(())
    }

    /// Libraries that are looked for when the program runs, by means that only compilers bring.
    pub(super) fn libraries_are_found(&self) -> Result<(), No> {
        if let Some(file) = &self.words.unversioned {
            return Err(No::Because(format!("{file} names a library as only its package of headers does")));
        }
        if let (Some(file), true) = (&self.words.find_library, self.is_full()) {
            return Err(No::Because(format!("{file} looks for libraries by their name")));
        }
        if self.is_debian() {
            return Ok(());
        }
        if let Some(file) = &self.words.find_library {
            return Err(No::Because(format!("{file} looks for libraries with the tools of the compiler")));
        }
        let loads = |one: &&crate::project::python::deps::Dependency| {
            one.native().is_some_and(|native| !native.wheel_apk.is_empty())
        };
        match self.dependencies.iter().flat_map(|found| &found.list).find(loads) {
            Some(one) => Err(No::Because(format!("{} looks for libraries with the tools of the compiler", one.name))),
            None => Ok(()),
        }
    }
}
