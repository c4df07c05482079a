//! `facts/dockerignore.yaml` → the tables of `src/project/left_out.rs`.

use serde::Deserialize;
use std::fmt::Write;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    #[serde(rename = "meta")]
    _meta: serde_yaml::Value,
    rules: Vec<Rule>,
    never: Never,
    git_commands: Vec<String>,
    git_readers: Vec<Reader>,
    env_readers: Vec<Reader>,
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    pattern: String,
    kind: Kind,
    #[serde(default)]
    by: Vec<String>,
    source: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Junk,
    Meta,
    Made,
    History,
    Env,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Never {
    names: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reader {
    text: String,
    #[serde(default)]
    r#in: Vec<String>,
    #[serde(default)]
    why: String,
    source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Secret {
    name: String,
    what: String,
    #[serde(default)]
    holds: Vec<String>,
    source: String,
}

/// The Rust source of the tables.
pub(crate) fn table(yaml: &str) -> String {
    let facts: Facts = serde_yaml::from_str(yaml).expect("facts/dockerignore.yaml has the shape described in it");
    let mut out = String::from("pub(super) static RULES: &[Rule] = &[\n");
    for rule in &facts.rules {
        assert!(!rule.source.is_empty(), "{}: a source", rule.pattern);
        assert_eq!(rule.kind == Kind::Made, !rule.by.is_empty(), "{}: what is made is made by something", rule.pattern);
        let _ =
            writeln!(out, "Rule {{ pattern: {:?}, kind: Kind::{:?}, by: &{:?} }},", rule.pattern, rule.kind, rule.by);
    }
    assert!(!facts.never.source.is_empty(), "a source");
    let _ = writeln!(out, "];\npub(super) static NEVER: &[&str] = &{:?};", facts.never.names);
    let _ = writeln!(out, "pub(super) static GIT_COMMANDS: &[&str] = &{:?};", facts.git_commands);
    for (name, readers) in [("GIT_READERS", &facts.git_readers), ("ENV_READERS", &facts.env_readers)] {
        let _ = writeln!(out, "pub(super) static {name}: &[Reader] = &[");
        for reader in readers {
            assert!(!reader.source.is_empty(), "{}: a source", reader.text);
            let _ = writeln!(
                out,
                "Reader {{ text: {:?}, within: &{:?}, why: {:?} }},",
                reader.text, reader.r#in, reader.why
            );
        }
        out.push_str("];\n");
    }
    out.push_str("pub(super) static SECRETS: &[SecretName] = &[\n");
    for secret in &facts.secrets {
        assert!(!secret.source.is_empty(), "{}: a source", secret.name);
        let _ = writeln!(
            out,
            "SecretName {{ name: {:?}, what: {:?}, holds: &{:?} }},",
            secret.name, secret.what, secret.holds
        );
    }
    out.push_str("];\n");
    out
}
