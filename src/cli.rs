//! The command line: flags, their help, nothing else.
//!
//! It may not touch the disk, nor decide what a flag means for a pass; see `options` and `run`.

mod images;

pub use images::{EngineName, Inspect, Measure, MeasureFormat};

use crate::passes::{BaseStyle, Builder, CacheStyle};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use images::{INSPECT_EXAMPLES, MEASURE_EXAMPLES};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Rewrites Dockerfiles so that their images get smaller, rebuild faster and run as non-root, without
/// breaking the build or the app.
///
/// Nothing is written unless asked for: `dfslim rewrite` prints a diff.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 nothing to change, diff printed or file written; 1 --check found changes;
            2 an error or bad usage; 3 no Dockerfile found";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Propose a better Dockerfile as a diff, or write it
    #[command(after_help = REWRITE_EXAMPLES)]
    Rewrite(Box<Rewrite>),
    /// Create the .dockerignore that a build context needs, or show what an existing one lacks
    #[command(after_help = INIT_IGNORE_EXAMPLES)]
    InitIgnore(InitIgnore),
    /// Show what is known of each Dockerfile, and by which evidence
    #[command(after_help = DETECT_EXAMPLES)]
    Detect(Detect),
    /// Show what is in a built image: layers, waste, the largest files, and what should not be there
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Inspect),
    /// Build the original and the rewritten Dockerfile, start both, and compare
    #[command(after_help = MEASURE_EXAMPLES)]
    Measure(Box<Measure>),
    /// Show the manual page of a pass, or the list of passes
    Explain {
        /// A pass (`split-run`), or another tool's check (`DL3059`); without one, the list
        id: Option<String>,
        /// When to use colours
        #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
        color: When,
    },
    /// Print the completions of a shell
    #[command(after_help = "Example: dfslim completions bash > ~/.local/share/bash-completion/completions/dfslim")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// About dfslim.yaml
    Config {
        /// What about it
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Print how Dockerfiles are read, one JSON line each
    #[command(hide = true)]
    Dump {
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// What about dfslim.yaml.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the JSON schema, for editors
    Schema,
}

const REWRITE_EXAMPLES: &str = "\
Examples:
  dfslim rewrite                        show what would change in every Dockerfile below
  dfslim rewrite -i Dockerfile          write it
  dfslim rewrite | git apply            the same, by way of the diff
  dfslim rewrite --check                in CI: exit 1 when something would change
  dfslim rewrite --only split-run,DL3019 web/
  dfslim rewrite - < Dockerfile";

const DETECT_EXAMPLES: &str = "\
Examples:
  dfslim detect                         every Dockerfile below: context, app, base, what starts, what is missing
  dfslim detect web/Dockerfile          one of them
  dfslim detect --format json           the same for programs";

const INIT_IGNORE_EXAMPLES: &str = "\
Examples:
  dfslim init-ignore                    write .dockerignore where there is none; else show what it lacks
  dfslim init-ignore --dry-run          show what would be written, and what leaves the context by it
  dfslim init-ignore --merge            add to an existing .dockerignore what it lacks
  dfslim init-ignore web/Dockerfile     the one that holds for this Dockerfile";

/// Where the build context is.
#[derive(Args, Clone, Debug, Default)]
pub struct BuildContext {
    /// The build context [default: what compose, bake, skaffold and CI files say, or where the sources of COPY are]
    #[arg(long = "context", id = "context", value_name = "DIR", help_heading = "Where to look")]
    pub given: Option<PathBuf>,
}

/// Which dfslim.yaml counts.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigFile {
    /// Take this file instead of the nearest dfslim.yaml
    #[arg(
        long = "config",
        id = "config",
        value_name = "FILE",
        conflicts_with = "isolated",
        help_heading = "Where to look"
    )]
    pub given: Option<PathBuf>,
    /// Take no dfslim.yaml at all
    #[arg(long, help_heading = "Where to look")]
    pub isolated: bool,
}

