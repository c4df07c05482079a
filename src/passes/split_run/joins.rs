//! Why two RUNs of a chain cannot be one: what the first would leave to the second that a fresh shell has not.

mod anywhere;

use super::{Chain, Step, head, inner_comments};
use crate::dockerfile::Flag;
use crate::image::Known;
use crate::passes::paths::Directory;
use crate::passes::small_steps::is_small;
use crate::passes::touched::touched;
use crate::passes::{packages, style};
use crate::shell::{AndOr, Effects, Link, Place, Redirect, Script, Simple, Terminator};

/// Why RUNs `left` and `right` of the chain cannot be in one shell, the one after the other.
pub(super) fn obstacle(chain: &Chain<'_, '_>, left: usize, right: usize) -> Option<String> {
    let neighbours = right == left + 1;
    let (left, right) = (&chain.steps[left], &chain.steps[right]);
    let problem = if neighbours { between(chain, left, right) } else { None };
    problem.or_else(|| {
        let (first, second) = (left.script()?, right.script()?);
        leak(chain, left, first, right, second).map(|why| format!("in {}: {why}", head(left.run)))
    })
}

/// What stands between two neighbours.
fn between(chain: &Chain<'_, '_>, left: &Step<'_>, right: &Step<'_>) -> Option<String> {
    let at = |step: &Step<'_>, why: String| Some(format!("in {}: {why}", head(step.run)));
    if chain.cx.file.escape() != '\\' {
        return Some("the file's escape character is not a backslash".to_owned());
    }
    if let Some(why) = flags(&left.run.flags, &right.run.flags) {
        return Some(why);
    }
    for step in [left, right] {
        if let Err(why) = step.body.plain() {
            return at(step, why);
        }
    }
    if right.body.started.reads_files {
        return Some(
            "each RUN's shell first reads files of the image, which the RUN before may have changed".to_owned(),
        );
    }
    let (first, second) = (left.script()?, right.script()?);
    if let Some(why) = not_a_chain(second) {
        return at(right, why);
    }
    if let Err(why) = style::end_of(chain.cx.file, left.run, &left.body, first) {
        return at(left, why);
    }
    let start = second.span()?.start;
    if right.run.rest.file_offset(0) != Some(start) {
        return at(right, "it does not begin with a command".to_owned());
    }
    let text = chain.cx.file.text();
    let comments = chain.comments_between(left.run, right.run).chain(inner_comments(right.run, start));
    let steering = comments.map(|comment| comment.of(text).trim()).find(|comment| steers_a_tool(comment));
    steering.map(|comment| format!("`{comment}` must stay above its instruction"))
}

/// Why the RUNs' flags keep them apart.
fn flags(left: &[Flag], right: &[Flag]) -> Option<String> {
    let same = |one: &Flag, other: &Flag| one.name == other.name && one.value == other.value;
    if left.len() != right.len() || !left.iter().zip(right).all(|(one, other)| same(one, other)) {
        return Some("their flags differ, and each command may see only what its own RUN was given".to_owned());
    }
    let shared = left.iter().find(|flag| match (flag.name.as_str(), flag.value.as_deref()) {
        ("network" | "security", _) => false,
        ("mount", Some(mount)) => {
            let is = |wanted: &str| mount.split(',').any(|option| option == wanted);
            !is("type=cache") && (!is("type=bind") || is("rw") || is("readwrite"))
        }
        _ => true,
    });
    shared.map(|flag| {
        let value = flag.value.as_deref().unwrap_or_default();
        format!("`--{}={value}` would be seen by the commands of both", flag.name)
    })
}

/// Why ` && script` would not mean the same as the script alone.
fn not_a_chain(script: &Script) -> Option<String> {
    if script.is_and_chain() {
        return None;
    }
    let or = |list: &AndOr| list.parts.iter().any(|(link, _)| matches!(link, Link::Or(_)));
    let text = if script.lists.iter().any(|list| matches!(list.end, Terminator::Background(_))) {
        "it has a background command (`&`)"
    } else if script.lists.iter().any(or) {
        "`||` in it would also answer for what stands before"
    } else {
        "`;` in it would let it go on when what stands before fails"
    };
    Some(text.to_owned())
}

