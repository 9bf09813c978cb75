#!/usr/bin/env python3
"""Holds the rules about who may include whom (ARCHITECTURE.md, "Rooms").

    layering.py ROOT [--self-test]

Exit 0: all rules hold (long files are only mentioned); 1: something is broken, one line each.
"""

import re
import sys
from pathlib import Path

# What a room may include besides itself and base. A room is the first folder under src/; where an
# adapter lives inside a port's folder (blob/fs), the adapter is a room of its own.
MAY_INCLUDE = {
    "base": set(),
    "media": set(),
    "net": set(),
    "jobs": set(),
    "blob": {"jobs"},
    "store": {"jobs"},
    "queue": {"jobs"},
    "cache": {"jobs"},
    "cache/memory": {"cache", "jobs"},
    "queue/embedded": {"queue"},
    "blob/fs": {"blob", "jobs"},
    "store/sqlite": {"store", "jobs"},
    "pipeline": {"jobs", "media", "blob", "store"},
    "auth": {"net", "jobs", "blob", "store", "cache"},
    "telemetry": set(),
    "http": {"jobs", "auth", "blob", "store", "cache", "telemetry"},
    "app": {"net", "media", "jobs", "blob", "store", "pipeline", "blob/fs", "store/sqlite", "queue",
            "queue/embedded", "cache", "cache/memory", "auth", "http", "telemetry"},
    # The subcommands print what the engine found, so they may see those rooms' public headers.
    "cmd": {"app", "media", "jobs", "pipeline"},
}
ADAPTERS = {"blob/fs", "store/sqlite", "queue/embedded", "cache/memory"}

