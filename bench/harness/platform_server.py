"""The platform under load: one `videoforge serve` with its workers, as a user has it."""

import base64
import os
import shutil
import struct
import subprocess
import time
from contextlib import contextmanager
from statistics import median

from . import plot, playable
from .measure import Failed
from .serving import cpu_seconds, load, nginx

BLOCK = os.urandom(8 << 20)
PER_REQUEST = 8  # blocks


def start_seconds(place, data, port):
    """From the command to the first /ready that says yes, and the end of that server."""
    begun = time.monotonic()
    server = playable.launch(place, data, port)
    try:
        while True:
            try:
                if playable.Client(port).ask("GET", "/ready")[0] == 200:
                    return time.monotonic() - begun
            except OSError:
                pass
            if time.monotonic() - begun > 20:
                raise Failed("the server was not ready after 20 s")
            time.sleep(0.002)
    finally:
        server.terminate()
        server.wait(60)


def starts(place, case):
    data = place.scratch / "starts"
    shutil.rmtree(data, ignore_errors=True)
    first = start_seconds(place, data, 20100)
    again = [start_seconds(place, data, 20101 + i) for i in range(case["start"]["rounds"])]
    return {"first": first, "again": again, "seconds": median(again)}


def wait_ready(client, video):
    until = time.monotonic() + 300
    while (state := client.json("GET", f"/api/videos/{video}")["state"]) != "ready":
        if state == "failed" or time.monotonic() > until:
            raise Failed(f"the film is {state}")
        time.sleep(0.2)


