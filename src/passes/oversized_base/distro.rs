//! On request: Alpine itself, with its own package of Node.js of the same major version.

use super::{Case, programs};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::edit::Edit;
use crate::image::base::{Runtime, runtime};
use crate::image::{Form, Start};
use crate::passes::no::No;
use crate::passes::packages::without_version;
use crate::proposal::{Field, Proposal};
use crate::shell::rough_words;

/// What only Docker's own images of Node have.
const OWN: &[&str] = &["docker-entrypoint.sh", "/usr/local/lib/node_modules", "/usr/local/bin/node", "/opt/yarn"];

/// The proposal for a stage on the Alpine image of Node.
pub(super) fn propose(case: &Case<'_>) -> Result<Proposal, No> {
    if case.from.image != "node" {
        return Err(No::because("Alpine's own Python keeps pip from installing beside its packages (PEP 668)"));
    }
    let name = case.from.name();
    let major = name.split(['.', '-']).next().unwrap_or_default();
    let found = runtime("node", major)
        .ok_or_else(|| No::because(format!("no release of Alpine is known to have Node {major}")))?;
    starts_a_program(case)?;
    let text = case.cx.file.text();
    if let Some(own) = OWN.iter().find(|own| text.contains(**own)) {
        return Err(No::because(format!("it speaks of {own}, which is Docker's image's own")));
    }
    let npm = uses(case)?;
    let Args::Words(words) = &case.root.from.args else { return Err(No::NotThis) };
    let image = words.first().filter(|word| !word.value.contains('$')).ok_or(No::NotThis)?;
    let upgrades = upgrades(case);
    let installs = install(case, found, npm);
    let from = case.root.from;
    let newline = case.cx.file.newline().as_str();
    let fact = format!("alpine:{} has Node {major} of its own: {}", found.release, found.source);
    let what = format!("start from alpine:{} with its own Node.js instead of {}", found.release, image.value);
    let drops: Vec<String> = upgrades.iter().flat_map(|run| rough_words(run.rest.text())).map(str::to_owned).collect();
    let proposal = Proposal::checked(from.code, what, vec![case.cx.evidence(from.code.start, fact)])
        .because(
            "the distribution's package is smaller than what Docker's image holds; another patch version comes with it",
        )
        .edit(Edit::replace(image.span, format!("alpine:{}", found.release)))
        .edit(Edit::insert(from.span.end, format!("{installs}{newline}")))
        .edits(upgrades.iter().map(|run| Edit::delete(run.span)))
        .dropping(drops)
        .changing(Field::Entrypoint)
        .changing(Field::Cmd)
        .changing(Field::Env("NODE_VERSION".to_owned()))
        .changing(Field::Env("YARN_VERSION".to_owned()));
    Ok(proposal)
}

/// The entrypoint of Docker's image turns a file or an option into `node …`: without it the command must be a program.
fn starts_a_program(case: &Case<'_>) -> Result<(), No> {
    let Some(stage) = case.group.last() else { return Err(No::NotThis) };
    let start = Start::of(case.cx.file, case.cx.stages, stage);
    let own = [&start.entrypoint, &start.cmd].into_iter().flatten().find(|launch| launch.line.is_some());
    let launch = own.ok_or_else(|| No::because("it starts what the image starts"))?;
    let is_program = match &launch.form {
        Form::Shell(_) => true,
        Form::Exec(words) => {
            words.first().is_some_and(|word| !word.starts_with('-') && !word.contains('/') && !word.contains('.'))
        }
    };
    if is_program {
        Ok(())
    } else {
        Err(No::because("its command may be a file that the image's entrypoint gives to node"))
    }
}

/// Whether npm is used; what else comes with Docker's image alone stands against it.
fn uses(case: &Case<'_>) -> Result<bool, No> {
    let mut npm = false;
    programs::each_use(case, &mut |found| match found.simple.name() {
        Some("npm" | "npx") => {
            npm = true;
            Ok(())
        }
        Some(name @ ("yarn" | "yarnpkg" | "corepack" | "pnpm")) => {
            Err(No::because(format!("{} uses {name}, which Alpine's Node is without", found.place)))
        }
        _ => Ok(()),
    })?;
    Ok(npm)
}

/// RUNs that do nothing but change the version of npm.
fn upgrades<'c>(case: &Case<'c>) -> Vec<&'c Instruction> {
    let runs = case.group.iter().flat_map(|stage| &stage.instructions).filter(|one| one.keyword == Keyword::Run);
    let is_upgrade = |run: &&&Instruction| {
        let body = case.cx.body(run);
        let Some(script) = body.shell.script() else { return false };
        let commands = script.commands();
        let [place] = &commands[..] else { return false };
        let words: Option<Vec<&str>> = place.simple.words.iter().map(|word| word.literal.as_deref()).collect();
        let Some(words) = words else { return false };
        let plain: Vec<&str> = words.iter().skip(1).filter(|word| !word.starts_with('-')).copied().collect();
        let global = words.iter().any(|word| matches!(*word, "-g" | "--global"));
        let npm = matches!(plain[..], ["install" | "i" | "add" | "update", name] if without_version(name) == "npm");
        words.first() == Some(&"npm") && global && npm && run.comments.is_empty()
    };
    runs.filter(is_upgrade).copied().collect()
}

/// The line that installs it, and makes the user of Docker's image where somebody asks for that.
fn install(case: &Case<'_>, found: &Runtime, npm: bool) -> String {
    let text = case.cx.file.text();
    let names_user = |one: &&&Instruction| {
        let code = one.code.of(text);
        let words = || code.split(|c: char| !c.is_ascii_alphanumeric());
        match one.keyword {
            Keyword::User => words().any(|word| word == "node"),
            Keyword::Copy | Keyword::Add => one.flag("chown").is_some_and(|flag| flag.span.of(text).contains("node")),
            Keyword::Run => code.contains("chown") && words().any(|word| word == "node"),
            _ => false,
        }
    };
    let user = case.group.iter().flat_map(|stage| &stage.instructions).find(names_user);
    let user = user.map_or("", |_| " && addgroup -g 1000 node && adduser -u 1000 -G node -s /bin/sh -D node");
    let packages = if npm { format!("{} npm", found.package) } else { found.package.to_owned() };
    format!("RUN apk add --no-cache {packages}{user}")
}
