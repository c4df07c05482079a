//! JSON arrays of strings, with the place of each element.
//!
//! Not `serde_json`: the places are needed, and where Go's `encoding/json` differs (a lone surrogate becomes
//! U+FFFD, 10,000 levels may nest, a number beyond `f64` is an error) Go's answer is the one that counts.

use std::ops::Range;

/// Go refuses deeper values (`maxNestingDepth` in `encoding/json/scanner.go`).
const DEEPEST: usize = 10_000;

/// What a text is, as a JSON array.
#[derive(Debug, PartialEq)]
pub(super) enum Array {
    /// An array of strings: their values, and where they stand with their quotes.
    Strings(Vec<(String, Range<usize>)>),
    /// An array with something else in it: where the first such element stands.
    NotStrings(Range<usize>),
    /// No array, or more than one, or not JSON at all.
    NotJson,
}

/// Reads `text`, which must be one array from its first to its last byte.
pub(super) fn read(text: &str) -> Array {
    if !text.starts_with('[') {
        return Array::NotJson;
    }
    Reader { text, at: 0 }.array().unwrap_or(Array::NotJson)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    /// The outermost array; `None` where the text is not JSON.
    fn array(&mut self) -> Option<Array> {
        let mut strings = Vec::new();
        let mut other = None;
        self.expect(b'[')?;
        let mut done = self.accept(b']');
        while !done {
            self.skip_space();
            let start = self.at;
            if self.peek() == Some(b'"') {
                let value = self.string()?;
                strings.push((value, start..self.at));
            } else {
                self.other_value()?;
                other = other.or(Some(start..self.at));
            }
            done = self.accept(b']');
            if !done {
                self.expect(b',')?;
            }
        }
        self.skip_space();
        (self.at == self.text.len()).then(|| other.map_or(Array::Strings(strings), Array::NotStrings))
    }

    /// Steps over one value of any kind; open brackets are kept on a stack of our own.
    fn other_value(&mut self) -> Option<()> {
        let mut open = Vec::new();
        loop {
            self.skip_space();
            let bracket = self.peek()?;
            match bracket {
                b'[' | b'{' => {
                    self.at += 1;
                    open.push(bracket);
                    if open.len() >= DEEPEST {
                        return None;
                    }
                    if !self.accept(closing(bracket)) {
                        self.key_if_object(bracket)?;
                        continue;
                    }
                    open.pop();
                }
                b'"' => drop(self.string()?),
                b'-' | b'0'..=b'9' => self.number()?,
                _ => self.literal()?,
            }
            // A value has ended; so may the values around it.
            loop {
                let Some(&bracket) = open.last() else { return Some(()) };
                if !self.accept(closing(bracket)) {
                    self.expect(b',')?;
                    self.key_if_object(bracket)?;
                    break;
                }
                open.pop();
            }
        }
    }

    fn key_if_object(&mut self, bracket: u8) -> Option<()> {
        if bracket == b'{' {
            self.skip_space();
            self.string()?;
            self.expect(b':')?;
        }
        Some(())
    }

    fn literal(&mut self) -> Option<()> {
        let word = ["true", "false", "null"].into_iter().find(|word| self.text[self.at..].starts_with(word))?;
        self.at += word.len();
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.accept_here(b'-');
        if !self.accept_here(b'0') {
            self.digits()?;
        }
        if self.accept_here(b'.') {
            self.digits()?;
        }
        if self.accept_here(b'e') || self.accept_here(b'E') {
            let _sign = self.accept_here(b'+') || self.accept_here(b'-');
            self.digits()?;
        }
        self.text[start..self.at].parse::<f64>().is_ok_and(f64::is_finite).then_some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<String> {
        if !self.accept_here(b'"') {
            return None;
        }
        let mut value = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|char| matches!(char, '"' | '\\' | '\0'..='\x1f'))?;
            value.push_str(&rest[..plain]);
            self.at += plain + 1;
            match rest.as_bytes()[plain] {
                b'"' => return Some(value),
                b'\\' => value.push(self.escaped()?),
                _ => return None,
            }
        }
    }

    /// The character that the escape sequence after a backslash stands for.
    fn escaped(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    /// `\uXXXX`, two of them where they are a surrogate pair.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        let before = self.at;
        if (0xd800..0xdc00).contains(&first)
            && self.text[self.at..].starts_with("\\u")
            && let Some(second) = {
                self.at += 2;
                self.hex()
            }
            && let Some(Ok(char)) = char::decode_utf16([first, second]).next()
        {
            return Some(char);
        }
        self.at = before;
        Some(char::from_u32(first.into()).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        let all_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        self.at += 4;
        all_hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.accept(byte).then_some(())
    }

    /// Skips white space, then `byte` if it is there.
    fn accept(&mut self, byte: u8) -> bool {
        self.skip_space();
        self.accept_here(byte)
    }

    fn accept_here(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

fn closing(bracket: u8) -> u8 {
    if bracket == b'[' { b']' } else { b'}' }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(text: &str) -> Option<Vec<String>> {
        match read(text) {
            Array::Strings(strings) => Some(strings.into_iter().map(|(value, _)| value).collect()),
            _ => None,
        }
    }

    #[test]
    fn arrays_of_strings() {
        assert_eq!(strings("[]"), Some(vec![]));
        assert_eq!(strings(r#"[ "a" ,"b\n\u00e9\/" ]"#), Some(vec!["a".into(), "b\né/".into()]));
        assert_eq!(
            strings(r#"["\ud83d\ude00 \ud83d \ude00\ud83dx"]"#),
            Some(vec!["😀 \u{fffd} \u{fffd}\u{fffd}x".into()])
        );
        assert_eq!(read(r#"[ "a"]"#), Array::Strings(vec![("a".into(), 2..5)]));
    }

    #[test]
    fn arrays_of_other_things() {
        for text in ["[1]", "[-0.5e+3 ]", "[null,\"a\"]", "[[]]", "[{}]", r#"[{"a":[1,{"b":"c"}],"d":true}]"#] {
            assert!(matches!(read(text), Array::NotStrings(_)), "{text}");
        }
        assert_eq!(read(r#"["a", 12 ,"b"]"#), Array::NotStrings(6..8));
    }

    #[test]
    fn no_arrays() {
        let texts = [
            "",
            "[",
            "['a']",
            r#"["a",]"#,
            r#"["a"] # b"#,
            r#"["a"]]"#,
            r#"["a" "b"]"#,
            r#"["\x"]"#,
            "[\"\t\"]",
            "[01]",
            "[1.]",
            "[1e999]",
            "[tru]",
            "[{\"a\"}]",
            "[{a:1}]",
            "[{]",
            "[,]",
            r#"["\u12"]"#,
            r#"["a]"#,
            "[[1,]]",
        ];
        for text in texts {
            assert_eq!(read(text), Array::NotJson, "{text}");
        }
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(matches!(read(&deep(10_000)), Array::NotStrings(_)));
        assert_eq!(read(&deep(10_001)), Array::NotJson);
    }
}
