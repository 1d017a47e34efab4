"""The schedules that a platform begins with. Made by `migrate` where they are missing; edited in the admin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Planned:
    """One schedule: every so many seconds, or at a moment of each day (hour, minute; UTC)."""

    name: str
    task: str
    description: str
    seconds: float | None = None
    at: tuple[int, int] | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)

    def when(self) -> dict[str, Any]:
        """The columns that say when."""
        if self.at is not None:
            return {"crontab": _daily(*self.at)}
        seconds = self.seconds or 0
        waiting = max(_WAITS_AT_LEAST_SECONDS, 2 * int(seconds))
        return {"interval": _every(seconds), "expire_seconds": waiting}


_WAITS_AT_LEAST_SECONDS = 10
"""A task that no worker took for so long is dropped, since later ones do the same: beyond what clocks differ by."""


def planned() -> tuple[Planned, ...]:
    """What runs by the clock."""
    return (
        Planned(
            "sweep projections",
            "projections.sweep",
            "Moves every projection that is behind, as after a lost wake-up, and takes up rebuilds and repairs "
            "that nobody drives. The longest that anything lies still.",
            seconds=settings.FAREHISTORY_SWEEP_SECONDS,
        ),
        Planned(
            "check for drift",
            "projections.monitor_drift",
            "Folds some bookings anew and compares them with the views, so that every view is walked through "
            "in the configured time.",
            seconds=5,
        ),
        Planned(
            "issue receipts",
            "projections.issue_receipts",
            "Issues receipts for bookings that have not changed for the configured time.",
            seconds=10,
        ),
        Planned(
            "archive the ledger",
            "projections.archive",
            "Writes new events to archive files, reads them back and checks them.",
            seconds=3600,
        ),
        Planned(
            "go on with imports and exports",
            "events.take_runs_up",
            "Takes imports and exports up that nobody is at work at, as after a worker died.",
            seconds=15,
        ),
        Planned(
            "remove old files of imports and exports",
            "events.remove_old_files",
            "Removes files that were kept for the configured number of days. The records stay.",
            seconds=3600,
        ),
        _nightly("current_fare", "Every fare as it now is", minute=10),
        _nightly("booking_search", "The bookings by their references", minute=30),
        _nightly("daily_totals", "The totals by day", minute=50),
        _nightly("event_search", "The events as the fare search has them", hour=4, minute=10),
    )


def ensure_schedules() -> None:
    """Makes the schedules that are missing; never changes one, so that what was edited stays."""
    existing = set(PeriodicTask.objects.values_list("name", flat=True))
    for plan in planned():
        if plan.name not in existing:
            PeriodicTask.objects.create(
                name=plan.name,
                task=plan.task,
                description=plan.description,
                kwargs=json.dumps(plan.kwargs),
                **plan.when(),
            )


def _nightly(projection: str, what: str, *, hour: int = 3, minute: int) -> Planned:
    return Planned(
        f"rebuild {projection}",
        "projections.start_rebuild",
        f"{what}: computed anew beside the live ones, compared, and swapped in. Any difference is drift, and is "
        "reported.",
        at=(hour, minute),
        kwargs={"projection": projection},
    )


def _every(seconds: float) -> IntervalSchedule:
    """In the largest unit that it is a whole number of."""
    units = {"hours": 3600, "minutes": 60, "seconds": 1, "microseconds": 1e-6}
    period = next((name for name, unit in units.items() if seconds % unit == 0), "microseconds")
    wanted = {"every": round(seconds / units[period]), "period": period}
    return IntervalSchedule.objects.filter(**wanted).first() or IntervalSchedule.objects.create(**wanted)


def _daily(hour: int, minute: int) -> CrontabSchedule:
    wanted = {"minute": str(minute), "hour": str(hour), "timezone": settings.CELERY_TIMEZONE}
    wanted |= dict.fromkeys(("day_of_week", "day_of_month", "month_of_year"), "*")
    return CrontabSchedule.objects.filter(**wanted).first() or CrontabSchedule.objects.create(**wanted)
