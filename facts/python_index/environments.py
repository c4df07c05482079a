"""For which minor versions of CPython 3 a specifier or a marker holds, on Linux."""

import functools
import re
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

MINORS = range(6, 15)


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
