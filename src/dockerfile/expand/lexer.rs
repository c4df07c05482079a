//! The lexer itself, for expanding and for finding heredocs.

use super::pattern::Pattern;
use super::{Unresolved, Variable};

/// How deep `${a:-${b:-…}}` may nest.
const DEEPEST: usize = 32;

/// One run over a text. It goes by the names of lex.go: *raw* quotes and escapes stay in the result.
pub(in crate::dockerfile) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    escape: char,
    /// `None` leaves every variable as it is written.
    lookup: Option<&'a dyn Fn(&str) -> Variable>,
    pub(in crate::dockerfile) raw_quotes: bool,
    pub(in crate::dockerfile) raw_escapes: bool,
    words: Words,
    depth: usize,
}

/// The words found so far and the one being read.
#[derive(Default)]
struct Words {
    done: Vec<String>,
    current: String,
}

impl Words {
    fn push(&mut self, char: char) {
        if char.is_whitespace() {
            self.finish();
        } else {
            self.current.push(char);
        }
    }

    fn finish(&mut self) {
        if !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, escape: char, lookup: &'a dyn Fn(&str) -> Variable) -> Self {
        Self { lookup: Some(lookup), escape, ..Self::for_heredocs(text) }
    }

    /// The lexer as it looks for heredocs: variables stay as they are.
    pub(in crate::dockerfile) fn for_heredocs(text: &'a str) -> Self {
        Self {
            // Go's scanner takes U+FEFF at the start for a byte order mark.
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            at: 0,
            escape: '\\',
            lookup: None,
            raw_quotes: false,
            raw_escapes: false,
            words: Words::default(),
            depth: 0,
        }
    }

    pub(super) fn expanded(mut self) -> Result<String, Unresolved> {
        self.until(None, self.raw_escapes)
    }

    /// The words of the text, split at white space outside quotes.
    pub(in crate::dockerfile) fn words(mut self) -> Result<Vec<String>, Unresolved> {
        self.until(None, self.raw_escapes)?;
        self.words.finish();
        Ok(self.words.done)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn accept(&mut self, char: char) -> bool {
        let found = self.peek() == Some(char);
        if found {
            self.at += char.len_utf8();
        }
        found
    }

    /// Reads up to `stop`, which is dropped, or to the end (`processStopOn`).
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<String, Unresolved> {
        let outer_raw_escapes = std::mem::replace(&mut self.raw_escapes, raw_escapes);
        let mut result = String::new();
        while let Some(char) = self.next() {
            if Some(char) == stop {
                self.raw_escapes = outer_raw_escapes;
                return Ok(result);
            }
            let from = result.len();
            match char {
                '$' => {
                    result.push_str(&self.dollar()?);
                    result[from..].chars().for_each(|char| self.words.push(char));
                    continue;
                }
                '\'' => self.single_quote(&mut result)?,
                '"' => self.double_quote(&mut result)?,
                '<' => self.possible_heredoc(&mut result),
                _ if char == self.escape => {
                    if self.raw_escapes {
                        result.push(char);
                    }
                    result.extend(self.next());
                }
                _ => {
                    result.push(char);
                    self.words.push(char);
                    continue;
                }
            }
            self.words.current.push_str(&result[from..]);
        }
        self.raw_escapes = outer_raw_escapes;
        match stop {
            Some(_) => Err(self.bad_substitution()),
            None => Ok(result),
        }
    }

    fn single_quote(&mut self, result: &mut String) -> Result<(), Unresolved> {
        let rest = &self.text[self.at..];
        let end = rest.find('\'').ok_or(Unresolved::Quote('\''))?;
        self.at += end + 1;
        self.quoted(result, '\'', &rest[..end]);
        Ok(())
    }

    fn double_quote(&mut self, result: &mut String) -> Result<(), Unresolved> {
        let mut inner = String::new();
        loop {
            match self.next().ok_or(Unresolved::Quote('"'))? {
                '"' => break,
                '$' => inner.push_str(&self.dollar()?),
                char if char == self.escape => {
                    if self.raw_escapes {
                        inner.push(char);
                    }
                    match self.peek() {
                        Some(escaped) if matches!(escaped, '"' | '$') || escaped == self.escape => {
                            inner.extend(self.next());
                        }
                        Some(_) => inner.push(char),
                        None => {}
                    }
                }
                char => inner.push(char),
            }
        }
        self.quoted(result, '"', &inner);
        Ok(())
    }

    fn quoted(&self, result: &mut String, quote: char, inner: &str) {
        let quote = if self.raw_quotes { Some(quote) } else { None };
        result.extend(quote);
        result.push_str(inner);
        result.extend(quote);
    }

    /// `<<` takes the blanks after it into its word, as `<< NAME` is one announcement.
    fn possible_heredoc(&mut self, result: &mut String) {
        result.push('<');
        if self.accept('<') {
            result.push('<');
            while let Some(blank) = self.peek().filter(|char| matches!(char, '\t' | '\r' | ' ')) {
                self.at += 1;
                result.push(blank);
            }
        }
    }

    /// `$name` or `${…}`; the dollar has been read.
    fn dollar(&mut self) -> Result<String, Unresolved> {
        if !self.accept('{') {
            let name = self.name();
            return match self.lookup {
                _ if name.is_empty() => Ok("$".to_owned()),
                None => Ok(format!("${name}")),
                Some(_) => self.value(name).map(Option::unwrap_or_default),
            };
        }
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return Err(self.bad_substitution());
        }
        let name = self.name();
        match self.next() {
            Some('}') if self.lookup.is_none() => Ok(format!("${{{name}}}")),
            Some('}') => self.value(name).map(Option::unwrap_or_default),
            Some(':') => {
                let modifier = self.next().ok_or_else(|| self.bad_substitution())?;
                self.modified(name, modifier, true)
            }
            Some(modifier @ ('+' | '-' | '?' | '#' | '%')) => self.modified(name, modifier, false),
            Some('/') => self.replaced(name),
            _ => Err(self.bad_substitution()),
        }
    }

