"""Benchmarks that compare commands: ours and each peer's, in alternating pairs, medians of the ratios."""

import json
import shutil
from dataclasses import asdict, dataclass, field
from statistics import median

from . import check, pictures, plot
from .measure import Cost, Failed, run_all


@dataclass
class Turn:
    cost: Cost                   # the whole command
    core: Cost                   # without the stages that are reported apart
    videos: list = field(default_factory=list)
    stills: pictures.Pictures | None = None


def without_stages(cost, report, apart):
    """The cost less the stages in `apart` ("verify" means "verify-sound" as well). Their processor time is measured; their part of the wall
    time is their share of all stages' wall time, since stages run side by side."""
    kinds = report.get("stages", {}).get("by_kind", [])
    left_out = [k for k in kinds if any(k["kind"] == a or k["kind"].startswith(a + "-") for a in apart)]
    cpu = sum(k.get("cpu_seconds", 0) for k in left_out)
    wall = sum(k.get("wall_seconds", 0) for k in left_out)
    every = sum(k.get("wall_seconds", 0) for k in kinds)
    share = wall / every if every > 0 else 0
    return Cost(cost.wall * (1 - share), max(cost.cpu - cpu, 0), cost.rss)


def one_turn(place, side, source, commands, first):
    """Runs one side once. Results are checked in the first turn, which fails the benchmark."""
    shutil.rmtree(place.scratch, ignore_errors=True)
    out = place.scratch / "out"
    if side.get("name") or side.get("pictures"):
        out.mkdir(parents=True)
    else:
        place.scratch.mkdir(parents=True)
    fill = {**place.words, "source": source, "out": out, "work": place.scratch / "work"}
    stdout = place.scratch / "stdout"
    cost = run_all([[word.format(**fill) for word in c] for c in commands], place.log, stdout)
    core = cost
    if side.get("apart"):
        core = without_stages(cost, json.loads((out / "report.json").read_text()), side["apart"])
    videos = [check.video(source, out / v["file"]) for v in side.get("video", [])] if first else []
    if side.get("pictures"):
        return Turn(cost, core, videos, pictures.read(out / side["pictures"]) if first else None)
    if not side.get("video"):
        answer = json.loads(stdout.read_text())  # an answer at all, and one for machines
        if side.get("seconds"):
            core = Cost(answer["seconds"], answer["seconds"], cost.rss)
    return Turn(cost, core, videos)


def compare(place, case, peer, source, pairs):
    """Alternates ours and one peer; returns the row of results."""
    ours, theirs = [], []
    for turn in range(pairs):
        order = [(ours, case["ours"], [case["ours"]["command"]]), (theirs, peer, peer["commands"])]
        for turns, side, commands in order if turn % 2 == 0 else reversed(order):
            turns.append(one_turn(place, side, source, commands, not turns))
        print(f"    {peer['name']}: pair {turn + 1} of {pairs}: "
              f"{theirs[-1].cost.wall:.2f} s / {ours[-1].core.wall:.2f} s", flush=True)
    check.same_quality(ours[0].videos, theirs[0].videos)
    stills = {}
    if ours[0].stills:
        lowest = pictures.same(ours[0].stills, theirs[0].stills, case.get("least_psnr", 35))
        stills = {"count": ours[0].stills.count, "psnr": lowest, "bytes": ours[0].stills.bytes,
                  "peer_bytes": theirs[0].stills.bytes}
    ratio = lambda what: median(getattr(b.core, what) / max(getattr(a.core, what), 1e-9) for a, b in zip(ours, theirs))
    middle = lambda turns, which: {k: median(getattr(getattr(t, which), k) for t in turns) for k in ("wall", "cpu", "rss")}
    return {
        "peer": peer["name"], "goal": peer.get("goal", {}), "ratio": {"wall": ratio("wall"), "cpu": ratio("cpu")},
        "ours": middle(ours, "core"), "ours_whole": middle(ours, "cost"), "theirs": middle(theirs, "cost"),
        "pictures": stills, "ours_videos": [asdict(v) for v in ours[0].videos], "theirs_videos": [asdict(v) for v in theirs[0].videos],
        "turns": {"ours": [asdict(t.core) for t in ours], "theirs": [asdict(t.cost) for t in theirs]},
    }


def figure(cost):
    digits = 4 if cost["wall"] < 0.1 else 2
    return f"{cost['wall']:.{digits}f}, {cost['cpu']:.{digits}f}"


def met(row):
    return all(row["ratio"][what] >= goal for what, goal in row["goal"].items())


def table(case, rows):
    lines = ["| peer | wall, CPU s: peer | ours | ours, the whole command | memory MB: peer, ours | peer / ours: wall | CPU | goal | met |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        them, us, whole = row["theirs"], row["ours"], row["ours_whole"]
        goal = ", ".join(f"{what} {value:g}" for what, value in row["goal"].items()) or "none"
        lines.append(f"| {row['peer']} | {figure(them)} | {figure(us)} "
                     f"| {figure(whole)} | {them['rss'] / 1e6:.0f}, {whole['rss'] / 1e6:.0f} "
                     f"| {row['ratio']['wall']:.2f} | {row['ratio']['cpu']:.2f} | {goal} | {'yes' if met(row) else '**no**'} |")
    videos = [(row["peer"], a, b) for row in rows for a, b in zip(row["ours_videos"], row["theirs_videos"])]
    if videos:
        lines += ["", "| result | frames | kbit/s: peer, ours | luma SSIM: peer, ours |", "|---|---|---|---|"]
        lines += [f"| {name}, {a['width']}x{a['height']} | {a['frames']} | {b['bit_rate'] / 1e3:.0f}, {a['bit_rate'] / 1e3:.0f} "
                  f"| {b['ssim']:.4f}, {a['ssim']:.4f} |" for name, a, b in videos]
    stills = [(row["peer"], row["pictures"]) for row in rows if row["pictures"]]
    if stills:
        lines += ["", "| against | pictures | MB: peer, ours | lowest PSNR of ours against the peer's, dB |", "|---|---|---|---|"]
        lines += [f"| {name} | {p['count']} | {p['peer_bytes'] / 1e6:.1f}, {p['bytes'] / 1e6:.1f} | {p['psnr']:.1f} |" for name, p in stills]
    if case["ours"].get("apart"):
        lines += ["", f"\"ours\" leaves out {', '.join(case['ours']['apart'])}."]
    return "\n".join(lines)


def run_case(place, case, pairs):
    """(result, markdown, svg, every goal met)."""
    source = place.sources.path(case["source"])
    rows = [compare(place, case, peer, source, pairs or case["pairs"]) for peer in case["peer"]]
    if not rows:
        raise Failed("the case names no peer")
    bars = [(f"{row['peer']}, {what}", row["ratio"][what], row["goal"].get(what)) for row in rows for what in ("wall", "cpu")]
    return {"rows": rows}, table(case, rows), plot.ratio_bars(case["title"], bars), all(map(met, rows))
