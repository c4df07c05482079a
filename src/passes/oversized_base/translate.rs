//! What a stage does in Debian's words, in Alpine's: packages that are installed, users that are made.
//!
//! Only whole commands of an `&&` chain, each of which has an exact counterpart; else the stage stays on Debian.

mod accounts;

use super::Case;
use super::programs::Place;
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::managers::counterparts::{self, Counterpart};
use crate::passes::late_cleanup::parts_with_their_links;
use crate::passes::no::No;
use crate::passes::packages::{Action, Call, Family, call};
use crate::shell::{Body, Command, Script, ShellWord, Simple, rough_words};
use crate::text::Span;
use accounts::Accounts;
use std::collections::BTreeSet;

/// The stages of a case in Alpine's words.
#[derive(Default)]
pub(super) struct Translation {
    pub(super) edits: Vec<Edit>,
    /// Words that go.
    pub(super) drops: Vec<String>,
    /// RUNs that are translated as a whole.
    places: BTreeSet<Place>,
    /// What is then installed, by Alpine's names.
    pub(super) packages: Vec<&'static str>,
    /// Debian's names of packages whose programs are of another version: for builds only.
    for_builds: BTreeSet<&'static str>,
    accounts: Accounts,
}

/// What becomes of a command.
enum Fate {
    Stays,
    Goes,
    Becomes(Vec<Edit>),
}

