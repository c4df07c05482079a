//! pyproject.toml: PEP 621 and 735, and what poetry, hatch, setuptools, flit, pdm and uv add of their own.

use super::name::normalize;
use super::requirement::{Origin, Requirement};
use super::tables::{self, Item, Table};
use crate::project::context::Context;
use crate::project::finding::Finding;
use crate::project::paths;
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A command that an installed package puts on PATH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// `serve`
    pub name: String,
    /// `package.module:function`
    pub target: String,
    /// Where it was read.
    pub evidence: Evidence,
}

/// What pyproject.toml says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pyproject {
    /// Its path.
    pub path: String,
    /// `[project] name` or poetry's, normalized.
    pub name: Option<String>,
    /// `[build-system] build-backend`.
    pub backend: Option<(String, Evidence)>,
    /// `[build-system] requires`.
    pub build_requires: Vec<Requirement>,
    /// `requires-python`, or poetry's `python`.
    pub requires_python: Option<(String, Evidence)>,
    /// What is always installed.
    pub dependencies: Vec<Requirement>,
    /// By extra, normalized.
    pub extras: BTreeMap<String, Vec<Requirement>>,
    /// By group, normalized: PEP 735, poetry's and pdm's; uv's `dev-dependencies` as `dev`.
    pub groups: BTreeMap<String, Vec<Requirement>>,
    /// Groups that poetry leaves out unless `--with` names them.
    pub optional_groups: Vec<String>,
    /// Groups that uv installs when none is named.
    pub default_groups: Vec<String>,
    /// Commands that an install puts on PATH.
    pub scripts: Vec<Script>,
    /// Files that a build of the project reads, as paths in the context: readme, licence.
    pub metadata_files: Vec<(String, Evidence)>,
    /// `dynamic` fields: `version`, `dependencies`, …
    pub dynamic: Vec<(String, Evidence)>,
    /// A version made from version control, and by what.
    pub git_version: Option<(String, Evidence)>,
    /// `[tool.…]` tables that are there.
    pub tools: Vec<String>,
    /// Whether the project itself is installed: `package = false` and `package-mode = false` say no.
    pub is_package: Option<(bool, Evidence)>,
    /// Indexes other than the default one.
    pub indexes: Vec<Evidence>,
}

/// Reads the pyproject.toml of `dir`. `None` when there is none; unknown when it is malformed or unreadable.
pub(super) fn read(context: &Context, dir: &str) -> Option<Finding<Rc<Pyproject>>> {
    let path = paths::join(dir, "pyproject.toml")?;
    if !context.is_file(&path) {
        return None;
    }
    let Some(source) = context.find(&path) else { return Some(Finding::unknown(format!("{path} cannot be read"))) };
    let Some(root) = tables::parse(context, &source) else {
        return Some(Finding::blocked(format!("{path} is malformed"), [source.whole("malformed TOML")]));
    };
    let pyproject = Reader { context, source: &source, root: Table::new(&source, &root) }.read(dir);
    Some(Finding::known(Rc::new(pyproject), [source.whole("read")]))
}

/// Build requirements that make the version from git without a table of their own.
const MAKES_VERSION: &[&str] =
    &["setuptools-scm", "hatch-vcs", "versioneer", "pbr", "versioningit", "setuptools-git-versioning"];

struct Reader<'s> {
    context: &'s Context,
    source: &'s Source,
    root: Table<'s>,
}

