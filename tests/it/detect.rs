//! `dfslim detect` from the outside.

use crate::command::{directory, run};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A directory with these files, which is a repository.
fn tree(files: &[(&str, &str)]) -> TempDir {
    directory(files.iter().copied().chain([(".git/HEAD", "")]))
}

fn dfslim(dir: &Path, args: &[&str]) -> (String, String, i32) {
    let ran = run(dir, std::iter::once("detect").chain(args.iter().copied()));
    (ran.stdout, ran.stderr, ran.code)
}

fn text(files: &[(&str, &str)]) -> String {
    let dir = tree(files);
    let (out, err, code) = dfslim(dir.path(), &[]);
    assert_eq!((err.as_str(), code), ("", 0), "{out}");
    out
}

/// All facts of the only Dockerfile: `topic: value | detail | file:line`.
fn facts_in(dir: &Path, args: &[&str]) -> Vec<String> {
    let (out, _, _) = dfslim(dir, &[&["--format", "json"], args].concat());
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["version"], 1);
    let join = |list: &Value, show: &dyn Fn(&Value) -> String| {
        list.as_array().unwrap().iter().map(show).collect::<Vec<_>>().join(", ")
    };
    let place = |found: &Value| match found["line"].as_u64() {
        Some(line) => format!("{}:{line}", found["file"].as_str().unwrap()),
        None => found["file"].as_str().unwrap().to_owned(),
    };
    let fact = |fact: &Value| {
        let word = if fact["status"] == "unknown" { "?" } else { "" };
        let detail = join(&fact["detail"], &|line| line.as_str().unwrap().to_owned());
        let at = join(&fact["evidence"], &place);
        format!("{}: {word}{} | {detail} | {at}", fact["topic"].as_str().unwrap(), fact["value"].as_str().unwrap())
    };
    json["dockerfiles"][0]["facts"].as_array().unwrap().iter().map(fact).collect()
}

fn facts_of(files: &[(&str, &str)]) -> Vec<String> {
    facts_in(tree(files).path(), &[])
}

#[track_caller]
fn has(facts: &[String], wanted: &str) {
    assert!(facts.iter().any(|fact| fact == wanted), "{wanted}\nin\n{}", facts.join("\n"));
}

const NODE: &str = "\
FROM node:22-bookworm AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build
FROM node:22-bookworm-slim
WORKDIR /app
COPY --from=build /app /app
USER node
EXPOSE 3000
HEALTHCHECK CMD curl -f http://localhost:3000/ || exit 1
CMD npm start
";
const PACKAGE: &str = "{\n  \"name\": \"x\",\n  \"engines\": {\"node\": \">=20\"},\n  \"scripts\": {\n    \"start\": \"node dist/main.js\"\n  }\n}\n";
const LOCK: &str = "{\"name\": \"x\", \"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"x\"}}}";

#[test]
fn a_node_service_is_told_line_by_line() {
    let compose = "services:\n  web:\n    build: {context: ., target: build}\n    ports: ['80:3000']\n    user: '1000'\n    volumes: ['./data:/data']\n";
    let out = text(&[
        ("Dockerfile", NODE),
        ("package.json", PACKAGE),
        ("package-lock.json", LOCK),
        (".dockerignore", "node_modules\n"),
        ("compose.yaml", compose),
    ]);
    let expected = "\
Dockerfile
  context    .                                      compose.yaml:3
  app        Node, npm                              package.json, package-lock.json
             asks for Node >=20
  base       node:22-bookworm-slim                  Dockerfile:7
             Debian 12 (bookworm), updates until 2026-07-11, glibc, user node (1000), the slim image
  stage      build from node:22-bookworm            Dockerfile:1, compose.yaml:3
             built by name: compose `web`
             1 from node:22-bookworm-slim           Dockerfile:7
             the final one
  starts     npm start (by a shell)                 Dockerfile:13, package.json:5
             runs dist/main.js, which is built first
  user       node                                   Dockerfile:10
  port       3000                                   Dockerfile:11, compose.yaml:4
  volume     /data (from ./data)                    compose.yaml:6
  check      curl -f http://localhost:3000/ || exit 1  Dockerfile:12
  native     no package with native code            package-lock.json
  build      compose `web`, target build, by buildkit  compose.yaml:3
  container  compose `web`                          compose.yaml:5
             runs as 1000
";
    assert_eq!(out, expected);
}

