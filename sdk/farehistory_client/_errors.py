"""What can go wrong, as a tree:

FareHistoryError
├── Unanswered                  nobody answered in time, or what did was not the platform
├── Skipped                     the feed or a stream lacks an event
└── Problem                     the platform said no; one class for each of its codes, such as
    ├── VersionConflict         the fare has moved: `current` is the fare as it is
    ├── TransactionIdReused     …
    └── Unavailable             it cannot be known whether it was written

Decide by class. A code that this version does not know is a plain Problem with its `code`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from farehistory_client._fares import Head


class FareHistoryError(Exception):
    """The root of all errors of this package but TypeError and ValueError, which are mistakes in the call."""

    unsettled: Unsettled | None = None
    """Of a write: what was sent, if it may have been written all the same. `Client.settle` sends it again."""

    request_id: str | None = None
    """By which the platform's operators find the request in its log; None where the platform did not answer."""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A write of which nobody knows whether it took effect. The same again settles it: it is never done twice."""

    path: str
    body: bytes


class Unanswered(FareHistoryError):
    """No answer in time, after all attempts; or one that does not come from the platform."""


class Skipped(FareHistoryError):
    """A page does not follow the one before it, or lacks a position that it claims to have examined."""

    def __init__(self, partition: int, expected: int, found: int | None) -> None:
        got = "nothing" if found is None else f"position {found}"
        super().__init__(f"partition {partition}: expected position {expected}, got {got}")
        self.partition = partition
        self.expected = expected
        self.found = found

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.partition, self.expected, self.found), self.__dict__


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A rule that a field breaks. `pointer`: a JSON pointer into the body, or `/name` of a parameter."""

    pointer: str
    code: str
    detail: str


class Problem(FareHistoryError):
    """The platform refused (RFC 9457). `detail` is for people; decide by the class or the code."""

    code: ClassVar[str] = ""

    def __init__(
        self, document: Mapping[str, Any], *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        self.document = document
        """All that was answered, with whatever a later server may have added."""
        self.status: int = status if status is not None else int(document.get("status", 0))
        self.title: str = str(document.get("title", ""))
        self.detail: str = str(document.get("detail", ""))
        self.request_id: str | None = document.get("request_id")
        self.errors: Sequence[FieldProblem] = tuple(
            FieldProblem(str(each.get("pointer", "")), str(each.get("code", "")), str(each.get("detail", "")))
            for each in document.get("errors") or ()
        )
        self.retry_after = retry_after
        """Seconds after which the same may be sent again; None where the platform named none."""
        if not self.code:
            self.code = str(document.get("code", ""))  # type: ignore[misc]  # of a code that has no class
        super().__init__(f"{self.code or self.status}: {self.detail or self.title}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.document,), self.__dict__


class MalformedBody(Problem):
    """The body is not JSON."""

    code = "malformed_body"


class BadRequest(Problem):
    """The request is not valid HTTP: see the address of the client."""

    code = "bad_request"


class InvalidParameter(Problem):
    """A parameter is unknown, or out of its bounds: `errors` names each."""

    code = "invalid_parameter"


class InvalidPrecondition(Problem):
    """`If-Match` is not a version. This client sends none."""

    code = "invalid_precondition"


class NotAuthenticated(Problem):
    """The key is unknown, has expired or was revoked."""

    code = "not_authenticated"


class PermissionDenied(Problem):
    """The key lacks the scope, or may not write the component."""

    code = "permission_denied"


class SelfApproval(Problem):
    """Who made a correction cannot decide on it."""

    code = "self_approval"


class NeedsLead(Problem):
    """A lead must approve so large a correction."""

    code = "needs_lead"


class NotFound(Problem):
    """No call lies at this address."""

    code = "not_found"


class UnknownBooking(Problem):
    """The ledger has no event of this booking."""

    code = "unknown_booking"


class UnknownEvent(Problem):
    """The booking has no such version, or none within these bounds."""

    code = "unknown_event"


class UnknownReceipt(Problem):
    """The booking has no receipt of this number."""

    code = "unknown_receipt"


class UnknownCorrection(Problem):
    """There is no such correction."""

    code = "unknown_correction"


class MethodNotAllowed(Problem):
    """The address is right, but not for this method."""

    code = "method_not_allowed"


class NotAcceptable(Problem):
    """The call has no such form."""

    code = "not_acceptable"


class _Moved(Problem):
    def __init__(self, document: Mapping[str, Any], **rest: Any) -> None:
        super().__init__(document, **rest)
        current = document["current"]
        version, amount = current["version"], current["fare"]
        if type(version) is not int:
            raise TypeError(f"{version!r} is no version")
        self.current: Head = Head(version, None if amount is None else Decimal(amount), current["currency"])
        """The fare as it is: version 0 and no amount where the booking is unknown."""


class VersionConflict(_Moved):
    """The fare has moved since it was read: `current` is the fare as it is."""

    code = "version_conflict"


class FareMoved(_Moved):
    """The fare has moved since the correction was seen."""

    code = "fare_moved"


class CorrectionDecided(Problem):
    """The correction was decided before."""

    code = "correction_decided"


class CorrectionExpired(Problem):
    """The correction waited too long."""

    code = "correction_expired"


class TransactionIdReused(Problem):
    """The booking has another event of this transaction id."""

    code = "transaction_id_reused"


class CurrencyMismatch(Problem):
    """The booking has another currency."""

    code = "currency_mismatch"


class NegativeFare(Problem):
    """The fare would fall below zero, and `allow_negative` does not say that this is meant."""

    code = "negative_fare"


class FirstEventMustSet(Problem):
    """The booking has no fare yet: the same again once it has, or a SET."""

    code = "first_event_must_set"


class BatchRefused(Problem):
    """Nothing of the batch was written."""

    code = "batch_refused"

    def __init__(self, document: Mapping[str, Any], **rest: Any) -> None:
        super().__init__(document, **rest)
        self.index: int = int(document["index"])
        """Of the first refused item, from 0."""
        self.problem: Problem = problem_of(document["problem"])
        """What its append would have been answered after the items before it: a `current` is with these."""


class CursorInvalid(Problem):
    """The ledger cannot be read on from this cursor: it is no cursor, or was restored from an older state."""

    code = "cursor_invalid"


class TooLarge(Problem):
    """The body is too large."""

    code = "too_large"


class UnsupportedMediaType(Problem):
    """The body is not announced as JSON."""

    code = "unsupported_media_type"


class InvalidEvent(Problem):
    """A field of the event breaks a rule: `errors` names each."""

    code = "invalid_event"


class InvalidCorrection(Problem):
    """A field of the correction breaks a rule: `errors` names each."""

    code = "invalid_correction"


class UnknownReasonCode(Problem):
    """There is no such reason code."""

    code = "unknown_reason_code"


class InvalidBatch(Problem):
    """The batch itself breaks a rule."""

    code = "invalid_batch"


class TooManyComponents(Problem):
    """The fare has as many components as it may."""

    code = "too_many_components"


class RateLimited(Problem):
    """The key sends more requests than it may: the same again after `retry_after` seconds."""

    code = "rate_limited"


class InternalError(Problem):
    """Something broke in the platform: report `request_id`."""

    code = "internal_error"


class Unavailable(Problem):
    """The platform could not tell whether it was written: the same again, later."""

    code = "unavailable"


def _classes(of: type[Problem]) -> list[type[Problem]]:
    return [each for sub in of.__subclasses__() for each in ([sub] if sub.code else _classes(sub))]


PROBLEMS: Final[Mapping[str, type[Problem]]] = {each.code: each for each in _classes(Problem)}
"""The class of each code."""


def problem_of(
    document: Mapping[str, Any], *, status: int | None = None, retry_after: float | None = None
) -> Problem:
    """The error that a problem document stands for."""
    kind = PROBLEMS.get(str(document.get("code", "")), Problem)
    return kind(document, status=status, retry_after=retry_after)
