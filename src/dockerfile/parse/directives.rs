//! Parser directives: `# name=value` at the very top of a file.

/// The state of the directive block (`DirectiveParser`, directives.go).
#[derive(Default)]
pub(super) struct Directives {
    seen: Vec<String>,
    over: bool,
}

/// One directive line.
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) value: String,
    /// Whether the name was there before, which BuildKit refuses.
    pub(super) repeated: bool,
    /// For `escape`: the character, or why the value is none.
    pub(super) escape: Option<Result<char, String>>,
}

impl Directives {
    /// Reads `code`, a line without white space in front. The first line that is no directive ends the block.
    pub(super) fn read(&mut self, code: &str) -> Option<Directive> {
        if self.over {
            return None;
        }
        let Some((name, value)) = split(code) else {
            self.over = true;
            return None;
        };
        let repeated = self.seen.contains(&name);
        let escape = (name == "escape" && !repeated).then(|| escape_character(value));
        if !repeated {
            self.seen.push(name.clone());
        }
        Some(Directive { name, value: value.to_owned(), repeated, escape })
    }
}

/// Name, lower-cased, and value of a line `#name=value`. BuildKit's pattern is
/// `^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$` (directives.go), where `\s` means ASCII white space.
fn split(code: &str) -> Option<(String, &str)> {
    let (name, value) = code.strip_prefix('#')?.trim_start().split_once('=')?;
    let name = name.trim_end_matches(is_regexp_space).to_ascii_lowercase();
    let known = matches!(name.as_str(), "syntax" | "escape" | "check");
    // Of a value that is nothing but blanks, `.+?` takes the last one.
    let value = match value.trim_matches(is_regexp_space) {
        "" => &value[value.len().saturating_sub(1)..],
        trimmed => trimmed,
    };
    (known && !value.is_empty()).then_some((name, value))
}

/// What `\s` is in Go's regular expressions.
fn is_regexp_space(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

fn escape_character(value: &str) -> Result<char, String> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        _ => Err(format!("invalid escape character `{value}`; use \\ or `")),
    }
}
