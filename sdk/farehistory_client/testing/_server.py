"""The fake: a platform in memory that clients reach without a network, and that can be made to fail."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, localcontext
from threading import RLock
from time import monotonic
from typing import Final, TypedDict, Unpack
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

import httpx

from farehistory_client import _json, _wire
from farehistory_client._async_client import AsyncClient
from farehistory_client._client import Client
from farehistory_client._codecs import Codecs
from farehistory_client._fares import Change, FareEvent
from farehistory_client._kinds import COMPONENT
from farehistory_client._retry import Retries
from farehistory_client._waits import are_left_out
from farehistory_client.testing._api import Api, Call, Key, Success, route_of
from farehistory_client.testing._fields import SOURCE, wanted_of
from farehistory_client.testing._ledger import Ledger, now
from farehistory_client.testing._problems import TITLES, Refusal
from farehistory_client.testing._strict_json import parse

URL: Final = "http://fares.test"
EXACT: Final = Context(prec=60)
"""Wide enough for any amount, whatever the test itself calculates with."""

LOOK_AGAIN: Final = 0.01
"""Seconds after which a page of the feed that waits looks again; the whole wait where waits are left out, so that who
goes on asking for pages does not keep others from their turn."""

SCOPES: Final = ("fares:read", "fares:append", "feed:read")


class Options(TypedDict, total=False):
    """Those of `Client` and `AsyncClient`."""

    timeout: float
    retries: Retries | None
    codecs: Codecs | None
    agent: str


Fault = Callable[[httpx.Request, Callable[[], httpx.Response]], httpx.Response]
"""What happens to a request, instead of what would."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came, also if it was made to fail. Without its key."""

    method: str
    path: str
    """With the query."""
    body: bytes = field(repr=False)


