"""Finding a fare by its booking id or a reference in its metadata, by exact look-ups and index ranges only.

An exact id is looked up in the ledger itself, so a booking is found before the view has it. A reference, and the
beginning of an id or a reference, is a range of an index: nothing is counted, and no page costs more than the one
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from events import history
from events.new_event import BOOKING_ID
from projections.explain import sum_text, terms_of
from projections.models import CurrentFare
from projections.search import bookings_with, can_be_a_reference, references_beginning_with
from projections.sql import statement
from projections.wording import money_text, words

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FareSearch:
    """What a search came to: the one booking that was meant (`exact`), or what it may have been."""

    query: str
    exact: str | None = None
    reference: str | None = None
    """The value that all `fares` name in their metadata; None: their booking ids begin with the query."""
    fares: Sequence[FareLine] = ()
    next_after: str | None = None
    """The last booking id of this page, if there are more."""
    references: Sequence[str] = ()
    """Values that begin with the query, each named by some bookings; only where there are no `fares`."""
    tried: Sequence[str] = ()


def search_fares(query: str, *, after: str = "") -> FareSearch:
    """Looks for a booking id, for a reference, for ids that begin so, for references that begin so.

    Each as typed, then in capitals and in small letters. `after`: the last booking id of the page of results before.
    """
    after = after if BOOKING_ID.fullmatch(after) else ""
    exact = None if after else search_exact(query)
    if exact:
        return FareSearch(query=query, exact=exact)
    return (
        _naming(query, after)
        or _beginning_with(query, after)
        or FareSearch(query=query, references=_references(query), tried=_tried(query))
    )


def recent_fares() -> list[FareLine]:
    """The fares changed last, newest first, found by the ends of the ledger's logs, without an index."""
    fares = CurrentFare.objects.raw(statement("recent_fares"), {"tail": TAIL, "limit": PAGE})
    return [FareLine.of(fare) for fare in fares]


def search_exact(query: str) -> str | None:
    """The one booking with this id, or that names this reference; None if there is none, or more than one."""
    return _with_id(query) or _only_one_naming(query)


def search_reference(query: str) -> str | None:
    """The reference as some booking names it: as typed, in capitals or in small letters."""
    return next((value for value in _spellings(query) if bookings_with(value, limit=1)), None)


def _with_id(query: str) -> str | None:
    if not BOOKING_ID.fullmatch(query):
        return None
    return next((spelling for spelling in _spellings(query) if history.head_of(spelling)), None)


def _only_one_naming(query: str) -> str | None:
    reference = search_reference(query)
    bookings = bookings_with(reference, limit=2) if reference else []
    return bookings[0] if len(bookings) == 1 else None


def _naming(query: str, after: str) -> FareSearch | None:
    reference = search_reference(query)
    if reference is None:
        return None
    bounds = {"value": reference, "after": after, "limit": PAGE + 1}
    fares, next_after = _page("fares_by_reference", bounds)
    return FareSearch(query=query, reference=reference, fares=fares, next_after=next_after)


def _beginning_with(query: str, after: str) -> FareSearch | None:
    if not BOOKING_ID.fullmatch(query):
        return None
    for prefix in _spellings(query):
        bounds = {"low": prefix, "high": prefix + _AFTER_ANY_ID, "after": after, "limit": PAGE + 1}
        fares, next_after = _page("fares_by_prefix", bounds)
        if fares:
            return FareSearch(query=query, fares=fares, next_after=next_after)
    return None


def _page(name: str, bounds: dict[str, Any]) -> tuple[list[FareLine], str | None]:
    """A page of fares in order of booking id, and the last id on it if there are more."""
    fares = list(CurrentFare.objects.raw(statement(name), bounds))
    lines = [FareLine.of(fare) for fare in fares[:PAGE]]
    return lines, lines[-1].booking_id if len(fares) > PAGE else None


def _references(query: str) -> list[str]:
    found = (references_beginning_with(prefix, limit=PAGE) for prefix in _spellings(query))
    return next(filter(None, found), [])


def _spellings(query: str) -> list[str]:
    return list(dict.fromkeys((query, query.upper(), query.lower())))


def _tried(query: str) -> list[str]:
    tried = [_no_booking_id()]
    spellings = ", ".join(_spellings(query))
    if BOOKING_ID.fullmatch(query):
        tried = [
            _("a booking with exactly this id, in the ledger: %(ids)s") % {"ids": spellings},
            _("fares whose booking id begins with: %(ids)s") % {"ids": spellings},
        ]
    if can_be_a_reference(query):
        keys = ", ".join(words(key) for key in settings.FAREHISTORY_SEARCH_KEYS)
        tried.append(_("bookings whose metadata names it, or begins with it, as: %(keys)s") % {"keys": keys})
    return tried


def _no_booking_id() -> str:
    return _(
        "nothing by its id, as this cannot be a booking id: those have 1 to 64 letters, digits and . _ : -,"
        " and begin with a letter or a digit"
    )
