//! The applications of the context: their ecosystems, package managers and native dependencies.

use super::{Fact, Topic, View, at, shortly};
use crate::dockerfile::{Args, Keyword};
use crate::project::finding::{Finding, evidence};
use crate::project::go::Go;
use crate::project::node::manager::PackageManager;
use crate::project::node::native::{Native, Support};
use crate::project::node::{Node, Scope};
use crate::project::paths;
use crate::project::python::{Python, lock};
use crate::proposal::Evidence;
use std::rc::Rc;

/// An application.
pub(super) enum App {
    Node(Rc<Node>),
    Python(Rc<Python>),
    Go(Rc<Go>),
}

/// So many directories are asked.
const MOST_DIRS: usize = 30;

impl View<'_> {
    /// The applications in the directories that the Dockerfile concerns: its own, and those that it copies.
    pub(super) fn apps(&self) -> Vec<App> {
        let project = self.around.project;
        let mut apps = Vec::new();
        for dir in self.dirs() {
            apps.extend(project.node(&dir).map(App::Node));
            apps.extend(project.python(&dir).filter(|python| is_application(python)).map(App::Python));
            apps.extend(project.go(&dir).map(App::Go));
        }
        // Code below a project that says what it needs is part of that project.
        let has = |test: fn(&App) -> bool| apps.iter().any(test);
        let is_project = |app: &App| matches!(app, App::Python(python) if has_metadata(python));
        let is_module = |app: &App| matches!(app, App::Go(go) if go.module().is_some());
        let (project, module) = (has(is_project), has(is_module));
        apps.retain(|app| match app {
            App::Python(_) => !project || is_project(app),
            App::Go(_) => !module || is_module(app),
            App::Node(_) => true,
        });
        apps
    }

    fn dirs(&self) -> Vec<String> {
        let context = self.around.project.context();
        let mut dirs = vec![paths::parent(context.dockerfile()).to_owned()];
        for stage in self.stages.iter() {
            let copies = stage.instructions.iter().filter(|instruction| {
                matches!(instruction.keyword, Keyword::Copy | Keyword::Add) && instruction.flag("from").is_none()
            });
            for copy in copies {
                let (Args::Words(words) | Args::Json(words)) = &copy.args else { continue };
                let sources = words.split_last().map_or(&[][..], |(_, sources)| sources);
                let here = stage.state_before(copy);
                for source in sources.iter().filter_map(|word| here.expand(&word.value, self.around.file.escape())) {
                    let Some(path) = paths::clean(&source) else { continue };
                    // The root of a repository holds much that is not for this image.
                    let own = if context.is_dir(&path) { path.as_str() } else { paths::parent(&path) };
                    if context.is_dir(&path) || !own.is_empty() || is_manifest(&path) {
                        dirs.push(own.to_owned());
                    }
                }
            }
        }
        let mut seen = Vec::new();
        dirs.retain(|dir| {
            let new = !dir.contains(['*', '?']) && !seen.contains(dir);
            seen.push(dir.clone());
            new
        });
        dirs.truncate(MOST_DIRS);
        dirs
    }

    pub(super) fn app(&self, app: &App) -> Fact {
        match app {
            App::Node(node) => self.node(node),
            App::Python(python) => self.python(python),
            App::Go(go) => self.go(go),
        }
    }

    fn named(&self, ecosystem: &str, dir: &str) -> String {
        let dir = at(&self.around.places.context, dir);
        if dir == "." { ecosystem.to_owned() } else { format!("{ecosystem} in {dir}") }
    }

    fn node(&self, node: &Node) -> Fact {
        let mut found = vec![node.manifest.source.whole("is there")];
        found.extend(node.manager.evidence().iter().cloned());
        let name = self.named("Node", &node.dir);
        let value = match node.manager.value() {
            Some(manager) => format!("{name}, {}", manager_name(*manager)),
            None => name,
        };
        let mut fact = Fact::known(Topic::App, value, self.in_context(&found));
        if let Some(why) = node.manager.why_unknown() {
            fact = fact.with(format!("package manager unknown: {why}"));
        }
        if let Some(range) = node.manifest.node_range() {
            fact = fact.with(format!("asks for Node {range}"));
        }
        let workspaces = node.manifest.workspaces();
        if !workspaces.is_empty() {
            fact = fact.with(format!("workspaces {}", workspaces.join(", ")));
        }
        fact
    }

    fn python(&self, python: &Python) -> Fact {
        let locks = python.locks();
        let name = self.named("Python", python.dir());
        let manager = match locks.first() {
            Some(lock::Kind::Poetry) => ", poetry",
            Some(lock::Kind::Uv) => ", uv",
            Some(lock::Kind::Pdm) => ", pdm",
            Some(lock::Kind::Pipfile) => ", pipenv",
            _ if python.conda().is_some() => ", conda",
            _ if python.requirements_files().next().is_some() => ", pip",
            _ => "",
        };
        let metadata =
            python.files.iter().filter(|file| paths::extension(file) != "py" || paths::name(file) == "setup.py");
        let found: Vec<Evidence> = metadata.map(|file| evidence(file, None, "is there")).collect();
        let mut fact = Fact::known(Topic::App, format!("{name}{manager}"), self.in_context(&found));
        if let Some(manage) = python.manage_py() {
            fact = fact.with(format!("Django ({})", at(&self.around.places.context, manage)));
        }
        if let Finding::Known { value: true, evidence } = python.needs_git() {
            fact.evidence.extend(self.in_context(&evidence));
            fact = fact.with("makes its version from git: .git must be in the context");
        }
        fact
    }

    fn go(&self, go: &Go) -> Fact {
        let value = self.named("Go", go.dir());
        let module = paths::join(go.dir(), "go.mod").unwrap_or_default();
        let there = self.around.project.context().is_file(&module);
        let found = if there { evidence(module, None, "is there") } else { evidence(go.dir(), None, "holds Go code") };
        let mut fact = Fact::known(Topic::App, value, self.in_context(&[found]));
        match go.version() {
            Finding::Known { value, evidence } => {
                fact.evidence = self.in_context(&evidence);
                fact = fact.with(format!("asks for Go {value}"));
            }
            Finding::Unknown { why, .. } => fact = fact.with(format!("version unknown: {why}")),
        }
        if go.vendored().is_yes() { fact.with("with its dependencies in vendor/") } else { fact }
    }

    pub(super) fn natives(&self, apps: &[App]) -> Vec<Fact> {
        let of_node = apps.iter().filter_map(|app| if let App::Node(node) = app { Some(node) } else { None });
        let mut facts: Vec<Fact> = of_node.flat_map(|node| self.node_natives(node)).collect();
        facts.extend(self.python_natives(apps));
        facts.extend(self.go_natives(apps));
        facts
    }

    fn node_natives(&self, node: &Node) -> Vec<Fact> {
        if node.lock_path.is_none() {
            return Vec::new();
        }
        let natives = match node.natives(Scope::Production) {
            Finding::Known { value, .. } => value,
            Finding::Unknown { why, evidence } => {
                return vec![Fact::unknown(Topic::Native, why, self.in_context(&evidence))];
            }
        };
        let lock = node.lock_path.iter().map(|path| evidence(path, None, "is the lock file")).collect::<Vec<_>>();
        let (plain, odd): (Vec<&Native>, Vec<&Native>) = natives
            .packages
            .iter()
            .partition(|native| native.musl_x64.support == Support::Works && native.slim.support == Support::Works);
        let mut facts: Vec<Fact> = odd.iter().map(|native| self.node_native(native)).collect();
        if !plain.is_empty() {
            let names: Vec<String> = plain.iter().map(|native| native.name.clone()).collect();
            let value = format!("{}: work on musl and on slim images", shortly(&names, 4));
            facts.push(Fact::known(Topic::Native, value, self.in_context(&lock)));
        }
        if let Some(why) = &natives.may_be_more {
            let what = if facts.is_empty() { "which packages have native code" } else { "whether these are all" };
            facts.push(Fact::unknown(Topic::Native, format!("{what}: {why}"), self.in_context(&lock)));
        } else if facts.is_empty() {
            facts.push(Fact::known(Topic::Native, "no package with native code", self.in_context(&lock)));
        }
        facts
    }

    fn node_native(&self, native: &Native) -> Fact {
        let value = format!("{} {}", native.name, native.version);
        let fact = Fact::known(Topic::Native, value, self.in_context(&native.evidence));
        let fact = fact.with(format!("on Alpine {}: {}", support(native.musl_x64.support), native.musl_x64.why));
        match native.slim.support {
            Support::Works => fact,
            other => fact.with(format!("on slim {}: {}", support(other), native.slim.why)),
        }
    }
}

