#!/usr/bin/env python3
"""kill -9 of the server while clients upload (docs/security.md, cases 1 and 15): what was acknowledged is
there byte-exact, an upload goes on where it stood, and each becomes one video with one job."""

import base64
import hashlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from harness import BINARY, FULL, SEED, Failed, check, rng

KILLS = 200 if FULL else 20
PIECE = 256 * 1024
READY_SECONDS = 30
GONE = (ConnectionError, http.client.HTTPException, OSError)


class Server:
    """`videoforge serve` without workers over one data folder, started again after each kill."""

    def __init__(self, data):
        self.data = data
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", "--workers", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"VIDEOFORGE_AUTH_RATE_LIMITS": "false"})
        first = self.process.stdout.readline()
        port = re.search(r"answers at http://[^:]+:(\d+)", first)
        check(port, f"the server did not start: {first!r}")
        self.port = int(port[1])

    def bootstrap_token(self):
        for line in self.process.stdout:
            if token := re.search(r'"bootstrapToken\\?": \\?"([^"\\]+)', line):
                return token[1]
        raise Failed("the server printed no bootstrap token")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def ask(self, method, path, body=b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


class Upload:
    """A client that goes on after whatever happens, as tus clients do."""

    def __init__(self, number, key):
        self.number = number
        self.bytes = rng.randbytes(rng.randrange(1, 12) * 200_000 + number)
        self.headers = {"x-api-key": key, "Tus-Resumable": "1.0.0"}
        self.at = None
        self.acknowledged = 0
        self.offset = 0
        self.video = None

    def expect(self, answer, *statuses):
        check(answer[0] in statuses, f"upload {self.number}: {answer[0]} {answer[2][:300]}")
        return answer

    def create(self, server):
        key = f"upload-{SEED}-{self.number}"
        answer = self.expect(server.ask("POST", "/api/uploads", headers=self.headers | {
            "Upload-Length": str(len(self.bytes)), "Idempotency-Key": key}), 201)
        self.at = answer[1]["Location"]

    def resume(self, server):
        answer = self.expect(server.ask("HEAD", self.at, headers=self.headers), 200, 423)
        if answer[0] == 423:
            time.sleep(0.01)
            return False
        self.offset = int(answer[1]["Upload-Offset"])
        check(self.offset >= self.acknowledged,
              f"upload {self.number}: {self.acknowledged} bytes were acknowledged, {self.offset} are there")
        self.video = answer[1]["Upload-Video-Id"]
        return True

    def send(self, server):
        piece = self.bytes[self.offset:self.offset + PIECE]
        headers = self.headers | {"Upload-Offset": str(self.offset), "Content-Type": "application/offset+octet-stream"}
        if rng.random() < 0.3:
            headers["Upload-Checksum"] = "sha1 " + base64.b64encode(hashlib.sha1(piece).digest()).decode()
        answer = self.expect(server.ask("PATCH", self.at, piece, headers), 204, 409, 423)
        if answer[0] == 204:
            self.acknowledged = self.offset = int(answer[1]["Upload-Offset"])
            self.video = answer[1]["Upload-Video-Id"]

    def step(self, server):
        if not self.at:
            self.create(server)
        elif self.resume(server) and not self.video:
            self.send(server)


def register(server):
    body = json.dumps({"username": "boss", "password": "violet otter parade", "bootstrapToken": server.bootstrap_token()})
    status, _, answer = server.ask("POST", "/api/auth/register", body.encode(), {"Content-Type": "application/json"})
    check(status == 201, f"the first account was refused: {status} {answer[:300]}")
    found = re.search(rb"vf_[a-z0-9]+_[A-Za-z0-9_-]+", answer)
    check(found, "the registration gave no API key")
    return found[0].decode()


def disturb(server, uploads):
    """One life of the server: uploads go on until it dies at a moment nobody chose."""
    timer = threading.Timer(rng.random() * 0.3, server.kill)
    timer.start()
    try:
        while timer.is_alive():
            pending = [u for u in uploads if not u.video]
            if not pending:
                break
            rng.choice(pending[:4]).step(server)
    except GONE:
        pass
    timer.join()
    begun = time.monotonic()
    server.start()
    return time.monotonic() - begun


def verify(server, uploads, data, key):
    stored = {path.name: path for path in data.rglob("*") if path.is_file() and len(path.name) == 64}
    for upload in uploads:
        name = hashlib.sha256(upload.bytes).hexdigest()
        check(name in stored, f"upload {upload.number} is not stored under its hash")
        check(stored[name].read_bytes() == upload.bytes, f"upload {upload.number} has other bytes than were sent")
    for what, wanted in (("videos", len(uploads)), ("jobs", len(uploads))):
        status, _, body = server.ask("GET", f"/api/{what}?limit=100", headers={"x-api-key": key})
        check(status == 200, f"GET /api/{what}: {status}")
        items = json.loads(body)["items"]
        check(len(items) == min(wanted, 100), f"{wanted} uploads made {len(items)} {what}")
        ids = {item.get("videoId", item["id"]) if what == "jobs" else item["id"] for item in items}
        check(len(ids) == len(items), f"two {what} belong to one upload")
    left = [path.name for path in (data / "uploads").iterdir()]
    check(not left, f"left in the uploads folder: {left}")


def main():
    print(f"seed {SEED}, {KILLS} kills")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        server = Server(data)
        try:
            key = register(server)
            uploads, starts = [], []
            for number in range(KILLS):
                if len([u for u in uploads if not u.video]) < 4 and len(uploads) < 100:
                    uploads += [Upload(len(uploads) + i, key) for i in range(4)]
                starts.append(disturb(server, uploads))
            deadline = time.monotonic() + 120
            while any(not u.video for u in uploads):
                check(time.monotonic() < deadline, "the uploads did not end")
                for upload in uploads:
                    if not upload.video:
                        upload.step(server)
            verify(server, uploads, data, key)
            print(f"{len(uploads)} uploads whole after {KILLS} kills; slowest start {max(starts):.2f} s")
            check(max(starts) < READY_SECONDS, "the server took too long to start again")
        finally:
            if server.process.poll() is None:
                server.kill()


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        print(f"seed {SEED}: {failure}")
        sys.exit(1)
