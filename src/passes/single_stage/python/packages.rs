//! Packages of the distribution: what of a RUN of the build the final stage installs too.

use super::sort::Run;
use super::work::{Asked, Work};
use super::{App, No};
use crate::managers::build_only;
use crate::passes::packages::{Action, Family};
use crate::project::glob;

/// What builds neither read nor run: shared libraries without their headers, and programs for people and services.
const OF_RUN: &[&str] = &[
    "apache2*",
    "bash",
    "chromium*",
    "cron",
    "dnsutils",
    "espeak*",
    "ffmpeg",
    "font*",
    "gettext*",
    "ghostscript",
    "gosu",
    "htop",
    "iputils-ping",
    "less",
    "libreoffice*",
    "locales",
    "mime-support",
    "media-types",
    "nano",
    "net-tools",
    "netcat*",
    "nginx*",
    "poppler-utils",
    "postgresql-client*",
    "procps",
    "redis-tools",
    "sqlite3",
    "su-exec",
    "supervisor",
    "telnet",
    "tesseract-ocr*",
    "tini",
    "ttf-*",
    "tzdata",
    "vim*",
    "wait-for-it",
    "wkhtmltopdf",
    "xvfb",
];

/// The calls of the package manager in `run`.
pub(super) fn asked(run: &Run) -> Vec<&Asked> {
    let calls =
        run.steps.iter().filter_map(|step| if let Work::Packages(asked) = &step.work { Some(asked) } else { None });
    calls.collect()
}

/// Whether no build reads or runs the package `name`.
pub(super) fn is_of_run(name: &str) -> bool {
    const PROGRAMS: &[&str] = &["-bin", "-client", "-dev", "-progs", "-tools", "-utils"];
    let library = name.starts_with("lib") && !PROGRAMS.iter().any(|ending| name.ends_with(ending));
    library || OF_RUN.iter().any(|pattern| glob::matches(pattern, name))
}

/// Whether a call is about what only the build needs.
pub(super) fn stays_in_build(asked: &Asked, drops_git: bool) -> bool {
    let named = || asked.packages.iter().flatten();
    match asked.action {
        Action::Install => named().any(|name| is_of_build(asked.family, name, drops_git)),
        Action::Remove => {
            !asked.packages.is_empty()
                && named().all(|name| name.starts_with('.') || is_of_build(asked.family, name, drops_git))
        }
        _ => false,
    }
}

/// Whether a call removes a package that the final stage never had.
pub(super) fn removes_of_build(asked: &Asked, drops_git: bool) -> bool {
    let of_build = |name: &String| name.starts_with('.') || is_of_build(asked.family, name, drops_git);
    asked.action == Action::Remove && asked.packages.iter().flatten().any(of_build)
}

fn is_of_build(family: Family, name: &str, drops_git: bool) -> bool {
    let build = match family {
        Family::Apt => build_only::apt(name),
        Family::Apk => build_only::apk(name),
        _ => false,
    };
    build || (drops_git && name == "git")
}

/// Packages that make a build stage worth its lines, and a second pip: compilers, and the headers that bring much along.
pub(super) fn is_heavy(family: Family, name: &str, drops_git: bool) -> bool {
    const LIGHT: &[&str] = &["autoconf", "automake", "libtool", "m4", "make", "patch", "pkg-config", "pkgconf"];
    const LARGE: &[&str] = &[
        "ffmpeg-dev",
        "gdal-dev",
        "libboost*-dev",
        "libgdal-dev",
        "libgtk*-dev",
        "libmagick*-dev",
        "libopencv-dev",
        "libvips-dev",
        "llvm*-dev",
        "python*-dev",
        "qt*-dev",
        "r-base-dev",
    ];
    let large = || LARGE.iter().any(|pattern| glob::matches(pattern, name));
    is_of_build(family, name, drops_git) && !LIGHT.contains(&name) && (!name.ends_with("-dev") || large())
}

