"""A fare's history as steps to draw: which columns the waterfall has, before it is known where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.event import EventType, FareEvent
from projections.wording import TIMES, words

MAX_COLUMNS = 12
"""Up to so many events each get a column; more are grouped by component."""

ZERO = Decimal(0)


class Kind(StrEnum):
    """What a column shows, and its colour: a whole fare stands on zero, a change floats between two fares."""

    WHOLE = "whole"
    UP = "up"
    DOWN = "down"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Step:
    """One column: the fare goes from `before` to `after`. A whole fare starts at zero."""

    label: str
    note: str
    kind: Kind
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


def steps_of(events: Sequence[FareEvent]) -> list[Step]:
    """The columns that explain the fare after the last of these events of one booking, in version order.

    None where a sentence says it better: for fewer than two events, when all that counts is one SET, when
    nothing ever rose above or fell below zero.
    If the events do not begin with a SET (the latest of a long history), the fare before them comes first.
    """
    columns = _one_each(events) if len(events) <= MAX_COLUMNS else _grouped(events[_last_set(events) :])
    if len(columns) < 2 or not any(column.before or column.after for column in columns):
        return []
    return [*columns, Step(_("fare"), "", Kind.WHOLE, ZERO, events[-1].fare)]


def _one_each(events: Sequence[FareEvent]) -> list[Step]:
    return [*_opening(events), *(step_of(event) for event in events)]


def _last_set(events: Sequence[FareEvent]) -> int:
    """Where the latest SET stands, 0 if there is none. What came before it no longer counts."""
    return max((at for at, event in enumerate(events) if event.type == EventType.SET), default=0)


def _opening(events: Sequence[FareEvent]) -> list[Step]:
    """The fare before the first event, unless that is a SET, which needs none."""
    if not events or events[0].type == EventType.SET:
        return []
    first = events[0]
    label = _("fare at version %(version)d") % {"version": first.version - 1}
    return [Step(label, "", Kind.WHOLE, ZERO, first.fare - first.change)]


def step_of(event: FareEvent) -> Step:
    """An event's own column."""
    note = f"v{event.version}"
    if event.type == EventType.SET:
        return Step(words(event.component), note, Kind.WHOLE, ZERO, event.fare)
    return Step(words(event.component), note, _kind(event.change), event.fare - event.change, event.fare)


def _kind(change: Decimal) -> Kind:
    if change == 0:
        return Kind.SAME
    return Kind.UP if change > 0 else Kind.DOWN


def _grouped(events: Sequence[FareEvent]) -> list[Step]:
    """The first event if it is a SET, then a column per component in order of first appearance."""
    head = [step_of(events[0])] if events[0].type == EventType.SET else _opening(events)
    columns = []
    fare = head[0].after
    for label, changes in _by_component(events[1:] if events[0].type == EventType.SET else events).items():
        after = fare + sum(changes, ZERO)
        note = f"{TIMES}{len(changes)}" if len(changes) > 1 else ""
        columns.append(Step(label, note, _kind(after - fare), fare, after))
        fare = after
    return [*head, *columns]


def _by_component(events: Sequence[FareEvent]) -> dict[str, list[Decimal]]:
    """The changes under each component's words; the smallest share an entry beyond `MAX_COLUMNS`."""
    changes: dict[str, list[Decimal]] = {}
    for event in events:
        changes.setdefault(event.component, []).append(event.change)
    kept = _largest(changes)
    groups = {words(name): changes[name] for name in changes if name in kept}
    others = [change for name, values in changes.items() if name not in kept for change in values]
    if others:
        count = len(changes) - len(kept)
        label = ngettext("%(count)d other component", "%(count)d other components", count)
        groups[label % {"count": count}] = others
    return groups


def _largest(changes: dict[str, list[Decimal]]) -> set[str]:
    """The components that get a column of their own."""
    if len(changes) <= MAX_COLUMNS - 1:
        return set(changes)
    by_size = sorted(changes, key=lambda name: abs(sum(changes[name], ZERO)), reverse=True)
    return set(by_size[: MAX_COLUMNS - 2])
