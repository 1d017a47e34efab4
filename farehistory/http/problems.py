"""Problem documents (RFC 9457), made from the one table of codes. Each code has a page at `/api/problems/<code>`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from events.errors import FieldError
from farehistory.http.problem_codes import PROBLEMS, Problem

__all__ = ["CONTENT_TYPE", "PROBLEMS", "TYPE_PREFIX", "Problem", "problem_response"]

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/api/problems/"
MAX_ERRORS: Final = 50
"""Field errors shown in one answer: a hostile body could have tens of thousands."""
MAX_DETAIL: Final = 1000
"""Characters of one detail."""


def problem_response(
    request: HttpRequest,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    extra: dict[str, Any] | None = None,
    status: int | None = None,
) -> HttpResponse:
    """The answer to a request that ends in a problem, with the headers that belong to its code.

    `status` is for a code that has several.
    """
    problem = PROBLEMS[code]
    status = status or problem.status
    document = {
        "type": TYPE_PREFIX + code,
        "title": problem.title,
        "status": status,
        "detail": _shown(detail),
        "instance": escape_uri_path(_shown(request.path)),
        "code": code,
        "request_id": getattr(request, "request_id", None),
        "errors": [_field_error(error) for error in errors[:MAX_ERRORS]],
        **(extra or {}),
    }
    response = HttpResponse(msgspec.json.encode(document), status=status, content_type=CONTENT_TYPE)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def _field_error(error: FieldError) -> dict[str, str]:
    return {"pointer": _shown(error.pointer), "code": error.code, "detail": _shown(error.detail)}


def _shown(text: str) -> str:
    """Text that may quote a caller's input: shortened, without the lone surrogates that UTF-8 cannot hold."""
    clipped = text if len(text) <= MAX_DETAIL else text[: MAX_DETAIL - 1] + "…"
    return clipped.encode("utf-8", "backslashreplace").decode("utf-8")
