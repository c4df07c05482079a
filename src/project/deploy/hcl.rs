//! The language of `docker-bake.hcl`, as much of it as bake files use, read into the same tree as JSON.
//!
//! Tolerant: an expression that is more than a literal, list, object or variable becomes a text with `${…}` around
//! it, which then has no known value; what cannot be read at all ends the reading with an error and its place.

use crate::project::json::{Json, Malformed, Value};

/// Lists and objects nested deeper are refused.
const DEEPEST: usize = 50;

/// Reads a file: blocks by type and label, as bake's JSON has them.
pub(super) fn parse(text: &str) -> Result<Json, Malformed> {
    let mut reader = Reader { text, at: 0 };
    let mut members: Vec<(String, Json)> = Vec::new();
    loop {
        reader.blanks(true);
        if reader.rest().is_empty() {
            return Ok(Json { at: 0, value: Value::Object(members) });
        }
        let at = reader.at;
        let name = reader.name()?;
        let mut labels = Vec::new();
        loop {
            reader.blanks(false);
            match reader.peek() {
                Some('"') => labels.push(reader.string()?),
                Some('{') => {
                    let body = reader.body(0)?;
                    add_block(&mut members, &name, &labels, Json { at, value: body });
                    break;
                }
                Some('=') => {
                    reader.at += 1;
                    let value = reader.expression(0)?;
                    members.push((name, Json { at, value }));
                    break;
                }
                _ => return Err(reader.expected("`{` or `=`")),
            }
        }
    }
}

