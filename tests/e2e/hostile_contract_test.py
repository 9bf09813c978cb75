"""Hostile requests to every operation of the contract, 5,000 (100,000 with VIDEOFORGE_TEST_FULL=1): no 5xx but those
that are documented, no hang, answers that are what they say, bounded memory, and a server that works at the end.

VIDEOFORGE_SEED repeats a run, an argument changes how many; every request follows from the seed and its number alone.
"""

import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "hostile"), str(HERE.parent / "faults")]

import requests as hostile  # noqa: E402
from harness import BINARY, FULL, SEED, Failed, check, compose  # noqa: E402
from serving import Server  # noqa: E402
from wire import Connection, Gone, Hang  # noqa: E402

REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000 if FULL else 5_000
CLIENTS = 4
SLOWEST = 30.0  # seconds that one request may take on a busy machine, sanitizers included
# A JSON body has at most 1 MiB; four clients, argon2's memory and the caches of SQLite fit in this many times.
SANITIZED = b"__asan_init" in Path(BINARY).read_bytes()
MOST_MEMORY = (4 << 30) if SANITIZED else (1 << 30)
FORGIVEN = {503, 507}
SETTINGS = {"VIDEOFORGE_UPLOADS_MAX_SIZE": "1M", "VIDEOFORGE_UPLOADS_MAX_FORM_SIZE": "1M", "VIDEOFORGE_IMPORT_ALLOW_PRIVATE": "true",
            "VIDEOFORGE_AUTH_OIDC_ISSUER": "http://127.0.0.1:1", "VIDEOFORGE_AUTH_OIDC_CLIENT_ID": "videoforge"}
PASSWORD = "violet otter parade"
SESSION_SECONDS = 120  # an access token lives longer
ONCE = ("removeVideo", "removeGalleryVideo", "cancelJob", "retryJob", "changeVideo", "putFile", "confirmUpload", "sendBytes", "dropUpload",
        "overriddenUpload", "removePlaylist", "removeAsset", "revokeKey", "removeUser", "streamFileByToken", "linkedJobFile")


