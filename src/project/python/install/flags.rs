//! The words of a command line as flags with their values.

/// Flags of a command line, each with its value.
pub(super) struct Flags<'w, 't> {
    pub(super) words: &'w [Option<&'t str>],
    /// Those that take one, blanks between.
    pub(super) valued: &'static str,
}

/// A word of a command line.
pub(super) enum Word<'t> {
    /// `--name value`, `--name=value`, `--name`
    Flag(&'t str, Option<&'t str>),
    /// One that is no flag.
    Plain(&'t str),
    /// One that is not literal.
    Unknown,
}

impl<'t> Iterator for Flags<'_, 't> {
    type Item = Word<'t>;

    fn next(&mut self) -> Option<Word<'t>> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        let Some(word) = *word else { return Some(Word::Unknown) };
        if !word.starts_with('-') || word == "-" {
            return Some(Word::Plain(word));
        }
        if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
            return Some(Word::Flag(name, Some(value)));
        }
        if self.takes_value(word) {
            return Some(self.value_of(word));
        }
        if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.starts_with('-') && letters.is_ascii())
        {
            // `-rrequirements.txt`, and `-Ur requirements.txt`
            let Some(at) = (0..letters.len()).find(|&at| self.takes_value(&format!("-{}", &letters[at..=at]))) else {
                return Some(Word::Flag(word, None));
            };
            let name =
                self.valued.split(' ').find(|name| name.strip_prefix('-') == Some(&letters[at..=at])).unwrap_or(word);
            let value = &letters[at + 1..];
            return Some(if value.is_empty() { self.value_of(name) } else { Word::Flag(name, Some(value)) });
        }
        Some(Word::Flag(word, None))
    }
}

impl<'t> Flags<'_, 't> {
    fn takes_value(&self, flag: &str) -> bool {
        self.valued.split(' ').any(|name| name == flag)
    }

    fn value_of(&mut self, flag: &'t str) -> Word<'t> {
        let Some((value, rest)) = self.words.split_first() else { return Word::Unknown };
        self.words = rest;
        value.map_or(Word::Unknown, |value| Word::Flag(flag, Some(value)))
    }
}
