//! Does what the command line says. Only this module and its children touch the disk and the three streams.

#![expect(clippy::disallowed_methods, reason = "all I/O is here")]

mod detect;
mod engine;
mod find;
mod init_ignore;
mod inspect;
mod measure;
mod pool;
mod read;
mod repository;
mod rewrite;
mod settings;
mod surroundings;
mod weigh;
mod write;

use crate::cli::{Cli, Command, ConfigCommand, When};
use crate::config;
use crate::dockerfile::{Dockerfile, dump};
use crate::report::explain;
use crate::report::paint::{Paint, RED};
use anstream::{AutoStream, ColorChoice, stream::RawStream};
use anyhow::Context;
use clap::CommandFactory;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What failed when stdout did, unless its reader just left.
const NO_STDOUT: &str = "cannot write to stdout";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// Nothing to change, or done.
    Fine = 0,
    /// `--check` found changes; `measure` found that something differs.
    Changes = 1,
    /// An error, or bad usage.
    Error = 2,
    /// No Dockerfile found.
    NoneFound = 3,
    /// The user has asked to stop, by Ctrl-C; the number is what shells say of that.
    Interrupted = 130,
}

/// Runs a command line, and says what is wrong on stderr.
pub fn run(cli: &Cli) -> ExitCode {
    pool::keep_panics_quiet();
    let done = pool::guarded(|| Ok(dispatch(cli))).unwrap_or_else(|fault| Err(anyhow::anyhow!(fault.message)));
    let exit = done.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return Exit::Fine;
        }
        let paint = paint(When::Auto, &io::stderr());
        say(&format!("{} {error:#}\n", paint.paint(RED.bold(), "error:")));
        Exit::Error
    });
    ExitCode::from(exit as u8)
}

fn dispatch(cli: &Cli) -> anyhow::Result<Exit> {
    match &cli.command {
        Command::Rewrite(flags) => rewrite::rewrite(flags),
        Command::InitIgnore(flags) => init_ignore::init_ignore(flags),
        Command::Detect(flags) => detect::detect(flags),
        Command::Inspect(flags) => inspect::inspect(flags),
        Command::Measure(flags) => measure::measure(flags),
        Command::Explain { id, color } => explain(id.as_deref(), *color),
        Command::Completions { shell } => completions(*shell),
        Command::Config { what: ConfigCommand::Schema } => print(config::SCHEMA),
        Command::Dump { files } => dump(files),
    }
}

/// Who reads stdout may stop reading: that is no error of ours, and nothing to talk about.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn print(text: &str) -> anyhow::Result<Exit> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context(NO_STDOUT)?;
    Ok(Exit::Fine)
}

/// Speaks to the user. There is nobody to tell when stderr is gone.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether `stream` takes colours.
fn paint(when: When, stream: &impl RawStream) -> Paint {
    Paint(match when {
        When::Always => true,
        When::Never => false,
        When::Auto => AutoStream::choice(stream) != ColorChoice::Never,
    })
}

fn explain(id: Option<&str>, color: When) -> anyhow::Result<Exit> {
    let paint = paint(color, &io::stdout());
    match id {
        Some(id) => print(&explain::page(id, paint)?),
        None => print(&explain::list(paint)),
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    // Into memory first: clap_complete panics when it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "dfslim", &mut script);
    print(&String::from_utf8(script)?)
}

fn dump(files: &[PathBuf]) -> anyhow::Result<Exit> {
    let jobs = pool::jobs(None, files.len());
    let line = |(): &mut (), index: usize| {
        let path = files[index].to_string_lossy();
        match pool::guarded(|| Ok(dump::dump(&path, &Dockerfile::parse(read::file(&files[index])?)))) {
            Ok(value) => (value, Exit::Fine),
            Err(fault) => (serde_json::json!({"file": path, "ok": false, "error": fault.message}), Exit::Error),
        }
    };
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    let mut exit = Exit::Fine;
    let mut written = Ok(());
    pool::in_order(files.len(), jobs, line, |(value, one)| {
        exit = if one == Exit::Error { one } else { exit };
        written = writeln!(stdout, "{value}");
        written.is_ok()
    });
    written.and_then(|()| stdout.flush()).context(NO_STDOUT)?;
    Ok(exit)
}
