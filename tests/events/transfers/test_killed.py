"""`kill -9` at every statement, append and write of a run: once it goes on, nothing is lost, doubled or miscounted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from events import history
from events.transfers import beginning, importing, refused
from events.transfers.counts import READ, Counts
from events.transfers.export_filter import LedgerFilter
from events.transfers.models import Transfer
from tests.builders import add, given, set_
from tests.events.transfers import runs
from tests.faults import killed_at_each_step

WORK = "tests.events.transfers.killed:go_on"

SAMPLED = pytest.mark.parametrize(
    "every", [pytest.param(3, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.long)]
)


def file_of(news: list[str]) -> bytes:
    """Two new bookings with a toll each, a duplicate, and one row that is refused, over three steps or more."""
    one, other = news
    lines = [runs.line(one), runs.line(other), runs.line(one), runs.line(other, "ADD", "oops")]
    return runs.jsonl([*lines, runs.line(one, "ADD", "2.00"), runs.line(other, "ADD", "3.00")])


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Here; a child takes the file in one, so both are died in: a step's middle, and a run's."""
    monkeypatch.setattr(importing, "BATCH_EVENTS", 2)
    yield


def assert_as_if_never_killed(run: Transfer, news: list[str]) -> None:
    counts = Counts.of(run.counts)
    assert run.state == Transfer.State.DONE
    assert [counts.rows(each) for each in (READ, "imported", "replayed", "refused")] == [6, 4, 1, 1]
    assert (counts.events, run.rows) == (4, 6)
    assert [(each["line"], each["outcome"]) for each in runs.listed(run)] == [(4, "refused"), (3, "replayed")]
    for booking, fare in zip(news, ("16.00", "17.00"), strict=True):
        events = history.events_of(booking)
        assert [event.version for event in events] == [1, 2]
        assert events[-1].fare == Decimal(fare)


def ready_to_import() -> tuple[Transfer, list[str]]:
    news = runs.bookings(2)
    run = runs.checked(file_of(news))
    beginning.confirm(run, runs.asked_by())
    return run, news


@SAMPLED
def test_an_import_that_is_killed_anywhere_ends_as_if_it_had_not_been(every: int) -> None:
    run, news = ready_to_import()
    died = 0
    for _ in killed_at_each_step(WORK, "import", every=every):
        died += 1
        assert_as_if_never_killed(runs.driven(run), news)
        run, news = ready_to_import()
    assert_as_if_never_killed(runs.again(run), news)
    assert died > 15 // every


@SAMPLED
def test_a_dry_run_that_is_killed_anywhere_counts_every_row_once(every: int) -> None:
    def counted(run: Transfer) -> list[Any]:
        counts = Counts.of(run.check_counts)
        outcomes = [counts.rows(each) for each in (READ, "imported", "replayed", "refused")]
        return [run.state, outcomes, [each["line"] for each in runs.listed(run, refused.OF_CHECK)]]

    expected = [Transfer.State.CHECKED, [6, 4, 1, 1], [4, 3]]
    run = runs.checking(file_of(runs.bookings(2)))
    died = 0
    for _ in killed_at_each_step(WORK, "import", every=every):
        died += 1
        assert counted(runs.driven(run)) == expected
        run = runs.checking(file_of(runs.bookings(2)))
    assert counted(runs.again(run)) == expected
    assert died > 10 // every


def test_a_step_that_was_begun_and_lost_is_begun_from_where_it_was(
    small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The append is in and the report written, but the row does not say so: as after a power cut."""
    run, news = ready_to_import()
    steps = importing.steps(run)
    next(steps)
    steps.close()
    assert history.head_of(news[0]) is not None
    assert runs.again(run).rows == 0
    run = runs.driven(run)
    counts = Counts.of(run.counts)
    assert [counts.rows(each) for each in (READ, "imported", "replayed", "refused")] == [6, 4, 1, 1]
    assert len(runs.listed(run)) == 2


@SAMPLED
def test_an_export_that_is_killed_anywhere_has_every_event_once(
    every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 1)
    booking = given(set_("14.00"), *[add("toll", "1.00") for _ in range(5)])
    wanted = LedgerFilter(booking_id=booking)
    expected = runs.content(runs.driven(runs.export(wanted)))
    run = runs.export(wanted)
    died = 0
    for _ in killed_at_each_step(WORK, "export", every=every):
        died += 1
        run = runs.driven(run)
        assert (run.state, run.rows, runs.content(run)) == (Transfer.State.DONE, 6, expected)
        run = runs.export(wanted)
    assert runs.content(runs.again(run)) == expected
    assert died > 5 // every
    assert connection.in_atomic_block is False
