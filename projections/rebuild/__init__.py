"""Rebuilds: a projection computed anew beside the live one, compared with it, and swapped in.

`start` notes what is wanted, `run` does it in short steps: any process may call it, again and again, and any may
be killed at any line. The live tables are touched by one short transaction at the end, or not at all.
"""

from __future__ import annotations

from projections.rebuild.driver import run
from projections.rebuild.errors import CannotRebuild, RebuildUnderWay, SwapBlocked, UnknownRebuild
from projections.rebuild.figures import Progress, progress
from projections.rebuild.mending import repair_booking
from projections.rebuild.runs import cancel, get, start, unfinished

__all__ = [
    "CannotRebuild",
    "Progress",
    "RebuildUnderWay",
    "SwapBlocked",
    "UnknownRebuild",
    "cancel",
    "get",
    "progress",
    "repair_booking",
    "run",
    "start",
    "unfinished",
]
