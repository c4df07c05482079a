//! `dfslim rewrite` on files that change: the diff applies, files are written, exit codes, JSON, comments.

use crate::applies;
use crate::command::{dfslim, directory, run, run_with};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const BEFORE: &str = "FROM alpine:3.20\nRUN apk add curl\n";
const AFTER: &str = "FROM alpine:3.20\nRUN apk add --no-cache curl\n";
const ONLY: [&str; 2] = ["--only", "kept-package-cache"];

fn rewrite<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&["rewrite"], &ONLY[..], args].concat()
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_diff_is_printed_and_nothing_is_written() {
    let root = directory([("web/Dockerfile", BEFORE)]);
    let expected = "\
--- a/web/Dockerfile
+++ b/web/Dockerfile
@@ -1,2 +1,2 @@
 FROM alpine:3.20
-RUN apk add curl
+RUN apk add --no-cache curl
";
    let ran = run(root.path(), rewrite(&[]));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, expected));
    assert!(ran.stderr.starts_with("web/Dockerfile:2: "), "{}", ran.stderr);
    assert!(ran.stderr.contains(" [kept-package-cache, safe]\n    "), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n1 file: 1 rewrite in the diff"), "{}", ran.stderr);
    assert_eq!(read(root.path().join("web/Dockerfile")), BEFORE);
    let quiet = run(root.path(), rewrite(&["-q", "--dry-run"]));
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), (expected, ""));
    let coloured = run(root.path(), rewrite(&["--color", "always"]));
    assert!(coloured.stdout.contains("\u{1b}[31m-RUN apk add curl\u{1b}[0m\n"), "{}", coloured.stdout);
}

/// Runs dfslim in `here`, below a git repository at `root`, and applies what it prints from there.
fn applied(root: &Path, here: &str, args: &[&str]) {
    let here = root.join(here);
    let before = snapshot(root);
    let diff = run(&here, rewrite(args)).stdout;
    assert!(!diff.is_empty());
    for (tool, arguments) in [
        ("git", &["apply", "--whitespace=nowarn"][..]),
        ("patch", &["-p1", "--binary", "--silent", "--no-backup-if-mismatch"]),
    ] {
        if !applies::installed(tool) {
            continue;
        }
        feed(tool, arguments, &here, &diff);
        let after = snapshot(root);
        assert_ne!(before, after, "{tool}");
        for (path, text) in &after {
            assert!(text.contains("--no-cache"), "{tool}: {}: {text}", path.display());
        }
        for (path, text) in &before {
            fs::write(path, text).unwrap();
        }
    }
}

fn feed(tool: &str, arguments: &[&str], here: &Path, diff: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), diff).unwrap();
    let stdin = fs::File::open(file.path()).unwrap();
    let output = Command::new(tool).args(arguments).current_dir(here).stdin(stdin).output().unwrap();
    assert!(output.status.success(), "{tool}: {}{diff}", String::from_utf8_lossy(&output.stderr));
}

fn snapshot(root: &Path) -> Vec<(std::path::PathBuf, String)> {
    let walk = ignore::WalkBuilder::new(root).sort_by_file_path(Ord::cmp).build().map(Result::unwrap);
    let files = walk.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    files.map(|entry| (entry.path().to_owned(), read(entry.path()))).collect()
}

#[test]
fn the_diff_applies_where_dfslim_ran() {
    let root = directory([
        ("web/Dockerfile", BEFORE),
        ("web/api/Dockerfile.dev", &BEFORE.replace('\n', "\r\n")),
        ("web/no newline/Dockerfile", BEFORE.trim_end()),
    ]);
    applied(root.path(), "", &[]);
    applied(root.path(), "web", &[]);
    if applies::installed("git") {
        Command::new("git").args(["init", "-q"]).current_dir(root.path()).status().unwrap();
        applied(root.path(), "", &[]);
        applied(root.path(), "web", &[]);
        applied(root.path(), "web", &["./api/../Dockerfile", "api", "no newline/Dockerfile"]);
    }
}

#[cfg(unix)]
#[test]
fn the_diff_applies_to_files_with_odd_names() {
    let names = ["a b/Dockerfile", "quo\"te.Dockerfile", "é.Dockerfile", "back\\slash.Dockerfile", " lead.Dockerfile"];
    let root = directory(names.map(|name| (name, BEFORE)));
    applied(root.path(), "", &[]);
}

