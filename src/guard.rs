//! Checks every result of a pass against what went in, without trusting the pass.

use crate::dockerfile::{Dockerfile, Instruction, ItemKind, Keyword, Problem};
use crate::edit::EditSet;
use crate::image::{Contract, Exists, Form, Stage, StageRef, Stages, Start, clean};
use crate::passes::Cx;
use crate::proposal::{Field, Proposal};
use crate::shell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// Above this many lines in one instruction the second opinion is not asked for: its recursion would
/// overflow the stack.
const LONGEST_FOR_SECOND_OPINION: usize = 1000;

/// Whether `edits`, made by `proposals` on the text of `cx`, change only what they may: then the file they lead to. The
/// error says what else changed. `asks` for the second opinion, too.
pub fn check(cx: &Cx<'_>, edits: &EditSet, proposals: &[&Proposal], asks: bool) -> Result<Dockerfile, String> {
    let before = cx.file;
    let after = Dockerfile::parse(edits.apply(before.text()));
    no_new_problem(before, &after)?;
    directives_kept(before, &after)?;
    comments_kept(before, &after)?;
    let stages = Stages::of(&after);
    names_kept(cx.stages, &stages)?;
    references_kept(cx.stages, &stages)?;
    contract_as_declared(cx, &after, &stages, proposals)?;
    words_kept(before, &after, proposals)?;
    let around = Cx::new(&after, &stages, cx.project, cx.wishes).knowing(cx.scripts());
    scripts_kept(cx, &around)?;
    start_is_there(cx, &around)?;
    if asks {
        second_opinion(before, &after)?;
    }
    Ok(after)
}

fn no_new_problem(before: &Dockerfile, after: &Dockerfile) -> Result<(), String> {
    let mut old: Vec<&str> = before.problems().iter().map(|problem| problem.message.as_str()).collect();
    for Problem { message, span, .. } in after.problems() {
        match old.iter().position(|known| known == message) {
            Some(index) => drop(old.swap_remove(index)),
            None => return Err(format!("line {} would no longer parse: {message}", after.lines().line(span.start))),
        }
    }
    Ok(())
}

/// Directives work only at the top: those that were there must still be directives, in their order.
fn directives_kept(before: &Dockerfile, after: &Dockerfile) -> Result<(), String> {
    let kept = directives(after);
    for (name, value) in directives(before) {
        if !kept.contains(&(name, value)) {
            return Err(format!("the directive `# {name}={value}` would be lost"));
        }
    }
    Ok(())
}

fn directives(file: &Dockerfile) -> Vec<(&str, &str)> {
    let directives = file.items().iter().filter_map(|item| match &item.kind {
        ItemKind::Directive { name, value } => Some((name.as_str(), value.as_str())),
        _ => None,
    });
    directives.collect()
}

fn comments_kept(before: &Dockerfile, after: &Dockerfile) -> Result<(), String> {
    let mut kept: HashMap<&str, usize> = HashMap::new();
    for comment in comments(after) {
        *kept.entry(comment).or_default() += 1;
    }
    for comment in comments(before) {
        match kept.get_mut(comment) {
            Some(count) if *count > 0 => *count -= 1,
            _ => return Err(format!("the comment `{comment}` would be lost")),
        }
    }
    Ok(())
}

fn comments(file: &Dockerfile) -> impl Iterator<Item = &str> {
    file.items().iter().flat_map(move |item| {
        let (own, inner): (_, &[_]) = match &item.kind {
            ItemKind::Comment => (Some(item.span), &[]),
            ItemKind::Instruction(instruction) => (None, &instruction.comments),
            _ => (None, &[]),
        };
        own.into_iter().chain(inner.iter().copied()).map(|span| span.of(file.text()).trim())
    })
}

fn names_kept(before: &Stages<'_>, after: &Stages<'_>) -> Result<(), String> {
    let kept: Vec<&String> = after.iter().filter_map(|stage| stage.name.as_ref()).collect();
    match before.iter().filter_map(|stage| stage.name.as_ref()).find(|name| !kept.contains(name)) {
        Some(name) => Err(format!("the stage `{name}` would be lost")),
        None => Ok(()),
    }
}

