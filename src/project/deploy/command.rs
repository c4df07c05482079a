//! Command lines that build an image: `docker build`, `podman build`, `buildah bud`, kaniko's `executor`.

use super::interpolate::fill;
use super::said::{Arg, Build, Place, Said, Tool};
use crate::dockerfile::Logical;
use crate::passes::Builder;
use crate::project::context::Context;
use crate::project::paths;
use crate::proposal::Evidence;
use crate::shell::{self, Command, Dialect, Script, Shell, ShellWord, Simple};

/// A shell script, and what is known where it runs.
pub(super) struct Lines<'t> {
    /// What speaks.
    pub tool: Tool,
    /// The job or rule.
    pub name: &'t str,
    /// The script.
    pub text: &'t str,
    /// Values of variables.
    pub value: &'t dyn Fn(&str) -> Option<String>,
    /// Makes the evidence for what stands on a line of the script, from 0.
    pub at: &'t dyn Fn(usize, String) -> Evidence,
    /// The repository.
    pub repository: &'t Context,
}

/// One command with its words as far as they are known, where it runs, and its line in the script, from 0.
struct Run {
    words: Vec<Word>,
    settings: Vec<String>,
    cwd: Place,
    line: usize,
}

/// A word: its value when `literal`, else as written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    literal: bool,
}

/// Whether it is worth reading `text` at all.
pub(super) fn may_build(text: &str) -> bool {
    ["docker", "podman", "buildah", "executor", "nerdctl"].iter().any(|name| text.contains(name))
}

