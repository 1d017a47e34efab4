"""What is the same for every operation of the OpenAPI document: the key, the error answers, the headers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from events.api.batch_schema import SCHEMAS as BATCH_SCHEMAS
from events.api.correction_schema import SCHEMAS as CORRECTION_SCHEMAS
from events.api.feed_schema import SCHEMAS as FEED_SCHEMAS
from events.api.schema import SCHEMAS as EVENT_SCHEMAS
from events.field_codes import FIELD_CODES
from farehistory.http.problem_codes import PROBLEMS
from farehistory.http.problem_examples import example_of
from farehistory.http.problems import CONTENT_TYPE, MAX_ERRORS
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
    "additionalProperties": False,
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
        "code": {
            "type": "string",
            "x-extensible-enum": list(PROBLEMS),
            "description": "Stable: decide by this, and by the status where you do not know it.",
        },
        "request_id": {"type": "string", "description": "That of the header `X-Request-ID`."},
        "errors": {
            "type": "array",
            "description": "Each broken rule, if fields of the body or query parameters are to blame.",
            "maxItems": MAX_ERRORS,
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer (RFC 6901); `/name` of a parameter.",
                    },
                    "code": {"type": "string", "x-extensible-enum": list(FIELD_CODES)},
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
        for status in PROBLEMS[code].statuses:
            by_status[status].append(code)
    return {str(status): _problem_answer(status, by_status[status]) for status in sorted(by_status)}


def _problem_answer(status: int, codes: list[str]) -> dict[str, Any]:
    meanings = (f"`{code}`: {PROBLEMS[code].title}. {PROBLEMS[code].advice}" for code in codes)
    return {
        "description": "\n\n".join(meanings),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS_OF.get(status, ())},
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


_HEADERS: Final[dict[str, Any]] = {
    "X-Request-ID": {
        "description": "Yours, or one that was made for you. It is in our log, and kept with an event.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:+/=@-]{1,128}$"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the same request is sent again.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
    },
    "WWW-Authenticate": {"schema": {"type": "string"}},
}
_HEADERS_OF: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
"""Headers of answers with an error, by status; `X-Request-ID` is on every answer."""


def complete(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Post-processing hook: what the operations refer to, and what holds for all of them."""
    components = result.setdefault("components", {})
    schemas = {
        **EVENT_SCHEMAS,
        **BATCH_SCHEMAS,
        **FEED_SCHEMAS,
        **CORRECTION_SCHEMAS,
        **PROJECTION_SCHEMAS,
        "Problem": PROBLEM_SCHEMA,
    }
    components["headers"] = _HEADERS | RATE_LIMIT_HEADERS
    components["examples"] = {code: {"value": example_of(code)} for code in sorted(PROBLEMS)}
    for operation in _operations(result):
        for answer in operation["responses"].values():
            answer.setdefault("headers", {})["X-Request-ID"] = {"$ref": "#/components/headers/X-Request-ID"}
            answer.update(_open(answer))
    asked = _named_in([operation.get("requestBody") for operation in _operations(result)], schemas)
    components["schemas"] = {
        name: schema if name in asked else _open(schema) for name, schema in sorted(schemas.items())
    }
    return result


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _named_in(part: Any, schemas: dict[str, Any]) -> set[str]:
    """The named schemas that a part of the document refers to, and those that they refer to."""
    if isinstance(part, list):
        return set().union(*(_named_in(item, schemas) for item in part))
    if not isinstance(part, dict):
        return set()
    name = str(part.get("$ref", "")).rpartition("/")[2]
    of_name = {name} | _named_in(schemas[name], schemas) if name in schemas else set()
    return of_name | _named_in(list(part.values()), schemas)


def _open(part: Any) -> Any:
    """A part of an answer, without the word that it has no other fields: new ones may come within v1."""
    if isinstance(part, list):
        return [_open(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _open(value)
        for name, value in part.items()
        if not (name == "additionalProperties" and value is False)
    }
