//! The shell model against `shfmt` (mvdan/sh), an independent parser, on the RUNs of real Dockerfiles.
//!
//! Runs when `DFSLIM_CORPUS` names a directory of Dockerfiles. `shfmt` is found by `DFSLIM_SHFMT` or on the
//! path; it is in `PyPI` as `shfmt-py`.

use dfslim::dockerfile::{Dockerfile, Instruction, Keyword, Logical};
use dfslim::shell::{self, Body, Dialect, Script, Shell, ShellWord};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How many bodies one call of `shfmt` is given.
const BATCH: usize = 100;

/// The words of each simple command, as ranges of the text.
type Words = Vec<Vec<(usize, usize)>>;

#[test]
fn agrees_with_shfmt() {
    let Ok(corpus) = std::env::var("DFSLIM_CORPUS") else { return };
    // The trees of long chains are deep, and are walked and dropped by recursion.
    let roomy = std::thread::Builder::new().stack_size(256 << 20);
    roomy.spawn(move || compare_corpus(Path::new(&corpus))).unwrap().join().unwrap();
}

fn compare_corpus(corpus: &Path) {
    let shfmt = std::env::var("DFSLIM_SHFMT").unwrap_or_else(|_| "shfmt".into());
    assert!(
        Command::new(&shfmt).arg("--version").output().is_ok_and(|output| output.status.success()),
        "cannot run `{shfmt}`: install it (pip install shfmt-py) or name it in DFSLIM_SHFMT"
    );
    let mut bodies = BTreeMap::new();
    let mut opaque = BTreeMap::<String, usize>::new();
    let mut refused = vec![];
    for path in files(corpus) {
        let file = Dockerfile::parse(String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        for run in file.instructions().filter(|it| it.keyword == Keyword::Run) {
            let Some(body) = shell_text(run, file.text()) else { continue };
            match shell::read(&body, Dialect::Bash) {
                Shell::Parsed(script) => {
                    check_places(&script, file.text(), &path);
                    bodies.entry(body.text().to_owned()).or_insert_with(|| path.clone());
                }
                Shell::Opaque(why) => {
                    *opaque.entry(why).or_default() += 1;
                    refused.push(body.text().to_owned());
                }
            }
        }
    }
    let texts: Vec<&str> = bodies.keys().map(String::as_str).collect();
    let (mut same, mut different) = (0, vec![]);
    for batch in texts.chunks(BATCH) {
        compare(&shfmt, batch, &mut same, &mut different);
    }
    println!("{same} of {} bodies with the same words; {} opaque: {opaque:#?}", texts.len(), refused.len());
    refused.retain(|text| their_words(&shfmt, text).is_some());
    println!("shfmt accepts {} of the opaque ones: {refused:#?}", refused.len());
    // It takes `((a) || b)` for arithmetic, which Bash tries first and then reads as a subshell.
    let (different, unread): (Vec<&str>, Vec<&str>) =
        different.iter().partition(|text| their_words(&shfmt, text).is_some());
    println!("shfmt refuses {} bodies that we read: {unread:#?}", unread.len());
    for text in different.iter().take(20) {
        println!("---- {}\n{text}", bodies[*text].display());
    }
    assert!(different.is_empty(), "{} bodies are read differently", different.len());
    assert!(unread.len() * 1000 <= texts.len(), "{} bodies are read that shfmt refuses", unread.len());
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.is_file());
    paths.sort();
    paths
}

fn shell_text(run: &Instruction, text: &str) -> Option<Logical> {
    match shell::body(run, text) {
        Body::Shell(body) | Body::Mixed(body) | Body::Heredoc(body) => Some(body),
        Body::Foreign | Body::Exec(_) => None,
    }
}

/// Each word's span in the file holds what the word says, unless a continuation breaks it.
fn check_places(script: &Script, file: &str, path: &Path) {
    for place in script.commands() {
        for word in &place.simple.words {
            let written = word.span.of(file);
            assert!(written == word.raw || written.contains(['\n', '\\', '`']), "{}: {word:?}", path.display());
            assert!(place.simple.span.contains(word.span), "{}: {word:?}", path.display());
        }
    }
}

/// Sends a batch as one script, one body after the other; where that fails, halves of it.
fn compare<'t>(shfmt: &str, batch: &[&'t str], same: &mut usize, different: &mut Vec<&'t str>) {
    let joined = batch.join("\n");
    let Some(theirs) = their_words(shfmt, &joined) else {
        if let [text] = batch {
            different.push(text);
            return;
        }
        let (left, right) = batch.split_at(batch.len() / 2);
        compare(shfmt, left, same, different);
        compare(shfmt, right, same, different);
        return;
    };
    let mut start = 0;
    for text in batch {
        let end = start + text.len();
        let theirs: Words = theirs.iter().filter(|words| (start..=end).contains(&words[0].0)).cloned().collect();
        if theirs == our_words(text, start) {
            *same += 1;
        } else if batch.len() > 1 {
            compare(shfmt, &[text], same, different);
        } else {
            different.push(text);
        }
        start = end + 1;
    }
}

fn our_words(text: &str, start: usize) -> Words {
    let mut logical = Logical::default();
    logical.push(text, start);
    let Shell::Parsed(script) = shell::read(&logical, Dialect::Bash) else { return vec![] };
    let range = |word: &ShellWord| (word.span.start, word.span.end);
    let commands = script.commands();
    let mut words: Words = commands.iter().map(|place| place.simple.words.iter().map(range).collect()).collect();
    words.retain(|words| !words.is_empty());
    words.sort();
    words
}

fn their_words(shfmt: &str, text: &str) -> Option<Words> {
    let mut command = Command::new(shfmt);
    command.args(["-ln", "bash", "--to-json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = text.to_owned();
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    if !output.status.success() {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_slice(&output.stdout);
    reader.disable_recursion_limit();
    let tree: Value = serde::Deserialize::deserialize(&mut reader).unwrap();
    let mut words = vec![];
    collect(&tree, &mut words);
    words.sort();
    Some(words)
}

/// Calls and declarations, wherever they stand.
fn collect(node: &Value, words: &mut Words) {
    match node {
        Value::Array(nodes) => nodes.iter().for_each(|node| collect(node, words)),
        Value::Object(fields) => {
            let kind = fields.get("Type").and_then(Value::as_str);
            if matches!(kind, Some("CallExpr" | "DeclClause" | "LetClause")) {
                let name = fields.get("Variant").filter(|variant| variant.is_object());
                let args = fields.get("Args").and_then(Value::as_array).into_iter().flatten();
                let found: Vec<_> =
                    name.into_iter().chain(args).map(|node| (offset(node, "Pos"), offset(node, "End"))).collect();
                if !found.is_empty() {
                    words.push(found);
                }
            }
            fields.values().for_each(|node| collect(node, words));
        }
        _ => {}
    }
}

fn offset(node: &Value, which: &str) -> usize {
    let offset = node.get(which).and_then(|position| position.get("Offset")).and_then(Value::as_u64);
    usize::try_from(offset.unwrap_or(0)).unwrap()
}
