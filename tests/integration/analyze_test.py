#!/usr/bin/env python3
"""`videoforge analyze`: what was put into a film is found, where ffmpeg's own detectors find it, and what
cannot be read is told with its place."""
import json
import re
import subprocess
import time
import unittest

from engine import BINARY, FULL, MEDIA, EngineTest, X264, frame_times, packets, sound

FRAME = 0.04 + 1e-6
# Waves that wander slowly both ways: nothing stands still, nothing combs, no cut.
MOVING = "nullsrc=size=192x144:rate=25:duration={s},geq=lum='60+40*sin((X+4*N)/9)+40*sin((Y+3*N)/7)':cb=128:cr=128"


def detect(path, video=None, audio=None):
    """What ffmpeg's detectors write."""
    args = ["ffmpeg", "-v", "info", "-hide_banner", "-nostdin", "-nostats", "-i", str(path)]
    args += ["-vf", video] if video else ["-vn"]
    args += ["-af", audio] if audio else ["-an"]
    done = subprocess.run([*args, "-f", "null", "-"], capture_output=True, text=True, timeout=100)
    return done.stderr


def pairs(text, start, end):
    return list(zip([float(v) for v in re.findall(start + r"[:=] ?(-?[0-9.]+)", text)],
                    [float(v) for v in re.findall(end + r"[:=] ?(-?[0-9.]+)", text)]))