#[test]
fn every_service_of_a_monorepo_is_told() {
    let out = text(&[
        (
            "services/api/Dockerfile",
            "FROM python:3.12-slim\nCOPY services/api/requirements.txt .\nCMD [\"python\", \"main.py\"]\n",
        ),
        ("services/api/requirements.txt", "flask==3.0.0\n"),
        ("services/web/Dockerfile", "FROM node:22\nCOPY package.json .\n"),
        ("services/web/package.json", "{}"),
        ("package.json", "{\"workspaces\": [\"services/*\"]}"),
    ]);
    assert!(out.contains("services/api/Dockerfile\n  context  .  "), "{out}");
    assert!(out.contains("services/web/Dockerfile\n  context  services/web  "), "{out}");
    assert!(out.contains("Python in services/api, pip") && out.contains("Node in services/web"), "{out}");
    assert!(out.ends_with("\n2 Dockerfiles\n"), "{out}");
}

#[test]
fn the_context_is_told_with_its_reason() {
    let compose = "services:\n  a:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n";
    let facts = facts_of(&[("docker/Dockerfile", "FROM a\nCOPY . .\n"), ("docker-compose.yml", compose)]);
    has(&facts, "context: . |  | docker-compose.yml:4");
    let facts = facts_of(&[("docker/Dockerfile", "FROM a\nCOPY . .\n"), ("package.json", "{}")]);
    has(
        &facts,
        "context: ?`docker` holds nothing but Dockerfiles, and no file names the context; give --context |  | docker/Dockerfile",
    );
    let dir = tree(&[("docker/Dockerfile", "FROM a\nCOPY . .\n"), ("package.json", "{}")]);
    let given = facts_in(dir.path(), &["--context", "."]);
    has(&given, "context: . |  | --context");
    has(
        &given,
        "app: Node | package manager unknown: there is no lock file and no `packageManager` in package.json | package.json",
    );
}

#[test]
fn paths_are_called_as_from_where_it_runs() {
    let compose = "services:\n  a:\n    build: services/api\n";
    let dir = tree(&[("services/api/Dockerfile", "FROM node:22\nUSER node\n"), ("compose.yml", compose)]);
    let facts = facts_in(&dir.path().join("services"), &["api"]);
    has(&facts, "context: api |  | ../compose.yml:3");
    has(&facts, "user: node |  | api/Dockerfile:2");
}

#[test]
fn bases_that_are_not_known_are_said_to_be_so() {
    let facts = facts_of(&[("Dockerfile", "ARG BASE\nFROM $BASE\n")]);
    has(&facts, "base: ?`$BASE` needs a build argument |  | Dockerfile:2");
    let facts = facts_of(&[("Dockerfile", "FROM registry.example/x:1\n")]);
    has(&facts, "base: ?nothing is known of registry.example/x:1 |  | Dockerfile:1");
    has(&facts, "starts: ?what registry.example/x:1 starts |  | Dockerfile:1");
    has(&facts, "user: ?no USER is set, and that of the base image is not known |  | Dockerfile:1");
    let facts = facts_of(&[("Dockerfile", "FROM node:22@sha256:0123456789abcdef\n")]);
    has(&facts, "base: ?node:22@sha256:01234567…: the tag need not be what is pulled |  | Dockerfile:1");
    let facts = facts_of(&[("Dockerfile", "FROM scratch\n")]);
    has(&facts, "base: scratch | holds nothing at all | Dockerfile:1");
    has(&facts, "starts: nothing |  | Dockerfile:1");
}

#[test]
fn scripts_are_told_with_what_they_need() {
    let script = "#!/bin/sh\nset -e\nchown -R app /data\n[[ -f x ]] && curl x\nexec gosu app \"$@\"\n";
    let facts = facts_of(&[
        ("Dockerfile", "FROM debian:bookworm\nCOPY docker/run.sh /usr/local/bin/run.sh\nENTRYPOINT [\"run.sh\"]\n"),
        ("docker/run.sh", script),
    ]);
    has(
        &facts,
        "script: docker/run.sh (sh) | uses `[[`, which only Bash has, gives up root by `gosu`, hands over to its arguments, \
         calls chown, curl, gosu | docker/run.sh:1, docker/run.sh:4, docker/run.sh:5, docker/run.sh:5",
    );
    let facts = facts_of(&[
        ("Dockerfile", "FROM debian:bookworm\nCOPY run.sh /\nCMD /run.sh\n"),
        ("run.sh", "#!/bin/bash\r\necho x\r\n"),
    ]);
    assert!(facts.iter().any(|fact| fact.contains("its lines end in CRLF")), "{facts:?}");
}

