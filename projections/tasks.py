"""Celery's tasks: one call each, keyword arguments only, and more of them than a task knows do no harm, so that an
old worker survives new ones.

Each may be delivered twice, be killed at any line, or never arrive: what they do is the same done twice, and the
sweep finds what was not done. All are short; what takes long goes on in the next message.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final
from uuid import uuid4

from celery import Task, shared_task
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import Q
from psycopg.errors import LockNotAvailable

from events import wakeup
from projections import cache, drift, leases, receipts, repairs, runner
from projections import rebuild as rebuilds
from projections.checkpoints import OtherVersion
from projections.models import Rebuild, Repair
from projections.projector import Projector
from projections.projectors import PROJECTORS, projector
from projections.standing_faults import StandingFaults

SHARE_SECONDS: Final = 3.0
"""How long one projection is moved by one task, so that none keeps the others waiting."""

STEP_SECONDS: Final = 10.0
"""How long one task of a long piece of work goes on: where two of them fill a worker, the rest waits for so long."""

_AT_WORK_SECONDS: Final = 30.0
"""Long work of which no message was seen for so long is nobody's: the sweep takes a rebuild up again."""

_DRIVEN: Final = (Rebuild.State.BUILDING, Rebuild.State.COMPARING, Rebuild.State.SWAPPING)
"""What a rebuild goes on from by itself; one that waits for acceptance does not."""

SWEEP: Final = "sweep"
"""What is noted as alive with each sweep: broker, beat and a worker are then at work."""

logger = logging.getLogger(__name__)
_faults = StandingFaults(logger)


class ProjectionsStopped(Exception):
    """What could not be done; the rest was. The log says why, once, and the task has failed."""


def _task(name: str, **options: Any) -> Callable[[Callable[..., None]], Task]:
    return shared_task(name=f"projections.{name}", throws=(ProjectionsStopped,), **options)


@_task("drain")
def drain(*, partitions: list[int], **_: Any) -> None:
    """Moves every projection to the end of these partitions' logs, and of all others that wait by now."""
    partitions = wakeup.taken(partitions)
    with _told() as moved:
        _each(_movers(lambda one: sorted(set(runner.lagging(one)).intersection(partitions)), moved))


@_task("sweep")
def sweep(**_: Any) -> None:
    """What lost messages left: moves every projection that is behind, takes up rebuilds and repairs that nobody
    drives."""
    leases.note_alive(SWEEP)
    with _told() as moved:
        _each(
            {
                **_movers(runner.lagging, moved),
                "taking rebuilds up": _take_rebuilds_up,
                "taking repairs up": _take_repairs_up,
                "publishing the generation": cache.publish_generation,
            }
        )


@_task("rebuild", bind=True)
def rebuild(self: Task, *, rebuild_id: str, **_: Any) -> None:
    """Takes a rebuild a step further, and leaves word for the next one."""
    _step(self, f"rebuild:{rebuild_id}", partial(_rebuild, rebuild_id), rebuild_id=rebuild_id)


@_task("repair", bind=True)
def repair(self: Task, *, repair_id: str, **_: Any) -> None:
    """Folds some more bookings of a repair anew, and leaves word for the rest."""
    _step(self, f"repair:{repair_id}", partial(_repair, repair_id), repair_id=repair_id)


@_task("start_rebuild", bind=True)
def start_rebuild(self: Task, *, projection: str, accept: bool = False, **_: Any) -> None:
    """Begins a rebuild, unless this very request has begun one already, or one is at work."""
    carried = self.request.headers or {}
    begin = partial(
        _begin_rebuild, projection, accept, carried.get("request_id", ""), carried.get("actor", "")
    )
    _each({f"beginning a rebuild of {projection}": begin})


@_task("monitor_drift")
def monitor_drift(**_: Any) -> None:
    """Proves some more bookings equal to their events."""
    _each({"the drift monitor": drift.tick})


@_task("issue_receipts")
def issue_receipts(**_: Any) -> None:
    """Issues the receipts that are due."""
    _each({"issuing receipts": receipts.issue_due})


@_task("archive", bind=True)
def archive(self: Task, **_: Any) -> None:
    """Archives what is new, and leaves word for the rest."""
    _step(self, "archive", _archive)


def is_at_work(run: Rebuild | Repair) -> bool | None:
    """Whether a worker has it in hand, or had half a minute ago; None where Redis does not say."""
    return leases.is_held(_lease_of(run))


