"""A disk that fails under a serving VideoForge while clients upload and jobs run (docs/security.md, cases 5 and 6):
it answers what is the matter, goes on by itself when the disk does, and nothing is lost."""

import os
import subprocess
import time

from harness import BINARY, FULL, SHIM, SmallDisk, check, main, rng, skip
from serving import Server
from traffic import Traffic

MIB = 1 << 20
TURNS = 50 if FULL else 5
CALLS = 200 if FULL else 8
# A sentence for people and no folder of the server.
REFUSALS = {503, 507}


def check_answers(server):
    wrong = {status: text for status, text in server.problems.items() if status not in REFUSALS}
    check(not wrong, f"answers: {wrong}")
    for text in server.problems.values():
        check(str(server.data) not in text, f"a folder of the server in an answer: {text}")


def check_it_reads(server):
    """What needs no disk works."""
    for path in ("/health", "/api/gallery/videos", "/api/videos"):
        status, answer = server.ask("GET", path)
        check(status == 200, f"{path}: {status} {answer}")


def full_at_random_moments(place):
    if os.geteuid() != 0:
        skip("only root can mount a small disk")
    with SmallDisk(place / "disk", 512) as disk:
        server = Server(disk.folder, "--workers", "2").start()
        traffic = Traffic(server, place).begin()
        unready = 0
        for _ in range(TURNS):
            time.sleep(0.3 + rng.random() * 1.5)
            disk.fill(rng.choice((0, 0, rng.randrange(1, 200) << 10)))
            time.sleep(0.2 + rng.random() * 1.2)
            check_it_reads(server)
            unready += server.ask("GET", "/ready")[0] == 503
            disk.make_room()
        check(unready == TURNS, f"/ready said so {unready} of {TURNS} times")
        said = traffic.check_nothing_is_lost()
        check_answers(server)
        check(server.stop() == 0, "the server did not stop well")
        return f"{TURNS} times full, {dict(server.statuses)}, {said}"


def read_only_for_a_while(place):
    switch = place / "read-only"
    server = Server(place, "--workers", "2", environment={
        "LD_PRELOAD": SHIM, "VF_FAULT": "io:1:EROFS+", "VF_FAULT_WHILE": str(switch)}).start()
    traffic = Traffic(server, place).begin()
    for _ in range(TURNS):
        time.sleep(0.3 + rng.random() * 1.5)
        switch.touch()
        time.sleep(0.2 + rng.random() * 1.2)
        check_it_reads(server)
        switch.unlink()
    said = traffic.check_nothing_is_lost()
    check_answers(server)
    check(server.stop() == 0, "the server did not stop well")
    return f"{TURNS} times read-only, {dict(server.statuses)}, {said}"


def read_only_from_the_start(place):
    if os.geteuid() != 0:
        skip("only root can mount a small disk")
    with SmallDisk(place / "disk", 64) as disk:
        data = disk.folder / "data"
        for made in (False, True):
            if made:
                data.mkdir()
            subprocess.run(["mount", "-o", "remount,ro", str(disk.folder)], check=True)
            run = subprocess.run([BINARY, "serve", "--data", str(data), "--listen", "127.0.0.1:0"],
                                 capture_output=True, text=True, timeout=20, check=False)
            check(run.returncode == 2 and "Read-only file system" in run.stderr and str(data) in run.stderr,
                  f"exit {run.returncode}: {run.stderr}")
            subprocess.run(["mount", "-o", "remount,rw", str(disk.folder)], check=True)


def one_call_fails(place):
    """Each life of the server has one call that fails; the next has another."""
    server = Server(place, "--workers", "2").start()
    counted = place / "count"
    server.stop()
    server.environment |= {"LD_PRELOAD": SHIM, "VF_FAULT_COUNT": str(counted)}
    server.start()
    traffic = Traffic(server, place).begin()
    time.sleep(4)
    server.stop()
    calls = int(counted.read_text().split()[0])
    refused = 0
    for _ in range(CALLS):
        error = rng.choice(("EIO", "ENOSPC", "EINTR", "EMFILE", "short"))
        at = rng.randrange(1, calls)
        server.environment["VF_FAULT"] = f"io:{at}:{error}"
        try:
            server.start(wait=10)
        except Exception:  # it says why and ends: the next start does better
            check(server.process.wait(timeout=10) in (2, 4, 5), f"{error} at {at}: exit {server.process.returncode}")
            refused += 1
            continue
        time.sleep(2)
        check(server.process.poll() is None, f"{error} at {at}: the server ended with {server.process.returncode}")
        server.stop()
    del server.environment["VF_FAULT"]
    server.start()
    said = traffic.check_nothing_is_lost()
    check(server.stop() == 0, "the server did not stop well")
    return f"{CALLS} calls of {calls} failed, {refused} starts refused, {dict(server.statuses)}, {said}"


if __name__ == "__main__":
    main(full_at_random_moments, read_only_for_a_while, read_only_from_the_start, one_call_fails)
