#!/usr/bin/env python3
"""What cameras, editors and archives really make, through the whole engine: every kind comes out upright,
in its true shape and colours, with every picture at its time and the sound in step. Then every real file
of VIDEOFORGE_MEDIA_DIR."""
import json
import struct
import unittest

from engine import MEDIA, EngineTest, ffmpeg, frame_count, frame_times, picture, pictures, sound, ssim, stream

QUICK = {"name": "quick", "description": "Small and fast.", "options": {"ladder": ["360p"], "speed": "ultrafast"}}
BT709 = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", *BT709]

# Name, what ffmpeg is told behind the inputs, and what the reference goes through to look like the result.
KINDS = [
    ("ten_bit.mp4", [*H264, "-pix_fmt", "yuv420p10le"], "null"),
    ("422.mov", ["-c:v", "prores_ks", "-profile:v", "2", "-pix_fmt", "yuv422p10le", *BT709], "null"),
    ("444.mkv", [*H264, "-pix_fmt", "yuv444p"], "null"),
    ("rgb.mkv", ["-c:v", "libx264rgb", "-preset", "ultrafast", "-crf", "10"], "scale=out_color_matrix=bt709"),
    ("full_range.mp4", ["-vf", "scale=out_range=pc", *H264, "-pix_fmt", "yuv420p", "-color_range", "pc"],
     "scale=in_range=pc:out_range=tv"),
    ("pyramid.mp4", [*H264, "-pix_fmt", "yuv420p", "-bf", "5", "-x264-params", "b-pyramid=normal:b-adapt=0:ref=4"], "null"),
    ("open_gop.mp4", [*H264, "-pix_fmt", "yuv420p", "-bf", "3", "-g", "12", "-x264-params", "open-gop=1:b-adapt=0"], "null"),
    ("hevc_open.mp4", ["-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", *BT709,
                       "-x265-params", "log-level=none:open-gop=1:keyint=12"], "null"),
    ("av1.webm", ["-c:v", "libsvtav1", "-preset", "12", "-crf", "25", "-pix_fmt", "yuv420p", *BT709, "-c:a", "libopus"], "null"),
    ("vp9_hidden.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "1",
                         "-pix_fmt", "yuv420p", *BT709, "-c:a", "libopus"], "null"),
    ("vp8.webm", ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "3M", "-pix_fmt", "yuv420p",
                  "-c:a", "libvorbis"], "colorspace=iall=bt601-6-525:all=bt709:format=yuv420p"),
    ("mpeg2.ts", ["-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-pix_fmt", "yuv420p", *BT709, "-c:a", "mp2"], "null"),
    ("mpeg2.mpg", ["-c:v", "mpeg2video", "-q:v", "3", "-bf", "2", "-pix_fmt", "yuv420p", *BT709, "-c:a", "mp2"], "null"),
    ("mpeg4.avi", ["-c:v", "mpeg4", "-q:v", "3", "-bf", "2", "-pix_fmt", "yuv420p", "-c:a", "libmp3lame"],
     "colorspace=iall=bt601-6-525:all=bt709:format=yuv420p"),
    ("wmv.asf", ["-c:v", "wmv2", "-q:v", "3", "-pix_fmt", "yuv420p", "-c:a", "wmav2"],
     "colorspace=iall=bt601-6-525:all=bt709:format=yuv420p"),
    ("flash.flv", [*H264, "-pix_fmt", "yuv420p", "-ar", "44100", "-c:a", "libmp3lame"], "null"),
    ("mjpeg.mov", ["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-color_range", "pc", *BT709],
     "scale=in_range=pc:out_range=tv"),
    ("fragments.mp4", [*H264, "-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov"], "null"),
]

# The eight ways to hold a camera: the matrix of `tkhd` (ISO/IEC 14496-12 8.3.2) that a player applies.
ORIENTATIONS = {
    "upright": (1, 0, 0, 1), "turned 90": (0, 1, -1, 0), "turned 180": (-1, 0, 0, -1), "turned 270": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1), "flipped": (1, 0, 0, -1), "transposed": (0, 1, 1, 0), "transversed": (0, -1, -1, 0),
}


