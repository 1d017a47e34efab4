"""A cursor that is not of this ledger as it is now is refused at once, also with `wait`: never a 500, never a wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from events.feed import Identity, heads, identity
from events.following.cursor import Cursor
from tests.api_client import Api, assert_problem


def refused(consumer: Api, after: str) -> str:
    begin = time.monotonic()
    answer = consumer.get(f"events?after={after}&wait=30")
    assert time.monotonic() - begin < 10
    detail: str = assert_problem(answer, 409, "cursor_invalid")["detail"]
    return detail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "Tail",
        "0",
        "null",
        "AAAA",
        "%00",
        "%F0%9F%9A%95",
        "%ED%A0%80",
        ",",
        "tail,tail",
        "A" * 4000,
        "../..",
        "=" * 8,
    ],
)
def test_what_is_no_cursor(consumer: Api, text: str) -> None:
    refused(consumer, text)


def test_more_cursors_than_a_ledger_can_have_shares(consumer: Api) -> None:
    """Also if each is one: none is left out without a word."""
    cursor = str(Cursor(identity(), {0: 0}))
    assert "256" in refused(consumer, ",".join([cursor] * 257))
    assert consumer.get(f"events?limit=1&after={','.join([cursor] * 256)}").status_code == 200


@pytest.mark.parametrize("other", ["garbage", "tail", ""])
def test_one_among_many_that_is_no_cursor(consumer: Api, other: str) -> None:
    refused(consumer, ",".join([str(Cursor(identity(), {0: 0}))] * 16 + [other]))


def test_one_of_another_ledger(consumer: Api) -> None:
    assert "another ledger" in refused(consumer, str(Cursor(Identity(uuid4(), 1), heads())))


def test_one_beyond_the_end_of_a_log(consumer: Api) -> None:
    ahead = heads() | {3: heads()[3] + 1}
    assert "partition 3" in refused(consumer, str(Cursor(identity(), ahead)))


def test_one_beyond_the_end_of_a_log_that_is_not_asked_for(consumer: Api) -> None:
    """It could not be handed on."""
    cursor = Cursor(identity(), heads() | {3: heads()[3] + 1})
    refused(consumer, f"{cursor}&partitions=4")


def test_one_of_more_partitions_than_there_are(consumer: Api) -> None:
    refused(consumer, str(Cursor(identity(), heads() | {200: 0})))


@pytest.fixture
def next_epoch(superuser: str) -> Iterator[None]:
    """As after a restore that lost events. The trigger that keeps the row is the owner's accident guard."""

    def set_epoch(epoch: str) -> None:
        with psycopg.connect(superuser, autocommit=True) as owner:
            owner.execute("ALTER TABLE ledger.ledger DISABLE TRIGGER USER")
            owner.execute(f"UPDATE ledger.ledger SET epoch = {epoch}".encode())
            for trigger in ("rows_stay", "table_stays"):
                owner.execute(f"ALTER TABLE ledger.ledger ENABLE ALWAYS TRIGGER {trigger}".encode())

    set_epoch("epoch + 1")
    yield
    set_epoch("epoch - 1")


def test_one_of_an_earlier_epoch(consumer: Api, request: pytest.FixtureRequest) -> None:
    after = consumer.get("events?after=tail").json()["next"]
    request.getfixturevalue("next_epoch")
    assert "epoch" in refused(consumer, after)
    again = consumer.get("events?after=tail").json()["next"]
    assert consumer.get(f"events?after={again}").status_code == 200
