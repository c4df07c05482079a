//! Final stages without a shell: distroless images, and scratch.

use super::super::runtime::{Started, name_of};
use super::sort::Sorted;
use super::{App, Installed};
use crate::image::base::{Distro, Release};
use crate::image::{Form, Start};
use crate::project::deploy::said::Check;
use crate::project::go::Go;
use crate::project::go::calls::Use;

impl App<'_> {
    /// Why the final stage must have a shell or other programs, when it must.
    pub(super) fn needs_a_system(&self, started: &[Started], installed: &Installed, sorted: &Sorted) -> Option<String> {
        if let Some((tool, place)) = sorted.tools.first() {
            return Some(format!("{place} runs {tool}, and there is no shell"));
        }
        let start = Start::of(self.case.cx.file, self.case.cx.stages, self.case.stage);
        let launches = [("ENTRYPOINT", &start.entrypoint), ("CMD", &start.cmd), ("HEALTHCHECK", &start.healthcheck)];
        for (name, launch) in launches {
            let Some(launch) = launch.as_ref().filter(|launch| launch.line.is_some()) else { continue };
            match &launch.form {
                Form::Shell(_) => return Some(format!("{name} is in shell form, and there is no shell")),
                Form::Exec(words) => {
                    let is_shell = |word: &String| matches!(name_of(word), "sh" | "bash" | "ash" | "env");
                    if words.first().is_some_and(is_shell) {
                        return Some(format!("{name} starts {}, which is not there", words[0]));
                    }
                }
            }
        }
        let usage = self.case.cx.project.usage();
        if let Some(probe) = usage.probes_inside().into_iter().find(|probe| matches!(probe.check, Check::Shell(_))) {
            return Some(format!("{} checks it by a shell", probe.evidence.file));
        }
        if let Some(one) = started.iter().find(|one| !self.is_program(&one.name)) {
            return Some(format!("{} starts {}, which is not there", one.place, one.name));
        }
        let runs = self.go.code().found.iter().find(|found| found.what == Use::Runs);
        if let Some(found) = runs {
            return Some(format!("{} starts another program", found.evidence.file));
        }
        let given = ["ca-certificates", "tzdata"];
        let more = installed.runtime.iter().find(|name| !given.contains(&name.as_str()));
        more.map(|name| format!("{name} is installed, and nothing can be"))
    }

    /// Whether a command names one of the programs that are built.
    fn is_program(&self, name: &str) -> bool {
        if name.contains('/') {
            let path = self.case.absolute(name);
            return self.programs.iter().any(|program| Some(&program.output) == path.as_ref());
        }
        let dirs = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"];
        self.programs.iter().any(|program| dirs.iter().any(|dir| program.output == format!("{dir}/{name}")))
    }

    /// Why the program needs what scratch lacks and distroless has: users, `/tmp`.
    pub(super) fn needs_files(&self) -> Option<String> {
        if !self.all(Go::needs_users).is_no() {
            return Some("it may look up users, and there is no /etc/passwd".to_owned());
        }
        let found = self.go.code().found.iter().find(|found| found.what == Use::Temporary)?;
        Some(format!("{} makes temporary files, and there is no /tmp", found.evidence.file))
    }
}

/// The distroless image `name` for programs that are built on `release`: of the same Debian, where it is one that has them.
pub(super) fn distroless(name: &str, release: &Release) -> Option<String> {
    let number = match (release.distro, release.number) {
        (Distro::Debian, number @ ("12" | "13")) => number,
        // A static program runs on any.
        _ if name == "static" => "13",
        _ => return None,
    };
    Some(format!("gcr.io/distroless/{name}-debian{number}"))
}
