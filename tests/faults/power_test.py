"""The power goes while clients upload and order (docs/security.md, case 4): everything the server asked of the disk is
recorded, the folder is built anew as a disk could hold it at random moments, and a server started on it must have
all that was acknowledged before. VF_KEEP=DIR keeps the last folder as the power left it."""

import bisect
import math
import os
import random
import shutil
import sqlite3
import subprocess
import time

from harness import BINARY, FULL, SEED, Failed, check, compose, main, rng
from recorded import Disk, read
from serving import Server
from traffic import check_events
from uploaders import BYTES, TUS, Client, confirmed

RECORDER = os.environ["VF_RECORDER"]
MOMENTS = 200 if FULL else 20
LIVES = 8 if FULL else 3
LIFE_SECONDS = 1.2


class Recording:
    """Some lives of a server under clients, each but the last ended by SIGKILL between two operations."""

    def __init__(self, place):
        self.place = place.resolve()
        log, kill = self.place / "record", self.place / "kill"
        self.server = Server(self.place, "--workers", "2", environment={
            "LD_PRELOAD": RECORDER, "VF_RECORD": str(log), "VF_RECORD_ROOT": str(self.place / "data"),
            "VF_RECORD_KILL": str(kill)}).start()
        self.registered = time.monotonic()
        clips = [compose(self.place / f"clip{i}.mp4", i + 1, size="160x120", rate=10).read_bytes() for i in range(2)]
        self.clients = [Client(self.server, clips, SEED + i) for i in range(2)]
        for client in self.clients:
            client.start()
        for _ in range(LIVES - 1):
            time.sleep(LIFE_SECONDS * (0.5 + rng.random()))
            kill.touch()
            self.server.process.wait(timeout=20)
            self.server.process.stdout.close()
            kill.unlink()
            self.server.start()
        time.sleep(LIFE_SECONDS)
        for client in self.clients:
            client.stop = True
            client.join(timeout=60)
            if client.failure:
                raise client.failure
        check(self.server.stop() == 0, "the server did not stop well")
        self.operations = read(log)
        self.uploads = [u for client in self.clients for u in client.uploads]

    def check_it_is_whole(self):
        """All operations done make the folder that is there."""
        disk = Disk(self.server.data)
        for operation in self.operations:
            disk.take(operation)
        recorded = {path: thing for path, thing in disk.now().items() if thing}
        found = {str(p): p for p in self.server.data.rglob("*")
                 if p.is_file() and "log" not in p.parts and not p.name.endswith("-shm")}
        check(set(found) == set(recorded), f"recorded and found differ: {sorted(set(found) ^ set(recorded))[:5]}")
        for path, file in found.items():
            check(recorded[path].now() == file.read_bytes(), f"{path} was not recorded right")

    def moments(self):
        """As numbers of operations done, in order: some anywhere, some right after an acknowledgement."""
        times = [operation.when for operation in self.operations]
        first = bisect.bisect_right(times, self.registered)
        told = [pair[0] for u in self.uploads for pair in (*u.offsets, u.put, u.video, u.order) if pair]
        chosen = [rng.randrange(first) for _ in range(MOMENTS // 10)]
        while len(chosen) < MOMENTS:
            chosen.append(bisect.bisect_right(times, rng.choice(told)) if rng.random() < 0.5
                          else rng.randrange(first, len(times) + 1))
        return sorted(chosen)


class Promises:
    """What had been acknowledged by a time."""

    def __init__(self, recording, when):
        def before(pair):
            return pair is not None and pair[0] < when
        self.videos = [(u.video[1], u.data) for u in recording.uploads if before(u.video)]
        self.orders = [u.order[1] for u in recording.uploads if before(u.order)]
        self.parts = [(u, max(n for t, n in u.offsets if t < when)) for u in recording.uploads
                      if not before(u.video) and u.offsets and u.offsets[0][0] < when]
        self.puts = [(u.put[1], u.data) for u in recording.uploads if before(u.put) and not before(u.video)]


def finish_upload(server, upload, acknowledged):
    """Goes on where the server says, which is not before what it had acknowledged. The video's id."""
    while True:
        status, body = server.keep_asking("HEAD", upload.place, headers=TUS)
        check(status == 200, f"HEAD {upload.place}: {status} {body}")
        offset = int(server.heard.headers["Upload-Offset"])
        check(offset >= acknowledged, f"{acknowledged} bytes of {upload.place} were acknowledged, {offset} are there")
        if video := server.heard.headers["Upload-Video-Id"]:
            return video
        status, body = server.ask("PATCH", upload.place, body=upload.data[offset:],
                                  headers={**TUS, **BYTES, "Upload-Offset": str(offset)})
        check(status == 204, f"PATCH {upload.place}: {status} {body}")


def check_databases(data):
    for name in ("videoforge.db", "checkpoints.db"):
        database = sqlite3.connect(data / name)
        answer = database.execute("PRAGMA integrity_check").fetchall()
        check(answer == [("ok",)], f"{name}: {answer}")
        check(not database.execute("PRAGMA foreign_key_check").fetchall(), f"{name} has broken references")
        database.close()
    run = subprocess.run([BINARY, "doctor", "--data", str(data)], capture_output=True, text=True, check=False)
    check(run.returncode == 0, f"doctor: exit {run.returncode}: {run.stdout[-400:]} {run.stderr}")


def check_promises(server, promises):
    for upload, acknowledged in promises.parts:
        promises.videos.append((finish_upload(server, upload, acknowledged), upload.data))
    promises.videos += [(confirmed(server, upload), data) for upload, data in promises.puts]
    for video, data in promises.videos:
        status, back = server.ask("GET", f"/api/videos/{video}/download", raw=True)
        check(status == 200 and back == data,
              f"video {video} came back with {status} and {len(back)} of {len(data)} bytes, or others")
    ids = {job["id"] for job in server.jobs()}
    for order in promises.orders:
        check(order in ids, f"job {order} is gone")
    return len(promises.videos), len(promises.parts) + len(promises.puts), len(promises.orders)


def wait_for_jobs(server, patience=120):
    deadline = time.monotonic() + patience
    while waiting := [j for j in server.jobs() if j["state"] in ("pending", "processing", "paused")]:
        check(time.monotonic() < deadline, f"{len(waiting)} jobs did not end in {patience} s: {waiting[:2]}")
        time.sleep(0.05)
    jobs = server.jobs()
    for job in jobs:
        check(job["state"] == "completed", f"{job['kind']} {job['id']} is {job['state']}: {job['error']}")
    return jobs


def check_moment(place, key, promises, to_the_end):
    server = Server(place, "--workers", "2")
    server.key = key
    try:
        server.start()
        counted = check_promises(server, promises) if key else (0, 0, 0)
        jobs = wait_for_jobs(server) if key and to_the_end else []
        check(server.stop() == 0, "the server did not stop well")
    except OSError as e:
        raise Failed(f"no answer: {e}") from e
    finally:
        server.process.kill()
    check_databases(server.data)
    check_events(server, jobs)
    return counted


def nothing_acknowledged_is_lost(place):
    recording = Recording(place)
    recording.check_it_is_whole()
    disk, done, totals = Disk(recording.server.data), 0, [0, 0, 0]
    for number, moment in enumerate(recording.moments()):
        for operation in recording.operations[done:moment]:
            disk.take(operation)
        done = moment
        when = recording.operations[moment].when if moment < len(recording.operations) else math.inf
        there = place / f"moment{number}"
        there.mkdir()
        disk.after_power_loss(random.Random(SEED + number), there / "data")
        if keep := os.environ.get("VF_KEEP"):
            shutil.rmtree(keep, ignore_errors=True)
            shutil.copytree(there, keep)
        key = recording.server.key if when > recording.registered else ""
        try:
            counted = check_moment(there, key, Promises(recording, when), FULL or number % 5 == 4)
        except Exception:
            print(f"        power lost after operation {moment} of {len(recording.operations)}", flush=True)
            raise
        totals = [a + b for a, b in zip(totals, counted)]
        shutil.rmtree(there)
    videos, parts, orders = totals
    return (f"{MOMENTS} moments of {len(recording.operations)} operations in {LIVES} lives: {videos} videos byte for byte, "
            f"{parts} uploads gone on with, {orders} jobs there")


if __name__ == "__main__":
    main(nothing_acknowledged_is_lost)
