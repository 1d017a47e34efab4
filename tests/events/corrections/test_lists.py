"""The lists of corrections: by pages, each served by an index from its first row to its last."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import corrections
from events.corrections import queue
from events.corrections.models import Correction, Kind, Needs, State
from events.corrections.queue import Standing
from tests.events.corrections.desk import contra, lead, support, toll_charged_twice, waiting

NEWEST_FIRST = ("-proposed_at", "-id")

# Instants that Python can write and no database holds.
FIRST, LAST = (
    urlsafe_b64encode(f"{at} 5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee".encode()).decode().rstrip("=")
    for at in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
)


def test_what_waits_for_others_is_not_ones_own() -> None:
    mine, other = support(), support()
    correction = waiting(contra(toll_charged_twice()), mine)
    for person, is_there in ((mine, False), (other, True)):
        page = queue.page(standing=Standing.WAITING, not_by=person.pk, limit=10)
        assert (correction.pk in {each.pk for each in page.results}) == is_there
    assert queue.page(proposed_by=mine.pk).results == [correction]
    assert queue.waiting_count(other.pk) >= 1
    assert queue.oldest(queue.waiting()) is not None


def test_what_is_decided_or_expired_no_longer_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = support(), lead()
    approved, late = (waiting(contra(toll_charged_twice()), mine) for _ in range(2))
    corrections.approve(approved.pk, by=other, seen_version=3)
    assert approved.pk in {each.pk for each in queue.page(standing=Standing.DECIDED, limit=10).results}
    later = timezone.now() + timedelta(days=8)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert not {approved.pk, late.pk} & set(queue.waiting().values_list("pk", flat=True))
    assert queue.page(standing=Standing.EXPIRED, proposed_by=mine.pk).results == [late]


@pytest.mark.parametrize("oldest_first", [False, True])
def test_pages_meet_without_gap_or_overlap(oldest_first: bool) -> None:
    mine = support()
    made = [waiting(contra(toll_charged_twice()), mine).pk for _ in range(7)]
    found, after = [], None
    while True:
        page = queue.page(proposed_by=mine.pk, oldest_first=oldest_first, after=after, limit=3)
        found += [correction.pk for correction in page.results]
        after = page.next
        if after is None:
            break
    assert found == (made if oldest_first else made[::-1])


@pytest.mark.parametrize(
    "cursor", ["", "x", "\x00", "A" * 500, "MjAyNi0wMS0wMVQwMDowMDowMCBh", "é", FIRST, LAST]
)
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError, match="page of corrections"):
        queue.page(after=cursor)


ROWS = Correction.objects.order_by(*NEWEST_FIRST)
QUERIES: dict[str, tuple[QuerySet[Any], str]] = {
    "all": (ROWS, "correction_by_time"),
    "of a booking": (ROWS.filter(partition=1, booking_id="BK-1"), "correction_of_booking"),
    "in a state": (ROWS.filter(state=State.WITHDRAWN), "correction_by_state"),
    "of a person": (ROWS.filter(proposed_by=1), "correction_by_maker"),
    "by id": (Correction.objects.filter(pk="5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee"), "correction_id"),
    "that wait": (queue.waiting().exclude(proposed_by=1).order_by("expires_at"), "correction_waiting"),
    "that are decided": (ROWS.exclude(state=State.PROPOSED), "correction_by_time"),
    "of a person's day": (
        Correction.objects.filter(
            proposed_by=1, currency="SGD", needs=Needs.NOBODY, proposed_at__gte=timezone.now()
        ),
        "correction_by_maker",
    ),
    "that cancelled an event": (
        Correction.objects.filter(
            partition=1, booking_id="BK-1", corrects_version=2, kind=Kind.CONTRA, state=State.APPROVED
        ),
        "correction_contra",
    ),
}


@pytest.mark.parametrize(("query", "index"), QUERIES.values(), ids=QUERIES)
def test_every_list_is_read_along_an_index(query: QuerySet[Any], index: str) -> None:
    """The test's table is too small for PostgreSQL to bother: without that choice, the index is there and in order."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plan = query[:50].explain() if query.ordered else query.explain()
    assert f"using {index} " in plan, plan
    assert "Sort" not in plan and "Seq Scan" not in plan, plan


