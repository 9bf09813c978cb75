#!/usr/bin/env python3
"""What the cache of answers brings: requests for each CPU second of the server, with it and without it, in turns.

    bench/answers.py BUILD      BUILD: the folder with bin/videoforge and bin/bench_load

500 public videos are put into the database by hand; the client is bench/load.cc on the same machine.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path
from statistics import median

VIDEOS = 500
TURNS = 3
SECONDS = 4
CONNECTIONS = 8
INFO = json.dumps({"streams": [{"index": i, "codec": "h264", "tags": {"handler": "x" * 40}} for i in range(12)]})


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, build, data, cache):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{s.getsockname()[1]}"
        environment = {**os.environ, "VIDEOFORGE_CACHE_ANSWERS": cache, "VIDEOFORGE_AUTH_RATE_LIMITS": "false",
                       "VIDEOFORGE_LOG_CONSOLE": "none"}
        self.process = subprocess.Popen([build / "bin/videoforge", "serve", "--data", data, "--listen", self.address,
                                         "--workers", "0"], stdout=subprocess.DEVNULL, env=environment)

    def __enter__(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://{self.address}/health").read()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)


def fill(data):
    """The id of one of them."""
    database = sqlite3.connect(data / "videoforge.db")
    for i in range(VIDEOS):
        at = 1_700_000_000_000 + i
        one = str(uuid.uuid4())
        database.execute(
            "INSERT INTO videos (id, owner, title, description, tags, visibility, state, file_name, source_sha256, "
            "source_size, info, duration_ms, width, height, salt, created_at, updated_at) VALUES (?, 'owner', ?, ?, "
            "'[\"sea\"]', 'public', 'ready', 'film.mp4', ?, 1000, ?, 61000, 1920, 1080, 'salt', ?, ?)",
            (one, f"Film {i}", "Words about it. " * 12, "a" * 64, INFO, at, at))
    database.commit()
    return one


def measure(build, server, path):
    before = cpu_seconds(server.process.pid)
    done = subprocess.run([build / "bin/bench_load", "get", server.address, path, str(CONNECTIONS), str(SECONDS)],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["requests"] / (cpu_seconds(server.process.pid) - before)


def main():
    build = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        with Server(build, data, "0"):
            pass
        one = fill(data)
        figures = {}
        for _ in range(TURNS):
            for cache in ("0", "64M"):
                with Server(build, data, cache) as server:
                    for what, path in (("gallery page", "/api/gallery/videos"), ("video", f"/api/videos/{one}")):
                        figures.setdefault((what, cache), []).append(measure(build, server, path))
    for what in ("gallery page", "video"):
        without, with_it = (median(figures[what, cache]) for cache in ("0", "64M"))
        print(f"{what}: {without:,.0f} for each CPU second without the cache, {with_it:,.0f} with it "
              f"({with_it / without:.1f} times)")


if __name__ == "__main__":
    main()
