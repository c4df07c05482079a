//! What a package needs in turn.

use super::{Package, holds, told};
use crate::project::python::name::Version;
use crate::proposal::Evidence;

/// Something that a package needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Normalized.
    pub name: &'static str,
    /// Normalized.
    pub extra: Option<&'static str>,
    /// `<2`: what keeps newer versions out, where that matters.
    pub limit: &'static str,
}

/// Versions that need the same.
struct Row {
    first: Version,
    last: Version,
    pythons: &'static str,
    needs: &'static str,
}

/// The newest interpreter that the table speaks of stands for one that is not known.
const NEWEST: u16 = 14;

impl Package {
    /// What it (`extra`: this extra of it) needs on Linux, with the evidence; `None` when that is not known.
    pub fn needs(
        &self,
        extra: Option<&str>,
        version: Option<&str>,
        specifier: &str,
        python: Option<u16>,
    ) -> Option<(Vec<Need>, Evidence)> {
        let chosen = self.chosen(version, specifier, python)?;
        let version = Version::parse(chosen)?;
        let minor = python.unwrap_or(NEWEST);
        let rows: Vec<Row> = self.rows(extra).collect();
        let mut all = Vec::new();
        for row in around(&rows, &version)? {
            let seen = nearest(row.pythons, minor)?;
            all.extend(row.needs.split(' ').filter_map(|text| need(text, seen)));
            // What an interpreter has not yet, older versions needed on it too.
            if seen != minor {
                let older = rows.iter().rfind(|other| other.last < row.first && holds(other.pythons, minor));
                all.extend(
                    older.into_iter().flat_map(|other| other.needs.split(' ')).filter_map(|text| need(text, minor)),
                );
            }
        }
        let name = self.name;
        Some((all, told(format!("{name} {chosen} needs what is listed"))))
    }

    fn rows(&self, extra: Option<&str>) -> impl Iterator<Item = Row> {
        self.rows.lines().skip(1).filter_map(move |line| {
            let mut columns = line.split('\t').skip(1);
            if columns.next()? != extra.unwrap_or_default() {
                return None;
            }
            let span = columns.next()?;
            let (first, last) = span.split_once("..").unwrap_or((span, span));
            let (pythons, needs) = (columns.next()?, columns.next().unwrap_or_default());
            Some(Row { first: Version::parse(first)?, last: Version::parse(last)?, pythons, needs })
        })
    }
}

/// The row that holds `version`; where none does, the ones before and after it.
fn around<'r>(rows: &'r [Row], version: &Version) -> Option<Vec<&'r Row>> {
    if let Some(row) = rows.iter().find(|row| row.first <= *version && *version <= row.last) {
        return Some(vec![row]);
    }
    let before = rows.iter().rfind(|row| row.last < *version);
    let after = rows.iter().find(|row| *version < row.first);
    match (before, after) {
        (Some(before), Some(after)) => Some(vec![before, after]),
        // Newer than all that was seen, but not by much.
        (Some(before), None) => (version.line().1 <= before.last.line().1 + 1).then(|| vec![before]),
        (None, Some(after)) => (after.first.line() == version.line()).then(|| vec![after]),
        (None, None) => None,
    }
}

/// Versions of the interpreter that lie so near to each other need much the same.
const NEAR: u16 = 2;

/// The minor version for which needs were seen that is nearest to `minor`.
fn nearest(pythons: &str, minor: u16) -> Option<u16> {
    (0..=NEAR).flat_map(|far| [minor + far, minor.saturating_sub(far)]).find(|&near| holds(pythons, near))
}

/// Reads `name[extra]<2:8-10`; `None` when it is for other interpreters.
fn need(text: &'static str, minor: u16) -> Option<Need> {
    let (text, minors) = text.split_once(':').map_or((text, None), |(text, minors)| (text, Some(minors)));
    if text.is_empty() || minors.is_some_and(|minors| !holds(minors, minor)) {
        return None;
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (extra, limit) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extra, limit)) => (Some(extra), limit),
        None => (None, rest),
    };
    Some(Need { name, extra, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_are_read() {
        let all = |text| need(text, 9);
        assert_eq!(all("idna"), Some(Need { name: "idna", extra: None, limit: "" }));
        assert_eq!(all("a-b[c]<2,>1:8-9"), Some(Need { name: "a-b", extra: Some("c"), limit: "<2,>1" }));
        assert_eq!(all("tomli:10-14"), None);
        assert_eq!(all(""), None);
    }
}
