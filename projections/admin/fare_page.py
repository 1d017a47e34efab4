"""What the fare page shows: the ledger's fare, how it came about, and whether the view agrees with it.

Or the fare as it was: then what was known or had happened by then, and nothing of the view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.db import connection

from events import history
from events.as_of import Bounds, FareAsOf, events_as_of, fare_as_of
from events.errors import UnknownBooking
from events.event import FareEvent
from events.hash_check import HashCheck, check_hashes
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections.admin.as_of_form import as_of_query
from projections.admin.event_lines import EventLine, lines_of
from projections.explain import (
    explain_fare,
    explain_past_fare,
    explain_stated_total,
    sum_text,
    terms_of,
    text_for_the_customer,
)
from projections.models import CurrentFare, Receipt
from projections.projectors.current_fare import CurrentFareProjector
from projections.same_customer import SameCustomer, same_customer
from projections.sql import statement
from projections.steps import Kind, steps_of, steps_of_components
from projections.waterfall import Waterfall, lay_out
from projections.wording import amount_text, money_text, words

PAGE = 100
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FarePage:
    """A page of a booking's history under its fare. All values are the ledger's, except `view`."""

    head: FareEvent
    """The booking's last event, also where an earlier state is shown."""
    shown: FareAsOf
    """The state that is shown."""
    bounds: Bounds
    """What makes it a past one."""
    events: Sequence[FareEvent]
    has_older: bool
    """Whether there are events before these."""
    checks: Mapping[int, HashCheck] = field(default_factory=dict)
    """Of their hashes, by version."""
    customer: SameCustomer | None = None
    view: CurrentFare | None = None
    set_aside: Sequence[str] = ()
    """The projections that could not take an event of this booking."""
    receipts: Sequence[Receipt] = ()
    """The latest that were issued, the newest first; without their documents."""

    @property
    def is_past(self) -> bool:
        """Whether it is the fare as it was, and not as it is."""
        return bool(self.bounds)

    @property
    def lacks_receipt(self) -> bool:
        """Whether the fare as it is now has none."""
        return not self.receipts or self.receipts[0].version < self.head.version

    @property
    def booking_id(self) -> str:
        return self.head.booking_id

    @property
    def amount(self) -> str:
        return amount_text(self.shown.fare, self.head.exponent)

    @property
    def sentence(self) -> str:
        components, currency, exponent = self.shown.components, self.head.currency, self.head.exponent
        if self.is_past:
            return explain_past_fare(components, currency, exponent, complete=self.shown.complete)
        return explain_fare(components, currency, exponent)

    @property
    def customer_text(self) -> str:
        """The fare of now, to be pasted into a message."""
        head = self.head
        return text_for_the_customer(head.booking_id, head.components, head.currency, head.exponent)

    @property
    def stated_total_sentence(self) -> str | None:
        return explain_stated_total(self.events, self.shown.fare)

    @property
    def is_latest(self) -> bool:
        """Whether this page ends with the state's last event, not further back in a long history."""
        return self.events[-1].version == self.shown.last.version

    @property
    def waterfall(self) -> Waterfall | None:
        """The chart of the fare that is shown, so only on the latest page."""
        if not self.is_latest:
            return None
        steps = steps_of_components(self.shown.components) if self.has_older else steps_of(self.events)
        return lay_out(steps, self.head.exponent)

    @property
    def broken_versions(self) -> list[int]:
        """Those of these events whose hash does not hold."""
        return sorted(version for version, check in self.checks.items() if not check.holds)

    @property
    def components(self) -> list[ComponentLine]:
        return [self._component(name, amount) for name, amount in self.shown.components.items()]

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
        return lines_of(self.events, self.checks)

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
        return self.events[0].version if self.has_older else None

    @property
    def older(self) -> int | None:
        """How many events came before these; None where some of them do not count, and so were not counted."""
        return None if self.bounds.occurred_before else self.events[0].version - 1

    @property
    def older_text(self) -> str:
        return amount_text(Decimal(self.older or 0), 0)

    @property
    def oldest_before(self) -> int | None:
        """Where the page with the first events ends, if that is not the page before this one."""
        return PAGE + 1 if self.older is not None and self.older > PAGE else None

    @property
    def is_still_so(self) -> bool:
        """Whether a past state is that of now: nothing has been recorded since, and all of it counts."""
        return (self.shown.last.version, self.shown.components) == (self.head.version, self.head.components)

    @property
    def newer_before(self) -> int | None:
        """Where the page with the events after these ends."""
        return None if self.is_latest else min(self.events[-1].version + PAGE, self.shown.last.version) + 1

    @property
    def same_again(self) -> str:
        """The query that shows this state whatever is appended later."""
        return as_of_query(self.bounds or Bounds(version=self.head.version))

    @property
    def then(self) -> str:
        """What a link within the page begins with so that the same state is shown."""
        query = as_of_query(self.bounds)
        return f"{query}&" if query else ""

    @property
    def anchor_query(self) -> str:
        """What makes the link to a row stay with it: in a long history the pages move as events are added."""
        return f"?{self.then}before={self.events[-1].version + 1}" if self.head.version > PAGE else ""

    @property
    def previous_version(self) -> int:
        """The version before the one that is shown; 0 before the first."""
        return self.shown.last.version - 1

    @property
    def next_version(self) -> int | None:
        """The version after the one that is shown; None after the latest."""
        return self.shown.last.version + 1 if self.shown.last.version < self.head.version else None


def read_fare_page(booking_id: str, *, bounds: Bounds | None = None, before: int | None = None) -> FarePage:
    """The latest events of a booking, or the latest before a version; within bounds, of the fare as it was.

    Raises UnknownBooking also for what cannot be a booking id, and what `fare_as_of` raises. The view is read first:
    if it is ahead of the ledger, that is drift, and not an event that came between the two reads.
    """
    if not BOOKING_ID.fullmatch(booking_id):
        raise UnknownBooking(f"{booking_id!r} cannot be a booking id")
    bounds = bounds or Bounds()
    view = None if bounds else _view_of(booking_id)
    head = history.last_of(booking_id)
    shown = fare_as_of(booking_id, bounds) if bounds else FareAsOf.after(head)
    last = shown.last.version
    if before and before > shown.first_version:
        last = min(before - 1, last)
    events = events_as_of(booking_id, bounds, before_version=last + 1, limit=PAGE + 1)
    page = events[-PAGE:]
    return FarePage(
        head=head,
        shown=shown,
        bounds=bounds,
        events=page,
        has_older=len(events) > PAGE,
        checks=check_hashes(page),
        customer=same_customer(booking_id),
        view=view,
        set_aside=() if bounds else _set_aside_in(booking_id),
        receipts=() if bounds else _receipts_of(booking_id),
    )


def _view_of(booking_id: str) -> CurrentFare | None:
    return CurrentFare.objects.filter(partition=partition_of(booking_id), booking_id=booking_id).first()


def _receipts_of(booking_id: str) -> list[Receipt]:
    issued = Receipt.objects.filter(partition=partition_of(booking_id), booking_id=booking_id)
    return list(issued.defer("document").order_by("-sequence")[:MAX_RECEIPTS])


def _set_aside_in(booking_id: str) -> list[str]:
    with connection.cursor() as cursor:
        place: dict[str, int | str] = {"partition": partition_of(booking_id), "booking_id": booking_id}
        cursor.execute(statement("set_aside_of_booking"), place)
        return [name for (name,) in cursor.fetchall()]
