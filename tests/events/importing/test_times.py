"""A trip's local time becomes one instant, also when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from events.importing.rows import RowRefused
from events.importing.times import instant, local_time

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, not_before: str | None = None) -> str:
    earliest = None if not_before is None else datetime.fromisoformat(not_before)
    return f"{instant(local_time(text, 'time'), NEW_YORK, earliest):%Y-%m-%d %H:%M:%S}"


def test_winter_and_summer_have_their_own_offset() -> None:
    assert at("2021-01-01 00:15:56") == "2021-01-01 05:15:56"
    assert at("2021-07-01 00:15:56") == "2021-07-01 04:15:56"


def test_an_hour_that_happens_twice_means_the_first() -> None:
    assert at("2021-11-07 01:30:00") == "2021-11-07 05:30:00"


def test_a_dropoff_that_would_lie_before_its_pickup_means_the_second_of_the_two_hours() -> None:
    assert at("2021-11-07 01:10:00", not_before="2021-11-07 05:50:00+00:00") == "2021-11-07 06:10:00"


def test_a_dropoff_before_its_pickup_on_any_other_day_stays_as_written() -> None:
    assert at("2021-03-01 01:10:00", not_before="2021-03-01 09:50:00+00:00") == "2021-03-01 06:10:00"


def test_a_time_in_the_hour_that_is_left_out_counts_on_from_before_the_change() -> None:
    assert at("2021-03-14 02:30:00") == "2021-03-14 07:30:00"


@pytest.mark.parametrize(
    "text",
    [
        "2018-01-31 23:05:00",
        "2018-01-31T23:05:00.000",
        "01/31/2018 11:05:00 PM",
        "01/31/2018 23:05",
        "2018-01-31 23:05",
    ],
)
def test_the_ways_in_which_trip_files_write_a_time(text: str) -> None:
    assert local_time(text, "time") == datetime(2018, 1, 31, 23, 5)  # noqa: DTZ001


def test_a_time_with_an_offset_is_taken_by_it() -> None:
    assert instant(local_time("2018-01-31T23:05:00+01:00", "time"), NEW_YORK) == datetime(
        2018, 1, 31, 22, 5, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "text", ["2021-02-30 00:00:00", "20210101", "2021-W01-1", "yesterday", "13/13/2021 00:00"]
)
def test_what_is_no_time_is_refused_and_named(text: str) -> None:
    with pytest.raises(RowRefused, match="the drop-off time") as refusal:
        local_time(text, "the drop-off time")
    assert refusal.value.code == "not_a_time"


def test_a_missing_time_is_refused() -> None:
    with pytest.raises(RowRefused, match="the drop-off time is missing"):
        local_time("", "the drop-off time")


def test_a_time_out_of_range_is_refused() -> None:
    with pytest.raises(RowRefused) as refusal:
        instant(local_time("0001-01-01T00:00:00+23:00", "time"), NEW_YORK)
    assert refusal.value.code == "time_out_of_range"
