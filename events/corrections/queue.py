"""The corrections as lists, by pages: every list is served by an index, none is counted in whole."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from events.corrections.models import Correction, Needs, State
from events.partitions import partition_of

MAX_PAGE: Final = 200
COUNTED: Final = 99
"""Corrections that wait are counted up to so many and one more: "99+"."""


class Standing(StrEnum):
    """How corrections stand, as lists tell them apart: of those that are proposed, whether there is still time."""

    WAITING = "waiting"
    EXPIRED = "expired"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Page:
    """Corrections in order, and the cursor of the page after; None on the last."""

    results: list[Correction]
    next: str | None


def page(
    *,
    state: State | str | None = None,
    standing: Standing | None = None,
    booking_id: str | None = None,
    proposed_by: int | None = None,
    not_by: int | None = None,
    oldest_first: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Corrections by booking, state, maker or who is not their maker, the newest first unless told otherwise.

    Those that wait, and those that waited too long, stand in the order in which they expire: that of their proposals,
    unless `FAREHISTORY_CORRECTION_EXPIRES` was changed meanwhile. So the many that nobody ever decided are passed by.
    `after` is the `next` of a page in the same order; raises ValueError if it is not one.
    """
    found = Correction.objects.all()
    if booking_id is not None:
        found = found.filter(partition=partition_of(booking_id), booking_id=booking_id)
    if state is not None:
        found = found.filter(state=state)
    if standing is not None:
        found = found.filter(_stands(standing))
    if proposed_by is not None:
        found = found.filter(proposed_by=proposed_by)
    if not_by is not None:
        found = found.exclude(proposed_by=not_by)
    time = "expires_at" if standing in (Standing.WAITING, Standing.EXPIRED) else "proposed_at"
    return _page(found, time, after, limit, oldest_first)


def waiting() -> QuerySet[Correction]:
    """What can still be approved."""
    return Correction.objects.filter(_stands(Standing.WAITING))


def waiting_count(person: int | None = None, *, large: bool = True) -> int:
    """How many wait, of others than this person; counts to `COUNTED` + 1. `large`: also those that need a lead."""
    found = waiting() if person is None else waiting().exclude(proposed_by=person)
    if not large:
        found = found.exclude(needs=Needs.LEAD)
    return counted(found)


def counted(found: QuerySet[Correction]) -> int:
    """How many these are of what waits; counts to `COUNTED` + 1."""
    return found.order_by("expires_at")[: COUNTED + 1].count()


def oldest(found: QuerySet[Correction]) -> Correction | None:
    """The one of these, of what waits, that has waited longest: it expires first."""
    return found.order_by("expires_at", "id").first()


def _stands(standing: Standing) -> Q:
    if standing is Standing.DECIDED:
        return ~Q(state=State.PROPOSED)
    if standing is Standing.WAITING:
        return Q(state=State.PROPOSED, expires_at__gt=timezone.now())
    if standing is Standing.EXPIRED:
        return Q(state=State.PROPOSED, expires_at__lte=timezone.now())
    return Q(state=standing.value)


def _page(found: QuerySet[Correction], time: str, after: str | None, limit: int, oldest_first: bool) -> Page:
    """`time`: the field that gives the order, and the id where it is the same."""
    found = found.order_by(*((time, "id") if oldest_first else (f"-{time}", "-id")))
    if after is not None:
        at, id = place(after)
        way = "gt" if oldest_first else "lt"
        beyond = Q(**{f"{time}__{way}": at}) | Q(**{time: at, f"id__{way}": id})
        found = found.filter(beyond, **{f"{time}__{way}e": at})
    # One more than asked for tells whether there is a next page.
    rows = list(found[: min(limit, MAX_PAGE) + 1])
    results = rows[: min(limit, MAX_PAGE)]
    return Page(results, _cursor(results[-1], time) if len(rows) > len(results) else None)


def _cursor(correction: Correction, time: str) -> str:
    text = f"{getattr(correction, time).isoformat()} {correction.pk}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place(cursor: str) -> tuple[datetime, UUID]:
    """Where a cursor stands. Raises ValueError for what is none."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, id = text.split(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None:
            raise ValueError(at)
        return instant.astimezone(UTC), UUID(id)
    except (ValueError, OverflowError):  # of an instant before the year 1, or after 9999
        raise ValueError("must be the `next` of a page of corrections") from None
