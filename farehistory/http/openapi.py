"""What is the same for every operation of the OpenAPI document: the key, the error answers, the headers."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from events.api.batch_schema import SCHEMAS as BATCH_SCHEMAS
from events.api.correction_schema import SCHEMAS as CORRECTION_SCHEMAS
from events.api.feed_schema import SCHEMAS as FEED_SCHEMAS
from events.api.schema import SCHEMAS as EVENT_SCHEMAS
from farehistory.http.problems import CONTENT_TYPE, PROBLEMS, TYPE_PREFIX
from projections.api.schema import SCHEMAS as PROJECTION_SCHEMAS

COMMON_CODES = (
    "not_authenticated",
    "permission_denied",
    "not_acceptable",
    "bad_request",
    "rate_limited",
    "unavailable",
)
"""What any operation may answer, beside the codes that it declares itself."""

RATE_LIMIT_HEADERS: dict[str, Any] = {
    "RateLimit-Policy": {
        "schema": {"type": "string"},
        "description": "The quota of the API key: `q` requests in `w` seconds. Absent where nothing is limited.",
        "example": '"default";q=10000;w=10',
    },
    "RateLimit": {
        "schema": {"type": "string"},
        "description": "What is left of it: `r` requests; it is whole again in `t` seconds.",
        "example": '"default";r=9999;t=1',
    },
}
"""Of every answer to a caller who is known."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code", "request_id", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The address of the code's page.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What was wrong this time, in words."},
        "instance": {"type": "string", "format": "uri-reference", "description": "The path that was asked."},
        "code": {"type": "string", "enum": sorted(PROBLEMS), "description": "Stable: decide by this."},
        "request_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "description": "Each broken rule, if fields of the body or query parameters are to blame.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer (RFC 6901); `/name` of a parameter.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "index": {
            "type": "integer",
            "minimum": 0,
            "description": "Only with `batch_refused`: the first refused item, from 0.",
        },
        "problem": {
            "type": "object",
            "description": "Only with `batch_refused`: the problem of that item.",
        },
        "current": {
            "type": "object",
            "description": "Only with `version_conflict` and `fare_moved`: where the booking is now; "
            "0 and nulls if unknown.",
            "required": ["version", "fare", "currency"],
            "properties": {
                "version": {"type": "integer", "minimum": 0},
                "fare": {"type": ["string", "null"]},
                "currency": {"type": ["string", "null"]},
            },
        },
    },
}


class BearerKeyScheme(OpenApiAuthenticationExtension):
    """How the document describes `farehistory.http.authentication.BearerKey`."""

    target_class = "farehistory.http.authentication.BearerKey"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of your service."}


class Schema(AutoSchema):
    """DRF's schema class: adds to each operation the error answers of its `x-problem-codes`."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        codes = [*operation.get("x-problem-codes", ()), *COMMON_CODES]
        operation["x-problem-codes"] = codes
        operation["responses"].update(_problem_answers(codes))
        for status, answer in operation["responses"].items():
            if status != "401":
                references = {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_LIMIT_HEADERS}
                answer["headers"] = {**answer.get("headers", {}), **references}
        return operation


def _problem_answers(codes: list[str]) -> dict[str, Any]:
    """The responses of these codes: one per status, with an example per code."""
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_status[PROBLEMS[code].status].append(code)
    return {str(status): _problem_answer(status, by_status[status]) for status in sorted(by_status)}


def _problem_answer(status: int, codes: list[str]) -> dict[str, Any]:
    meanings = (f"`{code}`: {PROBLEMS[code].title}. {PROBLEMS[code].advice}" for code in codes)
    answer: dict[str, Any] = {
        "description": "\n\n".join(meanings),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(code)} for code in codes},
            }
        },
    }
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}
        }
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer


def _example(code: str) -> dict[str, Any]:
    problem = PROBLEMS[code]
    example: dict[str, Any] = {
        "type": TYPE_PREFIX + code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.title + ".",
        "instance": "/api/v1/fares/BK-1001/events",
        "code": code,
        "request_id": "5e0f8a52-6a53-4b8e-9a55-3c7a1f0e9b1d",
        "errors": [],
    }
    if code in ("version_conflict", "fare_moved"):
        example["current"] = {"version": 3, "fare": "23.40", "currency": "SGD"}
    if code == "batch_refused":
        refused = _example("negative_fare")
        example |= {"instance": "/api/v1/events/batch", "index": 3}
        example["problem"] = {**refused, "instance": example["instance"]}
    if code == "invalid_event":
        example["errors"] = [
            {
                "pointer": "/amount",
                "code": "not_a_string",
                "detail": "amount must be a string of decimal digits",
            }
        ]
    return example


def add_schemas(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Post-processing hook: the named schemas and headers that the operations refer to."""
    components = result.setdefault("components", {})
    components["headers"] = RATE_LIMIT_HEADERS
    components.setdefault("schemas", {}).update(
        {
            **EVENT_SCHEMAS,
            **BATCH_SCHEMAS,
            **FEED_SCHEMAS,
            **CORRECTION_SCHEMAS,
            **PROJECTION_SCHEMAS,
            "Problem": PROBLEM_SCHEMA,
        }
    )
    return result
