//! How the programs that build and run images want to be called. Words only: nothing is run here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The words of a call, without the program.
pub(crate) type Words = Vec<OsString>;

/// One build.
#[derive(Clone, Debug, Default)]
pub(crate) struct Build {
    /// The Dockerfile, which may lie outside of the context.
    pub dockerfile: PathBuf,
    /// The ignore file that holds for it alone; it lies beside it, under its name and `.dockerignore`.
    pub ignore: Option<PathBuf>,
    /// The context.
    pub context: PathBuf,
    /// What the image is called.
    pub tag: String,
    /// The stage to build; the last one when not given.
    pub target: Option<String>,
    /// `NAME=value`
    pub args: Vec<String>,
    /// The network of RUNs.
    pub network: Option<String>,
    /// Whether what was built before may be used.
    pub cached: bool,
}

/// One container.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start {
    /// The image.
    pub image: String,
    /// What the container is called.
    pub name: String,
    /// The port to reach it on.
    pub port: Option<u16>,
    /// Its network; the engine's own when not given.
    pub network: Option<String>,
    /// `NAME=value`
    pub env: Vec<String>,
}

/// A program.
pub(crate) trait Dialect: Sync {
    /// Its name.
    fn program(&self) -> &'static str;

    /// A call that succeeds when it can work.
    fn ready(&self) -> Words;

    /// A call that succeeds when it can build as well, and what to do when it cannot.
    fn builder(&self) -> Option<(Words, &'static str)> {
        None
    }

    /// What to do when it does not answer.
    fn remedy(&self) -> &'static str;

    /// Builds an image.
    fn build(&self, build: &Build) -> Words;

    /// Writes an image to stdout as an archive; `None`: it cannot, see [`Dialect::export`].
    fn save(&self, image: &str) -> Option<Words> {
        Some(words(["save", image]))
    }

    /// Writes an image as an OCI layout into a directory.
    fn export(&self, image: &str, directory: &Path) -> Words;

    /// Starts a container in the background; `None`: it starts none.
    fn start(&self, start: &Start) -> Option<Words> {
        let mut call = words(["run", "-d"]);
        call.extend(container(start));
        call.push(start.image.as_str().into());
        Some(call)
    }

    /// Runs a command in a container to its end.
    fn run(&self, start: &Start, command: &str) -> Words {
        let mut call = words(["run", "--rm"]);
        call.extend(container(start));
        // Only a shell understands these; without them the image need not have one.
        if command.contains(['|', '&', ';', '<', '>', '$', '`', '*', '?', '"', '\'', '\\', '(']) {
            call.extend(words(["--entrypoint", "/bin/sh", &start.image, "-c", command]));
        } else {
            call.push(start.image.as_str().into());
            call.extend(command.split_whitespace().map(Into::into));
        }
        call
    }

    /// Prints where a port of a container is reached: `127.0.0.1:49153`.
    fn port(&self, name: &str, port: u16) -> Words {
        words(["port", name, &format!("{port}/tcp")])
    }

    /// Prints whether a container runs, and its exit code.
    fn state(&self, name: &str) -> Words {
        words(["inspect", "--type", "container", "--format", "{{.State.Running}} {{.State.ExitCode}}", name])
    }

    /// Prints what a container said last.
    fn logs(&self, name: &str) -> Words {
        words(["logs", "--tail", "20", name])
    }

    /// Stops and removes a container.
    fn remove_container(&self, name: &str) -> Words {
        words(["rm", "-f", "-v", name])
    }

    /// Removes an image.
    fn remove_image(&self, image: &str) -> Words {
        words(["rmi", "-f", image])
    }
}

/// What is said of a container in both ways to start one.
fn container(start: &Start) -> Words {
    // The same name for all: what an application tells of its host must not differ.
    let mut call = words(["--name", &start.name, "--hostname", "dfslim"]);
    match (&start.network, start.port) {
        (Some(network), _) => call.extend(words(["--network", network])),
        (None, Some(port)) => call.extend(words(["-p", &format!("127.0.0.1::{port}")])),
        (None, None) => {}
    }
    for env in &start.env {
        call.extend(words(["-e", env]));
    }
    call
}

/// Docker with the buildx plugin.
pub(crate) struct Docker;

/// Podman.
pub(crate) struct Podman;

/// Buildah.
pub(crate) struct Buildah;

impl Dialect for Docker {
    fn program(&self) -> &'static str {
        "docker"
    }

    fn ready(&self) -> Words {
        words(["version", "--format", "{{.Server.Version}}"])
    }

    fn builder(&self) -> Option<(Words, &'static str)> {
        Some((words(["buildx", "version"]), "install buildx: the package docker-buildx-plugin, or docker-buildx"))
    }

    fn remedy(&self) -> &'static str {
        "start it (`systemctl start docker`, or Docker Desktop), and check that you may use it (`docker version`)"
    }

    fn build(&self, build: &Build) -> Words {
        let mut call = words(["buildx", "build", "--load", "--progress=plain"]);
        call.extend(common(build));
        call.push(build.context.clone().into());
        call
    }

    fn export(&self, image: &str, directory: &Path) -> Words {
        let mut call = words(["save", "-o"]);
        call.push(directory.join("image.tar").into());
        call.push(image.into());
        call
    }
}

impl Dialect for Podman {
    fn program(&self) -> &'static str {
        "podman"
    }

    fn ready(&self) -> Words {
        words(["info", "--format", "{{.Version.Version}}"])
    }

    fn remedy(&self) -> &'static str {
        "see what `podman info` says; on a Mac or Windows, `podman machine start`"
    }

    fn build(&self, build: &Build) -> Words {
        of_buildah(build)
    }

    fn export(&self, image: &str, directory: &Path) -> Words {
        let mut call = words(["save", "--format", "oci-dir", "-o"]);
        call.push(directory.into());
        call.push(image.into());
        call
    }
}

impl Dialect for Buildah {
    fn program(&self) -> &'static str {
        "buildah"
    }

    fn ready(&self) -> Words {
        words(["info"])
    }

    fn remedy(&self) -> &'static str {
        "see what `buildah info` says"
    }

    fn build(&self, build: &Build) -> Words {
        of_buildah(build)
    }

    fn save(&self, _image: &str) -> Option<Words> {
        None
    }

    fn export(&self, image: &str, directory: &Path) -> Words {
        let mut target = OsString::from("oci:");
        target.push(directory);
        let mut call = words(["push", "--quiet", image]);
        call.push(target);
        call
    }

    fn start(&self, _start: &Start) -> Option<Words> {
        None
    }
}

fn of_buildah(build: &Build) -> Words {
    // The OCI format has no HEALTHCHECK, SHELL nor ONBUILD.
    let mut call = words(["build", "--format", "docker", "--layers"]);
    call.extend(common(build));
    if let Some(ignore) = &build.ignore {
        call.push("--ignorefile".into());
        call.push(ignore.into());
    }
    call.push(build.context.clone().into());
    call
}

fn common(build: &Build) -> Words {
    let mut call = words(["-t", &build.tag, "-f"]);
    call.push(build.dockerfile.clone().into());
    if !build.cached {
        call.push("--no-cache".into());
    }
    for arg in &build.args {
        call.extend(words(["--build-arg", arg]));
    }
    for (flag, value) in [("--target", &build.target), ("--network", &build.network)] {
        if let Some(value) = value {
            call.extend(words([flag, value]));
        }
    }
    call
}

/// Some words of a call.
pub(crate) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Words {
    words.into_iter().map(OsString::from).collect()
}
