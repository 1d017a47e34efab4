"""An example of each code's answer, for the reference, the pages of codes and the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from farehistory.http.problem_codes import PROBLEMS
from farehistory.http.problems import TYPE_PREFIX

_FARE: Final = "/api/v1/fares/BK-1001"
_EVENTS: Final = f"{_FARE}/events"
_BATCH: Final = "/api/v1/events/batch"
_CORRECTION: Final = "/api/v1/corrections/5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee"

_ASKED: Final = {
    "invalid_parameter": _EVENTS,
    "self_approval": f"{_CORRECTION}/approve",
    "needs_lead": f"{_CORRECTION}/approve",
    "not_found": f"{_EVENTS}/",
    "unknown_booking": _FARE,
    "unknown_event": f"{_EVENTS}/7",
    "unknown_receipt": f"{_FARE}/receipt",
    "unknown_correction": _CORRECTION,
    "fare_moved": f"{_CORRECTION}/approve",
    "correction_decided": f"{_CORRECTION}/reject",
    "correction_expired": f"{_CORRECTION}/approve",
    "invalid_correction": "/api/v1/corrections",
    "unknown_reason_code": "/api/v1/corrections",
    "invalid_batch": _BATCH,
    "batch_refused": _BATCH,
    "cursor_invalid": "/api/v1/events",
}
"""The path that was asked, where it is not that of an append."""

_PLACES: Final = {
    "invalid_parameter": ("/limit", "invalid_value"),
    "invalid_precondition": ("/If-Match", "not_one_strong_tag"),
    "invalid_batch": ("/items", "too_many_items"),
    "invalid_event": ("/amount", "not_a_string"),
    "invalid_correction": ("/target", "nothing_to_correct"),
    "unknown_reason_code": ("/reason_code", "unknown_reason_code"),
    "too_many_components": ("/component", "too_many_components"),
}
"""The field that is to blame, and its code, where one is."""

_CURRENT: Final = {"version": 3, "fare": "23.40", "currency": "SGD"}
_WITH_CURRENT: Final = ("version_conflict", "fare_moved")


def example_of(code: str) -> dict[str, Any]:
    """A problem document of this code."""
    problem = PROBLEMS[code]
    place = _PLACES.get(code)
    return {
        "type": TYPE_PREFIX + code,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.example,
        "instance": _ASKED.get(code, _EVENTS),
        "code": code,
        "request_id": "5e0f8a52-6a53-4b8e-9a55-3c7a1f0e9b1d",
        "errors": [{"pointer": place[0], "code": place[1], "detail": problem.example}] if place else [],
        **({"current": _CURRENT} if code in _WITH_CURRENT else {}),
        **(_refused_item() if code == "batch_refused" else {}),
    }


def _refused_item() -> dict[str, Any]:
    return {"index": 3, "problem": example_of("negative_fare") | {"instance": _BATCH}}
