#!/usr/bin/env python3
"""Writes facts/npm-index.tsv: which packages of npm run a script when they are installed, by public lock files.

package-lock.json and npm-shrinkwrap.json of `lockfileVersion` 2 and 3 say of each package whether it runs an
install script (`hasInstallScript`), and which systems, processors and C libraries it is for; so does
pnpm-lock.yaml of 5 and 6 (of what has no `requiresBuild`). The history of a repository holds many versions of its lock, and many
repositories together hold most packages that applications use. No registry is asked.

    python3 facts/npm-index.py read STATE REPOSITORY...    adds the lock files of git repositories (bare or not,
                                                          with their history) to STATE, a JSON file
    python3 facts/npm-index.py write STATE > facts/npm-index.tsv

Needs git. What is in STATE stays, so repositories can be removed after `read`.

The table has a line for each package, sorted by name; columns apart by a tab:

    name             in no version seen, an install script; nothing in it is for some processors or C libraries only
    name  !          in every version seen, an install script
    name  RANGES     an install script in some versions; in these, none: FIRST..LAST, apart by spaces; FIRST.. has
                     no end: the newest version seen has none. One version alone does not count

Between two versions seen, the ones not seen are taken to be alike, and so are those newer than the newest. A package that no Linux image gets (for other
systems or processors only) runs nothing there, and counts as one without a script. One that is for some of
the processors or C libraries of Linux images has native code, and is not in the table. What was never seen in a
lock is not in the table, and unknown.
"""

import json
import os
import re
import subprocess
import sys
import time

