//! Removes a downloaded archive in the RUN that unpacks it.

mod later;

use super::insert::{self, Target};
use super::paths::{self, Directory};
use super::shipped::ships;
use super::touched::{How, Touch, touched};
use super::{Cx, Pass};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::managers::mounts;
use crate::proposal::{Kind, Proposal, Proposals};
use crate::shell::{Shell, Simple};

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "leftover-download",
    kind: Kind::Layers,
    answers_to: &[],
    page: include_str!("leftover-download.md"),
    run,
};

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    for stage in cx.stages.iter() {
        let mut shipped = None;
        for instruction in &stage.instructions {
            let text = text_of(cx, instruction);
            let may = match instruction.keyword {
                Keyword::Run => ["curl", "wget"].iter().any(|program| text.contains(program)),
                Keyword::Add => text.contains("://"),
                _ => false,
            };
            if !may || !*shipped.get_or_insert_with(|| ships(cx, stage)) {
                continue;
            }
            match instruction.keyword {
                Keyword::Add => of_add(cx, stage, instruction, out),
                _ => of_run(cx, stage, instruction, out),
            }
        }
    }
}

/// With its heredocs.
fn text_of<'c>(cx: &'c Cx<'_>, instruction: &Instruction) -> &'c str {
    &cx.file.text()[instruction.code.start..instruction.span.end]
}

fn of_run(cx: &Cx<'_>, stage: &Stage<'_>, run: &Instruction, out: &mut Proposals) {
    let body = cx.body(run);
    let Shell::Parsed(script) = &*body.shell else { return };
    let (touches, _) = touched(script, Directory::of(stage.state_before(run), run.span.start));
    let job = Job { cx, stage, run, target: Target { file: cx.file, run, body: &body, script }, touches: &touches };
    let mut done: Vec<&Simple> = Vec::new();
    for download in touches.iter().filter(|touch| touch.how == How::Download && touch.sure) {
        let Some(used) = job.last_use(download).filter(|used| !done.iter().any(|one| std::ptr::eq(*one, used.simple)))
        else {
            if let Some(line) = job.unpacked_later(download) {
                let why = format!("line {line} unpacks it in another RUN, where removing it would free nothing");
                out.refuse(download.simple.span, what(&download.path), why);
            }
            continue;
        };
        done.push(used.simple);
        match job.removal(download, used) {
            Ok(proposal) => out.push(proposal),
            Err(why) => out.refuse(used.simple.span, what(&download.path), why),
        }
    }
}

fn what(path: &str) -> String {
    format!("remove `{}` in the RUN that downloads it", shown(path))
}

/// Without the mark of an unknown directory.
fn shown(path: &str) -> &str {
    if path.starts_with('?') { paths::file_name(path) } else { path }
}

/// `ADD url`: what it brings lies in a layer of its own.
fn of_add(cx: &Cx<'_>, stage: &Stage<'_>, add: &Instruction, out: &mut Proposals) {
    let (Args::Words(words) | Args::Json(words)) = &add.args else { return };
    let [source, into] = &words[..] else { return };
    let name = paths::file_name(&source.value);
    let into = if into.value.ends_with('/') { format!("{}{name}", into.value) } else { into.value.clone() };
    let directory = Directory::of(stage.state_before(add), add.span.start);
    if let Some(run) = unpacks_after(cx, stage, add, &directory.join(&into)) {
        let why = format!("line {} unpacks it, and what ADD brings is in a layer before that", cx.line(run.code.start));
        out.refuse(add.code, format!("download `{name}` in the RUN that unpacks it"), why);
    }
}

/// The first later RUN of the stage that unpacks the file `path`.
fn unpacks_after<'s>(cx: &Cx<'_>, stage: &Stage<'s>, from: &Instruction, path: &str) -> Option<&'s Instruction> {
    let name = paths::file_name(path);
    let after = stage.instructions.iter().filter(|one| one.span.start > from.span.start);
    let mut runs = after.filter(|one| one.keyword == Keyword::Run && text_of(cx, one).contains(name));
    runs.find(|run| {
        let body = cx.body(run);
        let Shell::Parsed(script) = &*body.shell else { return false };
        let (touches, _) = touched(script, Directory::of(stage.state_before(run), run.span.start));
        touches.iter().any(|touch| touch.how == How::Unpack && touch.path == path)
    })
    .copied()
}

/// One RUN, and what it touches.
struct Job<'a> {
    cx: &'a Cx<'a>,
    stage: &'a Stage<'a>,
    run: &'a Instruction,
    target: Target<'a>,
    touches: &'a [Touch<'a>],
}

