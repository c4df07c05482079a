//! All that is said of one Dockerfile and of the image that it makes.

use super::Told;
use super::said::{Arg, Build, Check, Command, Container, Mount, Place, Port, Probe, Said, Tool};
use crate::passes::Builder;
use crate::project::finding::Finding;
use crate::project::paths;
use crate::proposal::Evidence;
use std::rc::Rc;

/// How a Dockerfile is built and its image run, as far as files of the repository say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The Dockerfile, in the repository.
    pub dockerfile: String,
    /// What builds it.
    pub builds: Vec<Build>,
    /// What builds a Dockerfile that only who runs it knows; it may be this one.
    pub perhaps: Vec<Build>,
    /// What runs its image.
    pub containers: Vec<Container>,
}

impl Usage {
    /// Of all that is told in the repository, what concerns `dockerfile`.
    pub(super) fn of(dockerfile: &str, told: &[Rc<Told>]) -> Self {
        let all = || told.iter().flat_map(|told| &told.builds);
        let builds: Vec<Build> = all().filter(|build| build.dockerfile.path() == Some(dockerfile)).cloned().collect();
        let perhaps = all().filter(|build| matches!(build.dockerfile, Place::Unknown(_))).cloned().collect();
        let runs = |container: &&Container| builds.iter().any(|build| runs(container, build));
        let containers = told.iter().flat_map(|told| &told.containers).filter(runs).cloned().collect();
        Self { dockerfile: dockerfile.to_owned(), builds, perhaps, containers }
    }

    /// Whether nothing is said of it.
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty() && self.containers.is_empty()
    }

    /// What is said of the image that is built by default: of the last stage, whose name may be `name`.
    #[must_use]
    pub fn of_default(&self, name: Option<&str>) -> Self {
        let is_last = |build: &&Build| match &build.target {
            None => true,
            Some(said) => said.value().is_none_or(|target| name.is_some_and(|name| target.eq_ignore_ascii_case(name))),
        };
        let (builds, others): (Vec<&Build>, Vec<&Build>) = self.builds.iter().partition(is_last);
        let kept = |container: &&Container| {
            let by = |all: &[&Build]| all.iter().any(|build| runs(container, build));
            by(&builds) || !by(&others)
        };
        Self {
            dockerfile: self.dockerfile.clone(),
            containers: self.containers.iter().filter(kept).cloned().collect(),
            builds: builds.into_iter().cloned().collect(),
            perhaps: self.perhaps.clone(),
        }
    }

    /// Stages that are built by name, which must keep name and meaning.
    pub fn targets(&self) -> Vec<&Said> {
        self.builds.iter().filter_map(|build| build.target.as_ref()).collect()
    }

    /// Whether the stage `name` is built by its name.
    pub fn is_target(&self, name: &str) -> Finding<bool> {
        let targets = self.targets();
        let named = |said: &&&Said| said.value().is_some_and(|target| target.eq_ignore_ascii_case(name));
        if let Some(said) = targets.iter().find(named) {
            return Finding::known(true, [said.evidence.clone()]);
        }
        match targets.iter().find(|said| !said.literal) {
            Some(said) => Finding::blocked(format!("`{}` may be any stage", said.text), [said.evidence.clone()]),
            None => Finding::known(false, self.builds.iter().map(|build| build.evidence.clone())),
        }
    }

    /// Build arguments that are given.
    pub fn args(&self) -> Vec<&Arg> {
        self.builds.iter().flat_map(|build| &build.args).collect()
    }

    /// Those given for the ARG `name`.
    pub fn values_of<'u>(&'u self, name: &'u str) -> impl Iterator<Item = &'u Arg> {
        self.builds.iter().flat_map(|build| &build.args).filter(move |arg| arg.name == name)
    }

    /// Names of stages and images that a build replaces with contexts of its own.
    pub fn named_contexts(&self) -> Vec<&Said> {
        self.builds.iter().flat_map(|build| &build.named_contexts).collect()
    }

    /// Platforms that are built for, or run on.
    pub fn platforms(&self) -> Vec<&Said> {
        let built = self.builds.iter().flat_map(|build| &build.platforms);
        built.chain(self.containers.iter().filter_map(|container| container.platform.as_ref())).collect()
    }

    /// Programs that build it, each once, with the first place that says so.
    pub fn builders(&self) -> Vec<(Builder, &Evidence)> {
        let mut found: Vec<(Builder, &Evidence)> = Vec::new();
        for build in &self.builds {
            if let Some(builder) = build.builder
                && !found.iter().any(|(known, _)| *known == builder)
            {
                found.push((builder, &build.evidence));
            }
        }
        found
    }

    /// The program that builds it.
    pub fn builder(&self) -> Finding<Builder> {
        match self.builders().as_slice() {
            [] => Finding::unknown("no file says what builds it"),
            [(builder, evidence)] => Finding::known(*builder, [(*evidence).clone()]),
            several => {
                let evidence = several.iter().map(|(_, evidence)| (*evidence).clone());
                Finding::blocked("several programs build it", evidence)
            }
        }
    }

    /// Users that containers run as.
    pub fn users(&self) -> Vec<&Said> {
        self.containers.iter().filter_map(|container| container.user.as_ref()).collect()
    }

    /// What is mounted over the image's files.
    pub fn mounts(&self) -> Vec<&Mount> {
        self.containers.iter().flat_map(|container| &container.mounts).collect()
    }

    /// Checks that are run on containers.
    pub fn probes(&self) -> Vec<&Probe> {
        self.containers.iter().flat_map(|container| &container.probes).collect()
    }

    /// Programs and shell texts that probes run inside the container: their tools must be in the image.
    pub fn probes_inside(&self) -> Vec<&Probe> {
        let inside = |probe: &&Probe| matches!(probe.check, Check::Exec(_) | Check::Shell(_));
        self.probes().into_iter().filter(inside).collect()
    }

    /// What replaces CMD.
    pub fn commands(&self) -> Vec<&Command> {
        self.containers.iter().filter_map(|container| container.command.as_ref()).collect()
    }

    /// What replaces ENTRYPOINT.
    pub fn entrypoints(&self) -> Vec<&Command> {
        self.containers.iter().filter_map(|container| container.entrypoint.as_ref()).collect()
    }

    /// Ports that are published.
    pub fn ports(&self) -> Vec<&Port> {
        self.containers.iter().flat_map(|container| &container.ports).collect()
    }

    /// Rights beyond those of a plain container.
    pub fn privileges(&self) -> Vec<&Said> {
        self.containers.iter().flat_map(|container| &container.privileges).collect()
    }
}

/// Whether `container` runs what `build` makes: it is the same service, or names the same image.
fn runs(container: &Container, build: &Build) -> bool {
    let dir = |evidence: &Evidence| paths::parent(&evidence.file).to_owned();
    let same_service = container.tool == Tool::Compose
        && build.tool == Tool::Compose
        && container.name == build.name
        && dir(&container.evidence) == dir(&build.evidence);
    let image = container.image.as_ref().and_then(Said::value);
    same_service || image.is_some_and(|image| build.images.iter().any(|own| own.value() == Some(image)))
}
