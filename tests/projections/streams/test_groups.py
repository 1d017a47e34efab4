"""What our consumer groups have not acknowledged stays, whatever is trimmed; their lag is told in events."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from events import feed
from projections import checkpoints, control
from projections.projectors.fare_stream import FareStreamProjector
from projections.streams import groups, streams
from projections.streams.connection import client, key_of
from projections.streams.groups import GroupLag
from tests.projections.streams.helpers import (
    booking_with,
    groups_of,
    held,
    holds_all,
    lose_the_streams,
    more,
    nowhere,
    relay,
    sweep,
)


def read(partition: int, group: str, events: int, *, acknowledge: bool = True) -> list[str]:
    """What a consumer of the group is given next."""
    ((_, found),) = client().xreadgroup(group, "one", {key_of(partition): ">"}, count=events)
    ids = [entry for entry, _ in found]
    if acknowledge:
        client().xack(key_of(partition), group, *ids)
    return ids


def lag_of(group: str, partition: int) -> GroupLag:
    (lag,) = [lag for lag in groups.group_lags() if (lag.group, lag.partition) == (group, partition)]
    return lag


def test_the_groups_of_the_setting_are_made_on_every_stream_also_after_a_flush(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts", "archive"]
    sweep()
    for _ in range(2):
        for partition in feed.heads():
            assert groups_of(partition) == {"receipts": "0-0", "archive": "0-0"}
        lose_the_streams()
        sweep()


def test_a_group_that_is_added_to_the_setting_begins_with_what_is_kept(settings: Settings) -> None:
    _, partition = booking_with(3)
    sweep()
    settings.FAREHISTORY_STREAM_GROUPS = ["late"]
    sweep()
    assert len(read(partition, "late", 1000)) == feed.head(partition)


def test_a_stream_is_trimmed_to_what_the_setting_keeps(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 5
    booking, partition = booking_with(4)
    sweep()
    for _ in range(3):
        more(booking, 4)
        sweep()
    head = feed.head(partition)
    assert held(partition) == list(range(head - 4, head + 1))


def test_trimming_is_not_done_for_every_page(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 20  # so once in two positions
    booking, partition = booking_with(25)
    sweep()
    before = trims()
    for _ in range(10):
        more(booking, 1)
        sweep()
    assert trims() - before == 5
    assert len(held(partition)) in (20, 21)


def trims() -> int:
    return int(client().info("commandstats").get("cmdstat_xtrim", {}).get("calls", 0))


def test_what_a_group_of_ours_has_not_read_is_not_trimmed(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 2
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    sweep()  # the streams begin before the events
    booking, partition = booking_with(6)
    sweep()
    first = held(partition)[0]
    more(booking, 3)
    sweep()
    assert held(partition) == list(range(first, feed.head(partition) + 1))
    read(partition, "receipts", 4)
    more(booking, 1)
    sweep()
    assert held(partition) == list(range(first + 4, feed.head(partition) + 1))


def test_what_a_group_of_ours_has_read_and_not_acknowledged_is_not_trimmed(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 2
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    sweep()  # the streams begin before the events
    booking, partition = booking_with(6)
    sweep()
    first = held(partition)[0]
    ids = read(partition, "receipts", 5, acknowledge=False)
    client().xack(key_of(partition), "receipts", ids[0], ids[3])
    more(booking, 1)
    sweep()
    assert held(partition)[0] == first + 1
    client().xack(key_of(partition), "receipts", *ids)
    more(booking, 1)
    sweep()
    head = feed.head(partition)
    assert held(partition) == list(range(min(first + 5, head - 1), head + 1))


def test_a_group_of_another_service_does_not_hold_trimming_back(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 2
    booking, partition = booking_with(3)
    sweep()
    client().xgroup_create(key_of(partition), "a-service", id="0")
    more(booking, 5)
    sweep()
    head = feed.head(partition)
    assert held(partition) == [head - 1, head]
    lag = lag_of("a-service", partition)
    assert (lag.lag, lag.ours) == (2, False)


def test_lag_is_counted_in_events_from_positions(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(6)
    sweep()
    head = feed.head(partition)
    lag = lag_of("receipts", partition)
    assert (lag.lag, lag.pending, lag.oldest_pending_seconds, lag.ours) == (head, 0, None, True)
    ids = read(partition, "receipts", 4, acknowledge=False)
    client().xack(key_of(partition), "receipts", ids[0])
    lag = lag_of("receipts", partition)
    assert (lag.lag, lag.pending) == (head - 4, 3)
    assert lag.oldest_pending_seconds is not None
    assert 0 < lag.oldest_pending_seconds < 60 * 60


def test_lag_is_right_where_redis_does_not_know_its_own(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(6)
    sweep()
    head = feed.head(partition)
    client().xgroup_setid(key_of(partition), "receipts", f"{head - 4}-0")
    client().xdel(key_of(partition), f"{head - 1}-0")
    (raw,) = client().xinfo_groups(key_of(partition))
    assert raw["lag"] is None
    assert lag_of("receipts", partition).lag == 4


def test_a_groups_total_is_over_all_partitions(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    booking_with(2)
    sweep()
    lags = groups.group_lags()
    (total,) = groups.totals(lags)
    assert (total.group, total.partition, total.ours) == ("receipts", None, True)
    assert total.lag == sum(feed.heads().values()) == sum(lag.lag for lag in lags)


def test_a_replay_gives_our_groups_what_is_kept_once_more(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts", "behind"]
    _, partition = booking_with(6)
    sweep()
    head = feed.head(partition)
    client().xgroup_create(key_of(partition), "a-service", id="$")
    read(partition, "receipts", head)
    read(partition, "behind", 1)
    control.replay(relay(), {partition: head - 3})
    assert groups_of(partition) == {
        "receipts": f"{head - 3}-0",
        "behind": "1-0",
        "a-service": f"{head}-0",
    }
    sweep()
    assert holds_all(partition)
    assert read(partition, "receipts", 100) == [f"{head - 2}-0", f"{head - 1}-0", f"{head}-0"]


def test_a_replay_from_before_what_is_kept_makes_the_stream_anew(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 2
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(6)
    sweep()
    client().xgroup_create(key_of(partition), "a-service", id="0")
    head = feed.head(partition)
    read(partition, "receipts", head)
    ids = read(partition, "a-service", head, acknowledge=False)
    client().xack(key_of(partition), "a-service", *ids[:-1])
    client().xtrim(key_of(partition), maxlen=1, approximate=False)
    for after in (head - 5, 0):
        control.replay(relay(), {partition: after})
        sweep()
        assert holds_all(partition, after=after)
        # Ours again from there; the other service gets what it had not acknowledged, and nothing else.
        assert read(partition, "receipts", head) == [f"{p}-0" for p in range(after + 1, head + 1)]
        assert groups_of(partition)["a-service"] == f"{head - 1}-0"


@pytest.mark.parametrize("named", [[], ["no-such-group"]], ids=str)
def test_a_replay_that_would_give_nobody_anything_is_refused(settings: Settings, named: list[str]) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(3)
    sweep()
    head = feed.head(partition)
    read(partition, "receipts", head)
    settings.FAREHISTORY_STREAM_GROUPS = named
    with pytest.raises(control.CannotReplay, match=r"it has: receipts.*FAREHISTORY_STREAM_GROUPS.*--group"):
        control.replay(relay(), {partition: 0})
    assert groups_of(partition) == {"receipts": f"{head}-0"}
    assert checkpoints.positions("fare_stream")[partition] == head


def test_one_group_can_be_set_back_alone_whatever_the_setting_names(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_GROUPS = ["receipts"]
    _, partition = booking_with(4)
    sweep()
    head = feed.head(partition)
    client().xgroup_create(key_of(partition), "a-service", id="$")
    read(partition, "receipts", head)
    control.replay(FareStreamProjector("a-service"), {partition: head - 2})
    assert groups_of(partition) == {"receipts": f"{head}-0", "a-service": f"{head - 2}-0"}
    client().xtrim(key_of(partition), maxlen=1, approximate=False)
    control.replay(FareStreamProjector("a-service"), {partition: head - 3})
    sweep()
    assert groups_of(partition) == {"receipts": f"{head}-0", "a-service": f"{head - 3}-0"}
    assert holds_all(partition, after=head - 3)
    with pytest.raises(control.CannotReplay, match="no consumer group another"):
        control.replay(FareStreamProjector("another"), {partition: 0})


def test_a_stream_that_was_just_begun_is_replayed_without_a_group(settings: Settings) -> None:
    settings.FAREHISTORY_STREAM_KEEP = 1
    _, partition = booking_with(3)
    relay().positions({partition: 0})  # begins it after all but the last event, and sends nothing
    assert streams.look([partition])[0].last == feed.head(partition) - 1
    control.replay(relay(), {partition: 0})
    assert streams.look([partition])[0].last == 0


def test_a_paused_relay_sends_nothing(settings: Settings) -> None:
    sweep()
    control.pause("fare_stream", by="a test")
    try:
        _, partition = booking_with(2)
        before = held(partition)
        sweep()
        assert held(partition) == before
    finally:
        control.resume("fare_stream")
    sweep()
    assert holds_all(partition)


def test_without_redis_a_replay_is_refused_and_the_checkpoint_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    _, partition = booking_with(2)
    sweep()
    monkeypatch.setattr("projections.streams.streams.client", nowhere)
    with pytest.raises(control.CannotReplay, match="cannot be set back"):
        control.replay(relay(), {partition: 0})
    assert checkpoints.positions("fare_stream")[partition] == feed.head(partition)
