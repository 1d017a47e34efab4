"""A way to the platform on which everything goes wrong now and then, from a seed."""

from __future__ import annotations

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

Head = dict[str, str]

LATE = 0.7
"""Seconds that a late request is held back: longer than the tests' clients wait, so that it comes after its retry."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    head: Head
    body: bytes


class Gone(Exception):
    """The connection is closed now."""


class UnreliableProxy:
    """Takes HTTP requests one after the other on each connection, and mostly passes them on."""

    def __init__(self, url: str, seed: int, share: float) -> None:
        """`share`: of the requests to which one of the faults happens."""
        self.counts: Counter[str] = Counter()
        self._server = urlsplit(url)
        self._random = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Once nothing is on its way any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=[connection])
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, Gone):
            stream = connection.makefile("rb")
            while request := _read(stream):
                self._happens()(request, connection)

    def _happens(self) -> Callable[[Request, socket.socket], None]:
        faults = [
            self.dropped, self.lost, self.abandoned, self.late, self.cut, self.cut_unnoticed,
            self.refused, self.done_and_refused,
        ]  # fmt: skip
        with self._lock:
            chosen = self._random.choice(faults) if self._random.random() < self._share else self.passed
            self.counts[chosen.__name__] += 1
        return chosen

    def passed(self, request: Request, connection: socket.socket) -> None:
        connection.sendall(_text(*self._answer(request)))

    def dropped(self, request: Request, connection: socket.socket) -> None:
        """The platform never hears of it."""
        raise Gone

    def lost(self, request: Request, connection: socket.socket) -> None:
        """It is done, and nobody hears of that."""
        self._answer(request)
        raise Gone

    def abandoned(self, request: Request, connection: socket.socket) -> None:
        """The client sees the connection end while it is still being done."""
        connection.shutdown(socket.SHUT_RDWR)
        self._answer(request)
        raise Gone

    def late(self, request: Request, connection: socket.socket) -> None:
        """It comes to the platform after the client has given it up."""
        time.sleep(LATE)
        self.passed(request, connection)

    def cut(self, request: Request, connection: socket.socket) -> None:
        text = _text(*self._answer(request))
        connection.sendall(text[: len(text) // 2])
        raise Gone

    def cut_unnoticed(self, request: Request, connection: socket.socket) -> None:
        """An answer without a length looks whole wherever it ends."""
        status, head, body = self._answer(request)
        connection.sendall(_text(status, head, body[: len(body) // 2], length=False))
        raise Gone

    def refused(self, request: Request, connection: socket.socket) -> None:
        """By a load balancer, which has a page of its own for that."""
        head = {"Content-Type": "text/html", "Retry-After": "0"}
        connection.sendall(_text(503, head, b"<h1>Service Unavailable</h1>"))

    def done_and_refused(self, request: Request, connection: socket.socket) -> None:
        self._answer(request)
        self.refused(request, connection)

    def _answer(self, request: Request) -> tuple[int, Head, bytes]:
        upstream = http.client.HTTPConnection(self._server.hostname or "", self._server.port, timeout=30)
        try:
            upstream.request(request.method, request.path, request.body, request.head)
            answer = upstream.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            upstream.close()


def _read(stream: object) -> Request | None:
    line = stream.readline()  # type: ignore[attr-defined]
    if not line:
        return None
    method, path, _ = line.decode().split()
    head = dict(http.client.parse_headers(stream).items())  # type: ignore[arg-type]
    length = int(head.get("Content-Length") or head.get("content-length") or 0)
    return Request(method, path, head, stream.read(length))  # type: ignore[attr-defined]


def _text(status: int, head: Head, body: bytes, *, length: bool = True) -> bytes:
    kept = {
        name: value
        for name, value in head.items()
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    }
    kept |= {"Content-Length": str(len(body))} if length else {"Connection": "close"}
    lines = [f"HTTP/1.1 {status} {http.client.responses[status]}", *(f"{n}: {v}" for n, v in kept.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def unreliable(url: str, *, seed: int, share: float) -> Iterator[UnreliableProxy]:
    proxy = UnreliableProxy(url, seed, share)
    try:
        yield proxy
    finally:
        proxy.close()
