"""Requests and answers as plain values: what is sent, and what it came to. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from math import isfinite
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote
from uuid import UUID

from farehistory_client import _json, _times
from farehistory_client._amounts import text_of
from farehistory_client._codecs import Codecs
from farehistory_client._errors import Problem, Unanswered, problem_of
from farehistory_client._fares import Change, ExpectedVersion, Fare, FareEvent, Head, Page

PREFIX: Final = "/api/v1/"
BATCH: Final = "events/batch"

Body: TypeAlias = dict[str, Any]

UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, Unanswered)
"""What comes of reading a document that is of another form than the platform's."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `path` is below the API's root, and quoted."""

    method: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    waits: float = 0.0
    """Seconds that the platform is asked to hold its answer back, beyond the time limit of a request."""
    raw: bool = False
    """Whether the body of the answer is wanted as it is, such as a PDF, not as a document."""

    @property
    def writes(self) -> bool:
        return self.body is not None and "dry_run" not in self.parameters


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises Unanswered for what does not come from the platform."""
        return self._document

    @cached_property
    def _document(self) -> Any:
        try:
            return _json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unanswered(f"the answer {self.status} is no JSON: {self.body[:200]!r}") from None

    @property
    def retry_after(self) -> float | None:
        """Seconds, of either form of the header."""
        text = self.headers.get("retry-after", "")
        try:
            seconds = float(text)
        except ValueError:
            pass
        else:
            return max(0.0, seconds) if isfinite(seconds) else None
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None

    def problem(self) -> Problem | Unanswered:
        """What an answer that is no success says."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return Unanswered(f"the answer {self.status} is not the platform's: {self.body[:200]!r}")
        try:
            return problem_of(self.json(), status=self.status, retry_after=self.retry_after)
        except UNREADABLE:
            return Unanswered(f"the answer {self.status} is no problem document: {self.body[:200]!r}")

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def is_of(self, request: Request) -> bool:
        """Whether it is a success that answers this very request: a connection may have been taken over, or a proxy
        have taken one answer for another."""
        if not self.is_success:
            return False
        if request.raw:
            return True
        try:
            return _speaks_of(self.json(), request)
        except UNREADABLE:
            return False


def _speaks_of(document: Any, request: Request) -> bool:
    """Raises whatever comes of another form than the platform's."""
    if request.path == BATCH and request.body is not None:
        asked = _json.loads(request.body)["items"]
        given = document["items"]
        return len(asked) == len(given) and all(
            "problem" in item or _is_event_of(item["event"], each["booking_id"], each)
            for item, each in zip(given, asked, strict=True)
        )
    section, _, rest = request.path.partition("/")
    if section != "fares":
        return isinstance(document, dict)
    booking_id = unquote(rest.partition("/")[0])
    if request.writes and request.body is not None:
        return _is_event_of(document, booking_id, _json.loads(request.body))
    spoken_of = document.get("results", [document])
    return all(each["booking_id"] == booking_id for each in spoken_of)


def _is_event_of(event: Mapping[str, Any], booking_id: str, body: Mapping[str, Any]) -> bool:
    return bool(event["booking_id"] == booking_id and event["transaction_id"] == body["transaction_id"])


def path_of(*parts: str) -> str:
    """The second part is a booking id. Raises TypeError for one that is no string, ValueError for one that would lead
    to another address."""
    _require_booking_id(parts[1])
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"no booking has such an id: {parts[1]!r}")
    return "/".join(quote(part, safe="") for part in parts)


# What is sent


def append_request(
    booking_id: str,
    change: Change,
    expected_version: ExpectedVersion,
    codecs: Codecs,
    *,
    dry_run: bool = False,
) -> Request:
    return Request(
        "POST",
        path_of("fares", booking_id, "events"),
        {"dry_run": "true"} if dry_run else {},
        _json.dumps(event_body(change, expected_version, codecs)),
    )


def batch_request(bodies: Sequence[Body], *, atomic: bool) -> Request:
    return Request("POST", BATCH, body=_json.dumps({"atomic": atomic, "items": bodies}))


def item_body(booking_id: str, change: Change, expected_version: ExpectedVersion, codecs: Codecs) -> Body:
    """The body of an append in a batch."""
    _require_booking_id(booking_id)
    return {"booking_id": booking_id, **event_body(change, expected_version, codecs)}


def event_body(change: Change, expected_version: ExpectedVersion, codecs: Codecs) -> Body:
    """The body of an append. What was not given is left out."""
    if not isinstance(change, Change):
        raise TypeError(f"a Change is needed, not {change!r}")
    optional: dict[str, Any] = {
        "currency": change.currency,
        "description": change.description,
        "occurred_at": None
        if change.occurred_at is None
        else _times.text_of(change.occurred_at, "occurred_at"),
        "actor": change.actor,
        "metadata": codecs.metadata_of(change.component, change.type, change.metadata),
        "allow_negative": change.allow_negative or None,
    }
    return {
        "transaction_id": str(change.transaction_id),
        "expected_version": checked_version(expected_version),
        "type": change.type,
        "component": change.component,
        "amount": text_of(change.amount),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _require_booking_id(booking_id: str) -> None:
    """Raises TypeError."""
    if not isinstance(booking_id, str):
        raise TypeError(f"a booking id is a string, not {booking_id!r}")


def checked_version(expected: ExpectedVersion) -> ExpectedVersion:
    """Raises TypeError, also for a bool."""
    if isinstance(expected, bool) or not (expected == "any" or isinstance(expected, int)):
        raise TypeError(f'expected_version is the version that you read, or ANY ("any"), not {expected!r}')
    return expected


# What came back


def event_of(document: Mapping[str, Any], codecs: Codecs) -> FareEvent:
    return FareEvent(
        booking_id=document["booking_id"],
        version=document["version"],
        transaction_id=UUID(document["transaction_id"]),
        type=document["type"],
        component=document["component"],
        amount=Decimal(document["amount"]),
        currency=document["currency"],
        exponent=document["exponent"],
        allow_negative=document["allow_negative"],
        change=Decimal(document["change"]),
        fare=Decimal(document["fare"]),
        components=amounts_of(document["components"]),
        description=document["description"],
        source=document["source"],
        actor=document["actor"],
        origin=document["origin"],
        metadata=document["metadata"],
        erased=document["erased"],
        occurred_at=datetime.fromisoformat(document["occurred_at"]),
        recorded_at=datetime.fromisoformat(document["recorded_at"]),
        partition=document["partition"],
        position=document["position"],
        hash=document["hash"],
        codecs=codecs,
        document=document,
    )


def fare_of(document: Mapping[str, Any]) -> Fare:
    return Fare(
        booking_id=document["booking_id"],
        version=document["version"],
        amount=Decimal(document["fare"]),
        currency=document["currency"],
        exponent=document["exponent"],
        components=amounts_of(document["components"]),
        events=document["events"],
        consistency=document.get("consistency"),
        complete=document.get("complete", True),
        document=document,
    )


def page_of(document: Mapping[str, Any], codecs: Codecs) -> Page:
    following = document["next"]
    events = tuple(event_of(each, codecs) for each in document["results"])
    return Page(events, None if following is None else int(following))


def amounts_of(components: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in components.items()}


UNKNOWN: Final = Head(0, None, None)
"""Where a booking stands that nobody knows."""
