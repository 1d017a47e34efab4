"""What goes wrong on the way: what is sent again, how often, and what is known of it at the end."""

from __future__ import annotations

import pickle
import random
import ssl
from decimal import Decimal
from typing import Any

import httpx
import pytest
from farehistory_client import (
    ANY,
    BatchRefused,
    NotAuthenticated,
    RateLimited,
    Retries,
    Unanswered,
    Unavailable,
    VersionConflict,
)
from farehistory_client._calls import Calls
from farehistory_client._retry import LONGEST_ASKED, UNENDING, Spending
from farehistory_client._steps import Send, Wait
from farehistory_client._wire import Answer

from tests.sdk.builders import price, toll
from tests.sdk.platforms import Platform


def test_an_append_whose_answer_is_lost_is_settled(platform: Platform, fares: Any, booking: str) -> None:
    platform.wire.lose_answers(2)
    appended = fares.append(booking, price(), expected_version=0)
    assert appended.replayed
    assert [event.version for event in fares.history(booking).events] == [1]
    assert len({each.body for each in platform.wire.sent if each.method == "POST"}) == 1, (
        "the very same bytes"
    )


def test_a_batch_whose_answer_is_lost_is_settled(platform: Platform, fares: Any, booking: str) -> None:
    items = [(booking, price(), 0), (booking, toll(), 1)]
    platform.wire.lose_answers()
    assert [each.replayed for each in fares.append_all(items)] == [True, True]
    platform.wire.lose_answers()
    assert [each.replayed for each in fares.append_many([*items, (booking, toll(), 2)])] == [True, True, True]
    assert len(fares.history(booking).events) == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_go_better_is_sent_again(platform: Platform, fares: Any, booking: str, status: int) -> None:
    platform.wire.answer(status, 2, Retry_After="0")
    assert fares.append(booking, price(), expected_version=0).event.version == 1
    assert len({each.body for each in platform.wire.sent}) == 1
    assert len(platform.wire.sent) == 3


