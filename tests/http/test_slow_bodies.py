"""Clients that send their bodies slowly, or never to the end, keep nobody else waiting."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api_client import Api, new_event
from tests.builders import new_booking_id

MANY = 80
"""More than all processes of the server have threads."""


@pytest.fixture
def http(web: str, api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web, headers={"Authorization": f"Bearer {api.key}"}, timeout=20) as client:
        yield client


@contextmanager
def sending_slowly(web: str, head: str) -> Iterator[list[socket.socket]]:
    """So many that have sent the head of a request and the first byte of its body; ended with the block."""
    address = urlsplit(web)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((address.hostname or "", address.port or 0), 20))
            for _ in range(MANY)
        ]
        for each in connections:
            each.sendall(f"{head}\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{{".encode())
        yield connections


@contextmanager
def following(web: str) -> Iterator[None]:
    """So many that wait for the feed, where they may; ended with the block."""
    address = urlsplit(web)
    head = (
        "GET /api/v1/events?after=tail&wait=30 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {Api.of('ledger-reader', 'feed:read').key}\r\n\r\n"
    )
    with ExitStack() as stack:
        for _ in range(MANY):
            connection = stack.enter_context(
                socket.create_connection((address.hostname or "", address.port or 0), 20)
            )
            connection.sendall(head.encode())
        yield


def appended(http: httpx.Client) -> int:
    return http.post(f"/api/v1/fares/{new_booking_id()}/events", json=new_event()).status_code


def answer(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_reads_and_probes_are_answered_beside_slow_appends(web: str, http: httpx.Client, api: Api) -> None:
    booking = new_booking_id()
    assert http.post(f"/api/v1/fares/{booking}/events", json=new_event()).status_code == 201
    head = (
        f"POST /api/v1/fares/BK-1/events HTTP/1.1\r\nAuthorization: Bearer {api.key}\r\n"
        "Content-Type: application/json"
    )
    with sending_slowly(web, head) as connections:
        for _ in range(20):
            assert httpx.get(f"{web}/health/live", timeout=20).status_code == 200
            assert (
                httpx.get(f"{web}/api/v1/fares/{booking}", headers=http.headers, timeout=20).status_code
                == 200
            )
        refused = 0
        for each in connections:
            each.settimeout(0.1)
            try:
                told = answer(each)
            except TimeoutError:
                continue  # one of those that may take their time
            assert (
                told.startswith(b"HTTP/1.1 503")
                and b'"code":"unavailable"' in told
                and b"retry-after" in told
            )
            refused += 1
        assert 0 < refused < MANY
    assert appended(http) == 201


def test_probes_are_answered_beside_all_that_may_wait(web: str, http: httpx.Client, api: Api) -> None:
    append = f"POST /api/v1/fares/BK-1/events HTTP/1.1\r\nAuthorization: Bearer {api.key}\r\n"
    form = f"POST /admin/login/ HTTP/1.1\r\nCookie: csrftoken={'a' * 32}\r\n"
    with (
        following(web),
        sending_slowly(web, f"{append}Content-Type: application/json"),
        sending_slowly(web, f"{form}Content-Type: application/x-www-form-urlencoded"),
    ):
        for _ in range(20):
            assert httpx.get(f"{web}/health/live", timeout=20).status_code == 200


def test_appends_are_answered_beside_slow_forms(web: str, http: httpx.Client) -> None:
    token = "a" * 32
    head = (
        f"POST /admin/login/ HTTP/1.1\r\nCookie: csrftoken={token}\r\n"
        "Content-Type: application/x-www-form-urlencoded"
    )
    with sending_slowly(web, head):
        for _ in range(20):
            assert appended(http) == 201
            assert httpx.get(f"{web}/health/live", timeout=20).status_code == 200
    assert httpx.get(f"{web}/admin/login/", timeout=20).status_code == 200
