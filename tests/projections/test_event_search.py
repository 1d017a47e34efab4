"""Finding fares by their events: what the view has of each, and how its lists are walked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from events import history
from events.money import to_minor
from events.partitions import partition_of
from projections import checkpoints, event_search, rebuild, runner
from projections.event_filter import EventFilter
from projections.models import Rebuild
from projections.projector import Page
from projections.projectors.event_search import EventSearchProjector
from tests.builders import add, append, given, set_, sub

PROJECTOR = EventSearchProjector()
COLUMNS = (
    "version, recorded_at, fare_minor, exponent, transaction_id, is_correction, currency, component, source"
)


def drain() -> None:
    runner.drain(PROJECTOR, runner.lagging(PROJECTOR))


def found(*changes: dict[str, Any], source: str = "pricing") -> str:
    """A booking with this history, which the view has."""
    booking = f"ES-{uuid4().hex}"
    for change in changes or (set_("14.00"),):
        append(booking, change, source=source)
    drain()
    return booking


def fresh(prefix: str) -> str:
    """A component or a source that no other test uses."""
    return f"{prefix}{uuid4().hex[:12]}"


def rows_of(booking: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {COLUMNS} FROM projection.event_search"
            " WHERE partition = %s AND booking_id = %s ORDER BY version",
            [partition_of(booking), booking],
        )
        return cursor.fetchall()


def folded(booking: str) -> list[tuple[Any, ...]]:
    """The rows as the ledger gives them."""
    return [
        (
            event.version,
            event.recorded_at,
            to_minor(event.fare, event.exponent),
            event.exponent,
            event.transaction_id,
            event.correction_id is not None,
            event.currency,
            event.component,
            event.source,
        )
        for event in history.events_of(booking)
    ]


def ids(wanted: EventFilter, **page: Any) -> list[str]:
    return [hit.booking_id for hit in event_search.find(wanted, **page).events]


def all_pages(wanted: EventFilter, limit: int) -> list[str]:
    every, after = [], None
    while True:
        hits = event_search.find(wanted, after=after, limit=limit)
        every += [hit.booking_id for hit in hits.events]
        after = hits.next_after
        if after is None:
            return every


def test_the_view_is_the_fold_of_each_event() -> None:
    bookings = [
        found(set_("14.00"), add("toll", "5.00"), sub("promo", "3.00"), set_("20.00")),
        found(set_("1400", currency="JPY"), add("tip", "200")),
        found(set_("1.234", currency="KWD")),
        found(set_("0.00"), sub("refund", "2.50", allow_negative=True)),
    ]
    for booking in bookings:
        assert rows_of(booking) == folded(booking)


@pytest.mark.parametrize("events_a_page", [1, 2, 1000])
def test_the_rows_are_the_same_however_the_log_is_cut(events_a_page: int) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "3.00"), add("tip", "1.00"))
    runner.drain(PROJECTOR, [partition_of(booking)], page_events=events_a_page)
    assert rows_of(booking) == folded(booking)


def test_a_page_that_was_applied_already_is_refused_and_changes_nothing() -> None:
    booking = found()
    partition = partition_of(booking)
    with pytest.raises(IntegrityError), transaction.atomic():
        PROJECTOR.apply(Page(partition, 0, checkpoints.lock(PROJECTOR, partition)))
    assert rows_of(booking) == folded(booking)


@pytest.fixture
def no_rebuild() -> Iterator[None]:
    yield
    left = rebuild.unfinished(PROJECTOR.name)
    if left is not None:
        rebuild.cancel(left.pk, "a test")


def test_a_rebuild_gives_the_same_rows_and_finds_no_drift(no_rebuild: None) -> None:
    booking = found(set_("14.00"), add("toll", "5.00"))
    run = rebuild.run(rebuild.start(PROJECTOR.name, requested_by="a test").pk)
    assert (run.state, run.differences) == (Rebuild.State.DONE, 0)
    assert rows_of(booking) == folded(booking)
    append(booking, add("tip", "1.00"))
    drain()
    assert rows_of(booking) == folded(booking)


def test_the_tables_of_a_rebuild_have_the_same_indexes(no_rebuild: None) -> None:
    before = indexes()
    assert "event_search_part" in before
    rebuild.run(rebuild.start(PROJECTOR.name, requested_by="a test").pk)
    assert indexes() == before


def indexes() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE schemaname = 'projection' AND tablename = 'event_search'"
        )
        return dict(cursor.fetchall())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE projection.event_search SET fare_minor = fare_minor + 1 WHERE booking_id = %s AND version = 2",
        "UPDATE projection.event_search SET source = 'somebody' WHERE booking_id = %s AND version = 1",
        "DELETE FROM projection.event_search WHERE booking_id = %s AND version = 2",
    ],
)
def test_drift_is_found_and_put_right_by_a_rebuild(damage: str, no_rebuild: None) -> None:
    booking = found(set_("14.00"), add("toll", "5.00"))
    with connection.cursor() as cursor:
        cursor.execute(damage, [booking])
    run = rebuild.run(rebuild.start(PROJECTOR.name, requested_by="a test").pk)
    assert run.differences == 1
    assert rows_of(booking) == folded(booking)


def test_of_each_booking_the_newest_event_that_meets_the_filters_is_listed() -> None:
    component = fresh("c_")
    first = found(set_("14.00"), add(component, "5.00"), add(component, "1.00"), add("toll", "2.00"))
    second = found(set_("14.00"), add(component, "5.00"))
    hits = event_search.find(EventFilter(component=component)).events
    assert [(hit.booking_id, hit.version) for hit in hits] == [(second, 2), (first, 3)]
    assert [hit.fare for hit in hits] == [Decimal("19.00"), Decimal("20.00")]


def test_every_filter_must_be_met_by_the_same_event() -> None:
    component, other, source = fresh("c_"), fresh("d_"), fresh("s-")
    booking = found(set_("14.00"), add(component, "5.00"), source=source)
    append(booking, add(other, "1.00"), source="pricing")
    drain()
    assert ids(EventFilter(component=component, source=source)) == [booking]
    assert ids(EventFilter(component=other, source=source)) == []
    assert ids(EventFilter(component=other)) == [booking]
    assert ids(EventFilter(source=source)) == [booking]


def test_times_bound_a_list_from_and_before() -> None:
    component = fresh("c_")
    booking = found(set_("14.00", component=component))
    at = rows_of(booking)[0][1]
    later = at + timedelta(microseconds=1)
    assert ids(EventFilter(component=component, since=at, until=later)) == [booking]
    assert ids(EventFilter(component=component, since=later)) == []
    assert ids(EventFilter(component=component, until=at)) == []


@pytest.mark.parametrize(
    ("amount", "currency", "is_found"),
    [
        ("1234.56", "SGD", True),
        ("1234.56", "", True),
        ("1234.560", "SGD", True),
        ("1234.55", "SGD", False),
        ("1234.56", "MYR", False),
        ("1234.561", "", False),
    ],
)
def test_an_amount_is_that_of_the_fare_after_an_event(amount: str, currency: str, is_found: bool) -> None:
    booking = found(set_("1234.56"), add("toll", "2.00"))
    wanted = Decimal(amount)
    assert (
        booking in all_pages(EventFilter(lowest=wanted, highest=wanted, currency=currency), 50)
    ) is is_found


def test_an_amount_is_found_in_currencies_of_any_decimals() -> None:
    amount = Decimal(uuid4().int % 10**9 + 10**9)
    bookings = [found(set_(str(amount), currency=currency)) for currency in ("JPY", "SGD", "KWD")]
    assert sorted(ids(EventFilter(lowest=amount, highest=amount))) == sorted(bookings)


def test_a_range_of_amounts_goes_down_from_the_highest() -> None:
    base = uuid4().int % 10**9 + 10**10
    bookings = [found(set_(f"{base + step}.50")) for step in (1, 3, 2)]
    wanted = EventFilter(currency="SGD", lowest=Decimal(base), highest=Decimal(base + 4))
    assert all_pages(wanted, limit=2) == [bookings[1], bookings[2], bookings[0]]
    narrow = EventFilter(
        currency="SGD", lowest=Decimal(f"{base + 1}.501"), highest=Decimal(f"{base + 3}.499")
    )
    assert ids(narrow) == [bookings[2]]


def test_a_fare_below_zero_is_found() -> None:
    amount = Decimal(uuid4().int % 10**9 + 1)
    booking = found(set_("0.00"), sub("refund", str(amount), allow_negative=True))
    assert ids(EventFilter(currency="SGD", lowest=-amount, highest=-amount)) == [booking]


def test_pages_have_every_booking_once_also_where_several_indexes_are_walked() -> None:
    component = fresh("c_")
    sources = [fresh("s-") for _ in range(3)]
    bookings = [found(set_("14.00", component=component), source=sources[n % 3]) for n in range(8)]
    for limit in (1, 3, 8, 50):
        assert all_pages(EventFilter(component=component), limit) == bookings[::-1]


def test_where_more_pairs_would_be_walked_than_is_cheap_all_events_are_walked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    component = fresh("c_")
    bookings = [found(set_("14.00", component=component), source=fresh("s-")) for _ in range(3)]
    monkeypatch.setattr(event_search, "MOST_WALKS", 2)
    assert all_pages(EventFilter(component=component), 2) == bookings[::-1]


def test_a_page_that_ends_early_says_how_far_it_looked_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = found(set_("14.00", component=fresh("c_")))
    recorded = rows_of(wanted)[0][1]
    for _ in range(4):
        found()
    monkeypatch.setattr(event_search, "EXAMINED", 3)
    filters = EventFilter(
        lowest=Decimal("14.00"), since=recorded, until=datetime.max.replace(tzinfo=recorded.tzinfo)
    )
    first = event_search.find(EventFilter(since=recorded, currency="XXX"), limit=50)
    assert (list(first.events), first.looked_back_to is not None, first.next_after is not None) == (
        [],
        True,
        True,
    )
    assert wanted in all_pages(filters, 50)


def test_events_recorded_at_one_instant_are_all_listed_whatever_their_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A batch has one clock: the order within it is that of partitions and ids, byte by byte."""
    component = fresh("c_")
    made = [found(set_("14.00", component=component)) for _ in range(6)]
    with transaction.atomic(), connection.cursor() as cursor:
        for number, booking in enumerate(made):
            cursor.execute(
                "UPDATE projection.event_search SET recorded_at = %s, partition = 0, booking_id = %s"
                " WHERE booking_id = %s",
                [
                    rows_of(made[0])[0][1] if number == 0 else "2026-01-01T00:00:00Z",
                    f"{'aBc-.Z'[number]}{booking}",
                    booking,
                ],
            )
        assert len(set(all_pages(EventFilter(component=component), 2))) == 6
        transaction.set_rollback(True)


