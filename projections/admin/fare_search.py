"""Finding a fare by its booking id, by exact look-ups and index ranges only.

An exact id is looked up in the ledger itself, so a booking is found before the view has it. A beginning of an
id is a range of an index of the view: nothing is counted, and no page costs more than the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from events import history
from events.new_event import BOOKING_ID
from projections.explain import sum_text, terms_of
from projections.models import CurrentFare
from projections.sql import statement
from projections.wording import money_text

PAGE = 50
"""Fares on a page of results."""

TAIL = 20
"""Events at the end of each partition's log among which the fares changed last are looked for."""

# Above every character that an id may have, so `prefix` to `prefix~` spans the ids that begin with it.
_AFTER_ANY_ID = "~"


@dataclass(frozen=True, slots=True)
class FareLine:
    """One fare in a list."""

    booking_id: str
    money: str
    made_of: str
    version: int
    changed_at: datetime

    @classmethod
    def of(cls, fare: CurrentFare) -> FareLine:
        terms = terms_of(fare.breakdown)
        return cls(
            booking_id=fare.booking_id,
            money=money_text(fare.fare, fare.currency, fare.exponent),
            made_of=sum_text(terms, fare.exponent) if terms else _("nothing is due"),
            version=fare.version,
            changed_at=fare.last_recorded_at,
        )


@dataclass(frozen=True, slots=True)
class FareSearch:
    """What a search came to: the one booking that was meant (`exact`), or a page of those that it may be."""

    query: str
    exact: str | None
    fares: list[FareLine]
    next_after: str | None
    tried: list[str]


def search_fares(query: str, *, after: str = "") -> FareSearch:
    """Looks for the id as typed, then in capitals and in small letters, then for ids that begin with it.

    `after`: the last booking id of the page of results before.
    """
    if not BOOKING_ID.fullmatch(query):
        return FareSearch(query, None, [], None, [_no_booking_id()])
    after = after if BOOKING_ID.fullmatch(after) else ""
    exact = None if after else search_exact(query)
    if exact:
        return FareSearch(query, exact, [], None, [])
    spellings = _spellings(query)
    for prefix in spellings:
        fares = _beginning_with(prefix, after)
        if fares:
            break
    page = [FareLine.of(fare) for fare in fares[:PAGE]]
    next_after = page[-1].booking_id if len(fares) > PAGE else None
    return FareSearch(query, None, page, next_after, _tried(spellings))


def recent_fares() -> list[FareLine]:
    """The fares changed last, newest first, found by the ends of the ledger's logs, without an index."""
    fares = CurrentFare.objects.raw(statement("recent_fares"), {"tail": TAIL, "limit": PAGE})
    return [FareLine.of(fare) for fare in fares]


def search_exact(query: str) -> str | None:
    """The booking with this id, as typed, in capitals or in small letters; None if there is none."""
    if not BOOKING_ID.fullmatch(query):
        return None
    return next((spelling for spelling in _spellings(query) if history.head_of(spelling)), None)


def _spellings(query: str) -> list[str]:
    return list(dict.fromkeys((query, query.upper(), query.lower())))


def _beginning_with(prefix: str, after: str) -> list[CurrentFare]:
    """A page of fares in order of booking id, and one more if there are more."""
    bounds = {"low": prefix, "high": prefix + _AFTER_ANY_ID, "after": after, "limit": PAGE + 1}
    return list(CurrentFare.objects.raw(statement("fares_by_prefix"), bounds))


def _tried(spellings: list[str]) -> list[str]:
    return [
        _("a booking with exactly this id, in the ledger: %(ids)s") % {"ids": ", ".join(spellings)},
        _("fares whose booking id begins with: %(ids)s") % {"ids": ", ".join(spellings)},
    ]


def _no_booking_id() -> str:
    return _(
        "nothing, as this cannot be a booking id: those have 1 to 64 letters, digits and . _ : -,"
        " and begin with a letter or a digit"
    )
