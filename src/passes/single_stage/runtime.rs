//! What a container starts, and which programs that takes.

use super::{Case, No};
use crate::dockerfile::{Instruction, Keyword, Logical};
use crate::image::{Exists, Form, Launch, Origin, Start, clean};
use crate::passes::oversized_base::is_everywhere;
use crate::project::deploy::said::{Check, MountKind, Tool};
use crate::shell::{self, Dialect, Script, Shell};

/// A program that is started at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::passes) struct Started {
    /// As written.
    pub name: String,
    /// Its words behind the name that are literal.
    pub words: Vec<String>,
    /// Where.
    pub place: String,
}

impl Case<'_> {
    /// Every program that ENTRYPOINT, CMD, HEALTHCHECK, compose files and the scripts behind them start; those that any
    /// shell has are left out.
    pub(in crate::passes) fn started(&self) -> Result<Vec<Started>, No> {
        let start = Start::of(self.cx.file, self.cx.stages, self.stage);
        let mut all = Vec::new();
        let launches = [&start.entrypoint, &start.cmd];
        let own = |launch: &&Launch| launch.line.is_some() && !launch.is_empty();
        if !launches.into_iter().flatten().any(|launch| own(&launch)) {
            return Err(No::NotThis);
        }
        // A CMD behind an ENTRYPOINT is arguments, unless a script runs it: that is seen where the script is read.
        let mut words = self.first_words(&start);
        let first = launches.into_iter().flatten().find(own).map_or("CMD", |_| "the start command");
        if let Some(Launch { form: Form::Shell(text), .. }) = launches.into_iter().flatten().find(own) {
            self.text(text, first, &mut all)?;
        } else if words.len() >= 3 && matches!(name_of(&words[0]), "sh" | "bash" | "ash") && words[1].starts_with('-') {
            note(&words[0].clone(), &[], first, &mut all);
            self.text(&words.swap_remove(2), first, &mut all)?;
        } else {
            self.words(&words, first, &mut all)?;
        }
        match start.healthcheck.as_ref().map(|launch| &launch.form) {
            Some(Form::Exec(words)) => self.words(words, "HEALTHCHECK", &mut all)?,
            Some(Form::Shell(text)) => self.text(text, "HEALTHCHECK", &mut all)?,
            None => {}
        }
        self.started_by_others(&mut all)?;
        Ok(all)
    }

    /// What compose files and their like start, when the image starts nothing by itself.
    pub(super) fn started_elsewhere(&self) -> Result<Vec<Started>, No> {
        let mut all = Vec::new();
        self.started_by_others(&mut all)?;
        Ok(all)
    }

    /// The words of the first process, without the entrypoint of the image where that only runs what it is given:
    /// Node's runs a file by `node`.
    fn first_words(&self, start: &Start) -> Vec<String> {
        let inherited = start.entrypoint.as_ref().is_some_and(|entrypoint| entrypoint.line.is_none());
        let Some(cmd) = start.cmd.as_ref().filter(|_| inherited && self.from.image == "node") else {
            return start.words();
        };
        let mut words = cmd.words();
        let is_code = |word: &String| [".js", ".mjs", ".cjs"].iter().any(|end| word.ends_with(end));
        if words.first().is_some_and(|word| is_code(word) || word.starts_with('-')) {
            words.insert(0, "node".to_owned());
        }
        words
    }

    fn started_by_others(&self, all: &mut Vec<Started>) -> Result<(), No> {
        let usage = self.usage();
        let place = |evidence: &crate::proposal::Evidence| match evidence.line {
            Some(line) => format!("{}:{line}", evidence.file),
            None => evidence.file.clone(),
        };
        for probe in usage.probes_inside() {
            match &probe.check {
                Check::Exec(words) => self.words(words, &place(&probe.evidence), all)?,
                Check::Shell(text) => self.text(text, &place(&probe.evidence), all)?,
                Check::Network(_) | Check::Disabled => {}
            }
        }
        for command in usage.commands().into_iter().chain(usage.entrypoints()) {
            if !command.literal {
                return Err(No::Because(format!(
                    "{} runs a command that only who runs it knows",
                    place(&command.evidence)
                )));
            }
            self.words(&command.words, &place(&command.evidence), all)?;
        }
        Ok(())
    }

    /// Notes what a command of the words `words` starts.
    pub(super) fn words(&self, words: &[String], place: &str, all: &mut Vec<Started>) -> Result<(), No> {
        let Some((name, rest)) = words.split_first() else { return Ok(()) };
        self.follow(name, rest, place, all)
    }

    fn text(&self, text: &str, place: &str, all: &mut Vec<Started>) -> Result<(), No> {
        let mut logical = Logical::default();
        logical.push(text, 0);
        match shell::read(&logical, Dialect::Sh) {
            Shell::Parsed(script) => self.script(&script, place, all),
            Shell::Opaque(why) => Err(No::Because(format!("{place} is not understood: {why}"))),
        }
    }

    fn script(&self, script: &Script, place: &str, all: &mut Vec<Started>) -> Result<(), No> {
        for found in script.commands() {
            let words: Vec<Option<&str>> = found.simple.words.iter().map(|word| word.literal.as_deref()).collect();
            let skipped = words.iter().take_while(|word| matches!(word, Some("exec" | "nohup" | "command"))).count();
            let Some(name) = words.get(skipped) else { continue };
            let Some(name) = name else {
                if found.simple.words[skipped].raw.trim_matches('"') == "$@" {
                    continue;
                }
                return Err(No::Because(format!("{place} runs a command that only the container knows")));
            };
            let rest: Vec<String> = words[skipped + 1..].iter().flatten().map(|&word| word.to_owned()).collect();
            self.follow(name, &rest, place, all)?;
        }
        Ok(())
    }

    /// Notes a program; of a script of the context also what that starts.
    fn follow(&self, name: &str, rest: &[String], place: &str, all: &mut Vec<Started>) -> Result<(), No> {
        let by_shell = matches!(name_of(name), "sh" | "bash" | "ash");
        if by_shell && rest.first().is_some_and(|word| word.starts_with('-') && word.contains('c')) {
            note(name, &[], place, all);
            return rest.get(1).map_or(Ok(()), |text| self.text(text, place, all));
        }
        note(name, rest, place, all);
        let path = if by_shell { rest.first().map(String::as_str) } else { Some(name) };
        let Some(file) = path.and_then(|path| self.context_file(path)) else { return Ok(()) };
        if place.contains("in ") {
            return Err(No::Because(format!("{place} starts {name}: scripts that start scripts are not followed")));
        }
        let source = self.cx.project.context().find(&file);
        let Some(source) = source else { return Err(No::Because(format!("{file} could not be read"))) };
        let shebang = source.text.lines().next().and_then(|line| line.strip_prefix("#!")).unwrap_or("/bin/sh");
        let place = format!("{place} in {file}");
        match shebang.rsplit(['/', ' ']).next() {
            Some("sh" | "ash" | "dash") => self.text(&source.text, &place, all),
            Some("bash") => {
                note("bash", &[], &place, all);
                self.text(&source.text, &place, all)
            }
            _ => Err(No::Because(format!("{file} is run by {shebang}"))),
        }?;
        // `exec "$@"` runs what stands behind the script.
        if source.text.contains("$@") { self.words(rest, &place, all) } else { Ok(()) }
    }

    /// The file of the context that a command names.
    fn context_file(&self, name: &str) -> Option<String> {
        let candidates = match name.strip_prefix('/') {
            Some(_) => vec![clean(name)],
            None if name.contains('/') || name.strip_suffix(".sh").is_some() => vec![self.absolute(name)?],
            None => ["/usr/local/bin", "/usr/bin", "/bin"].map(|dir| format!("{dir}/{name}")).to_vec(),
        };
        candidates.iter().find_map(|path| match self.cx.find_in_stage(self.stage.index, path) {
            Exists::Yes(Origin::Context { path, .. }) => {
                Some(path).filter(|path| self.cx.project.context().is_file(path))
            }
            _ => None,
        })
    }

    /// A path as the started program sees it.
    pub(super) fn absolute(&self, path: &str) -> Option<String> {
        if path.starts_with('/') {
            return Some(clean(path));
        }
        Some(clean(&format!("{}/{path}", self.stage.end().workdir().value()?)))
    }

    /// Whether an editor works inside of the image.
    pub(super) fn dev_container(&self) -> Option<String> {
        let builds = &self.usage().builds;
        let build = builds.iter().find(|build| build.tool == Tool::Devcontainer)?;
        Some(format!("{} makes it a dev container", build.evidence.file))
    }

    /// Whether files of the repository use the image for development: the sources mounted over its own, a dev container.
    pub(in crate::passes) fn is_for_development(&self, trees: &[String]) -> Option<String> {
        let usage = self.usage();
        if let Some(why) = self.dev_container() {
            return Some(why);
        }
        let over = |target: &str| trees.iter().any(|tree| target == tree || tree.starts_with(&format!("{target}/")));
        let mounted = usage.mounts().into_iter().find(|mount| {
            mount.kind == MountKind::Bind
                && mount.target.value().is_none_or(|target| over(target.trim_end_matches('/')))
        })?;
        Some(format!(
            "{}:{} mounts sources into the container, which is for development",
            mounted.target.evidence.file,
            mounted.target.evidence.line.unwrap_or(1)
        ))
    }
}

/// Notes a program, unless every shell has it.
fn note(name: &str, words: &[String], place: &str, all: &mut Vec<Started>) {
    if name.contains('/') && !name.starts_with("/bin/") && !name.starts_with("/usr/bin/")
        || !is_everywhere(name_of(name))
    {
        all.push(Started { name: name.to_owned(), words: words.to_vec(), place: place.to_owned() });
    }
}

/// A program's name without its directory.
pub(super) fn name_of(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether an instruction says how a container is run, and nothing of how the image is built.
pub(super) fn is_setting(instruction: &Instruction) -> bool {
    matches!(
        instruction.keyword,
        Keyword::Cmd
            | Keyword::Entrypoint
            | Keyword::Expose
            | Keyword::Healthcheck
            | Keyword::Label
            | Keyword::Maintainer
            | Keyword::Stopsignal
            | Keyword::Volume
    )
}
