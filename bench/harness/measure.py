"""Runs a command and measures what it cost: wall and processor seconds of it and everything it
started and waited for, and the peak of the memory they hold together."""

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cost:
    wall: float  # seconds
    cpu: float   # seconds, user and system
    rss: int     # bytes, all processes together, sampled


class Failed(Exception):
    """A command that did not do its work; the text says which and why."""


def _family(pid):
    """The process and its descendants."""
    out, waiting = [], [pid]
    while waiting:
        current = waiting.pop()
        out.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                waiting += map(int, Path(f"/proc/{current}/task/{task}/children").read_text().split())
        except (OSError, ValueError):
            pass
    return out


def _resident(pids):
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            pass
    return total * os.sysconf("SC_PAGE_SIZE")


def run(command, log, stdout=None, interval=0.1):
    """Runs one command. Standard error goes to `log`, standard output to the file `stdout`."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    peak, ended = 0, threading.Event()
    with open(log, "ab") as errors, open(stdout or os.devnull, "wb") as out:
        started = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)

        def watch():
            nonlocal peak
            while not ended.wait(interval):
                peak = max(peak, _resident(_family(child.pid)))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
        ended.set()
        watcher.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        said = Path(log).read_text(errors="replace").strip().splitlines()[-3:]
        raise Failed(f"{command[0]} ended with {child.returncode}: {' | '.join(said)}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, max(peak, usage.ru_maxrss * 1024))


def run_all(commands, log, stdout=None):
    """Runs commands one after the other and adds up."""
    costs = [run(command, log, stdout) for command in commands]
    return Cost(sum(c.wall for c in costs), sum(c.cpu for c in costs), max(c.rss for c in costs))
