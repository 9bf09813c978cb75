"""A `videoforge serve` for the fault tests: started, killed, started again, and talked to as a client that
does not give up."""

import atexit
import base64
import collections
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

from harness import BINARY, Failed, check

ENVIRONMENT = {"VIDEOFORGE_AUTH_RATE_LIMITS": "false", "VIDEOFORGE_UPLOADS_DISK_MARGIN": "64M",
               "VIDEOFORGE_LOG_CONSOLE": "none"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One data folder and whoever serves it at the moment."""

    def __init__(self, place, *more, environment=None):
        self.data = place / "data"
        self.port = free_port()
        self.more = more
        self.environment = {**os.environ, **ENVIRONMENT, **(environment or {})}
        self.process = None
        self.errors = None  # a file that gets what the server writes to standard error
        self.key = None
        self.slowest_start = 0.0
        self.heard = threading.local()  # each client thread's last answer's header fields
        self.statuses = collections.Counter()  # of all answers
        self.problems = {}  # a text for each status from 500 on

    def start(self, wait=30):
        begun = time.monotonic()
        with open(self.errors or os.devnull, "ab") as errors:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", *self.more],
                stdout=subprocess.PIPE, stderr=errors, text=True, env=self.environment)
        atexit.register(self.process.kill)  # also where the test fails; harmless for one that ended
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith("VideoForge"):
                break
        while True:
            try:
                if self.ask("GET", "/ready")[0] == 200:
                    break
            except OSError:
                pass
            check(time.monotonic() - begun < wait, f"not ready after {wait} s: {''.join(lines)}")
            time.sleep(0.02)
        self.slowest_start = max(self.slowest_start, time.monotonic() - begun)
        if self.key is None:
            self._register()
        return self

    def _register(self):
        token = None
        for line in self.process.stdout:
            if found := re.fullmatch(r"  ([A-Za-z0-9_-]{20,})\n", line):
                token = found.group(1)
                break
        status, answer = self.ask("POST", "/api/auth/register",
                                  {"username": "admin", "password": "correct horse battery", "bootstrapToken": token})
        check(status == 201, f"register: {status} {answer}")
        self.key = answer["apiKey"]["key"]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def ask(self, method, path, body=None, headers=None, timeout=20, raw=False, source=None):
        """Status and body: parsed where it is JSON, else bytes. OSError where nobody answers."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=timeout, source_address=(source, 0) if source else None)
        try:
            all_headers = dict(headers or {})
            if self.key:
                all_headers["x-api-key"] = self.key
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
                all_headers["Content-Type"] = "application/json"
            connection.request(method, path, body=body, headers=all_headers)
            answer = connection.getresponse()
            data = answer.read()
            self.heard.headers = answer.headers
            self.statuses[answer.status] += 1
            if answer.status >= 500:
                self.problems[answer.status] = f"{method} {path}: {data.decode(errors='replace')}"
            if not raw and data and "json" in answer.headers.get("Content-Type", ""):
                return answer.status, json.loads(data)
            return answer.status, data
        except http.client.HTTPException as e:
            raise OSError(str(e)) from e
        finally:
            connection.close()

    def keep_asking(self, *arguments, patience=60, **options):
        """The same, over as many restarts as it takes."""
        deadline = time.monotonic() + patience
        while True:
            try:
                status, body = self.ask(*arguments, **options)
                if status < 500 and status != 423:  # 423: the broken request before still holds the upload
                    return status, body
                problem = f"{status} {body}"
            except OSError as e:
                problem = str(e)
            if time.monotonic() > deadline:
                raise Failed(f"{arguments[:2]} got no answer in {patience} s: {problem}")
            time.sleep(0.05)

    def upload(self, path, chunk=64 * 1024):
        """By tus, resumed after every interruption. The video's id, once the server said that it is whole."""
        data = path.read_bytes()
        name = base64.b64encode(path.name.encode()).decode()
        fields = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"}
        status, body = self.keep_asking("POST", "/api/uploads", headers=fields)
        check(status == 201, f"create: {status} {body}")
        place = self.heard.headers["Location"]
        place = place[place.index("/api/"):]
        while True:
            status, body = self.keep_asking("HEAD", place, headers={"Tus-Resumable": "1.0.0"})
            check(status in (200, 204), f"HEAD: {status} {body}")
            offset = int(self.heard.headers["Upload-Offset"])
            if video := self.heard.headers.get("Upload-Video-Id"):
                return video
            part = data[offset:offset + chunk]
            try:
                status, body = self.ask("PATCH", place, body=part, headers={
                    "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream"})
            except OSError:
                continue
            check(status in (204, 409, 423, 500, 503, 507), f"PATCH at {offset}: {status} {body}")
            if video := self.heard.headers.get("Upload-Video-Id"):
                return video

    def jobs(self):
        out, cursor = [], ""
        while cursor is not None:
            status, page = self.keep_asking("GET", f"/api/jobs?limit=100&cursor={cursor}")
            check(status == 200, f"jobs: {status} {page}")
            out += page["items"]
            cursor = page["nextCursor"]
        return out
