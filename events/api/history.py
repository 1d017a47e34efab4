"""GET fares/{booking_id}/events and …/events/{version}: a booking's events, from the ledger."""

from __future__ import annotations

import re
from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from events import history
from events.api.parameters import read_parameters, whole_number
from events.api.representation import event_as_json
from events.errors import UnknownEvent
from events.new_event import MAX_VERSION

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500

_VERSION = re.compile(r"[1-9][0-9]{0,9}")
_PARAMETERS = {"after_version": whole_number(0, MAX_VERSION), "limit": whole_number(1, MAX_LIMIT)}


def list_events(request: Request, booking_id: str) -> Response:
    """A page of the history in version order; `next` is the `after_version` of the page after it, or null.

    Raises InvalidParameter, UnknownBooking.
    """
    given = read_parameters(request, _PARAMETERS)
    after_version, limit = given.get("after_version", 0), given.get("limit", DEFAULT_LIMIT)
    # One more than asked for tells whether there is a next page.
    events = history.events_of(booking_id, after_version=after_version, limit=limit + 1)
    page = events[:limit]
    more = len(events) > limit
    return Response(
        {"results": [event_as_json(event) for event in page], "next": str(page[-1].version) if more else None}
    )


def one_event(request: Request, booking_id: str, version: str) -> Response:
    """One event. Raises InvalidParameter, UnknownBooking, UnknownEvent (also if it is no version at all)."""
    read_parameters(request, {})
    return Response(event_as_json(history.event_of(booking_id, _version(booking_id, version))))


def _version(booking_id: str, text: str) -> int:
    if not _VERSION.fullmatch(text):
        raise UnknownEvent(f"booking {booking_id!a} can have no version {text!a}")
    return int(text)
