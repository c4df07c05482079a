//! The leading `--name=value` words of an instruction.

use std::ops::Range;

/// One flag word.
pub(super) struct FlagWord {
    /// Quotes and escape characters removed.
    pub(super) text: String,
    /// Where it stands in the line, quotes included.
    pub(super) range: Range<usize>,
}

/// The flags at the start of `line`, and the offset at which the arguments start.
///
/// BuildKit reads bytes here and takes each for a character (`extractBuilderFlags` in `split_command.go`): a
/// letter outside ASCII falls into Latin-1 pieces, of which 0x85 and 0xA0 count as white space. So do we.
pub(super) fn split(line: &str, escape: char) -> (Vec<FlagWord>, usize) {
    let bytes = line.as_bytes();
    let mut flags = Vec::new();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|&byte| is_space(byte)) {
            at += 1;
        }
        if !bytes[at..].starts_with(b"--") {
            return (flags, char_boundary(line, at));
        }
        let mut flag = word(bytes, at, escape);
        at = flag.range.end;
        flag.range.end = char_boundary(line, at);
        if flag.text == "--" {
            return (flags, char_boundary(line, at));
        }
        flags.push(flag);
    }
}

/// The word that starts at `start`.
fn word(bytes: &[u8], start: usize, escape: char) -> FlagWord {
    let mut text = String::new();
    let mut quote = None;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let char = char::from(byte);
        if quote.is_none() && is_space(byte) {
            break;
        }
        at += 1;
        if quote == Some(char) {
            quote = None;
        } else if quote.is_none() && matches!(char, '\'' | '"') {
            quote = Some(char);
        } else if char == escape {
            // An escape character at the end of the line stands for nothing.
            if let Some(&escaped) = bytes.get(at) {
                text.push(char::from(escaped));
                at += 1;
            }
        } else {
            text.push(char);
        }
    }
    FlagWord { text, range: start..at }
}

/// Where in `line`, from `at` on, the first byte is that `is_wanted`; at its end if there is none.
pub(super) fn find_byte(line: &str, at: usize, is_wanted: impl Fn(u8) -> bool) -> usize {
    let found = line.as_bytes()[at..].iter().position(|&byte| is_wanted(byte));
    char_boundary(line, found.map_or(line.len(), |found| at + found))
}

/// White space in Latin-1.
pub(super) fn is_space(byte: u8) -> bool {
    char::from(byte).is_whitespace()
}

/// A letter whose last byte looks like white space can leave us within a letter; that rest is nobody's.
fn char_boundary(line: &str, at: usize) -> usize {
    (at..line.len()).find(|&at| line.is_char_boundary(at)).unwrap_or(line.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> (Vec<String>, &str) {
        let (flags, rest) = split(line, '\\');
        (flags.into_iter().map(|flag| flag.text).collect(), &line[rest..])
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        assert_eq!(read("--a --b='c d' e --f"), (vec!["--a".into(), "--b=c d".into()], "e --f"));
        assert_eq!(read("--a -- --b"), (vec!["--a".into()], " --b"));
        assert_eq!(read(r"--a\ b c"), (vec!["--a b".into()], "c"));
        assert_eq!(read("-a b"), (vec![], "-a b"));
        assert_eq!(read("--"), (vec![], ""));
    }

    #[test]
    fn a_flag_outside_ascii_falls_apart_as_in_buildkit() {
        assert_eq!(read("--x=é a"), (vec!["--x=Ã©".into()], "a"));
        assert_eq!(read("--x=à a"), (vec!["--x=Ã".into()], "a"));
        assert_eq!(read("--x=\u{2801}a"), (vec!["--x=â".into()], "a"));
    }
}