impl Reader<'_> {
    fn read(&self, dir: &str) -> Pyproject {
        let root = self.root;
        let text = |item: Item<'_>, name: &str| {
            item.str().map(|text| (text.to_owned(), item.evidence(format!("{name} = \"{text}\""))))
        };
        let mut found = Pyproject {
            path: self.source.path.clone(),
            name: root.str(&["project", "name"]).or_else(|| root.str(&["tool", "poetry", "name"])).map(normalize),
            backend: root.get(&["build-system", "build-backend"]).and_then(|item| text(item, "build-backend")),
            build_requires: self.list(&["build-system", "requires"]),
            requires_python: root.get(&["project", "requires-python"]).and_then(|item| text(item, "requires-python")),
            dependencies: self.list(&["project", "dependencies"]),
            extras: self.lists(&["project", "optional-dependencies"]),
            groups: self.lists(&["dependency-groups"]),
            tools: root
                .table(&["tool"])
                .map(Table::members)
                .unwrap_or_default()
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect(),
            dynamic: root
                .items(&["project", "dynamic"])
                .filter_map(|item| {
                    Some((item.str()?.to_owned(), item.evidence(format!("dynamic = [\"{}\"]", item.str()?))))
                })
                .collect(),
            ..Pyproject::default()
        };
        for kind in ["scripts", "gui-scripts"] {
            self.scripts(&["project", kind], &mut found);
        }
        self.metadata_files(dir, &mut found);
        self.uv_and_pdm(&mut found);
        self.poetry(&mut found);
        self.git_version(&mut found);
        found
    }

    fn requirement(&self, item: Item<'_>) -> Option<Requirement> {
        let text = item.str()?;
        Requirement::parse(text, self.source, item.at)
            .map_err(|why| self.context.warn(&self.source.path, Some(self.source.line(item.at)), why))
            .ok()
    }

    fn list(&self, path: &[&str]) -> Vec<Requirement> {
        self.root.items(path).filter_map(|item| self.requirement(item)).collect()
    }

    /// Named lists; `{include-group = "x"}` takes in another one.
    fn lists(&self, path: &[&str]) -> BTreeMap<String, Vec<Requirement>> {
        let Some(table) = self.root.table(path) else { return BTreeMap::new() };
        let own = |item: Item<'_>| item.items().into_iter().filter_map(|item| self.requirement(item)).collect();
        let mut lists: BTreeMap<String, Vec<Requirement>> =
            table.members().into_iter().map(|(name, item)| (normalize(name), own(item))).collect();
        // Included groups that include others are rare: two rounds see them, and a cycle ends.
        for _ in 0..2 {
            for (name, item) in table.members() {
                let included = item.items().into_iter().filter_map(|item| item.table()?.str(&["include-group"]));
                for other in included.map(normalize).collect::<Vec<_>>() {
                    let more = lists.get(&other).cloned().unwrap_or_default();
                    let Some(list) = lists.get_mut(&normalize(name)) else { continue };
                    let new: Vec<_> = more.into_iter().filter(|one| !list.contains(one)).collect();
                    list.extend(new);
                }
            }
        }
        lists
    }

    fn scripts(&self, path: &[&str], found: &mut Pyproject) {
        let Some(table) = self.root.table(path) else { return };
        for (name, item) in table.members() {
            let target =
                item.str().or_else(|| item.table()?.str(&["callable"]).or_else(|| item.table()?.str(&["reference"])));
            let Some(target) = target else { continue };
            let evidence = item.evidence(format!("{name} = \"{target}\""));
            found.scripts.push(Script { name: name.to_owned(), target: target.to_owned(), evidence });
        }
    }

    /// Readme and licence files: a build backend that cannot read them fails.
    fn metadata_files(&self, dir: &str, found: &mut Pyproject) {
        let mut add = |item: Item<'_>, key: &str| {
            for file in item.strings() {
                let Some(path) = paths::join(dir, &file) else { continue };
                found.metadata_files.push((path, item.evidence(format!("{key} = \"{file}\""))));
            }
        };
        for section in [&["project"][..], &["tool", "poetry"]] {
            let Some(table) = self.root.table(section) else { continue };
            if let Some(item) = table.get(&["readme"]) {
                match item.table() {
                    Some(readme) => readme.get(&["file"]).into_iter().for_each(|file| add(file, "readme")),
                    None => add(item, "readme"),
                }
            }
            table.get(&["license", "file"]).into_iter().for_each(|item| add(item, "license"));
            // `license-files` holds patterns; one without special characters must match.
            for item in table
                .items(&["license-files"])
                .filter(|item| item.str().is_some_and(|text| !text.contains(['*', '?', '['])))
            {
                add(item, "license-files");
            }
        }
        let dynamic = [
            &["tool", "setuptools", "dynamic", "readme", "file"][..],
            &["tool", "setuptools", "dynamic", "dependencies", "file"],
        ];
        for path in dynamic {
            self.root.get(path).into_iter().for_each(|item| add(item, "file"));
        }
    }

    fn uv_and_pdm(&self, found: &mut Pyproject) {
        let dev = self.list(&["tool", "uv", "dev-dependencies"]);
        found.groups.entry("dev".to_owned()).or_default().extend(dev);
        found.groups.retain(|_, list| !list.is_empty());
        for (name, list) in self.lists(&["tool", "pdm", "dev-dependencies"]) {
            found.groups.entry(name).or_default().extend(list);
        }
        let defaults = self.root.get(&["tool", "uv", "default-groups"]);
        found.default_groups = defaults
            .map_or_else(|| vec!["dev".to_owned()], |item| item.strings().iter().map(|name| normalize(name)).collect());
        for path in
            [&["tool", "uv", "package"][..], &["tool", "pdm", "distribution"], &["tool", "poetry", "package-mode"]]
        {
            let Some((item, key)) = self.root.get(path).zip(path.last()) else { continue };
            found.is_package = item.bool().map(|value| (value, item.evidence(format!("{key} = {value}"))));
        }
        for path in [&["tool", "uv", "index"][..], &["tool", "poetry", "source"], &["tool", "pdm", "source"]] {
            for item in self.root.items(path) {
                let Some(url) = item.table().and_then(|table| table.str(&["url"])) else { continue };
                if !super::requirements::is_default_index(url) {
                    found.indexes.push(item.evidence(format!("index {url}")));
                }
            }
        }
        for key in ["index-url", "extra-index-url", "find-links"] {
            found
                .indexes
                .extend(self.root.items(&["tool", "uv", key]).map(|item| item.evidence(format!("{key} of uv"))));
        }
    }

    fn poetry(&self, found: &mut Pyproject) {
        let Some(poetry) = self.root.table(&["tool", "poetry"]) else { return };
        found.dependencies.extend(Self::poetry_list(poetry.table(&["dependencies"]), found));
        let python = poetry.get(&["dependencies", "python"]).filter(|_| found.requires_python.is_none());
        if let Some((item, text)) = python.and_then(|item| Some((item, item.str()?))) {
            found.requires_python = Some((text.to_owned(), item.evidence(format!("python = \"{text}\""))));
        }
        let dev = Self::poetry_list(poetry.table(&["dev-dependencies"]), found);
        if !dev.is_empty() {
            found.groups.entry("dev".to_owned()).or_default().extend(dev);
        }
        for (name, item) in poetry.table(&["group"]).map(Table::members).unwrap_or_default() {
            let Some(group) = item.table() else { continue };
            let list = Self::poetry_list(group.table(&["dependencies"]), found);
            found.groups.entry(normalize(name)).or_default().extend(list);
            if group.get(&["optional"]).and_then(Item::bool) == Some(true) {
                found.optional_groups.push(normalize(name));
            }
        }
        for (name, item) in poetry.table(&["extras"]).map(Table::members).unwrap_or_default() {
            let named: Vec<_> = item.strings().iter().map(|name| normalize(name)).collect();
            let list = found.dependencies.iter().filter(|one| named.contains(&one.name)).cloned().collect();
            found.extras.insert(normalize(name), list);
        }
        // An optional dependency is installed by its extra alone.
        let optional = |name: &str| {
            let mut members = poetry.table(&["dependencies"]).map(Table::members).unwrap_or_default().into_iter();
            let item = members.find(|(key, _)| normalize(key) == name).map(|(_, item)| item);
            item.and_then(Item::table).and_then(|table| table.get(&["optional"])?.bool()) == Some(true)
        };
        found.dependencies.retain(|one| !optional(&one.name));
        self.scripts(&["tool", "poetry", "scripts"], found);
    }

    /// `name = "^1"` or `name = {version = "^1", extras = […]}` or a list of those.
    fn poetry_list(table: Option<Table<'_>>, found: &Pyproject) -> Vec<Requirement> {
        let members = table.map(Table::members).unwrap_or_default().into_iter();
        let members = members.filter(|(name, _)| *name != "python");
        // PEP 621 already lists it; poetry's table then only adds where it comes from.
        let new = members.filter(|(name, _)| !found.dependencies.iter().any(|one| one.name == normalize(name)));
        new.flat_map(|(name, item)| item.items().into_iter().map(move |item| poetry_requirement(name, item))).collect()
    }

    fn git_version(&self, found: &mut Pyproject) {
        let tools: &[(&[&str], &str)] = &[
            (&["tool", "setuptools_scm"], "setuptools_scm"),
            (&["tool", "setuptools-git-versioning"], "setuptools-git-versioning"),
            (&["tool", "hatch", "version"], "hatch-vcs"),
            (&["tool", "pdm", "version"], "pdm scm"),
            (&["tool", "poetry-dynamic-versioning"], "poetry-dynamic-versioning"),
            (&["tool", "uv-dynamic-versioning"], "uv-dynamic-versioning"),
            (&["tool", "versioneer"], "versioneer"),
            (&["tool", "versioningit"], "versioningit"),
            (&["tool", "dunamai"], "dunamai"),
        ];
        for (path, tool) in tools {
            let Some(item) = self.root.get(path) else { continue };
            let source = item.table().and_then(|table| table.str(&["source"]));
            let applies = match *tool {
                "hatch-vcs" => source == Some("vcs"),
                "pdm scm" => source == Some("scm"),
                "poetry-dynamic-versioning" => {
                    item.table().and_then(|table| table.get(&["enable"])?.bool()) != Some(false)
                }
                _ => true,
            };
            if applies {
                found.git_version = Some(((*tool).to_owned(), item.evidence(format!("[{}]", path.join(".")))));
                return;
            }
        }
        let required = found.build_requires.iter().find(|one| MAKES_VERSION.contains(&one.name.as_str()));
        found.git_version = required.map(|one| (one.name.clone(), one.evidence.clone()));
    }
}

