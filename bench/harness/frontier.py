"""Our settings among x264's named presets: processor time against bits at equal quality."""

import json
import math
import shutil

from . import check, plot
from .measure import run
from .pairs import without_stages


def decibel(ssim):
    return -10 * math.log10(max(1 - ssim, 1e-9))


def log_rate_at(curve, quality):
    """The logarithm of the bit rate a setting needs for a quality; `curve`: [(quality, log rate)] sorted."""
    for (q0, r0), (q1, r1) in zip(curve, curve[1:]):
        if q0 <= quality <= q1:
            return r0 + (r1 - r0) * (quality - q0) / max(q1 - q0, 1e-9)
    raise ValueError("outside the curve")


def rate_difference(curve, reference):
    """Bits of `curve` against `reference` at equal quality, as a share (-0.1: a tenth fewer), averaged
    over the range of quality both have."""
    low, high = max(curve[0][0], reference[0][0]), min(curve[-1][0], reference[-1][0])
    if high <= low:
        raise ValueError("the curves share no quality")
    at = [low + (high - low) * i / 50 for i in range(51)]
    mean = sum(log_rate_at(curve, q) - log_rate_at(reference, q) for q in at) / len(at)
    return math.exp(mean) - 1


def frontier_at(presets, cpu):
    """The bits that a mix of the named presets needs at this processor time: the lower hull of their
    points. Infinity where ours is quicker than all of them."""
    hull = []
    for x, y in sorted(presets.values()):
        if hull and y >= hull[-1][1]:
            continue
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (x - hull[-2][0]) >= (y - hull[-2][1]) * (hull[-1][0] - hull[-2][0]):
            hull.pop()
        hull.append((x, y))
    if cpu < hull[0][0]:
        return math.inf
    for (x0, y0), (x1, y1) in zip(hull, hull[1:]):
        if x0 <= cpu <= x1:
            return y0 + (y1 - y0) * (cpu - x0) / (x1 - x0)
    return hull[-1][1]


def encode(place, case, command, source, preset, quality, is_ours):
    shutil.rmtree(place.scratch, ignore_errors=True)
    out = place.scratch / "out"
    (place.scratch if is_ours else out).mkdir(parents=True)
    fill = {**place.words, "source": source, "out": out, "work": place.scratch / "work", "preset": preset, "quality": quality}
    cost = run([word.format(**fill) for word in command], place.log, place.scratch / "stdout")
    if is_ours:
        cost = without_stages(cost, json.loads((out / "report.json").read_text()), case["apart"])
    return cost, check.video(source, out / case["video"])


def run_case(place, case, _pairs):
    """(result, markdown, svg, ours is on the frontier)."""
    settings = [(preset, case["peer"], False) for preset in case["presets"]] + [("ours", case["ours"], True)]
    cpu, curves, raw = {}, {}, []
    for name in case["sources"]:
        source = place.sources.path(name)
        for preset, command, is_ours in settings:
            for quality in case["qualities"]:
                cost, video = encode(place, case, command, source, preset, quality, is_ours)
                cpu[preset] = cpu.get(preset, 0) + cost.cpu
                curves.setdefault((name, preset), []).append((decibel(video.ssim), math.log(video.bit_rate)))
                raw.append({"source": name, "setting": preset, "quality": quality, "cpu": cost.cpu,
                            "bit_rate": video.bit_rate, "ssim": video.ssim})
            print(f"    {name}: {preset} done", flush=True)
    bits = {}
    for preset, _, _ in settings:
        shares = [rate_difference(sorted(curves[name, preset]), sorted(curves[name, case["reference"]])) for name in case["sources"]]
        bits[preset] = sum(shares) / len(shares)
    runs = len(case["sources"]) * len(case["qualities"])
    named = {p: (cpu[p] / runs, bits[p]) for p in case["presets"]}
    ours = (cpu["ours"] / runs, bits["ours"])
    line = frontier_at(named, ours[0])
    good = ours[1] <= line + case["tolerance"]
    lines = ["| setting | CPU s a clip | bits at equal SSIM, against " + case["reference"] + " |", "|---|---|---|"]
    lines += [f"| x264 {p} | {c:.2f} | {b:+.1%} |" for p, (c, b) in named.items()]
    lines += [f"| **ours** | {ours[0]:.2f} | {ours[1]:+.1%} |", "",
              f"{'On or above' if good else 'Below'} the frontier: at this time the named presets need {line:+.1%}."]
    svg = plot.points(case["title"], "processor seconds a clip", "bits at equal SSIM (0 = " + case["reference"] + ")",
                      [("x264's named presets", "peer", True, [(p, c, b) for p, (c, b) in named.items()]),
                       ("VideoForge", "ours", False, [("ours", *ours)])])
    return {"cpu": {**{p: c for p, (c, _) in named.items()}, "ours": ours[0]}, "bits": bits, "runs": raw}, "\n".join(lines), svg, good
