"""Receipts that come by themselves: for bookings that have not changed for the quiet time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from events import feed, ledger
from events.event import Origin
from events.partitions import partition_of
from projections import checkpoints, control, receipts, set_aside
from projections.models import Receipt
from projections.projectors import projector
from projections.receipts import schedule
from tests.builders import add, append, event, given, new_booking_id, set_
from tests.faults import killed_at_each_step
from tests.projections.receipts.histories import issued, neighbours, start_at_the_heads
from tests.threads import together

QUIET = timedelta(seconds=600)


@pytest.fixture(autouse=True)
def own_bookings() -> Iterator[None]:
    start_at_the_heads()
    yield
    start_at_the_heads()


def issue_all(now: datetime) -> None:
    while receipts.issue_due(now=now):
        pass


def later() -> datetime:
    """When everything that there is now has been quiet for long enough."""
    return timezone.now() + QUIET


def reason_of(booking_id: str) -> str:
    return Receipt.objects.get(booking_id=booking_id).reason


def test_a_booking_gets_its_receipt_once_it_has_been_quiet_for_long_enough() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    issue_all(timezone.now())
    assert issued(booking) == []
    issue_all(later())
    assert issued(booking) == [(1, 2)]
    assert reason_of(booking) == "quiet"


def test_the_quiet_time_is_a_setting(settings: pytest.FixtureRequest) -> None:
    settings.FAREHISTORY_RECEIPT_QUIET_SECONDS = 0  # type: ignore[attr-defined]
    booking = given(set_("14.00"))
    issue_all(timezone.now())
    assert issued(booking) == [(1, 1)]


def test_a_booking_that_goes_on_changing_waits() -> None:
    booking = given(set_("14.00"))
    in_between = later()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.01)")
    append(booking, add("toll", "5.00"))
    issue_all(in_between)
    assert issued(booking) == []
    issue_all(later())
    assert issued(booking) == [(1, 2)]


def test_a_booking_that_changes_again_gets_a_second_receipt() -> None:
    booking = given(set_("14.00"))
    issue_all(later())
    append(booking, add("toll", "5.00"))
    issue_all(later())
    assert issued(booking) == [(1, 1), (2, 2)]


def test_who_asked_before_gets_no_second_receipt_of_the_same_fare() -> None:
    booking = given(set_("14.00"))
    receipts.issue(booking)
    issue_all(later())
    assert issued(booking) == [(1, 1)]
    assert reason_of(booking) == "request"


def test_read_again_from_the_start_nothing_is_issued_twice() -> None:
    bookings = [given(set_("14.00")) for _ in range(3)]
    issue_all(later())
    consumer = projector("receipts")
    partitions = {partition_of(booking) for booking in bookings}
    heads = feed.heads()
    control.replay(consumer, {partition: max(0, heads[partition] - 3) for partition in partitions})
    issue_all(later())
    assert [issued(booking) for booking in bookings] == [[(1, 1)]] * 3


def test_one_call_does_a_bounded_part_and_the_next_goes_on() -> None:
    bookings = [given(set_("14.00"), booking_id=name) for name in neighbours(120)]
    page = projector("receipts").page_events
    assert receipts.issue_due(now=later(), limit=1) == page
    assert [booking for booking in bookings if issued(booking)] == bookings[:page]
    issue_all(later())
    assert all(issued(booking) == [(1, 1)] for booking in bookings)


def test_workers_at_the_same_time_issue_one_receipt_each_booking() -> None:
    bookings = [given(set_("14.00"), booking_id=name) for name in neighbours(60)]
    now = later()

    def work() -> None:
        """As the task is: who waits too long for another's checkpoint leaves it, and comes again."""
        while True:
            try:
                return issue_all(now)
            except OperationalError as error:
                assert isinstance(error.__cause__, LockNotAvailable)

    together([work] * 3)
    assert [issued(booking) for booking in bookings] == [[(1, 1)]] * len(bookings)


def imported(occurred_at: datetime) -> str:
    booking = new_booking_id()
    change = event(booking, set_("14.00", occurred_at=occurred_at))
    ledger.append(change, source="importer", origin=Origin.IMPORT)
    return booking


def test_imported_history_gets_receipts_only_when_asked_for() -> None:
    old, fresh = imported(datetime(2024, 1, 1, tzinfo=UTC)), imported(timezone.now() - timedelta(hours=2))
    issue_all(later())
    assert (issued(old), issued(fresh)) == ([], [(1, 1)])
    receipts.issue(old)
    assert issued(old) == [(1, 1)]


