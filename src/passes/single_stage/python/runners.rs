//! `poetry run x`, `pipenv run x`, `uv run x`: started without the tool where that is the same.

use super::super::runtime::{Started, name_of};
use super::work::Step;
use super::{App, No};
use crate::dockerfile::{Args, Instruction, Keyword};
use crate::edit::Edit;
use crate::image::Known;
use crate::project::python::install::Tool;
use crate::project::{paths, python};
use crate::proposal::Field;
use crate::shell::{Script, Simple};
use crate::text::Span;

/// A start command that a tool runs.
pub(super) struct Runner {
    pub tool: &'static str,
    /// What it is in the file.
    pub field: Field,
    /// The instruction, as an index into the stage's.
    pub at: usize,
    /// What is run.
    program: String,
    /// Options of the tool.
    options: Vec<String>,
    /// From the tool's name up to what is run.
    span: Span,
    exec: bool,
}

const RUNNERS: &[&str] = &["pipenv", "poetry", "uv"];

/// The command as one of a tool, if it is.
fn runner(at: usize, instruction: &Instruction, words: &[(String, Span)]) -> Option<Runner> {
    let tool = RUNNERS.iter().find(|tool| words.first().is_some_and(|(word, _)| word == *tool))?;
    if words.get(1)?.0 != "run" {
        return None;
    }
    let options: Vec<String> =
        words[2..].iter().map(|(word, _)| word.clone()).take_while(|word| word.starts_with('-')).collect();
    let (program, inner) = words.get(2 + options.len())?;
    Some(Runner {
        tool,
        field: if instruction.keyword == Keyword::Cmd { Field::Cmd } else { Field::Entrypoint },
        at,
        program: program.clone(),
        options,
        span: Span::new(words[0].1.start, inner.start),
        exec: matches!(instruction.args, Args::Json(_)),
    })
}

/// Options of `uv run` that leave the environment alone.
const QUIET: &[&str] = &["--frozen", "--locked", "--no-dev", "--no-sync", "--offline", "--quiet", "-q"];

