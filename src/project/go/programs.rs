//! Which programs a build command builds, and where it puts them.

use super::Go;
use super::build::{Build, Verb};
use super::code::Conditions;
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;

/// A program that a command builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The directory of its package.
    pub package: String,
    /// Where it goes, as seen from the working directory; absolute when the command says so. `go install` and
    /// `go run` leave nothing there.
    pub output: Option<String>,
    /// Its name.
    pub name: String,
}

impl Go {
    /// What `build` builds when it runs in `work` (a directory of the context).
    pub fn programs(&self, build: &Build, work: &str) -> Finding<Vec<Program>> {
        if build.unknown > 0 {
            return Finding::unknown("the build command holds words that are not literal");
        }
        let work = build.directory.as_ref().map_or(Some(work.to_owned()), |dir| paths::join(work, dir));
        let Some(work) = work else { return Finding::unknown("the build runs outside of the context") };
        if let Some(why) = self.code().complete.why_unknown() {
            return Finding::unknown(why);
        }
        let conditions = Conditions { tags: &build.tags, cgo: build.cgo };
        let mains: Vec<(&str, Evidence)> = self.code().mains(conditions).collect();
        let named: &[String] = if build.packages.is_empty() { &[".".to_owned()] } else { &build.packages };
        let (mut programs, mut places) = (Vec::new(), Vec::new());
        let files: Vec<&String> = named.iter().filter(|word| word.strip_suffix(".go").is_some()).collect();
        if let Some(first) = files.first() {
            let Some(path) = paths::join(&work, first) else { return Finding::unknown("the file lies outside") };
            let name = paths::name(&path).trim_end_matches(".go").to_owned();
            let package = paths::parent(&path).to_owned();
            if !self.context().is_file(&path) {
                return Finding::blocked(
                    format!("{path} is not in the context"),
                    [evidence(path, None, "is not there")],
                );
            }
            places.push(evidence(&path, None, "is built"));
            programs.push(Program { output: output(build, &name, false), package, name });
            return Finding::known(programs, places);
        }
        for word in named {
            let Some(found) = self.matching(word, &work, &mains) else {
                return Finding::blocked(format!("which package `{word}` is could not be told"), []);
            };
            for (package, place) in found {
                let name = self.program_name(&package);
                programs.push(Program { output: output(build, &name, false), package, name });
                places.push(place);
            }
        }
        if programs.len() > 1 {
            // Several programs go into a directory, or nowhere.
            for program in &mut programs {
                program.output = output(build, &program.name, true);
            }
        }
        if programs.is_empty() {
            let dir = if work.is_empty() { "." } else { &work };
            return Finding::blocked("no program is there to be built", [evidence(dir, None, "no package main")]);
        }
        Finding::known(programs, places)
    }

    /// The programs that a package argument names; `None` when it cannot be told.
    fn matching(&self, named: &str, work: &str, mains: &[(&str, Evidence)]) -> Option<Vec<(String, Evidence)>> {
        let (base, all) = match named.strip_suffix("...") {
            Some(base) => (base.trim_end_matches('/'), true),
            None => (named.trim_end_matches('/'), false),
        };
        let base = if base.is_empty() && all { "." } else { base };
        let is_path = base == "." || base == ".." || base.starts_with("./") || base.starts_with("../");
        let dir = if is_path {
            paths::join(work, base)?
        } else {
            let (module, _) = self.module()?.module.as_ref()?;
            paths::join(&self.dir, paths::below(module, base.split('@').next()?)?)?
        };
        let fits = |main: &str| if all { paths::below(&dir, main).is_some() } else { main == dir };
        Some(
            mains
                .iter()
                .filter(|(main, _)| fits(main))
                .map(|(main, place)| ((*main).to_owned(), place.clone()))
                .collect(),
        )
    }

    /// The name of the program in `package`: the last part of its import path, a major version left out.
    fn program_name(&self, package: &str) -> String {
        let module = self.module().and_then(|module| module.module.as_ref()).map_or("", |(path, _)| path.as_str());
        let below = paths::below(&self.dir, package).unwrap_or(package);
        let import = if below.is_empty() { module.to_owned() } else { format!("{module}/{below}") };
        let mut parts = import.rsplit('/');
        let last = parts.next().unwrap_or_default();
        let is_major = last.len() > 1 && last.starts_with('v') && last[1..].bytes().all(|byte| byte.is_ascii_digit());
        let name = if is_major { parts.next().unwrap_or(last) } else { last };
        if name.is_empty() { paths::name(&self.dir).to_owned() } else { name.to_owned() }
    }
}

/// Where a program goes, as seen from the working directory.
fn output(build: &Build, name: &str, several: bool) -> Option<String> {
    if build.verb != Verb::Build {
        return None;
    }
    match &build.output {
        Some(path) if path.ends_with('/') || path == "." || several => {
            Some(format!("{}/{name}", path.trim_end_matches('/')))
        }
        Some(path) => Some(path.clone()),
        None => (!several).then(|| name.to_owned()),
    }
}