def test_what_nobody_ever_decided_is_passed_by_and_not_read() -> None:
    """Queue, badge and start page, among many that expired long ago: the plans as PostgreSQL executes them.

    In a transaction of the owner, who may gather statistics on what is in it.
    """
    maker, other = support(), support()
    pattern = waiting(contra(toll_charged_twice()), maker)
    asked = {
        "the badge": lambda: queue.waiting_count(other.pk),
        "the start page": lambda: queue.oldest(queue.waiting().exclude(proposed_by=other.pk)),
        "the queue": lambda: queue.page(standing=Standing.WAITING, not_by=other.pk, oldest_first=True),
        "its next page": lambda: queue.page(
            standing=Standing.WAITING, oldest_first=True, limit=1, after=_before(pattern)
        ),
        "the way to those that expired": lambda: queue.page(standing=Standing.EXPIRED, limit=1),
    }
    statements = {what: _statement_of(ask) for what, ask in asked.items()}
    with transaction.atomic("owner"), connections["owner"].cursor() as owner:
        owner.execute(EXPIRED_LONG_AGO, {"id": pattern.pk, "count": 5000})
        owner.execute("ANALYZE ledger.correction")
        plans = {what: _plan_of(statement, owner) for what, statement in statements.items()}
        transaction.set_rollback(True, "owner")
    for what, plan in plans.items():
        assert "correction_waiting" in plan and "Sort" not in plan, (what, plan)
        assert "Rows Removed" not in plan or _thrown_away(plan) < 100, (what, plan)


def test_pages_of_what_waits_meet_without_gap_or_overlap(settings: Any) -> None:
    """Also where the days that a correction waits were changed: what expires first comes first."""
    maker, made = support(), []
    for days in (9, 7, 8, 7):
        settings.FAREHISTORY_CORRECTION_EXPIRES = days
        made.append(waiting(contra(toll_charged_twice()), maker))
    by_expiry = [each.pk for each in sorted(made, key=lambda each: each.expires_at)]
    for oldest_first in (True, False):
        found, after = [], None
        while True:
            page = queue.page(
                standing=Standing.WAITING,
                proposed_by=maker.pk,
                oldest_first=oldest_first,
                after=after,
                limit=1,
            )
            found += [correction.pk for correction in page.results]
            after = page.next
            if after is None:
                break
        assert found == (by_expiry if oldest_first else by_expiry[::-1])


EXPIRED_LONG_AGO = """
    INSERT INTO ledger.correction
    SELECT old.* FROM ledger.correction AS kept, generate_series(1, %(count)s) AS n,
        jsonb_populate_record(kept, jsonb_build_object(
            'id', gen_random_uuid(),
            'proposed_at', now() - interval '400 days' - n * interval '1 minute',
            'expires_at', now() - interval '393 days' - n * interval '1 minute'
        )) AS old
    WHERE kept.id = %(id)s
"""


def _before(correction: Correction) -> str:
    """The cursor of a page that ends just before it."""
    place = f"{(correction.expires_at - timedelta(seconds=1)).isoformat()} {correction.pk}"
    return urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _statement_of(ask: Callable[[], object]) -> str:
    """The one that this needs."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    (statement,) = (query["sql"] for query in captured.captured_queries)
    return statement


def _plan_of(statement: str, cursor: CursorWrapper) -> str:
    """As it was executed."""
    cursor.execute(f"EXPLAIN (ANALYZE, TIMING off) {statement}")
    return "\n".join(line for (line,) in cursor.fetchall())


def _thrown_away(plan: str) -> int:
    return sum(int(rows) for rows in re.findall(r"Rows Removed by Filter: (\d+)", plan))


def test_the_index_of_what_waits_is_built_beside_running_work_and_can_be_taken_away() -> None:
    """As the owner; the index is one that a query can use only once it is valid."""
    executor = MigrationExecutor(connections["owner"])
    before = executor.loader.project_state(("events", "0006_key_rotation"))
    migration = executor.loader.get_migration("events", "0007_waiting_corrections")
    try:
        executor.unapply_migration(before.clone(), migration)
        assert _state_of_the_index() is None
    finally:
        executor.apply_migration(before.clone(), migration)
    assert _state_of_the_index() is True


def _state_of_the_index() -> bool | None:
    """Whether it is valid; None: there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ledger.correction_waiting')"
        )
        row = cursor.fetchone()
    return None if row is None else bool(row[0])
