"""What the audit says that somebody did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.test import Client
from psycopg import sql

from events.models import AuditEntry
from tests.builders import connected


def entries_of(client: Client) -> list[AuditEntry]:
    """The entries of whoever signed in with this client, in order, but those of log-ins."""
    found = AuditEntry.objects.filter(user_id=client.session["_auth_user_id"])
    return list(found.exclude(action__in=("logged_in", "logged_out")).order_by("pk"))


def acts_of(client: Client) -> list[tuple[str, str | None, dict[str, Any]]]:
    """The same as action, booking and details."""
    return [(entry.action, entry.booking_id, entry.details) for entry in entries_of(client)]


@contextmanager
def audit_cannot_be_written() -> Iterator[None]:
    """The application has no right to add entries meanwhile, as after a restore that forgot it."""
    role = sql.Identifier(connections["default"].settings_dict["USER"])
    with connected("owner") as owner:
        owner.execute(sql.SQL("REVOKE INSERT ON ledger.audit_entry FROM {}").format(role))
        try:
            yield
        finally:
            owner.execute(sql.SQL("GRANT INSERT ON ledger.audit_entry TO {}").format(role))
