//! Go: a build that downloads its modules by itself gets them in a layer before the sources.

use super::copies::{self, Bring};
use super::{No, Site};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::clean;
use crate::passes::commands::{self, Command};
use crate::project::finding::evidence;
use crate::project::paths;
use crate::proposal::Proposal;

/// What speaks of modules that are not public, or come another way.
const PRIVATE: [&str; 6] = ["GOPRIVATE", "GOPROXY", "GOFLAGS", "GONOSUMDB", "GOMODCACHE", "netrc"];

/// Downloads the modules before `bring` copies the sources.
pub(super) fn download_first(site: &Site<'_>, bring: &Bring<'_>) -> Result<Proposal, No> {
    let (run, command) = build_behind(site, bring).ok_or(No::NotThis)?;
    let here = site.stage.state_before(bring.copy).workdir().value().map(clean).ok_or(No::NotThis)?;
    let workdir = command.workdir.as_deref().ok_or(No::NotThis)?;
    let context = site.cx.project.context();
    let manifest = bring.origin(context, &format!("{workdir}/go.mod")).ok_or(No::NotThis)?;
    let dir = paths::parent(&manifest).to_owned();
    let go = site.cx.project.go(&dir).ok_or(No::NotThis)?;
    let module = go.module().ok_or(No::NotThis)?;
    let plain = go.has_sum() && go.work().is_none() && !go.vendored().is_yes() && go.local_modules().is_empty();
    if workdir != here || module.requires.is_empty() || !plain || !module.malformed.is_empty() {
        return Err(No::NotThis);
    }
    let flags = run.flags.iter().filter(|flag| flag.name == "mount");
    if PRIVATE.iter().any(|word| site.cx.mentions(word)) || site.cx.mentions("git config") {
        return Err(No::NotThis);
    }
    let sum = if dir.is_empty() { "go.sum".to_owned() } else { format!("{dir}/go.sum") };
    if !context.is_sent(&sum) || flags.clone().any(|flag| !flag.value.as_deref().is_some_and(is_shared)) {
        return Err(No::NotThis);
    }
    let text = site.cx.file.text();
    let newline = site.cx.file.newline().as_str();
    let flags = copies::written(flags, text);
    let small = bring.copy.keyword_span.of(text).starts_with(char::is_lowercase);
    let (copy, run) = if small { ("copy", "run") } else { ("COPY", "RUN") };
    let lines = format!("{copy} {manifest} {sum} ./{newline}{run} {flags}go mod download{newline}");
    let at = site.with_comments(bring.copy).start;
    let proof = evidence(manifest, None, "with go.sum it is all that downloading the modules reads");
    Ok(Proposal::checked(bring.copy.code, "download the modules before the sources are copied", vec![proof])
        .because("a change of the sources then does not download the modules again")
        .edit(Edit::insert(at, lines)))
}

/// A cache that the download may share with the build.
fn is_shared(mount: &str) -> bool {
    mount.contains("type=cache") || mount.contains("type=ssh") || mount.contains("type=secret")
}

/// The first RUN behind `bring` that builds a program, when none before downloads modules.
fn build_behind<'s>(site: &'s Site<'_>, bring: &Bring<'_>) -> Option<(&'s Instruction, Command)> {
    let runs = site.stage.instructions.iter().filter(|one| one.keyword == Keyword::Run);
    for run in runs {
        let commands = commands::of(site.cx, site.stage, run).ok()?;
        // `go install tool@version` has nothing to do with the module.
        let of_go =
            |command: &Command| command.program() == Some("go") && !command.arguments().any(|word| word.contains('@'));
        if run.code.start < bring.copy.code.start {
            if commands.iter().any(|command| of_go(command) && matches!(command.verb(), Some("mod" | "get"))) {
                return None;
            }
            continue;
        }
        if let Some(command) = commands.into_iter().find(of_go) {
            let builds = matches!(command.verb(), Some("build" | "install" | "test" | "vet"));
            let local = command.arguments().any(|word| word.starts_with("-mod"));
            return Some((*run, command)).filter(|(_, _)| builds && !local);
        }
    }
    None
}
