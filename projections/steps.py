"""A fare's history as steps to draw: which columns the waterfall has, before it is known where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    """The columns that explain a fare by all events of its booking, in version order.

    None where a sentence says it better: for fewer than two events, when all that counts is one SET, when
    nothing ever rose above or fell below zero.
    """
    if len(events) <= MAX_COLUMNS:
        return _with_total([step_of(event) for event in events])
    first, *others = events[_last_set(events) :]
    return _with_total([step_of(first), *_grouped(others, first.fare)])


def steps_of_components(components: Mapping[str, Decimal]) -> list[Step]:
    """The columns that explain a fare by its breakdown, where its events are too many to read all of them."""
    (name, amount), *others = components.items()
    first = Step(words(name), "", Kind.WHOLE, ZERO, amount)
    columns = _columns({name: [change] for name, change in others}, amount)
    return _with_total([first, *(replace(column, note="") for column in columns)])  # no events to count


def _with_total(columns: list[Step]) -> list[Step]:
    if len(columns) < 2 or not any(column.before or column.after for column in columns):
        return []
    return [*columns, Step(_("fare"), "", Kind.WHOLE, ZERO, columns[-1].after)]


def _last_set(events: Sequence[FareEvent]) -> int:
    """Where the latest SET stands, 0 if there is none. What came before it no longer counts."""
    return max((at for at, event in enumerate(events) if event.type == EventType.SET), default=0)


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


def _grouped(events: Sequence[FareEvent], fare: Decimal) -> list[Step]:
    """A column per component in order of first appearance, from a fare on."""
    changes: dict[str, list[Decimal]] = {}
    for event in events:
        changes.setdefault(event.component, []).append(event.change)
    return _columns(changes, fare)


def _columns(changes: Mapping[str, list[Decimal]], fare: Decimal) -> list[Step]:
    columns = []
    for label, values in _labelled(changes).items():
        after = fare + sum(values, ZERO)
        note = f"{TIMES}{len(values)}" if len(values) > 1 else ""
        columns.append(Step(label, note, _kind(after - fare), fare, after))
        fare = after
    return columns


def _labelled(changes: Mapping[str, list[Decimal]]) -> dict[str, list[Decimal]]:
    """The changes under each component's words; the smallest share an entry beyond `MAX_COLUMNS`."""
    kept = _largest(changes)
    groups = {words(name): changes[name] for name in changes if name in kept}
    others = [change for name, values in changes.items() if name not in kept for change in values]
    if others:
        count = len(changes) - len(kept)
        label = ngettext("%(count)d other component", "%(count)d other components", count)
        groups[label % {"count": count}] = others
    return groups


def _largest(changes: Mapping[str, list[Decimal]]) -> set[str]:
    """The components that get a column of their own."""
    if len(changes) <= MAX_COLUMNS - 1:
        return set(changes)
    by_size = sorted(changes, key=lambda name: abs(sum(changes[name], ZERO)), reverse=True)
    return set(by_size[: MAX_COLUMNS - 2])
