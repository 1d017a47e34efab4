"""What the children of the kill test do: the button is pressed, and every statement until the answer is a step."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from events import ledger, wakeup
from tests.events.admin.corrections.screens import QUEUE
from tests.faults import step_too


def approve(correction: str, checker: str) -> None:
    step_too(ledger, "_append")
    step_too(connection, "commit")
    step_too(wakeup, "wake")
    client = Client(SERVER_NAME="localhost")  # nobody told this process that it is a test
    client.force_login(User.objects.get(pk=checker))
    answer = client.post(f"{QUEUE}{correction}/approve/", {"seen_version": 3})
    assert answer.status_code == 302
