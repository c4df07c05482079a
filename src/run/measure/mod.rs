//! `dfslim measure`: builds the original and the rewritten Dockerfile, starts both, and tells what differs.
//!
//! The user's files are read and nothing else: what is new lies in a temporary directory, and is gone at the end, as are
//! the images and containers.

mod build;
mod prepare;
mod probe;
mod question;
mod scan;
mod touch;

use super::engine::dialect::Build;
use super::engine::{Engine, INTERRUPTED, Interrupted};
use super::weigh::weigh;
use super::{Exit, paint, print, say};
use crate::cli::{Measure, MeasureFormat};
use crate::dockerfile::Dockerfile;
use crate::inspect::{Image, Survey};
use crate::measure::http::Probe;
use crate::measure::{Answer, Measured, Measurement, Verdict, answer};
use crate::project::changing;
use crate::report::measure::{json, markdown, size, text};
use anyhow::{Context as _, Result, anyhow};
use build::{Made, Sampler, build, fetch, weight};
use prepare::{Case, Recipe, prepare};
use probe::{Manner, Question, ask};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;

/// Does it.
pub(super) fn measure(flags: &Measure) -> Result<Exit> {
    // A second Ctrl-C changes nothing: what was made is being taken away by then.
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).context("cannot listen for Ctrl-C")?;
    let probe = flags.probe.as_deref().map(|text| {
        Probe::parse(text).ok_or_else(|| anyhow!("--probe {text}: say it as http://:8080/health; only http is spoken"))
    });
    let probe = probe.transpose()?;
    let directory =
        tempfile::Builder::new().prefix("dfslim-measure-").tempdir().context("cannot make a temporary directory")?;
    let case = prepare(flags, directory.path())?;
    let engine = Engine::find_builder(flags.engine)?;
    let run = Run { flags, case, made: Made::new(engine, flags.keep), directory };
    let done = run.all(probe);
    if done.as_ref().is_err_and(anyhow::Error::is::<Interrupted>) {
        say("interrupted; taking away what was made\n");
        drop(run);
        return Ok(Exit::Interrupted);
    }
    let measurement = done?;
    let exit = match (&measurement.verdict, &measurement.columns[0].failure) {
        (_, Some(_)) => Exit::Error,
        (Verdict::Different(_), None) => Exit::Changes,
        _ => Exit::Fine,
    };
    print(&match flags.format {
        MeasureFormat::Text => text(&measurement, paint(flags.color, &io::stdout())),
        MeasureFormat::Json => json(&measurement),
        MeasureFormat::Markdown => markdown(&measurement),
    })?;
    Ok(exit)
}

struct Run<'f> {
    flags: &'f Measure,
    case: Case,
    made: Made,
    directory: TempDir,
}

