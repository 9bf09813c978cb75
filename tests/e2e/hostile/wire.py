"""HTTP/1.1 as bytes, so that requests may be wrong in every way; answers are read strictly."""

import gzip
import socket

LONGEST_HEAD = 64 * 1024


class Hang(Exception):
    """No answer, or not all of it, in the time that a request may take."""


class Gone(Exception):
    """The connection ended before an answer came."""


class Answer:
    def __init__(self, status, headers, body, followed):
        self.status, self.headers, self.body = status, headers, body
        self.followed = followed  # an event stream: its beginning only

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), "")


class Connection:
    """One connection, opened again whenever it has ended. Not thread-safe."""

    def __init__(self, port, seconds):
        self.port, self.seconds = port, seconds
        self.socket = None
        self.buffer = b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.buffer = None, b""

    def send(self, request, method):
        """The answer to `request`, which is sent as it stands."""
        for fresh in (self.socket is None, True):
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=self.seconds)
            broken = False
            try:
                self.socket.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                broken = True  # an answer may have come before all was sent
            except TimeoutError as e:
                raise Hang("the request is not taken") from e
            try:
                answer = self._read(method)
            except (Gone, ConnectionResetError) as e:
                self.close()
                # A kept connection may end for reasons of the request before.
                if fresh:
                    raise Gone(str(e)) from e
                continue
            except TimeoutError as e:
                self.close()
                raise Hang("no answer") from e
            if broken or answer.followed or answer.header("connection").lower() == "close":
                self.close()
            return answer
        raise Gone("")

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise Gone("the connection ended")
        self.buffer += piece

    def _until(self, mark):
        while mark not in self.buffer:
            if len(self.buffer) > LONGEST_HEAD:
                raise Gone("a head without end")
            self._more()
        text, self.buffer = self.buffer.split(mark, 1)
        return text

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def _read(self, method):
        status = 100
        while status < 200:
            lines = self._until(b"\r\n\r\n").split(b"\r\n")
            status = int(lines[0].split(b" ")[1])
        headers = [tuple(part.strip() for part in line.decode("latin-1").split(":", 1)) for line in lines[1:]]
        answer = Answer(status, headers, b"", False)
        if method == "HEAD" or status in (204, 304):
            return answer
        if answer.header("content-type").startswith("text/event-stream"):
            answer.followed = True
        elif answer.header("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n").split(b";")[0], 16):
                answer.body += self._take(size)
                self._until(b"\r\n")
            self._until(b"\r\n")
        else:
            answer.body = self._take(int(answer.header("content-length") or 0))
        if answer.header("content-encoding") == "gzip":
            answer.body = gzip.decompress(answer.body)
        return answer
