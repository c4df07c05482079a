//! When two RUNs are better one: bytes that one makes and the other removes or writes again, an index and the
//! install that reads it, and small steps.

use super::Step;
use crate::dockerfile::Instruction;
use crate::image::Stage;
use crate::passes::RunBody;
use crate::passes::packages::{self, Action, Call, Family};
use crate::passes::paths::{self, Directory};
use crate::passes::touched::{How, Touch, touched};
use crate::shell::{Body, Simple};

/// What one RUN does, as far as merging is concerned. Empty when its text is not understood.
#[derive(Default)]
pub(super) struct Facts<'s> {
    touches: Vec<Touch<'s>>,
    /// Calls of package managers.
    calls: Vec<Call<'s>>,
    /// Every command is a small step.
    small: bool,
    /// Every command is a small step or a call of a package manager, and there is one.
    only_packages: bool,
    /// It installs, or adds a repository whose index it fetches, through a script from the network.
    adds_repository: bool,
    /// `npm install`, and what takes packages away again.
    node: Option<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Installs,
    Prunes,
}

/// Why two RUNs should be one; the numbers are places in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pays {
    /// The first makes what the other removes, changes or writes again.
    Bytes { first: usize, last: usize, what: String, undo: Undo },
    /// The first fetches the index that the other installs from.
    Index { first: usize, last: usize },
    /// Both install with the same package manager.
    Installs,
    /// Both are small steps.
    Small,
}

/// How bytes come to be in two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Undo {
    Removed,
    Changed,
    Moved,
}

impl Pays {
    /// The weightier comes first.
    pub(super) fn rank(&self) -> usize {
        match self {
            Self::Bytes { .. } => 0,
            Self::Index { .. } => 1,
            Self::Installs => 2,
            Self::Small => 3,
        }
    }

    /// Whether it is worth telling that it could not be done.
    pub(super) fn is_worth_a_word(&self) -> bool {
        *self != Self::Small
    }

    /// In words for the user.
    pub(super) fn why(&self, steps: &[Step<'_>]) -> String {
        let line = |at: usize| steps[at].run.first_line;
        match self {
            Self::Bytes { first, last, what, undo } => {
                let (made, undone) = (line(*first), line(*last));
                match undo {
                    Undo::Removed => format!("line {undone} removes {what}, but the layer of line {made} keeps it"),
                    Undo::Changed => {
                        format!("line {undone} changes {what} of line {made}, so the image holds it twice")
                    }
                    Undo::Moved => format!("line {undone} moves {what} of line {made}, so the image holds it twice"),
                }
            }
            Self::Index { first, last } => format!(
                "the build cache keeps the index of line {} while line {} changes: it installs what is gone by then",
                line(*first),
                line(*last)
            ),
            Self::Installs => "each layer that installs holds the package database again".to_owned(),
            Self::Small => "each of these small steps is a layer of its own".to_owned(),
        }
    }
}

impl<'s> Facts<'s> {
    pub(super) fn of(stage: &Stage<'_>, run: &Instruction, body: &'s RunBody) -> Self {
        // A whole script in a heredoc is one step to its author.
        if matches!(body.body, Body::Heredoc(_)) {
            return Self::default();
        }
        let Some(script) = body.shell.script() else { return Self::default() };
        let start = Directory::of(stage.state_before(run), run.span.start);
        let (touches, _) = touched(script, start);
        let commands = script.commands();
        let calls: Vec<Call<'_>> = commands.iter().filter_map(|place| packages::call(place.simple)).collect();
        let small = |simple: &Simple| is_small(simple);
        let text = run.rest.text();
        Self {
            small: !commands.is_empty() && commands.iter().all(|place| small(place.simple)),
            only_packages: !calls.is_empty()
                && commands.iter().all(|place| small(place.simple) || packages::call(place.simple).is_some()),
            adds_repository: text.contains("nodesource.com/setup") || text.contains("add-apt-repository"),
            node: commands.iter().find_map(|place| node(place.simple)),
            touches,
            calls,
        }
    }

    fn does(&self, family: Family, action: Action) -> bool {
        self.calls.iter().any(|call| call.family == family && call.action == action)
    }

    fn installs(&self) -> impl Iterator<Item = Family> {
        self.calls.iter().filter(|call| call.action == Action::Install).map(|call| call.family)
    }

