"""Many appends of which one is larger than any batch may be: it is refused in its place, and holds up nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from farehistory_client import (
    ANY,
    Change,
    FareHistoryError,
    InvalidEvent,
    PermissionDenied,
    Retries,
    TooLarge,
    Unanswered,
    Unsettled,
)
from farehistory_client import _wire as wire
from farehistory_client._codecs import Codecs

from tests.sdk.builders import price, toll
from tests.sdk.platforms import Platform
from tests.sdk.test_settling import problem

MOST = 2 * 1024 * 1024


def of_size(booking: str, size: int) -> tuple[str, Change, Any]:
    """An append that alone in a batch makes a body of so many bytes."""

    def item(text: str) -> tuple[str, Change, Any]:
        return booking, toll("1.00", metadata={"a": text}), ANY

    empty = wire.batch_request([wire.item_body(*item(""), Codecs())], atomic=False)
    assert empty.body is not None
    return item("x" * (size - len(empty.body)))


def items_with_a_large_one(booking: str, size: int = MOST + 1) -> list[Any]:
    return [
        (booking, price(), 0),
        of_size(booking, size),
        (booking, toll("2.00"), ANY),
        of_size(booking, size),
    ]


def check(fares: Any, booking: str, results: list[Any], *, replayed: bool) -> None:
    first, large, second, last = results
    assert [(each.event.version, each.replayed) for each in (first, second)] == [(1, replayed), (2, replayed)]
    for refused in (large, last):
        assert isinstance(refused, TooLarge)
        assert (refused.code, refused.status, refused.unsettled) == ("too_large", 413, None)
        assert refused.title and refused.detail
    assert fares.fare(booking, strong=True).version == 2


@pytest.mark.parametrize("size", [MOST + 1, 20 * MOST], ids=["a byte too many", "more than anybody reads"])
def test_an_item_too_large_for_any_batch_is_refused_in_its_place(fares: Any, booking: str, size: int) -> None:
    items = items_with_a_large_one(booking, size)
    check(fares, booking, fares.append_many(items), replayed=False)
    check(fares, booking, fares.append_many(items), replayed=True)


def test_an_item_that_just_fits_is_judged_by_the_platform(
    platform: Platform, fares: Any, booking: str
) -> None:
    (refused,) = fares.append_many([of_size(booking, MOST)])
    assert isinstance(refused, InvalidEvent)
    assert [(each.pointer, each.code) for each in refused.errors] == [("/items/0/metadata", "too_large")]
    assert [len(each.body) for each in platform.wire.sent] == [MOST]


def test_a_lost_answer_beside_it_can_be_settled(platform: Platform, booking: str) -> None:
    fares = platform.client(retries=Retries(attempts=1))
    items = items_with_a_large_one(booking)
    platform.wire.lose_answers()
    with pytest.raises(Unanswered) as error:
        fares.append_many(items)
    for second_is_replayed in (False, True):
        results = fares.settle(error.value.unsettled)
        assert [results[0].replayed, results[2].replayed] == [True, second_is_replayed]
    check(fares, booking, results, replayed=True)


def test_what_nobody_can_have_written_stays_certain_when_it_is_settled(fares: Any, booking: str) -> None:
    """As a queue would hold it that had it from an earlier version of the client."""
    body = wire.batch_request([wire.item_body(*of_size(booking, MOST + 1), Codecs())], atomic=False).body
    (refused,) = fares.settle(Unsettled(wire.BATCH, body or b""))
    assert isinstance(refused, TooLarge) and refused.unsettled is None


def test_a_platform_that_takes_less_refuses_an_item_in_its_place(faked: Platform, booking: str) -> None:
    document = {
        "code": "too_large",
        "title": "The body is too large",
        "detail": "The body has more than 1024 KiB.",
    }
    faked.wire.faults.append(problem(413, document))
    (refused,) = faked.client().append_many([of_size(booking, MOST)])
    assert isinstance(refused, TooLarge) and refused.unsettled is None
    faked.wire.cut_connections()
    faked.wire.faults.append(problem(413, document))
    (refused,) = faked.client().append_many([of_size(booking, MOST)])
    assert isinstance(refused, TooLarge) and refused.unsettled is None, "no other try was written, either"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "malformed_body"), (422, "invalid_batch"), (403, "permission_denied")]
)
def test_what_is_said_of_a_request_and_not_of_its_item_is_raised(
    faked: Platform, booking: str, status: int, code: str
) -> None:
    """Of a body that broke on its way, of what stands around the items, of the key: other items fare no better."""
    faked.wire.faults.append(problem(status, {"code": code}))
    with pytest.raises(FareHistoryError) as refused:
        faked.client().append_many([(booking, price(), 0)])
    assert (refused.value.code, refused.value.unsettled) == (code, None)  # type: ignore[attr-defined]


def test_an_item_that_the_key_may_not_write_is_refused_in_its_place(platform: Platform, booking: str) -> None:
    fares = platform.client(components=["base_fare"])
    first, refused = fares.append_many([(booking, price(), 0), (booking, toll(), ANY)])
    assert first.event.version == 1
    assert isinstance(refused, PermissionDenied)


def test_nothing_is_sent_where_one_of_many_cannot_be_written(
    platform: Platform, fares: Any, booking: str
) -> None:
    items = [(booking, price(), 0), *((booking, toll("0.01"), ANY) for _ in range(1000))]
    items.append((booking, toll(metadata={"on": date(2026, 5, 3)}), ANY))
    with pytest.raises(TypeError):
        fares.append_many(items)
    assert platform.wire.sent == []
