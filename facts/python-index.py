#!/usr/bin/env python3
"""Writes facts/python-index.tsv: what public lock files say of the packages of PyPI.

A lock file (uv.lock, poetry.lock, pdm.lock) lists, for each package, the distribution files of one version
and what that version needs. The history of a repository holds many versions of its lock, and many
repositories together hold most packages that applications use. No registry is asked.

    python3 facts/python-index.py read STATE REPOSITORY...    adds the lock files of git repositories (bare or
                                                             not, with their history) to STATE, a JSON file
    python3 facts/python-index.py write STATE > facts/python-index.tsv

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

import collections
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion
from packaging.version import Version as ParsedVersion

Version = functools.cache(ParsedVersion)
MINORS = range(6, 15)
LOCK = re.compile(r"(^|/)(uv\.lock|poetry\.lock|pdm\.lock)$")
# Two versions of a lock nearer to each other than this hold much the same.
SPACING = 20 * 24 * 3600
DEVELOPMENT = re.compile(r"(dev|test|doc|lint|typ(ing|es)|bench|style|check|release|maint|cover|build|mypy|ci$)")


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


@functools.cache
def minors(specifier):
    """The minor versions that `specifier` (PEP 440 or poetry's) allows."""
    found = set()
    for part in re.split(r"\|\|?", specifier or "*"):
        tests = []
        for one in re.split(r"[,\s]+(?=[<>=!~^*0-9])", part.strip()):
            one = one.strip().replace(" ", "")
            if one in ("", "*"):
                continue
            caret = re.fullmatch(r"\^(\d+)(?:\.(\d+))?.*", one)
            tilde = re.fullmatch(r"~(\d+)(?:\.(\d+))?(?:\.\d+)?", one)
            if caret:
                tests.append(f">={one[1:]},<{int(caret[1]) + 1}")
            elif tilde:
                tests.append(f"=={tilde[1]}.{tilde[2]}.*" if tilde[2] else f"=={tilde[1]}.*")
            elif one[0].isdigit():
                tests.append(f"=={one}" + ("" if one.endswith("*") or one.count(".") > 1 else ".*"))
            else:
                tests.append(one)
        try:
            allowed = SpecifierSet(",".join(tests))
        except ValueError:
            continue
        # Patch versions matter in `>=3.9.7`; a project that excludes one patch version excludes none.
        found |= {minor for minor in MINORS if any(f"3.{minor}.{patch}" in allowed for patch in (0, 5, 99))}
    return found


def environment(minor):
    return {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.9",
        "implementation_name": "cpython",
        "implementation_version": f"3.{minor}.9",
        "platform_python_implementation": "CPython",
        "os_name": "posix",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "platform_release": "6.1.0",
        "platform_version": "",
        "extra": "",
    }


ENVIRONMENTS = {minor: environment(minor) for minor in MINORS}
HOLDS = {}


def holds(marker, minor):
    key = (marker, minor)
    if key not in HOLDS:
        try:
            parsed = Marker(marker)
            machines = [ENVIRONMENTS[minor], {**ENVIRONMENTS[minor], "platform_machine": "aarch64"}]
            HOLDS[key] = any(parsed.evaluate(machine) for machine in machines)
        except Exception:  # a marker that cannot be read may hold
            HOLDS[key] = True
    return HOLDS[key]


def need(name, extras, specifier, marker, allowed):
    """`name[extra]` with its upper bound and the minor versions; None when it is for another system."""
    on = sorted(minor for minor in allowed if not marker or holds(marker, minor))
    if not on:
        return None
    return [canonicalize_name(name), sorted(canonicalize_name(one) for one in extras), specifier, on]


def upper(specifier):
    """The parts of a specifier that keep newer versions out; None when it is not one of PEP 440."""
    if not isinstance(specifier, str) or "|" in specifier:
        return None
    kept = []
    for part in specifier.replace(" ", "").split(","):
        if part.startswith("^"):
            numbers = [int(number) for number in re.findall(r"\d+", part)[:3]]
            place = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
            kept.append("<" + ".".join(map(str, [*numbers[:place], numbers[place] + 1])))
        elif re.fullmatch(r"~\d[\d.]*", part):
            numbers = part[1:].split(".")
            kept.append("==" + ".".join(numbers[: max(1, min(2, len(numbers)))]) + ".*")
        elif part.startswith(("<", "==", "~=")) and not part.startswith("==="):
            kept.append(part)
        elif part and part[0].isdigit():
            kept.append("==" + part)
    return ",".join(sorted(set(kept)))


def poetry_needs(table, allowed):
    for name, entries in table.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            entry = {"version": entry} if isinstance(entry, str) else entry
            # Optional ones are for extras, which list them again.
            if entry.get("optional") or any(key in entry for key in ("git", "url", "path")):
                continue
            python = minors(entry["python"]) if "python" in entry else set(allowed)
            yield need(name, entry.get("extras", []), upper(entry.get("version", "*")), entry.get("markers"), set(allowed) & python)


def texts(list_, allowed):
    """Requirements as poetry.lock (`name (>=1) ; marker`) and pdm.lock write them."""
    for text in list_:
        try:
            one = Requirement(text)
        except ValueError:
            continue
        if not one.url:
            yield need(one.name, one.extras, upper(str(one.specifier)), str(one.marker) if one.marker else None, allowed)


def edges(list_, allowed):
    """The edges of uv.lock, which say no specifier."""
    for one in list_:
        extras = one.get("extra", [])
        yield need(one["name"], extras if isinstance(extras, list) else [extras], None, one.get("marker"), allowed)


def sightings(path, text):
    """One (name, version, record) for each package of a lock."""
    kind = path.rsplit("/", 1)[-1]
    head, *chunks = re.split(r"(?m)^\[\[package\]\]$", text)
    tail = ""
    if chunks:
        match = re.search(r"(?m)^\[(?!package|\[)[^\n]*\]$", chunks[-1])
        if match:
            chunks[-1], tail = chunks[-1][: match.start()], chunks[-1][match.start() :]
    if kind == "uv.lock":
        match = re.search(r'(?m)^requires-python\s*=\s*"([^"]*)"', head)
        allowed = minors(match[1]) if match else set()
    elif kind == "poetry.lock":
        match = re.search(r'(?m)^python-versions\s*=\s*"([^"]*)"', tail)
        allowed = minors(match[1]) if match else set()
    else:
        match = re.search(r'(?m)^requires_python\s*=\s*"([^"]*)"', head)
        allowed = minors(match[1]) if match else set()
    if not allowed:
        return
    apart = {}
    files_at = tail.find("[metadata.files]")
    if files_at >= 0:
        for match in re.finditer(r'(?ms)^"?([A-Za-z0-9._-]+)"?\s*=\s*\[(.*?)^\]', tail[files_at:]):
            apart[canonicalize_name(match[1])] = re.findall(r'file = "([^"]+)"', match[2])
    for chunk in chunks:
        yield kind, allowed, apart, chunk


def record(kind, allowed, apart, chunk):
    package = tomllib.loads("[[package]]" + chunk)["package"][0]
    name, version = canonicalize_name(package["name"]), package.get("version")
    try:
        Version(version)
    except (InvalidVersion, TypeError):
        return None
    if "+" in version:
        return None
    source = package.get("source", {})
    if kind == "uv.lock":
        if "pypi.org" not in source.get("registry", ""):
            return None
        forks = package.get("resolution-markers", [])
        here = {minor for minor in allowed if not forks or any(holds(fork, minor) for fork in forks)}
        files = [one["url"].rsplit("/", 1)[-1] for one in [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])] if "url" in one]
        needs = list(edges(package.get("dependencies", []), here))
        extras = {extra: list(edges(list_, here)) for extra, list_ in package.get("optional-dependencies", {}).items()}
        # Wheels for versions that the project does not support are left out.
        listed, python = here, None
    elif kind == "poetry.lock":
        if source and "pypi.org" not in source.get("url", ""):
            return None
        here = set(allowed)
        files = [one["file"] for one in package.get("files", [])] or apart.get(name, [])
        needs = list(poetry_needs(package.get("dependencies", {}), here))
        extras = {extra: list(texts(list_, here)) for extra, list_ in package.get("extras", {}).items()}
        listed, python = set(MINORS), package.get("python-versions")
    else:
        if any(key in package for key in ("git", "url", "path")):
            return None
        here = set(allowed)
        files = [one.get("file") or one.get("url", "").rsplit("/", 1)[-1] for one in package.get("files", [])]
        list_ = list(texts(package.get("dependencies", []), here))
        # One entry for the package, and one for it with extras.
        needs = [one for one in list_ if one and one[0] != name] if not package.get("extras") else None
        extras = {extra: [one for one in list_ if one and one[0] != name] for extra in package.get("extras", [])} if len(package.get("extras", [])) == 1 else {}
        listed, python = set(MINORS), package.get("requires_python")
    if not here:
        return None
    clean = lambda list_: None if list_ is None else [one for one in list_ if one]
    kept = {canonicalize_name(extra): clean(list_) for extra, list_ in extras.items() if not DEVELOPMENT.search(extra)}
    return name, version, {"files": [one.replace("%2B", "+") for one in files], "listed": sorted(listed), "here": sorted(here), "needs": clean(needs), "extras": kept, "python": python}


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


