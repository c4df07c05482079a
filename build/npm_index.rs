//! `facts/npm-index.tsv` → `STARTS` and `ENTRIES` of `src/project/node/npm_index.rs`.
//!
//! Names follow each other in blocks; of each name but the first of a block only what differs from the one before
//! is kept: a byte for how many bytes are shared (with [`NOTED`] when a note follows), one for how many are new,
//! these, and the note with its length before it.

use std::fmt::Write;

/// Names in a block: what a look-up reads at most, after its binary search over the blocks.
const BLOCK: usize = 16;
/// Set in the first byte of an entry with a note.
const NOTED: usize = 0x80;

/// The table as Rust, and its entries.
pub(crate) fn table(tsv: &str) -> (String, Vec<u8>) {
    let mut out = String::from("static STARTS: &[u32] = &[");
    let mut entries: Vec<u8> = Vec::new();
    let (mut last, mut above) = ("", "");
    for (at, line) in tsv.lines().filter(|line| !line.starts_with('#')).enumerate() {
        let (name, note) = line.split_once('\t').unwrap_or((line, ""));
        assert!(above < name, "{name} comes after {above}");
        above = name;
        if at % BLOCK == 0 {
            let start = entries.len();
            write!(out, "0x{:04x}_{:04x},", start >> 16, start & 0xffff).expect("writing to a string");
            last = "";
        }
        let shared = last.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count().min(NOTED - 1);
        entries.push(byte(shared | if note.is_empty() { 0 } else { NOTED }));
        entries.push(byte(name.len() - shared));
        entries.extend(&name.as_bytes()[shared..]);
        if !note.is_empty() {
            entries.push(byte(note.len()));
            entries.extend(note.as_bytes());
        }
        last = name;
    }
    (out + "];\n", entries)
}

fn byte(length: usize) -> u8 {
    u8::try_from(length).expect("names and notes are shorter than 256 bytes")
}
