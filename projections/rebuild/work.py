"""One driver's hold on a rebuild: what it works on, and when it must stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.db import OperationalError, connection

from events import feed
from projections import runner
from projections.models import Rebuild
from projections.projector import LIVE, NEXT, Projector
from projections.rebuild.errors import is_busy
from projections.rebuild.runs import get
from projections.rebuild.standing import Standing, standings

PAGE_EVENTS: Final = 20_000
"""Events of one step: a fraction of a second on one core, far from the role's time limit of 5 s."""


class LeftOff(Exception):
    """The step stops here, because it must: nothing is wrong."""


@dataclass
class Work:
    """A rebuild in the hands of this process, for as long as it has time."""

    rebuild: Rebuild
    projector: Projector
    deadline: float | None = None
    """By time.monotonic(); None: until it is done."""
    on_progress: Callable[[Rebuild], None] | None = None

    @property
    def partitions(self) -> list[int]:
        return self.rebuild.partitions

    def stop(self) -> bool:
        """Whether to leave off here: time is over, somebody cancelled it, or somebody else has moved it on."""
        if self.on_progress is not None:
            self.on_progress(self.rebuild)
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return True
        now = get(self.rebuild.pk)
        return now.cancel_requested_at is not None or now.state != self.rebuild.state

    def live(self, partitions: Collection[int] | None = None) -> dict[int, Standing]:
        """Where the live view stands."""
        return standings(self.projector, self.partitions if partitions is None else partitions, LIVE)

    @cached_property
    def is_new_version(self) -> bool:
        """Whether the live tables were filled by another version of the projector."""
        return any(standing.version != self.projector.version for standing in self.live().values())

    def goals(self) -> dict[int, int]:
        """Where the rebuild must get to be compared: to where the live view is, if that can be said of it."""
        heads = feed.heads()
        return {
            partition: standing.position if standing.ours else heads[partition]
            for partition, standing in self.live().items()
        }

    def catch_up(self, goals: dict[int, int]) -> None:
        """Moves the rebuild's tables there, a page at a time; leaves off when it must stop.

        A partition that another driver is moving is left to him.
        """
        at = standings(self.projector, goals, NEXT)
        for partition, goal in goals.items():
            if partition in at and at[partition].position >= goal:
                continue
            if self.stop():
                return
            self._drain(partition, goal)

    def _drain(self, partition: int, goal: int) -> None:
        try:
            runner.drain(
                self.projector,
                [partition],
                schema=NEXT,
                page_events=PAGE_EVENTS,
                upto={partition: goal},
                until=self.stop,
            )
        except OperationalError as error:
            if not is_busy(error):
                raise

    def analyze(self) -> None:
        """Fresh statistics, so that plans are good from the first read on."""
        with connection.cursor() as cursor:
            for table in self.projector.tables:
                cursor.execute(f'ANALYZE "{NEXT}"."{table}"')