def _each(pieces: Mapping[str, Callable[[], object]]) -> None:
    """Does each piece on its own: one that fails does not stop the others. Raises ProjectionsStopped at the end."""
    stopped: list[str] = []
    for name, piece in pieces.items():
        try:
            piece()
        except Exception as error:
            connection.close_if_unusable_or_obsolete()
            _faults.note(name, error)
            stopped.append(name)
        else:
            _faults.over(name)
    if stopped:
        raise ProjectionsStopped(", ".join(stopped))


@contextmanager
def _told() -> Iterator[dict[str, int]]:
    """What is moved inside, told in one line, where requests are: it carries the id of the one that caused it."""
    moved: dict[str, int] = {}
    try:
        yield moved
    finally:
        if any(moved.values()) and settings.FAREHISTORY_ACCESS_LOG:
            events = {name: count for name, count in moved.items() if count}
            text = ", ".join(f"{name} by {count}" for name, count in events.items())
            logger.info("moved %s", text, extra={"fields": {"moved": events}})


def _movers(
    partitions_of: Callable[[Projector], list[int]], moved: dict[str, int]
) -> dict[str, Callable[[], object]]:
    """What moves each projection, in the order in which they follow each other, and notes by how many events."""
    return {one.name: partial(_move, one, partitions_of, moved) for one in PROJECTORS if one.live}


def _move(one: Projector, partitions_of: Callable[[Projector], list[int]], moved: dict[str, int]) -> None:
    """Moves one projection for its share of time, and leaves a wake-up for what remains."""
    partitions = partitions_of(one)
    until = _after(SHARE_SECONDS)
    try:
        moved[one.name] = runner.drain(one, partitions, until=until)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        wakeup.wake(partitions)  # another worker moves it, perhaps not as far as our events
    if until():
        wakeup.wake(set(partitions).intersection(runner.lagging(one)))


def _archive() -> bool:
    until = _after(STEP_SECONDS)
    consumer = projector("archive")
    runner.drain(consumer, runner.lagging(consumer), until=until)
    return not until()


def _begin_rebuild(projection: str, accept: bool, request_id: str, actor: str) -> None:
    if request_id and Rebuild.objects.filter(projection=projection, request_id=request_id).exists():
        return
    _drive(rebuilds.start(projection, accept=accept, requested_by=actor, request_id=request_id))


def _rebuild(rebuild_id: str) -> bool:
    try:
        return rebuilds.run(rebuild_id, seconds=STEP_SECONDS).state not in _DRIVEN
    except OtherVersion as error:
        logger.info("left to others: %s", error)
        return True


def _take_rebuilds_up() -> None:
    """Those that this process can go on with: of another version, they are left to workers that run it."""
    to_be_cancelled = Q(state__in=Rebuild.UNFINISHED, cancel_requested_at__isnull=False)
    ours = {(one.name, one.version) for one in PROJECTORS}
    for run in Rebuild.objects.filter(Q(state__in=_DRIVEN) | to_be_cancelled):
        if (run.projection, run.version) in ours or run.cancel_requested_at is not None:
            _drive(run)


def _drive(run: Rebuild) -> None:
    """Sees to it that somebody goes on with the rebuild."""
    _send_first(rebuild, run, rebuild_id=str(run.pk))


def _repair(repair_id: str) -> bool:
    return repairs.run(repair_id, seconds=STEP_SECONDS).finished_at is not None


def _take_repairs_up() -> None:
    for run in repairs.unfinished():
        _send_first(repair, run, repair_id=str(run.pk))


def _send_first(task: Task, run: Rebuild | Repair, **kwargs: str) -> None:
    """Sends the first message of a chain that does long work, unless one does it."""
    message = str(uuid4())
    if leases.take(_lease_of(run), message, _AT_WORK_SECONDS):
        carried = {"request_id": run.request_id, "actor": run.requested_by}
        task.apply_async(
            kwargs=kwargs,
            task_id=message,
            headers={name: value for name, value in carried.items() if value},
        )


def _lease_of(run: Rebuild | Repair) -> str:
    return f"{run._meta.model_name}:{run.pk}"


def _step(task: Task, lease: str, work: Callable[[], bool], **kwargs: Any) -> None:
    """Does a step of long work that says whether it is finished; if not, sends the message for the next.

    One chain of messages goes on: one that came twice, and a second chain, end here.
    """
    message, following = str(task.request.id), str(uuid4())
    if not leases.take(lease, message, _AT_WORK_SECONDS):
        return
    finished: list[bool] = []
    try:
        _each({lease: lambda: finished.append(work())})
    except ProjectionsStopped:
        leases.let_go(lease, message)  # so that the next sweep or schedule may try
        raise
    if all(finished):
        leases.let_go(lease, message)
    elif leases.hand_over(lease, message, following, _AT_WORK_SECONDS):
        task.apply_async(kwargs=kwargs, task_id=following)


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end
