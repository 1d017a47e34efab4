"""What the fare page shows: the ledger's fare, how it came about, and whether the view agrees with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.db import connection

from events import history
from events.errors import UnknownBooking
from events.event import FareEvent
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections.explain import explain_event, explain_fare, explain_stated_total, sum_text, terms_of
from projections.models import CurrentFare, Receipt
from projections.projectors.current_fare import CurrentFareProjector
from projections.sql import statement
from projections.steps import Kind, steps_of, steps_of_components
from projections.waterfall import RowBar, Waterfall, lay_out, row_bars
from projections.wording import amount_text, money_text, signed_text, words

PAGE = 200
"""Events on one page. A longer history is read in pages, latest first."""

MAX_COMPONENTS = 10
SHOWN_COMPONENTS = 8
"""Of more than `MAX_COMPONENTS`, so many are shown at once."""

MAX_RECEIPTS = 10
"""Receipts that are linked, the latest first."""


class ViewState(StrEnum):
    """How the view stands to the ledger."""

    CURRENT = "current"
    BEHIND = "behind"
    DRIFT = "drift"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """One component's total."""

    name: str
    amount: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event's row: the event, and what is said and drawn of it."""

    event: FareEvent
    sentence: str
    change: str
    fare: str
    bar: RowBar

    @property
    def has_metadata(self) -> bool:
        """Whether there is something to open; what was erased says so when opened."""
        return self.event.metadata_text != "{}"

    @property
    def happened_earlier(self) -> bool:
        """Whether the client gave a time of its own, at least a second from when it was recorded."""
        return abs((self.event.recorded_at - self.event.occurred_at).total_seconds()) >= 1


@dataclass(frozen=True, slots=True)
class FarePage:
    """A page of a booking's history under its fare. All values are the ledger's, except `view`."""

    head: FareEvent
    view: CurrentFare | None
    events: Sequence[FareEvent]
    set_aside: Sequence[str] = ()
    """The projections that could not take an event of this booking."""
    receipts: Sequence[Receipt] = ()
    """The latest that were issued, the newest first; without their documents."""

    @property
    def lacks_receipt(self) -> bool:
        """Whether the fare as it is now has none."""
        return not self.receipts or self.receipts[0].version < self.head.version

    @property
    def booking_id(self) -> str:
        return self.head.booking_id

    @property
    def amount(self) -> str:
        return amount_text(self.head.fare, self.head.exponent)

    @property
    def sentence(self) -> str:
        return explain_fare(self.head.components, self.head.currency, self.head.exponent)

    @property
    def stated_total_sentence(self) -> str | None:
        return explain_stated_total(self.events, self.head.fare)

    @property
    def is_latest(self) -> bool:
        """Whether this page ends with the latest event, not further back in a long history."""
        return self.events[-1].version == self.head.version

    @property
    def waterfall(self) -> Waterfall | None:
        """The chart of the fare as it is now, so only on the latest page."""
        if not self.is_latest:
            return None
        steps = steps_of_components(self.head.components) if self.older else steps_of(self.events)
        return lay_out(steps, self.head.exponent)

    @property
    def components(self) -> list[ComponentLine]:
        return [self._component(name, amount) for name, amount in self.head.components.items()]

    @property
    def shown_components(self) -> list[ComponentLine]:
        lines = self.components
        return lines if len(lines) <= MAX_COMPONENTS else lines[:SHOWN_COMPONENTS]

    @property
    def more_components(self) -> list[ComponentLine]:
        """Those that are shown when asked for."""
        return self.components[len(self.shown_components) :]

    def _component(self, name: str, amount: Decimal) -> ComponentLine:
        kind = Kind.SAME if amount == 0 else Kind.UP if amount > 0 else Kind.DOWN
        return ComponentLine(words(name), amount_text(amount, self.head.exponent), kind)

    @property
    def lines(self) -> list[EventLine]:
        bars = row_bars(self.events)
        return [_line(event, bar) for event, bar in zip(self.events, bars, strict=True)]

    @property
    def state(self) -> ViewState:
        view = self.view
        if CurrentFareProjector.name in self.set_aside:
            return ViewState.SET_ASIDE
        if view is None or view.version < self.head.version:
            return ViewState.BEHIND
        same = (view.version, view.fare, view.breakdown) == (
            self.head.version,
            self.head.fare,
            self.head.components,
        )
        return ViewState.CURRENT if same else ViewState.DRIFT

    @property
    def set_aside_elsewhere(self) -> list[str]:
        """Other projections that lack events of this booking, in words."""
        return [words(name) for name in self.set_aside if name != CurrentFareProjector.name]

    @property
    def events_behind(self) -> int:
        return self.head.version - (self.view.version if self.view else 0)

    @property
    def fare_in_view(self) -> str | None:
        view = self.view
        return money_text(view.fare, view.currency, view.exponent) if view else None

    @property
    def sums(self) -> tuple[str, str] | None:
        """How the ledger and the view make up the fare, to compare where they differ."""
        view, exponent = self.view, self.head.exponent
        if view is None:
            return None
        ledger = sum_text(terms_of(self.head.components), exponent)
        return ledger, sum_text(terms_of(view.breakdown), view.exponent)

    @property
    def fare_in_ledger(self) -> str:
        return money_text(self.head.fare, self.head.currency, self.head.exponent)

    @property
    def older_before(self) -> int | None:
        """Where the page with the events before these ends."""
        return self.events[0].version if self.older else None

    @property
    def older(self) -> int:
        """How many events came before these."""
        return self.events[0].version - 1

    @property
    def older_text(self) -> str:
        return amount_text(Decimal(self.older), 0)

    @property
    def newer_before(self) -> int | None:
        """Where the page with the events after these ends."""
        return None if self.is_latest else min(self.events[-1].version + PAGE, self.head.version) + 1

    @property
    def anchor_query(self) -> str:
        """What makes the link to a row stay with it: in a long history the pages move as events are added."""
        return f"?before={self.events[-1].version + 1}" if self.head.version > PAGE else ""


