//! In which form a package arrives, told from the files that its versions were seen with.

use super::{Package, holds, told};
use crate::project::finding::Finding;
use crate::project::python::name::Version;
use crate::project::python::wheel::{Arch, Target, Wheel};

impl Package {
    /// How it arrives on `target`: in `version` (`None`: the newest that `specifier` allows).
    pub fn wheel(&self, version: Option<&str>, specifier: &str, target: &Target) -> Finding<Wheel> {
        let name = self.name;
        let Some(chosen) = self.chosen(version, specifier, target.python) else {
            return Finding::unknown(format!("no version of {name} that {specifier} allows is known"));
        };
        let Some(version) = Version::parse(chosen) else {
            return Finding::unknown(format!("{chosen} of {name} is no version"));
        };
        let pure = self.has("any", &version);
        if target.python.is_none() && self.compiled() && (!pure || self.any_compiled(&version)) {
            return Finding::unknown(format!(
                "which wheels {name} has depends on the Python version, and it is not known"
            ));
        }
        let minor = target.python.unwrap_or_default();
        let on = |arch: &Arch| {
            let (glibc, musl) = match arch {
                Arch::X86_64 => ('g', 'l'),
                Arch::Aarch64 => ('G', 'L'),
            };
            let (glibc, musl) = (self.compiled_for(glibc, minor, &version), self.compiled_for(musl, minor, &version));
            match (musl, glibc, pure) {
                (true, true, _) | (true, false, true) => Some(Wheel::Musllinux),
                (false, true, true) => Some(Wheel::PureFallback),
                (false, false, true) => Some(Wheel::Pure),
                (false, true, false) => Some(Wheel::ManylinuxOnly),
                (_, false, false) => self.has("sdist", &version).then_some(Wheel::SdistOnly),
            }
        };
        let worst = target.arches.iter().map(on).try_fold(Wheel::Pure, |worst, one| Some(worst.max(one?)));
        let Some(wheel) = worst else {
            return Finding::unknown(format!("no wheel of {name} {chosen} for CPython 3.{minor} is known"));
        };
        let fact = match wheel {
            Wheel::Pure => "has no compiled code",
            Wheel::SdistOnly => "is built from source",
            Wheel::Musllinux => "has wheels for glibc and musl",
            _ => "has wheels for glibc",
        };
        Finding::known(wheel, [told(format!("{name} {chosen} {fact}"))])
    }

    /// Whether any version had compiled code.
    fn compiled(&self) -> bool {
        self.tokens().any(|(kind, _)| kind.starts_with(COMPILED))
    }

    fn any_compiled(&self, version: &Version) -> bool {
        self.tokens().any(|(kind, runs)| kind.starts_with(COMPILED) && self.within(runs, version))
    }

    fn compiled_for(&self, letter: char, minor: u16, version: &Version) -> bool {
        self.tokens().any(|(kind, runs)| {
            kind.strip_prefix(letter).is_some_and(|minors| holds(minors, minor)) && self.within(runs, version)
        })
    }

    fn has(&self, kind: &str, version: &Version) -> bool {
        self.tokens().any(|(own, runs)| own == kind && self.within(runs, version))
    }

    /// Whether `version` lies in one of `runs` (`1.0..1.9,2.1`); nothing stands for all versions seen.
    fn within(&self, runs: &str, version: &Version) -> bool {
        let (Some(oldest), Some(newest)) = (self.versions().next(), self.versions().last()) else { return false };
        let inside = |first: &str, last: &str| {
            let Some((from, to)) = Version::parse(first).zip(Version::parse(last)) else { return false };
            // Who had no compiled code in a whole line had none before in it.
            let before = first == oldest && !self.compiled() && version.line() == from.line();
            (from <= *version || before) && (*version <= to || last == newest)
        };
        if runs.is_empty() {
            return inside(oldest, newest);
        }
        runs.split(',')
            .any(|run| run.split_once("..").map_or_else(|| inside(run, run), |(first, last)| inside(first, last)))
    }
}

/// The kinds with compiled code, by C library and processor.
const COMPILED: [char; 4] = ['g', 'G', 'l', 'L'];
