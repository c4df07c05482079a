//! A copy of the context in which one source file differs, to see how long a rebuild takes. The user's own stays as it is.

use crate::project::dockerignore::Dockerignore;
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Endings of source files, and how a comment begins and ends there; `#` for others.
const SOURCES: &[(&str, &str, &str)] = &[
    ("js", "//", ""),
    ("mjs", "//", ""),
    ("cjs", "//", ""),
    ("ts", "//", ""),
    ("tsx", "//", ""),
    ("jsx", "//", ""),
    ("go", "//", ""),
    ("rs", "//", ""),
    ("java", "//", ""),
    ("kt", "//", ""),
    ("c", "//", ""),
    ("cc", "//", ""),
    ("cpp", "//", ""),
    ("py", "#", ""),
    ("rb", "#", ""),
    ("css", "/*", " */"),
    ("html", "<!--", " -->"),
];

/// Copies what of `from` goes to the builder, and changes the file `touched` in it.
pub(super) fn copy(from: &Path, to: &Path, ignore: &Dockerignore, touched: &str) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut ahead = vec![(String::new(), false)];
    while let Some((directory, is_out)) = ahead.pop() {
        for entry in fs::read_dir(from.join(&directory)).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            let is_out = is_out || ignore.excludes(&path);
            // The ignore file is read by who builds, whatever it says of itself.
            if is_out && !ignore.includes_again() && path != ".dockerignore" {
                continue;
            }
            let kind = entry.file_type()?;
            let target = to.join(&path);
            if kind.is_dir() {
                fs::create_dir(&target).with_context(|| format!("cannot make {}", target.display()))?;
                let _ = fs::set_permissions(&target, entry.metadata()?.permissions());
                ahead.push((path, is_out));
            } else if !is_out || path == ".dockerignore" {
                place(&entry.path(), &target, kind.is_symlink()).with_context(|| format!("cannot copy {path}"))?;
            }
        }
    }
    change(&from.join(touched), &to.join(touched)).with_context(|| format!("cannot change a copy of {touched}"))
}

fn place(from: &Path, to: &Path, is_link: bool) -> std::io::Result<()> {
    #[cfg(unix)]
    if is_link {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    let _ = is_link;
    if !fs::metadata(from)?.is_file() {
        // Sockets and pipes are not sent either.
        return Ok(());
    }
    // A hard link costs nothing; the one file that changes is written anew.
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

fn change(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut text = fs::read(from)?;
    let ending = from.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let (_, begin, end) = SOURCES.iter().find(|(known, ..)| *known == ending).copied().unwrap_or(("", "#", ""));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    text.extend(format!("\n{begin} dfslim measure {now}{end}\n").bytes());
    let permissions = fs::metadata(from)?.permissions();
    fs::remove_file(to)
        .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    fs::write(to, text)?;
    fs::set_permissions(to, permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_changes_and_the_original_does_not() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        for (path, text) in [("a/main.py", "a = 1\n"), ("out/x", ""), (".dockerignore", "out\n"), ("a/b/c", "c")] {
            fs::create_dir_all(from.path().join(path).parent().unwrap()).unwrap();
            fs::write(from.path().join(path), text).unwrap();
        }
        let copied = to.path().join("context");
        copy(from.path(), &copied, &Dockerignore::parse("", "out\n"), "a/main.py").unwrap();
        assert_eq!(fs::read_to_string(from.path().join("a/main.py")).unwrap(), "a = 1\n");
        let changed = fs::read_to_string(copied.join("a/main.py")).unwrap();
        assert!(changed.starts_with("a = 1\n\n# dfslim measure "), "{changed}");
        assert!(
            copied.join("a/b/c").is_file() && copied.join(".dockerignore").is_file() && !copied.join("out").is_dir()
        );
    }
}
