//! What must hold for any Dockerfile, on generated ones: real commands and real shapes, put together at random.

use crate::agreement::nasty;
use crate::projects;
use crate::support::{all_passes, crlf, has_heredoc, lone, no_pass, parses, plan, sound_plan};
use dfslim::engine::Ceiling;
use dfslim::passes::{BaseStyle, Builder, CacheStyle, Wishes};
use proptest::prelude::*;
use proptest::sample::select;

/// Commands of a RUN, of every package manager and every kind of trouble.
const COMMANDS: &[&str] = &[
    "apt-get update",
    "apt-get update -qq",
    "apt-get install -y curl",
    "apt-get -y install --no-install-recommends gcc make \\\n      libpq-dev",
    "DEBIAN_FRONTEND=noninteractive apt-get install -y tzdata",
    "apt-get clean",
    "apt-get purge -y --auto-remove gcc",
    "rm -rf /var/lib/apt/lists/*",
    "rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*",
    "apk update",
    "apk add curl",
    "apk add --no-cache --virtual .build gcc",
    "apk del .build",
    "rm -rf /var/cache/apk/*",
    "dnf install -y perl",
    "yum -y install perl && yum clean all",
    "microdnf install nodejs",
    "pip install -r requirements.txt",
    "pip3 install --no-cache-dir flask",
    "python -m pip install --upgrade pip",
    "pipenv install --system --deploy",
    "poetry install --no-root",
    "uv sync --frozen",
    "conda install -y numpy",
    "npm ci",
    "npm install -g serve",
    "npm run build",
    "npm cache clean --force",
    "yarn install --frozen-lockfile",
    "yarn cache clean",
    "pnpm install --frozen-lockfile",
    "bun install",
    "gem install bundler",
    "bundle install --jobs 4",
    "composer install --no-dev",
    "go mod download",
    "go build -o /bin/app ./...",
    "cargo build --release",
    "curl -fsSL https://example.com/a.tar.gz -o /tmp/a.tar.gz",
    "curl -sSL https://example.com/install.sh | sh",
    "wget -q https://example.com/b.zip",
    "tar -xzf /tmp/a.tar.gz -C /opt",
    "unzip b.zip",
    "rm /tmp/a.tar.gz",
    "rm -f b.zip",
    "cd /opt",
    "cd /opt && make install",
    "set -eux",
    "export PATH=/opt/bin:$PATH",
    "umask 027",
    "true || false",
    "(cd /tmp && ./configure)",
    "{ echo a; echo b; } > /etc/motd",
    "if [ -f /x ]; then rm /x; fi",
    "for f in a b; do touch $f; done",
    "service postgresql start &",
    "! grep -q root /etc/passwd",
    "echo \"it's # not a comment\"",
    "echo 'FROM here'",
    "sed -i 's/a && b/c; d/' /etc/hosts",
    "useradd -m app",
    "chown -R app /app",
    "mkdir -p /app/data",
    "V=1",
    ":",
    "x=$(apt-get install -y jq)",
    "f() { echo f; }",
    "echo a # the rest",
    "echo 'unclosed",
];

const JOINS: &[&str] =
    &[" && ", " && \\\n    ", " \\\n    && ", "; ", " ; \\\n    ", " || ", " \\\n# a remark\n    && ", " | ", " & "];

const FLAGS: &[&str] = &[
    "",
    "",
    "",
    "--mount=type=cache,target=/root/.npm ",
    "--mount=type=cache,target=/var/cache/apt,sharing=locked ",
    "--mount=type=secret,id=token ",
    "--network=none ",
    "--mount=type=bind,source=package.json,target=package.json \\\n    ",
];

const OTHERS: &[&str] = &[
    "",
    "# a comment",
    "  # an indented comment",
    "# dfslim: ignore[split-run] because",
    "# dfslim: ignore[all]",
    "# dfslim: ignore-file[kept-package-cache]",
    "# hadolint ignore=DL3009,DL3059",
    "# hadolint global ignore=DL3042",
    "COPY . .",
    "COPY package.json package-lock.json ./",
    "COPY --from=0 /bin/app /bin/app",
    "COPY <<EOF /etc/motd\nRUN along\nEOF",
    "ADD https://example.com/a.tar.gz /tmp/",
    "WORKDIR /app",
    "WORKDIR sub",
    "ENV A=1 B=\"two words\"",
    "ENV HOME /home/app",
    "ENV PIP_NO_CACHE_DIR=1",
    "ENV DEBIAN_FRONTEND=noninteractive",
    "ARG VERSION=1",
    "USER app",
    "USER root",
    "SHELL [\"/bin/bash\", \"-eo\", \"pipefail\", \"-c\"]",
    "EXPOSE 80",
    "VOLUME /data",
    "LABEL a=b",
    "HEALTHCHECK CMD curl -f http://localhost/",
    "CMD [\"app\"]",
    "CMD npm start",
    "ENTRYPOINT app",
    "ONBUILD RUN npm install",
    "RUN [\"apt-get\", \"update\"]",
    "RUN <<EOF\napt-get update\napt-get install -y jq\nEOF",
    "RUN <<'A' cat > /a && <<B cat > /b\none\nA\ntwo\nB",
    "RUN",
    "RUN \\",
    "run apk add bash",
    "FOO bar",
    "STOPSIGNAL SIGINT",
];

