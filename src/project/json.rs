//! JSON that remembers where each value stands, for evidence with a line; and JSONC (comments, trailing commas)
//! as tsconfig.json and bun.lock are written.

use std::borrow::Cow;

/// Values nested deeper are refused: a file of brackets may not exhaust the stack.
const DEEPEST: usize = 100;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Json {
    /// Offset of its first byte; in an object, of its key.
    pub at: usize,
    /// The value.
    pub value: Value,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// As written.
    Number(String),
    /// Unescaped.
    String(String),
    /// In order.
    Array(Vec<Json>),
    /// In order of writing; a key may stand twice.
    Object(Vec<(String, Json)>),
}

/// Which dialect is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// RFC 8259.
    Strict,
    /// With comments and trailing commas.
    Commented,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Offset of the byte that does not fit.
    pub at: usize,
    /// What was expected; lower case, no full stop.
    pub message: String,
}

impl Json {
    /// Reads `text`.
    pub fn parse(text: &str, dialect: Dialect) -> Result<Self, Malformed> {
        let mut reader = Reader { text, at: 0, dialect };
        reader.blanks()?;
        let value = reader.value(0)?;
        reader.blanks()?;
        if reader.at < text.len() { Err(reader.expected("the end of the file")) } else { Ok(value) }
    }

    /// The member called `key`; the last one when it stands twice, as JavaScript reads it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value at the end of a path of keys.
    pub fn at_path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The members of an object; none for anything else.
    pub fn members(&self) -> &[(String, Self)] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    /// The items of an array; none for anything else.
    pub fn items(&self) -> &[Self] {
        if let Value::Array(items) = &self.value { items } else { &[] }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self.value { Some(value) } else { None }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expected(&self, what: &str) -> Malformed {
        Malformed { at: self.at.min(self.text.len()), message: format!("malformed JSON, {what} expected") }
    }

    /// Skips white space, and comments where they are allowed.
    fn blanks(&mut self) -> Result<(), Malformed> {
        loop {
            self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
            if self.dialect == Dialect::Strict {
                return Ok(());
            }
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                let Some(end) = self.rest().find("*/") else { return Err(self.expected("`*/`")) };
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Malformed> {
        if depth > DEEPEST {
            return Err(self.expected("less nesting"));
        }
        let at = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word()?,
        };
        Ok(Json { at, value })
    }

    fn word(&mut self) -> Result<Value, Malformed> {
        for (word, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.expected("a value"))
    }

    fn number(&mut self) -> Value {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let len = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        let text = self.rest()[..len].to_owned();
        self.at += len;
        Value::Number(text)
    }

    fn object(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut members = Vec::new();
        self.at += 1;
        while self.another(b'}', members.is_empty())? {
            let at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let key = self.string()?;
            self.blanks()?;
            if self.peek() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            self.blanks()?;
            let value = self.value(depth + 1)?.value;
            members.push((key, Json { at, value }));
        }
        Ok(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut items = Vec::new();
        self.at += 1;
        while self.another(b']', items.is_empty())? {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::Array(items))
    }

    /// Steps over the comma before the next element, or over the closing bracket (then `false`).
    fn another(&mut self, close: u8, first: bool) -> Result<bool, Malformed> {
        self.blanks()?;
        if !first {
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.blanks()?;
                    if self.peek() == Some(close) && self.dialect == Dialect::Strict {
                        return Err(self.expected("another element after `,`"));
                    }
                }
                Some(byte) if byte == close => {}
                _ => return Err(self.expected(&format!("`,` or `{}`", char::from(close)))),
            }
        }
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(false);
        }
        Ok(true)
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let bytes = self.text.as_bytes();
        let mut end = self.at + 1;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    let inside = &self.text[self.at + 1..end];
                    let text = unescape(inside).ok_or_else(|| self.expected("a known escape in the string"))?;
                    self.at = end + 1;
                    return Ok(text.into_owned());
                }
                b'\\' => end += 2,
                b'\n' => break,
                _ => end += 1,
            }
        }
        Err(self.expected("the closing `\"` of a string"))
    }
}

/// The text that the inside of a string literal stands for.
fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(Cow::Borrowed(text));
    }
    let (mut units, mut chars): (Vec<u16>, _) = (Vec::with_capacity(text.len()), text.chars());
    while let Some(c) = chars.next() {
        let unit = match c {
            '\\' => match chars.next()? {
                'n' => 0x0A,
                't' => 0x09,
                'r' => 0x0D,
                'b' => 0x08,
                'f' => 0x0C,
                'u' => {
                    let hex = chars.as_str().get(..4)?;
                    chars = chars.as_str()[4..].chars();
                    u16::from_str_radix(hex, 16).ok()?
                }
                plain @ ('"' | '\\' | '/') => plain as u16,
                _ => return None,
            },
            c => {
                units.extend(c.encode_utf16(&mut [0; 2]).iter());
                continue;
            }
        };
        units.push(unit);
    }
    Some(Cow::Owned(String::from_utf16_lossy(&units)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_place() {
        let text = "{\n  \"a\": {\"b\": [1, \"x\\u0041\\n\"]},\n  \"a\": true\n}";
        let json = Json::parse(text, Dialect::Strict).unwrap();
        assert_eq!(json.get("a").unwrap().as_bool(), Some(true));
        assert_eq!(json.get("a").unwrap().at, text.rfind("\"a\"").unwrap());
        let first = &json.members()[0].1;
        assert_eq!(first.get("b").unwrap().items()[1].as_str(), Some("xA\n"));
    }

    #[test]
    fn dialects_differ_in_comments_and_commas() {
        let text = "// c\n{\"a\": [1, /* x */ 2,], }";
        assert_eq!(Json::parse(text, Dialect::Strict).unwrap_err().at, 0);
        assert_eq!(Json::parse(text, Dialect::Commented).unwrap().get("a").unwrap().items().len(), 2);
    }

    #[test]
    fn malformed_texts_are_errors_with_a_place() {
        for (text, at) in [("{\"a\" 1}", 5), ("[1,]", 3), ("[1", 2), ("", 0), ("{a:1}", 1), ("[1] x", 4), ("\"a", 0)] {
            assert_eq!(Json::parse(text, Dialect::Strict).unwrap_err().at, at, "{text}");
        }
        assert!(Json::parse(&"[".repeat(100_000), Dialect::Strict).is_err());
        for text in ["\"\\", "\"\\\u{e9}\"", "\"\\u12\u{e9}9\"", "{\"\u{e9}\\"] {
            assert!(Json::parse(text, Dialect::Commented).is_err(), "{text}");
        }
    }
}
