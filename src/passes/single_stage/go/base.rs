//! What the final stage of a Go program starts from: Alpine for a program that needs no C library of Debian's, else the
//! slim image of the Debian release that it is built on.

use super::super::runtime::{Started, name_of};
use super::bare::distroless;
use super::linked::Linked;
use super::sort::{LONG_OPTION, Sorted};
use super::{App, Installed, No};
use crate::image::Known;
use crate::image::base::{self, Class, Distro, Release, Tag};
use crate::passes::BaseStyle;
use crate::passes::oversized_base::is_everywhere;
use crate::project::Finding;
use crate::project::go::calls::Use;
use crate::proposal::Evidence;

/// The base of the final stage, and what it lacks.
pub(super) struct FinalBase {
    /// `alpine:3.24`
    pub image: String,
    pub distro: Distro,
    /// The builder's image with its release, when the final one must have the same; or its Alpine.
    pub builder: Option<String>,
    /// Whether the build is told to do without cgo.
    pub without_cgo: bool,
    /// Paths of the builder that the program reads and the base lacks.
    pub copies: Vec<String>,
    /// The line that the builder then begins with.
    pub prepare: Option<String>,
    /// Whether there is neither a shell nor anything to install with.
    pub bare: bool,
    pub evidence: Vec<Evidence>,
}

impl FinalBase {
    fn of(distro: Distro) -> Self {
        Self {
            image: String::new(),
            distro,
            builder: None,
            without_cgo: false,
            copies: Vec::new(),
            prepare: None,
            bare: false,
            evidence: Vec::new(),
        }
    }
}

