//! Which files git tracks, read from its index: `gitformat-index(5)`, versions 2 to 4.
//!
//! What is tracked is an input; what is not is absent from a clean checkout, and so from a build in CI.

use super::context::Context;
use super::files::EntryKind;
use super::paths;

/// The file, in the root of a repository.
const FILE: &str = ".git/index";
/// Stat data, object name and flags of an entry, before its path.
const FIXED: usize = 62;
/// The object name (SHA-1) at the end of the file.
const CHECKSUM: usize = 20;

/// The tracked files of a repository, sorted as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracked {
    paths: Vec<String>,
}

impl Tracked {
    /// Of the repository whose root is the root of `repository`; paths as seen from the directory `dir` of it. `None`
    /// when there is no index, or none that is understood.
    pub fn read(repository: &Context, dir: &str) -> Option<Self> {
        if repository.kind(".git") != Some(EntryKind::Directory) {
            return None;
        }
        let all = Self::parse(&repository.bytes(FILE).ok()?)?;
        if dir.is_empty() {
            return Some(all);
        }
        let below = |path: String| paths::below(dir, &path).filter(|rest| !rest.is_empty()).map(str::to_owned);
        Some(Self { paths: all.paths.into_iter().filter_map(below).collect() })
    }

    /// These files.
    pub fn of<P: Into<String>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        paths.sort();
        paths.dedup();
        Self { paths }
    }

    /// Reads the bytes of an index.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let version = number(bytes, 4)?;
        if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
            return None;
        }
        let (mut at, mut found, mut last) = (12, Vec::new(), Vec::new());
        for _ in 0..number(bytes, 8)? {
            let flags = u16::from_be_bytes(bytes.get(at + FIXED - 2..at + FIXED)?.try_into().ok()?);
            let mut name = at + FIXED + if version > 2 && flags & 0x4000 != 0 { 2 } else { 0 };
            if version == 4 {
                let (strip, length) = varint(bytes.get(name..)?)?;
                last.truncate(last.len().checked_sub(strip)?);
                name += length;
            } else {
                last.clear();
            }
            let end = name + bytes.get(name..)?.iter().position(|&byte| byte == 0)?;
            last.extend_from_slice(bytes.get(name..end)?);
            let told = usize::from(flags & 0x0fff);
            // Otherwise it is of a repository with other object names.
            if told < 0x0fff && told != last.len() {
                return None;
            }
            found.push(String::from_utf8_lossy(&last).into_owned());
            // Filled up with one to eight NULs.
            at = if version == 4 { end + 1 } else { at + (end - at + 8) / 8 * 8 };
        }
        while at + 8 <= bytes.len().checked_sub(CHECKSUM)? {
            // Of a split or a sparse index, this is not all.
            if matches!(bytes.get(at..at + 4)?, b"link" | b"sdir") {
                return None;
            }
            at += 8 + number(bytes, at + 4)?;
        }
        Some(Self::of(found))
    }

    /// All of them.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The first tracked file that is `path` or lies in it.
    pub fn at(&self, path: &str) -> Option<&str> {
        let start = self.paths.partition_point(|own| own.as_str() < path);
        // `a-b` sorts between `a` and `a/b`.
        let inside = format!("{path}/");
        let below = self.paths.partition_point(|own| own.as_str() < inside.as_str());
        let exact = self.paths.get(start).filter(|own| *own == path);
        exact.or_else(|| self.paths.get(below).filter(|own| own.starts_with(&inside))).map(String::as_str)
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// The "offset encoding" of pack files: its value, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = usize::from(bytes.first()? & 0x7f);
    let mut length = 1;
    while bytes.get(length - 1)? & 0x80 != 0 {
        value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(bytes.get(length)? & 0x7f))?;
        length += 1;
    }
    Some((value, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(version: u32, names: &[&str]) -> Vec<u8> {
        let mut bytes = b"DIRC".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        let mut last = "";
        for name in names {
            let start = bytes.len();
            bytes.extend([0; FIXED - 2]);
            bytes.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
            if version == 4 {
                let same = name.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
                bytes.push(u8::try_from(last.len() - same).unwrap());
                bytes.extend(&name.as_bytes()[same..]);
                bytes.push(0);
                last = name;
                continue;
            }
            bytes.extend(name.as_bytes());
            let filled = (bytes.len() - start + 8) / 8 * 8;
            bytes.resize(start + filled, 0);
        }
        bytes.extend([0; CHECKSUM]);
        bytes
    }

    #[test]
    fn all_versions_are_read() {
        let names = ["a", "a-b", "a/b/c.txt", "src/main.rs"];
        for version in 2..=4 {
            let tracked = Tracked::parse(&index(version, &names)).unwrap();
            assert_eq!(tracked.paths(), names, "version {version}");
            assert_eq!(tracked.at("a/b"), Some("a/b/c.txt"));
            assert_eq!(tracked.at("src"), Some("src/main.rs"));
            assert_eq!(tracked.at("sr"), None);
            assert_eq!(tracked.at("a"), Some("a"));
        }
        assert_eq!(Tracked::parse(&index(5, &names)), None);
        assert_eq!(Tracked::parse(b"DIRC"), None);
        assert_eq!(Tracked::parse(&index(2, &names)[..100]), None);
    }

    #[test]
    fn part_of_an_index_is_none() {
        let mut bytes = index(2, &["a"]);
        bytes.truncate(bytes.len() - CHECKSUM);
        bytes.extend(b"link\0\0\0\0");
        bytes.extend([0; CHECKSUM]);
        assert_eq!(Tracked::parse(&bytes), None);
    }
}