LIBAV = re.compile(r"^(libav\w+|libswscale|libswresample|libpostproc)/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
WARN_LINES, FAIL_LINES = 300, 800


def room_of(path):
    """The room of a path below src/, or None: "blob/fs/store.h" -> "blob/fs"."""
    folders = path.split("/")[:-1]
    if not folders:
        return None
    pair = "/".join(folders[:2])
    return pair if pair in ADAPTERS else folders[0]


def check_include(path, kind, name):
    """What is wrong with one #include of a file below src/, or None."""
    room = room_of(path)
    if LIBAV.match(name):
        if room != "media":
            return f"includes <{name}>: libav stays under src/media"
        if path.endswith(".h") and not path.startswith("media/av/"):
            return f"includes <{name}>: a header outside media/av takes it from media/av/ptr.h"
        return None
    if kind != '"':
        return None
    target = room_of(name)
    if target is None or target not in MAY_INCLUDE:
        return f'includes "{name}": write the path from src/ on, of a room that exists'
    if target == room or target == "base" or target in MAY_INCLUDE.get(room, set()):
        return None
    if target in ADAPTERS:
        return f'includes "{name}": only app knows adapters'
    return f'includes "{name}": {room} may not include {target}'


def check_file(path, text):
    """(problems, mentions) of one file below src/."""
    problems, mentions = [], []
    if room_of(path) not in MAY_INCLUDE:
        problems.append(f"src/{path}: no rule names this room; add it to MAY_INCLUDE and ARCHITECTURE.md")
        return problems, mentions
    for kind, name in INCLUDE.findall(text):
        if wrong := check_include(path, kind, name):
            problems.append(f"src/{path}: {wrong}")
    if path.endswith(".h") and "#pragma once" not in text:
        problems.append(f"src/{path}: has no #pragma once")
    return problems, mentions + check_length(f"src/{path}", text, problems)


def check_length(name, text, problems):
    lines = text.count("\n")
    if lines > FAIL_LINES:
        problems.append(f"{name}: {lines} lines; split it (limit {FAIL_LINES})")
    elif lines > WARN_LINES:
        return [f"{name}: {lines} lines; is it still one thing?"]
    return []


def check_public_headers(texts):
    """A media header that other rooms include is public, and none of those may lead to libav, not
    even by way of another header. `texts`: path below src/ -> content."""
    includes = {path: INCLUDE.findall(text) for path, text in texts.items()}

    def way_to_libav(path, seen):
        seen.add(path)
        for kind, name in includes.get(path, []):
            if LIBAV.match(name):
                return [path]
            if kind == '"' and name not in seen and (way := way_to_libav(name, seen)):
                return [path] + way
        return None

    problems = []
    for path in texts:
        if room_of(path) == "media":
            continue
        for kind, name in includes[path]:
            if kind == '"' and name.startswith("media/") and (way := way_to_libav(name, set())):
                problems.append(f"src/{path}: sees libav by way of {' -> '.join(way)}")
    return problems


def check_tree(root):
    problems, mentions, texts = [], [], {}
    for file in sorted((root / "src").rglob("*")):
        if file.suffix in (".h", ".cc"):
            path = file.relative_to(root / "src").as_posix()
            texts[path] = file.read_text()
            more, said = check_file(path, texts[path])
            problems += more
            mentions += said
    problems += check_public_headers(texts)
    for file in sorted((root / "tests").rglob("*")):
        if file.suffix in (".h", ".cc") and "node_modules" not in file.parts:
            mentions += check_length(file.relative_to(root).as_posix(), file.read_text(), problems)
    return problems, mentions


def self_test():
    """The rules refuse what they should, and nothing else."""
    right = [
        ("media/probe/probe.cc", "<", "libavformat/avformat.h"),
        ("media/av/ptr.h", "<", "libavutil/frame.h"),
        ("media/probe/probe.cc", '"', "media/av/ptr.h"),
        ("pipeline/stages/encode.cc", '"', "media/encode/encode.h"),
        ("app/engine.cc", '"', "store/sqlite/checkpoints.h"),
        ("store/sqlite/checkpoints.h", '"', "store/checkpoints.h"),
        ("cmd/probe.cc", '"', "media/probe/media_info.h"),
        ("jobs/plan.h", '"', "base/json.h"),
    ]
    wrong = [
        ("base/json.h", '"', "jobs/plan.h"),
        ("jobs/plan.h", '"', "media/probe/media_info.h"),
        ("media/probe/probe.cc", '"', "jobs/plan.h"),
        ("media/probe/probe.h", "<", "libavformat/avformat.h"),
        ("pipeline/runner.cc", "<", "libavutil/frame.h"),
        ("pipeline/runner.cc", '"', "store/sqlite/checkpoints.h"),
        ("cmd/main.cc", '"', "blob/fs/fs_blob_store.h"),
        ("cmd/main.cc", '"', "store/checkpoints.h"),
        ("store/checkpoints.h", '"', "blob/blob_store.h"),
        ("app/engine.cc", '"', "engine.h"),
    ]
    failures = [f"refused: {case}" for case in right if check_include(*case)]
    failures += [f"let through: {case}" for case in wrong if not check_include(*case)]
    tree = {
        "media/av/ptr.h": "#include <libavutil/frame.h>",
        "media/scale/scaler.h": '#include "media/av/ptr.h"',
        "media/scale/scaler.cc": '#include "media/scale/scaler.h"',
        "media/probe/probe.h": '#include "base/error.h"',
        "pipeline/good.cc": '#include "media/probe/probe.h"',
    }
    failures += check_public_headers(tree)
    if not check_public_headers(tree | {"pipeline/bad.cc": '#include "media/scale/scaler.h"'}):
        failures.append("let through: a room that sees libav by way of two headers")
    problems, _ = check_file("base/long.cc", "\n" * (FAIL_LINES + 1))
    failures += [] if problems else ["let through: a file that is too long"]
    return failures


def main():
    if "--self-test" in sys.argv:
        failures = self_test()
        print("\n".join(failures) or "layering.py: every rule works")
        return 1 if failures else 0
    problems, mentions = check_tree(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for mention in mentions:
        print(f"    note: {mention}")
    for problem in problems:
        print(f"    {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
