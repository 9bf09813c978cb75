#!/usr/bin/env python3
"""Watermark pictures and subtitle files over HTTP: brought, parsed, named by a job, and seen in the picture that comes
out; what is broken or another's is refused."""

import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from harness import check  # noqa: E402
from serving import Server  # noqa: E402

SRT = "1\n00:00:00,000 --> 00:00:02,000\nMMMMMMMMMMMM\n"
VTT = "WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n"
ASS = ("[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Sans,20\n\n"
       "[Events]\nFormat: Start, End, Style, Text\nDialogue: 0:00:00.00,0:00:02.00,Default,Hello\n")


def run(*arguments):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, capture_output=True).stdout


def bring(server, kind, body, name="file", headers=None):
    if isinstance(body, str):
        body = body.encode()
    return server.ask("POST", f"/api/assets?kind={kind}&fileName={name}", body,
                      {"Content-Type": "application/octet-stream", **(headers or {})})


def wait_for(server, job):
    deadline = time.monotonic() + 90
    while True:
        state = server.ask("GET", f"/api/jobs/{job}")[1]
        if state["state"] == "completed":
            return
        check(state["state"] != "failed" and time.monotonic() < deadline, f"{state['state']}: {state['error']}")
        time.sleep(0.1)


def colour(place, film, x, y):
    """Mean red, green and blue around a point of the picture at one second."""
    pixels = run("-ss", "1", "-i", str(film), "-frames:v", "1", "-vf", f"crop=20:20:{x}:{y},scale=1:1:flags=area",
                 "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return tuple(pixels[:3])


def brightest(film, area):
    picture = run("-ss", "1", "-i", str(film), "-frames:v", "1", "-vf", f"crop={area}", "-f", "rawvideo", "-pix_fmt",
                  "gray", "-")
    return max(picture)


def order(server, video, params, kind="process"):
    status, job = server.ask("POST", "/api/jobs", {"kind": kind, "videoId": video, "params": params})
    check(status == 201, f"order: {status} {job}")
    wait_for(server, job["id"])
    return job


def result(server, place, job):
    status, film = server.ask("GET", f"/api/jobs/{job['id']}/files/video.mp4", raw=True)
    check(status == 200, f"result: {status}")
    (place / "out.mp4").write_bytes(film)
    return place / "out.mp4"


def what_is_brought(server, logo):
    for body, kind, type_, fact in ((logo, "picture", "image/png", ("width", 64)), (SRT, "subtitles", "application/x-subrip", ("cues", 1)),
                                    (VTT, "subtitles", "text/vtt", ("cues", 1)), (ASS, "subtitles", "text/x-ssa", ("cues", 1))):
        status, made = bring(server, kind, body, "..%2F..%2Fetc%2Flogo.png")
        check(status == 201, f"{type_}: {status} {made}")
        check(made["contentType"] == type_ and made[fact[0]] == fact[1], f"what it is: {made}")
        check("/" not in made["fileName"], f"a path stayed in the name: {made['fileName']}")
        check(server.ask("GET", f"/api/assets/{made['id']}")[1] == made, "shown as it was made")
        status, content = server.ask("GET", f"/api/assets/{made['id']}/content", raw=True)
        check(status == 200 and content == (body if isinstance(body, bytes) else body.encode()), "its bytes, unchanged")
        check(server.heard.headers["Content-Disposition"].startswith("attachment"), "never shown in this site's name")
    listed = server.ask("GET", "/api/assets?kind=subtitles")[1]["items"]
    check(len(listed) == 3, f"three subtitle files: {len(listed)}")


def huge(width, height):
    """A PNG that claims a size and holds next to nothing."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))


def what_is_refused(server, logo):
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    for name, kind, body, wanted in (
            ("a text", "picture", b"no picture", 422), ("an SVG", "picture", svg, 422),
            ("half a PNG", "picture", logo[:len(logo) // 2], 422), ("a PNG's head", "picture", logo[:20], 422),
            ("a bomb", "picture", huge(30000, 30000), 422), ("a playlist", "subtitles", playlist, 422),
            ("a picture as subtitles", "subtitles", logo, 422), ("subtitles without one", "subtitles", b"WEBVTT\n\n", 422),
            ("nothing", "picture", b"", 400), ("another kind", "film", logo, 400), ("too much", "picture", b"x" * (17 << 20), 413)):
        try:
            status, answer = bring(server, kind, body)
        except OSError:
            check(wanted == 413, f"{name}: the connection broke")
            continue
        check(status == wanted, f"{name}: {status} {answer}")
        check(wanted == 413 or (answer["detail"] and "/" not in answer["detail"].replace("/api/", "")), f"{name}: {answer}")


def what_is_anothers(server, picture):
    status, other = server.ask("POST", "/api/auth/register", {"username": "other", "password": "violet otter parade"})
    check(status == 201, f"register: {status} {other}")
    mine, server.key = server.key, other["apiKey"]["key"]
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        check(server.ask(method, f"/api/assets/{picture}{path}")[0] == 404, f"{method} {path} of another's")
    check(server.ask("GET", "/api/assets")[1]["items"] == [], "nothing of another's is listed")
    server.key = mine


def what_it_draws(server, place, logo, video):
    picture = bring(server, "picture", logo)[1]["id"]
    texts = bring(server, "subtitles", SRT)[1]["id"]
    what_is_anothers(server, picture)
    plain = result(server, place, order(server, video, {"scale": "320x240"}))
    check(colour(place, plain, 10, 10)[0] < 60, "the source is dark")
    job = order(server, video, {"watermark": {"asset": picture, "corner": "top_left", "width": 0.5, "margin": 0}})
    check(job["params"]["watermark"]["asset"] == picture, f"the order says what it uses: {job['params']}")
    marked = result(server, place, job)
    red, green, blue = colour(place, marked, 10, 10)
    check(red > 180 and green < 80 and blue < 80, f"no red watermark: {red} {green} {blue}")
    area = "320:100:0:140"
    check(brightest(plain, area) < 60, "the source has no text")
    drawn = result(server, place, order(server, video, {"subtitles": {"burn": texts}}))
    check(brightest(drawn, area) > 180, "no subtitle was drawn")
    order(server, video, {"watermark": {"asset": picture}, "subtitles": {"burn": texts}}, "transcode")
    for params, wanted in (({"watermark": {"asset": texts}}, 400), ({"watermark": {"opacity": 0.5}}, 400),
                           ({"watermark": {"asset": "0193a5c8-0000-7000-8000-000000000000"}}, 404),
                           ({"subtitles": {"burn": picture}}, 400), ({"burnFile": True}, 400)):
        status, answer = server.ask("POST", "/api/jobs", {"kind": "process", "videoId": video, "params": params})
        check(status == wanted, f"{params}: {status} {answer}")
    check(server.ask("DELETE", f"/api/assets/{picture}")[0] == 204, "removed")
    check(server.ask("GET", f"/api/assets/{picture}")[0] == 404, "gone")
    check(server.ask("DELETE", f"/api/assets/{picture}")[0] == 404, "and stays gone")


def a_repetition(server, logo):
    again = {"Idempotency-Key": "the-logo"}
    status, first = bring(server, "picture", logo, headers=again)
    place = server.heard.headers["Location"]
    check(status == 201 and place == f"/api/assets/{first['id']}", f"Location: {place}")
    status, second = bring(server, "picture", logo, headers=again)
    check(status == 201 and second == first, "the same order is the same asset")
    check(server.heard.headers["Location"] == place, f"a repetition lost its Location: {server.heard.headers['Location']}")


def main():
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        run("-f", "lavfi", "-i", "color=0x101010:size=320x240:rate=10:duration=2", "-c:v", "libx264", "-pix_fmt", "yuv420p",
            str(place / "dark.mp4"))
        logo = run("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-")
        server = Server(place).start()
        try:
            what_is_brought(server, logo)
            what_is_refused(server, logo)
            a_repetition(server, logo)
            video = server.upload(place / "dark.mp4")
            wait_for(server, server.ask("GET", f"/api/jobs?videoId={video}")[1]["items"][0]["id"])
            what_it_draws(server, place, logo, video)
        finally:
            server.stop()
    print("pictures and subtitles come by HTTP, and are seen in what jobs make")
    return 0


if __name__ == "__main__":
    sys.exit(main())