def test_reads_are_sent_again(platform: Platform, fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    platform.wire.cut_connections(2)
    platform.wire.refuse_connections(2)
    assert fares.fare(booking, strong=True).version == 1


def test_a_conflict_is_never_sent_again(platform: Platform, fares: Any, booking: str) -> None:
    with pytest.raises(VersionConflict):
        fares.append(booking, price(), expected_version=7)
    assert len(platform.wire.sent) == 1


def test_the_attempts_are_a_budget(platform: Platform, booking: str) -> None:
    fares = platform.client(retries=Retries(attempts=3))
    platform.wire.refuse_connections(9)
    with pytest.raises(Unanswered) as unanswered:
        fares.append(booking, price(), expected_version=0)
    assert len(platform.wire.sent) == 3
    assert unanswered.value.unsettled is None, "where there was no connection, nothing can have been written"


def test_the_time_is_a_budget(platform: Platform, booking: str) -> None:
    """Also where waits are left out: they count as waited."""
    fares = platform.client(retries=Retries(attempts=99, within=10))
    platform.wire.answer(503, 99, Retry_After="4")
    with pytest.raises(Unanswered):
        fares.fare(booking)
    assert len(platform.wire.sent) == 3


def test_a_wait_that_is_longer_than_the_time_left_is_not_begun(platform: Platform, booking: str) -> None:
    platform.wire.answer(503, Retry_After="60")
    with pytest.raises(Unanswered):
        platform.client(retries=Retries(within=30)).fare(booking)
    assert len(platform.wire.sent) == 1


def test_a_write_that_nobody_answered_can_be_settled_later(
    platform: Platform, fares: Any, booking: str
) -> None:
    platform.wire.lose_answers(Retries().attempts)
    with pytest.raises(Unanswered) as unanswered:
        fares.append(booking, price(), expected_version=0)
    kept = pickle.loads(pickle.dumps(unanswered.value.unsettled))
    (settled,) = fares.settle(kept)
    assert (settled.replayed, settled.event.version) == (True, 1)
    platform.wire.cut_connections(Retries().attempts)
    with pytest.raises(Unanswered) as again:
        fares.append_many([(booking, toll(), 1), (booking, toll(), 7)])
    first, second = fares.settle(again.value.unsettled)
    assert (first.replayed, type(second)) == (False, VersionConflict)


def test_an_answer_that_is_not_the_platforms_is_none(platform: Platform, booking: str) -> None:
    fares = platform.client(retries=Retries(attempts=2))
    platform.wire.answer(200, 2)
    with pytest.raises(Unanswered) as unanswered:
        fares.append(booking, price(), expected_version=0)
    assert unanswered.value.unsettled is not None
    platform.wire.answer(302)
    with pytest.raises(Unanswered):
        fares.fare(booking)


def test_a_key_that_is_refused_after_a_lost_answer_leaves_a_doubt(faked: Platform, booking: str) -> None:
    """The first try may have been written, and the second one was not looked at."""
    fares = faked.client(retries=Retries(attempts=2))
    faked.wire.lose_answers()
    faked.wire.faults.append(
        httpx.Response(
            401,
            headers={"Content-Type": "application/problem+json"},
            json={"code": "not_authenticated", "status": 401},
        )
    )
    with pytest.raises(NotAuthenticated) as refused:
        fares.append(booking, price(), expected_version=0)
    assert refused.value.unsettled is not None


def test_a_refusal_after_a_lost_answer_is_the_last_word(faked: Platform, booking: str) -> None:
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    faked.wire.lose_answers()
    fares.append(booking, price(), expected_version=1)
    faked.wire.cut_connections()
    with pytest.raises(VersionConflict) as refused:
        fares.append(booking, price(), expected_version=1)
    assert refused.value.unsettled is None


def test_a_version_that_is_not_there_yet_is_none(faked: Platform, booking: str) -> None:
    """A try that is still on its way is written once somebody else has brought the booking there."""
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    faked.wire.cut_connections()
    with pytest.raises(VersionConflict) as refused:
        fares.append(booking, price(), expected_version=2)
    assert refused.value.unsettled is not None
    items = [(booking, price(), 1), (booking, price(), 3)]
    faked.wire.cut_connections()
    with pytest.raises(BatchRefused) as batch:
        fares.append_all(items)
    assert batch.value.unsettled is not None


@pytest.mark.parametrize(
    "text",
    [
        "1e300",
        "86400",
        "Fri, 31 Dec 9998 23:59:59 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999999999",
        "99999999999999999999 Jan 2020 00:00",
    ],
)
def test_no_word_of_a_gateway_silences_a_consumer_for_years(text: str) -> None:
    wait = UNENDING.wait(1, 0.0, Answer(503, {"retry-after": text}, b"").retry_after)
    assert wait is not None and wait <= LONGEST_ASKED + 0.1


PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, PROBLEM, '{"code": "internal_error", "errors": {"amount": ["is wrong"]}}'),
        (503, PROBLEM, '{"errors": 3}'),
        (200, "application/json", '{"booking_id": "BOOKING"}'),
        (200, "application/json", '{"booking_id": "BOOKING", "fare": "x", "version": 1}'),
    ],
)
def test_an_answer_that_cannot_be_read_is_asked_for_again(
    faked: Platform, booking: str, status: int, kind: str, body: str
) -> None:
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    text = body.replace("BOOKING", booking)
    faked.wire.faults.append(httpx.Response(status, text=text, headers={"Content-Type": kind}))
    assert fares.fare(booking).version == 1
    faked.wire.faults.extend([httpx.Response(status, text=text, headers={"Content-Type": kind})] * 10)
    with pytest.raises(Unanswered):
        fares.fare(booking)


def test_an_append_whose_answer_says_too_little_is_settled(faked: Platform, booking: str) -> None:
    fares, change = faked.client(), price()
    little = {"booking_id": booking, "transaction_id": str(change.transaction_id)}
    faked.wire.faults.extend([httpx.Response(201, json=little)] * 10)
    with pytest.raises(Unanswered) as unanswered:
        fares.append(booking, change, expected_version=0)
    assert unanswered.value.unsettled is not None
    (settled,) = fares.settle(unanswered.value.unsettled)
    assert settled.event.version == 1


