#!/usr/bin/env python3
"""The benchmark harness measures what it says, and does not let a fast wrong answer pass."""

import math
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from harness import check, frontier, measure, pairs, plot  # noqa: E402


def compose(path, *options, size="320x180", frames=30):
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25", "-frames:v",
                    str(frames), *options, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)],
                   check=True, stdin=subprocess.DEVNULL)


class Measuring(unittest.TestCase):
    def test_processor_time_of_children_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            busy = "import time\nwhile time.process_time() < 0.3: pass"
            cost = measure.run(["sh", "-c", f"'{sys.executable}' -c '{busy}'; true"], f"{folder}/log")
            self.assertGreater(cost.cpu, 0.28)
            self.assertGreaterEqual(cost.wall, 0.28)

    def test_memory_of_children_adds_up(self):
        with tempfile.TemporaryDirectory() as folder:
            hold = "import time; b = bytearray(60_000_000); b[::4096] = b[::4096]; time.sleep(1)"
            cost = measure.run(["sh", "-c", f"'{sys.executable}' -c '{hold}' & '{sys.executable}' -c '{hold}'; wait"], f"{folder}/log")
            self.assertGreater(cost.rss, 115_000_000)

    def test_a_command_that_fails_says_why(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(measure.Failed, "no such luck"):
                measure.run(["sh", "-c", "echo no such luck >&2; exit 3"], f"{folder}/log")


class Checking(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.at = lambda name: Path(self.folder.name) / name
        compose(self.at("source.mp4"), "-crf", "10")

    def test_a_right_result_passes(self):
        compose(self.at("right.mp4"), "-crf", "14")
        video = check.video(self.at("source.mp4"), self.at("right.mp4"))
        self.assertEqual((video.width, video.height, video.frames), (320, 180, 30))
        self.assertGreater(video.ssim, 0.97)

    def test_a_missing_frame_fails(self):
        compose(self.at("short.mp4"), frames=29)
        with self.assertRaisesRegex(measure.Failed, "29 frames"):
            check.video(self.at("source.mp4"), self.at("short.mp4"))

    def test_other_pictures_fail(self):
        compose(self.at("right.mp4"), "-crf", "14")
        compose(self.at("other.mp4"), "-vf", "hflip", "-crf", "14")
        right = check.video(self.at("source.mp4"), self.at("right.mp4"))
        other = check.video(self.at("source.mp4"), self.at("other.mp4"))
        with self.assertRaisesRegex(measure.Failed, "below the peer's"):
            check.same_quality([other], [right])
        check.same_quality([right], [other])

    def test_bits_thrown_at_the_same_quality_fail(self):
        good = check.Video(320, 180, 30, 100_000, 0.97)
        with self.assertRaisesRegex(measure.Failed, "more bits"):
            check.same_quality([check.Video(320, 180, 30, 120_000, 0.97)], [good])


class Figures(unittest.TestCase):
    def test_stages_reported_apart_are_taken_off(self):
        report = {"stages": {"by_kind": [{"kind": "encode", "cpu_seconds": 6, "wall_seconds": 3},
                                         {"kind": "verify-sound", "cpu_seconds": 2, "wall_seconds": 1}]}}
        core = pairs.without_stages(measure.Cost(4, 9, 1), report, ["verify"])
        self.assertEqual((core.wall, core.cpu), (3, 7))

    def test_a_tenth_fewer_bits_at_each_quality_is_minus_ten_per_cent(self):
        reference = [(q, math.log(1000 * 1.2**q)) for q in range(10, 15)]
        curve = [(q, rate + math.log(0.9)) for q, rate in reference]
        self.assertAlmostEqual(frontier.rate_difference(curve, reference), -0.1, places=6)

    def test_the_frontier_sees_who_is_better(self):
        named = {"superfast": (1.0, 0.4), "odd": (1.5, 0.5), "fast": (3.0, 0.0), "medium": (5.0, -0.1)}
        self.assertAlmostEqual(frontier.frontier_at(named, 2.0), 0.2)
        self.assertAlmostEqual(frontier.frontier_at(named, 4.0), -0.05)
        self.assertAlmostEqual(frontier.frontier_at(named, 9.0), -0.1)
        self.assertEqual(frontier.frontier_at(named, 0.5), math.inf)

    def test_plots_are_xml(self):
        from xml.etree import ElementTree
        ElementTree.fromstring(plot.ratio_bars("a < b", [("x & y", 1.4, 1.15), ("z", 0.9, None)]))
        ElementTree.fromstring(plot.points("t", "x", "y", [("n", "ours", True, [("a", 1, 0.1), ("<b>", 2, -0.1)])]))


class Cases(unittest.TestCase):
    def test_every_case_is_complete(self):
        sources = tomllib.loads((ROOT / "bench/sources.toml").read_text())
        for path in (ROOT / "bench/cases").glob("*.toml"):
            case = tomllib.loads(path.read_text())
            with self.subTest(path.name):
                named = case.get("sources", [case.get("source")]) if case["kind"] not in ("server", "sign_in", "playable", "platform") else []
                if case["kind"] == "platform":
                    named = [case["playback"]["film"], case["transcode"]["film"]]
                for name in named + [film["source"] for film in case.get("films", [])]:
                    self.assertIn(name, sources)
                for peer in case["peer"] if case["kind"] == "pairs" else []:
                    self.assertEqual(len(peer.get("video", [])), len(case["ours"].get("video", [])))


if __name__ == "__main__":
    unittest.main()
