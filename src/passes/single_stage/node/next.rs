//! Next.js with `output: 'standalone'`: the server that it builds has what it needs, and is what is shipped.

use super::super::layout::Layout;
use super::super::runtime::Started;
use super::sort::Sorted;
use super::{App, Split};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Known;
use crate::project::files::EntryKind;
use crate::project::paths;
use crate::proposal::Field;

/// The server that a build of Next.js writes.
pub(super) struct Standalone<'c> {
    /// The instruction that starts it.
    cmd: &'c Instruction,
    /// Why it can be shipped alone.
    pub split: Split,
}

impl<'c> App<'c> {
    /// The server, when the start is nothing but `next start`: it then answers the same.
    pub(super) fn standalone(&self, sorted: &Sorted, started: &[Started]) -> Option<Standalone<'c>> {
        let stage = self.case.stage;
        let cmd = *stage.instructions.get(sorted.fates.len()..)?.iter().rfind(|one| one.keyword == Keyword::Cmd)?;
        let has = |keyword: Keyword| stage.instructions.iter().any(|one| one.keyword == keyword);
        // It takes the name of the host, which Docker sets, for the address to listen on.
        let named = !matches!(stage.end().env("HOSTNAME"), Known::Inherited);
        let here = stage.end().workdir().value() == Some(&self.dir);
        if has(Keyword::Entrypoint) || named || !here || !self.is_next_start(started) {
            return None;
        }
        let mut built = sorted.commands.iter().flat_map(|words| self.node.builds(&self.node.runs(words)).built);
        let next = built.rfind(|built| built.tool == "next")?;
        let output = next.output.value().filter(|_| next.mode.value().is_some_and(|mode| mode == "standalone"))?;
        let locked = self.node.lock().and_then(|lock| Some(&lock.packages[lock.named("next").next()?].version))?;
        // The server reads HOSTNAME and PORT so since 13.
        locked.split('.').next()?.parse::<u32>().ok().filter(|major| *major >= 13)?;
        let output = paths::below(&self.node.dir, output)?;
        let dir = &self.dir;
        let mut paths = vec![(format!("{dir}/{output}/standalone"), dir.clone())];
        let public = paths::join(&self.node.dir, "public")?;
        if self.node.context().kind(&public) == Some(EntryKind::Directory) {
            paths.push((format!("{dir}/public"), format!("{dir}/public")));
        }
        paths.push((format!("{dir}/{output}/static"), format!("{dir}/{output}/static")));
        let evidence = next.mode.evidence().to_vec();
        Some(Standalone { cmd, split: Split { prune: None, paths, base: None, gains: true, evidence } })
    }

    /// Whether the container runs `next start` and, but for checks by tools of the system, nothing else.
    fn is_next_start(&self, started: &[Started]) -> bool {
        let (checks, own): (Vec<&Started>, Vec<&Started>) =
            started.iter().partition(|one| one.place.contains("HEALTHCHECK"));
        let [one] = own.as_slice() else { return false };
        let is_tool = |one: &&Started| matches!(one.name.as_str(), "curl" | "wget" | "node");
        if !checks.iter().all(is_tool) || one.place.contains(':') {
            return false;
        }
        let words: Vec<String> = std::iter::once(one.name.clone()).chain(one.words.iter().cloned()).collect();
        let closure = self.node.runs(&words);
        let [ran] = closure.ran.as_slice() else { return false };
        let production = |text: &String| text == "NODE_ENV=production";
        closure.gaps.is_empty()
            && closure.wrappers.iter().all(|(name, _)| name == "cross-env")
            && ran.assignments.iter().all(production)
            && ran.words == ["next", "start"]
    }
}

impl Standalone<'_> {
    /// Starts the server in the place of the command.
    pub(super) fn start(&self, layout: &mut Layout<'_>) -> (Vec<Edit>, [Field; 2]) {
        layout.last.push("ENV HOSTNAME=0.0.0.0".to_owned());
        let span = self.cmd.rest.span();
        let edits = span.map(|span| Edit::replace(span, r#"["node", "server.js"]"#)).into_iter().collect();
        (edits, [Field::Env("HOSTNAME".to_owned()), Field::Cmd])
    }
}