/// What is rewritten, and how far.
#[derive(Args, Clone, Debug, Default)]
pub struct Scope {
    /// Run only these passes, by their ids or those of other tools' checks
    #[arg(long, value_name = "ID,…", value_delimiter = ',', help_heading = "What is rewritten")]
    pub only: Option<Vec<String>>,
    /// Do not run these passes
    #[arg(long, value_name = "ID,…", value_delimiter = ',', help_heading = "What is rewritten")]
    pub skip: Option<Vec<String>>,
    /// Apply only what nobody can observe in the image
    #[arg(long, conflicts_with = "risky", help_heading = "What is rewritten")]
    pub safe_only: bool,
    /// Apply also what may break; read the reasons
    #[arg(long, help_heading = "What is rewritten")]
    pub risky: bool,
    /// What the stage that ships may start from [default: the smallest that the evidence allows]
    #[arg(long, value_name = "BASE", value_enum, help_heading = "What is rewritten")]
    pub base: Option<BaseStyle>,
}

/// `dfslim init-ignore`.
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
#[derive(Args, Clone, Debug)]
pub struct InitIgnore {
    /// A build context, or a directory with several below it; or one Dockerfile
    #[arg(value_name = "DIR", default_value = ".")]
    pub path: PathBuf,
    /// Print the diff and write nothing
    #[arg(long, conflicts_with_all = ["merge", "force"])]
    pub dry_run: bool,
    /// Print the text of the file and write nothing
    #[arg(long, conflicts_with_all = ["merge", "force", "dry_run"])]
    pub stdout: bool,
    /// Add to an existing file what it lacks
    #[arg(long, conflicts_with = "force")]
    pub merge: bool,
    /// Put a new file in the place of an existing one
    #[arg(long)]
    pub force: bool,
    /// The build context.
    #[command(flatten)]
    pub context: BuildContext,
    /// dfslim.yaml.
    #[command(flatten)]
    pub config: ConfigFile,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub color: When,
    /// Say nothing but errors and warnings on stderr
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Say also which patterns were not written, and why
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
}

/// `dfslim detect`.
#[derive(Args, Clone, Debug)]
pub struct Detect {
    /// A directory to look through (.gitignore respected), or a Dockerfile
    #[arg(value_name = "DIR", default_value = ".")]
    pub path: PathBuf,
    /// The build context.
    #[command(flatten)]
    pub context: BuildContext,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub format: DetectFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub color: When,
}

/// What `detect` and `inspect` print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DetectFormat {
    /// Lines for people
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// `dfslim rewrite`.
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
#[derive(Args, Clone, Debug, Default)]
pub struct Rewrite {
    /// Dockerfiles, or directories to look through (.gitignore respected); `-` is stdin
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Print a unified diff and write nothing (the default)
    #[arg(long, conflicts_with = "in_place")]
    pub dry_run: bool,
    /// Write the files; with `-`, print the new text
    #[arg(short, long, conflicts_with = "check")]
    pub in_place: bool,
    /// Exit with 1 when something would change
    #[arg(long)]
    pub check: bool,

    /// What is rewritten, and how far.
    #[command(flatten)]
    pub scope: Scope,
    /// How package-manager caches stay out of the image [default: flags]
    #[arg(long, value_name = "HOW", value_enum, hide_default_value = true, help_heading = "What is rewritten")]
    pub cache: Option<CacheStyle>,
    /// An image that the Dockerfile made, as for `inspect`: tells what is really saved, in the place of estimates
    #[arg(long, value_name = "IMAGE", help_heading = "What is rewritten")]
    pub image: Option<PathBuf>,
    /// What builds the files, which decides what syntax may be written [default: what the repository says, else buildkit]
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "What is rewritten")]
    pub builder: Option<Builder>,

    /// The build context.
    #[command(flatten)]
    pub context: BuildContext,
    /// dfslim.yaml.
    #[command(flatten)]
    pub config: ConfigFile,

    /// What to print on stdout
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: Format,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub color: When,
    /// Say nothing but errors on stderr
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Say also the evidence, and what was left alone and why
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// Files worked on at once [default: the number of cores]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub jobs: Option<NonZeroUsize>,
}

/// What `rewrite` prints on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A unified diff that `git apply` and `patch -p1` take
    #[default]
    Diff,
    /// One JSON document
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        super::Cli::command().debug_assert();
    }
}
