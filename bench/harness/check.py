"""Whether a result is right: frames counted, pictures compared with the source. A fast wrong answer
fails."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .measure import Failed


@dataclass
class Video:
    width: int
    height: int
    frames: int
    bit_rate: float  # of the packets, without the container
    ssim: float      # luma, against the source scaled to this size by ffmpeg's bicubic


def _tool(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{command[0]} could not read the result: {done.stderr.strip()[-300:]}")
    return done


def shape(path):
    """(width, height, frames, duration in seconds, bytes of packets) of the first video stream."""
    said = _tool("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries",
                 "stream=width,height:packet=size,pts_time", "-of", "json", str(path)).stdout
    found = json.loads(said)
    if not found.get("streams"):
        raise Failed(f"{Path(path).name} has no video")
    packets, stream = found.get("packets", []), found["streams"][0]
    # Not every demuxer gives each packet a duration: the time covered is that of the first to the last
    # picture, and one more.
    times = [float(p["pts_time"]) for p in packets if "pts_time" in p]
    seconds = (max(times) - min(times)) * len(times) / (len(times) - 1) if len(times) > 1 else 0
    return stream["width"], stream["height"], len(packets), seconds, sum(int(p["size"]) for p in packets)


def ssim(source, result, width, height):
    said = _tool("ffmpeg", "-hide_banner", "-nostdin", "-nostats", "-i", str(result), "-i", str(source), "-lavfi",
                 f"[0:v]setpts=N/TB/25,format=yuv420p[a];[1:v]scale={width}:{height}:flags=bicubic,setpts=N/TB/25,format=yuv420p[b];"
                 "[a][b]ssim", "-an", "-f", "null", "-").stderr
    match = re.search(r"SSIM Y:([0-9.]+)", said)
    if not match:
        raise Failed(f"no similarity for {Path(result).name}")
    return float(match[1])


def video(source, result):
    """Measures a result, and fails it when its frames are not the source's."""
    if not Path(result).is_file():
        raise Failed(f"{Path(result).name} was not written")
    width, height, frames, seconds, size = shape(result)
    expected = shape(source)[2]
    if frames != expected:
        raise Failed(f"{Path(result).name} has {frames} frames, the source {expected}")
    return Video(width, height, frames, 8 * size / max(seconds, 1e-9), ssim(source, result, width, height))


def same_quality(ours, theirs):
    """Fails where ours is worse, or as good only for many more bits."""
    for a, b in zip(ours, theirs, strict=True):
        if (a.width, a.height) != (b.width, b.height):
            raise Failed(f"sizes differ: {a.width}x{a.height} and {b.width}x{b.height}")
        if a.ssim < b.ssim - 0.005:
            raise Failed(f"{a.height}p: our SSIM {a.ssim:.4f} is below the peer's {b.ssim:.4f}")
        if a.bit_rate > b.bit_rate * 1.06 and a.ssim < b.ssim + 0.002:
            raise Failed(f"{a.height}p: ours takes {a.bit_rate / b.bit_rate - 1:.1%} more bits at the same SSIM")
