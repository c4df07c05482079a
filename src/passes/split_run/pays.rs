//! When two RUNs are better one: bytes that one makes and the other removes or writes again, an index and the
//! install that reads it, and small steps.

use crate::dockerfile::Instruction;
use crate::image::Stage;
use crate::passes::RunBody;
use crate::passes::packages::{self, Action, Call, Family};
use crate::passes::paths::{self, Directory};
use crate::passes::small_steps::is_small;
use crate::passes::touched::{How, Touch, touched};
use crate::shell::{Body, Simple};

/// What one RUN does, as far as merging is concerned. Empty when its text is not understood.
#[derive(Default)]
pub(super) struct Facts<'s> {
    touches: Vec<Touch<'s>>,
    /// Calls of package managers.
    calls: Vec<Call<'s>>,
    weight: Weight,
    /// It installs, or adds a repository whose index it fetches, through a script from the network.
    adds_repository: bool,
    /// `npm install`, and what takes packages away again.
    node: Option<Node>,
    /// A comment stands between it and the RUN before.
    pub(super) commented: bool,
}

/// What all commands of a RUN are.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Weight {
    /// Small steps.
    Small,
    /// Small steps and calls of package managers.
    Packages,
    /// More than that.
    #[default]
    Heavy,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Installs,
    Prunes,
}

