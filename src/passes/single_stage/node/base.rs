//! The image of the final stage: the one that `oversized-base` would choose for it, tried on the new file.

use super::super::layout::Layout;
use super::super::packages::Installed;
use super::super::runtime::Started;
use super::App;
use super::proof::is_server;
use super::sort::Sorted;
use crate::dockerfile::{Args, Dockerfile};
use crate::edit::EditSet;
use crate::image::Stages;
use crate::image::base::{Class, Distro};
use crate::passes::Cx;
use crate::passes::oversized_base::{self, Smaller};
use crate::proposal::Evidence;

impl App<'_> {
    /// The image as FROM names it.
    pub(super) fn image(&self) -> String {
        let Args::Words(words) = &self.case.stage.from.args else { return String::new() };
        words.first().map(|word| word.span.of(self.case.cx.file.text()).to_owned()).unwrap_or_default()
    }

    pub(super) fn distro(&self) -> Distro {
        self.case.from.release().map_or(Distro::Debian, |release| release.distro)
    }

    /// The leanest image on which the final stage of `layout` runs, and why; sets what it then installs.
    pub(super) fn base(&self, layout: &mut Layout<'_>, sorted: &Sorted) -> (String, Vec<Evidence>) {
        self.install(layout, sorted, &sorted.installed);
        let found = if self.case.from.class() == Class::Full { self.tried(layout) } else { None };
        let Some(found) = found else { return (layout.base.clone(), Vec::new()) };
        let mut installed = sorted.installed.clone();
        for name in found.packages {
            installed.need(name);
        }
        // The full image has the certificates, which these only recommend.
        if installed.runtime.iter().any(|name| matches!(name.as_str(), "curl" | "wget" | "git")) {
            installed.need("ca-certificates");
        }
        self.install(layout, sorted, &installed);
        (found.image, found.evidence)
    }

    /// Alpine for a stage that does nothing but serve files by a program in JavaScript.
    pub(super) fn base_of_site(&self, sorted: &Sorted, started: &[Started]) -> Option<String> {
        let image = self.image();
        let (name, _) = image.split_once(':').filter(|_| !image.contains('$'))?;
        let plain = !sorted.sets_up && started.len() == 1 && sorted.installed.runtime.is_empty();
        let alpine =
            self.case.from.in_class(Class::Alpine).filter(|_| plain && self.case.from.class() != Class::Alpine)?;
        sorted.globals.iter().all(|global| is_server(global)).then(|| format!("{name}:{}", alpine.name()))
    }

    /// The packages are installed where the author does, or at the beginning, before a USER.
    fn install(&self, layout: &mut Layout<'_>, sorted: &Sorted, installed: &Installed) {
        let line = installed.line(self.distro());
        let at = sorted.installs.first().copied().unwrap_or(0);
        layout.beside = line.map(|line| (at, vec![line])).into_iter().chain(sorted.beside.iter().cloned()).collect();
    }

    /// What `oversized-base` makes of the new file.
    fn tried(&self, layout: &Layout<'_>) -> Option<Smaller> {
        let mut edits = EditSet::default();
        edits.try_extend(&layout.edits()).ok()?;
        let file = Dockerfile::parse(edits.apply(self.case.cx.file.text()));
        let stages = Stages::of(&file);
        let cx = Cx::new(&file, &stages, self.case.cx.project, self.case.cx.wishes).knowing(self.case.cx.scripts());
        oversized_base::smaller(&cx).ok()
    }

    /// Libraries that packages with headers bring along must be there without these.
    pub(super) fn need_libraries(&self, sorted: &mut Sorted) {
        let release = self.case.from.release().map_or("", |release| release.name);
        let headers = sorted.installed.headers.clone();
        if sorted.installed.need_libraries(release).is_err() {
            // What is linked is not known: the package itself brings it.
            sorted.installed.headers.clear();
            for name in &headers {
                sorted.installed.need(name);
            }
        }
    }
}
