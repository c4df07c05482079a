//! Where a script may be continued, and the options it sets first.

use super::{AndOr, Command, Effects, Link, Pipeline, Script, Simple, Terminator, walk};

impl Pipeline {
    /// One command alone.
    pub(super) fn of(command: Command) -> Self {
        Self { span: command.span(), negated: false, commands: vec![command] }
    }
}

impl Script {
    /// A script of one pipeline.
    pub(super) fn of(pipeline: Pipeline) -> Self {
        let span = pipeline.span;
        Self { lists: vec![AndOr { span, parts: vec![(Link::First, pipeline)], end: Terminator::None }] }
    }

    /// Whether it is one list of commands joined by `&&` only, in the foreground.
    pub fn is_and_chain(&self) -> bool {
        let [list] = &self.lists[..] else { return false };
        !matches!(list.end, Terminator::Background(_))
            && list.parts.iter().all(|(link, _)| !matches!(link, Link::Or(_)))
    }

    /// Where ` && more` may be inserted: `more` then runs only if the script succeeds, and nothing else changes.
    /// Takes `set -e` into account where the script itself has it.
    pub fn last_command_end(&self) -> Option<usize> {
        self.last_command_end_under(false)
    }

    /// The same for a shell that may run with `-e` (`SHELL ["/bin/bash", "-e", "-c"]`).
    ///
    /// `None` when the script ends in the background, when it may end early with success (`exit 0`, `exec`),
    /// when it ends in a function definition, and when `-e` is on and would be ignored inside what is then no
    /// longer the last command: in `{ a; b; } && more` a failing `a` does not end the script.
    pub fn last_command_end_under(&self, errexit: bool) -> Option<usize> {
        let last_list = self.lists.last()?;
        if matches!(last_list.end, Terminator::Background(_)) || Effects::of(self).exit {
            return None;
        }
        let (_, last) = last_list.parts.last()?;
        if matches!(last.commands.last()?, Command::Function(_)) {
            return None;
        }
        if (errexit || self.may_set_errexit()) && !self.is_indivisible(last) {
            return None;
        }
        Some(last_list.span.end)
    }

    /// Whether `set -e` is among the commands that come first (before anything but settings and assignments).
    pub fn errexit(&self) -> bool {
        self.leading_option('e', "errexit")
    }

    /// Whether `set -o pipefail` is among the commands that come first.
    pub fn pipefail(&self) -> bool {
        self.leading_option('\0', "pipefail")
    }

    fn leading_option(&self, letter: char, name: &str) -> bool {
        let pipelines = self.lists.iter().flat_map(|list| &list.parts).map(|(_, pipeline)| pipeline);
        let simple = pipelines.map_while(|pipeline| match &pipeline.commands[..] {
            [Command::Simple(simple)] if !pipeline.negated => Some(simple),
            _ => None,
        });
        let settings = simple.take_while(|simple| match simple.name() {
            Some(name) => matches!(name, "set" | "shopt" | "export" | ":" | "umask"),
            None => simple.words.is_empty(),
        });
        settings.filter_map(|simple| sets_option(simple, letter, name)).last() == Some(true)
    }

    fn may_set_errexit(&self) -> bool {
        let mut found = false;
        walk::visit_script(self, &mut |simple| {
            found |= sets_option(simple, 'e', "errexit") == Some(true)
                || matches!(simple.name(), Some("eval" | "." | "source"));
            found |= simple.name() == Some("set") && simple.args().any(|arg| arg.is_none());
        });
        found
    }

    /// Whether nothing inside `pipeline` depends on `-e`: simple commands that are not functions of the
    /// script's, with no more than one command in each substitution.
    fn is_indivisible(&self, pipeline: &Pipeline) -> bool {
        let mut functions = vec![];
        functions_of(self, &mut functions);
        let mut sourced = false;
        walk::visit_script(self, &mut |simple| sourced |= matches!(simple.name(), Some("eval" | "." | "source")));
        pipeline.commands.iter().all(|command| {
            let Command::Simple(simple) = command else { return false };
            let known = match simple.name() {
                Some("eval" | "." | "source") => false,
                Some(name) => !functions.contains(&name) && (!sourced || name.contains('/')),
                None => simple.words.is_empty() || functions.is_empty() && !sourced,
            };
            let words = simple.assignments.iter().map(|assignment| &assignment.value).chain(&simple.words);
            let scripts = words.flat_map(|word| &word.substitutions);
            known && scripts.into_iter().all(single)
        })
    }
}

/// Whether a substitution is one simple command or pipeline of such.
fn single(script: &Script) -> bool {
    let mut pipelines = script.lists.iter().flat_map(|list| &list.parts).map(|(_, pipeline)| pipeline);
    let commands = pipelines.next().map(|pipeline| &pipeline.commands[..]).unwrap_or_default();
    pipelines.next().is_none() && commands.iter().all(|command| matches!(command, Command::Simple(_)))
}

fn functions_of<'s>(script: &'s Script, names: &mut Vec<&'s str>) {
    for command in script.lists.iter().flat_map(|list| &list.parts).flat_map(|(_, pipeline)| &pipeline.commands) {
        let compound = match command {
            Command::Simple(_) => continue,
            Command::Function(compound) => {
                names.push(&compound.keyword);
                compound
            }
            Command::Subshell(compound) | Command::Group(compound) | Command::Control(compound) => compound,
        };
        compound.bodies.iter().for_each(|body| functions_of(body, names));
    }
}

/// What `set …` does to the option: on, off, or nothing.
fn sets_option(simple: &Simple, letter: char, name: &str) -> Option<bool> {
    if simple.name() != Some("set") {
        return None;
    }
    let (mut result, mut args) = (None, simple.args());
    while let Some(Some(arg)) = args.next() {
        let on = match arg.chars().next() {
            Some('-') if arg != "--" => true,
            Some('+') => false,
            _ => break,
        };
        if arg[1..].contains(letter) {
            result = Some(on);
        }
        if arg[1..].contains('o') && args.next().flatten() == Some(name) {
            result = Some(on);
        }
    }
    result
}
