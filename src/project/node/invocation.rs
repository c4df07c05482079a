//! What a command line comes down to: a script of package.json, other command lines, or a plain command.

use super::Node;
use super::shell::Simple;
use crate::project::paths;

/// Wrappers around wrappers are taken off so often.
const DEEPEST: usize = 16;

/// What a command line comes down to.
pub(super) enum Invocation<'w> {
    /// A script with arguments.
    Script(&'w str, Vec<&'w str>),
    /// Several scripts.
    Scripts(Vec<&'w str>),
    /// Shell texts.
    Texts(Vec<&'w str>),
    /// A script of another package.json.
    Elsewhere,
    /// Another command line, which may be wrapped in its turn.
    Again(Vec<&'w str>),
    /// A plain command.
    Command(Vec<&'w str>),
    /// Nothing that matters.
    Nothing,
}

/// Takes off wrappers that run the rest of their words; those that a package brings are told.
pub(super) fn unwrap(mut simple: Simple) -> (Simple, Vec<String>) {
    let mut wrappers = Vec::new();
    for _ in 0..DEEPEST {
        let Some(program) = simple.words.first() else { break };
        let program = paths::name(program);
        let takes = match program {
            "exec" | "command" | "nohup" | "env" | "cross-env" | "cross-env-shell" | "dumb-init" | "time" => 1,
            "tini" | "dotenv" | "env-cmd" | "dotenvx" | "wait-for-it" => {
                match simple.words.iter().position(|word| word == "--") {
                    Some(at) => at + 1,
                    None if program == "tini" => 1,
                    None => break,
                }
            }
            _ => break,
        };
        if !matches!(program, "exec" | "command" | "nohup" | "env" | "dumb-init" | "tini" | "time") {
            wrappers.push(program.to_owned());
        }
        let mut rest = simple.words.split_off(takes.min(simple.words.len()));
        while rest.first().is_some_and(|word| word == "--") {
            rest.remove(0);
        }
        while rest.first().is_some_and(|word| word.contains('=') && !word.starts_with('-')) {
            simple.assignments.push(rest.remove(0));
        }
        simple.words = rest;
    }
    (simple, wrappers)
}

/// Reads a command line.
pub(super) fn invocation<'w>(words: &[&'w str], node: &Node) -> Invocation<'w> {
    let Some((&program, rest)) = words.split_first() else { return Invocation::Nothing };
    match paths::name(program) {
        "npm" | "pnpm" | "yarn" | "bun" => manager(program, rest, words, node),
        "npx" | "bunx" | "pnpx" => Invocation::Again(without_flags(rest)),
        "node" if rest.first() == Some(&"--run") => {
            rest.get(1).map_or(Invocation::Nothing, |name| Invocation::Script(name, vec![]))
        }
        "sh" | "bash" | "ash" if matches!(rest.first(), Some(&("-c" | "-ec" | "-lc"))) => {
            Invocation::Texts(rest.get(1).copied().into_iter().collect())
        }
        "run-s" | "run-p" | "npm-run-all" | "npm-run-all2" => {
            let names: Vec<_> = rest.iter().copied().filter(|word| !word.starts_with('-')).collect();
            if names.iter().any(|name| name.contains(['*', ' '])) {
                Invocation::Elsewhere
            } else {
                Invocation::Scripts(names)
            }
        }
        "concurrently" => {
            Invocation::Texts(rest.iter().copied().filter(|word| word.contains(' ') || word.contains(':')).collect())
        }
        "cd" | "pushd" => Invocation::Elsewhere,
        name if name.contains(':') && name.starts_with("npm:") => Invocation::Script(&program[4..], vec![]),
        _ => Invocation::Command(words.to_vec()),
    }
}

fn manager<'w>(program: &'w str, rest: &[&'w str], words: &[&'w str], node: &Node) -> Invocation<'w> {
    let elsewhere = [
        "--prefix",
        "-C",
        "--cwd",
        "--filter",
        "-F",
        "-w",
        "--workspace",
        "-r",
        "--recursive",
        "-ws",
        "--workspaces",
        "workspace",
        "workspaces",
    ];
    let before_name = rest.iter().take_while(|word| **word != "--");
    if before_name.clone().any(|word| elsewhere.contains(&word.split('=').next().unwrap_or(word))) {
        return Invocation::Elsewhere;
    }
    let plain = without_flags(rest);
    let Some((&verb, after)) = plain.split_first() else { return Invocation::Command(words.to_vec()) };
    match (program, verb) {
        (_, "run" | "run-script") => match without_flags(after).split_first() {
            Some((name, arguments)) => Invocation::Script(name, drop_dashes(arguments)),
            None => Invocation::Nothing,
        },
        ("bun", file) if file.contains('.') => Invocation::Command(words.to_vec()),
        (_, "start" | "test" | "stop" | "restart") => Invocation::Script(verb, drop_dashes(after)),
        (_, "exec" | "dlx" | "x") => Invocation::Again(drop_dashes(after)),
        ("npm", _) => Invocation::Command(words.to_vec()),
        // yarn, pnpm and bun run a script or a command by its bare name.
        (_, name) if node.manifest.script(name).is_some() => Invocation::Script(name, drop_dashes(after)),
        (_, "install" | "add" | "ci" | "i" | "prune" | "node" | "deploy" | "cache" | "config" | "build") => {
            Invocation::Command(words.to_vec())
        }
        _ => Invocation::Command(plain.clone()),
    }
}

fn without_flags<'w>(words: &[&'w str]) -> Vec<&'w str> {
    words.iter().copied().skip_while(|word| word.starts_with('-')).collect()
}

fn drop_dashes<'w>(words: &[&'w str]) -> Vec<&'w str> {
    words.iter().copied().skip_while(|word| *word == "--" || (word.starts_with('-') && *word == "--silent")).collect()
}