/// Whether a file at the root that is copied says that its project is meant.
fn is_manifest(path: &str) -> bool {
    let starts = [
        "package",
        "npm-",
        "yarn",
        "pnpm",
        "bun",
        "requirements",
        "pyproject",
        "setup.",
        "Pipfile",
        "poetry",
        "uv.",
        "go.",
    ];
    starts.iter().any(|start| path.starts_with(start))
}

fn has_metadata(python: &Python) -> bool {
    python.files.iter().any(|file| paths::extension(file) != "py" || paths::name(file) == "setup.py")
}

/// A `.py` file alone makes no application, unless it has a name that says so.
fn is_application(python: &Python) -> bool {
    let named = |names: &[&str]| python.files.iter().any(|file| names.contains(&paths::name(file)));
    has_metadata(python) || named(&["manage.py", "main.py", "app.py", "wsgi.py", "asgi.py"])
}

const fn manager_name(manager: PackageManager) -> &'static str {
    match manager {
        PackageManager::YarnClassic => "yarn 1",
        PackageManager::YarnBerry => "yarn (berry)",
        other => other.command(),
    }
}

const fn support(support: Support) -> &'static str {
    match support {
        Support::Works => "it works",
        Support::Downloads => "it is downloaded or compiled",
        Support::Compiles => "it is compiled",
        Support::Unknown => "unknown",
        Support::Breaks => "it breaks",
    }
}
