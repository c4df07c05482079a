//! The build context of a Dockerfile, opened; nothing of it is read before a pass asks.

use super::read;
use crate::project::dockerignore::Dockerignore;
use crate::project::{Context, Project};
use crate::report::Names;
use std::fs;
use std::path::{Path, PathBuf};

/// What the Dockerfile with these names is built from. A context that cannot be opened is an empty one.
pub(super) fn project(names: &Names) -> Project {
    let project = alone(names);
    match repository(Path::new(&names.path)) {
        Some((repository, dockerfile)) => project.within(repository, dockerfile),
        None => project,
    }
}

/// The repository that holds the Dockerfile at `path`, and where it stands in there.
fn repository(path: &Path) -> Option<(Context, String)> {
    let path = fs::canonicalize(path).ok()?;
    let root = path.ancestors().find(|directory| directory.join(".git").exists())?;
    let inside = path.strip_prefix(root).ok()?.to_str()?.to_owned();
    Some((Context::from_directory(root).ok()?, inside))
}

/// The project without what stands around its context.
fn alone(names: &Names) -> Project {
    let (root, path) = (Path::new(&names.context), Path::new(&names.path));
    let Ok(context) = Context::from_directory(root) else { return Project::new(Context::empty()) };
    if let Some(path) = inside(path, root) {
        return Project::new(context.for_dockerfile(&path.to_string_lossy()));
    }
    let own = own_ignore_file(path);
    Project::new(match read::file(&own) {
        Ok(text) => context.with_dockerignore(Dockerignore::parse(&own.to_string_lossy(), &text)),
        // A name that nobody gives: the ignore file at the root holds.
        Err(_) => context.for_dockerfile("-"),
    })
}

/// Where the Dockerfile at `path` lies in the context: its own ignore file stands beside it. A link counts by
/// its own place, as for a build.
fn inside(path: &Path, root: &Path) -> Option<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = fs::canonicalize(parent).ok()?;
    Some(parent.strip_prefix(fs::canonicalize(root).ok()?).ok()?.join(path.file_name()?))
}

fn own_ignore_file(dockerfile: &Path) -> PathBuf {
    let mut name = dockerfile.to_owned().into_os_string();
    name.push(".dockerignore");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_ignore_file_holds_wherever_the_dockerfile_lies() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("app/.dockerignore", "by-root\n");
        write("app/docker/Dockerfile.dockerignore", "by-own\n");
        write("elsewhere/Dockerfile.dockerignore", "by-other\n");
        for (dockerfile, excluded) in [
            ("app/Dockerfile", "by-root"),
            ("app/docker/Dockerfile", "by-own"),
            ("app/docker/../docker/Dockerfile", "by-own"),
            ("elsewhere/Dockerfile", "by-other"),
            ("elsewhere/other.Dockerfile", "by-root"),
        ] {
            let names = Names {
                path: root.path().join(dockerfile).to_string_lossy().into_owned(),
                context: root.path().join("app").to_string_lossy().into_owned(),
                ..Names::default()
            };
            let project = project(&names);
            for name in ["by-root", "by-own", "by-other"] {
                assert_eq!(project.context().is_sent(name), name != excluded, "{dockerfile}: {name}");
            }
        }
    }
}
