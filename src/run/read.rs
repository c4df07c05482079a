//! Reads Dockerfiles: whole, bounded, and only if they are text.

use crate::report::Fault;
use crate::text::Position;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// More than any Dockerfile; what is larger is something else.
const LIMIT_MIB: u64 = 16;

/// The text of the file at `path`.
pub(super) fn file(path: &Path) -> Result<String, Fault> {
    // Opening a pipe would wait for a writer, so look first.
    let kind = fs::metadata(path).map_err(|error| io_fault(path, &error))?.file_type();
    if kind.is_dir() {
        return Err(Fault::new("this is a directory; name a file in it, or add a slash to look through it"));
    }
    if !kind.is_file() {
        return Err(Fault::new("this is not a regular file; to read from a pipe, give `-` and feed it to stdin"));
    }
    let file = File::open(path).map_err(|error| io_fault(path, &error))?;
    text(bytes(file).map_err(|error| io_fault(path, &error))?)
}

/// The text on stdin.
pub(super) fn stdin() -> Result<String, Fault> {
    text(bytes(io::stdin().lock()).map_err(|error| Fault::new(format!("cannot read stdin: {error}")))?)
}

/// What the file at `path` holds at this moment.
pub(super) fn again(path: &Path) -> io::Result<Vec<u8>> {
    bytes(File::open(path)?)
}

fn bytes(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take((LIMIT_MIB << 20) + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn io_fault(path: &Path, error: &io::Error) -> Fault {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    Fault::new(match error.kind() {
        io::ErrorKind::NotFound if is_link => {
            "the link leads nowhere; mend it or leave it out with `exclude`".to_owned()
        }
        io::ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read it; check its mode and owner".to_owned(),
        _ if is_link => format!("the link cannot be followed; mend it ({error})"),
        _ => format!("cannot read it: {error}"),
    })
}

fn text(bytes: Vec<u8>) -> Result<String, Fault> {
    if bytes.len() as u64 > LIMIT_MIB << 20 {
        return Err(Fault::new(format!("the file is larger than {LIMIT_MIB} MiB; that is no Dockerfile")));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Fault::at(Position { line: 1, column: 1 }, "the text is UTF-16; save it as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bad = error.as_bytes()[good];
        let before = String::from_utf8_lossy(&error.as_bytes()[..good]);
        Fault::at(end_of(&before), format!("the byte 0x{bad:02x} is not UTF-8; save the file as UTF-8"))
    })?;
    match text.find('\0') {
        Some(at) => Err(Fault::at(end_of(&text[..at]), "there is a NUL byte; remove it, or name a text file")),
        None => Ok(text),
    }
}

/// The place after the last character of `text`.
fn end_of(text: &str) -> Position {
    let start = text.rfind('\n').map_or(0, |at| at + 1);
    Position { line: text.matches('\n').count() + 1, column: text[start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_placed() {
        let fault = text(b"FROM a\nRUN \xc3\xa9\xff\n".to_vec()).unwrap_err();
        assert_eq!(fault.at, Some(Position { line: 2, column: 6 }));
        assert!(fault.message.contains("0xff"));
        let fault = text(b"FROM a\nRUN \0".to_vec()).unwrap_err();
        assert_eq!(fault.at, Some(Position { line: 2, column: 5 }));
        assert!(text(b"\xff\xfeF\0".to_vec()).unwrap_err().message.contains("UTF-16"));
    }
}
