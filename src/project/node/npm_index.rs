//! Which packages of npm run a script when they are installed, by public lock files: for locks that do not record it.
//!
//! The table is `facts/npm-index.tsv`, packed at build time; `facts/npm-index.py` says what its lines are, and how
//! it was made. A package counts as harmless when it was seen in at least one lock and in no version seen it ran a
//! script: versions that were not seen are taken to be like these. A package not seen is unknown.

use super::version::{self, Version};

include!(concat!(env!("OUT_DIR"), "/npm_index.rs"));

static ENTRIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/npm_index.bin"));

/// Set in the first byte of an entry with a note.
const NOTED: u8 = 0x80;

/// Whether installing `version` of `name` runs a script; `None` when that is not known.
pub fn runs_script(name: &str, version: &str) -> Option<bool> {
    match find(name)? {
        "" => Some(false),
        "!" => Some(true),
        ranges => {
            let version = version::parse(version)?;
            Some(!ranges.split(' ').any(|range| holds(range, version)))
        }
    }
}

/// `FIRST..LAST`, both of it, or `FIRST..`.
fn holds(range: &str, version: Version) -> bool {
    let Some((first, last)) = range.split_once("..") else { return false };
    let open = last.is_empty();
    version::parse(first).is_some_and(|first| first <= version)
        && (open || version::parse(last).is_some_and(|last| version <= last))
}

/// The note of `name`: empty, `!` or ranges; `None` when it is not in the table.
fn find(name: &str) -> Option<&'static str> {
    let block = STARTS.partition_point(|&start| first_name(start) <= name.as_bytes()).checked_sub(1)?;
    let end = STARTS.get(block + 1).map_or(ENTRIES.len(), |&end| end as usize);
    let mut rest = ENTRIES.get(STARTS[block] as usize..end)?;
    let mut current: Vec<u8> = Vec::new();
    while let Some((entry, after)) = entry(rest) {
        current.truncate(entry.shared);
        current.extend(entry.new);
        if current == name.as_bytes() {
            return std::str::from_utf8(entry.note).ok();
        }
        rest = after;
    }
    None
}

/// The first name of a block stands there in full.
fn first_name(start: u32) -> &'static [u8] {
    ENTRIES.get(start as usize..).and_then(entry).map_or(&[], |(entry, _)| entry.new)
}

struct Entry {
    shared: usize,
    new: &'static [u8],
    note: &'static [u8],
}

/// The first entry of `bytes`, and what comes after it.
fn entry(bytes: &'static [u8]) -> Option<(Entry, &'static [u8])> {
    let (&[head, length], rest) = bytes.split_first_chunk()?;
    let (new, rest) = rest.split_at_checked(length.into())?;
    let (note, rest) = match rest.split_first() {
        Some((&length, rest)) if head & NOTED != 0 => rest.split_at_checked(length.into())?,
        _ => (&rest[..0], rest),
    };
    Some((Entry { shared: (head & !NOTED).into(), new, note }, rest))
}
