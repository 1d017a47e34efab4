"""What an error says of whether something was written, and that settling it leaves nothing out.

The platform's answers are written down here: what matters is which of them the client takes for an answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from farehistory_client import (
    ANY,
    Change,
    Client,
    FareHistoryError,
    NegativeFare,
    NotAuthenticated,
    Problem,
    Retries,
    Unanswered,
    Unavailable,
    VersionConflict,
)

from tests.api_client import Api
from tests.builders import new_booking_id
from tests.sdk.builders import price, toll
from tests.sdk.platforms import Platform

TOLL = Change.add("toll", "5.00")

LOST = httpx.ReadError("the connection ended")
REFUSED = {"code": "not_authenticated", "title": "No key", "detail": "the key was revoked"}
NEGATIVE = {"code": "negative_fare", "title": "Below zero", "detail": "the fare would end at -1.00"}
MOVED = {"code": "version_conflict", "current": {"version": 7, "fare": "19.00", "currency": "SGD"}}
AWAY = {"code": "unavailable", "title": "Not now", "detail": "the database is away"}


def problem(status: int, document: dict[str, Any]) -> httpx.Response:
    return httpx.Response(status, json=document, headers={"Content-Type": "application/problem+json"})


class Answering(httpx.BaseTransport):
    """Answers with one after the other; keeps the bodies that it was sent."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[], httpx.Response]) -> None:
        self.answers = iter(answers)
        self.bodies: list[Any] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(json.loads(request.read() or b"null"))
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer()


def client(transport: httpx.BaseTransport, **budget: Any) -> Client:
    retries = Retries(**{"attempts": 2, "first_wait": 0.0, **budget})
    return Client("http://fares.test", "fh_key", retries=retries, http=transport, timeout=0.2)


def error_of(*answers: httpx.Response | Exception) -> FareHistoryError:
    with pytest.raises(FareHistoryError) as caught:
        client(Answering(*answers)).append("BK-1", TOLL, expected_version=3)
    return caught.value


def test_a_refusal_after_a_try_that_nobody_answered_leaves_open_what_became_of_that() -> None:
    error = error_of(LOST, problem(401, REFUSED))
    assert isinstance(error, NotAuthenticated)
    assert error.unsettled is not None


def test_a_refusal_at_once_is_final() -> None:
    assert error_of(problem(401, REFUSED)).unsettled is None


def test_a_refusal_that_can_pass_is_not_final_for_a_try_that_is_on_its_way() -> None:
    error = error_of(LOST, problem(409, NEGATIVE))
    assert isinstance(error, NegativeFare)
    assert error.unsettled is not None
    assert error_of(problem(409, NEGATIVE)).unsettled is None


def test_a_conflict_is_final_for_all_tries() -> None:
    error = error_of(LOST, problem(409, MOVED))
    assert isinstance(error, VersionConflict)
    assert error.unsettled is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201, text='{"booking_id": "BK-', headers={"Content-Type": "application/json"}),
        httpx.Response(200, html="<h1>Please log in</h1>"),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(200, text='{"version": 1e99999999999999999999}'),
    ],
    ids=["cut", "another page", "bad gateway", "no number"],
)
def test_what_the_platform_did_not_say_is_asked_for_again_and_stays_open(answer: httpx.Response) -> None:
    error = error_of(answer, answer)
    assert isinstance(error, Unanswered)
    assert error.unsettled is not None


def test_an_answer_in_drops_ends_in_time() -> None:
    class Drops(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(200):
                time.sleep(0.05)
                yield b" "

    began = time.monotonic()
    with pytest.raises(Unanswered):
        client(Answering(httpx.Response(200, stream=Drops())), attempts=1).fare("BK-1")
    assert time.monotonic() - began < 5


def test_a_try_that_begins_as_the_time_is_up_is_still_a_try() -> None:
    def late() -> httpx.Response:
        time.sleep(0.11)
        return problem(503, AWAY)

    with pytest.raises(FareHistoryError):
        client(Answering(late, LOST, LOST), within=0.111).append("BK-1", TOLL, expected_version=ANY)


def test_many_of_which_one_batch_was_lost_are_settled_whole(web: str) -> None:
    """Also those of the batches before it, whose answers went with the error, and of those behind it."""
    key = Api.of("pricing").key
    assert key is not None
    booking = new_booking_id()
    items = [
        (booking, Change.add("toll", "0.01", description="x" * 400, transaction_id=uuid4()), ANY)
        for _ in range(2_500)
    ]
    items[0] = (booking, Change.set("base_fare", "1.00", currency="SGD"), 0)

    class Loses(httpx.HTTPTransport):
        requests = 0

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            Loses.requests += 1
            if Loses.requests == 2:
                raise LOST
            return super().handle_request(request)

    with Client(web, key, http=Loses(), retries=Retries(attempts=1), timeout=30) as fares:
        with pytest.raises(Unanswered) as caught:
            fares.append_many(items)
        assert caught.value.unsettled is not None
        results = fares.settle(caught.value.unsettled)
        assert [each.event.version for each in results if not isinstance(each, Problem)] == list(
            range(1, 2_501)
        )
        assert fares.fare(booking, strong=True).version == 2_500


def test_an_item_that_stays_open_can_be_settled_by_itself() -> None:
    open_one = {"items": [{"status": 503, "problem": AWAY}]}
    transport = Answering(*[httpx.Response(200, json=open_one) for _ in range(4)])
    fares = client(transport)
    (result,) = fares.append_many([("BK-1", TOLL, ANY)])
    assert isinstance(result, Unavailable)
    assert result.unsettled is not None
    (again,) = fares.settle(result.unsettled)
    assert isinstance(again, Unavailable)
    assert again.unsettled == result.unsettled
    assert all(body == transport.bodies[0] for body in transport.bodies)


def test_what_is_open_stays_open_until_it_is_settled(faked: Platform, booking: str) -> None:
    """Whatever keeps a settling from being answered says nothing of the write."""
    fares = faked.client(retries=Retries(attempts=1))
    faked.wire.lose_answers()
    with pytest.raises(Unanswered) as first:
        fares.append(booking, price(), expected_version=0)
    faked.wire.refuse_connections(1)
    with pytest.raises(Unanswered) as again:
        fares.settle(first.value.unsettled)
    assert again.value.unsettled == first.value.unsettled
    (settled,) = fares.settle(again.value.unsettled)
    assert settled.replayed


def test_an_answer_to_somebody_else_is_none(faked: Platform, booking: str) -> None:
    fares = faked.client()
    others = fares.append(new_booking_id(), price(), expected_version=0)
    faked.wire.faults.append(httpx.Response(201, json=dict(others.event.document)))
    appended = fares.append(booking, price(), expected_version=0)
    assert (appended.event.booking_id, appended.event.version) == (booking, 1)
    for strange in ({"ok": True}, {"items": []}):
        faked.wire.faults.append(httpx.Response(200, json=strange))
        (appended,) = fares.append_all([(booking, toll(), ANY)])
        assert appended.event.booking_id == booking
