//! Names and versions of Python packages, as PEP 503 and PEP 440 compare them.

use std::cmp::Ordering;

/// `name` in the form in which two spellings of one package are equal: `Foo_Bar.baz` is `foo-bar-baz`.
pub fn normalize(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.trim().chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            letter => normal.push(letter.to_ascii_lowercase()),
        }
    }
    normal
}

/// A version in the order of PEP 440: epoch, release, then dev < a < b < rc < final < post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    epoch: u64,
    /// `1.2.0` as `[1, 2]`: trailing zeros do not count.
    release: Vec<u64>,
    /// What follows the release: its rank and number.
    suffix: (i8, u64),
}

impl Version {
    /// Reads `text`; `None` when it is no version (`1.*`, `latest`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let text = text.split('+').next()?;
        let (epoch, rest) = match text.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, text),
        };
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let numbers = rest[..end].trim_end_matches('.');
        let mut release = numbers.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        while release.len() > 1 && release.last() == Some(&0) {
            release.pop();
        }
        Some(Self { epoch, release, suffix: suffix(&rest[end..])? })
    }

    /// The numbers of the release, trailing zeros removed.
    pub fn release(&self) -> &[u64] {
        &self.release
    }

    /// What its author keeps alike: the major version, below 1 the minor one.
    pub fn line(&self) -> (u64, u64, u64) {
        match self.release[..] {
            [0, minor, ..] => (self.epoch, 0, minor),
            [major, ..] => (self.epoch, major, 0),
            [] => (self.epoch, 0, 0),
        }
    }
}

fn suffix(text: &str) -> Option<(i8, u64)> {
    let text = text.trim_start_matches(['.', '-', '_']);
    if text.is_empty() {
        return Some((0, 0));
    }
    let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let end = text[digits..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |at| digits + at);
    let number = text[digits..end].parse().unwrap_or(0);
    let rank = match text[..digits].trim_end_matches(['.', '-', '_']) {
        "dev" => -4,
        "a" | "alpha" => -3,
        "b" | "beta" => -2,
        "rc" | "c" | "pre" | "preview" => -1,
        "post" | "rev" | "r" | "" => 1,
        _ => return None,
    };
    Some((rank, number))
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |version: &Self| (version.epoch, version.release.clone(), version.suffix);
        key(self).cmp(&key(other))
    }
}

/// Whether `version` lies in `first..=last`; `None` when one of them is no version.
pub fn between(version: &str, first: &str, last: &str) -> Option<bool> {
    let version = Version::parse(version)?;
    Some(Version::parse(first)? <= version && version <= Version::parse(last)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        assert_eq!(normalize("Foo__Bar.baz"), "foo-bar-baz");
        assert_eq!(normalize(" cx_Oracle "), "cx-oracle");
    }

    #[test]
    fn versions_are_ordered_as_in_pep_440() {
        let ordered = ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.9", "1.10", "1!0.1"];
        for pair in ordered.windows(2) {
            assert!(Version::parse(pair[0]) < Version::parse(pair[1]), "{pair:?}");
        }
        assert_eq!(Version::parse("1.0.0+cpu"), Version::parse("v1"));
        assert_eq!(Version::parse("1.*"), None);
        assert_eq!(Version::parse(""), None);
        assert_eq!(between("3.9", "3.8.0", "3.14.5"), Some(true));
    }
}