/// A name that meant a stage must still mean one.
fn references_kept(before: &Stages<'_>, after: &Stages<'_>) -> Result<(), String> {
    // A name may mean a stage at one place and an image at another, before the stage is there.
    let (old, new) = (before.references(), after.references());
    let images =
        |all: &[StageRef], name: &str| all.iter().filter(|one| one.name == name && one.stage.is_none()).count();
    let was_stage = |name: &str| old.iter().any(|one| one.name == name && one.stage.is_some());
    let is_lost = |one: &&StageRef| was_stage(&one.name) && images(&new, &one.name) > images(&old, &one.name);
    match new.iter().find(is_lost) {
        Some(lost) => Err(format!("`{}` would no longer mean a stage", lost.name)),
        None => Ok(()),
    }
}

/// Compares the default stage, and every stage that has a name (`--target`).
fn contract_as_declared(
    cx: &Cx<'_>,
    after: &Dockerfile,
    stages: &Stages<'_>,
    proposals: &[&Proposal],
) -> Result<(), String> {
    let declared: Vec<&Field> = proposals.iter().flat_map(|proposal| &proposal.changes).collect();
    let last = cx.stages.last().zip(stages.last());
    // A name may be given twice: the first to the first, the second to the second.
    let called = |old: &Stage<'_>, all: &'_ Stages<'_>| -> Vec<usize> {
        all.iter().filter(|stage| stage.name == old.name).map(|stage| stage.index).collect()
    };
    let named = cx.stages.iter().filter(|old| old.name.is_some()).filter_map(|old| {
        let place = called(old, cx.stages).iter().position(|index| *index == old.index)?;
        Some((old, stages.get(*called(old, stages).get(place)?)?))
    });
    for (old, new) in last.into_iter().chain(named) {
        let was = Contract::of(cx.file, cx.stages, old);
        let is = Contract::of(after, stages, new);
        for difference in was.differences(&is) {
            if !declared.contains(&&difference.field) {
                let show = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
                let (before, after) = (show(difference.before), show(difference.after));
                return Err(format!("{} would change undeclared from {before} to {after}", difference.field));
            }
        }
    }
    Ok(())
}

/// What ENTRYPOINT, CMD and HEALTHCHECK name by a path, and was there before as far as is known, is still there.
fn start_is_there(cx: &Cx<'_>, around: &Cx<'_>) -> Result<(), String> {
    let (Some(old), Some(new)) = (cx.stages.last(), around.stages.last()) else { return Ok(()) };
    for path in started_paths(around.file, around.stages, new) {
        let is_missing = |cx: &Cx<'_>, stage: &Stage<'_>| cx.find_in_stage(stage.index, &path) == Exists::No;
        if is_missing(around, new) && !is_missing(cx, old) {
            return Err(format!("{path}, which a container starts, would no longer be there"));
        }
        // Of a base that is left, what was its own goes with it; what a RUN or COPY made must be made again.
        let made = |cx: &Cx<'_>, stage: &Stage<'_>| matches!(cx.find_in_stage(stage.index, &path), Exists::Yes(_));
        if old.index != new.index && made(cx, old) && !made(around, new) {
            return Err(format!("whether {path}, which a container starts, would still be there is not known"));
        }
    }
    Ok(())
}

/// Absolute paths of programs and of files of code that the commands of `stage` name.
fn started_paths(file: &Dockerfile, stages: &Stages<'_>, stage: &Stage<'_>) -> Vec<String> {
    let start = Start::of(file, stages, stage);
    let workdir = stage.end().workdir().value().map(str::to_owned);
    let launches = [&start.entrypoint, &start.cmd, &start.healthcheck].into_iter().flatten();
    let words = launches.flat_map(|launch| match &launch.form {
        Form::Exec(words) => words.iter().take(2).cloned().collect::<Vec<_>>(),
        Form::Shell(text) => text.split_whitespace().take(2).map(str::to_owned).collect(),
    });
    let is_code = |word: &str| [".js", ".cjs", ".mjs", ".py", ".sh"].iter().any(|ending| word.ends_with(ending));
    let is_path = |word: &String| {
        !word.contains(['$', '*', '"', '\'', ';', '&', '|', ':'])
            && !word.starts_with('-')
            && (word.contains('/') || is_code(word))
    };
    words
        .filter(is_path)
        .filter_map(|word| {
            if word.starts_with('/') {
                Some(clean(&word))
            } else {
                Some(clean(&format!("{}/{word}", workdir.as_ref()?)))
            }
        })
        .collect()
}

