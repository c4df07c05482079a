//! Printed diffs must be taken by `git apply` and by `patch -p1`, many at once.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A text before and after, and the diff that was printed for it.
pub(crate) struct Printed {
    /// Relative path, without blanks.
    pub(crate) name: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) diff: String,
}

/// Applies all diffs as one with each tool, and compares what comes out.
pub(crate) fn check(printed: &[Printed]) -> Vec<String> {
    if printed.iter().all(|printed| printed.diff.is_empty()) {
        return Vec::new();
    }
    let git: &[&str] = &["apply", "--whitespace=nowarn", "-"];
    let patch: &[&str] = &["-p1", "--binary", "--silent", "--no-backup-if-mismatch"];
    [("git", git), ("patch", patch)].into_iter().flat_map(|(tool, args)| check_with(tool, args, printed)).collect()
}

fn check_with(tool: &str, args: &[&str], printed: &[Printed]) -> Vec<String> {
    if !installed(tool) {
        assert!(std::env::var_os("DFSLIM_NEED_TOOLS").is_none(), "{tool} is not installed");
        eprintln!("{tool} is not installed: the printed diffs were not tried with it");
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    for Printed { name, before, .. } in printed {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(folder.path())).expect("a directory for the case");
        std::fs::write(path, before).expect("the text before");
    }
    let all: String = printed.iter().map(|printed| printed.diff.as_str()).collect();
    if let Err(problem) = feed(tool, args, folder.path(), &all) {
        return vec![format!("{tool} {}: {problem}", args.join(" "))];
    }
    let differs = |printed: &&Printed| {
        std::fs::read_to_string(folder.path().join(&printed.name)).is_ok_and(|text| text != printed.after)
    };
    printed.iter().filter(differs).map(|printed| format!("{tool} makes something else of {}", printed.name)).collect()
}

pub(crate) fn installed(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

fn feed(tool: &str, args: &[&str], folder: &Path, input: &str) -> Result<(), String> {
    let mut child = Command::new(tool)
        .args(args)
        .current_dir(folder)
        // Otherwise git would look for a repository above, and take the names from its top.
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|problem| problem.to_string())?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(|problem| problem.to_string())?;
    let _ = writer.join();
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_wrong_diff_is_noticed() {
    let printed = |diff: &str| Printed {
        name: "x/Dockerfile".into(),
        before: "FROM a\r\nRUN b\r\n".into(),
        after: "FROM a\r\nRUN c\r\n".into(),
        diff: diff.into(),
    };
    let right = "--- a/x/Dockerfile\n+++ b/x/Dockerfile\n@@ -1,2 +1,2 @@\n FROM a\r\n-RUN b\r\n+RUN c\r\n";
    assert_eq!(check(&[printed(right)]), Vec::<String>::new());
    assert_eq!(check(&[printed(&right.replace("RUN c", "RUN d"))]).len(), check(&[printed("garbage")]).len());
}