# The newest glibc that a wheel may ask for: Debian bullseye has 2.31, later releases more.
GLIBC = (2, 31)
COMPILED = "gGlL"


def tags(file):
    """The kind of a distribution file: `sdist`, `any`, or (letters of COMPILED, minor versions)."""
    if not file.endswith(".whl"):
        return "sdist", None
    parts = file[:-4].split("-")
    if len(parts) < 5:
        return None, None
    python, abi, platform = parts[-3].split("."), parts[-2].split("."), parts[-1].split(".")
    on = set()
    for tag in python:
        match = re.fullmatch(r"(cp|py)3(\d*)", tag)
        if not match:
            continue
        first = int(match[2]) if match[2] else None
        if match[1] == "py" and "none" in abi:
            on |= {minor for minor in MINORS if first is None or first <= minor}
        elif match[1] == "cp" and first is not None:
            if "abi3" in abi:
                on |= {minor for minor in MINORS if first <= minor}
            elif {"none", f"cp3{first}", f"cp3{first}m"} & set(abi):
                on.add(first)
    if "any" in platform:
        return "any", on
    letters = set()
    for tag in platform:
        match = re.fullmatch(r"(manylinux1|manylinux2010|manylinux2014|manylinux_(\d+)_(\d+)|musllinux_\d+_\d+)_(x86_64|aarch64)", tag)
        if not match or (match[2] and (int(match[2]), int(match[3])) > GLIBC):
            continue
        letter = "l" if tag.startswith("musl") else "g"
        letters.add(letter if match[4] == "x86_64" else letter.upper())
    return letters, on


