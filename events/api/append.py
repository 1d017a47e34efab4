"""POST fares/{booking_id}/events: append one event at the head of a booking's history."""

from __future__ import annotations

from typing import Final, cast

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from events import foreseeing, ledger
from events.api.endpoint import json_body
from events.api.etags import with_expected_version
from events.api.key_components import require_may_append
from events.api.parameters import one_of, read_parameters
from events.api.representation import dry_run_as_json, event_as_json
from events.event import Origin
from events.models import ApiKey
from events.new_event import NewEvent

_PARAMETERS: Final = {"dry_run": one_of("true", "false")}


def append_event(request: Request, booking_id: str) -> HttpResponse:
    """201 and the event, or 200 and the first one with `Idempotent-Replayed: true` on a retry.

    A dry run answers 200 and what either would be, after the same checks in the same order. Raises InvalidParameter,
    MalformedBody, TooLarge, InvalidPrecondition, PermissionDenied for a component that the key may not write, and
    what `NewEvent.from_json` and `ledger.append` raise.
    """
    dry_run = read_parameters(request, _PARAMETERS).get("dry_run") == "true"
    body = json_body(request)
    if_match = request.META.get("HTTP_IF_MATCH")
    if if_match is not None:
        body = with_expected_version(body, if_match)
    event = NewEvent.from_json(body, booking_id=booking_id)
    key = cast(ApiKey, request.auth)
    require_may_append(key, event)
    if dry_run:
        return Response(dry_run_as_json(event, foreseeing.dry_run(event, source=key.source)))
    appended = ledger.append(
        event,
        source=key.source,
        origin=Origin.API,
        request_id=getattr(request, "request_id", None),
        key_id=str(key.key_id),
    )
    # Not DRF's Response, which renders later and by way of a template's response: twice the CPU of the event's JSON.
    response = HttpResponse(
        msgspec.json.encode(event_as_json(appended.event)),
        content_type="application/json",
        status=200 if appended.replayed else 201,
    )
    response["Location"] = f"{request.path}/{appended.event.version}"
    if appended.replayed:
        response["Idempotent-Replayed"] = "true"
    return response
