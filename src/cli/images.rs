//! The flags of what looks at images: `inspect` and `measure`.

use super::{BuildContext, ConfigFile, DetectFormat, Scope, When};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

pub(super) const INSPECT_EXAMPLES: &str = "\
Examples:
  dfslim inspect web.tar                an archive of `docker save`, or an OCI archive; compressed or not
  dfslim inspect web:latest             an image of the engine that runs here
  docker save web | dfslim inspect -    the same by a pipe
  dfslim inspect web.tar --dockerfile web/Dockerfile    with the line that made each layer";

pub(super) const MEASURE_EXAMPLES: &str = "\
Examples:
  dfslim measure                        build, start and ask on the port that the image exposes
  dfslim measure web --probe http://:8080/health
  dfslim measure tool --run 'tool --version'
  dfslim measure web --env DATABASE_URL=postgres://db/app --network my-net
  dfslim measure web --format markdown  a table for the pull request

Exit codes: 0 the same; 1 the rewritten one does not build, start or answer like the original; 2 an error";

/// `dfslim inspect`.
#[derive(Args, Clone, Debug)]
pub struct Inspect {
    /// An archive of an image, an OCI layout, or the name of an image that the engine has; `-` is stdin
    #[arg(value_name = "IMAGE")]
    pub image: PathBuf,
    /// The Dockerfile that made it: tells the line of each layer
    #[arg(long, value_name = "FILE")]
    pub dockerfile: Option<PathBuf>,
    /// What keeps the images that are called by name [default: docker, else podman]
    #[arg(long, value_name = "PROGRAM", value_enum)]
    pub engine: Option<EngineName>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub format: DetectFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    pub color: When,
}

/// `dfslim measure`.
#[expect(clippy::struct_excessive_bools, reason = "they are flags")]
#[derive(Args, Clone, Debug)]
pub struct Measure {
    /// A Dockerfile, or a directory with one below it
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,

    /// Ask this of both containers: status, type and text of the answer must be the same [default: `/` of an exposed port]
    #[arg(long, value_name = "URL", conflicts_with = "run", help_heading = "What is compared")]
    pub probe: Option<String>,
    /// Run this in both containers: exit code and output must be the same
    #[arg(long, value_name = "COMMAND", help_heading = "What is compared")]
    pub run: Option<String>,
    /// Build, and start nothing
    #[arg(long, conflicts_with_all = ["probe", "run"], help_heading = "What is compared")]
    pub no_start: bool,
    /// Set a variable in both containers
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What is compared")]
    pub env: Vec<String>,
    /// How many seconds a container may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "What is compared")]
    pub wait: u64,
    /// Change this file of the context for the second build [default: one that looks like the application's own]
    #[arg(long, value_name = "FILE", help_heading = "What is compared")]
    pub touch: Option<String>,
    /// Build each image only once
    #[arg(long, conflicts_with = "touch", help_heading = "What is compared")]
    pub no_rebuild: bool,
    /// Measure another Dockerfile of the same context too
    #[arg(long, value_name = "FILE", help_heading = "What is compared")]
    pub also: Option<PathBuf>,
    /// Count known vulnerabilities, with trivy or grype
    #[arg(long, help_heading = "What is compared")]
    pub scan: bool,

    /// What builds and runs the images [default: the first of docker, podman and buildah that answers]
    #[arg(long, value_name = "PROGRAM", value_enum, help_heading = "How images are built")]
    pub engine: Option<EngineName>,
    /// The stage to build [default: the last]
    #[arg(long, value_name = "STAGE", help_heading = "How images are built")]
    pub target: Option<String>,
    /// Set a build argument
    #[arg(long, value_name = "NAME=VALUE", help_heading = "How images are built")]
    pub build_arg: Vec<String>,
    /// The network of builds and containers
    #[arg(long, value_name = "NETWORK", help_heading = "How images are built")]
    pub network: Option<String>,
    /// Leave the images in the engine
    #[arg(long, help_heading = "How images are built")]
    pub keep: bool,

    /// What is rewritten, and how far.
    #[command(flatten)]
    pub scope: Scope,

    /// The build context.
    #[command(flatten)]
    pub context: BuildContext,
    /// dfslim.yaml.
    #[command(flatten)]
    pub config: ConfigFile,

    /// What to print on stdout
    #[arg(long, value_enum, default_value_t, help_heading = "Output")]
    pub format: MeasureFormat,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, help_heading = "Output")]
    pub color: When,
    /// Say nothing of what is going on
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
}

/// What `measure` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MeasureFormat {
    /// A table for people
    #[default]
    Text,
    /// One JSON document
    Json,
    /// A table for a pull request
    Markdown,
}

/// A program that builds and runs images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineName {
    /// Docker, with `BuildKit`
    Docker,
    /// podman
    Podman,
    /// buildah, which builds but starts nothing
    Buildah,
}
