"""Whether what runs by the clock runs: the schedules, and the last sweep, which needs broker, beat and
a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import redis
from django.db.models import Q
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from events.admin.pages import short
from projections import leases, tasks
from projections.admin import spans

SILENT_SECONDS: Final = 60.0
"""Without a sweep for so long, and for three of its intervals, nothing moves by itself."""

SWEEP: Final = "projections.sweep"
MONITOR: Final = "projections.monitor_drift"


_OURS: Final = Q(task__startswith="projections.") | Q(task__startswith="events.")


@dataclass(frozen=True, slots=True)
class Schedules:
    """The schedules of the platform's own tasks."""

    off: list[str]
    """Names of those that are switched off."""
    every: dict[str, float]
    """Task → seconds of its interval, of those that are on; 0.0 of one that is no interval."""

    @classmethod
    def read(cls) -> Schedules:
        """One short statement: a dozen rows."""
        found = list(PeriodicTask.objects.filter(_OURS).select_related("interval").order_by("name"))
        every = {
            one.task: one.interval.schedule.run_every.total_seconds() if one.interval else 0.0
            for one in found
            if one.enabled
        }
        return cls([one.name for one in found if not one.enabled], every)

    def is_on(self, task: str) -> bool:
        """Whether anything runs this task by the clock."""
        return task in self.every


@dataclass(frozen=True, slots=True)
class Clockwork:
    """How it stands, and what is to be said of it."""

    schedules: Schedules
    swept_at: datetime | None
    now: datetime
    error: str = ""
    """Why it cannot be told when the last sweep was."""

    @classmethod
    def read(cls, now: datetime) -> Clockwork:
        """Schedules from the database, the last sweep from Redis."""
        schedules = Schedules.read()
        try:
            return cls(schedules, leases.last_alive(tasks.SWEEP), now)
        except redis.RedisError as error:
            return cls(schedules, None, now, short(error))

    @property
    def fault(self) -> str:
        """What keeps the projections from moving by themselves; nothing where they do."""
        if not self.schedules.is_on(SWEEP):
            return _("Nothing is swept, since the schedule is off: what lies still stays so.")
        if self.error:
            return _("Whether workers run cannot be told: %(error)s") % {"error": self.error}
        if self.swept_at is None:
            return _("No worker has been seen yet. See whether worker, beat and broker run.")
        silent = (self.now - self.swept_at).total_seconds()
        if silent > self._silent_after:
            told = _("No worker was seen for %(span)s. See whether worker, beat and broker run.")
            return told % {"span": spans.span(silent)}
        return ""

    @property
    def off_text(self) -> str:
        """Which schedules are switched off, for those who wonder why something does not happen."""
        names = ", ".join(self.schedules.off)
        return _("Schedules switched off: %(names)s") % {"names": names} if names else ""

    @property
    def _silent_after(self) -> float:
        return max(SILENT_SECONDS, 3 * self.schedules.every[SWEEP])
