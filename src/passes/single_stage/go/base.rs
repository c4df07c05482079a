//! What the final stage of a Go program starts from: Alpine for a program that needs no C library of Debian's, else the
//! slim image of the Debian release that it is built on.

use super::super::runtime::{Started, name_of};
use super::sort::{LONG_OPTION, Sorted};
use super::{App, Built, Installed, No};
use crate::image::Known;
use crate::image::base::{self, Class, Distro, Release, Tag};
use crate::passes::oversized_base::is_everywhere;
use crate::project::Finding;
use crate::project::finding::evidence;
use crate::project::go::calls::Use;
use crate::project::go::cgo_table;
use crate::project::go::linking::Cgo;
use crate::proposal::Evidence;

/// The base of the final stage, and what it lacks.
pub(super) struct FinalBase {
    /// `alpine:3.24`
    pub image: String,
    pub distro: Distro,
    /// The builder's image with its release, when the final one must have the same.
    pub builder: Option<String>,
    /// Whether the build is told to do without cgo.
    pub without_cgo: bool,
    /// Paths of the builder that the program reads and the base lacks.
    pub copies: Vec<String>,
    pub evidence: Vec<Evidence>,
}

/// Go's own time zones, where the program looks for them after the system's.
const ZONES: &str = "/usr/local/go/lib/time/zoneinfo.zip";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Programs that Alpine has as packages of the same name.
const INSTALLABLE: &[&str] = &["bash", "curl", "wget", "git"];
/// What Alpine has in its base, or as packages of the same name as Debian's.
const ON_ALPINE: &[&str] = &["bash", "ca-certificates", "curl", "git", "tzdata", "wget"];

/// How a program is linked.
enum Linked {
    /// It runs anywhere.
    Static,
    /// It will, when the build is told so.
    WithoutCgo,
    /// It needs the C library that it is built with.
    Dynamic,
}

