//! Build tools with rules of their own: next, nest, vite, react-scripts, angular, rollup, parcel.

use super::words::Words;
use super::{Built, Shape};
use crate::project::finding::Finding;
use crate::project::json::Json;
use crate::project::node::js::config::Setting;
use crate::project::node::tsconfig::TsConfig;
use crate::project::node::{Node, at};
use crate::project::paths;

/// `next build`, with `output` of next.config.
pub(super) fn next(words: &Words<'_>) -> Built {
    const FILES: [&str; 4] = ["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"];
    let (mode, mut output) = match words.config(&[], &FILES, &["output"]) {
        None => (
            Finding::known(String::new(), [words.proof("there is no next.config")]),
            words.known(".next", "next's default"),
        ),
        Some((file, setting)) => {
            let mode = match &setting {
                Setting::Literal(path, at) => {
                    Finding::known(path.path.clone(), [file.evidence(*at, format!("output is '{}'", path.path))])
                }
                Setting::Other(at) => {
                    Finding::blocked("output is not plainly written", [file.evidence(*at, "sets output")])
                }
                Setting::Absent { open: false } => Finding::known(String::new(), [file.whole("sets no output")]),
                Setting::Absent { open: true } => {
                    Finding::blocked("output may be set elsewhere", [file.whole("takes settings over")])
                }
            };
            (mode, words.by_setting(&FILES, &["distDir"], ".next"))
        }
    };
    if mode.value().is_some_and(|mode| mode == "export")
        && output.value().is_some_and(|dir| paths::name(dir) == ".next")
    {
        output = output.map(|dir| at(paths::parent(&dir), "out"));
    }
    Built { mode, ..words.built(Shape::Server, output) }
}

impl Node {
    pub(super) fn nest(&self) -> Finding<String> {
        let path = at(&self.dir, "nest-cli.json");
        let cli = self.json(&path);
        if let Some(monorepo) = cli.as_ref().and_then(|cli| cli.1.get("monorepo")) {
            let (source, _) = cli.as_ref().expect("just read");
            return Finding::blocked(
                "a nest monorepo builds each project apart",
                [source.evidence(monorepo.at, "is a monorepo")],
            );
        }
        let named = cli.as_ref().and_then(|(_, json)| json.at_path(&["compilerOptions", "tsConfigPath"])?.as_str());
        let default = if self.context().is_file(&at(&self.dir, "tsconfig.build.json")) {
            "tsconfig.build.json"
        } else {
            "tsconfig.json"
        };
        let config =
            paths::join(&self.dir, named.unwrap_or(default)).and_then(|path| TsConfig::read(self.context(), &path));
        match config {
            Some(TsConfig { out_dir: Some((path, proof)), .. }) => Finding::known(path, [proof]),
            Some(TsConfig { open: Some(proof), .. }) => {
                Finding::blocked("the output folder may be set elsewhere", [proof])
            }
            _ => Finding::unknown("no tsconfig sets outDir"),
        }
    }

    pub(super) fn vite(&self, words: &Words<'_>) -> (Shape, Finding<String>) {
        const FILES: [&str; 5] =
            ["vite.config.ts", "vite.config.js", "vite.config.mts", "vite.config.mjs", "vite.config.cjs"];
        if self.manifest.dependency("@sveltejs/kit").is_some() {
            return (Shape::Server, Finding::unknown("the adapter in svelte.config decides where SvelteKit writes"));
        }
        if let Some((file, Setting::Literal(_, at) | Setting::Other(at))) =
            words.config(&["-c", "--config"], &FILES, &["root"])
        {
            return (Shape::Site, Finding::blocked("vite's root is set", [file.evidence(at, "sets root")]));
        }
        (Shape::Site, words.output(&["--outDir"], &["-c", "--config"], &FILES, &[&["build", "outDir"]], "dist"))
    }

