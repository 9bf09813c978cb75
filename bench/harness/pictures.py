"""Whether pictures are right: as many, and the same ones. A fast wrong answer fails."""

import math
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .measure import Failed

KINDS = {".jpg": "mjpeg", ".png": "png", ".webp": "webp"}
COMPARED = 7            # pictures of each result, evenly spread
WIDTH, HEIGHT = 320, 180


@dataclass
class Pictures:
    count: int
    bytes: int
    samples: list  # small gray pictures, evenly spread


def _decoded(data, kind):
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "image2pipe", "-c:v", kind, "-i", "-", "-vf",
                           f"scale={WIDTH}:{HEIGHT}:flags=area", "-pix_fmt", "gray", "-f", "rawvideo", "-"],
                          input=data, capture_output=True)
    if done.returncode or len(done.stdout) != WIDTH * HEIGHT:
        raise Failed(f"a picture could not be decoded: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return done.stdout


def read(path):
    """The pictures of an archive, or a single one."""
    path = Path(path)
    if path.suffix != ".zip":
        data = path.read_bytes()
        return Pictures(1, len(data), [_decoded(data, KINDS[path.suffix])])
    with zipfile.ZipFile(path) as archive:
        entries = sorted((e for e in archive.infolist() if Path(e.filename).suffix in KINDS), key=lambda e: e.filename)
        if not entries:
            raise Failed("there is no picture in the archive")
        chosen = sorted({round(i * (len(entries) - 1) / (COMPARED - 1)) for i in range(COMPARED)})
        samples = [_decoded(archive.read(entries[i]), KINDS[Path(entries[i].filename).suffix]) for i in chosen]
        return Pictures(len(entries), sum(e.file_size for e in entries), samples)


def psnr(a, b):
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a)
    return 99.0 if error == 0 else 10 * math.log10(255 * 255 / error)


def same(ours, theirs, least):
    """The lowest PSNR of ours against theirs. Fails where it is under `least` dB, or where one has more."""
    if ours.count != theirs.count:
        raise Failed(f"ours are {ours.count} pictures, the peer's {theirs.count}")
    lowest = min(psnr(a, b) for a, b in zip(ours.samples, theirs.samples))
    if lowest < least:
        raise Failed(f"ours are other pictures than the peer's: {lowest:.1f} dB")
    return lowest
