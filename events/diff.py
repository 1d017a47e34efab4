"""What changed between two states of a booking's fare, per component, and by which events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from events import history
from events.as_of import version_recorded_before
from events.errors import FieldError, InvalidParameter, UnknownEvent
from events.event import FareEvent

Point = int | datetime
"""A version, 0 being before the first event; or a time, for what was recorded before it."""

_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Difference:
    """One component before and after; a component that is not there counts as zero."""

    component: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class FareDiff:
    """Two states of a fare, and what lies between them."""

    head: FareEvent
    """The booking's last event, whatever was compared."""
    before: FareEvent | None
    """The event that made the earlier state; None: there was no fare yet."""
    after: FareEvent | None
    components: list[Difference]
    """All that either state has, first those of the earlier one in its order."""
    events: list[FareEvent]
    """The first of those after `before`, up to `after`, in version order."""
    events_between: int

    @property
    def fares(self) -> Difference:
        """The whole fare before and after."""
        return Difference("", _fare(self.before), _fare(self.after))


def diff(booking_id: str, earlier: Point, later: Point, *, limit: int) -> FareDiff:
    """Compares two states; `limit`: events between them that are read.

    Raises UnknownBooking, UnknownEvent for a version that the booking does not have, InvalidParameter if the later
    state comes before the earlier one.
    """
    head = history.last_of(booking_id)
    first, last = (_version_at(point, head) for point in (earlier, later))
    if first > last:
        detail = f"to (version {last}) must not come before from (version {first})"
        raise InvalidParameter(detail, [FieldError("/to", "before_from", detail)])
    before, after = _event_at(first, head), _event_at(last, head)
    between = last - first  # versions have no gaps, so this many events after the first end at the last
    events = history.events_of(booking_id, after_version=first, limit=min(limit, between)) if between else []
    return FareDiff(
        head=head,
        before=before,
        after=after,
        components=_differences(_breakdown(before), _breakdown(after)),
        events=events,
        events_between=between,
    )


def _version_at(point: Point, head: FareEvent) -> int:
    if isinstance(point, datetime):
        return version_recorded_before(head.booking_id, point)
    if not 0 <= point <= head.version:
        raise UnknownEvent(f"booking {head.booking_id} has no version {point}")
    return point


def _event_at(version: int, head: FareEvent) -> FareEvent | None:
    if version in (0, head.version):
        return head if version else None
    return history.event_of(head.booking_id, version)


def _fare(event: FareEvent | None) -> Decimal:
    return event.fare if event else _NONE


def _breakdown(event: FareEvent | None) -> dict[str, Decimal]:
    return event.components if event else {}


def _differences(before: dict[str, Decimal], after: dict[str, Decimal]) -> list[Difference]:
    names = dict.fromkeys([*before, *after])
    return [Difference(name, before.get(name, _NONE), after.get(name, _NONE)) for name in names]