impl Lines<'_> {
    /// The images that the script builds, begun in `cwd`; the directory in which it ends.
    pub(super) fn builds(&self, cwd: &Place) -> (Vec<Build>, Place) {
        let mut text = Logical::default();
        text.push(self.text, 0);
        let mut runs = Vec::new();
        let mut end = cwd.clone();
        match shell::read(&text, Dialect::Bash) {
            Shell::Parsed(script) => self.script(&script, &mut end, &mut runs),
            Shell::Opaque(_) => self.roughly(&mut end, &mut runs),
        }
        (runs.iter().filter_map(|run| self.build(run)).collect(), end)
    }

    fn script(&self, script: &Script, cwd: &mut Place, runs: &mut Vec<Run>) {
        let pipelines = script.lists.iter().flat_map(|list| &list.parts);
        for command in pipelines.flat_map(|(_, pipeline)| &pipeline.commands) {
            match command {
                Command::Simple(simple) => self.simple(simple, cwd, runs),
                Command::Subshell(inner) => {
                    let mut own = cwd.clone();
                    inner.bodies.iter().for_each(|body| self.script(body, &mut own, runs));
                }
                Command::Group(inner) | Command::Control(inner) | Command::Function(inner) => {
                    inner.bodies.iter().for_each(|body| self.script(body, cwd, runs));
                }
            }
        }
    }

    fn simple(&self, simple: &Simple, cwd: &mut Place, runs: &mut Vec<Run>) {
        let words = simple.words.iter().map(|word| self.shell_word(word)).collect();
        let setting = |found: &shell::Assignment| format!("{}={}", found.name, found.value.raw);
        let settings = simple.assignments.iter().map(setting).collect();
        let line = self.text[..simple.span.start.min(self.text.len())].matches('\n').count();
        Self::run(Run { words, settings, cwd: cwd.clone(), line }, cwd, runs);
    }

    /// Takes a command: `cd` moves, all else is looked at later.
    fn run(run: Run, cwd: &mut Place, runs: &mut Vec<Run>) {
        match run.words.first().map(|word| word.text.as_str()) {
            Some("cd" | "pushd") => {
                if let Some(to) = run.words.get(1) {
                    *cwd = cwd.join(&to.text, to.literal && to.text != "-");
                }
            }
            Some("popd") => *cwd = Place::Unknown("popd".to_owned()),
            _ => runs.push(run),
        }
    }

    fn shell_word(&self, word: &ShellWord) -> Word {
        match &word.literal {
            Some(text) => Word { text: text.clone(), literal: true },
            None => self.word(&word.raw),
        }
    }

    /// A word as written: variables filled in, quotes removed.
    fn word(&self, raw: &str) -> Word {
        let raw = raw.replace("$(pwd)", ".").replace("`pwd`", ".");
        let value = |name: &str| if name == "PWD" { Some(".".to_owned()) } else { (self.value)(name) };
        let filled = if raw.starts_with('\'') { fill("", &value) } else { fill(&raw, &value) };
        let text = if raw.starts_with('\'') { raw } else { filled.text };
        let literal = filled.literal && !text.contains(['`', '*', '?']);
        Word { text: split(&text).join(" "), literal }
    }

    /// Without a grammar: line by line, cut at operators.
    fn roughly(&self, cwd: &mut Place, runs: &mut Vec<Run>) {
        let mut lines = self.text.lines().enumerate();
        while let Some((line, text)) = lines.next() {
            let mut text = text.to_owned();
            while let Some(begun) = text.trim_end().strip_suffix('\\') {
                let Some((_, more)) = lines.next() else { break };
                text = format!("{begun} {more}");
            }
            if text.trim_start().starts_with('#') {
                continue;
            }
            let words: Vec<&str> = shell::rough_words(&text).collect();
            for words in words.split(|word| word.starts_with(['&', '|', ';'])) {
                let (settings, words) = words.split_at(words.iter().take_while(|word| is_setting(word)).count());
                let words: Vec<Word> = words.iter().map(|word| self.word(word)).collect();
                let settings = settings.iter().map(|&word| word.to_owned()).collect();
                Self::run(Run { words, settings, cwd: cwd.clone(), line }, cwd, runs);
            }
        }
    }

    fn build(&self, run: &Run) -> Option<Build> {
        let words = skip_prefixes(&run.words);
        let classic = run.settings.iter().any(|setting| setting == "DOCKER_BUILDKIT=0")
            || (self.value)("DOCKER_BUILDKIT").as_deref() == Some("0");
        let options = program(words, classic)?;
        let given = Given::read(&options);
        let evidence = (self.at)(run.line, format!("`{}` runs `{}`", self.name, summary(words)));
        let context = given.one(&["--context", "-c"]).filter(|_| options.builder == Builder::Kaniko);
        let context = context.or_else(|| given.positional.last().copied());
        let context = match (context, options.builder) {
            (Some(word), _) => {
                let text = word.text.strip_prefix("dir://").unwrap_or(&word.text);
                run.cwd.join(text, word.literal)
            }
            (None, Builder::Kaniko | Builder::Podman) => run.cwd.clone(),
            (None, _) => return None,
        };
        let dockerfile = match given.one(&["--file", "-f", "--dockerfile"]) {
            Some(word) => self.dockerfile(run, &context, word),
            None => context.join("Dockerfile", true),
        };
        let said = |word: &Word, fact: &str| {
            let evidence = Evidence { fact: format!("{fact} `{}`", word.text), ..evidence.clone() };
            Said { text: word.text.clone(), literal: word.literal, evidence }
        };
        let arg = |word: &Word| {
            let name = word.text.split('=').next().unwrap_or_default();
            let evidence = Evidence { fact: format!("gives the build argument `{name}`"), ..evidence.clone() };
            Arg::parse(&word.text, word.literal, evidence)
        };
        let platforms = given.all(&["--platform", "--custom-platform", "--customPlatform"]);
        Some(Build {
            tool: self.tool,
            name: self.name.to_owned(),
            context_evidence: evidence.clone(),
            context,
            dockerfile,
            target: given.one(&["--target"]).map(|word| said(word, "the target is")),
            args: given.all(&["--build-arg"]).map(arg).collect(),
            platforms: platforms.flat_map(list).map(|word| said(&word, "builds for")).collect(),
            named_contexts: given.all(&["--build-context"]).map(|word| said(&before_equals(word), "names")).collect(),
            images: given.all(&["--tag", "-t", "--destination", "-d"]).map(|word| said(word, "the image is")).collect(),
            builder: Some(options.builder),
            evidence,
        })
    }

    /// Docker looks from where it runs; kaniko and buildah also from the context.
    fn dockerfile(&self, run: &Run, context: &Place, word: &Word) -> Place {
        let here = run.cwd.join(&word.text, word.literal);
        let there = context.join(&word.text, word.literal);
        let exists = |place: &Place| place.path().is_some_and(|path| self.repository.is_file(path));
        if !exists(&here) && exists(&there) { there } else { here }
    }
}

fn before_equals(word: &Word) -> Word {
    let name = word.text.split('=').next().unwrap_or_default();
    Word { text: name.to_owned(), literal: !name.contains('$') }
}

