"""What the OpenAPI document says of receipts."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api.schema import BOOKING_ID, COMPONENT, CURRENCY, SIGNED_AMOUNT, TIME, booking_id_in_path

_NUMBER: Final = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}-R[1-9][0-9]{0,8}$",
    "description": "The booking's id, and R1, R2, R3 … in the order in which its receipts were issued.",
    "examples": ["BK-1001-R2"],
}
_VERSION: Final = {"type": "integer", "minimum": 1}
_LABEL: Final = {"type": "string", "description": "In words.", "examples": ["Base fare"]}


def _object(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


_DETAIL = _object(
    {"text": {"type": "string"}, "amount": {**SIGNED_AMOUNT, "description": "What the event moved."}},
    "A change within the line, by its event's description.",
)
_LINE = _object(
    {
        "component": COMPONENT,
        "label": _LABEL,
        "kind": {
            "type": "string",
            "enum": ["charge", "reduction", "correction"],
            "description": "`reduction`: below zero, such as a promo. `correction`: what staff put right.",
        },
        "amount": SIGNED_AMOUNT,
        "changes": {"type": "integer", "minimum": 1, "description": "Of how many events it is the sum."},
        "details": {"type": "array", "items": _DETAIL, "maxItems": 10},
    },
    "What one component adds to the fare, or what corrections of it do.",
)
_DIFFERENCE = _object(
    {"component": COMPONENT, "label": _LABEL, "amount": SIGNED_AMOUNT},
    "By how much a component moved.",
)
_REPLACED = _object(
    {
        "number": _NUMBER,
        "version": _VERSION,
        "fare": SIGNED_AMOUNT,
        "issued_at": TIME,
        "difference": {**SIGNED_AMOUNT, "description": "This fare less that one; `changes` sum to it."},
        "changes": {"type": "array", "items": _DIFFERENCE},
    },
    "The receipt that this one replaces; null on a booking's first.",
)

RECEIPT: Final = _object(
    {
        "number": _NUMBER,
        "booking_id": BOOKING_ID,
        "sequence": {"type": "integer", "minimum": 1},
        "version": {**_VERSION, "description": "Of the fare that it states."},
        "issued_at": TIME,
        "fare_at": {**TIME, "description": "When the last event of the fare was recorded."},
        "currency": CURRENCY,
        "exponent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 4,
            "description": "Decimals of its amounts.",
        },
        "fare": {**SIGNED_AMOUNT, "description": "The amount due, the sum of the lines. Not what was paid."},
        "lines": {"type": "array", "minItems": 1, "items": _LINE},
        "replaces": {"oneOf": [_REPLACED, {"type": "null"}]},
        "language": {"type": "string", "description": "Of its labels.", "examples": ["en"]},
        "time_zone": {"type": "string", "description": "Of times in HTML and PDF.", "examples": ["UTC"]},
    },
    "A fare's breakdown as a person reads it. It never changes once issued.",
)

SCHEMAS: Final = {"Receipt": RECEIPT}

_EXAMPLE = {
    "number": "BK-1001-R2",
    "booking_id": "BK-1001",
    "sequence": 2,
    "version": 3,
    "issued_at": "2026-05-03T15:02:44.018234Z",
    "fare_at": "2026-05-03T14:52:10.482113Z",
    "currency": "SGD",
    "exponent": 2,
    "fare": "15.90",
    "lines": [
        {"component": "base_fare", "label": "Base fare", "kind": "charge", "amount": "14.00", "changes": 1,
         "details": [{"text": "Price at booking", "amount": "14.00"}]},
        {"component": "toll", "label": "Toll", "kind": "charge", "amount": "5.00", "changes": 1, "details": []},
        {"component": "promo", "label": "Promo", "kind": "reduction", "amount": "-3.10", "changes": 1,
         "details": [{"text": "WELCOME10", "amount": "-3.10"}]},
    ],
    "replaces": {
        "number": "BK-1001-R1",
        "version": 2,
        "fare": "19.00",
        "issued_at": "2026-05-03T14:41:12.482113Z",
        "difference": "-3.10",
        "changes": [{"component": "promo", "label": "Promo", "amount": "-3.10"}],
    },
    "language": "en",
    "time_zone": "UTC",
}  # fmt: skip

RECEIPT_OF_BOOKING: Final[dict[str, Any]] = {
    "operation_id": "get_receipt",
    "summary": "Get a receipt",
    "description": (
        "The breakdown of the fare as a person reads it, from the ledger: as JSON, as an HTML page that needs no "
        "other file, or as a PDF, by `Accept` or `format`.\n\n"
        "A receipt states one version of the fare, has a number, and never changes. Asked for, it is issued if the "
        "present version has none yet; asked for again, it is the same one, until the fare changes: then it is a "
        "new one, which names the one that it replaces and says what changed. A booking that has not changed for "
        "a while gets its receipt by itself.\n\n"
        "It shows the descriptions of events, and not their metadata, actor or source. It says what is due, not "
        "what was paid: the ledger does not know payments."
    ),
    "tags": ["Fares"],
    "parameters": [
        booking_id_in_path(),
        OpenApiParameter("format", {"type": "string", "enum": ["json", "html", "pdf"]},
                         description="Goes before `Accept`."),
        OpenApiParameter("number", _NUMBER, description="An earlier receipt of the booking, as it was issued."),
        OpenApiParameter("Content-Disposition", str, OpenApiParameter.HEADER, response=[200],
                         description="A name for the file, of a PDF."),
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            {"$ref": "#/components/schemas/Receipt"}, "The receipt.",
            [OpenApiExample("receipt", value=_EXAMPLE, response_only=True)],
        ),
        (200, "text/html"): OpenApiResponse({"type": "string"}, "The receipt."),
        (200, "application/pdf"): OpenApiResponse({"type": "string", "format": "binary"}, "The receipt."),
    },
    "extensions": {
        "x-required-scope": "fares:read",
        "x-problem-codes": ["invalid_parameter", "unknown_booking", "unknown_receipt"],
    },
}  # fmt: skip
