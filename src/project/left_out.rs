//! What is known of patterns, and of names that look as if they could be left out: `facts/dockerignore.yaml`, made into
//! tables at build time.

include!(concat!(env!("OUT_DIR"), "/dockerignore.rs"));

/// What must be ruled out before a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Made anew on every machine, shipped by nobody.
    Junk,
    /// For people, and for tools around the build.
    Meta,
    /// Made anew by a command of the build.
    Made,
    /// Git's own files.
    History,
    /// Environment files.
    Env,
    /// Nothing is known: a template or setting of the user's.
    Other,
}

/// A pattern of the templates.
#[derive(Debug)]
pub struct Rule {
    /// As it stands in the file.
    pub pattern: &'static str,
    /// What must be ruled out.
    pub kind: Kind,
    /// Commands that make it anew: program and subcommand.
    pub by: &'static [&'static str],
}

/// A text that tells that something is read.
#[derive(Debug)]
pub struct Reader {
    /// The text.
    pub text: &'static str,
    /// Only in files whose names hold one of these; all files when empty.
    pub within: &'static [&'static str],
    /// What it does, said of the file: "runs git".
    pub why: &'static str,
}

/// A name of files that hold credentials.
#[derive(Debug)]
pub struct SecretName {
    /// With `*`.
    pub name: &'static str,
    /// What is in it.
    pub what: &'static str,
    /// Texts of which one must be in it; any content when empty.
    pub holds: &'static [&'static str],
}

/// Every rule.
pub const fn rules() -> &'static [Rule] {
    RULES
}

/// The rule for `pattern`.
pub fn rule(pattern: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.pattern == pattern)
}

/// What must be ruled out before `pattern` is written.
pub fn kind(pattern: &str) -> Kind {
    match rule(pattern) {
        Some(rule) => rule.kind,
        None if pattern == ".env" || pattern.starts_with(".env.") => Kind::Env,
        None if is_docker(pattern) => Kind::Meta,
        None => Kind::Other,
    }
}

/// Whether a name is that of a Dockerfile, an ignore file or a compose file.
pub fn is_docker(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let yaml = matches!(super::paths::extension(&lower), "yml" | "yaml");
    let starts = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
    name == ".dockerignore"
        || lower.ends_with(".dockerignore")
        || matches!(lower.as_str(), "dockerfile" | "containerfile")
        || starts(&["dockerfile.", "containerfile."])
        || lower.ends_with(".dockerfile")
        || lower.starts_with("docker-bake.")
        || (yaml && (starts(&["docker-compose", "compose."]) || starts(&["compose-"])))
}

/// Names that a build reads even where nothing names them.
pub const fn never() -> &'static [&'static str] {
    NEVER
}

/// Subcommands of git that need the history of the repository.
pub const fn git_commands() -> &'static [&'static str] {
    GIT_COMMANDS
}

/// What tells that git's files are read.
pub const fn git_readers() -> &'static [Reader] {
    GIT_READERS
}

/// What tells that environment files are read.
pub const fn env_readers() -> &'static [Reader] {
    ENV_READERS
}

/// Names of files that hold credentials.
pub const fn secret_names() -> &'static [SecretName] {
    SECRETS
}
