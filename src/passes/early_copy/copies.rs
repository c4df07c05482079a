//! What COPY and ADD bring from the build context, and where to; and the COPY of a few files out of them.

use super::needs::{Needed, Needs};
use super::{No, Site};
use crate::dockerfile::{Args, Flag, Instruction, Keyword, Word};
use crate::image::{Stage, clean};
use crate::passes::Cx;
use crate::project::Context;
use crate::project::copy::CopySource;
use crate::project::paths;

/// A COPY or ADD of files of the build context, all of whose words are known.
pub(super) struct Bring<'c> {
    /// Its place among the stage's instructions.
    pub index: usize,
    pub copy: &'c Instruction,
    /// Where it goes, as written and in the image.
    pub target_word: &'c Word,
    pub target: String,
    /// Whether its words hold variables.
    pub expands: bool,
    /// Whether it brings directories or code.
    pub bulk: bool,
    sources: Vec<CopySource>,
    /// Whether what it brings goes below the target, and is not it.
    into: bool,
}

/// Files with these endings are the application's own code.
const CODE: &[&str] = &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "py", "go", "vue", "svelte"];

impl<'c> Bring<'c> {
    pub(super) fn of(cx: &'c Cx<'c>, stage: &'c Stage<'c>, index: usize) -> Option<Self> {
        let copy = stage.instructions[index];
        if !matches!(copy.keyword, Keyword::Copy | Keyword::Add) || !copy.heredocs.is_empty() {
            return None;
        }
        if copy.flags.iter().any(|flag| !matches!(flag.name.as_str(), "chown" | "chmod" | "link")) {
            return None;
        }
        let (Args::Words(words) | Args::Json(words)) = &copy.args else { return None };
        let (target_word, written) = words.split_last()?;
        let here = stage.state_before(copy);
        let expand = |word: &Word| here.expand(&word.value, cx.file.escape());
        let target = expand(target_word)?;
        let into = target.ends_with('/') || target == "." || written.len() > 1;
        let target = match target.strip_prefix('/') {
            Some(_) => clean(&target),
            None => clean(&format!("{}/{target}", here.workdir().value()?)),
        };
        let context = cx.project.context();
        let sources: Vec<CopySource> =
            written.iter().map(|word| Some(context.copy_source(&expand(word)?))).collect::<Option<_>>()?;
        let is_known = |source: &CopySource| source.complete && !source.roots.is_empty();
        let is_local = |source: &CopySource| !source.written.contains("://") && !source.written.starts_with("git@");
        if !sources.iter().all(|source| is_known(source) && is_local(source)) {
            return None;
        }
        let mut roots = sources.iter().flat_map(|source| &source.roots);
        let bulk = roots.any(|root| root.directory || is_code(&root.path));
        let expands = words.iter().any(|word| word.value.contains('$'));
        Some(Self { index, copy, target_word, target, expands, bulk, sources, into })
    }

    /// Where it puts the file or directory `path` of the context.
    pub(super) fn lands(&self, context: &Context, path: &str) -> Option<String> {
        self.sources.iter().find_map(|source| {
            let inside = source.inside(context, path)?;
            let single = !self.into && source.roots.iter().all(|root| !root.directory);
            Some(if single { self.target.clone() } else { clean(&format!("{}/{inside}", self.target)) })
        })
    }

    /// The file or directory of the context that it puts at `path` of the image.
    pub(super) fn origin(&self, context: &Context, path: &str) -> Option<String> {
        let roots = || self.sources.iter().flat_map(|source| &source.roots);
        let below = paths::below(self.target.trim_start_matches('/'), path.trim_start_matches('/'));
        let in_directory = below.and_then(|below| {
            let candidates = roots().filter(|root| root.directory).filter_map(|root| paths::join(&root.path, below));
            candidates.into_iter().find(|found| context.kind(found).is_some() && context.is_sent(found))
        });
        let files = || roots().filter(|root| !root.directory).map(|root| root.path.clone());
        in_directory.or_else(|| files().find(|file| self.lands(context, file).as_deref() == Some(path)))
    }

