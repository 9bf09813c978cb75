"""Two runs at once, interrupts, folders that cannot be used, and machines of another size."""

import os
import pty
import re
import signal
import subprocess
import time

from harness import (BINARY, CORES, arguments, bytes_of, check, check_tidy, children_of, compose, finish, main,
                     report_of, run, run_well, stages_of, start, wait_gone)

LADDER = ("--ladder", "480p,360p")


def calm(place, seconds=8):
    clip = compose(place / "clip.mp4", seconds)
    run_well(arguments(clip, place / "calm", place / "calm-work", *LADDER))
    return clip, bytes_of(place / "calm")


def two_at_once(place):
    clip, expected = calm(place)
    for outs in (("a", "b"), ("same", "same")):
        work = place / f"work-{outs[0]}"
        begun = time.monotonic()
        both = [start(arguments(clip, place / out, work, *LADDER)) for out in outs]
        for process in both:
            outcome = finish(process, begun)
            check(outcome.code == 0, str(outcome))
        for out in set(outs):
            check(bytes_of(place / out) == expected, "two runs at once gave other bytes")
            check_tidy(place / out, work)


def two_at_once_share_their_keys(place):
    """The first encrypted runs of a work folder make its secret; both must end up with the same one."""
    clip = compose(place / "clip.mp4", 2, size="320x240", rate=10)
    for turn in range(4):
        work = place / f"work{turn}"
        begun = time.monotonic()
        outs = [place / f"out{turn}-{i}" for i in range(3)]
        for process in [start(arguments(clip, out, work, "--ladder", "360p", "--encrypt", "cbcs")) for out in outs]:
            outcome = finish(process, begun)
            check(outcome.code == 0, str(outcome))
        check(len({str(bytes_of(out)) for out in outs}) == 1, "runs of one work folder used different keys")
        mode = (work / "secret").stat().st_mode & 0o777
        check(mode == 0o600, f"others may read the secret ({mode:o})")


def trim_beside_a_run(place):
    """A trim must not take bytes from under a run that will read them."""
    clip, expected = calm(place)
    out, work = place / "out", place / "work"
    begun = time.monotonic()
    process = start(arguments(clip, out, work, *LADDER))
    refused = 0
    while process.poll() is None:
        if (work / "checkpoints.db").exists() and process.poll() is None:
            refused += run([BINARY, "cache", "trim", "--max-size", "0", "--work", str(work)]).code == 2
        time.sleep(0.1)
    outcome = finish(process, begun)
    check(outcome.code == 0, str(outcome))
    check(refused > 0, "no trim was refused while a run was working")
    check(bytes_of(out) == expected, "other bytes after trims beside the run")


def other_sizes_of_machine(place):
    """Workers and processors decide how fast it goes, never what comes out."""
    clip, expected = calm(place)
    first = min(os.sched_getaffinity(0))
    ways = [("--workers", "1"), ("--workers", "7"), ()]
    for i, more in enumerate(ways):
        limit = (lambda: os.sched_setaffinity(0, {first})) if not more else None
        run_well(arguments(clip, place / f"out{i}", place / f"work{i}", *LADDER, *more), preexec_fn=limit)
        check(bytes_of(place / f"out{i}") == expected, f"{more or 'one processor'}: other bytes")
    return f"1 and 7 workers, 1 of {CORES} processors"


def wait_for_stage(process):
    end = time.monotonic() + 30
    while not stages_of(process.pid):
        check(time.monotonic() < end and process.poll() is None, "no stage began")
        time.sleep(0.01)


def ctrl_c(place):
    clip, expected = calm(place, 16)
    out, work = place / "out", place / "work"
    slowest = 0
    for delay in (0.0, 0.4, 0.9):
        process = start(arguments(clip, out, work, *LADDER), start_new_session=True)
        wait_for_stage(process)
        time.sleep(delay)
        family = children_of(process.pid)
        begun = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        outcome = finish(process, begun)
        if outcome.code == 0:
            continue  # it was quicker
        check(outcome.code == 130, str(outcome))
        check("goes on" in outcome.sentence or "go on" in outcome.sentence, str(outcome))
        slowest = max(slowest, outcome.seconds)
        wait_gone(family, 1)
        check(not (out / "master.m3u8").exists(), "a set was published by an interrupted run")
    check(0 < slowest <= 1.0, f"Ctrl-C took {slowest:.2f} s")
    run_well(arguments(clip, out, work, *LADDER))
    check(report_of(out)["stages"]["reused"] > 1, "the run after Ctrl-C began anew")
    check(bytes_of(out) == expected, "other bytes after Ctrl-C")
    check_tidy(out, work)
    return f"slowest {slowest:.2f} s"