def test_a_line_that_is_garbled_is_tried_again(faked: Platform, booking: str) -> None:
    faked.wire.faults.append(ssl.SSLError("decryption failed"))
    assert faked.client().append(booking, price(), expected_version=0).event.version == 1


def test_a_number_that_is_none_is_no_fare(faked: Platform, booking: str) -> None:
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    faked.wire.faults.append(httpx.Response(200, text=f'{{"booking_id": "{booking}", "fare": NaN}}'))
    assert fares.fare(booking).amount == Decimal("14.00")


def test_a_page_that_is_none_is_asked_for_again(faked: Platform, booking: str) -> None:
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    faked.wire.faults.append(httpx.Response(200, json={}))
    assert [event.version for event in fares.feed(until_caught_up=True)] == [1]


def steps_of(*answers: Answer, retries: Retries) -> tuple[list[float], list[float], Any]:
    """The time limits of the tries, the waits between them, and what it came to."""
    steps = Calls(5.0, retries).fare("BK-1")
    limits, waits, left = [], [], list(answers)
    step = next(steps)
    while True:
        try:
            if isinstance(step, Send):
                limits.append(step.within)
                step = steps.send(left.pop(0))
            else:
                assert isinstance(step, Wait)
                waits.append(step.seconds)
                step = steps.send(step.seconds)
        except Exception as error:
            return limits, waits, error


def unavailable(retry_after: str | None) -> Answer:
    headers = {"content-type": "application/problem+json"}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    return Answer(503, headers, b'{"code": "unavailable", "status": 503}')


def test_the_platforms_word_is_the_least_that_is_waited() -> None:
    _, waits, error = steps_of(*[unavailable("2")] * 4, retries=Retries(attempts=4))
    assert len(waits) == 3
    assert all(2 <= wait <= 2 + 5 for wait in waits)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 2


@pytest.mark.parametrize("odd", ["soon", "inf", "nan", "-5", "Wed, 21 Oct 2015 07:28:00 GMT", ""])
def test_a_word_that_says_nothing_is_passed_over(odd: str) -> None:
    _, waits, _ = steps_of(*[unavailable(odd)] * 2, retries=Retries(attempts=2, first_wait=0.1))
    assert len(waits) == 1
    assert 0 <= waits[0] <= 0.1


def test_a_try_has_no_more_time_than_the_call() -> None:
    limits, _, _ = steps_of(*[unavailable("3")] * 9, retries=Retries(attempts=9, within=7, first_wait=0))
    assert [round(limit, 1) for limit in limits] == [5.0, 4.0, 1.0]


def test_waits_grow_and_are_jittered() -> None:
    random.seed(7)
    spending = [Spending(Retries(attempts=20, first_wait=0.1, longest_wait=5)) for _ in range(300)]
    rounds = [[each.wait_after_failure(None) or 0 for each in spending] for _ in range(8)]
    for n, waits in enumerate(rounds):
        most = min(5.0, 0.1 * 2**n)
        assert 0 <= min(waits) < 0.1 * most
        assert 0.9 * most < max(waits) <= most


def test_a_rate_limit_is_waited_for(faked: Platform, booking: str) -> None:
    fares = faked.client(retries=Retries(attempts=1))
    problem = {"code": "rate_limited", "status": 429}
    headers = {"Content-Type": "application/problem+json", "Retry-After": "3"}
    faked.wire.faults.append(httpx.Response(429, headers=headers, json=problem))
    with pytest.raises(RateLimited) as limited:
        fares.append(booking, price(), expected_version=ANY)
    assert (limited.value.retry_after, limited.value.unsettled) == (3, None)


@pytest.mark.parametrize(
    "wrong",
    [{"attempts": 0}, {"within": 0}, {"within": float("nan")}, {"first_wait": -1}, {"longest_wait": -1}],
    ids=str,
)
def test_a_budget_that_is_none_is_a_mistake(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Retries(**wrong)
