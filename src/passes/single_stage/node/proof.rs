//! Why a Node application runs without its development dependencies: what it starts, and what its code imports.

use super::super::runtime::{Started, name_of};
use super::sort::Sorted;
use super::{App, Around, No};
use crate::passes::oversized_base::is_everywhere;
use crate::passes::packages::without_version;
use crate::project::Finding;
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::finding::evidence;
use crate::project::node::Scope;
use crate::project::node::bins;
use crate::project::node::code::Import;
use crate::project::node::manifest::DependencyKind;
use crate::project::node::outputs::Builds;
use crate::project::node::scripts::Closure;
use crate::project::paths;
use crate::proposal::Evidence;
use std::collections::BTreeSet;

/// The names of programs that a container starts, directly or by scripts of package.json.
pub(super) struct Programs(BTreeSet<String>);

impl Programs {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// A directory of static files that a program of its own serves.
pub(super) struct Site {
    /// In the image.
    pub path: String,
    pub evidence: Vec<Evidence>,
}

/// Servers of static files, and their options that take a value.
const SERVERS: &[(&str, &[&str])] = &[
    ("serve", &["-l", "--listen", "-p", "--port", "-c", "--config", "--ssl-cert", "--ssl-key", "--ssl-pass"]),
    ("http-server", &["-p", "--port", "-a", "-e", "-c", "-t", "-P", "-C", "-K"]),
];

/// Programs that every image of Node has.
const OF_NODE: &[&str] = &["node", "nodejs", "npm", "npx", "yarn", "corepack", "docker-entrypoint.sh"];

/// Packages that keep what they download outside of `node_modules`.
const DOWNLOADERS: &[&str] =
    &["puppeteer", "playwright", "playwright-chromium", "playwright-firefox", "mongodb-memory-server"];

/// Packages by which other packages are started without being imported.
const STARTERS: &[&str] =
    &["python-shell", "pythonia", "youtube-dl-exec", "simple-git", "nodegit", "execa", "shelljs", "zx", "cross-spawn"];

impl App<'_> {
    /// What a container starts.
    pub(super) fn programs(&self, started: &[Started]) -> Result<Programs, No> {
        let mut names: BTreeSet<String> = started.iter().map(|one| name_of(&one.name).to_owned()).collect();
        for (_, closure) in self.closures(started) {
            names.extend(self.node.tools(&closure).iter().map(|tool| name_of(&tool.command).to_owned()));
        }
        let by_corepack = ["pnpm", "yarn"].into_iter().find(|name| names.contains(*name));
        match by_corepack {
            Some(name) if self.case.cx.mentions("corepack") => {
                Err(No::Because(format!("the start runs {name}, which corepack downloads to a home directory")))
            }
            _ => Ok(Programs(names)),
        }
    }

    /// The site that the container serves, when that is all it does.
    pub(super) fn served(&self, sorted: &Sorted, started: &[Started]) -> Option<Site> {
        let mut own = started.iter().filter(|one| !one.place.contains("HEALTHCHECK") && !one.place.contains(':'));
        let (one, None) = (own.next()?, own.next()) else { return None };
        let (server, with_value) = SERVERS.iter().find(|(name, _)| *name == one.name)?;
        let is_global = sorted.globals.iter().any(|global| provides(global, server));
        if sorted.commands.is_empty() || !is_global {
            return None;
        }
        let (mut words, mut dir) = (one.words.iter(), None);
        while let Some(word) = words.next() {
            if with_value.contains(&word.as_str()) {
                words.next();
            } else if !word.starts_with('-') {
                dir = Some(word);
            }
        }
        let path = self.case.absolute(dir?)?;
        let fact = format!("{server}, which is installed for itself, serves {path} and nothing else");
        let inside = path != self.dir && self.is_inside(&path);
        inside.then(|| Site { path, evidence: vec![evidence(self.case.cx.project.context().dockerfile(), None, fact)] })
    }