#[cfg(unix)]
#[test]
fn the_diff_names_the_file_behind_a_link() {
    let root = directory([("docker/prod", BEFORE), ("web/.keep", "--no-cache")]);
    std::os::unix::fs::symlink("../docker/prod", root.path().join("web/Dockerfile")).unwrap();
    let ran = run(root.path(), rewrite(&["web/Dockerfile"]));
    assert!(ran.stdout.starts_with("--- a/docker/prod\n+++ b/docker/prod\n"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("web/Dockerfile:2: "), "{}", ran.stderr);
    applied(root.path(), "", &["web/Dockerfile"]);
    let ran = run(root.path(), rewrite(&["-i", "web/Dockerfile"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(read(root.path().join("docker/prod")), AFTER);
    assert!(root.path().join("web/Dockerfile").is_symlink());
}

#[test]
fn what_lies_elsewhere_is_named_from_the_root() {
    let root = directory([("Dockerfile", BEFORE), ("web/.keep", "")]);
    let ran = run(&root.path().join("web"), rewrite(&["../Dockerfile"]));
    assert!(!ran.stdout.contains(".."), "{}", ran.stdout);
    assert!(ran.stdout.lines().next().unwrap().ends_with("/Dockerfile"), "{}", ran.stdout);
}

#[test]
fn files_are_written_and_a_second_run_finds_nothing() {
    let root = directory([("Dockerfile", BEFORE), ("web/Dockerfile", BEFORE), ("bad", "\0")]);
    let ran = run(root.path(), rewrite(&["-i", ".", "bad"]));
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("3 files: 2 rewrites written, 1 error"), "{}", ran.stderr);
    assert_eq!(read(root.path().join("Dockerfile")), AFTER);
    assert_eq!(read(root.path().join("web/Dockerfile")), AFTER);
    let mut names: Vec<_> = fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["Dockerfile", "bad", "web"]);
    let again = run(root.path(), rewrite(&["-i", "--quiet"]));
    assert_eq!((again.code, again.stdout.as_str(), again.stderr.as_str()), (0, "", ""));
}

#[test]
fn what_need_not_change_is_not_touched() {
    let root = directory([("Dockerfile", AFTER)]);
    let modified = || fs::metadata(root.path().join("Dockerfile")).unwrap().modified().unwrap();
    let before = modified();
    assert_eq!(run(root.path(), rewrite(&["-i"])).code, 0);
    assert_eq!(modified(), before);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_stops_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let root = directory([("a.Dockerfile", BEFORE), ("b.Dockerfile", BEFORE)]);
    fs::set_permissions(root.path().join("a.Dockerfile"), fs::Permissions::from_mode(0o444)).unwrap();
    let ran = run(root.path(), rewrite(&["-i"]));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("a.Dockerfile: error: the file is read-only; "), "{}", ran.stderr);
    assert_eq!(read(root.path().join("a.Dockerfile")), BEFORE);
    assert_eq!(read(root.path().join("b.Dockerfile")), AFTER);
}

#[test]
fn check_tells_by_its_exit_code() {
    let root = directory([("Dockerfile", BEFORE)]);
    let ran = run(root.path(), rewrite(&["--check"]));
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("+RUN apk add --no-cache curl\n"), "{}", ran.stdout);
    assert_eq!(run(root.path(), rewrite(&["--check", "--format", "json"])).code, 1);
    // An error says more than a change.
    assert_eq!(run(root.path(), rewrite(&["--check", ".", "missing"])).code, 2);
    fs::write(root.path().join("Dockerfile"), AFTER).unwrap();
    assert_eq!(run(root.path(), rewrite(&["--check"])).code, 0);
}

