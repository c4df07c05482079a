//! Whom the container will run as: a user that the image has, one that is made, or a bare number.

use super::Case;
use crate::dockerfile::Keyword;
use crate::dockerfile::image_ref::ImageRef;
use crate::image::Base;
use crate::image::base::{self, Family, Libc};
use crate::proposal::Evidence;
use crate::shell::Shell;

/// The name of users that are made.
const NAME: &str = "app";
/// The number by which distroless images call their own user; where there is no list of users any number would do.
const NUMBER: u32 = 65532;

/// A user for the container.
#[derive(Clone, Debug)]
pub(super) struct Account {
    kind: Kind,
    /// Whether a RUN can make directories: there is a shell.
    pub(super) has_shell: bool,
    /// The home directory, which exists and is the user's own.
    pub(super) home: Option<&'static str>,
    /// Why it is there.
    pub(super) evidence: Evidence,
}

#[derive(Clone, Debug)]
enum Kind {
    /// One that the base image has.
    Own { name: &'static str, uid: u32, gid: u32 },
    /// One that a RUN makes.
    Made { command: &'static str },
    /// A number alone; with a group where no list of users tells it.
    Number { group: bool },
}

impl Account {
    /// The user for a stage, or why there can be none.
    pub(super) fn of(case: &Case<'_>) -> Result<Self, String> {
        makes_users(case)?;
        let root = case.chain.last().map_or(&case.stage.base, |stage| &stage.base);
        let image = match root {
            Base::Scratch => return Ok(Self::number(case, true, "scratch has no list of users")),
            Base::Image(image) => image,
            Base::Unknown(image) => return Err(format!("which image `{image}` is, only the build knows")),
            Base::Stage(_) => return Err("its base is not known".to_owned()),
        };
        if let Some(found) = distroless(image) {
            return if found {
                Ok(Self::number(case, false, "distroless images have a user 65532"))
            } else {
                Err(format!("`{image}` says itself whom it runs as"))
            };
        }
        let family =
            family(image).ok_or_else(|| format!("whom `{image}` runs as, and which users it has, is not known"))?;
        match (family.image, family.users) {
            ("nginx", _) => Err("nginx starts as root and gives it up by itself".to_owned()),
            (_, [user, ..]) => Ok(Self {
                kind: Kind::Own { name: user.name, uid: user.uid, gid: user.gid },
                has_shell: true,
                home: Some(user.home),
                evidence: fact(family, format!("{image} has the user {} with the home {}", user.name, user.home)),
            }),
            _ if case.cx.file.escape() == '`' => Err("the file is written for Windows".to_owned()),
            _ => {
                let (command, tool) = match family.libc {
                    Libc::Musl => ("addgroup -S app && adduser -S -G app app", "adduser"),
                    Libc::Glibc => ("groupadd --system app && useradd --system --gid app --create-home app", "useradd"),
                };
                Ok(Self {
                    kind: Kind::Made { command },
                    has_shell: true,
                    home: Some("/home/app"),
                    evidence: fact(family, format!("{image} has {tool}")),
                })
            }
        }
    }

    fn number(case: &Case<'_>, group: bool, why: &str) -> Self {
        Self {
            kind: Kind::Number { group },
            has_shell: false,
            home: (!group).then_some("/home/nonroot"),
            evidence: case.cx.evidence(case.stage.from.code.start, why),
        }
    }

    /// What USER says.
    pub(super) fn user(&self) -> String {
        match &self.kind {
            Kind::Own { name, .. } => (*name).to_owned(),
            Kind::Made { .. } => NAME.to_owned(),
            Kind::Number { group: true } => format!("{NUMBER}:{NUMBER}"),
            Kind::Number { group: false } => NUMBER.to_string(),
        }
    }

    /// What `--chown` says; `None` when a name is needed where names mean nothing (`COPY --link`).
    pub(super) fn owner(&self, by_number: bool) -> Option<String> {
        match &self.kind {
            Kind::Own { uid, gid, .. } if by_number => Some(format!("{uid}:{gid}")),
            Kind::Own { name, .. } => Some(format!("{name}:{name}")),
            Kind::Made { .. } if by_number => None,
            Kind::Made { .. } => Some(format!("{NAME}:{NAME}")),
            Kind::Number { .. } => Some(format!("{NUMBER}:{NUMBER}")),
        }
    }

    /// The command that makes it.
    pub(super) fn command(&self) -> Option<&'static str> {
        if let Kind::Made { command } = &self.kind { Some(command) } else { None }
    }

    /// For messages.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Own { name, .. } => format!("the image's own user {name}"),
            Kind::Made { .. } => format!("a user {NAME} of its own"),
            Kind::Number { .. } => format!("user {NUMBER}"),
        }
    }
}

fn fact(family: &Family, fact: String) -> Evidence {
    Evidence { file: family.source.to_owned(), line: None, fact }
}

/// What is known of an official image, whatever digest it is pinned to: all builds of a tag have the same users.
pub(super) fn family(image: &str) -> Option<&'static Family> {
    let tag = image.split_once('@').map_or(image, |(tag, _)| tag);
    base::official(tag).and_then(|tag| tag.family())
}

/// Whether `image` is one of distroless' own that runs as root; `Some(false)` when it runs as somebody else.
fn distroless(image: &str) -> Option<bool> {
    let image = ImageRef::parse(image);
    let is_own = image.registry.as_deref() == Some("gcr.io") && image.image.strip_prefix("distroless/").is_some();
    is_own.then(|| !image.tag.as_deref().unwrap_or("latest").contains("nonroot"))
}

/// The family that a stage is built on in the end.
pub(super) fn family_of(case: &Case<'_>) -> Option<&'static Family> {
    match &case.chain.last()?.base {
        Base::Image(image) => family(image),
        _ => None,
    }
}

/// A file that makes users of its own knows what they are for.
fn makes_users(case: &Case<'_>) -> Result<(), String> {
    const MAKERS: &[&str] = &["adduser", "useradd", "usermod", "deluser", "userdel", "groupmod", "fixuid"];
    let all = case.chain.iter().flat_map(|stage| &stage.instructions);
    for run in all.filter(|instruction| instruction.keyword == Keyword::Run) {
        let body = case.cx.body(run);
        let made = match &*body.shell {
            Shell::Parsed(script) => {
                script.commands().iter().any(|place| place.simple.name().is_some_and(|name| MAKERS.contains(&name)))
            }
            Shell::Opaque(_) => MAKERS.iter().any(|name| run.span.of(case.cx.file.text()).contains(name)),
        };
        if made {
            let line = case.cx.line(run.code.start);
            return Err(format!("line {line} makes a user, and what for is not known"));
        }
    }
    Ok(())
}