impl App<'_> {
    /// What the final stage installs in the place of the RUN number `index`, which stays in the build.
    pub(super) fn packages_of(&self, index: usize) -> Result<Option<String>, No> {
        self.packages_with(index, &[])
    }

    /// The same with `more` libraries.
    pub(super) fn packages_with(&self, index: usize, more: &[String]) -> Result<Option<String>, No> {
        let Some(run) = self.run(index) else { return Ok(None) };
        let instruction = self.case.stage.instructions[index];
        let (mut own, mut libraries, mut upgrade, mut recommends) = (Vec::new(), Vec::new(), None, false);
        for asked in asked(run).into_iter().filter(|asked| asked.action == Action::Install) {
            if !matches!(asked.family, Family::Apt | Family::Apk) {
                return Err(No::Because(format!("{} installs with {}", self.case.line(instruction), asked.verb)));
            }
            if asked.verb.contains("upgrade") {
                upgrade = Some(asked.verb.clone());
                continue;
            }
            for name in &asked.packages {
                let Some(name) = name else {
                    let line = self.case.line(instruction);
                    return Err(No::Because(format!("{line} installs a package whose name only the build knows")));
                };
                if !is_of_build(asked.family, name, self.drops_git) {
                    note(&mut own, name);
                    recommends |= asked.recommends;
                    continue;
                }
                for library in self.libraries_of(asked.family, name)? {
                    note(&mut libraries, library);
                }
            }
        }
        for library in more {
            note(&mut libraries, library);
        }
        libraries.retain(|name| !own.contains(name) && !self.stays.contains(name));
        Ok(self.line(&own, &libraries, upgrade.as_deref(), recommends))
    }

    /// What was linked with a package that stays in the build needs at run time, and the base lacks.
    fn libraries_of(&self, family: Family, name: &str) -> Result<Vec<&'static str>, No> {
        let release = self.release.name;
        let found = match family {
            Family::Apt => build_only::libraries(name, release),
            _ => build_only::libraries_on_alpine(name),
        };
        let unknown = || No::Because(format!("which libraries are linked with {name} is not known"));
        let found = found.ok_or_else(unknown)?;
        Ok(found.iter().copied().filter(|library| !build_only::comes_with_python(library)).collect())
    }

    /// A RUN that installs packages: the author's own as he installs them, libraries without what is recommended.
    pub(super) fn line(
        &self,
        own: &[String],
        libraries: &[String],
        upgrade: Option<&str>,
        recommends: bool,
    ) -> Option<String> {
        if own.is_empty() && libraries.is_empty() && upgrade.is_none() {
            return None;
        }
        let all = [own, libraries].concat().join(" ");
        if !self.is_debian() {
            let upgrade = if upgrade.is_some() { "apk upgrade --no-cache && " } else { "" };
            let install = if all.is_empty() { String::new() } else { format!("apk add --no-cache {all}") };
            return Some(format!("RUN {upgrade}{install}").trim_end_matches(" && ").to_owned());
        }
        let upgrade = upgrade.map(|verb| format!("apt-get {verb} -y"));
        let (with, without) = if recommends { (own.join(" "), libraries.join(" ")) } else { (String::new(), all) };
        let with = (!with.is_empty()).then(|| format!("apt-get install -y {with}"));
        let without = (!without.is_empty()).then(|| format!("apt-get install -y --no-install-recommends {without}"));
        let commands = ["apt-get update".to_owned()].into_iter().chain(upgrade).chain(with).chain(without);
        let commands: Vec<String> = commands.chain(["rm -rf /var/lib/apt/lists/*".to_owned()]).collect();
        Some(format!("RUN {}", commands.join(" \\\n    && ")))
    }
}

fn note(list: &mut Vec<String>, name: &str) {
    if !list.iter().any(|known| known == name) {
        list.push(name.to_owned());
    }
}