def peak_memory(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


class Target:
    """What the requests are aimed at: real things of the admin's, made anew when a request used them up."""

    def __init__(self, server, video, job, user_key):
        self.server, self.video, self.job, self.lock = server, video, job, threading.Lock()
        self.signed_in = (-SESSION_SECONDS, "")
        path = {("jobs", "id"): job, ("jobs", "name"): "frames.zip", ("stream", "name"): "master.m3u8", ("videos", "language"): "en",
                ("asset", "name"): "style.css", ("streamFileByToken", "name"): "poster.jpg", ("showUser", "id"): self.person()["id"]}
        path |= {(area, "id"): video for area in ("videos", "stream", "gallery")}
        path |= {("assets", "id"): self.asset(), ("playlists", "id"): self.playlist(), ("uploads", "id"): self.upload(), ("keys", "id"): self.key(), ("admin", "id"): self.person()["id"]}
        self.things = {"keys": {"admin": server.key, "user": user_key}, "session": self.session, "path": path,
                       "headers": {"Upload-Offset": "0", "Tus-Resumable": "1.0.0", "Upload-Length": "900"},
                       "body": {"videoId": video, "videoIds": [video], "otherVideoId": video, "password": PASSWORD, "currentPassword": PASSWORD}}
        for operation in ONCE:
            self.renew(operation)

    def ask(self, method, path, body=None, **options):
        status, answer = self.server.ask(method, path, body, **options)
        check(status < 300, f"{method} {path}: {status} {answer}")
        return answer

    def person(self):
        return self.ask("POST", "/api/admin/users", {"username": f"aim-{time.monotonic_ns()}", "password": PASSWORD})

    def playlist(self):
        return self.ask("POST", "/api/playlists", {"title": "Aim"})["id"]

    def upload(self):
        return self.ask("POST", "/api/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "900"})["uploadId"]

    def asset(self):
        return self.ask("POST", "/api/assets?kind=subtitles", b"1\n00:00:00,000 --> 00:00:01,000\nA\n")["id"]

    def key(self):
        return self.ask("POST", "/api/keys", {"name": "aim", "scopes": ["read:runs"]})["id"]

    def session(self):
        """An access token of somebody who may do what he likes to his account."""
        with self.lock:
            if time.monotonic() - self.signed_in[0] > SESSION_SECONDS:
                person = {"username": self.person()["username"], "password": PASSWORD}
                self.signed_in = (time.monotonic(), self.ask("POST", "/api/auth/login", person, source="127.0.0.2")["accessToken"])
            return self.signed_in[1]

    def renew(self, operation):
        place = {}
        if operation in ("putFile", "confirmUpload"):
            order = self.ask("POST", "/api/storage/upload-url", {"fileName": "a.mp4"})
            place = {"id": order["uploadId"], "token": order["url"].split("/")[-1]}
            if operation == "confirmUpload":
                self.ask("PUT", "/api" + order["url"].split("/api", 1)[1], b"film", headers={"Content-Type": "video/mp4"})
                self.things["body"]["uploadId"] = order["uploadId"]
        elif operation == "streamFileByToken":
            place = {"token": self.ask("POST", f"/api/videos/{self.video}/playback-token", {})["token"]}
        elif operation == "linkedJobFile":
            place = {"token": self.ask("POST", f"/api/jobs/{self.job}/files/frames.zip/link")["url"].split("/")[-2]}
        elif operation == "removePlaylist":
            place = {"id": self.playlist()}
        elif operation == "removeAsset":
            place = {"id": self.asset()}
        elif operation == "revokeKey":
            place = {"id": self.key()}
        elif operation == "removeUser":
            place = {"id": self.person()["id"]}
        elif "Upload" in operation or operation == "sendBytes":
            place = {"id": self.upload()}
        else:
            made = self.ask("POST", "/api/videos/import", {"url": "http://127.0.0.1:1/film.mp4"})
            place = {"id": made["jobId" if operation.endswith("Job") else "videoId"]}
            if operation == "retryJob":
                self.ask("POST", f"/api/jobs/{place['id']}/cancel")
        self.things["path"] |= {(operation, name): value for name, value in place.items()}

    def happened(self, operation, answer):
        if answer.status >= 300:
            return
        with self.lock:
            if operation["operationId"] in ONCE and operation["operationId"] not in ("streamFileByToken", "linkedJobFile"):
                self.renew(operation["operationId"])
        if operation["operationId"] in ("removeAccount", "endSessions", "changePassword"):
            self.signed_in = (-SESSION_SECONDS, "")


def judge(method, answer, allowed, folder):
    """What is wrong with an answer; None where nothing is."""
    if answer.status >= 500 and not (answer.status in FORGIVEN and str(answer.status) in allowed):
        return f"{answer.status}: {answer.body[:300]!r}"
    if folder in answer.body or folder.decode() in str(answer.headers):
        return f"{answer.status} names a folder of the server: {answer.body[:300]!r}"
    if any(name.lower() == "x-injected" for name, _ in answer.headers):
        return f"a header was injected: {answer.headers}"
    kind = answer.header("content-type").split(";")[0]
    if kind in ("application/json", "application/problem+json") and answer.body and method != "HEAD":
        try:
            value = json.loads(answer.body.decode("utf-8"))
        except (UnicodeDecodeError, ValueError) as e:
            return f"{answer.status} with JSON that is none ({e}): {answer.body[:300]!r}"
        if answer.status >= 400 and not all(value.get(name) for name in ("status", "code", "detail", "correlationId")):
            return f"{answer.status} without a whole problem: {answer.body[:300]!r}"
    elif answer.status >= 400 and method != "HEAD":
        return f"{answer.status} is no problem document but {kind}: {answer.body[:100]!r}"
    return None


class Client(threading.Thread):
    def __init__(self, number, document, target, seen):
        super().__init__()
        self.number, self.document, self.target, self.seen = number, document, target, seen
        self.problems, self.slowest = [], (0.0, "")

    def run(self):
        try:
            connection = Connection(self.target.server.port, SLOWEST)
            for n in range(self.number, REQUESTS, CLIENTS):
                self.one(connection, n)
                if len(self.problems) > 20:
                    return
            connection.close()
        except Exception as e:  # told to the main thread
            self.problems.append(f"client {self.number}: {type(e).__name__}: {e}")

    def one(self, connection, n):
        rng = random.Random(f"{SEED}/{n}")
        operation = self.document.operations[n % len(self.document.operations)]
        data, method, spoilt = hostile.build(self.document, operation, rng, self.target.things)
        begun = time.monotonic()
        what = f"request {n} ({operation['operationId']}, {'+'.join(spoilt) or 'sensible'})"
        try:
            answer = connection.send(data, method)
            wrong = judge(method, answer, operation["responses"].keys() | {"503"}, bytes(self.target.server.data))
            self.seen[n] = answer.status
            self.target.happened(operation, answer)
        except (Hang, Gone) as e:
            wrong = f"{type(e).__name__}: {e}"
        self.slowest = max(self.slowest, (time.monotonic() - begun, what))
        if wrong:
            self.problems.append(f"{what}: {wrong}\n    {data[:400]!r}")


def prepare(place):
    server = Server(place, environment=SETTINGS)
    server.errors = place / "stderr"
    server.start()
    video = server.upload(compose(place / "film.avi", 1, "160x120"))
    order = {"kind": "frames", "videoId": video, "params": {"select": "count", "count": 2}}
    job = server.ask("POST", "/api/jobs", order)[1]["id"]
    deadline = time.monotonic() + 120
    while server.ask("GET", f"/api/jobs/{job}")[1]["state"] != "completed":
        check(time.monotonic() < deadline, "the frames job did not end")
        time.sleep(0.1)
    made = server.ask("POST", "/api/auth/register", {"username": "grace", "password": "violet otter parade"})[1]
    check(server.stop() == 0, "the server did not end well before the run")
    server.more = ("--workers", "0")  # what is ordered stays ordered
    server.start()
    return server, Target(server, video, job, made["apiKey"]["key"])


def after(server, target, base):
    """The server works, kept what it had, and grew within bounds."""
    peak = peak_memory(server.process.pid)
    print(f"memory: {base >> 20} MiB before, {peak >> 20} MiB at most")
    check(peak < MOST_MEMORY, f"{peak >> 20} MiB were used; the limit is {MOST_MEMORY >> 20}")
    video = target.things["body"]["videoId"]
    check(server.ask("GET", "/ready")[0] == 200, "the server is not ready any more")
    status, body = server.ask("PATCH", f"/api/videos/{video}", {"title": "Still here"})
    check(status == 200 and server.ask("GET", f"/api/videos/{video}")[1]["title"] == "Still here", f"the video: {status} {body}")
    check(server.ask("GET", "/api/admin/audit/verify")[1]["intact"], "the audit chain is broken")
    for path in ("/api/videos", "/api/jobs", "/api/playlists", "/api/admin/users", "/api/admin/audit", "/api/keys", "/metrics"):
        check(server.ask("GET", path)[0] == 200, f"{path} is not answered")
    check(server.stop() == 0, "the server did not end well")


def complaints(place):
    """Of sanitizers, and of handlers that threw."""
    out = [line for line in (place / "stderr").read_text(errors="replace").splitlines() if "Sanitizer" in line or "runtime error:" in line]
    for log in (place / "data").rglob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            entry = json.loads(line)  # every line is one object, whatever was sent
            if entry["message"] == "A handler met an unexpected fault.":
                out.append(line)
    return out


def main(place):
    server, target = prepare(place)
    base = peak_memory(server.process.pid)
    document = hostile.Document(server.ask("GET", "/api-spec.json")[1])
    seen = {}
    clients = [Client(i, document, target, seen) for i in range(CLIENTS)]
    begun = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    problems = [problem for client in clients for problem in client.problems]
    by_class = {c: sum(status // 100 == c for status in seen.values()) for c in range(2, 6)}
    print(f"{len(seen)} requests to {len(document.operations)} operations in {time.monotonic() - begun:.0f} s: "
          + ", ".join(f"{count} {c}xx" for c, count in by_class.items()))
    slowest = max(client.slowest for client in clients)
    print(f"the slowest took {slowest[0]:.2f} s: {slowest[1]}")
    try:
        after(server, target, base)
    except (Failed, OSError) as e:
        problems.append(f"afterwards: {e}")
    finally:
        if server.process.poll() is None:
            server.kill()
    problems += complaints(place)
    # Requests that are all refused at the door would show nothing.
    check(problems or by_class[2] > REQUESTS / 20, f"only {by_class[2]} requests got through")
    check(not problems, "\n".join(problem[:1500] for problem in problems[:20]))


if __name__ == "__main__":
    print(f"VIDEOFORGE_SEED={SEED}")
    with tempfile.TemporaryDirectory(prefix="videoforge-hostile-") as folder:
        try:
            main(Path(folder))
        except Failed as e:
            print(e)
            sys.exit(1)
