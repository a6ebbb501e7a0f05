"""An HTTP proxy on 127.0.0.1 that goes wrong when told to, in front of a real server.

    proxy.fail(requests=2)   # two requests are answered 500, unseen by the server; then all pass
    proxy.drop(requests=1)   # the server carries one out, the client does not learn that it did
    proxy.refuse()           # no connection is accepted, as if the machine were down
    proxy.mend()             # everything passes again

Each connection carries one request, so that a change holds from the very next request on. Where
the server behind does not answer, the client's connection is closed without an answer.
"""

import random
import socket
import threading
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Mode = Literal["pass", "fail", "drop"]

PATIENCE = 60  # seconds for either side to go on
# They speak of one connection, and the proxy's two differ.
OF_ONE_CONNECTION = ("connection", "content-length", "expect", "keep-alive", "transfer-encoding")


def free_port() -> int:
    """Find a port that can be given up and taken again.

    It lies below those that the system gives to outgoing connections: one of these could take the
    port in the meantime, or a client of a port that nobody listens on be connected to itself. The
    system draws it: Keras seeds Python's own draws, and two workers would come to one port, which
    one of them takes while the other's server is dead.
    """
    draws = random.SystemRandom()
    while True:
        port = draws.randrange(20_000, 32_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


class Faulty:
    """A proxy for `upstream`, such as http://127.0.0.1:5000; it passes everything at first."""

    def __init__(self, upstream: str) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.requests: list[str] = []  # method and path of all that came, as "GET /health"
        self._upstream = urlsplit(upstream).netloc
        self._lock = threading.Lock()
        self._mode: Mode = "pass"
        self._left: int | None = None
        self._before = 0
        self._listener: _Listener | None = None
        self.mend()

    def mend(self) -> None:
        """Pass everything, and listen again after `refuse`."""
        self._turn("pass", None)

    def fail(self, requests: int | None = None) -> None:
        """Answer 500 to the next so many requests, to all without a number."""
        self._turn("fail", requests)

    def drop(self, requests: int | None = None, after: int = 0) -> None:
        """Forward the next so many requests, but close the connection instead of answering.

        The first `after` requests are answered.
        """
        self._turn("drop", requests, after)

    def refuse(self) -> None:
        """Stop listening; requests under way are ended before this returns."""
        if self._listener:
            self._listener.shutdown()
            self._listener.server_close()
            self._listener = None

    close = refuse

    def _turn(self, mode: Mode, requests: int | None, after: int = 0) -> None:
        with self._lock:
            self._mode, self._left, self._before = mode, requests, after
        if self._listener is None:
            self._listener = _Listener(("127.0.0.1", self.port), _Handler)
            self._listener.proxy = self
            threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    def _mode_for(self, request: str) -> Mode:
        with self._lock:
            self.requests.append(request)
            if self._before:
                self._before -= 1
                return "pass"
            if self._left is None:
                return self._mode
            self._left -= 1
            return self._mode if self._left >= 0 else "pass"

    def _forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(HTTPConnection(self._upstream, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()


class _Listener(ThreadingHTTPServer):
    proxy: Faulty
    daemon_threads = False  # so that closing it waits for requests under way


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # else a client that asks "Expect: 100-continue" would wait
    timeout = PATIENCE
    server: _Listener

    def _handle(self) -> None:
        self.close_connection = True
        # Either side may break off, and a client killed amid a request sends half of it.
        with suppress(OSError, HTTPException, ValueError):
            body = self._body()
            mode = self.server.proxy._mode_for(f"{self.command} {self.path}")
            if mode == "fail":
                self._answer(500, {"Content-Type": "text/plain"}, b"the proxy was told to fail")
                return
            headers = _end_to_end(dict(self.headers.items()))
            answer = self.server.proxy._forward(self.command, self.path, headers, body)
            if mode == "pass":
                self._answer(*answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self._read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self._read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _read(self, size: int) -> bytes:
        content = self.rfile.read(size)
        if len(content) < size:
            raise ConnectionError("the client broke off")
        return content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        own = {"Content-Length": str(len(content)), "Connection": "close"}
        for name, text in (_end_to_end(headers) | own).items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass  # a test says what it needs


def _end_to_end(headers: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in headers.items() if name.lower() not in OF_ONE_CONNECTION}
