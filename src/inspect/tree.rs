//! The files that a container of an image sees, and those that lie in a layer and are seen by none: a later layer
//! has another file there, or deletes it.

use super::image::{Entry, Image, Kind};
use std::collections::BTreeMap;
use std::ops::Bound;

/// All layers laid over each other.
#[derive(Debug, Default)]
pub struct Tree<'i> {
    /// What is seen at each path.
    pub seen: BTreeMap<&'i str, Seen<'i>>,
    /// What is not.
    pub hidden: Vec<Hidden<'i>>,
    files: Vec<File<'i>>,
}

/// What is seen at a path.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'i> {
    /// The layer that it is from.
    pub layer: usize,
    /// What it is there.
    pub entry: &'i Entry,
    file: Option<usize>,
}

/// A file that nothing sees.
#[derive(Clone, Copy, Debug)]
pub struct Hidden<'i> {
    /// The layer that has it.
    pub layer: usize,
    /// What it is there.
    pub entry: &'i Entry,
    /// The layer that hides it.
    pub by: usize,
    /// Whether that deletes it; else it has another file there.
    pub deleted: bool,
}

/// The content of a file, which may have several names; it is hidden when the last of them is.
#[derive(Debug)]
struct File<'i> {
    entry: &'i Entry,
    names: usize,
}

impl<'i> Tree<'i> {
    /// Lays the layers of `image` over each other.
    pub fn of(image: &'i Image) -> Self {
        let mut tree = Self::default();
        for (index, layer) in image.layers.iter().enumerate() {
            // A layer's deletions are of what lies below it, wherever in it they stand.
            for entry in &layer.entries {
                match entry.kind {
                    Kind::Whiteout => tree.remove(&entry.path, index, true),
                    Kind::Opaque => tree.remove_below(&entry.path, index, true),
                    _ => {}
                }
            }
            for entry in layer.entries.iter().filter(|entry| !matches!(entry.kind, Kind::Whiteout | Kind::Opaque)) {
                tree.put(index, entry);
            }
        }
        tree
    }

    /// The bytes that nothing sees.
    pub fn wasted(&self) -> u64 {
        self.hidden.iter().map(|hidden| hidden.entry.bytes).sum()
    }

    fn put(&mut self, layer: usize, entry: &'i Entry) {
        let is_directory = entry.kind == Kind::Directory;
        if is_directory && self.seen.get(&*entry.path).is_some_and(|there| there.entry.kind == Kind::Directory) {
            return;
        }
        self.hide(&entry.path, layer, false);
        if !is_directory {
            // What was a directory, which need not have an entry of its own.
            self.remove_below(&entry.path, layer, false);
        }
        let file = match &entry.kind {
            Kind::File => {
                self.files.push(File { entry, names: 1 });
                Some(self.files.len() - 1)
            }
            Kind::Hard(target) => {
                let file = self.seen.get(&**target).filter(|there| there.layer == layer).and_then(|there| there.file);
                if let Some(file) = file {
                    self.files[file].names += 1;
                }
                file
            }
            _ => None,
        };
        self.seen.insert(&entry.path, Seen { layer, entry, file });
    }

    /// Takes away `path` and all below it.
    fn remove(&mut self, path: &str, by: usize, deleted: bool) {
        self.remove_below(path, by, deleted);
        self.hide(path, by, deleted);
    }

    fn remove_below(&mut self, path: &str, by: usize, deleted: bool) {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let below: Vec<&'i str> = self
            .seen
            .range::<str, _>(from)
            .map(|(path, _)| *path)
            .take_while(|path| path.starts_with(&prefix))
            .collect();
        for path in below {
            self.hide(path, by, deleted);
        }
    }

    fn hide(&mut self, path: &str, by: usize, deleted: bool) {
        let Some(there) = self.seen.remove(path) else { return };
        let Some(file) = there.file else { return };
        let file = &mut self.files[file];
        file.names -= 1;
        // A file that stands twice in one layer is the archive's own affair.
        if file.names == 0 && there.layer != by {
            self.hidden.push(Hidden { layer: there.layer, entry: file.entry, by, deleted });
        }
    }
}
