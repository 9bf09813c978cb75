"""Clients that upload and order without giving up while a server is disturbed, and what must be true in the end."""

import sqlite3
import threading
import time

from harness import check, compose


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


def check_events(server, jobs):
    """Every subject's numbers are 1, 2, 3 ...; every job is done once. The number of events."""
    database = sqlite3.connect(f"file:{server.data}/videoforge.db?mode=ro", uri=True)
    numbers, ends = {}, {}
    for subject, number, kind in database.execute("SELECT subject, number, type FROM events ORDER BY sequence"):
        numbers.setdefault(subject, []).append(number)
        if kind in ("done", "error"):
            ends[subject] = ends.get(subject, 0) + 1
    database.close()
    for subject, seen in numbers.items():
        check(seen == list(range(1, len(seen) + 1)), f"the events of {subject} are numbered {seen}")
    for job in jobs:
        check(ends.get(job["id"]) == 1, f"job {job['id']} ended {ends.get(job['id'])} times in the log")
    return sum(len(seen) for seen in numbers.values())


class Traffic:
    def __init__(self, server, place, clients=2):
        self.server = server
        clips = [compose(place / f"clip{i}.mp4", seconds, size="320x180", rate=10)
                 for i, seconds in enumerate((2, 4, 6))]
        self.stop = threading.Event()
        self.clients = [Client(server, clips, self.stop) for _ in range(clients)]

    def begin(self):
        for client in self.clients:
            client.start()
        return self

    def end(self):
        self.stop.set()
        for client in self.clients:
            client.join(timeout=120)
            check(not client.is_alive(), "a client did not come to its end")
            if client.failure:
                raise client.failure

    def wait_for_jobs(self, patience):
        deadline = time.monotonic() + patience
        while True:
            waiting = [j for j in self.server.jobs() if j["state"] in ("pending", "processing", "paused")]
            if not waiting:
                return
            check(time.monotonic() < deadline, f"{len(waiting)} jobs did not end in {patience} s: {waiting[:2]}")
            time.sleep(0.5)

    def check_nothing_is_lost(self, patience=180):
        """Every upload byte for byte and ready, every job once; in words. Raises Failed."""
        self.end()
        self.wait_for_jobs(patience)
        uploaded = [pair for client in self.clients for pair in client.done]
        check(uploaded, "not one upload was finished")
        for video, data in uploaded:
            status, back = self.server.ask("GET", f"/api/videos/{video}/download", raw=True)
            check(status == 200 and back == data,
                  f"video {video} came back with {status} and {len(back)} of {len(data)} bytes")
            status, view = self.server.ask("GET", f"/api/videos/{video}")
            check(view["state"] == "ready", f"video {video} is {view['state']}: {view['error']}")
        jobs = self.server.jobs()
        for job in jobs:
            check(job["state"] == "completed", f"{job['kind']} {job['id']} is {job['state']}: {job['error']}")
        ordered = [job for client in self.clients for job in client.jobs]
        check(len(set(ordered)) == len(uploaded), "an order under one key made two jobs")
        check(len(jobs) == 2 * len(uploaded), f"{len(jobs)} jobs for {len(uploaded)} uploads")
        events = check_events(self.server, jobs)
        return f"{len(uploaded)} uploads byte-exact, {len(jobs)} jobs, {events} events"

    def attempts_repeated(self):
        """Attempts of stages beyond each one's first."""
        database = sqlite3.connect(f"file:{self.server.data}/videoforge.db?mode=ro", uri=True)
        again = database.execute("SELECT SUM(attempts - 1) FROM stages WHERE attempts > 1").fetchone()[0] or 0
        database.close()
        return again
