"""A full disk under the work folder or under the result: a sentence that names the folder and the room it
needs, exit 4, nothing half written; with room again the same command goes on to the same bytes."""

import os
import time

from harness import (FULL, Failed, SmallDisk, arguments, bytes_of, check, check_published_is_right, check_tidy, compose,
                     finish, main, report_of, rng, run, run_well, skip, start)

MIB = 1 << 20
MARGIN = 64  # MiB that the engine leaves free on the work folder's disk
TURNS = 25 if FULL else 3


def prepared(place):
    if os.geteuid() != 0:
        skip("only root can mount a small disk")
    clip = compose(place / "clip.mp4", 8)
    run_well(arguments(clip, place / "calm", place / "calm-work", "--ladder", "360p"))
    return clip, bytes_of(place / "calm")


def check_refused(outcome, folder):
    check(outcome.code == 4, str(outcome))
    check(str(folder) in outcome.sentence, f"the sentence does not name '{folder}': {outcome}")
    check("MiB" in outcome.sentence and "Free some space" in outcome.sentence, f"how much, and what to do? {outcome}")
    check("again" in outcome.sentence, str(outcome))


def work_folder_full_from_the_start(place):
    clip, expected = prepared(place)
    with SmallDisk(place / "disk", 320) as disk:
        disk.fill(MARGIN * MIB // 2)
        command = arguments(clip, place / "out", disk.folder / "work", "--ladder", "360p")
        check_refused(run(command), disk.folder / "work")
        check(not (place / "out").exists(), "a folder for the result was made without a result")
        disk.make_room()
        run_well(command)
        check(bytes_of(place / "out") == expected, "other bytes after room was made")
        check_tidy(place / "out", disk.folder / "work")


def work_folder_fills_up_on_the_way(place):
    """Full to the last byte at a random moment, so that the write itself fails and not the reservation."""
    clip, expected = prepared(place)
    refused = reused = 0
    for turn in range(TURNS * 4):
        if refused >= TURNS:
            break
        with SmallDisk(place / f"disk{turn}", 320) as disk:
            out = place / f"out{turn}"
            command = arguments(clip, out, disk.folder / "work", "--ladder", "360p")
            begun = time.monotonic()
            process = start(command)
            time.sleep(0.05 + rng.random() * 1.2)
            disk.fill(0)
            outcome = finish(process, begun)
            check_published_is_right(out, expected)
            if outcome.code != 0:
                check_refused(outcome, disk.folder / "work")
                check(not (out / "master.m3u8").exists(), "a set was published by a run that failed")
                refused += 1
            disk.make_room()
            run_well(command)
            reused += report_of(out)["stages"]["reused"] > 0
            check(bytes_of(out) == expected, "other bytes after room was made")
            check_tidy(out, disk.folder / "work")
    check(refused >= TURNS, f"only {refused} runs met the full disk")
    return f"{refused} full disks, {reused} runs went on with what was there"


def result_folder_full(place):
    clip, expected = prepared(place)
    size_kib = sum(p.stat().st_size for p in (place / "calm").iterdir()) >> 10
    for turn, free_kib in enumerate([0] + [rng.randrange(1, size_kib * 3 // 4) for _ in range(TURNS)]):
        with SmallDisk(place / f"disk{turn}", 16) as disk:
            out = disk.folder / "film"
            command = arguments(clip, out, place / "calm-work", "--ladder", "360p")
            disk.fill(free_kib << 10)
            outcome = run(command)
            if outcome.code == 0:
                raise Failed(f"{free_kib} KiB should not hold the set")
            check_refused(outcome, disk.folder)
            names = sorted(p.name for p in out.iterdir()) if out.exists() else []
            check(names in ([], [".videoforge"]), f"half a set stands there: {names}")
            disk.make_room()
            run_well(command)
            check(report_of(out)["stages"]["run"] == 0, "stages ran again only because the result's disk was full")
            check(bytes_of(out) == expected, "other bytes after room was made")
            check_tidy(out, place / "calm-work")


def an_older_set_survives(place):
    """What stood there before is whole as long as the new one does not fit."""
    clip, _ = prepared(place)
    with SmallDisk(place / "disk", 16) as disk:
        out = disk.folder / "film"
        run_well(arguments(clip, out, place / "calm-work", "--ladder", "360p"))
        before = bytes_of(out)
        disk.fill(100 << 10)
        outcome = run(arguments(clip, out, place / "calm-work", "--ladder", "360p", "--quality", "high"))
        check_refused(outcome, out)
        after = bytes_of(out)
        before.pop(".videoforge"), after.pop(".videoforge")
        check(after == before, "the older set was harmed")


main(work_folder_full_from_the_start, work_folder_fills_up_on_the_way, result_folder_full, an_older_set_survives)
