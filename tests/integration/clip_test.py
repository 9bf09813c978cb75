#!/usr/bin/env python3
"""`videoforge clip`: where it cuts, that what it copies is the source's bit for bit, that edges look like
it, and that sound, subtitles and chapters come along in step. Judged by ffmpeg's tools."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

from engine import BINARY, MEDIA, EngineTest, ffmpeg, frame_hashes, frame_times, pictures, probe, sound, stream, tool

SRT = "1\n00:00:01,000 --> 00:00:03,000\none\n\n2\n00:00:04,000 --> 00:00:05,000\ntwo\n\n3\n00:00:06,500 --> 00:00:07,500\nthree\n"
CHAPTERS = ";FFMETADATA1\ntitle=A film\n" + "".join(
    f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={a}\nEND={b}\ntitle={t}\n" for a, b, t in
    ((0, 3000, "first"), (3000, 6000, "second"), (6000, 8000, "third")))


class Clip(EngineTest):
    def film(self, name="film.mp4", *codec, audio=("-c:a", "aac")):
        codec = codec or ("-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "50", "-pix_fmt", "yuv420p")
        return self.compose(name, *pictures("320x180", 25, 8), *sound(8), *codec, *audio)

    def clip(self, source, name, *args, expect=0):
        out = self.folder / name
        done = self.engine("clip", source, "-o", out, "--force", "--json", *args, expect=expect)
        return out, json.loads(done.stdout)

    def times(self, path):
        times = frame_times(path)
        return [round(t - times[0], 3) for t in times]

    def edge_ssim(self, made, source, first, count):
        """The worst of the first `count` pictures of `made` against those of the source from `first` on."""
        graph = (f"[0:v]trim=end_frame={count},settb=1/25,setpts=N[a];"
                 f"[1:v]trim=start_frame={first}:end_frame={first + count},settb=1/25,setpts=N[b];[a][b]ssim=stats_file=-")
        out = tool("ffmpeg", "-v", "error", "-i", made, "-i", source, "-lavfi", graph, "-f", "null", "-")
        values = [float(v) for v in re.findall(r" Y:([0-9.]+)", out)]
        self.assertEqual(len(values), count)
        return min(values)

    def offset(self, made, source, start):
        """Seconds by which the sound of `made` lies behind the source's, by correlation around its beginning."""
        rate = 48000
        raw = lambda path, at: ffmpeg("-i", path, "-af", "aresample=async=1:first_pts=0,"
                                      f"atrim=start={at}:duration=1.2,asetpts=N/SR/TB", "-ac", "1", "-ar", rate, "-f", "s16le", "-",
                                      text=False)
        import array
        a, b = array.array("h", raw(made, 0.5)), array.array("h", raw(source, start + 0.5))
        step, best = 24, (0, 0)
        a = a[:rate]
        for lag in range(-40, 41):
            shift = lag * step
            pairs = [(a[i + shift], b[i]) for i in range(2000, rate - 2000, 7)]
            score = sum(x * y for x, y in pairs)
            best = max(best, (score, shift / rate))
        return best[1]

    def assert_decodes(self, path):
        done = subprocess.run(["ffmpeg", "-v", "warning", "-nostdin", "-xerror", "-i", str(path), "-f", "null", "-"],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_by_copy_it_says_where_it_cut(self):
        film = self.film()
        out, report = self.clip(film, "copy.mp4", "--from", "3.3", "--to", "5.5")
        self.assertEqual(report["from"], 2)
        self.assertGreaterEqual(report["to"], 5.5)
        self.assertEqual([p["action"] for p in report["pieces"]], ["copy"])
        first = round(report["from"] * 25)
        self.assertEqual(frame_hashes(out), frame_hashes(film)[first:first + report["frames"]])
        self.assertLess(abs(self.offset(out, film, report["from"])), 0.010)
        self.assert_decodes(out)

    def exact(self, film, name, start="1.32", end="5.52", frames=(33, 138)):
        out, report = self.clip(film, name, "--from", start, "--to", end, "--exact")
        self.assertEqual(self.times(out), [round(i / 25, 3) for i in range(frames[1] - frames[0])])
        self.assertEqual(report["frames"], frames[1] - frames[0])
        self.assert_decodes(out)
        hashes, source = frame_hashes(out), frame_hashes(film)[frames[0]:frames[1]]
        at = 0
        for piece in report["pieces"]:
            same = [a == b for a, b in zip(hashes[at:at + piece["frames"]], source[at:])]
            if piece["action"] == "copy":
                self.assertTrue(all(same), f"{name}: {same.count(False)} copied pictures are others")
            at += piece["frames"]
        self.assertEqual(at, len(hashes))
        self.assertGreater(self.edge_ssim(out, film, frames[0], min(17, len(hashes))), 0.98)
        return out, report

    def test_exact(self):
        tails = 0
        for last in (134, 135, 136):
            out, report = self.exact(self.film(), f"exact{last}.mp4", end=f"{last / 25}", frames=(33, last))
            parts = [p["part"] for p in report["pieces"]]
            self.assertEqual(parts[:2], ["head", "middle"])
            tails += parts[2:] == ["tail"]
        self.assertGreater(tails, 0, "no end of these lies between two packets that cannot be parted")
        self.assertLess(abs(self.offset(out, self.film(), 1.32)), 0.010)
        self.assertEqual(report["proof"]["frames"], 103)

    def test_exact_into_other_containers(self):
        for suffix in ("mkv", "ts"):
            with self.subTest(suffix):
                out, _ = self.exact(self.film(), f"other.{suffix}")
                self.assertLess(abs(self.offset(out, self.film(), 1.32)), 0.010)

    def test_exact_in_other_codecs(self):
        hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50:open-gop=1")
        vp9 = ("-c:v", "libvpx-vp9", "-g", "50", "-cpu-used", "8", "-deadline", "realtime")
        av1 = ("-c:v", "libsvtav1", "-preset", "10", "-g", "50")
        for name, codec, audio in (("hevc.mp4", hevc, ("-c:a", "aac")), ("vp9.webm", vp9, ("-c:a", "libopus")),
                                   ("av1.mp4", av1, ("-c:a", "aac"))):
            with self.subTest(name):
                film = self.film(name, *codec, "-pix_fmt", "yuv420p", audio=audio)
                _, report = self.exact(film, "exact_" + name)
                self.assertIn("copy", [p["action"] for p in report["pieces"]])

    def test_what_cannot_be_matched_is_encoded_and_said(self):
        film = self.film("mpeg2.ts", "-c:v", "mpeg2video", "-b:v", "4M", "-g", "15", "-bf", "2", audio=("-c:a", "mp2"))
        out, report = self.clip(film, "mpeg2.mkv", "--from", "1.32", "--to", "3.32", "--exact")
        self.assertEqual(stream(out)["codec_name"], "h264")
        self.assertEqual([p["part"] for p in report["pieces"]], ["whole"])
        self.assertIn("mpeg2video cannot be encoded to match", report["decisions"][0]["reason"])
        self.assertEqual(len(frame_times(out)), 50)
        self.assert_decodes(out)

    def test_subtitles_chapters_and_tags_come_along(self):
        srt, meta = self.write("subs.srt", SRT), self.write("meta.txt", CHAPTERS)
        film = self.folder / "rich.mkv"
        ffmpeg("-i", self.film(), "-i", srt, "-i", meta, "-map", "0", "-map", "1", "-map_metadata", "2",
               "-map_chapters", "2", "-c", "copy", "-c:s", "srt", "-metadata:s:a:0", "language=ger", film)
        for name in ("rich.mkv", "rich.mp4"):
            out, report = self.clip(film, "clip_" + name, "--from", "2.0", "--to", "6.0", "--exact")
            with self.subTest(name):
                shown = probe(out, "-show_chapters", "-show_format", "-show_streams")
                for chapter, (title, start, end) in zip(shown["chapters"], (("first", 0, 1), ("second", 1, 4)), strict=True):
                    self.assertEqual(chapter["tags"]["title"], title)
                    self.assertAlmostEqual(float(chapter["start_time"]), start, delta=0.03)
                    self.assertAlmostEqual(float(chapter["end_time"]), end, delta=0.03)
                self.assertEqual(shown["format"]["tags"]["title"], "A film")
                text = ffmpeg("-i", out, "-map", "0:s:0", "-f", "srt", "-")
                text = re.sub("<[^>]*>", "", text)
                self.assertRegex(text.replace("\r", ""), r"00:00:00,000 --> 00:00:0(1,0|0,9)\d\d\none")
                self.assertRegex(text.replace("\r", ""), r"00:00:0(2,0|1,9)\d\d --> 00:00:0(3,0|2,9)\d\d\ntwo")
                self.assertNotIn("three", text)
                self.assertEqual(stream(out, "a:0")["tags"]["language"], "ger")

    def test_refusals(self):
        film = self.film()
        for args, word in ((("-o", self.folder / "x.webm", "--from", "1"), "mp4"),
                           (("-o", self.folder / "x.avi", "--from", "1"), ".mp4"),
                           (("-o", self.folder / "x.mp4"), "--from"),
                           (("-o", self.folder / "x.mp4", "--from", "5", "--to", "4"), "after"),
                           (("-o", self.folder / "x.mp4", "--from", "99"), "8.0"),
                           (("-o", self.folder / "x.mp4", "--from", "one"), "--from"),
                           (("-o", film, "--from", "1"), "input")):
            with self.subTest(args):
                done = self.engine("clip", film, *args, expect=2)
                self.assertIn(word, done.sentence)
        self.write("taken.mp4", "mine")
        self.engine("clip", film, "-o", self.folder / "taken.mp4", "--from", "1", expect=2)
        self.assertEqual((self.folder / "taken.mp4").read_text(), "mine")
        text = self.write("text.mp4", "no film at all, only words\n" * 50)
        self.engine("clip", text, "-o", self.folder / "y.mp4", "--from", "1", expect=3)
        self.assertFalse((self.folder / "y.mp4").exists())

    def test_killed_it_goes_on(self):
        film = self.film()
        calm, _ = self.clip(film, "calm.mp4", "--from", "1.32", "--to", "5.52", "--exact")
        for moment in (0.1, 0.3, 0.5):
            work, out = self.folder / f"work{moment}", self.folder / f"killed{moment}.mp4"
            command = [BINARY, "clip", str(film), "-o", str(out), "--from", "1.32", "--to", "5.52", "--exact", "-q",
                       "--work", str(work)]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(moment)
            ended = process.poll()
            process.send_signal(signal.SIGKILL)
            process.wait()
            if ended is None and not out.exists():  # else it was killed between its last act and its end
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(out.read_bytes(), calm.read_bytes())

    def test_real_films(self):
        if not MEDIA:
            self.skipTest("VIDEOFORGE_MEDIA_DIR is not set")
        for film in sorted((MEDIA / "footage").iterdir()):
            with self.subTest(film.name):
                times = frame_times(film)
                first, last = 40, len(times) - 30
                start, end = (f"{times[i] - times[0]:.4f}" for i in (first, last))
                self.exact_times(film, f"real_{film.stem}.mp4", start, end, [t - times[first] for t in times[first:last]])

    def exact_times(self, film, name, start, end, expected):
        out, report = self.clip(film, name, "--from", start, "--to", end, "--exact")
        made = frame_times(out)
        self.assertEqual(len(made), len(expected))
        self.assertLess(max(abs(a - made[0] - b) for a, b in zip(made, expected)), 0.001)
        self.assert_decodes(out)
        return report


if __name__ == "__main__":
    unittest.main()