/// Why two RUNs should be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pays {
    /// The first makes what the other removes, changes or writes again.
    Bytes(String, Undo),
    /// The first fetches the index that the other installs from.
    Index,
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
            Self::Bytes(..) => 0,
            Self::Index => 1,
            Self::Installs => 2,
            Self::Small => 3,
        }
    }

    /// Whether it is worth telling that it could not be done.
    pub(super) fn is_worth_a_word(&self) -> bool {
        *self != Self::Small
    }

    /// In words for the user.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Bytes(what, Undo::Removed) => format!("what a later layer removes stays in the image: {what}"),
            Self::Bytes(what, Undo::Changed) => format!("what a later layer changes is in the image twice: {what}"),
            Self::Bytes(what, Undo::Moved) => format!("what a later layer moves is in the image twice: {what}"),
            Self::Index => {
                "an index in a layer of its own stays in the build cache, and then names packages that are gone".into()
            }
            Self::Installs => "each layer that installs holds the package database again".into(),
            Self::Small => "each of these small steps is a layer of its own".into(),
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
        let small = |simple: &Simple| is_small(simple) || packages::call(simple).is_some();
        let weight = match () {
            () if commands.is_empty() || !commands.iter().all(|place| small(place.simple)) => Weight::Heavy,
            () if calls.is_empty() => Weight::Small,
            () => Weight::Packages,
        };
        let text = run.rest.text();
        Self {
            weight,
            adds_repository: text.contains("nodesource.com/setup") || text.contains("add-apt-repository"),
            node: commands.iter().find_map(|place| node(place.simple)),
            commented: false,
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

    fn removes_all_in(&self, directory: &str) -> bool {
        let probe = format!("{directory}/probe");
        self.touches.iter().any(|touch| touch.removes(&probe))
    }

    /// Whether nothing of the index or cache of `family` is left behind.
    fn cleans(&self, family: Family) -> bool {
        let no_cache = |call: &Call<'_>| call.family == Family::Apk && call.has_option(&["--no-cache"]);
        caches(family).iter().any(|directory| self.removes_all_in(directory))
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

/// More steps than this that are neither small nor installs are not tied together for the sake of what the last removes.
const MOST_BETWEEN: usize = 4;

/// Why RUNs `first` and `last` should be one, if they should.
pub(super) fn pays(facts: &[Facts<'_>], first: usize, last: usize) -> Option<Pays> {
    let (one, other) = (&facts[first], &facts[last]);
    let between = &facts[first + 1..last];
    let heavy = between.iter().filter(|step| step.weight == Weight::Heavy).count();
    if heavy <= MOST_BETWEEN
        && let Some((what, undo)) = bytes(one, other)
    {
        return Some(Pays::Bytes(what, undo));
    }
    if heavy == 0
        && let Some(what) = cache(one, other)
    {
        return Some(Pays::Bytes(what, Undo::Removed));
    }
    if last != first + 1 {
        return None;
    }
    if other.installs().any(|family| is_index_for(one, other, family)) {
        return Some(Pays::Index);
    }
    if other.weight == Weight::Packages && other.installs().any(|family| is_worth_joining(one, other, family)) {
        return Some(Pays::Installs);
    }
    (one.weight == Weight::Small && other.weight == Weight::Small && !other.commented).then_some(Pays::Small)
}

/// Whether `one` only fetches the index that `other` installs from.
fn is_index_for(one: &Facts<'_>, other: &Facts<'_>, family: Family) -> bool {
    if one.installs().any(|own| own == family) || one.cleans(family) {
        return false;
    }
    let fetches = one.does(family, Action::Update) && one.weight == Weight::Packages;
    fetches
        || (one.adds_repository
            && family == Family::Apt
            && other.weight == Weight::Packages
            && !other.does(family, Action::Update))
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
    other.calls.iter().find_map(|call| removed(one, call)).or_else(|| undone_files(one, other))
}

/// The cache of a package manager that `one` fills and `other` empties. To take what stands between into one RUN is
/// too much for that.
fn cache(one: &Facts<'_>, other: &Facts<'_>) -> Option<String> {
    let uses = one.calls.iter().filter(|call| matches!(call.action, Action::Install | Action::Update));
    let kept = |family: &Family| !one.cleans(*family) && !other.does(*family, Action::Install);
    let empties = |family: &Family| {
        let by_itself = *family != Family::Apt && other.does(*family, Action::Clean);
        by_itself || caches(*family).iter().any(|directory| other.removes_all_in(directory))
    };
    let family = uses.map(|call| call.family).find(|family| kept(family) && empties(family))?;
    Some(format!("`{}`", caches(family)[0]))
}

/// Packages that `one` installs and `call` removes.
fn removed(one: &Facts<'_>, call: &Call<'_>) -> Option<(String, Undo)> {
    if call.action != Action::Remove {
        return None;
    }
    let installs = one.calls.iter().filter(|own| own.family == call.family && own.action == Action::Install);
    let mut names = installs.flat_map(|own| own.packages.iter().map(|word| word.raw.as_str()).chain(own.group));
    if let Some(name) = names.find(|name| call.packages.iter().any(|word| word.raw == *name)) {
        return Some((format!("`{name}`"), Undo::Removed));
    }
    let auto = call.packages.is_empty() && one.does(call.family, Action::Remove);
    auto.then(|| ("packages".to_owned(), Undo::Removed))
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
            How::Remove if is_of(made, other, &touch.path) => Some((shown(&touch.path), Undo::Removed)),
            How::Change { recursive: true } if paths::is_in(&made.path, &touch.path) => {
                Some((shown(&made.path), Undo::Changed))
            }
            How::Change { recursive } if made.path == touch.path || recursive && is_of(made, other, &touch.path) => {
                Some((shown(&touch.path), Undo::Changed))
            }
            How::MoveAway if is_of(made, other, &touch.path) => Some((shown(&touch.path), Undo::Moved)),
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

/// Whether `path` is what was made, or lies in the tree that was made. In a RUN that builds something, what lies in the
/// tree may be its own product.
fn is_of(made: &Touch<'_>, other: &Facts<'_>, path: &str) -> bool {
    let own_product = other.weight == Weight::Heavy && paths::file_name(path) != ".git";
    let in_tree = made.how == How::Tree && !is_crowded(&made.path) && paths::is_in(path, &made.path);
    path == made.path || in_tree && !own_product
}

/// Directories that hold much besides what one RUN puts there.
fn is_crowded(directory: &str) -> bool {
    matches!(
        directory,
        "/" | "/usr" | "/usr/local" | "/usr/local/bin" | "/usr/bin" | "/etc" | "/tmp" | "/root" | "/home" | "?"
    )
}

fn node(simple: &Simple) -> Option<Node> {
    let program = packages::program(simple)?;
    let verb = packages::words(simple).get(1).map_or("", |word| word.raw.as_str());
    match (program, verb) {
        ("npm" | "pnpm", "install" | "ci" | "i") => Some(Node::Installs),
        ("npm" | "pnpm", "prune") => Some(Node::Prunes),
        _ => None,
    }
}
