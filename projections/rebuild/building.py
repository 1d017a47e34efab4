"""The first step: the tables beside the live ones are filled from the ledger."""

from __future__ import annotations

from projections.models import Rebuild
from projections.projector import NEXT
from projections.rebuild.runs import move
from projections.rebuild.standing import standings
from projections.rebuild.work import Work


def build(work: Work) -> None:
    """Goes on to where the live view is, never beyond: there the two can be compared."""
    goals = work.goals()
    work.catch_up(goals)
    at = standings(work.projector, goals, NEXT)
    if all(at[partition].position >= goal for partition, goal in goals.items()):
        work.analyze()
        move(work.rebuild, Rebuild.State.BUILDING, Rebuild.State.COMPARING)
