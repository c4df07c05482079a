//! Go programs that the Dockerfile builds: whether they need cgo, and what they need at run time.

use super::apps::App;
use super::{Fact, Topic, View};
use crate::dockerfile::Keyword;
use crate::image::{Known, Stage};
use crate::project::finding::Finding;
use crate::project::go::Go;
use crate::project::go::build::Build;
use crate::project::go::linking::Cgo;
use crate::project::go::programs::Program;
use crate::project::paths;
use crate::proposal::Evidence;
use std::rc::Rc;

impl View<'_> {
    pub(super) fn go_natives(&self, apps: &[App]) -> Vec<Fact> {
        let modules: Vec<&Rc<Go>> =
            apps.iter().filter_map(|app| if let App::Go(go) = app { Some(go) } else { None }).collect();
        if modules.is_empty() {
            return Vec::new();
        }
        let mut facts = Vec::new();
        for stage in self.stages.iter() {
            for run in stage.instructions.iter().filter(|run| run.keyword == Keyword::Run) {
                let here = stage.state_before(run);
                for command in self.commands(stage, run) {
                    let environment = |name: &str| match command.setting(name) {
                        Some(value) => Some(value),
                        None => {
                            if let Known::Is(value) = here.variable(name) {
                                Some(value)
                            } else {
                                None
                            }
                        }
                    };
                    if let Some(build) = Build::read(&command.words(), &environment) {
                        facts.extend(self.go_build(
                            stage,
                            &build,
                            command.workdir.as_deref(),
                            run.first_line,
                            &modules,
                        ));
                    }
                }
            }
        }
        facts
    }

    fn go_build(
        &self,
        stage: &Stage<'_>,
        build: &Build,
        workdir: Option<&str>,
        line: usize,
        modules: &[&Rc<Go>],
    ) -> Vec<Fact> {
        let at = self.line(line, "go build");
        let Some(work) = self.context_path(stage.index, workdir, ".") else {
            let why = "what `go build` builds: its directory does not come from the context";
            return vec![Fact::unknown(Topic::Native, why, [at])];
        };
        // The innermost module around the directory.
        let around = modules.iter().filter(|go| paths::below(go.dir(), &work).is_some());
        let Some(go) = around.max_by_key(|go| go.dir().len()) else { return Vec::new() };
        match go.programs(build, &work) {
            Finding::Unknown { why, evidence } => {
                let evidence = self.in_context(&evidence).into_iter().chain([at]);
                vec![Fact::unknown(Topic::Native, format!("what `go build` builds: {why}"), evidence)]
            }
            Finding::Known { value, .. } => value.iter().map(|program| self.program(go, build, program, &at)).collect(),
        }
    }

    fn program(&self, go: &Go, build: &Build, program: &Program, at: &Evidence) -> Fact {
        let (package, name) = (&program.package, &program.name);
        let (mut fact, why) = match go.cgo(build, package) {
            Finding::Known { value: Cgo::No, evidence } => {
                (Fact::known(Topic::Native, format!("{name}: needs no cgo"), self.in_context(&evidence)), None)
            }
            Finding::Known { value: Cgo::Required { modules }, evidence } => {
                let names: Vec<&str> = modules.iter().map(|module| module.path).collect();
                let by = if names.is_empty() { String::new() } else { format!(", by {}", names.join(", ")) };
                (Fact::known(Topic::Native, format!("{name}: needs cgo{by}"), self.in_context(&evidence)), None)
            }
            Finding::Unknown { why, evidence } => (
                Fact::unknown(Topic::Native, format!("{name}: whether it needs cgo"), self.in_context(&evidence)),
                Some(why),
            ),
        };
        fact.evidence.push(at.clone());
        fact.detail.extend(why);
        fact.detail.push(match go.is_static(build, package) {
            Finding::Known { value: true, .. } => "linked statically: it runs without a C library".to_owned(),
            Finding::Known { value: false, .. } => "linked with a C library".to_owned(),
            Finding::Unknown { why, .. } => format!("how it is linked is unknown: {why}"),
        });
        let needs = [
            (go.needs_certificates(build, package), "CA certificates"),
            (go.needs_timezones(build, package), "time zones"),
            (go.needs_users(build, package), "/etc/passwd"),
            (go.runs_programs(build, package), "other programs"),
        ];
        let needed: Vec<&str> = needs.iter().filter(|(need, _)| need.is_yes()).map(|(_, name)| *name).collect();
        if !needed.is_empty() {
            fact = fact.with(format!("uses {}", needed.join(", ")));
        }
        fact
    }
}
