//! `dfslim.yaml`: its keys, and what is wrong with them, to the line and column.
//!
//! It may not touch the disk: a text in, a [`Config`] out.

use crate::passes::{BaseStyle, Builder, CacheStyle};
use crate::text::Position;
use crate::vocabulary;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::fmt;

/// The file's names, the first one preferred.
pub const FILE_NAMES: [&str; 2] = ["dfslim.yaml", ".dfslim.yaml"];

/// The JSON schema of the file, for editors; kept by hand, compared with [`Config`] by a test.
pub const SCHEMA: &str = include_str!("../templates/dfslim.schema.json");

/// What a `dfslim.yaml` says; what it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Run only these passes.
    pub only: Option<Vec<String>>,
    /// Do not run these.
    pub skip: Option<Vec<String>>,
    /// How far proposals are applied.
    pub safety: Option<Safety>,
    /// How package-manager caches stay out of the image.
    pub cache: Option<CacheStyle>,
    /// What builds the files.
    pub builder: Option<Builder>,
    /// What the stage that ships may start from.
    pub base: Option<BaseStyle>,
    /// Dockerfiles that a walk leaves out, as lines of a .gitignore beside the file.
    pub exclude: Option<Vec<String>>,
    /// A directory, as seen from the file, whose `*.hbs` replace or extend the parts of a `.dockerignore`.
    pub templates: Option<String>,
    /// Lines that every `.dockerignore` gets besides.
    pub ignore: Option<Vec<String>>,
}

/// The least sure class that is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// As `--safe-only`.
    Safe,
    /// The default.
    Checked,
    /// As `--risky`.
    Risky,
}

/// What is wrong with a `dfslim.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// Where, when it is known.
    pub at: Option<Position>,
    /// What, and what to do.
    pub message: String,
}

impl Config {
    /// Its keys.
    pub const KEYS: [&str; 9] =
        ["only", "skip", "safety", "cache", "builder", "base", "exclude", "templates", "ignore"];

    /// Reads the text of a `dfslim.yaml`.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        serde_yaml::from_str::<Option<Self>>(text).map(Option::unwrap_or_default).map_err(|error| {
            let mut message = error.to_string();
            let at = error.location().map(|location| {
                let place = format!(" at line {} column {}", location.line(), location.column());
                message = message.replace(&place, "");
                Position { line: location.line(), column: location.column() }
            });
            ConfigError { at, message }
        })
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ConfigVisitor)
    }
}

struct ConfigVisitor;

impl<'de> Visitor<'de> for ConfigVisitor {
    type Value = Config;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys and values ({})", Config::KEYS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
        let mut config = Config::default();
        let mut seen = Vec::new();
        while let Some(key) = map.next_key_seed(Key { seen: &seen })? {
            match key {
                "only" => config.only = map.next_value::<Option<Ids>>()?.map(|ids| ids.0),
                "skip" => config.skip = map.next_value::<Option<Ids>>()?.map(|ids| ids.0),
                "safety" => config.safety = map.next_value()?,
                "cache" => config.cache = map.next_value()?,
                "builder" => config.builder = map.next_value()?,
                "base" => config.base = map.next_value()?,
                "exclude" => config.exclude = map.next_value()?,
                "templates" => config.templates = map.next_value()?,
                _ => config.ignore = map.next_value()?,
            }
            seen.push(key);
        }
        Ok(config)
    }
}

/// Reads one key. Errors raised here, and not in the map, carry the key's own line and column; and the YAML
/// reader itself would keep the last of duplicate keys without a word.
struct Key<'s> {
    seen: &'s [&'static str],
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of the keys {}", Config::KEYS.join(", "))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Self::Value, E> {
        let Some(key) = Config::KEYS.into_iter().find(|&key| key == word) else {
            let hint = vocabulary::did_you_mean(word, Config::KEYS)
                .unwrap_or_else(|| format!("; there are {}", Config::KEYS.join(", ")));
            return Err(E::custom(format_args!("no key is called `{word}`{hint}")));
        };
        if self.seen.contains(&key) {
            return Err(E::custom(format_args!("the key `{key}` stands here a second time; keep one")));
        }
        Ok(key)
    }
}

/// Ids of passes or of other tools' checks, each one known.
struct Ids(Vec<String>);

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Vec::<Id>::deserialize(deserializer)?.into_iter().map(|id| id.0).collect()))
    }
}

struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of a pass")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Id, E> {
        match vocabulary::passes_named(word) {
            Ok(_) => Ok(Id(word.to_owned())),
            Err(unknown) => Err(E::custom(unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, usize, String) {
        let error = Config::parse(text).unwrap_err();
        let at = error.at.unwrap();
        (at.line, at.column, error.message)
    }

    #[test]
    fn says_nothing_when_empty() {
        assert_eq!(Config::parse("").unwrap(), Config::default());
        assert_eq!(Config::parse("# nothing\n").unwrap(), Config::default());
    }

    #[test]
    fn reads_every_key() {
        let text = "only: []\nskip: []\nsafety: safe\ncache: mounts\nbuilder: podman\nbase: slim\nexclude: [vendor/]\n\
                    templates: ci\nignore: [data]\n";
        let config = Config::parse(text).unwrap();
        assert_eq!(config.only, Some(vec![]));
        assert_eq!(config.safety, Some(Safety::Safe));
        assert_eq!(config.cache, Some(CacheStyle::Mounts));
        assert_eq!(config.builder, Some(Builder::Podman));
        assert_eq!(config.base, Some(BaseStyle::Slim));
        assert_eq!(config.exclude, Some(vec!["vendor/".to_owned()]));
        assert_eq!((config.templates, config.ignore), (Some("ci".to_owned()), Some(vec!["data".to_owned()])));
    }

    #[test]
    fn unknown_keys_are_placed_and_the_nearest_is_named() {
        let expected = "no key is called `saftey`; did you mean `safety`?".to_owned();
        assert_eq!(error("cache: auto\nsaftey: safe\n"), (2, 1, expected));
        let (line, column, message) = error("{cache: auto, zzz: 1}");
        assert_eq!((line, column), (1, 15));
        assert!(
            message.ends_with("there are only, skip, safety, cache, builder, base, exclude, templates, ignore"),
            "{message}"
        );
    }

    #[test]
    fn duplicate_keys_are_placed() {
        let expected = "the key `cache` stands here a second time; keep one".to_owned();
        assert_eq!(error("cache: auto\nbuilder: podman\ncache: auto\n"), (3, 1, expected));
    }

    #[test]
    fn unknown_values_are_placed() {
        let (line, column, message) = error("safety: save\n");
        assert_eq!((line, column), (1, 9), "{message}");
        let (line, column, message) = error("skip:\n  - no-such-thing-at-all\n");
        assert_eq!((line, column), (2, 5), "{message}");
        let (line, _, message) = error("only: [\n");
        assert_eq!(line, 2, "{message}");
    }
}
