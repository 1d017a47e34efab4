"""Refusals, with the statuses and titles of the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

MOST_ERRORS: Final = 50
LONGEST_DETAIL: Final = 1000
NOT_ESCAPED: Final = "/:@&+$,-_.!~*'()"
"""Of a path, by which a problem names its instance."""

TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "malformed_body": (400, "The body is not JSON"),
    "invalid_parameter": (400, "A query parameter is not valid"),
    "invalid_precondition": (400, "The precondition is not valid"),
    "not_authenticated": (401, "No valid API key"),
    "permission_denied": (403, "This is not permitted"),
    "not_found": (404, "No such address"),
    "unknown_booking": (404, "No such booking"),
    "unknown_event": (404, "No such event"),
    "unknown_receipt": (404, "No such receipt"),
    "method_not_allowed": (405, "Method not allowed"),
    "version_conflict": (409, "The fare has moved"),
    "transaction_id_reused": (409, "The transaction id is taken"),
    "currency_mismatch": (409, "The booking has another currency"),
    "negative_fare": (409, "The fare would fall below zero"),
    "first_event_must_set": (409, "The booking has no fare yet"),
    "batch_refused": (409, "An item of the batch was refused"),
    "cursor_invalid": (409, "The cursor cannot be read on from"),
    "too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "Unsupported media type"),
    "invalid_event": (422, "The event is not valid"),
    "invalid_batch": (422, "The batch is not valid"),
    "too_many_components": (422, "The fare has too many components"),
    "rate_limited": (429, "Too many requests"),
    "unavailable": (503, "Not available just now"),
}
"""Status and title of each code that the fake answers with."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a field breaks."""

    pointer: str
    code: str
    detail: str


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is a problem."""

    code: str
    detail: str
    errors: Sequence[Broken] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    of_status: int | None = None
    """Of a code that is answered with the status of something else."""

    @classmethod
    def of(cls, code: str, errors: Sequence[Broken]) -> Refusal:
        """Of these fields."""
        return cls(code, "; ".join(each.detail for each in errors), errors)

    @property
    def status(self) -> int:
        return self.of_status or TITLES[self.code][0]

    def within(self, pointer: str) -> Refusal:
        """The same of an item of a batch."""
        errors = [Broken(pointer + each.pointer, each.code, each.detail) for each in self.errors]
        return Refusal(self.code, self.detail, errors, self.extra, self.of_status)

    def document(self, path: str, request_id: str) -> dict[str, Any]:
        """RFC 9457. The path is decoded."""
        return {
            "type": f"/api/problems/{self.code}",
            "title": TITLES[self.code][1],
            "status": self.status,
            "detail": _shown(self.detail),
            "instance": quote(_shown(path), safe=NOT_ESCAPED),
            "code": self.code,
            "request_id": request_id,
            "errors": [
                {"pointer": _shown(each.pointer), "code": each.code, "detail": _shown(each.detail)}
                for each in self.errors[:MOST_ERRORS]
            ],
            **self.extra,
        }


def _shown(text: str) -> str:
    """Shortened, and without the lone surrogates that UTF-8 cannot hold."""
    clipped = text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"
    return clipped.encode("utf-8", "backslashreplace").decode()
