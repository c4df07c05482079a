//! What an install brings: each package with its version, its files and the evidence; and whether that is all.

mod gather;
mod starts;

use super::index;
use super::native::{self, Native};
use super::requirement::Origin;
use super::wheel::{Target, Wheel, classify};
use crate::project::finding::{Finding, evidence};
use crate::project::paths;
use crate::proposal::Evidence;

/// One package that an install brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Normalized; empty for a path or an address without a name.
    pub name: String,
    /// The version, when it is fixed.
    pub version: Option<String>,
    /// What limits the version, when it is not.
    pub specifier: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Its distribution files, when a lock lists them.
    pub files: Option<Vec<String>>,
    /// A project of the build context without compiled code, as evidence.
    pub pure: Option<Evidence>,
    /// Whether `--no-binary` forbids wheels of it.
    pub from_source: Option<Evidence>,
    /// Where it is asked for.
    pub evidence: Evidence,
}

/// What an install brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependencies {
    /// By name.
    pub list: Vec<Dependency>,
    /// Whether the list is all that is installed; unknown names what may come beside.
    pub complete: Finding<bool>,
    /// The files of the context that the install reads.
    pub reads: Vec<String>,
}

impl Dependencies {
    /// What is known of the compiled code of `one` and the system libraries it loads, as far as no other package brings
    /// them.
    pub fn native_of(&self, one: &Dependency) -> Option<&'static Native> {
        let settles =
            |native: &&Native| native.settled_by.is_some_and(|name| self.list.iter().any(|one| one.name == name));
        one.native().filter(|native| !settles(native))
    }
}

impl Dependency {
    /// Any version of `name`, from the default index.
    fn any(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: None,
            specifier: String::new(),
            origin: Origin::Index,
            files: None,
            pure: None,
            from_source: None,
            evidence: evidence("", None, ""),
        }
    }

    /// How it arrives on `target`.
    pub fn wheel(&self, target: &Target) -> Finding<Wheel> {
        if let Some(place) = &self.pure {
            return Finding::known(Wheel::Pure, [place.clone()]);
        }
        let unknown = |why: String| Finding::blocked(why, [self.evidence.clone()]);
        if let Some(place) = &self.from_source {
            return Finding::known(Wheel::SdistOnly, [place.clone()]);
        }
        match &self.origin {
            Origin::Vcs(url) => return unknown(format!("{} is built from {url}", self.shown())),
            Origin::Path(path) if path.strip_suffix(".whl").is_none() => {
                return unknown(format!("{} is built from {path}", self.shown()));
            }
            Origin::Path(file) | Origin::Url(file) => {
                let file = file.split(['#', '?']).next().unwrap_or(file);
                return match classify(&[paths::name(file)], target) {
                    Finding::Known { value, .. } => Finding::known(value, [self.evidence.clone()]),
                    Finding::Unknown { why, .. } => unknown(format!("{}: {why}", self.shown())),
                };
            }
            Origin::Index | Origin::OtherIndex(_) => {}
        }
        if let Some(files) = &self.files {
            return match classify(files, target) {
                Finding::Known { value, .. } => {
                    let fact = format!("{} {}: {}", self.evidence.fact, described(value), sample(files, value));
                    Finding::known(value, [Evidence { fact, ..self.evidence.clone() }])
                }
                Finding::Unknown { why, .. } => unknown(format!("{}: {why}", self.shown())),
            };
        }
        if let Origin::OtherIndex(index) = &self.origin {
            return unknown(format!("{} comes from another index ({index})", self.shown()));
        }
        let version = self.version.as_deref();
        let native = self.native().map(|native| native.wheel(version, &self.specifier, target));
        let found = match native {
            Some(Finding::Known { value, evidence }) => Finding::Known { value, evidence },
            other => match index::package(&self.name).map(|package| package.wheel(version, &self.specifier, target)) {
                Some(Finding::Known { value, evidence }) => Finding::Known { value, evidence },
                listed => other
                    .or(listed)
                    .unwrap_or_else(|| Finding::unknown(format!("nothing is known of the files of {}", self.shown()))),
            },
        };
        match found {
            Finding::Known { value, evidence } => {
                Finding::known(value, std::iter::once(self.evidence.clone()).chain(evidence))
            }
            Finding::Unknown { why, .. } => unknown(why),
        }
    }

    /// Whether a wheel of it is there for glibc, so that no compiler is needed on Debian.
    pub fn wheel_for_glibc(&self, target: &Target) -> Finding<bool> {
        match self.wheel(target) {
            Finding::Known { value, evidence } => Finding::known(value != Wheel::SdistOnly, evidence),
            Finding::Unknown { why, evidence } => {
                let listed = self.files.is_some() || self.from_source.is_some() || self.origin != Origin::Index;
                let native = self.native().filter(|_| !listed);
                native
                    .and_then(|native| native.wheel_for_glibc(self.version.as_deref(), &self.specifier, target))
                    .map_or(Finding::Unknown { why, evidence }, |place| {
                        Finding::known(true, [self.evidence.clone(), place])
                    })
            }
        }
    }

    /// What is known of its compiled code and the system libraries it loads.
    pub fn native(&self) -> Option<&'static Native> {
        native::native(&self.name)
    }

    fn shown(&self) -> &str {
        if self.name.is_empty() { &self.evidence.fact } else { &self.name }
    }
}

fn described(wheel: Wheel) -> &'static str {
    match wheel {
        Wheel::Pure => "has no compiled code",
        Wheel::Musllinux => "has wheels for glibc and musl",
        Wheel::PureFallback => "has a compiled wheel for glibc only, and a pure one",
        Wheel::ManylinuxOnly | Wheel::ManylinuxOnlyNoSdist => "has wheels for glibc only",
        Wheel::SdistOnly => "is built from source",
    }
}

/// The file name that shows it best.
fn sample(files: &[String], wheel: Wheel) -> &str {
    let wanted = match wheel {
        Wheel::Pure => "-any.whl",
        Wheel::Musllinux => "musllinux",
        Wheel::PureFallback | Wheel::ManylinuxOnly | Wheel::ManylinuxOnlyNoSdist => "manylinux",
        Wheel::SdistOnly => ".tar.gz",
    };
    files.iter().find(|file| file.contains(wanted)).or(files.first()).map_or("", String::as_str)
}
