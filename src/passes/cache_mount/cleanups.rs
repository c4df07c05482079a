//! Takes away what would defeat a mount: the flags that switch the cache off, and the commands that empty it.

use super::{Change, Job};
use crate::edit::Edit;
use crate::managers::{Avoid, Manager, Use, cleans, removed_paths, touches};
use crate::shell::{Link, Place, ShellWord, rough_words};
use crate::text::Span;

/// Everything of that kind in the RUN. The error names what cannot be taken away.
pub(super) fn take_away(job: &Job<'_>, manager: &'static Manager, change: &mut Change) -> Result<(), String> {
    for a_use in job.leaving(manager) {
        flags(job, a_use, change);
    }
    for place in job.places {
        if is_cleanup(job, manager, place) {
            cleanup(job, manager, place, change)?;
        }
    }
    Ok(())
}

/// The flag goes; where hard links need one, that comes in its place.
fn flags(job: &Job<'_>, a_use: &Use<'_>, change: &mut Change) {
    let words = &a_use.simple().words;
    if let Avoid::Flag(flag) = a_use.manager.avoid {
        let is_flag = |word: &&ShellWord| {
            word.raw == flag || word.raw.len() >= "--no-cache".len() && flag.starts_with(word.raw.as_str())
        };
        let after = words.iter().enumerate().skip(a_use.program + 1).filter(|(_, word)| is_flag(word));
        for (index, word) in after {
            change.edits.push(Edit::delete(Span::new(words[index - 1].span.end, word.span.end)));
            change.drops.push(word.raw.clone());
        }
    }
    let Some(option) = a_use.manager.unlink else { return };
    let name = option.split('=').next().unwrap_or_default();
    let set = job.cx.mentions("UV_LINK_MODE") || a_use.has_any(&[name]);
    if !set {
        change.edits.push(Edit::insert(words[a_use.subcommand].span.end, format!(" {option}")));
    }
}

fn is_cleanup(job: &Job<'_>, manager: &Manager, place: &Place<'_>) -> bool {
    cleans(manager, place, job.uses) || manager.name == "apt" && empties_archives(job, place)
}

/// `apt-get clean`, `rm -rf /var/cache/apt/archives/*.deb`.
fn empties_archives(job: &Job<'_>, place: &Place<'_>) -> bool {
    let a_use = job.uses.iter().find(|a_use| std::ptr::eq(a_use.place.simple, place.simple));
    match a_use {
        Some(a_use) => a_use.manager.name == "apt" && a_use.is_any(&["clean", "autoclean", "auto-clean"]),
        None => removed_paths(place.simple).any(|word| touches(&word.raw, "/var/cache/apt")),
    }
}

fn cleanup(job: &Job<'_>, manager: &Manager, place: &Place<'_>, change: &mut Change) -> Result<(), String> {
    let own = |word: &&ShellWord| {
        let path = word.literal.as_deref().unwrap_or(&word.raw);
        // The directory itself or what is in it, not what holds it.
        manager.dirs.iter().chain(manager.mounts).any(|dir| touches(path, dir) && !holds(path, dir))
            || manager.name == "apt" && touches(path, "/var/cache/apt") && !holds(path, "/var/cache/apt")
    };
    let paths: Vec<&ShellWord> = removed_paths(place.simple).collect();
    let (owned, kept): (Vec<&ShellWord>, Vec<&ShellWord>) = paths.iter().partition(|word| own(word));
    let broader = kept.iter().any(|word| manager.dirs.iter().any(|dir| touches(&word.raw, dir)))
        || owned.iter().any(|word| word.raw.contains('{'));
    if broader || paths.is_empty() && !job.uses.iter().any(|a_use| std::ptr::eq(a_use.place.simple, place.simple)) {
        return Err(format!(
            "`{}` would empty the mount",
            place.simple.span.of(job.cx.file.text()).lines().next().unwrap_or_default()
        ));
    }
    if kept.is_empty() {
        return command(job, place, change);
    }
    for word in owned {
        let words = &place.simple.words;
        let index = words.iter().position(|other| std::ptr::eq(other, word)).unwrap_or_default();
        change.edits.push(Edit::delete(Span::new(words[index - 1].span.end, word.span.end)));
        change.drops.push(word.raw.clone());
    }
    Ok(())
}

/// Whether `path` holds more than `dir`.
fn holds(path: &str, dir: &str) -> bool {
    let path = crate::managers::home_path(path);
    let path = path.trim_end_matches('*').trim_end_matches('/');
    dir.len() > path.len() && dir.starts_with(path)
}

/// The whole command, with the `&&` that joins it.
fn command(job: &Job<'_>, place: &Place<'_>, change: &mut Change) -> Result<(), String> {
    let cannot = || format!("`{}` cannot be taken away where it stands", place.simple.words[0].raw);
    let text = job.cx.file.text();
    let list = job.script.lists.get(place.list).ok_or_else(cannot)?;
    let (link, pipeline) = list.parts.get(place.part).ok_or_else(cannot)?;
    let next = list.parts.get(place.part + 1);
    if !place.top || matches!(next, Some((Link::Or(_), _))) {
        return Err(cannot());
    }
    // What stands before it may go as well: then it takes the `&&` behind it along, else the one before it.
    let goes = |span: Span| change.edits.iter().any(|edit| edit.text.is_empty() && edit.span.contains(span));
    let is_first = list.parts[..place.part].iter().all(|(_, earlier)| goes(earlier.span));
    let span = match (link, next) {
        (Link::And(_), _) if !is_first => Span::new(list.parts[place.part - 1].1.span.end, pipeline.span.end),
        (Link::First | Link::And(_), Some((Link::And(_), next))) => Span::new(pipeline.span.start, next.span.start),
        // A list of its own, behind the one before: `a; clean`.
        (Link::First | Link::And(_), None) if place.list > 0 => {
            Span::new(job.script.lists[place.list - 1].span.end, list.span.end)
        }
        _ => return Err(cannot()),
    };
    if span.of(text).contains('#') {
        return Err("a comment stands between".to_owned());
    }
    change.drops.extend(rough_words(span.of(text)).map(str::to_owned));
    change.edits.push(Edit::delete(span));
    Ok(())
}
