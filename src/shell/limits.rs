//! What the parser cannot bear, refused before it is asked.
//!
//! `shuck-parser` bounds its depth and its operations, but some texts escape both: its time doubles with every
//! level or two of `${x:-"${ … }"}`, grows with the square of unclosed braces, parentheses, cases and heredocs, and `time time
//! time …` recurses without bound. Real bodies are far below these limits. The scan knows quotes, comments and
//! substitutions but no grammar: it may only be used to refuse.

/// Longer bodies are not read. The longest of 42,088 real ones has 19,028 bytes, and Linux hands a shell no
/// argument longer than 131,071 (`MAX_ARG_STRLEN`).
const MAX_BODY: usize = 65_536;

/// Levels of `${ … }` inside each other; real bodies have two.
const MAX_PARAMETERS: usize = 5;

/// Unquoted `{` and `[` in one word.
const MAX_BRACES: usize = 100;

/// `(` in the whole text.
const MAX_PARENTHESES: usize = 2_000;

/// `case` in the whole text.
const MAX_CASES: usize = 200;

/// `<<` in the whole text.
const MAX_HEREDOCS: usize = 500;

/// `time`, `coproc` and `!` in a row.
const MAX_PREFIXES: usize = 4;

/// As many openers as may stand in a text that is parsed on the caller's stack.
const SHALLOW: usize = 6;

/// Why `text` is not to be parsed, if so.
pub(super) fn refusal(text: &str) -> Option<String> {
    if text.len() > MAX_BODY {
        return Some(format!("longer than {MAX_BODY} bytes"));
    }
    if text.contains('\0') {
        return Some("holds a NUL byte".into());
    }
    if text.matches('(').count() > MAX_PARENTHESES {
        return Some(format!("holds more than {MAX_PARENTHESES} parentheses"));
    }
    if text.matches("case").count() > MAX_CASES {
        return Some(format!("holds more than {MAX_CASES} times `case`"));
    }
    if text.matches("<<").count() > MAX_HEREDOCS {
        return Some(format!("holds more than {MAX_HEREDOCS} heredocs"));
    }
    if prefixes(text) > MAX_PREFIXES {
        return Some("holds a long row of `time`, `coproc` or `!`".into());
    }
    let nesting = Nesting::of(text);
    if nesting.deepest > MAX_PARAMETERS {
        return Some("nests parameter expansions too deeply".into());
    }
    (nesting.most_braces > MAX_BRACES).then(|| "holds a word with too many braces or brackets".into())
}

/// Whether `text` opens so little that it cannot nest deeply, whatever its structure.
pub(super) fn is_shallow(text: &str) -> bool {
    let brackets = text.bytes().filter(|byte| matches!(byte, b'(' | b'{' | b'[' | b'`')).count();
    let words = text.split_whitespace().filter(|word| {
        let word = word.rsplit([';', '(', '`', '&', '|']).next().unwrap_or_default();
        matches!(
            word,
            "if" | "elif" | "while" | "until" | "for" | "case" | "select" | "time" | "coproc" | "function" | "!"
        )
    });
    brackets + words.count() <= SHALLOW
}

/// The longest row of words that stand before a command and may be repeated.
fn prefixes(text: &str) -> usize {
    let (mut row, mut longest) = (0, 0);
    for word in text.split_whitespace() {
        match word {
            "time" | "coproc" | "!" => row += 1,
            "-p" | "--" | "\\" => {}
            _ => row = 0,
        }
        longest = longest.max(row);
    }
    longest
}

/// What is open at a place of the text, innermost last, by its opening character; and the most seen so far.
#[derive(Default)]
struct Nesting {
    open: Vec<u8>,
    parameters: usize,
    deepest: usize,
    braces: usize,
    most_braces: usize,
}

impl Nesting {
    fn of(text: &str) -> Self {
        let mut nesting = Self::default();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && nesting.deepest <= MAX_PARAMETERS {
            at = nesting.step(text, bytes, at);
        }
        nesting
    }

