//! apk: `--no-cache` fetches the index and keeps nothing of it, so that `apk update` before it is needless.

use super::Job;
use super::remedy::{self, told};
use crate::edit::Edit;
use crate::managers::Use;
use crate::passes::index_readers::{Index, reader_after};
use crate::passes::insert;
use crate::proposal::Proposal;
use crate::shell::Link;
use crate::text::Span;

/// Options that fetch the index, as `--no-cache` does too.
const FETCHING: &[&str] = &["-U", "--update", "--update-cache"];

/// The flag on each command; and `apk update` goes, whose index would stay.
pub(super) fn remedy(job: &Job<'_>, flag: &str) -> Result<Vec<Proposal>, String> {
    let uses: Vec<&Use<'_>> = job.uses.iter().filter(|a_use| a_use.manager.name == "apk").collect();
    let leaving: Vec<&Use<'_>> = uses.iter().copied().filter(|a_use| a_use.leaves()).collect();
    let updates: Vec<&Use<'_>> =
        uses.iter().copied().filter(|a_use| a_use.is_any(&["update"]) && !a_use.has_any(&[flag])).collect();
    if updates.is_empty() {
        return Ok(leaving.into_iter().map(|a_use| with_flag(a_use, flag)).collect());
    }
    if let Some(reader) = reader_after(job.cx, job.stage, job.target.run, Index::Apk) {
        return Err(told(&reader));
    }
    match droppable(job, &updates, &uses) {
        Some(update) => Ok(vec![without_update(job, &leaving, update, flag)]),
        None => clean(job, &leaving).map(|proposal| vec![proposal]),
    }
}

fn with_flag(a_use: &Use<'_>, flag: &str) -> Proposal {
    let mut words = a_use.simple().words[a_use.subcommand..].iter();
    let Some(word) = words.find(|word| FETCHING.contains(&word.raw.as_str())) else { return remedy::flag(a_use, flag) };
    Proposal::safe(a_use.simple().span, format!("use {flag} instead of {} in apk add", word.raw))
        .because("it fetches the index as well, and leaves nothing of it in the layer")
        .edit(Edit::replace(word.span, flag))
        .dropping([word.raw.clone()])
}

/// From the `apk update` to the command that it is joined to by `&&`, when that is all and nothing else needs it.
fn droppable(job: &Job<'_>, updates: &[&Use<'_>], uses: &[&Use<'_>]) -> Option<Span> {
    let [update] = updates else { return None };
    let reads = |a_use: &&&Use<'_>| a_use.is_any(&["search", "fetch", "info", "policy", "list", "version"]);
    if !update.place.top || !update.simple().redirects.is_empty() || uses.iter().any(|a_use| reads(&a_use)) {
        return None;
    }
    let list = job.target.script.lists.get(update.place.list)?;
    let before = &list.parts.get(update.place.part)?.0;
    let (Link::And(_), next) = list.parts.get(update.place.part + 1)? else { return None };
    let span = Span::new(update.simple().span.start, next.span.start);
    let bare = update.args().all(|arg| matches!(arg, "update" | "-q" | "--quiet"));
    let between = Span::new(update.simple().span.end, next.span.start).of(job.cx.file.text());
    (bare && !matches!(before, Link::Or(_)) && !between.contains('#')).then_some(span)
}

fn without_update(job: &Job<'_>, leaving: &[&Use<'_>], update: Span, flag: &str) -> Proposal {
    let words: Vec<String> = update.of(job.cx.file.text()).split_whitespace().map(str::to_owned).collect();
    let flags = leaving.iter().map(|a_use| with_flag(a_use, flag));
    let (mut edits, mut drops) = (vec![Edit::delete(update)], words);
    for proposal in flags {
        edits.extend(proposal.edits);
        drops.extend(proposal.drops);
    }
    Proposal::safe(update, format!("use {flag} instead of apk update"))
        .because("it fetches the index as well, and leaves nothing of it in the layer")
        .edits(edits)
        .dropping(drops)
}

/// Where the update must stay, its index is removed at the end.
fn clean(job: &Job<'_>, leaving: &[&Use<'_>]) -> Result<Proposal, String> {
    let last = leaving.last().ok_or("nothing is installed here")?;
    if job.cleans_anywhere(last.manager) {
        return Err("it cleans up before it is done".to_owned());
    }
    let command = "rm -rf /var/cache/apk/*";
    let edit = insert::at_end(job.target, command)?;
    Ok(remedy::cleanup(last.manager, last, command, edit))
}
