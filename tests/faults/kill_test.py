"""kill -9 of the command or of a running stage at random moments: the same command then goes on, does at
most one chunk per core again, and leaves the same bytes as a run that nobody disturbed."""

import functools
import os
import signal
import time

from harness import (CORES, FULL, arguments, bytes_of, check, check_published_is_right, check_tidy, checkpoints, compose,
                     count, finish, main, report_of, rng, run_well, stages_of, start, children_of, wait_gone)

KILLS = 100 if FULL else 10
CHILD_KILLS = 20 if FULL else 2
SECONDS = 48  # so long that starting and ending are a twentieth of it
LADDER = ("--ladder", "480p,360p")
RUNGS = 2


@functools.cache
def undisturbed(place):
    """The clip and its calm run, once for all cases."""
    clip = compose(place / "clip.mp4", SECONDS, rate=8)
    done = run_well(arguments(clip, place / "calm", place / "calm-work", *LADDER))
    return clip, bytes_of(place / "calm"), report_of(place / "calm"), done.seconds


def kill_the_command(place):
    clip, expected, calm, seconds = undisturbed(place.parent)
    total = count(calm, "encode")
    check(total >= 4 * RUNGS, f"the clip gives {total} encodes: too few chunks to prove anything")
    inside = kills = late = redone_most = 0
    begun_all = time.monotonic()
    while kills < KILLS:
        out, work = place / f"out{kills}-{late}", place / f"work{kills}-{late}"
        # Moments lie uniformly over the undisturbed run; one cell each, so that few kills spread too.
        moment = seconds * (kills + rng.random()) / KILLS
        begun = time.monotonic()
        process = start(arguments(clip, out, work, *LADDER))
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        family = children_of(process.pid)
        stages = [pid for pid, name in family.items() if name == "vf-stage"]
        ended_first = process.poll() is not None
        process.kill()
        outcome = finish(process, begun)
        wait_gone(family)
        check_published_is_right(out, expected)
        if ended_first:
            # The machine was busier when the run was measured: this moment lies beyond its end.
            check(outcome.code == 0, str(outcome))
            seconds, late = outcome.seconds, late + 1
            check(late <= KILLS, "the run's time cannot be measured on this machine")
            continue
        check(outcome.code == -signal.SIGKILL, str(outcome))
        kills += 1
        inside += bool(stages)
        check(len(stages) <= CORES, f"{len(stages)} stages at once on {CORES} cores")

        finished = checkpoints(work, "encode") if work.exists() else 0
        run_well(arguments(clip, out, work, *LADDER))
        report = report_of(out)
        check(bytes_of(out) == expected, f"killed after {moment:.2f} s, the next run left other bytes")
        check_tidy(out, work)
        # What was finished is never done again, so only what ran at that moment is: one chunk a core.
        check(count(report, "encode", "reused") == finished,
              f"{finished} encodes were finished, {count(report, 'encode', 'reused')} were reused")
        check(count(report, "encode") == total - finished, f"{count(report, 'encode')} encodes ran again")
        redone_most = max(redone_most, len(stages))
        check(report["stages"]["run"] + report["stages"]["reused"] == calm["stages"]["run"] + calm["stages"]["reused"],
              "the report counts other stages than the undisturbed run's")
    check(inside >= 0.8 * KILLS, f"only {inside} of {KILLS} kills met a running stage")
    return (f"{KILLS} kills over {seconds:.1f} s, {inside} of them inside a running stage; at most {redone_most} "
            f"chunks again on {CORES} cores; {time.monotonic() - begun_all:.0f} s")


def kill_a_stage(place):
    """The command itself lives on: it tries that stage again and ends well."""
    clip, expected, calm, seconds = undisturbed(place.parent)
    hits = 0
    for turn in range(CHILD_KILLS * 5):
        if hits == CHILD_KILLS:
            break
        out, work = place / f"out{turn}", place / f"work{turn}"
        begun = time.monotonic()
        process = start(arguments(clip, out, work, *LADDER))
        time.sleep(seconds * (0.1 + 0.8 * rng.random()))
        victims = stages_of(process.pid)
        if victims:
            try:
                os.kill(rng.choice(victims), signal.SIGKILL)
            except ProcessLookupError:
                victims = []
        outcome = finish(process, begun)
        check(outcome.code == 0, str(outcome))
        check(bytes_of(out) == expected, "after a stage was killed the bytes differ")
        check_tidy(out, work)
        report = report_of(out)
        check(report["stages"]["run"] == calm["stages"]["run"], "the report counts other stages")
        hits += report["stages"]["retried"] > 0
    check(hits == CHILD_KILLS, f"only {hits} of {turn + 1} kills met a stage that was tried again")
    return f"{hits} stages killed, each tried again"


def kill_every_attempt(place):
    """A stage that dies every time ends the run with a sentence; what was done before stays."""
    clip, expected, _, _ = undisturbed(place.parent)
    out, work = place / "out", place / "work"
    begun = time.monotonic()
    process = start(arguments(clip, out, work, *LADDER, "--workers", "1"))
    while process.poll() is None and time.monotonic() < begun + 60:
        for pid in stages_of(process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.002)
    outcome = finish(process, begun)
    check(outcome.code == 4, str(outcome))
    check("memory" in outcome.sentence, str(outcome))
    check(not (out / "master.m3u8").exists(), "a set was published although a stage never ended")
    run_well(arguments(clip, out, work, *LADDER))
    check(bytes_of(out) == expected, "the next run left other bytes")
    check_tidy(out, work)


main(kill_the_command, kill_a_stage, kill_every_attempt)
