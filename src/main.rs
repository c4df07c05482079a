//! Parse the arguments, run, exit.

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    dfslim::run::run(&dfslim::cli::Cli::parse())
}
