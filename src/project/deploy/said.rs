//! What the files around a Dockerfile say about building and running its image: plain data, each with its place.

use crate::passes::Builder;
use crate::project::paths;
use crate::proposal::Evidence;

/// A text that a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its variables filled in, where all of them have a value in the file; else as written.
    pub text: String,
    /// Whether `text` is the value.
    pub literal: bool,
    /// Where.
    pub evidence: Evidence,
}

impl Said {
    /// The value, when it is known.
    pub fn value(&self) -> Option<&str> {
        self.literal.then_some(self.text.as_str())
    }
}

/// A file or directory that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its path in the repository; the root is empty.
    Inside(String),
    /// A URL, or a path that leaves the repository.
    Elsewhere(String),
    /// Only who runs the file knows; as written.
    Unknown(String),
}

impl Place {
    /// What `said` means to someone in the directory `dir`.
    pub(super) fn new(dir: &str, text: &str, literal: bool) -> Self {
        let is_url = text.contains("://") || text.starts_with("git@") || text.starts_with("github.com/");
        if !literal {
            Self::Unknown(text.to_owned())
        } else if is_url || text.starts_with(['/', '~']) || text == "-" {
            Self::Elsewhere(text.to_owned())
        } else {
            paths::join(dir, text).map_or_else(|| Self::Elsewhere(text.to_owned()), Self::Inside)
        }
    }

    /// The path, when it is one of the repository.
    pub fn path(&self) -> Option<&str> {
        if let Self::Inside(path) = self { Some(path) } else { None }
    }

    /// `name` in this directory.
    pub(super) fn join(&self, name: &str, literal: bool) -> Self {
        match self {
            Self::Inside(dir) => Self::new(dir, name, literal),
            Self::Elsewhere(dir) => Self::Elsewhere(format!("{dir}/{name}")),
            Self::Unknown(dir) => Self::Unknown(format!("{dir}/{name}")),
        }
    }
}

/// What says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// A compose file.
    Compose,
    /// A bake file.
    Bake,
    /// `skaffold.yaml`
    Skaffold,
    /// A GitHub workflow.
    GithubActions,
    /// `.gitlab-ci.yml`
    GitlabCi,
    /// `devcontainer.json`
    Devcontainer,
    /// A `Makefile`.
    Make,
    /// A Kubernetes manifest.
    Kubernetes,
}

impl Tool {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Bake => "bake",
            Self::Skaffold => "skaffold",
            Self::GithubActions => "GitHub Actions",
            Self::GitlabCi => "GitLab CI",
            Self::Devcontainer => "dev container",
            Self::Make => "make",
            Self::Kubernetes => "Kubernetes",
        }
    }
}

/// One way in which an image is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// What builds it.
    pub tool: Tool,
    /// The service, target, artifact or job.
    pub name: String,
    /// Where it is said.
    pub evidence: Evidence,
    /// The build context.
    pub context: Place,
    /// Where the context is said; where the build is, when it is the default.
    pub context_evidence: Evidence,
    /// The Dockerfile.
    pub dockerfile: Place,
    /// The stage that is built; `None`: the last.
    pub target: Option<Said>,
    /// Build arguments.
    pub args: Vec<Arg>,
    /// `linux/amd64` …
    pub platforms: Vec<Said>,
    /// Names of contexts and images that replace what FROM and `--from` name.
    pub named_contexts: Vec<Said>,
    /// What the image is called.
    pub images: Vec<Said>,
    /// The program that reads the Dockerfile, when the file tells.
    pub builder: Option<Builder>,
}

/// A build argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arg {
    /// The ARG.
    pub name: String,
    /// Its value; `None` when only who builds knows it.
    pub value: Option<String>,
    /// Where.
    pub evidence: Evidence,
}

impl Arg {
    /// `NAME=value`, `NAME`.
    pub(super) fn parse(text: &str, literal: bool, evidence: Evidence) -> Self {
        match text.split_once('=') {
            Some((name, value)) => Self { name: name.to_owned(), value: literal.then(|| value.to_owned()), evidence },
            None => Self { name: text.to_owned(), value: None, evidence },
        }
    }
}

/// One way in which a container of the image is run. What is not said is empty or `None`: the image's own holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// What runs it.
    pub tool: Tool,
    /// The service or container.
    pub name: String,
    /// Where it is said.
    pub evidence: Evidence,
    /// The image.
    pub image: Option<Said>,
    /// The user.
    pub user: Option<Said>,
    /// The directory it starts in.
    pub workdir: Option<Said>,
    /// What replaces ENTRYPOINT.
    pub entrypoint: Option<Command>,
    /// What replaces CMD.
    pub command: Option<Command>,
    /// Environment variables that are given, by name.
    pub environment: Vec<Said>,
    /// Ports of the container that are published.
    pub ports: Vec<Port>,
    /// What is mounted over the image's own files.
    pub mounts: Vec<Mount>,
    /// Checks run by who runs it.
    pub probes: Vec<Probe>,
    /// `linux/amd64`
    pub platform: Option<Said>,
    /// Rights beyond those of a plain container: privileged, capabilities, devices, the host's network.
    pub privileges: Vec<Said>,
    /// Whether nothing but mounts can be written.
    pub read_only: Option<Evidence>,
    /// Whether root is refused.
    pub non_root: Option<Evidence>,
}

impl Container {
    /// Nothing but a name.
    pub(super) fn new(tool: Tool, name: &str, evidence: Evidence) -> Self {
        Self {
            tool,
            name: name.to_owned(),
            evidence,
            image: None,
            user: None,
            workdir: None,
            entrypoint: None,
            command: None,
            environment: Vec::new(),
            ports: Vec::new(),
            mounts: Vec::new(),
            probes: Vec::new(),
            platform: None,
            privileges: Vec::new(),
            read_only: None,
            non_root: None,
        }
    }
}

/// A command as words; an empty one takes the image's own away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Program and arguments.
    pub words: Vec<String>,
    /// Whether the words are what is run.
    pub literal: bool,
    /// Where.
    pub evidence: Evidence,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// In the container; `None` when it is not literal.
    pub number: Option<u16>,
    /// Where.
    pub evidence: Evidence,
}

/// What a mount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A directory or file of the host.
    Bind,
    /// A named volume: takes the image's content and owner when it is empty.
    Volume,
    /// A volume without a name, the same.
    Anonymous,
    /// Memory.
    Tmpfs,
    /// The Docker daemon's socket.
    DockerSocket,
    /// Configuration, secrets and other kinds of Kubernetes.
    Other,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What it is.
    pub kind: MountKind,
    /// The volume's name, or the host's path as written; empty when there is none.
    pub source: String,
    /// A bind mount's path in the repository.
    pub place: Option<Place>,
    /// Where in the container.
    pub target: Said,
    /// Whether it can be written to.
    pub writable: bool,
}

/// A check run by who runs the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What is checked.
    pub check: Check,
    /// Where.
    pub evidence: Evidence,
}

/// What a probe does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// Runs a program in the container: it must be there.
    Exec(Vec<String>),
    /// Runs a shell in the container.
    Shell(String),
    /// Asks from outside.
    Network(Option<u16>),
    /// Takes the image's own HEALTHCHECK away.
    Disabled,
}