    /// Evidence that everything that is started runs without development dependencies.
    pub(in crate::passes) fn proof(&self, around: &Around<'_>, started: &[Started]) -> Result<Vec<Evidence>, No> {
        let mut builds = Builds::default();
        for words in around.commands {
            let found = self.node.builds(&self.node.runs(words));
            builds.built.extend(found.built);
            builds.others.extend(found.others);
        }
        let (mut sources, mut proof) = (Some(Vec::new()), Vec::new());
        let mut by_code = false;
        for (place, closure) in self.closures(started) {
            if let Some(gap) = closure.gaps.first() {
                return Err(No::Because(format!("{place}: {}", gap.fact)));
            }
            self.tools_stay(&closure, around, &place)?;
            by_code |= self.loads_stay(&closure, &place)?;
            for entry in self.node.entries(&closure) {
                for preload in &entry.preloads {
                    self.is_kept(preload, &place)?;
                    self.module_stays(preload, &place)?;
                }
                match self.node.source_of(&entry.path, &builds) {
                    Finding::Known { value, evidence } => {
                        if let Some(sources) = &mut sources {
                            sources.push(value);
                        }
                        proof.extend(evidence);
                    }
                    Finding::Unknown { .. } => sources = None,
                }
            }
        }
        self.drivers_stay()?;
        self.runs_outside()?;
        let entries = sources.filter(|sources| !sources.is_empty() && around.in_place && !by_code);
        let code = entries.as_ref().map(|entries| self.node.code(entries)).filter(|code| code.gaps.is_empty());
        // Where not everything can be followed from the start, all code is looked at.
        let code = code.map_or_else(
            || {
                let configurations = if by_code { self.configurations() } else { Vec::new() };
                let all = [entries.unwrap_or_default(), configurations, self.all_sources()?].concat();
                Ok(self.node.code(&all))
            },
            Ok,
        )?;
        for import in &code.imports {
            self.is_brought(import)?;
            let line = import.evidence.line.unwrap_or(1);
            self.module_stays(&import.package, &format!("{}:{line}", import.evidence.file))?;
        }
        self.names_none(&code.files)?;
        let fact = format!("{} files of code use no development dependency", code.files.len());
        proof.push(evidence(&self.node.manifest.source.path, None, fact));
        proof.truncate(8);
        Ok(proof)
    }

    /// Programs that are started must not come from a development dependency.
    fn tools_stay(&self, closure: &Closure, around: &Around<'_>, place: &str) -> Result<(), No> {
        for tool in self.node.tools(closure) {
            let at = tool.from.as_ref().map_or(place.to_owned(), |from| match from.line {
                Some(line) => format!("{}:{line}", from.file),
                None => from.file.clone(),
            });
            let name = name_of(&tool.command);
            match &tool.package {
                Some((package, DependencyKind::Development)) => {
                    return Err(No::Because(format!(
                        "{at} starts {name}, which the development dependency {package} brings"
                    )));
                }
                Some(_) => {}
                None if OF_NODE.contains(&name) || is_everywhere(name) || name != tool.command => {}
                None if around.globals.iter().any(|global| provides(global, name)) => {}
                None if around.packages.iter().any(|package| package == name) => {}
                None if self.has_production(name) => {}
                None if around.image.family().and_then(|family| family.has_tool(name)) == Some(true) => {}
                None => return Err(No::Because(format!("{at} starts {name}, and where that comes from is not known"))),
            }
        }
        Ok(())
    }

    /// Whether a package, by the name of a command or its own, is among those of production.
    pub(super) fn has_production(&self, name: &str) -> bool {
        let names: Vec<&str> = bins::packages_of(name).iter().copied().chain([name]).collect();
        let (Some(lock), Some(installed)) = (self.node.lock(), self.node.installed(Scope::Production)) else {
            return false;
        };
        installed.iter().any(|&at| names.contains(&lock.packages[at].name.as_str()))
    }

    fn is_kept(&self, module: &str, place: &str) -> Result<(), No> {
        let package = package_of(module);
        match self.node.manifest.dependency(&package).map(|found| found.kind) {
            Some(DependencyKind::Development) => {
                Err(No::Because(format!("{place} loads the development dependency {package}")))
            }
            _ => Ok(()),
        }
    }

    fn is_brought(&self, import: &Import) -> Result<(), No> {
        let place = || format!("{}:{}", import.evidence.file, import.evidence.line.unwrap_or(1));
        match import.declared {
            Some(DependencyKind::Development) => {
                Err(No::Because(format!("{} imports {}, a development dependency", place(), import.package)))
            }
            Some(_) => Ok(()),
            None if self.has_production(&import.package) || self.has_types_only(&import.package) => Ok(()),
            None => Err(No::Because(format!(
                "{} imports {}, which no production dependency is known to bring",
                place(),
                import.package
            ))),
        }
    }

    /// `import { Schema } from 'json-schema'` where only `@types/json-schema` is there: nothing is left of it.
    fn has_types_only(&self, package: &str) -> bool {
        let types = format!("@types/{}", package.trim_start_matches('@').replace('/', "__"));
        match self.node.lock() {
            Some(lock) => lock.named(&types).next().is_some() && lock.named(package).next().is_none(),
            None => self.node.manifest.dependency(&types).is_some(),
        }
    }

