//! Builds, starts and asks every app of `tests/e2e` before and after a rewrite, beside the Dockerfile that an expert wrote
//! for it, and writes what came of it to docs/results.md. Runs only where `DFSLIM_E2E` is 1, as it takes an engine and
//! the better part of an hour; then nothing is skipped, and a missing engine is a failure.
//!
//! `DFSLIM_E2E=1 cargo test --test e2e [-- APP…]`; `DFSLIM_E2E_FLAGS` are more words for `dfslim measure`,
//! `DFSLIM_E2E_PROGRAM` another `dfslim`.
#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// How much larger than the expert's an image may be.
const LARGER: f64 = 1.05;
/// What part of the time a rebuild may take, for apps that are not compiled.
const REBUILD: f64 = 0.4;
/// These are compiled; a change of their source is a build.
const COMPILED: [&str; 4] = ["go-http", "go-cgo", "typescript", "vite"];

/// A line of `apps.tsv`.
struct App {
    name: String,
    probe: String,
    part: String,
    touch: String,
}

/// What came of one.
struct Result {
    name: String,
    /// What does not hold.
    faults: Vec<String>,
    row: String,
}

fn main() -> ExitCode {
    if std::env::var("DFSLIM_E2E").is_ok_and(|wish| wish == "1") {
        return run();
    }
    println!("the apps of tests/e2e are built only with DFSLIM_E2E=1, which needs docker, podman or buildah");
    ExitCode::SUCCESS
}