def ctrl_c_on_a_terminal(place):
    """The key itself, typed into a terminal that shows the progress bar."""
    clip = compose(place / "clip.mp4", 16)
    command = [a for a in arguments(clip, place / "out", place / "work", *LADDER) if a != "--quiet"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(BINARY, command)
    shown = b""
    asked = None
    try:
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if asked is None and re.search(rb"\d+%", shown):
                asked = time.monotonic()
                os.write(terminal, b"\x03")
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    check(asked is not None, f"no bar was shown: {shown[-300:]!r}")
    seconds = time.monotonic() - asked
    check(os.waitstatus_to_exitcode(status) == 130, f"exit {os.waitstatus_to_exitcode(status)}: {shown[-300:]!r}")
    check(seconds <= 1.0, f"Ctrl-C took {seconds:.2f} s")
    check(b"Interrupted" in shown, f"{shown[-300:]!r}")
    return f"{seconds:.2f} s"


def second_ctrl_c(place):
    """Where the first one cannot help (everything it waits for is stopped), the second ends it."""
    clip = compose(place / "clip.mp4", 16)
    process = start(arguments(clip, place / "out", place / "work", *LADDER))
    wait_for_stage(process)
    family = children_of(process.pid)
    nursery = [pid for pid, name in family.items() if name == "vf-nursery"]
    check(len(nursery) == 1, f"one nursery was expected: {family}")
    os.kill(nursery[0], signal.SIGSTOP)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.05)
    begun = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    outcome = finish(process, begun)
    check(outcome.code == 130, str(outcome))
    check(outcome.seconds < 0.3, f"the second Ctrl-C took {outcome.seconds:.2f} s")
    wait_gone(family, 1)


def mounted_read_only(folder):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder)],
                          capture_output=True).returncode == 0


def expect(command, code, *words):
    outcome = run(command)
    check(outcome.code == code, f"exit {code} was expected: {outcome}")
    for word in words:
        check(word in outcome.sentence, f"'{word}' is missing: {outcome}")


def folders_that_cannot_be_used(place):
    clip = compose(place / "clip.mp4", 2, size="320x240", rate=10)
    out, work = place / "out", place / "work"

    theirs = place / "theirs"
    theirs.mkdir()
    (theirs / "letter.txt").write_text("mine")
    expect(arguments(clip, theirs, work), 2, str(theirs), "did not write")
    check((theirs / "letter.txt").read_text() == "mine", "somebody's file was changed")
    check([p.name for p in theirs.iterdir()] == ["letter.txt"], "something was added to somebody's folder")

    # A killed run may leave its very first file and nothing else: that folder is ours.
    begun = place / "begun"
    begun.mkdir()
    (begun / ".videoforge.4711.partial").write_text("")
    run_well(arguments(clip, begun, work))
    check_tidy(begun, work)

    a_file = place / "file"
    a_file.write_text("")
    expect(arguments(clip, a_file, work), 2, str(a_file), "is a file")
    expect(arguments(clip, a_file / "below", work), 2, str(a_file), "not a folder")
    expect(arguments(clip, out, a_file), 2, str(a_file))
    expect(arguments(clip, out, a_file / "below"), 2, str(a_file))
    expect(arguments(place / "nowhere.mp4", out, work), 2, "nowhere.mp4")

    run_well(arguments(clip, place / "deep" / "er" / "out", place / "missing" / "path" / "work"))

    fixed = place / "fixed"
    fixed.mkdir()
    mounted = os.geteuid() == 0 and mounted_read_only(fixed)
    if not mounted:
        if os.geteuid() == 0:
            return "without the read-only folder: none can be mounted"
        fixed.chmod(0o555)
    try:
        begun_at = time.monotonic()
        expect(arguments(clip, fixed / "out", work), 2, str(fixed), "-o")
        expect(arguments(clip, out, fixed / "work"), 2, str(fixed))
        expect(arguments(clip, out, fixed), 2, str(fixed))
        check(time.monotonic() - begun_at < 10, "it took long to say so")
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(fixed)], check=False)
        else:
            fixed.chmod(0o755)
    return None


main(two_at_once, two_at_once_share_their_keys, trim_beside_a_run, other_sizes_of_machine, ctrl_c, ctrl_c_on_a_terminal,
     second_ctrl_c, folders_that_cannot_be_used)
