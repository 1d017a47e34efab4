"""The names of the addresses of fares in the admin, and what one needs to see them."""

from __future__ import annotations

from django.urls import reverse

CHANGELIST = "projections_currentfare_changelist"
CHANGE = "projections_currentfare_change"
FARE_JSON = "projections_currentfare_json"
DIFF = "projections_currentfare_diff"
EVENT = "projections_currentfare_event"
EVENT_JSON = "projections_currentfare_event_json"
METADATA = "projections_currentfare_metadata"
RECEIPT = "projections_currentfare_receipt"
RECEIPT_PDF = "projections_currentfare_receipt_pdf"
ISSUE = "projections_currentfare_issue_receipt"

VIEW = "projections.view_currentfare"
MAY_ISSUE = "projections.add_receipt"


def fare_url(booking_id: str) -> str:
    """The permalink of a booking's fare. The id stands in it as it is, not in the admin's `_3A` quoting."""
    return reverse(f"admin:{CHANGE}", args=[booking_id])


def event_url(booking_id: str, version: int) -> str:
    """The permalink of one event."""
    return reverse(f"admin:{EVENT}", args=[booking_id, version])
