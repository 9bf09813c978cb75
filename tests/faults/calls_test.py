"""One system call, or one allocation, of the command fails: it ends with a sentence or tries again, never
with a crash, publishes nothing wrong, and the next run ends well with the same bytes.

The shim (shim.cc) lets the n-th call fail. The short form samples n, the full form tries every call."""

import functools
import os

from harness import (FULL, SHIM, arguments, bytes_of, check, check_published_is_right, check_tidy, compose, forget, main,
                     rng, run, run_well, skip)

LADDER = ("--ladder", "360p", "--workers", "1")
KINDS = ("EIO", "short", "ENOSPC+", "ENOMEM", "EINTR", "EMFILE")
SAMPLES = 4  # of every kind of fault in the short form
MEMORY_SAMPLES = 400 if FULL else 16


@functools.cache
def prepared(place):
    if not os.path.exists(SHIM):
        skip("VIDEOFORGE_FAULT_SHIM names no library")
    clip = compose(place / "clip.mp4", 4, size="320x240", rate=10)
    calm = place / "calm"
    counts = place / "counts"
    run_well(arguments(clip, calm, place / "calm-work", *LADDER),
             env={"LD_PRELOAD": SHIM, "VF_FAULT_COUNT": str(counts)})
    calls, allocations = map(int, counts.read_text().split())
    check(calls > 100 and allocations > 1000, f"the shim saw {calls} calls and {allocations} allocations")
    return clip, bytes_of(calm), calls, allocations


def one(place, clip, expected, fault, codes):
    out, work = place / "out", place / "work"
    forget(out, work)
    outcome = run(arguments(clip, out, work, *LADDER), env={"LD_PRELOAD": SHIM, "VF_FAULT": fault})
    check(outcome.code in codes, f"{fault}: {outcome}")
    if outcome.code:
        check(outcome.sentence.endswith((".", "?", ")")) or ": " in outcome.sentence[12:],
              f"{fault}: no sentence: {outcome}")
    check_published_is_right(out, expected)
    again = run(arguments(clip, out, work, *LADDER))
    check(again.code == 0, f"the run after {fault} ({outcome}): {again}")
    check(bytes_of(out) == expected, f"after {fault}, other bytes")
    check_tidy(out, work)
    return outcome.code


def each_call_fails(place):
    clip, expected, calls, _ = prepared(place.parent)
    ended = {}
    for kind in KINDS:
        if FULL:
            numbers = range(1, calls + 1)
        else:
            numbers = sorted(rng.randrange(1, calls + 1) for _ in range(SAMPLES))
        for n in numbers:
            code = one(place, clip, expected, f"io:{n}:{kind}", (0, 2, 4, 5))
            ended[code] = ended.get(code, 0) + 1
    return f"{calls} calls; exit codes {ended}"


def each_allocation_fails(place):
    clip, expected, _, allocations = prepared(place.parent)
    ended = {}
    for turn in range(MEMORY_SAMPLES):
        # Most of them early and late, where setting up and tearing down happen, the rest anywhere.
        n = (rng.randrange(1, 2000), allocations - rng.randrange(0, 2000), rng.randrange(1, allocations))[turn % 3]
        fault = f"new:{max(1, n)}" + ("+" if turn % 2 else "")
        code = one(place, clip, expected, fault, (0, 4))
        ended[code] = ended.get(code, 0) + 1
    return f"{allocations} allocations; exit codes {ended}"


main(each_call_fails, each_allocation_fails)
