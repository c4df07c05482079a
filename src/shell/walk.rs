//! Every simple command of a script, wherever it stands.

use super::{Command, Place, Redirect, Script, ShellWord, Simple};

/// See [`Script::commands`].
pub(super) fn commands(script: &Script) -> Vec<Place<'_>> {
    let mut places = vec![];
    for (list, and_or) in script.lists.iter().enumerate() {
        for (part, (_, pipeline)) in and_or.parts.iter().enumerate() {
            let alone = pipeline.commands.len() == 1 && !pipeline.negated;
            for command in &pipeline.commands {
                let top = match command {
                    Command::Simple(simple) if alone => Some(simple),
                    _ => None,
                };
                let is_top = |simple: &Simple| top.is_some_and(|top| std::ptr::eq(top, simple));
                visit(command, &mut |simple| places.push(Place { simple, top: is_top(simple), list, part }));
            }
        }
    }
    // A heredoc's body stands behind what follows the heredoc on its line.
    places.sort_by_key(|place| place.simple.span.start);
    places
}

/// Calls `see` for each simple command in `script`.
pub(super) fn visit_script<'s>(script: &'s Script, see: &mut dyn FnMut(&'s Simple)) {
    let pipelines = script.lists.iter().flat_map(|list| &list.parts);
    pipelines.flat_map(|(_, pipeline)| &pipeline.commands).for_each(|command| visit(command, see));
}

/// Calls `see` for each simple command in `command`, itself included.
pub(super) fn visit<'s>(command: &'s Command, see: &mut dyn FnMut(&'s Simple)) {
    match command {
        Command::Simple(simple) => {
            see(simple);
            let values = simple.assignments.iter().map(|assignment| &assignment.value);
            visit_words(values.chain(&simple.words), see);
            visit_redirects(&simple.redirects, see);
        }
        Command::Subshell(inner) | Command::Group(inner) | Command::Control(inner) | Command::Function(inner) => {
            visit_words(&inner.words, see);
            inner.bodies.iter().for_each(|body| visit_script(body, see));
            visit_redirects(&inner.redirects, see);
        }
    }
}

fn visit_words<'s>(words: impl IntoIterator<Item = &'s ShellWord>, see: &mut dyn FnMut(&'s Simple)) {
    words.into_iter().flat_map(|word| &word.substitutions).for_each(|script| visit_script(script, see));
}

fn visit_redirects<'s>(redirects: &'s [Redirect], see: &mut dyn FnMut(&'s Simple)) {
    visit_words(redirects.iter().flat_map(|redirect| std::iter::once(&redirect.target).chain(&redirect.heredoc)), see);
}
