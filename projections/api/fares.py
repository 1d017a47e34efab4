"""GET fares/{booking_id} and …/diff: what a booking costs, what it cost, and what changed in between."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.endpoint import Endpoint
from events.api.etags import etag_of, is_known_to_client
from events.api.parameters import instant, one_of, read_parameters, version_or_instant, whole_number
from events.as_of import Bounds
from events.diff import diff
from events.errors import FieldError, InvalidParameter
from events.new_event import MAX_VERSION
from projections import queries
from projections.api import past_schema, schema
from projections.fare import FORMAT
from projections.past_fare import diff_as_json, past_fare_as_json

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500

_ASK_EVERY_TIME: Final = "private, no-cache"
"""The client alone may keep a fare, and asks each time whether it is still so."""

_OF_NOW = {"consistency": one_of("eventual", "strong"), "min_version": whole_number(0, MAX_VERSION)}
_DEFAULTS: Final = {"consistency": "eventual", "min_version": 0}
"""What these stand for where they are left out; a client that was generated may send them with every read."""

_AS_OF = {
    "version": whole_number(1, MAX_VERSION),
    "recorded_before": instant,
    "occurred_before": instant,
}
_DIFF = {"from": version_or_instant, "to": version_or_instant, "limit": whole_number(1, MAX_LIMIT)}


class FareOfBooking(Endpoint):
    """fares/{booking_id}"""

    required_scopes = {"GET": "fares:read"}

    @extend_schema(**schema.FARE_OF_BOOKING)
    def get(self, request: Request, booking_id: str) -> HttpResponse:
        given = read_parameters(request, _OF_NOW | _AS_OF)
        if given.keys() & _AS_OF.keys():
            return Response(past_fare_as_json(booking_id, _bounds(given)))
        document = queries.fare_document(booking_id, **given)
        etag = etag_of(document.version, FORMAT)
        if_none_match = request.META.get("HTTP_IF_NONE_MATCH")
        response: HttpResponse
        if if_none_match is not None and is_known_to_client(if_none_match, etag):
            response = HttpResponseNotModified()
        else:
            # The document is cached as it is answered, so nothing is left to render.
            response = HttpResponse(document.body, content_type="application/json")
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = _ASK_EVERY_TIME
        return response


class DiffOfFare(Endpoint):
    """fares/{booking_id}/diff"""

    required_scopes = {"GET": "fares:read"}

    @extend_schema(**past_schema.DIFF_OF_FARE)
    def get(self, request: Request, booking_id: str) -> Response:
        given = read_parameters(request, _DIFF)
        missing = [_missing(name) for name in ("from", "to") if name not in given]
        if missing:
            raise InvalidParameter("; ".join(error.detail for error in missing), missing)
        limit = given.get("limit", DEFAULT_LIMIT)
        return Response(diff_as_json(diff(booking_id, given["from"], given["to"], limit=limit)))


def _bounds(given: dict[str, Any]) -> Bounds:
    """Raises InvalidParameter where the fare of then and the fare of now are asked for at once."""
    errors = [
        FieldError(f"/{name}", "not_as_of", f"{name} is of the fare of now, and cannot go with an as-of read")
        for name, default in _DEFAULTS.items()
        if given.get(name, default) != default
    ]
    if errors:
        raise InvalidParameter("; ".join(error.detail for error in errors), errors)
    return Bounds(**{name: value for name, value in given.items() if name in _AS_OF})


def _missing(name: str) -> FieldError:
    return FieldError(f"/{name}", "required", f"{name} is needed: a version or a time")
