//! What the Dockerfiles of one context take from it, and what they run.

use super::mentions;
use crate::dockerfile::{Args, Dockerfile, Instruction, Keyword};
use crate::image::{Stage, Stages};
use crate::project::context::Context;
use crate::project::finding::evidence;
use crate::project::{glob, paths};
use crate::proposal::Evidence;
use crate::shell::{Body, body};
use std::collections::BTreeSet;

/// A Dockerfile that is built from the context.
#[derive(Debug)]
pub struct Recipe {
    /// How it is spoken of.
    pub name: String,
    /// Its text.
    pub file: Dockerfile,
}

/// A text that is run, or says what is.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) place: Evidence,
    pub(super) text: String,
}

/// A file, directory or pattern that an instruction takes.
#[derive(Debug)]
pub(super) struct Named {
    /// Its path in the context; `*` stands for what only the build knows.
    pub(super) path: String,
    /// Whether only the build knows which one.
    pub(super) open: bool,
    pub(super) place: Evidence,
}

/// What one Dockerfile takes and runs.
#[derive(Debug, Default)]
pub(super) struct Takes {
    /// What is named; the whole context is an empty path.
    pub(super) named: Vec<Named>,
    /// What it runs, and every text of the context that this comes to.
    pub(super) texts: Vec<Text>,
}

/// So many texts are followed from one Dockerfile.
const MOST_TEXTS: usize = 80;
/// A text longer than this is no script.
const LONGEST: usize = 256 << 10;

impl Takes {
    /// Of `recipe`, which is built from `context` (without an ignore file).
    pub(super) fn of(recipe: &Recipe, context: &Context) -> Self {
        let stages = Stages::of(&recipe.file);
        let mut takes = Self::default();
        for stage in stages.iter() {
            for instruction in &stage.instructions {
                takes.instruction(&recipe.name, &recipe.file, stage, instruction);
            }
        }
        takes.follow(context);
        takes
    }

    /// The first instruction that takes a directory.
    pub(super) fn directory(&self, context: &Context) -> Option<&Evidence> {
        let holds = |named: &&Named| {
            named.path.is_empty() || context.copy_source(&named.path).roots.iter().any(|root| root.directory)
        };
        self.named.iter().find(holds).map(|named| &named.place)
    }

