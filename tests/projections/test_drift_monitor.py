"""Whatever differs from the ledger is found within one walk, nothing that is equal is, and no trace is left."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from events.partitions import count, partition_of
from projections import drift, rebuild, runner, set_aside
from projections.drift import bookings, monitor, walks
from projections.drift.snapshot import Busy, snapshot
from projections.models import Drift, DriftWalk, Rebuild
from projections.projector import CHECK, Page, Projector
from projections.projectors import PROJECTORS, projector
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, append, connected, given, new_booking_id, set_, sub
from tests.projections.drift import planted_drift
from tests.projections.faults import killed_at
from tests.threads import together

FARES = projector("current_fare")
TOTALS = projector("daily_totals")
VIEWS = [each for each in PROJECTORS if each.tables]


def drain() -> None:
    for view in VIEWS:
        runner.drain(view, runner.lagging(view))


@pytest.fixture
def booking() -> str:
    """Three versions: 14.00, 19.00, 17.00."""
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    drain()
    return booking


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk that has to be over in a moment checks as much in a tick as its time allows."""
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 1)
    monkeypatch.setattr(bookings, "estimated", lambda view: 1_000_000)


def walk(view: Projector = FARES) -> drift.Tick:
    """Ticks until every partition of a view has been walked through, from its beginning to its end."""
    walks.of(view, timezone.now())
    began, deadline = timezone.now(), time.monotonic() + 60
    whole = drift.Tick()
    with only(view):
        while time.monotonic() < deadline:
            done = drift.tick()
            whole.drift += done.drift
            whole.put_right += done.put_right
            mine = DriftWalk.objects.filter(projection=view.name)
            if len(mine) == count() and all(not each.after and each.started_at >= began for each in mine):
                return whole
    raise TimeoutError("the walk did not end")


