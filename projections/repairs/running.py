"""Runs a repair, from wherever it is, for as long as there is time. Two at once do no harm."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from projections import set_aside
from projections.models import Repair, RepairItem
from projections.projector import Projector
from projections.projectors import UnknownProjection, projector
from projections.rebuild import repair_booking
from projections.repairs.asking import get
from projections.set_aside import NOT_ABOUT_A_BOOKING, CannotFoldOne, NotSetAside

MOST_TRIES: Final = 5
"""How often a booking is tried that only something passing is in the way of: a lock, a worker of another version."""

Outcome = RepairItem.Outcome
logger = logging.getLogger(__name__)

_WAYS: Final[dict[str, Callable[[Projector, str], None]]] = {
    Repair.Kind.RETRY: set_aside.retry,
    Repair.Kind.PUT_RIGHT: repair_booking,
}


def run(repair_id: UUID | str, *, seconds: float | None = None) -> Repair:
    """Goes on with a repair until it ends or `seconds` are over; answers how it stands.

    A booking that cannot be folded is noted with its error, and the others go on. Raises UnknownRepair; the database's
    error where nothing can be noted.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    repair = get(repair_id)
    while repair.finished_at is None and not (deadline is not None and time.monotonic() >= deadline):
        item = repair.items.filter(done_at=None).order_by("tries", "pk").first()
        if item is None:
            Repair.objects.filter(pk=repair.pk, finished_at=None).update(finished_at=timezone.now())
        else:
            _mend(repair, item)
        repair = get(repair_id)
    return repair


def _mend(repair: Repair, item: RepairItem) -> None:
    """One booking, and what came of it, in one transaction."""
    with transaction.atomic():
        outcome, error = _attempt(repair, item)
        is_done = bool(outcome) or item.tries + 1 >= MOST_TRIES
        RepairItem.objects.filter(pk=item.pk, done_at=None).update(
            outcome=outcome or (Outcome.FAILED if is_done else ""),
            error=error,
            tries=F("tries") + 1,
            done_at=timezone.now() if is_done else None,
        )


def _attempt(repair: Repair, item: RepairItem) -> tuple[str, str]:
    """The outcome and the error; no outcome yet where it may go well later."""
    try:
        _WAYS[repair.kind](projector(item.projection), item.booking_id)
    except NotSetAside:
        return Outcome.NOTHING_TO_DO, ""
    except CannotFoldOne:
        return Outcome.REBUILD_ONLY, ""
    except UnknownProjection as error:
        return Outcome.FAILED, str(error)
    except NOT_ABOUT_A_BOOKING as error:
        logger.warning("%s in %s cannot be repaired now: %s", item.booking_id, item.projection, error)
        return "", f"{type(error).__name__}: {error}"
    except Exception as error:  # the projector's own, whatever it is: nothing was changed, and it is shown
        logger.exception("%s could not be repaired in %s", item.booking_id, item.projection)
        return Outcome.FAILED, f"{type(error).__name__}: {error}"
    return Outcome.DONE, ""