impl<'a> Job<'a> {
    /// The last command that unpacks or runs what was downloaded, when nothing in the RUN removes it or moves it away.
    fn last_use(&self, download: &Touch<'_>) -> Option<&'a Touch<'a>> {
        let same = |touch: &&Touch<'_>| touch.path == download.path;
        let gone = |touch: &Touch<'_>| touch.removes(&download.path) || touch.how == How::MoveAway && same(&touch);
        if self.touches.iter().any(gone) || self.is_overwritten(download) {
            return None;
        }
        let after = |touch: &&Touch<'_>| touch.simple.span.start > download.simple.span.start;
        let used = self.touches.iter().filter(same).filter(after).rfind(|touch| is_use(touch))?;
        used.sure.then_some(used)
    }

    /// Whether something else is written over it.
    fn is_overwritten(&self, download: &Touch<'_>) -> bool {
        self.touches
            .iter()
            .any(|touch| touch.path == download.path && matches!(touch.how, How::Copy | How::Write | How::Tree))
    }

    fn unpacked_later(&self, download: &Touch<'_>) -> Option<usize> {
        let gone = self.touches.iter().any(|touch| touch.removes(&download.path));
        let path = Some(&download.path).filter(|path| path.starts_with('/') && !gone)?;
        let run = unpacks_after(self.cx, self.stage, self.run, path)?;
        // There it is removed as well: `split-run` sees to that.
        let name = paths::file_name(path);
        (!text_of(self.cx, run).contains("rm ") && !name.contains('$')).then(|| self.cx.line(run.code.start))
    }

    fn removal(&self, download: &Touch<'_>, used: &Touch<'a>) -> Result<Proposal, String> {
        let path = &download.path;
        self.in_layer(path)?;
        later::in_run(self.target.script, self.cx.file.text(), used.simple, path)?;
        later::in_file(self.cx, self.stage, self.run, path)?;
        let edit = self.edit(download, used)?;
        let fact = |fact: String| self.cx.evidence(download.simple.span.start, fact);
        let verb = if used.how == How::Unpack { "unpacks" } else { "runs" };
        let evidence = vec![
            fact(format!("downloads and {verb} `{}`", shown(path))),
            fact(format!("nothing names `{}` after that", paths::file_name(path))),
        ];
        Ok(Proposal::checked(used.simple.span, what(path), evidence)
            .because("it would stay in the layer, beside what came out of it")
            .edit(edit))
    }

    /// Behind the last use, where the directory is the same.
    fn edit(&self, download: &Touch<'_>, used: &Touch<'a>) -> Result<Edit, String> {
        let word = used.word.ok_or("its name is not written there")?;
        let through_sudo = |simple: &Simple| simple.words.first().is_some_and(|word| word.raw == "sudo");
        let sudo = if through_sudo(download.simple) || through_sudo(used.simple) { "sudo " } else { "" };
        let command = format!("{sudo}rm -f {}", word.raw);
        let places = self.target.script.commands();
        let place = places.iter().find(|place| std::ptr::eq(place.simple, used.simple));
        let place = place.ok_or("its place is not known")?;
        let absolute = word.raw.trim_start_matches('"').starts_with('/');
        if !place.top && !absolute {
            return Err("it stands inside of another command".to_owned());
        }
        match insert::after(self.target, place, &command) {
            Err(_) if absolute => insert::at_end(self.target, &command),
            edit => edit,
        }
    }

    /// What lies in a mount is not in the layer.
    fn in_layer(&self, path: &str) -> Result<(), String> {
        let known = path.starts_with('/') && !path.contains('$');
        let mut targets = mounts(self.cx.file, self.run);
        match targets.find(|target| !known || target.contains('$') || paths::is_in(path, target)) {
            Some(target) => Err(format!("it may lie in the mount at {target}")),
            None => Ok(()),
        }
    }
}

/// Whether the file is needed no longer: an archive is unpacked, an installer is run.
fn is_use(touch: &Touch<'_>) -> bool {
    let name = paths::file_name(&touch.path).to_lowercase();
    match touch.how {
        // Also programs and documents are zip files.
        How::Unpack => ![".jar", ".war", ".ear", ".whl", ".nupkg", ".vsix", ".egg", ".apk", ".phar", ".xpi"]
            .iter()
            .any(|end| name.ends_with(end)),
        // A script among the programs may be called by its name later.
        How::Run if touch.path.contains("bin/") => false,
        How::Run => {
            name.starts_with("get-")
                || ["install", "setup", "bootstrap", "rustup", "conda", "mamba", "miniforge"]
                    .iter()
                    .any(|part| name.contains(part))
        }
        _ => false,
    }
}
