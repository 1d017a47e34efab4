"""What the OpenAPI document says of batches; written by hand, as for the other calls."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from events.api.schema import BOOKING_ID, EVENT_EXAMPLE, NEW_EVENT, NEW_EVENT_EXAMPLE

MAX_ITEMS: Final = 1000
MAX_ATOMIC: Final = 100
"""Items of an atomic batch: it holds the turns of all their partitions until its commit."""

MAX_BODY: Final = 2 * 1024 * 1024
"""Bytes: 1,000 items of 2 KiB each."""

BATCH_ITEM: Final[dict[str, Any]] = {
    **NEW_EVENT,
    "description": "One intended change of one booking's fare.",
    "required": ["booking_id", *NEW_EVENT["required"]],
    "properties": {"booking_id": BOOKING_ID, **NEW_EVENT["properties"]},
}

NEW_BATCH: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Many appends in one request.",
    "additionalProperties": False,
    "required": ["items"],
    "properties": {
        "atomic": {
            "type": "boolean",
            "default": False,
            "description": f"True: all items or none, at most {MAX_ATOMIC}. False: each for itself.",
        },
        "items": {
            "type": "array",
            "maxItems": MAX_ITEMS,
            "items": {"$ref": "#/components/schemas/BatchItem"},
            "description": "Those of one booking are appended in their order.",
        },
    },
}

_COUNT: Final = {"type": "integer", "minimum": 0}

BATCH_ANSWER: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What became of each item.",
    "additionalProperties": False,
    "required": ["appended", "replayed", "refused", "items"],
    "properties": {
        "appended": {**_COUNT, "description": "Items that were appended: those of status 201."},
        "replayed": {**_COUNT, "description": "Items that were there already: those of status 200."},
        "refused": {**_COUNT, "description": "All others. Always 0 of an atomic batch."},
        "items": {
            "type": "array",
            "description": "An answer for each item of the batch, in its order.",
            "items": {
                "oneOf": [
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["status", "event"],
                        "properties": {
                            "status": {"type": "integer", "enum": [200, 201]},
                            "event": {"$ref": "#/components/schemas/FareEvent"},
                        },
                    },
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["status", "problem"],
                        "properties": {
                            "status": {"type": "integer", "minimum": 400},
                            "problem": {"$ref": "#/components/schemas/Problem"},
                        },
                    },
                ]
            },
        },
    },
}

SCHEMAS: Final = {"BatchItem": BATCH_ITEM, "NewBatch": NEW_BATCH, "BatchAnswer": BATCH_ANSWER}
"""Named schemas that this call refers to."""

_TOLL_EXAMPLE: Final = {
    "booking_id": "BK-1001",
    "transaction_id": "0b9f8f0e-31ab-4c52-8d4f-6a1c1f1f7a55",
    "expected_version": "any",
    "type": "SUB",
    "component": "promo",
    "amount": "20.00",
}
_ANSWER_EXAMPLE: Final = {
    "appended": 1,
    "replayed": 0,
    "refused": 1,
    "items": [
        {"status": 201, "event": EVENT_EXAMPLE},
        {
            "status": 409,
            "problem": {
                "type": "/api/problems/negative_fare",
                "title": "The fare would fall below zero",
                "status": 409,
                "detail": "taking 20.00 off a fare of SGD 14.00 would leave it below zero; a refund above the fare "
                "says allow_negative",
                "instance": "/api/v1/events/batch",
                "code": "negative_fare",
                "request_id": "5e0f8a52-6a53-4b8e-9a55-3c7a1f0e9b1d",
                "errors": [],
            },
        },
    ],
}

BATCH: Final[dict[str, Any]] = {
    "operation_id": "append_batch",
    "summary": "Append a batch",
    "description": (
        f"**Each for itself** (`atomic: false`, at most {MAX_ITEMS:,} items). Always 200: each item has the "
        "status, and the event or problem, that its append alone would have been answered with. A refused item does "
        "not stop the others, also if it is not valid at all. An item of status 503 may or may not have been "
        "written: send it again.\n\n"
        f"**All or none** (`atomic: true`, at most {MAX_ATOMIC} items, of any bookings). 200: all of them are in. "
        "Otherwise nothing was written: `batch_refused` has the `index` of the first refused item, its `problem`, and "
        "its status (403, 409 or 422). What can be seen without the ledger is looked at first, in all items.\n\n"
        "**Retries.** Send the same batch again: items that are in are replays, which count as accepted. An id that "
        "stands twice in one batch is a replay, too. A retry may be cut or mixed with new items at will.\n\n"
        f"Pointers lead into the batch: `/items/3/amount`. A body has at most {MAX_BODY // 1024:,} KiB."
    ),
    "tags": ["Fare events"],
    "request": {"application/json": {"$ref": "#/components/schemas/NewBatch"}},
    "examples": [
        OpenApiExample(
            "two appends",
            value={
                "atomic": False,
                "items": [{"booking_id": "BK-1001", **NEW_EVENT_EXAMPLE}, _TOLL_EXAMPLE],
            },
            request_only=True,
        )
    ],
    "responses": {
        200: OpenApiResponse(
            {"$ref": "#/components/schemas/BatchAnswer"},
            "An answer for each item, in order.",
            [OpenApiExample("one is refused", value=_ANSWER_EXAMPLE, response_only=True)],
        )
    },
    "extensions": {
        "x-required-scope": "fares:append",
        "x-problem-codes": [
            "batch_refused", "invalid_batch", "malformed_body", "invalid_parameter", "too_large",
            "unsupported_media_type",
        ],
    },
}  # fmt: skip