#[test]
fn what_is_missing_is_told() {
    let package = "{\"dependencies\": {\"express\": \"^4.0.0\"}}";
    let facts = facts_of(&[
        ("Dockerfile", "FROM node:22\nCOPY package.json secret dist ./\n"),
        ("package.json", package),
        ("secret", ""),
        ("Dockerfile.dockerignore", "# c\nsecret\n"),
    ]);
    has(&facts, "missing: a lock file: installs are not repeatable |  | package.json");
    has(&facts, "missing: secret, which .dockerignore leaves out |  | Dockerfile:2, Dockerfile.dockerignore:2");
    has(&facts, "missing: dist, which must be made before the build |  | Dockerfile:2");
    let facts = facts_of(&[("Dockerfile", "FROM node:22\n")]);
    has(&facts, "missing: a .dockerignore | .git is sent to the builder | .");
}

#[test]
fn native_packages_are_told_with_the_reason() {
    let facts = facts_of(&[
        (
            "Dockerfile",
            "FROM python:3.12\nCOPY requirements.txt .\nRUN pip install --upgrade pip\nRUN pip install -r requirements.txt\n",
        ),
        ("requirements.txt", "psycopg2==2.9.9\n"),
    ]);
    let found: Vec<_> = facts.iter().filter(|fact| fact.starts_with("native: psycopg2 2.9.9")).collect();
    assert!(found.len() == 1 && found[0].contains("requirements.txt:1"), "{facts:?}");
    assert!(!facts.iter().any(|fact| fact.contains(" pip,")), "{facts:?}");
}

#[test]
fn malformed_files_are_warnings_and_no_failures() {
    let dir = tree(&[
        ("a/Dockerfile", "FROM node:22\n"),
        ("b/Dockerfile", "FROM node:22\n"),
        ("compose.yml", "services:\n  a: [\n"),
        ("a/package.json", "{\n  \"x\": }\n"),
    ]);
    let (out, err, code) = dfslim(dir.path(), &[]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(out.contains("warning: compose.yml:3: malformed YAML"), "{out}");
    assert!(out.contains("warning: a/package.json:2: malformed JSON"), "{out}");
    // Once, though it concerns both.
    assert_eq!(out.matches("compose.yml:3").count(), 1, "{out}");
    let (out, _, _) = dfslim(dir.path(), &["--format", "json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["dockerfiles"][0]["problems"][0]["file"], "a/package.json");
}

#[test]
fn errors_and_exit_codes() {
    let dir = tree(&[("x/readme", ""), ("y/Dockerfile", "FROM a\n")]);
    fs::write(dir.path().join("y/bad.Dockerfile"), b"FROM \xff\n").unwrap();
    let (out, err, code) = dfslim(dir.path(), &["x"]);
    assert_eq!((out.as_str(), code), ("", 3));
    assert!(err.contains("no Dockerfile found in x"), "{err}");
    let (out, _, code) = dfslim(dir.path(), &["y"]);
    assert_eq!(code, 2);
    assert!(out.contains("y/bad.Dockerfile\n  error: 1:6: the byte 0xff"), "{out}");
    let (_, err, code) = dfslim(dir.path(), &["--context", "nowhere"]);
    assert!(err.contains("there is no such directory") && code == 2, "{err}");
    let (out, _, code) = dfslim(dir.path(), &["--format", "json", "x"]);
    assert_eq!((serde_json::from_str::<Value>(&out).unwrap()["dockerfiles"].as_array().unwrap().len(), code), (0, 3));
}

#[test]
fn colours_are_asked_for() {
    let dir = tree(&[("Dockerfile", "FROM a\n")]);
    assert!(!dfslim(dir.path(), &[]).0.contains('\x1b'));
    assert!(dfslim(dir.path(), &["--color", "always"]).0.contains("\x1b[1mDockerfile"));
}

#[cfg(unix)]
#[test]
fn a_script_cannot_lead_out_of_the_context() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.sh"), "#!/bin/sh\ncurl secret\n").unwrap();
    let dir = tree(&[("Dockerfile", "FROM debian\nCOPY run.sh /\nCMD [\"/run.sh\"]\n")]);
    std::os::unix::fs::symlink(outside.path().join("secret.sh"), dir.path().join("run.sh")).unwrap();
    assert!(!facts_in(dir.path(), &[]).iter().any(|fact| fact.contains("curl")));
}

#[test]
fn fixtures_are_told_without_unknown_contexts() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let (out, err, code) = dfslim(&fixtures, &[]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(!out.contains("context  unknown") && !out.contains("warning:"), "{out}");
    assert!(out.contains("pnpm-monorepo/services/counter/Dockerfile\n  context  pnpm-monorepo   "), "{out}");
}
