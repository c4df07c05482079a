//! Calls that write to a path, and which argument it is.

use super::Use;
use super::calls::Argument;
use super::expressions::{File, expression_before};
use super::places::Place;
use crate::project::python::lex::{Kind, Token};

/// A call, with what stands around it.
pub(super) struct Call<'c> {
    pub(super) file: File<'c>,
    pub(super) index: usize,
    pub(super) owner: Option<&'c str>,
    pub(super) arguments: &'c [Argument<'c>],
}

/// A path that a call writes to.
pub(super) struct Written<'c> {
    pub(super) what: Use,
    pub(super) value: Option<&'c str>,
    pub(super) place: Option<Place>,
}

impl<'c> Call<'c> {
    fn argument(&self, place: usize, name: &str) -> Option<&'c Argument<'c>> {
        let mut plain = self.arguments.iter().filter(|argument| argument.name.is_none());
        plain.nth(place).or_else(|| self.arguments.iter().find(|argument| argument.name == Some(name)))
    }

    /// What it does to the path in its argument at `place`, or called `name`.
    fn to(&self, what: Use, place: usize, name: &str) -> Written<'c> {
        let argument = self.argument(place, name);
        let value = argument.and_then(Argument::text);
        let constants = self.file.constants;
        let place = argument.and_then(|argument| constants.place(&self.file.source.path, argument.tokens));
        Written { what, value, place }
    }

    /// What it does to the path that it is a method of.
    fn to_itself(&self, what: Use) -> Written<'c> {
        let before = expression_before(self.file.tokens, self.index);
        let value = path_before(self.file.tokens, self.index);
        Written { what, value, place: self.file.constants.place(&self.file.source.path, before) }
    }
}

/// What a call writes to, if that is what it does.
pub(super) fn written<'c>(call: &Call<'c>, name: &str) -> Option<Written<'c>> {
    let opens = |place: usize| writes(call.argument(place, "mode"));
    let found = match (call.owner, name) {
        (None | Some("io" | "codecs" | "aiofiles" | "os"), "open") if opens(1) => call.to(Use::Writes, 0, "file"),
        (Some("Path()"), "open") if opens(0) => call.to_itself(Use::Writes),
        (_, "write_text" | "write_bytes") => call.to_itself(Use::Writes),
        (Some("os") | None, "makedirs" | "mkdir") => call.to(Use::MakesDirectory, 0, "name"),
        (Some(_), "mkdir") => call.to_itself(Use::MakesDirectory),
        (Some("sqlite3" | "aiosqlite"), "connect") | (_, "SqliteDatabase" | "SqliteExtDatabase" | "TinyDB") => {
            call.to(Use::Database, 0, "database")
        }
        (Some("shelve" | "dbm"), "open") => call.to(Use::Database, 0, "filename"),
        (_, "FileHandler" | "RotatingFileHandler" | "TimedRotatingFileHandler" | "WatchedFileHandler") => {
            call.to(Use::Log, 0, "filename")
        }
        (Some("logging"), "basicConfig") => {
            call.argument(usize::MAX, "filename")?;
            call.to(Use::Log, usize::MAX, "filename")
        }
        // loguru's; anything else that is called so gets no path.
        (Some("logger"), "add") => {
            Some(call.to(Use::Log, 0, "sink")).filter(|found| found.value.is_some() || found.place.is_some())?
        }
        (Some("shutil"), "copy" | "copy2" | "copyfile" | "copytree" | "move") => call.to(Use::Writes, 1, "dst"),
        _ => return None,
    };
    Some(found)
}

/// Whether a mode, as written or computed, may write.
fn writes(mode: Option<&Argument<'_>>) -> bool {
    mode.is_some_and(|mode| mode.text().is_none_or(|text| text.contains(['w', 'a', 'x', '+'])))
}

/// The text of `Path("…")` before `.method(`.
pub(super) fn path_before<'t>(tokens: &'t [Token<'_>], index: usize) -> Option<&'t str> {
    let before = tokens.get(index.checked_sub(5)?..index)?;
    match before {
        [
            Token { kind: Kind::Name("Path" | "PurePath"), .. },
            Token { kind: Kind::Mark('('), .. },
            Token { kind: Kind::Text(Some(text)), .. },
            Token { kind: Kind::Mark(')'), .. },
            Token { kind: Kind::Mark('.'), .. },
        ] => Some(text),
        _ => None,
    }
}
