"""Finding a fare by whatever is at hand: any id, a part of one, a reference in metadata, an amount, what happened.

An exact id is looked up in the ledger itself, so a booking is found before the view has it. All else is a range of
an index: nothing is counted, and no page costs more than the one before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import ngettext

from events import feed, history
from events.corrections.models import Correction
from events.models import FareEvent
from events.new_event import BOOKING_ID
from events.partitions import partition_of
from projections import event_search, search
from projections.admin.amount_terms import AmountTerms, amount_terms
from projections.admin.fare_lines import FareLine, lines_of
from projections.admin.pasted import ids_in, tidied
from projections.admin.search_words import spellings, tried
from projections.event_filter import EventFilter
from projections.fare_states import State, bookings_in_state
from projections.models import CurrentFare
from projections.receipts import has_receipt
from projections.search import (
    Booking,
    bookings_beginning_with,
    bookings_with,
    references_beginning_with,
)
from projections.sql import statement

PAGE = 50
"""Fares on a page of results."""

NARROWED: Final = 500
"""Bookings of a list of ids that a page looks at, at most, for those that meet the filters."""

TAIL = 20
"""Events at the end of each partition's log among which the fares changed last are looked for."""

_TRANSACTION_ID: Final = re.compile(
    r"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(?:\1[0-9A-Fa-f]{4}){2}\1[0-9A-Fa-f]{12}"
)
_RECEIPT: Final = re.compile(r"(.{1,64})-[Rr]([1-9][0-9]{0,8})")
_EVENT: Final = re.compile(r"([1-9][0-9]{0,8})-([0-9]{1,3})-([1-9][0-9]{0,17})")


class Candidates(Protocol):
    """The next bookings of a list: after an id, at most so many, in byte order of their ids."""

    def __call__(self, *, after: str, limit: int) -> Sequence[Booking]: ...


class Kind(StrEnum):
    """What was found to have been typed: what the fares of a list have in common."""

    BOOKING = "booking"
    REFERENCE = "reference"
    BEGINNING = "beginning"
    PART = "part"
    TRANSACTION = "transaction"
    CORRECTION = "correction"
    RECEIPT = "receipt"
    EVENT = "event"
    AMOUNT = "amount"
    FILTERS = "filters"


@dataclass(frozen=True, slots=True, kw_only=True)
class FareSearch:
    """What a search came to: the one booking that was meant (`exact`), or what it may have been."""

    query: str = ""
    exact: str | None = None
    version: int | None = None
    """The event of it that was meant."""
    amount: AmountTerms | None = None
    """What was typed is an amount: there is a list of such fares."""
    kind: Kind | None = None
    """None: nothing was found by any."""
    reference: str | None = None
    """The value that all `fares` name in their metadata."""
    fares: Sequence[FareLine] = ()
    next_after: str | None = None
    """Where the next page begins, if there is one."""
    looked_back_to: datetime | None = None
    """Where the search broke off for now, with the page not full."""
    references: Sequence[str] = ()
    """Values that begin with the query, each named by some bookings; only where there are no `fares`."""
    asks: str = ""
    """What to type more of."""
    tried: Sequence[str] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was found, by anything."""
        return self.kind is None and not self.references

    @property
    def shows_events(self) -> bool:
        """Whether the fares were found by an event."""
        return any(line.hit for line in self.fares)


def search_pasted(query: str, **narrowed: Any) -> FareSearch:
    """As `search_fares`; where nothing is found, without what stood around an id or cannot be seen; last, by the ids
    among the words of a longer text."""
    found = search_fares(query, **narrowed)
    if not found.is_nothing:
        return found
    plain = tidied(query)
    if plain not in ("", query):
        found = search_fares(plain, **narrowed)
        if not found.is_nothing:
            return found
    named = {each.exact: each for word in ids_in(query) if (each := search_exact(word)) and each.exact}
    if len(named) == 1:
        return next(iter(named.values()))
    places = [(partition_of(booking_id), booking_id) for booking_id in named]
    return FareSearch(query=query, kind=Kind.BOOKING, fares=lines_of(places)) if places else found


def search_fares(
    query: str,
    *,
    filters: EventFilter = EventFilter(),  # noqa: B008 - a constant
    state: State | None = None,
    after: str = "",
    part: bool = False,
    today: date | None = None,
) -> FareSearch:
    """Looks for what was typed, as it was typed, in capitals and in small letters: a booking id, a reference, a
    transaction id, an amount, ids that begin so, ids with it in the middle (`part`: only these), references that
    begin so. Lists are narrowed by the filters; without a query they are all there is. The only one that what was typed
    can mean is `exact`.

    `after`: the `next_after` of the page before. `today`: for "yesterday".
    """
    if not query:
        return _in_state(state, filters, after) if state else _by_filters(filters, after)
    is_first_page = not after
    after = after if BOOKING_ID.fullmatch(after) else ""
    if is_first_page and not part and (exact := _exact(query)):
        return exact
    terms = amount_terms(query, today=today or date.today())  # noqa: DTZ011 - the server's
    if terms and not terms.is_plain:
        return FareSearch(query=query, kind=Kind.AMOUNT, amount=terms)
    ways = [_with_part] if part else [_naming, _beginning_with, _with_part]
    found = next(filter(None, (way(query, filters, after) for way in ways)), None)
    if found is None and terms:
        return FareSearch(query=query, kind=Kind.AMOUNT, amount=terms)
    if found is None:
        return FareSearch(query=query, references=_references(query), tried=tried(query))
    return meant(found) if is_first_page else found


def meant(found: FareSearch) -> FareSearch:
    """The search with the one fare of its list as `exact`, if it is the only one."""
    if len(found.fares) != 1 or found.next_after:
        return found
    (line,) = found.fares
    return replace(found, exact=line.booking_id, version=line.hit.version if line.hit else None)


def recent_fares() -> list[FareLine]:
    """The fares changed last, newest first, found by the ends of the ledger's logs, without an index."""
    fares = CurrentFare.objects.raw(statement("recent_fares"), {"tail": TAIL, "limit": PAGE})
    return [FareLine.of(fare) for fare in fares]


