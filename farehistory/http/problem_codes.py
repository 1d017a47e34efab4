"""The one table of error codes. `docs/errors.md`, the pages at `/api/problems/` and the OpenAPI document come from it.

A code never changes its meaning or its status; new ones may come (docs/versioning.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Retry(StrEnum):
    """Whether the same request may be sent again; the value is what a client reads, the label what people do."""

    NEVER = "never"
    LATER = "later"
    ANEW = "anew"

    @property
    def in_words(self) -> str:
        return {
            Retry.NEVER: "No: the same request would be answered the same.",
            Retry.LATER: "Yes, the same request, later: with growing waits and jitter.",
            Retry.ANEW: "Not the same: decide anew on what is so now, and send that.",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a code means, when it is answered, what the caller does about it, and an example of its `detail`."""

    status: int
    title: str
    when: str
    advice: str
    example: str
    retry: Retry = Retry.NEVER
    retry_after: int | None = None
    """Seconds of the header Retry-After, for those that have it."""
    other_statuses: tuple[int, ...] = ()
    """Of a code that is answered with the status of something else, such as a batch's first refused item."""

    @property
    def statuses(self) -> tuple[int, ...]:
        """Every status that it may be answered with, the usual one first."""
        return (self.status, *self.other_statuses)


PROBLEMS: Final[dict[str, Problem]] = {
    "malformed_body": Problem(
        status=400,
        title="The body is not JSON",
        when="The body is empty, cut short, not UTF-8, or not one JSON text.",
        advice="Send one JSON text in UTF-8.",
        example="the body is not JSON: Expecting value: line 1 column 12 (char 11)",
    ),
    "bad_request": Problem(
        status=400,
        title="The request is not valid HTTP",
        when="The Host header is not one of this service, or the query has more than a thousand parameters.",
        advice="Check the headers, above all Host, and how the address is made.",
        example="The request cannot be read: see its Host and other headers.",
    ),
    "invalid_parameter": Problem(
        status=400,
        title="A query parameter is not valid",
        when="A query parameter is unknown, repeated, of a wrong form or out of its bounds.",
        advice="`errors` names each parameter and what is wrong with it.",
        example="limit must be a whole number from 1 to 500",
    ),
    "invalid_precondition": Problem(
        status=400,
        title="The precondition is not valid",
        when="`If-Match` is not exactly one strong ETag of a fare, or the body expects another version.",
        advice="Send the ETag as a read of the fare answered it, without `expected_version` or with the same version.",
        example='If-Match must be exactly one strong ETag of the fare, such as "v7.1": no list, no *, no weak one',
    ),
    "not_authenticated": Problem(
        status=401,
        title="No valid API key",
        when="The key is missing or unknown, has expired or was revoked.",
        advice="Send `Authorization: Bearer <key>` with a key that has not expired and is not revoked.",
        example="This API key is not known, has expired or was revoked.",
    ),
    "permission_denied": Problem(
        status=403,
        title="This is not permitted",
        when="The key lacks the scope, or may not write the component, or its person lacks the right.",
        advice="Ask for a key with the scope that is named, or for the right.",
        example="This needs an API key with the scope fares:append.",
    ),
    "self_approval": Problem(
        status=403,
        title="Another person must decide",
        when="The maker of a correction tries to approve or to reject it.",
        advice="Who proposed a correction can only withdraw it; ask somebody else to decide.",
        example="You made this correction: another person must approve it.",
    ),
    "needs_lead": Problem(
        status=403,
        title="A lead must approve",
        when="The correction moves more than others may approve, by the limits of the currency.",
        advice="Ask a lead to approve it.",
        example="So much moves here that a lead must approve it.",
    ),
    "not_found": Problem(
        status=404,
        title="No such address",
        when="No call lies at this address. A slash at the end, or two in a row, makes another address.",
        advice="Check the address against the OpenAPI document at `/api/schema`.",
        example="The API has no resource at this address.",
    ),
    "unknown_booking": Problem(
        status=404,
        title="No such booking",
        when="The ledger has no event of this booking, or no booking could have this id.",
        advice="Check the id. If its first event is still on the way, ask again later.",
        example="the ledger has no event of booking 'BK-1001'",
    ),
    "unknown_event": Problem(
        status=404,
        title="No such event",
        when="The booking has no event of this version, or none within the bounds of an as-of read.",
        advice="Read the fare for its present version.",
        example="booking 'BK-1001' has no version 7",
    ),
    "unknown_receipt": Problem(
        status=404,
        title="No such receipt",
        when="The booking has no receipt of this number.",
        advice="Ask without `number` for the receipt of the fare as it is.",
        example="booking 'BK-1001' has no receipt BK-1001-R7",
    ),
    "unknown_correction": Problem(
        status=404,
        title="No such correction",
        when="There is no correction with this id.",
        advice="Check the id; `GET corrections` lists them.",
        example="There is no correction with the id 5b0a7c52-90d5-4ec9-8c42-70d0c7b5a1ee.",
    ),
    "method_not_allowed": Problem(
        status=405,
        title="Method not allowed",
        when="The address is right, but not for this method.",
        advice="The header `Allow` lists the methods of this address.",
        example='Method "PUT" not allowed.',
    ),
    "not_acceptable": Problem(
        status=406,
        title="Not available in this form",
        when="The header `Accept` takes none of the media types that the call offers.",
        advice="Accept `application/json`, or another form that the call offers.",
        example="Could not satisfy the request Accept header.",
    ),
    "version_conflict": Problem(
        status=409,
        title="The fare has moved",
        when="The booking's version is not the one that was expected. Nothing was written.",
        advice="`current` has the version, fare and currency as they are now: decide again on those and append "
        "with that version. The transaction id may be used again.",
        example="the booking is at version 3, not 2",
        retry=Retry.ANEW,
    ),
    "fare_moved": Problem(
        status=409,
        title="The fare has moved since the correction was seen",
        when="The booking's version is not the `seen_version` of a proposal or an approval. Nothing was written.",
        advice="`current` has the version, fare and currency as they are now: look at what moved, and decide anew "
        "with that version as `seen_version`.",
        example="The fare has moved since it was seen: it is at version 3, not 2.",
        retry=Retry.ANEW,
    ),
    "correction_decided": Problem(
        status=409,
        title="The correction is decided",
        when="It was approved, rejected or withdrawn before.",
        advice="Read the correction to see who decided and how; a correction is decided once.",
        example="mei approved this correction already.",
    ),
    "correction_expired": Problem(
        status=409,
        title="The correction has expired",
        when="It waited longer than it may, and can only be rejected or withdrawn.",
        advice="Propose it anew.",
        example="This correction waited longer than it may, and can no longer be approved. "
        "Reject it, and propose it anew.",
    ),
    "transaction_id_reused": Problem(
        status=409,
        title="The transaction id is taken",
        when="The booking has an event, or the ledger a correction, with this id and other content.",
        advice="Use one id per intended change, and send a retry exactly as the first try.",
        example="transaction_id 8d5c2f0e-4b0a-4d2b-9d9e-3f6f0a1b2c3d made another event of this booking; "
        "a new change needs a new id",
    ),
    "currency_mismatch": Problem(
        status=409,
        title="The booking has another currency",
        when="The event names another currency than the booking's first event.",
        advice="Send the booking's currency, or leave it out.",
        example="the booking is in SGD, not USD",
    ),
    "negative_fare": Problem(
        status=409,
        title="The fare would fall below zero",
        when="The fare would end below zero and lower than before, and `allow_negative` is not true.",
        advice="If that is meant, as for a refund above the fare, send `allow_negative: true`.",
        example="taking 30.00 off a fare of SGD 23.40 would leave it below zero; "
        "a refund above the fare says allow_negative",
    ),
    "first_event_must_set": Problem(
        status=409,
        title="The booking has no fare yet",
        when="An ADD or SUB came before the SET that begins every booking.",
        advice="If this one only came before the price, send it again later; else send a SET.",
        example="the booking has no fare yet; its first event must be a SET",
        retry=Retry.LATER,
    ),
    "batch_refused": Problem(
        status=409,
        other_statuses=(403, 422),
        title="An item of the batch was refused",
        when="The ledger, or a rule, refuses an item of an atomic batch. Nothing of the batch was written.",
        advice="`index` (from 0) names the first refused item, and `problem` is what its append would have been "
        "answered after the items before it, with that status: do what its code says, and send the batch again. A "
        "`current` of a later item has those before it, which were taken back: read the fare before you decide on it.",
        example="item 3 was refused, and nothing was written: taking 30.00 off a fare of SGD 23.40 would leave it "
        "below zero; a refund above the fare says allow_negative",
        retry=Retry.ANEW,
    ),
    "cursor_invalid": Problem(
        status=409,
        title="The cursor cannot be read on from",
        when="The cursor is no cursor, of another ledger, of a state before a restore, or beyond the end of a log.",
        advice="Send `next` of an answer, unchanged. If the cursor was right before, the ledger was restored from an "
        "older state: compare what you have with the ledger, and begin anew, by `from` or from the start.",
        example="this is no cursor: send `next` of an answer, unchanged",
    ),
    "too_large": Problem(
        status=413,
        title="The body is too large",
        when="The body has more bytes than the call takes.",
        advice="Send less at once, or keep large things elsewhere and link.",
        example="The body has more than 256 KiB.",
    ),
    "unsupported_media_type": Problem(
        status=415,
        title="Unsupported media type",
        when="The body is not announced as JSON in UTF-8, or is compressed.",
        advice="Send the body as `Content-Type: application/json`, in UTF-8, without `Content-Encoding`.",
        example='Unsupported media type "text/plain" in request.',
    ),
    "invalid_event": Problem(
        status=422,
        title="The event is not valid",
        when="A field of the event is missing, unknown, or breaks a rule.",
        advice="`errors` names each field and what is wrong with it.",
        example='amount must be a string of decimal digits such as "12.50", never a number',
    ),
    "invalid_correction": Problem(
        status=422,
        title="The correction is not valid",
        when="A field of the proposal or decision is missing, unknown, or breaks a rule; or nothing would change.",
        advice="`errors` names each field and what is wrong with it.",
        example="The fare is SGD 23.40 already.",
    ),
    "unknown_reason_code": Problem(
        status=422,
        title="No such reason code",
        when="The reason code does not exist, or is switched off.",
        advice="Send one of the codes that operators keep in the admin.",
        example="There is no reason code driver_lied.",
    ),
    "invalid_batch": Problem(
        status=422,
        title="The batch is not valid",
        when="A field of the batch itself is missing, unknown, or breaks a rule. No item was looked at.",
        advice="`errors` names what is wrong with the batch.",
        example="1001 items are too many: a batch has at most 1000",
    ),
    "too_many_components": Problem(
        status=422,
        title="The fare has too many components",
        when="The event would give the fare its 101st component.",
        advice="Put this amount on one of the 100 components that the fare has.",
        example="the fare has 100 components already",
    ),
    "rate_limited": Problem(
        status=429,
        title="Too many requests",
        when="The key sends more requests than it may. Nothing was done.",
        advice="Send the same again after `Retry-After` seconds.",
        example="Request was throttled. Expected available in 1 second.",
        retry=Retry.LATER,
        retry_after=1,
    ),
    "internal_error": Problem(
        status=500,
        title="Something broke on our side",
        when="Something that nobody foresaw. It is in our log.",
        advice="Report the request id. An append may be sent again with the same transaction id.",
        example="The request could not be answered; the error is logged.",
        retry=Retry.LATER,
    ),
    "unavailable": Problem(
        status=503,
        title="Not available just now",
        when="The database is away or slow, or others held the booking's partition for too long.",
        advice="Send the same request again after `Retry-After` seconds; an append with the same transaction id.",
        example="The database did not answer in time.",
        retry=Retry.LATER,
        retry_after=1,
    ),
}
"""In the order of their statuses, which is that of the reference."""
