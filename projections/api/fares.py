"""GET fares/{booking_id}: what a booking costs now."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.endpoint import Endpoint
from events.api.parameters import one_of, read_parameters, whole_number
from events.api.representation import breakdown_as_json, time_as_json
from events.money import format_amount
from events.new_event import MAX_VERSION
from projections import queries
from projections.api import schema

_PARAMETERS = {"consistency": one_of("eventual", "strong"), "min_version": whole_number(0, MAX_VERSION)}


class CurrentFareOfBooking(Endpoint):
    """fares/{booking_id}"""

    required_scopes = {"GET": "fares:read"}

    @extend_schema(**schema.FARE_OF_BOOKING)
    def get(self, request: Request, booking_id: str) -> Response:
        given = read_parameters(request, _PARAMETERS)
        return Response(fare_as_json(queries.fare(booking_id, **given)))


def fare_as_json(fare: queries.Fare) -> dict[str, Any]:
    """The fare with its breakdown; amounts are strings with all decimals of the currency."""
    return {
        "booking_id": fare.booking_id,
        "fare": format_amount(fare.fare, fare.exponent),
        "currency": fare.currency,
        "exponent": fare.exponent,
        "version": fare.version,
        "components": breakdown_as_json(fare.components, fare.exponent),
        "events": fare.events,
        "first_recorded_at": time_as_json(fare.first_recorded_at),
        "recorded_at": time_as_json(fare.recorded_at),
        "occurred_at": time_as_json(fare.occurred_at),
        "consistency": fare.consistency,
    }
