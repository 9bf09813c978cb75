"""Nothing is done twice: the same options again, one rung more, another poster; and a cache that was
trimmed or damaged is noticed and mended."""

import json
import time

from harness import (BINARY, arguments, bytes_of, check, check_tidy, compose, count, main, report_of, rng, run_well)


def set_of(clip, place, *more):
    begun = time.monotonic()
    run_well(arguments(clip, place / "out", place / "work", *more))
    return report_of(place / "out"), bytes_of(place / "out"), time.monotonic() - begun


def video_files(files):
    return {name: value for name, value in files.items() if name.startswith("video_") and name.endswith(".mp4")}


def only_what_is_new(place):
    clip = compose(place / "clip.mp4", 12)
    one, files_one, _ = set_of(clip, place, "--ladder", "480p")
    chunks = count(one, "encode")
    check(chunks >= 2, f"{chunks} chunks prove nothing")

    again, files, seconds = set_of(clip, place, "--ladder", "480p")
    check(again["stages"]["run"] == 0, f"{again['stages']['run']} stages ran again")
    check(files == files_one, "the same options gave other bytes")
    check(seconds < 1.0, f"the same again took {seconds:.2f} s")

    two, files_two, _ = set_of(clip, place, "--ladder", "480p,360p")
    check(count(two, "encode") == chunks, f"{count(two, 'encode')} encodes ran for a new rung of {chunks} chunks")
    check(count(two, "encode", "reused") == chunks, "the old rung was encoded again")
    check(count(two, "audio") == 0, "the sound was made again")
    check(files_two["video_480p.mp4"] == files_one["video_480p.mp4"], "the old rung's file changed")

    # Whichever rung came first, the bytes are those of both made at once.
    (place / "fresh").mkdir()
    _, files_fresh, _ = set_of(clip, place / "fresh", "--ladder", "480p,360p")
    check(files_two == files_fresh, "a rung added later has other bytes than one made at once with the others")
    (place / "upwards").mkdir()
    set_of(clip, place / "upwards", "--ladder", "360p")
    up, files_up, _ = set_of(clip, place / "upwards", "--ladder", "480p,360p")
    check(count(up, "encode") == chunks, f"{count(up, 'encode')} encodes ran for a new rung above")
    check(files_up == files_fresh, "a rung added above has other bytes than one made at once with the others")

    poster, files_poster, _ = set_of(clip, place, "--ladder", "480p,360p", "--poster-at", "7")
    for kind in ("encode", "audio", "verify-picture", "stitch", "storyboard"):
        check(count(poster, kind) == 0, f"another poster made '{kind}' run {count(poster, kind)} times")
    check(count(poster, "poster") == 1, "the poster was not made anew")
    check(video_files(files_poster) == video_files(files_two), "another poster changed the video")
    check(files_poster["poster.jpg"] != files_two["poster.jpg"], "the poster is still the old one")

    # Back to one rung: nothing runs, and the files of the other are gone from the folder.
    back, files_back, _ = set_of(clip, place, "--ladder", "480p")
    check(back["stages"]["run"] == 0 and files_back == files_one, "going back did work again")
    return f"the same again in {seconds:.2f} s"


def show_and_trim(place):
    clip = compose(place / "clip.mp4", 6)
    _, files, _ = set_of(clip, place, "--ladder", "360p")
    work = place / "work"

    def cache(*what):
        return json.loads(run_well([BINARY, "cache", *what, "--json", "--work", str(work)]).out)

    shown = cache("show")
    on_disk = sum(p.stat().st_size for p in (work / "blobs").rglob("*") if p.is_file())
    check(shown["bytes"] == on_disk, f"{shown['bytes']} bytes are shown, {on_disk} are there")
    check(any(kind["kind"] == "encode" for kind in shown["kinds"]), "no encode is shown")
    half = on_disk // 2
    cache("trim", "--max-size", str(half))
    check(0 < cache("show")["bytes"] <= half, f"a trim to {half} leaves {cache('show')['bytes']} bytes")
    cache("trim", "--max-size", "0")
    shown = cache("show")
    check(shown["bytes"] == 0 and shown["checkpoints"] == 0, f"after a trim to 0: {shown}")
    check(not [p for p in (work / "blobs").rglob("*") if p.is_file()], "after a trim to 0 blobs are left")
    report, after, _ = set_of(clip, place, "--ladder", "360p")
    check(count(report, "encode") > 0 and after == files, "the run after a trim left other bytes")


def damaged_blobs(place):
    """Every blob in turn is cut, changed in place with its length kept, emptied, or lost."""
    clip = compose(place / "clip.mp4", 6, size="480x360")
    _, files, _ = set_of(clip, place, "--ladder", "360p")
    blobs = sorted(p for p in (place / "work" / "blobs").rglob("*") if p.is_file())
    for turn, blob in enumerate(blobs):
        good = blob.read_bytes()
        way = ("changed", "cut", "emptied", "lost")[turn % 4] if good else "lost"
        if way == "changed":
            at = rng.randrange(len(good))
            blob.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1:])
        elif way == "cut":
            blob.write_bytes(good[:rng.randrange(len(good))])
        elif way == "emptied":
            blob.write_bytes(b"")
        else:
            blob.unlink()
        _, after, _ = set_of(clip, place, "--ladder", "360p")
        check(after == files, f"a {way} blob reached the result")
        check(blob.read_bytes() == good, f"the {way} blob was not mended")
    check_tidy(place / "out", place / "work")
    return f"{len(blobs)} blobs"


def all_blobs_changed(place):
    clip = compose(place / "clip.mp4", 4, size="480x360")
    _, files, _ = set_of(clip, place, "--ladder", "360p")
    for blob in (place / "work" / "blobs").rglob("*"):
        if blob.is_file() and (good := blob.read_bytes()):
            blob.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    _, after, _ = set_of(clip, place, "--ladder", "360p")
    check(after == files, "changed blobs reached the result")


def without_a_cache(place):
    clip = compose(place / "clip.mp4", 4, size="480x360")
    _, files, _ = set_of(clip, place, "--ladder", "360p")
    out, work = place / "out2", place / "work2"
    for turn in range(2):
        run_well(arguments(clip, out, work, "--ladder", "360p", "--no-cache"))
        check(bytes_of(out) == files, "without a cache other bytes")
        check(report_of(out)["stages"]["reused"] <= 1, "without a cache something was reused")
        left = [str(p) for p in work.rglob("*") if p.is_file()]
        check(not left, f"left behind: {left}")
    run_well(arguments(clip, place / "out3", work, "--ladder", "360p", "--no-cache", "--encrypt", "cbcs"))
    check(not [p for p in work.rglob("*") if p.is_file()], "an encrypted run without a cache left something")


def another_source_under_the_same_name(place):
    clip = compose(place / "clip.mp4", 3, size="480x360")
    _, files, _ = set_of(clip, place, "--ladder", "360p")
    compose(clip, 3, size="480x360", rate=12)
    report, after, _ = set_of(clip, place, "--ladder", "360p")
    check(count(report, "encode") > 0 and after != files, "a changed file gave the old result")


main(only_what_is_new, show_and_trim, damaged_blobs, all_blobs_changed, without_a_cache,
     another_source_under_the_same_name)
