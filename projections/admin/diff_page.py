"""Two states of a fare side by side: what a person asks for, and what is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from events.admin.instant_field import InstantField
from events.diff import Difference, FareDiff, Point, diff
from events.errors import InvalidParameter
from events.event import FareEvent
from events.hash_check import check_hashes
from projections.admin.as_of_form import VersionField
from projections.admin.event_lines import EventLine, lines_of
from projections.explain import explain_fare, explain_past_fare
from projections.steps import Kind
from projections.wording import amount_text, capitalised, signed_text

PAGE = 100
"""Events in between that are shown."""


class DiffForm(forms.Form):
    """`from` and `to` are versions, `from_time` and `to_time` what we knew then. Empty: the last change."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields |= {
            "from": VersionField(0),
            "from_time": InstantField(),
            "to": VersionField(0),
            "to_time": InstantField(),
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("from", "to"):
            if cleaned.get(name) is not None and cleaned.get(f"{name}_time"):
                self.add_error(name, _("Give a version or a time, not both."))
        return cleaned

    def points(self, head: int) -> tuple[Point, Point]:
        """The two states, the one that was left empty being the latest, or the one before the other."""
        given = self.cleaned_data
        later: Point = _first_given(given["to_time"], given["to"], head)
        before_that = max(later - 1, 0) if isinstance(later, int) else 0
        return _first_given(given["from_time"], given["from"], before_that), later


def _first_given(time: datetime | None, version: int | None, otherwise: int) -> Point:
    if time is not None:
        return time
    return otherwise if version is None else version


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A component in both states, in words."""

    name: str
    before: str
    after: str
    change: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class StateLine:
    """One of the two states."""

    version: int
    """0: there was no fare yet."""
    amount: str
    sentence: str
    event: FareEvent | None


@dataclass(frozen=True, slots=True)
class DiffPage:
    """What is shown of two states."""

    diff: FareDiff
    events: list[EventLine]
    turned: bool = False
    """Whether the later state was asked for as the first: the earlier one is shown before it all the same."""

    @property
    def before(self) -> StateLine:
        return self._state(self.diff.before, self.diff.fares.before)

    @property
    def after(self) -> StateLine:
        return self._state(self.diff.after, self.diff.fares.after)

    @property
    def components(self) -> list[DifferenceLine]:
        return [self._line(capitalised(each.component), each) for each in self.diff.components]

    @property
    def fare(self) -> DifferenceLine:
        return self._line(_("Fare"), self.diff.fares)

    @property
    def more(self) -> int:
        """Events in between that are not shown."""
        return self.diff.events_between - len(self.events)

    @property
    def more_text(self) -> str:
        return amount_text(Decimal(self.more), 0)

    def _state(self, event: FareEvent | None, fare: Decimal) -> StateLine:
        head = self.diff.head
        amount = amount_text(fare, head.exponent)
        if event is None:
            return StateLine(0, amount, _("There was no fare yet."), None)
        explain = explain_fare if event.version == head.version else explain_past_fare
        sentence = explain(event.components, head.currency, head.exponent)
        return StateLine(event.version, amount, sentence, event)

    def _line(self, name: str, each: Difference) -> DifferenceLine:
        exponent = self.diff.head.exponent
        kind = Kind.SAME if not each.change else Kind.UP if each.change > 0 else Kind.DOWN
        return DifferenceLine(
            name=name,
            before=amount_text(each.before, exponent),
            after=amount_text(each.after, exponent),
            change=signed_text(each.change, exponent),
            kind=kind,
        )


def read_diff_page(booking_id: str, one: Point, other: Point) -> DiffPage:
    """Compares two states, whichever is the earlier. Raises UnknownBooking, UnknownEvent."""
    turned = False
    try:
        found = diff(booking_id, one, other, limit=PAGE)
    except InvalidParameter:  # the other way round
        found, turned = diff(booking_id, other, one, limit=PAGE), True
    return DiffPage(found, lines_of(found.events, check_hashes(found.events)), turned)
