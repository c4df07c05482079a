//! Packages with native code, and whether they work on musl (Alpine) and on a slim image.
//!
//! The lock file itself is asked first: which platform packages a module has, whether the lock has the one for musl,
//! what runs an install script. The tables are for what the lock cannot tell: the one of packages with native code,
//! and, where a lock does not record install scripts, the one of packages that run none.

use super::lock::{Edge, Lock, Origin, Package};
use super::manifest::DependencyKind;
use super::native_table::{self, Fact, Known, Lookup};
use super::{Node, Scope, npm_index};
use crate::project::Finding;
use crate::project::finding::evidence;
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// A processor that images are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// linux/amd64
    X64,
    /// linux/arm64
    Arm64,
}

/// How a package behaves on an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Support {
    /// As it is installed.
    Works,
    /// Its install gets a build from outside of the registry. Where it gets none it is compiled, which needs a toolchain.
    Downloads,
    /// It is compiled when it is installed, which needs a toolchain.
    Compiles,
    /// Not established.
    Unknown,
    /// It cannot run.
    Breaks,
}

/// A verdict and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The verdict.
    pub support: Support,
    /// Why: lower case, no full stop.
    pub why: String,
}

/// A package with native code, or one that may have some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Native {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// On musl, x86-64.
    pub musl_x64: Verdict,
    /// On musl, arm64.
    pub musl_arm64: Verdict,
    /// On a slim image with glibc.
    pub slim: Verdict,
    /// What compiling it or running it needs, by the table.
    pub needs: Option<&'static Known>,
    /// Its place in the lock, and the table's source.
    pub evidence: Vec<Evidence>,
}

/// All packages with native code that an install brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Natives {
    /// In order of the lock.
    pub packages: Vec<Native>,
    /// Why there may be more than the lock and the table tell; `None` when there are not.
    pub may_be_more: Option<String>,
}

impl Native {
    /// The verdict on musl.
    pub const fn musl(&self, arch: Arch) -> &Verdict {
        match arch {
            Arch::X64 => &self.musl_x64,
            Arch::Arm64 => &self.musl_arm64,
        }
    }
}

impl Natives {
    /// The packages that do not just work on musl.
    pub fn against_musl(&self, arch: Arch) -> impl Iterator<Item = &Native> {
        self.packages.iter().filter(move |native| native.musl(arch).support != Support::Works)
    }

    /// The packages that do not just work on a slim image.
    pub fn against_slim(&self) -> impl Iterator<Item = &Native> {
        self.packages.iter().filter(|native| native.slim.support != Support::Works)
    }
}

impl Node {
    /// The packages with native code that an install of `scope` brings; unknown without a readable lock.
    pub fn natives(&self, scope: Scope) -> Finding<Natives> {
        let (lock, installed) = match (self.known_lock(), self.installed(scope)) {
            (Finding::Known { value: lock, .. }, Some(installed)) => (lock, installed),
            (Finding::Unknown { why, evidence }, _) => return Finding::Unknown { why, evidence },
            (_, None) => return Finding::unknown("there is no lock file"),
        };
        let mut kinds = vec![DependencyKind::Production];
        kinds.extend((scope == Scope::All).then_some(DependencyKind::Development));
        let required = lock.reachable(self.direct(&kinds), false);
        let judge = |&at: &usize| {
            let native = judge(lock, at, required.contains(&at))?;
            Some(if required.contains(&at) { native } else { forgiven(native) })
        };
        let packages: Vec<Native> = installed.iter().filter_map(judge).collect();
        let mut proof: Vec<Evidence> = packages.iter().flat_map(|native| native.evidence.iter().cloned()).collect();
        if packages.is_empty() {
            let fact = format!("none of {} packages is known to have native code", installed.len());
            proof.push(lock.source.whole(fact));
        }
        Finding::known(Natives { packages, may_be_more: self.may_be_more(lock, &installed) }, proof)
    }

    fn may_be_more(&self, lock: &Lock, installed: &BTreeSet<usize>) -> Option<String> {
        if self.context.is_file(&super::at(&self.dir, "binding.gyp")) {
            return Some("the project has native code of its own (binding.gyp)".to_owned());
        }
        if lock.format.records_install_scripts() {
            return None;
        }
        let unknown = installed.iter().filter(|&&at| judge(lock, at, true).is_none());
        let unknown = unknown.filter_map(|&at| lock.packages.get(at)).find(|package| may_run_a_script(package))?;
        let Package { name, version, .. } = unknown;
        let silent = format!("{} does not record which packages run an install script", lock.source.path);
        Some(format!("{silent}, and {name}@{version} is not known to run none"))
    }
}

