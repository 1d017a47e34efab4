"""Celery's clock on schedules in the database. Several may run: they send as many tasks as one.

It outlives PostgreSQL and the broker being away: it goes on with the schedules that it knows, and a task that
could not be sent is sent when the broker is back.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import uuid4

from celery.beat import SchedulingError
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from kombu.exceptions import OperationalError

from farehistory import running
from farehistory.broker import LOOK_EVERY_SECONDS
from farehistory.slots import Slot
from farehistory.task_context import SCHEDULE, caused_by
from projections.standing_faults import StandingFaults

logger = logging.getLogger(__name__)


class Schedule(ModelEntry):
    """A schedule's row. Only what beat knows better is written: an edit made meanwhile stands."""

    def save(self) -> None:
        type(self.model)._default_manager.filter(pk=self.model.pk).update(
            last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count
        )


class SlotScheduler(DatabaseScheduler):
    """The scheduler that `CELERY_BEAT_SCHEDULER` names."""

    Entry = Schedule

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._beat = uuid4().hex
        self._faults = StandingFaults(logger)
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Nothing: `migrate` has made the rows, and what was edited since must not be set back."""

    def all_as_schedule(self) -> dict[str, Schedule]:
        """The enabled schedules. While PostgreSQL is away, those known so far; it is asked again."""
        try:
            self._last_timestamp = self.Changes.last_change()
            schedule: dict[str, Schedule] = super().all_as_schedule()
        except (DatabaseError, InterfaceError) as error:
            self._faults.note("reading the schedules", error)
            self._initial_read = True
            return self._schedule or {}
        self._faults.over("reading the schedules")
        return schedule

    def schedule_changed(self) -> bool:
        """Whether a schedule was edited since they were read."""
        try:
            close_old_connections()
            known, self._last_timestamp = self._last_timestamp, self.Changes.last_change()
        except (DatabaseError, InterfaceError) as error:
            self._faults.note("looking for edited schedules", error)
            return False
        self._faults.over("looking for edited schedules")
        return bool(self._last_timestamp != known)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Sends what is due; seconds until the next look."""
        running.note_alive(settings.FAREHISTORY_RUN, "beat")
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def sync(self) -> None:
        """Writes when each schedule last ran. While PostgreSQL is away, it is kept for the next time."""
        names = set(self._dirty)
        try:
            close_old_connections()
            for name in names & (self._schedule or {}).keys():
                self._schedule[name].save()
        except (DatabaseError, InterfaceError) as error:
            self._faults.note("writing when schedules ran", error)
            return
        self._dirty -= names
        self._faults.over("writing when schedules ran")

    def apply_entry(self, entry: Schedule, producer: Any = None) -> None:
        """Sends the task, if this slot is ours."""
        slot = Slot.of(entry.name, entry.schedule, entry.model.last_run_at)
        if not slot.claim(self._beat):
            self._dirty.discard(entry.name)  # the one that sends writes when it last ran
            return
        with caused_by(slot.request_id, SCHEDULE):
            self._send(entry)

    def _send(self, entry: Schedule) -> None:
        """Waits for the broker where it is away: there is nothing else to do meanwhile."""
        while not self._sent(entry):
            time.sleep(LOOK_EVERY_SECONDS)
            self._connect_anew()

    def _sent(self, entry: Schedule) -> bool:
        """False if the broker is away; what fails for another reason would fail again, and counts as sent."""
        about = f"sending the task of {entry.name!r}"
        try:
            self.apply_async(entry, producer=self.producer, advance=False)
        except SchedulingError as error:
            self._faults.note(about, error)
            return not isinstance(error.__context__, OperationalError)
        self._faults.over(about)
        return True

    def _connect_anew(self) -> None:
        self.__dict__.pop("producer", None)
        connection = self.__dict__.pop("connection", None)
        if connection is not None:
            connection.release()
