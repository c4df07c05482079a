//! Comments that silence passes: our own pragma, hadolint's, and `BuildKit`'s `check` directive.
//!
//! ```text
//! # dfslim: ignore[split-run] because …        the instruction below
//! # dfslim: ignore-file[split-run]             the whole file
//! # hadolint ignore=DL3059,DL3009              the instruction below
//! # hadolint global ignore=DL3059              the whole file
//! # check=skip=JSONArgsRecommended             the whole file
//! ```

use crate::dockerfile::{Dockerfile, ItemKind};
use crate::passes::Pass;
use crate::text::Span;
use crate::vocabulary;
use std::cell::Cell;

/// The suppressions of one file.
#[derive(Debug, Default)]
pub struct Suppressions {
    all: Vec<Suppression>,
}

#[derive(Debug)]
struct Suppression {
    /// The comment as written.
    comment: String,
    /// Where it stands.
    at: Span,
    /// Ids as written: passes' own, or those of other tools' checks.
    ids: Vec<String>,
    /// The instruction it speaks of; the whole file when `None`.
    target: Option<Span>,
    /// Whether it is dfslim's own, and so worth a word when it hits nothing.
    own: bool,
    hit: Cell<bool>,
}

impl Suppressions {
    /// Reads the comments of `file`.
    pub fn of(file: &Dockerfile) -> Self {
        let mut all = Vec::new();
        for (index, item) in file.items().iter().enumerate() {
            let text = item.span.of(file.text()).trim();
            let found = match &item.kind {
                ItemKind::Comment => parse_comment(text),
                ItemKind::Directive { name, value } if name == "check" => Some(parse_check(value)),
                _ => None,
            };
            let Some(Pragma { ids, whole_file, own }) = found else { continue };
            let below = file.items()[index..].iter().find(|item| !matches!(item.kind, ItemKind::Comment));
            let target = match below {
                _ if whole_file => None,
                Some(item) if matches!(item.kind, ItemKind::Instruction(_)) => Some(item.span),
                _ => Some(Span::at(item.span.start)),
            };
            all.push(Suppression { comment: text.to_owned(), at: item.span, ids, target, own, hit: Cell::new(false) });
        }
        Self { all }
    }

    /// The comment that silences `pass` at any of `places`, if there is one.
    pub fn silencing(&self, pass: &Pass, places: &[Span]) -> Option<&str> {
        let hit = self.all.iter().find(|suppression| {
            suppression.names(pass)
                && suppression.target.is_none_or(|target| places.iter().any(|&place| touches(target, place)))
        })?;
        hit.hit.set(true);
        Some(&hit.comment)
    }

    /// Own pragmas that silenced nothing, or name a pass that does not exist: where, and what is wrong.
    /// Passes not in `ran` had no chance to be silenced.
    pub fn idle(&self, ran: &[&'static Pass]) -> Vec<(Span, String)> {
        let mut notes = Vec::new();
        for suppression in self.all.iter().filter(|suppression| suppression.own) {
            for id in &suppression.ids {
                if let Err(unknown) = vocabulary::passes_named(id)
                    && !id.eq_ignore_ascii_case("all")
                {
                    notes.push((suppression.at, unknown.to_string()));
                }
            }
            let could_hit = ran.iter().any(|pass| suppression.names(pass));
            if could_hit && !suppression.hit.get() {
                notes.push((suppression.at, format!("`{}` silences nothing here; remove it", suppression.comment)));
            }
        }
        notes
    }
}

impl Suppression {
    fn names(&self, pass: &Pass) -> bool {
        self.ids.iter().any(|id| id.eq_ignore_ascii_case("all") || vocabulary::is_named(pass, id))
    }
}

fn touches(target: Span, place: Span) -> bool {
    target.overlaps(place) || (place.is_empty() && target.start <= place.start && place.start < target.end)
}

struct Pragma {
    ids: Vec<String>,
    whole_file: bool,
    own: bool,
}

fn parse_comment(comment: &str) -> Option<Pragma> {
    let text = comment.trim_start_matches('#').trim_start();
    if let Some(rest) = text.strip_prefix("dfslim:") {
        let rest = rest.trim_start();
        let (whole_file, rest) = match rest.strip_prefix("ignore-file") {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix("ignore")?),
        };
        let (ids, _) = rest.strip_prefix('[')?.split_once(']')?;
        return Some(Pragma { ids: split_ids(ids), whole_file, own: true });
    }
    let rest = text.strip_prefix("hadolint")?.trim_start();
    let (whole_file, rest) = match rest.strip_prefix("global") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, rest),
    };
    let ids = rest.strip_prefix("ignore")?.trim_start().strip_prefix('=')?.trim_start();
    // hadolint's list has no blanks but after commas; what follows is the author's reason.
    let ids = ids.split('#').next().unwrap_or_default();
    Some(Pragma { ids: split_ids(ids), whole_file, own: false })
}

fn parse_check(value: &str) -> Pragma {
    let skip = value.split(';').find_map(|option| option.trim().strip_prefix("skip="));
    Pragma { ids: split_ids(skip.unwrap_or_default()), whole_file: true, own: false }
}

fn split_ids(list: &str) -> Vec<String> {
    list.split(',').map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()).collect()
}
