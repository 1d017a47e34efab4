"""Fares in a list, each with the event that it was found by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from events import history
from projections.admin.fare_page import PAGE as EVENTS_ON_A_FARE_PAGE
from projections.event_search import EventHit
from projections.explain import sum_text, terms_of
from projections.models import CurrentFare
from projections.search import Booking
from projections.sql import statement
from projections.wording import NO_BREAK, money_text, words


@dataclass(frozen=True, slots=True)
class FareLine:
    """One fare in a list."""

    booking_id: str
    money: str
    made_of: str
    version: int
    changed_at: datetime
    hit: EventHit | None = None
    """The event that it was found by."""

    @classmethod
    def of(cls, fare: CurrentFare, hit: EventHit | None = None) -> FareLine:
        money = money_text(fare.fare, fare.currency, fare.exponent)
        made_of = _made_of(fare.breakdown, fare.exponent)
        return cls(fare.booking_id, money, made_of, fare.version, fare.last_recorded_at, hit)

    @property
    def anchor(self) -> str:
        """What follows the fare page's address so that it opens at the event."""
        return anchor(self.hit.version, of=self.version) if self.hit else ""

    @property
    def found_by(self) -> str:
        """The event in a few words."""
        if self.hit is None:
            return ""
        said = _("%(component)s · by %(source)s · then %(money)s")
        if self.hit.is_correction:
            said = _("correction of %(component)s · by %(source)s · then %(money)s")
        return said % {
            "component": words(self.hit.component),
            "source": self.hit.source,
            "money": money_text(self.hit.fare, self.hit.currency, self.hit.exponent).replace(" ", NO_BREAK),
        }


def anchor(version: int, *, of: int) -> str:
    """What follows the address of a fare of so many versions so that its page opens at one of them."""
    page = f"?before={version + 1}" if of > EVENTS_ON_A_FARE_PAGE else ""
    return f"{page}#v{version}"


def lines_of(bookings: Sequence[Booking], hits: Mapping[str, EventHit] | None = None) -> list[FareLine]:
    """These fares in their order: as the view has them, of the ledger where it has not come to them yet."""
    hits = hits or {}
    partitions, booking_ids = [place[0] for place in bookings], [place[1] for place in bookings]
    found = CurrentFare.objects.raw(
        statement("fares_of_bookings"), {"partitions": partitions, "booking_ids": booking_ids}
    )
    fares = {fare.booking_id: FareLine.of(fare, hits.get(fare.booking_id)) for fare in found}
    lines = (fares.get(each) or _line_of_ledger(each, hits.get(each)) for each in booking_ids)
    return [line for line in lines if line is not None]


def _line_of_ledger(booking_id: str, hit: EventHit | None) -> FareLine | None:
    head = history.head_of(booking_id)
    if head is None:
        return None  # a row of a view that no event explains: drift, which has its own page
    money = money_text(head.fare, head.currency, head.exponent)
    made_of = _made_of(head.components, head.exponent)
    return FareLine(booking_id, money, made_of, head.version, head.recorded_at, hit)


def _made_of(components: Mapping[str, Decimal], exponent: int) -> str:
    terms = terms_of(components)
    return sum_text(terms, exponent) if terms else _("nothing is due")
