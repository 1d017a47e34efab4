"""What the children of the kill tests do: an atomic batch; each partition's append and the commit are steps of it."""

from __future__ import annotations

from django.db import connection

from events import ledger, wakeup
from tests.builders import event, set_
from tests.faults import step_too


def append_all(*booking_ids: str) -> None:
    step_too(ledger, "_append")
    step_too(connection, "commit")
    step_too(wakeup, "wake")
    ledger.append_all([event(each, set_("10.00")) for each in booking_ids], source="pricing")
