//! The reader reads what BuildKit reads.
//!
//! `tests/nasty/expected.jsonl` holds BuildKit's answers to the files beside it. With `DFSLIM_CORPUS` set to a
//! folder of Dockerfiles, BuildKit's parser itself is asked (`tests/oracle/dump.py`, run by `DFSLIM_PYTHON`):
//!
//! ```text
//! DFSLIM_CORPUS=/my/files DFSLIM_PYTHON=/my/venv/bin/python cargo test --release -- agreement --nocapture
//! ```

use dfslim::dockerfile::dump::dump;
use dfslim::dockerfile::{Args, Dockerfile, Flag, Instruction, ItemKind, Keyword};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All `*.Dockerfile` below `folder`, sorted.
pub(crate) fn dockerfiles(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "Dockerfile"));
    paths.sort();
    paths
}

/// The files made to be hard to read.
pub(crate) fn nasty() -> Vec<PathBuf> {
    dockerfiles(&root().join("tests/nasty"))
}

#[test]
fn nasty_files_are_read_as_expected() {
    let golden = std::fs::read_to_string(root().join("tests/nasty/expected.jsonl")).unwrap();
    let answers = golden.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut compared = 0;
    let mut differences = Vec::new();
    for theirs in answers {
        let path = theirs["file"].as_str().unwrap();
        let text = std::fs::read_to_string(root().join(path)).unwrap();
        compared += 1;
        differences.extend(difference(path, &dump(path, &Dockerfile::parse(text)), &theirs));
    }
    assert_eq!(compared, nasty().len(), "answers and files must be as many");
    assert!(compared > 0 && differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn nasty_heredocs_are_announced_as_expected() {
    let golden = std::fs::read_to_string(root().join("tests/nasty/heredocs.jsonl")).unwrap();
    for theirs in golden.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let path = theirs["file"].as_str().unwrap();
        let file = Dockerfile::parse(std::fs::read_to_string(root().join(path)).unwrap());
        let mut found = file.instructions().filter(|found| theirs["start"] == found.first_line);
        let found = found.next().unwrap_or_else(|| panic!("{path}: nothing starts at line {}", theirs["start"]));
        let found = if let Args::Onbuild(inner) = &found.args { inner } else { found };
        let ours = found
            .heredocs
            .iter()
            .map(|doc| serde_json::json!({ "name": doc.name, "fd": doc.fd, "expand": doc.expand, "chomp": doc.chomp }));
        assert_eq!(ours.collect::<Value>(), theirs["heredocs"], "{path}");
    }
}

#[test]
fn corpus_agrees_with_the_oracle() {
    let Some(folder) = std::env::var_os("DFSLIM_CORPUS") else {
        eprintln!("skipped: DFSLIM_CORPUS is not set");
        return;
    };
    let paths = dockerfiles(Path::new(&folder));
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut differences = Vec::new();
    for theirs in oracle(&paths) {
        let path = theirs["file"].as_str().unwrap();
        let Ok(text) = String::from_utf8(std::fs::read(path).unwrap()) else {
            *counts.entry("not UTF-8").or_default() += 1;
            continue;
        };
        if let Some(why) = theirs["skip"].as_str() {
            eprintln!("{path}: the oracle has no answer: {why}");
            *counts.entry("no answer").or_default() += 1;
            continue;
        }
        let ours = Dockerfile::parse(text);
        let difference = difference(path, &dump(path, &ours), &theirs);
        let kind = match &difference {
            None => "agree",
            Some(_) if is_read_differently_by_newer_releases(&ours) => "as newer releases",
            Some(_) => "differ",
        };
        if kind == "as newer releases" {
            eprintln!("{}", difference.as_deref().unwrap_or_default());
        } else {
            differences.extend(difference);
        }
        *counts.entry(kind).or_default() += 1;
    }
    eprintln!("{} files: {counts:?}", paths.len());
    assert!(counts.contains_key("agree"), "no file was compared");
    assert_eq!(counts.values().sum::<usize>(), paths.len(), "the oracle must answer for every file");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// BuildKit's answers for `paths`.
fn oracle(paths: &[PathBuf]) -> Vec<Value> {
    let python = std::env::var_os("DFSLIM_PYTHON").unwrap_or_else(|| "python3".into());
    let mut child = Command::new(python)
        .arg(root().join("tests/oracle/dump.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle needs Python; name it in DFSLIM_PYTHON");
    let mut list = String::new();
    for path in paths {
        writeln!(list, "{}", path.display()).unwrap();
    }
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(list.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the oracle failed");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is different between our reading and BuildKit's, if anything is.
fn difference(path: &str, ours: &Value, theirs: &Value) -> Option<String> {
    if ours["ok"] != theirs["ok"] {
        return Some(format!(
            "{path}: ours {} {}, BuildKit's {} {}",
            ours["ok"], ours["error"], theirs["ok"], theirs["error"]
        ));
    }
    let empty = Vec::new();
    let list = |value: &Value| value["instructions"].as_array().unwrap_or(&empty).clone();
    let (ours, theirs) = (list(ours), list(theirs));
    if let Some((ours, theirs)) = ours.iter().zip(&theirs).find(|(ours, theirs)| !is_same(ours, theirs)) {
        return Some(format!("{path}:\n    ours       {ours}\n    BuildKit's {theirs}"));
    }
    (ours.len() != theirs.len()).then(|| format!("{path}: {} instructions, BuildKit has {}", ours.len(), theirs.len()))
}

fn is_same(ours: &Value, theirs: &Value) -> bool {
    let fields = ["flags", "args", "json", "start", "end"];
    let mut same = fields.iter().all(|&field| {
        let ours = &ours[field];
        theirs.get(field).is_none_or(|theirs| ours == theirs || until_nul(ours) == *theirs)
    });
    // We name an instruction as it is understood, the oracle as it is written.
    let keyword = |value: &Value| Keyword::new(value.as_str().unwrap_or_default());
    same &= ["cmd", "sub"].iter().all(|&field| keyword(&ours[field]) == keyword(&theirs[field]));
    // ONBUILD's heredocs are told of its trigger, and that only where the oracle can tell.
    if theirs["sub"].is_null() {
        let empty = Vec::new();
        let list = |value: &Value| value["heredocs"].as_array().unwrap_or(&empty).clone();
        let (ours, theirs) = (list(ours), list(theirs));
        same &=
            ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| is_same_heredoc(ours, theirs));
    }
    same && theirs.get("trigger").is_none_or(|theirs| theirs.is_null() || is_same(&ours["trigger"], theirs))
}

/// `value` as a module that speaks C strings gives it: each ends before its first U+0000.
fn until_nul(value: &Value) -> Value {
    match value {
        Value::String(text) => text.split('\0').next().into(),
        Value::Array(list) => list.iter().map(until_nul).collect(),
        _ => value.clone(),
    }
}

/// Compares what the oracle tells; its module does not tell `expand` and `chomp`.
fn is_same_heredoc(ours: &Value, theirs: &Value) -> bool {
    theirs.as_object().unwrap().iter().all(|(field, theirs)| ours[field] == *theirs)
}

/// Whether BuildKit v0.12.5, which the oracle is, may read `file` differently from dockerfile/1.26.0, whose
/// reading is ours. Every way in which the two releases differ is here.
fn is_read_differently_by_newer_releases(file: &Dockerfile) -> bool {
    // `# check=` ended the directives, and so did white space outside ASCII after the `#`.
    let directive = file.items().iter().any(|item| match &item.kind {
        ItemKind::Directive { name, .. } => {
            let after = item.span.of(file.text()).trim_start().trim_start_matches(['#', '\t', '\x0c', '\r', ' ']);
            name == "check" || !after.starts_with(|char: char| char.is_ascii_alphabetic())
        }
        _ => false,
    });
    directive || file.instructions().any(|instruction| is_newer(file, instruction))
}

fn is_newer(file: &Dockerfile, instruction: &Instruction) -> bool {
    let rest = instruction.rest.text();
    // `<< EOF` was no heredoc, and a substitution within the word was read by other rules.
    let heredoc = rest.contains("<<")
        && (instruction.code.of(file.text()).contains("${")
            || ["<< ", "<<\t", "<<\r"].iter().any(|newer| rest.contains(newer)));
    // In flags, `\` escaped whatever the escape directive said.
    let flag = |flag: &Flag| flag.span.of(file.text()).contains(['\\', '`']);
    let flag = file.escape() != '\\' && instruction.flags.iter().any(flag);
    heredoc || flag || has_junk_after_json(instruction)
}

/// `CMD ["x"] # junk` was the exec form: only the first JSON value was looked at.
fn has_junk_after_json(instruction: &Instruction) -> bool {
    let arguments = match &instruction.args {
        Args::Onbuild(inner) => return has_junk_after_json(inner),
        Args::Healthcheck { kind, .. } => instruction.rest.text()[kind.value.len()..].trim_start(),
        _ => instruction.rest.text(),
    };
    let mut values = serde_json::Deserializer::from_str(arguments).into_iter::<Vec<Value>>();
    matches!(values.next(), Some(Ok(_))) && values.byte_offset() < arguments.len()
}
