//! What `curl` and `wget` write, and where.

use super::{How, Walk};
use crate::passes::paths;
use crate::shell::{ShellWord, Simple};

/// `curl`'s short options that take a value.
const CURL_VALUES: &str = "AbcCdDeEFhHKmPQrtTuUwxXyYz";
/// `wget`'s.
const WGET_VALUES: &str = "aABDeiIloPQRtTUwX";

/// The output of a fetch, as its options tell it.
#[derive(Default)]
struct Output<'s> {
    /// `-o FILE`: the word, and the name in it (`-ofile` is one word).
    file: Option<(&'s ShellWord, String)>,
    /// Named after the URL.
    remote_name: bool,
    /// `-P DIR`, `--output-dir DIR`.
    directory: Option<String>,
    /// Something makes the name unknowable.
    unknown: bool,
    urls: Vec<&'s ShellWord>,
}

/// Notes the file that `curl …` writes.
pub(super) fn curl<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let mut output = Output::default();
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        match word.raw.as_str() {
            "--output" => output.set_file(rest.next()),
            "--remote-name" => output.remote_name = true,
            "--remote-header-name" | "--remote-name-all" | "--next" | "--config" => output.unknown = true,
            "--output-dir" => output.set_directory(rest.next()),
            raw if raw.starts_with("--output=") => output.unknown = true,
            raw if raw.starts_with("--") => {}
            raw if raw.starts_with('-') && raw.len() > 1 => {
                output.short_options(word, &mut rest, CURL_VALUES, |output, letter| match letter {
                    'O' => output.remote_name = true,
                    'J' | 'K' => output.unknown = true,
                    _ => {}
                });
            }
            raw if raw.contains("://") => output.urls.push(word),
            _ => {}
        }
    }
    output.note(walk, simple);
}

/// Notes the file that `wget …` writes.
pub(super) fn wget<'s>(walk: &mut Walk<'s>, simple: &'s Simple, args: &'s [ShellWord]) {
    let mut output = Output { remote_name: true, ..Output::default() };
    let mut rest = args.iter();
    while let Some(word) = rest.next() {
        match word.raw.as_str() {
            "--output-document" => output.set_file(rest.next()),
            "--directory-prefix" => output.set_directory(rest.next()),
            "--content-disposition"
            | "--trust-server-names"
            | "--recursive"
            | "--mirror"
            | "-r"
            | "-m"
            | "-i"
            | "--spider" => output.unknown = true,
            "-nv" | "-nc" | "-nd" | "-np" | "-nH" => {}
            raw if raw.starts_with("--output-document=") => {
                output.file = Some((word, raw["--output-document=".len()..].replace('"', "")));
            }
            raw if raw.starts_with("--directory-prefix=") => {
                output.directory = Some(raw["--directory-prefix=".len()..].replace('"', ""));
            }
            raw if raw.starts_with("--") => {}
            raw if raw.starts_with('-') && raw.len() > 1 => {
                output.short_options(word, &mut rest, WGET_VALUES, |output, letter| {
                    output.unknown |= matches!(letter, 'i' | 'r' | 'm');
                });
            }
            raw if raw.contains("://") => output.urls.push(word),
            _ => {}
        }
    }
    output.note(walk, simple);
}

impl<'s> Output<'s> {
    fn set_file(&mut self, word: Option<&'s ShellWord>) {
        match word.and_then(|word| Some((word, paths::text_of(word)?))) {
            Some(_) if self.file.is_some() => self.unknown = true,
            Some(file) => self.file = Some(file),
            None => self.unknown = true,
        }
    }

    fn set_directory(&mut self, word: Option<&'s ShellWord>) {
        self.directory = word.and_then(paths::text_of);
        self.unknown |= self.directory.is_none();
    }

    /// `-fsSLo FILE`: letters, the first that takes a value ends them.
    fn short_options(
        &mut self,
        word: &'s ShellWord,
        rest: &mut std::slice::Iter<'s, ShellWord>,
        with_value: &str,
        mut other: impl FnMut(&mut Self, char),
    ) {
        // `-o` is curl's output and wget's log, `-O` wget's output.
        let output = if with_value == CURL_VALUES { 'o' } else { 'O' };
        let letters = &word.raw[1..];
        for (at, letter) in letters.char_indices() {
            let value = &letters[at + letter.len_utf8()..];
            if letter == output {
                match value {
                    "" => self.set_file(rest.next()),
                    _ if value.contains(['$', '\'', '*', '`']) => self.unknown = true,
                    _ => self.file = Some((word, value.replace('"', ""))),
                }
                return;
            }
            if with_value.contains(letter) {
                let value =
                    if value.is_empty() { rest.next().and_then(paths::text_of) } else { Some(value.to_owned()) };
                if letter == 'P' && output == 'O' {
                    self.unknown |= value.is_none();
                    self.directory = value;
                }
                return;
            }
            other(self, letter);
        }
    }

    fn note(self, walk: &mut Walk<'s>, simple: &'s Simple) {
        if self.unknown {
            return;
        }
        let directory = self.directory.map(|directory| directory + "/").unwrap_or_default();
        if let Some((word, file)) = self.file {
            if file != "-" && !file.is_empty() {
                let own = directory.is_empty() && word.raw.replace('"', "") == file;
                walk.note(simple, own.then_some(word), &(directory + &file), How::Download);
            }
        } else if self.remote_name {
            for url in self.urls {
                if let Some(name) = remote_name(url) {
                    walk.note(simple, None, &format!("{directory}{name}"), How::Download);
                }
            }
        }
    }
}

/// The name that a file gets from its URL.
fn remote_name(url: &ShellWord) -> Option<String> {
    let text = paths::text_of(url)?;
    let (_, path) = text.split_once("://")?;
    let (_, name) = path.rsplit_once('/')?;
    (!name.is_empty() && !name.contains(['?', '#', '%', '&', ';'])).then(|| name.to_owned())
}