fn run() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut results = Vec::new();
    let mut engine = String::new();
    for app in apps().into_iter().filter(|app| wanted.is_empty() || wanted.contains(&app.name)) {
        println!("== {}", app.name);
        let result = match measure(&app) {
            Ok(document) => {
                document["engine"].as_str().unwrap_or_default().clone_into(&mut engine);
                judge(&app, &document)
            }
            Err(why) => {
                Result { name: app.name.clone(), row: format!("| {} | {why} |\n", app.name), faults: vec![why] }
            }
        };
        for fault in &result.faults {
            println!("{}: {fault}", result.name);
        }
        results.push(result);
    }
    let table = page(&results, &engine);
    if wanted.is_empty() && !engine.is_empty() {
        let path = root().join("docs/results.md");
        fs::create_dir_all(root().join("docs")).expect("docs");
        fs::write(&path, &table).expect("docs/results.md");
    }
    println!("\n{table}");
    if results.is_empty() || results.iter().any(|result| !result.faults.is_empty()) {
        println!("not all of it holds");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn apps() -> Vec<App> {
    let text = fs::read_to_string(root().join("tests/e2e/apps.tsv")).expect("apps.tsv");
    let app = |line: &str| {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [name, probe, part, touch] = cells.try_into().expect("four cells a line");
        App { name, probe, part, touch }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(app).collect()
}

/// Measures a copy of the app, so that the expert's Dockerfile is not part of its context.
fn measure(app: &App) -> std::result::Result<Value, String> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let source = root().join("tests/e2e").join(&app.name);
    let context = directory.path().join(&app.name);
    copy(&source, &context);
    let flags = std::env::var("DFSLIM_E2E_FLAGS").unwrap_or_default();
    let dfslim = std::env::var("DFSLIM_E2E_PROGRAM").unwrap_or_else(|_| env!("CARGO_BIN_EXE_dfslim").to_owned());
    let output = Command::new(dfslim)
        .args([
            "measure", ".", "--format", "json", "--keep", "--wait", "120", "--probe", &app.probe, "--touch", &app.touch,
        ])
        .arg("--also")
        .arg(source.join("expert.Dockerfile"))
        .args(flags.split_whitespace())
        .current_dir(&context)
        .stderr(Stdio::inherit())
        .output()
        .expect("dfslim runs");
    let document: Value = serde_json::from_slice(&output.stdout).map_err(|_| "it could not be measured".to_owned())?;
    let kept: Vec<&str> = document["kept"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let sizes = compare_with_engine(&document, &kept);
    if let Some(engine) = program(&document) {
        let _ = Command::new(engine).args(["rmi", "-f"]).args(&kept).output();
    }
    sizes.map(|()| document)
}

fn program(document: &Value) -> Option<&'static str> {
    let engine = document["engine"].as_str()?.to_lowercase();
    ["docker", "podman"].into_iter().find(|program| engine.starts_with(program))
}

/// The size that dfslim tells must be the engine's own. (Only Docker's older store counts as the layers do.)
fn compare_with_engine(document: &Value, kept: &[&str]) -> std::result::Result<(), String> {
    let driver = Command::new("docker").args(["info", "--format", "{{.Driver}}"]).output();
    let counts = driver.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "overlay2");
    if program(document) != Some("docker") || !counts {
        return Ok(());
    }
    for (image, name) in document["images"].as_array().into_iter().flatten().zip(kept) {
        if !image["failure"].is_null() {
            continue;
        }
        let told = Command::new("docker").args(["image", "inspect", "--format", "{{.Size}}", name]).output();
        let told = told.ok().and_then(|output| String::from_utf8_lossy(&output.stdout).trim().parse::<u64>().ok());
        // Of some layers the engine counts the length of symbolic links too.
        let ours = image["image"]["bytes"].as_u64();
        if ours.zip(told).is_none_or(|(ours, told)| ours.abs_diff(told) * 1000 > told) {
            return Err(format!("{name}: the engine says {told:?} bytes, dfslim {}", image["image"]["bytes"]));
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("an app") {
        let entry = entry.expect("a file");
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("expert.") {
            continue;
        }
        if entry.file_type().expect("a kind").is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("a copy");
        }
    }
}

fn judge(app: &App, document: &Value) -> Result {
    let images = |label: &str| {
        let all = document["images"].as_array().into_iter().flatten();
        all.into_iter().find(|image| image["label"] == label).cloned().unwrap_or_default()
    };
    let (before, after, expert) = (images("original"), images("rewritten"), images("expert.Dockerfile"));
    let mut faults = Vec::new();
    for (what, verdict) in [("rewritten", &document["verdict"]), ("expert", &document["other"])] {
        if verdict["word"] != "same" {
            faults.push(format!("{what}: {}", verdict["why"].as_str().unwrap_or("nothing was compared")));
        }
    }
    if !before["body"].as_str().unwrap_or_default().contains(&app.part) {
        faults.push(format!("the original does not answer `{}`", app.part));
    }
    let bytes = |image: &Value| image["image"]["bytes"].as_f64();
    let (size, large, least) = (bytes(&after), bytes(&before), bytes(&expert));
    let share = |part: Option<f64>, whole: Option<f64>| Some(part? / whole?);
    let (shrunk, ratio) = (share(size, large), share(size, least));
    if ratio.is_none_or(|ratio| ratio > LARGER) {
        faults.push(format!("larger than the expert's: {}", number(ratio, "x")));
    }
    let seconds = |image: &Value, key: &str| image[key].as_f64();
    let rebuilds = [&before, &after, &expert].map(|image| seconds(image, "rebuild_seconds"));
    let faster = share(rebuilds[1], rebuilds[0]);
    // Where the author has seen to it already, there is nothing to gain: the expert's is no faster.
    let is_as_fast = rebuilds[1].zip(rebuilds[2]).is_some_and(|(ours, experts)| ours <= experts * 1.2 + 1.0);
    if !COMPILED.contains(&app.name.as_str()) && !is_as_fast && faster.is_none_or(|share| share > REBUILD) {
        faults.push(format!("a rebuild takes {} of the time before", number(faster.map(|share| share * 100.0), " %")));
    }
    let megabytes = |bytes: Option<f64>| number(bytes.map(|bytes| bytes / 1e6), "");
    let times = |key: &str| [&before, &after, &expert].map(|image| number(seconds(image, key), "")).join(" → ");
    let cells = [
        app.name.clone(),
        megabytes(large),
        megabytes(size),
        megabytes(least),
        number(shrunk.map(|share| share * 100.0), " %"),
        ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
        times("build_seconds"),
        times("rebuild_seconds"),
        document["verdict"]["word"].as_str().unwrap_or("-").to_owned(),
        after["image"]["user"].as_str().filter(|user| !user.is_empty()).unwrap_or("root").to_owned(),
    ];
    let row = cells.iter().map(|cell| format!("| {cell} ")).collect::<Vec<_>>().concat() + "|\n";
    Result { name: app.name.clone(), faults, row }
}

fn number(number: Option<f64>, unit: &str) -> String {
    number.map_or("-".to_owned(), |number| format!("{number:.1}{unit}"))
}

fn page(results: &[Result], engine: &str) -> String {
    let output = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).current_dir(root()).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
    };
    let (date, commit) = (output("date", &["-u", "+%Y-%m-%d"]), output("git", &["rev-parse", "--short", "HEAD"]));
    let mut page = format!(
        "# Results\n\nWritten by `DFSLIM_E2E=1 cargo test --test e2e` on {date}, dfslim {} ({commit}), {engine}.\n\n\
         Each app of [tests/e2e](../tests/e2e) is built and started as it is, rewritten by `dfslim`, and by the Dockerfile that an expert wrote\n\
         for it by hand. *Same*: the rewritten one answers the same request with the same status, type and text. Sizes are uncompressed\n\
         megabytes; times are seconds, before → after → expert, on one machine in one run; a rebuild is one after a change of a source file.\n\n\
         | app | before | after | expert | of before | of expert | build | rebuild | answer | user |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | --- | --- | --- | --- |\n",
        env!("CARGO_PKG_VERSION"),
    );
    for result in results {
        page.push_str(&result.row);
    }
    let faults: Vec<String> = results
        .iter()
        .flat_map(|result| {
            result.faults.iter().map(move |fault| format!("- {}: {}\n", result.name, fault.replace('\n', " ")))
        })
        .collect();
    if !faults.is_empty() {
        let _ = write!(
            page,
            "\nWhat does not hold yet (an image at most {LARGER} times the expert's, a rebuild of what is not compiled in at most\n\
             {:.0} % of the time before, or as fast as the expert's):\n\n{}",
            REBUILD * 100.0,
            faults.concat()
        );
    }
    page
}