    /// Whether nothing of the index or cache of `family` is left behind.
    fn cleans(&self, family: Family) -> bool {
        let no_cache = |call: &Call<'_>| call.family == Family::Apk && call.has_option(&["--no-cache"]);
        let gone = |directory: &&str| {
            let probe = format!("{directory}/probe");
            self.touches.iter().any(|touch| touch.removes(&probe))
        };
        caches(family).iter().any(gone)
            || family != Family::Apt && self.does(family, Action::Clean)
            || self.calls.iter().any(no_cache)
    }
}

/// Where a family keeps index and packages.
fn caches(family: Family) -> &'static [&'static str] {
    match family {
        Family::Apt => &["/var/lib/apt/lists"],
        Family::Apk => &["/var/cache/apk"],
        Family::Dnf => &["/var/cache/dnf", "/var/cache/yum"],
        Family::Zypper => &["/var/cache/zypp"],
        Family::Pacman => &["/var/cache/pacman/pkg"],
    }
}

/// Why RUNs `first` and `last` should be one, if they should.
pub(super) fn pays(facts: &[Facts<'_>], first: usize, last: usize) -> Option<Pays> {
    let (one, other) = (&facts[first], &facts[last]);
    if let Some((what, undo)) = bytes(one, other) {
        return Some(Pays::Bytes { first, last, what, undo });
    }
    if last != first + 1 {
        return None;
    }
    if other.installs().any(|family| is_index_for(one, other, family)) {
        return Some(Pays::Index { first, last });
    }
    if other.only_packages && other.installs().any(|family| is_worth_joining(one, other, family)) {
        return Some(Pays::Installs);
    }
    (one.small && other.small).then_some(Pays::Small)
}

/// Whether `one` only fetches the index that `other` installs from.
fn is_index_for(one: &Facts<'_>, other: &Facts<'_>, family: Family) -> bool {
    if one.installs().any(|own| own == family) || one.cleans(family) {
        return false;
    }
    let fetches = one.does(family, Action::Update) && one.only_packages;
    fetches
        || (one.adds_repository && family == Family::Apt && other.only_packages && !other.does(family, Action::Update))
}

/// Whether both install, and the second is not complete in itself: it fetches no index of its own.
fn is_worth_joining(one: &Facts<'_>, other: &Facts<'_>, family: Family) -> bool {
    one.installs().any(|own| own == family) && !other.does(family, Action::Update)
}

/// What `one` makes and `other` removes, changes or moves.
fn bytes(one: &Facts<'_>, other: &Facts<'_>) -> Option<(String, Undo)> {
    if one.node == Some(Node::Installs) && other.node == Some(Node::Prunes) {
        return Some(("packages".to_owned(), Undo::Removed));
    }
    other.calls.iter().find_map(|call| removed(one, other, call)).or_else(|| undone_files(one, other)).or_else(|| {
        let probe = |family| caches(family).iter().map(|directory| format!("{directory}/probe"));
        let kept = |family: &Family| !one.cleans(*family) && !other.does(*family, Action::Install);
        let removes =
            |family: &Family| probe(*family).any(|probe| other.touches.iter().any(|touch| touch.removes(&probe)));
        let used = one.calls.iter().filter(|call| matches!(call.action, Action::Install | Action::Update));
        let family = used.map(|call| call.family).find(|family| kept(family) && removes(family))?;
        Some((format!("`{}`", caches(family)[0]), Undo::Removed))
    })
}

/// Packages that `one` installs and `call` removes; caches that `call` empties.
fn removed(one: &Facts<'_>, other: &Facts<'_>, call: &Call<'_>) -> Option<(String, Undo)> {
    let family = call.family;
    match call.action {
        Action::Remove => {
            let installs = one.calls.iter().filter(|own| own.family == family && own.action == Action::Install);
            let mut names = installs.flat_map(|own| own.packages.iter().map(|word| word.raw.as_str()).chain(own.group));
            let wanted = |name: &str| call.packages.iter().any(|word| word.raw == name);
            if let Some(name) = names.find(|name| wanted(name)) {
                return Some((format!("`{name}`"), Undo::Removed));
            }
            let auto = call.packages.is_empty() && one.does(family, Action::Remove);
            auto.then(|| ("packages".to_owned(), Undo::Removed))
        }
        Action::Clean if family != Family::Apt => {
            let kept = one.installs().any(|own| own == family) && !one.cleans(family);
            let own = other.installs().any(|own| own == family);
            (kept && !own).then(|| (format!("`{}`", caches(family)[0]), Undo::Removed))
        }
        _ => None,
    }
}

/// Files that `one` makes and `other` removes, changes or moves.
fn undone_files(one: &Facts<'_>, other: &Facts<'_>) -> Option<(String, Undo)> {
    let made = one.touches.iter().filter(|touch| makes_bytes(touch));
    // Bytes that `one` removes itself are in no layer.
    let kept = made.filter(|touch| !one.touches.iter().any(|later| later.removes(&touch.path)));
    kept.flat_map(|made| other.touches.iter().map(move |touch| (made, touch))).find_map(|(made, touch)| {
        let shown = |path: &str| format!("`{}`", path.trim_start_matches("?/"));
        match touch.how {
            _ if touch.removes(&made.path) => Some((shown(&made.path), Undo::Removed)),
            How::RemoveMatching("*") if made.how == How::Tree && made.path == touch.path => {
                Some((shown(&touch.path), Undo::Removed))
            }
            How::Remove if is_of(made, &touch.path) => Some((shown(&touch.path), Undo::Removed)),
            How::Change { recursive: true } if paths::is_in(&made.path, &touch.path) => {
                Some((shown(&made.path), Undo::Changed))
            }
            How::Change { .. } if is_of(made, &touch.path) => Some((shown(&touch.path), Undo::Changed)),
            How::MoveAway if is_of(made, &touch.path) => Some((shown(&touch.path), Undo::Moved)),
            _ => None,
        }
    })
}

/// Whether real bytes come to be; what `echo` writes is next to nothing.
fn makes_bytes(touch: &Touch<'_>) -> bool {
    match touch.how {
        How::Write => !is_small(touch.simple),
        how => how.makes(),
    }
}

/// Whether `path` is what was made, or lies in the tree that was made.
fn is_of(made: &Touch<'_>, path: &str) -> bool {
    path == made.path || (made.how == How::Tree && !is_crowded(&made.path) && paths::is_in(path, &made.path))
}

/// Directories that hold much besides what one RUN puts there.
fn is_crowded(directory: &str) -> bool {
    matches!(
        directory,
        "/" | "/usr" | "/usr/local" | "/usr/local/bin" | "/usr/bin" | "/etc" | "/tmp" | "/root" | "/home" | "?"
    )
}

/// Whether a command does little, and always the same: it neither downloads nor builds.
pub(super) fn is_small(simple: &Simple) -> bool {
    let Some(program) = packages::program(simple) else { return simple.words.is_empty() };
    let first = || packages::words(simple).get(1).map_or("", |word| word.raw.as_str());
    match program {
        "git" | "npm" | "yarn" | "pip" | "pip3" | "bundle" => first() == "config",
        "systemctl" => matches!(first(), "enable" | "disable" | "mask"),
        _ => SMALL.contains(&program),
    }
}

/// Programs of small steps, sorted.
const SMALL: [&str; 56] = [
    ":",
    "[",
    "a2disconf",
    "a2dismod",
    "a2dissite",
    "a2enconf",
    "a2enmod",
    "a2ensite",
    "addgroup",
    "adduser",
    "cat",
    "cd",
    "chgrp",
    "chmod",
    "chown",
    "chpasswd",
    "chsh",
    "cp",
    "date",
    "dos2unix",
    "dpkg-reconfigure",
    "echo",
    "export",
    "gpasswd",
    "grep",
    "groupadd",
    "groupmod",
    "install",
    "ldconfig",
    "ln",
    "locale-gen",
    "localedef",
    "mkdir",
    "mkfifo",
    "mv",
    "passwd",
    "phpdismod",
    "phpenmod",
    "printf",
    "pwd",
    "rm",
    "rmdir",
    "sed",
    "set",
    "setcap",
    "sort",
    "tee",
    "test",
    "touch",
    "tr",
    "true",
    "update-alternatives",
    "update-locale",
    "update-rc.d",
    "useradd",
    "usermod",
];

fn node(simple: &Simple) -> Option<Node> {
    let program = packages::program(simple)?;
    let verb = packages::words(simple).get(1).map_or("", |word| word.raw.as_str());
    match (program, verb) {
        ("npm" | "pnpm", "install" | "ci" | "i") => Some(Node::Installs),
        ("npm" | "pnpm", "prune") => Some(Node::Prunes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_steps_are_sorted() {
        assert!(SMALL.is_sorted());
    }
}
