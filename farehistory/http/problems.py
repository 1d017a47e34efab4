"""The one table of error codes, and the problem documents (RFC 9457) made from it.

A code never changes its meaning or its status; new ones may come. Each has a page at `/api/problems/<code>`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from events.errors import FieldError

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/api/problems/"
MAX_ERRORS: Final = 50
"""Field errors shown in one answer: a hostile body could have tens of thousands."""
MAX_DETAIL: Final = 1000
"""Characters of one detail."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a code means: its HTTP status, a short title, and what the caller does about it."""

    status: int
    title: str
    advice: str
    retry_after: int | None = None
    """Seconds after which the same request may be sent again; None: the same would be answered the same."""


PROBLEMS: Final[dict[str, Problem]] = {
    "version_conflict": Problem(
        409,
        "The fare has moved",
        "Nothing was written. `current` has the version, fare and currency as they are now: decide again "
        "on those "
        "and append with that version. The transaction id may be used again.",
    ),
    "fare_moved": Problem(
        409,
        "The fare has moved since the correction was seen",
        "Nothing was written. `current` has the version, fare and currency as they are now: look at what moved, "
        "and decide anew with that version as `seen_version`.",
    ),
    "transaction_id_reused": Problem(
        409,
        "The transaction id is taken",
        "The booking has an event with this transaction id and other content. Use one id per intended "
        "change.",
    ),
    "currency_mismatch": Problem(
        409, "The booking has another currency", "A booking keeps the currency of its first event."
    ),
    "negative_fare": Problem(
        409,
        "The fare would fall below zero",
        "If that is meant, as for a refund above the fare, send `allow_negative: true`.",
    ),
    "first_event_must_set": Problem(
        409,
        "The booking has no fare yet",
        "The first event of a booking is a SET. If this one only came before the price, send it again later.",
    ),
    "cursor_invalid": Problem(
        409,
        "The cursor cannot be read on from",
        "Send `next` of an answer, unchanged. If the cursor was right before, the ledger was restored from an older "
        "state: compare what you have with the ledger, and begin anew, by `from` or from the start.",
    ),
    "invalid_event": Problem(
        422, "The event is not valid", "`errors` names each field and what is wrong with it."
    ),
    "invalid_batch": Problem(
        422,
        "The batch is not valid",
        "`errors` names what is wrong with the batch itself. No item was looked at.",
    ),
    "batch_refused": Problem(
        409,
        "An item of the batch was refused",
        "Nothing of the batch was written. `index` (from 0) names the first refused item, and `problem` is what its "
        "append would have been answered alone: the status of the answer is that of `problem`, 409 or another.",
    ),
    "too_many_components": Problem(
        422,
        "The fare has too many components",
        "A fare has at most 100 components; put this amount on one of them.",
    ),
    "unknown_correction": Problem(404, "No such correction", "There is no correction with this id."),
    "correction_decided": Problem(
        409,
        "The correction is decided",
        "It was approved, rejected or withdrawn before; a correction is decided once.",
    ),
    "correction_expired": Problem(
        409,
        "The correction has expired",
        "It waited longer than it may, and can only be rejected or withdrawn. Propose it anew.",
    ),
    "self_approval": Problem(
        403,
        "Another person must decide",
        "Who proposed a correction cannot approve or reject it, only withdraw it.",
    ),
    "needs_lead": Problem(403, "A lead must approve", "The correction moves more than others may approve."),
    "invalid_correction": Problem(
        422,
        "The correction is not valid",
        "`errors` names each field and what is wrong with it.",
    ),
    "unknown_reason_code": Problem(
        422,
        "No such reason code",
        "Reason codes are kept in the admin; it does not exist, or is switched off.",
    ),
    "malformed_body": Problem(400, "The body is not JSON", "Send one JSON text in UTF-8."),
    "bad_request": Problem(400, "The request is not valid HTTP", "Check the headers, above all Host."),
    "invalid_parameter": Problem(
        400, "A query parameter is not valid", "`errors` names each parameter and what is wrong with it."
    ),
    "invalid_precondition": Problem(
        400,
        "The precondition is not valid",
        "`If-Match` takes exactly one strong ETag, as a read of the fare answered it, and goes without "
        "`expected_version` or with the same version.",
    ),
    "not_authenticated": Problem(
        401,
        "No valid API key",
        "Send `Authorization: Bearer <key>` with a key that has not expired and is not revoked.",
    ),
    "permission_denied": Problem(
        403, "This is not permitted", "Ask for a key with the scope that is named, or for the right."
    ),
    "not_found": Problem(404, "No such address", "The API has no resource at this address."),
    "unknown_booking": Problem(404, "No such booking", "The ledger has no event of this booking."),
    "unknown_event": Problem(
        404,
        "No such event",
        "The booking has no event of this version, or none within the bounds of an as-of read.",
    ),
    "unknown_receipt": Problem(404, "No such receipt", "The booking has no receipt of this number."),
    "method_not_allowed": Problem(
        405, "Method not allowed", "The header `Allow` lists the methods of this address."
    ),
    "not_acceptable": Problem(
        406,
        "Not available in this form",
        "Accept `application/json`, or another form that the call offers.",
    ),
    "too_large": Problem(
        413, "The body is too large", "Send less at once, or keep large things elsewhere and link."
    ),
    "unsupported_media_type": Problem(
        415, "Unsupported media type", "Send the body as `Content-Type: application/json`, in UTF-8."
    ),
    "rate_limited": Problem(429, "Too many requests", "Send the same again after `Retry-After` seconds.", 1),
    "internal_error": Problem(
        500,
        "Something broke on our side",
        "Report the request id. An append may be sent again with the same id.",
    ),
    "unavailable": Problem(
        503,
        "Not available just now",
        "Send the same request again after `Retry-After` seconds; an append with the same transaction id.",
        1,
    ),
}


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

    `status`: another than the code's, where that depends on what the problem is about.
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
