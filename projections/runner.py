"""Moves a view along the feed: page, apply, advance the checkpoint, in one transaction.

Delivery is at least once and the effect exactly once: a worker may die at any line, and the next one finds the
view and its checkpoint together where they were.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.db import transaction

from events import feed
from projections import checkpoints
from projections.checkpoints import ForeignCheckpoint
from projections.projector import Page, Projector

PAGE_EVENTS: Final = 1000
"""Events of one transaction: short enough for every time limit, long enough for the set-based apply to pay."""

logger = logging.getLogger(__name__)


def drain(projector: Projector, partitions: Iterable[int]) -> int:
    """Moves the view to the end of these partitions' logs; answers how many events that took.

    A partition that fails does not keep the others waiting: all are tried, then the first error is raised.
    """
    events = 0
    errors: list[Exception] = []
    for partition in partitions:
        try:
            events += _drain_partition(projector, partition)
        except Exception as error:
            logger.exception("%s stopped in partition %s", projector.name, partition)
            errors.append(error)
    if errors:
        raise errors[0]
    return events


def lagging(projector: Projector) -> list[int]:
    """The partitions whose log goes on beyond the view."""
    at = checkpoints.positions(projector.name)
    return [partition for partition, head in feed.heads().items() if head != at.get(partition, 0)]


def _drain_partition(projector: Projector, partition: int) -> int:
    events = 0
    while True:
        moved = _step(projector, partition)
        events += moved
        # A page that is not full reached the end of the log; whoever appended since has left word.
        if moved < PAGE_EVENTS:
            return events


def _step(projector: Projector, partition: int) -> int:
    with transaction.atomic():
        after = checkpoints.lock(projector.name, partition)
        head = feed.head(partition)
        if after > head:
            raise ForeignCheckpoint(
                f"{projector.name} is at {after} in partition {partition}, whose log ends at {head}"
            )
        upto = min(head, after + PAGE_EVENTS)
        if upto > after:
            projector.apply(Page(partition, after, upto))
            checkpoints.advance(projector.name, partition, after=after, upto=upto)
    return upto - after
