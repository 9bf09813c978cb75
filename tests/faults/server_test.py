"""kill -9 of the server, its worker among it, at random moments while clients upload and jobs run: nothing
that was acknowledged is lost, every job ends once, the event log has no gap and no repetition, and no stage is
done again that was not running at that moment (docs/security.md, cases 1, 2 and 15)."""

import time

from harness import FULL, check, main, rng
from serving import Server
from traffic import Traffic

KILLS = 200 if FULL else 20
SLOTS = 2
LIGHT = 2


def nothing_is_lost(place):
    server = Server(place, "--workers", str(SLOTS)).start()
    traffic = Traffic(server, place).begin()
    for _ in range(KILLS):
        time.sleep(0.05 + rng.random() * 0.6)
        server.kill()
        server.start()
    said = traffic.check_nothing_is_lost(600 if FULL else 180)
    again, most = traffic.attempts_repeated(), KILLS * (SLOTS + LIGHT)
    check(again <= most, f"{again} stages were done again; {KILLS} kills account for {most}")
    check(server.stop() == 0, "the server did not stop well")
    return f"{KILLS} kills, {said}, {again} attempts repeated, ready again within {server.slowest_start:.2f} s"


if __name__ == "__main__":
    main(nothing_is_lost)
