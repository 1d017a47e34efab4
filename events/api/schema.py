"""What the OpenAPI document says of the ledger's calls; written by hand, since no serializer slows them down.

Tests hold the answers of the running API against it. Error answers are added from the codes in
`x-problem-codes` by the schema class of the project.
"""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

UUID: Final = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
AMOUNT: Final = {
    "type": "string",
    "pattern": r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$",
    "description": "A decimal number without a sign, in a string. No more decimals than the currency has.",
    "examples": ["12.50"],
}
SIGNED_AMOUNT: Final = {
    "type": "string",
    "pattern": r"^-?[0-9]{1,16}(\.[0-9]{1,4})?$",
    "description": "A decimal number with all decimals of the currency.",
    "examples": ["12.50"],
}
BOOKING_ID: Final = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$",
    "examples": ["BK-1001"],
}
COMPONENT: Final = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]{0,47}$",
    "description": "What the change is for: a short slug of your choice.",
    "examples": ["base_fare"],
}
EXPONENT: Final = {"type": "integer", "minimum": 0, "maximum": 4, "description": "Decimals of its amounts."}
CURRENCY: Final = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217.", "examples": ["SGD"]}
IF_MATCH: Final = r'^"v[1-9][0-9]{0,9}\.[1-9][0-9]{0,2}"$'
TIME: Final = {"type": "string", "format": "date-time", "description": "UTC, with six decimals.",
               "examples": ["2026-05-03T14:05:00.000000Z"]}  # fmt: skip