@contextmanager
def only(view: Projector) -> Iterator[None]:
    """The monitor watches this view alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor, "PROJECTORS", (view,))
        yield


def walk_of(booking: str, view: Projector = FARES) -> DriftWalk:
    return DriftWalk.objects.get(projection=view.name, partition=partition_of(booking))


def proven_at(booking: str) -> datetime:
    proven = walk_of(booking).proven_at
    assert proven is not None
    return proven


def open_drift(booking: str) -> list[Drift]:
    return list(Drift.objects.filter(booking_id=booking, put_right_at=None))


def execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_a_view_of_the_ledger_is_proven_equal(booking: str) -> None:
    for view in VIEWS:
        began = timezone.now()
        done = walk(view)
        assert (done.drift, open_drift(booking)) == (0, [])
        proven = walk_of(booking, view).proven_at
        assert proven is not None
        assert proven >= began


def test_a_damaged_fare_is_found_with_both_values(booking: str, caplog: pytest.LogCaptureFixture) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        (found,) = open_drift(booking)
        assert (found.projection, found.partition) == ("current_fare", partition_of(booking))
        assert (found.stored["fare_minor"], found.rebuilt["fare_minor"]) == (1701, 1700)
        assert (found.first_version, found.rebuild) == (1, None)
    (alarm,) = [record for record in caplog.records if booking in record.getMessage()]
    assert alarm.levelno == logging.ERROR
    assert "1701" in alarm.getMessage()
    assert "1700" in alarm.getMessage()


def test_a_deleted_row_is_found(booking: str) -> None:
    with planted_drift(booking, "fare_minor = fare_minor"):
        execute("DELETE FROM projection.current_fare WHERE booking_id = %s", booking)
        walk()
        (found,) = open_drift(booking)
        assert (found.stored, found.rebuilt["version"]) == (None, 3)


def test_a_row_that_no_event_explains_is_found() -> None:
    invented = new_booking_id()
    other = given(set_("14.00"))
    drain()
    execute(
        "INSERT INTO projection.current_fare SELECT (jsonb_populate_record(fare, %s::jsonb)).*"
        " FROM projection.current_fare AS fare WHERE booking_id = %s",
        f'{{"booking_id": "{invented}", "partition": {partition_of(invented)}}}',
        other,
    )
    try:
        walk()
        (found,) = open_drift(invented)
        assert (found.stored["fare_minor"], found.rebuilt) == (1400, None)
    finally:
        execute("DELETE FROM projection.current_fare WHERE booking_id = %s", invented)
    walk()
    assert open_drift(invented) == []


def test_a_reference_that_no_event_names_is_found() -> None:
    booking = given(set_("14.00", metadata={"order_id": "O-1"}))
    drain()
    where = (partition_of(booking), booking)
    execute("INSERT INTO projection.booking_search VALUES (%s, %s, 'order_id', 'O-2')", *where)
    try:
        walk(projector("booking_search"))
        (found,) = open_drift(booking)
        assert (found.projection, found.key["value"]) == ("booking_search", "O-2")
    finally:
        execute("DELETE FROM projection.booking_search WHERE value = 'O-2' AND booking_id = %s", booking)
    walk(projector("booking_search"))
    assert open_drift(booking) == []


def test_a_changed_total_is_found_and_closed_once_it_is_right(booking: str) -> None:
    partition = partition_of(booking)
    change = (
        "UPDATE projection.daily_totals SET change = change + %s WHERE partition = %s AND component = 'toll'"
    )
    before = proven_before(booking)
    execute(change, 1, partition)
    try:
        walk(TOTALS)
        found = Drift.objects.filter(projection="daily_totals", partition=partition, put_right_at=None)
        assert found
        assert all(
            int(each.stored["change"]) == int(each.rebuilt["change"]) + 1 and each.booking_id is None
            for each in found
        )
        assert walk_of(booking, TOTALS).proven_at == before
    finally:
        execute(change, -1, partition)
    walk(TOTALS)
    assert not Drift.objects.filter(projection="daily_totals", partition=partition, put_right_at=None)


def proven_before(booking: str) -> datetime | None:
    walk(TOTALS)
    return walk_of(booking, TOTALS).proven_at


def test_proven_means_that_a_whole_walk_found_nothing(booking: str) -> None:
    walk()
    before = proven_at(booking)
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        assert proven_at(booking) == before
    walk()
    assert proven_at(booking) > before


def test_it_is_proven_as_of_when_the_walk_began(monkeypatch: pytest.MonkeyPatch, booking: str) -> None:
    """Of several ticks, only the last of which ends the walk."""
    drop_walks()
    monkeypatch.setattr(bookings, "CHUNK", 1)
    monkeypatch.setattr(walks, "quota", lambda *_: 1)
    partition = partition_of(booking)
    for neighbour in ids_of(partition, 2):
        given(set_("1.00"), booking_id=neighbour)
    drain()
    began = timezone.now()
    walks.of(FARES, began)
    first = DriftWalk.objects.filter(projection=FARES.name, partition=partition)
    first.update(started_at=began - timedelta(days=9))
    with only(FARES):
        drift.tick(now=began)
        assert (walk_of(booking).started_at, walk_of(booking).checked) == (began, 1)
        for _ in range(1000):
            assert walk_of(booking).proven_at is None
            drift.tick()
            if not walk_of(booking).after:
                break
    assert proven_at(booking) == began


def drop_walks() -> None:
    DriftWalk.objects.all().delete()


def ids_of(partition: int, number: int) -> list[str]:
    found: list[str] = []
    while len(found) < number:
        booking = new_booking_id()
        if partition_of(booking) == partition:
            found.append(booking)
    return found


def test_drift_is_listed_once_and_closed_once_it_is_put_right(booking: str) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        walk()
        walk()
        assert Drift.objects.filter(booking_id=booking).count() == 1
    drift.tick()
    while open_drift(booking):
        drift.tick()
    (closed,) = Drift.objects.filter(booking_id=booking)
    assert closed.put_right_at is not None


def test_a_repaired_booking_can_be_checked_at_once(booking: str) -> None:
    with planted_drift(booking, "fare_minor = 1701"):
        assert drift.check_now(FARES, [booking]).drift == 1
        set_aside.fold_anew(FARES, booking)
        assert drift.check_now(FARES, [booking]).put_right == 1
    assert open_drift(booking) == []


def test_what_is_set_aside_is_no_drift(booking: str) -> None:
    with planted_drift(booking, "version = 7, fare_minor = 1"):
        append(booking, add("toll", "5.00"))
        drain()
        assert walk().drift == 0
        assert open_drift(booking) == []
    drain()


def test_a_look_leaves_nothing_behind(booking: str) -> None:
    walk()
    assert_nothing_is_left_behind()


def assert_nothing_is_left_behind() -> None:
    with connection.cursor() as cursor:
        for table in (table for view in VIEWS for table in view.tables):
            cursor.execute(f'SELECT count(*) FROM "{CHECK}"."{table}"')
            assert cursor.fetchone() == (0,)


def test_the_newest_bookings_are_looked_at_whatever_the_walk_is_at(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk()
    before = walk_of(booking)
    monkeypatch.setattr(monitor, "_walk_on", lambda *_, **__: None)
    with only(FARES), planted_drift(booking, "fare_minor = 1701"):
        while not open_drift(booking):
            drift.tick()
        assert (walk_of(booking).after, walk_of(booking).checked) == (before.after, before.checked)


def test_a_projection_of_another_version_is_not_proven(booking: str) -> None:
    walk()
    before = proven_at(booking)
    execute("UPDATE projection.checkpoint SET version = '0' WHERE projection = 'current_fare'")
    try:
        done = drift.tick()
        assert "version 0" in done.unproven["current_fare"]
        assert done.checked["daily_totals"] == 1
        assert done.checked["current_fare"] == 0
        assert proven_at(booking) == before
    finally:
        execute(
            "UPDATE projection.checkpoint SET version = %s WHERE projection = 'current_fare'", FARES.version
        )


def test_a_checkpoint_of_another_epoch_proves_nothing(booking: str) -> None:
    walk()
    before = proven_at(booking)
    execute("UPDATE projection.checkpoint SET epoch = 99 WHERE projection = 'current_fare'")
    try:
        assert "another ledger or epoch" in drift.tick().unproven["current_fare"]
        assert proven_at(booking) == before
    finally:
        execute("UPDATE projection.checkpoint SET epoch = 1 WHERE projection = 'current_fare'")


def test_one_partition_of_which_nothing_can_be_proven_keeps_no_other_waiting(booking: str) -> None:
    walk()
    before, where = proven_at(booking), partition_of(booking)
    execute(
        "UPDATE projection.checkpoint SET epoch = 99 WHERE projection = 'current_fare' AND partition = %s",
        where,
    )
    others = DriftWalk.objects.filter(projection=FARES.name).exclude(partition=where)
    began = timezone.now()
    try:
        with only(FARES):
            while others.filter(proven_at__lt=began).exists():
                assert "another ledger or epoch" in drift.tick().unproven["current_fare"]
        assert proven_at(booking) == before
    finally:
        execute("UPDATE projection.checkpoint SET epoch = 1 WHERE projection = 'current_fare'")


def test_a_booking_that_cannot_be_folded_is_not_proven_and_keeps_nobody_waiting(
    booking: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    walk()
    before = proven_at(booking)
    neighbour = given(set_("1.00"), booking_id=ids_of(partition_of(booking), 1)[0])
    drain()
    as_it_is = CurrentFareProjector.apply

    def failing(self: CurrentFareProjector, page: Page) -> None:
        if booking in (page.bookings or ()):
            raise ZeroDivisionError("of a test")
        as_it_is(self, page)

    with monkeypatch.context() as patched, planted_drift(neighbour, "fare_minor = 7"):
        patched.setattr(CurrentFareProjector, "apply", failing)
        walk()
        assert len(open_drift(neighbour)) == 1
        assert proven_at(booking) == before
        assert open_drift(booking) == []
    assert any("ZeroDivisionError: of a test" in record.getMessage() for record in caplog.records)
    walk()
    assert proven_at(booking) > before


def test_no_false_alarm_while_events_are_appended_and_the_views_move() -> None:
    """Appends, two workers and two monitors, for some seconds at the rate that this machine can make."""
    drain()
    ends = time.monotonic() + 5
    some = [given(set_("1.00")) for _ in range(40)]

    def until_the_end(work: Callable[[int], object]) -> int:
        times = 0
        while time.monotonic() < ends:
            work(times)
            times += 1
        return times

    def change(place: int) -> None:
        append(some[place % len(some)], add("toll", "1.00", metadata={"order_id": f"O-{place}"}))
        given(set_("2.00"))

    ticks: list[drift.Tick] = []
    *_, first, second = together(
        [
            partial(until_the_end, change),
            partial(until_the_end, lambda _: drain()),
            partial(until_the_end, lambda _: drain()),
            partial(until_the_end, lambda _: ticks.append(drift.tick())),
            partial(until_the_end, lambda _: ticks.append(drift.tick())),
        ]
    )
    drain()
    assert first + second > 3
    assert sum(done.checked["current_fare"] for done in ticks) > 40
    assert [done.drift for done in ticks if done.drift] == []


def test_no_false_alarm_while_views_are_rebuilt_and_swapped() -> None:
    """A look is at the tables before the swap or at those after it, never at both."""
    drain()
    ends = time.monotonic() + 6
    ticks: list[drift.Tick] = []
    swapped = 0

    def look() -> None:
        while time.monotonic() < ends:
            ticks.append(drift.tick())

    def swap() -> None:
        nonlocal swapped
        while time.monotonic() < ends:
            for name in ("daily_totals", "current_fare"):
                given(set_("1.00"), add("toll", "1.00"))
                run = rebuild.run(rebuild.start(name).pk)
                assert (run.state, run.differences) == (Rebuild.State.DONE, 0)
                swapped += 1

    together([look, look, swap])
    drain()
    assert swapped > 1
    assert [done.drift for done in ticks if done.drift] == []


def test_two_ticks_at_once_do_no_harm(booking: str) -> None:
    drop_walks()
    with planted_drift(booking, "fare_minor = 1701"):
        deadline = time.monotonic() + 30
        while not open_drift(booking) and time.monotonic() < deadline:
            together([drift.tick] * 3)
        together([drift.tick] * 3)
        assert Drift.objects.filter(booking_id=booking).count() == 1
    walk()


def test_a_partition_that_somebody_looks_at_is_left_to_him(booking: str) -> None:
    walks.of(FARES, timezone.now())
    partition = partition_of(booking)
    with held(partition), pytest.raises(Busy), snapshot(FARES, partition):
        raise AssertionError("the look began")


@contextmanager
def held(partition: int) -> Iterator[None]:
    """Another process's look, for as long as the test wants."""
    looking, over = threading.Event(), threading.Event()

    def look() -> None:
        with snapshot(FARES, partition):
            looking.set()
            over.wait(timeout=30)
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert looking.wait(timeout=30)
        yield
    finally:
        over.set()
        thread.join()


