"""GET fares/{booking_id}: what a booking costs now."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from events.api.endpoint import Endpoint
from events.api.parameters import one_of, read_parameters, whole_number
from events.new_event import MAX_VERSION
from projections import queries
from projections.api import schema

_PARAMETERS = {"consistency": one_of("eventual", "strong"), "min_version": whole_number(0, MAX_VERSION)}


class CurrentFareOfBooking(Endpoint):
    """fares/{booking_id}"""

    required_scopes = {"GET": "fares:read"}

    @extend_schema(**schema.FARE_OF_BOOKING)
    def get(self, request: Request, booking_id: str) -> HttpResponse:
        given = read_parameters(request, _PARAMETERS)
        # The document is cached as it is answered, so nothing is left to render.
        return HttpResponse(queries.fare_document(booking_id, **given), content_type="application/json")
