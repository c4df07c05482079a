//! The command line: what is found, what is said, how it ends.

use crate::command::{dfslim, directory, run, run_with};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

const PLAIN: &str = "FROM scratch\nCOPY app /app\nUSER 65532\nCMD [\"/app\"]\n";

/// The paths that a walk finds, in their order.
fn found(root: &std::path::Path, args: &[&str]) -> Vec<String> {
    let ran = run(root, ["rewrite", "--format", "json"].iter().chain(args).copied());
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let files = document["files"].as_array().unwrap();
    files.iter().map(|file| file["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_walk_finds_dockerfiles_by_name_and_nothing_else() {
    let names = [
        "Dockerfile",
        "Dockerfile.dev",
        "web/api.Dockerfile",
        "web/DOCKERFILE",
        "containerfile",
        "Containerfile.prod",
        ".devcontainer/Dockerfile",
        "py/Dockerfile.py",
        // None of these is one.
        "Dockerfile.dockerignore",
        "Dockerfile.j2",
        "Dockerfile.orig",
        "Dockerfile~",
        "docker-compose.yml",
        ".git/Dockerfile",
    ];
    let root = directory(names.map(|name| (name, PLAIN)));
    fs::write(root.path().join("py/dockerfile.go"), "package docker\n").unwrap();
    fs::create_dir(root.path().join("web/Dockerfile")).unwrap();
    let mut expected = names[..8].to_vec();
    expected.sort_by_key(|name| std::path::PathBuf::from(name));
    assert_eq!(found(root.path(), &[]), expected);
}

#[test]
fn gitignore_is_respected_in_a_repository_and_outside_of_one() {
    let root = directory([
        (".gitignore", "vendor/\n"),
        ("vendor/Dockerfile", PLAIN),
        ("web/.gitignore", "Dockerfile.local\n"),
        ("web/Dockerfile", PLAIN),
        ("web/Dockerfile.local", PLAIN),
    ]);
    assert_eq!(found(root.path(), &[]), ["web/Dockerfile"]);
    // From below: in a repository, what its top ignores is ignored too; elsewhere nobody looks up.
    fs::write(root.path().join(".gitignore"), "web/\nDockerfile\n").unwrap();
    assert_eq!(found(&root.path().join("web"), &["."]), ["Dockerfile"]);
    fs::create_dir(root.path().join(".git")).unwrap();
    assert_eq!(run(&root.path().join("web"), ["rewrite"]).code, 3);
    // Who names a file means it.
    assert_eq!(found(root.path(), &["vendor/Dockerfile"]), ["vendor/Dockerfile"]);
}

#[test]
fn what_package_managers_brought_is_left_alone() {
    let root = directory([
        ("vendor/modules.txt", "# golang.org/x/net v0.1.0\n"),
        ("vendor/golang.org/x/net/http2/Dockerfile", PLAIN),
        ("web/node_modules/left-pad/Dockerfile", PLAIN),
        ("env/pyvenv.cfg", "home = /usr/bin\n"),
        ("env/lib/Dockerfile", PLAIN),
        ("shop/vendor/Dockerfile", PLAIN),
    ]);
    assert_eq!(found(root.path(), &[]), ["shop/vendor/Dockerfile"]);
    // Who asks for such a directory means it.
    assert_eq!(found(root.path(), &["env"]), ["env/lib/Dockerfile"]);
}

#[test]
fn each_file_is_taken_once_and_in_order() {
    let root = directory([("b/Dockerfile", PLAIN), ("a/Dockerfile", PLAIN), ("named", PLAIN)]);
    let expected = ["a/Dockerfile", "b/Dockerfile", "named"];
    assert_eq!(found(root.path(), &["named", "b", ".", "./a/Dockerfile", "a"]), expected);
}

#[cfg(unix)]
#[test]
fn links_are_taken_when_they_lead_below() {
    let outside = directory([("Dockerfile", PLAIN)]);
    let root = directory([("docker/prod", PLAIN)]);
    std::os::unix::fs::symlink("docker/prod", root.path().join("Dockerfile")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("Dockerfile"), root.path().join("Dockerfile.out")).unwrap();
    assert_eq!(found(root.path(), &[]), ["Dockerfile"]);
    assert_eq!(found(root.path(), &["Dockerfile.out"]), ["Dockerfile.out"]);
}

#[test]
fn nothing_found_is_a_case_of_its_own() {
    let root = directory([("README.md", "")]);
    let ran = run(root.path(), ["rewrite"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""));
    assert_eq!(ran.stderr, "no Dockerfile found in .; name the file if it is called otherwise\n");
}

#[test]
fn bad_input_is_placed_and_stops_nothing_else() {
    let root = directory([("Dockerfile", PLAIN), ("nul", "FROM a\nRUN \0\n"), ("unread", PLAIN)]);
    fs::write(root.path().join("latin1"), b"FROM a\n# caf\xe9\n").unwrap();
    fs::create_dir_all(root.path().join("d/Dockerfile")).unwrap();
    assert_eq!(run(root.path(), ["rewrite", "d/Dockerfile/"]).code, 3);
    fs::write(root.path().join("large"), vec![b'#'; (16 << 20) + 1]).unwrap();
    let args = ["rewrite", "Dockerfile", "d/Dockerfile", "large", "latin1", "missing", "nul"];
    let ran = run(root.path(), args);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let expected = "\
d/Dockerfile: error: this is a directory; name a file in it, or add a slash to look through it
large: error: the file is larger than 16 MiB; that is no Dockerfile
latin1:2:6: error: the byte 0xe9 is not UTF-8; save the file as UTF-8
missing: error: there is no such file; check the path
nul:2:5: error: there is a NUL byte; remove it, or name a text file
6 files: nothing to change, 5 errors
";
    assert_eq!(ran.stderr, expected);
    let quiet = run(root.path(), ["rewrite", "-q", "Dockerfile", "missing"]);
    assert_eq!(quiet.stderr, "missing: error: there is no such file; check the path\n");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_or_may_not_be_read_is_said() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let root = directory([("locked", PLAIN)]);
    let locked = root.path().join("locked");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything.
    if fs::read(&locked).is_err() {
        let ran = run(root.path(), ["rewrite", "locked"]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.starts_with("locked: error: no permission to read it"), "{}", ran.stderr);
    }
    let ran = run(root.path(), ["rewrite", "/dev/null"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("not a regular file"), "{}", ran.stderr);
    symlink("b", root.path().join("a")).unwrap();
    symlink("a", root.path().join("b")).unwrap();
    symlink("gone", root.path().join("Dockerfile.gone")).unwrap();
    let ran = run(root.path(), ["rewrite", "a", "."]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("a: error: the link cannot be followed"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Dockerfile.gone: error: the link leads nowhere"), "{}", ran.stderr);
}

#[test]
fn what_buildkit_refuses_is_refused() {
    let root = directory([("Dockerfile", "FROM a\n# note\nENV name\n")]);
    let ran = run(root.path(), ["rewrite"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("Dockerfile:3:"), "{}", ran.stderr);
}

#[test]
fn usage_errors_end_with_two_and_say_the_nearest() {
    let root = directory([("Dockerfile", PLAIN)]);
    for args in [
        &["rewrite", "--only", "no-such-pass"][..],
        &["rewrite", "--jobs", "0"],
        &["rewrite", "-i", "--dry-run"],
        &["rewrite", "-i", "--check"],
        &["rewrite", "--safe-only", "--risky"],
        &["rewrite", "--context", "nowhere"],
        &["rewrite", "--config", "nowhere.yaml"],
        &["rewrite", "-i", "--format", "json", "-"],
        &["explain", "no-such-pass"],
        &["nonsense"],
        &[],
    ] {
        let ran = run(root.path(), args.iter().copied());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!ran.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn stdin_is_a_file_like_others() {
    let root = directory([]);
    let ran = run_with(root.path(), ["rewrite", "-"], PLAIN);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
    assert_eq!(ran.stderr, "1 file: nothing to change\n");
    let ran = run_with(root.path(), ["rewrite", "-i", "-"], PLAIN);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, PLAIN));
    let ran = run_with(root.path(), ["rewrite", "-"], "FROM a\nRUN \0");
    assert!(ran.stderr.starts_with("<stdin>:2:5: error: "), "{}", ran.stderr);
}

#[test]
fn no_pass_selected_changes_nothing() {
    let root = directory([("Dockerfile", "FROM alpine\r\n\tRUN apk add curl  \r\n# no newline")]);
    let ran = run(root.path(), ["rewrite", "--only", "", "--check"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""));
}

#[test]
fn json_is_one_document() {
    let root = directory([("Dockerfile", PLAIN)]);
    let ran = run(root.path(), ["rewrite", "--format", "json", "--context", ".", "Dockerfile", "missing"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (2, "missing: error: there is no such file; check the path\n"));
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["version"], 1);
    let error = &document["errors"][0];
    assert_eq!((&error["path"], &error["error"]), (&"missing".into(), &"there is no such file; check the path".into()));
    assert_eq!(document["totals"]["files"], 1);
    assert_eq!(document["totals"]["errors"], 1);
    assert_eq!(document["files"][0]["context"], ".");
    let empty = directory([]);
    let ran = run(empty.path(), ["rewrite", "--format", "json"]);
    assert_eq!(ran.code, 3);
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap()["files"], Value::Array(vec![]));
}

#[test]
fn the_number_of_threads_shows_nowhere() {
    let names: Vec<String> = (0..60).map(|number| format!("{number}/Dockerfile")).collect();
    let root = directory(names.iter().map(|name| (name.as_str(), "FROM alpine\nRUN apk add curl\n")));
    fs::write(root.path().join("7/Dockerfile"), b"\xff").unwrap();
    let one = run(root.path(), ["rewrite", "--jobs", "1"]);
    for jobs in ["2", "16"] {
        let many = run(root.path(), ["rewrite", "--jobs", jobs]);
        assert_eq!((many.code, many.stdout, many.stderr), (one.code, one.stdout.clone(), one.stderr.clone()));
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let root = directory([]);
    for number in 0..200 {
        fs::write(root.path().join(format!("Dockerfile.{number:03}")), PLAIN).unwrap();
    }
    for args in [&["rewrite", "--format", "json"][..], &["completions", "bash"], &["config", "schema"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_dfslim"))
            .args(args)
            .current_dir(root.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn completions_are_made_for_each_shell() {
    let root = directory([]);
    for (shell, sign) in [("bash", "_dfslim()"), ("zsh", "#compdef dfslim"), ("fish", "complete -c dfslim")] {
        assert!(run(root.path(), ["completions", shell]).stdout.contains(sign), "{shell}");
    }
    assert!(run(root.path(), ["completions", "powershell"]).stdout.contains("Register-ArgumentCompleter"));
}

#[test]
fn dump_prints_a_line_a_file() {
    let root = directory([("Dockerfile", PLAIN), ("bad", "FROM a\n\0")]);
    let ran = run(root.path(), ["dump", "Dockerfile", "bad", "Dockerfile"]);
    assert_eq!(ran.code, 2);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["instructions"][1]["cmd"], "COPY");
    assert_eq!((&lines[1]["file"], &lines[1]["ok"]), (&"bad".into(), &false.into()));
}

#[test]
fn help_says_what_a_newcomer_needs() {
    let root = directory([]);
    let ran = run(root.path(), ["rewrite", "--help"]);
    assert_eq!(ran.code, 0);
    for word in ["--in-place", "--check", "--risky", "git apply", "[default: .]"] {
        assert!(ran.stdout.contains(word), "{word}");
    }
    assert!(!run(root.path(), ["--help"]).stdout.contains("dump"));
}

/// Far more than any of them takes: only what would never end is ended.
const HANGS: Duration = Duration::from_mins(5);

#[test]
fn huge_files_end() {
    let long_run = format!("FROM a\nRUN echo \\\n{}  done\n", "  word \\\n".repeat(100_000));
    let chained = format!("FROM a\nRUN true{}\n", " \\\n && apk add curl".repeat(100_000));
    let onbuild = format!("FROM a\n{}RUN true\n", "ONBUILD ".repeat(20_000));
    let ten_megabytes = format!("FROM a\n{}", "RUN echo some words that are not many\n".repeat(260_000));
    let nested = format!("FROM a\nRUN {}true{}\n", "( ".repeat(10_000), " )".repeat(10_000));
    let quotes = format!("FROM a\nRUN {}\n", "$(\"`".repeat(10_000));
    for text in [long_run, chained, onbuild, ten_megabytes, nested, quotes] {
        let root = directory([("Dockerfile", text.as_str())]);
        let output = dfslim(root.path()).args(["rewrite", "--risky"]).timeout(HANGS).output().unwrap();
        let (code, stderr) = (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr));
        let start = &text[..30];
        assert!(code == 0 || code == 2, "{start:?} ended with {code}: {stderr}");
        assert!(!stderr.contains("internal error"), "{start:?}: {stderr}");
    }
}

#[test]
fn files_beyond_all_measure_are_left_alone_with_a_word() {
    let many = format!("FROM debian\n{}", "RUN pip install x\n".repeat(2_000));
    let long = format!("FROM debian\nRUN pip install x\n{}", "# comment\n".repeat(120_000));
    for (text, place, told) in
        [(many, "Dockerfile:2001", "2000 instructions"), (long, "Dockerfile:104857", "1048576 bytes")]
    {
        let root = directory([("Dockerfile", text.as_str())]);
        let ran = run(root.path(), ["rewrite"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{told}");
        assert!(ran.stderr.contains(place) && ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
}
