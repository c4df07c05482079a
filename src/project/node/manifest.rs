//! `package.json`: what it declares, each with its line.

use crate::project::Context;
use crate::project::json::{Dialect, Json};
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::rc::Rc;

/// Which table of package.json names a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyKind {
    /// `dependencies`
    Production,
    /// `devDependencies`
    Development,
    /// `optionalDependencies`
    Optional,
    /// `peerDependencies`
    Peer,
}

impl DependencyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Production, Self::Development, Self::Optional, Self::Peer];

    /// The key in package.json.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Production => "dependencies",
            Self::Development => "devDependencies",
            Self::Optional => "optionalDependencies",
            Self::Peer => "peerDependencies",
        }
    }
}

/// A direct dependency as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package, or the alias it is installed as.
    pub name: String,
    /// The range, tag, URL or path as written.
    pub range: String,
    /// The table it stands in.
    pub kind: DependencyKind,
    /// Its line in package.json.
    pub line: usize,
}

/// An entry of `scripts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `build`
    pub name: String,
    /// The shell text.
    pub command: String,
    /// Its line in package.json.
    pub line: usize,
}

/// A readable package.json.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The file.
    pub source: Rc<Source>,
    /// The whole of it.
    pub json: Json,
    /// Direct dependencies of all kinds, in order of writing.
    pub dependencies: Vec<Dependency>,
    /// `scripts`, in order of writing.
    pub scripts: Vec<Script>,
}

impl Manifest {
    /// Reads `dir/package.json`; a malformed one leaves a warning.
    pub fn read(context: &Context, dir: &str) -> Option<Self> {
        let source = context.find(&super::at(dir, "package.json"))?;
        match Json::parse(&source.text, Dialect::Strict) {
            Ok(json) if json.is_object() => Some(Self::of(source, json)),
            Ok(_) => {
                context.warn(&source.path, Some(1), "is not a JSON object: nothing is known of this Node project");
                None
            }
            Err(error) => {
                let message = format!("{}: nothing is known of this Node project", error.message);
                context.warn(&source.path, Some(source.line(error.at)), message);
                None
            }
        }
    }

    fn of(source: Rc<Source>, json: Json) -> Self {
        let strings = |key: &str| -> Vec<(String, String, usize)> {
            let members = json.get(key).map(Json::members).unwrap_or_default();
            let text = |(name, value): &(String, Json)| {
                Some((name.clone(), value.as_str()?.to_owned(), source.line(value.at)))
            };
            members.iter().filter_map(text).collect()
        };
        let of_kind = |kind: DependencyKind| {
            let all = strings(kind.key()).into_iter();
            all.map(move |(name, range, line)| Dependency { name, range, kind, line })
        };
        let dependencies = DependencyKind::ALL.into_iter().flat_map(of_kind).collect();
        let scripts =
            strings("scripts").into_iter().map(|(name, command, line)| Script { name, command, line }).collect();
        Self { source, json, dependencies, scripts }
    }

    /// The script called `name`.
    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().rev().find(|script| script.name == name)
    }

    /// How `name` is declared. A package in two tables counts as the first of production, optional, development,
    /// peer: that is what an install without development dependencies brings.
    pub fn dependency(&self, name: &str) -> Option<&Dependency> {
        use DependencyKind::{Development, Optional, Peer, Production};
        let of = |kind| self.dependencies.iter().find(|found| found.kind == kind && found.name == name);
        [Production, Optional, Development, Peer].into_iter().find_map(of)
    }

    /// A text field at the top: `main`, `type`, `packageManager`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.json.get(key)?.as_str()
    }

    /// `engines.node`
    pub fn node_range(&self) -> Option<&str> {
        self.json.at_path(&["engines", "node"])?.as_str()
    }

    /// Whether `.js` files are ES modules (`"type": "module"`).
    pub fn is_module(&self) -> bool {
        self.text("type") == Some("module")
    }

    /// Commands that the package installs: name and file.
    pub fn bins(&self) -> Vec<(&str, &str)> {
        let Some(bin) = self.json.get("bin") else { return Vec::new() };
        if let Some(file) = bin.as_str() {
            let name = self.text("name").unwrap_or_default();
            return vec![(name.rsplit('/').next().unwrap_or(name), file)];
        }
        bin.members().iter().filter_map(|(name, file)| Some((name.as_str(), file.as_str()?))).collect()
    }

    /// The workspace patterns: `workspaces` or `workspaces.packages`.
    pub fn workspaces(&self) -> Vec<&str> {
        let Some(found) = self.json.get("workspaces") else { return Vec::new() };
        let list = found.get("packages").unwrap_or(found);
        list.items().iter().filter_map(Json::as_str).collect()
    }

    /// Scripts that an install of the project itself runs, in their order.
    pub fn install_scripts(&self) -> Vec<&Script> {
        const HOOKS: [&str; 7] =
            ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare", "dependencies"];
        HOOKS.iter().filter_map(|name| self.script(name)).collect()
    }

    /// A fact at the line of the top-level `key`.
    pub fn evidence(&self, key: &str, fact: impl Into<String>) -> Evidence {
        match self.json.get(key) {
            Some(found) => self.source.evidence(found.at, fact),
            None => self.source.whole(fact),
        }
    }

    /// A fact at a line.
    pub fn at_line(&self, line: usize, fact: impl Into<String>) -> Evidence {
        crate::project::finding::evidence(&self.source.path, Some(line), fact)
    }
}
