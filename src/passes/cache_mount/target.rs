//! Where a manager's cache lies for the user that runs it, and how it is mounted there.

use super::Job;
use crate::image::Known;
use crate::image::base;
use crate::managers::{Manager, recommends};
use crate::passes::shipped::root_image;
use crate::proposal::Evidence;

/// A directory to mount over.
pub(super) struct Target {
    /// Absolute.
    pub(super) path: String,
    /// As in the table: with `~` when it is below the home directory.
    pub(super) known: String,
    /// User and group, when it is not root's.
    owner: Option<(u32, u32)>,
}

impl Target {
    /// The first part below the home directory, or of the path: what names a directory that holds it has this in it.
    pub(super) fn top(&self) -> &str {
        self.known.split('/').nth(1).unwrap_or_default()
    }

    /// Whether `text` has the path in it.
    pub(super) fn is_named_in(&self, text: &str) -> bool {
        text.contains(&self.path) || text.contains(&self.known)
    }
}

/// Official images that set no USER and are not in the table of base images.
const OF_ROOT: &[&str] = &[
    "almalinux",
    "amazonlinux",
    "archlinux",
    "buildpack-deps",
    "centos",
    "eclipse-temurin",
    "fedora",
    "gcc",
    "haskell",
    "openjdk",
    "oraclelinux",
    "perl",
    "php",
    "rockylinux",
    "ruby",
    "rust",
];

/// Who runs the commands of the RUN.
enum User {
    Root,
    Other { home: String, uid: u32, gid: u32 },
}

/// The directories of `manager`, and what they were told from.
pub(super) fn of(job: &Job<'_>, manager: &Manager) -> Result<(Vec<Target>, Evidence), String> {
    let at_home = manager.mounts.iter().any(|mount| mount.starts_with('~') || manager.name == "yarn");
    let user = if at_home { user(job)? } else { User::Root };
    let targets = manager.mounts.iter().map(|mount| target(mount, &user, manager)).collect::<Result<Vec<_>, _>>()?;
    let fact = match &user {
        User::Root if at_home => format!("{} runs as root, in {}", manager.name, targets[0].path),
        User::Root => format!("{} keeps what it downloads in {}", manager.name, targets[0].path),
        User::Other { uid, .. } => format!("{} runs as user {uid}, in {}", manager.name, targets[0].path),
    };
    Ok((targets, job.cx.evidence(job.run.code.start, fact)))
}

fn target(mount: &str, user: &User, manager: &Manager) -> Result<Target, String> {
    let Some(below) = mount.strip_prefix("~/") else {
        return match user {
            User::Root => Ok(Target { path: mount.to_owned(), known: mount.to_owned(), owner: None }),
            User::Other { .. } => Err(format!("{} of another user than root keeps its cache elsewhere", manager.name)),
        };
    };
    let known = mount.to_owned();
    match user {
        User::Root => Ok(Target { path: format!("/root/{below}"), known, owner: None }),
        // BuildKit makes what is missing above the target, and root owns it.
        User::Other { .. } if below.contains('/') => {
            Err(format!("{mount} lies in a directory that a mount would make root's"))
        }
        User::Other { home: dir, uid, gid } => {
            Ok(Target { path: format!("{dir}/{below}"), known, owner: Some((*uid, *gid)) })
        }
    }
}

fn user(job: &Job<'_>) -> Result<User, String> {
    let state = job.stage.state_before(job.run);
    if !matches!(state.variable("HOME"), Known::Inherited | Known::Is("/root")) {
        return Err("HOME is set, and the cache lies there".to_owned());
    }
    let image = root_image(job.cx, job.stage);
    let family = official(image).and_then(|(name, tag)| base::tag(name, tag)).and_then(|tag| tag.family());
    match state.user() {
        Known::Inherited if family.is_some() || is_of_root(image) => Ok(User::Root),
        Known::Inherited => Err(format!("the user of {image} is not known")),
        Known::Unknown => Err("the user is not known".to_owned()),
        Known::Is(user) => {
            let name = user.split(':').next().unwrap_or_default();
            if matches!(name, "root" | "0") {
                return Ok(User::Root);
            }
            if state.variable("HOME") != Known::Inherited {
                return Err("HOME is set, and the cache lies there".to_owned());
            }
            let users = family.map_or(&[][..], |family| family.users);
            let known = users.iter().find(|known| known.name == name || known.uid.to_string() == name);
            let known = known.ok_or_else(|| format!("the home directory of user {name} is not known"))?;
            Ok(User::Other { home: known.home.to_owned(), uid: known.uid, gid: known.gid })
        }
    }
}

/// Name and tag of an official image.
fn official(image: &str) -> Option<(&str, &str)> {
    let path = image.split('@').next()?;
    let (repository, tag) = path.rsplit_once(':').unwrap_or((path, "latest"));
    let name = repository.strip_prefix("docker.io/").unwrap_or(repository);
    // Mirrors keep the official images under this name: `mirror.gcr.io/library/golang`.
    let name = name.rsplit_once("library/").map_or(name, |(_, name)| name);
    (!name.contains('/')).then_some((name, tag))
}

fn is_of_root(image: &str) -> bool {
    official(image).is_some_and(|(name, _)| OF_ROOT.contains(&name) || matches!(name, "python" | "node" | "golang"))
}

/// The value of `--mount=` for `target`.
pub(super) fn mount(job: &Job<'_>, manager: &Manager, target: &Target) -> String {
    let id = if manager.own_cache { format!("id={},", id(job, manager, target)) } else { String::new() };
    let sharing = if manager.sharing == "locked" { ",sharing=locked" } else { "" };
    let owner = target.owner.map_or(String::new(), |(uid, gid)| format!(",uid={uid},gid={gid}"));
    format!("type=cache,{id}target={}{sharing}{owner}", target.path)
}

/// A name that other distributions do not share: what is built or listed there fits this one.
fn id(job: &Job<'_>, manager: &Manager, target: &Target) -> String {
    let image = root_image(job.cx, job.stage);
    let release = official(image).and_then(|(name, tag)| base::tag(name, tag)).and_then(|tag| tag.release());
    let told = recommends::releases_of(image).filter(|releases| releases.is_power_of_two());
    let system = match (release, told) {
        (Some(release), _) if release.distro == base::Distro::Alpine => format!("alpine{}", release.name),
        (Some(release), _) => release.name.to_owned(),
        (None, Some(bit)) => recommends::releases()[bit.trailing_zeros() as usize].to_owned(),
        (None, None) => {
            let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
            image
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .split('@')
                .next()
                .unwrap_or_default()
                .chars()
                .map(plain)
                .collect()
        }
    };
    let part = if manager.mounts.len() == 1 { "" } else { target.path.rsplit('/').next().unwrap_or_default() };
    match part {
        "" | "apt" => format!("{}-{system}", manager.name),
        part => format!("{}-{part}-{system}", manager.name),
    }
}