/// Comments that speak to a tool about the instruction below them.
pub(in crate::passes) fn steers_a_tool(comment: &str) -> bool {
    let text = comment.trim_start_matches('#').trim_start().to_ascii_lowercase();
    ["hadolint", "dfslim", "tally", "droast", "kics", "checkov", "trivy", "nosemgrep", "semgrep", "renovate", "check="]
        .iter()
        .any(|tool| text.starts_with(tool))
}

/// What `first` would leave to `second` in the same shell that changes what it does.
fn leak(chain: &Chain<'_, '_>, left: &Step<'_>, first: &Script, right: &Step<'_>, second: &Script) -> Option<String> {
    let mut effects = Effects::of(first);
    if effects.cd
        && (comes_back(chain, left, first) || anywhere::goes_elsewhere(second) || anywhere::is_anywhere(second))
    {
        effects.cd = false;
    }
    if effects.options && options_are_harmless(chain, right, first, second) {
        effects.options = false;
    }
    let exported = exported(first);
    effects.environment.retain(|name| !is_harmless(name, &exported, right, second));
    effects.why().or_else(|| fresh_shell(second)).or_else(|| hashed(first, second))
}

/// Whether the script ends in the directory in which it began.
fn comes_back(chain: &Chain<'_, '_>, left: &Step<'_>, script: &Script) -> bool {
    let start = Directory::of(chain.stage.state_before(left.run), left.run.span.start);
    let (_, end) = touched(script, start.clone());
    end == start
}

/// Whether the options that `first` sets change nothing in `second`.
fn options_are_harmless(chain: &Chain<'_, '_>, right: &Step<'_>, first: &Script, second: &Script) -> bool {
    let mut on = String::new();
    for place in first.commands() {
        if place.simple.name() == Some("shopt") {
            return false;
        }
        if place.simple.name() == Some("set") && !note_options(place.simple, place.top, &mut on) {
            return false;
        }
    }
    let commands = second.commands();
    let piped = || commands.iter().any(|place| !place.top);
    let logs = || commands.iter().any(|place| place.simple.redirects.iter().any(|r| r.span.len() > 1 && writes_log(r)));
    on.chars().all(|option| match option {
        'e' => second.last_command_end_under(true).is_some(),
        'u' => undefined(chain, right, second).is_none(),
        'x' | 'v' => !logs(),
        // Any command that is not direct may be part of a pipeline.
        'P' => right.body.started.pipefail || !piped(),
        _ => false,
    })
}

/// Whether an error stream goes to a file, which then holds the trace too.
fn writes_log(redirect: &Redirect) -> bool {
    redirect.target.raw != "/dev/null" && redirect.operator.starts_with("&>")
}

/// Adds the options that a `set` turns on (`P` for pipefail); false when it is not a plain one.
fn note_options(set: &Simple, top: bool, on: &mut String) -> bool {
    let mut args = set.args();
    while let Some(arg) = args.next() {
        let Some(letters) = arg.and_then(|arg| arg.strip_prefix('-')) else { return false };
        if !top || letters.is_empty() || letters.starts_with('-') {
            return false;
        }
        for letter in letters.chars() {
            on.push(match letter {
                'e' | 'u' | 'x' | 'v' => letter,
                'o' => match args.next().flatten() {
                    Some("pipefail") => 'P',
                    Some("errexit") => 'e',
                    Some("nounset") => 'u',
                    Some("xtrace") => 'x',
                    _ => return false,
                },
                _ => return false,
            });
        }
    }
    true
}

/// A variable of `script` that may be unset, which `set -u` would not forgive.
fn undefined(chain: &Chain<'_, '_>, right: &Step<'_>, script: &Script) -> Option<String> {
    let state = chain.stage.state_before(right.run);
    let own = Effects::of(script).environment;
    let known = |name: &String| {
        matches!(name.as_str(), "PATH" | "HOME") || own.contains(name) || state.variable(name) != Known::Inherited
    };
    variables(right).into_iter().find(|name| !known(name))
}