const BASES: &[&str] = &[
    "FROM debian:12-slim",
    "FROM ubuntu:22.04 AS build",
    "FROM alpine:3.20",
    "FROM node:20 AS build",
    "FROM node:20-alpine",
    "FROM python:3.12-slim",
    "FROM golang:1.22 as Build",
    "FROM build",
    "FROM 0",
    "FROM scratch",
    "FROM --platform=$BUILDPLATFORM rockylinux:9",
    "FROM ${BASE}",
    "FROM mcr.microsoft.com/windows/servercore:ltsc2022",
];

const TOPS: &[&str] = &[
    "",
    "",
    "",
    "# syntax=docker/dockerfile:1\n",
    "# check=skip=JSONArgsRecommended\n",
    "ARG BASE=debian:12\n",
    "\u{feff}",
];

fn run() -> impl Strategy<Value = String> {
    let commands = prop::collection::vec((select(COMMANDS), select(JOINS)), 1..5);
    (select(FLAGS), commands).prop_map(|(flags, commands)| {
        let mut text = format!("RUN {flags}");
        for (at, (command, join)) in commands.iter().enumerate() {
            text += if at == 0 { "" } else { join };
            text += command;
        }
        text
    })
}

fn stage() -> impl Strategy<Value = String> {
    let instruction = prop_oneof![3 => run(), 2 => select(OTHERS).prop_map(str::to_owned)];
    let instructions = prop::collection::vec(instruction, 0..9);
    (select(BASES), instructions).prop_map(|(base, rest)| format!("{base}\n{}\n", rest.join("\n")))
}

/// A Dockerfile, with `\n`.
fn dockerfile() -> impl Strategy<Value = String> {
    let stages = prop::collection::vec(stage(), 1..4);
    (select(TOPS), stages, any::<bool>()).prop_map(|(top, stages, open_end)| {
        let text = format!("{top}{}", stages.concat());
        if open_end { text.trim_end_matches('\n').to_owned() } else { text }
    })
}

fn ceiling() -> impl Strategy<Value = Ceiling> {
    select(&[Ceiling::Safe, Ceiling::Checked, Ceiling::Risky][..])
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let cache = select(&[CacheStyle::Flags, CacheStyle::Mounts, CacheStyle::Auto][..]);
    let builder = select(&[Builder::Buildkit, Builder::Classic, Builder::Podman, Builder::Kaniko][..]);
    let base = select(
        &[
            None,
            Some(BaseStyle::Alpine),
            Some(BaseStyle::Slim),
            Some(BaseStyle::Distroless),
            Some(BaseStyle::Scratch),
            Some(BaseStyle::DistroRuntime),
            Some(BaseStyle::Keep),
        ][..],
    );
    (cache, builder, base).prop_map(|(cache, builder, base)| Wishes { cache, builder: Some(builder), base })
}

/// A real or nasty text with a piece of it gone, doubled or replaced.
fn garbage() -> impl Strategy<Value = String> {
    let mut texts = projects::texts();
    texts.extend(nasty().iter().map(|path| std::fs::read_to_string(path).expect("UTF-8")));
    let piece =
        (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_usize, "\\PC{0,6}|[\\s\\\\#<`\"'$&|;-]{1,4}");
    (select(texts), prop::collection::vec(piece, 1..5)).prop_map(|(mut text, pieces)| {
        for (from, to, what, inserted) in pieces {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (a, b) = (from.index(places.len()), to.index(places.len()));
            let (start, end) = (places[a.min(b)], places[a.max(b).min(a.min(b) + 40)]);
            match what {
                0 => drop(text.drain(start..end)),
                1 => {
                    let piece = text[start..end].to_owned();
                    text.insert_str(end, &piece);
                }
                _ => text.insert_str(start, &inserted),
            }
        }
        text
    })
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_comes_out_is_sound(text in dockerfile(), ceiling in ceiling(), wishes in wishes()) {
        let policy = all_passes(ceiling);
        let first = sound_plan(&text, &lone(), &policy, wishes).map_err(|problem| TestCaseError::fail(format!("{problem}\nof\n{text}")))?;
        let again = plan(&text, &lone(), &policy, wishes).expect("it did before");
        prop_assert_eq!(format!("{first:?}"), format!("{again:?}"), "not deterministic");
        let twin = sound_plan(&crlf(&text), &lone(), &policy, wishes).map_err(TestCaseError::fail)?;
        prop_assert!(has_heredoc(&text) || twin.after == crlf(&first.after), "CRLF");
    }

    #[test]
    fn without_a_pass_nothing_changes(text in prop_oneof![dockerfile(), garbage(), "\\PC{0,80}"], wishes in wishes()) {
        let plan = plan(&text, &lone(), &no_pass(), wishes).map_err(TestCaseError::fail)?;
        prop_assert_eq!(plan.after, text);
    }

    #[test]
    fn garbage_is_survived(text in garbage(), ceiling in ceiling(), wishes in wishes()) {
        // What no build reads is an error of the command line; the engine need not like it, but must come back.
        let planned = sound_plan(&text, &lone(), &all_passes(ceiling), wishes);
        if parses(&text) {
            planned.map_err(|problem| TestCaseError::fail(format!("{problem}\nof\n{text}")))?;
        }
    }
}