#[test]
fn stdin_gives_a_diff_or_the_new_text() {
    let root = directory([]);
    let ran = run_with(root.path(), rewrite(&["-"]), BEFORE);
    assert!(ran.stdout.starts_with("--- a/Dockerfile\n+++ b/Dockerfile\n"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("<stdin>:2: "), "{}", ran.stderr);
    assert_eq!(run_with(root.path(), rewrite(&["-i", "-"]), BEFORE).stdout, AFTER);
    let odd = BEFORE.replace('\n', "\r\n").trim_end().to_owned();
    let expected = AFTER.replace('\n', "\r\n").trim_end().to_owned();
    assert_eq!(run_with(root.path(), rewrite(&["-i", "-"]), &odd).stdout, expected);
}

#[test]
fn json_tells_what_why_and_how_sure() {
    let root = directory([("web/Dockerfile", BEFORE)]);
    let ran = run(root.path(), rewrite(&["--format", "json"]));
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let file = &document["files"][0];
    assert_eq!((&file["path"], &file["context"]), (&"web/Dockerfile".into(), &"web".into()));
    assert_eq!(file["changed"], true);
    assert_eq!(file["diff"], run(root.path(), rewrite(&["-q"])).stdout);
    let applied = &file["applied"][0];
    for (key, value) in [("pass", "kept-package-cache"), ("kind", "caches"), ("safety", "safe")] {
        assert_eq!(applied[key], value);
    }
    assert_eq!(applied["line"], 2);
    assert!(applied["what"].as_str().is_some_and(|what| what.contains("--no-cache")), "{applied}");
    assert!(applied["evidence"].is_array());
    for key in ["held", "refused", "problems"] {
        assert_eq!(file[key], Value::Array(vec![]), "{key}");
    }
    let totals = &document["totals"];
    assert_eq!((&totals["files"], &totals["changed"], &totals["applied"]), (&1.into(), &1.into(), &1.into()));
}

#[test]
fn ids_of_other_tools_select_and_silence() {
    let root = directory([("Dockerfile", BEFORE)]);
    let changes = |args: &[&str]| !run(root.path(), args.iter().copied()).stdout.is_empty();
    assert!(changes(&["rewrite", "--only", "DL3019"]));
    assert!(changes(&["rewrite", "--only", "dl3019,DL3042"]));
    assert!(!changes(&["rewrite", "--only", "kept-package-cache", "--skip", "DL3019"]));
    fs::write(root.path().join("dfslim.yaml"), "skip: [DL3019]\n").unwrap();
    assert!(!changes(&["rewrite"]));
    // The flags beat the file.
    assert!(changes(&["rewrite", "--skip", ""]));
    assert!(changes(&["rewrite", "--only", "kept-package-cache"]));
    assert!(changes(&["rewrite", "--isolated"]));
    fs::write(root.path().join("dfslim.yaml"), "only: []\n").unwrap();
    assert!(!changes(&["rewrite"]));
    fs::remove_file(root.path().join("dfslim.yaml")).unwrap();
    for comment in ["# hadolint ignore=DL3019", "# dfslim: ignore[kept-package-cache] because it is mine"] {
        let text = format!("FROM alpine:3.20\n{comment}\nRUN apk add curl\n");
        fs::write(root.path().join("Dockerfile"), text).unwrap();
        let ran = run(root.path(), rewrite(&[]));
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", "1 file: nothing to change\n"), "{comment}");
        let verbose = run(root.path(), rewrite(&["-v"])).stderr;
        assert!(verbose.contains(&format!("silenced by `{comment}`")), "{verbose}");
    }
}

#[test]
fn a_misspelt_id_gets_the_nearest_one() {
    let root = directory([("Dockerfile", BEFORE), ("dfslim.yaml", "skip:\n  - kept-pakage-cache\n")]);
    let nearest = "no pass is called `kept-pakage-cache` or answers to it; did you mean `kept-package-cache`?\n";
    let ran = run(root.path(), ["rewrite"]);
    assert_eq!((ran.code, ran.stderr), (2, format!("error: dfslim.yaml:2:5: skip[0]: {nearest}")));
    for args in [&["rewrite", "--isolated", "--only", "kept-pakage-cache"][..], &["explain", "kept-pakage-cache"]] {
        let ran = run(root.path(), args.iter().copied());
        assert_eq!((ran.code, ran.stderr), (2, format!("error: {nearest}")));
    }
}

#[test]
fn explain_lists_passes_and_prints_pages() {
    let root = directory([]);
    let list = run(root.path(), ["explain"]).stdout;
    assert!(list.lines().any(|line| line.starts_with("kept-package-cache  ")), "{list}");
    let page = run(root.path(), ["explain", "kept-package-cache"]);
    assert_eq!(page.code, 0);
    assert!(page.stdout.starts_with('#') && page.stdout.contains("## Why"), "{}", page.stdout);
    let page = page.stdout;
    assert!(run(root.path(), ["explain", "DL3019"]).stdout.contains(&page));
    assert!(run(root.path(), ["explain", "DL3019", "--color", "always"]).stdout.contains("\u{1b}[1m## Why\u{1b}[0m"));
}

#[test]
fn a_diff_that_is_not_read_to_its_end_is_no_error() {
    let root = directory([]);
    for number in 0..2_000 {
        fs::write(root.path().join(format!("Dockerfile.{number:04}")), BEFORE).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_dfslim"))
        .args(["rewrite", "-q"])
        .current_dir(root.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "--- a/Dockerfile.0000\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn files_saved_meanwhile_keep_what_was_saved() {
    // Many runs at once on one file: each either writes the whole new text or says why it did not.
    let root = directory([("Dockerfile", BEFORE)]);
    for _ in 0..5 {
        fs::write(root.path().join("Dockerfile"), BEFORE).unwrap();
        let runs: Vec<_> = (0..4)
            .map(|_| {
                let mut command = Command::new(dfslim(root.path()).get_program());
                command.args(rewrite(&["-i"])).current_dir(root.path()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in runs {
            let output = child.wait_with_output().unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() || stderr.contains("changed while dfslim was at work"), "{stderr}");
        }
        assert_eq!(read(root.path().join("Dockerfile")), AFTER);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }
}