    /// Whether the places of both may be the same.
    pub(super) fn meets(&self, other: &Self) -> bool {
        overlap(&self.target, &other.target)
    }

    /// What its sources name.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().flat_map(|source| &source.roots).map(|root| root.path.as_str())
    }
}

/// Whether a file is code of the application, and not the settings of a tool.
fn is_code(path: &str) -> bool {
    let name = paths::name(path);
    CODE.contains(&paths::extension(path)) && !name.contains(".config.") && !name.starts_with('.')
}

/// Whether one path lies in the other.
pub(super) fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim_start_matches('/'), other.trim_start_matches('/'));
    paths::below(one, other).is_some() || paths::below(other, one).is_some()
}

/// Whether a COPY that brings something else puts it elsewhere.
pub(super) fn stands_aside(site: &Site<'_>, copy: &Instruction, bring: &Bring<'_>) -> bool {
    let (Args::Words(words) | Args::Json(words)) = &copy.args else { return false };
    let here = site.stage.state_before(copy);
    let target = words.last().and_then(|word| here.expand(&word.value, site.cx.file.escape()));
    let Some(target) = target.filter(|target| target.starts_with('/')) else { return false };
    !overlap(&bring.target, &clean(&target))
}

impl Site<'_> {
    /// The lines that copy what the install needs of `bring`; none when other copies bring it.
    pub(super) fn manifests(&self, bring: &Bring<'_>, needs: &Needs) -> Result<Vec<String>, No> {
        let context = self.cx.project.context();
        let lands = |other: &Bring<'_>, one: &Needed| other.lands(context, &one.path).as_deref() == Some(&one.image);
        // Of several that bring it, the last one decides what it is.
        let by_others = |one: &Needed| {
            let mut others = self.brings.iter().filter(|other| other.index != bring.index && other.index < needs.at);
            others.any(|other| lands(other, one) && (other.index > bring.index || !other.bulk))
        };
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for one in needs.files.iter().filter(|one| lands(bring, one) && !by_others(one)) {
            if one.path.contains(|c: char| c.is_whitespace() || "*?[]\\$\"'".contains(c)) {
                return Err(No::because(format!("the name of {} would have to be quoted", one.path)));
            }
            let dir = if context.is_dir(&one.path) { &one.image } else { parent(&one.image) };
            // A directory is copied by itself: of several sources only what they hold is.
            match groups.iter_mut().find(|(own, _)| own == dir && !context.is_dir(&one.path)) {
                Some((_, names)) => names.push(&one.path),
                None => groups.push((dir.to_owned(), vec![&one.path])),
            }
        }
        let text = self.cx.file.text();
        let flags = written(&bring.copy.flags, text);
        let keyword = if bring.copy.keyword_span.of(text).starts_with(char::is_uppercase) { "COPY" } else { "copy" };
        let lines = groups
            .iter()
            .map(|(dir, names)| format!("{keyword} {flags}{} {}", names.join(" "), self.as_target(bring, dir)));
        Ok(lines.collect())
    }

    /// A directory of the image as the author would write it.
    fn as_target(&self, bring: &Bring<'_>, dir: &str) -> String {
        let here = self.stage.state_before(bring.copy).workdir().value().map(clean);
        let relative = here.filter(|_| !bring.target_word.value.starts_with('/'));
        let below = relative
            .as_deref()
            .and_then(|here| paths::below(here.trim_start_matches('/'), dir.trim_start_matches('/')));
        match below {
            Some("") => "./".to_owned(),
            Some(below) => format!("./{below}/"),
            None => format!("{}/", dir.trim_end_matches('/')),
        }
    }
}

/// Flags as written, each with a blank behind it.
pub(super) fn written<'f>(flags: impl IntoIterator<Item = &'f Flag>, text: &str) -> String {
    flags.into_iter().flat_map(|flag| [flag.span.of(text), " "]).collect()
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}
