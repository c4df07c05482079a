//! Packages that no code names: what is started loads them by its configuration, by types that it checks, by a setting.

use super::proof::{package_of, quotes};
use super::{App, No};
use crate::project::context::Step;
use crate::project::files::EntryKind;
use crate::project::node::manifest::DependencyKind;
use crate::project::node::scripts::{Closure, Ran};
use crate::project::paths;

/// Programs and modules that bundle or translate when they are started, with what their configuration names.
const BY_CONFIGURATION: &[&str] = &[
    "@babel/node",
    "@babel/register",
    "@craco/craco",
    "@vue/cli-service",
    "astro",
    "babel-node",
    "babel-register",
    "craco",
    "eslint",
    "gatsby",
    "gulp",
    "grunt",
    "jest",
    "mocha",
    "ng",
    "nuxt",
    "nuxi",
    "parcel",
    "react-app-rewired",
    "react-scripts",
    "rollup",
    "rsbuild",
    "vite",
    "vite-node",
    "vitest",
    "vue-cli-service",
    "webpack",
    "webpack-dev-server",
];
/// Those that check types first.
const BY_TYPES: &[&str] = &["ts-node", "ts-node-dev", "ts-node-esm", "ts-node-script", "ts-node-cwd", "tsnd"];
/// Those that only read tsconfig.json.
const BY_TSCONFIG: &[&str] = &["tsx", "swc-node", "@swc-node/register", "esbuild-register", "esbuild-runner", "esr"];
/// Those whose configuration is code of its own, which is looked at with all other.
const BY_CODE: &[&str] = &[
    "knex",
    "mikro-orm",
    "nodemon",
    "pm2",
    "pm2-docker",
    "pm2-runtime",
    "prisma",
    "sequelize",
    "sequelize-cli",
    "typeorm",
];
/// Layers over databases that load a driver by the name of a dialect, and such drivers.
const LAYERS: &[&str] = &["@mikro-orm/core", "keyv", "sequelize", "sequelize-typescript", "typeorm"];
const DRIVERS: &[&str] =
    &["better-sqlite3", "mariadb", "mysql", "mysql2", "oracledb", "pg", "sql.js", "sqlite3", "tedious"];

impl App<'_> {
    /// What a start loads beside what its code imports must stay. Tells whether it reads code that nothing imports.
    pub(super) fn loads_stay(&self, closure: &Closure, place: &str) -> Result<bool, No> {
        let mut by_code = false;
        for ran in &closure.ran {
            let at = ran.from.as_ref().map_or(place.to_owned(), |from| match from.line {
                Some(line) => format!("{}:{line}", from.file),
                None => from.file.clone(),
            });
            let started = std::iter::once(ran.program());
            // `node node_modules/vite/bin/vite.js`
            let in_package = ran.words.iter().filter_map(|word| Some(word.split_once("node_modules/")?.1));
            for name in started.chain(in_package.map(|path| path.trim_start_matches(".bin/"))) {
                self.module_stays(name, &at)?;
                by_code |= BY_CODE.contains(&package_of(name).as_str());
            }
            if let Some(why) = self.starts_more(ran) {
                return Err(No::Because(format!("{at} {why}")));
            }
        }
        Ok(by_code)
    }

    /// What a module or program called `name` loads by itself must stay.
    pub(super) fn module_stays(&self, name: &str, at: &str) -> Result<(), No> {
        let name = package_of(name);
        let name = name.as_str();
        let needed = |what: String| Err(No::Because(format!("{at} uses {name}, which {what}")));
        if BY_CONFIGURATION.contains(&name) {
            return needed("loads what its configuration names".to_owned());
        }
        let types = BY_TYPES.contains(&name);
        let is_type = |own: &&str| own.starts_with("@types/") || *own == "typescript" || own.starts_with("@swc/");
        if let Some(found) = self.development().find(|own| types && is_type(own)) {
            return needed(format!("needs {found}, a development dependency"));
        }
        if types || BY_TSCONFIG.contains(&name) {
            let config = paths::join(&self.node.dir, "tsconfig.json").and_then(|path| self.node.context().find(&path));
            let text = config.as_ref().map_or("", |config| config.text.as_str());
            if let Some(found) = self.development().find(|own| text.lines().any(|line| quotes(line, own))) {
                return needed(format!("reads tsconfig.json, and that names {found}, a development dependency"));
            }
        }
        Ok(())
    }

    /// A driver is loaded by the name of a dialect.
    pub(super) fn drivers_stay(&self) -> Result<(), No> {
        let has = |name: &&&str| {
            self.node.manifest.dependency(name).is_some_and(|found| found.kind != DependencyKind::Development)
        };
        let Some(layer) = LAYERS.iter().find(has) else { return Ok(()) };
        match self.development().find(|name| DRIVERS.contains(name)) {
            Some(driver) if !DRIVERS.iter().any(|name| has(&name)) => {
                Err(No::Because(format!("{layer} may load {driver}, a development dependency")))
            }
            _ => Ok(()),
        }
    }

    fn development(&self) -> impl Iterator<Item = &str> {
        let own = self.node.manifest.dependencies.iter().filter(|found| found.kind == DependencyKind::Development);
        own.map(|found| found.name.as_str())
    }

    /// Why a command starts others by its configuration.
    fn starts_more(&self, ran: &Ran) -> Option<&'static str> {
        let has = |name: &str| paths::join(&self.node.dir, name).is_some_and(|path| self.node.context().is_file(&path));
        let words = || ran.words.iter().map(String::as_str);
        match ran.program() {
            "prisma" if words().any(|word| matches!(word, "seed" | "reset" | "dev")) => {
                Some("starts prisma, which runs a command of package.json")
            }
            "nodemon"
                if has("nodemon.json")
                    || self.node.manifest.source.text.contains("\"nodemonConfig\"")
                    || words().any(|word| matches!(word, "-x" | "--exec") || word.ends_with("ts")) =>
            {
                Some("starts nodemon, which runs another program by its configuration")
            }
            _ => None,
        }
    }

    /// Files by which programs that are started tell what they run: `ecosystem.config.js`.
    pub(super) fn configurations(&self) -> Vec<String> {
        const NAMES: &[&str] = &["ecosystem", "pm2", "process", "mikro-orm"];
        let mut found = Vec::new();
        self.node.context().walk_sent(&self.node.dir, |path, kind| {
            let name = paths::name(path);
            let is_it =
                NAMES.iter().any(|start| name.strip_prefix(start).is_some_and(|rest| rest.contains(".config.")));
            if matches!(kind, EntryKind::Directory | EntryKind::LinkToDirectory) {
                return if path == self.node.dir { Step::Enter } else { Step::Skip };
            }
            if is_it {
                found.push(path.to_owned());
            }
            Step::Enter
        });
        found
    }
}
