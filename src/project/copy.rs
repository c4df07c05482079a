//! What `COPY` and `ADD` take from the build context: their sources as `BuildKit` resolves them
//! (`fsutil/copy.ResolveWildcards`), under the effective `.dockerignore`.

use super::context::{Context, Step};
use super::files::EntryKind;
use super::{glob, paths};

/// A COPY source, resolved: a path, or all that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopySource {
    /// As written.
    pub written: String,
    /// What it means, sorted.
    pub roots: Vec<Root>,
    /// Whether all of it was seen; a directory too large to list leaves a pattern half resolved.
    pub complete: bool,
}

/// One file or directory that a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its path in the context.
    pub path: String,
    /// Whether it is a directory: then what it holds is copied, not the directory itself.
    pub directory: bool,
}

/// A file that a COPY brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its path in the context.
    pub path: String,
    /// Its path below the destination directory; the file's own name for a file source.
    pub inside: String,
}

/// So many roots of one pattern are followed.
const MOST_ROOTS: usize = 10_000;

impl Context {
    /// Resolves `source`, variables already expanded. No roots: nothing is there, or it is ignored, and the
    /// build fails. URLs, heredocs and `--from` sources are not for this.
    pub fn copy_source(&self, source: &str) -> CopySource {
        let mut found = CopySource { written: source.to_owned(), roots: Vec::new(), complete: true };
        // A source outside the context is cut at its root.
        let Some(path) = paths::clean(source.trim_start_matches("../")) else { return found };
        if glob::is_pattern(&path) {
            self.resolve_pattern(&path, &mut found);
        } else {
            self.resolve_path(&path, &mut found);
        }
        found
    }

    fn resolve_path(&self, path: &str, found: &mut CopySource) {
        let directory = match self.kind(path) {
            Some(EntryKind::Directory | EntryKind::LinkToDirectory) => true,
            Some(EntryKind::File) => false,
            Some(EntryKind::Other) | None => return,
        };
        // An ignored directory is there nonetheless when something in it is brought back.
        if path.is_empty() || self.is_sent(path) || (directory && self.dockerignore().includes_again()) {
            found.roots.push(Root { path: path.to_owned(), directory });
        }
    }

    /// Name by name: what matches the first ones is a directory in which the next is looked for.
    fn resolve_pattern(&self, pattern: &str, found: &mut CopySource) {
        let mut dirs = vec![String::new()];
        let mut parts = pattern.split('/').peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let mut next = Vec::new();
            for dir in dirs {
                let listing = self.list(&dir);
                found.complete &= !listing.cut;
                for entry in listing.entries.iter().filter(|entry| glob::matches(part, &entry.name)) {
                    let path = if dir.is_empty() { entry.name.clone() } else { format!("{dir}/{}", entry.name) };
                    if last {
                        self.resolve_path(&path, found);
                    } else if matches!(entry.kind, EntryKind::Directory | EntryKind::LinkToDirectory) {
                        next.push(path);
                    }
                }
                if next.len() > MOST_ROOTS || found.roots.len() > MOST_ROOTS {
                    found.complete = false;
                    return;
                }
            }
            dirs = next;
        }
    }

    /// Every file that `source` brings, as far as a bounded walk sees it; `false` when it does not see all.
    pub fn copied_files(&self, source: &CopySource) -> (Vec<Copied>, bool) {
        let (mut files, mut complete) = (Vec::new(), source.complete);
        for root in &source.roots {
            if !root.directory {
                files.extend(source.inside(self, &root.path).map(|inside| Copied { path: root.path.clone(), inside }));
                continue;
            }
            complete &= self.walk_sent(&root.path, |path, kind| {
                if kind == EntryKind::File
                    && let Some(inside) = paths::below(&root.path, path)
                {
                    files.push(Copied { path: path.to_owned(), inside: inside.to_owned() });
                }
                Step::Enter
            });
        }
        (files, complete)
    }
}

impl CopySource {
    /// Where below the destination directory the context file `path` lands, when this source brings it. Reads no
    /// directory: this is the question to ask of a large context.
    pub fn inside(&self, context: &Context, path: &str) -> Option<String> {
        let lands = |root: &Root| {
            if !root.directory {
                return (root.path == path).then(|| paths::name(path).to_owned());
            }
            paths::below(&root.path, path).filter(|rest| !rest.is_empty()).map(str::to_owned)
        };
        context.is_sent(path).then(|| self.roots.iter().find_map(lands))?
    }

    /// Whether the source brings the file `path`: it is there, named, and not ignored.
    pub fn brings(&self, context: &Context, path: &str) -> bool {
        context.is_file(path) && self.inside(context, path).is_some()
    }
}
