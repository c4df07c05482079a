//! One vocabulary for passes: their own ids, and those of other tools' checks that they answer to.
//!
//! Flags, `dfslim.yaml`, comments and `dfslim explain` all take both, and all name the nearest known id.

use crate::passes::{self, Pass};

/// An id that no pass has or answers to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pass is called `{id}` or answers to it{hint}")]
pub struct UnknownId {
    id: String,
    hint: String,
}

/// The passes that are called `id` or answer to it; at least one.
pub fn passes_named(id: &str) -> Result<Vec<&'static Pass>, UnknownId> {
    let found: Vec<_> = passes::ALL.iter().copied().filter(|pass| is_named(pass, id)).collect();
    if found.is_empty() {
        let known = passes::ALL.iter().flat_map(|pass| std::iter::once(pass.id).chain(pass.answers_to.iter().copied()));
        let hint = did_you_mean(id, known).unwrap_or_else(|| "; `dfslim explain` lists them".to_owned());
        return Err(UnknownId { id: id.to_owned(), hint });
    }
    Ok(found)
}

/// Whether `pass` is called `id` or answers to it; other tools' ids are taken in any case.
pub fn is_named(pass: &Pass, id: &str) -> bool {
    pass.id == id || pass.answers_to.iter().any(|answered| answered.eq_ignore_ascii_case(id))
}

/// `; did you mean …?` when one of `known` is nearly `word`, else nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // DL3008 is as near to DL3009 as can be, and means something else.
    if word.contains(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(word, name), name));
    let (score, name) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.8).then(|| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_near_are_named_and_numbers_are_not() {
        let known = ["split-run", "kept-package-cache", "DL3009"];
        assert_eq!(did_you_mean("splitrun", known).unwrap(), "; did you mean `split-run`?");
        assert_eq!(did_you_mean("zzz", known), None);
        assert_eq!(did_you_mean("DL3008", known), None);
    }
}
