//! Runs the binary in a directory of its own. Used by the tests of the command line.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What a run left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A directory with these files, parents made as needed.
pub(crate) fn directory<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// `dfslim`, about to run in `directory`, with nothing of this machine's settings.
pub(crate) fn dfslim(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dfslim"));
    command.current_dir(directory).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// Runs `dfslim` in `directory`.
pub(crate) fn run<'a>(directory: &Path, args: impl IntoIterator<Item = &'a str>) -> Ran {
    finish(dfslim(directory).args(args))
}

/// Runs `dfslim` in `directory` with `stdin`.
pub(crate) fn run_with<'a>(directory: &Path, args: impl IntoIterator<Item = &'a str>, stdin: &str) -> Ran {
    finish(dfslim(directory).args(args).write_stdin(stdin))
}

fn finish(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
