//! `dfslim rewrite`: finds the files, plans each, prints or writes.

use super::find::{self, Source, Target};
use super::repository::{Repositories, called};
use super::settings::{Setting, Settings};
use super::surroundings::{self, Surroundings};
use super::{Exit, NO_STDOUT, inspect, paint, pool, read, say, write};
use crate::cli::{Format, Rewrite};
use crate::dockerfile::Dockerfile;
use crate::engine;
use crate::inspect::{Image, Survey, savings};
use crate::passes::rebuild;
use crate::plan::{Note, Plan};
use crate::project::deploy::choice::shown;
use crate::project::dockerignore::Dockerignore;
use crate::proposal::{Kind, NewFile};
use crate::report::json::{Document, Entry};
use crate::report::paint::Paint;
use crate::report::text::{self, Ending, Loudness};
use crate::report::{Fault, FileReport, Names, Totals, diff};
use crate::text::Position;
use anyhow::{Context, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Does it.
pub(super) fn rewrite(flags: &Rewrite) -> anyhow::Result<Exit> {
    let from_stdin = flags.paths.iter().any(|path| path.as_os_str() == "-");
    if from_stdin && flags.in_place && flags.format == Format::Json {
        bail!("`-` with --in-place prints the new text, and --format json wants stdout too; leave out one of them");
    }
    let given = surroundings::given(&flags.context)?;
    let mut settings = Settings::new(flags)?;
    let mut tasks = Vec::new();
    for target in find::targets(&flags.paths, &mut settings)? {
        let setting = settings.of(target.names.path.as_ref())?;
        tasks.push(Task { target, setting });
    }
    let mut output = Output::new(flags);
    if tasks.is_empty() {
        let places: Vec<_> = flags.paths.iter().map(|path| path.display().to_string()).collect();
        say(&format!("no Dockerfile found in {}; name the file if it is called otherwise\n", places.join(", ")));
        output.finish().context(NO_STDOUT)?;
        return Ok(Exit::NoneFound);
    }
    if flags.image.is_some() && tasks.len() > 1 {
        bail!("--image is of one Dockerfile, and there are {}; name the one that made it", tasks.len());
    }
    let image = flags.image.as_deref().map(|image| Ok::<_, anyhow::Error>((image, inspect::open(image, None)?)));
    let jobs = pool::jobs(flags.jobs, tasks.len());
    let manner = output.manner;
    let here = fs::canonicalize(".").unwrap_or_default();
    let around =
        Around { context: given, tops: &flags.paths, here, claims: Claims::default(), image: image.transpose()? };
    let mut written = Ok(());
    pool::in_order(
        tasks.len(),
        jobs,
        |repositories: &mut Repositories, index| tasks[index].run(manner, &around, repositories),
        |done| {
            written = output.put(done);
            // Files that are written are all written, whoever listens.
            written.is_ok() || flags.in_place
        },
    );
    written.and_then(|()| output.finish()).context(NO_STDOUT)?;
    Ok(match output.totals {
        Totals { errors: 1.., .. } => Exit::Error,
        Totals { changed: 1.., .. } if flags.check => Exit::Changes,
        _ => Exit::Fine,
    })
}

/// One file to work on.
struct Task {
    target: Target,
    setting: Arc<Setting>,
}

/// What holds around all files.
struct Around<'f> {
    /// `--context`.
    context: Option<&'f Path>,
    /// What dfslim was told to work on.
    tops: &'f [PathBuf],
    /// The real path of where dfslim runs.
    here: PathBuf,
    /// Files that were made in this run.
    claims: Claims,
    /// `--image`, and what is in it.
    image: Option<(&'f Path, Image)>,
}

/// The files that a run has made: several Dockerfiles may ask for the same one.
#[derive(Default)]
struct Claims(Mutex<BTreeMap<PathBuf, String>>);

impl Claims {
    /// Writes the Dockerfile at `path` and makes the files that belong to it: all or nothing.
    fn write(&self, path: &Path, plan: &Plan, made: &[(PathBuf, &str)]) -> Result<(), Fault> {
        let mut claimed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for (file, text) in made {
            match claimed.get(file) {
                Some(there) if there == text => {}
                Some(_) => return Err(Fault::new(format!("another Dockerfile has made another {}", file.display()))),
                None => new.push((file.as_path(), *text)),
            }
        }
        write::all(path, &plan.before, &plan.after, &new)?;
        claimed.extend(new.into_iter().map(|(file, text)| (file.to_owned(), text.to_owned())));
        Ok(())
    }
}

impl Around<'_> {
    /// What dfslim was told to work on when it found the file at `path`.
    fn top<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.tops.iter().find(|top| path.starts_with(top)).map_or(path, PathBuf::as_path)
    }
}

