//! What builds the image, and how it is run.

use super::{Fact, Topic, View, shortly};
use crate::project::deploy::said::{Build, Container, Said};
use crate::proposal::Evidence;

impl View<'_> {
    pub(super) fn builds(&self) -> Vec<Fact> {
        let usage = self.around.usage;
        let mut facts: Vec<Fact> = usage.builds.iter().map(|build| self.build(build)).collect();
        facts.dedup();
        let perhaps: Vec<Evidence> = usage.perhaps.iter().map(|build| self.in_repository(&build.evidence)).collect();
        // Where it is known who builds the file, others are no news.
        if facts.is_empty() && !perhaps.is_empty() {
            let why = "what builds it: a Dockerfile that only who runs it knows may be this one";
            facts.push(Fact::unknown(Topic::Build, why, perhaps));
        }
        facts
    }

    fn build(&self, build: &Build) -> Fact {
        let mut value = format!("{} `{}`", build.tool.name(), build.name);
        if let Some(target) = &build.target {
            value = format!("{value}, target {}", said(target));
        }
        if let Some(builder) = build.builder {
            value = format!("{value}, by {}", format!("{builder:?}").to_lowercase());
        }
        let mut fact = Fact::known(Topic::Build, value, [self.in_repository(&build.evidence)]);
        let args: Vec<String> = build.args.iter().map(|arg| arg.name.clone()).collect();
        if !args.is_empty() {
            fact = fact.with(format!("arguments {}", shortly(&args, 6)));
        }
        let platforms: Vec<String> = build.platforms.iter().map(said).collect();
        if !platforms.is_empty() {
            fact = fact.with(format!("for {}", shortly(&platforms, 6)));
        }
        let contexts: Vec<String> = build.named_contexts.iter().map(said).collect();
        if !contexts.is_empty() {
            fact = fact.with(format!("replaces {}", shortly(&contexts, 6)));
        }
        fact
    }

    pub(super) fn containers(&self) -> Vec<Fact> {
        self.around.usage.containers.iter().filter_map(|container| self.container(container)).collect()
    }

    /// What a container is given beside ports, mounts and checks, which are told elsewhere.
    fn container(&self, container: &Container) -> Option<Fact> {
        let value = format!("{} `{}`", container.tool.name(), container.name);
        let mut fact = Fact::known(Topic::Container, value, []);
        let mut note = |text: String, found: &Evidence| {
            fact.detail.push(text);
            fact.evidence.push(self.in_repository(found));
        };
        if let Some(user) = &container.user {
            note(format!("runs as {}", said(user)), &user.evidence);
        }
        if let Some(workdir) = &container.workdir {
            note(format!("starts in {}", said(workdir)), &workdir.evidence);
        }
        for (command, what) in [(&container.entrypoint, "entrypoint"), (&container.command, "command")] {
            match command {
                Some(command) if command.words.is_empty() => note(format!("no {what}"), &command.evidence),
                Some(command) => note(format!("{what} {}", command.words.join(" ")), &command.evidence),
                None => {}
            }
        }
        if let [first, ..] = container.privileges.as_slice() {
            let names: Vec<String> = container.privileges.iter().map(said).collect();
            note(format!("with {}", shortly(&names, 6)), &first.evidence);
        }
        if let Some(found) = &container.read_only {
            note("with a read-only root".to_owned(), found);
        }
        if let Some(found) = &container.non_root {
            note("refuses root".to_owned(), found);
        }
        (!fact.detail.is_empty()).then_some(fact)
    }
}

fn said(said: &Said) -> String {
    said.text.clone()
}