/// The words of all RUNs, in order, must still be there in that order; only declared ones may go, and only
/// a declared move may change the order.
fn words_kept(before: &Dockerfile, after: &Dockerfile, proposals: &[&Proposal]) -> Result<(), String> {
    let mut dropped: HashMap<&str, usize> = HashMap::new();
    for word in proposals.iter().flat_map(|proposal| &proposal.drops) {
        *dropped.entry(word).or_default() += 1;
    }
    let (old, new) = (words(before), words(after));
    if proposals.iter().any(|proposal| proposal.moves) {
        return words_kept_in_any_order(&old.concat(), &new.concat(), dropped);
    }
    if is_subsequence(old.iter().flatten(), new.iter().flatten()) {
        return Ok(());
    }
    // RUN by RUN where they correspond: over a long file the shortest way is not found in reasonable time.
    if old.len() == new.len() {
        let mut left = dropped.clone();
        let mut pairs = old.iter().zip(&new).filter(|(old, new)| !is_subsequence(*old, *new));
        if pairs.all(|(old, new)| words_kept_in_order(old, new, &mut left).is_ok()) {
            return Ok(());
        }
    }
    words_kept_in_order(&old.concat(), &new.concat(), &mut dropped)
}

/// What a RUN that an edit touched runs must still be understood, unless what it came from was not.
fn scripts_kept(cx: &Cx<'_>, around: &Cx<'_>) -> Result<(), String> {
    let (old, new) = (runs_by_text(cx.file), runs_by_text(around.file));
    let opaque = |cx: &Cx<'_>, run: &Instruction| matches!(*cx.body(run).shell, shell::Shell::Opaque(_));
    let mut touched = new.iter().filter(|(text, _)| !old.contains_key(*text));
    let Some((_, lost)) = touched.find(|(_, run)| opaque(around, run)) else { return Ok(()) };
    if old.iter().any(|(text, run)| !new.contains_key(text) && opaque(cx, run)) {
        return Ok(());
    }
    let words: Vec<&str> = lost.rest.text().split_whitespace().take(4).collect();
    Err(format!("`RUN {} …` would no longer be understood", words.join(" ")))
}

fn runs_by_text(file: &Dockerfile) -> BTreeMap<&str, &Instruction> {
    let runs = file.instructions().filter(|instruction| instruction.keyword == Keyword::Run);
    runs.map(|run| (run.span.of(file.text()), run)).collect()
}

fn is_subsequence<'w>(of: impl IntoIterator<Item = &'w String>, all: impl IntoIterator<Item = &'w String>) -> bool {
    let mut all = all.into_iter();
    of.into_iter().all(|word| all.any(|other| other == word))
}

/// The shortest way from the one to the other: what it deletes is what goes.
fn words_kept_in_order(old: &[String], new: &[String], dropped: &mut HashMap<&str, usize>) -> Result<(), String> {
    if old.is_empty() {
        return Ok(());
    }
    for change in similar::capture_diff_slices(similar::Algorithm::Myers, old, new) {
        for word in &old[deleted(&change)] {
            take_dropped(dropped, word)?;
        }
    }
    Ok(())
}

fn deleted(change: &similar::DiffOp) -> Range<usize> {
    match change.tag() {
        similar::DiffTag::Equal | similar::DiffTag::Insert => 0..0,
        similar::DiffTag::Delete | similar::DiffTag::Replace => change.old_range(),
    }
}

fn words_kept_in_any_order(old: &[String], new: &[String], mut dropped: HashMap<&str, usize>) -> Result<(), String> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in new {
        *left.entry(word).or_default() += 1;
    }
    for word in old {
        match left.get_mut(word.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => take_dropped(&mut dropped, word)?,
        }
    }
    Ok(())
}

fn take_dropped(dropped: &mut HashMap<&str, usize>, word: &str) -> Result<(), String> {
    match dropped.get_mut(word) {
        Some(count) if *count > 0 => {
            *count -= 1;
            Ok(())
        }
        _ => Err(format!("`{word}` would be lost from a RUN")),
    }
}

/// The words of each RUN, as the shell cuts them at blanks; the joining operators do not count.
fn words(file: &Dockerfile) -> Vec<Vec<String>> {
    let runs = file.instructions().filter(|instruction| instruction.keyword == Keyword::Run);
    runs.map(|run| run_words(file, run)).collect()
}

