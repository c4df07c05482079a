//! What the flags and the `dfslim.yaml` come to: which passes run, how far, and in what style.
//!
//! The flags beat the file. It may not touch the disk.

use crate::cli::Rewrite;
use crate::config::{Config, Safety};
use crate::engine::{Ceiling, Policy};
use crate::passes::{self, Pass, Wishes};

/// How the files under one `dfslim.yaml` are rewritten.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which passes run and how far they go.
    pub policy: Policy,
    /// Choices of style.
    pub wishes: Wishes,
}

/// An id that no pass has or answers to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pass is called `{id}` or answers to it{nearest}; `dfslim explain` lists them")]
pub struct UnknownId {
    id: String,
    nearest: String,
}

impl Options {
    /// The flags, and under them the file.
    pub fn new(flags: &Rewrite, config: &Config) -> Result<Self, UnknownId> {
        // Whoever says --only means just that, whatever the file skips.
        let (only, skip) = match &flags.only {
            Some(only) => (Some(only), flags.skip.as_ref()),
            None => (config.only.as_ref(), flags.skip.as_ref().or(config.skip.as_ref())),
        };
        let ceiling = match config.safety {
            _ if flags.safe_only => Ceiling::Safe,
            _ if flags.risky => Ceiling::Risky,
            Some(Safety::Safe) => Ceiling::Safe,
            Some(Safety::Risky) => Ceiling::Risky,
            Some(Safety::Checked) | None => Ceiling::Checked,
        };
        let wishes = Wishes {
            cache: flags.cache.or(config.cache).unwrap_or_default(),
            builder: flags.builder.or(config.builder).unwrap_or_default(),
        };
        Ok(Self { policy: Policy { passes: select(only, skip)?, ceiling }, wishes })
    }
}

fn select(only: Option<&Vec<String>>, skip: Option<&Vec<String>>) -> Result<Vec<&'static Pass>, UnknownId> {
    let named = |ids: &[String]| -> Result<Vec<&'static str>, UnknownId> {
        let mut found = Vec::new();
        for id in ids.iter().map(|id| id.trim()).filter(|id| !id.is_empty()) {
            found.extend(passes_named(id)?.into_iter().map(|pass| pass.id));
        }
        Ok(found)
    };
    let only = only.map(|ids| named(ids)).transpose()?;
    let skip = skip.map(|ids| named(ids)).transpose()?.unwrap_or_default();
    let wanted = |pass: &&&Pass| only.as_ref().is_none_or(|only| only.contains(&pass.id)) && !skip.contains(&pass.id);
    Ok(passes::ALL.iter().filter(wanted).copied().collect())
}

/// The passes that are called `id` or answer to it; at least one.
pub fn passes_named(id: &str) -> Result<Vec<&'static Pass>, UnknownId> {
    let found: Vec<_> = passes::ALL.iter().copied().filter(|pass| is_named(pass, id)).collect();
    if found.is_empty() {
        let known = passes::ALL.iter().flat_map(|pass| std::iter::once(pass.id).chain(pass.answers_to.iter().copied()));
        return Err(UnknownId { id: id.to_owned(), nearest: did_you_mean(id, known) });
    }
    Ok(found)
}

fn is_named(pass: &Pass, id: &str) -> bool {
    pass.id == id || pass.answers_to.iter().any(|answered| answered.eq_ignore_ascii_case(id))
}

/// `; did you mean …?` when one of `known` is nearly `word`, else nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(word, name), name));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, name)) if score > 0.8 => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}