def test_no_swap_comes_between_the_snapshot_and_its_tables(booking: str) -> None:
    """The names would be those of tables that the snapshot does not see the rows of."""
    walks.of(TOTALS, timezone.now())
    with snapshot(TOTALS, partition_of(booking)), connected("default") as swapping, swapping.transaction():
        swapping.execute("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(LockNotAvailable):
            swapping.execute("LOCK TABLE projection.daily_totals IN ACCESS EXCLUSIVE MODE")


def test_no_worker_waits_for_a_look(booking: str) -> None:
    append(booking, add("toll", "1.00"))
    with held(partition_of(booking)):
        drain()
        assert runner.lagging(FARES) == []


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((*range(3, 27, 4), 60, 100), id="some"),
        pytest.param(range(1, 41), id="each", marks=[pytest.mark.long, pytest.mark.timeout(600)]),
    ],
)
def test_a_tick_that_is_killed_leaves_nothing_behind_and_the_walk_goes_on(
    booking: str, steps: Iterable[int]
) -> None:
    """At the statements of the first looks; many more come after them."""
    drop_walks()
    with planted_drift(booking, "fare_minor = 1701"):
        assert killed(steps) == len([*steps])
        walk()
        assert Drift.objects.filter(booking_id=booking).count() == 1
    walk()
    assert open_drift(booking) == []