def search_exact(query: str) -> FareSearch | None:
    """The one booking with this id, or that names this reference, or has the receipt of this number, or the event of
    this id or transaction id, or the correction of this id; None if there is none, or more than one."""
    if booking_id := _with_id(query):
        return FareSearch(query=query, kind=Kind.BOOKING, exact=booking_id)
    if booking_id := _only_one_naming(query):
        return FareSearch(query=query, kind=Kind.REFERENCE, exact=booking_id)
    events = search_transaction(query)
    if len(events) == 1:
        ((_, booking_id, version),) = events
        return FareSearch(query=query, kind=Kind.TRANSACTION, exact=booking_id, version=version)
    ways = (_with_receipt, _with_event, _with_correction)
    return None if events else next(filter(None, (way(query) for way in ways)), None)


def _with_receipt(query: str) -> FareSearch | None:
    if not (typed := _RECEIPT.fullmatch(query)):
        return None
    booking_id = _with_id(typed[1])
    if booking_id is None or not has_receipt(booking_id, int(typed[2])):
        return None
    return FareSearch(query=query, kind=Kind.RECEIPT, exact=booking_id)


def _with_event(query: str) -> FareSearch | None:
    """By the id that it has in the streams."""
    if not (typed := _EVENT.fullmatch(query)):
        return None
    epoch, partition, position = (int(number) for number in typed.groups())
    if epoch != feed.identity().epoch:
        return None
    event = FareEvent.objects.filter(partition=partition, position=position).first()
    if event is None:
        return None
    return FareSearch(query=query, kind=Kind.EVENT, exact=event.booking_id, version=event.version)


def _with_correction(query: str) -> FareSearch | None:
    """One that waits, or was not approved: an approved one has its id from its event."""
    if not _TRANSACTION_ID.fullmatch(query):
        return None
    correction = Correction.objects.filter(id=UUID(query)).first()
    if correction is None:
        return None
    return FareSearch(query=query, kind=Kind.CORRECTION, exact=correction.booking_id)


def search_reference(query: str) -> str | None:
    """The reference as some booking names it: as typed, in capitals or in small letters."""
    return next((value for value in spellings(query) if bookings_with(value, limit=1)), None)


def search_transaction(query: str) -> list[tuple[int, str, int]]:
    """Partition, booking id and version of the events of this transaction id: as a rule one."""
    if not _TRANSACTION_ID.fullmatch(query):
        return []
    return event_search.events_of_transaction(UUID(query), limit=PAGE)


def _exact(query: str) -> FareSearch | None:
    """The one that is meant, or the bookings that had the same transaction id."""
    if (exact := search_exact(query)) or not (events := search_transaction(query)):
        return exact
    fares = lines_of([(partition, booking_id) for partition, booking_id, _version in events])
    return FareSearch(query=query, kind=Kind.TRANSACTION, fares=fares)


