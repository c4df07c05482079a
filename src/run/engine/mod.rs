//! The program that builds and runs images, if there is one: docker, podman or buildah.
//!
//! It is only ever called by its command line, so that it needs no library, and a test can stand in for it.

pub(super) mod dialect;

use crate::cli::EngineName;
use crate::inspect::source::Stream;
use crate::inspect::{Image, Limits, archive};
use anyhow::{Context, anyhow, bail};
use dialect::{Buildah, Dialect, Docker, Podman, Words, words};
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Whether the user has asked to stop.
pub(super) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// How long a program that is asked to stop may take for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was said when the user asked to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(super) struct Interrupted;

/// Sees the bytes of an archive as they pass.
type Watch<'w> = &'w mut dyn FnMut(&[u8]);

/// An engine that answers.
#[derive(Clone, Copy)]
pub(super) struct Engine {
    pub dialect: &'static dyn Dialect,
}

/// What a call came to.
pub(super) struct Done {
    pub success: bool,
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Done {
    /// The last line of what it complained about.
    pub(super) fn complaint(&self) -> &str {
        last_line(&self.stderr).or_else(|| last_line(&self.stdout)).unwrap_or("it says nothing")
    }
}

fn last_line(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

impl Engine {
    /// The one that is named, or the first that answers.
    pub(super) fn find(name: Option<EngineName>) -> anyhow::Result<Self> {
        let candidates: &[&'static dyn Dialect] = match name {
            Some(EngineName::Docker) => &[&Docker],
            Some(EngineName::Podman) => &[&Podman],
            Some(EngineName::Buildah) => &[&Buildah],
            None => &[&Docker, &Podman, &Buildah],
        };
        let mut silent = Vec::new();
        for dialect in candidates {
            let engine = Self { dialect: *dialect };
            match engine.call(&dialect.ready()) {
                Ok(done) if done.success => return Ok(engine),
                Ok(done) => silent.push(format!(
                    "{} does not answer ({}); {}",
                    dialect.program(),
                    done.complaint(),
                    dialect.remedy()
                )),
                Err(error) if error.is::<Interrupted>() => return Err(error),
                Err(_) if name.is_some() => {
                    silent.push(format!("there is no {} on the PATH; install it", dialect.program()));
                }
                Err(_) => {}
            }
        }
        if silent.is_empty() {
            bail!("there is no docker, podman or buildah on the PATH; install one of them");
        }
        Err(anyhow!(silent.join("; ")))
    }

    /// The same, when it must build too.
    pub(super) fn find_builder(name: Option<EngineName>) -> anyhow::Result<Self> {
        let engine = Self::find(name)?;
        if let Some((call, remedy)) = engine.dialect.builder()
            && !engine.call(&call)?.success
        {
            bail!("{} cannot build with BuildKit; {remedy}", engine.dialect.program());
        }
        Ok(engine)
    }

    /// Its name and version.
    pub(super) fn version(self) -> String {
        let version = self.call(&words(["--version"])).map(|done| done.stdout.trim().to_owned());
        version.unwrap_or_else(|_| self.dialect.program().to_owned())
    }

    fn command(self, call: &Words) -> Command {
        let mut command = Command::new(self.dialect.program());
        command.args(call).stdin(Stdio::null()).env("BUILDKIT_PROGRESS", "plain").env("DOCKER_CLI_HINTS", "false");
        command
    }

    /// Calls it and waits for its end, or for the user to ask for that.
    pub(super) fn call(self, call: &Words) -> anyhow::Result<Done> {
        finish(self.command(call).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Calls it to clean up: also after the user asked to stop, and whatever comes of it.
    pub(super) fn clean(self, call: &Words) {
        let mut command = self.command(call);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        // A second Ctrl-C is for dfslim; what cleans up is not in its way.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let _ = command.status();
    }

    /// The image called `name`, as it passes through `watch`.
    pub(super) fn image(self, name: &str, watch: Option<Watch<'_>>) -> anyhow::Result<Image> {
        let program = self.dialect.program();
        let Some(call) = self.dialect.save(name) else { return self.exported(name) };
        let mut child = self
            .command(&call)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        let stderr = gather(child.stderr.take());
        let mut read = None;
        if let Some(stdout) = child.stdout.take() {
            let mut source = Stream(Watched { inner: stdout, watch });
            let image = archive::read(&mut source, name, &Limits::default());
            // What follows the archive is nothing, but its writer must be able to end.
            let _ = io::copy(&mut source, &mut io::sink());
            read = Some(image);
        }
        let status = wait(&mut child)?;
        let stderr = stderr.join().unwrap_or_default();
        match read {
            Some(image) if status.success() => Ok(image?),
            _ => bail!("{program} does not hand out {name}: {}", last_line(&stderr).unwrap_or("it says nothing")),
        }
    }

    fn exported(self, name: &str) -> anyhow::Result<Image> {
        let directory = tempfile::tempdir().context("cannot make a temporary directory")?;
        let layout = directory.path().join("image");
        let done = self.call(&self.dialect.export(name, &layout))?;
        if !done.success {
            bail!("{} does not hand out {name}: {}", self.dialect.program(), done.complaint());
        }
        super::inspect::at(&layout)
    }
}

/// A reader that shows what passes.
struct Watched<'w, R> {
    inner: R,
    watch: Option<Watch<'w>>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(watch) = &mut self.watch {
            watch(&buffer[..read]);
        }
        Ok(read)
    }
}

/// Runs `command` to its end; its streams must be piped.
pub(super) fn finish(command: &mut Command) -> anyhow::Result<Done> {
    let program = command.get_program().to_string_lossy().into_owned();
    let begun = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let (stdout, stderr) = (gather(child.stdout.take()), gather(child.stderr.take()));
    let status = wait(&mut child)?;
    let took = begun.elapsed();
    let text = |gathered: thread::JoinHandle<String>| gathered.join().unwrap_or_default();
    Ok(Done { success: status.success(), code: status.code(), stdout: text(stdout), stderr: text(stderr), took })
}

/// Reads a stream to its end in a thread of its own, so that a full pipe stops nobody.
fn gather(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read until a failure is still worth telling.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child) -> anyhow::Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a program")? {
            return if asked.is_some() { Err(Interrupted.into()) } else { Ok(status) };
        }
        if INTERRUPTED.load(Ordering::Relaxed) {
            // The terminal has told the program too; one that does not listen is ended.
            let since = *asked.get_or_insert_with(Instant::now);
            if since.elapsed() > PATIENCE {
                let _ = child.kill();
            }
        }
        thread::sleep(LOOK);
    }
}

/// Whether `name` can be that of an image, and is not rather that of a file.
pub(super) fn is_image_name(name: &str) -> bool {
    let is_archive = [".tar", ".tgz", ".gz", ".zst"].iter().any(|ending| name.ends_with(ending));
    let sound = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !is_archive
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(sound)
        && !name.ends_with('/')
}