def killed(steps: Iterable[int]) -> int:
    """How many ticks died, each at one of these statements."""
    deaths = 0
    for _ in killed_at(steps, f"{__name__}:hurried_tick"):
        deaths += 1
        assert_nothing_is_left_behind()
    return deaths


def hurried_tick() -> None:
    """What the child does, about to die: a tick of as many looks as its time allows."""
    settings.FAREHISTORY_DRIFT_WALK_SECONDS = 1
    bookings.estimated = lambda view: 1_000_000  # type: ignore[assignment]
    drift.tick()


def test_a_walk_through_tables_that_were_swapped_out_begins_again(booking: str) -> None:
    partition = partition_of(booking)
    walks.of(FARES, timezone.now())
    began = timezone.now()
    DriftWalk.objects.filter(projection=FARES.name, partition=partition).update(
        after=booking, checked=5, started_at=began, drift_found=True
    )
    swapped = Rebuild.objects.create(
        projection=FARES.name, version="1", partitions=[], state="done", finished_at=timezone.now()
    )
    try:
        walk()
    finally:
        swapped.delete()
    assert proven_at(booking) > began


def test_a_chunk_ends_before_its_bookings_have_too_many_events(
    booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(set_("1.00"), booking_id=ids_of(partition_of(booking), 1)[0])
    drain()
    monkeypatch.setattr(bookings, "MOST_EVENTS", 3)
    walks.of(FARES, timezone.now())
    with snapshot(FARES, partition_of(booking)) as look:
        chunk = bookings.after(look, "")
        assert len(chunk.bookings) >= 1
        assert not chunk.is_last
        assert bookings.after(look, chunk.last).bookings[0] > chunk.last


def test_the_pace_follows_what_is_left_and_how_long_it_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 1000)
    now = timezone.now()
    fresh = [DriftWalk(partition=p, started_at=now, checked_at=now - 5 * SECOND) for p in range(4)]
    # A million bookings in a thousand seconds; five of them have gone by.
    assert walks.quota(FARES, fresh, now) == 5000
    # Half of the time is over and nothing is done: twice as fast.
    assert walks.quota(FARES, fresh, now + 500 * SECOND) == 60 * 2000
    half_done = [DriftWalk(partition=p, started_at=now, checked=125_000, checked_at=now) for p in range(4)]
    assert walks.quota(FARES, half_done, now + 5 * SECOND) == pytest.approx(2513, abs=1)


SECOND = timedelta(seconds=1)


def test_a_large_partition_is_folded_whole_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 6400)
    now = timezone.now()
    walks_of_it = [DriftWalk(partition=p, started_at=now, checked_at=now) for p in range(64)]
    sizes = iter([20_000, 20_000, 10**9, 10**9])
    monkeypatch.setattr(walks.checkpoints, "position", lambda *_: next(sizes))
    assert not walks.is_due_whole(TOTALS, walks_of_it, now + 4 * SECOND)
    assert walks.is_due_whole(TOTALS, walks_of_it, now + 5 * SECOND)
    assert not walks.is_due_whole(TOTALS, walks_of_it, now + 99 * SECOND)
    assert walks.is_due_whole(TOTALS, walks_of_it, now + 100 * SECOND)


def test_a_tick_inside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        drift.tick()
