//! What the application needs of the final stage beside its packages: the libraries that they load, and programs.

use super::super::runtime::{Started, name_of};
use super::{App, No, work};
use crate::image::base::{Class, Family};
use crate::managers::build_only;
use crate::passes::oversized_base::is_everywhere;
use crate::project::Finding;
use crate::project::finding::evidence;
use crate::project::python::deps::{Dependencies, Dependency};
use crate::project::python::native::Native;
use crate::project::python::requirement::Origin;
use crate::project::python::scan;
use crate::project::python::wheel::{Target, Wheel};
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// What the final stage must have beside what the author installs there.
#[derive(Default)]
pub(super) struct Needs {
    /// Packages of the distribution.
    pub packages: BTreeSet<String>,
    pub evidence: Vec<Evidence>,
}

/// Programs of Debian's full images that its slim ones lack, and the packages that bring them.
const INSTALLABLE: &[(&str, &str)] = &[
    ("curl", "curl"),
    ("git", "git"),
    ("pgrep", "procps"),
    ("pkill", "procps"),
    ("ps", "procps"),
    ("ssh", "openssh-client"),
    ("unzip", "unzip"),
    ("wget", "wget"),
];

/// So many facts are shown; the rest is alike.
const MOST_SHOWN: usize = 8;

/// Commands that packages put on PATH under another name than their own.
const SCRIPTS: &[(&str, &str)] = &[
    ("celery", "celery"),
    ("django-admin", "django"),
    ("fastapi", "fastapi-cli"),
    ("waitress-serve", "waitress"),
    ("opentelemetry-instrument", "opentelemetry-instrumentation"),
    ("ddtrace-run", "ddtrace"),
    ("newrelic-admin", "newrelic"),
];