    /// Packages are also loaded by their names in settings: `transport: { target: 'pino-pretty' }`.
    fn names_none(&self, files: &[String]) -> Result<(), No> {
        let develops = |kind| kind == DependencyKind::Development;
        let names = self.node.manifest.dependencies.iter().filter(|found| develops(found.kind));
        let names: Vec<&str> =
            names.map(|found| found.name.as_str()).filter(|name| !name.starts_with("@types/")).collect();
        for file in files {
            let Some(source) = self.node.context().read(file).ok().filter(|_| is_code(file)) else { continue };
            for (index, line) in source.text.lines().enumerate() {
                let start = line.trim_start();
                if ["import type ", "export type ", "//", "*"].iter().any(|word| start.starts_with(word)) {
                    continue;
                }
                if let Some(name) = names.iter().find(|name| quotes(line, name)) {
                    return Err(No::Because(format!("{file}:{} names {name}, a development dependency", index + 1)));
                }
            }
        }
        Ok(())
    }

    /// Whether the code may start programs of the system.
    pub(in crate::passes) fn starts_programs(&self) -> bool {
        let declared = STARTERS.iter().any(|name| self.node.manifest.dependency(name).is_some());
        declared || self.all_sources().map_or(true, |files| !self.node.code(&files).commands.is_empty())
    }

    /// What is downloaded to a home directory would not be copied.
    pub(super) fn keeps_downloads(&self) -> Result<(), No> {
        let found = DOWNLOADERS.iter().find(|name| {
            let kind = self.node.manifest.dependency(name).map(|found| found.kind);
            kind.is_some_and(|kind| kind != DependencyKind::Development) || self.has_production(name)
        });
        match found {
            Some(name) => Err(No::Because(format!("{name} keeps what it downloads outside of the application"))),
            None => Ok(()),
        }
    }

    /// Every file of code that is sent to the builder, tests and configuration of tools apart.
    fn all_sources(&self) -> Result<Vec<String>, No> {
        const ASIDE: &[&str] = &[
            "__mocks__",
            "__tests__",
            "cypress",
            "e2e",
            "spec",
            "test",
            "tests",
            "docs",
            "coverage",
            "scripts",
            "stories",
        ];
        let mut files = Vec::new();
        let all = self.node.context().walk_sent(&self.node.dir, |path, kind| {
            let name = paths::name(path);
            if matches!(kind, EntryKind::Directory | EntryKind::LinkToDirectory) {
                let hidden = name.starts_with('.') && name.len() > 1;
                return if ASIDE.contains(&name) || hidden { Step::Skip } else { Step::Enter };
            }
            let is_aside =
                [".test.", ".spec.", ".stories.", ".d.ts", "-spec.", "_test."].iter().any(|part| name.contains(part))
                    || name.starts_with('.')
                    || (name.contains(".config.") && !name.starts_with("next.config"))
                    || matches!(name, "gulpfile.js" | "Gruntfile.js" | "webpack.mix.js");
            if is_code(path) && !is_aside {
                files.push(path.to_owned());
            }
            Step::Enter
        });
        if all { Ok(files) } else { Err(No::because("there is more code than is read")) }
    }
}

fn is_code(path: &str) -> bool {
    ["js", "mjs", "cjs", "ts", "mts", "cts", "tsx", "jsx"].contains(&paths::extension(path))
}

/// `@scope/name/file` → `@scope/name`
pub(super) fn package_of(module: &str) -> String {
    let parts = if module.starts_with('@') { 2 } else { 1 };
    module.split('/').take(parts).collect::<Vec<_>>().join("/")
}

/// Whether `line` holds `name`, or a file of that package, as a text of its own.
pub(super) fn quotes(line: &str, name: &str) -> bool {
    let mut rest = line;
    while let Some(at) = rest.find(name) {
        let (before, after) = (rest[..at].chars().next_back(), rest[at + name.len()..].chars().next());
        let quote = |c: Option<char>| matches!(c, Some('\'' | '"' | '`'));
        if (quote(before) || line.contains(&format!(".bin/{name}"))) && (quote(after) || after == Some('/')) {
            return true;
        }
        rest = &rest[at + name.len()..];
    }
    false
}

/// Whether the package `global` serves static files, and is pure JavaScript.
pub(super) fn is_server(global: &str) -> bool {
    SERVERS.iter().any(|(name, _)| provides(global, name))
}

/// Whether the package `global`, a version perhaps behind it, brings the program `name`.
pub(in crate::passes) fn provides(global: &str, name: &str) -> bool {
    let package = without_version(global);
    package == name || bins::packages_of(name).contains(&package)
}