LOCK = re.compile(r"(^|/)((package-lock|npm-shrinkwrap)\.json|pnpm-lock\.yaml)$")
# Not what somebody installed, but what a tool is tried on.
TRIED = re.compile(r"(^|/)(tests?|__tests__|fixtures?|__fixtures__|testdata|spec)/")
# Two versions of a lock nearer to each other than this hold much the same.
SPACING = 20 * 24 * 3600
NAME = re.compile(r"(@[a-z0-9~][a-z0-9._~-]*/)?[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
VERSION = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def git(repository, *words, text=None):
    return subprocess.run(["git", "-C", repository, *words], input=text, capture_output=True, check=False).stdout


def versions(repository):
    """(blob, when) of the lock files in the history, thinned out."""
    words = ("log", "--format=@%ct", "--raw", "--no-renames", "--no-abbrev", "-m", "--first-parent", "--")
    log = git(repository, *words, "*package-lock.json", "*npm-shrinkwrap.json", "*pnpm-lock.yaml")
    last, when, known = {}, 0, set()
    for line in log.decode(errors="replace").splitlines():
        if line.startswith("@"):
            when = int(line[1:])
        elif line.startswith(":"):
            meta, path = line.split("\t", 1)
            blob = meta.split()[3]
            if not LOCK.search(path) or TRIED.search(path) or set(blob) == {"0"} or blob in known:
                continue
            if abs(last.get(path, 10**12) - when) >= SPACING:
                last[path] = when
                known.add(blob)
                yield blob, when


def allows(list_, names):
    """Whether `os`, `cpu` or `libc` as npm reads it allows one of `names`, or all of them."""
    if isinstance(list_, str):
        list_ = [list_]
    yes = {one for one in list_ if not one.startswith("!")}
    no = {one[1:] for one in list_ if one.startswith("!")}
    allowed = [name not in no and (not yes or name in yes or "any" in yes) for name in names]
    return any(allowed), all(allowed)


def kind(entry):
    """What installing it on Linux does: `-` nothing, `s` runs a script, `n` brings native code."""
    os_any, _ = allows(entry.get("os", []), ["linux"])
    cpu_any, cpu_all = allows(entry.get("cpu", []), ["x64", "arm64"])
    libc_any, libc_all = allows(entry.get("libc", []), ["glibc", "musl"])
    if not (os_any and cpu_any and libc_any):
        return "-"
    if entry.get("hasInstallScript"):
        return "s"
    return "-" if cpu_all and libc_all else "n"


def sightings(text):
    """(name, version, kind) for each package of a lock that came from npm's own registry."""
    for name, version, what in of_pnpm(text) if re.match(r"lockfileVersion: *'?[56]\.", text) else of_npm(text):
        if NAME.fullmatch(name) and VERSION.fullmatch(version):
            yield name, version, what


def of_pnpm(text):
    _, _, packages = text.partition("\npackages:\n")
    packages = re.split(r"(?m)^\S", packages)[0]
    for block in re.split(r"(?m)^  (?=\S)", packages)[1:]:
        key, _, body = block.partition(":\n")
        key = key.strip("'\"").partition("(")[0]
        found = re.fullmatch(r"/((?:@[^/@]+/)?[^/@]+)[/@]([^_/()]+)(_.*)?", key)
        # `tarball:` comes from elsewhere, `name:` says that the key is no name.
        if not found or not re.search(r"(?m)^    resolution: \{integrity: [^,}]+\}", body) or "\n    name: " in body:
            continue
        # pnpm writes so of what was not there to look at, too: it tells nothing.
        if "\n    requiresBuild: true" in body:
            continue
        lists = {word: re.findall(r"[!\w]+", list_) for word, list_ in re.findall(r"(?m)^    (os|cpu|libc): \[(.*?)\]$", body)}
        yield found[1], found[2], kind(lists)


def of_npm(text):
    try:
        lock = json.loads(text)
    except ValueError:
        return
    if not isinstance(lock, dict) or lock.get("lockfileVersion") not in (2, 3):
        return
    packages = lock.get("packages")
    for path, entry in packages.items() if isinstance(packages, dict) else ():
        _, found, tail = path.rpartition("node_modules/")
        if not found or not isinstance(entry, dict) or entry.get("link") or entry.get("inBundle"):
            continue
        # Other registries may leave out what a package runs.
        if not str(entry.get("resolved", "")).startswith("https://registry.npmjs.org/"):
            continue
        yield entry.get("name", tail), entry.get("version", ""), kind(entry)


def read(state_path, repositories):
    try:
        with open(state_path) as file:
            state = json.load(file)
    except FileNotFoundError:
        state = {"newest": 0, "sources": [], "packages": {}}
    for repository in repositories:
        head = git(repository, "rev-parse", "HEAD").decode().strip()
        label = repository.rstrip("/").removesuffix("/repo").rsplit("/", 1)[-1].replace("+", "/", 1)
        if f"{label}@{head[:12]}" in state["sources"]:
            continue
        wanted, before, used = list(versions(repository)), len(state["packages"]), 0
        for at in range(0, len(wanted), 50):
            for when, text in blobs(repository, wanted[at : at + 50]):
                any_ = False
                for name, version, what in sightings(text):
                    any_ = True
                    seen = state["packages"].setdefault(name, {})
                    # The worst that was said of it holds.
                    seen[version] = max(seen.get(version, "-"), what)
                used += any_
                state["newest"] = max(state["newest"], when if any_ else 0)
        if used:
            state["sources"].append(f"{label}@{head[:12]}")
        more = len(state["packages"]) - before
        print(f"{label}: {used} of {len(wanted)} lock files, {more} more packages, {len(state['packages'])}", file=sys.stderr)
    with open(state_path + ".new", "w") as file:
        file.write(json.dumps(state))
    os.replace(state_path + ".new", state_path)


def blobs(repository, wanted):
    """(when, text) of blobs."""
    out = git(repository, "cat-file", "--batch", text="".join(f"{blob}\n" for blob, _ in wanted).encode())
    at = 0
    for _, when in wanted:
        end = out.index(b"\n", at)
        header = out[at:end].split()
        at = end + 1
        if header[1] == b"missing":
            continue
        size = int(header[2])
        yield when, out[at : at + size].decode(errors="replace")
        at += size + 1


def order(version):
    """A key that sorts versions; pre-releases before their release."""
    plain, _, pre = version.partition("-")
    return (*map(int, plain.split(".")), not pre, pre)


def row(name, seen):
    """The line of a package; None when it has native code."""
    if "n" in seen.values():
        return None
    if "s" not in seen.values():
        return name
    runs = [[]]
    # A pre-release tells nothing of the releases around it.
    for version in sorted((one for one in seen if "-" not in one), key=order):
        if seen[version] == "-":
            runs[-1].append(version)
        elif runs[-1]:
            runs.append([])
    # What is newer is taken to be like the newest one seen.
    if runs[-1]:
        runs[-1].append("")
    # One version apart from the others may be a lock that was made without looking.
    runs = [run for run in runs if len([version for version in run if version]) > 1]
    return f"{name}\t" + (" ".join(f"{run[0]}..{run[-1]}" for run in runs) or "!")


def write(state_path):
    with open(state_path) as file:
        state = json.load(file)
    rows = [row(name, seen) for name, seen in state["packages"].items()]
    rows = sorted((one for one in rows if one), key=lambda one: one.split("\t")[0].encode())
    day = time.strftime("%Y-%m-%d", time.gmtime(state["newest"]))
    print("# Packages of npm and their install scripts, by public lock files; written by facts/npm-index.py, which says what the columns are.")
    print(f"# newest lock file: {day}; {len(rows)} packages; histories of " + " ".join(sorted(state["sources"], key=str.lower)))
    print("\n".join(rows))


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) == 3 and sys.argv[1] == "write":
        write(sys.argv[2])
    else:
        sys.exit(__doc__)
