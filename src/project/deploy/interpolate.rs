//! Variables in compose and bake files: `$A`, `${A}`, `${A:-default}`, `$$`.

/// A text with its variables filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// As far as values are known; else as written.
    pub text: String,
    /// Whether all are.
    pub literal: bool,
}

/// Compose never asks for more: a default in a default in a default.
const DEEPEST: u32 = 4;

/// `text` with the variables that `value` knows, or that bring a default, filled in.
pub(super) fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Filled {
    match try_fill(text, value, 0) {
        Some(filled) => Filled { text: filled, literal: true },
        None => Filled { text: text.to_owned(), literal: false },
    }
}

fn try_fill(text: &str, value: &dyn Fn(&str) -> Option<String>, depth: u32) -> Option<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            filled.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = closing(after)?;
            filled.push_str(&braced(&after[..end], value, depth)?);
            rest = &after[end + 1..];
        } else {
            let end = name_len(rest);
            if end == 0 {
                filled.push('$');
            } else {
                filled.push_str(&value(&rest[..end])?);
            }
            rest = &rest[end..];
        }
    }
    filled.push_str(rest);
    Some(filled)
}

/// The inside of `${…}`.
fn braced(inside: &str, value: &dyn Fn(&str) -> Option<String>, depth: u32) -> Option<String> {
    let (name, operation) = inside.split_at(name_len(inside));
    let known = value(name);
    let default = |text: &str| if depth < DEEPEST { try_fill(text, value, depth + 1) } else { None };
    match operation {
        "" => known,
        _ if name.is_empty() => None,
        _ => match (operation.strip_prefix(":-"), operation.strip_prefix('-')) {
            (Some(text), _) => known.filter(|known| !known.is_empty()).or_else(|| default(text)),
            (_, Some(text)) => known.or_else(|| default(text)),
            // `:?` and `?` ask for a value, `:+` and `+` depend on one.
            _ if operation.starts_with(['?', ':']) && !operation.starts_with(":+") => known,
            _ => None,
        },
    }
}

/// Where the brace closes that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn name_len(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_or_left() {
        let value = |name: &str| (name == "A").then(|| "1".to_owned());
        let cases = [
            ("x", Some("x")),
            ("${A}/$A", Some("1/1")),
            ("${B:-two}", Some("two")),
            ("${B-${C:-three}}", Some("three")),
            ("${A:?needed}", Some("1")),
            ("$$HOME $", Some("$HOME $")),
            ("$B", None),
            ("${B}", None),
            ("${B:?needed}", None),
            ("${A:+other}", None),
            ("${A", None),
        ];
        for (text, expected) in cases {
            let filled = fill(text, &value);
            assert_eq!(filled.literal.then_some(filled.text.as_str()), expected, "{text}");
        }
    }
}
