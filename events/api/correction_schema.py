"""What the OpenAPI document says of corrections; written by hand, as for the other calls."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from events.api import correction_examples as examples
from events.api.schema import (
    AMOUNT,
    BOOKING_ID,
    BREAKDOWN,
    COMPONENT,
    CURRENCY,
    SIGNED_AMOUNT,
    TIME,
    UUID,
    or_null,
)

_ID: Final = {**UUID, "examples": ["5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee"]}
_VERSION: Final = {"type": "integer", "minimum": 1, "maximum": 2147483647}
_TYPE: Final = {"type": "string", "enum": ["SET", "ADD", "SUB"]}
_KIND: Final = {
    "type": "string",
    "enum": ["event", "contra", "should_be"],
    "description": "`event`: a change of its own. `contra`: the opposite of an ADD or SUB, which cancels it. "
    "`should_be`: the fare should be `target`; the difference is added to, or taken off, the component of the "
    "corrected event.",
}
_NEEDS: Final[dict[str, Any]] = {
    "type": "string",
    "enum": ["nobody", "second_person", "lead"],
    "description": "Who must approve, by the limits of the currency.",
}
_STATE: Final = {"type": "string", "enum": ["proposed", "approved", "rejected", "withdrawn"]}
_REASON: Final = {"type": "string", "minLength": 1, "maxLength": 2000}
_REASON_CODE: Final = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]{0,47}$",
    "description": "One of the codes that operators keep in the admin; its text is what the customer is told.",
    "examples": ["charged_twice"],
}
_CODE: Final = {"type": "string"}

NEW_CORRECTION: Final = {
    "type": "object",
    "description": "A correction that a person wants.",
    "additionalProperties": False,
    "required": [
        "id", "booking_id", "corrects_version", "seen_version", "kind", "reason_code", "reason",
    ],
    "properties": {
        "id": {
            **_ID,
            "description": "Made by you, one per correction; the same one on every retry. It becomes the "
            "transaction id of the event.",
        },
        "booking_id": BOOKING_ID,
        "corrects_version": {**_VERSION, "description": "The event that is put right."},
        "seen_version": {**_VERSION, "description": "The version of the fare that the person saw."},
        "kind": _KIND,
        "type": {**or_null(_TYPE), "enum": [*_TYPE["enum"], None], "description": "Of `event` only. A SET "
                 "replaces the breakdown, and always needs a second person."},
        "component": {**or_null(COMPONENT), "description": "Of `event` only; left out: that of the corrected event."},
        "amount": {**or_null(AMOUNT), "description": "Of `event` only."},
        "target": {**or_null(SIGNED_AMOUNT), "description": "Of `should_be` only: the fare as it should be."},
        "allow_negative": {"type": "boolean", "default": False, "description": "Whether the fare may end below zero."},
        "reason_code": _REASON_CODE,
        "reason": {**_REASON, "description": "Why, in words, for colleagues."},
        "evidence": {"type": "string", "maxLength": 1000, "description": "A link (http or https), or empty."},
    },
}  # fmt: skip

CORRECTION: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A correction as it is kept. Only its state moves, once.",
    "additionalProperties": False,
    "properties": {
        "id": _ID,
        "booking_id": BOOKING_ID,
        "corrects_version": _VERSION,
        "kind": _KIND,
        "type": _TYPE,
        "component": COMPONENT,
        "amount": {**AMOUNT, "description": "Of the event as it was proposed."},
        "target": or_null(SIGNED_AMOUNT),
        "allow_negative": {"type": "boolean"},
        "currency": CURRENCY,
        "reason_code": _REASON_CODE,
        "reason": _REASON,
        "evidence": {"type": "string"},
        "seen_version": _VERSION,
        "seen_fare": SIGNED_AMOUNT,
        "needs": _NEEDS,
        "needs_reason": {"type": "string", "description": "Why, in words."},
        "proposed_by": {"type": "string"},
        "proposed_at": TIME,
        "expires_at": {**TIME, "description": "Until then it can be approved."},
        "state": _STATE,
        "expired": {"type": "boolean", "description": "Whether it waits, but can no longer be approved."},
        "decided_by": {"type": ["string", "null"]},
        "decided_at": or_null(TIME),
        "decision_reason": {"type": "string"},
        "event_version": {"type": ["integer", "null"], "description": "The event that it appended."},
    },
}
CORRECTION["required"] = list(CORRECTION["properties"])

_FARE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "fare", "components"],
    "properties": {"version": _VERSION, "fare": SIGNED_AMOUNT, "components": BREAKDOWN},
}
_PLANNED: Final = {
    "type": ["object", "null"],
    "description": "The event that is appended; null if there can be none.",
    "additionalProperties": False,
    "required": ["type", "component", "amount", "allow_negative"],
    "properties": {
        "type": _TYPE,
        "component": COMPONENT,
        "amount": AMOUNT,
        "allow_negative": {"type": "boolean"},
    },
}
_OUTCOME: Final = {
    "currency": CURRENCY,
    "before": _FARE,
    "event": _PLANNED,
    "after": or_null(_FARE),
}

CORRECTION_OUTCOME: Final = {
    "type": "object",
    "description": "What a correction comes to on one state of the fare.",
    "additionalProperties": False,
    "required": list(_OUTCOME),
    "properties": _OUTCOME,
}

_PREVIEW: Final = {
    **_OUTCOME,
    "needs": {
        **or_null(_NEEDS),
        "enum": [*_NEEDS["enum"], None],
        "description": "Who must approve, by the limits of the currency; null where there is no event to approve.",
    },
    "needs_reason": {"type": "string", "description": "Why, in words; empty where there is no event."},
    "customer_text": {"type": "string"},
    "moved": {
        "type": "array",
        "description": "The events since `seen_version`, at most 100.",
        "items": {"$ref": "#/components/schemas/FareEvent"},
    },
    "refusal": {
        "type": ["object", "null"],
        "description": "Why it would be refused as it stands: a problem's code, and words. `fare_moved`: look at "
        "`moved`, and send it with the version of `before` as `seen_version`.",
        "additionalProperties": False,
        "required": ["code", "detail"],
        "properties": {"code": _CODE, "detail": {"type": "string"}},
    },
}

CORRECTION_PREVIEW: Final = {
    "type": "object",
    "description": "What a correction would do to the fare as it is now.",
    "additionalProperties": False,
    "required": list(_PREVIEW),
    "properties": _PREVIEW,
}

REVIEWED_CORRECTION: Final = {
    "type": "object",
    "description": "A correction, and while it waits, what it was on the fare that its maker saw, beside what it would "
    "do by now.",
    "additionalProperties": False,
    "required": [*CORRECTION["required"], "customer_text", "review"],
    "properties": {
        **CORRECTION["properties"],
        "customer_text": {
            "type": "string",
            "description": "What the customer can be told, in lines, with the amounts before and after; empty if "
            "it was withdrawn.",
        },
        "review": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "required": ["proposed", "now"],
            "properties": {
                "proposed": {"$ref": "#/components/schemas/CorrectionOutcome"},
                "now": {"$ref": "#/components/schemas/CorrectionPreview"},
            },
        },
    },
}

CORRECTION_PAGE: Final = {
    "type": "object",
    "additionalProperties": False,
    "required": ["results", "next"],
    "properties": {
        "results": {"type": "array", "items": {"$ref": "#/components/schemas/Correction"}},
        "next": {
            "type": ["string", "null"],
            "description": "Send it as `after` for the next page; null on the last.",
        },
    },
}

SCHEMAS: Final = {
    "NewCorrection": NEW_CORRECTION,
    "Correction": CORRECTION,
    "CorrectionOutcome": CORRECTION_OUTCOME,
    "CorrectionPreview": CORRECTION_PREVIEW,
    "ReviewedCorrection": REVIEWED_CORRECTION,
    "CorrectionPage": CORRECTION_PAGE,
}

_TAG = ["Corrections"]
_WHO = (
    "\n\nThe key must be bound to a person (`create_api_key --user`), whose rights it uses: corrections are made by "
    "people. A key that is limited to some components neither proposes nor approves what writes another one, or a SET."
)
_BODY_CODES = ["malformed_body", "invalid_parameter", "too_large", "unsupported_media_type"]


def _answer(name: str, description: str, example: dict[str, Any]) -> OpenApiResponse:
    shown = OpenApiExample("correction", value=example, response_only=True)
    return OpenApiResponse({"$ref": f"#/components/schemas/{name}"}, description, [shown])


def _body(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }
    return {"application/json": schema}


def _decision_example(body: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample("decision", value=body, request_only=True)


def _extensions(*codes: str) -> dict[str, Any]:
    return {"x-required-scope": "fares:correct", "x-problem-codes": list(codes)}


def _id_in_path() -> OpenApiParameter:
    return OpenApiParameter("id", _ID, OpenApiParameter.PATH, description="The correction's id.")


PROPOSE: Final[dict[str, Any]] = {
    "operation_id": "propose_correction",
    "summary": "Propose a correction",
    "description": (
        "Keeps a correction for another person to approve; below the limit of its currency it is approved and its "
        "event appended at once.\n\n"
        "**Preview.** With `dry_run=true` nothing is written: the answer (200) is a `CorrectionPreview`, with the fare "
        "before and after, the event, who must approve, and why it would be refused, if it would. Of one that was "
        "proposed before it is that `Correction`, as for a retry.\n\n"
        "**Retries.** The same `id` with the same content answers the first one, with 200 and "
        "`Idempotent-Replayed: true`." + _WHO
    ),
    "tags": _TAG,
    "parameters": [
        OpenApiParameter("dry_run", {"type": "string", "enum": ["true", "false"], "default": "false"},
                         description="Answer what would happen, and write nothing."),
        OpenApiParameter("Location", str, OpenApiParameter.HEADER, response=[200, 201],
                         description="The address of the correction; none of a preview."),
        OpenApiParameter("Idempotent-Replayed", {"type": "string", "const": "true"}, OpenApiParameter.HEADER,
                         response=[200], description="The correction was there already."),
    ],
    "request": {"application/json": {"$ref": "#/components/schemas/NewCorrection"}},
    "examples": [OpenApiExample("cancel an event", value=examples.PROPOSAL, request_only=True)],
    "responses": {
        201: _answer("Correction", "The correction is kept; `state` says whether it is approved.", examples.PROPOSED),
        200: OpenApiResponse(
            {
                "oneOf": [
                    {"$ref": "#/components/schemas/Correction"},
                    {"$ref": "#/components/schemas/CorrectionPreview"},
                ]
            },
            "A retry: the correction as it is by now. Or the preview of a dry run.",
            [
                OpenApiExample("retry", value=examples.PROPOSED, response_only=True),
                OpenApiExample("dry run", value=examples.PREVIEW, response_only=True),
            ],
        ),
    },
    "extensions": _extensions(
        "invalid_correction", "unknown_reason_code", "unknown_booking", "unknown_event", "fare_moved",
        "transaction_id_reused", "negative_fare", "too_many_components", *_BODY_CODES,
    ),
}  # fmt: skip

LIST: Final[dict[str, Any]] = {
    "operation_id": "list_corrections",
    "summary": "List corrections",
    "description": "Newest first." + _WHO,
    "tags": _TAG,
    "parameters": [
        OpenApiParameter("booking_id", BOOKING_ID, description="Only of this booking."),
        OpenApiParameter("state", _STATE, description="Only in this state."),
        OpenApiParameter("after", {"type": "string"}, description="`next` of the page before."),
        OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
                         description="Corrections that are answered at most."),
    ],
    "responses": {200: _answer("CorrectionPage", "A page of corrections.", examples.PAGE)},
    "extensions": _extensions("invalid_parameter"),
}  # fmt: skip

ONE: Final[dict[str, Any]] = {
    "operation_id": "get_correction",
    "summary": "Read one correction",
    "description": "While it waits, with what an approval would append by now, and what moved since." + _WHO,
    "tags": _TAG,
    "parameters": [_id_in_path()],
    "responses": {200: _answer("ReviewedCorrection", "The correction.", examples.REVIEWED)},
    "extensions": _extensions("invalid_parameter", "unknown_correction"),
}

APPROVE: Final[dict[str, Any]] = {
    "operation_id": "approve_correction",
    "summary": "Approve a correction",
    "description": (
        "Appends exactly one event, however often it is sent: after a timeout send the same again. "
        "`fare_moved` carries the fare as it is: read the correction anew, decide, and send that version." + _WHO
    ),
    "tags": _TAG,
    "parameters": [_id_in_path()],
    "request": _body(
        {
            "seen_version": {**_VERSION, "description": "The version of the fare that the approver saw."},
            "reason": {"type": "string", "maxLength": 2000},
        },
        ["seen_version"],
    ),
    "examples": [_decision_example({"seen_version": 4, "reason": "Checked with the toll operator"})],
    "responses": {200: _answer("Correction", "Approved; `event_version` is its event.", examples.APPROVED)},
    "extensions": _extensions(
        "unknown_correction", "correction_decided", "correction_expired", "fare_moved", "self_approval", "needs_lead",
        "invalid_correction", "negative_fare", "too_many_components", "transaction_id_reused", *_BODY_CODES,
    ),
}  # fmt: skip

REJECT: Final[dict[str, Any]] = {
    "operation_id": "reject_correction",
    "summary": "Reject a correction",
    "description": "By anybody who may approve, but its maker. Also of one that has expired." + _WHO,
    "tags": _TAG,
    "parameters": [_id_in_path()],
    "request": _body({"reason": _REASON}, ["reason"]),
    "examples": [_decision_example({"reason": "These were two passages"})],
    "responses": {200: _answer("Correction", "Rejected.", examples.REJECTED)},
    "extensions": _extensions(
        "unknown_correction", "correction_decided", "self_approval", "invalid_correction", *_BODY_CODES
    ),
}

WITHDRAW: Final[dict[str, Any]] = {
    "operation_id": "withdraw_correction",
    "summary": "Withdraw a correction",
    "description": "By its maker. Also of one that has expired." + _WHO,
    "tags": _TAG,
    "parameters": [_id_in_path()],
    "request": _body({"reason": _REASON}, ["reason"]),
    "examples": [_decision_example({"reason": "Wrong booking"})],
    "responses": {200: _answer("Correction", "Withdrawn.", examples.WITHDRAWN)},
    "extensions": _extensions("unknown_correction", "correction_decided", "invalid_correction", *_BODY_CODES),
}
