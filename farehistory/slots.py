"""Scheduled slots: when several beats run, each slot's task is sent by one of them.

A crontab's slot is the moment that it names; whoever claims it first has it, once and for all. An interval has no
moments of its own, each beat would count from its own start; so one beat holds it by a lease, and another has it
as soon as that one has been silent for nearly an interval. One beat alone never waits for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from celery import schedules
from django.conf import settings
from django_celery_beat.clockedschedule import clocked

from projections import leases

SILENT_AFTER: Final = 0.9
"""Of an interval: the rest is for a beat that takes over, and for one that was started again."""

_CLAIM_LASTS_SECONDS: Final = 86_400.0
"""Longer than any beat is late: what is older than the starting deadline is not sent at all."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One run of one schedule."""

    name: str
    schedule: schedules.BaseSchedule
    at: datetime
    """The moment that the schedule names; of an interval, when a beat found it to be over."""

    @classmethod
    def of(cls, name: str, schedule: schedules.BaseSchedule, now: datetime) -> Slot:
        """The slot that is due at `now`."""
        if isinstance(schedule, schedules.crontab):
            return cls(name, schedule, _last_moment(schedule, now))
        if isinstance(schedule, clocked):
            return cls(name, schedule, schedule.clocked_time)
        if isinstance(schedule, schedules.solar):  # one a day
            return cls(name, schedule, now.replace(hour=0, minute=0, second=0, microsecond=0))
        return cls(name, schedule, now)

    @property
    def request_id(self) -> str:
        """The same for every beat and every delivery of a crontab's slot."""
        slug = re.sub(r"[^A-Za-z0-9._-]+", "-", self.name)[:90]
        return f"beat:{slug}:{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"

    def claim(self, beat: str) -> bool:
        """Whether it is this beat that sends the slot's task. Without Redis every beat does."""
        if isinstance(self.schedule, schedules.schedule):
            every = self.schedule.seconds
            return leases.take(f"interval:{self.name}:{every}", beat, every * SILENT_AFTER)
        return leases.take(f"slot:{self.request_id}", uuid4().hex, _CLAIM_LASTS_SECONDS)


def _last_moment(crontab: schedules.crontab, now: datetime) -> datetime:
    """The last moment up to `now` that the crontab names, as far back as one that was missed is made good."""
    moment = found = now - timedelta(seconds=settings.CELERY_BEAT_CRON_STARTING_DEADLINE, minutes=1)
    while moment <= now:
        found = moment
        since, delta, _ = crontab.remaining_delta(moment)
        moment = since + delta
    return found
