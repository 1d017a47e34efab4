"""No server can keep a try longer than its time limit, whatever it does with the connection."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from farehistory_client import AsyncClient, Change, Client, Retries, Unanswered

from tests.sdk import loops
from tests.sdk.builders import price

TIMEOUT = 0.5
MUCH_LONGER = 3.0
"""Seconds for which the servers go on."""
OFTEN = 0.05

Serve = Callable[[socket.socket], None]


def headers_byte_by_byte(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(int(MUCH_LONGER / OFTEN)):
        connection.sendall(b"X")
        time.sleep(OFTEN)


def still_at_work(connection: socket.socket) -> None:
    for _ in range(int(MUCH_LONGER / OFTEN)):
        connection.sendall(b"HTTP/1.1 102 Processing\r\n\r\n")
        time.sleep(OFTEN)


def body_byte_by_byte(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(int(MUCH_LONGER / OFTEN)):
        connection.sendall(b" ")
        time.sleep(OFTEN)


def taking_in_little_by_little(connection: socket.socket) -> None:
    end = time.monotonic() + MUCH_LONGER
    while time.monotonic() < end and connection.recv(200_000):
        time.sleep(OFTEN)


class Server:
    """Does the same with every connection."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    self._serve(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def serving() -> Iterator[Callable[[Serve], Server]]:
    servers: list[Server] = []

    def serve(how: Serve) -> Server:
        servers.append(Server(how))
        return servers[-1]

    yield serve
    for each in servers:
        each.close()


def asked(url: str, change: Change, *, in_a_loop: bool) -> Any:
    options: Any = {"timeout": TIMEOUT, "retries": Retries(attempts=1)}
    if not in_a_loop:
        with Client(url, "fh_key", **options) as fares:
            return fares.append("BK-1", change, expected_version=0)

    async def asking() -> Any:
        async with AsyncClient(url, "fh_key", **options) as fares:
            return await fares.append("BK-1", change, expected_version=0)

    return loops.run(asking())


@pytest.mark.parametrize("in_a_loop", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("serve", "change"),
    [
        (headers_byte_by_byte, price()),
        (still_at_work, price()),
        (body_byte_by_byte, price()),
        (taking_in_little_by_little, price(metadata={"large": "x" * 16_000_000})),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_try_ends_in_time(
    serving: Callable[[Serve], Server], serve: Serve, change: Change, in_a_loop: bool
) -> None:
    server = serving(serve)
    began = time.monotonic()
    with pytest.raises(Unanswered) as unanswered:
        asked(server.url, change, in_a_loop=in_a_loop)
    assert TIMEOUT * 0.9 < time.monotonic() - began < TIMEOUT * 4
    assert unanswered.value.unsettled is not None
    assert "Timeout" in type(unanswered.value.__cause__).__name__


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[str, int]]]:
    """Addresses of names, beside those that the system knows."""
    known: dict[str, list[tuple[str, int]]] = {}
    resolve = socket.getaddrinfo

    def resolved(host: Any, *others: Any, **named: Any) -> Any:
        if host not in known:
            return resolve(host, *others, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", each) for each in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return known


def test_a_name_with_many_addresses_takes_no_longer(names: dict[str, list[tuple[str, int]]]) -> None:
    """None answers: there is a connection that nobody accepts, and no room for another."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first:
        first.connect(full.getsockname())
        names["fares.test"] = [full.getsockname()] * 10
        began = time.monotonic()
        with pytest.raises(Unanswered) as unanswered:
            asked("http://fares.test", price(), in_a_loop=False)
    assert time.monotonic() - began < TIMEOUT * 4
    assert unanswered.value.unsettled is None


def test_an_address_that_does_not_answer_is_passed_over(
    serving: Callable[[Serve], Server], names: dict[str, list[tuple[str, int]]]
) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    server = serving(answer)
    names["fares.test"] = [("127.0.0.2", server.port), ("127.0.0.1", server.port)]
    with pytest.raises(Unanswered, match="404"):
        asked(f"http://fares.test:{server.port}", price(), in_a_loop=False)
    names["fares.test"] = []
    with pytest.raises(Unanswered, match="no address"):
        asked("http://fares.test", price(), in_a_loop=False)


@pytest.mark.parametrize("in_a_loop", [False, True], ids=["sync", "async"])
def test_a_proxy_of_the_environment_is_asked(
    serving: Callable[[Serve], Server], monkeypatch: pytest.MonkeyPatch, in_a_loop: bool
) -> None:
    heard: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    proxy = serving(answer)
    monkeypatch.setenv("http_proxy", f"http://mei:secret@127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(Unanswered, match="502"):
        asked("http://fares.test:8000", price(), in_a_loop=in_a_loop)
    assert heard[0].startswith(b"POST http://fares.test:8000/api/v1/fares/BK-1/events HTTP/1.1\r\n")
    assert b"proxy-authorization: basic" in heard[0].lower()
    for url, without in (
        ("http://fares.test:8000", "fares.test"),
        ("http://fares.test:8000", "other.test, fares.test:8000"),
        ("http://fares.test", "fares.test:80"),
        ("http://[::1]:1", "::1"),
        ("http://[::1]:1", "[::1]"),
        ("http://[::1]:1", "[::1]:1"),
    ):
        monkeypatch.setenv("no_proxy", without)
        with pytest.raises(Unanswered):
            asked(url, price(), in_a_loop=in_a_loop)
        assert len(heard) == 1, without
    monkeypatch.setenv("no_proxy", "fares.test:8001")
    with pytest.raises(Unanswered, match="502"):
        asked("http://fares.test:8000", price(), in_a_loop=in_a_loop)
