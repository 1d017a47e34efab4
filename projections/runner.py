"""Moves a projection along the feed: page, apply, advance the checkpoint, in one transaction.

Delivery is at least once and the effect exactly once: a worker may die at any line, and the next one finds the
view and its checkpoint together where they were. The live tables and a rebuild's are moved by the same loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from events import feed
from projections import checkpoints, control, set_aside
from projections.checkpoints import ForeignCheckpoint
from projections.projector import LIVE, Page, Projector


@dataclass(frozen=True, slots=True)
class _Run:
    """One drain: what is moved, where its tables are, and when to stop."""

    projector: Projector
    schema: str
    page_events: int
    upto: Mapping[int, int] | None
    until: Callable[[], bool]


def drain(
    projector: Projector,
    partitions: Iterable[int],
    *,
    schema: str = LIVE,
    page_events: int | None = None,
    upto: Mapping[int, int] | None = None,
    until: Callable[[], bool] = lambda: False,
) -> int:
    """Moves the view to the end of these partitions' logs, or to `upto`; answers how many events that took.

    `until` is asked after each page whether to stop before the end. A paused projection is not moved. A partition
    that fails does not keep the others waiting: all are tried, then the first error is raised, with a note of
    each other.
    """
    if schema == LIVE and projector.name in control.paused():
        return 0
    run = _Run(projector, schema, page_events or projector.page_events, upto, until)
    events = 0
    errors: list[Exception] = []
    for partition in partitions:
        if until():
            break
        try:
            events += _drain_partition(run, partition)
        except Exception as error:
            error.add_note(f"{projector.name} stopped in partition {partition}")
            errors.append(error)
    if errors:
        for other in errors[1:]:
            errors[0].add_note(f"{other.__notes__[-1]}: {other!r}")
        raise errors[0]
    return events


def lagging(projector: Projector) -> list[int]:
    """The partitions whose log goes on beyond the view."""
    at = projector.positions(checkpoints.positions(projector.name))
    return [partition for partition, head in feed.heads().items() if head != at.get(partition, 0)]


def _drain_partition(run: _Run, partition: int) -> int:
    events = 0
    while True:
        moved = _take_page(run, partition)
        events += moved
        # A page that is not full reached the end of the log; whoever appended since has left word.
        if moved < run.page_events or run.until():
            return events


def _take_page(run: _Run, partition: int) -> int:
    """One page; the bookings that the projector cannot take are set aside, and the page taken without them."""
    page: Page | None = None
    try:
        with transaction.atomic():
            page, recorded = _next_page(run, partition)
            if page.upto <= page.after:
                return 0
            run.projector.apply(page)
            checkpoints.advance(
                run.projector.name, partition, after=recorded, upto=page.upto, schema=run.schema
            )
    except set_aside.NOT_ABOUT_A_BOOKING:
        raise
    except Exception as error:
        if page is None or not run.projector.sets_aside:
            raise
        set_aside.those_that_fail(run.projector, page, error)
        return _take_page(run, partition)
    return page.upto - page.after


def _next_page(run: _Run, partition: int) -> tuple[Page, int]:
    """The page after the checkpoint, which is taken; and the position that the checkpoint has recorded."""
    recorded = checkpoints.lock(run.projector, partition, run.schema)
    head = feed.head(partition)
    if recorded > head:
        raise ForeignCheckpoint(
            f"{run.projector.name} is at {recorded} in partition {partition}, whose log ends at {head}"
        )
    after = run.projector.positions({partition: recorded})[partition]
    end = min(head, _bound(run, partition, head), after + run.page_events)
    return Page(partition, after, max(end, after), run.schema), recorded


def _bound(run: _Run, partition: int, head: int) -> int:
    """Where to stop before the log's end: at what was asked for, and at the projection that this one follows."""
    bound = head if run.upto is None else run.upto.get(partition, 0)
    if run.projector.follows is not None:
        bound = min(bound, checkpoints.position(run.projector.follows, partition))
    return bound
