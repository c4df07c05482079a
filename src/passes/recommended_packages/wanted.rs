//! Which of the packages that would be left out somebody wants.

use crate::dockerfile::Keyword;
use crate::image::base::{self, Class};
use crate::managers::recommends::{Needed, added, needed};
use crate::passes::Cx;
use crate::shell::{Shell, rough_words};

/// What becomes of a recommended package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is asked for by name.
    Add,
    /// It is left out: nothing names what it holds.
    Spare,
    /// It may be wanted.
    Unknown,
}

/// What the file names.
pub(super) struct Wanted {
    /// The first word of every command.
    programs: Vec<String>,
    /// Every word of every instruction, comments apart.
    words: String,
}

impl Wanted {
    pub(super) fn of(cx: &Cx<'_>) -> Self {
        let (mut programs, mut words) = (Vec::new(), String::new());
        for instruction in cx.file.instructions() {
            words.push_str(instruction.rest.text());
            words.push('\n');
            for heredoc in &instruction.heredocs {
                words.push_str(heredoc.body.of(cx.file.text()));
            }
            match &instruction.keyword {
                Keyword::Run => programs.extend(commands(cx, instruction)),
                Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Onbuild => {
                    programs.extend(rough_programs(instruction.rest.text()));
                }
                _ => {}
            }
        }
        Self { programs, words }
    }

    pub(super) fn verdict(&self, name: &str) -> Verdict {
        if added().contains(&name) {
            return Verdict::Add;
        }
        match needed().iter().find(|needed| needed.name == name) {
            Some(needed) if self.names(needed) => Verdict::Add,
            Some(_) => Verdict::Spare,
            None => Verdict::Unknown,
        }
    }

    fn names(&self, needed: &Needed) -> bool {
        needed.programs.iter().any(|program| self.programs.iter().any(|called| called == program))
            || needed.words.iter().any(|word| self.has_word(word))
    }

    /// Whether `word` stands in the file, not as a part of a longer name.
    fn has_word(&self, word: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric();
        self.words.match_indices(word).any(|(at, _)| {
            let before = !word.starts_with(part) || !self.words[..at].ends_with(part);
            let after = !word.ends_with(part) || !self.words[at + word.len()..].starts_with(part);
            before && after
        })
    }
}

/// The programs that a RUN calls; of one that is not understood, all its words.
fn commands(cx: &Cx<'_>, run: &crate::dockerfile::Instruction) -> Vec<String> {
    let body = cx.body(run);
    match &*body.shell {
        Shell::Parsed(script) => {
            let words = script.commands().into_iter().flat_map(|place| place.simple.words.iter().take(3));
            words.map(|word| name(&word.raw)).collect()
        }
        Shell::Opaque(_) => rough_programs(&cx.file.text()[run.code.start..run.span.end]).collect(),
    }
}

fn rough_programs(text: &str) -> impl Iterator<Item = String> {
    rough_words(text).flat_map(|word| word.split(['"', '\'', ',', '[', ']', ';', '&', '|', '('])).map(name)
}

fn name(word: &str) -> String {
    word.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Whether `package` is known to be in the official image `image`.
pub(super) fn is_in(image: &str, package: &str) -> bool {
    let (repository, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let repository = repository.trim_start_matches("docker.io/").trim_start_matches("library/");
    let Some(family) = base::tag(repository, tag).and_then(|tag| tag.family()) else { return false };
    let holds = match package {
        "openssh-client" => "ssh",
        "libc6-dev" => "gcc",
        "gnupg" | "gpg-agent" => "gpg",
        "xz-utils" => "xz",
        other => other,
    };
    family.packages.contains(&package) || family.has_tool(holds) == Some(true) && family.class == Class::Full
}
