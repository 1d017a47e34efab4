"""How far the read side is behind the ledger, and whether somebody has to do something about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.text import capfirst

from projections import status
from projections.admin.clockwork import Clockwork
from projections.admin.dashboard.card import Asked
from projections.admin.projection_lines import Need, ProjectionLine, ProjectionsPage
from projections.projectors import projector

SHOWN: Final = 5
"""Things to look at that are named on the card."""


@dataclass(frozen=True, slots=True)
class FeedLag:
    """The projection that moves by itself and is furthest behind, and the verdict on all."""

    headline: str
    name: str
    """Of the one that is furthest behind; empty where none is."""
    mood: str
    icon: str
    verdict: str
    needs: list[Need]
    """What somebody should look at, the first of it."""
    more: int
    """How much else there is."""
    note: str


def compute(asked: Asked) -> FeedLag:
    """A dozen short statements, and Redis where it answers."""
    lines = [ProjectionLine(one, asked.now) for one in status.statuses()]
    page = ProjectionsPage(lines, clockwork=Clockwork.read(asked.now))
    live = [line for line in page.lines if projector(line.name).live]
    furthest = max(live, key=_behind)
    is_behind = bool(furthest.status.lag_events or furthest.status.unknown_position)
    return FeedLag(
        headline=capfirst(furthest.lag_text),
        name=furthest.title if is_behind else "",
        mood=page.mood,
        icon=page.icon,
        verdict=page.summary,
        needs=page.needs[:SHOWN],
        more=max(0, len(page.needs) - SHOWN),
        note=page.note,
    )


def _behind(line: ProjectionLine) -> tuple[bool, float, int]:
    at = line.status
    return at.unknown_position is not None, at.lag_seconds, at.lag_events