def test_imported_history_that_changes_afterwards_gets_one() -> None:
    booking = imported(datetime(2024, 1, 1, tzinfo=UTC))
    append(booking, add("toll", "5.00"))
    issue_all(later())
    assert issued(booking) == [(1, 2)]


def test_thousands_of_imported_events_do_not_keep_a_booking_waiting() -> None:
    history, live = neighbours(2)
    long_ago = {"occurred_at": datetime(2024, 1, 1, tzinfo=UTC)}
    tolls = [event(history, add("toll", "0.10", **long_ago)) for _ in range(2999)]
    ledger.append_many(
        [event(history, set_("14.00", **long_ago)), *tolls], source="importer", origin=Origin.IMPORT
    )
    given(set_("14.00"), booking_id=live)
    now = later()
    with CaptureQueriesContext(connection) as captured:
        passed = receipts.issue_due(now=now)
    assert passed >= 3001
    assert (issued(history), issued(live)) == ([], [(1, 1)])
    assert len(captured) < 100


def test_a_page_ends_at_its_last_receipt_or_else_goes_on_to_where_all_is_quiet() -> None:
    page = projector("receipts").page_events
    names = neighbours(page + 2)
    for name in names[:-1]:
        given(set_("14.00"), *[add("toll", "0.10")] * 2, booking_id=name)
    partition = partition_of(names[0])
    start = checkpoints.positions("receipts")[partition]
    assert receipts.issue_due(now=later(), limit=1) == 3 * page
    assert [len(issued(name)) for name in names] == [1] * page + [0, 0]
    now = later()
    append(names[-1], set_("14.00"))
    assert receipts.issue_due(now=now) == 3
    assert checkpoints.positions("receipts")[partition] == start + 3 * (page + 1)
    assert (issued(names[-2]), issued(names[-1])) == ([(1, 3)], [])


def test_one_call_passes_a_bounded_number_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "PAGE_EVENTS", 5)
    monkeypatch.setattr(schedule, "MOST_EVENTS", 10)
    booking = given(set_("14.00"), *[add("toll", "0.10")] * 19)
    assert receipts.issue_due(now=later()) == 10
    assert issued(booking) == []
    assert receipts.issue_due(now=later()) == 10
    assert issued(booking) == [(1, 20)]


def test_paused_nothing_comes_by_itself_and_resumed_it_does() -> None:
    booking = given(set_("14.00"))
    control.pause("receipts", "a test")
    try:
        issue_all(later())
        assert issued(booking) == []
    finally:
        control.resume("receipts")
    issue_all(later())
    assert issued(booking) == [(1, 1)]


def test_a_booking_whose_receipt_cannot_be_made_does_not_stop_the_others() -> None:
    first, broken, last = (given(set_("14.00"), booking_id=name) for name in neighbours(3))
    unreadable = {"partition": partition_of(broken), "booking_id": broken, "sequence": 1, "version": 0}
    stored = Receipt.objects.create(**unreadable, document={}, issued_at=timezone.now(), reason="request")
    issue_all(later())
    assert (issued(first), issued(last)) == ([(1, 1)], [(1, 1)])
    (aside,) = [row for row in set_aside.of("receipts") if row.booking_id == broken]
    assert "ValidationError" in aside.error
    stored.delete()
    set_aside.retry(projector("receipts"), broken)
    assert issued(broken) == [(1, 1)]
    assert broken not in {row.booking_id for row in set_aside.of("receipts")}


def issue_what_is_due(now: str) -> None:
    """What a child does until it is killed."""
    issue_all(datetime.fromisoformat(now))


def test_killed_at_any_statement_no_receipt_is_lost_or_doubled() -> None:
    bookings = [given(set_("14.00"), add("toll", "5.00"), booking_id=name) for name in neighbours(2)]
    partition = partition_of(bookings[0])
    start = checkpoints.positions("receipts")[partition]
    for _ in killed_at_each_step(f"{__name__}:issue_what_is_due", later().isoformat()):
        at = checkpoints.positions("receipts")[partition]
        expected = [] if at == start else [(1, 2)]
        assert [issued(booking) for booking in bookings] == [expected] * 2
    assert [issued(booking) for booking in bookings] == [[(1, 2)]] * 2