fn run_words(file: &Dockerfile, run: &Instruction) -> Vec<String> {
    let bodies = run.heredocs.iter().map(|heredoc| heredoc.body.of(file.text()));
    std::iter::once(run.rest.text())
        .chain(bodies)
        .flat_map(shell::rough_words)
        .filter(|word| !matches!(*word, "&&" | ";"))
        .map(str::to_owned)
        .collect()
}

/// Where the independent parser reads the input as ours does, it must read the output so too.
pub fn second_opinion(before: &Dockerfile, after: &Dockerfile) -> Result<(), String> {
    // It takes its time. Mostly both agree on what is new, and what is not new need not be asked about.
    if !suits_second_opinion(after) || agrees_on_news(before, after) {
        return Ok(());
    }
    if !suits_second_opinion(before) || !agrees(before) || agrees(after) {
        return Ok(());
    }
    Err("an independent parser reads the result differently".to_owned())
}

fn suits_second_opinion(file: &Dockerfile) -> bool {
    file.instructions().all(|instruction| instruction.last_line - instruction.first_line < LONGEST_FOR_SECOND_OPINION)
}

fn agrees(file: &Dockerfile) -> bool {
    reads_as(file.text(), file.instructions())
}

/// Whether both parsers read alike what of `after` does not stand in `before`, each with the item that follows, which a
/// wrong end would swallow.
fn agrees_on_news(before: &Dockerfile, after: &Dockerfile) -> bool {
    let known: HashSet<&str> = before.items().iter().map(|item| item.span.of(before.text())).collect();
    let (mut text, mut instructions, mut wanted) = (String::new(), Vec::new(), false);
    for item in after.items() {
        let is_new = !known.contains(item.span.of(after.text()));
        if is_new || wanted {
            text.push_str(item.span.of(after.text()));
            instructions.extend(item.instruction());
        }
        wanted = is_new || (wanted && item.instruction().is_none());
    }
    reads_as(&text, instructions)
}

fn reads_as<'f>(text: &str, ours: impl IntoIterator<Item = &'f Instruction>) -> bool {
    let Ok(theirs) = dockerfile_parser::Dockerfile::parse(text) else { return false };
    theirs.instructions.iter().map(their_keyword).eq(ours.into_iter().map(|instruction| instruction.keyword.as_str()))
}

fn their_keyword(instruction: &dockerfile_parser::Instruction) -> &str {
    use dockerfile_parser::Instruction as Theirs;
    match instruction {
        Theirs::From(_) => "FROM",
        Theirs::Arg(_) => "ARG",
        Theirs::Label(_) => "LABEL",
        Theirs::Run(_) => "RUN",
        Theirs::Entrypoint(_) => "ENTRYPOINT",
        Theirs::Cmd(_) => "CMD",
        Theirs::Copy(_) => "COPY",
        Theirs::Env(_) => "ENV",
        Theirs::Misc(misc) => &misc.instruction.content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Edit;
    use crate::passes::Wishes;
    use crate::project::{Context, Project};

    /// What is said against writing `new` in place of `old`.
    fn against(dockerfile: &str, old: &str, new: &str) -> Option<String> {
        let file = Dockerfile::parse(dockerfile);
        let stages = Stages::of(&file);
        let (project, wishes) = (Project::new(Context::empty()), Wishes::default());
        let cx = Cx::new(&file, &stages, &project, &wishes);
        let at = dockerfile.find(old).unwrap();
        let edit = Edit::replace((at..at + old.len()).into(), new);
        let mut edits = EditSet::default();
        edits.try_extend(std::slice::from_ref(&edit)).unwrap();
        let proposal = Proposal::safe(edit.span, "a change").edit(edit);
        check(&cx, &edits, &[&proposal], true).err()
    }

    #[test]
    fn a_run_that_was_understood_stays_so() {
        let file = "FROM alpine\nRUN a && b\n";
        assert_eq!(against(file, "a &&", "a && c &&"), None);
        let said = against(file, "a &&", "a && &&").unwrap();
        assert_eq!(said, "`RUN a && && b …` would no longer be understood");
        // What was not understood before need not be afterwards.
        assert_eq!(against("FROM alpine\nRUN a && && b\n", "b", "b c"), None);
    }
}
