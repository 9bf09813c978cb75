#!/usr/bin/env python3
"""Broken and hostile input, and damage in the work folder: one sentence, the right exit code, and
nothing published that was not proven."""
import contextlib
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import time
import unittest

from engine import BINARY, EngineTest, FULL, MEDIA, X264, frame_times, pictures, sound


class Damage(EngineTest):
    def film(self, kind="mp4"):
        extra = {"mp4": ["-movflags", "+faststart"], "mkv": [], "ts": []}[kind]
        return self.compose(f"film.{kind}", *pictures("320x180", 25, 4), *sound(4), *X264, "-g", "25", "-c:a", "aac", *extra)

    def ends_well(self, path, *args):
        """Exit 0 with a set and a warning, or 3 with a sentence; never anything else, never long."""
        folder = self.folder / f"o{time.monotonic_ns()}"
        begin = time.monotonic()
        out = self.engine("transcode", path, "-o", folder, *args, folder=folder)
        self.assertLess(time.monotonic() - begin, 60)
        self.assertIn(out.code, (0, 3), f"{path.name}: {out.stderr[-600:]}")
        self.assertEqual((folder / "master.m3u8").exists(), out.code == 0)
        if out.code == 3:
            self.assertTrue(out.sentence.endswith("."), out.sentence)
            self.assertNotIn("not on the list", out.sentence.replace("container is not on the list", ""))
        return out

    def test_truncations(self):
        dice = random.Random(1)
        for kind in ("mp4", "mkv", "ts"):
            data = self.film(kind).read_bytes()
            cuts = [1, 100, len(data) // 2, len(data) - 1, *(dice.randrange(len(data)) for _ in range(60 if FULL else 2))]
            for cut in cuts:
                with self.subTest(kind=kind, cut=cut):
                    out = self.ends_well(self.write(f"cut{cut}.{kind}", data[:cut]))
                    if cut == len(data) // 2:
                        # Half of a film is worth having, and is told to be half.
                        self.assertEqual(out.code, 0, out.stderr[-500:])
                        self.assertTrue(out.report["warnings"], "nothing was said of the missing half")

    def test_what_is_no_film(self):
        for name, content in [
                ("empty.mp4", b""), ("text.mp4", b"Dear all,\n" * 500), ("zeros.mp4", bytes(100_000)),
                ("noise.mp4", random.Random(2).randbytes(200_000)),
                ("list.m3u8", "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"),
                ("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
                ("concat.mp4", "ffconcat version 1.0\nfile /etc/passwd\n"),
                ("dash.mp4", '<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>'),
                ("words.srt", "1\n00:00:00,000 --> 00:00:01,000\nno film\n")]:
            with self.subTest(name):
                out = self.transcode(self.write(name, content), expect=3)
                self.assertTrue(out.sentence.endswith("."))
                self.assertNotIn("root:", out.stdout + out.stderr)

    @unittest.skipUnless(MEDIA and (MEDIA / "malformed").is_dir(), "VIDEOFORGE_MEDIA_DIR is not set")
    def test_malformed_files(self):
        for path in sorted((MEDIA / "malformed").iterdir()):
            with self.subTest(path.name):
                self.ends_well(path)

    @unittest.skipUnless(shutil.which("strace"), "strace is missing")
    def test_nothing_else_is_touched(self):
        secret = self.write("secret.txt", "the secret")
        for name, content in [("list.m3u8", f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\nhttp://127.0.0.1:9/a.ts\n"),
                              ("concat.mp4", f"ffconcat version 1.0\nfile {secret}\n"), ("film.ts", None)]:
            path = self.film("ts") if content is None else self.write(name, content)
            trace = self.folder / f"{name}.trace"
            subprocess.run(["strace", "-f", "-qq", "-e", "trace=open,openat,openat2,socket,connect,execve", "-o", str(trace),
                            BINARY, "probe", str(path), "--no-cache"], capture_output=True, timeout=60,
                           env={**os.environ, "VIDEOFORGE_WORK": str(self.work)})
            text = trace.read_text()
            if "+++ exited" not in text and "openat" not in text:
                self.skipTest("this machine lets nobody trace")
            self.assertNotIn("secret.txt", text)
            self.assertNotRegex(text, r"socket\(AF_INET|connect\(")

    # ---- damage in what earlier runs left

    def proven_set(self, name):
        """A finished set, its film and its work folder, where everything that proved it is forgotten."""
        film = self.compose("steady.mp4", *pictures("320x180", 25, 12), *X264, "-g", "250")
        work = self.folder / name
        first = self.folder / f"{name}-set"
        self.engine("transcode", film, "-o", first, "--work", work, expect=0)
        with contextlib.closing(sqlite3.connect(work / "checkpoints.db")) as db, db:
            db.execute("pragma foreign_keys=on")
            gone = db.execute("delete from checkpoints where kind like 'verify%'").rowcount
        self.assertGreater(gone, 2)
        return film, first, work

    @staticmethod
    def blob(work, sha):
        return work / "blobs" / sha[:2] / sha

    @staticmethod
    def spoiled(data):
        """The same size and the same boxes, other pictures."""
        at = data.index(b"mdat") + 40
        return data[:at] + bytes(b ^ 0x5A for b in data[at:])

    def chunks(self, work):
        with contextlib.closing(sqlite3.connect(work / "checkpoints.db")) as db:
            rows = db.execute("select b.key, b.sha256 from checkpoint_blobs b join checkpoints c on c.key = b.key "
                              "where c.kind = 'encode'").fetchall()
        found = [(key, sha) for key, sha in rows if b"moof" in self.blob(work, sha).read_bytes()[:64]]
        self.assertTrue(found)
        return found

    def test_a_result_that_rotted_is_made_again(self):
        film, first, work = self.proven_set("rotten")
        for _, sha in self.chunks(work):
            path = self.blob(work, sha)
            stamp = path.stat()
            path.chmod(0o644)
            path.write_bytes(self.spoiled(path.read_bytes()))
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        again = self.folder / "rotten-again"
        self.engine("transcode", film, "-o", again, "--work", work, expect=0)
        self.assertEqual((again / "video_180p.mp4").read_bytes(), (first / "video_180p.mp4").read_bytes())

    def test_a_wrong_result_is_never_published(self):
        """A chunk that an encoder wrote wrongly: its hash is right, its pictures are not."""
        film, first, work = self.proven_set("wrong")
        key, sha = self.chunks(work)[0]
        data = self.spoiled(self.blob(work, sha).read_bytes())
        other = hashlib.sha256(data).hexdigest()
        self.blob(work, other).parent.mkdir(exist_ok=True)
        self.blob(work, other).write_bytes(data)
        with contextlib.closing(sqlite3.connect(work / "checkpoints.db")) as db, db:
            db.execute("update checkpoints set output = replace(output, ?, ?) where key = ?", (sha, other, key))
            db.execute("update checkpoint_blobs set sha256 = ? where key = ? and sha256 = ?", (other, key, sha))
        folder = self.folder / "wrong-again"
        out = self.engine("transcode", film, "-o", folder, "--work", work, expect=5)
        left = [p.name for p in folder.glob("*")] if folder.exists() else []
        self.assertFalse([n for n in left if n.endswith((".mp4", ".m3u8", ".mpd", ".jpg"))], left)
        self.assertIn("nothing is published", out.sentence)
        self.assertTrue(out.sentence.endswith("."), out.sentence)
        # Over an earlier set of the same place nothing changes either.
        before = (first / "video_180p.mp4").read_bytes()
        self.engine("transcode", film, "-o", first, "--work", work, expect=5)
        self.assertEqual((first / "video_180p.mp4").read_bytes(), before)
        # The damage is in the work folder alone.
        self.engine("transcode", film, "-o", folder, "--work", work, "--no-cache", expect=0)
        self.assertEqual(len(frame_times(folder / "video_180p.mp4")), 300)


if __name__ == "__main__":
    unittest.main(verbosity=2)