/// Whether installing a package runs a script or compiles: by the lock, or by other public locks.
fn runs_script(package: &Package) -> Option<bool> {
    let from_registry = package.origin == Origin::Registry;
    package.install_script.or_else(|| npm_index::runs_script(&package.name, &package.version).filter(|_| from_registry))
}

/// Whether a package that is not judged may have something to judge.
fn may_run_a_script(package: &Package) -> bool {
    let is_own = matches!(package.origin, Origin::Directory(_));
    !is_own && is_for_linux(&package.os) && !is_platform_package(package) && runs_script(package).is_none()
}

/// An optional package that does not compile is left out, and the install goes on.
fn forgiven(mut native: Native) -> Native {
    for verdict in [&mut native.musl_x64, &mut native.musl_arm64, &mut native.slim] {
        if matches!(verdict.support, Support::Downloads | Support::Compiles) {
            verdict.support = Support::Works;
            verdict.why.push_str("; it is optional, so the install goes on without it");
        }
    }
    native
}

/// The verdict on one package; `None` when there is nothing native in it.
fn judge(lock: &Lock, at: usize, required: bool) -> Option<Native> {
    let package = lock.packages.get(at)?;
    if matches!(package.origin, Origin::Directory(_)) || !is_for_linux(&package.os) {
        return None;
    }
    if is_platform_package(package) {
        // Its parent is judged; alone it matters when nothing but it will do.
        let glibc_only = required && (package.libc == ["glibc"] || package.name.ends_with("-gnu"));
        return glibc_only.then(|| tied_to_glibc(lock, at, package));
    }
    let platforms: Vec<&Edge> = package.edges.iter().filter(|edge| edge.optional && names_linux(&edge.name)).collect();
    if !platforms.is_empty() {
        return Some(by_platform_packages(lock, at, package, &platforms));
    }
    by_table(lock, at, package)
}

fn tied_to_glibc(lock: &Lock, at: usize, package: &Package) -> Native {
    let why = || "is a package for glibc, and required by name".to_owned();
    let breaks = Verdict { support: Support::Breaks, why: why() };
    let works = Verdict { support: Support::Works, why: why() };
    native(lock, at, package, [breaks.clone(), breaks, works], None)
}

/// From the lock: the platform packages that it names and those that it has.
fn by_platform_packages(lock: &Lock, at: usize, package: &Package, platforms: &[&Edge]) -> Native {
    let table = match native_table::lookup(&package.name, &package.version) {
        Lookup::Covered(known) => Some(known),
        _ => None,
    };
    let musl = |arch| musl_verdict(lock, platforms, arch, table);
    let gnu: Vec<&Edge> = platforms.iter().copied().filter(|edge| is_for(edge, Arch::X64) && !is_musl(edge)).collect();
    let slim = match gnu.iter().find(|edge| edge.to.is_none()) {
        Some(missing) => breaks(format!("the lock file lacks {}", missing.name)),
        None if gnu.is_empty() => unknown("no platform package for glibc is named"),
        None => works(format!("the lock file has {}", gnu[0].name)),
    };
    native(lock, at, package, [musl(Arch::X64), musl(Arch::Arm64), slim], table)
}

fn musl_verdict(lock: &Lock, platforms: &[&Edge], arch: Arch, table: Option<&Known>) -> Verdict {
    let here: Vec<&Edge> = platforms.iter().copied().filter(|edge| is_for(edge, arch)).collect();
    let musl: Vec<&Edge> = here.iter().copied().filter(|edge| is_musl(edge)).collect();
    if let Some(missing) = musl.iter().find(|edge| edge.to.is_none()) {
        return breaks(format!("the lock file lacks {}", missing.name));
    }
    if let Some(first) = musl.first() {
        return works(format!("the lock file has {}", first.name));
    }
    // One file may serve both; the lock says so only by leaving the libc open, the table knows.
    let fact = table.map(|known| (if arch == Arch::X64 { known.musl_x64 } else { known.musl_arm64 }, known.why));
    match (fact, here.first()) {
        (Some((Fact::Works, why)), Some(one)) if one.to.is_some() => works(why.to_owned()),
        (Some((Fact::Works, _)), Some(one)) => breaks(format!("the lock file lacks {}", one.name)),
        (_, None) => unknown("it names no package for this processor"),
        (_, Some(one)) if libc_of(lock, one) == ["glibc"] => breaks(format!("{} is for glibc only", one.name)),
        (Some((Fact::Breaks, why)), _) => breaks(why.to_owned()),
        (_, Some(one)) => unknown(format!("it is not known whether {} runs on musl", one.name)),
    }
}

fn libc_of<'l>(lock: &'l Lock, edge: &Edge) -> &'l [String] {
    edge.to.and_then(|to| lock.packages.get(to)).map_or(&[], |package| package.libc.as_slice())
}

