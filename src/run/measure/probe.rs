//! Starts a container, asks it, and takes it away.

use super::build::Made;
use crate::measure::Answer;
use crate::measure::http::{Probe, Response};
use crate::run::engine::dialect::Start;
use crate::run::engine::{INTERRUPTED, Interrupted};
use anyhow::{Result, bail};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at a container that does not answer yet.
const PAUSE: Duration = Duration::from_millis(150);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a container without a port must run to count as running.
const SETTLED: Duration = Duration::from_secs(5);
/// More of an answer is not compared.
const LONGEST: u64 = 8 << 20;

/// What to ask.
pub(super) enum Question {
    /// A request.
    Http(Probe),
    /// A command.
    Run(String),
    /// Only whether it runs.
    Runs,
}

/// How containers are started.
pub(super) struct Manner {
    pub network: Option<String>,
    pub env: Vec<String>,
    /// How long to wait for an answer.
    pub patience: Duration,
}

/// What a container of `image`, to be called `name`, answers.
pub(super) fn ask(made: &Made, image: &str, name: &str, question: &Question, manner: &Manner) -> Result<Answer> {
    let port = if let Question::Http(probe) = question { Some(probe.port) } else { None };
    let start = Start {
        image: image.to_owned(),
        name: name.to_owned(),
        port,
        network: manner.network.clone(),
        env: manner.env.clone(),
    };
    made.container(name);
    let answer = match question {
        Question::Run(command) => run(made, &start, command),
        Question::Http(probe) => started(made, &start, |deadline| http(made, &start, probe, deadline), manner.patience),
        Question::Runs => started(made, &start, |_| settle(made, name), manner.patience),
    };
    made.remove_container(name);
    answer
}

fn run(made: &Made, start: &Start, command: &str) -> Result<Answer> {
    let done = made.engine.call(&made.engine.dialect.run(start, command))?;
    // The engine's own troubles have codes of their own.
    Ok(match done.code {
        Some(125) | None => Answer::Failed(done.complaint().to_owned()),
        Some(code) => Answer::Ended { code, output: done.stdout + &done.stderr, wanted: true },
    })
}

fn started(
    made: &Made,
    start: &Start,
    then: impl FnOnce(Instant) -> Result<Answer>,
    patience: Duration,
) -> Result<Answer> {
    let Some(call) = made.engine.dialect.start(start) else {
        bail!(
            "{} starts no containers; take docker or podman, or leave it at the build with --no-start",
            made.engine.dialect.program()
        );
    };
    let here = Ipv4Addr::LOCALHOST;
    if let (Some(_), Some(port)) = (&start.network, start.port)
        && TcpStream::connect_timeout(&SocketAddr::from((here, port)), ANSWER).is_ok()
    {
        bail!("port {port} of this machine is taken; stop what answers there");
    }
    let done = made.engine.call(&call)?;
    if !done.success {
        return Ok(Answer::Failed(done.complaint().to_owned()));
    }
    then(Instant::now() + patience)
}

/// Whether the container runs; how it ended, if it does not.
fn ended(made: &Made, name: &str) -> Result<Option<Answer>> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err(Interrupted.into());
    }
    let state = made.engine.call(&made.engine.dialect.state(name))?;
    let (running, code) = state.stdout.trim().split_once(' ').unwrap_or(("false", "-1"));
    if running == "true" {
        return Ok(None);
    }
    Ok(Some(Answer::Ended { code: code.parse().unwrap_or(-1), output: logs(made, name)?, wanted: false }))
}

fn logs(made: &Made, name: &str) -> Result<String> {
    let done = made.engine.call(&made.engine.dialect.logs(name))?;
    Ok(done.stdout + &done.stderr)
}

fn settle(made: &Made, name: &str) -> Result<Answer> {
    let until = Instant::now() + SETTLED;
    while Instant::now() < until {
        if let Some(ended) = ended(made, name)? {
            return Ok(ended);
        }
        thread::sleep(PAUSE);
    }
    Ok(Answer::Runs)
}

fn http(made: &Made, start: &Start, probe: &Probe, deadline: Instant) -> Result<Answer> {
    let mut port = None;
    let mut last = None;
    while Instant::now() < deadline {
        if let Some(ended) = ended(made, &start.name)? {
            return Ok(ended);
        }
        port = match (port, &start.network) {
            (None, Some(_)) => Some(probe.port),
            (None, None) => published(made, &start.name, probe.port)?,
            (known, _) => known,
        };
        if let Some(response) = port.and_then(|port| get(port, probe)) {
            // While it starts, a server may say so.
            if response.status < 500 {
                let again = port.and_then(|port| get(port, probe));
                let varies = again.is_some_and(|again| again.body != response.body);
                return Ok(Answer::Http { response, varies });
            }
            last = Some(response);
        }
        thread::sleep(PAUSE);
    }
    Ok(match last {
        Some(response) => Answer::Http { response, varies: false },
        None => Answer::Silent { output: logs(made, &start.name)? },
    })
}

/// The port of this machine by which `port` of the container is reached.
fn published(made: &Made, name: &str, port: u16) -> Result<Option<u16>> {
    let done = made.engine.call(&made.engine.dialect.port(name, port))?;
    Ok(done.stdout.lines().find_map(|line| line.trim().rsplit(':').next()?.parse().ok()))
}

/// One request; `None` when nothing sound comes back.
fn get(port: u16, probe: &Probe) -> Option<Response> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), ANSWER).ok()?;
    stream.set_read_timeout(Some(ANSWER)).ok()?;
    stream.set_write_timeout(Some(ANSWER)).ok()?;
    stream.write_all(probe.request().as_bytes()).ok()?;
    let mut bytes = Vec::new();
    // Some servers keep the connection open all the same; what has come by then counts if it is whole.
    let _ = stream.take(LONGEST).read_to_end(&mut bytes);
    Response::parse(&bytes)
}