impl App<'_> {
    /// The commands of CMD and ENTRYPOINT that a tool runs.
    pub(super) fn read_runners(&self) -> Vec<Runner> {
        let all = self.case.stage.instructions.iter().enumerate();
        all.filter(|(_, one)| matches!(one.keyword, Keyword::Cmd | Keyword::Entrypoint))
            .flat_map(|(at, one)| self.runners_of(at, one))
            .collect()
    }

    fn runners_of(&self, at: usize, instruction: &Instruction) -> Vec<Runner> {
        let commands: Vec<Vec<(String, Span)>> = match &instruction.args {
            Args::Json(words) => vec![words.iter().map(|word| (word.value.clone(), word.span)).collect()],
            Args::Text => {
                let body = self.case.cx.body(instruction);
                let commands = body.shell.script().map(Script::commands).unwrap_or_default();
                let words = |simple: &Simple| simple.words.iter().map(|word| (word.raw.clone(), word.span)).collect();
                commands.into_iter().map(|place| words(place.simple)).collect()
            }
            _ => Vec::new(),
        };
        commands.iter().filter_map(|words| runner(at, instruction, words)).collect()
    }

    /// Whether a start command names a tool that no runner stands for: it would not be there.
    fn names_another(&self, instruction: &Instruction, at: usize) -> bool {
        let known = self.runners.iter().filter(|runner| runner.at == at).count();
        let code = instruction.code.of(self.case.cx.file.text());
        let words = code.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')));
        words.filter(|word| RUNNERS.contains(&paths::name(word))).count() > known
    }

    /// Whether the image is started by `tool` alone.
    pub(super) fn is_run_by(&self, tool: &str) -> bool {
        !self.runners.is_empty() && self.runners.iter().all(|runner| runner.tool == tool)
    }

    /// The start commands without the tool: what it runs comes from the environment, and nothing else is added.
    pub(super) fn direct(&self, cut: usize) -> Result<Vec<Edit>, No> {
        let edit = |runner: &Runner| {
            let instruction = self.case.stage.instructions[runner.at];
            let line = self.case.line(instruction);
            let no = |why: &str| Err(No::Because(format!("{line} is run by {} run: {why}", runner.tool)));
            if runner.at < cut {
                return no("it stands before the installs");
            }
            if let Some(why) = self.differs(runner) {
                return no(&why);
            }
            if self.names_another(instruction, runner.at) {
                return no("it is named once more");
            }
            // `uv run x.py` means the interpreter.
            let script = runner.program.strip_suffix(".py").is_some();
            let text = match (script, runner.exec) {
                (false, _) => "",
                (true, true) => "\"python\", ",
                (true, false) => "python ",
            };
            Ok(Edit::replace(runner.span, text))
        };
        self.runners.iter().map(edit).collect()
    }

    /// What the tool does beside starting the program.
    fn differs(&self, runner: &Runner) -> Option<String> {
        let program = runner.program.as_str();
        let script = program.strip_suffix(".py").is_some();
        let installs_project = self.installs().any(|(_, _, install)| install.builds_project);
        let own = self.projects.iter().any(|project| project.scripts().iter().any(|script| script.name == program));
        if script && runner.tool != "uv" {
            return Some("it runs a file".to_owned());
        }
        if own && !installs_project {
            return Some(format!("{program} is a script of a project that is not installed"));
        }
        if !(script || own || program.starts_with("python") || self.comes_with_packages(program)) {
            return Some(format!("where {program} comes from is not known"));
        }
        match runner.tool {
            "uv" => self.uv_installs_more(runner),
            "poetry" => runner.options.first().map(|option| format!("its option {option}")),
            _ => self.pipenv_reads(program).or_else(|| runner.options.first().cloned()),
        }
    }

    /// `uv run` installs what is missing before it starts anything.
    fn uv_installs_more(&self, runner: &Runner) -> Option<String> {
        let has = |name: &str| runner.options.iter().any(|option| option == name);
        if let Some(option) = runner.options.iter().find(|option| !QUIET.contains(&option.as_str())) {
            return Some(format!("its option {option}"));
        }
        let quiet = has("--no-sync") || !matches!(self.case.stage.end().variable("UV_NO_SYNC"), Known::Inherited);
        let Some((_, step, install)) = self.installs().filter(|(_, _, install)| install.tool == Tool::Uv).last() else {
            return Some("nothing is installed by uv sync".to_owned());
        };
        let groups = self.projects.iter().filter_map(|project| project.pyproject()).any(|one| !one.groups.is_empty());
        let without_dev = install.dev == Some(false) && groups && !has("--no-dev") && !self.is_no_dev();
        let without_project = !install.builds_project
            && self.projects.iter().any(|one| one.pyproject().is_some_and(|project| project.backend.is_some()));
        let partly = step.arguments().any(|word| word.starts_with("--no-install-p") || word.starts_with("--only"));
        (!quiet && (without_dev || (without_project && partly)))
            .then(|| "it installs what is missing at each start".to_owned())
    }

    fn is_no_dev(&self) -> bool {
        matches!(self.case.stage.end().variable("UV_NO_DEV"), Known::Is("1" | "true"))
    }

    /// `pipenv run` reads `.env`, and scripts of the Pipfile.
    fn pipenv_reads(&self, program: &str) -> Option<String> {
        let context = self.case.cx.project.context();
        let dirs = self.projects.iter().map(|project| project.dir());
        for dir in dirs {
            let env = paths::join(dir, ".env")?;
            if context.is_file(&env) && context.is_sent(&env) {
                return Some("it reads .env".to_owned());
            }
            let pipfile = paths::join(dir, "Pipfile").and_then(|path| context.find(&path));
            if pipfile.is_some_and(|file| file.text.contains("[scripts]") && file.text.contains(program)) {
                return Some(format!("{program} may be a script of the Pipfile"));
            }
        }
        None
    }

    /// What is started, the tool left out where it is left out of the file.
    pub(super) fn without_tool(&self, one: Started) -> Started {
        let by_file = matches!(one.place.as_str(), "CMD" | "the start command");
        let runner = self.runners.iter().find(|runner| by_file && runner.tool == name_of(&one.name));
        match runner {
            Some(runner) if one.words.first().is_some_and(|word| word == "run") => {
                let rest = one.words.iter().skip(2 + runner.options.len()).cloned().collect();
                Started { name: runner.program.clone(), words: rest, place: one.place }
            }
            _ => one,
        }
    }

    /// uv would fetch a Python of its own, which lies in another place, where the project wants another version.
    pub(super) fn uv_uses_this_python(&self, step: &Step, line: &str) -> Result<(), No> {
        let set = |name: &str| self.case.stage.end().variable(name);
        let never = matches!(set("UV_PYTHON_DOWNLOADS"), Known::Is("never" | "0" | "false" | "manual"))
            || matches!(set("UV_PYTHON_PREFERENCE"), Known::Is("only-system"))
            || matches!(set("UV_NO_MANAGED_PYTHON"), Known::Is("1" | "true"));
        if never {
            return Ok(());
        }
        let fetched = || Err(No::Because(format!("{line} may fetch a Python of uv's own")));
        let named = step.arguments().any(|word| word.starts_with("--python") || word == "-p");
        if named || !matches!(set("UV_PYTHON"), Known::Inherited) || self.minor.is_none() {
            return fetched();
        }
        let minor = self.minor.unwrap_or_default();
        let pinned = step.path(".python-version").and_then(|path| self.context_path(&path));
        let pinned = pinned.and_then(|path| self.case.cx.project.context().find(&path));
        if pinned.is_some_and(|file| file.text.trim() != format!("3.{minor}")) {
            return fetched();
        }
        let wants = |project: &std::rc::Rc<python::Python>| {
            let (text, _) = project.pyproject()?.requires_python.as_ref()?;
            python::allows(text, &format!("3.{minor}.99"))
        };
        if self.projects.iter().any(|project| wants(project) == Some(false)) {
            return fetched();
        }
        Ok(())
    }
}
