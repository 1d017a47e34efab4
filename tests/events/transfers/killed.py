"""What the children of the kill tests do: the newest run goes on, and everything that it does is a step to die at."""

from __future__ import annotations

from django.db import connection

from events import ledger, wakeup
from events.transfers import driving, folder, refused
from events.transfers.models import Transfer
from tests.faults import step_too


def go_on(kind: str) -> None:
    """Until nothing is left to be done."""
    for owner, name in ((ledger, "_append"), (connection, "commit"), (wakeup, "wake")):
        step_too(owner, name)
    for owner, name in ((refused.Rows, "written"), (folder, "sync")):
        step_too(owner, name)
    run = Transfer.objects.filter(kind=kind).latest("started_at")
    while driving.go_on(run.pk, seconds=60):
        pass
