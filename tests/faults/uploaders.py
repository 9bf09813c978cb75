"""Clients that upload in every way, break off, and write down what they were told and when."""

import base64
import hashlib
import random
import socket
import struct
import threading
import time

from harness import check

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


class Upload:
    """What a client sent, and what it was told when."""

    def __init__(self, data):
        self.data = data
        self.place = None
        self.offsets = []  # (when, bytes)
        self.put = None  # (when, id of the upload)
        self.video = None  # (when, id)
        self.order = None  # (when, id)


def confirmed(server, upload):
    status, body = server.keep_asking("POST", "/api/upload/confirm", {"uploadId": upload})
    check(status == 201, f"confirm: {status} {body}")
    return body["videoId"]


class Client(threading.Thread):
    """Uploads in every way, by one that a server's end does not stop."""

    def __init__(self, server, clips, seed):
        super().__init__(daemon=True)
        self.server, self.clips, self.rng = server, clips, random.Random(seed)
        self.uploads = []
        self.stop = False
        self.failure = None

    def run(self):
        try:
            while not self.stop:
                clip = self.rng.choice(self.clips)
                if self.rng.random() < 0.6:  # else one that the server has
                    padding = self.rng.randbytes(self.rng.randrange(1, 400_000))
                    clip += struct.pack(">I4s", len(padding) + 8, b"free") + padding
                self.uploads.append(Upload(clip))
                way = self.rng.choice((self.by_tus, self.by_tus, self.by_tus, self.by_address, self.by_form))
                way(self.uploads[-1])
                self.order(self.uploads[-1])
                time.sleep(self.rng.random() * 0.6)
        except Exception as e:  # told to the main thread
            self.failure = e

    def acknowledged(self, upload, video):
        upload.video = (time.monotonic(), video)

    def order(self, upload):
        if not upload.video or self.rng.random() < 0.5:
            return
        status, job = self.server.keep_asking(
            "POST", "/api/jobs", {"kind": "frames", "videoId": upload.video[1], "params": {"select": "fps", "fps": 1}},
            headers={"Idempotency-Key": f"frames-of-{upload.video[1]}"})
        check(status == 201, f"order: {status} {job}")
        upload.order = (time.monotonic(), job["id"])

    def by_tus(self, upload):
        status, body = self.server.keep_asking("POST", "/api/uploads",
                                               headers={**TUS, "Upload-Length": str(len(upload.data))})
        check(status == 201, f"create: {status} {body}")
        upload.place = f"/api/uploads/{body['uploadId']}"
        upload.offsets.append((time.monotonic(), 0))
        given_up = self.rng.random() < 0.2
        while not upload.video and not self.stop:
            self.look(upload)
            if not upload.video:
                self.send_piece(upload)
            if given_up and upload.offsets[-1][1] > len(upload.data) // 2:
                return

    def look(self, upload):
        status, body = self.server.keep_asking("HEAD", upload.place, headers=TUS)
        check(status == 200, f"HEAD: {status} {body}")
        self.told(upload)

    def told(self, upload):
        fields = self.server.heard.headers
        upload.offsets.append((time.monotonic(), int(fields["Upload-Offset"])))
        if fields["Upload-Video-Id"]:
            self.acknowledged(upload, fields["Upload-Video-Id"])

    def send_piece(self, upload):
        offset = upload.offsets[-1][1]
        piece = upload.data[offset:offset + self.rng.randrange(1, 150_000)]
        headers = {**TUS, **BYTES, "Upload-Offset": str(offset)}
        if self.rng.random() < 0.3:
            headers["Upload-Checksum"] = "sha1 " + base64.b64encode(hashlib.sha1(piece).digest()).decode()
        try:
            if self.rng.random() < 0.2:
                self.break_off(upload.place, headers, piece)
                return
            status, body = self.server.ask("PATCH", upload.place, body=piece, headers=headers)
        except OSError:
            time.sleep(0.02)
            return
        check(status in (204, 409, 423), f"PATCH: {status} {body}")
        if status == 204:
            self.told(upload)

    def break_off(self, place, headers, piece):
        """Sends a part of a PATCH and goes away."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as connection:
            connection.sendall(f"PATCH {place} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {self.server.key}\r\n{fields}"
                               f"Content-Length: {len(piece)}\r\n\r\n".encode())
            connection.sendall(piece[:self.rng.randrange(len(piece))])
            time.sleep(0.02)

    def by_address(self, upload):
        """The address, the bytes, the confirmation; each again where the server ended meanwhile."""
        status, order = self.server.keep_asking("POST", "/api/storage/upload-url", {"fileName": "clip.mp4"})
        check(status == 201, f"address: {status} {order}")
        path = order["url"][order["url"].index("/api/"):]
        status, body = self.server.keep_asking("PUT", path, body=upload.data)
        check(status in (200, 409), f"PUT: {status} {body}")  # 409: they are there, the answer was lost
        upload.put = (time.monotonic(), order["uploadId"])
        self.acknowledged(upload, confirmed(self.server, order["uploadId"]))

    def by_form(self, upload):
        form = (b'--edge\r\nContent-Disposition: form-data; name="file"; filename="clip.mp4"\r\n'
                b"Content-Type: video/mp4\r\n\r\n" + upload.data + b"\r\n--edge--\r\n")
        status, body = self.server.keep_asking("POST", "/api/videos", body=form,
                                               headers={"Content-Type": "multipart/form-data; boundary=edge"})
        check(status == 201, f"form: {status} {body}")
        self.acknowledged(upload, body["video"]["id"])
