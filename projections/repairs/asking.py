"""Repairs as they are asked for and found again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from projections.models import Repair, RepairItem

MOST: Final = 10_000
"""Bookings of one repair."""


class UnknownRepair(LookupError):
    """There is no repair of that id."""


class Place(NamedTuple):
    """A booking in a view."""

    projection: str
    booking_id: str


def start(kind: Repair.Kind, places: Iterable[Place], *, requested_by: str, request_id: str = "") -> Repair:
    """Notes what is wanted, each place once, at most `MOST` of them. Raises ValueError for none."""
    wanted = list(dict.fromkeys(places))[:MOST]
    if not wanted:
        raise ValueError("a repair needs a booking")
    with transaction.atomic():
        repair = Repair.objects.create(kind=kind, requested_by=requested_by, request_id=request_id)
        RepairItem.objects.bulk_create(
            RepairItem(repair=repair, projection=place.projection, booking_id=place.booking_id)
            for place in wanted
        )
    return repair


def get(repair_id: UUID | str) -> Repair:
    """The repair as it stands. Raises UnknownRepair."""
    try:
        return Repair.objects.get(pk=repair_id)
    except (Repair.DoesNotExist, ValidationError):
        raise UnknownRepair(f"there is no repair {repair_id}") from None


def unfinished() -> list[Repair]:
    """Those that have not ended, the oldest first; a few by their nature."""
    return list(Repair.objects.filter(finished_at=None).order_by("started_at")[:100])