def test_corrections_are_found_among_all_events() -> None:
    booking = found(set_("14.00"), add("toll", "5.00"))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE projection.event_search SET is_correction = true WHERE booking_id = %s AND version = 2",
            [booking],
        )
        hits = [
            hit
            for hit in event_search.find(EventFilter(corrections=True)).events
            if hit.booking_id == booking
        ]
        transaction.set_rollback(True)
    assert [(hit.version, hit.is_correction) for hit in hits] == [(2, True)]


def test_a_transaction_leads_to_its_event_whatever_the_booking() -> None:
    transaction_id = uuid4()
    first = found(set_("14.00"), add("toll", "5.00", transaction_id=transaction_id))
    second = found(set_("14.00", transaction_id=transaction_id))
    events = event_search.events_of_transaction(transaction_id)
    assert sorted(events) == sorted([(partition_of(first), first, 2), (partition_of(second), second, 1)])
    assert event_search.events_of_transaction(uuid4()) == []


def test_the_components_and_sources_that_there_are_are_known_in_pairs() -> None:
    component, source = fresh("c_"), fresh("s-")
    found(set_("14.00", component=component), source=source)
    assert (component, source) in event_search.kinds()
    assert "SGD" in event_search.currencies()


def test_what_the_view_has_not_taken_is_counted() -> None:
    drain()
    assert event_search.not_taken_yet() == 0
    given(set_("14.00"), add("toll", "1.00"))
    assert event_search.not_taken_yet() == 2
    drain()