/// How results are shown.
#[derive(Clone, Copy)]
struct Manner {
    in_place: bool,
    format: Format,
    loudness: Loudness,
    stdout: Paint,
    stderr: Paint,
}

/// What came of one file, ready to print.
struct Done {
    stdout: String,
    /// The diffs of files that are made, by their names: several Dockerfiles may ask for the same one.
    made: Vec<(Vec<u8>, String)>,
    stderr: String,
    entries: Vec<Entry>,
    totals: Totals,
}

impl Task {
    fn run(&self, manner: Manner, around: &Around<'_>, repositories: &mut Repositories) -> Done {
        let mut names = self.target.names.clone();
        let outcome = pool::guarded(|| self.outcome(manner, around, repositories, &mut names));
        let made = outcome.as_ref().map_or(Vec::new(), |plan| Self::names_of_made(plan, &names, around));
        let report = FileReport { names, outcome, made };
        let stdout = match (&report.outcome, manner.format) {
            (Ok(plan), Format::Diff) if !manner.in_place => {
                diff::unified(&report.names.patch, &plan.before, &plan.after, manner.stdout)
            }
            (Ok(plan), Format::Diff) if self.target.source == Source::Stdin => plan.after.clone(),
            _ => String::new(),
        };
        let made = match (&report.outcome, manner.format) {
            (Ok(plan), Format::Diff) if !manner.in_place => {
                let diffs = report.made.iter().zip(&plan.made);
                let diff = |(names, made): (&Names, &NewFile)| {
                    (names.patch.clone(), diff::created(&names.patch, &made.text, manner.stdout))
                };
                diffs.map(diff).collect()
            }
            _ => Vec::new(),
        };
        Done {
            stdout,
            made,
            stderr: text::file(&report, manner.loudness, manner.stderr),
            entries: if manner.format == Format::Json { Entry::of(&report) } else { Vec::new() },
            totals: Totals::of(&report.outcome),
        }
    }

    fn names_of_made(plan: &Plan, names: &Names, around: &Around<'_>) -> Vec<Names> {
        let root = fs::canonicalize(&names.context).unwrap_or_default();
        let of = |made: &NewFile| Names {
            context: names.context.clone(),
            ..find::names_of(&root.join(&made.path), &around.here)
        };
        plan.made.iter().map(of).collect()
    }

