"""What the fault tests share: a clip to transcode, runs of the command, and what must hold after one.

Every random choice comes from one seed (VIDEOFORGE_SEED, printed), so that a failure can be repeated.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BINARY = os.environ["VIDEOFORGE_BIN"]
SHIM = os.environ.get("VIDEOFORGE_FAULT_SHIM", "")
FULL = os.environ.get("VIDEOFORGE_TEST_FULL") == "1"
SEED = int(os.environ.get("VIDEOFORGE_SEED", "20261"))
rng = random.Random(SEED)
# These hold times, which differ from run to run. Everything else of a set must not.
TIMED = {"report.json", "index.html"}
SKIPPED = 77
CORES = len(os.sched_getaffinity(0))


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def compose(path, seconds, size="640x480", rate=15):
    """A clip that has to be encoded: MPEG-4 with a tone."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}",
         "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}", "-c:v", "mpeg4", "-q:v", "3", "-g", "30",
         "-c:a", "aac", str(path)], check=True)
    return path


class SmallDisk:
    """A tmpfs of its own, as small as wanted."""

    def __init__(self, folder, mebibytes):
        self.folder, self.size = folder, mebibytes
        folder.mkdir(parents=True)

    def __enter__(self):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}m", "tmpfs", str(self.folder)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            skip(f"no tmpfs can be mounted: {mounted.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", str(self.folder)], check=False)

    def free(self):
        st = os.statvfs(self.folder)
        return st.f_bavail * st.f_frsize

    def fill(self, leave):
        """Fills it with a file of somebody else's until `leave` bytes are free."""
        with open(self.folder / "ballast", "wb", buffering=0) as ballast:
            missing = self.free() - leave - (1 << 20)
            if missing > 0:
                os.posix_fallocate(ballast.fileno(), 0, missing)
            ballast.seek(0, os.SEEK_END)
            # The last of it in small steps: others write at the same time.
            while self.free() > leave:
                try:
                    ballast.write(bytes(4096))
                except OSError:
                    return

    def make_room(self):
        (self.folder / "ballast").unlink(missing_ok=True)


class Outcome:
    """How a command ended."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.2f} s: {self.err.strip()[-600:]}"

    @property
    def sentence(self):
        """What the person who asked reads."""
        lines = [line for line in self.err.splitlines() if line.startswith("videoforge: ")]
        return lines[-1] if lines else ""


def arguments(clip, out, work, *more):
    return [BINARY, "transcode", str(clip), "-o", str(out), "--work", str(work), "--quiet", *more]


def start(command, **options):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finish(process, begun, timeout=120):
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failed(f"a run did not end within {timeout} s") from None
    return Outcome(process.returncode, out, err, time.monotonic() - begun)


def run(command, env=None, timeout=120, **options):
    begun = time.monotonic()
    environment = None if env is None else {**os.environ, **env}
    return finish(start(command, env=environment, **options), begun, timeout)


def run_well(command, **options):
    outcome = run(command, **options)
    check(outcome.code == 0, f"{' '.join(command[1:4])}: {outcome}")
    return outcome


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bytes_of(folder):
    """Name to hash of every file that is the same after every run."""
    return {p.name: digest(p) for p in sorted(Path(folder).iterdir()) if p.name not in TIMED}


def report_of(folder):
    return json.loads((Path(folder) / "report.json").read_text())


def count(report, kind, what="run"):
    """Stages of a kind that ran, or that were reused."""
    for row in report["stages"]["by_kind"]:
        if row["kind"] == kind:
            return row["reused"] if what == "reused" else row["count"] - row["reused"]
    return 0


def checkpoints(work, kind):
    """Finished stages of a kind, as the work folder knows them."""
    done = run_well([BINARY, "cache", "show", "--json", "--work", str(work)])
    return sum(row["checkpoints"] for row in json.loads(done.out)["kinds"] if row["kind"] == kind)


def children_of(pid):
    """Name by process id of what the process has started: stages and the nursery."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            name, rest = (entry / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except (OSError, IndexError):
            continue
        state, parent = rest.split()[:2]
        if int(parent) == pid and state != "Z":
            found[int(entry.name)] = name
    return found


def stages_of(pid):
    return [child for child, name in children_of(pid).items() if name == "vf-stage"]


def wait_gone(pids, seconds=3):
    """Every one of these processes ended (a zombie has)."""
    end = time.monotonic() + seconds
    while True:
        left = []
        for pid in pids:
            try:
                if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                    left.append(pid)
            except OSError:
                pass
        if not left:
            return
        check(time.monotonic() < end, f"processes {left} were left behind")
        time.sleep(0.02)


def check_tidy(out, work):
    """Nothing half written anywhere."""
    for folder in (out, work):
        rubbish = [str(p) for p in Path(folder).rglob("*.partial")] if Path(folder).exists() else []
        check(not rubbish, f"left over: {rubbish}")
    for name in ("tmp", "private"):
        folder = Path(work) / name
        rubbish = list(folder.iterdir()) if folder.exists() else []
        check(not rubbish, f"left over: {[str(p) for p in rubbish]}")


def check_published_is_right(out, expected):
    """What stands under a final name, if anything, is the verified file and no other."""
    if not Path(out).exists():
        return
    for path in Path(out).iterdir():
        if path.name in expected and path.name != ".videoforge":
            check(digest(path) == expected[path.name], f"'{path.name}' stands under its final name with wrong bytes")


def forget(*folders):
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def main(*cases):
    """Runs the cases in a folder of their own; a name as argument runs only the cases that hold it."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    failures = 0
    # Away from the user's own work folder, whatever a case forgets to say.
    with tempfile.TemporaryDirectory(prefix="videoforge-faults-") as folder:
        os.environ["VIDEOFORGE_WORK"] = str(Path(folder) / "default-work")
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        for case in cases:
            if wanted not in case.__name__:
                continue
            rng.seed(SEED)
            begun = time.monotonic()
            try:
                place = Path(folder) / case.__name__
                place.mkdir()
                said = case(place) or ""
                print(f"ok      {case.__name__} ({time.monotonic() - begun:.1f} s) {said}", flush=True)
            except Failed as failure:
                failures += 1
                print(f"FAILED  {case.__name__}: {failure}\n        (seed {SEED})", flush=True)
    sys.exit(1 if failures else 0)