impl App<'_> {
    /// What the packages need on the final stage.
    pub(super) fn needs(&self) -> Result<Needs, No> {
        let mut needs = Needs::default();
        let target = Target::new(self.minor);
        for dependencies in &self.dependencies {
            if let (true, Finding::Unknown { why, .. }) = (self.is_full(), &dependencies.complete) {
                return Err(No::Because(format!("not all that is installed is known: {why}")));
            }
            for dependency in &dependencies.list {
                let native = dependencies.native_of(dependency);
                let found = self.needs_of(dependency, native, &target)?;
                needs.packages.extend(found.packages);
                needs.evidence.extend(found.evidence);
            }
        }
        if !self.is_full() {
            needs.packages.extend(self.left_behind().iter().map(|name| (*name).to_owned()));
        }
        needs.evidence.truncate(MOST_SHOWN);
        Ok(needs)
    }

    fn needs_of(&self, dependency: &Dependency, native: Option<&'static Native>, target: &Target) -> Result<Needs, No> {
        let mut needs = Needs::default();
        let name = &dependency.name;
        if dependency.evidence.fact.starts_with("-e") && matches!(dependency.origin, Origin::Path(_)) {
            return Err(No::Because(format!(
                "{} is installed in place, and may write beside the sources",
                dependency.evidence
            )));
        }
        let mut sdist_only = false;
        let (built, wheel) = match dependency.wheel(target) {
            Finding::Known { value, evidence } => {
                needs.evidence.extend(evidence);
                sdist_only = value == Wheel::SdistOnly;
                (value == Wheel::SdistOnly, value != Wheel::SdistOnly)
            }
            // It may be either; on the same kind of image what is loaded was there by another install.
            Finding::Unknown { why, .. } => match (dependency.wheel_for_glibc(target), native) {
                (Finding::Known { value: true, .. }, _) => (false, true),
                (_, Some(_)) => (true, true),
                _ if self.is_full() => return Err(No::Because(why)),
                _ => (true, true),
            },
        };
        if self.is_full() {
            is_established(dependency, native, built)?;
        }
        let Some(native) = native else {
            // The compiler's own library for threads, which code of any package may be linked to.
            let unknown = sdist_only && !build_only::is_pure_python(name) && !self.is_full();
            if unknown && self.heavy.iter().any(|name| COMPILERS.contains(&name.as_str()) || name.starts_with("build-"))
            {
                needs.packages.insert(if self.is_debian() { "libgomp1" } else { "libgomp" }.to_owned());
            }
            return Ok(needs);
        };
        let lists = [
            (built, self.pick(native.run_apt, native.run_apk)),
            (wheel, self.pick(native.wheel_apt, native.wheel_apk)),
        ];
        for library in lists.into_iter().filter(|(wanted, _)| *wanted).flat_map(|(_, list)| list) {
            let Some(library) = self.of_release(library) else { continue };
            // Where the final stage has the image of the build, what is loaded came by an install that is kept.
            if (self.is_full() || is_left_behind(library)) && !build_only::comes_with_python(library) {
                needs.packages.insert(library.to_owned());
                needs.evidence.push(evidence(native.source, None, format!("{name} loads {library}")));
            }
        }
        Ok(needs)
    }

    fn pick(&self, apt: &'static [&'static str], apk: &'static [&'static str]) -> &'static [&'static str] {
        if self.is_debian() { apt } else { apk }
    }

    /// `libldap2@trixie`, when that is the release.
    fn of_release(&self, library: &'static str) -> Option<&'static str> {
        match library.split_once('@') {
            Some((name, release)) => (release == self.release.name).then_some(name),
            None => Some(library),
        }
    }

    /// Libraries that came with the compilers, which the final stage has not.
    fn left_behind(&self) -> Vec<&'static str> {
        let has = |names: &[&str]| self.heavy.iter().any(|name| names.contains(&name.as_str()));
        let mut libraries = Vec::new();
        if self.is_debian() {
            if has(&["gfortran"]) {
                libraries.push("libgfortran5");
            }
        } else {
            if has(&["g++", "build-base", "alpine-sdk", "clang", "cmake"]) {
                libraries.push("libstdc++");
            } else if has(&["gcc", "rust", "cargo"]) {
                libraries.push("libgcc");
            }
            if has(&["gfortran"]) {
                libraries.push("libgfortran");
            }
        }
        libraries
    }

    /// The programs that a container starts: they come with the packages, the image, or a package of the final stage.
    pub(super) fn programs(
        &self,
        started: &[Started],
        installed: &BTreeSet<String>,
        needs: &mut Needs,
    ) -> Result<(), No> {
        self.programs_of(started, installed, needs)?;
        for python in &self.projects {
            let found = python.scan();
            if let (true, Finding::Unknown { why, .. }) = (self.is_full(), &found.complete) {
                return Err(No::Because(format!("not all of the code was read: {why}")));
            }
            for found in found.of(scan::Use::Runs) {
                let place = format!("{}:{}", found.file, found.line);
                match found.value.as_deref().and_then(|value| value.split_whitespace().next()) {
                    Some(name) => {
                        self.is_no_tool_of_build(&Started {
                            name: name.to_owned(),
                            words: Vec::new(),
                            place: place.clone(),
                        })?;
                        if self.is_full() {
                            self.find(name, &place, installed, needs)?;
                        }
                    }
                    None if self.is_full() => {
                        return Err(No::Because(format!("{place} starts a program that only the run knows")));
                    }
                    None => self.names_no_tool_of_build(&place)?,
                }
            }
        }
        Ok(())
    }

    /// The same for what one command starts.
    pub(super) fn programs_of(
        &self,
        started: &[Started],
        installed: &BTreeSet<String>,
        needs: &mut Needs,
    ) -> Result<(), No> {
        for one in started {
            self.is_no_tool_of_build(one)?;
            if self.is_full() {
                self.find(&one.name, &one.place, installed, needs)?;
            }
        }
        Ok(())
    }

    fn is_no_tool_of_build(&self, one: &Started) -> Result<(), No> {
        let name = name_of(&one.name);
        let first = one.words.iter().find(|word| !word.starts_with('-')).map_or("", String::as_str);
        let module = name.starts_with("python") && one.words.first().is_some_and(|word| word == "-m");
        let installs = |name: &str, verb: &str| {
            (matches!(name, "pip" | "pip3") && matches!(verb, "install" | "wheel" | "download"))
                || work::TOOLS.contains(&name)
                || matches!(name, "pip-compile" | "pip-sync" | "uvx")
        };
        let second = one.words.get(2).map_or("", String::as_str);
        if COMPILERS.contains(&name)
            || (name == "git" && self.drops_git)
            || installs(name, first)
            || (module && installs(first, second))
        {
            let what = if module { first } else { name };
            if matches!(what, "pip" | "pip3") {
                return Err(No::Because(format!(
                    "{} installs packages when it runs, which may have to be compiled",
                    one.place
                )));
            }
            return Err(No::Because(format!("{} runs {what}, which stays in the build", one.place)));
        }
        Ok(())
    }

    /// A program that only the run knows may be a compiler, when the code speaks of one.
    fn names_no_tool_of_build(&self, place: &str) -> Result<(), No> {
        match self.words.compiler.as_ref() {
            Some(file) => Err(No::Because(format!(
                "{place} starts a program that only the run knows, and {file} names a compiler"
            ))),
            None => Ok(()),
        }
    }

    fn find(&self, name: &str, place: &str, installed: &BTreeSet<String>, needs: &mut Needs) -> Result<(), No> {
        let (path, name) = (name, name_of(name));
        let Some((old, new)) = self.families() else { return Err(No::NotThis) };
        let own =
            path.contains('/') && !["/bin/", "/usr/bin/", "/usr/local/bin/"].iter().any(|dir| path.starts_with(dir));
        let brought = || {
            self.comes_with_packages(name)
                || self.projects.iter().any(|python| python.scripts().iter().any(|script| script.name == name))
                || installed.contains(name)
        };
        match (old.has_tool(name), new.has_tool(name)) {
            _ if own || is_everywhere(name) || ON_DEBIAN.contains(&name) || name.starts_with("python") => Ok(()),
            (_, Some(true)) => Ok(()),
            _ if brought() || self.is_of_context(name) => Ok(()),
            (Some(true), _) => match INSTALLABLE.iter().find(|(program, _)| *program == name) {
                Some((_, package)) => {
                    needs.packages.insert((*package).to_owned());
                    Ok(())
                }
                None => Err(No::Because(format!("{place} uses {name}, which is not on the slim image"))),
            },
            _ => Err(No::Because(format!("{place} uses {name}, and where that comes from is not known"))),
        }
    }

    /// Whether a package that is installed puts `program` on PATH, as far as names tell.
    pub(super) fn comes_with_packages(&self, program: &str) -> bool {
        let package = SCRIPTS.iter().find(|(script, _)| *script == program).map_or(program, |(_, package)| package);
        let named = |dependencies: &Dependencies| dependencies.list.iter().any(|one| one.name == package);
        self.dependencies.iter().any(named)
    }

    fn families(&self) -> Option<(&'static Family, &'static Family)> {
        Some((self.case.from.family()?, self.case.from.in_class(Class::Slim)?.family()?))
    }
}

/// Programs that all images of Debian have.
const ON_DEBIAN: &[&str] = &[
    "chpasswd",
    "dpkg-reconfigure",
    "groupadd",
    "groupmod",
    "ldconfig",
    "update-ca-certificates",
    "useradd",
    "usermod",
];

/// Programs of packages that stay in the build.
const COMPILERS: &[&str] = &["c++", "cargo", "cc", "clang", "cmake", "g++", "gcc", "gfortran", "ld", "make", "rustc"];

/// On the full image a package may be linked to any library of it: only what is known will do.
fn is_established(dependency: &Dependency, native: Option<&Native>, built: bool) -> Result<(), No> {
    let name = &dependency.name;
    match native {
        Some(Native { unsure: Some(unsure), .. }) => {
            Err(No::Because(format!("what {name} loads at run time is not known: {unsure}")))
        }
        None if built && !build_only::is_pure_python(name) => {
            Err(No::Because(format!("{name} is built from source, and which libraries it is linked to is not known")))
        }
        _ => Ok(()),
    }
}

/// Whether a library may come with a compiler.
fn is_left_behind(library: &str) -> bool {
    matches!(library, "libgomp1" | "libgomp" | "libgfortran5" | "libgfortran" | "libstdc++" | "libgcc")
}
