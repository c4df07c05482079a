"""The table: from what was seen of each package to its rows."""

import collections
import json
import time
from .files import Version, group, spans, wheels


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


def earlier(path):
    """The rows of an earlier table by package, its sources, and the day of its newest lock."""
    rows, sources, newest = {}, set(), ""
    with open(path) as file:
        for line in file.read().splitlines():
            if not line.startswith("#"):
                rows.setdefault(line.split("\t")[0], []).append(line)
            elif "; histories of " in line:
                sources = set(line.partition("; histories of ")[2].split())
                newest = line.partition("newest lock file: ")[2][:10]
    return rows, sources, newest


def has_code(rows):
    """Whether the first row of a package names wheels with compiled code, or no wheel."""
    return any(token[0] in "gGlL" or token.startswith("sdist") for token in rows[0].split("\t")[3].split())


def write(state_path, table_path=None):
    known, sources, newest = earlier(table_path) if table_path else ({}, set(), "")
    with open(state_path) as file:
        state = json.load(file)
    packages = state["packages"]
    order = {}
    for name, entries in packages.items():
        final = [version for version in entries if not Version(version).is_prerelease]
        order[name] = sorted(final or entries, key=Version)
    files = {name: wheels(order[name], entries) for name, entries in packages.items()}
    compiled = {name for name, (tokens, has) in files.items() if has or any(token.startswith("sdist") for token in tokens)}
    compiled |= {name for name, rows in known.items() if has_code(rows)}
    lines = []
    for name in sorted(packages.keys() | known.keys()):
        if name in known:
            lines.extend(known[name])
            continue
        tokens, _ = files[name]
        lines.append("\t".join([name, "=", " ".join(shown(order[name])), " ".join(tokens)]))
        rows = rows_of(name, None, order[name], packages[name], compiled)
        lines.extend("\t".join([name, "", first if first == last else f"{first}..{last}", pythons, needs]).rstrip("\t") for first, last, pythons, needs in rows)
        extras = sorted({extra for entry in packages[name].values() for _, _, found in entry["obs"] for extra, list_ in found.items() if list_ is not None})
        for extra in extras:
            rows = rows_of(name, extra, order[name], packages[name], compiled)
            lines.extend("\t".join([name, extra, first if first == last else f"{first}..{last}", pythons, needs]).rstrip("\t") for first, last, pythons, needs in rows)
    seen = max(entry["when"] for entries in packages.values() for entry in entries.values())
    newest = max(newest, time.strftime("%Y-%m-%d", time.gmtime(seen)))
    count = len(packages.keys() | known.keys())
    print("# Packages of PyPI as public lock files list them; written by facts/python-index.py, which says what the columns are.")
    print(f"# newest lock file: {newest}; {count} packages; histories of " + " ".join(sorted({*state["sources"], *sources}, key=str.lower)))
    print("\n".join(lines))
