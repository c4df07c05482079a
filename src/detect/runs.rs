//! What a container of the image does: what starts, as whom, on which ports, with which scripts and checks.

use super::apps::App;
use super::base::short;
use super::{Fact, Topic, View, at, shortly};
use crate::image::{Base, Known, Launch};
use crate::project::deploy::said::{Check, MountKind};
use crate::project::finding::evidence;
use crate::project::node::scripts::Entry;
use crate::project::paths;
use crate::project::python::start::Start as PythonStart;
use crate::project::scripts::{self, Script};
use crate::proposal::Evidence;

/// A file that is run.
struct Run {
    /// The directory of its application.
    dir: String,
    path: String,
    /// Whether it stands in the context.
    there: bool,
    evidence: Vec<Evidence>,
    note: Option<String>,
}

impl View<'_> {
    fn launched(&self, launch: &Launch, what: &str) -> Option<Evidence> {
        launch.line.map(|line| self.line(line, what))
    }

    pub(super) fn starts(&self, apps: &[App]) -> Vec<Fact> {
        let parts = [(&self.start.entrypoint, "ENTRYPOINT"), (&self.start.cmd, "CMD")];
        let found = parts.iter().filter_map(|(launch, what)| self.launched(launch.as_ref()?, what));
        let words = self.own_words();
        let fact = match (words.as_slice(), self.start.words().as_slice(), &self.start.unknown_base) {
            ([], _, Some(image)) => {
                Fact::unknown(Topic::Starts, format!("what {} starts", short(image)), self.last_from())
            }
            ([], [], None) => Fact::known(Topic::Starts, "nothing", self.last_from()),
            ([], all, None) => {
                Fact::known(Topic::Starts, format!("{}, by the base image", all.join(" ")), self.last_from())
            }
            ([shell, flag, text], ..) if shell == "/bin/sh" && flag == "-c" => {
                Fact::known(Topic::Starts, format!("{text} (by a shell)"), found)
            }
            (words, ..) => Fact::known(Topic::Starts, words.join(" "), found),
        };
        vec![self.followed(fact, apps, &words)]
    }

    /// The final stage's own FROM.
    fn last_from(&self) -> Option<Evidence> {
        self.stages.last().map(|stage| self.line(stage.from.first_line, "FROM"))
    }

    /// The words that the file itself says; what the base image puts before them is no news.
    fn own_words(&self) -> Vec<String> {
        let own = |launch: &Option<Launch>| launch.as_ref().is_some_and(|launch| launch.line.is_some());
        match (own(&self.start.entrypoint), own(&self.start.cmd)) {
            (true, _) => self.start.words(),
            (false, true) => self.start.cmd.as_ref().map(Launch::words).unwrap_or_default(),
            (false, false) => Vec::new(),
        }
    }

    /// Adds the files that are run in the end.
    fn followed(&self, mut fact: Fact, apps: &[App], words: &[String]) -> Fact {
        let context = self.around.project.context();
        let mut runs: Vec<Run> = apps.iter().flat_map(|app| self.runs(app, words)).collect();
        // An application that has the file is the one that is meant; else the one beside the Dockerfile, or the first.
        if runs.iter().any(|run| run.there) {
            runs.retain(|run| run.there);
        } else if runs.len() > 1 {
            let own = paths::parent(context.dockerfile());
            let meant = runs.iter().position(|run| run.dir == own).unwrap_or(0);
            runs = vec![runs.swap_remove(meant)];
        }
        for run in runs {
            let shown = at(&self.around.places.context, &run.path);
            fact.evidence.extend(run.evidence);
            fact.detail.push(if run.there {
                format!("runs {shown}")
            } else {
                format!("runs {shown}, which is built first")
            });
            fact.detail.extend(run.note);
        }
        fact
    }

    /// The files of `app` that `words` run.
    fn runs(&self, app: &App, words: &[String]) -> Vec<Run> {
        let context = self.around.project.context();
        match app {
            App::Node(node) => {
                let closure = match words {
                    [shell, flag, text] if shell == "/bin/sh" && flag == "-c" => node.runs_text(text),
                    words => node.runs(words),
                };
                let entry = |entry: Entry| Run {
                    dir: node.dir.clone(),
                    there: context.is_file(&entry.path),
                    evidence: self.in_context(entry.from.as_slice()),
                    path: entry.path,
                    note: None,
                };
                node.entries(&closure).into_iter().map(entry).collect()
            }
            App::Python(python) => {
                let words: Vec<Option<&str>> = words.iter().map(|word| Some(word.as_str())).collect();
                let Some(start) = PythonStart::read(&words) else { return Vec::new() };
                let Some(path) = start.file(context, python.dir()) else { return Vec::new() };
                let note = start.development.then(|| "it is a server for development".to_owned());
                vec![Run { dir: python.dir().to_owned(), there: true, evidence: Vec::new(), path, note }]
            }
            App::Go(_) => Vec::new(),
        }
    }

    pub(super) fn scripts(&self) -> Vec<Fact> {
        let Some(stage) = self.stages.last() else { return Vec::new() };
        let (workdir, context) = (self.workdir(), self.around.project.context());
        let launches = [&self.start.entrypoint, &self.start.cmd, &self.start.healthcheck].into_iter().flatten();
        let mut named: Vec<String> = launches
            .flat_map(|launch| scripts::named_by(launch, self.files, stage.index, workdir.as_deref()))
            .collect();
        named.dedup();
        let read = |path: &String| Script::read(context, path).filter(|script| script.is_shell && is_script(script));
        named.iter().filter_map(read).map(|script| self.script(&script)).collect()
    }

    fn script(&self, script: &Script) -> Fact {
        let first = match &script.shebang {
            Some(shebang) => shebang.evidence.clone(),
            None => script.source.whole("has no #! line"),
        };
        let interpreter = script.shebang.as_ref().map_or("no #! line", |shebang| shebang.name());
        let name = at(&self.around.places.context, &script.source.path);
        let mut fact = Fact::known(Topic::Script, format!("{name} ({interpreter})"), self.in_context(&[first]));
        if let Some(why) = &script.unread {
            return fact.with(format!("could not be read: {why}"));
        }
        let mut note = |text: String, found: Option<&Evidence>| {
            fact.evidence.extend(found.map(|found| self.of_context(found)));
            fact.detail.push(text);
        };
        if let Some(crlf) = &script.crlf {
            note("its lines end in CRLF: the kernel will not find its interpreter".to_owned(), Some(crlf));
        }
        if let (Some(bashism), true) = (script.bashisms.first(), interpreter != "bash") {
            note(format!("uses {}", bashism.fact), Some(bashism));
        }
        if let Some(found) = script.drops_root.first() {
            note(found.fact.clone(), Some(found));
        } else if let Some(found) = script.needs_root.first() {
            note(format!("needs root: {}", found.fact), Some(found));
        }
        if let Some(found) = &script.hands_over {
            note(found.fact.clone(), Some(found));
        }
        let programs: Vec<String> = script.programs.iter().map(|used| paths::name(&used.name).to_owned()).collect();
        if !programs.is_empty() {
            note(format!("calls {}", shortly(&programs, 8)), None);
        }
        fact
    }

    pub(super) fn user(&self) -> Option<Fact> {
        let stage = self.stages.last()?;
        let set =
            stage.instructions.iter().rev().find(|instruction| instruction.keyword == crate::dockerfile::Keyword::User);
        let at: Vec<Evidence> = set.map(|user| self.line(user.first_line, "USER")).into_iter().collect();
        Some(match stage.end().user() {
            Known::Is(user) => Fact::known(Topic::User, user, at),
            Known::Unknown => Fact::unknown(Topic::User, "USER depends on a build argument", at),
            Known::Inherited => {
                let root = self.stages.chain(stage).last().map_or(&stage.base, |root| &root.base);
                let from = [self.line(stage.from.first_line, "no USER follows")];
                match root {
                    Base::Image(image) if crate::image::base::official(image).is_some() => {
                        Fact::known(Topic::User, "root, as no USER is set", from)
                    }
                    Base::Scratch => Fact::known(Topic::User, "root, as no USER is set", from),
                    _ => Fact::unknown(Topic::User, "no USER is set, and that of the base image is not known", from),
                }
            }
        })
    }

    pub(super) fn ports(&self) -> Vec<Fact> {
        let mut ports: Vec<Fact> = Vec::new();
        let mut add = |port: String, found: Evidence| match ports.iter_mut().find(|fact| fact.value == port) {
            Some(fact) => fact.evidence.push(found),
            None => ports.push(Fact::known(Topic::Port, port, [found])),
        };
        for (port, line) in &self.start.ports {
            let found = match line {
                Some(line) => self.line(*line, "EXPOSE"),
                None => evidence("facts/base-images.yaml", None, "the base image exposes it"),
            };
            add(port.trim_end_matches("/tcp").to_owned(), found);
        }
        for port in self.around.usage.ports() {
            if let Some(number) = port.number {
                add(number.to_string(), self.in_repository(&port.evidence));
            }
        }
        ports
    }

    pub(super) fn volumes(&self) -> Vec<Fact> {
        let declared = self
            .start
            .volumes
            .iter()
            .map(|(path, line)| Fact::known(Topic::Volume, path, [self.line(*line, "VOLUME")]));
        let mounted = self.around.usage.mounts().into_iter().map(|mount| {
            let kind = match mount.kind {
                MountKind::Bind => format!("from {}", mount.source),
                MountKind::Volume => format!("the volume {}", mount.source),
                MountKind::DockerSocket => "the Docker socket".to_owned(),
                MountKind::Tmpfs => "memory".to_owned(),
                MountKind::Anonymous | MountKind::Other => "a volume".to_owned(),
            };
            let kind = if mount.writable { kind } else { format!("{kind}, read-only") };
            let found = [self.in_repository(&mount.target.evidence)];
            Fact::known(Topic::Volume, format!("{} ({kind})", mount.target.text), found)
        });
        declared.chain(mounted).collect()
    }

    pub(super) fn checks(&self) -> Vec<Fact> {
        let own = self.start.healthcheck.iter().map(|launch| {
            let words = match launch.words().as_slice() {
                [shell, flag, text] if shell == "/bin/sh" && flag == "-c" => text.clone(),
                words => words.join(" "),
            };
            Fact::known(Topic::Check, words, self.launched(launch, "HEALTHCHECK"))
        });
        let probes = self.around.usage.probes().into_iter().map(|probe| {
            let value = match &probe.check {
                Check::Exec(words) => words.join(" "),
                Check::Shell(text) => text.clone(),
                Check::Network(Some(port)) => format!("port {port}, from outside"),
                Check::Network(None) => "from outside".to_owned(),
                Check::Disabled => "switched off".to_owned(),
            };
            Fact::known(Topic::Check, value, [self.in_repository(&probe.evidence)])
        });
        own.chain(probes).collect()
    }
}

/// Whether it is worth telling of: a binary without extension was not read, and a file of code is no script.
fn is_script(script: &Script) -> bool {
    script.shebang.is_some() || matches!(paths::extension(&script.source.path), "sh" | "bash" | "ash")
}