BREAKDOWN: Final = {
    "type": "object",
    "additionalProperties": SIGNED_AMOUNT,
    "description": "The fare by component; the amounts sum to the fare. Components stand in the order in "
    "which they first appeared.",
}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of the same value or null, as JSON Schema 2020-12 writes it."""
    return {**schema, "type": [schema["type"], "null"]}


NEW_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One intended change of a fare.",
    "additionalProperties": False,
    "required": ["transaction_id", "expected_version", "type", "component", "amount"],
    "properties": {
        "transaction_id": {
            **UUID,
            "description": "Made by you, one per intended change; the same one on every retry.",
        },
        "expected_version": {
            "oneOf": [{"type": "integer", "minimum": 0, "maximum": 2147483647}, {"const": "any"}],
            "description": "The version that you read, written without a fraction; 0 for a new booking. "
            '`"any"` appends at whatever the head is, for changes that do not depend on the rest of the fare.',
        },
        "type": {
            "type": "string",
            "enum": ["SET", "ADD", "SUB"],
            "description": "SET replaces the whole fare; ADD and SUB move one component.",
        },
        "component": COMPONENT,
        "amount": AMOUNT,
        "currency": {
            "oneOf": [CURRENCY, {"type": "null"}],
            "description": "Needed on a booking's first event; must match it afterwards.",
        },
        "description": or_null({"type": "string", "maxLength": 500}),
        "occurred_at": or_null(
            {
                "type": "string",
                "format": "date-time",
                "description": "When it happened, with its offset from UTC: from 1970 to one day ahead. What is finer "
                "than a microsecond is cut off. Left out: when it was recorded.",
            }
        ),
        "actor": or_null({"type": "string", "maxLength": 128, "description": "The person, if one."}),
        "metadata": {
            "type": ["object", "null"],
            "description": "Anything that you want kept with the event: at most 32 KiB and 16 levels. "
            "Numbers come back exact, with every digit that you sent; an exponent may be written anew (1e5 as 1E+5).",
        },
        "allow_negative": {
            "type": "boolean",
            "default": False,
            "description": "Whether the fare may end below zero.",
        },
    },
}

FARE_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One change of a fare, as it stands in the ledger. It never changes.",
    "additionalProperties": False,
    "properties": {
        "booking_id": BOOKING_ID,
        "version": {"type": "integer", "minimum": 1, "description": "1, 2, 3 … per booking, without gaps."},
        "transaction_id": {"type": "string", "format": "uuid"},
        "type": {"type": "string", "enum": ["SET", "ADD", "SUB"]},
        "component": COMPONENT,
        "amount": {**AMOUNT, "description": "What was set, added or subtracted."},
        "currency": CURRENCY,
        "exponent": EXPONENT,
        "allow_negative": {"type": "boolean"},
        "change": {**SIGNED_AMOUNT, "description": "The fare after this event less the fare before it."},
        "fare": {**SIGNED_AMOUNT, "description": "The fare after this event."},
        "components": BREAKDOWN,
        "description": {"type": ["string", "null"]},
        "source": {"type": "string", "description": "The service that appended, from its API key."},
        "actor": {"type": ["string", "null"]},
        "origin": {"type": "string", "x-extensible-enum": ["api", "import", "correction", "sample"]},
        "metadata": {"type": ["object", "null"], "description": "As it was sent; null if it was erased."},
        "erased": {"type": "boolean", "description": "Whether actor, description and metadata were erased."},
        "corrects_version": {"type": ["integer", "null"]},
        "correction_id": {"type": ["string", "null"], "format": "uuid"},
        "occurred_at": TIME,
        "recorded_at": TIME,
        "request_id": {"type": ["string", "null"]},
        "partition": {"type": "integer", "minimum": 0, "description": "The log that the event is in."},
        "position": {"type": "integer", "minimum": 1, "description": "Its place in that log, without gaps."},
        "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
}
FARE_EVENT["required"] = list(FARE_EVENT["properties"])

FARE_EVENT_PAGE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["results", "next"],
    "properties": {
        "results": {"type": "array", "items": {"$ref": "#/components/schemas/FareEvent"}},
        "next": {
            "type": ["string", "null"],
            "description": "Send it as `after_version` for the next page; null: there is none yet.",
        },
    },
}

NEW_EVENT_HERE: Final[dict[str, Any]] = {
    **NEW_EVENT,
    "required": [name for name in NEW_EVENT["required"] if name != "expected_version"],
    "properties": {
        **NEW_EVENT["properties"],
        "expected_version": {
            **NEW_EVENT["properties"]["expected_version"],
            "description": NEW_EVENT["properties"]["expected_version"]["description"]
            + " Needed unless `If-Match` names the version.",
        },
    },
}
"""The body of an append, whose version may be in a header."""

_STANDING: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "fare", "components"],
    "properties": {
        "version": {"type": "integer", "minimum": 1},
        "fare": SIGNED_AMOUNT,
        "components": BREAKDOWN,
    },
}

DRY_RUN: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What an append would do now.",
    "additionalProperties": False,
    "properties": {
        "dry_run": {"type": "boolean", "const": True, "description": "Nothing was written."},
        "outcome": {"type": "string", "enum": ["appended", "replayed"]},
        "status": {
            "type": "integer",
            "enum": [201, 200],
            "description": "What the append would be answered with.",
        },
        "booking_id": BOOKING_ID,
        "currency": CURRENCY,
        "exponent": EXPONENT,
        "change": {**SIGNED_AMOUNT, "description": "The fare after less the fare before; zero of a replay."},
        "before": {**or_null(_STANDING), "description": "The fare as it is; null: the booking has none yet."},
        "after": {**_STANDING, "description": "The fare as it would be; of a replay, as it is."},
        "event": {
            "oneOf": [{"$ref": "#/components/schemas/FareEvent"}, {"type": "null"}],
            "description": "Of a replay, the event that is there already.",
        },
    },
}
DRY_RUN["required"] = list(DRY_RUN["properties"])

SCHEMAS: Final = {
    "NewFareEvent": NEW_EVENT_HERE,
    "FareEvent": FARE_EVENT,
    "FareEventPage": FARE_EVENT_PAGE,
    "DryRun": DRY_RUN,
    "RetriedOrTried": {
        "description": "The event of a retry; what an append would do of a dry run.",
        "oneOf": [{"$ref": "#/components/schemas/FareEvent"}, {"$ref": "#/components/schemas/DryRun"}],
    },
}
"""Named schemas that these calls refer to."""

NEW_EVENT_EXAMPLE = {
    "transaction_id": "8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d",
    "expected_version": 0,
    "type": "SET",
    "component": "base_fare",
    "amount": "14.00",
    "currency": "SGD",
    "description": "Price at booking",
    "metadata": {"distance_km": 8.4},
}
EVENT_EXAMPLE: Final = {
    "booking_id": "BK-1001",
    "version": 1,
    "transaction_id": "8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d",
    "type": "SET",
    "component": "base_fare",
    "amount": "14.00",
    "currency": "SGD",
    "exponent": 2,
    "allow_negative": False,
    "change": "14.00",
    "fare": "14.00",
    "components": {"base_fare": "14.00"},
    "description": "Price at booking",
    "source": "pricing",
    "actor": None,
    "origin": "api",
    "metadata": {"distance_km": 8.4},
    "erased": False,
    "corrects_version": None,
    "correction_id": None,
    "occurred_at": "2026-05-03T14:05:00.000000Z",
    "recorded_at": "2026-05-03T14:05:00.000000Z",
    "request_id": "5e0f8a52-6a53-4b8e-9a55-3c7a1f0e9b1d",
    "partition": 17,
    "position": 4211,
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


_DRY_RUN_EXAMPLE = {
    "dry_run": True,
    "outcome": "appended",
    "status": 201,
    "booking_id": "BK-1001",
    "currency": "SGD",
    "exponent": 2,
    "change": "5.00",
    "before": {"version": 1, "fare": "14.00", "components": {"base_fare": "14.00"}},
    "after": {"version": 2, "fare": "19.00", "components": {"base_fare": "14.00", "toll": "5.00"}},
    "event": None,
}


def booking_id_in_path() -> OpenApiParameter:
    """The path parameter of every call on one booking."""
    return OpenApiParameter("booking_id", BOOKING_ID, OpenApiParameter.PATH, description="Chosen by you.")


def _event_answer(description: str) -> OpenApiResponse:
    example = OpenApiExample("event", value=EVENT_EXAMPLE, response_only=True)
    return OpenApiResponse({"$ref": "#/components/schemas/FareEvent"}, description, [example])


def _page_example() -> OpenApiExample:
    return OpenApiExample("page", value={"results": [EVENT_EXAMPLE], "next": "1"}, response_only=True)


_TAG = ["Fare events"]

APPEND: Final[dict[str, Any]] = {
    "operation_id": "append_fare_event",
    "summary": "Append an event",
    "description": (
        "Writes one event at the head of the booking's history, or says why not; there is nothing in "
        "between.\n\n"
        "**Retries.** After a timeout or a 503, send the same body again: the first answer comes back "
        "with status "
        "200 and `Idempotent-Replayed: true`, however often and however late. A refused append has not "
        "used up its "
        "transaction id.\n\n"
        "**Conflicts.** `version_conflict` carries the version, fare and currency as they are now: decide "
        "again and "
        "append with that version. Do not just repeat it.\n\n"
        "**If-Match.** The `ETag` of the fare that you read, in place of `expected_version`. Exactly one strong tag; "
        "a fare that has moved is `version_conflict`. The answer has no `ETag`, which would be that of the event: to "
        "append again, expect its `version`.\n\n"
        "**Dry run.** With `dry_run=true` nothing is written, and the same is checked in the same order: what would "
        "be refused is answered with that refusal, what would be accepted with 200 and the fare before and after. "
        "Others may append in between: the append itself has the last word."
    ),
    "tags": _TAG,
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter("dry_run", {"type": "string", "enum": ["true", "false"], "default": "false"},
                         description="true: tell what would be answered, and write nothing."),
        OpenApiParameter("If-Match", {"type": "string", "pattern": IF_MATCH}, OpenApiParameter.HEADER,
                         description="The version that you read, as its ETag.",
                         examples=[OpenApiExample("version 7", '"v7.1"')]),
        OpenApiParameter("Location", str, OpenApiParameter.HEADER, response=[200, 201],
                         description="The address of the event."),
        OpenApiParameter("Idempotent-Replayed", {"type": "string", "const": "true"}, OpenApiParameter.HEADER,
                         response=[200], description="The event was there already."),
    ],
    "request": {"application/json": {"$ref": "#/components/schemas/NewFareEvent"}},
    "examples": [OpenApiExample("first event", value=NEW_EVENT_EXAMPLE, request_only=True)],
    "responses": {
        201: _event_answer("The event was appended."),
        200: OpenApiResponse(
            {"$ref": "#/components/schemas/RetriedOrTried"},
            "A retry: the event that this transaction id made before. Or a dry run.",
            [OpenApiExample("retry", value=EVENT_EXAMPLE, response_only=True),
             OpenApiExample("dry run", value=_DRY_RUN_EXAMPLE, response_only=True)],
        ),
    },
    "extensions": {
        "x-required-scope": "fares:append",
        "x-problem-codes": [
            "version_conflict", "transaction_id_reused", "currency_mismatch", "negative_fare",
            "first_event_must_set", "invalid_event", "too_many_components", "malformed_body",
            "invalid_parameter", "invalid_precondition", "too_large", "unsupported_media_type",
        ],
    },
}  # fmt: skip

HISTORY: Final[dict[str, Any]] = {
    "operation_id": "list_fare_events",
    "summary": "Read a booking's history",
    "description": "The booking's events in version order, straight from the ledger.",
    "tags": _TAG,
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter("after_version", {"type": "integer", "minimum": 0, "default": 0},
                         description="Only events after this version; `next` of the page before."),
        OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 500, "default": 100},
                         description="Events that are answered at most."),
    ],
    "responses": {
        200: OpenApiResponse({"$ref": "#/components/schemas/FareEventPage"}, "A page of events.", [_page_example()]),
    },
    "extensions": {
        "x-required-scope": "fares:read",
        "x-problem-codes": ["invalid_parameter", "unknown_booking"],
    },
}  # fmt: skip

ONE_EVENT: Final[dict[str, Any]] = {
    "operation_id": "get_fare_event",
    "summary": "Read one event",
    "description": "One event of the booking, straight from the ledger. It never changes.",
    "tags": _TAG,
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter(
            "version",
            {"type": "integer", "minimum": 1, "examples": [1]},
            OpenApiParameter.PATH,
            description="The event's version.",
        ),
    ],
    "responses": {200: _event_answer("The event.")},
    "extensions": {
        "x-required-scope": "fares:read",
        "x-problem-codes": ["invalid_parameter", "unknown_booking", "unknown_event"],
    },
}
