#!/usr/bin/env python3
"""/metrics and the logs of a server that has worked: every figure that operators are promised is there and says what
happened, in the form that Prometheus asks for (promtool judges it where there is one); every line of the logs is one
JSON object with a category of the list."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from harness import BINARY, check, compose  # noqa: E402
from serving import Server  # noqa: E402

CATEGORIES = {"job", "queue", "db", "auth", "cache", "blob", "api", "system"}
# Metric: type, and what one of its samples must show after the work below (labels, least value).
PROMISED = {
    "videoforge_http_requests_total": ("counter", {"route": "/api/gallery/videos", "status": "200", "method": "GET"}, 2),
    "videoforge_http_request_duration_seconds": ("histogram", {"route": "/api/gallery/videos"}, 0),
    "videoforge_http_requests_in_flight": ("gauge", {}, 1),  # the one that asks
    "videoforge_http_bytes_total": ("counter", {"direction": "in"}, 10_000),
    "videoforge_http_connections": ("gauge", {}, 1),
    "videoforge_http_event_streams": ("gauge", {}, 0),
    "videoforge_http_waiting_requests": ("gauge", {}, 0),
    "videoforge_queue_ready_stages": ("gauge", {}, 0),
    "videoforge_queue_running_leases": ("gauge", {}, 0),
    "videoforge_queue_oldest_seconds": ("gauge", {}, 0),
    "videoforge_workers": ("gauge", {}, 1),
    "videoforge_jobs": ("gauge", {"state": "completed"}, 2),
    "videoforge_jobs_finished_total": ("counter", {"kind": "transcode", "outcome": "completed"}, 1),
    "videoforge_stages_total": ("counter", {"kind": "encode", "outcome": "done"}, 1),
    "videoforge_stages": ("gauge", {}, 0),
    "videoforge_trace_spans_total": ("counter", {"result": "sent"}, 0),
    "videoforge_stage_duration_seconds": ("histogram", {"kind": "encode"}, 0),
    "videoforge_stage_cpu_seconds_total": ("counter", {"kind": "encode"}, 0.01),
    "videoforge_stage_peak_memory_bytes": ("gauge", {"kind": "encode"}, 1e6),
    "videoforge_media_seconds_total": ("counter", {}, 1.9),
    "videoforge_frames_extracted_total": ("counter", {}, 3),
    "videoforge_videos": ("gauge", {"state": "ready"}, 1),
    "videoforge_cache_requests_total": ("counter", {"what": "gallery", "result": "hit"}, 1),
    "videoforge_cache_answers": ("gauge", {}, 1),
    "videoforge_cache_bytes": ("gauge", {}, 1),
    "videoforge_storage_free_bytes": ("gauge", {}, 1e6),
    "videoforge_storage_size_bytes": ("gauge", {}, 1e6),
    "videoforge_leases_lost_total": ("counter", {}, 0),
    "videoforge_events_lag": ("gauge", {}, 0),
    "videoforge_build_info": ("gauge", {}, 1),
    "process_cpu_seconds_total": ("counter", {}, 0.01),
    "process_resident_memory_bytes": ("gauge", {}, 1e6),
    "process_virtual_memory_bytes": ("gauge", {}, 1e6),
    "process_open_fds": ("gauge", {}, 3),
    "process_max_fds": ("gauge", {}, 64),
    "process_start_time_seconds": ("gauge", {}, time.time() - 600),
}
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """(types, helps, samples) of the exposition format 0.0.4."""
    types, helps, samples = {}, {}, []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            check(name not in types, f"{name} is declared twice")
            types[name] = kind
        elif line.startswith("# HELP "):
            name, _, words = line[7:].partition(" ")
            helps[name] = words
        else:
            found = SAMPLE.match(line)
            check(found, f"no sample: {line}")
            samples.append((found.group(1), dict(LABEL.findall(found.group(2) or "")), float(found.group(3))))
    return types, helps, samples


def family(name, types):
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and types.get(name.removesuffix(suffix)) == "histogram":
            return name.removesuffix(suffix)
    return name


def check_form(text):
    """What `promtool check metrics` asks for."""
    types, helps, samples = parse(text)
    for name, kind in types.items():
        check(helps.get(name, "").strip(), f"{name} has no help")
        check(re.fullmatch(r"[a-z][a-z0-9_]*", name), f"{name} is not snake_case")
        check((kind == "counter") == name.endswith("_total"), f"{name} is a {kind}: _total is for counters")
        check(not re.search(r"_(count|sum|bucket|ms|milliseconds|minutes|kb|mb|percent)(_|$)", name),
              f"{name}: base units, and no suffix of a histogram's")
    seen = set()
    for name, labels, value in samples:
        check(family(name, types) in types, f"{name} has no type")
        key = (name, tuple(sorted(labels.items())))
        check(key not in seen, f"{key} comes twice")
        seen.add(key)
        for label, content in labels.items():
            check(not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", content), f"{name}{{{label}}} holds an id: without bound")
        if types[family(name, types)] != "gauge":
            check(value >= 0, f"{name} fell below 0")
    if promtool := shutil.which("promtool"):
        done = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
        check(done.returncode == 0 and not done.stderr.strip(), f"promtool: {done.stdout}{done.stderr}")
        print("promtool has nothing to say")
    return types, samples


def check_promises(text):
    types, samples = check_form(text)
    for name, (kind, labels, least) in PROMISED.items():
        check(types.get(name) == kind, f"{name}: {types.get(name)}, not {kind}")
        sample = name + "_sum" if kind == "histogram" else name
        values = [v for n, ls, v in samples if n == sample and labels.items() <= ls.items()]
        check(values and max(values) >= least, f"{name}{labels}: {values}, at least {least}")


def value(server, name, **labels):
    _, _, samples = parse(server.ask("GET", "/metrics")[1].decode())
    return sum(v for n, ls, v in samples if n == name and labels.items() <= ls.items())


def wait_for(server, job):
    deadline = time.monotonic() + 90
    while True:
        state = server.ask("GET", f"/api/jobs/{job}")[1]["state"]
        if state == "completed":
            return
        check(state != "failed" and time.monotonic() < deadline, f"job {job} is {state}")
        time.sleep(0.1)


def work(server, place):
    """One upload with its transcode, one archive of frames, the gallery seen twice."""
    clip = compose(place / "clip.mp4", 2, size="320x240")
    video = server.upload(clip)
    wait_for(server, server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"][0]["id"])
    status, _ = server.ask("PATCH", f"/api/videos/{video}", {"visibility": "public"})
    check(status == 200, f"publish: {status}")
    status, job = server.ask("POST", "/api/jobs",
                             {"kind": "frames", "videoId": video, "params": {"select": "fps", "fps": 2}})
    check(status == 201, f"order: {status} {job}")
    wait_for(server, job["id"])
    before = value(server, "videoforge_cache_requests_total", result="hit")
    for _ in range(5):
        status, page = server.ask("GET", "/api/gallery/videos")
        check(status == 200 and len(page["items"]) == 1, f"gallery: {status} {page}")
    hits = value(server, "videoforge_cache_requests_total", result="hit") - before
    check(hits >= 4, f"four of five looks at the gallery are hits, not {hits}")
    check(server.ask("GET", "/api/videos/0193a5c8-0000-7000-8000-000000000000")[0] == 404, "no such video")
    return video


def numbers_are_plain(server, video):
    """Whole numbers without an exponent, on every answer with doubles in it."""
    job = "/api/jobs/" + server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"][0]["id"]
    for path in (f"/api/videos/{video}", f"/api/videos/{video}/metadata", f"/api/jobs?videoId={video}", job,
                 job + "/events"):
        status, raw = server.ask("GET", path, raw=True)
        check(status == 200, f"{path}: {status}")
        check("events" not in path or b"event: done" in raw, f"{path}: the events end with done: {raw[-300:]}")
        bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', raw)
        bare = re.sub(rb"(?m)^(event|id): .*$", b"", bare)
        check(not re.search(rb"\d[eE]", bare), f"{path}: a number with an exponent: {bare[:300]}")


def logs(data):
    files = sorted((data / "log").glob("*.log"))
    check(any(f.name.startswith("videoforge-") for f in files), f"no log: {files}")
    lines = 0
    for file in files:
        for line in file.read_text().splitlines():
            entry = json.loads(line)
            check(entry["category"] in CATEGORIES, f"category {entry['category']}")
            check(entry["level"] in ("debug", "info", "warning", "error") and entry["message"] and
                  re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"]), f"a line: {line}")
            check(not file.name.startswith("error-") or entry["level"] == "error", f"{file.name}: {line}")
            check(entry["category"] != "api" or "correlationId" in entry, f"no correlation id: {line}")
            lines += 1
    check(lines > 5, f"{lines} lines")


def worker_tells_its_own(place):
    """A worker in a process of its own: its stages are counted where it listens, and not by the server."""
    server = Server(place, "--workers", "0").start()
    worker = subprocess.Popen(
        [BINARY, "worker", "--data", str(server.data), "--workers", "1", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True, env=server.environment)
    try:
        base = next(found for line in worker.stdout if (found := re.search(r"(http://\S+)/ready", line))).group(1)
        ask = lambda path: urllib.request.urlopen(base + path, timeout=20).read().decode()  # noqa: E731
        check(json.loads(ask("/ready"))["ready"] and json.loads(ask("/health"))["status"] == "ok", "the worker is well")
        video = server.upload(compose(place / "other.mp4", 2, size="320x240"))
        wait_for(server, server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"][0]["id"])
        _, samples = check_form(ask("/metrics"))
        encodes = sum(v for n, ls, v in samples if n == "videoforge_stages_total" and ls["kind"] == "encode")
        check(encodes >= 1, "the worker counts its stages")
        check(value(server, "videoforge_stages_total", kind="encode") == 0, "the server counts none of them")
        try:
            ask("/api/gallery/videos")
            check(False, "a worker serves the API")
        except urllib.error.HTTPError as refused:
            check(refused.code == 404, f"{refused.code} for what a worker has not")
    finally:
        worker.terminate()
        worker.wait(timeout=30)
        server.stop()


def main():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        server = Server(place).start()
        try:
            # What has never happened is there with 0, so that an alert on its rate works from the start.
            for metric in ("videoforge_leases_lost_total", "videoforge_media_seconds_total",
                           "videoforge_frames_extracted_total"):
                check(f"\n{metric} 0" in server.ask("GET", "/metrics")[1].decode(), f"{metric} is not there at 0")
            video = work(server, place)
            check_promises(server.ask("GET", "/metrics")[1].decode())
            numbers_are_plain(server, video)
        finally:
            server.stop()
        logs(server.data)
        (place / "apart").mkdir()
        worker_tells_its_own(place / "apart")
    print("every promised figure is there, in Prometheus' form; logs are JSON with known categories")
    return 0


if __name__ == "__main__":
    sys.exit(main())