    fn outcome(
        &self,
        manner: Manner,
        around: &Around<'_>,
        repositories: &mut Repositories,
        names: &mut Names,
    ) -> Result<Plan, Fault> {
        let text = match &self.target.source {
            Source::Stdin => read::stdin()?,
            Source::File(path) => read::file(path)?,
            Source::Nowhere(fault) => return Err(fault.clone()),
        };
        let file = Dockerfile::parse(text);
        if let Some(problem) = file.problems().iter().find(|problem| problem.fatal) {
            let at = file.lines().position(file.text(), problem.span.start);
            return Err(Fault::at(at, format!("{} (the build refuses it too)", problem.message)));
        }
        let top = around.top(Path::new(&names.path)).to_owned();
        let surroundings = Surroundings::of(&file, names, around.context, &top, repositories);
        names.context = match (around.context, &surroundings.directory) {
            (Some(given), _) => given.to_string_lossy().into_owned(),
            (None, Some(real)) => shown(&called(&around.here, real)).to_owned(),
            (None, None) => String::new(),
        };
        let mut policy = self.setting.options.policy.clone();
        if self.target.source == Source::Stdin && around.context.is_none() {
            // What comes from stdin is built from nobody knows where.
            policy.passes.retain(|pass| pass.kind != Kind::Ignore);
        }
        let project = surroundings.project.wishing(Arc::clone(&self.setting.ignoring));
        let mut plan = engine::plan(file.text(), &project, &policy, &self.setting.options.wishes)
            .map_err(|error| Fault::new(error.to_string()))?;
        if let Some(why) = surroundings.context.why_unknown()
            && !surroundings.wants.is_empty()
        {
            let message = format!("the build context is not known, so nothing in it counts as evidence: {why}");
            plan.notes.insert(0, Note { at: Position { line: 1, column: 1 }, message });
        }
        if let Some((name, image)) = &around.image {
            let survey = Survey::of(&name.to_string_lossy(), image, Some(&file));
            savings::weigh(&mut plan, &survey, &file);
        }
        if manner.loudness == Loudness::Verbose || manner.format == Format::Json {
            let ignore = plan.made.iter().find(|made| made.path.ends_with(".dockerignore"));
            let ignore = ignore.map(|made| Dockerignore::parse(&made.path, &made.text));
            let wishes = self.setting.options.wishes;
            plan.rebuilds = rebuild::rebuilds(file.text(), &plan.after, &project, wishes, ignore.as_ref());
        }
        match &self.target.source {
            Source::File(path) if manner.in_place && plan.writes() => {
                let root = surroundings.directory.unwrap_or_default();
                let made = plan.made.iter().map(|made| (root.join(&made.path), made.text.as_str()));
                around.claims.write(path, &plan, &made.collect::<Vec<_>>())?;
            }
            _ => {}
        }
        Ok(plan)
    }
}

/// The two streams, and what was put there.
struct Output {
    manner: Manner,
    ending: Ending,
    entries: Vec<Entry>,
    /// The files made so far.
    made: BTreeSet<Vec<u8>>,
    totals: Totals,
}

impl Output {
    fn new(flags: &Rewrite) -> Self {
        let loudness = match (flags.quiet, flags.verbose, flags.format) {
            (true, ..) => Loudness::Quiet,
            (_, true, _) => Loudness::Verbose,
            // The document says it all.
            (.., Format::Json) => Loudness::Quiet,
            (.., Format::Diff) => Loudness::Normal,
        };
        let ending = match (flags.in_place, flags.format) {
            (true, _) => Ending::Written,
            (false, Format::Json) => Ending::InJson,
            (false, Format::Diff) => Ending::InDiff,
        };
        let manner = Manner {
            in_place: flags.in_place,
            format: flags.format,
            loudness,
            stdout: paint(flags.color, &io::stdout()),
            stderr: paint(flags.color, &io::stderr()),
        };
        Self { manner, ending, entries: Vec::new(), made: BTreeSet::new(), totals: Totals::default() }
    }

    fn put(&mut self, done: Done) -> io::Result<()> {
        self.totals += done.totals;
        for entry in done.entries {
            if entry.path().is_none_or(|path| !self.entries.iter().any(|other| other.path() == Some(path))) {
                self.entries.push(entry);
            }
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(done.stdout.as_bytes())?;
        for (name, diff) in done.made {
            if self.made.insert(name) {
                stdout.write_all(diff.as_bytes())?;
            }
        }
        // The reasons follow their diff, also where both go to one terminal.
        if !done.stderr.is_empty() {
            stdout.flush()?;
            say(&done.stderr);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.manner.format == Format::Json {
            let document = Document::new(std::mem::take(&mut self.entries), self.totals);
            stdout.write_all(document.to_text().as_bytes())?;
        }
        stdout.flush()?;
        if self.manner.loudness > Loudness::Quiet && self.totals != Totals::default() {
            say(&text::total(&self.totals, self.ending, self.manner.stderr));
        }
        Ok(())
    }
}
