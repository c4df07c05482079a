//! What stands around a Dockerfile: its repository, what its files say about building it, and the build context.
//!
//! Of the context nothing is read before a pass asks.

use super::read;
use super::repository::Repositories;
use crate::cli::BuildContext;
use crate::dockerfile::Dockerfile;
use crate::image::Stages;
use crate::project::deploy::choice::{Wants, context_of, wants};
use crate::project::deploy::{Deployments, Usage};
use crate::project::dockerignore::Dockerignore;
use crate::project::finding::evidence;
use crate::project::{Context, Finding, Project};
use crate::report::Names;
use anyhow::bail;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The directory that `--context` names, which must be one.
pub(super) fn given(flags: &BuildContext) -> anyhow::Result<Option<&Path>> {
    let given = flags.given.as_deref();
    if let Some(context) = given.filter(|context| !context.is_dir()) {
        bail!("--context {}: there is no such directory; check the path", context.display());
    }
    Ok(given)
}

/// What is known of the place of a Dockerfile.
pub(super) struct Surroundings {
    /// The repository's real path; empty when there is none.
    pub root: PathBuf,
    /// What the repository's files say about building and running, of any Dockerfile.
    pub deployments: Rc<Deployments>,
    /// What they say of this one.
    pub usage: Usage,
    /// The build context, in the repository or as `--context` names it.
    pub context: Finding<String>,
    /// Its real path, when it can be had.
    pub directory: Option<PathBuf>,
    /// What is in it. A context that is not known or cannot be opened is an empty one.
    pub project: Project,
    /// What the Dockerfile takes from it.
    pub wants: Wants,
}

impl Surroundings {
    /// Of `file`, which is called `names`. `given` is `--context`; `top` is what dfslim was told to work on, see
    /// [`Repositories::place`].
    pub(super) fn of(
        file: &Dockerfile,
        names: &Names,
        given: Option<&Path>,
        top: &Path,
        repositories: &mut Repositories,
    ) -> Self {
        let path = Path::new(&names.path);
        let (root, deployments, usage) = match repositories.place(path, top) {
            Some(place) => {
                let usage = place.deployments.usage(&place.inside);
                (place.root, place.deployments, usage)
            }
            None => (PathBuf::new(), Rc::new(Deployments::new(Context::empty())), Usage::default()),
        };
        let wants = wants(file, &Stages::of(file));
        let (context, directory) = if let Some(directory) = given {
            let told = evidence("--context", None, "was given");
            (Finding::known(directory.to_string_lossy().into_owned(), [told]), Some(directory.to_owned()))
        } else {
            let found = context_of(&usage, deployments.repository(), &wants);
            let directory = found.value().map(|inside| root.join(inside));
            (found, directory)
        };
        let directory = directory.and_then(|directory| fs::canonicalize(directory).ok());
        let opened = directory.as_deref().and_then(|root| open(path, root));
        let project = Project::new(opened.unwrap_or_else(Context::empty)).used_as(usage.clone());
        let stands = directory.as_deref().and_then(|own| own.strip_prefix(&root).ok()?.to_str().map(str::to_owned));
        let project = match stands.filter(|_| !root.as_os_str().is_empty()) {
            Some(dir) => project.standing_in(deployments.repository().clone(), dir),
            None => project,
        };
        Self { root, deployments, usage, context, directory, project, wants }
    }
}

/// The context in the directory `root`, a real path, under the ignore file that holds for the Dockerfile at `path`.
fn open(path: &Path, root: &Path) -> Option<Context> {
    let context = Context::from_directory(root).ok()?;
    if let Some(path) = inside(path, root) {
        return Some(context.for_dockerfile(&path.to_string_lossy()));
    }
    let own = own_ignore_file(path);
    Some(match read::file(&own) {
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
    Some(parent.strip_prefix(root).ok()?.join(path.file_name()?))
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
            let app = fs::canonicalize(root.path().join("app")).unwrap();
            let context = open(&root.path().join(dockerfile), &app).unwrap();
            for name in ["by-root", "by-own", "by-other"] {
                assert_eq!(context.is_sent(name), name != excluded, "{dockerfile}: {name}");
            }
        }
    }
}
