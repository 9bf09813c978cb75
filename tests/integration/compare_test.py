#!/usr/bin/env python3
"""`videoforge compare`: the figures are those of ffmpeg's psnr and ssim filters, pictures are matched by
time, and what has no partner is told."""
import json
import math
import re
import subprocess
import unittest

from engine import FULL, MEDIA, EngineTest, X264, ffmpeg, pictures


def theirs(a, b, kind, folder, b_filter="null"):
    """ffmpeg's values: one line a picture, and the totals."""
    stats = folder / f"{kind}.log"
    done = subprocess.run(
        ["ffmpeg", "-v", "info", "-nostdin", "-i", str(b), "-i", str(a), "-lavfi",
         f"[0:v]{b_filter},setpts=PTS-STARTPTS[x];[1:v]setpts=PTS-STARTPTS[y];[x][y]{kind}=stats_file={stats}",
         "-f", "null", "-"], capture_output=True, text=True, timeout=100)
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    lines = [dict(re.findall(r"([A-Za-z_]+):([0-9.inf]+)", line)) for line in stats.read_text().splitlines()]
    line = [l for l in done.stderr.splitlines() if f"_{kind}_" in l][-1]
    return lines, dict(re.findall(r"([A-Za-z]+):([0-9.inf]+)", line))


