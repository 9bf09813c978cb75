#!/usr/bin/env python3
"""The benchmarks: ours and our peers', side by side, in one run.

    run.py [NAME...] [--pairs N] [--bin DIR]      without a name: all of bench/cases

Each case is a data file with the commands. Results go to bench/results/<name>.json, .md and .svg.
Exit 0: every result is right and every goal met; 1: a goal is missed; 5: a result is wrong.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import frontier, pairs, platform_server, playable, serving, sign_in  # noqa: E402
from harness.measure import Failed  # noqa: E402
from harness.sources import Sources  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
KINDS = {"pairs": pairs.run_case, "frontier": frontier.run_case, "server": serving.run_case,
         "platform": platform_server.run_case, "playable": playable.run_case, "sign_in": sign_in.run_case}


@dataclass
class Place:
    """Where a case runs."""
    sources: Sources
    scratch: Path   # emptied before every command
    log: Path       # what the commands said
    words: dict     # {bin} and {bench} in commands


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    ffmpeg = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True).stdout.split("\n", 1)[0]
    return {"cores": len(os.sched_getaffinity(0)), "processor": model, "ffmpeg": ffmpeg.split(" Copyright")[0],
            "date": date.today().isoformat(), "load": round(os.getloadavg()[0], 2)}


def run_one(name, wanted_pairs, binaries):
    case = tomllib.loads((ROOT / f"bench/cases/{name}.toml").read_text())
    print(f"==> {name}: {case['title']}", flush=True)
    place = Place(Sources(ROOT), ROOT / "build/bench/scratch", ROOT / f"build/logs/bench-{name}.log",
                  {"bin": binaries, "bench": ROOT / "bench"})
    place.log.unlink(missing_ok=True)
    on = machine()
    if on["load"] > on["cores"] / 2:
        print(f"    note: the machine is busy (load {on['load']}); times will be off", flush=True)
    result, table, svg, good = KINDS[case["kind"]](place, case, wanted_pairs)
    results = ROOT / "bench/results"
    results.mkdir(exist_ok=True)
    (results / f"{name}.json").write_text(json.dumps({"case": name, "machine": on, **result}, indent=1) + "\n")
    footer = f"{on['date']}, {on['cores']} cores of {on['processor']}, {on['ffmpeg']}, load before {on['load']}."
    (results / f"{name}.md").write_text(f"# {case['title']}\n\n![plot]({name}.svg)\n\n{table}\n\n{footer}\n")
    (results / f"{name}.svg").write_text(svg)
    print("\n".join(f"    {line}" for line in table.splitlines()))
    print(f"    bench/results/{name}.md", flush=True)
    return good


def main():
    known = sorted(path.stem for path in (ROOT / "bench/cases").glob("*.toml"))
    parser = argparse.ArgumentParser(prog="./run bench", description="Measures against the best ffmpeg commands.")
    parser.add_argument("name", nargs="*", help=f"of {', '.join(known)}; all without a name")
    parser.add_argument("--pairs", type=int, help="how often each pair is run (the case's own number)")
    parser.add_argument("--bin", type=Path, default=ROOT / "build/bin", help="folder of the programs (build/bin)")
    asked = parser.parse_args()
    # The first word of several cases' names means them all: "frames", "server".
    meant = {name: [case for case in known if case == name or case.startswith(name + "_")] for name in asked.name}
    names = [case for name in asked.name for case in meant[name]]
    if unknown := [name for name in asked.name if not meant[name]]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(known)}")
    status = 0
    for name in names or known:
        try:
            if not run_one(name, asked.pairs, asked.bin.resolve()):
                print("    a goal is missed", flush=True)
                status = max(status, 1)
        except (Failed, OSError, ValueError, KeyError) as problem:
            print(f"    FAILED: {problem or type(problem).__name__}", flush=True)
            status = 5
    return status


if __name__ == "__main__":
    sys.exit(main())