impl Translation {
    pub(super) fn of(case: &Case<'_>) -> Result<Self, No> {
        let mut all = Self::default();
        for stage in &case.group {
            for run in stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
                all.run(case, run)
                    .map_err(|why| No::because(format!("line {} {why}", case.cx.line(run.code.start))))?;
            }
        }
        Ok(all)
    }

    /// Whether `program` at `place` was translated.
    pub(super) fn covers(&self, program: &str, place: &str) -> bool {
        (counterparts::is_debians(program) || accounts::is_one(program)) && self.places.contains(place)
    }

    /// Whether `program` comes with a package that is another version on Alpine.
    pub(super) fn differs(&self, program: &str) -> bool {
        self.for_builds.contains(program)
    }

    fn run(&mut self, case: &Case<'_>, run: &Instruction) -> Result<(), String> {
        let body = case.cx.body(run);
        let Some(script) = body.shell.script() else { return Ok(()) };
        let is_ours = |simple: &Simple| {
            simple.name().is_some_and(accounts::is_one) || call(simple).is_some_and(|call| call.family == Family::Apt)
        };
        if !script.commands().iter().any(|place| is_ours(place.simple)) {
            return Ok(());
        }
        let chain = script.is_and_chain() && matches!(body.body, Body::Shell(_));
        if !chain || script.commands().iter().any(|place| is_ours(place.simple) && !place.top) {
            return Err("installs or makes users in a way that has no exact counterpart on Alpine".to_owned());
        }
        let fates = script.lists[0].parts.iter().map(|(_, pipeline)| match &pipeline.commands[..] {
            [Command::Simple(simple)] => self.fate(case, simple),
            _ => Ok(Fate::Stays),
        });
        let fates = fates.collect::<Result<Vec<Fate>, String>>()?;
        self.note(case, run, script, fates)?;
        self.places.insert(format!("line {}", case.cx.line(run.code.start)));
        Ok(())
    }

    /// Turns what becomes of each command into edits.
    fn note(&mut self, case: &Case<'_>, run: &Instruction, script: &Script, fates: Vec<Fate>) -> Result<(), String> {
        let goes = |part: usize| matches!(fates.get(part), Some(Fate::Goes));
        let mut edits = if (0..fates.len()).all(goes) {
            vec![Edit::delete(run.span)]
        } else {
            parts_with_their_links(&script.lists[0], goes).into_iter().map(Edit::delete).collect()
        };
        edits.extend(
            fates.into_iter().flat_map(|fate| if let Fate::Becomes(edits) = fate { edits } else { Vec::new() }),
        );
        let text = case.cx.file.text();
        if run.comments.iter().any(|comment| edits.iter().any(|edit| edit.span.contains(*comment))) {
            return Err("has a comment among what would go".to_owned());
        }
        self.drops.extend(edits.iter().flat_map(|edit| rough_words(edit.span.of(text))).map(str::to_owned));
        self.edits.extend(edits);
        Ok(())
    }

    fn fate(&mut self, case: &Case<'_>, simple: &Simple) -> Result<Fate, String> {
        if let Some(call) = call(simple).filter(|call| call.family == Family::Apt) {
            if !simple.redirects.is_empty() || !matches!(simple.name(), Some("apt" | "apt-get")) {
                return Err(format!("calls {} in a way that has no exact counterpart on Alpine", call.verb));
            }
            return match call.action {
                Action::Update | Action::Clean => Ok(Fate::Goes),
                Action::Install if call.verb == "install" => self.install(simple, &call).map(Fate::Becomes),
                Action::Remove if call.packages.is_empty() => Ok(Fate::Goes),
                _ => Err(format!("runs apt-get {}, which has no exact counterpart on Alpine", call.verb)),
            };
        }
        if let Some(name) = simple.name().filter(|name| accounts::is_one(name)) {
            let release = case.from.release().and_then(|release| release.number.parse().ok()).unwrap_or(0);
            let words: Option<Vec<&str>> = simple.words.iter().map(|word| word.literal.as_deref()).collect();
            let told = words.and_then(|words| self.accounts.translate(&words, release));
            let told = told.filter(|_| simple.redirects.is_empty() && simple.assignments.is_empty());
            let told = told.ok_or_else(|| format!("uses {name} in a way that has no exact counterpart on Alpine"))?;
            return Ok(if told == simple.span.of(case.cx.file.text()) {
                Fate::Stays
            } else {
                Fate::Becomes(vec![Edit::replace(simple.span, told)])
            });
        }
        Ok(cleanup(simple))
    }

    /// `apt-get install -y a b` → `apk add --no-cache a b`, on the author's own lines.
    fn install(&mut self, simple: &Simple, call: &Call<'_>) -> Result<Vec<Edit>, String> {
        const OPTIONS: &[&str] = &[
            "-y",
            "-q",
            "-qq",
            "-qy",
            "-yq",
            "-yqq",
            "-qqy",
            "--yes",
            "--assume-yes",
            "--no-install-recommends",
            "--no-install-suggests",
            "--fix-missing",
            "--quiet",
        ];
        if let Some(option) = call.options.iter().find(|option| !OPTIONS.contains(option)) {
            return Err(format!("runs apt-get with {option}, which has no exact counterpart on Alpine"));
        }
        let is_package = |word: &ShellWord| call.packages.iter().any(|package| package.span == word.span);
        let Some(first) = simple.words.iter().position(is_package) else {
            return Err("installs nothing that is named".to_owned());
        };
        let head = Span::new(simple.span.start, simple.words[first - 1].span.end);
        let mut edits = vec![Edit::replace(head, "apk add --no-cache")];
        let mut kept = 0;
        for (index, word) in simple.words.iter().enumerate().skip(first) {
            let known = if is_package(word) { Some(self.package(word)?) } else { None };
            match known.map(|known| known.apk).unwrap_or_default() {
                [] => edits.push(Edit::delete(Span::new(simple.words[index - 1].span.end, word.span.end))),
                names => {
                    kept += 1;
                    let names = names.join(" ");
                    if names != word.raw {
                        edits.push(Edit::replace(word.span, names));
                    }
                }
            }
        }
        if kept == 0 { Err("installs nothing that Alpine has".to_owned()) } else { Ok(edits) }
    }

    fn package(&mut self, word: &ShellWord) -> Result<&'static Counterpart, String> {
        let name = word.literal.as_deref().unwrap_or(&word.raw);
        let known = counterparts::of(name)
            .ok_or_else(|| format!("installs {name}, which has no exact counterpart on Alpine"))?;
        self.packages.extend(known.apk);
        if known.build {
            self.for_builds.insert(known.apt);
        }
        Ok(known)
    }
}

/// `rm -rf /var/lib/apt/lists/*`, alone or with other paths.
fn cleanup(simple: &Simple) -> Fate {
    let of_apt = |word: &ShellWord| {
        let path = word.raw.trim_matches('"');
        ["/var/lib/apt", "/var/cache/apt"].iter().any(|dir| path.starts_with(dir))
    };
    if simple.name() != Some("rm") {
        return Fate::Stays;
    }
    let paths: Vec<&ShellWord> = simple.words.iter().skip(1).filter(|word| !word.raw.starts_with('-')).collect();
    match paths.iter().filter(|word| of_apt(word)).count() {
        0 => Fate::Stays,
        some if some == paths.len() => Fate::Goes,
        _ => {
            let words = simple.words.iter().enumerate().filter(|(_, word)| of_apt(word));
            Fate::Becomes(
                words.map(|(at, word)| Edit::delete(Span::new(simple.words[at - 1].span.end, word.span.end))).collect(),
            )
        }
    }
}
