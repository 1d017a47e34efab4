"""POST fares/{booking_id}/events: append one event at the head of a booking's history."""

from __future__ import annotations

from typing import cast

from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from events import ledger
from events.api.endpoint import json_body
from events.api.parameters import read_parameters
from events.api.representation import event_as_json
from events.event import EventType, Origin
from events.models import ApiKey
from events.new_event import NewEvent


def append_event(request: Request, booking_id: str) -> Response:
    """201 and the event, or 200 and the first one with `Idempotent-Replayed: true` on a retry.

    Raises InvalidParameter, MalformedBody, TooLarge, PermissionDenied for a component that the key may not
    write, and what `NewEvent.from_json` and `ledger.append` raise.
    """
    read_parameters(request, {})
    event = NewEvent.from_json(json_body(request), booking_id=booking_id)
    key = cast(ApiKey, request.auth)
    require_component(key, event)
    appended = ledger.append(
        event,
        source=key.source,
        origin=Origin.API,
        request_id=getattr(request, "request_id", None),
        key_id=str(key.key_id),
    )
    response = Response(event_as_json(appended.event), status=200 if appended.replayed else 201)
    response["Location"] = f"{request.path}/{appended.event.version}"
    if appended.replayed:
        response["Idempotent-Replayed"] = "true"
    return response


def require_component(key: ApiKey, event: NewEvent) -> None:
    """Raises PermissionDenied unless the key may write this event; a key without a list may write all.

    A SET also removes every component that the fare had, so a limited key may only begin a fare with one.
    """
    if key.components is None:
        return
    if event.component not in key.components:
        raise PermissionDenied(f"This API key may write only: {', '.join(key.components)}.")
    if event.type == EventType.SET and event.expected_version != 0:
        raise PermissionDenied(
            "A SET replaces all components, and this API key may write only some: "
            "it may SET the first event of a booking, with expected_version 0."
        )