fn poetry_requirement(name: &str, item: Item<'_>) -> Requirement {
    let table = item.table();
    let key = |key: &str| table.and_then(|table| table.str(&[key]));
    let version = item.str().or_else(|| key("version")).unwrap_or_default();
    let specifier = match version.trim() {
        "*" => String::new(),
        // A bare version is exact in poetry.
        exact if exact.starts_with(|c: char| c.is_ascii_digit()) && !exact.contains(['*', ',']) => format!("=={exact}"),
        other => other.split_whitespace().collect(),
    };
    let origin = if let Some(url) = key("git") {
        Origin::Vcs(url.to_owned())
    } else if let Some(path) = key("path") {
        Origin::Path(path.to_owned())
    } else if let Some(url) = key("url") {
        Origin::Url(url.to_owned())
    } else if let Some(index) = key("source") {
        Origin::OtherIndex(index.to_owned())
    } else {
        Origin::Index
    };
    Requirement {
        name: normalize(name),
        extras: table
            .map(|table| table.items(&["extras"]).filter_map(Item::str).map(normalize).collect())
            .unwrap_or_default(),
        specifier,
        marker: key("markers").map(str::to_owned),
        origin,
        evidence: item.evidence(if version.is_empty() { name.to_owned() } else { format!("{name} = \"{version}\"") }),
    }
}
