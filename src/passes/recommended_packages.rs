//! Installs only what is asked for: `apt-get install --no-install-recommends`, with the recommended packages that are
//! needed asked for by name.

mod wanted;

use super::shipped::{root_image, ships};
use super::{Cx, Pass};
use crate::dockerfile::{Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Stage;
use crate::managers::recommends::{self, Package};
use crate::managers::{Use, uses};
use crate::proposal::{Evidence, Kind, Proposal, Proposals};
use crate::shell::{Shell, ShellWord};
use crate::text::Span;
use wanted::Wanted;

/// See the page.
pub(super) const PASS: Pass = Pass {
    id: "recommended-packages",
    kind: Kind::Dependencies,
    answers_to: &["DL3015"],
    page: include_str!("recommended-packages.md"),
    run,
};

/// The option.
const FLAG: &str = "--no-install-recommends";

fn run(cx: &Cx<'_>, out: &mut Proposals) {
    let text = cx.file.text();
    // Somebody has decided for the whole image: apt.conf, `-o APT::Install-Recommends=…`.
    if !text.contains("apt") || text.to_ascii_lowercase().contains("apt::install-recommends") {
        return;
    }
    for stage in cx.stages.iter().filter(|stage| ships(cx, stage)) {
        of_stage(cx, stage, out);
    }
}

fn of_stage(cx: &Cx<'_>, stage: &Stage<'_>, out: &mut Proposals) {
    let mut installed = inherited(cx, stage);
    for run in runs(stage) {
        for_each_install(cx, run, |an_install| {
            if !is_decided(an_install) {
                let added = propose(cx, stage, an_install, &installed, out);
                installed.extend(added.into_iter().map(str::to_owned));
            }
            installed.extend(brought(an_install));
        });
    }
}

fn runs<'s>(stage: &'s Stage<'_>) -> impl Iterator<Item = &'s Instruction> {
    stage.instructions.iter().copied().filter(|instruction| instruction.keyword == Keyword::Run)
}

/// Calls `see` with each `apt-get install` of `run`, in order.
fn for_each_install(cx: &Cx<'_>, run: &Instruction, mut see: impl FnMut(&Use<'_>)) {
    let text = &cx.file.text()[run.code.start..run.span.end];
    if !text.contains("apt") || !text.contains("install") {
        return;
    }
    let body = cx.body(run);
    let Shell::Parsed(script) = &*body.shell else { return };
    uses(script).iter().filter(|a_use| a_use.manager.name == "apt" && a_use.is_any(&["install"])).for_each(&mut see);
}

/// What the stages that `stage` is built on install.
fn inherited(cx: &Cx<'_>, stage: &Stage<'_>) -> Vec<String> {
    let mut installed = Vec::new();
    for run in cx.stages.chain(stage).skip(1).flat_map(runs) {
        for_each_install(cx, run, |an_install| installed.extend(brought(an_install)));
    }
    installed
}

