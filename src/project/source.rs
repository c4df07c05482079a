//! A file of the build context as text, with its lines.

use super::files::Unread;
use super::finding::evidence;
use crate::proposal::Evidence;
use crate::text::LineIndex;
use std::cell::OnceCell;

/// So much of a file is looked at to tell text from binary; the same as git's.
const SNIFFED: usize = 8000;

/// A text file of the context.
#[derive(Debug)]
pub struct Source {
    /// Its path in the context.
    pub path: String,
    /// Its text, byte order mark removed; bytes that are not UTF-8 are replaced.
    pub text: String,
    lines: OnceCell<LineIndex>,
}

impl Source {
    /// A text that was not read from the context.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), lines: OnceCell::new() }
    }

    /// Reads UTF-8, or UTF-16 by its byte order mark (pip reads such requirements files, PowerShell writes them).
    pub(super) fn decode(path: &str, bytes: Vec<u8>) -> Result<Self, Unread> {
        let text = match bytes.as_slice() {
            [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
            bytes if bytes.iter().take(SNIFFED).any(|&byte| byte == 0) => return Err(Unread::Binary),
            _ => match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            },
        };
        Ok(Self::new(path, text))
    }

    /// The line, from 1, in which the byte at `offset` lies.
    pub fn line(&self, offset: usize) -> usize {
        self.lines.get_or_init(|| LineIndex::new(&self.text)).line(offset)
    }

    /// The line in which `needle` first stands.
    pub fn line_of(&self, needle: &str) -> Option<usize> {
        self.text.find(needle).map(|offset| self.line(offset))
    }

    /// A fact read at `offset`.
    pub fn evidence(&self, offset: usize, fact: impl Into<String>) -> Evidence {
        evidence(&self.path, Some(self.line(offset)), fact)
    }

    /// A fact about the file as a whole.
    pub fn whole(&self, fact: impl Into<String>) -> Evidence {
        evidence(&self.path, None, fact)
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}
