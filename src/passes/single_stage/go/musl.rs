//! A program with C code, built on Alpine instead of Debian: where that code is the same on musl, and the commands of the
//! build are there.

use super::super::layout::Fate;
use super::sort::Sorted;
use super::{App, Installed};
use crate::dockerfile::{Args, Keyword};
use crate::image::base::Class;
use crate::passes::oversized_base::is_everywhere;
use crate::project::Finding;
use crate::project::go::build::Ldflags;
use crate::project::go::calls::Use;
use crate::proposal::Evidence;

/// The builder on Alpine.
pub(super) struct Builder {
    /// As FROM names it.
    pub image: String,
    /// The line that installs a C compiler.
    pub install: String,
    /// What the programs need at run time.
    pub run: Vec<&'static str>,
    pub evidence: Vec<Evidence>,
}

/// Variables that tell Go or C how to build, or where modules come from.
const TOLD: &[&str] = &["CC", "CXX", "CGO_CFLAGS", "CGO_LDFLAGS", "GOEXPERIMENT", "GOPRIVATE", "GOPROXY", "GONOSUMDB"];

/// Tags that change what the modules of the table link.
const LINKING: &[&str] = &["dynamic", "external_libzstd", "libsqlite3", "sqlite_icu"];

impl App<'_> {
    /// The builder on Alpine, or why the programs stay with glibc.
    pub(super) fn on_alpine(&self, installed: &Installed, sorted: &Sorted) -> Result<Builder, String> {
        let alpine = self.case.from.in_class(Class::Alpine).ok_or("there is no Alpine image of that version")?;
        if let Some(why) = self.may_hide_cgo() {
            return Err(format!("{why} may be built in, and is not known to build on musl"));
        }
        if !installed.headers.is_empty() || installed.drops {
            return Err("the build installs packages of Debian".to_owned());
        }
        let (mut build, mut run, mut proof) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(why) = self.links_its_own_way(sorted) {
            return Err(why);
        }
        for program in &self.programs {
            let flags = &program.build;
            match self.go.on_musl(flags, &program.package) {
                Finding::Known { value, evidence } => {
                    build.extend(value.build.into_iter().filter(|name| !build.contains(name)).collect::<Vec<_>>());
                    run.extend(value.run);
                    proof.extend(evidence);
                }
                Finding::Unknown { why, .. } => return Err(why),
            }
        }
        self.commands_are_on_alpine(sorted)?;
        self.needs_no_git()?;
        let words = if let Args::Words(words) = &self.case.stage.from.args { words.as_slice() } else { &[] };
        let written = words.first().map_or("", |word| word.value.as_str());
        let name = written.strip_suffix(&format!(":{}", self.case.from.name()));
        let name = name.ok_or_else(|| format!("`{written}` may be set to another image when it is built"))?;
        proof.truncate(8);
        Ok(Builder {
            image: format!("{name}:{}", alpine.name()),
            install: format!("RUN apk add --no-cache {}", build.join(" ")),
            run,
            evidence: proof,
        })
    }

    /// What the programs link beside the C library, or how that is decided.
    pub(super) fn needs_libraries(&self, sorted: &Sorted) -> Option<String> {
        let code = || self.programs.iter().find_map(|one| self.go.needs_libraries(&one.build, &one.package));
        self.links_its_own_way(sorted).or_else(code)
    }

    /// Whether the build is told how to compile C, or what to link.
    fn links_its_own_way(&self, sorted: &Sorted) -> Option<String> {
        let text = self.case.cx.file.text();
        for (instruction, fate) in self.case.stage.instructions.iter().zip(&sorted.fates) {
            let sets = matches!(instruction.keyword, Keyword::Env | Keyword::Arg | Keyword::Run);
            if *fate == Fate::Run || !sets {
                continue;
            }
            let mut words = instruction.code.of(text).split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if let Some(name) = words.find(|word| TOLD.contains(word)) {
                return Some(format!("{} sets {name}", self.case.line(instruction)));
            }
        }
        let told = self.programs.iter().map(|program| &program.build).any(|build| {
            let linked = matches!(&build.ldflags, Ldflags::Literal(flags) if flags.contains("linkmode"));
            linked || build.needs_cgo() || build.tags.iter().any(|tag| LINKING.contains(&tag.as_str()))
        });
        told.then(|| "`go build` says how to link".to_owned())
    }

    /// Everything that the build runs is in Alpine's image too.
    fn commands_are_on_alpine(&self, sorted: &Sorted) -> Result<(), String> {
        for (instruction, fate) in self.case.stage.instructions.iter().zip(&sorted.fates) {
            if *fate == Fate::Run || instruction.keyword != Keyword::Run {
                continue;
            }
            for command in self.case.commands(instruction)? {
                let known = command.program().filter(|name| is_everywhere(name) || matches!(*name, "go" | "gofmt"));
                let long = || command.arguments().any(|word| word.starts_with("--"));
                match known {
                    None => {
                        let name = command.program().unwrap_or("a command");
                        return Err(format!("{} runs {name}, which Alpine may not have", self.case.line(instruction)));
                    }
                    Some(name) if name != "go" && long() => {
                        return Err(format!(
                            "{} uses an option of {name} that BusyBox may not know",
                            self.case.line(instruction)
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Alpine's image has no git: neither private modules nor a stamp of the commit are to be had.
    fn needs_no_git(&self) -> Result<(), String> {
        if let Some(why) = self.go.private_modules().why_unknown() {
            return Err(format!("{why}, which takes git"));
        }
        match self.go.code().found.iter().find(|found| found.what == Use::BuildInfo) {
            Some(found) => Err(format!("{} asks by what commit it was built, which takes git", found.evidence.file)),
            None => Ok(()),
        }
    }
}
