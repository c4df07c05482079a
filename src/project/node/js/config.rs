//! Values in configuration files that are code: `build: { outDir: 'out' }` in vite.config.ts.

use super::tokens::{Kind, Token};
use super::values::{self, WrittenPath};

/// What a file says of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A path or text, plainly written, at this offset.
    Literal(WrittenPath, usize),
    /// Set in a way that is not plain, or more than once, at this offset.
    Other(usize),
    /// Nowhere set in this file. With `open`, it may come from elsewhere (a spread, a merge).
    Absent {
        /// Whether the file takes settings over from elsewhere.
        open: bool,
    },
}

impl Setting {
    /// The text, when it is plain.
    pub fn literal(&self) -> Option<&str> {
        if let Self::Literal(path, _) = self { Some(&path.path) } else { None }
    }
}

/// Looks for the setting at a path of keys, from the outermost object: `["build", "outDir"]`.
pub fn setting(tokens: &[Token<'_>], keys: &[&str]) -> Setting {
    let Some((last, outer)) = keys.split_last() else { return Setting::Absent { open: false } };
    // The key under which each open bracket stands, if any.
    let mut open: Vec<Option<&str>> = Vec::new();
    let (mut found, mut is_open) = (Vec::new(), false);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('{' | '[' | '(') => open.push(key_before(tokens, at)),
            Kind::Mark('}' | ']' | ')') => drop(open.pop()),
            Kind::Mark('.') if is_spread(tokens, at) => {
                is_open |= open.iter().flatten().eq(outer.iter().take(open.iter().flatten().count()));
            }
            Kind::Word("mergeConfig" | "merge" | "extends" | "presets") => is_open = true,
            Kind::Word(word) | Kind::Text(word) if word == *last && open.iter().flatten().eq(outer) => {
                found.extend(value(tokens, at));
            }
            _ => {}
        }
    }
    match found.as_slice() {
        [] => Setting::Absent { open: is_open },
        [one] => one.clone(),
        [one, ..] if found.iter().all(|other| other.literal().is_some() && other.literal() == one.literal()) => {
            one.clone()
        }
        [one, ..] => match one {
            Setting::Literal(_, at) | Setting::Other(at) => Setting::Other(*at),
            Setting::Absent { .. } => one.clone(),
        },
    }
}

/// `key: {` opens an object under `key`.
fn key_before<'t>(tokens: &[Token<'t>], bracket: usize) -> Option<&'t str> {
    if !tokens.get(bracket.checked_sub(1)?)?.is(':') {
        return None;
    }
    let key = tokens.get(bracket.checked_sub(2)?)?;
    key.word().or(key.text())
}

fn is_spread(tokens: &[Token<'_>], at: usize) -> bool {
    let dot = |at: usize| tokens.get(at).is_some_and(|token| token.is('.'));
    dot(at + 1) && dot(at + 2) && !(at > 0 && dot(at - 1))
}

/// What is assigned to the key at `at`; `None` when it is no key.
fn value(tokens: &[Token<'_>], at: usize) -> Option<Setting> {
    let place = tokens[at].at;
    let next = tokens.get(at + 1)?;
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    let begins = before.is_none_or(|token| token.is('{') || token.is(','));
    if begins && (next.is(',') || next.is('}')) && tokens[at].word().is_some() {
        return Some(Setting::Other(place));
    }
    let assigned = next.is('=') && !tokens.get(at + 2).is_some_and(|token| token.is('=') || token.is('>'));
    if !next.is(':') && !assigned {
        return None;
    }
    let start = at + 2;
    let mut end = start;
    while let Some(token) = tokens.get(end) {
        match token.kind {
            Kind::Mark('(' | '[' | '{') => end = values::skip_brackets(tokens, end),
            Kind::Mark(',' | '}' | ')' | ']' | ';') => break,
            // Without a semicolon, an assignment ends where the next statement begins.
            Kind::Word("module" | "export" | "const" | "let" | "return" | "if") if end > start => break,
            _ => end += 1,
        }
    }
    let expression = tokens.get(start..end)?;
    Some(values::path(expression).map_or(Setting::Other(place), |path| Setting::Literal(path, place)))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn read(text: &str, keys: &[&str]) -> Setting {
        setting(&tokens(text), keys)
    }

    #[test]
    fn plain_values_are_found_at_their_place_only() {
        let vite = "export default defineConfig({ plugins: [x({ outDir: 'no' })], build: { outDir: '../out' } })";
        assert_eq!(read(vite, &["build", "outDir"]).literal(), Some("../out"));
        assert_eq!(read(vite, &["outDir"]), Setting::Absent { open: false });
        let next = "/** @type {x} */\nconst nextConfig = {\n  output: \"standalone\",\n}\nmodule.exports = nextConfig";
        assert_eq!(read(next, &["output"]).literal(), Some("standalone"));
        let webpack = "module.exports = { output: { path: path.resolve(__dirname, 'build') } }";
        assert_eq!(read(webpack, &["output", "path"]).literal(), Some("build"));
        assert_eq!(read("config.output = 'export'", &["output"]).literal(), Some("export"));
    }

    #[test]
    fn what_is_not_plain_is_other_and_what_may_come_from_elsewhere_is_open() {
        for text in [
            "x = { output: process.env.S ? 'standalone' : undefined }",
            "x = { output }",
            "x = { output: 'a' }; y = { output: 'b' }",
            "x = { output: `a${b}` }",
        ] {
            assert!(matches!(read(text, &["output"]), Setting::Other(_)), "{text}");
        }
        assert_eq!(read("x = { ...base }", &["output"]), Setting::Absent { open: true });
        assert_eq!(read("x = mergeConfig(a, {})", &["output"]), Setting::Absent { open: true });
        assert_eq!(read("// output: 'standalone'\nx = {}", &["output"]), Setting::Absent { open: false });
        assert_eq!(read("f(output)", &["output"]), Setting::Absent { open: false });
    }
}
