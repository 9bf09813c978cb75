"""What the tests of the whole engine share: composing small media with ffmpeg, running the binary, and
looking at the result with ffmpeg's tools, which know nothing of ours."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

BINARY = os.environ.get("VIDEOFORGE_BIN", "")
MEDIA = Path(os.environ["VIDEOFORGE_MEDIA_DIR"]) if os.environ.get("VIDEOFORGE_MEDIA_DIR") else None
FULL = os.environ.get("VIDEOFORGE_TEST_FULL") == "1"
SECONDS = 120  # no command may need longer

# Tagged, so that no guess of the matrix changes the pictures before they are compared.
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries",
        "bt709", "-color_trc", "bt709"]


def tool(*args, text=True, **options):
    """Runs a tool that has to succeed and returns what it prints."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=text, timeout=SECONDS, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(str(a) for a in args)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def ffmpeg(*args, **options):
    return tool("ffmpeg", "-v", "error", "-nostdin", "-y", *args, **options)


def pictures(size="320x180", rate=25, seconds=2, source="testsrc2"):
    """An input of moving pictures."""
    return ["-f", "lavfi", "-i", f"{source}=size={size}:rate={rate}:duration={seconds}"]


def sound(seconds=2, layout="stereo", rate=48000):
    """An input of sound that is nowhere like itself a little later: it shows every offset."""
    channels = {"mono": 1, "stereo": 2, "3.0": 3, "quad": 4, "5.1": 6, "6.0": 6, "7.1": 8}[layout]
    sweep = "|".join(f"0.3*sin(2*PI*({200 + 90 * c}*t+{150 + 10 * c}*t*t))*(0.6+0.4*sin(9*t))" for c in range(channels))
    return ["-f", "lavfi", "-i", f"aevalsrc=exprs='{sweep}':s={rate}:d={seconds}:c={layout}"]


def probe(path, *args):
    return json.loads(tool("ffprobe", "-v", "error", "-of", "json", *args, path))


def stream(path, select="v:0"):
    return probe(path, "-show_streams", "-select_streams", select)["streams"][0]


def packets(path, select="v:0", data=False):
    extra = ["-show_data_hash", "md5"] if data else []
    return probe(path, "-show_packets", "-select_streams", select, *extra)["packets"]


def frame_times(path):
    return [float(f["pts_time"]) for f in probe(path, "-show_frames", "-select_streams", "v:0",
                                                "-show_entries", "frame=pts_time")["frames"]]


def frame_count(path):
    """Decoded pictures; 0 without a video stream. Some containers keep no times to count by."""
    found = probe(path, "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames")["streams"]
    return int(found[0]["nb_read_frames"]) if found else 0


def frame_hashes(path, *before, select="0:v:0"):
    out = ffmpeg(*before, "-i", path, "-map", select, "-fps_mode", "passthrough", "-f", "framemd5", "-")
    return [line.split(",")[5].strip() for line in out.splitlines() if not line.startswith("#")]


def ssim(made, reference, reference_filter="null", made_filter="null"):
    """Luma SSIM of two videos, picture by picture in order; the second through a filter first."""
    graph = (f"[0:v]{made_filter},settb=1/25,setpts=N[a];[1:v]{reference_filter},settb=1/25,setpts=N,format=yuv420p[b];"
             "[a]format=yuv420p[c];[c][b]ssim=shortest=1")
    done = subprocess.run(["ffmpeg", "-v", "info", "-nostdin", "-i", str(made), "-i", str(reference),
                           "-lavfi", graph, "-f", "null", "-"], capture_output=True, text=True, timeout=SECONDS)
    found = re.search(r"SSIM Y:([0-9.]+)", done.stderr)
    if not found:
        raise AssertionError(done.stderr[-2000:])
    return float(found.group(1))


def picture(path, at=0.0, size=None, pixel_format="gray", filters="null"):
    """One frame as bytes."""
    scale = f",scale={size}" if size else ""
    return ffmpeg("-ss", str(at), "-i", path, "-frames:v", "1", "-vf", f"{filters}{scale}", "-pix_fmt", pixel_format,
                  "-f", "rawvideo", "-", text=False)


def mean(data):
    return sum(data) / max(1, len(data))


class Outcome:
    def __init__(self, done, folder):
        self.code = done.returncode
        self.stdout = done.stdout
        self.stderr = done.stderr
        self.folder = folder

    @property
    def report(self):
        return json.loads((self.folder / "report.json").read_text())

    @property
    def sentence(self):
        """The line that tells what is wrong."""
        lines = [l for l in self.stderr.splitlines() if l.startswith("videoforge: ")]
        return lines[-1].removeprefix("videoforge: ") if lines else ""

    def decisions(self, kind="video"):
        return [d for d in self.report["decisions"] if d["kind"] == kind]


@unittest.skipUnless(BINARY and shutil.which("ffmpeg"), "VIDEOFORGE_BIN or ffmpeg is missing")
class EngineTest(unittest.TestCase):
    """One folder and one work folder a class: what one test probed, the next need not."""

    @classmethod
    def setUpClass(cls):
        cls._folder = tempfile.TemporaryDirectory(prefix="videoforge-test-")
        cls.folder = Path(cls._folder.name)
        cls.work = cls.folder / "work"
        cls._count = 0

    @classmethod
    def tearDownClass(cls):
        cls._folder.cleanup()

    @classmethod
    def compose(cls, name, *args):
        """A file made by ffmpeg, once for the class."""
        path = cls.folder / name
        if not path.exists():
            ffmpeg(*args, path)
        return path

    @classmethod
    def write(cls, name, content):
        path = cls.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def engine(self, *args, expect=None, folder=None, **options):
        done = subprocess.run([BINARY, *[os.fspath(a) if isinstance(a, Path) else str(a) for a in args]],
                              capture_output=True, text=True, errors="replace", timeout=SECONDS,
                              env={**os.environ, "VIDEOFORGE_WORK": str(self.work)}, **options)
        out = Outcome(done, folder)
        if expect is not None:
            self.assertEqual(out.code, expect, f"{args}\nstdout: {out.stdout[-800:]}\nstderr: {out.stderr[-3000:]}")
        self.assertNotIn("unexpected fault", out.stderr)
        return out

    def transcode(self, source, *args, expect=0, **options):
        type(self)._count += 1
        folder = self.folder / f"out{self._count}"
        out = self.engine("transcode", source, "-o", folder, *args, expect=expect, folder=folder, **options)
        if expect == 0:
            self.assertTrue((folder / "master.m3u8").exists())
            for name in ("video", "audio"):
                for file in folder.glob(f"{name}_*.mp4"):
                    if not (folder / "key.bin").exists():
                        self.assertIn("video" if name == "video" else "audio", stream(file, "0")["codec_type"])
        else:
            self.assertFalse((folder / "master.m3u8").exists(), "a set was published by a job that failed")
            self.assert_sentence(out)
        return out

    def assert_sentence(self, out):
        """One plain sentence, of words, on one line."""
        self.assertTrue(out.sentence or out.stderr.strip(), f"nothing was said: {out.stdout}")
        for line in out.stderr.splitlines():
            self.assertNotRegex(line, r"terminate called|Assertion|Sanitizer|core dumped")

    def refused(self, source, *args, code=2, words=(), **options):
        out = self.transcode(source, *args, expect=code, **options)
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word.lower(), out.stderr.lower())
        return out
