//! Nothing is broken on real files. Runs when `DFSLIM_CORPUS` names a directory of Dockerfiles; see
//! CONTRIBUTING.md.

use crate::shell_judge;
use crate::support::{all_passes, fail_with, lone, parses, reasons, sound_plan};
use dfslim::engine::{Ceiling, Policy};
use dfslim::passes::{CacheStyle, Wishes};
use dfslim::plan::Plan;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reasons shown for each way of running.
const SHOWN: usize = 30;

#[test]
fn nothing_is_broken() {
    let Some(corpus) = std::env::var_os("DFSLIM_CORPUS") else { return };
    let files = files(Path::new(&corpus));
    assert!(!files.is_empty(), "no file in {}", corpus.display());
    let mounts = Wishes { cache: CacheStyle::Mounts, ..Wishes::default() };
    let ways = [
        ("default", Ceiling::Checked, Wishes::default()),
        ("--risky", Ceiling::Risky, Wishes::default()),
        ("--risky --cache mounts", Ceiling::Risky, mounts),
    ];
    let mut failures = Vec::new();
    for (name, ceiling, wishes) in ways {
        let outcome = run(&files, &all_passes(ceiling), wishes);
        outcome.print(name);
        failures.extend(outcome.failures.into_iter().map(|failure| format!("{name}: {failure}")));
        failures.extend(second_judge(&outcome.changed).into_iter().map(|failure| format!("{name}: {failure}")));
        failures.extend(shell_judge::failures(&outcome.changed).iter().map(|failure| format!("{name}: {failure}")));
    }
    fail_with(&failures);
}

/// What came of one way of running over all files.
#[derive(Default)]
struct Outcome {
    compared: usize,
    /// Not UTF-8, or not accepted by the parser in the first place.
    set_aside: usize,
    /// Path, text before, text after.
    changed: Vec<(PathBuf, String, String)>,
    /// Applied proposals by pass.
    applied: BTreeMap<&'static str, usize>,
    /// Held proposals and refusals by reason.
    reasons: BTreeMap<String, usize>,
    failures: Vec<String>,
}

fn run(files: &[PathBuf], policy: &Policy, wishes: Wishes) -> Outcome {
    let next = AtomicUsize::new(0);
    let outcome = Mutex::new(Outcome::default());
    let work = || {
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let text = std::fs::read(path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let Some(text) = text else {
                outcome.lock().expect("no panic").set_aside += 1;
                continue;
            };
            let accepted = parses(&text);
            let plan = std::panic::catch_unwind(|| sound_plan(&text, &lone(), policy, wishes))
                .unwrap_or_else(|_| Err("panic".to_owned()));
            outcome.lock().expect("no panic").note(path, accepted, plan);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    outcome.into_inner().expect("no panic")
}

impl Outcome {
    fn note(&mut self, path: &Path, accepted: bool, plan: Result<Plan, String>) {
        if accepted {
            self.compared += 1;
        } else {
            self.set_aside += 1;
        }
        let plan = match plan {
            Ok(plan) => plan,
            Err(problem) => return self.failures.push(format!("{}: {problem}", path.display())),
        };
        for finding in &plan.applied {
            *self.applied.entry(finding.pass).or_default() += 1;
        }
        for reason in reasons(&plan) {
            *self.reasons.entry(kind_of(&reason)).or_default() += 1;
        }
        if plan.changed() {
            self.changed.push((path.to_owned(), plan.before, plan.after));
        }
    }

    fn print(&self, name: &str) {
        println!("== {name}");
        println!("{} files compared, {} changed, {} set aside", self.compared, self.changed.len(), self.set_aside);
        println!("applied: {:?}", self.applied);
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
        let total: usize = self.reasons.values().sum();
        println!("held or left alone: {total}, for {} reasons; the first {SHOWN}:", reasons.len());
        for (reason, count) in reasons.iter().take(SHOWN) {
            println!("{count:7}  {reason}");
        }
        println!("{} failures", self.failures.len());
    }
}

/// A reason without what differs from file to file: the line, and what stands in backquotes.
fn kind_of(reason: &str) -> String {
    let text = reason.split_once(": ").map_or(reason, |(_, rest)| rest);
    let parts = text.split('`').enumerate();
    let kept: String = parts.map(|(at, part)| if at % 2 == 0 { part } else { "`…`" }).collect();
    kept.split_whitespace().map(without_number).collect::<Vec<_>>().join(" ")
}

/// `N` for a number, whatever punctuation follows it.
fn without_number(word: &str) -> String {
    let rest = word.trim_start_matches(|character: char| character.is_ascii_digit());
    let number = rest.len() < word.len() && rest.chars().all(|character| character.is_ascii_punctuation());
    if number { format!("N{rest}") } else { word.to_owned() }
}

fn files(corpus: &Path) -> Vec<PathBuf> {
    let walk = ignore::WalkBuilder::new(corpus).standard_filters(false).build();
    let entries = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut files: Vec<PathBuf> = entries.map(ignore::DirEntry::into_path).collect();
    files.sort();
    files
}

/// Asks BuildKit's own parser, when `DFSLIM_PYTHON` names a Python that has it: what it accepted before, it
/// must accept after.
fn second_judge(changed: &[(PathBuf, String, String)]) -> Vec<String> {
    let Some(python) = std::env::var_os("DFSLIM_PYTHON") else { return Vec::new() };
    let folder = tempfile::tempdir().expect("a temporary directory");
    let mut names = String::new();
    for (at, (_, before, after)) in changed.iter().enumerate() {
        for (side, text) in [("before", before), ("after", after)] {
            let path = folder.path().join(format!("{at}.{side}"));
            std::fs::write(&path, text).expect("a temporary file");
            names.extend([path.to_string_lossy().as_ref(), "\n"]);
        }
    }
    let answers = ask(Command::new(python).arg(crate::support::root().join("tests/oracle/dump.py")), &names);
    let mut failures = Vec::new();
    let mut accepted = 0;
    for (at, (path, ..)) in changed.iter().enumerate() {
        let answer = |side: &str| answers.get(&format!("{at}.{side}")).copied().unwrap_or_default();
        accepted += usize::from(answer("before"));
        if answer("before") && !answer("after") {
            failures.push(format!("{}: BuildKit's parser no longer accepts it", path.display()));
        }
    }
    println!("BuildKit's parser: {accepted} of the changed files accepted before, {} no longer", failures.len());
    failures
}

/// By file name, whether it is accepted.
fn ask(oracle: &mut Command, names: &str) -> BTreeMap<String, bool> {
    let mut child = oracle.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle runs");
    let mut stdin = child.stdin.take().expect("piped");
    let names = names.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(names.as_bytes()));
    let output = child.wait_with_output().expect("the oracle answers");
    writer.join().expect("no panic").expect("the oracle reads");
    let answers = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = |line: &str| {
        let answer: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        let name = Path::new(answer["file"].as_str()?).file_name()?.to_string_lossy().into_owned();
        Some((name, answer["ok"] == true))
    };
    answers.lines().filter_map(answer).collect()
}
