//! Which Dockerfile is meant, what it would become, and where the builds find both.

use crate::cli::{Measure, Rewrite};
use crate::dockerfile::Dockerfile;
use crate::engine;
use crate::image::{Base, Stages};
use crate::plan::Plan;
use crate::project::dockerignore::Dockerignore;
use crate::report::Fault;
use crate::run::find::{self, Source};
use crate::run::repository::Repositories;
use crate::run::settings::Settings;
use crate::run::surroundings::{self, Surroundings};
use crate::run::{pool, read};
use anyhow::{Context as _, Result, anyhow, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be measured.
pub(super) struct Case {
    /// The Dockerfile, as it is called.
    pub path: String,
    /// The context's real path.
    pub context: PathBuf,
    pub surroundings: Surroundings,
    pub plan: Plan,
    /// The original, the rewritten one if anything is, and the other one if there is.
    pub recipes: Vec<Recipe>,
}

/// A Dockerfile to build.
pub(super) struct Recipe {
    pub label: String,
    pub text: String,
    /// Where the builder finds it.
    pub path: PathBuf,
    /// The ignore file for it alone, beside it.
    pub ignore: Option<PathBuf>,
    /// What holds for the context, from wherever.
    pub ignored: Dockerignore,
}

/// Finds out. What is new is written below `directory`.
pub(super) fn prepare(flags: &Measure, directory: &Path) -> Result<Case> {
    let given = surroundings::given(&flags.context)?;
    let rewrite = Rewrite {
        paths: vec![flags.path.clone()],
        scope: flags.scope.clone(),
        config: flags.config.clone(),
        ..Rewrite::default()
    };
    let mut settings = Settings::new(&rewrite)?;
    let mut targets = find::targets(&rewrite.paths, &mut settings)?;
    if targets.len() > 1 {
        let names: Vec<&str> = targets.iter().map(|target| target.names.shown.as_str()).collect();
        bail!("there are {} Dockerfiles: {}; name one", names.len(), names.join(", "));
    }
    let Some(target) = targets.pop() else {
        bail!("no Dockerfile found in {}; name the file if it is called otherwise", flags.path.display());
    };
    let path = target.names.shown.clone();
    let placed = |fault: &Fault| anyhow!("{path}: {}", fault.message);
    let source = match &target.source {
        Source::File(source) => fs::canonicalize(source).with_context(|| path.clone())?,
        Source::Stdin => bail!("give a file or a directory; what comes from stdin has no context"),
        Source::Nowhere(fault) => return Err(placed(fault)),
    };
    let text = read::file(&source).map_err(|fault| placed(&fault))?;
    let file = Dockerfile::parse(text);
    let setting = settings.of(Path::new(&target.names.path))?;
    let around = Surroundings::of(&file, &target.names, given, &flags.path, &mut Repositories::default());
    let Some(context) = around.directory.clone() else {
        let why = around.context.why_unknown().unwrap_or("it cannot be opened");
        bail!("{path}: the build context is not known ({why}); --context DIR tells it");
    };
    let ignoring = Arc::clone(&setting.ignoring);
    let surroundings = Surroundings { project: around.project.wishing(ignoring), ..around };
    let plan = pool::guarded(|| {
        engine::plan(file.text(), &surroundings.project, &setting.options.policy, &setting.options.wishes)
            .map_err(|error| Fault::new(error.to_string()))
    });
    let plan = plan.map_err(|fault| placed(&fault))?;
    let ignored = surroundings.project.context().dockerignore().clone();
    let mut recipes = vec![original(&source, &plan, &ignored)];
    if plan.writes() {
        recipes.push(rewritten(&source, &plan, &ignored, &directory.join("rewritten"))?);
    }
    if let Some(also) = &flags.also {
        recipes.push(other(also, &context)?);
    }
    Ok(Case { path, context, surroundings, plan, recipes })
}

/// The ignore file that lies beside a Dockerfile.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".dockerignore");
    name.into()
}

fn original(source: &Path, plan: &Plan, ignored: &Dockerignore) -> Recipe {
    Recipe {
        label: "original".to_owned(),
        text: plan.before.clone(),
        path: source.to_owned(),
        ignore: Some(beside(source)).filter(|own| own.is_file()),
        ignored: ignored.clone(),
    }
}

fn rewritten(source: &Path, plan: &Plan, ignored: &Dockerignore, directory: &Path) -> Result<Recipe> {
    fs::create_dir_all(directory)?;
    let path = directory.join("Dockerfile");
    fs::write(&path, &plan.after)?;
    let own = beside(source);
    let made = plan.made.iter().find(|made| made.path.ends_with(".dockerignore")).map(|made| made.text.clone());
    let text = match made {
        Some(made) => Some(made),
        None if own.is_file() => Some(fs::read_to_string(&own).with_context(|| own.display().to_string())?),
        None => None,
    };
    let ignore = match &text {
        Some(text) => {
            fs::write(beside(&path), text)?;
            Some(beside(&path))
        }
        None => None,
    };
    let ignored = text.map_or_else(|| ignored.clone(), |text| Dockerignore::parse("", &text));
    Ok(Recipe { label: "rewritten".to_owned(), text: plan.after.clone(), path, ignore, ignored })
}

fn other(also: &Path, context: &Path) -> Result<Recipe> {
    let text = read::file(also).map_err(|fault| anyhow!("{}: {}", also.display(), fault.message))?;
    let path = fs::canonicalize(also)?;
    let ignore = Some(beside(&path)).filter(|own| own.is_file());
    let root = context.join(".dockerignore");
    let ignored = match ignore.as_ref().unwrap_or(&root) {
        file if file.is_file() => Dockerignore::parse("", &read::file(file).map_err(|fault| anyhow!(fault.message))?),
        _ => Dockerignore::default(),
    };
    let label = also.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Recipe { label, text, path, ignore, ignored })
}

impl Recipe {
    /// The images that it starts from.
    pub(super) fn bases(&self) -> Vec<String> {
        let file = Dockerfile::parse(self.text.as_str());
        let stages = Stages::of(&file);
        let images = stages.iter().filter_map(|stage| match &stage.base {
            Base::Image(image) => Some(image.clone()),
            _ => None,
        });
        images.collect()
    }
}
