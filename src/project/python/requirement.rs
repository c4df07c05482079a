//! One requirement, as PEP 508 and pip write it: `name[extra] >= 1 ; marker`, `name @ url`.
//!
//! The reader is our own because `pep508_rs` brings 76 crates (URLs with all of ICU) for what is here a name,
//! extras, a specifier, a marker and a URL.

use super::name::normalize;
use crate::project::finding::evidence;
use crate::project::source::Source;
use crate::proposal::Evidence;

/// Where a package comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default index, `PyPI`.
    Index,
    /// Another index, or one more: its address or name.
    OtherIndex(String),
    /// A version control system: needs `git` and the network at build time.
    Vcs(String),
    /// A file at an address.
    Url(String),
    /// A directory or file of the project itself.
    Path(String),
}

/// One requirement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Normalized; empty when the line names only a path or an address.
    pub name: String,
    /// Normalized.
    pub extras: Vec<String>,
    /// `>=1,<2`, blanks removed; poetry's own forms (`^1.2`) stay as written; empty when any version will do.
    pub specifier: String,
    /// As written.
    pub marker: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it was read.
    pub evidence: Evidence,
}

impl Requirement {
    /// The one version it allows.
    pub fn pinned(&self) -> Option<&str> {
        exact(&self.specifier)
    }

    /// Reads `text`, which stands at `offset` of `source`; the error says what is wrong.
    pub fn parse(text: &str, source: &Source, offset: usize) -> Result<Self, String> {
        Self::read(text, evidence(&source.path, Some(source.line(offset)), text.trim()))
    }

    /// Reads `text` under evidence already made.
    pub fn read(text: &str, evidence: Evidence) -> Result<Self, String> {
        let text = text.trim();
        if let Some(origin) = bare_origin(text) {
            let name = egg(text).or_else(|| archive_name(text)).unwrap_or_default();
            return Ok(Self { name, extras: Vec::new(), specifier: String::new(), marker: None, origin, evidence });
        }
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || name.ends_with(['-', '_', '.']) {
            return Err(format!("`{}` is no requirement", short(text)));
        }
        let (extras, rest) = extras(rest.trim_start())?;
        if let Some(url) = rest.strip_prefix('@') {
            let (url, marker) = split_marker(url, " ;");
            let origin = bare_origin(url).unwrap_or_else(|| Origin::Path(url.to_owned()));
            return Ok(Self { name: normalize(name), extras, specifier: String::new(), marker, origin, evidence });
        }
        let (written, marker) = split_marker(rest, ";");
        let inner = written.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(written);
        let specifier: String = inner.split_whitespace().collect();
        if !specifier.is_empty() && !specifier.starts_with(['<', '>', '=', '!', '~']) {
            return Err(format!("`{}` is no version specifier", short(inner)));
        }
        Ok(Self { name: normalize(name), extras, specifier, marker, origin: Origin::Index, evidence })
    }
}

/// The one version that a specifier allows.
pub(super) fn exact(specifier: &str) -> Option<&str> {
    let exact = specifier.strip_prefix("===").or_else(|| specifier.strip_prefix("=="))?;
    (!exact.is_empty() && !exact.contains(['*', ',', '=', '<', '>', '$'])).then_some(exact)
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn extras(text: &str) -> Result<(Vec<String>, &str), String> {
    let Some(inner) = text.strip_prefix('[') else { return Ok((Vec::new(), text)) };
    let Some((names, rest)) = inner.split_once(']') else {
        return Err(format!("`{}` has no closing bracket", short(text)));
    };
    let names = names.split(',').map(normalize).filter(|name| !name.is_empty()).collect();
    Ok((names, rest.trim_start()))
}

fn split_marker<'t>(text: &'t str, separator: &str) -> (&'t str, Option<String>) {
    match text.split_once(separator) {
        Some((text, marker)) => (text.trim(), Some(marker.trim().to_owned())),
        None => (text.trim(), None),
    }
}

/// The origin of a requirement that is an address or a path rather than a name.
fn bare_origin(text: &str) -> Option<Origin> {
    let word = text.split_whitespace().next().unwrap_or_default();
    let word = word.split(';').next().unwrap_or_default();
    if ["git+", "hg+", "svn+", "bzr+"].iter().any(|prefix| word.starts_with(prefix)) {
        return Some(Origin::Vcs(word.to_owned()));
    }
    if let Some(path) = word.strip_prefix("file://").or_else(|| word.strip_prefix("file:")) {
        return Some(Origin::Path(path.to_owned()));
    }
    if word.contains("://") && !word.contains('@') || word.starts_with("http://") || word.starts_with("https://") {
        return Some(Origin::Url(word.to_owned()));
    }
    let is_path = word.starts_with(['.', '/'])
        || word.strip_suffix(".whl").is_some()
        || word.contains('/') && !word.contains('@');
    is_path.then(|| {
        // `.[extra]` names a directory and its extras.
        let path = word.split('[').next().unwrap_or(word);
        Origin::Path(path.to_owned())
    })
}

/// `#egg=name` of a VCS address.
fn egg(text: &str) -> Option<String> {
    let (_, name) = text.split_once("egg=")?;
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.'));
    Some(normalize(&name[..end.unwrap_or(name.len())])).filter(|name| !name.is_empty())
}

/// `name-1.0-py3-none-any.whl` is of `name`.
fn archive_name(text: &str) -> Option<String> {
    let file = text.split(['#', '?', ';']).next()?.trim().rsplit('/').next()?;
    let (name, _) = file.strip_suffix(".whl")?.split_once('-')?;
    Some(normalize(name))
}