    /// The word within `${name:-word}` and its like. BuildKit reads it into the buffer that holds the word
    /// around it, so that one is lost; it matters to who looks for heredocs.
    fn inner(&mut self, stop: char, raw_escapes: bool) -> Result<String, Unresolved> {
        if self.depth == DEEPEST {
            return Err(Unresolved::Unsupported("deeply nested substitution".to_owned()));
        }
        self.depth += 1;
        let done = self.words.done.len();
        let word = self.until(Some(stop), raw_escapes);
        self.words.done.truncate(done);
        self.words.current.clear();
        self.depth -= 1;
        word
    }

    /// `${name-word}`, with a colon `${name:-word}`: then an empty value counts as none.
    fn modified(&mut self, name: &str, modifier: char, colon: bool) -> Result<String, Unresolved> {
        let is_pattern = matches!(modifier, '#' | '%');
        if colon && is_pattern {
            return Err(Unresolved::Unsupported(format!("${{{name}:{modifier}")));
        }
        let value = self.value(name)?;
        let word = self.inner('}', is_pattern)?;
        if self.lookup.is_none() {
            let colon = if colon { ":" } else { "" };
            return Ok(format!("${{{name}{colon}{modifier}{word}}}"));
        }
        let usable = value.filter(|value| !(colon && value.is_empty()));
        match modifier {
            '-' => Ok(usable.unwrap_or(word)),
            '+' => Ok(usable.map(|_| word).unwrap_or_default()),
            '?' => usable.ok_or_else(|| {
                let message = if word.is_empty() { "must have a value".to_owned() } else { word };
                Unresolved::Required { name: name.to_owned(), message }
            }),
            '#' | '%' => {
                let (longest, pattern) = match word.strip_prefix(modifier) {
                    Some(pattern) => (true, pattern),
                    None => (false, word.as_str()),
                };
                let pattern = Pattern::new(pattern)?;
                let value = usable.unwrap_or_default();
                Ok(if modifier == '#' {
                    pattern.without_prefix(&value, longest)
                } else {
                    pattern.without_suffix(&value, longest)
                })
            }
            _ => Err(Unresolved::Unsupported(format!("${{{name}:{modifier}"))),
        }
    }

    /// `${name/pattern/replacement}`, with two slashes for every match.
    fn replaced(&mut self, name: &str) -> Result<String, Unresolved> {
        let value = self.value(name)?.unwrap_or_default();
        let all = self.accept('/');
        let pattern = self.inner('/', true)?;
        let replacement = self.inner('}', true)?;
        if self.lookup.is_none() {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        Pattern::new(&pattern)?.replace(&value, &replacement, all)
    }

    /// The value of `name`; `None` when it is unset.
    fn value(&self, name: &str) -> Result<Option<String>, Unresolved> {
        match self.lookup.map(|lookup| lookup(name)) {
            Some(Variable::Set(value)) => Ok(Some(value)),
            Some(Variable::Unset) | None => Ok(None),
            Some(Variable::Unknown) => Err(Unresolved::Unknown(name.to_owned())),
        }
    }

    /// A variable's name: digits, or one special character, or letters, digits and `_` (`processName`).
    fn name(&mut self) -> &'a str {
        let text = self.text;
        let rest = &text[self.at..];
        let len = match rest.chars().next() {
            Some(first) if first.is_numeric() => rest.find(|char: char| !char.is_numeric()).unwrap_or(rest.len()),
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => 1,
            _ => rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len()),
        };
        self.at += len;
        &rest[..len]
    }

    fn bad_substitution(&self) -> Unresolved {
        Unresolved::Substitution(self.text.chars().take(80).collect())
    }
}