/// The packages that a command names, and what those are known to depend on.
fn brought(an_install: &Use<'_>) -> Vec<String> {
    let names = an_install.operands().into_iter().filter_map(package_name);
    names
        .flat_map(|name| {
            let depends = recommends::package(name, 0).map_or(&[][..], |package| package.brings);
            std::iter::once(name).chain(depends.iter().copied()).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// `curl` in `curl`, `curl=7.88.1-10`, `curl:amd64` and `curl/bookworm-backports`.
fn package_name(word: &ShellWord) -> Option<&str> {
    let name = word.literal.as_deref()?.split(['=', '/']).next()?;
    let name = name.strip_suffix(":amd64").unwrap_or(name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '+' | '-' | '.');
    (name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)).then_some(name)
}

/// Whether its author decided, or nothing is to be decided.
fn is_decided(an_install: &Use<'_>) -> bool {
    an_install.args().any(|arg| arg.contains("install-recommends"))
        || an_install.has_any(&["-s", "--simulate", "--dry-run", "--help", "-d", "--download-only"])
        || an_install.operands().is_empty() && !is_fed(an_install)
}

/// Whether other words come from elsewhere: `xargs apt-get install`, `apt-get install $PACKAGES`.
fn is_fed(an_install: &Use<'_>) -> bool {
    let words = &an_install.simple().words;
    words[..an_install.program].iter().any(|word| word.raw.ends_with("xargs"))
        || words[an_install.subcommand + 1..].iter().any(|word| word.literal.is_none())
}

/// Proposes the option; gives what is asked for by name from now on.
fn propose(
    cx: &Cx<'_>,
    stage: &Stage<'_>,
    an_install: &Use<'_>,
    installed: &[String],
    out: &mut Proposals,
) -> Vec<&'static str> {
    let at = an_install.simple().span;
    let what = format!("add {FLAG} to apt-get install");
    let mut by_name = Vec::new();
    let proposal = match left_out(cx, stage, an_install, installed) {
        Err(may_break) => Proposal::risky(at, what, may_break),
        Ok(LeftOut { add, evidence }) if add.is_empty() => Proposal::checked(at, what, evidence),
        Ok(LeftOut { add, evidence }) => {
            let what = format!("{what}, and {} by name", add.join(" "));
            let edit = addition(cx, an_install, &add);
            by_name = add;
            Proposal::checked(at, what, evidence).edits(edit)
        }
    };
    let flag = Edit::insert(options_end(cx, an_install), format!(" {FLAG}"));
    let because = "what apt only recommends, nobody asked for; it is in the image all the same";
    out.push(proposal.because(because).edit(flag));
    by_name
}

/// Behind `install` and the options that follow it on its line: `install -y`.
fn options_end(cx: &Cx<'_>, an_install: &Use<'_>) -> usize {
    let words = &an_install.simple().words[an_install.subcommand..];
    let line = |word: &ShellWord| cx.file.lines().line(word.span.start);
    let is_plain = |word: &&ShellWord| {
        let valued = an_install.manager.valued.contains(&word.raw.as_str());
        word.raw.starts_with('-') && word.literal.is_some() && !valued && line(word) == line(&words[0])
    };
    words[1..].iter().take_while(is_plain).last().unwrap_or(&words[0]).span.end
}

/// What is left out by the option.
struct LeftOut {
    /// Packages to ask for by name.
    add: Vec<&'static str>,
    evidence: Vec<Evidence>,
}

/// The error says what may break.
fn left_out(cx: &Cx<'_>, stage: &Stage<'_>, an_install: &Use<'_>, installed: &[String]) -> Result<LeftOut, String> {
    let image = root_image(cx, stage);
    let release =
        recommends::releases_of(image).ok_or_else(|| format!("what is recommended in {image} is not known"))?;
    let packages = packages_of(an_install, release)?;
    let names: Vec<&str> = packages.iter().map(|package| package.name).collect();
    let depends: Vec<&str> = packages.iter().flat_map(|package| package.brings.iter().copied()).collect();
    let is_there = |name: &str| {
        names.contains(&name)
            || depends.contains(&name)
            || installed.iter().any(|known| known == name)
            || wanted::is_in(image, name)
    };
    let wanted = Wanted::of(cx);
    let (mut add, mut evidence): (Vec<&'static str>, Vec<Evidence>) = (Vec::new(), Vec::new());
    for (name, by) in recommended(&packages, release) {
        if is_there(name) {
            continue;
        }
        match wanted.verdict(name) {
            wanted::Verdict::Add => add.push(name),
            wanted::Verdict::Spare => {
                evidence.push(fact(&format!("nothing in the file calls {name}, which {by} recommends")));
            }
            wanted::Verdict::Unknown => return Err(format!("{name}, which {by} recommends, would be missing")),
        }
    }
    evidence.push(fact(&format!("of what else {} recommends, nothing matters in a container", listed(&names))));
    add.sort_unstable();
    add.dedup();
    Ok(LeftOut { add, evidence })
}

/// The first few.
fn listed(names: &[&str]) -> String {
    match names {
        [a, b, c, _, ..] => format!("{a}, {b}, {c} and {} more", names.len() - 3),
        few => few.join(", "),
    }
}

fn fact(fact: &str) -> Evidence {
    Evidence { file: "facts/apt-recommends.yaml".to_owned(), line: None, fact: fact.to_owned() }
}

/// The packages that the command names; the error says of which one nothing is known.
fn packages_of(an_install: &Use<'_>, release: u16) -> Result<Vec<&'static Package>, String> {
    if is_fed(an_install) {
        return Err("which packages are installed is only known in the build".to_owned());
    }
    let known = |word: &ShellWord| package_name(word).and_then(|name| recommends::package(name, release));
    an_install
        .operands()
        .into_iter()
        .map(|word| known(word).ok_or_else(|| format!("what {} recommends is not known", word.raw)))
        .collect()
}

/// What the packages recommend in the release, each once, with the first that does.
fn recommended(packages: &[&'static Package], release: u16) -> Vec<(&'static str, &'static str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for package in packages {
        for (name, releases) in package.recommends {
            if releases & release != 0 && !found.iter().any(|(known, _)| known == name) {
                found.push((name, package.name));
            }
        }
    }
    found
}

/// The names after the last package, on lines of their own where the packages are.
fn addition(cx: &Cx<'_>, an_install: &Use<'_>, add: &[&str]) -> Option<Edit> {
    let last = an_install.operands().last()?.span;
    let text = cx.file.text();
    let line = cx.file.lines().start(cx.file.lines().line(last.start));
    let indent = Span::new(line, last.start).of(text);
    let joint = if indent.trim().is_empty() && !indent.is_empty() {
        format!(" {}{}{indent}", cx.file.escape(), cx.file.newline().as_str())
    } else {
        " ".to_owned()
    };
    Some(Edit::insert(last.end, joint.clone() + &add.join(&joint)))
}
