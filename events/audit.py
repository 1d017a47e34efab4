"""The audit of staff: who looked at or did what, when, from where. Entries are added and read, never changed.

What cannot be noted is not shown: `record` raises then, and its caller answers with the error, not with the page.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any, Final

from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils import timezone

from events import sql
from events.addresses import client_address
from events.api_keys import without_secrets
from events.errors import Unavailable
from events.models import AuditEntry

ACTIONS: Final = (
    "logged_in",
    "log_in_failed",
    "locked_out",
    "unlocked",
    "logged_out",
    "password_changed",
    "second_factor_added",
    "second_factor_passed",
    "second_factor_failed",
    "second_factor_removed",
    "recovery_codes_made",
    "searched",
    "metadata_read",
    "raw_read",
    "exported",
    "imported",
    "correction_proposed",
    "correction_approved",
    "correction_rejected",
    "correction_withdrawn",
    "receipt_issued",
    "key_created",
    "key_rotated",
    "key_revoked",
    "projection_paused",
    "projection_resumed",
    "projection_retried",
    "projection_repaired",
    "rebuild_started",
    "rebuild_accepted",
    "rebuild_cancelled",
    "schedule_run",
    "setting_added",
    "setting_changed",
    "setting_deleted",
    "audit_read",
    "audit_trimmed",
)
"""All that is ever recorded. A `setting` is what staff edit in the admin: people, groups, schedules, limits."""

LONGEST_TEXT: Final = 500
"""Characters that are kept of one detail."""

LONGEST_DETAILS: Final = 16_384
"""Bytes that the table takes of all of them."""

_KEYS_PER_MICROSECOND: Final = 512
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger(__name__)


def record(
    what: str, *, user: Any, request: HttpRequest | None, booking_id: str | None = None, **details: Any
) -> None:
    """Notes who did or looked at what. Call it before showing what was asked for, and after doing it.

    `what`: one of ACTIONS. `user`: a Django user or the API's client; None: nobody is signed in. `request`: where it
    came from; None outside of one. `details`: JSON values by name. Raises Unavailable where it cannot be written,
    ValueError for another action.
    """
    if what not in ACTIONS:
        raise ValueError(f"{what!a} is not an action of the audit")
    text = json.dumps(_json(details))
    if len(text) > LONGEST_DETAILS:
        text = json.dumps({"left_out": "these details are too long to be kept"})
    row = {
        "user_id": getattr(user, "pk", None),
        "user_name": _clean(_name(user), 150),
        "action": what,
        "booking_id": _clean(booking_id, 64) if booking_id else None,
        "details": text,
        "request_id": getattr(request, "request_id", None),
        "address": None if request is None else client_address(request),
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.statement("record_audit"), row)
            if cursor.rowcount != 1:
                raise DatabaseError("the table took no entry: a rule or trigger keeps it away")
    except DatabaseError as error:
        logger.error("not audited, so refused: %s by %s: %s", what, row["user_name"], error)
        raise Unavailable("This could not be noted in the audit, so it is not done or shown.") from error
    logger.info("audit: %s by %s, booking %s", what, row["user_name"] or "-", row["booking_id"] or "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which entries somebody wants to see; None: whichever. `before`: only those with a lower key."""

    person: str | None = None
    action: str | None = None
    booking_id: str | None = None
    day: date | None = None
    """In the current time zone."""
    before: int | None = None


def entries(asked: Asked, *, limit: int) -> list[AuditEntry]:
    """The latest entries asked for, the last one first; each way of asking is a range of an index."""
    found = AuditEntry.objects.all()
    if asked.person is not None:
        found = found.filter(user_name=asked.person)
    if asked.action is not None:
        found = found.filter(action=asked.action)
    if asked.booking_id is not None:
        found = found.filter(booking_id=asked.booking_id)
    if asked.day is not None:
        begin, end = _day(asked.day)
        found = found.filter(pk__gte=key_of(begin), pk__lt=key_of(end))
    if asked.before is not None:
        found = found.filter(pk__lt=asked.before)
    return list(found.order_by("-pk")[:limit])


def key_of(instant: datetime) -> int:
    """The lowest key that an entry of this instant can have."""
    return (instant - _EPOCH) // timedelta(microseconds=1) * _KEYS_PER_MICROSECOND


def _day(day: date) -> tuple[datetime, datetime]:
    """When it began and when it was over, here."""
    zone = timezone.get_current_timezone()
    midnights = (datetime.combine(day + timedelta(days=n), time.min, zone) for n in (0, 1))
    begin, end = midnights
    return begin, end


def _name(user: Any) -> str:
    """A person's name, or a client's source; empty where nobody is signed in."""
    if user is None or not user.is_authenticated:
        return ""
    return str(getattr(user, "source", None) or user.get_username())


def _json(value: Any) -> Any:
    """What PostgreSQL takes as `jsonb`: texts without control characters and of bounded length."""
    if isinstance(value, Mapping):
        return {_clean(str(key), 64): _json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value[:100]]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return _clean(str(value), LONGEST_TEXT)


def _clean(text: str, longest: int) -> str:
    text = without_secrets(text)
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in shown)