class Compare(EngineTest):
    def compare(self, a, b, *args, expect=0):
        out = self.engine("compare", a, b, "--json", "-q", *args, expect=expect)
        return json.loads(out.stdout)

    def master(self, rate=25, seconds=9):
        return self.compose(f"master{rate}_{seconds}.mkv", *pictures("320x180", rate, seconds), *X264, "-crf", "4", "-g", "30")

    def worse(self, name, source, *args, crf=34):
        return self.compose(name, "-i", source, *X264, "-g", "40", "-bf", "2", "-crf", str(crf), *args)

    def assert_as_ffmpeg(self, a, b):
        report = self.compare(a, b)
        for kind, tolerance, names in (("psnr", 0.01, ("psnr_y", "psnr_u", "psnr_v", "psnr_avg")),
                                       ("ssim", 0.0005, ("Y", "U", "V", "All"))):
            lines, total = theirs(a, b, kind, self.folder)
            self.assertEqual(report["compared"], len(lines))
            for column, name in zip(("y", "u", "v", "all"), names):
                if name not in lines[0]:
                    continue
                for i, (ours, line) in enumerate(zip(report["pairs"][f"{kind}_{column}"], lines)):
                    value = min(100.0, float(line[name]))
                    self.assertAlmostEqual(ours, value, delta=tolerance, msg=f"{kind} {name} of picture {i}")
            whole = report["psnr_total"] if kind == "psnr" else {k: v["mean"] for k, v in report["ssim"].items()}
            for column, name in zip(("y", "u", "v", "all"), ("y", "u", "v", "average") if kind == "psnr" else names):
                if name in total and column in whole:
                    self.assertAlmostEqual(whole[column], min(100.0, float(total[name])), delta=tolerance, msg=name)
        return report

    def test_values_are_ffmpegs(self):
        a = self.master()
        report = self.assert_as_ffmpeg(a, self.worse("worse.mp4", a))
        self.assertGreater({k["kind"]: k for k in report["stages"]["by_kind"]}["compare-pairs"]["count"], 1)
        self.assertEqual(report["conversions"], [])
        self.assertEqual(report["a"]["unmatched"]["frames"] + report["b"]["unmatched"]["frames"], 0)
        self.assertIsNone(report["vmaf"])
        ssim = report["pairs"]["ssim_y"]
        self.assertAlmostEqual(report["ssim"]["y"]["harmonic_mean"], len(ssim) / sum(1 / v for v in ssim), delta=1e-5)
        self.assertAlmostEqual(report["ssim"]["y"]["p1"], sorted(ssim)[math.ceil(0.01 * len(ssim)) - 1], delta=1e-5)
        self.assertAlmostEqual(report["worst"][0]["ssim_y"], min(ssim), delta=1e-5)

    def test_values_are_ffmpegs_in_ten_bits_and_444(self):
        for name, options in (("ten", ["-pix_fmt", "yuv420p10le"]), ("full", ["-pix_fmt", "yuv444p"])):
            coder = ["-c:v", "libx264", "-preset", "ultrafast", *options]
            a = self.compose(f"{name}_a.mkv", *pictures("160x90", seconds=1), *coder, "-crf", "5")
            self.assert_as_ffmpeg(a, self.compose(f"{name}_b.mkv", "-i", a, *coder, "-crf", "35"))

    def test_a_file_is_identical_to_itself(self):
        a = self.master(seconds=3)
        report = self.compare(a, a)
        self.assertEqual(report["identical"], report["compared"])
        self.assertEqual(report["psnr_total"]["all"], 100)
        self.assertEqual(report["ssim"]["all"]["min"], 1)
        self.assertEqual(report["worst"], [])

    def test_times_decide_who_belongs_together(self):
        a = self.master()
        # Another start, another clock: still the same pictures.
        late = self.worse("late.ts", a, "-output_ts_offset", "7.3")
        report = self.compare(a, late)
        self.assertEqual(report["compared"], 225)
        self.assertGreater(report["ssim"]["y"]["min"], 0.8)
        # Every second picture: matched to its own moment, the others have no partner.
        half = self.worse("half.mp4", a, "-vf", "select='not(mod(n,2))'", "-fps_mode", "passthrough")
        report = self.compare(a, half)
        self.assertEqual((report["compared"], report["a"]["unmatched"]["frames"]), (113, 112))
        self.assertEqual([round(t, 2) for t in report["a"]["unmatched"]["seconds"][:3]], [0.04, 0.12, 0.2])
        self.assertGreater(report["ssim"]["y"]["min"], 0.8)
        # Pictures lost on the way, the times kept.
        holes = self.worse("holes.mp4", a, "-vf", "select='not(between(n,50,54))'", "-fps_mode", "passthrough")
        report = self.compare(a, holes)
        self.assertEqual([round(t, 2) for t in report["a"]["unmatched"]["seconds"]], [2.0, 2.04, 2.08, 2.12, 2.16])
        self.assertGreater(report["ssim"]["y"]["min"], 0.8)

    def test_a_part_is_found_by_the_clock_or_by_an_offset(self):
        a = self.master()
        part = self.worse("part.mp4", a, "-ss", "4", "-t", "2")
        report = self.compare(a, part, "--offset", "4")
        self.assertEqual(report["compared"], 50)
        self.assertGreater(report["ssim"]["y"]["min"], 0.8)
        # Without it, other pictures are compared.
        self.assertLess(self.compare(a, part)["ssim"]["y"]["mean"], report["ssim"]["y"]["min"])
        self.engine("compare", a, part, "--offset", "500", expect=3)
        self.engine("compare", a, part, "--align", "sideways", expect=2)

    def test_size_is_brought_together_and_said(self):
        a = self.master()
        small = self.worse("small.mp4", a, "-vf", "scale=160:90:flags=bicubic", crf=12)
        report = self.compare(a, small)
        self.assertTrue(any("scaled from 160x90 to a's 320x180" in c for c in report["conversions"]))
        lines, _ = theirs(a, small, "ssim", self.folder, "scale=320:180:flags=bicubic")
        mean = sum(float(l["Y"]) for l in lines) / len(lines)
        self.assertAlmostEqual(report["ssim"]["y"]["mean"], mean, delta=0.01)

    def test_rotation_is_undone(self):
        a = self.master(seconds=3)
        turned = self.compose("turned.mp4", "-i", a, "-vf", "transpose=clock", *X264, "-crf", "8")
        upright = self.folder / "upright.mov"
        ffmpeg("-i", turned, "-c", "copy", "-metadata:s:v", "rotate=90", upright)
        report = self.compare(a, upright)
        self.assertGreater(report["ssim"]["y"]["mean"], 0.9)

    def test_page_and_pictures(self):
        a = self.master()
        folder = self.folder / "page"
        out = self.engine("compare", a, self.worse("worse.mp4", a), "-o", folder, expect=0)
        self.assertIn("SSIM Y", out.stdout)
        page = (folder / "index.html").read_text()
        self.assertNotRegex(page, r"(src|href)=\"(https?:|//)")
        self.assertGreaterEqual(page.count("data:image/jpeg;base64,"), 6)
        self.assertEqual(json.loads((folder / "comparison.json").read_text())["compared"], 225)

    def test_what_cannot_be_compared_is_refused_with_a_sentence(self):
        a = self.master(seconds=3)
        tone = self.compose("tone.wav", "-f", "lavfi", "-i", "sine=duration=1")
        for pair in ((a, tone), (self.write("text.mp4", "This is text.\n"), a)):
            out = self.engine("compare", *pair, expect=3)
            self.assert_sentence(out)

    def test_a_damaged_side_is_compared_as_far_as_it_goes(self):
        a = self.master()
        b = self.worse("to_cut.mp4", a, "-movflags", "faststart")
        cut = self.write("cut.mp4", b.read_bytes()[:b.stat().st_size * 2 // 3])
        report = self.compare(a, cut)
        self.assertGreater(report["compared"], 60)
        self.assertEqual(report["compared"] + len(report["missing_b"]) + report["a"]["unmatched"]["frames"], 225)

    @unittest.skipUnless(MEDIA, "VIDEOFORGE_MEDIA_DIR is not set")
    def test_like_is_compared_with_like(self):
        """HDR, a turned film, interlaced lines, full range, odd sizes: against what transcode made of each."""
        names = ["PHP-FFMpeg__portrait.MOV", "torchcodec__testsrc2_odd_height_and_width_444.mp4",
                 "torchcodec__nasa_13013_hdr.mp4", "format-corpus__xdcam-ex-1080i60.mov",
                 "torchcodec__bt709_full_range.mp4"]
        for name in names if FULL else names[:2]:
            with self.subTest(name):
                film = MEDIA / "valid" / name
                made = self.transcode(film)
                best = max(made.folder.glob("video_*.mp4"), key=lambda p: p.stat().st_size)
                report = self.compare(film, best)
                self.assertTrue(report["conversions"])
                self.assertGreater(report["ssim"]["y"]["min"], 0.93)
                self.assertEqual(report["a"]["unmatched"]["frames"] + report["b"]["unmatched"]["frames"], 0)

    @unittest.skipUnless(MEDIA, "VIDEOFORGE_MEDIA_DIR is not set")
    def test_a_real_hdr_portrait_film_against_its_copy(self):
        film = MEDIA / "valid/media__sample_with_color_info.mp4"
        report = self.compare(film, film)
        self.assertEqual(report["identical"], report["compared"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
