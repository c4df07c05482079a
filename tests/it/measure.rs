//! `dfslim measure`, with a program in the place of the engine that only pretends.
#![cfg(unix)]

use crate::command::{Ran, dfslim, directory};
use crate::images::{Item, config, docker_archive, items, layer};
use crate::inspect::program;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const DOCKERFILE: &str = "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nEXPOSE 8000\nCMD [\"python\", \"app.py\"]\n";

/// Notes each call; keeps images and containers as files, so that what is left over can be seen.
const ENGINE: &str = r##"#!/bin/sh
echo "$@" >> "$FAKE/calls"
last() { for word; do :; done; echo "$word"; }
after() { flag=$1; shift; while [ $# -gt 0 ]; do [ "$1" = "$flag" ] && { echo "$2"; return; }; shift; done; }
label() { echo "${1##*:}"; }
case "$1 $2" in
"version "*|"info "*|"--version "*) echo 99 ;;
"buildx version") [ ! -f "$FAKE/without-buildx" ] ;;
"buildx build"|"build "*)
    tag=$(after -t "$@"); : > "$FAKE/images/$tag"
    file=$(after -f "$@"); cp "$file" "$FAKE/seen-$(label "$tag")"
    [ -f "$file.dockerignore" ] && cp "$file.dockerignore" "$FAKE/seen-$(label "$tag").dockerignore"
    (cd "$(last "$@")" && find . -type f | sort) > "$FAKE/context-$(label "$tag")"
    [ -f "$FAKE/slow" ] && { : > "$FAKE/building"; sleep 60; }
    [ -f "$FAKE/fails-$(label "$tag")" ] && { echo "#5 0.3 no such package" >&2; echo "ERROR: exit code: 7" >&2; exit 1; }
    exit 0 ;;
"save "*) cat "$FAKE/$(label "$2").tar" ;;
"inspect --type") [ "$3" = image ] && exit 0; cat "$FAKE/state" 2>/dev/null || echo "true 0" ;;
"run -d") : > "$FAKE/containers/$(after --name "$@")" ;;
"run --rm") name=$(after --name "$@"); cat "$FAKE/says-${name##*-}"; exit "$(cat "$FAKE/code-${name##*-}" 2>/dev/null || echo 0)" ;;
"port "*) echo "127.0.0.1:$(cat "$FAKE/port-${2##*-}")" ;;
"logs "*) echo "started"; echo "boom" >&2 ;;
"rm "*) rm -f "$FAKE/containers/$4" ;;
"rmi "*) rm -f "$FAKE/images/$3" ;;
*) echo "what is $*?" >&2; exit 1 ;;
esac
"##;

/// A project, and an engine that has its images.
struct Bench {
    directory: TempDir,
}

impl Bench {
    fn new() -> Self {
        let directory = directory([
            ("app/Dockerfile", DOCKERFILE),
            ("app/app.py", "print(1)\n"),
            ("app/requirements.txt", "flask==3.0.0\n"),
            ("fake/images/.keep", ""),
            ("fake/containers/.keep", ""),
            ("tmp/.keep", ""),
        ]);
        for engine in ["docker", "podman"] {
            program(&directory.path().join("bin").join(engine), ENGINE);
        }
        let bench = Self { directory };
        let history = |user: &str, more: [&[(&str, bool)]; 2]| {
            let begin = [("ADD rootfs", true), ("WORKDIR /app", true)];
            let middle = [("COPY . .", true), ("RUN pip", true), ("EXPOSE 8000", false)];
            let steps = [&begin, more[0], &middle, more[1], &[("CMD x", false)]].concat();
            let mut config = config(&steps);
            config["config"]["User"] = user.into();
            config
        };
        let image = |base: usize, own: usize| {
            let layers = [("usr/x", base), ("app", 0), ("app/app.py", 9), ("usr/y", own)];
            layers.map(|(path, bytes)| {
                layer(&items([(path, if bytes == 0 { Item::Directory } else { Item::File(bytes) })]))
            })
        };
        bench.write("original.tar", &docker_archive(&history("", [&[], &[]]), &image(1_000_000, 90_000)));
        bench.write(
            "rewritten.tar",
            &docker_archive(
                &history("app", [&[("RUN groupadd", false)], &[("USER app", false)]]),
                &image(130_000, 40_000),
            ),
        );
        bench
    }

