//! What the Dockerfile and the files around it say against a user without root's rights: ports, volumes, mounts,
//! privileges, files under root's home.

use super::Case;
use super::needs::{Needs, place_of};
use crate::dockerfile::{Args, Instruction, ItemKind, Keyword};
use crate::image::{Known, Stage};
use crate::project::deploy::said::MountKind;
use crate::shell::{Shell, Simple};

/// Ports below are root's alone, but for Docker since 20.10.
pub(super) const FIRST_FREE_PORT: u32 = 1024;

/// Refuses where a container without root's rights would not do what it is there for.
pub(super) fn allows(case: &Case<'_>) -> Result<(), String> {
    starts_something(case)?;
    volumes(case)?;
    compose(case)?;
    roots_home(case)
}

fn starts_something(case: &Case<'_>) -> Result<(), String> {
    let own = [&case.start.entrypoint, &case.start.cmd].into_iter().flatten();
    let said = own.into_iter().any(|launch| launch.line.is_some() && !launch.is_empty());
    if said { Ok(()) } else { Err("it starts nothing by itself: an image to work in".to_owned()) }
}

fn volumes(case: &Case<'_>) -> Result<(), String> {
    match case.start.volumes.first() {
        Some((path, _)) => Err(format!("`{path}` is a volume: where one exists already, its files are root's")),
        None => Ok(()),
    }
}

fn compose(case: &Case<'_>) -> Result<(), String> {
    let usage = case.cx.project.usage();
    for mount in usage.mounts() {
        let place = place_of(&mount.target.evidence);
        let target = &mount.target.text;
        match mount.kind {
            MountKind::DockerSocket => return Err(format!("{place} hands it Docker's socket, which is root's")),
            MountKind::Bind if mount.writable => {
                return Err(format!("{place} mounts a directory of the host at `{target}`, whose owner is not known"));
            }
            MountKind::Volume if mount.writable => {
                return Err(format!(
                    "{place} mounts a volume at `{target}`: where it exists already, its files are root's"
                ));
            }
            _ => {}
        }
    }
    if let Some(said) = usage.privileges().first() {
        return Err(format!("{}: {}, which is for root", place_of(&said.evidence), said.evidence.fact));
    }
    let root = usage.users().into_iter().find(|said| matches!(said.text.split(':').next(), Some("root" | "0")));
    match root {
        Some(said) => Err(format!("{} runs it as root", place_of(&said.evidence))),
        None => Ok(()),
    }
}

/// `/root` can be entered by nobody else.
fn roots_home(case: &Case<'_>) -> Result<(), String> {
    for stage in &case.chain {
        for instruction in &stage.instructions {
            let line = || case.cx.line(instruction.code.start);
            let text = instruction.rest.text();
            match instruction.keyword {
                Keyword::Run => run(case, stage, instruction)?,
                Keyword::Copy | Keyword::Add => {
                    let (Args::Words(words) | Args::Json(words)) = &instruction.args else { continue };
                    if words.last().is_some_and(|target| in_roots_home(&target.value)) {
                        return Err(format!("line {} copies to /root, where nobody else may look", line()));
                    }
                }
                Keyword::Env | Keyword::Workdir | Keyword::Cmd | Keyword::Entrypoint if in_roots_home(text) => {
                    return Err(format!("line {} speaks of /root, where nobody else may look", line()));
                }
                _ => {}
            }
        }
    }
    match case.stage.end().env("HOME") {
        Known::Inherited => Ok(()),
        _ => Err("HOME is set, and whether another user may write there is not known".to_owned()),
    }
}

fn in_roots_home(text: &str) -> bool {
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    text.match_indices("/root").any(|(at, found)| {
        let before = text[..at].chars().next_back();
        is_end(&text[at + found.len()..])
            && !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '}' | '_' | '-'))
    })
}

/// Downloads that land in the home of who starts them, and the variables by which they land elsewhere.
const INTO_HOME: &[(&str, &[&str])] = &[
    ("playwright install", &["PLAYWRIGHT_BROWSERS_PATH"]),
    ("puppeteer browsers install", &["PUPPETEER_CACHE_DIR"]),
    ("nltk.download", &["NLTK_DATA"]),
    ("from_pretrained", &["HF_HOME", "TRANSFORMERS_CACHE"]),
    ("SentenceTransformer(", &["HF_HOME", "SENTENCE_TRANSFORMERS_HOME"]),
    ("snapshot_download", &["HF_HOME"]),
    ("huggingface-cli download", &["HF_HOME"]),
    ("hf download", &["HF_HOME"]),
    ("whisper.load_model", &["XDG_CACHE_HOME"]),
    ("torch.hub", &["TORCH_HOME"]),
    ("uv python install", &["UV_PYTHON_INSTALL_DIR"]),
    ("nvm install", &["NVM_DIR"]),
    ("rustup", &["RUSTUP_HOME"]),
    ("bun.sh/install", &["BUN_INSTALL"]),
    ("deno.land/install", &["DENO_INSTALL"]),
    ("get.sdkman.io", &[]),
    ("install.python-poetry.org", &["POETRY_HOME"]),
    ("pipx install", &["PIPX_HOME"]),
];

