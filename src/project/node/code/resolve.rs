//! From an import's name to a file of the context or a package.

use crate::project::node::tsconfig::TsConfig;
use crate::project::{Context, paths};

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A file of the context.
    File(String),
    /// A package, by name.
    Package(String),
    /// A module of Node itself.
    Builtin,
    /// A path or an alias under which nothing lies.
    Nothing,
}

const EXTENSIONS: [&str; 10] = ["js", "ts", "mjs", "cjs", "tsx", "jsx", "mts", "cts", "json", "node"];

const BUILTINS: &[&str] = &[
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Resolves `name` as the file at `path` loads it.
pub(super) fn resolve(context: &Context, config: Option<&TsConfig>, path: &str, name: &str, is_path: bool) -> Target {
    let dir = paths::parent(path);
    if name.starts_with("./") || name.starts_with("../") || name == "." || name == ".." || is_path {
        return found(paths::join(dir, name).and_then(|base| file(context, &base)));
    }
    if name.starts_with('/') {
        return Target::Nothing;
    }
    if name.starts_with("node:") || BUILTINS.contains(&name.split('/').next().unwrap_or(name)) {
        return Target::Builtin;
    }
    if let Some(config) = config {
        let base = config.base_url.as_deref().and_then(|base| paths::join(base, name));
        let mut candidates = config.aliased(name).into_iter().chain(base);
        if let Some(found) = candidates.find_map(|base| file(context, &base)) {
            return Target::File(found);
        }
    }
    // `@/x`, `~/x` and `#x` are aliases wherever they are defined.
    if name.starts_with("@/") || name.starts_with('~') || name.starts_with('#') {
        return Target::Nothing;
    }
    let parts = if name.starts_with('@') { 2 } else { 1 };
    Target::Package(name.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

fn found(path: Option<String>) -> Target {
    path.map_or(Target::Nothing, Target::File)
}

/// The file that `base` means: itself, with an extension, as TypeScript under its compiled name, or an index.
pub(super) fn file(context: &Context, base: &str) -> Option<String> {
    if context.is_file(base) {
        return Some(base.to_owned());
    }
    let compiled = [(".js", "ts"), (".js", "tsx"), (".jsx", "tsx"), (".mjs", "mts"), (".cjs", "cts")];
    let sources = compiled.iter().filter_map(|(from, to)| Some(format!("{}.{to}", base.strip_suffix(from)?)));
    let extended = EXTENSIONS.iter().map(|extension| format!("{base}.{extension}"));
    let inside = EXTENSIONS.iter().map(|extension| format!("{base}/index.{extension}"));
    sources.chain(extended).chain(inside).find(|path| context.is_file(path))
}
