//! Go: modules in a mount are there only for RUNs that have it too, so every RUN that may need them must be one that
//! gets it; and they must not ship.

use super::Job;
use crate::dockerfile::Keyword;
use crate::image::Stage;
use crate::managers::uses;
use crate::passes::Cx;
use crate::passes::packages;
use crate::passes::shipped::{root_image, ships};
use crate::passes::small_steps::is_small;
use crate::shell::{Shell, Simple};

/// Whether the mounts may be made in the stage of this RUN.
pub(super) fn check(job: &Job<'_>) -> Result<(), String> {
    if has_no_modules(root_image(job.cx, job.stage)) {
        return Err("this Go knows no modules".to_owned());
    }
    if ships(job.cx, job.stage) {
        return Err("the stage ships, and the toolchain with it".to_owned());
    }
    if job.cx.stages.children(job.stage.index).next().is_some() {
        return Err("another stage is built on this one, and may need the modules".to_owned());
    }
    others(job.cx, job.stage)
}

/// Modules are there since Go 1.11.
fn has_no_modules(image: &str) -> bool {
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let minor = tag.strip_prefix("1.").and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    minor.and_then(|minor| minor.parse::<u32>().ok()).is_some_and(|minor| minor < 11)
}

fn others(cx: &Cx<'_>, stage: &Stage<'_>) -> Result<(), String> {
    for run in stage.instructions.iter().filter(|one| one.keyword == Keyword::Run) {
        let body = cx.body(run);
        let told = match &*body.shell {
            Shell::Opaque(_) => Some("is not understood".to_owned()),
            Shell::Parsed(script) => {
                let uses = uses(script);
                let of_manager = |simple: &Simple| uses.iter().any(|a_use| std::ptr::eq(a_use.simple(), simple));
                let gets_mounts = uses.iter().any(|a_use| a_use.manager.name == "go");
                let simples = script.commands().into_iter().map(|place| place.simple);
                let mut others = simples.filter(|simple| !gets_mounts && !of_manager(simple) && !is_known(simple));
                others.next().and_then(|simple| Some(format!("runs `{}`", simple.words.first()?.raw)))
            }
        };
        if let Some(told) = told {
            return Err(format!("line {} {told}, and may need the modules", cx.line(run.code.start)));
        }
    }
    Ok(())
}

/// Whether the command is known not to call go.
fn is_known(simple: &Simple) -> bool {
    is_small(simple) || packages::program(simple).is_some_and(|program| OF_OTHERS.contains(&program))
}

/// Programs that have nothing to do with go.
const OF_OTHERS: &[&str] = &[
    "apk",
    "apt-get",
    "apt",
    "curl",
    "dpkg",
    "find",
    "git",
    "gunzip",
    "gzip",
    "npm",
    "pip",
    "pip3",
    "pnpm",
    "protoc",
    "sha256sum",
    "strip",
    "tar",
    "unzip",
    "update-ca-certificates",
    "upx",
    "wget",
    "xz",
    "yarn",
];