def _line(event: FareEvent, bar: RowBar) -> EventLine:
    return EventLine(
        event=event,
        sentence=explain_event(event),
        change=signed_text(event.change, event.exponent),
        fare=amount_text(event.fare, event.exponent),
        bar=bar,
    )


def read_fare_page(booking_id: str, *, before: int | None = None) -> FarePage:
    """The latest events of a booking, or the latest before a version.

    Raises UnknownBooking also for what cannot be a booking id. The view is read first: if it is ahead of the
    ledger, that is drift, and not an event that came between the two reads.
    """
    if not BOOKING_ID.fullmatch(booking_id):
        raise UnknownBooking(f"{booking_id!r} cannot be a booking id")
    view = CurrentFare.objects.filter(partition=partition_of(booking_id), booking_id=booking_id).first()
    head = history.head_of(booking_id)
    if head is None:
        raise UnknownBooking(f"the ledger has no event of {booking_id}")
    last = min(before - 1, head.version) if before and before > 1 else head.version
    events = history.events_of(booking_id, before_version=last + 1, limit=PAGE)
    return FarePage(head, view, events, _set_aside_in(booking_id), _receipts_of(booking_id))


def _receipts_of(booking_id: str) -> list[Receipt]:
    issued = Receipt.objects.filter(partition=partition_of(booking_id), booking_id=booking_id)
    return list(issued.defer("document").order_by("-sequence")[:MAX_RECEIPTS])


def _set_aside_in(booking_id: str) -> list[str]:
    with connection.cursor() as cursor:
        place: dict[str, int | str] = {"partition": partition_of(booking_id), "booking_id": booking_id}
        cursor.execute(statement("set_aside_of_booking"), place)
        return [name for (name,) in cursor.fetchall()]
