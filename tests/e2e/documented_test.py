#!/usr/bin/env python3
"""Every member of report.json and of `plan --json` stands in the guide, and every command's help
shows an example that its own options understand."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

BINARY = os.environ.get("VIDEOFORGE_BIN", "")
GUIDE = Path(__file__).resolve().parents[2] / "docs/guides/transcode.md"


def run(*arguments):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=200)


def members(value, out):
    if isinstance(value, dict):
        for name, inner in value.items():
            out.add(name)
            members(inner, out)
    elif isinstance(value, list):
        for inner in value:
            members(inner, out)
    return out


def undocumented(what, value, guide, name=GUIDE.name):
    return [f"{what}: `{m}` is not in {name}" for m in sorted(members(value, set())) if f"`{m}`" not in guide]


def undocumented_file_reports(clip, folder, work):
    """The reports of the commands that make one file, against their guides."""
    problems = []
    for command, name, options in (("clip", "clips.md", ("--from", "0.5", "--to", "2", "--exact")),
                                   ("process", "converting.md", ("--scale", "160x90", "--filter", "blur=1"))):
        made = run(command, clip, "-o", folder / f"made_{command}.mp4", "--json", *options, *work)
        if made.returncode:
            problems.append(f"{command}: {made.stderr}")
            continue
        # Members that all reports share stand in transcode.md.
        guide = (GUIDE.parent / name).read_text() + GUIDE.read_text()
        problems += undocumented(command, json.loads(made.stdout), guide, name)
    return problems


def undocumented_quality(clip, work):
    guide = (GUIDE.parent / "quality.md").read_text()
    problems = []
    for name, command in {"analysis.json": ["analyze", clip], "comparison.json": ["compare", clip, clip]}.items():
        done = run(*command, "--json", *work)
        if done.returncode:
            problems.append(f"{name}: {done.stderr}")
        else:
            problems += [p.replace(GUIDE.name, "quality.md") for p in undocumented(name, json.loads(done.stdout), guide)]
    return problems


def frames_undocumented(clip, folder, work):
    """What `frames` reports and lists, against its guide."""
    guide = (GUIDE.parent / "frames.md").read_text()
    made = run("frames", clip, "-o", folder / "stills", "--count", "2", "--json", *work)
    if made.returncode:
        return [made.stderr]
    listed = json.loads((folder / "stills/frames.json").read_text())
    made_too = run("thumbnails", clip, "-o", folder / "thumbnails", "--json", *work)
    if made_too.returncode:
        return [made_too.stderr]
    board = json.loads((folder / "thumbnails/storyboard.json").read_text())
    told = {"frames --json": json.loads(made.stdout), "frames.json": listed, "thumbnails": json.loads(made_too.stdout),
            "storyboard.json": board}
    return [problem for what, value in told.items() for problem in undocumented(what, value, guide, "frames.md")]


def examples_that_fail():
    """Every option that an example uses is one that the command lists."""
    problems = []
    for command in ("probe", "plan", "transcode", "clip", "process", "analyze", "compare", "frames", "thumbnails", "presets", "cache",
                    "doctor"):
        text = run(command, "--help").stdout
        examples = re.findall(r"^  videoforge (.*)$", text, re.M)
        if not examples:
            problems.append(f"{command} --help shows no example")
        for example in examples:
            words = shlex.split(example)
            options = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", example))
            known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", run(words[0], "--help").stdout.split("Examples:")[0]))
            if words[0] == "cache":
                known |= set(re.findall(r"--?[a-z][a-z-]*", run("cache", words[1], "--help").stdout))
            if not options <= known:
                problems.append(f"{command} --help: {example}: {sorted(options - known)} is no option")
    return problems


def main():
    guide = GUIDE.read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=426x240:rate=25:duration=2.4", "-f", "lavfi",
             "-i", "sine=duration=2.4", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac",
             str(clip)], check=True)
        work = ("--work", folder / "work")
        plan = run("plan", clip, "--json", *work)
        made = run("transcode", clip, "-o", folder / "set", "--no-copy", *work)
        if plan.returncode or made.returncode:
            print(plan.stderr, made.stderr)
            return 1
        report = json.loads((folder / "set/report.json").read_text())
        problems = undocumented("report.json", report, guide) + undocumented("plan", json.loads(plan.stdout), guide)
        problems += undocumented_file_reports(clip, folder, work)
        problems += undocumented_quality(clip, work)
        problems += frames_undocumented(clip, folder, work)
        problems += examples_that_fail()
        for rendition in report["renditions"]:
            seconds, rate = rendition["second_bits"], rendition["mean_bit_rate"]
            if len(seconds) != 3 or abs(sum(seconds) - rate * rendition["duration_seconds"]) > 0.01 * sum(seconds):
                problems.append(f"{rendition['name']}: second_bits {seconds} are not the film's 2.4 s at {rate} bit/s")
    print("\n".join(problems) or "every member is documented, every example is understood")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
