"""The daily totals are the sum of what each event changed, once each, whoever counts them and however they are cut."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection, transaction

from events import feed, history, ledger
from events.partitions import partition_of
from projections import checkpoints, runner, set_aside
from projections.projector import CHECK, Page
from projections.projectors.daily_totals import DailyTotalsProjector
from projections.set_aside import CannotFoldOne
from projections.sql import statement
from projections.totals import Total, totals
from tests.builders import add, append, event, new_booking_id, set_, sub
from tests.projections.admin.plans import plans_of_statements
from tests.threads import together

PROJECTOR = DailyTotalsProjector()
TODAY = (datetime.now(UTC).date(), datetime.now(UTC).date() + timedelta(days=1))
"""And tomorrow, in case midnight passes."""
Change = dict[str, object]


def drain() -> int:
    return runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def fresh_source() -> str:
    """A source of its own tells a test's events from all others."""
    return f"s-{uuid4().hex}"


def given_of(source: str, *changes: Change) -> str:
    booking = new_booking_id()
    for change in changes:
        append(booking, change, source=source)
    return booking


def today_of(source: str) -> dict[str, tuple[str, int]]:
    """Component → change and events of this source's one currency."""
    found = totals(*TODAY, source=source)
    assert len({total.component for total in found}) == len(found)
    return {total.component: (str(total.change), total.events) for total in found}


def test_each_component_has_its_change_and_its_events() -> None:
    source = fresh_source()
    given_of(source, set_("14.00"), add("toll", "5.00"), add("toll", "1.50"), sub("promo", "2.00"))
    given_of(source, set_("10.00"), add("toll", "0.00"))
    drain()
    assert today_of(source) == {"base_fare": ("24.00", 2), "toll": ("6.50", 3), "promo": ("-2.00", 1)}


def test_a_set_takes_away_what_it_replaces() -> None:
    source = fresh_source()
    given_of(source, set_("14.00"), add("toll", "5.00"), set_("20.00", component="flat_fare"), set_("1.00"))
    drain()
    assert today_of(source) == {"base_fare": ("1.00", 2), "toll": ("0.00", 1), "flat_fare": ("0.00", 1)}


def test_a_set_of_the_same_component_counts_the_difference() -> None:
    source = fresh_source()
    given_of(source, set_("14.00"), set_("20.00"))
    drain()
    assert today_of(source) == {"base_fare": ("20.00", 2)}


def test_what_a_set_takes_away_is_told_of_the_source_that_sets() -> None:
    first, second = fresh_source(), fresh_source()
    booking = given_of(first, set_("14.00"), add("toll", "5.00"))
    append(booking, set_("20.00"), source=second)
    drain()
    assert today_of(first) == {"base_fare": ("14.00", 1), "toll": ("5.00", 1)}
    assert today_of(second) == {"base_fare": ("6.00", 1), "toll": ("-5.00", 0)}


def test_currencies_and_their_decimals_are_kept_apart(settings: object) -> None:
    source = fresh_source()
    given_of(source, set_("1400", currency="JPY"))
    given_of(source, set_("14.00", currency="IDR"))
    settings.FAREHISTORY_CURRENCY_EXPONENTS = {"IDR": 0}  # type: ignore[attr-defined]
    given_of(source, set_("14", currency="IDR"))
    drain()
    found = totals(*TODAY, source=source)
    assert [(total.currency, total.exponent, str(total.change)) for total in found] == [
        ("IDR", 0, "14"),
        ("IDR", 2, "14.00"),
        ("JPY", 0, "1400"),
    ]
    assert totals(*TODAY, source=source, currency="JPY") == found[2:]
    assert totals(*TODAY, source=source, component="toll") == []


def test_an_event_counts_on_the_utc_day_on_which_it_was_recorded() -> None:
    """Whatever zone the session is in, and whenever it happened."""
    source = fresh_source()
    booking = given_of(source, set_("14.00", occurred_at=datetime(2020, 2, 29, tzinfo=UTC)))
    recorded = history.event_of(booking, 1).recorded_at
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL TIME ZONE '{zone}'")
            PROJECTOR.apply(Page(partition_of(booking), 0, 10**9, schema=CHECK, bookings=(booking,)))
            cursor.execute(f'SELECT day FROM "{CHECK}".daily_totals WHERE source = %s', [source])
            assert cursor.fetchall() == [(recorded.astimezone(UTC).date(),)]
            transaction.set_rollback(True)


def test_days_are_taken_with_both_their_ends() -> None:
    source = fresh_source()
    booking = given_of(source, set_("14.00"))
    drain()
    day = history.event_of(booking, 1).recorded_at.astimezone(UTC).date()
    one = timedelta(days=1)
    expected = [Total(day, "SGD", 2, "base_fare", source, Decimal("14.00"), 1)]
    assert totals(day, day, source=source) == expected
    assert totals(day - one, day + one, source=source) == expected
    assert totals(day + one, day + one, source=source) == []
    assert totals(day + one, day - one, source=source) == []


def test_draining_again_counts_nothing_twice() -> None:
    source = fresh_source()
    given_of(source, set_("14.00"))
    drain()
    assert drain() == 0
    assert today_of(source) == {"base_fare": ("14.00", 1)}


