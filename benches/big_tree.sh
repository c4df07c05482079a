#!/usr/bin/env bash
# Makes a repository of 100,000 files with three Dockerfiles, and shows what `detect` and `rewrite` cost in it.
#
#     benches/big_tree.sh [FILES]
#
# Wall time (median of 5 runs after one that does not count) and peak memory; and, where strace is there, that no file
# outside of the repository is read but those of the system. Goals: under 0.5 s and under 60 MiB. Exits with 1 when a
# goal is missed. Needs Python 3; DFSLIM names the binary, else target/release/dfslim.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
export DFSLIM=${DFSLIM:-$here/target/release/dfslim}
[ -x "$DFSLIM" ] || { echo "build it first: cargo build --release" >&2; exit 2; }

exec python3 - "${1:-100000}" <<'PYTHON'
import os, pathlib, resource, shutil, statistics, subprocess, sys, tempfile, time

FILES, RUNS, SECONDS, MEBIBYTES = int(sys.argv[1]), 5, 0.5, 60
DFSLIM = os.environ["DFSLIM"]
NODE = """FROM node:22-bookworm
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN apt-get update && apt-get install -y curl
EXPOSE 3000
CMD ["node", "src/index.js"]
"""
PYTHON = """FROM python:3.12
WORKDIR /app
COPY services/api/requirements.txt .
RUN pip install -r requirements.txt
COPY services/api .
CMD ["python", "main.py"]
"""
GO = """FROM golang:1.25
WORKDIR /src
COPY . .
RUN go build -o /bin/job .
CMD ["/bin/job"]
"""
COMPOSE = """services:
  web: {build: services/web, ports: ["80:3000"]}
  api: {build: {context: ., dockerfile: services/api/Dockerfile}}
"""
WORKFLOW = """jobs:
  job:
    steps:
      - uses: docker/build-push-action@v6
        with: {context: services/job}
"""


def write(root, path, text):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make(root):
    (root / ".git").mkdir()
    write(root, "compose.yaml", COMPOSE)
    write(root, ".github/workflows/image.yml", WORKFLOW)
    write(root, "services/web/Dockerfile", NODE)
    write(root, "services/web/package.json", '{"name": "web", "dependencies": {}}')
    write(root, "services/web/package-lock.json", '{"name": "web", "lockfileVersion": 3, "packages": {"": {"name": "web"}}}')
    write(root, "services/web/src/index.js", "require('http').createServer().listen(3000)\n")
    write(root, "services/api/Dockerfile", PYTHON)
    write(root, "services/api/requirements.txt", "flask==3.0.0\n")
    write(root, "services/api/main.py", "import flask\n")
    write(root, "services/job/Dockerfile", GO)
    write(root, "services/job/go.mod", "module job\n\ngo 1.25\n")
    write(root, "services/job/main.go", "package main\n\nfunc main() {}\n")
    # Half of it in one place, half beside the sources of a service: what a context really holds.
    for number in range(FILES // 100):
        place = root / ("data" if number % 2 else "services/web/assets") / f"{number:04}"
        place.mkdir(parents=True)
        for name in range(100):
            (place / f"{name:02}.json").write_text("{}\n")


def run(command, root):
    """Seconds of the clock, seconds of the processor, and peak KiB."""
    begin = time.perf_counter()
    process = subprocess.Popen([DFSLIM, *command], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def opened_elsewhere(command, root):
    """Files opened outside of the repository, but for those of the system; None without strace."""
    if not shutil.which("strace"):
        return None
    log = root.parent / "trace"
    traced = ["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", str(log), DFSLIM, *command]
    subprocess.run(traced, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    elsewhere, read = set(), 0
    for line in log.read_text(errors="replace").splitlines():
        if '"' not in line or " = -1 " in line:
            continue
        path = pathlib.Path(os.path.normpath(root / line.split('"')[1]))
        if path.is_relative_to(root):
            read += path.is_file()
        elif not str(path).startswith(("/lib", "/usr/lib", "/etc/ld.so", "/proc/", "/sys/", "/dev/")):
            elsewhere.add(str(path))
    return elsewhere, read


with tempfile.TemporaryDirectory() as directory:
    root = pathlib.Path(directory).resolve() / "repository"
    root.mkdir()
    make(root)
    missed = False
    print(f"{sum(len(files) for _, _, files in os.walk(root)):,} files, 3 Dockerfiles\n")
    print("| command | median | of it computing | peak memory | files read | elsewhere |\n| --- | --- | --- | --- | --- | --- |")
    for command in (["detect"], ["rewrite", "--dry-run"]):
        run(command, root)
        results = [run(command, root) for _ in range(RUNS)]
        seconds, computing = (statistics.median(result[of] for result in results) for of in (0, 1))
        peak = max(result[2] for result in results) / 1024
        found = opened_elsewhere(command, root)
        elsewhere, read = (sorted(found[0]), found[1]) if found else (["no strace"], "?")
        print(f"| {' '.join(command)} | {seconds * 1000:.0f} ms | {computing * 1000:.0f} ms | {peak:.0f} MiB | {read} | {', '.join(elsewhere) or 'none'} |")
        missed |= seconds > SECONDS or peak > MEBIBYTES or bool(found and elsewhere)
    sys.exit("\na goal is missed: 0.5 s, 60 MiB, nothing read elsewhere" if missed else 0)
PYTHON
