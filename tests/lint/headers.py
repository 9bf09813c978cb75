#!/usr/bin/env python3
"""Every header under src/ compiles alone: a header that needs luck is a bug.

    headers.py ROOT COMPILE_COMMANDS

A header that foo.cc includes before everything else was compiled alone by the build itself. Every
other one is compiled here (syntax only) with the flags of a source file of its own folder, or of the
nearest room that has one. Headers whose text and whose includes did not change since they last
passed are not compiled again: a stamp beside COMPILE_COMMANDS remembers them.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

OWN_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
ANY_LINE_OF_CODE = re.compile(r"^(?!\s*(//|$)).*$", re.M)


def compile_flags(commands, source_root):
    """Folder below src/ -> the compiler with its flags, without input and output."""
    flags = {}
    for entry in commands:
        source = Path(entry["file"])
        if not source.is_relative_to(source_root):
            continue
        words = shlex.split(entry["command"])
        if words and Path(words[0]).name == "ccache":
            words = words[1:]
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-c", "-MF", "-MT", "-MQ"):
                skip = True
            elif word not in ("-MD", "-MMD"):
                kept.append(word)
        flags.setdefault(source.parent.relative_to(source_root).as_posix(), kept)
    return flags


def flags_for(header, source_root, flags):
    folder = header.parent.relative_to(source_root).as_posix()
    if folder in flags:
        return flags[folder]
    top = folder.split("/")[0]
    for other in sorted(flags):
        if other.split("/")[0] == top:
            return flags[other]
    return flags.get("base") or next(iter(flags.values()))


def digest(header, source_root, seen=None):
    """A hash of the header and, in turn, of every header of our own that it includes."""
    seen = set() if seen is None else seen
    seen.add(header)
    text = header.read_text()
    out = hashlib.sha256(text.encode())
    for name in OWN_INCLUDE.findall(text):
        inner = source_root / name
        if inner not in seen and inner.exists():
            out.update(digest(inner, source_root, seen).encode())
    return out.hexdigest()


def proven_by_build(header, source_root, compiled):
    """Its own source file is compiled and begins with it."""
    source = header.with_suffix(".cc")
    if source not in compiled:
        return False
    first = ANY_LINE_OF_CODE.search(source.read_text())
    return bool(first) and first.group(0).split() == [
        "#include", f'"{header.relative_to(source_root).as_posix()}"']


def main():
    root, commands_path = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    source_root = root / "src"
    commands = json.loads(commands_path.read_text())
    flags = compile_flags(commands, source_root)
    compiled = {Path(entry["file"]) for entry in commands}
    if not flags:
        print("no source file under src/ is compiled, so there are no flags to go by")
        return 1
    stamp = commands_path.parent / "headers-alone.json"
    known = json.loads(stamp.read_text()) if stamp.exists() else {}

    def check(header):
        command = flags_for(header, source_root, flags)
        key = hashlib.sha256((" ".join(command) + digest(header, source_root)).encode()).hexdigest()
        name = header.relative_to(source_root).as_posix()
        if known.get(name) == key or proven_by_build(header, source_root, compiled):
            return name, key, ""
        done = subprocess.run(
            command + ["-fsyntax-only", "-Wno-pragma-once-outside-header", "-x", "c++-header", str(header)],
            capture_output=True, text=True)
        return name, key, done.stderr or "failed" if done.returncode else ""

    passed, failed = {}, 0
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for name, key, problem in pool.map(check, sorted(source_root.rglob("*.h"))):
            if problem:
                failed += 1
                print(f"src/{name} does not compile alone:\n{problem}")
            else:
                passed[name] = key
    stamp.write_text(json.dumps(passed))
    print(f"{len(passed)} headers compile alone, {failed} do not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
