//! The programs of the system that a Node application's code starts, itself or through a package.

use super::lacking::{Bringer, Move};
use super::programs::place_of;
use crate::passes::no::No;
use crate::project::context::{Context, Step};
use crate::project::files::EntryKind;
use crate::project::node::Node;
use crate::project::paths;

/// What code that starts programs cannot do without naming.
const STARTERS: &[&str] = &["child_process", "execa", "cross-spawn", "shelljs", "\"zx", "'zx"];

/// Packages that start a program of the system by themselves.
const PACKAGES: &[(&str, &str)] = &[
    ("fluent-ffmpeg", "ffmpeg"),
    ("gm", "convert"),
    ("imagemagick", "convert"),
    ("pdf-poppler", "pdftocairo"),
    ("python-shell", "python3"),
    ("simple-git", "git"),
    ("youtube-dl-exec", "python3"),
];

/// Directories whose code a running application does not use.
const ASIDE: &[&str] = &["__mocks__", "__tests__", "cypress", "e2e", "spec", "test", "tests"];

/// Nothing when every program that the code of `app` starts is on the new image too.
pub(super) fn all_there(app: &Node, step: &Move<'_>) -> Result<(), No> {
    for (package, program) in PACKAGES {
        let found = app.lock().and_then(|lock| lock.named(package).next());
        if found.is_some() {
            step.check(program, &format!("the package {package}"), Bringer::Nobody)?;
        }
    }
    let files = naming_a_starter(app.context(), &app.dir)?;
    if files.is_empty() {
        return Ok(());
    }
    let code = app.code(&files);
    if code.commands.is_empty() {
        return Err(No::because(format!("{} may start programs", files[0])));
    }
    for command in &code.commands {
        let place = place_of(&command.evidence);
        let Some(program) = &command.program else {
            return Err(No::because(format!("{place} starts a program that only the run knows")));
        };
        step.check(program, &place, Bringer::Nobody)?;
    }
    Ok(())
}

/// The source files below `dir` that name a way to start programs.
fn naming_a_starter(context: &Context, dir: &str) -> Result<Vec<String>, No> {
    let (mut files, mut unread) = (Vec::new(), None);
    let all = context.walk_sent(dir, |path, kind| {
        let name = paths::name(path);
        match kind {
            EntryKind::Directory | EntryKind::LinkToDirectory if ASIDE.contains(&name) => return Step::Skip,
            EntryKind::File if is_source(name) => match context.read(path) {
                Ok(source) if STARTERS.iter().any(|starter| source.text.contains(starter)) => {
                    files.push(path.to_owned());
                }
                Ok(_) => {}
                Err(why) => drop(unread.get_or_insert(format!("{path} was not read: {why}"))),
            },
            _ => {}
        }
        Step::Enter
    });
    match unread {
        Some(why) => Err(No::because(why)),
        None if !all => Err(No::because("there is more code than is read")),
        None => Ok(files),
    }
}

fn is_source(name: &str) -> bool {
    const ENDINGS: &[&str] = &["cjs", "cts", "js", "jsx", "mjs", "mts", "ts", "tsx"];
    let mut parts = name.rsplit('.');
    parts.next().is_some_and(|ending| ENDINGS.contains(&ending)) && !matches!(parts.next(), Some("test" | "spec"))
}
