"""What the OpenAPI document says of fares as they were, and of what changed in between."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api.schema import BOOKING_ID, CURRENCY, EXPONENT, SIGNED_AMOUNT, booking_id_in_path

_TIME: Final = {"type": "string", "format": "date-time"}
_VERSION: Final = {"type": "integer", "minimum": 0, "maximum": 2147483647}


def _point(example: int) -> dict[str, Any]:
    return {"oneOf": [_VERSION, _TIME], "examples": [example]}


AS_OF: Final = [
    OpenApiParameter(
        "version",
        {"type": "integer", "minimum": 1},
        description="The fare as this version's event left it.",
    ),
    OpenApiParameter(
        "recorded_before",
        _TIME,
        description="What we knew then: only events recorded before this time, with its offset from UTC.",
    ),
    OpenApiParameter(
        "occurred_before",
        _TIME,
        description="What had happened by then: only events that occurred before this time.",
    ),
]

_STATE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "fare"],
    "properties": {
        "version": {"type": "integer", "minimum": 0, "description": "0: there was no fare yet."},
        "fare": SIGNED_AMOUNT,
    },
}

FARE_DIFFERENCE: Final = {
    "type": "object",
    "description": "One component in both states; where it is not there it counts as zero.",
    "additionalProperties": False,
    "required": ["before", "after", "change"],
    "properties": {"before": SIGNED_AMOUNT, "after": SIGNED_AMOUNT, "change": SIGNED_AMOUNT},
}

FARE_DIFF: Final = {
    "type": "object",
    "description": "What changed between two states of a fare.",
    "additionalProperties": False,
    "properties": {
        "booking_id": BOOKING_ID,
        "currency": CURRENCY,
        "exponent": EXPONENT,
        "from": _STATE,
        "to": _STATE,
        "change": {**SIGNED_AMOUNT, "description": "The later fare less the earlier one."},
        "components": {
            "type": "object",
            "additionalProperties": {"$ref": "#/components/schemas/FareDifference"},
            "description": "Every component that either state has; the changes sum to `change`.",
        },
        "events": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/FareEvent"},
            "description": "Those after the earlier state, up to the later one, in version order.",
        },
        "next": {
            "type": ["string", "null"],
            "description": "If there are more than `limit`: the `after_version` with which the history goes on.",
        },
    },
}
FARE_DIFF["required"] = list(FARE_DIFF["properties"])  # type: ignore[call-overload]

SCHEMAS: Final = {"FareDifference": FARE_DIFFERENCE, "FareDiff": FARE_DIFF}
"""Named schemas that these calls refer to."""

_DIFF_EXAMPLE = {
    "booking_id": "BK-1001",
    "currency": "SGD",
    "exponent": 2,
    "from": {"version": 1, "fare": "14.00"},
    "to": {"version": 1, "fare": "14.00"},
    "change": "0.00",
    "components": {"base_fare": {"before": "14.00", "after": "14.00", "change": "0.00"}},
    "events": [],
    "next": None,
}

DIFF_OF_FARE: Final[dict[str, Any]] = {
    "operation_id": "get_fare_diff",
    "summary": "Compare two states of a fare",
    "description": (
        "What changed between two versions, or two times, per component, with the events in between. A time "
        "stands for what had been recorded before it. Version 0, or a time before the first event, is no fare yet."
    ),
    "tags": ["Fares"],
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter("from", _point(1), required=True, description="The earlier state: a version or a time."),
        OpenApiParameter("to", _point(2), required=True, description="The later state: a version or a time."),
        OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
                         description="Events in between that are answered at most."),
    ],
    "responses": {
        200: OpenApiResponse({"$ref": "#/components/schemas/FareDiff"}, "The difference.",
                             [OpenApiExample("diff", value=_DIFF_EXAMPLE, response_only=True)]),
    },
    "extensions": {
        "x-required-scope": "fares:read",
        "x-problem-codes": ["invalid_parameter", "unknown_booking", "unknown_event"],
    },
}  # fmt: skip
