//! How the programs of a build are linked.

use super::{App, Built, No};
use crate::image::base::Class;
use crate::project::Finding;
use crate::project::finding::evidence;
use crate::project::go::cgo_table;
use crate::project::go::linking::Cgo;
use crate::proposal::Evidence;

/// How a program is linked.
pub(super) enum Linked {
    /// It runs anywhere.
    Static,
    /// It will, when the build is told so.
    WithoutCgo,
    /// It needs the C library that it is built with.
    Dynamic,
}

impl App<'_> {
    /// How all programs are linked, the strictest counts; and whether all that needs cgo is known.
    pub(super) fn linked(&self, proof: &mut Vec<Evidence>) -> Result<(Linked, bool), No> {
        let (mut worst, mut known) = (Linked::Static, true);
        for program in &self.programs {
            known &= matches!(self.go.cgo(&program.build, &program.package), Finding::Known { .. });
            match (self.linking(program, proof)?, &worst) {
                (Linked::Dynamic, _) => worst = Linked::Dynamic,
                (Linked::WithoutCgo, Linked::Static) => worst = Linked::WithoutCgo,
                _ => {}
            }
        }
        Ok((worst, known))
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
    pub(super) fn may_hide_cgo(&self) -> Option<&'static str> {
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
}
