//! How many files and bytes of a directory go to the builder, and what stays behind.

use crate::project::dockerignore::Dockerignore;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// A context under two ignore files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Weights {
    pub(super) before: Weight,
    pub(super) after: Weight,
    /// What only the second leaves out, by the patterns that do, the heaviest first.
    pub(super) leaving: Vec<(String, Weight)>,
}

impl Weight {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// Weighs the directory `root`. What cannot be read weighs nothing.
pub(super) fn weigh(root: &Path, before: &Dockerignore, after: &Dockerignore) -> Weights {
    let mut weights = Weights::default();
    let mut leaving: BTreeMap<String, Weight> = BTreeMap::new();
    // Directories still to be looked into; whether the first file leaves all of each out, and the pattern of the second
    // that does.
    let mut ahead = vec![(root.to_owned(), String::new(), false, None::<String>)];
    while let Some((directory, path, out_before, out_after)) = ahead.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if path.is_empty() { name } else { format!("{path}/{name}") };
            let is_out = out_before || before.excludes(&path);
            let by = out_after.clone().or_else(|| out_by(after, &path));
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let by = by.filter(|_| !after.includes_again());
                ahead.push((entry.path(), path, is_out && !before.includes_again(), by));
                continue;
            }
            let bytes = entry.metadata().map_or(0, |metadata| if metadata.is_file() { metadata.len() } else { 0 });
            match (is_out, by) {
                (false, Some(by)) => {
                    weights.before.add(bytes);
                    leaving.entry(by).or_default().add(bytes);
                }
                (false, None) => {
                    weights.before.add(bytes);
                    weights.after.add(bytes);
                }
                (true, None) => weights.after.add(bytes),
                (true, Some(_)) => {}
            }
        }
    }
    weights.leaving = leaving.into_iter().collect();
    weights.leaving.sort_by_key(|(_, weight)| std::cmp::Reverse(weight.bytes));
    weights
}

/// The pattern by which `path` is left out.
fn out_by(ignore: &Dockerignore, path: &str) -> Option<String> {
    let pattern = ignore.deciding(path).filter(|pattern| !pattern.includes)?;
    Some(pattern.text.trim_start_matches("**/").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_is_told_by_pattern_the_heaviest_first() {
        let root = tempfile::tempdir().unwrap();
        for (path, bytes) in
            [("a.js", 1), ("node_modules/x/i.js", 30), ("web/node_modules/y.js", 5), (".git/HEAD", 4), ("old/z", 7)]
        {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![b'x'; bytes]).unwrap();
        }
        let before = Dockerignore::parse("", "old\n");
        let after = Dockerignore::parse("", "old\n**/node_modules\n.git\n");
        let weights = weigh(root.path(), &before, &after);
        assert_eq!((weights.before, weights.after), (Weight { files: 4, bytes: 40 }, Weight { files: 1, bytes: 1 }));
        let leaving = |name: &str, files, bytes| (name.to_owned(), Weight { files, bytes });
        assert_eq!(weights.leaving, [leaving("node_modules", 2, 35), leaving(".git", 1, 4)]);
        let none = weigh(root.path(), &after, &after);
        assert_eq!((none.before, none.leaving), (none.after, vec![]));
    }
}