    fn fake(&self, path: &str) -> std::path::PathBuf {
        self.directory.path().join("fake").join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        fs::write(self.fake(path), bytes).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.fake(path)).unwrap()
    }

    /// Answers as the container of `label` would.
    fn serve(&self, label: &str, answers: &'static [&'static str]) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        self.write(&format!("port-{label}"), listener.local_addr().unwrap().port().to_string().as_bytes());
        thread::spawn(move || {
            for (stream, answer) in listener.incoming().zip(answers.iter().cycle()) {
                let mut stream = stream.unwrap();
                let mut asked = [0; 1024];
                let _ = stream.read(&mut asked);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
    }

    fn command(&self) -> Command {
        let root = self.directory.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dfslim"));
        let path = format!("{}:/usr/bin:/bin", root.join("bin").display());
        command.current_dir(root).env("PATH", path).env("FAKE", root.join("fake")).env("TMPDIR", root.join("tmp"));
        command.args(["measure", "app", "--wait", "5"]);
        command
    }

    fn measure(&self, args: &[&str]) -> Ran {
        let output = self.command().args(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Nothing is left of what was made, and the user's files are as they were.
    fn is_clean(&self) {
        for place in ["fake/images", "fake/containers", "tmp"] {
            let left: Vec<_> = fs::read_dir(self.directory.path().join(place))
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(left, [".keep"], "{place}");
        }
        let app = self.directory.path().join("app");
        let mut names: Vec<_> = fs::read_dir(&app).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["Dockerfile", "app.py", "requirements.txt"]);
        assert_eq!(fs::read_to_string(app.join("Dockerfile")).unwrap(), DOCKERFILE);
        assert_eq!(fs::read_to_string(app.join("app.py")).unwrap(), "print(1)\n");
    }
}

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const BROKEN: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ngone";

#[test]
fn both_are_built_started_and_compared() {
    let bench = Bench::new();
    bench.serve("original", &[HELLO]);
    bench.serve("rewritten", &[HELLO]);
    // The history of the pretended image tells of these.
    let ran = bench.measure(&["--only", "oversized-base,root-user,missing-dockerignore"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told: Vec<String> =
        ran.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "image size 1.09 MB 170 kB (16 %)",
        "over the base image 90.0 kB 40.0 kB",
        "context 134 B 22 B",
        "user root app",
        "probe 200 200",
        "130 kB base: ADD rootfs",
        "rewritten: same: both answer 200 with the same 5 bytes",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}\n{}", ran.stdout);
    }
    bench.is_clean();
    assert_eq!(bench.read("seen-original"), DOCKERFILE);
    assert_ne!(bench.read("seen-rewritten"), DOCKERFILE);
    // The ignore file that the rewrite makes lies beside the new Dockerfile, and the context is the user's own.
    assert!(bench.read("seen-rewritten.dockerignore").contains("__pycache__"));
    let context = "./Dockerfile\n./app.py\n./requirements.txt\n";
    assert_eq!((bench.read("context-original").as_str(), bench.read("context-rewritten").as_str()), (context, context));
    let calls = bench.read("calls");
    assert!(calls.contains("-p 127.0.0.1::8000"), "{calls}");
    let builds: Vec<bool> =
        calls.lines().filter(|call| call.starts_with("buildx build")).map(|call| call.contains("--no-cache")).collect();
    assert_eq!(builds, [true, false, true, false]);
}

#[test]
fn a_different_answer_is_exit_1() {
    let bench = Bench::new();
    bench.serve("original", &[HELLO]);
    bench.serve("rewritten", &[BROKEN]);
    let ran = bench.measure(&["--probe", "http://:8000/hello", "--format", "json", "--no-rebuild"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["verdict"]["word"], "different");
    assert_eq!(document["verdict"]["why"], "the original answers 200 (hello), the new one 404 (gone)");
    assert_eq!((&document["asked"], &document["images"][1]["status"]), (&"GET :8000/hello".into(), &404.into()));
    assert_eq!(document["images"][0]["image"]["bytes"], 1_090_009);
    bench.is_clean();
}

#[test]
fn what_does_not_build_or_start_is_told() {
    let bench = Bench::new();
    bench.serve("original", &[HELLO]);
    bench.serve("rewritten", &[HELLO]);
    bench.write("fails-rewritten", b"");
    let ran = bench.measure(&["--format", "markdown"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("**rewritten: different**: rewritten does not build: ERROR: exit code: 7"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("| image size | 1.09 MB | - |\n"), "{}", ran.stdout);
    bench.is_clean();
    bench.write("fails-original", b"");
    assert_eq!(bench.measure(&[]).code, 2);
    for label in ["original", "rewritten"] {
        fs::remove_file(bench.fake(&format!("fails-{label}"))).unwrap();
    }
    bench.write("state", b"false 3\n");
    let ran = bench.measure(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("unknown: both end with exit code 3 (it says: boom); --env"), "{}", ran.stdout);
    bench.is_clean();
}

#[test]
fn commands_are_run_and_compared() {
    let bench = Bench::new();
    bench.write("says-original", b"tool 1.0\n");
    bench.write("says-rewritten", b"tool 1.0\n");
    let ran = bench.measure(&["--run", "tool --version", "--env", "A=1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("same: both end with exit code 0 and say the same"), "{}", ran.stdout);
    assert!(bench.read("calls").contains("-e A=1"), "{}", bench.read("calls"));
    bench.write("code-rewritten", b"127");
    let ran = bench.measure(&["--run", "tool --version | cat", "--no-rebuild"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(bench.read("calls").contains("--entrypoint /bin/sh"));
    bench.is_clean();
}

#[test]
fn podman_is_called_its_own_way() {
    let bench = Bench::new();
    bench.serve("original", &[HELLO]);
    bench.serve("rewritten", &[HELLO]);
    let ran = bench.measure(&["--engine", "podman", "--no-rebuild"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let calls = bench.read("calls");
    let build = calls.lines().rfind(|call| call.starts_with("build ")).unwrap();
    assert!(build.contains("--format docker") && build.contains("--ignorefile"), "{build}");
    bench.is_clean();
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let bench = Bench::new();
    bench.write("slow", b"");
    let mut child = bench.command().stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !bench.fake("building").exists() && begun.elapsed() < Duration::from_mins(1) {
        thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.ends_with("interrupted; taking away what was made\n"), "{said}");
    bench.is_clean();
}

#[test]
fn without_an_engine_the_remedy_is_told() {
    let bench = Bench::new();
    let without = |path: &Path| {
        let output = dfslim(bench.directory.path()).env("PATH", path).args(["measure", "app"]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let expected = "error: there is no docker, podman or buildah on the PATH; install one of them\n";
    assert_eq!(without(Path::new("/nowhere")), (Some(2), expected.to_owned()));
    bench.write("without-buildx", b"");
    let ran = bench.measure(&[]);
    assert_eq!(
        (ran.code, ran.stderr.contains("cannot build with BuildKit; install buildx")),
        (2, true),
        "{}",
        ran.stderr
    );
    let silent = bench.directory.path().join("silent");
    program(&silent.join("docker"), "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n");
    let (code, said) = without(&silent);
    assert_eq!(code, Some(2));
    assert!(said.contains("docker does not answer (Cannot connect to the Docker daemon); start it"), "{said}");
}
