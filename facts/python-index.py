#!/usr/bin/env python3
"""Writes facts/python-index.tsv: what public lock files say of the packages of PyPI.

A lock file (uv.lock, poetry.lock, pdm.lock) lists, for each package, the distribution files of one version
and what that version needs. The history of a repository holds many versions of its lock, and many
repositories together hold most packages that applications use. No registry is asked.

    python3 facts/python-index.py read STATE REPOSITORY...    adds the lock files of git repositories (bare or
                                                             not, with their history) to STATE, a JSON file
    python3 facts/python-index.py write STATE [TABLE] > facts/python-index.tsv
                                                             what TABLE, an earlier table, has stays as it is there

Needs the package `packaging` and git. What is in STATE stays, so repositories can be removed after `read`.

A lock speaks for the versions of Python that its project supports: the resolver leaves out what only others
need. So every need is kept with the minor versions of CPython 3 (6 to 14) for which it was seen, on Linux. What
was never seen in a lock is not in the table, and unknown.

The table, sorted by name and, within a name, by version; columns apart by tabs:

    name  -         FIRST..LAST   wheels    the versions seen, and which files they had
    name  [extra]   FIRST..LAST   pythons   needs of these versions (of the extra, if one is named)

`wheels` are tokens KIND=RANGES: `any` (a wheel without compiled code), `sdist` (no wheel at all), `g` and `l`
(compiled, for glibc and musl on x86_64), `G` and `L` (the same on aarch64), the latter four with the minor
version of CPython. RANGES are FIRST..LAST, several apart by commas; between two versions seen, the ones not
seen are taken to be alike. A token without RANGES holds for all versions.
`pythons` are minor versions: `8-14`. A need is `name`, `name[extra]`, with `<2` and the like where only
versions below are allowed and it matters because the package has compiled code, and with `:8-10` where it is
needed on some of `pythons` only.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from packaging.utils import canonicalize_name
from python_index.locks import record, sightings
from python_index.table import write

LOCK = re.compile(r"(^|/)(uv\.lock|poetry\.lock|pdm\.lock)$")
# Two versions of a lock nearer to each other than this hold much the same.
SPACING = 20 * 24 * 3600


def git(repository, *words, text=None):
    return subprocess.run(["git", "-C", repository, *words], input=text, capture_output=True, check=False).stdout


def versions(repository):
    """(path, blob) of the lock files in the history, thinned out."""
    paths = {path for path in git(repository, "ls-tree", "-r", "--name-only", "HEAD").decode(errors="replace").splitlines() if LOCK.search(path)}
    # An earlier state may have had the lock of another tool beside the same project.
    paths |= {path.rpartition("/")[0] + "/" * ("/" in path) + name for path in paths | {""} for name in ("uv.lock", "poetry.lock", "pdm.lock")}
    log = git(repository, "log", "--format=@%ct", "--raw", "--no-renames", "--no-abbrev", "-m", "--first-parent", "--", *sorted(paths))
    last, when = {}, 0
    for line in log.decode(errors="replace").splitlines():
        if line.startswith("@"):
            when = int(line[1:])
        elif line.startswith(":"):
            meta, path = line.split("\t", 1)
            blob = meta.split()[3]
            if not LOCK.search(path) or set(blob) == {"0"} or re.search(r"(^|/)(tests?|fixtures?|testdata)/", path):
                continue
            if abs(last.get(path, 10**12) - when) >= SPACING:
                last[path] = when
                yield path, blob, when


def read(state_path, repositories):
    try:
        state = json.load(open(state_path))
    except FileNotFoundError:
        state = {"sources": [], "seen": [], "packages": {}}
    seen = set(state["seen"])
    for repository in repositories:
        head = git(repository, "rev-parse", "HEAD").decode().strip()
        label = repository.rstrip("/").removesuffix("/repo").rsplit("/", 1)[-1].replace("+", "/", 1)
        if f"{label}@{head[:12]}" in state["sources"]:
            continue
        wanted = list(versions(repository))
        blobs = git(repository, "cat-file", "--batch", text="".join(f"{blob}\n" for _, blob, _ in wanted).encode())
        at = count = 0
        for path, blob, when in wanted:
            end = blobs.index(b"\n", at)
            header = blobs[at:end].split()
            if header[1] == b"missing":
                at = end + 1
                continue
            size = int(header[2])
            text = blobs[end + 1 : end + 1 + size].decode(errors="replace").replace("\r\n", "\n")
            at = end + 1 + size + 1
            for kind, allowed, apart, chunk in sightings(path, text):
                own = re.search(r'(?m)^name = "([^"]+)"', chunk)
                files = apart.get(canonicalize_name(own[1]), []) if own else []
                key = hashlib.blake2b(repr((kind, sorted(allowed), files, chunk.strip())).encode(), digest_size=9).hexdigest()
                if key in seen:
                    continue
                seen.add(key)
                try:
                    found = record(kind, allowed, apart, chunk)
                except (tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError):
                    continue
                if found:
                    count += 1
                    add(state["packages"], when, *found)
        if count:
            state["sources"].append(f"{label}@{head[:12]}")
        print(f"{label}: {len(wanted)} lock files, {count} new sightings, {len(state['packages'])} packages", file=sys.stderr)
    state["seen"] = sorted(seen)
    with open(state_path + ".new", "w") as file:
        file.write(json.dumps(state))
    os.replace(state_path + ".new", state_path)


def add(packages, when, name, version, found):
    entry = packages.setdefault(name, {}).setdefault(version, {"files": {}, "obs": [], "when": when})
    entry["when"] = min(entry["when"], when)
    for file in found["files"]:
        entry["files"][file] = 1
    listed = set(entry.get("listed", [])) | (set(found["listed"]) if found["files"] else set())
    entry["listed"] = sorted(listed)
    if found["python"]:
        entry["python"] = found["python"]
    observation = [found["here"], found["needs"], found["extras"]]
    if observation not in entry["obs"]:
        entry["obs"].append(observation)


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) in (3, 4) and sys.argv[1] == "write":
        write(*sys.argv[2:])
    else:
        sys.exit(__doc__)