fn list(word: &Word) -> Vec<Word> {
    word.text.split(',').map(|text| Word { text: text.trim().to_owned(), literal: word.literal }).collect()
}

fn is_setting(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// The first words, for evidence.
fn summary(words: &[Word]) -> String {
    let words: Vec<&str> =
        words.iter().map(|word| word.text.as_str()).take_while(|word| !word.starts_with('-')).collect();
    words.join(" ")
}

/// `sudo`, `env A=1`, `time`, and make's `@` and `-`.
fn skip_prefixes(words: &[Word]) -> &[Word] {
    let is_prefix = |word: &&Word| {
        matches!(word.text.as_str(), "sudo" | "env" | "time" | "exec" | "command" | "@") || is_setting(&word.text)
    };
    &words[words.iter().take_while(is_prefix).count()..]
}

/// What builds, and with which options.
struct Options<'w> {
    builder: Builder,
    words: &'w [Word],
}

fn program(words: &[Word], classic: bool) -> Option<Options<'_>> {
    let (name, rest) = words.split_first()?;
    let name = paths::name(name.text.trim_start_matches(['@', '-']));
    // Options of the program itself stand before its verb.
    let skip = rest.iter().take_while(|word| word.text.starts_with("--") && word.text.contains('=')).count();
    let verb = |at: usize| rest.get(skip + at).map_or("", |word| word.text.as_str());
    let docker = if classic { Builder::Classic } else { Builder::Buildkit };
    let (builder, taken) = match (name, verb(0), verb(1)) {
        ("docker", "buildx" | "builder", "build") => (Builder::Buildkit, 2),
        ("docker", "image", "build") => (docker, 2),
        ("docker", "build", _) => (docker, 1),
        ("nerdctl" | "depot", "build", _) => (Builder::Buildkit, 1),
        ("podman", "image", "build") => (Builder::Podman, 2),
        ("podman", "build", _) | ("buildah", "bud" | "build" | "build-using-dockerfile", _) => (Builder::Podman, 1),
        ("executor", ..) => return Some(Options { builder: Builder::Kaniko, words: rest }),
        _ => return None,
    };
    Some(Options { builder, words: &rest[skip + taken..] })
}

/// Options that take no value, of any of these programs.
const SWITCHES: &[&str] = &[
    "--no-cache",
    "--pull",
    "--push",
    "--load",
    "--quiet",
    "-q",
    "--rm",
    "--force-rm",
    "--squash",
    "--compress",
    "--check",
    "--debug",
    "-D",
    "--stream",
    "--disable-content-trust",
    "--layers",
    "--cleanup",
    "--reproducible",
    "--single-snapshot",
    "--no-push",
    "--insecure",
    "--skip-tls-verify",
    "--cache",
    "--pull-always",
    "--all-platforms",
    "--squash-all",
    "--no-hosts",
    "--skip-unused-stages",
    "--use-new-run",
    "--force",
];

/// The options and operands of a command line.
struct Given<'w> {
    options: Vec<(&'w str, Word)>,
    positional: Vec<&'w Word>,
}

impl<'w> Given<'w> {
    fn read(options: &Options<'w>) -> Self {
        let mut given = Self { options: Vec::new(), positional: Vec::new() };
        let mut words = options.words.iter();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if !text.starts_with('-') || text == "-" {
                given.positional.push(word);
            } else if let Some((name, value)) = text.split_once('=') {
                given.push(name, value, word.literal);
            } else if !text.starts_with("--") && text.len() > 2 && text.is_char_boundary(2) {
                // `-tname`
                given.push(&text[..2], &text[2..], word.literal);
            } else if !SWITCHES.contains(&text)
                && let Some(value) = words.next()
            {
                given.options.push((text, value.clone()));
            }
        }
        given
    }

    fn push(&mut self, name: &'w str, value: &str, literal: bool) {
        self.options.push((name, Word { text: value.to_owned(), literal }));
    }

    fn all<'g>(&'g self, names: &'g [&str]) -> impl Iterator<Item = &'g Word> {
        self.options.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value)
    }

    fn one(&self, names: &[&str]) -> Option<&Word> {
        self.options.iter().rev().find(|(name, _)| names.contains(name)).map(|(_, value)| value)
    }
}

/// `text` cut into words as a shell would, quotes removed.
pub(super) fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('\''), _) => word.get_or_insert_default().push(c),
            (_, '\\') => word.get_or_insert_default().extend(chars.next().filter(|&next| next != '\n')),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