def own_cpu(pid):
    """Of the process alone, without the workers' children."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def idle(client, case):
    time.sleep(5)
    before = cpu_seconds(client.pid)
    time.sleep(case["idle"]["seconds"])
    return (cpu_seconds(client.pid) - before) / case["idle"]["seconds"]


def reads(place, client, case, video):
    """Details of a video, as fast as they go: alone, for what they cost, then beside a transcode."""
    where, field = f"127.0.0.1:{client.port}", f"X-API-Key: {client.key}"
    ask = ["get", where, f"/api/videos/{video}", case["connections"], case["seconds"], 0, field]
    alone = []
    for _ in range(case["pairs"]):
        before = own_cpu(client.pid)
        said = load(place, client.pid, *ask)
        alone.append({**said, "per_cpu": said["requests"] / (own_cpu(client.pid) - before)})
    other, _ = playable.upload(client, place.sources.path(case["transcode"]["film"]))
    playable.first_segment(client, other)
    beside = [load(place, client.pid, *ask) for _ in range(case["pairs"])]
    busy = [load(place, client.pid, *ask[:5], 200, field) for _ in range(case["pairs"])]
    if client.json("GET", f"/api/videos/{other}")["state"] != "playable":
        raise Failed("the transcode was over before the readers were")
    client.ask("DELETE", f"/api/videos/{other}")
    return {"alone": alone, "beside": beside, "steady": busy, "per_cpu": median(t["per_cpu"] for t in alone)}


def playback(place, client, case, video):
    """Ranges of a private film's rendition as a player asks for them, with a token in the path; ours and nginx's in turn."""
    hls = client.json("POST", f"/api/videos/{video}/playback-token", {})["hls"]
    _, _, master = client.ask("GET", hls)
    first = next(line for line in master.decode().splitlines() if line and not line.startswith("#"))
    path = hls.replace("master.m3u8", first.replace(".m3u8", ".mp4"))
    _, _, body = client.ask("GET", path)
    files = place.scratch / "files"
    files.mkdir(exist_ok=True)
    (files / "film").write_bytes(body)
    wanted, turns = case["playback"], {"ours": [], "nginx": []}
    for turn in range(case["pairs"]):
        with nginx(place) as (pid, where):
            sides = [("ours", client.pid, f"127.0.0.1:{client.port}", path), ("nginx", pid, where, "/files/film")]
            for side, process, at, url in sides if turn % 2 == 0 else reversed(sides):
                turns[side].append(load(place, process, "ranges", at, url, case["connections"], case["seconds"], len(body),
                                        wanted["bytes"]))
    speed = lambda t: t["bytes"] / t["seconds"]
    return {"turns": turns, "ratio": median(speed(a) / speed(b) for a, b in zip(turns["ours"], turns["nginx"])),
            **{side: median(map(speed, turns[side])) for side in turns}}


def plain_write(place, size):
    """Bytes a second of a file that is written and synced by itself."""
    path = place.scratch / "plain"
    begun = time.monotonic()
    with open(path, "wb", buffering=0) as out:
        for _ in range(size // len(BLOCK)):
            out.write(BLOCK)
        os.fdatasync(out.fileno())
    seconds = time.monotonic() - begun
    path.unlink()
    return size / seconds


def large_upload(client, film, size):
    """Bytes a second of a film with `size` bytes of padding behind it, by tus."""
    head = film.read_bytes() + struct.pack(">I4sQ", 1, b"free", 16 + size)
    name = base64.b64encode(b"large.mp4").decode()
    status, headers, answer = client.ask("POST", "/api/uploads", None, {
        "Tus-Resumable": "1.0.0", "Upload-Length": str(len(head) + size), "Upload-Metadata": f"filename {name}"})
    if status != 201:
        raise Failed(f"an upload was not created: {status} {answer[:300]}")
    place, video = headers["Location"], headers["Upload-Video-Id"]
    place, offset = place[place.index("/api/"):], 0
    blocks = size // len(BLOCK)
    begun = time.monotonic()
    while blocks or not offset:
        count = min(PER_REQUEST, blocks)
        pieces = ([head] if offset == 0 else []) + [BLOCK] * count
        length = sum(map(len, pieces))
        status, _, answer = client.ask("PATCH", place, iter(pieces), {
            "Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), "Content-Length": str(length),
            "Content-Type": "application/offset+octet-stream"})
        if status != 204:
            raise Failed(f"a piece was not taken: {status} {answer[:300]}")
        offset, blocks = offset + length, blocks - count
    seconds = time.monotonic() - begun
    client.ask("DELETE", f"/api/videos/{video}")
    return offset / seconds


def uploads(place, client, case):
    size = int(case["upload"]["gigabytes"] * 1e9) // len(BLOCK) * len(BLOCK)
    film = place.sources.path(case["playback"]["film"])
    before, turns = peak_memory(client.pid), []
    for _ in range(case["upload"]["pairs"]):
        turns.append({"plain": plain_write(place, size), "upload": large_upload(client, film, size)})
    return {"turns": turns, "ratio": median(t["upload"] / t["plain"] for t in turns), "bytes": peak_memory(client.pid) - before,
            "speed": median(t["upload"] for t in turns), "plain": median(t["plain"] for t in turns)}


def rows_of(case, seen):
    """(what, measured, goal, met) of each line."""
    start, reading, playing, sending = (seen[name] for name in ("start", "reads", "playback", "upload"))
    worst = lambda turns: max(t["p99_ms"] for t in turns)
    wanted = case["reads"]
    return [
        ("from the command to ready", f"{start['seconds'] * 1e3:.0f} ms (the first time {start['first'] * 1e3:.0f} ms)",
         f"{case['start']['goal_seconds'] * 1e3:.0f} ms", start["seconds"] < case["start"]["goal_seconds"]),
        ("processor time while nothing happens", f"{seen['idle'] * 100:.2f} %", f"{case['idle']['goal_share'] * 100:.1f} %",
         seen["idle"] < case["idle"]["goal_share"]),
        ("details of a video, for each CPU second of the server", f"{reading['per_cpu']:.0f}", wanted["goal_per_cpu"],
         reading["per_cpu"] >= wanted["goal_per_cpu"]),
        ("the same beside a transcode, as fast as they go: p99", f"{worst(reading['beside']):.1f} ms", f"{wanted['goal_p99_ms']} ms",
         worst(reading["beside"]) < wanted["goal_p99_ms"]),
        ("the same, 200 a second: p99", f"{worst(reading['steady']):.1f} ms", f"{wanted['goal_p99_ms']} ms",
         worst(reading["steady"]) < wanted["goal_p99_ms"]),
        (f"a rendition by ranges of {case['playback']['bytes'] >> 20} MiB, of nginx", f"{playing['ratio']:.2f} ({playing['ours'] / 1e9:.2f} GB/s)",
         case["playback"]["goal"], playing["ratio"] >= case["playback"]["goal"]),
        (f"upload of {case['upload']['gigabytes']} GB, of a plain file's writing", f"{sending['ratio']:.2f} ({sending['speed'] / 1e6:.0f} MB/s)",
         case["upload"]["goal"], sending["ratio"] >= case["upload"]["goal"]),
        ("memory that it took", f"{sending['bytes'] / 1e6:.1f} MB", f"{case['upload']['goal_bytes'] / 1e6:.0f} MB",
         sending["bytes"] < case["upload"]["goal_bytes"]),
    ]


def run_case(place, case, pairs):
    """(result, markdown, svg, every goal met)."""
    case = {**case, "pairs": pairs or case["pairs"]}
    place.scratch.mkdir(parents=True, exist_ok=True)
    place.log.parent.mkdir(parents=True, exist_ok=True)
    seen = {"start": starts(place, case)}
    with playable.platform(place) as client:
        video, _ = playable.upload(client, place.sources.path(case["playback"]["film"]))
        wait_ready(client, video)
        for name, measure in (("idle", lambda: idle(client, case)), ("playback", lambda: playback(place, client, case, video)),
                              ("reads", lambda: reads(place, client, case, video)), ("upload", lambda: uploads(place, client, case))):
            print(f"    {name}", flush=True)
            seen[name] = measure()
    rows = rows_of(case, seen)
    lines = ["| what | measured | goal | met |", "|---|---|---|---|"]
    lines += [f"| {what} | {measured} | {goal} | {'yes' if met else '**no**'} |" for what, measured, goal, met in rows]
    bars = plot.ratio_bars("Of what it is held against", [
        ("ranges of a rendition, of nginx", seen["playback"]["ratio"], case["playback"]["goal"]),
        ("a large upload, of a plain file", seen["upload"]["ratio"], case["upload"]["goal"])], "ours / theirs")
    return seen, "\n".join(lines), bars, all(met for *_, met in rows)
