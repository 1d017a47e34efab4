"""What the OpenAPI document says of the read side's calls."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api.schema import BOOKING_ID, BREAKDOWN, CURRENCY, SIGNED_AMOUNT, TIME, booking_id_in_path
from projections.api import past_schema, receipt_schema, status_schema

FARE: Final = {
    "type": "object",
    "description": "The amount due for a booking after its latest event.",
    "additionalProperties": False,
    "properties": {
        "booking_id": BOOKING_ID,
        "fare": SIGNED_AMOUNT,
        "currency": CURRENCY,
        "exponent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4,
            "description": "Decimals of its amounts.",
        },
        "version": {"type": "integer", "minimum": 1, "description": "The version of the last event."},
        "components": BREAKDOWN,
        "events": {"type": "integer", "minimum": 1, "description": "How many events the booking has."},
        "first_recorded_at": {**TIME, "description": "When the first event was recorded."},
        "recorded_at": {**TIME, "description": "When the last event was recorded."},
        "occurred_at": {**TIME, "description": "When the last event happened, as its service said."},
        "consistency": {
            "type": "string",
            "enum": ["eventual", "strong"],
            "description": "How it was read: `strong` from the ledger itself, `eventual` from the view.",
        },
    },
}
FARE["required"] = list(FARE["properties"])  # type: ignore[call-overload]
FARE["properties"]["complete"] = {  # type: ignore[index]
    "type": "boolean",
    "description": "Only as of then: whether a SET is among the events that count. If not, the fare is what the "
    "others add and take off.",
}

SCHEMAS: Final = {"Fare": FARE, **past_schema.SCHEMAS, **receipt_schema.SCHEMAS, **status_schema.SCHEMAS}
"""Named schemas that these calls refer to."""

_FARE_EXAMPLE = {
    "booking_id": "BK-1001",
    "fare": "19.00",
    "currency": "SGD",
    "exponent": 2,
    "version": 2,
    "components": {"base_fare": "14.00", "toll": "5.00"},
    "events": 2,
    "first_recorded_at": "2026-05-03T14:05:00.000000Z",
    "recorded_at": "2026-05-03T14:31:12.482113Z",
    "occurred_at": "2026-05-03T14:31:09.000000Z",
    "consistency": "eventual",
}

FARE_OF_BOOKING: Final[dict[str, Any]] = {
    "operation_id": "get_fare",
    "summary": "Read a fare",
    "description": (
        "By default the fare comes from a view that follows the ledger, usually within a second. To read "
        "your own "
        "write, send the version that you appended as `min_version`: the view answers if it is that far, "
        "else the "
        "ledger does. A booking that the view does not have yet is read from the ledger too.\n\n"
        "**As of then.** With `version`, `recorded_before` (what we knew then) or `occurred_before` (what had "
        "happened by then), or several of them, the fare is that of the events that meet all of them, from the "
        "ledger. `version` and `events` then tell the last of these events and their number; the other two "
        "parameters cannot go with them, but for their defaults."
    ),
    "tags": ["Fares"],
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER,
                         description="Tags of answers that you have; 304 if one of them still stands."),
        OpenApiParameter("ETag", str, OpenApiParameter.HEADER, response=[200, 304],
                         description='The fare at its version, as `"v7.1"`; not as of then. '
                         "An append takes it as `If-Match`."),
        OpenApiParameter("Cache-Control", str, OpenApiParameter.HEADER, response=[200, 304]),
        OpenApiParameter("consistency",
                         {"type": "string", "enum": ["eventual", "strong"], "default": "eventual"},
                         description="`strong` reads the ledger."),
        OpenApiParameter("min_version", {"type": "integer", "minimum": 0, "default": 0},
                         description="The fare must be at least of this version; `unknown_event` if the "
                         "booking has none such."),
        *past_schema.AS_OF,
    ],
    "responses": {
        200: OpenApiResponse({"$ref": "#/components/schemas/Fare"}, "The fare.",
                             [OpenApiExample("fare", value=_FARE_EXAMPLE, response_only=True)]),
        304: OpenApiResponse(None, "The fare is what you have."),
    },
    "extensions": {
        "x-required-scope": "fares:read",
        "x-problem-codes": ["invalid_parameter", "unknown_booking", "unknown_event"],
    },
}  # fmt: skip