def test_workers_at_once_count_each_event_once() -> None:
    drain()
    source = fresh_source()
    bookings = [given_of(source, set_("1.00"), add("toll", "1.00")) for _ in range(20)]
    partitions = sorted({partition_of(booking) for booking in bookings})
    together([partial(runner.drain, PROJECTOR, partitions)] * 4)
    assert today_of(source) == {"base_fare": ("20.00", 20), "toll": ("20.00", 20)}


def test_a_worker_that_dies_before_the_commit_has_counted_nothing() -> None:
    drain()
    source = fresh_source()
    partition = partition_of(given_of(source, set_("14.00")))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        after = checkpoints.lock(PROJECTOR, partition)
        PROJECTOR.apply(Page(partition, after, after + 1))
        checkpoints.advance(PROJECTOR.name, partition, after=after, upto=after + 1)
        raise ZeroDivisionError
    assert today_of(source) == {}
    drain()
    assert today_of(source) == {"base_fare": ("14.00", 1)}


def test_which_rows_there_are_does_not_depend_on_how_the_log_is_cut() -> None:
    """What cancels out within one page cancels out over two, and a rebuild with other pages must find the same."""
    source = fresh_source()
    first = given_of(source, set_("14.00"), add("x", "5.00"))
    second = new_booking_id_of(partition_of(first))
    append(second, set_("14.00"), source=source)
    append(second, sub("x", "5.00"), source=source)
    setter = fresh_source()
    for booking in (first, second):
        append(booking, set_("14.00"), source=setter)
    rows = [rows_in_pages_of(size, partition_of(first), setter) for size in (1, 2, 1000)]
    assert rows[0] == rows[1] == rows[2]
    assert [(component, change, events) for component, change, events in rows[0]] == [
        ("base_fare", 0, 2),
        ("x", 0, 0),
    ]


def rows_in_pages_of(size: int, partition: int, source: str) -> list[tuple[str, Decimal, int]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT max(position) FROM ledger.fare_event WHERE partition = %s", [partition])
        (head,) = cursor.fetchone()
        for after in range(0, head, size):
            PROJECTOR.apply(Page(partition, after, min(after + size, head), schema=CHECK))
        cursor.execute(
            f'SELECT component, change, events FROM "{CHECK}".daily_totals WHERE source = %s ORDER BY 1',
            [source],
        )
        rows = cursor.fetchall()
        transaction.set_rollback(True)
    return rows


def test_a_long_booking_that_is_set_over_and_over_is_not_read_whole_for_each_event() -> None:
    booking, many = new_booking_id(), 1000
    partition = partition_of(booking)
    after = feed.heads().get(partition, 0)
    ledger.append_many([event(booking, set_("14.00")) for _ in range(many)], source=fresh_source())
    page = Page(partition, after, after + many, schema=CHECK)
    with transaction.atomic():
        with plans_of_statements() as plans:
            PROJECTOR.apply(page)
        transaction.set_rollback(True)
    assert many < sum(read.rows for read in plans.reads if read.table == "fare_event") < 20 * many


def new_booking_id_of(partition: int) -> str:
    return next(booking for booking in iter(new_booking_id, "") if partition_of(booking) == partition)


def test_sums_outgrow_no_number() -> None:
    booking = given_of(fresh_source(), set_("9999999999999.99"))
    page = Page(partition_of(booking), 0, 10**9, schema=CHECK, bookings=(booking,))
    with transaction.atomic(), connection.cursor() as cursor:
        PROJECTOR.apply(page)
        cursor.execute(f'UPDATE "{CHECK}".daily_totals SET change = change * 10::numeric ^ 30')
        PROJECTOR.apply(page)
        cursor.execute(f'SELECT change FROM "{CHECK}".daily_totals')
        assert cursor.fetchall() == [(Decimal((10**15 - 1) * 10**30 + 10**15 - 1),)]
        transaction.set_rollback(True)


def test_one_booking_cannot_be_folded_alone() -> None:
    with pytest.raises(CannotFoldOne):
        set_aside.fold_anew(PROJECTOR, new_booking_id())


def test_days_are_read_by_ranges_of_the_key() -> None:
    bounds = {
        "day_from": date(2000, 6, 1),
        "day_to": date(2000, 6, 7),
        **dict.fromkeys(("currency", "component", "source")),
    }
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute(
            "INSERT INTO projection.daily_totals"
            " SELECT partition, date '2000-01-01' + day, 'SGD', 2, 'c' || c, 's', 1, 1"
            " FROM generate_series(0, 63) AS partition, generate_series(0, 365) AS day, generate_series(1, 2) AS c"
        )
        cursor.execute("ANALYZE projection.daily_totals")
        cursor.execute(f"EXPLAIN {statement('totals')}", bounds)
        plan = "\n".join(row[0] for row in cursor.fetchall())
        transaction.set_rollback(True)
    assert "Seq Scan on daily_totals" not in plan
    assert "Index Cond: ((partition = turn.partition) AND (day >= '2000-06-01'::date)" in plan
