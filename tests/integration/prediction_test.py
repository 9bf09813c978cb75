#!/usr/bin/env python3
"""`videoforge plan` foretells what `transcode` then uses: processor seconds, bytes and disk within 30 % (the
median over the films), and the time left that it tells on its way is off by at most 25 % after the first tenth.

Time is measured on a machine that may be busy otherwise: each of the two sides slows down by what runs
beside it at that moment, so what depends on time gets three attempts. Bytes do not. The long form
(VIDEOFORGE_TEST_FULL) judges the real footage as well."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from engine import BINARY, MEDIA, X264, ffmpeg, pictures, sound  # noqa: E402

ATTEMPTS = 3
SPREAD = 0.30
ETA_SPREAD = 0.25


def films(folder):
    # Long and large enough that starting processes is not what is measured.
    composed = folder / "composed.mp4"
    ffmpeg(*pictures("1280x720", 25, 8), *sound(8), "-vf", "noise=alls=8:allf=t:all_seed=3", *X264, "-g", "50",
           "-c:a", "aac", composed)
    real = sorted((MEDIA / "footage").glob("*.mp4")) if MEDIA and os.environ.get("VIDEOFORGE_TEST_FULL") else []
    return [composed, *real]


def run(*args):
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, timeout=200)
    if done.returncode:
        raise AssertionError(f"{args} ended with {done.returncode}: {done.stderr[-1500:]}")
    return done


def size_of(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def eta_errors(lines):
    """How far off the foretold end was, as a share of the whole, from the first tenth to the last."""
    total = lines[-1]["elapsedSeconds"]
    return [abs(line["elapsedSeconds"] + line["etaSeconds"] - total) / total
            for line in lines if 10 <= line["percentage"] <= 90 and "etaSeconds" in line]


def compare(film, folder):
    """Ratios foretold / used, and the errors of the time left."""
    foretold = json.loads(run("plan", film, "--work", folder / "plan", "--no-cache", "--json").stdout)["prediction"]
    done = run("transcode", film, "-o", folder / "set", "--work", folder / "work", "--json")
    report = json.loads(done.stdout)
    written = sum(p.stat().st_size for p in (folder / "set").iterdir() if p.suffix in (".mp4", ".jpg", ".vtt"))
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('{"event":"progress"')]
    return {"cpu": foretold["cpu_seconds"] / report["timing"]["cpu_seconds"],
            "bytes": foretold["output_bytes"] / written,
            "disk": foretold["peak_disk_bytes"] / (size_of(folder / "work") + size_of(folder / "set")),
            "eta": eta_errors(lines)}


@unittest.skipUnless(BINARY, "VIDEOFORGE_BIN is not set")
class Prediction(unittest.TestCase):
    def attempt(self, number):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            rows = []
            for i, film in enumerate(films(root)):
                folder = root / str(i)
                folder.mkdir()
                rows.append(compare(film, folder))
                shown = {k: round(v, 2) for k, v in rows[-1].items() if k != "eta"}
                print(f"attempt {number}, {film.name}: foretold / used {shown}, "
                      f"end off by {statistics.median(rows[-1]['eta'] or [0]):.0%}", file=sys.stderr)
        return rows

    def check(self, rows):
        for what in ("cpu", "bytes", "disk"):
            middle = statistics.median(row[what] for row in rows)
            self.assertTrue(1 - SPREAD <= middle <= 1 + SPREAD, f"{what}: foretold is {middle:.2f} of what was used")
        told = [error for row in rows for error in row["eta"]]
        self.assertTrue(told, "no progress line between the first tenth and the last")
        self.assertLessEqual(statistics.median(told), ETA_SPREAD, "the time left is wrong")

    def test_plan_and_progress_foretell_the_run(self):
        for number in range(1, ATTEMPTS + 1):
            rows = self.attempt(number)
            try:
                return self.check(rows)
            except AssertionError:
                if number == ATTEMPTS:
                    raise


if __name__ == "__main__":
    if not BINARY:
        print("VIDEOFORGE_BIN is not set")
        sys.exit(77)
    os.environ.pop("VIDEOFORGE_WORK", None)
    unittest.main()
