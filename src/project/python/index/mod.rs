//! What public lock files say of the packages of `PyPI`: which files their versions have, and what they need.
//!
//! The table is `facts/python-index.tsv` as it stands, searched line by line; its columns are described in
//! `facts/python-index.py`. What is not in there is unknown. What is newer than the table is taken to be like
//! the newest version in it: wheels are rarely given up, and new needs are rare.

mod files;
mod needs;

use super::name::Version;
use super::specifier::allows;
use crate::project::finding::evidence;
use crate::proposal::Evidence;
pub use needs::Need;

static TABLE: &str = include_str!("../../../../facts/python-index.tsv");

/// Names the table in evidence.
const SOURCE: &str = "public lock files";

/// The whole table, for who checks it.
pub const fn table() -> &'static str {
    TABLE
}

/// A package that some lock file lists.
#[derive(Clone, Copy, Debug)]
pub struct Package {
    /// Normalized.
    pub name: &'static str,
    rows: &'static str,
}

/// The package `name` (normalized), when a lock file lists it.
pub fn package(name: &str) -> Option<Package> {
    let (mut low, mut high) = (0, TABLE.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start =
            TABLE.as_bytes()[low..middle].iter().rposition(|&byte| byte == b'\n').map_or(low, |at| low + at + 1);
        let line = TABLE[start..].lines().next().unwrap_or_default();
        if line.split('\t').next() < Some(name) {
            low = (start + line.len() + 1).min(TABLE.len());
        } else {
            high = start;
        }
    }
    let rest = &TABLE[low..];
    let own = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('\t'));
    let length = rest.split_inclusive('\n').take_while(|line| own(line)).map(str::len).sum();
    let rows: &str = &rest[..length];
    (!rows.is_empty()).then(|| Package { name: &rows[..name.len()], rows })
}

impl Package {
    /// The first version seen, the newest one, and the newest of each line between.
    fn versions(&self) -> impl Iterator<Item = &'static str> {
        self.column(2).split(' ')
    }

    /// What its files are, by kind.
    fn tokens(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.column(3)
            .split(' ')
            .filter(|token| !token.is_empty())
            .map(|token| token.split_once('=').unwrap_or((token, "")))
    }

    fn column(&self, index: usize) -> &'static str {
        self.rows.lines().next().and_then(|line| line.split('\t').nth(index)).unwrap_or_default()
    }

    /// The version that pip takes: the one asked for, or the newest known that `specifier` and the interpreter
    /// allow.
    fn chosen<'v>(&self, version: Option<&'v str>, specifier: &str, python: Option<u16>) -> Option<&'v str> {
        if version.is_some() {
            return version;
        }
        let newest = python.and_then(|minor| self.newest_on(minor)).and_then(Version::parse);
        let fits = |version: &&str| {
            let parsed = Version::parse(version);
            let supported = newest.as_ref().is_none_or(|newest| parsed.as_ref().is_some_and(|one| one <= newest));
            supported && allows(specifier, version) == Some(true)
        };
        // The newest one for an old interpreter need not be the newest of its line.
        let last = python.and_then(|minor| self.newest_on(minor)).filter(fits);
        last.or_else(|| self.versions().filter(fits).last())
    }

    /// The newest version for an interpreter that the newest of all does not support.
    fn newest_on(&self, minor: u16) -> Option<&'static str> {
        let mut limits = self.tokens().filter_map(|(kind, value)| Some((kind.strip_prefix('p')?, value)));
        limits.find(|(minors, _)| holds(minors, minor)).and_then(|(_, value)| value.strip_prefix(".."))
    }
}

/// A fact of the table.
fn told(fact: String) -> Evidence {
    evidence(SOURCE, None, fact)
}

/// Whether `8-10,12` holds `minor`.
fn holds(minors: &str, minor: u16) -> bool {
    minors.split(',').any(|span| {
        let (first, last) = span.split_once('-').unwrap_or((span, span));
        first.parse().is_ok_and(|first: u16| first <= minor) && last.parse().is_ok_and(|last: u16| minor <= last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_itself() {
        let mut names: Vec<&str> =
            TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next()).collect();
        assert!(names.is_sorted(), "the search needs an order");
        names.dedup();
        assert!(names.len() > 1000);
        for name in names {
            assert_eq!(package(name).unwrap().name, name);
        }
        for name in ["", "#", "flas", "flaskk", "zzzz", "0"] {
            assert!(package(name).is_none(), "{name}");
        }
    }

    #[test]
    fn spans_of_minor_versions() {
        assert!(holds("8-10,12", 9) && holds("8-10,12", 12) && !holds("8-10,12", 11) && !holds("", 8));
    }
}
