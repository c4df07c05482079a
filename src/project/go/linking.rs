//! Whether a program needs cgo, and whether it is linked statically.

use super::Go;
use super::build::Build;
use super::cgo_table::{self, CgoModule};
use super::code::Conditions;
use super::needs::{is_foreign, shown};
use crate::project::finding::{Finding, evidence};
use crate::project::paths;

/// Whether a program needs cgo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgo {
    /// Neither the code nor a module that is known to need it.
    No,
    /// The code itself, or a module that it imports.
    Required {
        /// The modules of the table that need it; empty when the code itself does.
        modules: Vec<&'static CgoModule>,
    },
}

/// Packages of the standard library that use the C library when cgo is on.
const STANDARD_CGO: &[&str] = &["net", "net/http", "os/user", "net/rpc", "net/smtp", "plugin", "runtime/cgo"];

impl Go {
    /// Whether the program in `package` needs cgo.
    pub fn cgo(&self, build: &Build, package: &str) -> Finding<Cgo> {
        // With cgo in mind, or a file that imports "C" would not count.
        let conditions = Conditions { tags: &build.tags, cgo: None };
        if let Some(why) = self.unreadable() {
            return why;
        }
        let dirs = self.reached(package, conditions);
        if build.needs_cgo() {
            return Finding::known(
                Cgo::Required { modules: Vec::new() },
                [evidence("go build", None, "the way of building needs cgo")],
            );
        }
        if let Some(place) = self.code().cgo(&dirs, conditions) {
            return Finding::known(Cgo::Required { modules: Vec::new() }, [place.clone()]);
        }
        let imports = self.code().imports(&dirs, conditions);
        let (mut modules, mut places) = (Vec::new(), Vec::new());
        for (path, place) in &imports {
            if let Some((module, below)) = cgo_table::find(path)
                && module.applies(below, &build.tags)
            {
                modules.push(module);
                places.push((*place).clone());
                places.push(evidence(module.source, None, format!("{} needs cgo", module.path)));
            }
        }
        if !modules.is_empty() {
            return Finding::known(Cgo::Required { modules }, places);
        }
        self.cgo_by_requires(build, &imports.keys().copied().collect::<Vec<_>>())
    }

    /// No package of ours imports a module that needs cgo: one of its dependencies may.
    fn cgo_by_requires(&self, build: &Build, imports: &[&str]) -> Finding<Cgo> {
        let Some(module) = self.module() else {
            let foreign = imports.iter().find(|path| is_foreign(path));
            return match foreign {
                Some(path) => Finding::unknown(format!("there is no go.mod that says what {path} needs")),
                None => {
                    Finding::known(Cgo::No, [evidence(shown(&self.dir), None, "only the standard library is imported")])
                }
            };
        };
        for require in &module.requires {
            let Some((known, _)) = cgo_table::find(&require.path) else { continue };
            let by_tag =
                known.tags.is_empty() || known.tags.iter().any(|tag| build.tags.iter().any(|given| given == tag));
            // A direct requirement of which only other packages need cgo is settled by the imports.
            let imported = imports.iter().any(|path| paths::below(&require.path, path).is_some());
            if by_tag && !(imported && !known.only.is_empty() && !require.indirect) {
                let why = format!("{} needs cgo, and whether the program is built with it is not known", require.path);
                return Finding::blocked(why, [require.evidence.clone()]);
            }
        }
        if let Some((path, place)) = self.local_modules().into_iter().find(|(path, _)| self.is_other_module(path)) {
            return Finding::blocked(format!("the module in {path} is not looked into"), [place]);
        }
        let fact = match module.requires.len() {
            0 => "requires no module".to_owned(),
            count => format!("none of the {count} required modules is known to need cgo"),
        };
        Finding::known(Cgo::No, [evidence(&module.path, None, fact)])
    }

    fn is_other_module(&self, path: &str) -> bool {
        self.code().package(path).is_none()
    }

    /// Whether the program in `package` is one static file, so that it runs without a C library.
    pub fn is_static(&self, build: &Build, package: &str) -> Finding<bool> {
        if build.cgo == Some(false) {
            return Finding::known(true, [evidence("go build", None, "CGO_ENABLED=0")]);
        }
        if build.mode.as_deref() == Some("pie") || build.asks_for_static() {
            return Finding::unknown("the linker is told how to link");
        }
        match self.cgo(build, package) {
            Finding::Known { value: Cgo::Required { .. }, evidence } => return Finding::known(false, evidence),
            Finding::Unknown { why, evidence } => return Finding::blocked(why, evidence),
            Finding::Known { value: Cgo::No, .. } => {}
        }
        let conditions = Conditions { tags: &build.tags, cgo: None };
        let dirs = self.reached(package, conditions);
        let imports = self.code().imports(&dirs, conditions);
        let pure = ["netgo", "osusergo"].iter().all(|tag| build.tags.iter().any(|given| given == tag));
        if let Some((path, place)) = imports.iter().find(|(path, _)| STANDARD_CGO.contains(path)).filter(|_| !pure) {
            // It is static where no C compiler is on PATH, or CGO_ENABLED is 0.
            return if build.cgo == Some(true) {
                Finding::known(false, [(*place).clone()])
            } else {
                Finding::blocked(
                    format!("{path} is linked dynamically where cgo is on, and CGO_ENABLED is not set"),
                    [(*place).clone()],
                )
            };
        }
        match imports.iter().find(|(path, _)| is_foreign(path) && !self.is_own(path)) {
            Some((path, place)) if !pure => {
                Finding::blocked(format!("what {path} links is not known"), [(*place).clone()])
            }
            _ => Finding::known(true, [evidence(shown(&self.dir), None, "nothing that it imports uses the C library")]),
        }
    }
}
