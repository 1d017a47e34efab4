"""What the children of the kill tests do: a decision, of which every SQL statement and the append are steps."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection

from events import corrections, ledger, wakeup
from tests.events.corrections.desk import change
from tests.faults import step_too


def approve(correction: str, checker: str, seen_version: str) -> None:
    _count_more_than_statements()
    person = User.objects.get(pk=checker)
    corrections.approve(UUID(correction), by=person, seen_version=int(seen_version))


def propose(booking_id: str, id: str, maker: str) -> None:
    _count_more_than_statements()
    person = User.objects.get(pk=maker)
    corrections.propose(change(booking_id, "SUB", "1.00", id=id), by=person)


def _count_more_than_statements() -> None:
    """The append has a cursor of its own, a COMMIT none at all; and after it the read side is told."""
    step_too(ledger, "_append")
    step_too(connection, "commit")
    step_too(wakeup, "wake")
