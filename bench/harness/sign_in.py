"""Crowds that sign in at once, while others read from the same server."""

import itertools
import json
import os
import random
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from statistics import median

from . import plot
from .measure import Failed
from .serving import fetch

PASSWORD = "violet otter parade"
FILM_BYTES = 64 << 20


class Site:
    """A server with people and one private film."""

    def __init__(self, where, token):
        self.where = where
        self.addresses = (f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in itertools.count(1))
        made = self.ask("POST", "/api/auth/register",
                        {"username": "owner", "password": PASSWORD, "bootstrapToken": token}, 201)
        self.key = made["apiKey"]["key"]

    def ask(self, method, path, body, wanted, fields=None):
        fields = dict(fields or {"Content-Type": "application/json"})
        if hasattr(self, "key"):
            fields["x-api-key"] = self.key
        status, answer = fetch(self.where, path, fields, method, body if isinstance(body, bytes) else json.dumps(body))
        if status != wanted:
            raise Failed(f"{method} {path} gave {status}: {answer[:300]}")
        return json.loads(answer)

    def settle(self, people):
        for i in range(people):
            self.ask("POST", "/api/admin/users", {"username": f"person{i}", "password": PASSWORD}, 201)
        border = "b0undary"
        film = random.Random(1).randbytes(FILM_BYTES)
        head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
        self.video = self.ask("POST", "/api/videos", head.encode() + film + f"\r\n--{border}--\r\n".encode(), 201,
                              {"Content-Type": f"multipart/form-data; boundary={border}"})["video"]["id"]

    def crowd(self, place, people):
        """One crowd's figures: everybody is let in, or the run is off."""
        lines = "".join(f"{next(self.addresses)}\t" + json.dumps({"username": f"person{i}", "password": PASSWORD}) + "\n"
                        for i in range(people))
        return said(subprocess.run([place.words["bin"] / "bench_load", "together", self.where, "/api/auth/login"],
                                   input=lines, capture_output=True, text=True))

    def readers(self, place, case, seconds):
        """Starts both kinds of readers; they say their figures when they end."""
        field = f"x-api-key: {self.key}"
        reads, ranges = case["reads"], case["ranges"]
        commands = {
            "reads": ["get", self.where, f"/api/videos/{self.video}", reads["connections"], seconds, reads["rate"], field],
            "ranges": ["ranges", self.where, f"/api/videos/{self.video}/download", ranges["connections"], seconds, FILM_BYTES,
                       ranges["bytes"], ranges["rate"], field]}
        return {name: subprocess.Popen([place.words["bin"] / "bench_load", *map(str, command)], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE) for name, command in commands.items()}


def said(done):
    if done.returncode != 0:
        raise Failed(f"a request was not answered as it should be: {done.stdout or done.stderr}")
    return json.loads(done.stdout)


def heard(readers):
    out = {}
    for name, process in readers.items():
        text, errors = process.communicate(timeout=120)
        out[name] = said(subprocess.CompletedProcess(process.args, process.returncode, text, errors))
    return out


@contextmanager
def site(place):
    data = place.scratch / "data"
    shutil.rmtree(data, ignore_errors=True)
    port = random.randint(20000, 30000)
    # Each person has an address, so that the limits stand as they are; behind a proxy that we trust.
    command = [place.words["bin"] / "videoforge", "serve", "--data", data, "--listen", f"127.0.0.1:{port}", "--workers", "0"]
    environment = {**os.environ, "VIDEOFORGE_SERVER_TRUSTED_PROXIES": "127.0.0.1", "VIDEOFORGE_LOG_CONSOLE": "none"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    try:
        token = next((found.group(1) for line in server.stdout if (found := re.fullmatch(r"  ([A-Za-z0-9_-]{20,})\n", line))),
                     None)
        if not token:
            raise Failed("the server did not start")
        yield Site(f"127.0.0.1:{port}", token)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(data, ignore_errors=True)


def beside(here, place, case, people, crowds):
    """Crowds one after the other, with readers beside them from before the first to after the last."""
    alone = here.crowd(place, people)
    seconds = max(5, crowds * (alone["max_ms"] / 1000 + 0.5) * 1.5)
    readers = here.readers(place, case, seconds)
    time.sleep(0.5)
    end, turns = time.monotonic() + seconds - 1, []
    while len(turns) < crowds or time.monotonic() + 2 * turns[-1]["seconds"] < end:
        turns.append(here.crowd(place, people))
    return {"people": people, "alone": alone, "crowds": turns, "worst_ms": max(t["max_ms"] for t in turns),
            "median_ms": median(t["p50_ms"] for t in turns), "beside": heard(readers)}


def report(case, quiet, rows):
    good = True

    def verdict(met):
        nonlocal good
        good = good and met
        return "yes" if met else "**no**"

    lines = ["| at once | worst, nobody else there | worst, readers beside | median | goal (worst) | met |", "|---|---|---|---|---|---|"]
    for row, wanted in zip(rows, case["crowds"]):
        lines.append(f"| {row['people']} sign in ({len(row['crowds'])} crowds) | {row['alone']['max_ms']:.0f} ms | {row['worst_ms']:.0f} ms "
                     f"| {row['median_ms']:.0f} ms | {wanted['goal_ms']} ms | {verdict(row['worst_ms'] <= wanted['goal_ms'])} |")
    lines += ["", "| beside them | " + " | ".join(["no crowd", *(f"crowds of {row['people']}" for row in rows)]) + " | goal (p99) | met |",
              "|---" * (len(rows) + 4) + "|"]
    names = {"reads": "small reads, {rate} a second", "ranges": "ranges of 1 MiB, {rate} a second"}
    for kind, name in names.items():
        wanted = case[kind]
        figures = [quiet[kind], *(row["beside"][kind] for row in rows)]
        lines.append(f"| {name.format(**wanted)}: p50, p99 | " + " | ".join(f"{f['p50_ms']:.1f}, {f['p99_ms']:.1f} ms" for f in figures) +
                     f" | {wanted['goal_p99_ms']} ms | {verdict(all(f['p99_ms'] < wanted['goal_p99_ms'] for f in figures))} |")
    return "\n".join(lines), good


def run_case(place, case, pairs):
    """(result, markdown, svg, every goal met)."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    with site(place) as here:
        here.settle(max(crowd["people"] for crowd in case["crowds"]))
        quiet = heard(here.readers(place, case, 5))
        rows = [beside(here, place, case, crowd["people"], pairs or case["pairs"]) for crowd in case["crowds"]]
    table, good = report(case, quiet, rows)
    bars = plot.ratio_bars("Goal / worst sign-in", [(f"{row['people']} at once", wanted["goal_ms"] / row["worst_ms"], 1)
                                                    for row, wanted in zip(rows, case["crowds"])], "above 1: met")
    return {"quiet": quiet, "rows": rows}, table, bars, good