def group(version):
    """Versions of one group are taken to be alike in what was not seen of them."""
    release = (*version.release, 0)
    return (version.epoch, release[0]) if release[0] else (version.epoch, 0, release[1])


def ranges(versions, has):
    """The runs of versions for which `has` (True, False, None: not known) is not refuted, by their ends."""
    runs, open_ = [], None
    for version in versions:
        answer = has[version]
        if answer:
            open_ = [open_[0] if open_ else version, version]
        elif answer is False and open_:
            runs.append(open_)
            open_ = None
    if open_:
        # Nothing is known of the newest ones: they are taken to be as the rest of their major version.
        if has[versions[-1]] is None and Version(open_[1]).major == Version(versions[-1]).major:
            open_[1] = versions[-1]
        runs.append(open_)
    return ",".join(first if first == last else f"{first}..{last}" for first, last in runs)


def spans(numbers):
    """[8, 9, 10, 12] as `8-10,12`."""
    runs = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def wheels(versions, entries):
    """The tokens of the files of a package, and whether it has compiled code in any version."""
    kinds = {}
    for version in versions:
        found = collections.defaultdict(set)
        for file in entries[version]["files"]:
            kind, on = tags(file)
            if kind in ("sdist", "any"):
                found[kind] |= on or set()
                found["listed"].add(kind)
            elif kind is not None:
                found["listed"].add("compiled")
                for letter in kind:
                    found[letter] |= on
        kinds[version] = found
    known = [version for version in versions if entries[version]["files"]]
    if not known:
        return [], False
    compiled = any("compiled" in kinds[version]["listed"] for version in known)
    tokens = []

    def token(key, has):
        written = ranges(versions, has)
        if written:
            everywhere = written == (known[0] if len(known) == 1 else f"{known[0]}..{known[-1]}")
            tokens.append((key, "" if everywhere else f"={written}"))

    def answers(test):
        return {version: test(version) if version in known else None for version in versions}

    # A lock may hide wheels (`no-binary`): one version without any between two that have some tells nothing.
    for before, version, after in zip(known, known[1:], known[2:]):
        if kinds[version]["listed"] == {"sdist"} and {"sdist"} not in (kinds[before]["listed"], kinds[after]["listed"]):
            known.remove(version)
    token("any", answers(lambda version: len(kinds[version]["any"]) > 0))
    token("sdist", answers(lambda version: kinds[version]["listed"] == {"sdist"}))
    for letter in COMPILED if compiled else "":
        merged = collections.defaultdict(list)
        for minor in (minor for minor in MINORS if minor >= 7):

            def test(version, letter=letter, minor=minor):
                if minor in kinds[version][letter]:
                    return True
                return False if minor in entries[version].get("listed", []) else None

            written = ranges(versions, answers(test))
            if written:
                merged[written].append(minor)
        for written, on in merged.items():
            everywhere = written == (known[0] if len(known) == 1 else f"{known[0]}..{known[-1]}")
            tokens.append((f"{letter}{spans(on)}", "" if everywhere else f"={written}"))
    # The newest version for an older Python, where the newest of all does not support it.
    for minor in (minor for minor in MINORS if minor >= 7):
        supporting = [version for version in versions if "python" in entries[version] and minor in minors(entries[version]["python"])]
        refusing = [version for version in versions if "python" in entries[version] and minor not in minors(entries[version]["python"])]
        if refusing and refusing[-1] == versions[-1] or refusing and Version(refusing[-1]) > Version((supporting or ["0"])[-1]):
            seen = [version for version in versions if any(minor in here for here, _, _ in entries[version]["obs"]) and Version(version) > Version((supporting or ["0"])[-1])]
            last = (seen or supporting or [None])[-1]
            if last and last != versions[-1]:
                tokens.append((f"p{minor}", f"=..{last}"))
    merged = collections.defaultdict(list)
    for key, written in tokens:
        if key[0] == "p":
            merged[written].append(int(key[1:]))
    tokens = [one for one in tokens if one[0][0] != "p"] + [(f"p{spans(on)}", written) for written, on in merged.items()]
    return [key + written for key, written in tokens], compiled