    fn instruction(&mut self, name: &str, file: &Dockerfile, stage: &Stage<'_>, instruction: &Instruction) {
        let place = |what: &str| evidence(name, Some(instruction.first_line), what);
        let inner = match &instruction.args {
            Args::Onbuild(inner) => inner,
            _ => instruction,
        };
        let here = stage.state_before(instruction);
        let mut take = |written: &str| {
            let known = here.expand(written, file.escape());
            let has_variable = written.contains('$');
            for text in known.into_iter().chain(has_variable.then(|| starred(written))) {
                if let Some(path) = paths::clean(text.trim_start_matches("../")) {
                    let open = has_variable && path == "*";
                    let path = if path == "*" { String::new() } else { path };
                    self.named.push(Named { path, open, place: place(&format!("takes `{written}`")) });
                }
            }
        };
        match (&inner.keyword, &inner.args) {
            (Keyword::Copy | Keyword::Add, Args::Words(words) | Args::Json(words)) if inner.flag("from").is_none() => {
                let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
                let remote = |text: &str| text.contains("://") || text.starts_with("git@") || text.starts_with("<<");
                sources.iter().filter(|word| !remote(&word.value)).for_each(|word| take(&word.value));
            }
            (Keyword::Run, _) => {
                let mounts = inner.flags.iter().filter(|flag| flag.name == "mount");
                mounts.filter_map(|flag| bound(flag.value.as_deref()?)).for_each(|source| take(&source));
            }
            _ => {}
        }
        let text = match (&inner.keyword, body(inner, file.text())) {
            (Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck, found) => match found {
                Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => text.text().to_owned(),
                Body::Exec(words) => words.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" "),
                Body::Foreign => inner.span.of(file.text()).to_owned(),
            },
            // A file may be named by a variable.
            (Keyword::Env | Keyword::Arg, _) => inner.rest.text().to_owned(),
            _ => return,
        };
        self.texts.push(Text { place: place("runs it"), text });
    }

    /// Adds the scripts, make files and package.json scripts that the texts run, and what these run.
    fn follow(&mut self, context: &Context) {
        let mut seen = BTreeSet::new();
        let mut next = 0;
        while next < self.texts.len() && self.texts.len() < MOST_TEXTS {
            let text = self.texts[next].text.clone();
            next += 1;
            for path in files_in(&text, context) {
                if !seen.insert(path.clone()) {
                    continue;
                }
                let Some(source) = context.read(&path).ok().filter(|source| source.text.len() <= LONGEST) else {
                    continue;
                };
                self.texts.push(Text { place: source.whole("is run by the build"), text: source.text.clone() });
            }
            self.follow_scripts(&text, context, &mut seen);
        }
    }

    /// The scripts of package.json that `text` names.
    fn follow_scripts(&mut self, text: &str, context: &Context, seen: &mut BTreeSet<String>) {
        const RUNNERS: &[&str] =
            &["npm", "yarn", "pnpm", "bun", "run-s", "run-p", "npm-run-all", "turbo", "nx", "node"];
        let words: BTreeSet<&str> = mentions::plain_words(text).collect();
        if !RUNNERS.iter().any(|runner| words.contains(runner)) {
            return;
        }
        let Some(manifest) = crate::project::node::manifest::Manifest::read(context, "") else { return };
        let hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
        for script in &manifest.scripts {
            let own = script.name.strip_prefix("pre").or_else(|| script.name.strip_prefix("post"));
            let is_run = words.contains(script.name.as_str())
                || own.is_some_and(|own| words.contains(own))
                || hooks.contains(&script.name.as_str());
            if is_run && seen.insert(format!("package.json {}", script.name)) {
                let place = manifest.at_line(script.line, format!("the script {}", script.name));
                self.texts.push(Text { place, text: script.command.clone() });
            }
        }
    }
}

/// Whether `instruction` of `file` takes the whole context.
pub fn takes_all(file: &Dockerfile, stage: &Stage<'_>, instruction: &Instruction) -> bool {
    let mut takes = Takes::default();
    takes.instruction("", file, stage, instruction);
    takes.named.iter().any(|named| named.path.is_empty())
}

/// The files of the context that are run by the words of `text`.
fn files_in(text: &str, context: &Context) -> Vec<String> {
    let mut found = Vec::new();
    for word in mentions::plain_words(text) {
        let word = word.trim_start_matches("./");
        match word.rsplit('/').next().unwrap_or(word) {
            "make" | "gmake" => found.extend(["Makefile", "makefile", "GNUmakefile"].map(str::to_owned)),
            "just" => found.extend(["justfile", "Justfile"].map(str::to_owned)),
            "task" => found.push("Taskfile.yml".to_owned()),
            "rake" => found.push("Rakefile".to_owned()),
            name if is_program(name) && (name.contains('.') || word.contains('/')) => {
                found.extend(in_context(word, context));
            }
            _ => {}
        }
    }
    found.retain(|path| context.is_file(path));
    found
}

/// Whether a file of this name may be run: a text for people, or data, runs nothing.
fn is_program(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "bash", "bat", "cjs", "cmake", "gradle", "js", "kts", "ksh", "lua", "mjs", "mk", "mts", "php", "pl", "ps1",
        "py", "rb", "sh", "ts", "zsh",
    ];
    match name.rsplit_once('.') {
        Some((stem, ending)) => !stem.is_empty() && ENDINGS.contains(&ending),
        None => !matches!(name, "README" | "LICENSE" | "COPYING" | "CHANGELOG" | "NOTICE" | "VERSION"),
    }
}

