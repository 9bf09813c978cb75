#!/usr/bin/env python3
"""The README's way through the service, run as it stands there against a server; and what the guides say of the
configuration: the reference page is what the program prints, settings and metrics that guides name exist."""

import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

BINARY = os.environ.get("VIDEOFORGE_BIN", "")
ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "docs/guides" / f"{name}.md"
          for name in ("install", "configure", "jobs", "playback", "operate", "troubleshoot", "uploads")]


def readme_lines():
    section = (ROOT / "README.md").read_text().split("## As a service")[1].split("\n## ")[0]
    return re.search(r"```sh\n(.*?)```", section, re.S).group(1)


def start(folder):
    environment = {**os.environ, "VIDEOFORGE_UPLOADS_DISK_MARGIN": "100M", "VIDEOFORGE_LOG_CONSOLE": "none"}
    server = subprocess.Popen([BINARY, "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, text=True, env=environment)
    said, ends = "", time.monotonic() + 30
    while '"bootstrapToken"' not in said and time.monotonic() < ends:
        said += server.stdout.readline()
    return server, re.search(r"http://\S+", said).group(0), re.search(r'"bootstrapToken": "([^"]+)"', said).group(1)


def walk_the_readme(folder):
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-f",
                    "lavfi", "-i", "sine=duration=2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
                    "-c:a", "aac", str(folder / "film.mp4")], check=True)
    server, url, token = start(folder)
    try:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", readme_lines()], cwd=folder, capture_output=True,
                              text=True, timeout=150, env={**os.environ, "url": url, "token": token})
        problems = [f"README: exit {done.returncode}: {done.stderr}"] if done.returncode else []
        if "event: done" not in done.stdout:
            problems.append(f"README: the events do not end with done: {done.stdout[-1500:]}")
        if '"state":"ready"' not in done.stdout:
            problems.append(f"README: the video is not ready: {done.stdout[-1500:]}")
        played = re.search(r'"hls":"(/api/stream/[^"]*/t/[^"]*)"', done.stdout)
        manifest = subprocess.run(["curl", "-s", url + (played.group(1) if played else "/")], capture_output=True,
                                  text=True).stdout
        if not manifest.startswith("#EXTM3U"):
            problems.append(f"README: what the playback token gives is no HLS manifest: {manifest[:200]}")
        try:
            pictures = [name for name in zipfile.ZipFile(folder / "frames.zip").namelist() if name.endswith(".jpg")]
            if len(pictures) != 10:
                problems.append(f"README: {len(pictures)} pictures came, not ten")
        except (OSError, zipfile.BadZipFile) as error:
            problems.append(f"README: frames.zip: {error}")
        problems += unknown_metrics(url)
        return problems
    finally:
        server.terminate()
        server.wait(30)


def unknown_metrics(url):
    """Metrics that the guide names are ones that the server gives."""
    given = subprocess.run(["curl", "-s", url + "/metrics"], capture_output=True, text=True).stdout
    named = set(re.findall(r"`(videoforge_[a-z_]+)`", (ROOT / "docs/guides/operate.md").read_text()))
    return [f"operate.md: nobody gives {name}" for name in sorted(named) if f"# HELP {name} " not in given]


def stale_reference():
    printed = subprocess.run([BINARY, "config", "reference"], capture_output=True, text=True).stdout
    kept = (ROOT / "docs/reference/configuration.md").read_text()
    if printed == kept:
        return []
    return ["docs/reference/configuration.md is not what `videoforge config reference` prints; write it anew"]


def unknown_settings():
    known = set(re.findall(r"^\| `([a-z_.]+)`", (ROOT / "docs/reference/configuration.md").read_text(), re.M))
    sections = {name.split(".")[0] for name in known if "." in name}
    named = {(guide.name, name) for guide in GUIDES
             for name in re.findall(r"`([a-z]+\.[a-z_]+)`", guide.read_text()) if name.split(".")[0] in sections}
    return [f"{guide}: `{name}` is no setting" for guide, name in sorted(named) if name not in known]


def broken_links():
    problems = []
    for page in [*GUIDES, ROOT / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                problems.append(f"{page.name}: there is no {target}")
    return problems


def main():
    problems = stale_reference() + unknown_settings() + broken_links()
    with tempfile.TemporaryDirectory() as name:
        problems += walk_the_readme(Path(name))
    print("\n".join(problems) or "the README's lines work, and the guides name what there is")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