def grouped(versions):
    found = collections.OrderedDict()
    for version in versions:
        found.setdefault(group(Version(version)), []).append(version)
    return found.values()


def rows_of(name, extra, versions, entries, compiled):
    """(first, last, pythons, needs) of each stretch of versions that need the same."""
    rows = []
    for members in grouped(versions):
        stretch = {}
        for version in members:
            caps = {}
            for here, needs, extras in entries[version]["obs"]:
                list_ = needs if extra is None else extras.get(extra)
                for need_name, _, specifier, _ in list_ or []:
                    if specifier is not None and need_name in compiled:
                        caps[need_name] = specifier
            stretch[version] = caps
        # Whatever one version of the group needs, the others may need too.
        on, known = collections.defaultdict(set), set()
        for version in members:
            for here, needs, extras in entries[version]["obs"]:
                list_ = needs if extra is None else extras.get(extra)
                if list_ is None:
                    continue
                known |= set(here)
                for need_name, need_extras, _, minors_ in list_:
                    for one in [need_name, *(f"{need_name}[{need_extra}]" for need_extra in need_extras)]:
                        on[one] |= set(minors_)
        if not known:
            continue
        last_caps = {}
        for version in members:
            caps = {one: stretch[version].get(one, last_caps.get(one)) for one in on if "[" not in one}
            last_caps = {one: cap for one, cap in caps.items() if cap is not None}
            needs = []
            for one in sorted(on):
                if one == name:
                    continue
                cap = last_caps.get(one) or ""
                minors_ = "" if on[one] >= known else ":" + spans(on[one] & known)
                needs.append(f"{one}{cap}{minors_}")
            row = [version, version, spans(known), " ".join(needs)]
            if rows and rows[-1][2:] == row[2:]:
                rows[-1][1] = version
            else:
                rows.append(row)
    return rows


def shown(versions):
    """The first version, and the last of each minor line: what a specifier can end at."""
    kept = {versions[0], versions[-1]}
    lines = {}
    for version in versions:
        lines[Version(version).release[:2]] = version
    return [version for version in versions if version in kept or version in lines.values()]


def write(state_path):
    with open(state_path) as file:
        state = json.load(file)
    packages = state["packages"]
    order = {}
    for name, entries in packages.items():
        final = [version for version in entries if not Version(version).is_prerelease]
        order[name] = sorted(final or entries, key=Version)
    files = {name: wheels(order[name], entries) for name, entries in packages.items()}
    compiled = {name for name, (tokens, has) in files.items() if has or any(token.startswith("sdist") for token in tokens)}
    lines = []
    for name in sorted(packages):
        tokens, _ = files[name]
        lines.append("\t".join([name, "=", " ".join(shown(order[name])), " ".join(tokens)]))
        rows = rows_of(name, None, order[name], packages[name], compiled)
        lines.extend("\t".join([name, "", first if first == last else f"{first}..{last}", pythons, needs]).rstrip("\t") for first, last, pythons, needs in rows)
        extras = sorted({extra for entry in packages[name].values() for _, _, found in entry["obs"] for extra, list_ in found.items() if list_ is not None})
        for extra in extras:
            rows = rows_of(name, extra, order[name], packages[name], compiled)
            lines.extend("\t".join([name, extra, first if first == last else f"{first}..{last}", pythons, needs]).rstrip("\t") for first, last, pythons, needs in rows)
    newest = max(entry["when"] for entries in packages.values() for entry in entries.values())
    print("# Packages of PyPI as public lock files list them; written by facts/python-index.py, which says what the columns are.")
    print(f"# newest lock file: {time.strftime('%Y-%m-%d', time.gmtime(newest))}; {len(packages)} packages; histories of " + " ".join(sorted(state["sources"], key=str.lower)))
    print("\n".join(lines))


if __name__ == "__main__":
    if len(sys.argv) > 3 and sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3:])
    elif len(sys.argv) == 3 and sys.argv[1] == "write":
        write(sys.argv[2])
    else:
        sys.exit(__doc__)