def _with_id(query: str) -> str | None:
    if not BOOKING_ID.fullmatch(query):
        return None
    return next((spelling for spelling in spellings(query) if history.head_of(spelling)), None)


def _only_one_naming(query: str) -> str | None:
    reference = search_reference(query)
    bookings = bookings_with(reference, limit=2) if reference else []
    return bookings[0][1] if len(bookings) == 1 else None


def _naming(query: str, filters: EventFilter, after: str) -> FareSearch | None:
    reference = search_reference(query)
    if reference is None:
        return None
    found = FareSearch(query=query, kind=Kind.REFERENCE, reference=reference)
    return _narrowed(found, partial(bookings_with, reference), filters, after)


def _beginning_with(query: str, filters: EventFilter, after: str) -> FareSearch | None:
    if not BOOKING_ID.fullmatch(query):
        return None
    found = FareSearch(query=query, kind=Kind.BEGINNING)
    for prefix in spellings(query):
        if bookings_beginning_with(prefix, after=after, limit=1):
            return _narrowed(found, partial(bookings_beginning_with, prefix), filters, after)
    return None


def _with_part(query: str, filters: EventFilter, after: str) -> FareSearch | None:
    found = FareSearch(query=query, kind=Kind.PART)
    if not search.can_be_a_part(query):
        return None
    most = NARROWED if filters else PAGE
    ids = search.bookings_with_part(query, after=after, limit=most + 1)
    if ids.too_many:
        return replace(found, asks=_too_many())
    if not ids.bookings:
        return None
    return _narrowed(found, lambda *, after, limit: ids.bookings[:limit], filters, after)


def _in_state(state: State, filters: EventFilter, after: str) -> FareSearch:
    after = after if BOOKING_ID.fullmatch(after) else ""
    return _narrowed(FareSearch(kind=Kind.FILTERS), partial(bookings_in_state, state), filters, after)


def _by_filters(filters: EventFilter, after: str) -> FareSearch:
    order = event_search.order_of(filters)
    hits = event_search.find(filters, after=_key_of(after, order), limit=PAGE)
    lines = lines_of(
        [(hit.partition, hit.booking_id) for hit in hits.events], {hit.booking_id: hit for hit in hits.events}
    )
    return FareSearch(
        kind=Kind.FILTERS,
        fares=lines,
        next_after=_text_of(hits.next_after),
        looked_back_to=hits.looked_back_to,
    )


def _narrowed(found: FareSearch, candidates: Candidates, filters: EventFilter, after: str) -> FareSearch:
    """The search with its page of fares: of the candidates those that meet the filters."""
    most = NARROWED if filters else PAGE
    places = candidates(after=after, limit=most + 1)
    looked_at = places[:most]
    hits = event_search.newest_meeting(filters, looked_at) if filters and looked_at else {}
    kept = [place for place in looked_at if place[1] in hits] if filters else looked_at
    last = kept[PAGE - 1] if len(kept) > PAGE else looked_at[-1] if len(places) > most else None
    return replace(found, fares=lines_of(kept[:PAGE], hits), next_after=last and last[1])


def _references(query: str) -> list[str]:
    found = (references_beginning_with(prefix, limit=PAGE) for prefix in spellings(query))
    return next(filter(None, found), [])


def _too_many() -> str:
    most = search.MOST_WITH_PART
    said = ngettext(
        "More than %(most)s booking has this in its id. Type more of the id.",
        "More than %(most)s bookings have this in their ids. Type more of the id.",
        most,
    )
    return said % {"most": f"{most:,}"}


def _text_of(key: tuple[Any, ...] | None) -> str | None:
    """A place in a list, for an address."""
    if key is None:
        return None
    return ",".join(each.isoformat() if isinstance(each, datetime) else str(each) for each in key)


def _key_of(text: str, order: Sequence[str]) -> tuple[Any, ...] | None:
    """The place that an address names; None, for the first page, if it names none in this order."""
    words = text.split(",")
    if len(words) != len(order):
        return None
    *fare, recorded_at, partition, booking_id, version = words
    try:
        at = parse_datetime(recorded_at)
        numbers = [int(word) for word in (*fare, partition, version)]
    except ValueError:
        return None
    if at is None or at.tzinfo is None or not BOOKING_ID.fullmatch(booking_id):
        return None
    if any(abs(number) >= 2**63 for number in numbers):
        return None
    return (*numbers[:-2], at, numbers[-2], booking_id, numbers[-1])
