//! Replaces a file by a new text: all of it or nothing, with the mode and owner it had.

use super::read;
use crate::report::Fault;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::Path;

/// Puts `after` where `before` is. A link is followed, and stays.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), Fault> {
    let target = fs::canonicalize(path).map_err(|error| cannot(&error))?;
    let metadata = fs::metadata(&target).map_err(|error| cannot(&error))?;
    if metadata.permissions().readonly() || no_one_may_write(&metadata) {
        return Err(Fault::new("the file is read-only; make it writable (chmod u+w) to change it"));
    }
    let directory = target.parent().unwrap_or(Path::new("/"));
    let mut new = tempfile::Builder::new()
        .prefix(".dfslim-")
        .tempfile_in(directory)
        .map_err(|error| cannot_write_beside(directory, &error))?;
    new.write_all(after.as_bytes()).map_err(|error| cannot(&error))?;
    keep_owner_and_mode(new.as_file(), &metadata)?;
    new.as_file().sync_all().map_err(|error| cannot(&error))?;
    // As late as possible: somebody may have saved the file since it was read.
    if read::again(&target).map_err(|error| cannot(&error))? != before.as_bytes() {
        return Err(Fault::new("the file changed while dfslim was at work; run it again"));
    }
    new.persist(&target).map_err(|error| cannot(&error.error))?;
    sync(directory);
    Ok(())
}

/// Puts `after` where `before` is, and makes the files `new`: all or nothing.
pub(super) fn all(path: &Path, before: &str, after: &str, new: &[(&Path, &str)]) -> Result<(), Fault> {
    let mut made: Vec<&Path> = Vec::new();
    let mut done = Ok(());
    for (file, text) in new {
        done = create(file, text).map_err(|fault| Fault::new(format!("{}: {}", file.display(), fault.message)));
        if done.is_err() {
            break;
        }
        made.push(file);
    }
    if done.is_ok() && before != after {
        done = replace(path, before, after);
    }
    if done.is_err() {
        for file in made {
            // It is ours, and a moment old.
            let _ = fs::remove_file(file);
        }
    }
    done
}

/// Makes the file at `path`, which must not be there.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Fault> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new()
        .prefix(".dfslim-")
        .tempfile_in(directory)
        .map_err(|error| cannot_write_beside(directory, &error))?;
    new.write_all(text.as_bytes()).map_err(|error| cannot(&error))?;
    as_others_are_made(new.as_file())?;
    new.as_file().sync_all().map_err(|error| cannot(&error))?;
    new.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => Fault::new("the file appeared while dfslim was at work; run it again"),
        _ => cannot(&error.error),
    })?;
    sync(directory);
    Ok(())
}

/// A temporary file is for its owner only; a file of a project is for everybody to read.
#[cfg(unix)]
fn as_others_are_made(new: &File) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    new.set_permissions(fs::Permissions::from_mode(0o644)).map_err(|error| cannot(&error))
}

#[cfg(not(unix))]
fn as_others_are_made(_new: &File) -> Result<(), Fault> {
    Ok(())
}

fn cannot(error: &io::Error) -> Fault {
    Fault::new(format!("cannot write it: {error}"))
}

fn cannot_write_beside(directory: &Path, error: &io::Error) -> Fault {
    let directory = directory.display();
    Fault::new(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("no permission to write in {directory}, where the new text is put first; check its mode and owner")
        }
        _ => format!("cannot write in {directory}, where the new text is put first: {error}"),
    })
}

/// The rename is durable once the directory is; where directories cannot be synced, that is as far as it goes.
fn sync(directory: &Path) {
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
}

/// Renaming over it would not ask; root could write anyhow. A mode without any `w` is still a wish.
#[cfg(unix)]
fn no_one_may_write(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o222 == 0
}

