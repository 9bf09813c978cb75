"""How soon an upload can be watched: a server of its own, one film after the other, read as a player reads."""

import base64
import http.client
import json
import os
import random
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from statistics import median
from urllib.parse import urljoin

from . import plot
from .measure import Failed

PIECE = 8 << 20
PATIENCE = 120  # seconds


def launch(place, data, port):
    """The process of a `videoforge serve`; what it says on the console is `stdout`."""
    environment = {**os.environ, "VIDEOFORGE_AUTH_RATE_LIMITS": "false", "VIDEOFORGE_LOG_CONSOLE": "none"}
    with open(place.log, "ab") as log:
        return subprocess.Popen([place.words["bin"] / "videoforge", "serve", "--data", data, "--listen", f"127.0.0.1:{port}"],
                                stdout=subprocess.PIPE, stderr=log, text=True, env=environment)


@contextmanager
def platform(place):
    """The client of a fresh `videoforge serve`."""
    port = random.randint(20000, 30000)
    data = place.scratch / f"data-{port}"
    server = launch(place, data, port)
    try:
        token = next((m.group(1) for line in server.stdout if (m := re.fullmatch(r"  ([A-Za-z0-9_-]{20,})\n", line))), None)
        client = Client(port, server.pid)
        answer = client.json("POST", "/api/auth/register", {"username": "admin", "password": "correct horse battery",
                                                            "bootstrapToken": token})
        client.key = answer["apiKey"]["key"]
        yield client
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(data, ignore_errors=True)


class Client:
    def __init__(self, port, pid=None):
        self.port, self.pid = port, pid
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.key = None

    def ask(self, method, path, body=None, headers=None):
        fields = {**({"X-API-Key": self.key} if self.key else {}), **(headers or {})}
        self.connection.request(method, path, body, fields)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def json(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        status, _, answer = self.ask(method, path, text, {"Content-Type": "application/json"} if text else None)
        if status >= 300:
            raise Failed(f"{method} {path} answers {status}: {answer[:300]}")
        return json.loads(answer) if answer else None


def upload(client, film):
    """Sends it by tus; (video id, when the last byte was acknowledged)."""
    name = base64.b64encode(film.name.encode()).decode()
    size = film.stat().st_size
    status, headers, answer = client.ask("POST", "/api/uploads", None, {
        "Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": f"filename {name}"})
    if status != 201:
        raise Failed(f"an upload was not created: {status} {answer[:300]}")
    place, offset = headers["Location"], 0
    place = place[place.index("/api/"):]
    with open(film, "rb") as source:
        while offset < size:
            piece = source.read(PIECE)
            status, headers, answer = client.ask("PATCH", place, piece, {
                "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
            if status != 204:
                raise Failed(f"a piece was not taken: {status} {answer[:300]}")
            offset += len(piece)
    return headers["Upload-Video-Id"], time.monotonic()


def first_segment(client, video):
    """Reads as a player does until the first segment's bytes are here; what the manifest said."""
    base = f"/api/stream/{video}/"
    until = time.monotonic() + PATIENCE
    while True:
        status, _, master = client.ask("GET", base + "master.m3u8")
        if status == 200:
            break
        if time.monotonic() > until:
            raise Failed(f"nothing to watch after {PATIENCE} s")
        time.sleep(0.01)
    variant = next(line for line in master.decode().splitlines() if line and not line.startswith("#"))
    status, _, playlist = client.ask("GET", urljoin(base, variant))
    lines = playlist.decode().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("#EXTINF"))
    size, at = map(int, lines[first + 1].removeprefix("#EXT-X-BYTERANGE:").split("@"))
    status, _, body = client.ask("GET", urljoin(base, lines[first + 2]), None, {"Range": f"bytes={at}-{at + size - 1}"})
    if status != 206 or body[4:8] != b"moof":
        raise Failed(f"the first segment is not one: {status}")
    return {"grows": "#EXT-X-ENDLIST" not in lines, "listed": sum(line.startswith("#EXTINF") for line in lines),
            "resolution": re.search(r"RESOLUTION=(\S+?)[,\n]", master.decode() + "\n").group(1)}


def watch(place, film):
    with platform(place) as client:
        video, sent = upload(client, film)
        seen = first_segment(client, video)
        seconds = time.monotonic() - sent
        for job in client.json("GET", f"/api/jobs?videoId={video}")["items"]:
            client.ask("POST", f"/api/jobs/{job['id']}/cancel")
        return {"seconds": seconds, **seen}


def run_case(place, case, rounds):
    """(result, markdown, svg, every goal met)."""
    rows, good = [], True
    place.scratch.mkdir(parents=True, exist_ok=True)
    place.log.parent.mkdir(parents=True, exist_ok=True)
    for film in case["films"]:
        source = place.sources.path(film["source"])
        seen = []
        for i in range(rounds or case["rounds"]):
            print(f"    {film['name']}: {i + 1} of {rounds or case['rounds']}", flush=True)
            seen.append(watch(place, source))
        seconds = median(one["seconds"] for one in seen)
        good = good and seconds <= film["goal_seconds"]
        rows.append({"name": film["name"], "bytes": source.stat().st_size, "seconds": seconds, "goal": film["goal_seconds"],
                     "rounds": seen})
    lines = ["| film | size | first segment after | as | goal | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        last = row["rounds"][-1]
        lines.append(f"| {row['name']} | {row['bytes'] / 1e6:.0f} MB | {row['seconds']:.2f} s | {last['resolution']}, {last['listed']} segments"
                     f"{', growing' if last['grows'] else ''} | {row['goal']} s | {'yes' if row['seconds'] <= row['goal'] else '**no**'} |")
    bars = plot.ratio_bars("Until the first segment", [(r["name"], r["goal"] / r["seconds"], 1) for r in rows], "goal / seconds")
    return {"films": rows}, "\n".join(lines), bars, good
