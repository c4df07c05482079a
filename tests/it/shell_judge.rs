//! Asks a shell's own parser, when `DFSLIM_SHFMT` names a `shfmt`: a RUN whose text it accepted before must have a
//! text that it accepts after.

use dfslim::dockerfile::{Dockerfile, Keyword};
use dfslim::shell::{Body, body};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The changed files that have a RUN which is no longer accepted, with what the parser says of it.
pub(crate) fn failures(changed: &[(PathBuf, String, String)]) -> Vec<String> {
    let Some(shfmt) = std::env::var_os("DFSLIM_SHFMT") else { return Vec::new() };
    let scripts: Vec<(BTreeSet<String>, BTreeSet<String>)> =
        changed.iter().map(|(_, before, after)| (scripts(before), scripts(after))).collect();
    let new = scripts.iter().map(|(before, after)| after.difference(before).cloned().collect()).collect();
    let old = scripts.iter().map(|(before, after)| before.difference(after).cloned().collect()).collect();
    let (new, old): (Vec<Vec<String>>, Vec<Vec<String>>) = (new, old);
    let (refused, refused_before) = (refused(Path::new(&shfmt), &new), refused(Path::new(&shfmt), &old));
    let mut failures = Vec::new();
    for (at, why) in refused {
        if !refused_before.iter().any(|(before, _)| *before == at) {
            failures.push(format!("{}: no shell accepts it any more: {why}", changed[at].0.display()));
        }
    }
    let texts: usize = new.iter().map(Vec::len).sum();
    println!("shfmt: {texts} new texts of RUNs in {} files, {} no longer accepted", changed.len(), failures.len());
    failures
}

/// What the RUNs of a Dockerfile give their shells.
fn scripts(dockerfile: &str) -> BTreeSet<String> {
    let file = Dockerfile::parse(dockerfile);
    let runs = file.instructions().filter(|instruction| instruction.keyword == Keyword::Run);
    let texts = runs.filter_map(|run| match body(run, file.text()) {
        Body::Shell(text) | Body::Mixed(text) | Body::Heredoc(text) => Some(text.text().to_owned()),
        Body::Foreign | Body::Exec(_) => None,
    });
    texts.collect()
}

/// Those of the groups in which a text is not accepted.
fn refused(shfmt: &Path, groups: &[Vec<String>]) -> Vec<(usize, String)> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (at, texts) in groups.iter().enumerate() {
        for (part, text) in texts.iter().enumerate() {
            std::fs::write(folder.path().join(format!("{at}-{part}.sh")), text).expect("a temporary file");
        }
    }
    let output = Command::new(shfmt).args(["-ln", "bash", "-l"]).arg(folder.path()).output().expect("shfmt runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let place = |line: &str| {
        let name = line.strip_prefix(folder.path().to_str()?)?.trim_start_matches('/');
        let (name, why) = name.split_once(':')?;
        Some((name.split('-').next()?.parse().ok()?, why.to_owned()))
    };
    told.lines().filter_map(place).collect()
}
