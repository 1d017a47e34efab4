"""The two URLs of a booking's events, with what the OpenAPI document says of them."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events.api import schema
from events.api.append import append_event
from events.api.endpoint import Endpoint
from events.api.history import list_events, one_event


class FareEvents(Endpoint):
    """fares/{booking_id}/events"""

    required_scopes = {"GET": "fares:read", "POST": "fares:append"}

    @extend_schema(**schema.HISTORY)
    def get(self, request: Request, booking_id: str) -> Response:
        return list_events(request, booking_id)

    @extend_schema(**schema.APPEND)
    def post(self, request: Request, booking_id: str) -> HttpResponse:
        return append_event(request, booking_id)


class OneFareEvent(Endpoint):
    """fares/{booking_id}/events/{version}"""

    required_scopes = {"GET": "fares:read"}

    @extend_schema(**schema.ONE_EVENT)
    def get(self, request: Request, booking_id: str, version: str) -> Response:
        return one_event(request, booking_id, version)