impl App<'_> {
    /// Chooses the base, and adds to `installed` what it lacks.
    pub(super) fn base(
        &self,
        started: &[Started],
        installed: &mut Installed,
        sorted: &Sorted,
    ) -> Result<FinalBase, No> {
        let release =
            self.case.from.release().ok_or_else(|| No::because("which distribution the image has is not known"))?;
        self.own_needs(installed)?;
        let mut proof = Vec::new();
        let linked = self.linked(&mut proof)?;
        let from_alpine = release.distro == Distro::Alpine;
        if self.drops_git(started) {
            installed.runtime.retain(|name| name != "git");
        }
        for one in started {
            self.find_program(one, installed)?;
        }
        let fits_alpine = from_alpine
            || (!matches!(linked, Linked::Dynamic)
                && installed.runtime.iter().all(|name| ON_ALPINE.contains(&name.as_str()))
                && sorted.tools.iter().all(|(tool, _)| is_on_alpine(tool, from_alpine)));
        if from_alpine && !installed.headers.is_empty() && matches!(linked, Linked::Dynamic) {
            return Err(No::Because(format!(
                "which libraries are linked with {} is not known",
                installed.headers.join(", ")
            )));
        }
        let mut base = if fits_alpine { alpine(&self.case.from)? } else { self.slim(release, &linked)? };
        if fits_alpine {
            let updates = sorted.tools.iter().any(|(tool, _)| tool == "update-ca-certificates");
            installed.runtime.retain(|name| name != "ca-certificates" && !(name == "wget" && from_alpine));
            if updates {
                installed.need("ca-certificates");
            }
        } else {
            if matches!(linked, Linked::Dynamic) {
                installed.need_libraries(release.name).map_err(No::Because)?;
            }
            if !installed.runtime.iter().any(|name| name == "ca-certificates")
                && !self.all(super::Go::needs_certificates).is_no()
            {
                base.copies.push(CERTIFICATES.to_owned());
            }
            installed.runtime.retain(|name| !matches!(name.as_str(), "bash" | "tzdata"));
        }
        for (tool, place) in &sorted.tools {
            if !is_everywhere(tool) && !(if fits_alpine { is_on_alpine(tool, from_alpine) } else { is_on_debian(tool) })
            {
                return Err(No::Because(format!("{place} uses {tool}, which the final stage may not have")));
            }
        }
        self.zones(&mut base, installed);
        base.without_cgo = matches!(linked, Linked::WithoutCgo);
        base.evidence = proof;
        Ok(base)
    }

    /// How all programs are linked; the strictest counts.
    fn linked(&self, proof: &mut Vec<Evidence>) -> Result<Linked, No> {
        let mut worst = Linked::Static;
        for program in &self.programs {
            match (self.linking(program, proof)?, &worst) {
                (Linked::Dynamic, _) => worst = Linked::Dynamic,
                (Linked::WithoutCgo, Linked::Static) => worst = Linked::WithoutCgo,
                _ => {}
            }
        }
        Ok(worst)
    }

    fn linking(&self, program: &Built, proof: &mut Vec<Evidence>) -> Result<Linked, No> {
        let from_alpine = self.case.from.class() == Class::Alpine;
        match (program.build.cgo, self.go.cgo(&program.build, &program.package)) {
            // Without a C compiler, as in Alpine's image, cgo is off; what needs it compiles to a stub, before as after.
            (Some(false), _) => {
                proof.push(evidence("go build", None, "CGO_ENABLED=0: the program is static"));
                Ok(Linked::Static)
            }
            (_, Finding::Known { value: Cgo::No, evidence: found }) if self.may_hide_cgo().is_none() => {
                proof.extend(found);
                Ok(if from_alpine {
                    Linked::Static
                } else if program.build.cgo == Some(true) {
                    Linked::Dynamic
                } else {
                    Linked::WithoutCgo
                })
            }
            (_, Finding::Known { value: Cgo::Required { modules }, evidence: found }) => {
                if let Some(module) = modules.iter().find(|module| !module.runtime_known()) {
                    return Err(No::Because(format!("what {} needs at run time is not known", module.path)));
                }
                proof.extend(found);
                Ok(Linked::Dynamic)
            }
            (_, found) => {
                proof.extend(found.evidence().iter().take(1).cloned());
                Ok(Linked::Dynamic)
            }
        }
    }

    /// Before Go 1.17 go.mod names direct dependencies only: one that needs cgo may stand behind them, in go.sum.
    fn may_hide_cgo(&self) -> Option<&'static str> {
        let version = self.go.version().value().map(|version| (*version).to_owned()).unwrap_or_default();
        let minor: u32 = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(0);
        if minor >= 17 {
            return None;
        }
        let path = crate::project::paths::join(self.go.dir(), "go.sum")?;
        let source = self.case.cx.project.context().find_lock(&path)?;
        let modules = source.text.lines().filter_map(|line| line.split(' ').next());
        modules
            .filter_map(cgo_table::find)
            .find(|(module, _)| module.only.is_empty() && module.tags.is_empty())
            .map(|(module, _)| module.path)
    }

    /// Debian's slim image of the builder's own release. A program that is linked to its C library must not meet an
    /// older one when the builder's tag moves on: the builder is then named with its release.
    fn slim(&self, release: &'static Release, linked: &Linked) -> Result<FinalBase, No> {
        let tag = format!("{}-slim", release.name);
        if base::tag("debian", &tag).is_none() {
            return Err(No::Because(format!("there is no debian:{tag}")));
        }
        let from = &self.case.from;
        let mut builder = None;
        if matches!(linked, Linked::Dynamic) && from.frozen().is_none() && !from.name().contains(release.name) {
            let pinned = format!("{}-{}", from.name(), release.name);
            let words = if let crate::dockerfile::Args::Words(words) = &self.case.stage.from.args {
                words.as_slice()
            } else {
                &[]
            };
            let written = words.first().map_or("", |word| word.value.as_str());
            if base::tag(from.image, &pinned).is_none() || !written.ends_with(&from.name()) {
                return Err(No::Because(format!(
                    "{} may move on to another release of Debian than the final stage has",
                    from.name()
                )));
            }
            builder = Some(format!("{written}-{}", release.name));
        }
        Ok(FinalBase {
            image: format!("debian:{tag}"),
            distro: Distro::Debian,
            builder,
            without_cgo: false,
            copies: Vec::new(),
            evidence: Vec::new(),
        })
    }

    /// What the code needs of its image beside files.
    fn own_needs(&self, installed: &mut Installed) -> Result<(), No> {
        let dirs: Vec<_> = self.programs.iter().map(|program| self.reached(program)).collect();
        let reached = |package: &str| dirs.iter().any(|dirs| dirs.contains(package));
        for found in self.go.code().found.iter().filter(|found| reached(&found.package)) {
            let place = || format!("{}:{}", found.evidence.file, found.evidence.line.unwrap_or(1));
            match (found.what, found.value.as_deref()) {
                (Use::Plugin, _) => {
                    return Err(No::Because(format!("{} loads plugins, which must fit the C library", place())));
                }
                (Use::Runs, None) => {
                    return Err(No::Because(format!("{} starts a program that only the run knows", place())));
                }
                (Use::Runs, Some(name))
                    if is_everywhere(name_of(name))
                        || self.programs.iter().any(|own| name_of(&own.output) == name_of(name)) => {}
                (Use::Runs, Some(name)) if INSTALLABLE.contains(&name) => installed.need(name),
                (Use::Runs, Some(name)) if installed.runtime.iter().any(|package| package == name) => {}
                (Use::Runs, Some(name)) => {
                    return Err(No::Because(format!("{} starts {name}, which the final stage may not have", place())));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether git is installed for the build alone.
    fn drops_git(&self, started: &[Started]) -> bool {
        let runs_git =
            self.go.code().found.iter().any(|found| found.what == Use::Runs && found.value.as_deref() == Some("git"));
        !runs_git && !started.iter().any(|one| one.name == "git")
    }

    /// Where a program that is started at run time comes from.
    fn find_program(&self, one: &Started, installed: &mut Installed) -> Result<(), No> {
        let own = |path: &str| self.programs.iter().any(|program| program.output == path);
        if one.name.contains('/') {
            let path = self.case.absolute(&one.name).unwrap_or_default();
            let system = path.starts_with("/bin/") || path.starts_with("/usr/bin/");
            if own(&path) || self.is_brought(&path) || (system && is_everywhere(name_of(&path))) {
                return Ok(());
            }
            return Err(No::Because(format!("{} starts {}, and what makes it is not known", one.place, one.name)));
        }
        let on_path = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
        if on_path
            .iter()
            .any(|dir| own(&format!("{dir}/{}", one.name)) || self.is_brought(&format!("{dir}/{}", one.name)))
        {
            return Ok(());
        }
        if INSTALLABLE.contains(&one.name.as_str()) {
            installed.need(&one.name);
            return Ok(());
        }
        if installed.runtime.contains(&one.name) {
            return Ok(());
        }
        Err(No::Because(format!("{} starts {}, and where that comes from is not known", one.place, one.name)))
    }

    /// Time zones: those of a package when one is installed, else those that came with Go.
    fn zones(&self, base: &mut FinalBase, installed: &Installed) {
        let has = installed.runtime.iter().any(|name| name == "tzdata") || base.distro != Distro::Alpine;
        if !has && (self.is_in_a_zone() || !self.all(super::Go::needs_timezones).is_no()) {
            base.copies.push(ZONES.to_owned());
        }
    }

    /// Whether the program is told a time zone, which it takes for UTC, without a word, where there are none.
    fn is_in_a_zone(&self) -> bool {
        let case = self.case;
        let mut given = case.cx.project.usage().containers.iter().flat_map(|container| &container.environment);
        case.stage.end().env("TZ") != Known::Inherited || given.any(|said| said.text == "TZ")
    }

    /// A need of any of the programs; known not to be there only when none has it.
    fn all(&self, need: fn(&super::Go, &super::Build, &str) -> Finding<bool>) -> Finding<bool> {
        let all = self.programs.iter().map(|program| need(&self.go, &program.build, &program.package));
        all.reduce(|one, other| if one.is_no() { other } else { one }).unwrap_or_else(|| Finding::unknown("no program"))
    }
}

/// The Alpine that the builder stands on, or that its version of Go is published on; as exact as its own tag is.
fn alpine(from: &Tag) -> Result<FinalBase, No> {
    let published = from.in_class(Class::Alpine).and_then(|tag| tag.release());
    let name = if from.name().contains('.') { published.map(|release| release.name) } else { Some("3") };
    let name = name.filter(|name| base::tag("alpine", name).is_some());
    let name = name.ok_or_else(|| No::because("no release of Alpine is known that fits"))?;
    Ok(FinalBase {
        image: format!("alpine:{name}"),
        distro: Distro::Alpine,
        builder: None,
        without_cgo: false,
        copies: Vec::new(),
        evidence: Vec::new(),
    })
}

/// Whether Alpine has `tool`, and it means the same there: its `adduser` is not Debian's.
fn is_on_alpine(tool: &str, from_alpine: bool) -> bool {
    let own = matches!(tool, "adduser" | "addgroup" | "apk" | "wget" | LONG_OPTION);
    is_everywhere(tool) || tool == "update-ca-certificates" || (from_alpine && own)
}

fn is_on_debian(tool: &str) -> bool {
    is_everywhere(tool)
        || matches!(tool, "useradd" | "groupadd" | "usermod" | LONG_OPTION | "apt-get" | "apt" | "bash" | "dpkg")
}
