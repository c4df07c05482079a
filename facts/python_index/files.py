"""The distribution files of a package, as tokens of the table."""

import collections
import functools
import re
from packaging.version import Version as ParsedVersion
from .environments import MINORS, minors

Version = functools.cache(ParsedVersion)

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
