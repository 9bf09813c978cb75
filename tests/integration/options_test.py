#!/usr/bin/env python3
"""Every option of `videoforge transcode`: that it does what it says, and that nonsense is refused with
exit 2 and a sentence that names it."""
import json
import os
import re
import stat
import subprocess
import unittest

from engine import (EngineTest, X264, ffmpeg, frame_hashes, frame_times, mean, picture, pictures, probe, sound, ssim,
                    stream, tool)

SRT = "1\n00:00:00,200 --> 00:00:01,800\nHAMBURG\n"
VTT = "WEBVTT\n\n00:00.200 --> 00:01.800\nHAMBURG\n"
ASS = ("[Script Info]\nScriptType: v4.00+\nPlayResX: 320\nPlayResY: 180\n\n[V4+ Styles]\n"
       "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
       "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
       "MarginR, MarginV, Encoding\n"
       "Style: Default,Sans,24,&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1\n\n"
       "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
       "Dialogue: 0,0:00:00.20,0:00:01.80,Default,,0,0,0,,HAMBURG\n")


class Options(EngineTest):
    def film(self):
        """Two seconds with sound that cannot be copied: its rate is far above the cap."""
        return self.compose("film.mp4", *pictures("640x360", 25, 2), *sound(2), *X264, "-qp", "6", "-g", "100",
                            "-c:a", "aac")

    def dark(self):
        return self.compose("dark.mp4", "-f", "lavfi", "-i", "color=c=0x202020:size=320x180:rate=25:duration=2", *X264)

    # ---- ladder, codecs, quality

    def test_the_default_ladder(self):
        film = self.compose("wide.mp4", *pictures("1280x720", 25, 1), *sound(1), *X264, "-g", "100", "-qp", "10",
                            "-c:a", "aac")
        out = self.transcode(film, "--json")
        report = json.loads(out.stdout)
        self.assertEqual(report, out.report)
        self.assertEqual([r["file"] for r in report["renditions"]],
                         ["video_720p.mp4", "video_480p.mp4", "video_360p.mp4"])
        for rendition, size in zip(report["renditions"], [(1280, 720), (854, 480), (640, 360)]):
            made = out.folder / rendition["file"]
            self.assertEqual((stream(made)["width"], stream(made)["height"]), size)
            self.assertEqual(len(frame_times(made)), 25)
            # Reference: ffmpeg's own scaling of the same frames.
            self.assertGreater(ssim(made, film, f"scale={size[0]}:{size[1]}:flags=lanczos"), 0.94)
            self.assertAlmostEqual(float(stream(made)["duration"]), 1.0, delta=0.041)
        self.assertAlmostEqual(float(probe(out.folder / "audio_und.mp4", "-show_format")["format"]["duration"]), 1.0,
                               delta=0.05)
        lines = [json.loads(line) for line in out.stderr.splitlines()]
        self.assertTrue(lines and all(l["event"] == "progress" for l in lines))
        shares = [l["percentage"] for l in lines]
        self.assertEqual(shares, sorted(shares))
        self.assertEqual(shares[-1], 100)
        for name in ("master.m3u8", "manifest.mpd", "poster.jpg", "storyboard.jpg", "storyboard.vtt", "index.html"):
            self.assertGreater((out.folder / name).stat().st_size, 0, name)

    def test_a_rung_above_the_source_is_not_enlarged(self):
        out = self.transcode(self.film(), "--ladder", "2160p,360p", "--no-audio", "--clip", "0-0.4")
        self.assertEqual([(r["width"], r["height"]) for r in out.report["renditions"]], [(640, 360)])

    def test_several_codecs(self):
        out = self.transcode(self.film(), "--codec", "h264,hevc,av1,vp9", "--ladder", "360p", "--clip", "0-0.6",
                             "--no-audio")
        found = {p.name: stream(p)["codec_name"] for p in out.folder.glob("video_*.mp4")}
        self.assertEqual(found, {"video_360p.mp4": "h264", "video_360p_hevc.mp4": "hevc", "video_360p_av1.mp4": "av1",
                                 "video_360p_vp9.mp4": "vp9"})
        for name in found:
            self.assertEqual(len(frame_times(out.folder / name)), 15, name)
            self.assertGreater(ssim(out.folder / name, self.film()), 0.93, name)

    def test_quality_and_speed_change_the_size(self):
        sizes = []
        for quality in ("low", "medium", "high", "12"):
            out = self.transcode(self.film(), "--quality", quality, "--ladder", "360p", "--no-audio", "--clip", "0-0.6")
            sizes.append((out.folder / "video_360p.mp4").stat().st_size)
        self.assertEqual(sizes, sorted(sizes))
        self.assertGreater(sizes[-1], 1.3 * sizes[0])
        out = self.transcode(self.film(), "--speed", "ultrafast", "--ladder", "360p", "--no-audio", "--clip", "0-0.6")
        self.assertGreater(ssim(out.folder / "video_360p.mp4", self.film()), 0.9)

    # ---- presets

    def test_presets(self):
        mine = self.write("mine.json", json.dumps({"name": "mine", "description": "d", "options": {
            "ladder": ["360p"], "codecs": ["hevc"], "audio": False}}))
        out = self.transcode(self.film(), "--preset", mine, "--clip", "0-0.4")
        self.assertEqual(stream(out.folder / "video_360p.mp4")["codec_name"], "hevc")
        self.assertFalse(list(out.folder.glob("audio_*")))
        # What is typed wins over the preset.
        out = self.transcode(self.film(), "--preset", mine, "--codec", "h264", "--clip", "0-0.4")
        self.assertEqual(stream(out.folder / "video_360p.mp4")["codec_name"], "h264")
        for name in [p["name"] for p in json.loads(self.engine("presets", "--json", expect=0).stdout)]:
            self.engine("plan", self.film(), "--preset", name, "--json", "--clip", "0-0.2", expect=0)

    def test_a_wrong_preset_is_told_where(self):
        for number, (text, words) in enumerate([
                ("{", "json"), ("[]", "preset"), ('{"name":"a"}', "/"),
                ('{"name":"a","description":"b","options":{"codec":["h264"]}}', "/codec"),
                ('{"name":"a","description":"b","options":{"quality":7}}', "/quality"),
                ('{"name":"a","description":"b","options":{"ladder":["999p"]}}', "999p"),
                ('{"name":"a","description":"b","options":{"crop":{"width":"x"}}}', "/crop"),
                ('{"name":"a","description":"b","options":[]}', "options"), ("", "json")]):
            self.refused(self.film(), "--preset", self.write(f"wrong{number}.json", text), words=words)

    # ---- nonsense

    def test_nonsense_is_refused_by_name(self):
        film = self.film()
        for option, value, words in [
                ("--ladder", "999p", "999p"), ("--ladder", ",", "rung"), ("--codec", "mpeg2", "mpeg2"),
                ("--codec", "h264,h264", "twice"), ("--quality", "99", "quality"), ("--quality", "nan", "quality"),
                ("--quality", "-1", "quality"), ("--quality", "60", "quality"), ("--speed", "warp", "speed"),
                ("--preset", "none", "preset"), ("--preset", "missing.json", "missing.json"),
                ("--clip", "10-20", "clip"), ("--clip", "5-2", "clip"), ("--clip", "1-0", "clip"),
                ("--clip", "0-0", "clip"), ("--clip", "-", "--clip"), ("--clip", "0:0:0:1-", "--clip"),
                ("--clip", "1e300-", "clip"), ("--clip", "0-1e300", "clip"), ("--clip", "nan-", "--clip"),
                ("--clip", "--5", "clip"), ("--crop", "10x10+0+0", "crop"), ("--crop", "2000x100+0+0", "crop"),
                ("--crop", "2147483647x16+2147483647+0", "crop"), ("--crop", "99999999999x16+0+0", "crop"),
                ("--crop", "100x100", "--crop"), ("--loudness", "nan", "loudness"), ("--loudness", "3", "loudness"),
                ("--loudness", "abc", "--loudness"), ("--poster-at", "nan", "poster"), ("--poster-at", "-1", "poster"),
                ("--encrypt", "rot13", "encryption"), ("--subtitles", "foo", "subtitles"),
                ("--subtitles", "burn", "subtitles"), ("--subtitles", "burn:de", "subtitles"),
                ("--subtitles", "burn:./none.srt", "none.srt"), ("--watermark", "none.png", "none.png"),
                ("--watermark", f"{film},top-left,2", "--watermark"), ("--workers", "0", "--workers")]:
            with self.subTest(option=option, value=value):
                self.refused(film, f"{option}={value}", words=words)
        self.refused(film, "--bogus", words="--bogus")
        self.refused(film, "--encrypt", "cbcs", "--codec", "av1", words=("cbcs", "av1"))

    # ---- clip, crop, watermark

    def test_a_clip_is_exact_to_the_frame(self):
        film = self.film()
        whole = frame_times(film)
        for text, first, last in [("0.5-1.5", 0.5, 1.5), ("1.23-", 1.23, 9), ("-0.7", 0, 0.7), ("0:01-0:00:01.6", 1, 1.6),
                                  ("1-100", 1, 9)]:
            with self.subTest(clip=text):
                out = self.transcode(film, f"--clip={text}", "--ladder", "360p")
                wanted = [t for t in whole if first - 1e-6 <= t < last - 1e-6]
                made = out.folder / "video_360p.mp4"
                self.assertEqual(len(frame_times(made)), len(wanted))
                self.assertAlmostEqual(frame_times(made)[0], 0, delta=0.001)
                self.assertGreater(ssim(made, film, f"trim=start={wanted[0]},setpts=PTS-STARTPTS"), 0.92)
                length = wanted[-1] - wanted[0] + 0.04
                audio = float(probe(out.folder / "audio_und.mp4", "-show_format")["format"]["duration"])
                self.assertAlmostEqual(audio, length, delta=0.05)

    def test_a_crop(self):
        out = self.transcode(self.film(), "--crop", "320x180+300+100", "--no-audio", "--clip", "0-0.4")
        made = next(out.folder.glob("video_*.mp4"))
        self.assertEqual((stream(made)["width"], stream(made)["height"]), (320, 180))
        self.assertGreater(ssim(made, self.film(), "crop=320:180:300:100"), 0.93)
        self.assertLess(ssim(made, self.film(), "crop=320:180:0:0"), 0.8)

    def test_a_watermark(self):
        mark = self.compose("mark, of ours.png", "-f", "lavfi", "-i", "color=c=white@1.0:size=32x32,format=rgba",
                            "-frames:v", "1")
        half = self.compose("half.png", "-f", "lavfi", "-i", "color=c=white@0.5:size=32x32,format=rgba", "-frames:v", "1")
        plain = mean(picture(self.dark()))
        box = {"top-left": "crop=60:60:0:0", "top-right": "crop=60:60:iw-60:0",
               "bottom-left": "crop=60:60:0:ih-60", "bottom-right": "crop=60:60:iw-60:ih-60",
               "center": "crop=60:60:(iw-60)/2:(ih-60)/2"}
        for corner, crop in box.items():
            out = self.transcode(self.dark(), "--watermark", f"{mark},{corner}", "--clip", "0-0.2")
            made = next(out.folder.glob("video_*.mp4"))
            for other, where in box.items():
                level = mean(picture(made, filters=where))
                if other == corner:
                    self.assertGreater(level, plain + 15, corner)
                else:
                    self.assertAlmostEqual(level, plain, delta=3, msg=f"{corner}: {other}")
        levels = []
        for file, opacity in ((mark, 1), (mark, 0.5), (half, 1), (half, 0.5), (mark, 0)):
            out = self.transcode(self.dark(), "--watermark", f"{file},top-left,{opacity}", "--clip", "0-0.2")
            levels.append(max(picture(next(out.folder.glob("video_*.mp4")))) - plain)
        self.assertAlmostEqual(levels[1], levels[0] / 2, delta=12)
        self.assertAlmostEqual(levels[2], levels[0] / 2, delta=12)
        self.assertAlmostEqual(levels[3], levels[0] / 4, delta=12)
        self.assertAlmostEqual(levels[4], 0, delta=4)

    def test_a_watermark_that_is_no_picture(self):
        text = self.write("text.png", "this is not a picture\n" * 10)
        self.refused(self.dark(), "--watermark", text, code=3, words="watermark")
        self.refused(self.dark(), "--watermark", self.write("empty.png", ""), code=3)
        self.refused(self.dark(), "--watermark", self.folder, words="folder")

    # ---- subtitles

    def bright(self, path, at):
        return max(picture(path, at))

    def test_subtitle_files_are_burnt(self):
        for name, text in (("a.srt", SRT), ("a.vtt", VTT), ("a.ass", ASS)):
            with self.subTest(name):
                out = self.transcode(self.dark(), "--subtitles", f"burn:{self.write(name, text)}", "--ladder", "360p")
                made = next(out.folder.glob("video_*.mp4"))
                self.assertLess(self.bright(made, 0.08), 60)
                self.assertGreater(self.bright(made, 1.0), 150)
                self.assertLess(self.bright(made, 1.9), 60)
                self.assertFalse(list(out.folder.glob("sub_*")))
        self.refused(self.dark(), "--subtitles", f"burn:{self.write('no.srt', 'nothing of the kind')}", code=3)

    def test_the_films_own_subtitles(self):
        srt = self.write("own.srt", SRT)
        film = self.compose("own.mkv", "-i", self.dark(), "-i", srt, "-map", "0:v", "-map", "1:s", "-map", "1:s", "-c:v",
                            "copy", "-c:s", "srt", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=deu")
        out = self.transcode(film)
        self.assertEqual(sorted(p.name for p in out.folder.glob("sub_*.vtt")), ["sub_deu.vtt", "sub_eng.vtt"])
        self.assertIn("HAMBURG", (out.folder / "sub_eng.vtt").read_text())
        out = self.transcode(film, "--subtitles", "none")
        self.assertFalse(list(out.folder.glob("sub_*")))
        out = self.transcode(film, "--subtitles", "burn:deu")
        self.assertGreater(self.bright(next(out.folder.glob("video_*.mp4")), 1.0), 150)
        self.refused(film, "--subtitles", "burn:fra", words=("fra", "eng", "deu"))

    def test_picture_subtitles_are_burnt(self):
        for codec in ("dvdsub", "dvbsub"):
            with self.subTest(codec):
                try:
                    source = self.picture_subtitle(codec)
                except AssertionError as reason:
                    self.skipTest(f"this ffmpeg makes no {codec}: {reason}")
                out = self.transcode(source, "--subtitles", "burn")
                made = next(out.folder.glob("video_*.mp4"))
                self.assertGreater(self.bright(made, 1.0), 150)
                self.assertLess(self.bright(made, 0.1), 60)

    def picture_subtitle(self, codec):
        """A PGS stream written by hand (one white bar), then coded anew as `codec`."""
        bar = self.write("bar.sup", pgs(320, 180, 200, 20, 60, 120, 0.4, 1.6))
        return self.compose(f"{codec}.mkv", "-i", self.dark(), "-i", bar, "-map", "0:v", "-map", "1:s", "-c:v", "copy",
                            "-c:s", codec)

    def test_blu_ray_subtitles_are_burnt(self):
        bar = self.write("bar.sup", pgs(320, 180, 200, 20, 60, 120, 0.4, 1.6))
        film = self.compose("pgs.mkv", "-i", self.dark(), "-i", bar, "-map", "0:v", "-map", "1:s", "-c", "copy")
        out = self.transcode(film, "--subtitles", "burn")
        made = next(out.folder.glob("video_*.mp4"))
        inside, outside = "crop=180:10:70:125", "crop=300:40:0:0"
        self.assertGreater(mean(picture(made, 1.0, filters=inside)), 180)
        self.assertLess(mean(picture(made, 1.0, filters=outside)), 50)
        self.assertLess(mean(picture(made, 0.1, filters=inside)), 50)
        self.assertLess(mean(picture(made, 1.8, filters=inside)), 50)
        kept = self.transcode(film)
        self.assertIn("pictures", [d["reason"] for d in kept.decisions("subtitle")][0])

    # ---- sound

    def test_loudness(self):
        film = self.compose("quiet.mp4", *pictures("320x180", 10, 6), *sound(6), "-af", "volume=0.2", *X264, "-c:a", "aac")
        for wanted in (-16, -30):
            out = self.transcode(film, "--loudness", wanted, "--ladder", "360p")
            done = subprocess.run(["ffmpeg", "-nostdin", "-i", str(out.folder / "audio_und.mp4"), "-af", "ebur128", "-f",
                                   "null", "-"], capture_output=True, text=True, timeout=60)
            measured = float(re.findall(r"I:\s+(-?[0-9.]+) LUFS", done.stderr)[-1])
            self.assertAlmostEqual(measured, wanted, delta=1)

    def test_no_audio(self):
        out = self.transcode(self.film(), "--no-audio", "--ladder", "360p", "--clip", "0-0.4")
        self.assertFalse(list(out.folder.glob("audio_*")))
        self.assertNotIn("TYPE=AUDIO", (out.folder / "master.m3u8").read_text())

    # ---- encryption

    def check_cbcs(self, *args):
        clear = self.transcode(*args)
        secret = self.transcode(*args, "--encrypt", "cbcs")
        key = (secret.folder / "key.bin").read_bytes().hex()
        self.assertEqual(len(key), 32)
        for path in [*clear.folder.glob("video_*.mp4"), *clear.folder.glob("audio_*.mp4")]:
            select = "0:a:0" if path.name.startswith("audio") else "0:v:0"
            hashes = frame_hashes(path, select=select)
            coded = secret.folder / path.name
            self.assertEqual(frame_hashes(coded, "-decryption_key", key, select=select), hashes, path.name)
            self.assertNotEqual(path.read_bytes()[-2000:], coded.read_bytes()[-2000:])
        self.assertIn("SAMPLE-AES", (secret.folder / next(p.name for p in secret.folder.glob("video_*.m3u8"))).read_text())
        return secret

    def test_cbcs(self):
        self.check_cbcs(self.film(), "--ladder", "360p", "--codec", "h264,hevc", "--clip", "0-1")

    def test_cbcs_over_a_copy(self):
        film = self.compose("fits.mp4", *pictures("640x360", 25, 3), *sound(3), *X264, "-preset", "medium", "-b:v", "300k",
                            "-g", "25", "-x264-params", "open-gop=0:scenecut=0", "-c:a", "aac")
        secret = self.check_cbcs(film, "--ladder", "360p")
        self.assertEqual([d["action"] for d in secret.decisions()], ["copy"])

    def test_aes128(self):
        clear = self.transcode(self.film(), "--ladder", "360p")
        secret = self.transcode(self.film(), "--ladder", "360p", "--encrypt", "aes128")
        key = (secret.folder / "key.bin").read_bytes().hex()
        for name in ("video_360p", "audio_und"):
            playlist = (secret.folder / f"{name}.m3u8").read_text()
            self.assertIn("METHOD=AES-128", playlist)
            joined = self.decrypt(secret.folder, playlist, key)
            whole = self.write(f"{name}_opened.mp4", joined)
            select = "0:a:0" if name.startswith("audio") else "0:v:0"
            self.assertEqual(frame_hashes(whole, select=select), frame_hashes(clear.folder / f"{name}.mp4", select=select))
        self.assertFalse((secret.folder / "manifest.mpd").exists(), "DASH cannot play this")

    @staticmethod
    def decrypt(folder, playlist, key):
        """Every segment by itself, as RFC 8216 4.3.2.4 has it."""
        iv, out, size, at = None, b"", 0, 0
        for line in playlist.splitlines():
            if found := re.search(r"METHOD=AES-128.*?IV=0x([0-9a-fA-F]+)", line):
                iv = found.group(1)
            elif line.startswith("#EXT-X-KEY:METHOD=NONE"):
                iv = None
            elif found := re.search(r"#EXT-X-MAP:URI=\"([^\"]+)\",BYTERANGE=\"(\d+)@(\d+)\"", line):
                data = (folder / found.group(1)).read_bytes()
                out += data[int(found.group(3)):int(found.group(3)) + int(found.group(2))]
            elif found := re.match(r"#EXT-X-BYTERANGE:(\d+)(?:@(\d+))?", line):
                size = int(found.group(1))
                at = int(found.group(2)) if found.group(2) else at
            elif line and not line.startswith("#"):
                piece = (folder / line).read_bytes()[at:at + size]
                at += size
                out += subprocess.run(["openssl", "enc", "-d", "-aes-128-cbc", "-K", key, "-iv", iv], input=piece,
                                      capture_output=True, check=True).stdout
        return out

    # ---- poster

    def test_the_poster_is_the_picture_asked_for(self):
        film = self.compose("colours.mp4", "-f", "lavfi", "-i", "color=red:size=320x180:rate=25:duration=1", "-f", "lavfi",
                            "-i", "color=blue:size=320x180:rate=25:duration=1", "-lavfi", "concat=n=2", *X264, "-g", "25")
        for at, channel in ((0.2, 0), (1.6, 2), (99, 2)):
            with self.subTest(at=at):
                out = self.transcode(film, "--poster-at", at)
                pixels = picture(out.folder / "poster.jpg", pixel_format="rgb24")
                levels = [mean(pixels[c::3]) for c in range(3)]
                self.assertEqual(levels.index(max(levels)), channel, levels)

    # ---- files and folders

    def test_strange_file_names(self):
        source = self.compose("plain.mp4", *pictures("320x180", 25, 1), *X264).read_bytes()
        names = ["-i.mp4", "with space.mp4", "it's \"quoted\" $(x) `y`.mp4", "new\nline.mp4", "a" * 251 + ".mp4",
                 "\u202eتجربة.mp4", "%s%n.mp4", "concat:a|b.mp4", "file:x.mp4", "-", "\\back.mp4"]
        folder = self.folder / "names"
        folder.mkdir()
        for number, name in enumerate(names):
            with self.subTest(name=name):
                (folder / name).write_bytes(source)
                out = self.engine("transcode", "-o", folder / f"o{number}", "--json", "--", name, cwd=folder, expect=0)
                self.assertTrue((folder / f"o{number}" / "master.m3u8").exists())
                json.loads(out.stdout)
        odd = folder / "out it's\n\"x\" <b>"
        self.engine("transcode", "with space.mp4", "-o", odd, cwd=folder, expect=0)
        self.assertEqual(len(frame_times(next(odd.glob("video_*.mp4")))), 25)
        raw = os.fsencode(folder) + b"/\xff\xfe.mp4"
        with open(raw, "wb") as file:
            file.write(source)
        self.engine("transcode", os.fsdecode(raw), "-o", folder / "raw", "--json", expect=0)

    def test_inputs_that_are_no_files(self):
        self.refused(self.folder, words="folder")
        self.refused(self.folder / "missing.mp4", words="missing.mp4")
        self.refused("/dev/zero", words="regular")
        pipe = self.folder / "pipe.mp4"
        os.mkfifo(pipe)
        self.refused(pipe, words="regular")
        if os.geteuid() != 0:
            locked = self.write("locked.mp4", b"x")
            locked.chmod(0)
            self.refused(locked)

    def test_output_folders(self):
        foreign = self.folder / "foreign"
        foreign.mkdir()
        (foreign / "letter.txt").write_text("mine")
        out = self.engine("transcode", self.dark(), "-o", foreign, expect=2)
        self.assertIn("foreign", out.sentence)
        self.assertEqual([p.name for p in foreign.iterdir()], ["letter.txt"])
        out = self.engine("transcode", self.dark(), "-o", self.write("file.txt", "x"), expect=2)
        self.assertIn("file.txt", out.sentence)
        self.engine("transcode", self.dark(), expect=2)
        own = self.folder / "deep" / "er" / "own"
        self.engine("transcode", self.dark(), "-o", own, expect=0)
        self.engine("transcode", self.dark(), "-o", own, "--clip", "0-1", expect=0)
        self.assertEqual(len(frame_times(next(own.glob("video_*.mp4")))), 25)

    def test_an_interrupt(self):
        film = self.compose("long.mp4", *pictures("1280x720", 25, 12), *X264)
        folder = self.folder / "stopped"
        with subprocess.Popen([os.environ["VIDEOFORGE_BIN"], "transcode", str(film), "-o", str(folder), "--work",
                               str(self.folder / "work2"), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as job:
            job.stderr.readline()
            job.send_signal(2)
            self.assertEqual(job.wait(timeout=20), 130)
        self.assertFalse((folder / "master.m3u8").exists())

    def test_errors_as_json(self):
        out = self.engine("transcode", self.write("text.mp4", "no video at all " * 99), "-o", self.folder / "x", "--json",
                          expect=3)
        error = json.loads(out.stdout)["error"]
        self.assertTrue(error["code"] and error["message"])


def pgs(width, height, bar_width, bar_height, x, y, start, end):
    """A Blu-ray subtitle file (.sup): a white bar from `start` to `end` seconds."""
    def segment(kind, seconds, body):
        return b"PG" + int(seconds * 90000).to_bytes(4, "big") + bytes(4) + bytes([kind]) + len(body).to_bytes(
            2, "big") + body

    def two(*values):
        return b"".join(v.to_bytes(2, "big") for v in values)

    line = bytes([0, 0xC0 | bar_width >> 8, bar_width & 255, 1, 0, 0])  # a run of colour 1, end of line
    rows = line * bar_height
    window = bytes([1, 0]) + two(x, y, bar_width, bar_height)
    def cleared(number, seconds):
        return (segment(0x16, seconds, two(width, height) + bytes([0x10]) + two(number) + bytes([0, 0, 0, 0])) +
                segment(0x17, seconds, window) + segment(0x80, seconds, b""))

    shown = cleared(0, 0)  # the file's clock starts at 0: ffmpeg would move what begins later
    shown += segment(0x16, start, two(width, height) + bytes([0x10]) + two(1) + bytes([0x80, 0, 0, 1]) + two(0) +
                     bytes([0, 0]) + two(x, y))
    shown += segment(0x17, start, window)
    shown += segment(0x14, start, bytes([0, 0, 1, 235, 128, 128, 255]))
    shown += segment(0x15, start, two(0) + bytes([0, 0xC0]) + (len(rows) + 4).to_bytes(3, "big") +
                     two(bar_width, bar_height) + rows)
    shown += segment(0x80, start, b"")
    return shown + cleared(2, end)


if __name__ == "__main__":
    unittest.main(verbosity=2)