impl Run<'_> {
    fn all(&self, probe: Option<Probe>) -> Result<Measurement> {
        let case = &self.case;
        if !case.plan.writes() {
            self.tell(&format!("{}: nothing to rewrite", case.path));
        }
        let also = case.recipes.last().map(|recipe| &recipe.ignored);
        let touched = match &self.flags.touch {
            Some(path) => Some(path.clone()),
            None => changing::source_file(case.surroundings.project.context(), also),
        };
        let mut columns = Vec::new();
        for recipe in &case.recipes {
            columns.push(self.image(recipe, touched.as_deref())?);
        }
        let question = self.question(probe, &columns);
        let asked = match &question {
            _ if self.flags.no_start => None,
            Question::Http(Probe { port, path }) => Some(format!("GET :{port}{path}")),
            Question::Run(command) => Some(format!("`{command}`")),
            Question::Runs => Some("whether it keeps running".to_owned()),
        };
        if asked.is_some() {
            for (column, recipe) in columns.iter_mut().zip(&case.recipes).filter(|(column, _)| column.failure.is_none())
            {
                column.answer = Some(self.start(recipe, &question)?);
            }
        }
        let has_rewritten = case.plan.writes();
        let verdict = match columns.get(1) {
            Some(after) if has_rewritten => Self::verdict(&columns[0], after),
            _ => Verdict::Unknown("nothing is rewritten".to_owned()),
        };
        let other =
            self.flags.also.as_ref().and_then(|_| columns.last()).map(|other| Self::verdict(&columns[0], other));
        Ok(Measurement {
            path: case.path.clone(),
            engine: self.made.engine.version(),
            columns,
            asked,
            touched,
            verdict,
            other,
            kept: self.made.kept(),
        })
    }

    fn tell(&self, what: &str) {
        if !self.flags.quiet {
            say(&format!("{what}\n"));
        }
    }

    fn tag(recipe: &Recipe) -> String {
        let label: String =
            recipe.label.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        format!("dfslim-measure-{}:{}", std::process::id(), label.trim_matches('-'))
    }

    /// Builds one image, twice, and looks into it.
    fn image(&self, recipe: &Recipe, touched: Option<&str>) -> Result<Measured> {
        let mut measured = Measured { label: recipe.label.clone(), ..Measured::default() };
        let weights = weigh(&self.case.context, &recipe.ignored, &recipe.ignored);
        measured.context = Some(weight((weights.before.files, weights.before.bytes)));
        self.tell(&format!("{}: building", recipe.label));
        fetch(self.made.engine, &recipe.bases())?;
        let order = Build {
            dockerfile: recipe.path.clone(),
            ignore: recipe.ignore.clone(),
            context: self.case.context.clone(),
            tag: Self::tag(recipe),
            target: self.flags.target.clone(),
            args: self.flags.build_arg.clone(),
            network: self.flags.network.clone(),
            cached: false,
        };
        match build(&self.made, &order)? {
            Ok(took) => measured.cold = Some(took),
            Err(why) => {
                self.tell(&format!("{}: does not build: {why}", recipe.label));
                measured.failure = Some(why);
                return Ok(measured);
            }
        }
        let mut sampler = Sampler::new();
        let image = self.made.engine.image(&order.tag, Some(&mut |bytes: &[u8]| sampler.see(bytes)))?;
        measured.compressed = Some(sampler.reckon(image.layers.iter().map(|layer| layer.packed)));
        measured.survey = Some(Self::survey(&order.tag, &image, recipe));
        let bytes = size(image.bytes());
        self.tell(&format!(
            "{}: {bytes}, built in {:.1} s",
            recipe.label,
            measured.cold.unwrap_or_default().as_secs_f64()
        ));
        if let Some(touched) = touched.filter(|_| !self.flags.no_rebuild) {
            measured.warm = self.rebuild(recipe, &order, touched)?;
        }
        if self.flags.scan {
            measured.scan = Some(scan::scan(&order.tag)?);
        }
        Ok(measured)
    }

    fn survey(name: &str, image: &Image, recipe: &Recipe) -> Survey {
        Survey::of(name, image, Some(&Dockerfile::parse(recipe.text.as_str())))
    }

    /// Builds it again after a source file changed.
    fn rebuild(&self, recipe: &Recipe, first: &Build, touched: &str) -> Result<Option<Duration>> {
        self.tell(&format!("{}: building again after a change of {touched}", recipe.label));
        let copied: PathBuf = self.directory.path().join(format!("context-{}", recipe.label));
        touch::copy(&self.case.context, &copied, &recipe.ignored, touched)?;
        let again = Build { context: copied, tag: format!("{}-again", first.tag), cached: true, ..first.clone() };
        let took = build(&self.made, &again)?;
        self.made.remove_image(&again.tag);
        Ok(match took {
            Ok(took) => Some(took),
            Err(why) => {
                self.tell(&format!("{}: does not build again: {why}", recipe.label));
                None
            }
        })
    }

    /// What is asked of the containers: what the user says, else what the evidence speaks for.
    fn question(&self, probe: Option<Probe>, columns: &[Measured]) -> Question {
        if let Some(command) = &self.flags.run {
            return Question::Run(command.clone());
        }
        // The base image may expose a port too, which only the built one tells.
        let exposed = || {
            let survey = columns.first()?.survey.as_ref()?;
            Some(Probe { port: survey.ports.first().copied()?, path: "/".to_owned() })
        };
        let probe = probe.or_else(|| question::by_evidence(&self.case)).or_else(exposed);
        probe.map_or(Question::Runs, Question::Http)
    }

    fn start(&self, recipe: &Recipe, question: &Question) -> Result<Answer> {
        let what = if matches!(question, Question::Run(_)) { "running the command" } else { "starting" };
        self.tell(&format!("{}: {what}", recipe.label));
        let manner = Manner {
            network: self.flags.network.clone(),
            env: self.flags.env.clone(),
            patience: Duration::from_secs(self.flags.wait),
        };
        let name = Self::tag(recipe).replace(':', "-");
        ask(&self.made, &Self::tag(recipe), &name, question, &manner)
    }

    fn verdict(before: &Measured, after: &Measured) -> Verdict {
        match (&before.failure, &after.failure) {
            (Some(_), _) => Verdict::Unknown("the original does not build".to_owned()),
            (None, Some(why)) => Verdict::Different(format!("{} does not build: {why}", after.label)),
            (None, None) => match (&before.answer, &after.answer) {
                (Some(before), Some(after)) => answer::compare(before, after),
                _ => Verdict::Unknown("both build; nothing was started".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_names_that_engines_take() {
        let recipe = |label: &str| Recipe {
            label: label.to_owned(),
            text: String::new(),
            path: PathBuf::new(),
            ignore: None,
            ignored: crate::project::dockerignore::Dockerignore::default(),
        };
        assert!(Run::tag(&recipe("expert.Dockerfile")).ends_with(":expert-dockerfile"));
    }
}
