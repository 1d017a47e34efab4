"""The client of the fare history platform: append fare events, read fares, follow the feed."""

from farehistory_client._async_client import AsyncClient
from farehistory_client._calls import Decision, Item
from farehistory_client._client import Client
from farehistory_client._codecs import CodecError, Codecs, Details
from farehistory_client._diffs import Diff, Difference
from farehistory_client._errors import (
    PROBLEMS,
    BadRequest,
    BatchRefused,
    CorrectionDecided,
    CorrectionExpired,
    CurrencyMismatch,
    CursorInvalid,
    FareHistoryError,
    FareMoved,
    FieldProblem,
    FirstEventMustSet,
    InternalError,
    InvalidBatch,
    InvalidCorrection,
    InvalidEvent,
    InvalidParameter,
    InvalidPrecondition,
    MalformedBody,
    MethodNotAllowed,
    NeedsLead,
    NegativeFare,
    NotAcceptable,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
    Problem,
    RateLimited,
    SelfApproval,
    Skipped,
    TooLarge,
    TooManyComponents,
    TransactionIdReused,
    Unanswered,
    Unavailable,
    UnknownBooking,
    UnknownCorrection,
    UnknownEvent,
    UnknownReasonCode,
    UnknownReceipt,
    Unsettled,
    UnsupportedMediaType,
    VersionConflict,
)
from farehistory_client._fares import ANY, Appended, Change, ExpectedVersion, Fare, FareEvent, Head, Page
from farehistory_client._feed import TAIL, FeedPage, Range, share
from farehistory_client._retry import Retries

__all__ = [
    "ANY", "PROBLEMS", "TAIL",
    "Appended", "AsyncClient", "BadRequest", "BatchRefused", "Change", "Client", "CodecError", "Codecs",
    "CorrectionDecided", "CorrectionExpired", "CurrencyMismatch", "CursorInvalid", "Decision", "Details", "Diff",
    "Difference", "ExpectedVersion",
    "Fare", "FareEvent", "FareHistoryError", "FareMoved", "FeedPage", "FieldProblem", "FirstEventMustSet", "Head",
    "InternalError", "InvalidBatch", "InvalidCorrection", "InvalidEvent", "InvalidParameter", "InvalidPrecondition",
    "Item", "MalformedBody", "MethodNotAllowed", "NeedsLead", "NegativeFare", "NotAcceptable", "NotAuthenticated",
    "NotFound", "Page", "PermissionDenied", "Problem", "Range", "RateLimited", "Retries", "SelfApproval", "Skipped",
    "TooLarge", "TooManyComponents", "TransactionIdReused", "Unanswered", "Unavailable", "UnknownBooking",
    "UnknownCorrection", "UnknownEvent", "UnknownReasonCode", "UnknownReceipt", "Unsettled", "UnsupportedMediaType",
    "VersionConflict", "share",
]  # fmt: skip
