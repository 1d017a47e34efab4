"""Mistakes in a call: a TypeError or ValueError in the caller's words, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

import httpx
import pytest
from farehistory_client import ANY, AsyncClient, Change, Client, InvalidEvent
from farehistory_client.testing import FakeServer, FeedDouble

from tests.sdk.builders import price, toll
from tests.sdk.platforms import Platform


class NoOffset(tzinfo):
    """A time with it is naive all the same."""

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        return None

    def dst(self, _: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _: datetime | None) -> str | None:
        return None


TIMES: list[Any] = [
    ("2026-05-03T14:00:00Z", TypeError),
    (1_777_777_777, TypeError),
    (date(2026, 5, 3), TypeError),
    (datetime(2026, 5, 3), ValueError),  # noqa: DTZ001 - the mistake
    (datetime(2026, 5, 3, tzinfo=NoOffset()), ValueError),
    (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), ValueError),
    (datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-14))), ValueError),
]


@pytest.mark.parametrize(("wrong", "error"), TIMES, ids=lambda value: repr(value)[:40])
def test_a_time_that_is_none_is_named(
    platform: Platform, fares: Any, booking: str, wrong: Any, error: type[Exception]
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "occurred_at": lambda: toll(occurred_at=wrong),
        "recorded_before": lambda: fares.fare_as_of(booking, recorded_before=wrong),
        "occurred_before": lambda: fares.fare_as_of(booking, occurred_before=wrong),
        "since": lambda: next(fares.feed(since=wrong, until_caught_up=True)),
    }
    if not isinstance(wrong, int):  # that is a version
        calls |= {
            "since ": lambda: fares.diff(booking, wrong, 1),
            "until": lambda: fares.diff(booking, 1, wrong),
        }
    for name, call in calls.items():
        with pytest.raises(error, match=name.strip()) as caught:
            call()
        assert type(caught.value) is error
    assert platform.wire.sent == []


@pytest.mark.parametrize("wrong", [True, None, 1.0])
def test_a_state_is_a_version_or_a_time(fares: Any, booking: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match="since"):
        fares.diff(booking, wrong, 1)


def nested(levels: int) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for level in range(levels):
        metadata = {"a": metadata} if level % 2 else {"a": [metadata]}
    return metadata


def in_itself() -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    metadata["a"] = [metadata]
    return metadata


@pytest.mark.parametrize(
    "metadata",
    [nested(300), nested(700), nested(5_000), in_itself()],
    ids=["300", "700", "5000", "in itself"],
)
def test_metadata_that_is_nested_beyond_measure_is_refused_by_one_or_the_other(
    fares: Any, booking: str, metadata: Any
) -> None:
    """How deep Python can copy and write depends on who calls; the platform takes 16 levels."""
    with pytest.raises((ValueError, InvalidEvent)) as refused:
        fares.append(booking, price(metadata=metadata), expected_version=0)
    assert "nested" in str(refused.value)


def test_what_is_no_booking_id_change_or_item_is_named(platform: Platform, fares: Any, booking: str) -> None:
    change = price()
    for call, says in [
        (lambda: fares.append(None, change, expected_version=0), "a booking id is a string, not None"),
        (lambda: fares.fare(7001), "a booking id is a string, not 7001"),
        (lambda: fares.append_many([(None, change, 0)]), "a booking id is a string, not None"),
        (lambda: fares.append(booking, "toll", expected_version=0), "a Change is needed, not 'toll'"),
        (lambda: fares.append_all([(booking, "toll", 0)]), "a Change is needed, not 'toll'"),
        (lambda: fares.append_many([(booking, change, 0), (booking, change)]), "booking id, Change, expected"),
        (lambda: fares.append_many([(booking, change, 0, 1)]), "booking id, Change, expected"),
        (lambda: fares.append_all([change]), "booking id, Change, expected"),
        (lambda: fares.append_many([booking]), "booking id, Change, expected"),
        (lambda: fares.append(booking, change, expected_version="1"), "expected_version is the version"),
        (lambda: fares.settle(None), "what an error has as `unsettled`, not None"),
    ]:  # fmt: skip
        with pytest.raises(TypeError, match=says):
            call()
    assert platform.wire.sent == []


@pytest.mark.parametrize(
    "wrong", [5, "toll", [price(), "toll"], True, object()], ids=["number", "text", "list", "bool", "object"]
)
def test_what_an_update_comes_to_is_changes(fares: Any, booking: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match="an update's function returns"):
        fares.update(booking, lambda head: wrong)


def test_a_coroutine_function_is_for_an_async_client() -> None:
    server = FakeServer()
    server.append("BK-1", price())
    kept: list[str] = []

    async def decide(_: object) -> Change:
        return toll()

    async def keep(cursor: str) -> None:
        kept.append(cursor)

    with server.client() as fares:
        with pytest.raises(TypeError, match="AsyncClient"):
            fares.update("BK-1", decide)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="AsyncClient"):
            list(fares.feed(until_caught_up=True, checkpoint=keep))
        with pytest.raises(TypeError, match="AsyncClient"):
            list(fares.feed(until_caught_up=True, checkpoint=lambda cursor: keep(cursor)))
        with pytest.raises(TypeError, match="AsyncClient"):
            list(FeedDouble(server.events()).feed(checkpoint=keep))
    assert len(server.events("BK-1")) == 1


@pytest.mark.parametrize(
    ("kind", "other"),
    [(Client, httpx.Client), (Client, httpx.AsyncHTTPTransport), (AsyncClient, httpx.AsyncClient)],
)
def test_a_transport_is_none_of_httpxs_clients(kind: Any, other: Any) -> None:
    with pytest.raises(TypeError, match=f"http is a transport of httpx's.*not .*{other.__name__}"):
        kind("http://fares.test", "fh_key", http=other())


@pytest.fixture(autouse=True)
def nothing_is_left_unawaited(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    yield
    assert [str(each.message) for each in recwarn if "never awaited" in str(each.message)] == []


def test_a_time_with_an_offset_is_the_same_instant(fares: Any, booking: str) -> None:
    at = datetime(2026, 5, 3, 22, 5, 1, 7, tzinfo=timezone(timedelta(hours=8)))
    event = fares.append(booking, price(occurred_at=at), expected_version=ANY).event
    assert event.occurred_at == at == datetime(2026, 5, 3, 14, 5, 1, 7, tzinfo=UTC)