/// What a RUN puts where only root can use it, or that only root can use.
fn run(case: &Case<'_>, stage: &Stage<'_>, run: &Instruction) -> Result<(), String> {
    let line = case.cx.line(run.code.start);
    let text = run.code.of(case.cx.file.text());
    let set = |name: &&str| !matches!(stage.state_before(run).env(name), Known::Inherited) || text.contains(*name);
    for (download, elsewhere) in INTO_HOME {
        if text.contains(download) && !elsewhere.iter().any(&set) {
            return Err(format!("line {line} (`{download}`) leaves its work in /root, where nobody else may look"));
        }
    }
    let body = case.cx.body(run);
    let Shell::Parsed(script) = &*body.shell else {
        return if in_roots_home(text) {
            Err(format!("line {line} speaks of /root, where nobody else may look"))
        } else {
            Ok(())
        };
    };
    for place in script.commands() {
        command(place.simple).map_err(|what| format!("line {line} {what}"))?;
    }
    Ok(())
}

fn command(simple: &Simple) -> Result<(), String> {
    let name = simple.name().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let words = || simple.words.iter().skip(1).map(|word| word.raw.as_str());
    let homes =
        |word: &str| in_roots_home(word) || word.starts_with('~') || word.contains("$HOME") || word.contains("${HOME");
    match name {
        "setcap" => return Err("gives capabilities to a program, and what for is not known".to_owned()),
        "pip" | "pip3" if words().any(|word| word == "--user") => {
            return Err("installs for root alone (--user)".to_owned());
        }
        "ssh-keygen" | "mktemp" => return Err("makes a file that only root may read".to_owned()),
        "openssl" if words().any(|word| matches!(word, "-keyout" | "genrsa" | "genpkey" | "ecparam")) => {
            return Err("makes a key that only root may read".to_owned());
        }
        "chmod" => {
            if let Some(mode) = words().find(|word| closes(word)) {
                return Err(format!("closes files to others (chmod {mode})"));
            }
        }
        "umask" if words().any(|word| word.ends_with(['7', '6', '4', '5'])) => {
            return Err("makes files that others may not read (umask)".to_owned());
        }
        // What is taken away, and where to look for settings, does not matter.
        "rm" | "rmdir" | "cd" | "test" | "[" | "ls" | "du" | "find" => return Ok(()),
        _ => {}
    }
    let redirects = simple.redirects.iter().map(|redirect| redirect.target.raw.as_str());
    if words().chain(redirects).any(homes) {
        return Err("leaves something in /root, where nobody else may look".to_owned());
    }
    Ok(())
}

/// Whether a mode takes reading from others: `700`, `0640`, `o-rwx`.
fn closes(mode: &str) -> bool {
    let octal = mode.len() >= 3 && mode.len() <= 4 && mode.bytes().all(|byte| byte.is_ascii_digit());
    let last = mode.bytes().last().unwrap_or(b'7');
    let takes = mode.split(',').any(|part| {
        part.split_once('-').is_some_and(|(whom, what)| whom.contains(['o', 'a']) && what.contains(['r', 'x', 'X']))
            || part == "o="
            || part == "go="
    });
    (octal && last < b'4') || (!mode.starts_with('-') && takes)
}

/// What leaves a doubt, without any program being looked at.
pub(super) fn doubts(case: &Case<'_>, needs: &mut Needs) {
    for (port, line) in &case.start.ports {
        let number = port.split(['/', '-']).next().and_then(|number| number.parse().ok());
        if let (Some(number), Some(line)) = (number, line) {
            low_port(needs, number, &format!("line {line}"));
        }
    }
    let usage = case.cx.project.usage();
    for port in usage.ports() {
        if let Some(number) = port.number {
            low_port(needs, u32::from(number), &place_of(&port.evidence));
        }
    }
    for name in ["PORT", "HTTP_PORT", "APP_PORT", "SERVER_PORT", "LISTEN_PORT", "FLASK_RUN_PORT", "UVICORN_PORT"] {
        if let Known::Is(value) = case.stage.end().env(name)
            && let Ok(number) = value.trim_start_matches(':').parse()
        {
            low_port(needs, number, &format!("ENV {name}"));
        }
    }
    if let Some(line) = user_taken_out(case) {
        needs.doubt(format!("line {line} is a USER that somebody took out"));
    }
    for instruction in case.chain.iter().flat_map(|stage| &stage.instructions) {
        let line = case.cx.line(instruction.code.start);
        if instruction.keyword == Keyword::Add
            && instruction.flag("chmod").is_none()
            && instruction.rest.text().contains("://")
        {
            needs.doubt(format!("line {line} downloads a file that only root may read"));
        }
        if let Some(mode) = instruction.flag("chmod").and_then(|flag| flag.value.as_deref()).filter(|mode| closes(mode))
        {
            needs.doubt(format!("line {line} closes files to others (--chmod={mode})"));
        }
    }
}

/// The line of `# USER app`.
fn user_taken_out(case: &Case<'_>) -> Option<usize> {
    let text = case.cx.file.text();
    let comments = case.cx.file.items().iter().filter(|item| item.kind == ItemKind::Comment);
    let mut users = comments.filter(|item| {
        let comment = item.span.of(text).trim().trim_start_matches('#').trim_start();
        comment.strip_prefix("USER ").is_some_and(|rest| rest.split_whitespace().count() == 1)
    });
    users.next().map(|item| case.cx.line(item.span.start))
}

/// A port that only root may listen on, outside of Docker.
pub(super) fn low_port(needs: &mut Needs, port: u32, place: &str) {
    if (1..FIRST_FREE_PORT).contains(&port) {
        needs.doubt(format!(
            "port {port} ({place}) is below {FIRST_FREE_PORT}: only Docker since 20.10 gives it to others than root, containerd, Kubernetes and podman do not"
        ));
    }
}