/// Names that follow a `$` in the RUN; something else than a name counts as one.
fn variables(step: &Step<'_>) -> Vec<String> {
    let text = step.run.rest.text();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let after = text.split('$').skip(1).filter(|rest| !rest.starts_with('('));
    after.map(|rest| rest.trim_start_matches('{').chars().take_while(|c| is_name(*c)).collect()).collect()
}

/// Variables that go into the environment of later commands.
fn exported(script: &Script) -> Vec<String> {
    let commands = script.commands();
    let exports = commands
        .iter()
        .filter(|place| matches!(place.simple.name(), Some("export" | "readonly" | "declare" | "typeset" | "local")));
    let names = exports.flat_map(|place| place.simple.words.iter().skip(1));
    names.map(|word| word.raw.split('=').next().unwrap_or_default().to_owned()).collect()
}

/// Whether `name`, set before, changes nothing in `second`: a variable of the shell alone that it does not mention.
fn is_harmless(name: &str, exported: &[String], right: &Step<'_>, second: &Script) -> bool {
    if matches!(name, "DEBIAN_FRONTEND" | "DEBCONF_NONINTERACTIVE_SEEN") {
        let quiet = |simple: &Simple| is_small(simple) || packages::call(simple).is_some();
        return second.commands().iter().all(|place| quiet(place.simple));
    }
    // Base images give environment variables capitals, but for the proxies; such a one would reach programs.
    let private = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut words = right.run.rest.text().split(|c| !is_name(c));
    private
        && !name.is_empty()
        && !name.ends_with("_proxy")
        && !exported.iter().any(|e| e == name)
        && !words.any(|word| word == name)
}

/// Why the script needs a shell of its own from the start.
fn fresh_shell(script: &Script) -> Option<String> {
    let commands = script.commands();
    let words = commands.iter().flat_map(|place| {
        let values = place.simple.assignments.iter().map(|assignment| &assignment.value);
        values.chain(&place.simple.words)
    });
    let mut unquoted = words.filter(|word| word.literal.is_none()).map(|word| word.raw.as_str());
    let special = unquoted.find_map(|raw| {
        ["$?", "$!", "$-", "$$", "$_", "$0", "$#", "$@", "$*"].into_iter().find(|name| {
            raw.match_indices(name).any(|(at, _)| {
                !(*name == "$_" && raw[at + 2..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
            })
        })
    })?;
    Some(format!("`{special}` would tell of the shell that both share"))
}

/// A program that both call, and that `first` may put somewhere else: the shell remembers where it found it.
fn hashed(first: &Script, second: &Script) -> Option<String> {
    let (first, second) = (first.commands(), second.commands());
    let moves = |simple: &Simple| !is_small(simple) && packages::call(simple).is_none();
    if !first.iter().any(|place| moves(place.simple)) {
        return None;
    }
    let named = |simple: &Simple| packages::words(simple).first().and_then(|word| word.literal.clone());
    let stays = |name: &str| {
        name.contains('/')
            || matches!(
                name,
                "tar"
                    | "unzip"
                    | "curl"
                    | "wget"
                    | "gpg"
                    | "find"
                    | "xargs"
                    | "git"
                    | "awk"
                    | "gunzip"
                    | "strip"
                    | "ls"
                    | "sha256sum"
            )
    };
    let mut shared = first.iter().filter_map(|place| named(place.simple)).filter(|name| {
        let again = second.iter().any(|place| named(place.simple).as_ref() == Some(name));
        again && !stays(name)
    });
    let shared = shared.find(|name| {
        let calls = |place: &Place<'_>| named(place.simple).as_ref() == Some(name);
        let simple = second.iter().find(|place| calls(place)).map(|place| place.simple);
        simple.is_some_and(moves)
    })?;
    Some(format!("a shell that ran `{shared}` before would not find a new one that is installed elsewhere"))
}
