//! `dfslim detect`: finds the Dockerfiles and tells what is known of each.

use super::find::{self, Source};
use super::repository::{Repositories, called};
use super::settings::Settings;
use super::surroundings::{self, Surroundings};
use super::{Exit, NO_STDOUT, paint, pool, read, say};
use crate::cli::{Detect, DetectFormat, Rewrite};
use crate::detect::{self, Around, Places};
use crate::dockerfile::Dockerfile;
use crate::project::context::Warning;
use crate::report::detect::{Report, json, text};
use crate::report::{Fault, Names};
use anyhow::Context as _;
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

/// Does it.
pub(super) fn detect(flags: &Detect) -> anyhow::Result<Exit> {
    surroundings::given(&flags.context)?;
    let rewrite = Rewrite { paths: vec![flags.path.clone()], ..Rewrite::default() };
    let mut settings = Settings::new(&rewrite)?;
    let targets = find::targets(&rewrite.paths, &mut settings)?;
    let mut run = Run {
        flags,
        here: fs::canonicalize(".").unwrap_or_default(),
        repositories: Repositories::default(),
        warned: BTreeSet::new(),
    };
    let reports: Vec<Report> = targets.iter().map(|target| run.report(&target.names, &target.source)).collect();
    print(flags, &reports)?;
    if reports.is_empty() {
        say(&format!("no Dockerfile found in {}; name the file if it is called otherwise\n", flags.path.display()));
        return Ok(Exit::NoneFound);
    }
    Ok(if reports.iter().any(|report| report.outcome.is_err()) { Exit::Error } else { Exit::Fine })
}

fn print(flags: &Detect, reports: &[Report]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let out = match flags.format {
        DetectFormat::Json => json(reports),
        DetectFormat::Text => text(reports, paint(flags.color, &io::stdout())),
    };
    stdout.write_all(out.as_bytes()).and_then(|()| stdout.flush()).context(NO_STDOUT)
}

struct Run<'f> {
    flags: &'f Detect,
    here: PathBuf,
    repositories: Repositories,
    warned: BTreeSet<Warning>,
}

impl Run<'_> {
    fn report(&mut self, names: &Names, source: &Source) -> Report {
        let outcome = pool::guarded(|| {
            let text = match source {
                Source::Stdin => return Err(Fault::new("give a file or a directory; stdin has no surroundings")),
                Source::File(path) => read::file(path)?,
                Source::Nowhere(fault) => return Err(fault.clone()),
            };
            let file = Dockerfile::parse(text);
            let (given, top) = (self.flags.context.given.as_deref(), &self.flags.path);
            let surroundings = Surroundings::of(&file, names, given, top, &mut self.repositories);
            let places = self.places(names, &surroundings);
            let around = Around {
                file: &file,
                project: &surroundings.project,
                context: surroundings.context,
                usage: &surroundings.usage,
                places,
            };
            let facts = detect::detect(&around);
            let mut warnings = detect::warnings(&around, &surroundings.deployments.repository().warnings());
            // What is wrong with a file that concerns several Dockerfiles is said once.
            warnings.retain(|warning| self.warned.insert(warning.clone()));
            Ok((facts, warnings))
        });
        Report { path: names.path.clone(), outcome }
    }

    fn places(&self, names: &Names, around: &Surroundings) -> Places {
        let root = &around.root;
        Places {
            dockerfile: names.path.clone(),
            context: around.directory.as_ref().map(|real| called(&self.here, real)).unwrap_or_default(),
            repository: called(&self.here, root),
            here: self.here.strip_prefix(root).map(|here| here.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }
}