    /// Takes what stands at `at`; gives the place after it.
    fn step(&mut self, text: &str, bytes: &[u8], at: usize) -> usize {
        let until = |close: char, from: usize| text.get(from..).and_then(|rest| rest.find(close)).map(|end| from + end);
        match bytes[at] {
            b'\\' => at + 2,
            b'\'' if self.takes_single_quotes() => until('\'', at + 1).map_or(bytes.len(), |end| end + 1),
            b'#' if self.starts_comment(bytes, at) => until('\n', at).unwrap_or(bytes.len()),
            b'$' if bytes.get(at + 1) == Some(&b'{') => self.open(b'{', at + 2),
            b'$' if bytes.get(at + 1) == Some(&b'(') => self.open(b'(', at + 2),
            b'(' if self.top() == Some(b'(') => self.open(b'(', at + 1),
            quote @ (b'"' | b'`') if self.top() != Some(quote) => self.open(quote, at + 1),
            b'{' | b'[' if self.top() != Some(b'"') => {
                self.braces += 1;
                self.most_braces = self.most_braces.max(self.braces);
                at + 1
            }
            closer => {
                self.close(closer);
                at + 1
            }
        }
    }

    fn top(&self) -> Option<u8> {
        self.open.last().copied()
    }

    fn open(&mut self, opener: u8, next: usize) -> usize {
        self.open.push(opener);
        self.parameters += usize::from(opener == b'{');
        self.deepest = self.deepest.max(self.parameters);
        next
    }

    fn close(&mut self, closer: u8) {
        let opener = match closer {
            b'}' => b'{',
            b')' => b'(',
            b' ' | b'\t' | b'\n' => {
                self.braces = 0;
                return;
            }
            quote => quote,
        };
        if self.top() == Some(opener) {
            self.open.pop();
            self.parameters -= usize::from(opener == b'{');
        }
    }

    /// Inside double quotes a single quote is a character like any other, also in a `${ … }` there.
    fn takes_single_quotes(&self) -> bool {
        self.open.iter().rev().find(|&&opener| opener != b'{') != Some(&b'"')
    }

    fn starts_comment(&self, bytes: &[u8], at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        matches!(self.top(), None | Some(b'(' | b'`')) && matches!(before, None | Some(b' ' | b'\t' | b'\n' | b';'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_parameter_expansions() {
        let cases = [
            ("a b", 0),
            ("${a} ${b}", 1),
            ("${a:-${b}} ${c}", 2),
            ("\"${a:-\"${b}\"}\"", 2),
            ("'${a' ${b}", 1),
            ("${a:-'}'${b}}", 2),
            ("\"${a:-'}${b}\"", 1),
            ("${a:-$(b ${c})} \\${d ${e}", 2),
            ("# ${a\n${b}", 1),
            ("a # don't\n${b}", 1),
            ("${a:-`b ${c}`}", 2),
            ("a='", 0),
            ("\\", 0),
        ];
        for (text, depth) in cases {
            assert_eq!(Nesting::of(text).deepest, depth, "{text}");
        }
    }

    #[test]
    fn texts_that_are_not_parsed() {
        let texts = [
            "a".repeat(MAX_BODY + 1),
            "a\0b".into(),
            "(".repeat(MAX_PARENTHESES + 1),
            "case a in a|".repeat(MAX_CASES + 1),
            "a <<A ".repeat(MAX_HEREDOCS + 1),
            "time -p time \\\n ! time ! time".into(),
            "${x:-\"".repeat(6),
            "{a,".repeat(MAX_BRACES + 1),
            "case a in ".to_owned() + &"[a".repeat(MAX_BRACES + 1),
        ];
        for text in texts {
            assert!(refusal(&text).is_some(), "{text}");
        }
        let json = format!("echo '{}'", "{\"a\":".repeat(500));
        assert_eq!(refusal(&json), None);
    }
}