/// `target "app" {…}` is the member `app` of the object `target`.
fn add_block(members: &mut Vec<(String, Json)>, name: &str, labels: &[String], body: Json) {
    let [label, ..] = labels else { return members.push((name.to_owned(), body)) };
    let entry = (label.clone(), Json { at: body.at, value: body.value });
    let group = members.iter_mut().find_map(|(known, json)| match &mut json.value {
        Value::Object(blocks) if known == name => Some(blocks),
        _ => None,
    });
    match group {
        Some(blocks) => blocks.push(entry),
        None => members.push((name.to_owned(), Json { at: body.at, value: Value::Object(vec![entry]) })),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn expected(&self, what: &str) -> Malformed {
        Malformed { at: self.at.min(self.text.len()), message: format!("malformed HCL, {what} expected") }
    }

    /// Skips white space and comments; newlines only when they mean nothing.
    fn blanks(&mut self, newlines: bool) {
        loop {
            let rest = self.rest();
            let kept = rest.trim_start_matches(|c: char| c.is_whitespace() && (newlines || c != '\n'));
            self.at += rest.len() - kept.len();
            if kept.starts_with('#') || kept.starts_with("//") {
                self.at += kept.find('\n').unwrap_or(kept.len());
            } else if kept.starts_with("/*") {
                self.at += kept.find("*/").map_or(kept.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    fn name(&mut self) -> Result<String, Malformed> {
        if self.peek() == Some('"') {
            return self.string();
        }
        let rest = self.rest();
        let len = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.expected("a name"));
        }
        self.at += len;
        Ok(rest[..len].to_owned())
    }

    /// `{ name = value … }`, with blocks inside as members.
    fn body(&mut self, depth: usize) -> Result<Value, Malformed> {
        let mut members = Vec::new();
        self.at += 1;
        loop {
            self.blanks(true);
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                Some(',') => self.at += 1,
                None => return Err(self.expected("`}`")),
                Some(_) => {
                    let at = self.at;
                    // A key in parentheses is computed.
                    let name = if self.peek() == Some('(') { self.raw(&[]) } else { self.name()? };
                    self.blanks(false);
                    let value = match self.peek() {
                        Some('=' | ':') => {
                            self.at += 1;
                            self.expression(depth + 1)?
                        }
                        Some('{') if depth < DEEPEST => self.body(depth + 1)?,
                        Some('"') => {
                            self.string()?;
                            continue;
                        }
                        _ => return Err(self.expected("`=`")),
                    };
                    members.push((name, Json { at, value }));
                }
            }
        }
    }

    fn expression(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth > DEEPEST {
            return Err(self.expected("fewer nested values"));
        }
        self.blanks(false);
        let start = self.at;
        let value = match self.peek() {
            Some('"') => Value::String(self.string()?),
            Some('[') => self.list(depth)?,
            Some('{') => self.body(depth)?,
            Some('<') if self.rest().starts_with("<<") => self.heredoc()?,
            _ => {
                let raw = self.raw(&[',', ']', '}']);
                return Ok(plain(&raw));
            }
        };
        self.blanks(false);
        // What goes on behind a value makes it part of a larger expression.
        if matches!(self.peek(), None | Some('\n' | ',' | ']' | '}')) {
            return Ok(value);
        }
        self.at = start;
        Ok(Value::String(format!("${{{}}}", self.raw(&[',', ']', '}']))))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Malformed> {
        let start = self.at;
        let mut items = Vec::new();
        self.at += 1;
        loop {
            self.blanks(true);
            match self.peek() {
                Some(']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                Some(',') => self.at += 1,
                None => return Err(self.expected("`]`")),
                Some(_) => {
                    let at = self.at;
                    // `[for x in y : …]` is computed.
                    if items.is_empty() && self.rest().starts_with("for ") {
                        self.at = start;
                        return Ok(Value::String(format!("${{{}}}", self.raw(&[',', '}']))));
                    }
                    let value = self.expression(depth + 1)?;
                    if self.at == at {
                        return Err(self.expected("a value"));
                    }
                    items.push(Json { at, value });
                }
            }
        }
    }

    /// Up to the end of the line or one of `ends`, outside brackets and strings.
    fn raw(&mut self, ends: &[char]) -> String {
        let start = self.at;
        let mut open = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '"' if self.string().is_ok() => continue,
                '(' | '[' | '{' => open += 1,
                c if open == 0 && (c == '\n' || ends.contains(&c)) => break,
                '#' if open == 0 => break,
                ')' | ']' | '}' => {
                    open = open.saturating_sub(1);
                    if open == 0 && ends.is_empty() {
                        self.at += 1;
                        break;
                    }
                }
                _ => {}
            }
            self.at += c.len_utf8();
        }
        self.text[start..self.at].trim().to_owned()
    }

    /// A string; `${…}` in it stays as written, whatever quotes it holds.
    fn string(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        let mut out = String::new();
        let mut open = 0_usize;
        self.at += 1;
        while let Some(c) = self.peek() {
            let rest = self.rest();
            self.at += c.len_utf8();
            match c {
                '"' if open == 0 => return Ok(out),
                '\n' if open == 0 => break,
                '\\' if open == 0 => {
                    let Some(next) = self.peek() else { break };
                    self.at += next.len_utf8();
                    out.push(match next {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        other => other,
                    });
                    continue;
                }
                '$' if rest.starts_with("${") => {
                    out.push('$');
                    self.at += 1;
                    open += 1;
                    out.push('{');
                    continue;
                }
                '{' if open > 0 => open += 1,
                '}' => open = open.saturating_sub(1),
                _ => {}
            }
            out.push(c);
        }
        self.at = start;
        Err(self.expected("the closing `\"` of a string"))
    }

    fn heredoc(&mut self) -> Result<Value, Malformed> {
        let rest = self.rest();
        let (first, body) = rest.split_once('\n').ok_or_else(|| self.expected("the end of a heredoc"))?;
        let name = first.trim_start_matches(['<', '-']).trim();
        let mut text = String::new();
        for line in body.split_inclusive('\n') {
            if line.trim() == name {
                // The newline stays, as the end of the expression.
                self.at = self.text.len() - body.len() + text.len() + line.trim_end().len();
                return Ok(Value::String(text));
            }
            text.push_str(line);
        }
        Err(self.expected("the end of a heredoc"))
    }
}

/// A value that is neither string, list nor object.
fn plain(raw: &str) -> Value {
    match raw {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" | "" => Value::Null,
        number if number.parse::<f64>().is_ok() => Value::Number(number.to_owned()),
        other => Value::String(format!("${{{other}}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_members() {
        let text = r#"
# comment
variable "TAG" { default = "1" }
group "default" { targets = ["app", "db"] }
target "app" {
  context = "."            // here
  args = { A = "1", B : TAG }
  tags = ["x:${TAG}", notequal("", TAG) ? "y" : "z",]
  cache-to = [for x in y : x]
  labels = {
    "a.b" = "c"
  }
}
target "db" { context = TAG == "" ? "a" : "b" }
"#;
        let json = parse(text).unwrap();
        let app = json.at_path(&["target", "app"]).unwrap();
        assert_eq!(app.get("context").unwrap().as_str(), Some("."));
        assert_eq!(app.at_path(&["args", "B"]).unwrap().as_str(), Some("${TAG}"));
        let tags: Vec<_> = app.get("tags").unwrap().items().iter().filter_map(Json::as_str).collect();
        assert_eq!(tags, ["x:${TAG}", "${notequal(\"\", TAG) ? \"y\" : \"z\"}"]);
        assert_eq!(app.at_path(&["labels", "a.b"]).unwrap().as_str(), Some("c"));
        let db = json.at_path(&["target", "db", "context"]).unwrap();
        assert_eq!(db.as_str(), Some("${TAG == \"\" ? \"a\" : \"b\"}"));
        assert_eq!(text[..db.at].matches('\n').count(), 13);
    }

    #[test]
    fn odd_files_are_errors_with_a_place() {
        for text in ["target \"a\" {", "target \"a {\n}", "= 1", "target \"a\" { x }", "x = [", "x = <<E\n", "target a"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("x = {}", "[".repeat(10_000))).is_err());
        assert!(parse(&format!("x {}", "{ y ".repeat(10_000))).is_err());
        assert_eq!(parse("x = <<E\nhello\nE\ny = 1").unwrap().get("x").unwrap().as_str(), Some("hello\n"));
        assert_eq!(parse("").unwrap().members().len(), 0);
    }
}
