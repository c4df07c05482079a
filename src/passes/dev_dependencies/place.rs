//! What is around the application in the stage that ships it.

use super::Site;
use super::held::{Held, paths_of};
use crate::dockerfile::{Instruction, Keyword};
use crate::image::Stage;
use crate::passes::commands;
use crate::passes::single_stage::installed_packages;
use crate::passes::single_stage::node::App;
use crate::project::paths;

impl Site<'_> {
    /// The stage that ships, and those that it is built on.
    fn shipped(&self) -> impl Iterator<Item = (&Stage<'_>, &Instruction)> {
        let stages = self.cx.stages.chain(self.ships.stage);
        stages.flat_map(|stage| stage.instructions.iter().map(move |one| (stage, *one)))
    }

    fn shipped_runs(&self) -> impl Iterator<Item = (&Stage<'_>, &Instruction)> {
        self.shipped().filter(|(_, one)| one.keyword == Keyword::Run)
    }

    /// Packages that are installed for everybody.
    pub(super) fn globals(&self) -> Vec<String> {
        let commands =
            self.shipped_runs().flat_map(|(stage, run)| commands::of(self.cx, stage, run).unwrap_or_default());
        let global = commands.filter(|command| {
            matches!(command.program(), Some("npm" | "yarn" | "pnpm" | "corepack"))
                && command.arguments().any(|word| matches!(word, "-g" | "--global" | "global" | "enable" | "prepare"))
        });
        let words = global.flat_map(|command| {
            let by_corepack = command.program() == Some("corepack");
            let own = command.words.into_iter().skip(1).flatten().filter(|word| !word.starts_with('-'));
            own.chain(by_corepack.then(|| ["pnpm", "yarn"].map(str::to_owned)).into_iter().flatten())
                .collect::<Vec<_>>()
        });
        words.collect()
    }

    /// Packages of the distribution.
    pub(super) fn packages(&self) -> Vec<String> {
        self.shipped_runs().flat_map(|(_, run)| installed_packages(self.ships, run)).collect()
    }

    /// Whether the application lies below its directory as it does in the build context.
    pub(super) fn is_in_place(&self, app: &App<'_>) -> bool {
        let here = self.ships.stage.end().workdir().value().map(str::to_owned);
        here.as_deref().is_some_and(|here| below(&self.held.dir, here).is_some())
            && self
                .shipped()
                .filter(|(_, one)| matches!(one.keyword, Keyword::Copy | Keyword::Add))
                .all(|(stage, copy)| self.keeps_place(app, stage, copy))
    }

    fn keeps_place(&self, app: &App<'_>, stage: &Stage<'_>, copy: &Instruction) -> bool {
        let Some((sources, target)) = paths_of(self.cx, stage, copy) else { return false };
        let Some(inside) = below(&self.held.dir, &target) else { return true };
        let from = match copy.flag("from") {
            None => format!("/{}", app.node.dir),
            Some(flag) => {
                let Some(other) = self.cx.stages.flag_reference(stage.index, flag).and_then(|found| found.stage) else {
                    return false;
                };
                let held = self.cx.stages.get(other).and_then(|other| Held::by(self.cx, other));
                held.map_or_else(|| self.held.dir.clone(), |held| held.dir)
            }
        };
        sources.iter().all(|source| {
            let Some(own) = below(from.trim_end_matches('/'), source) else { return false };
            let is_file = own.contains('*') || app.node.context().is_file(&join(&app.node.dir, own));
            own == inside || (is_file && paths::parent(own) == inside)
        })
    }
}

/// `path` as seen from `dir`, when it lies there.
fn below<'p>(dir: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(dir.trim_end_matches('/'))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn join(dir: &str, path: &str) -> String {
    if dir.is_empty() { path.to_owned() } else { format!("{dir}/{path}") }
}