/// The file of the context that a path of the image may be: `/app/scripts/start.sh` is `scripts/start.sh`.
fn in_context(word: &str, context: &Context) -> Option<String> {
    if word.contains(['*', ':', '=', '<', '>', '|', ';']) {
        return None;
    }
    let path = paths::clean(word)?;
    let mut rest = path.as_str();
    loop {
        if context.is_file(rest) {
            return Some(rest.to_owned());
        }
        rest = rest.split_once('/')?.1;
    }
}

/// `${APP}/src` with what only the build knows as `*`.
fn starred(written: &str) -> String {
    let mut out = String::new();
    let mut rest = written;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        out.push('*');
        let after = &rest[at + 1..];
        let length = match after.strip_prefix('{') {
            Some(inside) => inside.find('}').map_or(after.len(), |end| end + 2),
            None => after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len()),
        };
        rest = &after[length..];
    }
    out + rest
}

/// The source of a bind mount of the context: `type=bind` is the default type, and the whole context the default source.
fn bound(mount: &str) -> Option<String> {
    let option = |names: &[&str]| {
        let options = mount.split(',').filter_map(|option| option.split_once('='));
        options.into_iter().find(|(name, _)| names.contains(name)).map(|(_, value)| value)
    };
    let is_bind = option(&["type"]).is_none_or(|kind| kind == "bind") && option(&["from"]).is_none();
    is_bind.then(|| option(&["source", "src"]).unwrap_or(".").to_owned())
}

/// Paths that stand for what `named` takes: those that match now, and one that would match.
pub(super) fn stands_for(named: &Named, context: &Context) -> Vec<String> {
    if !glob::is_pattern(&named.path) {
        return vec![named.path.clone()];
    }
    let mut all: Vec<String> = context.copy_source(&named.path).roots.into_iter().map(|root| root.path).collect();
    all.push(named.path.replace(['*', '?'], "x"));
    let literal = named.path.split('/').take_while(|part| !glob::is_pattern(part)).collect::<Vec<_>>().join("/");
    all.push(literal);
    all.retain(|path| !path.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(text: &str, files: &[(&str, &str)]) -> Takes {
        let context = Context::from_memory(files.iter().copied());
        Takes::of(&Recipe { name: "Dockerfile".to_owned(), file: Dockerfile::parse(text) }, &context)
    }

    #[test]
    fn what_is_taken_is_every_source_of_the_context() {
        let text = "FROM a AS b\nARG D=web\nCOPY a.txt ./b/ /x/\nCOPY --from=b /c /d\nADD https://x.y/z /z\n\
                    RUN --mount=type=bind,source=e.lock,target=e.lock --mount=type=cache,target=/c --mount=target=. true\n\
                    COPY $D/f ${E}/g h/\nCOPY <<EOF /i\nx\nEOF\nONBUILD COPY j k\nCOPY * /all\n";
        let named: Vec<String> = takes(text, &[]).named.into_iter().map(|named| named.path).collect();
        assert_eq!(named, ["a.txt", "b", "e.lock", "", "web/f", "*/f", "*/g", "j", ""]);
    }

    #[test]
    fn scripts_are_followed() {
        let text = "FROM a\nCOPY . /app\nRUN make all && npm run build\nENTRYPOINT [\"/app/bin/start.sh\"]\n";
        let takes = takes(
            text,
            &[
                ("Makefile", "all:\n\tgit describe\n"),
                (
                    "package.json",
                    "{\"scripts\": {\"build\": \"node tool.js\", \"prebuild\": \"x\", \"release\": \"y\"}}",
                ),
                ("bin/start.sh", "exec ./other.sh"),
                ("other.sh", "echo"),
                ("tool.js", "1"),
            ],
        );
        let places: Vec<_> = takes.texts.iter().map(|text| text.place.to_string()).collect();
        assert_eq!(
            places[2..],
            [
                "Makefile: is run by the build",
                "package.json:1: the script build",
                "package.json:1: the script prebuild",
                "bin/start.sh: is run by the build",
                "tool.js: is run by the build",
                "other.sh: is run by the build",
            ]
        );
    }
}
