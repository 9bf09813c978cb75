#!/usr/bin/env python3
"""Traces as a collector gets them: a small OTLP/HTTP receiver on loopback, a server without workers, a worker
process beside it, uploads by tus and by form. One upload is one trace, from its first request to the last stage,
whichever process did it; a client's traceparent is honoured; no secret stands in any span."""

import http.server
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from harness import BINARY, check, compose  # noqa: E402
from serving import Server  # noqa: E402

HEX = re.compile(r"[0-9a-f]+")


class Collector(http.server.ThreadingHTTPServer):
    """Takes ExportTraceServiceRequests as JSON and keeps their spans, judged one by one."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans, self.texts, self.problems, self.paused = [], [], [], False
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, text):
        for resource in json.loads(text)["resourceSpans"]:
            belongs = attributes(resource["resource"])
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    self.judge(span)
                    self.spans.append({**span, "attributes": attributes(span), "resource": belongs})
        self.texts.append(text)

    def judge(self, span):
        """The JSON mapping of opentelemetry-proto, as a strict reader sees it."""
        right = (len(span["traceId"]) == 32 and HEX.fullmatch(span["traceId"]) and len(span["spanId"]) == 16
                 and HEX.fullmatch(span["spanId"]) and isinstance(span["kind"], int) and span["name"]
                 and isinstance(span["startTimeUnixNano"], str)
                 and int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]))
        if not right:
            self.problems.append(span)

    def trace(self, trace_id):
        with self.lock:
            return [s for s in self.spans if s["traceId"] == trace_id]


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json" \
            and self.headers["x-collector-key"] == "open sesame"
        with self.server.lock:
            if good and not self.server.paused:
                self.server.take(text)
            elif not good:
                self.server.problems.append((self.path, dict(self.headers)))
        self.send_response(503 if self.server.paused else 200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def attributes(what):
    return {a["key"]: next(iter(a["value"].values())) for a in what["attributes"]}


def wait_until(what, condition, patience=60):
    deadline = time.monotonic() + patience
    while not condition():
        check(time.monotonic() < deadline, f"{what}: not within {patience} s")
        time.sleep(0.1)


def wait_for_job(server, video):
    def done():
        jobs = server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"]
        check(all(j["state"] != "failed" for j in jobs), f"a job failed: {jobs}")
        return jobs and all(j["state"] == "completed" for j in jobs)
    wait_until(f"the jobs of {video}", done, 120)
    return server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"][0]


def below(spans, name):
    return [s for s in spans if s["name"].startswith(name)]


def check_tree(spans, root_parent):
    """Every span hangs on another one of its trace; gives them by id."""
    by_id = {s["spanId"]: s for s in spans}
    check(len(by_id) == len(spans), "a span id came twice")
    loose = [s for s in spans if s.get("parentSpanId", "") not in by_id]
    check(len(loose) == 1 and loose[0].get("parentSpanId", "") == root_parent,
          f"one root was expected, below '{root_parent}': {[(s['name'], s.get('parentSpanId')) for s in loose]}")
    return by_id, loose[0]


def check_work(spans, by_id, order, job):
    """request or upload -> job -> drives -> stages."""
    jobs = below(spans, "job transcode")
    check(len(jobs) == 1, f"one job span: {len(jobs)}")
    check(by_id[jobs[0]["parentSpanId"]]["name"] == order, f"the job hangs on {order}")
    check(jobs[0]["attributes"]["videoforge.job.id"] == job["id"], "the job's span names it")
    drives = below(spans, "drive")
    check(len(drives) >= 3, f"a drive for each round: {len(drives)}")
    check(all(d["parentSpanId"] == jobs[0]["spanId"] for d in drives), "drives hang on the job")
    stages = below(spans, "stage ")
    kinds = {s["name"] for s in stages}
    for kind in ("stage probe", "stage encode", "stage audio", "stage package", "stage verify"):
        check(kind in kinds, f"no span for {kind}: {sorted(kinds)}")
    check(all(by_id[s["parentSpanId"]]["name"] == "drive" for s in stages), "stages hang on the drive that ordered them")
    encodes = [s for s in stages if s["name"] == "stage encode"]
    check(any(float(s["attributes"]["videoforge.stage.cpu_seconds"]) > 0 for s in encodes), "an encode took no CPU")


def by_tus(server, collector, clip):
    """Three requests without a traceparent: the first one's trace takes the others in."""
    video = server.upload(clip, chunk=clip.stat().st_size // 2 + 1)
    job = wait_for_job(server, video)
    wait_until("the job's span", lambda: any(
        s["attributes"].get("videoforge.job.id") == job["id"] for s in below(list(collector.spans), "job ")))
    trace = next(s["traceId"] for s in below(list(collector.spans), "job ")
                 if s["attributes"]["videoforge.job.id"] == job["id"])
    wait_until("the uploading requests", lambda: len(below(collector.trace(trace), "PATCH /api/uploads/{id}")) == 2)
    spans = collector.trace(trace)
    by_id, root = check_tree(spans, "")
    check(root["name"] == "POST /api/uploads", f"the root is the request that began it: {root['name']}")
    uploads = below(spans, "upload")
    check(len(uploads) == 1 and uploads[0]["parentSpanId"] == root["spanId"], "the upload hangs on it")
    patches = below(spans, "PATCH")
    check(all(by_id[p["parentSpanId"]]["name"] == "upload" for p in patches), "PATCHes hang on the upload")
    check_work(spans, by_id, "upload", job)
    processes = {s["resource"]["videoforge.process"] for s in spans}
    check(processes == {"serve", "worker"}, f"both processes took part: {processes}")
    check({s["resource"]["service.name"] for s in spans} == {"films"}, "the service has the name it was given")


def by_form(server, collector, film):
    """A client with a trace of its own."""
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    edge = "trace-test-boundary"
    body = (f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="clip.mp4"\r\n\r\n').encode() \
        + film.read_bytes() + f"\r\n--{edge}--\r\n".encode()
    status, made = server.ask("POST", "/api/videos", body, {
        "Content-Type": f"multipart/form-data; boundary={edge}", "traceparent": f"00-{trace}-{parent}-01"})
    check(status == 201, f"form: {status} {made}")
    job = wait_for_job(server, made["video"]["id"])
    wait_until("the job's span", lambda: below(collector.trace(trace), "job transcode"))
    wait_until("the request's span", lambda: below(collector.trace(trace), "POST /api/videos"))
    spans = collector.trace(trace)
    by_id, root = check_tree(spans, parent)
    check(root["name"] == "POST /api/videos" and root["kind"] == 2, "a server's span hangs on the client's")
    check(root["attributes"]["http.response.status_code"] == "201", "with the status")
    check_work(spans, by_id, "upload", job)
    # An order that its caller does not follow.
    quiet = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    status, _ = server.ask("POST", "/api/jobs", {"kind": "thumbnails", "videoId": made["video"]["id"]},
                           {"traceparent": f"00-{quiet}-{parent}-00"})
    check(status == 201, f"order: {status}")
    wait_for_job(server, made["video"]["id"])
    time.sleep(2)
    check(not collector.trace(quiet), "a caller who does not follow is not followed")


def no_secrets(server, collector):
    status, link = server.ask("POST", f"/api/videos/{server.ask('GET', '/api/videos')[1]['items'][0]['id']}"
                                      "/playback-token", {})
    check(status == 201, f"token: {status} {link}")
    check(server.ask("GET", link["hls"])[0] == 200, "the link plays")
    wait_until("the playback's span", lambda: below(list(collector.spans), "GET /api/stream/{id}/t/{token}/{name}"))
    said = "".join(collector.texts)
    for secret in (server.key, link["token"], "correct horse battery", "open sesame"):
        check(secret not in said, "a secret stands in a span")


def a_collector_that_is_away(server, collector):
    """Requests do not notice; what could not be sent is counted."""
    collector.paused = True
    begun = time.monotonic()
    for _ in range(50):
        check(server.ask("GET", "/api/videos")[0] == 200, "an answer without the collector")
    check(time.monotonic() - begun < 10, "requests wait for the collector")
    pattern = re.compile(r'^videoforge_trace_spans_total\{result="dropped"\} (\d+)', re.M)
    wait_until("dropped spans are counted",
               lambda: int(pattern.search(server.ask("GET", "/metrics")[1].decode()).group(1)) >= 50)
    collector.paused = False


def main():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        clip = compose(place / "clip.mp4", 2, size="320x240")
        other = compose(place / "other.mp4", 3, size="320x240")  # nothing of it is known from the first
        collector = Collector()
        settings = {"VIDEOFORGE_TELEMETRY_OTLP_ENDPOINT": collector.url,
                    "VIDEOFORGE_TELEMETRY_OTLP_HEADERS": "x-collector-key=open sesame",
                    "VIDEOFORGE_TELEMETRY_SERVICE_NAME": "films"}
        server = Server(place, "--workers", "0", environment=settings)
        server.start()
        worker = subprocess.Popen([BINARY, "worker", "--data", str(server.data)], env=server.environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            by_tus(server, collector, clip)
            by_form(server, collector, other)
            no_secrets(server, collector)
            a_collector_that_is_away(server, collector)
            check(not collector.problems, f"the collector refused: {collector.problems[:2]}")
        finally:
            worker.terminate()
            worker.wait(30)
            server.stop()
    print("one upload is one trace, over two processes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