class FakeServer:
    """A platform in memory, with the rules of the real one: for tests of services that append and read fares.

        server = FakeServer()
        with server.client("pricing") as fares: ...

    Its faults happen to the next requests, in the order in which they were asked for. What it does not have:
    corrections, projections, receipts as HTML or PDF (it refuses them) or that nobody asked for, rate limits that are
    not asked for. A page of the feed that would be empty waits for an event, as the platform's does; with `no_waits`
    for a hundredth of a second only.
    """

    def __init__(self, *, partitions: int = 64, clock: Callable[[], datetime] = now) -> None:
        self.url = URL
        self.transport: Transport = Transport(self._answer)
        """For `Client(..., http=server.transport)` and `AsyncClient(..., http=server.transport)`."""
        self.requests: list[Received] = []
        """All that came, in order."""
        self._api = Api(Ledger(partitions, clock))
        self._keys: dict[str, Key] = {}
        self._faults: deque[Fault] = deque()
        self._lock = RLock()  # a fault may append, too

    # Who calls

    def key(
        self, source: str, *, scopes: Collection[str] = SCOPES, components: Collection[str] | None = None
    ) -> str:
        """A new API key of a service, with these scopes; where `components` are given, it may write only those."""
        if not SOURCE.fullmatch(source):
            raise ValueError(f"{source!r} is no source: a-z 0-9 -, beginning with a letter")
        if components is not None and not all(COMPONENT.fullmatch(each) for each in components):
            raise ValueError(f"not all of these are components: {components!r}")
        key = f"fh_{secrets.token_hex(8)}_{secrets.token_urlsafe(32)}"
        limited = None if components is None else frozenset(components)
        self._keys[key] = Key(source, frozenset(scopes), limited)
        return key

    def revoke(self, key: str) -> None:
        """The key is refused from now on."""
        del self._keys[key]

    def client(self, source: str = "pricing", **options: Unpack[Options]) -> Client:
        """A client of a service; `options` are those of `Client`."""
        return Client(self.url, self.key(source), http=self.transport, **options)

    def async_client(self, source: str = "pricing", **options: Unpack[Options]) -> AsyncClient:
        """The same for an event loop."""
        return AsyncClient(self.url, self.key(source), http=self.transport, **options)

    # What is there

    def events(self, booking_id: str | None = None, *, codecs: Codecs | None = None) -> list[FareEvent]:
        """The events of a booking; of all bookings, in the order of the feed's positions."""
        with self._lock, localcontext(EXACT):
            if booking_id is not None:
                found = list(self._api.ledger.bookings.get(booking_id, ()))
            else:
                found = [event for _, log in sorted(self._api.ledger.logs.items()) for event in log]
            documents = [_json.loads(_json.dumps(event.document())) for event in found]
        return [_wire.event_of(document, codecs or Codecs()) for document in documents]

    def append(self, booking_id: str, *changes: Change, source: str = "elsewhere") -> list[FareEvent]:
        """Another service appends these, at whatever version the booking has. Raises AssertionError if it may not."""
        for change in changes:
            body = parse(_json.dumps(_wire.event_body(change, "any", Codecs())))
            try:
                with self._lock, localcontext(EXACT):
                    self._api.ledger.append(wanted_of(body, booking_id), source, None)
            except Refusal as refusal:
                raise AssertionError(f"{refusal.code}: {refusal.detail}") from None
        return self.events(booking_id)[-len(changes) :] if changes else []

    # What goes wrong

    def lose_answers(self, times: int = 1) -> None:
        """The next requests are carried out, and their answers lost."""

        def lost(request: httpx.Request, answered: Callable[[], httpx.Response]) -> httpx.Response:
            answered()
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            )

        self.fail(lost, times)

    def answer_late(self, times: int = 1, *, done: bool = True) -> None:
        """The next requests run into the client's time limit; they are carried out all the same, unless not `done`."""

        def late(request: httpx.Request, answered: Callable[[], httpx.Response]) -> httpx.Response:
            if done:
                answered()
            raise httpx.ReadTimeout("The read operation timed out", request=request)

        self.fail(late, times)

    def refuse_connections(self, times: int = 1) -> None:
        """For the next requests there is no connection."""

        def refused(request: httpx.Request, _: Callable[[], httpx.Response]) -> httpx.Response:
            raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

        self.fail(refused, times)

    def be_unavailable(self, times: int = 1, *, retry_after: float | None = 1, done: bool = False) -> None:
        """The next requests are answered 503: not carried out, or where `done`, carried out without the server's
        knowing."""

        def unavailable(_: httpx.Request, answered: Callable[[], httpx.Response]) -> httpx.Response:
            if done:
                answered()
            return _refused("unavailable", "The database did not answer in time.", retry_after)

        self.fail(unavailable, times)

    def limit_rate(self, times: int = 1, *, retry_after: float | None = 1) -> None:
        """The next requests are answered 429, and not carried out."""
        self.fail(
            lambda *_: _refused("rate_limited", "This key may make fewer requests.", retry_after), times
        )

    def fail(self, fault: Fault, times: int = 1) -> None:
        """The fault happens to the next requests. It is given the request, and a function that carries it out."""
        self._faults.extend([fault] * times)

    def hold_view(self) -> None:
        """Reads that are not strong, and ask for no version, are answered with the fares as they are now, until
        `release_view`: the platform's view is behind for a moment, too."""
        with self._lock:
            self._api.view = {booking: len(events) for booking, events in self._api.ledger.bookings.items()}

    def release_view(self) -> None:
        """The view follows again."""
        self._api.view = None

    def withhold(self, event: FareEvent) -> None:
        """The feed leaves an event out, as the platform's never does: clients raise Skipped."""
        self._api.withheld.add((event.partition, event.position))

    def restore(self) -> None:
        """As if it had been restored from an older state: cursors of before are refused."""
        self._api.epoch += 1

    # How it answers

    def _answer(self, request: httpx.Request, body: bytes) -> Iterator[httpx.Response | float]:
        """The answer, after the seconds to wait before it is looked for again."""
        began = monotonic()
        with self._lock:
            self.requests.append(Received(request.method, request.url.raw_path.decode(), body))
            fault = self._faults.popleft() if self._faults else None
        while True:
            with self._lock:
                if fault is None:
                    answer, waits = self._carried_out(request, body)
                else:
                    answer, waits = fault(request, lambda: self._carried_out(request, body)[0]), 0.0
            left = began + (min(waits, LOOK_AGAIN) if are_left_out() else waits) - monotonic()
            if left <= 0:
                break
            yield min(left, LOOK_AGAIN)
        yield answer

    def _carried_out(self, request: httpx.Request, body: bytes) -> tuple[httpx.Response, float]:
        """The answer, and how long it is held back."""
        request_id = request.headers.get("X-Request-ID", uuid4().hex)
        raw_path, _, query = request.url.raw_path.decode().partition("?")
        path = unquote(raw_path)
        try:
            route = route_of(path)  # comes before the key
            call = Call(
                method=request.method,
                path=path,
                parameters=parse_qsl(query, keep_blank_values=True),
                content_type=request.headers.get("Content-Type", ""),
                body=body,
                key=self._key_of(request),
                request_id=request_id,
            )
            with localcontext(EXACT):
                answer = self._api.answer(route, call)
        except Refusal as refusal:
            refused = Success(refusal.document(path, request_id), refusal.status)
            return _response(refused, request_id, "application/problem+json"), 0.0
        return _response(answer, request_id, "application/json"), answer.waits

    def _key_of(self, request: httpx.Request) -> Key:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        key = self._keys.get(text)
        if scheme.lower() != "bearer" or key is None:
            raise Refusal("not_authenticated", "This API key is not known, has expired or was revoked.")
        return key


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """httpx's transport, of both kinds of client."""

    def __init__(self, answer: Callable[[httpx.Request, bytes], Iterator[httpx.Response | float]]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for step in self._answer(request, request.read()):
            if isinstance(step, httpx.Response):
                return step
            time.sleep(step)
        raise AssertionError("unreachable")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for step in self._answer(request, await request.aread()):
            if isinstance(step, httpx.Response):
                return step
            await asyncio.sleep(step)
        raise AssertionError("unreachable")


def _response(answer: Success, request_id: str, content_type: str) -> httpx.Response:
    headers = {"Content-Type": content_type, "X-Request-ID": request_id, **answer.headers}
    return httpx.Response(answer.status, headers=headers, content=_json.dumps(answer.document))


def _refused(code: str, detail: str, retry_after: float | None) -> httpx.Response:
    request_id = uuid4().hex
    document = Refusal(code, detail).document("", request_id)
    response = _response(Success(document, TITLES[code][0]), request_id, "application/problem+json")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
