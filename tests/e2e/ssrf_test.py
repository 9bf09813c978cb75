"""Imports that try to reach what only the server can reach: by redirect, by names that answer otherwise the second
time, by names of two addresses, by every way to write one. Runs in a network of its own (namespaces), in which a
public address is on the loopback device, so that the first step is allowed and only the next one is not. Not one
connection may reach the inside (docs/security.md, case 22)."""

import http.server
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "faults"))

OUTSIDE, SKIPPED = "8.8.8.8", 77


def enter_network():
    """This script once more, in namespaces of its own; the exit status of that."""
    # Root needs no user namespace, which is refused inside a chroot.
    unshare = ["unshare", "-nm"] if os.geteuid() == 0 else ["unshare", "-rnm"]
    if not shutil.which("ip") or subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL).returncode:
        print("skipped: no namespaces here (unshare -nm, ip)")
        return SKIPPED
    return subprocess.run([*unshare, sys.executable, __file__, "inside"]).returncode


def set_network(folder):
    resolver = Path(folder) / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    for command in (["ip", "link", "set", "lo", "up"], ["ip", "addr", "add", f"{OUTSIDE}/32", "dev", "lo"],
                    ["mount", "--bind", str(resolver), os.path.realpath("/etc/resolv.conf")]):
        subprocess.run(command, check=True)


class Inside(threading.Thread):
    """What must not be reached: counts whoever connects."""

    def __init__(self, family, address, port=0):
        super().__init__(daemon=True)
        self.socket = socket.socket(family)
        self.socket.bind((address, port))
        self.socket.listen(16)
        self.port, self.reached = self.socket.getsockname()[1], 0
        self.start()

    def run(self):
        while True:
            client, _ = self.socket.accept()
            self.reached += 1
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
            client.close()


class Outside(http.server.BaseHTTPRequestHandler):
    """A public site: /film.mp4, and /?ADDRESS, which redirects there."""

    film = b""

    def do_GET(self):
        if "?" in self.path:
            self.send_response(302)
            self.send_header("Location", self.path.split("?", 1)[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.film)))
        self.end_headers()
        self.wfile.write(self.film)

    def log_message(self, *_):
        pass


class Names(socketserver.BaseRequestHandler):
    """DNS (RFC 1035, 4.1) for the names below; the answers of a list come in turn, the last one stays."""

    table = {}  # name -> list of answers, each a list of addresses
    asked = {}

    def handle(self):
        data, reply = self.request
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        kind = struct.unpack(">H", data[at + 1:at + 3])[0]
        name = ".".join(labels).lower()
        turns = self.table.get(name, [[]])
        turn = self.asked.get((name, kind), 0)
        self.asked[(name, kind)] = turn + 1
        family, size = {1: (socket.AF_INET, 4), 28: (socket.AF_INET6, 16)}.get(kind, (None, 0))
        found = [a for a in turns[min(turn, len(turns) - 1)] if family and (":" in a) == (size == 16)]
        out = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + data[12:at + 5]
        for address in found:
            out += struct.pack(">HHHIH", 0xC00C, kind, 1, 0, size) + socket.inet_pton(family, address)
        reply.sendto(out, self.client_address)


def serve_names():
    server = socketserver.ThreadingUDPServer(("127.0.0.1", 53), Names)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def attempts(inner, outer):
    """Addresses to import, by what they try."""
    site = f"http://{OUTSIDE}:{outer}"
    for text in (f"127.0.0.1:{inner}", f"[::1]:{inner}", f"[::ffff:127.0.0.1]:{inner}", f"[::ffff:7f00:1]:{inner}", f"2130706433:{inner}", f"0x7f.1:{inner}",
                 f"0177.0.0.1:{inner}", f"127.1:{inner}", f"0.0.0.0:{inner}", f"[::]:{inner}", f"localhost:{inner}", f"inside.test:{inner}",
                 f"mapped.test:{inner}", f"six.test:{inner}"):
        yield f"directly {text}", f"http://{text}/film.mp4"
        yield f"redirected to {text}", f"{site}/?http://{text}/film.mp4"
    yield "redirected to a file", f"{site}/?file:///etc/passwd"
    yield "redirected to another protocol", f"{site}/?gopher://127.0.0.1:{inner}/x"
    yield "redirected twice", f"{site}/?{site}/?http://127.0.0.1:{inner}/film.mp4"
    # The name is outside when it is looked up first, and inside when it is looked up for the redirect.
    yield "rebinding", f"http://rebind.test:{outer}/?http://rebind.test:{inner}/film.mp4"
    # Its first address is closed at that port, the second is inside.
    yield "two addresses", f"http://both.test:{inner}/film.mp4"


def main(place):
    from harness import Failed, check, compose
    from serving import Server
    inner = Inside(socket.AF_INET, "127.0.0.1")
    six = Inside(socket.AF_INET6, "::1", inner.port)
    Outside.film = compose(place / "film.avi", 1, "160x120").read_bytes()
    site = http.server.ThreadingHTTPServer((OUTSIDE, 0), Outside)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    outer = site.server_address[1]
    Names.table = {"inside.test": [["127.0.0.1"]], "mapped.test": [["::ffff:127.0.0.1"]], "six.test": [["::1"]],
                   "rebind.test": [[OUTSIDE], ["127.0.0.1"]], "both.test": [[OUTSIDE, "127.0.0.1"]]}
    serve_names()
    server = Server(place).start()
    try:
        jobs = {}
        asked = [("the film", f"http://{OUTSIDE}:{outer}/film.avi")] + list(attempts(inner.port, outer))
        for what, url in asked:
            status, made = server.ask("POST", "/api/videos/import", {"url": url})
            check(status in (202, 400), f"{what}: {status} {made}")
            if status == 202:
                jobs[what] = made["jobId"]
        deadline = time.monotonic() + 60
        ends = {}
        while len(ends) < len(jobs):
            for what, job in jobs.items():
                state = server.ask("GET", f"/api/jobs/{job}")[1]
                if state["state"] in ("completed", "failed"):
                    ends[what] = state
                elif time.monotonic() > deadline:
                    # What cannot be reached is tried again with growing pauses; a minute of that is enough.
                    server.ask("POST", f"/api/jobs/{job}/cancel")
                    ends[what] = state
            time.sleep(0.2)
        check(ends["the film"]["state"] == "completed", f"nothing at all is fetched: {ends['the film']}")
        for what, state in ends.items():
            check(what == "the film" or state["state"] != "completed", f"{what} was fetched")
        check(inner.reached == 0 and six.reached == 0, f"{inner.reached + six.reached} connections reached the inside")
        print(f"{len(asked)} addresses, {len(jobs)} taken, 1 fetched, no connection to the inside")
    except Failed as e:
        print(e)
        return 1
    finally:
        server.kill()
    return 0


if __name__ == "__main__":
    if sys.argv[1:] != ["inside"]:
        sys.exit(enter_network())
    with tempfile.TemporaryDirectory(prefix="videoforge-ssrf-") as folder:
        set_network(folder)
        sys.exit(main(Path(folder)))
