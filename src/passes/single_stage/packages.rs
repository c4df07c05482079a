//! Packages of the distribution: those of the build stay there, the rest is installed in the final stage.

use super::Case;
use crate::dockerfile::Instruction;
use crate::image::base::Distro;
use crate::managers::build_only;
use crate::passes::packages::{Action, Family, call, distribution_name, install};

/// What the RUNs of a stage install that may be needed at run time.
#[derive(Clone, Default)]
pub(super) struct Installed {
    /// Names, in order of writing, each once.
    pub runtime: Vec<String>,
    /// Packages with headers; programs are linked to their libraries.
    pub headers: Vec<String>,
    /// Whether some are left to the build.
    pub drops: bool,
}

impl Installed {
    /// Notes `name` once.
    fn note(list: &mut Vec<String>, name: &str) {
        if !list.iter().any(|known| known == name) {
            list.push(name.to_owned());
        }
    }

    /// Adds a package that the final stage needs.
    pub(super) fn need(&mut self, name: &str) {
        Self::note(&mut self.runtime, name);
    }

    /// Notes what `run` installs, when it does nothing else; `false` when it does something else.
    pub(super) fn read(&mut self, case: &Case<'_>, run: &Instruction) -> Result<bool, String> {
        let body = case.cx.body(run);
        let Some(script) = body.shell.script() else { return Ok(false) };
        let (mut found, mut other) = (Vec::new(), false);
        for place in script.commands() {
            match call(place.simple) {
                Some(call) => found.push(call),
                None => {
                    other |= !matches!(
                        place.simple.name(),
                        Some("rm" | "set" | "echo" | "true" | ":" | "update-ca-certificates")
                    );
                }
            }
        }
        if found.is_empty() {
            return Ok(false);
        }
        if other {
            return Err(format!("{} installs packages and does something else too", case.line(run)));
        }
        for call in found.iter().filter(|call| call.action == Action::Install) {
            if matches!(call.verb, "upgrade" | "dist-upgrade" | "full-upgrade") {
                continue;
            }
            for package in &call.packages {
                let Some(name) = package.literal.as_deref() else {
                    return Err(format!("{} installs `{}`, which is not known", case.line(run), package.raw));
                };
                let name = distribution_name(name);
                let build = match call.family {
                    Family::Apt => build_only::apt(name),
                    Family::Apk => build_only::apk(name),
                    _ => return Err(format!("{} installs with {}", case.line(run), call.verb)),
                };
                let has_headers = name.ends_with("-dev") && !matches!(name, "musl-dev" | "libc-dev" | "libc6-dev");
                self.drops |= build;
                if !build {
                    self.need(name);
                } else if has_headers {
                    Self::note(&mut self.headers, name);
                }
            }
        }
        Ok(true)
    }

    /// Adds the libraries that programs linked with the headers need on Debian's `release`.
    pub(super) fn need_libraries(&mut self, release: &str) -> Result<(), String> {
        for package in std::mem::take(&mut self.headers) {
            let libraries = build_only::libraries(&package, release)
                .ok_or_else(|| format!("which libraries are linked with {package} is not known"))?;
            for library in libraries {
                self.need(library);
            }
        }
        Ok(())
    }

    /// The RUN that installs them; nothing when there are none.
    pub(super) fn line(&self, distro: Distro) -> Option<String> {
        (!self.runtime.is_empty()).then(|| format!("RUN {}", install(distro, &self.runtime)))
    }
}
