"""The names of the addresses of corrections in the admin, and what one needs there; of fares by their names only."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

CHANGELIST = "events_correction_changelist"
PROPOSE = "events_correction_propose"
CHANGE = "events_correction_change"
APPROVE = "events_correction_approve"
REJECT = "events_correction_reject"
WITHDRAW = "events_correction_withdraw"

EVENTS_ON_A_FARE_PAGE = 100
"""A fare page shows the latest so many events; an earlier one is on a page that ends with it."""


def correction_url(id: UUID) -> str:
    """The permalink of a correction."""
    return reverse(f"admin:{CHANGE}", args=[id])


def propose_url(booking_id: str, version: int | None = None) -> str:
    """Where a correction of a booking's fare is proposed, of this event."""
    asked = {"booking_id": booking_id} | ({} if version is None else {"version": str(version)})
    return f"{reverse(f'admin:{PROPOSE}')}?{urlencode(asked)}"


def queue_url(**asked: str) -> str:
    """The list of corrections, of those asked for."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return reverse(f"admin:{CHANGELIST}") + (f"?{query}" if query else "")


def fare_url(booking_id: str, version: int | None = None, *, of: int = 0) -> str:
    """The fare page, opened at an event; `of`: how many the booking has."""
    page = reverse("admin:projections_currentfare_change", args=[booking_id])
    if version is None:
        return page
    before = f"?before={version + 1}" if of - version >= EVENTS_ON_A_FARE_PAGE else ""
    return f"{page}{before}#v{version}"


def event_url(booking_id: str, version: int) -> str:
    """The page of one event."""
    return reverse("admin:projections_currentfare_event", args=[booking_id, version])
