//! What the stages start from, and what is known of it.

use super::{Fact, Topic, View};
use crate::dockerfile::image_ref::ImageRef;
use crate::image::base::{self, Class, Distro, Libc, Tag};
use crate::image::{Base, Stage};
use crate::project::deploy::Usage;
use crate::report::paint;

impl View<'_> {
    /// The image under the final stage.
    pub(super) fn base(&self) -> Option<Fact> {
        let stage = self.stages.chain(self.stages.last()?).last()?;
        let at = [self.line(stage.from.first_line, "FROM")];
        Some(match &stage.base {
            Base::Scratch => Fact::known(Topic::Base, "scratch", at).with("holds nothing at all"),
            Base::Unknown(written) => Fact::unknown(Topic::Base, format!("`{written}` needs a build argument"), at),
            Base::Image(image) if ImageRef::parse(image).digest.is_some() => {
                let why = format!("{}: the tag need not be what is pulled", short(image));
                Fact::unknown(Topic::Base, why, at)
            }
            Base::Image(image) if base::official(image).is_none() => {
                Fact::unknown(Topic::Base, format!("nothing is known of {image}"), at)
            }
            Base::Image(image) => describe(Fact::known(Topic::Base, image, at), image),
            Base::Stage(_) => return None,
        })
    }

    pub(super) fn stage_list(&self) -> Vec<Fact> {
        let count = self.stages.iter().count();
        if count < 2 {
            return Vec::new();
        }
        self.stages.iter().map(|stage| self.stage(stage, stage.index + 1 == count)).collect()
    }

    fn stage(&self, stage: &Stage<'_>, last: bool) -> Fact {
        let name = stage.name.clone().unwrap_or_else(|| stage.index.to_string());
        let from = match &stage.base {
            Base::Image(image) | Base::Unknown(image) => short(image),
            Base::Scratch => "scratch".to_owned(),
            Base::Stage(parent) => match self.stages.get(*parent).and_then(|parent| parent.name.clone()) {
                Some(name) => format!("stage {name}"),
                None => format!("stage {parent}"),
            },
        };
        let mut fact =
            Fact::known(Topic::Stage, format!("{name} from {from}"), [self.line(stage.from.first_line, "FROM")]);
        if last {
            fact = fact.with("the final one");
        }
        let named = self.around.usage.is_target(&name);
        if named.is_yes() {
            fact.evidence.extend(named.evidence().iter().map(|found| self.in_repository(found)));
            fact = fact.with(format!("built by name: {}", targets(self.around.usage, &name)));
        }
        fact
    }
}

fn targets(usage: &Usage, name: &str) -> String {
    let by = usage.builds.iter().filter(|build| {
        build.target.as_ref().and_then(|said| said.value()).is_some_and(|target| target.eq_ignore_ascii_case(name))
    });
    let mut names: Vec<String> = by.map(|build| format!("{} `{}`", build.tool.name(), build.name)).collect();
    names.dedup();
    super::shortly(&names, 3)
}

/// A reference without most of its digest.
pub(super) fn short(image: &str) -> String {
    match image.split_once("@sha256:") {
        Some((name, digest)) => format!("{name}@sha256:{}…", &digest.get(..8).unwrap_or(digest)),
        None => image.to_owned(),
    }
}

/// Adds what is compiled in about an official image.
fn describe(fact: Fact, image: &str) -> Fact {
    let Some(tag) = base::official(image) else { return fact };
    let mut what = Vec::new();
    if let Some(release) = tag.release() {
        let distro = match release.distro {
            Distro::Debian => "Debian",
            Distro::Ubuntu => "Ubuntu",
            Distro::Alpine => "Alpine",
        };
        what.push(if release.name == release.number {
            format!("{distro} {}", release.name)
        } else {
            format!("{distro} {} ({})", release.number, release.name)
        });
        what.push(format!("updates until {}", release.end_of_life));
    }
    if let Some(family) = tag.family() {
        what.push(match family.libc {
            Libc::Glibc => "glibc".to_owned(),
            Libc::Musl => "musl".to_owned(),
        });
        let users: Vec<String> = family.users.iter().map(|user| format!("{} ({})", user.name, user.uid)).collect();
        if !users.is_empty() {
            what.push(format!("user {}", users.join(", ")));
        }
    }
    what.push(
        match tag.class() {
            Class::Full => "the full image",
            Class::Slim => "the slim image",
            Class::Alpine => "the Alpine image",
        }
        .to_owned(),
    );
    if let Some(size) = size(&tag) {
        what.push(format!("about {}", paint::bytes(size)));
    }
    let mut fact = fact.with(what.join(", "));
    if let Some(day) = tag.frozen() {
        fact = fact.with(format!("last built {day}: no more security updates"));
    }
    if tag.release().is_some_and(|release| release.mirror_gone) {
        fact = fact.with("its packages left the main mirror: apt-get update fails");
    }
    fact
}

/// The measured size, of this tag exactly.
fn size(tag: &Tag) -> Option<u64> {
    let name = format!("{}:{}", tag.image, tag.name());
    base::sizes().iter().find(|size| size.tag == name).map(|size| size.bytes)
}
