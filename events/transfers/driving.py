"""Runs go on: a step after the other for some seconds, then the next message's turn.

One process at a time works on a run, by a lock on a file in its folder, which a process that dies lets go of. What a
step has done counts once the run's row says so, in one statement that demands that nobody has moved the row since. A
run of which nothing is seen for a while is taken up by the sweep.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from events import audit
from events.transfers import exporting, folder, importing
from events.transfers.models import Transfer

STEP_SECONDS: Final = 10.0
"""How long one task goes on, so that others get their turn; a step that was begun is finished."""

STALLED: Final = timedelta(seconds=30)
"""A run that nothing moved for so long is nobody's."""

MOST_ATTEMPTS: Final = 10
"""How often one step is tried whose process dies or fails."""

logger = logging.getLogger(__name__)


def go_on(run_id: UUID, *, seconds: float = STEP_SECONDS) -> bool:
    """Takes a run further for about so many seconds; answers whether there is more to be done now.

    Raises what a step raises: it is tried again later, up to MOST_ATTEMPTS times.
    """
    over = _after(seconds)
    try:
        with folder.held(run_id) as is_ours:
            return is_ours and _driven(run_id, over)
    except folder.FilesAway as error:
        _give_up(run_id, _("The files of this run are gone: %(why)s.") % {"why": error})
        return False


def stalled() -> list[Transfer]:
    """Runs that should go on and that nobody is seen to work at, those that wait longest first."""
    still = Transfer.objects.filter(
        finished_at=None, state__in=Transfer.DRIVEN, moved_at__lt=timezone.now() - STALLED
    )
    return list(still.order_by("moved_at")[:100])


def _driven(run_id: UUID, over: Callable[[], bool]) -> bool:
    run = Transfer.objects.filter(pk=run_id).first()
    if run is None or not run.is_driven:
        return False
    if run.attempts >= MOST_ATTEMPTS:
        tries = _("The next step was tried %(times)s times and never came to its end.") % {
            "times": run.attempts
        }
        _commit(run, _ended(Transfer.State.FAILED, f"{tries} {run.error}".strip()))
        return False
    if _cancelled(run):
        return False
    _begin(run)
    try:
        return _stepped(run, over)
    except Exception as error:
        # Read by whoever looks at the run meanwhile, and kept if this was the last try.
        Transfer.objects.filter(pk=run.pk, step=run.step).update(
            error=f"{type(error).__name__}: {error}"[:1000]
        )
        raise


def _stepped(run: Transfer, over: Callable[[], bool]) -> bool:
    for changes in _steps(run):
        if not _commit(run, changes):
            logger.warning("run %s was moved by somebody else; this process leaves it", run.pk)
            return False
        if not run.is_driven or _cancelled(run):
            return False
        if over():
            return True
        _begin(run)
    return False


def _steps(run: Transfer) -> Iterator[dict[str, Any]]:
    return importing.steps(run) if run.kind == Transfer.Kind.IMPORT else exporting.steps(run)


def _begin(run: Transfer) -> None:
    """So that the sweep sees somebody at work, and a step that kills its worker is not tried for ever."""
    Transfer.objects.filter(pk=run.pk).update(attempts=F("attempts") + 1, moved_at=timezone.now())


def _commit(run: Transfer, changes: dict[str, Any]) -> bool:
    """What a step did counts from here on; False if the row has been moved meanwhile. An end goes into the audit."""
    changes = {"error": "", **changes, "step": run.step + 1, "attempts": 0, "moved_at": timezone.now()}
    with transaction.atomic():
        if not Transfer.objects.filter(pk=run.pk, step=run.step, state=run.state).update(**changes):
            return False
        for name, value in changes.items():
            setattr(run, name, value)
        if run.finished_at is not None:
            _note_the_end(run)
    return True


def _cancelled(run: Transfer) -> bool:
    """Ends it if somebody has asked for that."""
    asked = Transfer.objects.filter(pk=run.pk).values_list("cancel_requested_at", flat=True).first()
    if asked is None:
        return False
    return _commit(run, _ended(Transfer.State.CANCELLED))


def _give_up(run_id: UUID, why: str) -> None:
    run = Transfer.objects.filter(pk=run_id).first()
    if run is not None and run.is_driven:
        logger.error("run %s: %s", run_id, why)
        _commit(run, _ended(Transfer.State.FAILED, why))


def _note_the_end(run: Transfer) -> None:
    """Who had it done is noted with what came of it: by the worker, once, in the transaction that ends it."""
    who = get_user_model().objects.filter(pk=run.confirmed_by or run.requested_by or 0).first()
    what = "imported" if run.kind == Transfer.Kind.IMPORT else "exported"
    counts = {"events": run.counts.get("events", 0)} if run.kind == Transfer.Kind.IMPORT else {}
    audit.record(
        what, user=who, request=None, run=str(run.pk), step=run.state, rows=run.rows, **counts, **run.details
    )


def _ended(state: Transfer.State, error: str = "") -> dict[str, Any]:
    return {"state": state, "finished_at": timezone.now(), "error": error}


def _after(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed since now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end
