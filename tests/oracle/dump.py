#!/usr/bin/env python3
"""Print how BuildKit's parser reads Dockerfiles, one JSON line a file.

    pip install -r tests/oracle/requirements.txt
    tests/oracle/dump.py Dockerfile ...            # or: find . -name Dockerfile | tests/oracle/dump.py
    tests/oracle/dump.py --golden tests/nasty      # rewrite tests/nasty/expected.jsonl

The reader is PyPI `dockerfile` 3.4.0, which is BuildKit v0.12.5's parser. A line is

    {"file", "ok": true, "instructions": [I...]}    or
    {"file", "ok": false, "error"}                  BuildKit rejects the file
    {"file", "ok": false, "skip": why}              no answer: utf8, nul, decode, crash, timeout, io

    I = {"cmd": "RUN", "flags": [], "args": [], "json": false, "start": 1, "end": 3, "original": "...",
         "sub": null, "heredocs": [{"name", "fd", "content"}]?, "trigger": {...}?}

`cmd` and `sub` (the keyword after ONBUILD) are in upper case; `start` and `end` count from 1 and include heredoc
bodies; `original` is the joined logical line (the module appends the bodies and names of heredocs: they are cut off).
The parser drops the arguments of an unknown instruction: `args` is [""]. The module reports `args` and `json` of an
ONBUILD's sub-instruction, but neither its flags nor its heredocs: `trigger` has them, as
{"cmd", "flags", "args", "json", "sub", "heredocs"?, "trigger"?}, read by parsing the lines again without the ONBUILD
keyword. It is absent where that reading is not surely the same.

Newer frontends differ in a few places. Golden answers are theirs: NEWER, a file beside the cases, wins over the module.
"""
import json
import os
import re
import select
import subprocess
import sys

TIMEOUT = 10.0  # seconds for one file
NEWER = "newer.jsonl"
SPACE = "\t\v\f\r "
ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.I)
DIRECTIVE = re.compile(r"#\s*(?:syntax|escape)\s*=\s*\S", re.I)


def parse(text):
    import dockerfile

    return dockerfile.parse_string(text)


def heredocs(command):
    return [{"name": h.name, "fd": h.file_descriptor, "content": h.content} for h in command.heredocs]


def logical_line(command):
    original = command.original or ""
    tail = "\n" + "".join(h.content + h.name + "\n" for h in command.heredocs)
    return original.removesuffix(tail) if command.heredocs else original


def escape_character(lines):
    """The escape character that the directives at the top of an accepted file choose."""
    for line in lines:
        line = line.strip()
        if not DIRECTIVE.match(line):
            break
        found = ESCAPE.fullmatch(line)
        if found:
            return found.group(1)
    return "\\"


def trigger(command, lines, escape):
    """The sub-instruction of an ONBUILD with its flags and heredocs, or None where this cannot tell."""
    first = lines[command.start_line - 1].lstrip("\ufeff").lstrip()
    if first[: len(command.cmd)] != command.cmd or first[len(command.cmd) : len(command.cmd) + 1] not in tuple(SPACE):
        return None
    text = first[len(command.cmd) :].lstrip(SPACE)
    for flag in command.flags:  # those of the ONBUILD itself
        if not text.startswith(flag):
            return None
        text = text[len(flag) :].lstrip(SPACE)
    rest = lines[command.start_line : command.end_line]
    head = [f"# escape={escape}", "#"]  # the second line ends the directives
    body = head + [text] + rest
    try:
        again = parse("\n".join(body) + "\n")
    except Exception:
        return None
    if len(again) != 1 or (again[0].cmd or "") != command.sub_cmd or again[0].end_line != len(body):
        return None
    nested = command.sub_cmd.upper() == "ONBUILD"  # the module then reports neither value nor form
    if not nested and (again[0].value, again[0].json) != (command.value, command.json):
        return None
    found = record(again[0], body, escape)
    return {key: found[key] for key in ("cmd", "flags", "args", "json", "sub", "heredocs", "trigger") if key in found}


def record(command, lines, escape):
    found = {
        "cmd": (command.cmd or "").upper(),
        "flags": list(command.flags),
        "args": list(command.value),
        "json": command.json,
        "start": command.start_line,
        "end": command.end_line,
        "original": logical_line(command),
        "sub": command.sub_cmd.upper() if command.sub_cmd else None,
    }
    if command.heredocs:
        found["heredocs"] = heredocs(command)
    if command.sub_cmd:
        below = trigger(command, lines, escape)
        if below:
            found["trigger"] = below
    return found


def read(path):
    import dockerfile

    try:
        with open(path, "rb") as handle:
            raw = handle.read()
    except OSError:
        return {"ok": False, "skip": "io"}
    if b"\0" in raw:  # the module speaks C strings
        return {"ok": False, "skip": "nul"}
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return {"ok": False, "skip": "utf8"}
    try:
        commands = parse(text)
    except dockerfile.GoParseError as error:
        return {"ok": False, "error": str(error)}
    except (UnicodeDecodeError, SystemError):  # the parser cut a character in two
        return {"ok": False, "skip": "decode"}
    lines = text.split("\n")
    escape = escape_character(lines)
    return {"ok": True, "instructions": [record(command, lines, escape) for command in commands]}


def worker():
    for line in sys.stdin:
        path = json.loads(line)
        print(json.dumps(read(path)), flush=True)


class Reader:
    """A child process that parses: a Go panic or an endless loop costs one file, not the run."""

    def __init__(self):
        self.child = None

    def start(self):
        self.child = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def stop(self):
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None

    def ask(self, path):
        if not self.child:
            self.start()
        try:
            self.child.stdin.write(json.dumps(path).encode() + b"\n")
            self.child.stdin.flush()
            ready, _, _ = select.select([self.child.stdout], [], [], TIMEOUT)
            answer = self.child.stdout.readline() if ready else None
        except BrokenPipeError:
            answer = b""
        if answer:
            return json.loads(answer)
        self.stop()
        return {"ok": False, "skip": "timeout" if answer is None else "crash"}


def answers(paths):
    reader = Reader()
    for path in paths:
        yield {"file": path, **reader.ask(path)}
    reader.stop()


def golden(folder):
    """Rewrite FOLDER/expected.jsonl: sorted by file, without the wording of the errors."""
    folder = os.path.normpath(folder)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".Dockerfile"))
    newer = {}
    if os.path.exists(f"{folder}/{NEWER}"):
        with open(f"{folder}/{NEWER}", encoding="utf-8") as handle:
            newer = {found["file"]: found for found in map(json.loads, handle)}
    lines = []
    for answer in answers(f"{folder}/{name}" for name in names):
        answer = newer.get(answer["file"], answer)
        if "skip" in answer:
            sys.exit(f"{answer['file']}: no answer ({answer['skip']})")
        answer.pop("error", None)
        lines.append(json.dumps(answer, ensure_ascii=True) + "\n")
    with open(f"{folder}/expected.jsonl", "w", encoding="utf-8", newline="\n") as handle:
        handle.writelines(lines)
    print(f"{len(lines)} answers, {len(newer)} of them from {NEWER}", file=sys.stderr)


def main(arguments):
    if arguments == ["--worker"]:
        return worker()
    if arguments[:1] == ["--golden"]:
        return golden(arguments[1])
    try:
        import dockerfile  # noqa: F401
    except ImportError:
        sys.exit("dump.py: the parser is missing: pip install -r tests/oracle/requirements.txt")
    paths = arguments or (line.rstrip("\n") for line in sys.stdin)
    for answer in answers(paths):
        print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
