"""Every event is in its partition's stream once, in order, whatever dies or is lost in between."""

from __future__ import annotations

import json
import socket
from functools import partial

import pytest
import redis
from django.db import connection, transaction
from pytest_django import Settings

from events import feed, history
from events.api.representation import event_as_json
from projections import checkpoints, runner
from projections.checkpoints import ForeignCheckpoint
from projections.projector import OutOfStep, Page
from projections.streams.connection import _client_of, client, key_of
from projections.streams.streams import ForeignStream
from tests.builders import add, append
from tests.projections.streams.helpers import (
    as_it_was,
    booking_with,
    entries,
    groups_of,
    held,
    holds_all,
    lose_the_streams,
    more,
    nowhere,
    planted_entry,
    relay,
    sweep,
)
from tests.threads import together


def test_every_event_is_in_its_partitions_stream_once_and_in_order() -> None:
    booking, partition = booking_with(5)
    sweep()
    more(booking, 3)
    sweep()
    assert holds_all(partition)
    mine = [event for _, event in entries(partition) if event["subject"] == booking]
    assert [event["sequence"] for event in mine] == [f"{version:010}" for version in range(1, 9)]


def test_an_entry_is_a_cloud_event_with_the_event_as_the_api_tells_it() -> None:
    booking, partition = booking_with(2)
    sweep()
    event = history.event_of(booking, 2)
    ((_, found),) = [(i, e) for i, e in entries(partition) if e["position"] == event.position]
    ledger = feed.identity()
    data = found.pop("data")
    assert found == {
        "specversion": "1.0",
        "id": f"{ledger.epoch}-{partition}-{event.position}",
        "source": f"urn:uuid:{ledger.ledger_id}",
        "type": "farehistory.fare_event.appended.v1",
        "subject": booking,
        "time": data["recorded_at"],
        "datacontenttype": "application/json",
        "epoch": ledger.epoch,
        "partition": partition,
        "position": event.position,
        "sequence": "0000000002",
    }
    assert data.pop("metadata") == {"trip": "ü 1"}
    expected = event_as_json(event)
    expected.pop("metadata")
    assert data == json.loads(json.dumps(expected))


def test_a_worker_that_died_before_its_commit_doubles_nothing() -> None:
    sweep()
    _, partition = booking_with(3)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        after = checkpoints.lock(relay(), partition)
        relay().apply(Page(partition, after, after + 2))
        raise ZeroDivisionError
    assert checkpoints.positions("fare_stream")[partition] == after
    assert held(partition)[-1] == after + 2
    assert runner.lagging(relay()) == [partition]
    sweep()
    assert holds_all(partition)
    assert not runner.lagging(relay())


def test_workers_at_once_send_each_event_once() -> None:
    _, partition = booking_with(40)
    together([partial(runner.drain, relay(), [partition], page_events=7)] * 3)
    assert holds_all(partition)


def test_a_worker_whose_connection_dropped_sends_nothing_twice_beside_its_successor() -> None:
    """Its checkpoint is no longer locked, and it does not know."""
    booking, partition = booking_with(6)
    head = feed.head(partition)
    sweep()
    more(booking, 4)
    pages = [Page(partition, head, head + 4), Page(partition, head, head + 2)]
    together([partial(relay().apply, page) for page in pages])
    assert holds_all(partition)
    sweep()
    assert holds_all(partition)