/// From the table, for what runs an install script or is known by name.
fn by_table(lock: &Lock, at: usize, package: &Package) -> Option<Native> {
    let signal = package.edges.iter().find(|edge| native_table::is_signal(&edge.name));
    let runs_script = runs_script(package);
    let suspect = match (runs_script, signal) {
        (Some(true), _) => Some("runs an install script that is not known".to_owned()),
        (_, Some(edge)) => Some(format!("depends on {}, so it has native code", edge.name)),
        _ => None,
    };
    let known = match native_table::lookup(&package.name, &package.version) {
        Lookup::Covered(known) => known,
        Lookup::OtherVersions(known) if known.musl_x64 != Fact::Platform || suspect.is_some() => {
            // Without an install script there is nothing to build.
            if runs_script == Some(false) && suspect.is_none() {
                return None;
            }
            let why = || format!("version {} is not one that is known", package.version);
            return Some(native(lock, at, package, [unknown(why()), unknown(why()), unknown(why())], None));
        }
        Lookup::OtherVersions(_) | Lookup::Absent => {
            let why = suspect?;
            return Some(native(lock, at, package, [unknown(&why), unknown(&why), unknown(&why)], None));
        }
    };
    // Without its platform packages in the lock, such a module has nothing to load.
    let on = |fact| match fact {
        Fact::Works => works(known.why),
        Fact::Downloads => Verdict { support: Support::Downloads, why: known.why.to_owned() },
        Fact::Compiles => Verdict { support: Support::Compiles, why: known.why.to_owned() },
        Fact::Breaks => breaks(known.why),
        Fact::Unknown => unknown(known.why),
        Fact::Platform => unknown("the lock file names none of its platform packages"),
    };
    let verdicts = [on(known.musl_x64), on(known.musl_arm64), on(known.slim)];
    Some(native(lock, at, package, verdicts, Some(known)))
}

fn native(lock: &Lock, at: usize, package: &Package, verdicts: [Verdict; 3], needs: Option<&'static Known>) -> Native {
    let [musl_x64, musl_arm64, slim] = verdicts;
    let Package { name, version, .. } = package;
    let mut proof = vec![lock.evidence(at, format!("{name}@{version}: {}", musl_x64.why))];
    proof.extend(needs.map(|known| evidence("facts/node-native.yaml", None, format!("{name}: {}", known.source))));
    Native { name: name.clone(), version: version.clone(), musl_x64, musl_arm64, slim, needs, evidence: proof }
}

fn works(why: impl Into<String>) -> Verdict {
    Verdict { support: Support::Works, why: why.into() }
}

fn breaks(why: impl Into<String>) -> Verdict {
    Verdict { support: Support::Breaks, why: why.into() }
}

fn unknown(why: impl Into<String>) -> Verdict {
    Verdict { support: Support::Unknown, why: why.into() }
}

/// `os` as npm reads it: a list of names, or of `!` names.
fn is_for_linux(os: &[String]) -> bool {
    if os.iter().any(|name| name == "!linux" || name == "none") {
        return false;
    }
    os.iter().all(|name| name.starts_with('!')) || os.iter().any(|name| name == "linux")
}

/// One of a family, for one system and processor: `@img/sharp-linux-x64`.
fn is_platform_package(package: &Package) -> bool {
    names_linux(&package.name) && package.edges.iter().all(|edge| edge.optional)
}

/// `linux` as a part of a name: `rollup-linux-x64-gnu`, `sharp-linuxmusl-x64`; not `linux-release-info`.
fn names_linux(name: &str) -> bool {
    let mut parts = name.split(['-', '/', '_']).filter(|part| !part.is_empty());
    let is_linux = |part: &str| part == "linux" || part.starts_with("linuxmusl") || part == "linuxglibc";
    parts.any(is_linux) && [Arch::X64, Arch::Arm64].into_iter().any(|arch| has_arch(name, arch))
        || is_other_arch(name) && name.contains("linux")
}

fn has_arch(name: &str, arch: Arch) -> bool {
    let words: &[&str] = match arch {
        Arch::X64 => &["x64", "x86_64", "amd64", "linux-64"],
        Arch::Arm64 => &["arm64", "aarch64"],
    };
    words.iter().any(|word| name.contains(word))
}

fn is_other_arch(name: &str) -> bool {
    let words = ["arm", "armv7", "ia32", "i686", "ppc64", "ppc64le", "s390x", "riscv64", "loong64", "mips64el"];
    name.split(['-', '_']).any(|part| words.contains(&part))
}

fn is_for(edge: &Edge, arch: Arch) -> bool {
    has_arch(&edge.name, arch)
}

fn is_musl(edge: &Edge) -> bool {
    edge.name.contains("musl")
}
