"""kill -9 of the server, its worker among it, at random moments while clients upload and jobs run: nothing
that was acknowledged is lost, every job ends once, the event log has no gap and no repetition, and no stage is
done again that was not running at that moment (docs/security.md, cases 1, 2 and 15)."""

import sqlite3
import threading
import time

from harness import FULL, check, compose, main, rng
from serving import Server

KILLS = 200 if FULL else 20
SLOTS = 2
LIGHT = 2


class Client(threading.Thread):
    """Uploads clip after clip and orders a second job for each, until told to stop."""

    def __init__(self, server, clips, stop):
        super().__init__()
        self.server, self.clips, self.stop_asked = server, clips, stop
        self.done = []  # (video, bytes)
        self.jobs = []
        self.failure = None

    def run(self):
        try:
            turn = 0
            while not self.stop_asked.is_set():
                clip = self.clips[turn % len(self.clips)]
                turn += 1
                video = self.server.upload(clip, chunk=16 * 1024)
                self.done.append((video, clip.read_bytes()))
                status, job = self.server.keep_asking(
                    "POST", "/api/jobs", {"kind": "frames", "videoId": video, "params": {"select": "fps", "fps": 1}},
                    headers={"Idempotency-Key": f"frames-of-{video}"})
                check(status == 201, f"order: {status} {job}")
                self.jobs.append(job["id"])
                time.sleep(0.3)
        except Exception as e:  # told to the main thread
            self.failure = e


def wait_for_the_end(server, patience):
    deadline = time.monotonic() + patience
    while True:
        open_jobs = [j for j in server.jobs() if j["state"] in ("pending", "processing", "paused")]
        if not open_jobs:
            return
        check(time.monotonic() < deadline, f"{len(open_jobs)} jobs did not end in {patience} s: {open_jobs[:2]}")
        time.sleep(0.5)


def check_events(server, jobs):
    """Every subject's numbers are 1, 2, 3 ...; every job is done once."""
    database = sqlite3.connect(f"file:{server.data}/videoforge.db?mode=ro", uri=True)
    numbers, ends = {}, {}
    for subject, number, kind in database.execute("SELECT subject, number, type FROM events ORDER BY sequence"):
        numbers.setdefault(subject, []).append(number)
        if kind in ("done", "error"):
            ends[subject] = ends.get(subject, 0) + 1
    for subject, seen in numbers.items():
        check(seen == list(range(1, len(seen) + 1)), f"the events of {subject} are numbered {seen}")
    for job in jobs:
        check(ends.get(job["id"]) == 1, f"job {job['id']} ended {ends.get(job['id'])} times in the log")
    again = database.execute("SELECT SUM(attempts - 1) FROM stages WHERE attempts > 1").fetchone()[0] or 0
    database.close()
    return sum(len(seen) for seen in numbers.values()), again


def nothing_is_lost(place):
    clips = [compose(place / f"clip{i}.mp4", seconds, size="320x180", rate=10) for i, seconds in enumerate((2, 4, 6))]
    server = Server(place, "--workers", str(SLOTS)).start()
    stop = threading.Event()
    clients = [Client(server, clips, stop) for _ in range(2)]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        time.sleep(0.05 + rng.random() * 0.6)
        server.kill()
        server.start()
    stop.set()
    for client in clients:
        client.join(timeout=120)
        check(not client.is_alive(), "a client did not come to its end")
        if client.failure:
            raise client.failure
    wait_for_the_end(server, 600 if FULL else 180)

    uploaded = [pair for client in clients for pair in client.done]
    check(uploaded, "not one upload was finished")
    for video, data in uploaded:
        status, back = server.ask("GET", f"/api/videos/{video}/download", raw=True)
        check(status == 200 and back == data, f"video {video} came back with {status} and {len(back)} of {len(data)} bytes")
        status, view = server.ask("GET", f"/api/videos/{video}")
        check(view["state"] == "ready", f"video {video} is {view['state']}: {view['error']}")
    jobs = server.jobs()
    for job in jobs:
        check(job["state"] == "completed", f"{job['kind']} {job['id']} is {job['state']}: {job['error']}")
    ordered = [job for client in clients for job in client.jobs]
    check(len(set(ordered)) == len(uploaded), "an order under one key made two jobs")
    check(len(jobs) == 2 * len(uploaded), f"{len(jobs)} jobs for {len(uploaded)} uploads")
    events, again = check_events(server, jobs)
    most = KILLS * (SLOTS + LIGHT)
    check(again <= most, f"{again} stages were done again; {KILLS} kills account for {most}")
    check(server.stop() == 0, "the server did not stop well")
    return (f"{KILLS} kills, {len(uploaded)} uploads byte-exact, {len(jobs)} jobs, {events} events, {again} attempts "
            f"repeated, ready again within {server.slowest_start:.2f} s")


if __name__ == "__main__":
    main(nothing_is_lost)
