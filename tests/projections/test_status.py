"""The status tells the truth: what is behind, set aside, standing still, proven."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import history
from events.partitions import count, partition_of
from projections import control, drift, rebuild, runner, status
from projections.drift import walks
from projections.models import DriftWalk
from projections.projectors import PROJECTORS, projector
from projections.status import FOREIGN_CHECKPOINT, OTHER_VERSION, PartitionStatus, Status
from projections.streams import connection as stream_connection
from tests.builders import add, append, given, set_
from tests.projections.drift import planted_drift

FARES = projector("current_fare")


def drain() -> None:
    for each in PROJECTORS:
        runner.drain(each, runner.lagging(each))


def status_of(name: str = "current_fare") -> Status:
    (found,) = [each for each in status.statuses() if each.name == name]
    return found


def in_partition(of: Status, booking: str) -> PartitionStatus:
    return of.partitions[partition_of(booking)]


def execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def booking() -> str:
    booking = given(set_("14.00"))
    drain()
    return booking


def test_there_is_one_for_each_projector_and_none_is_behind(booking: str) -> None:
    found = status.statuses()
    assert [each.name for each in found] == [each.name for each in PROJECTORS]
    for each in found:
        if projector(each.name).live:
            assert (each.lag_events, each.lag_seconds) == (0, 0.0)
            assert each.position == each.head > 0
        assert [at.partition for at in each.partitions] == list(range(count()))
        assert (each.needs_rebuild, each.unknown_position) == (None, None)


def test_lag_counts_events_and_the_age_of_the_oldest_that_is_lacked(booking: str) -> None:
    event = append(booking, add("toll", "1.00"))
    given(set_("1.00"))
    for name in ("current_fare", "fare_cache", "fare_stream"):
        found = status_of(name)
        assert found.lag_events == 2
        age = (timezone.now() - event.recorded_at).total_seconds()
        assert 0 < found.lag_seconds <= age
        assert in_partition(found, booking).lag >= 1
    drain()
    assert status_of().lag_events == 0


def test_what_is_set_aside_is_lacked_though_the_checkpoint_has_passed_it(booking: str) -> None:
    with planted_drift(booking, "version = 7, fare_minor = 1"):
        first = append(booking, add("toll", "1.00"))
        append(booking, add("toll", "1.00"))
        drain()
        found = status_of()
        assert (found.set_aside, found.lag_events, found.is_alarming) == (1, 2, True)
        assert in_partition(found, booking).lag == 0
        assert found.lag_seconds == pytest.approx(
            (timezone.now() - first.recorded_at).total_seconds(), abs=0.5
        )
        append(booking, add("toll", "1.00"))
        assert status_of().lag_events == 3
    drain()
    assert (status_of().set_aside, status_of().lag_events) == (0, 0)


def test_a_pause_is_told_with_who_and_since_when(booking: str) -> None:
    control.pause("booking_search", "Kim")
    try:
        found = status_of("booking_search")
        assert found.paused_by == "Kim"
        assert found.paused_at is not None
        assert status_of().paused_at is None
    finally:
        control.resume("booking_search")
    assert status_of("booking_search").paused_at is None


def test_tables_of_another_version_are_told(booking: str) -> None:
    execute("UPDATE projection.checkpoint SET version = '0' WHERE projection = 'current_fare'")
    try:
        found = status_of()
        assert (found.needs_rebuild, found.live_version, found.version) == (OTHER_VERSION, "0", FARES.version)
        assert found.is_alarming
    finally:
        execute(
            "UPDATE projection.checkpoint SET version = %s WHERE projection = 'current_fare'", FARES.version
        )


@pytest.mark.parametrize(
    ("damage", "repair"), [("epoch = 99", "epoch = 1"), ("position = position + 5",) * 2]
)
def test_a_checkpoint_that_is_not_of_this_log_is_told(booking: str, damage: str, repair: str) -> None:
    where = " WHERE projection = 'current_fare' AND partition = %s"
    execute(f"UPDATE projection.checkpoint SET {damage}{where}", partition_of(booking))
    try:
        assert status_of().needs_rebuild == FOREIGN_CHECKPOINT
        assert in_partition(status_of(), booking).lag == 0
    finally:
        execute(f"UPDATE projection.checkpoint SET {repair.replace('+', '-')}{where}", partition_of(booking))
    assert status_of().needs_rebuild is None


def test_open_drift_is_counted_until_it_is_put_right(booking: str) -> None:
    with planted_drift(booking, "fare_minor = 1"):
        drift.check_now(FARES, [booking])
        assert (status_of().open_drift, status_of().is_alarming) == (1, True)
    drift.check_now(FARES, [booking])
    assert (status_of().open_drift, status_of().is_alarming) == (0, False)


def test_last_proven_is_that_of_the_partition_proven_longest_ago(booking: str) -> None:
    now = timezone.now()
    walks.of(FARES, now)
    mine = DriftWalk.objects.filter(projection=FARES.name)
    mine.update(proven_at=now, checked_at=now)
    mine.filter(partition=partition_of(booking)).update(proven_at=now - timedelta(hours=1))
    found = status_of()
    assert (found.proven_at, found.checked_at) == (now - timedelta(hours=1), now)
    assert in_partition(found, booking).proven_at == now - timedelta(hours=1)
    mine.filter(partition=partition_of(booking)).update(proven_at=None)
    assert status_of().proven_at is None
    mine.delete()


def test_the_last_rebuild_and_the_unfinished_one_are_told(booking: str) -> None:
    ended = rebuild.start("booking_search", dry_run=True)
    found = status_of("booking_search")
    assert found.rebuild == ended
    assert found.progress is not None
    assert found.progress.events_total == found.head
    rebuild.cancel(ended.pk, "a test")
    found = status_of("booking_search")
    assert (found.rebuild, found.progress) == (None, None)
    assert found.last_rebuild is not None
    assert (found.last_rebuild.pk, found.last_rebuild.state) == (ended.pk, "cancelled")


def test_without_redis_it_is_told_what_cannot_be_told(
    booking: str, monkeypatch: pytest.MonkeyPatch, no_redis: None
) -> None:
    found = status_of("fare_stream")
    assert found.unknown_position is not None
    assert "Error" in found.unknown_position
    assert found.position == found.head
    assert status_of().unknown_position is None


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The streams' server is away: nothing listens where it is looked for."""
    with monkeypatch.context() as patched:
        patched.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        stream_connection._client_of.cache_clear()
        yield
    stream_connection._client_of.cache_clear()


def test_it_takes_few_statements_however_many_partitions(booking: str) -> None:
    given(set_("1.00"))
    with CaptureQueriesContext(connection) as queries:
        status.statuses()
    assert len(queries) <= 16
    assert history.head_of(booking) is not None
    drain()
