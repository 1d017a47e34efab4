"""How far the read side is behind the ledger, and whether somebody has to do something about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.text import capfirst

from projections import status
from projections.admin.dashboard.card import Asked
from projections.admin.projection_lines import ProjectionLine, ProjectionsPage
from projections.projectors import projector


@dataclass(frozen=True, slots=True)
class FeedLag:
    """The projection that moves by itself and is furthest behind, and the verdict on all."""

    headline: str
    name: str
    """Of the one that is furthest behind; empty where none is."""
    mood: str
    icon: str
    verdict: str


def compute(asked: Asked) -> FeedLag:
    """A dozen short statements, and Redis where it answers."""
    page = ProjectionsPage([ProjectionLine(one, asked.now) for one in status.statuses()])
    live = [line for line in page.lines if projector(line.name).live]
    furthest = max(live, key=_behind)
    is_behind = bool(furthest.status.lag_events or furthest.status.unknown_position)
    return FeedLag(
        capfirst(furthest.lag_text), furthest.title if is_behind else "", page.mood, page.icon, page.verdict
    )


def _behind(line: ProjectionLine) -> tuple[bool, float, int]:
    at = line.status
    return at.unknown_position is not None, at.lag_seconds, at.lag_events
