//! Who may still want a file once it was unpacked. What is written differently may mean the same, so the answer is
//! rather too often yes.

use crate::dockerfile::{Instruction, Keyword};
use crate::image::Stage;
use crate::passes::paths::{file_name, is_in};
use crate::passes::touched::matches;
use crate::passes::{Cx, packages};
use crate::shell::{Script, Simple};

/// Commands of the same RUN, after `used`.
pub(super) fn in_run(script: &Script, text: &str, used: &Simple, path: &str) -> Result<(), String> {
    let name = plain(file_name(path));
    for place in script.commands() {
        let simple = place.simple;
        let assigns = simple.assignments.iter().any(|assignment| plain(&assignment.value.raw).contains(&name));
        if assigns {
            return Err(format!("a variable holds its name, `{name}`"));
        }
        if simple.span.start <= used.span.start {
            continue;
        }
        let written = simple.span.of(text);
        let program = packages::program(simple).unwrap_or_default();
        if plain(written).contains(&name) || simple.words.iter().any(|word| may_match(&word.raw, path)) {
            return Err(format!("`{}` may use it after that", simple.words.first().map_or(program, |word| &word.raw)));
        }
        if program.ends_with("sum") || program == "shasum" || program.starts_with("gpg") {
            return Err(format!("`{program}` may check it after that"));
        }
    }
    Ok(())
}

/// Instructions after `run`: of its stage and of those built on it, and whatever takes files from a stage.
pub(super) fn in_file(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction, path: &str) -> Result<(), String> {
    let name = plain(file_name(path));
    let holds = |one: &&Instruction| matches!(one.keyword, Keyword::Env | Keyword::Arg | Keyword::Label);
    let mut settings = cx.file.instructions().filter(holds);
    if settings.any(|one| plain(one.rest.text()).contains(&name)) {
        return Err(format!("a variable holds its name, `{name}`"));
    }
    let after = cx.file.instructions().filter(|one| one.span.start > run.span.start);
    for one in after {
        let here = cx.stages.stage_of(one).is_some_and(|other| is_built_on(cx, other, stage));
        let takes = one.flags.iter().any(|flag| flag.span.of(cx.file.text()).contains("from="));
        if !here && !takes {
            continue;
        }
        let text = plain(&cx.file.text()[one.code.start..one.span.end]);
        let mut words = text.split([' ', '\t', '\n', '\r', ';', '&', '|', '(', ')', '[', ']', ',', '=']);
        // Patterns of COPY are for the build context.
        let patterns = takes || !matches!(one.keyword, Keyword::Copy | Keyword::Add | Keyword::Env | Keyword::Arg);
        if text.contains(&name) || patterns && words.any(|word| may_match(word, path)) {
            return Err(format!("line {} may use it", cx.line(one.code.start)));
        }
    }
    Ok(())
}

fn is_built_on(cx: &Cx<'_>, stage: &Stage<'_>, root: &Stage<'_>) -> bool {
    stage.index == root.index || cx.stages.children(root.index).any(|child| is_built_on(cx, stage, child))
}

/// Without quotes and braces: `"${V}.tgz"` and `$V.tgz` are the same.
fn plain(text: &str) -> String {
    text.replace(['"', '\'', '{', '}'], "").replace("$?", "").replace("$*", "")
}

/// Whether `word` is a pattern that may mean the file `path`.
fn may_match(word: &str, path: &str) -> bool {
    let word = plain(word);
    if !word.contains(['*', '?']) || word.contains("://") {
        return false;
    }
    let (directory, pattern) = word.rsplit_once('/').unwrap_or(("", &word));
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let literal = |path: &str| path.starts_with('/') && !path.contains(['*', '?', '[', '$']);
    if literal(directory) && literal(parent) && !is_in(parent, directory) {
        return false;
    }
    // A relative pattern means files of a directory of that name.
    if !directory.is_empty()
        && !directory.contains(['*', '?', '[', '$', '.'])
        && file_name(directory) != file_name(parent)
    {
        return false;
    }
    // A variable may be anything.
    let name = plain(name);
    let varies = |text: &str| text.contains(['$', '[']);
    if varies(&name) || varies(pattern) {
        let end = |text: &str| text.rsplit(['$', '*', '?', ']']).next().unwrap_or_default().to_owned();
        let (own, wanted) = (end(&name), end(pattern));
        let of = |text: &str| text.rsplit_once('.').map(|(_, end)| end.to_owned());
        return wanted.is_empty() || own.ends_with(&wanted) || wanted.ends_with(&own) || of(&own) == of(&wanted);
    }
    matches(pattern, &name)
}
