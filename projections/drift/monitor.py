"""What is done every few seconds: a part of each view's walk, and a look at a few of its newest bookings."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils import timezone

from events.partitions import partition_of
from projections.drift import bookings, walks
from projections.drift.recording import Recorded, Step, record
from projections.drift.snapshot import Busy, Found, Unprovable, snapshot, why_unprovable
from projections.models import Drift, DriftWalk
from projections.projector import Projector
from projections.projectors import PROJECTORS
from projections.rebuild.standing import standings

MOST_SECONDS: Final = 2.0
"""Of a tick, for all views together; a look that has begun is ended."""


@dataclass(slots=True)
class Tick:
    """What a tick has done."""

    checked: Counter[str] = field(default_factory=Counter)
    """Projection → bookings that were folded anew and compared, or partitions where there are none of single
    bookings."""
    drift: int = 0
    """Rows that differ and were not known to."""
    put_right: int = 0
    """Rows that were known to differ and are equal again."""
    unproven: dict[str, str] = field(default_factory=dict)
    """Projection → why nothing can be proven of it until it is rebuilt."""

    def add(self, name: str, found: Found, recorded: Recorded) -> None:
        self.checked[name] += 1 if found.bookings is None else len(found.bookings)
        self.drift += recorded.drift
        self.put_right += recorded.put_right


def tick(*, now: datetime | None = None) -> Tick:
    """Checks the next part of every view. Killed at any line, it leaves nothing behind, and the next one goes on;
    several at once do no harm.

    A view that fails does not keep the others waiting: all are tried, then the first error is raised.
    """
    now = now or timezone.now()
    done = Tick()
    errors: list[Exception] = []
    views = [projector for projector in PROJECTORS if projector.tables]
    ends = time.monotonic() + MOST_SECONDS
    for place, projector in enumerate(views):
        share = (ends - time.monotonic()) / (len(views) - place)
        try:
            _check(projector, now, done, until=time.monotonic() + share)
        except Unprovable as reason:
            done.unproven[projector.name] = str(reason)
        except Exception as error:
            error.add_note(f"while {projector.name} was checked for drift")
            errors.append(error)
    if errors:
        for other in errors[1:]:
            errors[0].add_note(f"{other.__notes__[-1]}: {other!r}")
        raise errors[0]
    return done


def check_now(projector: Projector, booking_ids: Iterable[str]) -> Tick:
    """Checks these bookings at once and records what differs, and what is equal again. Waits for nobody: a partition
    that is being checked by somebody else is left to him. Raises Unprovable."""
    now, done = timezone.now(), Tick()
    walks.of(projector, now)
    by_partition: dict[int, list[str]] = {}
    for booking in booking_ids:
        by_partition.setdefault(partition_of(booking), []).append(booking)
    for partition, some in sorted(by_partition.items()):
        for start in range(0, len(some), bookings.CHUNK):
            _look_at(projector, partition, some[start : start + bookings.CHUNK], now, done)
    return done


def _check(projector: Projector, now: datetime, done: Tick, *, until: float) -> None:
    waiting = _provable(projector, walks.of(projector, now), done)
    if not waiting:
        return
    if not projector.by_booking:
        if walks.is_due_whole(projector, waiting, now):
            _whole_partition(projector, waiting[0], now, done)
        return
    _open_drift(projector, {walk.partition for walk in waiting}, now, done)
    _newest(projector, random.choice(waiting), now, done)  # noqa: S311 - a sample
    _walk_on(projector, waiting, now, done, until=until)


def _provable(projector: Projector, waiting: list[DriftWalk], done: Tick) -> list[DriftWalk]:
    """The walks in those partitions in which there is something to prove."""
    found = standings(projector, [walk.partition for walk in waiting])
    reasons = {partition: why_unprovable(projector, standing) for partition, standing in found.items()}
    for reason in filter(None, reasons.values()):
        done.unproven[projector.name] = reason
    return [walk for walk in waiting if reasons.get(walk.partition) is None]


def _walk_on(
    projector: Projector, waiting: Sequence[DriftWalk], now: datetime, done: Tick, *, until: float
) -> None:
    """The next chunks, one at least, until the quota is filled or time is up."""
    left = walks.quota(projector, waiting, now)
    for walk in waiting:
        ended = False
        while not ended:
            try:
                checked, ended = _chunk(projector, walk.partition, now, done)
            except Busy:
                break
            left -= checked
            if left <= 0 or time.monotonic() >= until:
                return


def _chunk(projector: Projector, partition: int, now: datetime, done: Tick) -> tuple[int, bool]:
    """The next bookings of one walk: how many, and whether it has ended. Raises Busy, Unprovable."""
    with snapshot(projector, partition) as look:
        begins = not walks.is_under_way(look.walk) or walks.is_outdated(look.walk)
        chunk = bookings.after(look, "" if begins else look.walk.after)
        found = look.check(chunk.bookings)
    started_at = now if begins else look.walk.started_at
    step = Step(started_at, last=chunk.last, begins=begins, ends=chunk.is_last)
    recorded = record(look.walk, found, now, step)
    done.add(projector.name, found, recorded)
    return max(1, len(chunk.bookings)), chunk.is_last or not recorded.moved


def _whole_partition(projector: Projector, walk: DriftWalk, now: datetime, done: Tick) -> None:
    try:
        with snapshot(projector, walk.partition) as look:
            found = look.check(None)
    except Busy:
        return
    done.add(projector.name, found, record(look.walk, found, now, Step(now, "", begins=True, ends=True)))


def _newest(projector: Projector, walk: DriftWalk, now: datetime, done: Tick) -> None:
    try:
        with snapshot(projector, walk.partition) as look:
            found = look.check(bookings.newest(look).bookings)
    except Busy:
        return
    done.add(projector.name, found, record(look.walk, found, now))


def _open_drift(projector: Projector, provable: set[int], now: datetime, done: Tick) -> None:
    """Looks again at what is known to differ in one partition: put right, it is off the list within seconds."""
    known = Drift.objects.filter(
        projection=projector.name, put_right_at=None, is_expected=False, booking_id__isnull=False
    )
    partitions = sorted(provable.intersection(known.values_list("partition", flat=True).distinct()))
    if partitions:
        partition = random.choice(partitions)  # noqa: S311 - any
        some = known.filter(partition=partition).values_list("booking_id", flat=True)[: bookings.CHUNK]
        _look_at(projector, partition, [booking for booking in some if booking], now, done)


def _look_at(projector: Projector, partition: int, some: list[str], now: datetime, done: Tick) -> None:
    try:
        with snapshot(projector, partition) as look:
            found = look.check(bookings.named(look, some).bookings)
    except Busy:
        return
    done.add(projector.name, found, record(look.walk, found, now))
