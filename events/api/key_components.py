"""What a key that is limited to some components may write: by an append, and by a correction."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from rest_framework.exceptions import PermissionDenied

from events import history
from events.corrections import Proposal
from events.corrections.models import Correction
from events.event import EventType
from events.models import ApiKey
from events.new_event import NewEvent


def require_may_append(key: ApiKey, event: NewEvent) -> None:
    """Raises PermissionDenied unless the key may write this event; a key without a list may write all.

    A SET also removes every component that the fare had, so a limited key may only begin a fare with one. Sent again,
    it writes nothing, whatever version it expects by then: that is the ledger's to answer.
    """
    if key.components is None:
        return
    _require_component(key, event.component)
    if event.type == EventType.SET and event.expected_version != 0 and not _is_known(event):
        raise PermissionDenied(
            "A SET replaces all components, and this API key may write only some: "
            "it may SET the first event of a booking, with expected_version 0."
        )


def require_may_correct(key: ApiKey, wanted: Proposal | Correction) -> None:
    """Raises PermissionDenied unless the key may write the correction's event.

    Its component never changes: it is named, or that of the corrected event. Raises UnknownBooking, UnknownEvent.
    """
    if key.components is None:
        return
    component = wanted.component
    if component is None:
        component = history.event_of(wanted.booking_id, wanted.corrects_version).component
    _require_component(key, component)
    if wanted.type == EventType.SET:
        raise PermissionDenied("A SET replaces all components, and this API key may write only some.")


def _require_component(key: ApiKey, component: str) -> None:
    if component not in cast(list[str], key.components):
        raise PermissionDenied(f"This API key may write only: {', '.join(cast(list[str], key.components))}.")


def _is_known(event: NewEvent) -> bool:
    transaction_id = cast(UUID, event.transaction_id)
    return history.event_of_transaction(event.booking_id, transaction_id) is not None
