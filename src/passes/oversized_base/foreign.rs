//! What an image gets that was not made on it, and may be linked to glibc: it does not run on Alpine.

use super::Case;
use crate::dockerfile::{Args, Instruction, Keyword, Word};
use crate::image::Stage;
use crate::passes::no::No;
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::paths;

/// Nothing when neither other stages, nor downloads, nor the build context bring such a thing, and no variable names one.
pub(super) fn brings_nothing_for_glibc(case: &Case<'_>) -> Result<(), No> {
    for stage in &case.group {
        for instruction in &stage.instructions {
            if let Some(what) = one(case, stage, instruction) {
                return Err(No::because(format!("line {} {what}", case.cx.line(instruction.code.start))));
            }
        }
    }
    match compiled(case) {
        Some(path) => Err(No::because(format!("{path} may be linked to glibc"))),
        None => Ok(()),
    }
}

/// What one instruction does of that kind.
fn one(case: &Case<'_>, stage: &Stage<'_>, instruction: &Instruction) -> Option<&'static str> {
    let text = instruction.rest.text();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let downloads = Some("downloads what may be linked to glibc");
    match instruction.keyword {
        Keyword::Copy if instruction.flag("from").is_some() => (!is_from_the_group(case, stage, instruction)
            && !brings_no_program(instruction))
        .then_some("copies from elsewhere what may be linked to glibc"),
        Keyword::Add if says(&["://"]) && !brings_no_program(instruction) => downloads,
        Keyword::Run if says(&["://"]) && says(&["curl", "wget", "fetch", "aria2c"]) => downloads,
        // `LD_PRELOAD` and its like.
        Keyword::Env if says(&["linux-gnu", "=/usr/lib/", " /usr/lib/"]) => {
            Some("names a directory of Debian's libraries")
        }
        _ => None,
    }
}

/// Whether a COPY takes from a stage that gets the new image too.
fn is_from_the_group(case: &Case<'_>, stage: &Stage<'_>, copy: &Instruction) -> bool {
    let Some(flag) = copy.flag("from") else { return false };
    let from = case.cx.stages.flag_reference(stage.index, flag).and_then(|found| found.stage);
    from.is_some_and(|from| case.group.iter().any(|member| member.index == from))
}

/// A compiled library that the build context brings: an addon of Node, or a shared object.
fn compiled(case: &Case<'_>) -> Option<String> {
    const INSTALLED: &[&str] = &[".git", ".venv", "node_modules", "venv"];
    let mut found = None;
    case.cx.project.context().walk_sent("", |path, kind| {
        let name = paths::name(path);
        match kind {
            EntryKind::Directory | EntryKind::LinkToDirectory if INSTALLED.contains(&name) => Step::Skip,
            EntryKind::File if matches!(paths::extension(name), "node" | "so") || name.contains(".so.") => {
                found = Some(path.to_owned());
                Step::Stop
            }
            _ => Step::Enter,
        }
    });
    found
}

/// Whether a COPY can only bring files that no loader reads: told by the ending of every source.
fn brings_no_program(copy: &Instruction) -> bool {
    const DATA: &[&str] =
        &["html", "css", "js", "mjs", "cjs", "json", "txt", "md", "yml", "yaml", "crt", "pem", "conf"];
    let (Args::Words(words) | Args::Json(words)) = &copy.args else { return false };
    let is_data = |word: &Word| word.value.rsplit_once('.').is_some_and(|(_, ending)| DATA.contains(&ending));
    words.split_last().is_some_and(|(_, sources)| sources.iter().all(is_data))
}
