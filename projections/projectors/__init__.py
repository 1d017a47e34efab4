"""The projectors that run: adding one is a file and a line here."""

from __future__ import annotations

from projections.projector import Projector
from projections.projectors.archive import ArchiveProjector
from projections.projectors.booking_search import BookingSearchProjector
from projections.projectors.current_fare import CurrentFareProjector
from projections.projectors.daily_totals import DailyTotalsProjector
from projections.projectors.event_search import EventSearchProjector
from projections.projectors.fare_cache import FareCacheProjector
from projections.projectors.fare_stream import FareStreamProjector
from projections.projectors.receipts import ReceiptsProjector

PROJECTORS: tuple[Projector, ...] = (
    CurrentFareProjector(),
    FareCacheProjector(),
    BookingSearchProjector(),
    EventSearchProjector(),
    DailyTotalsProjector(),
    FareStreamProjector(),
    ArchiveProjector(),
    ReceiptsProjector(),
)
"""In the order in which they are moved: one that follows another comes after it."""


class UnknownProjection(LookupError):
    """No projector of that name runs."""


def projector(name: str) -> Projector:
    """The projector of that name. Raises UnknownProjection."""
    for candidate in PROJECTORS:
        if candidate.name == name:
            return candidate
    known = ", ".join(sorted(candidate.name for candidate in PROJECTORS))
    raise UnknownProjection(f"there is no projection {name!a}; there are {known}")
