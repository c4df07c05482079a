//! What a container of a stage starts: ENTRYPOINT, CMD and HEALTHCHECK as they hold at its end.

use super::base;
use super::stages::{Base, Stage, Stages};
use crate::dockerfile::{Args, Dockerfile, Instruction, Keyword, Word};
use crate::shell::{self, Body};

/// A command that a container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// Its form.
    pub form: Form,
    /// The line of the instruction, from 1; `None`: the base image's own.
    pub line: Option<usize>,
}

/// The form of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Words, as they are.
    Exec(Vec<String>),
    /// Text that a shell reads.
    Shell(String),
}

/// What a container of a stage starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// ENTRYPOINT.
    pub entrypoint: Option<Launch>,
    /// CMD.
    pub cmd: Option<Launch>,
    /// The command of HEALTHCHECK.
    pub healthcheck: Option<Launch>,
    /// Ports that are exposed, each with its line; `None` for the base image's.
    pub ports: Vec<(String, Option<usize>)>,
    /// Paths that are volumes, with their lines.
    pub volumes: Vec<(String, usize)>,
    /// The base image, when nothing is known of what it brings: it may start something of its own.
    pub unknown_base: Option<String>,
}

impl Launch {
    fn of(instruction: &Instruction, text: &str) -> Self {
        let form = match shell::body(instruction, text) {
            Body::Exec(words) => Form::Exec(words.into_iter().map(|word| word.value).collect()),
            Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => Form::Shell(text.text().trim().to_owned()),
            Body::Foreign => Form::Shell(String::new()),
        };
        Self { form, line: Some(instruction.first_line) }
    }

    fn inherited(words: &[&str]) -> Option<Self> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        (!words.is_empty()).then_some(Self { form: Form::Exec(words), line: None })
    }

    /// The words of the process; a shell's, when it is text.
    pub fn words(&self) -> Vec<String> {
        match &self.form {
            Form::Exec(words) => words.clone(),
            Form::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        }
    }

    /// Whether it runs nothing: `CMD []`.
    pub fn is_empty(&self) -> bool {
        match &self.form {
            Form::Exec(words) => words.is_empty(),
            Form::Shell(text) => text.is_empty(),
        }
    }
}

impl Start {
    /// What `stage` of `file` starts, with what it inherits.
    pub fn of(file: &Dockerfile, stages: &Stages<'_>, stage: &Stage<'_>) -> Self {
        let chain: Vec<&Stage<'_>> = stages.chain(stage).collect();
        let mut start = Self::default();
        if let Some(root) = chain.last() {
            start.inherit(&root.base);
        }
        for stage in chain.iter().rev() {
            start.note_all(file, stage);
        }
        start
    }

    fn inherit(&mut self, base: &Base) {
        let image = match base {
            Base::Image(image) | Base::Unknown(image) => image,
            Base::Scratch | Base::Stage(_) => return,
        };
        let Some(family) = base::official(image).and_then(|tag| tag.family()) else {
            self.unknown_base = Some(image.clone());
            return;
        };
        self.entrypoint = Launch::inherited(family.entrypoint);
        self.cmd = Launch::inherited(family.cmd);
        self.ports = family.expose.iter().map(|&port| (port.to_owned(), None)).collect();
    }

    fn note_all(&mut self, file: &Dockerfile, stage: &Stage<'_>) {
        let mut sets_cmd = false;
        for instruction in &stage.instructions {
            let here = stage.state_before(instruction);
            let expand = |word: &Word| here.expand(&word.value, file.escape()).unwrap_or_else(|| word.value.clone());
            match (&instruction.keyword, &instruction.args) {
                (Keyword::Cmd, _) => {
                    sets_cmd = true;
                    self.cmd = Some(Launch::of(instruction, file.text()));
                }
                (Keyword::Entrypoint, _) => {
                    // It resets a CMD that the stage did not set itself (dispatchEntrypoint).
                    self.cmd = self.cmd.take().filter(|_| sets_cmd);
                    self.entrypoint = Some(Launch::of(instruction, file.text()));
                }
                (Keyword::Healthcheck, Args::Healthcheck { kind, .. }) => {
                    let runs = kind.value.eq_ignore_ascii_case("CMD");
                    self.healthcheck = runs.then(|| Launch::of(instruction, file.text()));
                }
                (Keyword::Expose, Args::Words(words) | Args::Json(words)) => {
                    self.ports.extend(words.iter().map(|word| (expand(word), Some(instruction.first_line))));
                }
                (Keyword::Volume, Args::Words(words) | Args::Json(words)) => {
                    self.volumes.extend(words.iter().map(|word| (expand(word), instruction.first_line)));
                }
                _ => {}
            }
        }
    }

    /// The words of the first process, as far as they are known: ENTRYPOINT, and CMD behind it unless a shell
    /// reads ENTRYPOINT. Empty when nothing is started.
    pub fn words(&self) -> Vec<String> {
        let cmd = || self.cmd.as_ref().filter(|cmd| !cmd.is_empty()).map(Launch::words).unwrap_or_default();
        match &self.entrypoint {
            Some(entrypoint) if matches!(entrypoint.form, Form::Shell(_)) && !entrypoint.is_empty() => {
                entrypoint.words()
            }
            Some(entrypoint) => {
                let mut words = if entrypoint.is_empty() { Vec::new() } else { entrypoint.words() };
                words.extend(cmd());
                words
            }
            None => cmd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let file = Dockerfile::parse(text);
        let stages = Stages::of(&file);
        Start::of(&file, &stages, stages.last().unwrap()).words().join(" ")
    }

    #[test]
    fn entrypoint_and_cmd_join() {
        let cases = [
            ("FROM x\nENTRYPOINT [\"a\"]\nCMD [\"b\"]", "a b"),
            ("FROM x\nCMD [\"b\"]\nENTRYPOINT [\"a\"]", "a b"),
            ("FROM x\nENTRYPOINT a\nCMD [\"b\"]", "/bin/sh -c a"),
            ("FROM x\nENTRYPOINT [\"a\"]\nCMD b c", "a /bin/sh -c b c"),
            ("FROM x AS y\nCMD [\"b\"]\nFROM y\nENTRYPOINT [\"a\"]", "a"),
            ("FROM x\nENTRYPOINT []\nCMD [\"b\"]", "b"),
            ("FROM node:22\nCMD [\"x.js\"]", "docker-entrypoint.sh x.js"),
            ("FROM node:22", "docker-entrypoint.sh node"),
            ("FROM scratch", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn health_checks_ports_and_volumes_are_inherited() {
        let text = "FROM node:22 AS a\nHEALTHCHECK CMD curl -f localhost\nARG P=80\nEXPOSE $P 443/udp\nVOLUME /data\nFROM a\nEXPOSE 9\n";
        let file = Dockerfile::parse(text);
        let stages = Stages::of(&file);
        let start = Start::of(&file, &stages, stages.last().unwrap());
        assert_eq!(start.healthcheck.unwrap().form, Form::Shell("curl -f localhost".to_owned()));
        let ports: Vec<_> = start.ports.iter().map(|(port, line)| (port.as_str(), *line)).collect();
        assert_eq!(ports, [("80", Some(4)), ("443/udp", Some(4)), ("9", Some(7))]);
        assert_eq!(start.volumes, [("/data".to_owned(), 5)]);
    }
}