#[cfg(not(unix))]
fn no_one_may_write(_metadata: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn keep_owner_and_mode(new: &File, old: &Metadata) -> Result<(), Fault> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let ours = new.metadata().map_err(|error| cannot(&error))?;
    if (ours.uid(), ours.gid()) != (old.uid(), old.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid())).map_err(|error| {
            let (uid, gid) = (old.uid(), old.gid());
            Fault::new(format!("the file belongs to {uid}:{gid}, and that cannot be kept ({error}); run as its owner"))
        })?;
    }
    // After the owner: a change of owner clears mode bits.
    new.set_permissions(old.permissions()).map_err(|error| cannot(&error))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(new: &File, old: &Metadata) -> Result<(), Fault> {
    new.set_permissions(old.permissions()).map_err(|error| cannot(&error))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn directory_with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("Dockerfile");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn mode_and_owner_stay() {
        let (directory, path) = directory_with("old\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        // Only root may give a file away; for others the owner is their own.
        let _ = std::os::unix::fs::chown(&path, Some(1234), Some(4321));
        let before = fs::metadata(&path).unwrap();
        replace(&path, "old\n", "new\n").unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
        assert_eq!(names(directory.path()), ["Dockerfile"]);
    }

    #[test]
    fn a_link_is_followed_and_stays() {
        let (directory, path) = directory_with("old\n");
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("Dockerfile");
        symlink(&path, &link).unwrap();
        replace(&link, "old\n", "new\n").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(names(directory.path()), ["Dockerfile"]);
        assert_eq!(names(elsewhere.path()), ["Dockerfile"]);
    }

    #[test]
    fn what_changed_meanwhile_is_left_alone() {
        let (directory, path) = directory_with("saved by somebody\n");
        let fault = replace(&path, "old\n", "new\n").unwrap_err();
        assert!(fault.message.contains("changed while dfslim was at work"), "{}", fault.message);
        assert_eq!(fs::read_to_string(&path).unwrap(), "saved by somebody\n");
        assert_eq!(names(directory.path()), ["Dockerfile"]);
    }

    #[test]
    fn a_read_only_file_is_left_alone() {
        let (directory, path) = directory_with("old\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        let fault = replace(&path, "old\n", "new\n").unwrap_err();
        assert!(fault.message.contains("read-only"), "{}", fault.message);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        assert_eq!(names(directory.path()), ["Dockerfile"]);
    }

    #[test]
    fn a_read_only_directory_is_said() {
        let (directory, path) = directory_with("old\n");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
        // Root writes anyhow; then there is nothing to see.
        if fs::write(directory.path().join("probe"), "").is_err() {
            let fault = replace(&path, "old\n", "new\n").unwrap_err();
            assert!(fault.message.starts_with("no permission to write in "), "{}", fault.message);
            assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
        }
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn all_or_nothing_is_written() {
        let (directory, path) = directory_with("old\n");
        let ignore = directory.path().join(".dockerignore");
        let both = |before: &str| all(&path, before, "new\n", &[(&ignore, ".git\n")]);
        assert!(both("other\n").is_err());
        assert_eq!(
            (names(directory.path()), fs::read_to_string(&path).unwrap()),
            (vec!["Dockerfile".to_owned()], "old\n".to_owned())
        );
        both("old\n").unwrap();
        assert_eq!(
            (fs::read_to_string(&ignore).unwrap(), fs::read_to_string(&path).unwrap()),
            (".git\n".to_owned(), "new\n".to_owned())
        );
        assert_eq!(fs::metadata(&ignore).unwrap().permissions().mode() & 0o777, 0o644);
        fs::write(&path, "old\n").unwrap();
        assert!(both("old\n").unwrap_err().message.contains("appeared while dfslim was at work"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
    }

    #[test]
    fn a_missing_file_is_not_made() {
        let (directory, path) = directory_with("old\n");
        fs::remove_file(&path).unwrap();
        assert!(replace(&path, "old\n", "new\n").is_err());
        assert!(names(directory.path()).is_empty());
    }
}
