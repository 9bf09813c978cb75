"""Benchmarks of a server under load: ours and nginx in alternating turns, by the same client."""

import hashlib
import http.client
import json
import os
import random
import subprocess
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from . import plot
from .measure import Failed

FILE_BYTES = 256 << 20
NGINX = """daemon off; worker_processes auto; pid {at}/nginx.pid; error_log {at}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000;
  default_type video/mp4; client_body_temp_path {at}/a; proxy_temp_path {at}/b; fastcgi_temp_path {at}/c;
  uwsgi_temp_path {at}/d; scgi_temp_path {at}/e;
  server {{ listen 127.0.0.1:{port}; location /files/ {{ alias {at}/files/; }} }} }}
"""


def family(pid):
    out = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            out += family(int(child))
    return out


def cpu_seconds(pid):
    """User and system time of a process and its children that live."""
    total = 0
    for one in family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def resident(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def our_server(place):
    server = subprocess.Popen([place.words["bin"] / "bench_serve", place.scratch / "files"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        yield server.pid, f"127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait(20)


@contextmanager
def nginx(place):
    port = random.randint(20000, 30000)
    configuration = place.scratch / "nginx.conf"
    configuration.write_text(NGINX.format(at=place.scratch, port=port))
    with open(place.log, "ab") as log:
        server = subprocess.Popen(["nginx", "-p", place.scratch, "-c", configuration], stdin=subprocess.DEVNULL, stderr=log)
    try:
        wait_for(port)
        yield server.pid, f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(port):
    for _ in range(100):
        try:
            return fetch(f"127.0.0.1:{port}", "/")
        except OSError:
            subprocess.run(["sleep", "0.05"], check=True)
    raise Failed("nginx did not start")


def fetch(where, path, fields=None, method="GET", body=None):
    connection = http.client.HTTPConnection(where, timeout=20)
    connection.request(method, path, body=body, headers=fields or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def load(place, pid, *arguments):
    """The client's figures with the server's processor seconds."""
    before = cpu_seconds(pid)
    said = subprocess.run([place.words["bin"] / "bench_load", *map(str, arguments)], capture_output=True, text=True)
    if said.returncode != 0:
        raise Failed(f"a request was not answered as it should be: {said.stderr or said.stdout}")
    return {**json.loads(said.stdout), "cpu": cpu_seconds(pid) - before}


def check_ranges(where, content):
    """The bytes are right, or the race is off."""
    for first, last in ((0, 0), (1000, 70_000), (FILE_BYTES - 5, FILE_BYTES - 1), (3_000_000, 9_000_000)):
        status, body = fetch(where, "/files/film", {"Range": f"bytes={first}-{last}"})
        if status != 206 or hashlib.sha256(body).digest() != hashlib.sha256(content[first:last + 1]).digest():
            raise Failed(f"{where} answers bytes {first}-{last} wrongly")


def race(place, case, row, content, pairs):
    """Bytes a second of ours and nginx's, turn by turn."""
    turns = {"ours": [], "nginx": []}
    sides = [("ours", our_server), ("nginx", nginx)]
    for turn in range(pairs):
        for name, start in sides if turn % 2 == 0 else reversed(sides):
            with start(place) as (pid, where):
                if turn == 0:
                    check_ranges(where, content)
                turns[name].append(load(place, pid, "ranges", where, "/files/film", case["connections"], case["seconds"],
                                        FILE_BYTES, row["bytes"]))
        print(f"    {row['name']}: pair {turn + 1} of {pairs}", flush=True)
    speed = lambda t: t["bytes"] / t["seconds"]
    cost = lambda t: t["cpu"] / (t["bytes"] / 1e9)
    return {"name": row["name"], "goal": row.get("goal"), "turns": turns,
            "ratio": median(speed(a) / speed(b) for a, b in zip(turns["ours"], turns["nginx"])),
            **{f"{what}_{side}": median(map(of, turns[side]))
               for side in turns for what, of in (("speed", speed), ("cpu_per_gb", cost), ("p99_ms", lambda t: t["p99_ms"]))}}


def small(place, case, pairs):
    turns = []
    for _ in range(pairs):
        with our_server(place) as (pid, where):
            status, body = fetch(where, "/hello")
            if status != 200 or json.loads(body) != {"status": "ok", "items": 3}:
                raise Failed("/hello answers something else")
            turns.append(load(place, pid, "get", where, "/hello", case["connections"], case["seconds"]))
    return {"turns": turns, "per_cpu": median(t["requests"] / t["cpu"] for t in turns),
            "per_second": median(t["requests"] / t["seconds"] for t in turns), "p99_ms": median(t["p99_ms"] for t in turns)}


def idle(place, case):
    """Memory that idle event streams cost, and what they do to others."""
    count = case["idle"]["streams"]
    with our_server(place) as (pid, where):
        load(place, pid, "get", where, "/hello", case["connections"], 1)  # what grows once has grown
        before = resident(pid)
        client = subprocess.Popen([place.words["bin"] / "bench_load", "idle", where, "/events", str(count)], text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if client.stdout.readline() != "ready\n":
            raise Failed(f"{count} streams were not opened: {client.stderr.read().strip()}")
        cpu = cpu_seconds(pid)
        subprocess.run(["sleep", "3"], check=True)
        out = {"streams": count, "bytes": resident(pid) - before, "idle_cpu": (cpu_seconds(pid) - cpu) / 3}
        out["beside"] = load(place, pid, "get", where, "/hello", case["connections"], case["seconds"])
        fetch(where, "/news", method="POST")
        client.stdin.write("\n")
        client.stdin.flush()
        out["woken"] = json.loads(client.stdout.readline())
        out["bytes_after"] = resident(pid) - before
        client.stdin.close()
        client.wait(20)
        if out["woken"]["heard"] != count:
            raise Failed(f"{out['woken']['heard']} of {count} streams heard the event")
    return out


def report(case, rows, quick, streams):
    """(markdown, every goal met)"""
    good = True

    def verdict(met):
        nonlocal good
        good = good and met
        return "yes" if met else "**no**"

    lines = ["| what | ours | nginx | ours / nginx | CPU s for each GB: ours, nginx | goal | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = row["goal"]
        lines.append(f"| {row['name']} | {row['speed_ours'] / 1e9:.2f} GB/s | {row['speed_nginx'] / 1e9:.2f} GB/s | {row['ratio']:.2f} "
                     f"| {row['cpu_per_gb_ours']:.3f}, {row['cpu_per_gb_nginx']:.3f} | {goal or 'none'} "
                     f"| {verdict(row['ratio'] >= goal) if goal else ''} |")
    lines += ["", "| what | measured | goal | met |", "|---|---|---|---|"]
    wanted = case["small"]
    lines.append(f"| small answers for each CPU second of the server | {quick['per_cpu']:.0f} | {wanted['goal_per_cpu']} "
                 f"| {verdict(quick['per_cpu'] >= wanted['goal_per_cpu'])} |")
    lines.append(f"| small answers a second, {case['connections']} connections | {quick['per_second']:.0f} | none | |")
    lines.append(f"| small answers, p99 | {quick['p99_ms']:.2f} ms | {wanted['goal_p99_ms']} ms | {verdict(quick['p99_ms'] < wanted['goal_p99_ms'])} |")
    lines.append(f"| memory of {streams['streams']} idle event streams | {streams['bytes'] / 1e6:.1f} MB, {streams['bytes'] / streams['streams'] / 1e3:.1f} kB each "
                 f"| {case['idle']['goal_bytes'] / 1e6:.0f} MB | {verdict(streams['bytes'] < case['idle']['goal_bytes'])} |")
    lines.append(f"| the same after one event to each of them | {streams['bytes_after'] / 1e6:.1f} MB | none | |")
    lines.append(f"| small answers beside them, p99 | {streams['beside']['p99_ms']:.2f} ms | {wanted['goal_p99_ms']} ms "
                 f"| {verdict(streams['beside']['p99_ms'] < wanted['goal_p99_ms'])} |")
    lines.append(f"| one event heard by all of them | {streams['woken']['seconds']:.2f} s | none | |")
    lines.append(f"| processor time while nothing happens on them | {streams['idle_cpu'] * 100:.1f} % | none | |")
    return "\n".join(lines), good


def run_case(place, case, pairs):
    """(result, markdown, svg, every goal met)."""
    pairs = pairs or case["pairs"]
    files = place.scratch / "files"
    files.mkdir(parents=True, exist_ok=True)
    place.log.parent.mkdir(parents=True, exist_ok=True)
    numbers = random.Random(1)
    content = b"".join(numbers.randbytes(1 << 24) for _ in range(FILE_BYTES >> 24))
    (files / "film").write_bytes(content)
    try:
        rows = [race(place, case, row, content, pairs) for row in case["ranges"]]
        quick = small(place, case, pairs)
        streams = idle(place, case)
    finally:
        (files / "film").unlink()
    table, good = report(case, rows, quick, streams)
    bars = plot.ratio_bars("Bytes a second", [(r["name"], r["ratio"], r["goal"]) for r in rows], "ours / nginx")
    return {"ranges": rows, "small": quick, "idle": streams}, table, bars, good
