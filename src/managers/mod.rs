//! What package managers leave behind, where, and what avoids it; and which commands of a RUN are theirs.
//!
//! Compiled in from `facts/cleanup.yaml`, where each field is described and has its source. It reads commands and
//! words; it proposes nothing.

pub mod build_only;
mod cleaning;
pub mod counterparts;
mod paths;
pub mod programs;
pub mod recommends;
mod uses;

pub use cleaning::{cleans, is_settled, mounts, removed_paths};
pub use paths::{home_path, touches};
pub use uses::{Through, Use, rough_use, uses};

/// A package manager.
#[derive(Debug, PartialEq, Eq)]
pub struct Manager {
    /// `apt`, `pip`
    pub name: &'static str,
    /// What it is called by; a version may follow.
    pub programs: &'static [&'static str],
    /// Options that take the next word as their value.
    pub valued: &'static [&'static str],
    /// Subcommands that leave something; the empty one is the program alone.
    pub leaving: &'static [&'static str],
    /// What they leave.
    pub leaves: &'static str,
    /// What avoids it.
    pub avoid: Avoid,
    /// Options with which a command leaves nothing, or with which its author decided.
    pub spared_by: &'static [&'static str],
    /// Subcommands that clean.
    pub cleaned_by: &'static [&'static str],
    /// Where it lies; `~` is the user's home.
    pub dirs: &'static [&'static str],
    /// Variables that move the cache or switch it off.
    pub settled_by: &'static [&'static str],
    /// Words that tell of a later reader of the cache.
    pub needed_by: &'static [&'static str],
    /// Parts of image names in which `avoid` is not known yet.
    pub too_old: &'static [&'static str],
    /// Names of the images that bring a newer one of their own.
    pub fresh_on: &'static [&'static str],
    /// Names of the images on which this holds; empty: all.
    pub only_on: &'static [&'static str],
    /// Names of the images on which nothing is left anyway.
    pub not_on: &'static [&'static str],
    /// What avoiding it saves at least, where that was measured.
    pub bytes: Option<u64>,
    /// Directories over which cache mounts take its place; none where no mount is safe.
    pub mounts: &'static [&'static str],
    /// Whether what lies there fits only the distribution that made it.
    pub own_cache: bool,
    /// An option that says not to hard-link out of the mount.
    pub unlink: Option<&'static str>,
    /// How builds share these mounts.
    pub sharing: &'static str,
    /// Where this was read.
    pub source: &'static str,
}

/// What keeps a manager's leftovers out of the layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Avoid {
    /// An option, right after the subcommand.
    Flag(&'static str),
    /// A command after the last use; `PROGRAM` is the program as written there.
    Command(&'static str),
    /// Paths removed at the end of the RUN.
    Remove(&'static [&'static str]),
    /// There is nothing to do, for this reason.
    Nothing(&'static str),
}

include!(concat!(env!("OUT_DIR"), "/cleanup.rs"));

/// All of them.
pub fn all() -> &'static [Manager] {
    MANAGERS
}

/// The one called `name`.
pub fn manager(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|manager| manager.name == name)
}

impl Manager {
    /// Whether `program` (no directory) is a name of it: `pip`, `pip3`, `pip3.11`.
    pub fn is_called(&self, program: &str) -> bool {
        let version = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.');
        self.programs.iter().any(|name| program.strip_prefix(name).is_some_and(version))
    }

    /// Whether `avoid` works in `image`, as far as its name tells.
    pub fn is_new_enough(&self, image: &str) -> bool {
        !self.too_old.iter().any(|old| holds(image, old))
    }
}

/// Whether `image` has `part` in its name, not followed by more of a number: `alpine:3.1` is not in `alpine:3.10`.
fn holds(image: &str, part: &str) -> bool {
    image.match_indices(part).any(|(at, _)| {
        let rest = &image[at + part.len()..];
        !part.ends_with(|c: char| c.is_ascii_digit()) || !rest.starts_with(|c: char| c.is_ascii_digit())
    })
}
