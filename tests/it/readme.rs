//! What the README shows must be what the program does; `BLESS=1 cargo test` writes it.

use crate::command::{directory, run};
use crate::images::{DOCKERFILE, docker_archive, layer, sample};
use crate::support::{compare_with_file, root};
use dfslim::passes::{self, Pass};
use std::process::Command;

/// What the example runs, from the top of the repository.
const EXAMPLE: &str = "dfslim rewrite fixtures/flask-requirements";

#[test]
fn the_readme_is_fresh() {
    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).expect("README.md");
    let fresh = with_part(&readme, "example", &example());
    let fresh = with_part(&fresh, "detect", &detected());
    let fresh = with_part(&fresh, "inspect", &inspected());
    let fresh = with_part(&fresh, "passes", &passes_table());
    compare_with_file(&path, &fresh).unwrap_or_else(|problem| panic!("{problem}"));
}

#[test]
fn paths_in_the_documents_exist() {
    for document in ["README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect(document);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let here = !target.contains("://") && !target.starts_with('#');
            assert!(!here || root().join(target).exists(), "{document} links to {target}, which is not there");
        }
    }
}

/// The text between `<!-- name… -->` and `<!-- /name -->` replaced.
fn with_part(text: &str, name: &str, part: &str) -> String {
    let missing = || panic!("README.md has no <!-- {name} --> … <!-- /{name} -->");
    let start = text.find(&format!("<!-- {name}")).unwrap_or_else(missing);
    let body = start + text[start..].find("-->\n").unwrap_or_else(missing) + 4;
    let end = text.find(&format!("<!-- /{name} -->")).unwrap_or_else(missing);
    format!("{}{part}{}", &text[..body], &text[end..])
}

/// The command, what it prints for people, and the diff.
fn example() -> String {
    let arguments = EXAMPLE.split(' ').skip(1);
    let output = Command::new(env!("CARGO_BIN_EXE_dfslim"))
        .args(arguments)
        .args(["--isolated", "--color", "never"])
        .current_dir(root())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{said}");
    let diff = String::from_utf8(output.stdout).expect("UTF-8");
    format!("```console\n$ {EXAMPLE}\n{said}```\n\n```diff\n{diff}```\n")
}

/// The command, and what it prints.
fn detected() -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_dfslim"))
        .args(["detect", "services/counter", "--color", "never"])
        .current_dir(root().join("fixtures/pnpm-monorepo"))
        .output()
        .expect("the binary runs");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{said}");
    format!("```console\n$ cd fixtures/pnpm-monorepo && dfslim detect services/counter\n{said}```\n")
}

/// The command on an image made here, and what it prints.
fn inspected() -> String {
    let (config, layers) = sample();
    let directory = directory([("Dockerfile", DOCKERFILE)]);
    let layers: Vec<Vec<u8>> = layers.iter().map(layer).collect();
    std::fs::write(directory.path().join("web.tar"), docker_archive(&config, &layers)).expect("writable");
    let ran = run(directory.path(), ["inspect", "web.tar", "--dockerfile", "Dockerfile", "--color", "never"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    format!(
        "```console\n$ docker save -o web.tar web && dfslim inspect web.tar --dockerfile Dockerfile\n{}```\n",
        ran.stdout
    )
}

fn passes_table() -> String {
    let mut table = "| pass | what it does | answers to |\n| --- | --- | --- |\n".to_owned();
    table.extend(passes::ALL.iter().copied().map(row));
    table
}

fn row(pass: &Pass) -> String {
    let Pass { id, .. } = pass;
    let summary = pass.summary().replace('|', "\\|");
    format!("| [`{id}`](src/passes/{id}.md) | {summary} | {} |\n", pass.answers_to.join(", "))
}
