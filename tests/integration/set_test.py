#!/usr/bin/env python3
"""Streams that fit are copied bit for bit and the others told why not; sound stays where it was."""
import unittest

from engine import EngineTest, X264, ffmpeg, frame_times, packets, pictures, probe, sound, stream

FITS = ["-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", "-b:v", "300k", "-g", "50", "-bf", "2",
        "-x264-params", "open-gop=0:scenecut=0", "-c:a", "aac"]


def starts(folder, name):
    """Where a media playlist's segments begin, in seconds."""
    at, out = 0.0, []
    for line in (folder / f"{name}.m3u8").read_text().splitlines():
        if line.startswith("#EXTINF:"):
            out.append(round(at, 3))
            at += float(line[8:].split(",")[0])
    return out


class Sets(EngineTest):
    def payloads(self, path, select):
        """Hashes of the coded pictures in the order of coding, whatever the container wraps them in."""
        codec = "h264_mp4toannexb,filter_units=pass_types=1-5," if select == "v:0" else ""
        out = ffmpeg("-i", path, "-map", f"0:{select}", "-c", "copy", *(["-bsf:v", codec.rstrip(",")] if codec else []),
                     "-f", "framemd5", "-")
        return [line.split(",")[5].strip() for line in out.splitlines() if not line.startswith("#")]

    def test_a_film_that_fits_is_copied(self):
        made = [*pictures("640x360", 25, 7), *sound(7), *FITS]
        for kind in ("mp4", "mkv", "ts"):
            with self.subTest(kind):
                film = self.compose(f"fits.{kind}", *made)
                out = self.transcode(film)
                self.assertEqual([d["action"] for d in out.decisions()], ["copy"], out.decisions())
                self.assertEqual(self.payloads(out.folder / "video_360p.mp4", "v:0"), self.payloads(film, "v:0"))
                if kind != "ts" and out.decisions("audio")[0]["action"] == "copy":
                    self.assertEqual(self.payloads(out.folder / "audio_und.mp4", "a:0")[:100],
                                     self.payloads(film, "a:0")[:100])
                self.assertEqual(starts(out.folder, "video_360p"), [0, 2, 4, 6])
                self.assertLess(abs(out.report["audio"][0]["offset_ms"]), 10)

    def test_rungs_are_aligned_with_the_copy(self):
        film = self.compose("wide.mp4", *pictures("1280x720", 25, 7), *FITS, "-g", "60", "-b:v", "900k")
        out = self.transcode(film, "--ladder", "720p,360p")
        self.assertEqual([d["action"] for d in out.decisions()], ["copy", "encode"])
        self.assertEqual(starts(out.folder, "video_720p"), [0, 2.4, 4.8])
        self.assertEqual(starts(out.folder, "video_360p"), [0, 2.4, 4.8])

    def test_a_clip_copies_whole_groups_only(self):
        film = self.compose("fits.mp4", *pictures("640x360", 25, 7), *sound(7), *FITS)
        for text, action, frames in (("2-4", "copy", 50), ("2-4.5", "encode", 62), ("1-4", "encode", 75)):
            out = self.transcode(film, "--clip", text)
            self.assertEqual(out.decisions()[0]["action"], action, text)
            self.assertAlmostEqual(len(frame_times(out.folder / "video_360p.mp4")), frames, delta=1)

    def test_what_is_not_copied_is_told(self):
        base = [*pictures("640x360", 25, 3)]
        fast = [*X264, "-crf", "40", "-g", "25"]
        for name, args, words in [
                ("open.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "40", "-g", "27", "-bf", "3", "-x264-params",
                              "open-gop=1:scenecut=0:b-adapt=0"], "open"),
                ("anamorphic.mp4", [*fast, "-aspect", "4:3"], "square"),
                ("deep.mp4", [*fast, "-pix_fmt", "yuv420p10le"], "10 bit"),
                ("full.mp4", [*fast, "-color_range", "pc"], "full range"),
                ("rich.mp4", [*fast, "-crf", "2"], "cap"),
                ("mpeg4.mp4", ["-c:v", "mpeg4", "-b:v", "400k"], "mpeg4")]:
            with self.subTest(name):
                plan = self.engine("plan", self.compose(name, *base, *args), "--json", expect=0)
                self.assertNotIn('"copy"', plan.stdout)
                self.assertIn(words, plan.stdout)

    # ---- sound in time

    def offset(self, out, limit=10):
        for track in out.report["audio"]:
            self.assertLess(abs(track["offset_ms"]), limit)

    def test_sound_that_starts_late_or_early(self):
        base = self.compose("sound.mp4", *pictures("320x180", 25, 4), *sound(4), *X264, "-c:a", "aac")
        for name, args in [("late.mkv", ["-i", base, "-itsoffset", "0.9", "-i", base]),
                           ("early.mkv", ["-itsoffset", "0.6", "-i", base, "-i", base]),
                           ("late.mp4", ["-i", base, "-itsoffset", "0.9", "-i", base]),
                           ("early.mp4", ["-itsoffset", "0.6", "-i", base, "-i", base]),
                           ("late.ts", ["-i", base, "-itsoffset", "0.9", "-i", base])]:
            with self.subTest(name):
                film = self.compose(name, *args, "-map", "0:v", "-map", "1:a", "-c", "copy")
                out = self.transcode(film)
                self.offset(out)
                self.assertEqual(len(frame_times(next(out.folder.glob("video_*.mp4")))), 100)

    def test_sound_of_another_length(self):
        for name, video, audio in (("short.mp4", 4, 2), ("long.mp4", 2, 5)):
            with self.subTest(name):
                out = self.transcode(self.compose(name, *pictures("320x180", 25, video), *sound(audio), *X264, "-c:a", "aac"))
                self.offset(out)
                made = probe(out.folder / "audio_und.mp4", "-show_format")
                self.assertAlmostEqual(float(made["format"]["duration"]), audio, delta=0.05)

    def test_layouts_and_languages(self):
        for layout, channels in (("mono", 1), ("3.0", 2), ("5.1", 6), ("7.1", 6), ("6.0", 6), ("quad", 2)):
            with self.subTest(layout):
                film = self.compose(f"{layout}.mov", *pictures("320x180", 25, 2), *sound(2, layout), *X264, "-c:a", "pcm_s16le")
                out = self.transcode(film)
                self.assertEqual(stream(out.folder / "audio_und.mp4", "a:0")["channels"], channels)
                self.offset(out)
        film = self.compose("two.mkv", *pictures("320x180", 25, 2), *sound(2), *sound(2, "mono"), "-map", "0:v", "-map",
                            "1:a", "-map", "2:a", "-map", "2:a", *X264, "-c:a", "flac", "-metadata:s:a:0", "language=eng",
                            "-metadata:s:a:1", "language=deu", "-metadata:s:a:2", "language=deu")
        out = self.transcode(film)
        self.assertEqual(sorted(p.name for p in out.folder.glob("audio_*.mp4")),
                         ["audio_deu.mp4", "audio_deu_2.mp4", "audio_eng.mp4"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