    pub(super) fn react_scripts(&self, words: &Words<'_>) -> Finding<String> {
        let own = words.ran.assignments.iter().find_map(|word| word.strip_prefix("BUILD_PATH="));
        if let Some(path) = own {
            return words.under(path, "BUILD_PATH is set");
        }
        for name in [".env", ".env.production", ".env.local", ".env.production.local"] {
            let Some(source) = self.context().find(&at(&self.dir, name)) else { continue };
            if let Some(offset) = source.text.find("BUILD_PATH") {
                return Finding::blocked("an .env file sets BUILD_PATH", [source.evidence(offset, "sets BUILD_PATH")]);
            }
        }
        words.fixed("build")
    }

    pub(super) fn angular(&self, words: &Words<'_>) -> Finding<String> {
        if words.flag(&["--output-path"]).is_some() {
            return words.flag_output(&["--output-path"]);
        }
        let path = at(&self.dir, "angular.json");
        let Some((source, json)) = self.json(&path) else {
            return Finding::unknown(format!("{path} could not be read"));
        };
        let projects = json.get("projects").map(Json::members).unwrap_or_default();
        let default = json.get("defaultProject").and_then(Json::as_str);
        let named = words.ran.words.get(2).filter(|word| !word.starts_with('-')).map(String::as_str).or(default);
        let project = match (named, projects) {
            (Some(name), _) => projects.iter().find(|(own, _)| own == name),
            (None, [only]) => Some(only),
            _ => None,
        };
        let Some((name, project)) = project else { return Finding::unknown("angular.json has several projects") };
        let build = project.at_path(&["architect", "build"]).or_else(|| project.at_path(&["targets", "build"]));
        let Some(build) = build else { return Finding::unknown("the angular project has no build target") };
        // Since 17 the application builder puts the site one folder deeper.
        let application =
            build.get("builder").and_then(Json::as_str).is_some_and(|name| name.ends_with(":application"));
        let inner = |dir: &str| if application { format!("{dir}/browser") } else { dir.to_owned() };
        let found = build.at_path(&["options", "outputPath"]);
        let dir = match found {
            None => inner(&format!("dist/{name}")),
            Some(value) => match (
                value.as_str(),
                value.get("base").and_then(Json::as_str),
                value.get("browser").and_then(Json::as_str),
            ) {
                (Some(dir), ..) => inner(dir),
                (_, Some(base), None) => inner(base),
                (_, Some(base), Some(browser)) => format!("{base}/{browser}"),
                _ => {
                    return Finding::blocked("outputPath is not plain", [source.evidence(value.at, "sets outputPath")]);
                }
            },
        };
        let proof = source.evidence(found.unwrap_or(build).at, format!("the site is written to {dir}"));
        match paths::join(&self.dir, &dir) {
            Some(path) => Finding::known(path.trim_end_matches('/').to_owned(), [proof]),
            None => Finding::blocked("outputPath leaves the context", [proof]),
        }
    }

    pub(super) fn rollup(&self, words: &Words<'_>) -> Finding<String> {
        const FILES: [&str; 4] = ["rollup.config.js", "rollup.config.mjs", "rollup.config.ts", "rollup.config.cjs"];
        if words.flag(&["-d", "--dir", "-o", "--file"]).is_some() {
            return words.flag_output(&["-d", "--dir", "-o", "--file"]);
        }
        let found = [["output", "dir"], ["output", "file"]].map(|keys| words.by_setting(&FILES, &keys, ""));
        let known = |finding: &Finding<String>| finding.value().is_some_and(|path| *path != self.dir);
        found.into_iter().find(known).unwrap_or_else(|| Finding::unknown("rollup's output is not plainly written"))
    }

    pub(super) fn parcel(&self, words: &Words<'_>) -> Finding<String> {
        if self.manifest.json.get("targets").is_some() {
            let proof = self.manifest.evidence("targets", "has parcel targets");
            return Finding::blocked("parcel's targets decide", [proof]);
        }
        words.output(&["--dist-dir", "-d"], &[], &[], &[], "dist")
    }
}
