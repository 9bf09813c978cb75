"""A clock that jumps by an hour and by a day, both ways, while stages run (docs/security.md, case 12): no lease is
taken from whoever holds it, nothing expires early, and the order of events stands."""

import atexit
import struct
import subprocess
import time

from harness import BINARY, SHIM, check, main
from serving import Server
from traffic import Traffic

HOUR = 3600
DAY = 24 * HOUR


def complaints(server):
    """What workers said of stages that did not go well."""
    lines = [line for path in (server.data / "log").glob("videoforge-*.log") for line in path.read_text().splitlines()]
    return [line for line in lines if '"category":"job"' in line][-5:]


def jumps(place):
    clock = place / "clock"
    clock.write_bytes(struct.pack("q", 0))
    turned = {"LD_PRELOAD": SHIM, "VF_CLOCK": str(clock)}
    server = Server(place, "--workers", "1", environment=turned).start()
    worker = subprocess.Popen([BINARY, "worker", "--data", str(server.data), "--workers", "1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment)
    atexit.register(worker.kill)
    traffic = Traffic(server, place).begin()
    # What would be over by then: a begun upload (a day), a link (an hour), an order that may be repeated.
    status, begun = server.ask("POST", "/api/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "9"})
    check(status == 201, f"create: {status} {begun}")
    upload = f"/api/uploads/{begun['uploadId']}"
    time.sleep(3)
    video = traffic.clients[0].done[0][0]
    status, link = server.ask("POST", f"/api/videos/{video}/files/original/link")
    check(status == 201, f"link: {status} {link}")
    for off in (HOUR, -HOUR, DAY, 0, -DAY, DAY, -HOUR, 0):
        with open(clock, "r+b") as file:
            file.write(struct.pack("q", off))
        time.sleep(2)
        for method, path, want in (("HEAD", upload, (200, 204)), ("GET", link["url"], (200,)),
                                   ("GET", "/api/auth/info", (200,))):
            status, answer = server.ask(method, path, headers={"Tus-Resumable": "1.0.0"})
            check(status in want, f"{off} s off: {method} {path}: {status} {answer}")
    said = traffic.check_nothing_is_lost()
    again = traffic.attempts_repeated()
    check(again == 0, f"{again} stages were done again; the log: {complaints(server)}")
    check(server.stop() == 0, "the server did not stop well")
    worker.terminate()
    check(worker.wait(timeout=60) == 0, f"the worker ended with {worker.returncode}")
    log = "".join(path.read_text() for path in (server.data / "log").glob("*.log"))
    check("clock jumped" in log, "no line of the log says that the clock jumped")
    return said


if __name__ == "__main__":
    main(jumps)
