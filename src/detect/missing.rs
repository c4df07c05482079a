//! What is not there and should be.

use super::apps::App;
use super::{Fact, Topic, View, at, shown};
use crate::project::deploy::choice::{Wanted, wants};
use crate::project::finding::{Finding, evidence};
use crate::project::node::Node;
use crate::project::paths;
use crate::proposal::Evidence;

/// So many sources of COPY that are not there are told.
const MOST: usize = 5;

impl View<'_> {
    pub(super) fn missing(&self, apps: &[App]) -> Vec<Fact> {
        if self.around.context.value().is_none() {
            return Vec::new();
        }
        let mut facts = Vec::new();
        for app in apps {
            match app {
                App::Node(node) => facts.extend(self.node_lock(node)),
                App::Python(_) | App::Go(_) => {}
            }
        }
        facts.extend(self.sources());
        facts.extend(self.ignore_file());
        facts
    }

    fn node_lock(&self, node: &Node) -> Option<Fact> {
        let Some(lock) = &node.lock_path else {
            // A member of a workspace has its lock at the root.
            let found = self.in_context(&[node.manifest.source.whole("has no lock file beside it")]);
            let installs = !node.manifest.dependencies.is_empty();
            return installs.then(|| Fact::known(Topic::Missing, "a lock file: installs are not repeatable", found));
        };
        if let Finding::Known { value: false, evidence } = node.lock_in_sync() {
            let found = self.in_context(&evidence);
            return Some(Fact::known(Topic::Missing, "a lock file in sync with package.json", found));
        }
        if !self.around.project.context().is_sent(lock) {
            let found = self.in_context(&[evidence(lock, None, "is left out by .dockerignore")]);
            return Some(Fact::known(Topic::Missing, "the lock file in what is sent to the builder", found));
        }
        None
    }

    /// Sources of COPY that are not in the context: the build fails, or something makes them first.
    fn sources(&self) -> Vec<Fact> {
        let context = self.around.project.context();
        let absent = wants(self.around.file, self.stages).named.into_iter().filter(|wanted| {
            let found = context.copy_source(&wanted.path);
            found.roots.is_empty() && found.complete
        });
        let fact = |wanted: Wanted| {
            let path = paths::clean(&wanted.path).unwrap_or_default();
            let ignored = context.kind(&path).is_some();
            let how = if ignored { "which .dockerignore leaves out" } else { "which must be made before the build" };
            let mut found = vec![self.line(wanted.line, "copies it")];
            if let Some(pattern) = context.dockerignore().deciding(&path).filter(|_| ignored) {
                let file = context.dockerignore().file().unwrap_or(".dockerignore");
                found.extend(self.in_context(&[evidence(file, Some(pattern.line), "leaves it out")]));
            }
            Fact::known(Topic::Missing, format!("{}, {how}", at(&self.around.places.context, &path)), found)
        };
        absent.take(MOST).map(fact).collect()
    }

    fn ignore_file(&self) -> Option<Fact> {
        let context = self.around.project.context();
        if context.dockerignore().file().is_some() {
            return None;
        }
        let sent: Vec<&str> =
            [".git", "node_modules", ".venv", ".env"].into_iter().filter(|name| context.kind(name).is_some()).collect();
        let dir = shown(&self.around.places.context).to_owned();
        let fact =
            Fact::known(Topic::Missing, "a .dockerignore", [evidence(dir, None, "holds no .dockerignore") as Evidence]);
        Some(if sent.is_empty() { fact } else { fact.with(format!("{} sent to the builder", are(&sent))) })
    }
}

/// `a is`, `a and b are`.
fn are(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => String::new(),
    }
}