/// Go's own time zones, where the program looks for them after the system's.
const ZONES: &str = "/usr/local/go/lib/time/zoneinfo.zip";
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Programs that Alpine has as packages of the same name.
const INSTALLABLE: &[&str] = &["bash", "curl", "wget", "git"];
/// What Alpine has in its base, or as packages of the same name as Debian's.
const ON_ALPINE: &[&str] = &["bash", "ca-certificates", "curl", "git", "tzdata", "wget"];

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
        let (linked, known) = self.linked(&mut proof)?;
        let from_alpine = release.distro == Distro::Alpine;
        if self.drops_git(started) {
            installed.runtime.retain(|name| name != "git");
        }
        for one in started {
            self.find_program(one, installed)?;
        }
        if from_alpine && !installed.headers.is_empty() && matches!(linked, Linked::Dynamic) {
            return Err(No::Because(format!(
                "which libraries are linked with {} is not known",
                installed.headers.join(", ")
            )));
        }
        let mut base = match self.case.cx.wishes.base {
            Some(BaseStyle::Keep) => return Err(No::because("the final stage would start from another image")),
            Some(BaseStyle::Distroless) => self.distroless(release, &linked, started, installed, sorted)?,
            Some(BaseStyle::Scratch) => self.scratch(&linked, started, installed, sorted)?,
            Some(BaseStyle::Slim) => self.slim(release, &linked)?,
            style => match self.alpine(&linked, installed, sorted, from_alpine) {
                Ok(base) => base,
                Err(why) if style.is_some() => return Err(why),
                // Where it is certain that nothing else is needed, the C library alone will do.
                Err(_) if known && matches!(linked, Linked::Dynamic) => self
                    .distroless(release, &linked, started, installed, sorted)
                    .or_else(|_| self.slim(release, &linked))?,
                Err(_) => self.slim(release, &linked)?,
            },
        };
        self.complete(&mut base, release, &linked, installed, sorted)?;
        base.without_cgo = matches!(linked, Linked::WithoutCgo);
        proof.append(&mut base.evidence);
        base.evidence = proof;
        Ok(base)
    }

    /// Alpine's image, with the builder on Alpine too where the program needs a C library that it can find there.
    fn alpine(
        &self,
        linked: &Linked,
        installed: &mut Installed,
        sorted: &Sorted,
        from_alpine: bool,
    ) -> Result<FinalBase, No> {
        let mut base = alpine(&self.case.from)?;
        if from_alpine {
            return Ok(base);
        }
        if let Some(name) = installed.runtime.iter().find(|name| !ON_ALPINE.contains(&name.as_str())) {
            return Err(No::Because(format!("{name} is installed, which Alpine may not have by that name")));
        }
        if let Some((tool, place)) = sorted.tools.iter().find(|(tool, _)| !is_on_alpine(tool, false)) {
            return Err(No::Because(format!("{place} uses {tool}, which Alpine may not have")));
        }
        if matches!(linked, Linked::Dynamic) {
            let builder = self.on_alpine(installed, sorted).map_err(No::Because)?;
            for name in builder.run {
                installed.need(name);
            }
            base.builder = Some(builder.image);
            base.prepare = Some(builder.install);
            base.evidence = builder.evidence;
        }
        Ok(base)
    }

    /// A distroless image: nothing but the program, certificates and time zones, and the C library where it is linked.
    fn distroless(
        &self,
        release: &'static Release,
        linked: &Linked,
        started: &[Started],
        installed: &Installed,
        sorted: &Sorted,
    ) -> Result<FinalBase, No> {
        if let Some(why) = self.needs_a_system(started, installed, sorted) {
            return Err(No::Because(why));
        }
        let dynamic = matches!(linked, Linked::Dynamic);
        if dynamic && !installed.headers.is_empty() {
            return Err(No::Because(format!("libraries of {} are linked", installed.headers.join(", "))));
        }
        if let Some(why) = self.needs_libraries(sorted).filter(|_| dynamic) {
            return Err(No::Because(why));
        }
        let name = if dynamic { "base" } else { "static" };
        let image = distroless(name, release).ok_or_else(|| No::because("no distroless image has its C library"))?;
        let builder = if dynamic { self.slim(release, linked)?.builder } else { None };
        Ok(FinalBase { image, builder, bare: true, ..FinalBase::of(Distro::Debian) })
    }

    /// Nothing but the program, and the files that it needs.
    fn scratch(
        &self,
        linked: &Linked,
        started: &[Started],
        installed: &Installed,
        sorted: &Sorted,
    ) -> Result<FinalBase, No> {
        let why = match linked {
            Linked::Dynamic => Some("it is linked to a C library, which is not there".to_owned()),
            _ => self.needs_a_system(started, installed, sorted).or_else(|| self.needs_files()),
        };
        if let Some(why) = why {
            return Err(No::Because(why));
        }
        let mut base = FinalBase { image: "scratch".to_owned(), bare: true, ..FinalBase::of(Distro::Alpine) };
        let named = |name: &str| installed.runtime.iter().any(|own| own == name);
        if named("ca-certificates") || !self.all(super::Go::needs_certificates).is_no() {
            base.copies.push(CERTIFICATES.to_owned());
        }
        if named("tzdata") {
            base.copies.push(ZONES.to_owned());
        }
        Ok(base)
    }

    /// Adds what the base lacks: packages, libraries, certificates, time zones.
    fn complete(
        &self,
        base: &mut FinalBase,
        release: &Release,
        linked: &Linked,
        installed: &mut Installed,
        sorted: &Sorted,
    ) -> Result<(), No> {
        let from_alpine = release.distro == Distro::Alpine;
        if base.bare {
            installed.runtime.clear();
        } else if base.distro == Distro::Alpine {
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
        let fits_alpine = base.distro == Distro::Alpine;
        for (tool, place) in &sorted.tools {
            if !is_everywhere(tool) && !(if fits_alpine { is_on_alpine(tool, from_alpine) } else { is_on_debian(tool) })
            {
                return Err(No::Because(format!("{place} uses {tool}, which the final stage may not have")));
            }
        }
        self.zones(base, installed);
        Ok(())
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
        Ok(FinalBase { image: format!("debian:{tag}"), builder, ..FinalBase::of(Distro::Debian) })
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
    pub(super) fn all(&self, need: fn(&super::Go, &super::Build, &str) -> Finding<bool>) -> Finding<bool> {
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
    Ok(FinalBase { image: format!("alpine:{name}"), ..FinalBase::of(Distro::Alpine) })
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