class Analyze(EngineTest):
    def analyze(self, source, *args, expect=0):
        out = self.engine("analyze", source, "--json", "-q", *args, expect=expect)
        return json.loads(out.stdout)

    def assert_places(self, found, wanted, tolerance=FRAME):
        self.assertEqual(len(found), len(wanted), f"{found} against {wanted}")
        for one, (start, end) in zip(found, wanted):
            self.assertAlmostEqual(one["from"], start, delta=tolerance)
            self.assertAlmostEqual(one["to"], end, delta=tolerance)

    def composed(self):
        """18 s: black 3 to 6, frozen 10 to 13, silent 4 to 7, clipped 12 to 12.5."""
        return self.compose(
            "composed.mov", "-f", "lavfi", "-i", MOVING.format(s=18), "-f", "lavfi", "-i",
            "aevalsrc=exprs='0.5*sin(2*PI*440*t)|0.4*sin(2*PI*440*t)':s=48000:d=18", "-filter_complex",
            "[0:v]split[x][y];[x]drawbox=c=black:t=fill:enable='between(t,3,5.99)'[z];"
            "[z][y]freezeframes=first=250:last=324:replace=249[v];"
            "[1:a]volume='if(between(t,4,7),0,if(between(t,12,12.5),8,1))':eval=frame[a]",
            "-map", "[v]", "-map", "[a]", *X264, "-crf", "8", "-g", "50", "-c:a", "pcm_s16le")

    def test_finds_what_was_composed_where_ffmpeg_finds_it(self):
        film = self.composed()
        report = self.analyze(film)
        video, audio = report["video"], report["audio"][0]
        text = detect(film, "blackdetect,freezedetect", "silencedetect")
        self.assertGreater(len(video["gop"]), 0)
        self.assertEqual(video["frames"], 450)
        self.assert_places(video["black"], pairs(text, "black_start", "black_end"))
        self.assert_places(video["freeze"], pairs(text, "freeze_start", "freeze_end"))
        self.assert_places(video["black"], [(3, 6)])
        self.assert_places(video["freeze"], [(3, 6), (10, 13)])
        self.assert_places(audio["silence"], pairs(text, "silence_start", "silence_end"), 0.001)
        self.assertEqual(len(audio["clipping"]), 1)
        self.assertAlmostEqual(audio["clipping"][0]["from"], 12, delta=0.03)
        self.assertAlmostEqual(audio["clipping"][0]["to"], 12.5, delta=0.03)
        self.assertGreater(audio["clipping"][0]["samples"], 10_000)
        self.assertEqual([round(t, 2) for t in video["scene_cuts"]], [3, 6, 13])  # 13: what was frozen jumps on
        for nothing in ("dropped", "duplicated", "lost", "decode_errors", "boxed"):
            self.assertEqual(video[nothing], [], nothing)
        self.assertEqual(video["interlacing"]["verdict"], "progressive")
        self.assertAlmostEqual(audio["start_offset_ms"], 0, delta=0.1)

    def test_thresholds_are_heeded_and_checked(self):
        film = self.composed()
        report = self.analyze(film, "--black-seconds", 3.5, "--freeze-seconds", 3.5, "--silence-seconds", 3.5,
                              "--clipping-samples", 100_000)
        self.assertEqual(report["video"]["black"] + report["video"]["freeze"], [])
        self.assertEqual(report["audio"][0]["silence"] + report["audio"][0]["clipping"], [])
        # What only the last stage uses decodes nothing again.
        kinds = {k["kind"]: k for k in self.analyze(film, "--black-seconds", 1)["stages"]["by_kind"]}
        self.assertEqual(kinds["analyze-video"]["count"], kinds["analyze-video"]["reused"])
        for wrong in (["--black-threshold", "2"], ["--silence-level", "5"], ["--freeze-seconds", "0"],
                      ["--crop-threshold", "x"], ["--nothing", "1"]):
            self.engine("analyze", film, *wrong, expect=2)

    def test_loudness_is_ebur128s(self):
        film = self.compose("loud.mkv", *sound(14, "5.1"), "-c:a", "flac")
        track = self.analyze(film)["audio"][0]
        loud = track["loudness"]
        text = detect(film, audio="ebur128=peak=true")
        short_term = dict(re.findall(r"t: *([0-9.]+) .*?S: *(-?[0-9.]+)", text))
        short_term = {round(float(t), 1): float(v) for t, v in short_term.items()}
        for second in range(4, 14):
            self.assertAlmostEqual(track["curve"][second - 1]["short_term_lufs"], short_term[second], delta=0.1)
        text = text[text.rindex("Summary"):]
        for member, pattern in (("integrated_lufs", "I:"), ("range_lu", "LRA:"), ("true_peak_dbtp", "Peak:")):
            theirs = float(re.search(pattern + r" +(-?[0-9.]+)", text).group(1))
            self.assertAlmostEqual(loud[member], theirs, delta=0.15, msg=member)

    def test_interlaced_lines_whatever_the_file_says(self):
        fields = self.compose("fields.mp4", "-f", "lavfi", "-i", MOVING.format(s=4).replace("rate=25", "rate=50"),
                              "-vf", "interlace=scan=tff:lowpass=off,setfield=prog", *X264)
        found = self.analyze(fields)["video"]["interlacing"]
        tff = int(re.search(r"Multi frame detection: TFF: +(\d+)", detect(fields, "idet")).group(1))
        self.assertEqual(found["verdict"], "interlaced")
        self.assertAlmostEqual(found["top_first"], tff, delta=6)
        self.assertEqual(found["intervals"][0]["order"], "top-first")

    def test_bars_as_cropdetect_sees_them(self):
        boxed = self.compose("boxed.mp4", "-f", "lavfi", "-i", MOVING.format(s=3), "-vf",
                             "crop=192:108,pad=192:144:0:18", *X264)
        report = self.analyze(boxed)["video"]
        w, h, x, y = map(int, re.findall(r"crop=(\d+):(\d+):(\d+):(\d+)", detect(boxed, "cropdetect=round=2"))[-1])
        area = report["area"]
        self.assertEqual((area["width"], area["height"], area["x"], area["y"]), (w, h, x, y))
        self.assertEqual(area["kind"], "letterbox")
        self.assert_places(report["boxed"], [(0, 3)])

    def test_dropped_and_repeated_pictures_have_their_places(self):
        # Picture 40 to 42 are taken out; 80 and 81 show what 79 did.
        film = self.compose(
            "faulty.mp4", "-f", "lavfi", "-i", MOVING.format(s=6), "-filter_complex",
            "[0:v]split[a][b];[a][b]freezeframes=first=80:last=81:replace=79,select='not(between(n,40,42))'[v]",
            "-map", "[v]", "-fps_mode", "passthrough", *X264, "-crf", "18")
        video = self.analyze(film)["video"]
        self.assertEqual((video["dropped_frames"], video["duplicated_frames"]), (3, 2))
        self.assert_places(video["dropped"], [(1.6, 1.72)])
        self.assertEqual(video["dropped"][0]["frames"], 3)
        self.assert_places(video["duplicated"], [(3.2, 3.28)])
        self.assertFalse(video["frame_rate"]["variable"])

    def test_offset_of_sound_to_picture(self):
        film = self.compose("late.mkv", "-f", "lavfi", "-i", MOVING.format(s=3), "-itsoffset", "0.5", *sound(2.2),
                            "-map", "0:v", "-map", "1:a", *X264, "-c:a", "flac")
        audio = self.analyze(film)["audio"][0]
        self.assertAlmostEqual(audio["start_offset_ms"], 500, delta=2)
        self.assertAlmostEqual(audio["end_offset_ms"], -300, delta=2)

    def test_every_picture_counts_once_whatever_the_chunks_are(self):
        # Open groups of pictures, late start, many key frames: more chunks than one.
        film = self.compose("open.ts", "-f", "lavfi", "-i", MOVING.format(s=21), "-c:v", "libx264", "-preset", "veryfast",
                            "-pix_fmt", "yuv420p", "-x264-params", "open-gop=1:keyint=30:bframes=3")
        report = self.analyze(film)
        kinds = {k["kind"]: k for k in report["stages"]["by_kind"]}
        self.assertGreater(kinds["analyze-video"]["count"], 2)
        self.assertEqual(report["video"]["frames"], len(frame_times(film)))
        self.assertEqual(report["video"]["lost"], [])
        self.assertEqual(report["video"]["freeze"], [])
        theirs = sum(int(p["size"]) for p in packets(film))
        self.assertAlmostEqual(sum(report["video"]["second_bits"]) / 8, theirs, delta=0.01 * theirs)

    def test_damage_is_told_with_its_place(self):
        film = self.compose("whole.mp4", "-f", "lavfi", "-i", MOVING.format(s=8), *X264, "-g", "25", "-movflags", "faststart")
        data = bytearray(film.read_bytes())
        middle = len(data) // 2
        data[middle:middle + 4000] = bytes(4000)
        report = self.analyze(self.write("holes.mp4", bytes(data)))["video"]
        self.assertTrue(report["decode_errors"], "nothing was told")
        self.assertTrue(all(2 < e["from"] < 6 for e in report["decode_errors"]), report["decode_errors"])
        cut_off = self.analyze(self.write("cut.mp4", bytes(data[:middle])))
        self.assertLess(cut_off["video"]["frames"], 150)
        self.assertGreater(cut_off["video"]["frames"], 50)
        self.assertTrue(cut_off["warnings"] or cut_off["video"]["lost"])

    def test_what_cannot_be_read_is_refused_with_a_sentence(self):
        for name, content in (("empty.mp4", b""), ("text.mp4", b"This is text.\n" * 100)):
            out = self.engine("analyze", self.write(name, content), expect=3)
            self.assert_sentence(out)

    def test_killed_and_run_again_says_the_same(self):
        film = self.composed()
        result = lambda report: {k: v for k, v in report.items() if k not in ("stages", "timing")}
        wanted = result(self.analyze(film, "--no-cache"))
        work = self.folder / "killed"
        for delay in (0.2, 0.4, 0.6):
            child = subprocess.Popen([BINARY, "analyze", str(film), "-q", "--work", str(work)], stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            time.sleep(delay)
            child.kill()
            child.wait()
        self.assertEqual(result(self.analyze(film, "--work", work)), wanted)
        again = self.analyze(film, "--work", work)
        self.assertEqual(result(again), wanted)
        self.assertEqual(again["stages"]["run"], 0)

    def test_folder_and_page(self):
        film = self.composed()
        folder = self.folder / "report"
        out = self.engine("analyze", film, "-o", folder, expect=0)
        self.assertIn("0:03.000", out.stdout)
        page = (folder / "index.html").read_text()
        self.assertNotRegex(page, r"(src|href)=\"(https?:|//)")
        self.assertIn("data:image/jpeg;base64,", page)
        self.assertEqual(json.loads((folder / "analysis.json").read_text())["video"]["frames"], 450)
        self.engine("analyze", film, "-o", folder, expect=0)  # an earlier report may be replaced
        other = self.folder / "other"
        other.mkdir()
        (other / "mine.txt").write_text("mine")
        self.engine("analyze", film, "-o", other, expect=2)
        self.assertEqual((other / "mine.txt").read_text(), "mine")

    def test_a_streaming_set_is_not_replaced(self):
        film = self.compose("small.mp4", "-f", "lavfi", "-i", MOVING.format(s=1), *X264)
        made = self.transcode(film)
        self.engine("analyze", film, "-o", made.folder, expect=2)
        self.assertTrue((made.folder / "master.m3u8").exists())

    @unittest.skipUnless(MEDIA, "VIDEOFORGE_MEDIA_DIR is not set")
    def test_real_files(self):
        files = sorted((MEDIA / "valid").iterdir())
        for film in files if FULL else files[::6]:
            with self.subTest(film.name):
                report = self.analyze(film)
                if report.get("video"):
                    self.assertEqual(report["video"]["frames"], len(frame_times(film)))


if __name__ == "__main__":
    unittest.main(verbosity=1)