def with_matrix(content, matrix):
    """The MP4 with another matrix in its first video track header."""
    at = content.index(b"tkhd") + 4
    version = content[at]
    place = at + 4 + (32 if version else 20) + 16
    a, b, c, d = (v * 0x10000 for v in matrix)
    return content[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 0x40000000) + content[place + 36:]


def corners_through(matrix):
    """Where the four coloured quarters of the coded picture are seen: by (right, bottom) as 0 or 1."""
    a, b, c, d = matrix
    seen = {}
    for x in (0, 1):
        for y in (0, 1):
            p, q = 2 * x - 1, 2 * y - 1
            seen[(a * p + c * q > 0, b * p + d * q > 0)] = (x, y)
    return seen


class Cameras(EngineTest):
    def transcode_quickly(self, film, *args, expect=0):
        preset = self.write("quick.json", json.dumps(QUICK))
        out = self.folder / "sets" / film.name
        return self.engine("transcode", film, "-o", out, "--preset", preset, *args, expect=expect, folder=out)

    def video(self, out):
        return out.folder / next(r["file"] for r in out.report["renditions"])

    def in_step(self, out):
        for track in out.report["audio"]:
            self.assertLess(abs(track["offset_ms"]), 10, track)

    def test_every_codec_and_layout_comes_out_alike(self):
        for name, args, reference in KINDS:
            with self.subTest(name):
                film = self.compose(name, *pictures(), *sound(), *args)
                out = self.transcode_quickly(film)
                made = self.video(out)
                self.assertEqual(frame_count(made), frame_count(film))
                self.assertGreater(ssim(made, film, reference), 0.93)
                self.in_step(out)

    def test_eight_orientations(self):
        quarters = "[0][1]hstack[t];[2][3]hstack[u];[t][u]vstack,format=gbrp,scale=out_color_matrix=bt709,format=yuv420p"
        colours = {(0, 0): "red", (1, 0): "lime", (0, 1): "blue", (1, 1): "white"}
        inputs = [v for c in colours.values() for v in ("-f", "lavfi", "-i", f"color={c}:s=160x90:r=25:d=0.4")]
        film = self.compose("quarters.mp4", *inputs, "-filter_complex", quarters, *H264)
        rgb = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
        for name, matrix in ORIENTATIONS.items():
            with self.subTest(name):
                turned = self.write(f"{name.replace(' ', '_')}.mp4", with_matrix(film.read_bytes(), matrix))
                out = self.transcode_quickly(turned)
                made = self.video(out)
                video = stream(made)
                self.assertEqual((video["width"], video["height"]), (320, 180) if matrix[0] else (180, 320))
                for (right, bottom), place in corners_through(matrix).items():
                    spot = f"crop=20:20:{3 * video['width'] // 4 if right else video['width'] // 4}:" \
                           f"{3 * video['height'] // 4 if bottom else video['height'] // 4},scale=1:1"
                    seen = picture(made, pixel_format="rgb24", filters=spot)[:3]
                    for got, wanted in zip(seen, rgb[colours[place]]):
                        self.assertAlmostEqual(got, wanted, delta=24, msg=f"{right, bottom}: {tuple(seen)}")

    def test_variable_rate_keeps_every_time(self):
        film = self.compose("vfr.mkv", *pictures(seconds=3), "-vf", "select='not(mod(n\\,7))+gt(random(1)\\,0.5)'",
                            "-fps_mode", "vfr", *H264, "-pix_fmt", "yuv420p")
        out = self.transcode_quickly(film)
        wanted, got = frame_times(film), frame_times(self.video(out))
        self.assertEqual(len(got), len(wanted))
        for a, b in zip(wanted, got):
            self.assertAlmostEqual(a - wanted[0], b - got[0], delta=0.0011)

    def test_odd_and_stretched_shapes(self):
        for name, size, aspect, shape in [("odd.mkv", "321x241", "1", (322, 242)), ("wide.mp4", "320x240", "4/3", (426, 240)),
                                          ("narrow.mp4", "320x240", "8/9", (284, 240))]:
            with self.subTest(name):
                film = self.compose(name, *pictures(size), "-vf", f"setsar={aspect}", *H264, "-pix_fmt", "yuv444p")
                video = stream(self.video(self.transcode_quickly(film)))
                self.assertAlmostEqual(video["width"], shape[0], delta=2)
                self.assertAlmostEqual(video["height"], shape[1], delta=2)
                self.assertEqual(video.get("sample_aspect_ratio", "1:1"), "1:1")

    def test_interlaced_pictures_lose_their_combs(self):
        film = self.compose("interlaced.ts", *pictures(rate=50, seconds=2), "-vf", "interlace=scan=tff",
                            "-c:v", "mpeg2video", "-q:v", "2", "-flags", "+ildct+ilme", "-top", "1", *BT709)
        plain = self.compose("plain.mkv", *pictures(rate=50, seconds=2), "-vf", "select='not(mod(n\\,2))'", *H264,
                             "-pix_fmt", "yuv420p")
        made = self.video(self.transcode_quickly(film))
        self.assertGreater(ssim(made, plain), ssim(film, plain) + 0.01)

    def test_high_dynamic_range_becomes_ordinary(self):
        # Grey of 203 cd/m2, the reference white of ITU-R BT.2408, is code 0.58 of PQ.
        code = round(64 + 0.58 * 876)
        film = self.compose("hdr.mp4", *pictures(), "-vf", f"format=yuv420p10le,lutyuv=y={code}:u=512:v=512",
                            "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-color_primaries", "bt2020",
                            "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-x265-params",
                            "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc")
        made = self.video(self.transcode_quickly(film))
        video = stream(made)
        self.assertEqual((video["pix_fmt"], video["color_transfer"]), ("yuv420p", "bt709"))
        white = picture(made, pixel_format="gray", filters="scale=1:1")[0]
        self.assertTrue(170 < white <= 255, white)

    def test_starts_and_tracks(self):
        late = self.compose("late.mkv", *pictures(seconds=3), "-itsoffset", "0.5", *sound(2), "-map", "0:v", "-map", "1:a",
                            *H264, "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-output_ts_offset", "7")
        many = self.compose("many.mkv", *pictures(), *sound(), *sound(layout="5.1"), "-map", "0:v", "-map", "1:a",
                            "-map", "2:a", *H264, "-pix_fmt", "yuv420p", "-c:a", "ac3",
                            "-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=jpn")
        mute = self.compose("mute.mp4", *pictures(), *H264, "-pix_fmt", "yuv420p")
        cut = self.compose("cut.mp4", "-ss", "0.7", "-i", self.compose("long.mp4", *pictures(seconds=3), *sound(3), *H264,
                                                                        "-g", "50", "-bf", "2", "-pix_fmt", "yuv420p"),
                           "-c", "copy")
        for film, tracks in ((late, 1), (many, 2), (mute, 0), (cut, 1)):
            with self.subTest(film.name):
                out = self.transcode_quickly(film)
                self.assertEqual(len(out.report["audio"]), tracks)
                self.assertEqual(len(frame_times(self.video(out))), len(frame_times(film)))
                self.in_step(out)

    def test_what_is_no_film_is_told(self):
        song = self.compose("song.m4a", *sound(), "-c:a", "aac")
        still = self.compose("still.png", *pictures(), "-frames:v", "1")
        self.assertIn("still picture", self.transcode_quickly(still, expect=3).sentence)
        song = self.transcode_quickly(song, expect=None)
        self.assertIn(song.code, (0, 3), song.stderr)
        if song.code == 3:
            self.assertIn("sound", song.sentence)

    @unittest.skipUnless(MEDIA and (MEDIA / "valid").is_dir(), "VIDEOFORGE_MEDIA_DIR is not set")
    def test_every_real_file(self):
        for film in sorted((MEDIA / "valid").iterdir()):
            with self.subTest(film.name):
                frames = frame_count(film)
                out = self.transcode_quickly(film, expect=0 if frames > 1 else None)
                if frames <= 1:
                    self.assertIn(out.code, (0, 3))
                    continue
                self.assertEqual(frame_count(self.video(out)), frames)
                ffmpeg("-xerror", "-i", self.video(out), "-f", "null", "-")
                self.in_step(out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
