"""The same API behind the real HTTP server, in processes of its own: what only a socket can show."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api_client import Api, assert_nothing_written, new_event
from tests.builders import new_booking_id


@pytest.fixture
def http(web: str, api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web, headers={"Authorization": f"Bearer {api.key}"}, timeout=20) as client:
        yield client


def raw_answer(web: str, request: bytes, patience: float = 10.0) -> bytes:
    """The head of what the server sends back; empty if it closes or keeps silent for so many seconds."""
    address = urlsplit(web)
    with socket.create_connection(
        (address.hostname or "", address.port or 0), timeout=patience
    ) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while b"\r\n\r\n" not in answer and (chunk := connection.recv(65536)):
                answer += chunk
        except TimeoutError:
            return b""
        return answer


def test_an_event_is_appended_replayed_and_read(http: httpx.Client) -> None:
    booking, body = new_booking_id(), new_event(metadata={"zone": "Ω"})
    created = http.post(f"/api/v1/fares/{booking}/events", json=body)
    assert (created.status_code, created.headers["Content-Type"]) == (201, "application/json")
    replay = http.post(f"/api/v1/fares/{booking}/events", json=body)
    assert (replay.status_code, replay.headers["Idempotent-Replayed"]) == (200, "true")
    assert replay.json() == created.json() == http.get(created.headers["Location"]).json()
    assert http.get(f"/api/v1/fares/{booking}", params={"min_version": 1}).json()["fare"] == "14.00"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_body"),
        (b"[" * 100_000, 400, "malformed_body"),
        (b'{"amount": 1e400}', 422, "invalid_event"),
        (b'{"amount": "\\ud800"}', 422, "invalid_event"),
        (b"\xff" * 1000, 400, "malformed_body"),
        (b" " * (256 * 1024 + 1), 413, "too_large"),
        (b"x" * 10_000_000, 413, "too_large"),
    ],
)
def test_bad_bodies_are_problems(http: httpx.Client, body: bytes, status: int, code: str) -> None:
    booking = new_booking_id()
    headers = {"Content-Type": "application/json"}
    answer = http.post(f"/api/v1/fares/{booking}/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert_nothing_written(booking)
    assert http.get("/health/live").status_code == 200


def test_a_large_body_that_nobody_looked_at_ends_the_connection(web: str) -> None:
    """Else the server could take the rest of it for the next request."""
    for length, closed in ((100, False), (200_000, True)):
        answer = httpx.post(f"{web}/api/v1/fares/BK-1/events", content=b"x" * length)
        assert answer.status_code == 401
        assert (answer.headers.get("Connection") == "close") is closed


def test_a_body_in_chunks_is_read(http: httpx.Client) -> None:
    booking = new_booking_id()
    text = json.dumps(new_event()).encode()
    chunks = (text[i : i + 40] for i in range(0, len(text), 40))
    headers = {"Content-Type": "application/json"}
    answer = http.post(f"/api/v1/fares/{booking}/events", content=chunks, headers=headers)
    assert answer.status_code == 201, answer.content


def test_a_body_in_chunks_has_the_same_limit(http: httpx.Client) -> None:
    booking = new_booking_id()
    headers = {"Content-Type": "application/json"}
    chunks = (b" " * 65_536 for _ in range(40))
    answer = http.post(f"/api/v1/fares/{booking}/events", content=chunks, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert_nothing_written(booking)


@pytest.mark.parametrize("path", ["%00", "%FF", "%0A", "a%20b", "%2e%2e%2fadmin", "%F0%9F%9A%95"])
def test_junk_in_the_path_is_a_problem(web: str, api: Api, path: str) -> None:
    head = f"GET /api/v1/fares/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {api.key}\r\n"
    answer = raw_answer(web, f"{head}Connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "value", [b"Bearer \xff\xfe", b"Bearer " + b"A" * 10_240, b"Basic x", b"Bearer \x01"]
)
def test_a_bad_authorization_header_is_not_authenticated(web: str, value: bytes) -> None:
    head = b"GET /api/v1/fares/BK-1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + value
    answer = raw_answer(web, head + b"\r\nConnection: close\r\n\r\n")
    status = answer.split(b" ", 2)[1]
    # A control character in a header is no HTTP: the server refuses it before we see it.
    assert status == (b"400" if b"\x01" in value else b"401"), answer[:300]


def test_a_client_that_hangs_up_in_the_middle_of_its_body_writes_nothing(web: str, api: Api) -> None:
    booking = new_booking_id()
    text = json.dumps(new_event())
    head = (
        f"POST /api/v1/fares/{booking}/events HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nAuthorization: Bearer {api.key}\r\n"
        f"Content-Length: {len(text) + 100}\r\n\r\n"
    )
    raw_answer(web, (head + text).encode(), patience=1.0)
    assert_nothing_written(booking)
    assert httpx.get(f"{web}/health/ready").status_code == 200


def test_head_has_no_body(http: httpx.Client) -> None:
    booking = new_booking_id()
    http.post(f"/api/v1/fares/{booking}/events", json=new_event())
    for _ in range(2):  # a body would be taken for the next answer on this connection
        answer = http.head(f"/api/v1/fares/{booking}/events")
        assert (answer.status_code, answer.content) == (200, b"")


def test_the_page_to_try_the_api_is_served_with_its_scripts(web: str) -> None:
    assert httpx.get(f"{web}/api/docs").status_code == 200
    bundle = httpx.get(f"{web}/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
    assert (bundle.status_code, len(bundle.content) > 100_000) == (200, True)


@pytest.mark.parametrize(
    "framing",
    [
        "Content-Length: -5",
        "Content-Length: abc",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 99999999999999999999999",
        "Content-Length:",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
def test_a_length_that_is_none_is_refused(web: str, api: Api, framing: str) -> None:
    booking = new_booking_id()
    head = (
        f"POST /api/v1/fares/{booking}/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.key}\r\n{framing}\r\n\r\n"
    )
    answer = raw_answer(web, (head + json.dumps(new_event())).encode())
    assert answer[:13] in (b"HTTP/1.1 400 ", b"HTTP/1.1 413 "), answer[:300]
    assert_nothing_written(booking)


def test_a_refusal_is_heard_while_a_large_body_is_still_being_sent(http: httpx.Client) -> None:
    """The server must not close the connection under the client: it would see that, not the answer."""
    headers = {"Content-Type": "application/json"}
    for _ in range(10):
        answer = http.post("/api/v1/fares/BK-1/events", content=b"x" * 10_000_000, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("framing", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
def test_nobody_without_a_key_makes_the_server_wait_for_a_body(web: str, framing: str) -> None:
    """More such callers than the server has threads: each gets its 401, and all others are served."""
    head = (
        "POST /api/v1/fares/x/events HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\n{framing}\r\n\r\n"
    )
    address = urlsplit(web)
    place = (address.hostname or "", address.port or 0)
    callers = [socket.create_connection(place, timeout=30) for _ in range(24)]
    try:
        for caller in callers:
            caller.sendall(head.encode())
        assert httpx.get(web + "/health/live", timeout=30).status_code == 200
        assert {caller.recv(12) for caller in callers} == {b"HTTP/1.1 401"}
    finally:
        for caller in callers:
            caller.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/api/nope", "/api/v1/fares/a%2Fb/events", "/api/v1/fares/BK-1/events/"])
def test_every_method_on_an_unknown_address_is_a_problem(web: str, method: str, path: str) -> None:
    answer = httpx.request(method, web + path, timeout=30)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_compressed_body_is_refused_not_misread(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = http.post("/api/v1/fares/BK-1/events", content=gzip.compress(b"{}"), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def head_of_request(api: Api, target: str, *headers: str, method: str = "GET", version: str = "1.1") -> bytes:
    lines = [
        f"{method} {target} HTTP/{version}",
        "Host: localhost",
        f"Authorization: Bearer {api.key}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [
        ("//api/v1/fares/BK-1", (), 404),
        ("/api", (), 404),
        ("/api/v1//fares/BK-1", (), 404),
        ("/api/v1/fares/BK-1?x=%FF", (), 400),
        ("/api/v1/fares/BK-1", ("Authorization: Basic x",), 401),
        ("/api/v1/fares/BK-1", ("X-Request-ID: a", "X-Request-ID: b"), 404),
        ("/api/v1/" + "a" * 7000, (), 404),
        ("/api/v1/fares/BK-1", ("X-Long: " + "a" * 100_000,), 404),
    ],
)
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_an_odd_request_is_a_problem_with_its_request_id(
    web: str, api: Api, target: str, headers: tuple[str, ...], status: int, version: str
) -> None:
    answer = raw_answer(web, head_of_request(api, target, "Connection: close", *headers, version=version))
    assert answer.startswith(f"HTTP/{version} {status} ".encode()), answer[:300]
    assert b"application/problem+json" in answer and b"x-request-id: " in answer.lower()


@pytest.mark.parametrize(
    ("target", "headers", "status"),
    [("/api/v1/" + "a" * 70_000, (), 414), ("/api/docs", ("X-Long: " + "a" * 1_000_000,), 431)],
)
def test_what_is_beyond_the_servers_limits_is_refused_by_the_server(
    web: str, api: Api, target: str, headers: tuple[str, ...], status: int
) -> None:
    answer = raw_answer(web, head_of_request(api, target, "Connection: close", *headers))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]


def test_requests_sent_at_once_are_answered_in_their_order(web: str, api: Api) -> None:
    address = urlsplit(web)
    body = b"{}"
    post = head_of_request(
        api, "/api/v1/fares/BK-1/events", "Content-Type: application/json", "Content-Length: 2", method="POST"
    )
    sent = head_of_request(api, "/api/schema", method="OPTIONS") + post + body
    sent += head_of_request(api, "/api/nope", "Connection: close")
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert [answer[:3] for answer in answers.split(b"HTTP/1.1 ")[1:]] == [b"204", b"422", b"404"]


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked_unless_it_is_refused(
    web: str, api: Api
) -> None:
    asked = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
    request = head_of_request(api, "/api/v1/fares/BK-1/events", *asked, method="POST")
    assert raw_answer(web, request).startswith(b"HTTP/1.1 100 ")
    stranger = Api("fh_0000000000000000_" + "A" * 43)
    request = head_of_request(stranger, "/api/v1/fares/BK-1/events", *asked, method="POST")
    assert raw_answer(web, request).startswith(b"HTTP/1.1 401 ")


def test_who_asks_first_whether_a_body_is_wanted_is_told_that_it_is_too_large(web: str, api: Api) -> None:
    head = (
        "POST /api/v1/fares/BK-1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.key}\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n"
    )
    assert raw_answer(web, head.encode()).startswith(b"HTTP/1.1 413")
