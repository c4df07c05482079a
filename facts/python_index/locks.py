"""Packages as uv.lock, poetry.lock and pdm.lock list them."""

import re
import tomllib
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from .environments import MINORS, holds, minors

DEVELOPMENT = re.compile(r"(dev|test|doc|lint|typ(ing|es)|bench|style|check|release|maint|cover|build|mypy|ci$)")


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