def test_after_a_flush_it_begins_again_with_what_is_kept(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 4
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(9)
    sweep()
    lose_the_streams()
    sweep()
    head = feed.head(partition)
    assert held(partition) == [head - 3, head - 2, head - 1, head]
    assert groups_of(partition) == {"receipts": "0-0"}
    assert checkpoints.positions("fare_stream")[partition] == head


def test_an_append_right_after_a_flush_does_not_make_the_stream_begin_with_it() -> None:
    booking, partition = booking_with(5)
    sweep()
    lose_the_streams()
    append(booking, add("toll", "1.00"))
    runner.drain(relay(), [partition])
    assert holds_all(partition)


def test_what_redis_lost_of_its_end_is_sent_again_without_a_gap(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 2
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]  # reads nothing, so nothing is trimmed
    booking, partition = booking_with(3)
    sweep()
    ended = feed.head(partition)
    with as_it_was(partition):
        more(booking, 7)
        sweep()
    assert held(partition)[-1] == ended
    assert runner.lagging(relay()) == [partition]
    sweep()
    positions = held(partition)
    assert positions == list(range(positions[0], feed.head(partition) + 1))
    assert positions[0] <= ended


def test_a_stream_that_vanishes_between_look_and_page_is_never_begun_in_the_middle() -> None:
    _, partition = booking_with(2)
    sweep()
    head = feed.head(partition)
    client().delete(key_of(partition))
    with pytest.raises(OutOfStep):
        relay().apply(Page(partition, head - 1, head))
    assert not client().exists(key_of(partition))
    sweep()
    assert holds_all(partition)


def test_every_partition_has_a_stream_before_its_first_event() -> None:
    sweep()
    for partition, head in feed.heads().items():
        assert bool(client().xinfo_stream(key_of(partition))["length"]) == bool(head)


def test_without_redis_the_checkpoint_stays_and_it_goes_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep()
    _, partition = booking_with(2)
    before = checkpoints.positions("fare_stream")
    with monkeypatch.context() as patch:
        patch.setattr("projections.streams.streams.client", nowhere)
        with pytest.raises(redis.ConnectionError):
            runner.drain(relay(), [partition])
        with pytest.raises(redis.ConnectionError):
            sweep()
    assert checkpoints.positions("fare_stream") == before
    sweep()
    assert holds_all(partition)


def test_a_redis_that_hangs_is_given_up_before_the_checkpoint_is_lost(settings: Settings) -> None:
    """The role's limit for an idle transaction is five seconds."""
    _, partition = booking_with(1)
    with socket.create_server(("127.0.0.1", 0)) as hangs:  # takes connections, and never answers
        settings.REDIS_URL = f"redis://127.0.0.1:{hangs.getsockname()[1]}/0"
        _client_of.cache_clear()
        try:
            with pytest.raises(redis.TimeoutError):
                runner.drain(relay(), [partition])
            assert connection.is_usable()
        finally:
            _client_of.cache_clear()


def test_a_stream_of_another_ledger_is_left_alone() -> None:
    _, partition = booking_with(1)
    sweep()
    with planted_entry(partition, source="urn:uuid:00000000-0000-0000-0000-000000000000", epoch=1):
        before = client().xrange(key_of(partition))
        with pytest.raises(ForeignStream, match="FAREHISTORY_REDIS_PREFIX"):
            runner.drain(relay(), [partition])
        assert client().xrange(key_of(partition)) == before
    sweep()
    assert holds_all(partition)


def test_a_stream_of_a_later_epoch_is_left_alone() -> None:
    """A process that was left running on the database from before the restore."""
    _, partition = booking_with(1)
    sweep()
    source = f"urn:uuid:{feed.identity().ledger_id}"
    with planted_entry(partition, source=source, epoch=99), pytest.raises(ForeignStream):
        runner.drain(relay(), [partition])


def test_a_key_that_is_something_else_is_left_alone() -> None:
    _, partition = booking_with(1)
    client().delete(key_of(partition))
    client().set(key_of(partition), "mine")
    try:
        with pytest.raises(ForeignStream, match="not a stream"):
            sweep()
        assert client().get(key_of(partition)) == "mine"
    finally:
        client().delete(key_of(partition))
    sweep()
    assert holds_all(partition)


def test_a_stream_from_before_a_restore_is_replaced_and_its_groups_read_the_new_events() -> None:
    """Its positions were given out again, to other events."""
    _, partition = booking_with(3)
    sweep()
    client().xgroup_create(key_of(partition), "a-service", id="$")
    source = f"urn:uuid:{feed.identity().ledger_id}"
    with planted_entry(partition, source=source, epoch=0):
        sweep()
        assert holds_all(partition)
        assert groups_of(partition)["a-service"] == "0-0"
        assert {event["epoch"] for _, event in entries(partition)} == {feed.identity().epoch}
    assert holds_all(partition)


def test_a_stream_beyond_the_logs_end_is_refused() -> None:
    """As after a restore that lost events, if nobody raised the epoch."""
    _, partition = booking_with(2)
    sweep()
    ledger = feed.identity()
    planted = planted_entry(partition, source=f"urn:uuid:{ledger.ledger_id}", epoch=ledger.epoch)
    with planted, pytest.raises(ForeignStream, match="its log ends at"):
        sweep()


def test_the_checkpoint_of_another_epoch_is_refused() -> None:
    booking, partition = booking_with(1)
    sweep()
    more(booking, 1)
    with connection.cursor() as cursor:
        where = "WHERE projection = 'fare_stream' AND partition = %s"
        cursor.execute(f"UPDATE projection.checkpoint SET epoch = 99 {where}", [partition])
        try:
            with pytest.raises(ForeignCheckpoint):
                sweep()
        finally:
            cursor.execute(f"UPDATE projection.checkpoint SET epoch = 1 {where}", [partition])
    sweep()
    assert holds_all(partition)
