//! `dfslim rewrite` takes the build context that compose files, CI or COPY name, not the Dockerfile's directory by habit.

use crate::command::{directory, run};
use serde_json::Value;
use std::path::Path;

/// An app in the root of a repository, its Dockerfile in `docker/`.
const DOCKERFILE: &str = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD [\"node\", \"server.js\"]\n";
const APP: [(&str, &str); 4] = [
    (".git/HEAD", "ref: refs/heads/main\n"),
    ("package.json", r#"{"name":"a","version":"1.0.0"}"#),
    (
        "package-lock.json",
        r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0"}}}"#,
    ),
    ("server.js", "require('http').createServer().listen(3000)\n"),
];

/// The context as JSON says it, and the whole new base.
fn outcome(root: &Path, args: &[&str]) -> (String, bool) {
    let ran = run(root, [&["rewrite", "--only", "oversized-base", "--format", "json"], args].concat());
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let file = &document["files"][0];
    (file["context"].as_str().unwrap().to_owned(), file["diff"].as_str().unwrap().contains("+FROM node:20-alpine"))
}

#[test]
fn compose_names_the_context() {
    let compose = "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/Dockerfile\n";
    let files = [("docker/Dockerfile", DOCKERFILE), ("compose.yaml", compose)];
    let root = directory(APP.into_iter().chain(files));
    assert_eq!(outcome(root.path(), &[]), (".".to_owned(), true));
    assert_eq!(outcome(&root.path().join("docker"), &[]), ("..".to_owned(), true));
    assert_eq!(outcome(root.path(), &["--context", "docker"]), ("docker".to_owned(), false));
}

#[test]
fn the_files_that_copy_names_tell_it_too() {
    let named = DOCKERFILE.replace("COPY . .", "COPY package.json package-lock.json server.js ./");
    let root = directory(APP.into_iter().chain([("docker/Dockerfile", named.as_str())]));
    assert_eq!(outcome(root.path(), &[]), (".".to_owned(), true));
}

#[test]
fn a_context_that_is_not_known_is_said_and_counts_for_nothing() {
    let compose = "services:\n  a:\n    build: {context: ., dockerfile: docker/Dockerfile}\n  \
                   b:\n    build: {context: docker, dockerfile: Dockerfile}\n";
    let files = [("docker/Dockerfile", DOCKERFILE), ("compose.yaml", compose)];
    let root = directory(APP.into_iter().chain(files));
    assert_eq!(outcome(root.path(), &[]), (String::new(), false));
    let said = run(root.path(), ["rewrite"]).stderr;
    let expected = "docker/Dockerfile:1: note: the build context is not known, so nothing in it counts as evidence: `.` and `docker` \
                    are named as build contexts; give --context";
    assert!(said.contains(expected), "{said}");
    // Where nothing is taken from it, it does not matter.
    let root = directory([("docker/Dockerfile", "FROM alpine:3.20\nRUN apk add curl\n"), ("compose.yaml", compose)]);
    assert!(!run(root.path(), ["rewrite"]).stderr.contains("context"));
}

#[test]
fn evidence_names_the_dockerfile_and_its_line() {
    let dockerfile = "FROM debian:12\n\nRUN apt-get update\nRUN apt-get install -y wget\nCOPY a /a\nWORKDIR /b\n\
                      RUN wget https://example.org/x.tgz && tar xzf x.tgz\nCMD sleep 1\n";
    let root = directory([(".git/HEAD", "ref: refs/heads/main\n"), ("a", ""), ("docker/Dockerfile", dockerfile)]);
    let ran = run(root.path(), ["rewrite", "--format", "json"]);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    let applied = document["files"][0]["applied"].as_array().unwrap();
    let evidence = |pass: &str| {
        let found = applied.iter().find(|one| one["pass"] == pass).unwrap_or_else(|| panic!("{}", ran.stdout));
        (found["evidence"][0]["file"].as_str().unwrap().to_owned(), found["evidence"][0]["line"].as_u64())
    };
    assert_eq!(evidence("leftover-download"), ("docker/Dockerfile".to_owned(), Some(7)));
    assert_eq!(evidence("shell-form-command"), ("docker/Dockerfile".to_owned(), Some(8)));
}
