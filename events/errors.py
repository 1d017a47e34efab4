"""What can be wrong with a request to the ledger: one class per stable `code`.

    LedgerError
    ├── MalformedBody            not strict JSON, or not a JSON object
    ├── TooLarge                 more bytes than a request may have
    ├── InvalidEvent             a field of an event breaks a rule; `errors` names each one
    │   ├── TooManyComponents    the fare would have more components than it may
    │   └── InvalidCorrection    a field of a proposal breaks a rule, or the correction would put nothing right
    │       └── UnknownReasonCode    no such reason code, or it is switched off
    ├── InvalidParameter         a query parameter is unknown or breaks a rule
    ├── InvalidPrecondition      `If-Match` is not one version of a fare, or not the one that the body expects
    ├── InvalidBatch             a batch, not one of its items, breaks a rule
    ├── BatchRefused             an item of an atomic batch was refused, so nothing of it was written; `cause` says why
    ├── CursorInvalid            no cursor, or one of another ledger, of another epoch or beyond the log's end
    ├── VersionConflict          the head moved since the caller read it; `current` is where it is now
    │   └── FareMoved            the same of a correction: whoever proposes or approves decides anew
    ├── TransactionIdReused      the id is known, with other content
    ├── CurrencyMismatch         the booking has another currency
    ├── NegativeFare             the fare would end below zero and lower than before
    ├── FirstEventMustSet        the booking has no fare yet to add to or take from
    ├── UnknownBooking           the ledger has no event of this booking
    ├── UnknownEvent             the booking has no event of this version
    │   └── NothingYet           none of its events meets the bounds of an as-of read
    ├── UnknownCorrection        there is no correction with this id
    ├── CorrectionDecided        it was approved, rejected or withdrawn before
    ├── CorrectionExpired        it waited too long to be approved
    ├── SelfApproval             who proposed it cannot approve or reject it
    ├── NeedsLead                it is so large that only a lead may approve it
    ├── NotPermitted             the person lacks a right
    └── Unavailable              try again: PostgreSQL is away, or others hold the partition's turn

How a code maps to HTTP stands in one table outside this app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from events.field_codes import FieldCode


@dataclass(frozen=True, slots=True)
class FieldError:
    """One broken rule: where (`pointer`, RFC 6901), which (`code`) and in words (`detail`)."""

    pointer: str
    code: FieldCode
    detail: str


@dataclass(frozen=True, slots=True)
class Head:
    """Where a booking's history ends. Version 0 with no fare: the ledger does not know the booking."""

    version: int
    fare: Decimal | None
    currency: str | None


class LedgerError(Exception):
    """Base of every anticipated refusal. Nothing was written when one is raised."""

    code: str

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)


class MalformedBody(LedgerError):
    code = "malformed_body"


class TooLarge(LedgerError):
    code = "too_large"


class InvalidEvent(LedgerError):
    code = "invalid_event"

    @classmethod
    def at(cls, pointer: str, code: FieldCode, detail: str) -> Self:
        """The error of an event with exactly one broken rule."""
        return cls(detail, [FieldError(pointer, code, detail)])

    @classmethod
    def of(cls, errors: Sequence[FieldError]) -> Self:
        """The error of an event with these broken rules."""
        return cls("; ".join(error.detail for error in errors), errors)


class TooManyComponents(InvalidEvent):
    code = "too_many_components"


class InvalidCorrection(InvalidEvent):
    code = "invalid_correction"


class UnknownReasonCode(InvalidCorrection):
    code = "unknown_reason_code"


class InvalidParameter(LedgerError):
    code = "invalid_parameter"


class InvalidPrecondition(LedgerError):
    code = "invalid_precondition"


class InvalidBatch(LedgerError):
    code = "invalid_batch"


class BatchRefused(LedgerError):
    code = "batch_refused"

    def __init__(self, index: int, cause: Exception) -> None:
        super().__init__(f"item {index} was refused, and nothing was written: {cause}")
        self.index = index
        """From 0."""
        self.cause = cause
        """What was said of the item: a LedgerError, or what the API's permissions raise."""


class CursorInvalid(LedgerError):
    code = "cursor_invalid"


class VersionConflict(LedgerError):
    code = "version_conflict"

    def __init__(self, detail: str, current: Head) -> None:
        super().__init__(detail)
        self.current = current


class FareMoved(VersionConflict):
    code = "fare_moved"


class TransactionIdReused(LedgerError):
    code = "transaction_id_reused"


class CurrencyMismatch(LedgerError):
    code = "currency_mismatch"


class NegativeFare(LedgerError):
    code = "negative_fare"


class FirstEventMustSet(LedgerError):
    code = "first_event_must_set"


class UnknownBooking(LedgerError):
    code = "unknown_booking"


class UnknownEvent(LedgerError):
    code = "unknown_event"


class NothingYet(UnknownEvent):
    """The booking is known, but as of then nothing was: told apart by callers in this process only."""


class UnknownCorrection(LedgerError):
    code = "unknown_correction"


class CorrectionDecided(LedgerError):
    code = "correction_decided"


class CorrectionExpired(LedgerError):
    code = "correction_expired"


class SelfApproval(LedgerError):
    code = "self_approval"


class NeedsLead(LedgerError):
    code = "needs_lead"


class NotPermitted(LedgerError):
    code = "permission_denied"


class Unavailable(LedgerError):
    code = "unavailable"
