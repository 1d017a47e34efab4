"""Runs a rebuild, from wherever it is, for as long as there is time. Two at once do no harm."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import InterfaceError, OperationalError

from events import feed
from projections import projectors
from projections.checkpoints import OtherVersion
from projections.models import Rebuild
from projections.rebuild.building import build
from projections.rebuild.comparing import compare_all
from projections.rebuild.errors import SwapBlocked
from projections.rebuild.mending import put_right
from projections.rebuild.runs import end, get
from projections.rebuild.swapping import swap
from projections.rebuild.work import LeftOff, Work

State = Rebuild.State
logger = logging.getLogger(__name__)

PASSING: Final = (OperationalError, InterfaceError, SwapBlocked, OSError, OtherVersion)
"""Errors that are not the rebuild's: the same call, or another process's, goes on later."""


def run(
    rebuild_id: UUID | str,
    *,
    seconds: float | None = None,
    on_progress: Callable[[Rebuild], None] | None = None,
) -> Rebuild:
    """Goes on with a rebuild until it ends, waits for acceptance, or `seconds` are over; answers how it stands.

    `on_progress` is called between steps. An error of the projector ends it as failed. Raises UnknownRebuild;
    OperationalError, InterfaceError and SwapBlocked where it can go on later, OtherVersion where a process of the
    rebuild's version can.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    rebuild = get(rebuild_id)
    while rebuild.state in _STEPS and not (deadline is not None and time.monotonic() >= deadline):
        if rebuild.cancel_requested_at is not None:
            end(rebuild, State.CANCELLED)
        else:
            _step(rebuild, deadline, on_progress)
        rebuild = get(rebuild_id)
    if rebuild.state == State.WAITING and rebuild.cancel_requested_at is not None:
        end(rebuild, State.CANCELLED)
        rebuild = get(rebuild_id)
    return rebuild


def _step(rebuild: Rebuild, deadline: float | None, on_progress: Callable[[Rebuild], None] | None) -> None:
    try:
        projector = projectors.projector(rebuild.projection)
        if projector.version != rebuild.version:
            # Processes of both versions run while one is deployed: the other one goes on with it.
            raise OtherVersion(
                f"the rebuild of {rebuild.projection} is for version {rebuild.version},"
                f" this process runs {projector.version}"
            )
        _STEPS[rebuild.state](Work(rebuild, projector, deadline, on_progress))
    except LeftOff:
        return
    except PASSING:
        raise
    except Exception as error:
        # Whoever ended it cleared its tables away: then this is only how we hear of it.
        if not get(rebuild.pk).finished:
            logger.exception("rebuild %s of %s failed", rebuild.pk, rebuild.projection)
            end(rebuild, State.FAILED, error=f"{type(error).__name__}: {error}")


def _bring_in(work: Work) -> None:
    """A whole view changes places with the live one; some partitions of it are put right where they are."""
    if len(work.partitions) == len(feed.heads()):
        swap(work)
    else:
        put_right(work)


_STEPS: Final[dict[str, Callable[[Work], None]]] = {
    State.BUILDING: build,
    State.COMPARING: compare_all,
    State.SWAPPING: _bring_in,
}
