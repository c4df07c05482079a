//! `tsconfig.json` with what it extends: where the compiler writes, what aliases mean.

use crate::project::json::{Dialect, Json};
use crate::project::source::Source;
use crate::project::{Context, paths};
use crate::proposal::Evidence;

/// `extends` is followed so far.
const DEEPEST: usize = 8;

/// The compiler options that matter, merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TsConfig {
    /// The directory of the file that was asked for.
    pub dir: String,
    /// `outDir`, in the context.
    pub out_dir: Option<(String, Evidence)>,
    /// `outFile` or `declaration`-only settings that write elsewhere.
    pub out_file: Option<(String, Evidence)>,
    /// `rootDir`, in the context.
    pub root_dir: Option<String>,
    /// `noEmit` or `emitDeclarationOnly`.
    pub no_emit: Option<(bool, Evidence)>,
    /// `paths`: pattern, and targets in the context.
    pub aliases: Vec<(String, Vec<String>)>,
    /// `baseUrl`, in the context.
    pub base_url: Option<String>,
    /// What it extends and could not be read: options may come from there.
    pub open: Option<Evidence>,
}

impl TsConfig {
    /// Reads the file at `path`; a malformed one leaves a warning.
    pub fn read(context: &Context, path: &str) -> Option<Self> {
        let mut config = Self { dir: paths::parent(path).to_owned(), ..Self::default() };
        let root = config.dir.clone();
        config.merge(context, path, &root, 0).then_some(config)
    }

    /// Reads the file at `path` when there is one.
    pub fn read_if_there(context: &Context, path: &str) -> Option<Self> {
        if context.is_file(path) { Self::read(context, path) } else { None }
    }

    /// Merges a file over what is there; what it extends comes first.
    fn merge(&mut self, context: &Context, path: &str, root: &str, depth: usize) -> bool {
        let Some(source) = context.find(path) else { return false };
        let json = match Json::parse(&source.text, Dialect::Commented) {
            Ok(json) => json,
            Err(error) => {
                context.warn(
                    path,
                    Some(source.line(error.at)),
                    format!("{}: the compiler's options are unknown", error.message),
                );
                return false;
            }
        };
        let dir = paths::parent(path);
        if let Some(extends) = json.get("extends") {
            let single = extends.as_str().map(|text| (text, extends.at));
            let many = extends.items().iter().filter_map(|item| Some((item.as_str()?, item.at)));
            for (target, at) in single.into_iter().chain(many) {
                let found = depth < DEEPEST
                    && extended(context, dir, target).is_some_and(|base| self.merge(context, &base, root, depth + 1));
                if !found {
                    self.open =
                        Some(source.evidence(at, format!("extends {target}, which is not in the build context")));
                }
            }
        }
        if let Some(options) = json.get("compilerOptions") {
            self.take(&source, dir, root, options);
        }
        true
    }

    fn take(&mut self, source: &Source, dir: &str, root: &str, options: &Json) {
        let resolve = |text: &str| match text.strip_prefix("${configDir}") {
            Some(rest) => paths::join(root, rest),
            None => paths::join(dir, text),
        };
        let path = |key: &str| {
            let value = options.get(key)?;
            let text = value.as_str()?;
            Some((resolve(text)?, source.evidence(value.at, format!("{key} is {text}"))))
        };
        self.out_dir = path("outDir").or(self.out_dir.take());
        self.out_file = path("outFile").or(self.out_file.take());
        self.root_dir = path("rootDir").map(|(path, _)| path).or(self.root_dir.take());
        for key in ["noEmit", "emitDeclarationOnly"] {
            let value = options.get(key).and_then(|value| Some((value.as_bool()?, value.at)));
            if let Some((value, at)) = value {
                self.no_emit = Some((value, source.evidence(at, format!("{key} is {value}"))));
            }
        }
        self.base_url = path("baseUrl").map(|(path, _)| path).or(self.base_url.take());
        let Some(aliases) = options.get("paths") else { return };
        let base = path("baseUrl").map_or(dir.to_owned(), |(path, _)| path);
        let targets = |value: &Json| {
            let texts = value.items().iter().filter_map(Json::as_str);
            texts.filter_map(|text| paths::join(&base, text)).collect()
        };
        self.aliases = aliases.members().iter().map(|(pattern, value)| (pattern.clone(), targets(value))).collect();
    }

    /// The paths (without extension) that an alias may mean.
    pub fn aliased(&self, specifier: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (pattern, targets) in &self.aliases {
            let Some((before, after)) = pattern.split_once('*') else {
                if pattern == specifier {
                    found.extend(targets.iter().cloned());
                }
                continue;
            };
            let inner = specifier.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            found.extend(
                inner.into_iter().flat_map(|inner| targets.iter().map(move |target| target.replacen('*', inner, 1))),
            );
        }
        found
    }
}

/// The file that `extends` names, when it lies in the context.
fn extended(context: &Context, dir: &str, target: &str) -> Option<String> {
    if !target.starts_with('.') && !target.starts_with('/') {
        return None;
    }
    let path = paths::join(dir, target)?;
    let candidates = [path.clone(), format!("{path}.json"), format!("{path}/tsconfig.json")];
    candidates.into_iter().find(|candidate| context.is_file(candidate))
}
