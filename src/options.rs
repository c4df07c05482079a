//! What the flags and the `dfslim.yaml` come to: which passes run, how far, and in what style.
//!
//! The flags beat the file. It may not touch the disk.

use crate::cli::Rewrite;
use crate::config::{Config, Safety};
use crate::engine::{Ceiling, Policy};
use crate::passes::{self, Pass, Wishes};
use crate::vocabulary::{UnknownId, passes_named};

/// How the files under one `dfslim.yaml` are rewritten.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which passes run and how far they go.
    pub policy: Policy,
    /// Choices of style.
    pub wishes: Wishes,
}

impl Options {
    /// The flags, and under them the file.
    pub fn new(flags: &Rewrite, config: &Config) -> Result<Self, UnknownId> {
        // Whoever says --only means just that, whatever the file skips.
        let (only, skip) = match &flags.scope.only {
            Some(only) => (Some(only), flags.scope.skip.as_ref()),
            None => (config.only.as_ref(), flags.scope.skip.as_ref().or(config.skip.as_ref())),
        };
        let ceiling = match config.safety {
            _ if flags.scope.safe_only => Ceiling::Safe,
            _ if flags.scope.risky => Ceiling::Risky,
            Some(Safety::Safe) => Ceiling::Safe,
            Some(Safety::Risky) => Ceiling::Risky,
            Some(Safety::Checked) | None => Ceiling::Checked,
        };
        let wishes = Wishes {
            cache: flags.cache.or(config.cache).unwrap_or_default(),
            builder: flags.builder.or(config.builder),
            base: flags.scope.base.or(config.base),
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
