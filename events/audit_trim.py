"""Old entries of the audit are removed by the owner of the database alone, and that is noted in the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db import connections, transaction

from events import sql
from events.audit import key_of

BATCH: Final = 5_000
"""Entries that are removed in one transaction: while it lasts, nobody can sign in or be noted."""

_SWITCH: Final = "ALTER TABLE ledger.audit_entry {} TRIGGER rows_stay"


def trim(before: datetime, *, by: str, batch: int = BATCH) -> Iterator[int]:
    """Removes all entries from before this instant, the oldest first; yields how many were removed, batch by batch.

    `by`: who does it, as it is noted. The trigger is switched off within each transaction alone, so that nobody else
    ever sees it off, and a run that is killed leaves it in force.
    """
    removed = batch
    began = False
    while removed == batch:
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            if not began:
                _note(cursor, before, by)
            removed = _remove(cursor, before, batch)
        began = True
        yield removed


def _remove(cursor: Any, before: datetime, batch: int) -> int:
    cursor.execute(_SWITCH.format("DISABLE"))
    cursor.execute(sql.statement("trim_audit"), {"before": key_of(before), "batch": batch})
    removed: int = cursor.rowcount
    cursor.execute(_SWITCH.format("ENABLE ALWAYS"))
    return removed


def _note(cursor: Any, before: datetime, by: str) -> None:
    details = json.dumps({"before": before.isoformat(), "by": by})
    nobody = {"user_id": None, "user_name": "", "booking_id": None, "request_id": None, "address": None}
    cursor.execute(sql.statement("record_audit"), nobody | {"action": "audit_trimmed", "details": details})
