//! What a build writes, and where: the tools of a build script, their flags and their configuration files.

mod tools;
mod words;

use super::scripts::{Closure, Ran};
use super::tsconfig::TsConfig;
use super::{Node, at};
use crate::project::finding::{Finding, evidence};
use crate::project::json::{Dialect, Json};
use crate::project::paths;
use crate::project::source::Source;
use crate::proposal::Evidence;
use std::rc::Rc;
use words::Words;

/// What a tool writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The tool's command: `tsc`, `vite`, `next`.
    pub tool: String,
    /// How it turns sources into output.
    pub shape: Shape,
    /// The directory or file it writes, in the context; the empty path when it writes beside its sources.
    pub output: Finding<String>,
    /// Next.js: `output: 'standalone'` or `'export'`; empty when neither is set. Unknown for what is not plain.
    pub mode: Finding<String>,
    /// Where it is run.
    pub from: Option<Evidence>,
}

/// How output relates to sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One output file for each source (tsc, babel, swc): what the code imports is still imported.
    PerFile,
    /// Bundled: dependencies may be inside.
    Bundle,
    /// A site of static files.
    Site,
    /// A server with its own start command (next, nuxt, remix).
    Server,
    /// Nothing is written (`tsc --noEmit`).
    Nothing,
}

/// What a build script does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builds {
    /// What known tools write, in order.
    pub built: Vec<Built>,
    /// Commands that may write anything.
    pub others: Vec<Ran>,
}

impl Node {
    /// What the commands of a closure build.
    pub fn builds(&self, closure: &Closure) -> Builds {
        let mut builds = Builds::default();
        for ran in &closure.ran {
            match self.built(ran) {
                Some(built) => builds.built.push(built),
                None => builds.others.push(ran.clone()),
            }
        }
        builds
    }

    fn built(&self, ran: &Ran) -> Option<Built> {
        let words = Words { ran, node: self };
        let (shape, output) = match (ran.program(), ran.words.get(1).map(String::as_str)) {
            ("tsc", _) => return Some(self.tsc(&words)),
            ("next", Some("build")) => return Some(tools::next(&words)),
            ("nest", Some("build")) => (Shape::PerFile, self.nest()),
            ("vite", Some("build")) => self.vite(&words),
            ("react-scripts", Some("build")) => (Shape::Site, self.react_scripts(&words)),
            ("ng", Some("build")) => (Shape::Site, self.angular(&words)),
            ("webpack", _) => {
                let files = ["webpack.config.js", "webpack.config.ts", "webpack.config.cjs", "webpack.config.mjs"];
                (
                    Shape::Bundle,
                    words.output(&["-o", "--output-path"], &["-c", "--config"], &files, &[&["output", "path"]], "dist"),
                )
            }
            ("rollup", _) => (Shape::Bundle, self.rollup(&words)),
            ("esbuild", _) => (Shape::Bundle, words.flag_output(&["--outdir", "--outfile"])),
            ("parcel", Some("build")) => (Shape::Bundle, self.parcel(&words)),
            ("tsup", _) => {
                let files = ["tsup.config.ts", "tsup.config.js", "tsup.config.mjs", "tsup.config.cjs"];
                (Shape::Bundle, words.output(&["-d", "--out-dir"], &["--config"], &files, &[&["outDir"]], "dist"))
            }
            ("ncc", Some("build")) => (Shape::Bundle, words.output(&["-o", "--out"], &[], &[], &[], "dist")),
            ("swc" | "babel", _) => (Shape::PerFile, words.flag_output(&["-d", "--out-dir", "-o", "--out-file"])),
            ("vue-cli-service", Some("build")) => (
                Shape::Site,
                words.output(&["--dest"], &[], &["vue.config.js", "vue.config.ts"], &[&["outputDir"]], "dist"),
            ),
            ("astro", Some("build")) => {
                let files = ["astro.config.mjs", "astro.config.ts", "astro.config.js"];
                (Shape::Site, words.output(&["--outDir"], &["--config"], &files, &[&["outDir"]], "dist"))
            }
            ("gatsby", Some("build")) => (Shape::Site, words.fixed("public")),
            ("nuxt" | "nuxi", Some("build")) => (Shape::Server, words.fixed(".output")),
            ("nuxt" | "nuxi", Some("generate")) => (Shape::Site, words.fixed(".output/public")),
            ("remix" | "react-router", Some("build")) => (Shape::Server, words.fixed("build")),
            _ => return None,
        };
        Some(words.built(shape, output))
    }

    fn tsc(&self, words: &Words<'_>) -> Built {
        let project = words.flag(&["-p", "--project"]).unwrap_or("tsconfig.json");
        let path = paths::join(&self.dir, project).unwrap_or_default();
        let path = if self.context().is_dir(&path) { at(&path, "tsconfig.json") } else { path };
        let config = TsConfig::read(self.context(), &path);
        if words.has(&["--noEmit", "--emitDeclarationOnly"]) {
            return words.built(Shape::Nothing, words.known("", "it is told to write nothing"));
        }
        if let Some((true, proof)) = config.as_ref().and_then(|config| config.no_emit.clone()) {
            return words.built(Shape::Nothing, Finding::known(String::new(), [proof]));
        }
        if words.flag(&["--outDir"]).is_some() {
            return words.built(Shape::PerFile, words.flag_output(&["--outDir"]));
        }
        let output = match config {
            None => Finding::unknown(format!("{path} could not be read")),
            Some(TsConfig { out_file: Some((path, proof)), .. } | TsConfig { out_dir: Some((path, proof)), .. }) => {
                Finding::known(path, [proof])
            }
            Some(TsConfig { open: Some(proof), .. }) => {
                Finding::blocked("the output folder may be set by a configuration that is not in the context", [proof])
            }
            // Project references write where each project says.
            Some(_) if words.has(&["-b", "--build"]) => Finding::unknown("it builds referenced projects"),
            Some(config) => {
                Finding::known(config.dir, [evidence(path, None, "sets no outDir: output lies beside the sources")])
            }
        };
        words.built(Shape::PerFile, output)
    }

    /// A JSON file, comments allowed; a malformed one leaves a warning.
    fn json(&self, path: &str) -> Option<(Rc<Source>, Json)> {
        let source = self.context().find(path)?;
        match Json::parse(&source.text, Dialect::Commented) {
            Ok(json) => Some((source, json)),
            Err(error) => {
                self.context().warn(path, Some(source.line(error.at)), error.message);
                None
            }
        }
    }
}
