//! What there is to tell of an image, ready to be printed.

use super::leftovers::{self, Leftover};
use super::origins;
use super::tree::{Hidden, Tree};
use super::{Image, Kind};
use crate::dockerfile::Dockerfile;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many of the largest files are told.
const LARGEST: usize = 10;

/// Everything that is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// How it was called, or is called by its archive.
    pub name: String,
    /// `linux/amd64`
    pub platform: String,
    /// Who containers run as; empty for root.
    pub user: String,
    /// The TCP ports that containers listen on, as the image says.
    pub ports: Vec<u16>,
    /// The bytes of all files in all layers.
    pub bytes: u64,
    /// Of these, the ones that no container sees.
    pub wasted: u64,
    /// From the bottom up.
    pub layers: Vec<Line>,
    /// Whether a Dockerfile told the lines.
    pub placed: bool,
    /// What is wasted, by who wrote and who hid it, the heaviest first.
    pub hidden: Vec<Waste>,
    /// The largest files that a container sees.
    pub largest: Vec<Large>,
    /// What should not be there.
    pub leftovers: Vec<Leftover>,
}

/// A layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The bytes of its files.
    pub bytes: u64,
    /// The bytes of its archive, and whether that is compressed.
    pub packed: (u64, bool),
    /// How many files it has.
    pub files: usize,
    /// What made it; empty when nothing tells.
    pub instruction: String,
    /// The line of the Dockerfile.
    pub line: Option<usize>,
}

/// Bytes of one layer that a later one hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waste {
    /// The layer that has them.
    pub layer: usize,
    /// The layer that hides them.
    pub by: usize,
    /// Whether it deletes them.
    pub deleted: bool,
    /// How many.
    pub bytes: u64,
    /// In how many files.
    pub files: usize,
    /// The largest of these.
    pub path: String,
}

/// A large file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Large {
    /// Where.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// The layer that it is from.
    pub layer: usize,
}

impl Survey {
    /// Of `image`, which is called `name`, and which `file` made, if that is known.
    pub fn of(name: &str, image: &Image, file: Option<&Dockerfile>) -> Self {
        let tree = Tree::of(image);
        let lines = file.map(|file| origins::lines(image, file));
        let line = |index: usize| lines.as_ref().and_then(|lines| lines[index]);
        let layers = image.layers.iter().enumerate().map(|(index, layer)| Line {
            bytes: layer.bytes,
            packed: layer.packed,
            files: layer.entries.iter().filter(|entry| entry.kind == Kind::File).count(),
            instruction: layer.instruction.clone(),
            line: line(index),
        });
        let mut largest: Vec<Large> = Vec::new();
        for (path, seen) in &tree.seen {
            let least = largest.last().filter(|_| largest.len() >= LARGEST).map_or(0, |least| least.bytes);
            if seen.entry.bytes > least {
                largest.push(Large { path: format!("/{path}"), bytes: seen.entry.bytes, layer: seen.layer });
                largest.sort_by_key(|large| Reverse(large.bytes));
                largest.truncate(LARGEST);
            }
        }
        let mut ports: Vec<u16> = image.config.exposed_ports.keys().filter_map(|port| tcp(port)).collect();
        ports.sort_unstable();
        Self {
            name: name.to_owned(),
            ports,
            platform: image.platform.clone(),
            user: image.config.user.clone(),
            bytes: image.bytes(),
            wasted: tree.wasted(),
            layers: layers.collect(),
            placed: file.is_some(),
            hidden: wastes(&tree.hidden),
            largest,
            leftovers: leftovers::find(&tree),
        }
    }

    /// The share of the bytes that a container sees, in thousandths.
    pub fn efficiency(&self) -> u64 {
        (self.bytes.saturating_sub(self.wasted) * 1000).checked_div(self.bytes).unwrap_or(1000)
    }

    /// Whether `layer` is the base image's; `None` when no Dockerfile tells.
    pub fn is_base(&self, layer: usize) -> Option<bool> {
        (self.placed && self.layers.iter().any(|line| line.line.is_some())).then(|| self.layers[layer].line.is_none())
    }

    /// The passes that take a leftover out.
    pub fn passes(&self, leftover: &Leftover) -> Vec<&'static str> {
        let (own, base) = leftover.passes;
        match self.is_base(leftover.layer) {
            Some(true) => base.into_iter().collect(),
            Some(false) => own.into_iter().collect(),
            None => own.into_iter().chain(base).collect(),
        }
    }
}

fn tcp(port: &str) -> Option<u16> {
    port.strip_suffix("/tcp").unwrap_or(port).parse().ok()
}

fn wastes(hidden: &[Hidden<'_>]) -> Vec<Waste> {
    let mut groups: BTreeMap<(usize, usize, bool), Vec<&Hidden<'_>>> = BTreeMap::new();
    for one in hidden.iter().filter(|one| one.entry.bytes > 0) {
        groups.entry((one.layer, one.by, one.deleted)).or_default().push(one);
    }
    let mut all: Vec<Waste> = groups
        .into_iter()
        .map(|((layer, by, deleted), files)| Waste {
            layer,
            by,
            deleted,
            bytes: files.iter().map(|one| one.entry.bytes).sum(),
            files: files.len(),
            path: files
                .iter()
                .max_by_key(|one| one.entry.bytes)
                .map_or(String::new(), |one| format!("/{}", one.entry.path)),
        })
        .collect();
    all.sort_by_key(|waste| Reverse(waste.bytes));
    all
}

impl Waste {
    /// The pass that would have spared it.
    pub fn pass(&self) -> Option<&'static str> {
        self.deleted.then_some("late-cleanup")
    }
}
