//! `dfslim init-ignore`, and the ignore file that `dfslim rewrite` makes: what is written, shown and said.

use crate::applies;
use crate::command::{Ran, directory, run, run_with};
use dfslim::dockerfile::Dockerfile;
use dfslim::ignoring::{Ignoring, Recipe};
use dfslim::project::dockerignore::Dockerignore;
use dfslim::project::{Context, Project};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

const NODE: &[(&str, &str)] = &[
    (
        "Dockerfile",
        "FROM node:22-alpine\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD [\"node\", \"index.js\"]\n",
    ),
    ("package.json", "{\"name\": \"x\"}"),
    ("package-lock.json", "{\"name\": \"x\", \"lockfileVersion\": 3, \"packages\": {}}"),
    ("index.js", "console.log(1)"),
    (".gitignore", "node_modules\n"),
    ("node_modules/a/index.js", "0123456789"),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> tempfile::TempDir {
    directory(NODE.iter().copied().chain(more.iter().copied()))
}

fn init(root: &Path, args: &[&str]) -> Ran {
    run(root, ["init-ignore"].iter().chain(args).copied())
}

fn ignore_file(root: &Path) -> Option<String> {
    fs::read_to_string(root.join(".dockerignore")).ok()
}

/// Runs git in `root`; whether it is there and did it.
fn git(root: &Path, args: &[&str]) -> bool {
    let isolated = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")];
    applies::installed("git")
        && Command::new("git").args(args).current_dir(root).envs(isolated).status().unwrap().success()
}

#[test]
fn it_makes_the_file_and_says_what_leaves() {
    let root = with(&[]);
    let ran = init(root.path(), &["--dry-run"]);
    assert_eq!((ran.code, ignore_file(root.path())), (0, None), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1,"), "{}", ran.stdout);
    assert!(ran.stderr.contains("node_modules 10 B"), "{}", ran.stderr);
    let ran = init(root.path(), &["--stdout"]);
    assert_eq!(ignore_file(root.path()), None);
    let text = ran.stdout;
    let ran = init(root.path(), &[]);
    assert_eq!((ran.code, ran.stdout.as_str(), ignore_file(root.path())), (0, "", Some(text.clone())));
    assert!(ran.stderr.contains(".dockerignore: written\n"), "{}", ran.stderr);
    for pattern in [".git", "**/node_modules", "Dockerfile", "**/*.log"] {
        assert!(text.lines().any(|line| line == pattern), "{pattern} in {text}");
    }
    assert!(!text.contains("__pycache__") && !text.contains(".env"), "{text}");
    let again = init(root.path(), &[]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""));
    assert!(again.stderr.ends_with(".dockerignore: nothing is lacking\n"), "{}", again.stderr);
    assert_eq!(init(&root.path().join("node_modules"), &["."]).code, 3);
}

#[test]
fn an_existing_file_is_changed_only_when_asked() {
    let old = "# mine\nnode_modules/\n!node_modules/keep\nsecret";
    let root = with(&[(".dockerignore", old)]);
    let ran = init(root.path(), &[]);
    assert_eq!((ran.code, ignore_file(root.path()).as_deref()), (0, Some(old)));
    assert!(ran.stdout.starts_with("--- a/.dockerignore\n+++ b/.dockerignore\n"), "{}", ran.stdout);
    assert!(ran.stderr.contains("left as it is; --merge adds what it lacks"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`**/node_modules` is not added: line 3 brings back"), "{}", ran.stderr);
    init(root.path(), &["--merge"]);
    let merged = ignore_file(root.path()).unwrap();
    assert!(merged.starts_with(&format!("{old}\n\n# ")) && !merged.contains("**/node_modules"), "{merged}");
    init(root.path(), &["--merge"]);
    assert_eq!(ignore_file(root.path()).unwrap(), merged);
    init(root.path(), &["--force"]);
    assert!(!ignore_file(root.path()).unwrap().contains("# mine"));
    fs::write(root.path().join(".dockerignore"), "*\n!src\n").unwrap();
    init(root.path(), &["--merge"]);
    assert_eq!(ignore_file(root.path()).unwrap(), "*\n!src\n");
}

#[test]
fn a_dockerfile_with_an_ignore_file_of_its_own_gets_that_one() {
    let root = with(&[("Dockerfile.dockerignore", "dist\n")]);
    init(root.path(), &["--merge"]);
    let own = fs::read_to_string(root.path().join("Dockerfile.dockerignore")).unwrap();
    assert!(own.starts_with("dist\n\n#") && own.contains("**/node_modules\n"), "{own}");
    assert_eq!(ignore_file(root.path()), None);
}

#[test]
fn settings_replace_and_add_parts() {
    let root = with(&[
        ("dfslim.yaml", "templates: parts\nignore: [data, index.js, package.json]\n"),
        ("parts/logs.hbs", "# our logs\n{{#if node}}\nlogs-of-node\n{{/if}}\n"),
        ("parts/more.hbs", "index.js\n"),
    ]);
    let text = init(root.path(), &["--stdout"]).stdout;
    assert!(text.contains("# our logs\nlogs-of-node\n") && !text.contains("*.log"), "{text}");
    assert!(text.ends_with("# By dfslim.yaml\ndata\nindex.js\n"), "{text}");
    let ran = init(root.path(), &["-v", "--dry-run"]);
    assert!(ran.stderr.contains("not left out: `index.js`\n    Dockerfile:6: names `index.js`\n"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("not left out: `package.json`\n    Dockerfile:3: takes `package*.json`\n"),
        "{}",
        ran.stderr
    );
    fs::write(root.path().join("parts/more.hbs"), "{{#if}").unwrap();
    let ran = init(root.path(), &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("the template `more`: "), "{}", ran.stderr);
}

#[test]
fn what_git_tracks_stays() {
    let root = with(&[("tools/node_modules/own/index.js", "1"), (".vscode/settings.json", "{}"), ("debug.log", "x")]);
    if !git(root.path(), &["init", "-q"]) {
        return;
    }
    assert!(git(root.path(), &["add", "-f", "Dockerfile", "package.json", "tools", ".vscode", "index.js"]));
    let ran = init(root.path(), &["-v", "--stdout"]);
    assert!(ran.stderr.contains("tools/node_modules/own/index.js: is in git"), "{}", ran.stderr);
    assert!(!ran.stdout.contains("node_modules") && ran.stdout.contains("\n.vscode\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("**/*.log\n") && ran.stdout.contains("\n.git\n"), "{}", ran.stdout);
}

#[test]
fn secrets_are_left_out_or_told() {
    let root = with(&[("id_rsa", "x"), (".env", "API_TOKEN=1"), (".npmrc", "//r/:_authToken=abc\n")]);
    let ran = init(root.path(), &["--stdout"]);
    assert!(ran.stdout.contains("\nid_rsa\n") && ran.stdout.contains("\n.env\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(".npmrc"), "{}", ran.stdout);
    assert!(
        ran.stderr
            .contains("warning: `.npmrc` holds a token for npm, and gets into the image (Dockerfile:5: takes `.`)"),
        "{}",
        ran.stderr
    );
    fs::write(root.path().join("index.js"), "require('dotenv').config(); open('id_rsa')").unwrap();
    let ran = init(root.path(), &["--stdout", "-q"]);
    assert!(!ran.stdout.contains("id_rsa") && !ran.stdout.contains(".env"), "{}", ran.stdout);
    assert!(ran.stderr.contains("warning: `.env` holds passwords or keys"), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: `id_rsa` holds a private SSH key"), "{}", ran.stderr);
}

const ONLY: [&str; 3] = ["rewrite", "--only", "missing-dockerignore"];

#[test]
fn rewrite_makes_it_with_the_dockerfile() {
    let two = "FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install && apk add curl\n";
    let root = with(&[("Dockerfile.dev", two)]);
    let diff = run(root.path(), ["rewrite", "--only", "missing-dockerignore,kept-package-cache", "-q"]).stdout;
    assert_eq!(diff.matches("--- /dev/null\n+++ b/.dockerignore\n").count(), 1, "{diff}");
    let check = run(root.path(), ONLY.iter().copied().chain(["--check", "-q"]));
    assert_eq!(check.code, 1);
    let json = run(root.path(), ONLY.iter().copied().chain(["--format", "json"]));
    let document: Value = serde_json::from_str(&json.stdout).unwrap();
    let files = document["files"].as_array().unwrap();
    let paths: Vec<_> = files.iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["Dockerfile", ".dockerignore", "Dockerfile.dev"]);
    assert_eq!(files[0]["applied"][0]["kind"], "ignore");
    assert!(files[1]["diff"].as_str().unwrap().starts_with("--- /dev/null\n"));
    let copy = with(&[("Dockerfile.dev", two)]);
    assert_eq!(run(root.path(), ["rewrite", "-i", "-q"]).code, 0);
    let made = ignore_file(root.path()).unwrap();
    if applies::installed("git") {
        let whole = run(copy.path(), ["rewrite", "-q"]).stdout;
        fs::write(copy.path().join("changes"), whole).unwrap();
        assert!(git(copy.path(), &["apply", "--whitespace=nowarn", "changes"]));
        assert_eq!(ignore_file(copy.path()).unwrap(), made);
    }
    assert_eq!(run(root.path(), ["rewrite", "--check", "-q"]).code, 0);
}

#[test]
fn of_what_comes_from_stdin_only_with_a_context() {
    let root = with(&[]);
    let text = NODE[0].1;
    let without = run_with(root.path(), ["rewrite", "-q", "-"], text);
    assert!(!without.stdout.contains(".dockerignore"), "{}", without.stdout);
    let given = run_with(root.path(), ["rewrite", "-q", "--context", ".", "-"], text);
    assert_eq!((given.code, without.code, ignore_file(root.path())), (0, 0, None));
}

/// Paths of a context, of all the kinds that patterns are about.
const PATHS: &[&str] = &[
    ".env",
    ".env.production",
    ".git/HEAD",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".idea/a.xml",
    ".npmrc",
    ".venv/bin/python",
    ".vscode/settings.json",
    "Dockerfile",
    "Makefile",
    "README.md",
    "app/__pycache__/a.pyc",
    "app/main.py",
    "build/a.js",
    "compose.yaml",
    "coverage/index.html",
    "dist/a.js",
    "docs/a.md",
    "go.mod",
    "id_rsa",
    "index.js",
    "logs/a.log",
    "main.go",
    "node_modules/a/i.js",
    "package-lock.json",
    "package.json",
    "pyproject.toml",
    "server.key",
    "target/a.jar",
    "tests/coverage/x.txt",
    "vendor/a.go",
    "venv/pyvenv.cfg",
    "web/node_modules/b.js",
    "web/package.json",
];

/// Sources of COPY: paths of that list, their directories, patterns over them, and what is not there.
const SOURCES: &[&str] = &[
    ".",
    "./",
    "*",
    "*.json",
    ".env*",
    "/.git",
    "./.github",
    ".vscode/",
    "Dockerfile",
    "app",
    "app/*",
    "build",
    "coverage",
    "coverage/*.html",
    "dist/",
    "id_rsa",
    "logs/*.log",
    "node_modules",
    "web/node_modules/",
    "*/node_modules",
    "package*.json",
    "target/*.jar",
    "compose.y?ml",
    "venv",
    ".venv/bin",
    "${DIR}/a.js",
    "$ANY",
    "missing.log",
    "[a-e]*",
    ".[a-i]*",
];

const RUNS: &[&str] = &[
    "npm ci",
    "npm run build",
    "pip install .",
    "cargo build",
    "git describe",
    "make",
    "cat .env",
    "npm install -g x",
    "true",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_source_of_a_build_is_lost(
        paths in subsequence(PATHS, 1..PATHS.len()),
        sources in proptest::collection::vec(select(SOURCES), 1..6),
        runs in proptest::collection::vec(select(RUNS), 0..3),
        old in proptest::collection::vec(select(&["*", "!dist", "node_modules", "!**/*.log", ".env*", "!.env.production"][..]), 0..4),
    ) {
        let take = |(at, source): (usize, &&str)| match at % 3 {
            2 if !source.contains(['*', '?', '[']) => {
                format!("RUN --mount=type=bind,source={source},target=/x true\n")
            }
            1 => format!("ADD {source} /x/\n"),
            _ => format!("COPY {source} /x/\n"),
        };
        let copies = sources.iter().enumerate().map(take).collect::<Vec<_>>().concat();
        let commands = runs.iter().map(|run| format!("RUN {run}\n")).collect::<Vec<_>>().concat();
        let text = format!("FROM a\nARG DIR=build\nARG ANY\n{copies}{commands}");
        let context = Context::from_memory(paths.iter().map(|path| {
            (*path, if *path == ".gitignore" { "dist\nbuild\nnode_modules\n" } else { "PRIVATE KEY" })
        }));
        let project = Project::new(context.clone());
        let recipes = [Recipe { name: "Dockerfile".to_owned(), file: Dockerfile::parse(text.as_str()) }];
        let ignoring = Ignoring::of(&project, &recipes).unwrap();
        let old = old.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
        let merged = ignoring.merged(&old).text;
        prop_assert!(merged.starts_with(&old));
        prop_assert_eq!(&ignoring.merged(&merged).text, &merged, "a second time");
        for (before, after) in [(String::new(), ignoring.text()), (old, merged)] {
            let sees = |ignore: &str| context.with_dockerignore(Dockerignore::parse("", ignore));
            let (before, after) = (sees(&before), sees(&after));
            for source in sources.iter().map(|source| source.replace("${DIR}", "build").replace("$ANY", "dist")) {
                if matches!(source.as_str(), "." | "./" | "*") {
                    continue;
                }
                let roots = |context: &Context| context.copy_source(&source).roots;
                prop_assert_eq!(roots(&before), roots(&after), "{} in\n{}", source, text);
            }
            for kept in ["package.json", "package-lock.json", ".npmrc", "README.md", "docs/a.md", "go.mod", "main.go"] {
                prop_assert!(!before.is_sent(kept) || after.is_sent(kept), "{}", kept);
            }
        }
    }
}
