"""What can be wrong with asking for a rebuild, and what can come in its way."""

from __future__ import annotations

import psycopg
from django.db import Error

from projections.models import Rebuild


class CannotRebuild(ValueError):
    """What was asked for cannot be done; the message says why and what to do instead."""

    code = "cannot_rebuild"


class UnknownRebuild(LookupError):
    """There is no rebuild of that id."""

    code = "unknown_rebuild"


class RebuildUnderWay(RuntimeError):
    """Another rebuild of the projection, asked for with other parameters, has not ended."""

    code = "rebuild_under_way"

    def __init__(self, rebuild: Rebuild, differs: str) -> None:
        super().__init__(
            f"a rebuild of {rebuild.projection} is under way with {differs}: {rebuild.id}, {rebuild.state},"
            f" begun {rebuild.started_at:%Y-%m-%d %H:%M:%S} UTC. Let it end, or cancel it first."
        )
        self.rebuild = rebuild


class SwapBlocked(RuntimeError):
    """Somebody has read the view in one transaction for longer than the swap tries. The rebuild can go on later."""

    code = "swap_blocked"


def is_busy(error: Error) -> bool:
    """Whether somebody else merely holds a lock that was wanted: worth another try."""
    return isinstance(error.__cause__, (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected))
