"""What must be in force before anything is served: asked at start-up, by `manage.py check --database default`
and by the readiness probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.checks import CheckMessage, Critical, Tags, register
from django.db import connection

from events import sql

_TABLES: Final = (
    "ledger.fare_event",
    "ledger.partition_turn",
    "ledger.ledger",
    "ledger.audit_entry",
    "ledger.correction",
)
_TRIGGERS: Final = {(table, trigger) for table in _TABLES for trigger in ("rows_stay", "table_stays")} | {
    ("ledger.audit_entry", "time_is_now")
}
_DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")


class LedgerNotInForce(RuntimeError):
    """The database does not keep the ledger's rules; nothing may be served from it."""


@register(Tags.database)
def ledger_in_force(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Django's database check, run where `default` is among the databases asked for."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        return ledger_faults(cursor)


def demand_ledger_in_force() -> None:
    """Raises LedgerNotInForce, naming what is wrong. Raises OperationalError where the database is away."""
    with connection.cursor() as cursor:
        faults = ledger_faults(cursor)
    if faults:
        raise LedgerNotInForce("; ".join(str(fault.msg) for fault in faults))


def ledger_faults(cursor: Any) -> list[CheckMessage]:
    """What is not as the ledger's rules demand: a missing or weakened trigger, a right too many, or commits that
    may be lost. What an owner does on purpose is not found here: for that the events are hashed."""
    cursor.execute(sql.statement("triggers_in_force"))
    missing = sorted(_TRIGGERS - set(cursor.fetchall()))
    cursor.execute(sql.statement("rights_in_force"))
    (may_write, function_is_guarded, may_change_audit, may_add_to_audit) = cursor.fetchone()
    faults = [
        Critical(
            f"the trigger {trigger} of {table} is missing or not ENABLE ALWAYS",
            hint=f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}",
            id="events.E001",
        )
        for table, trigger in missing
    ]
    if may_write:
        message = "the application role may write to ledger.fare_event; it needs SELECT and the append function only"
        faults.append(Critical(message, id="events.E003"))
    if not function_is_guarded:
        message = (
            "ledger.append_v1 is missing, runs with another's search_path or rights, or is granted to PUBLIC"
        )
        faults.append(Critical(message, id="events.E004"))
    if may_change_audit:
        message = "the application role may change ledger.audit_entry; it needs SELECT and INSERT only"
        faults.append(Critical(message, id="events.E005"))
    if not may_add_to_audit:
        message = "the application role may not add to ledger.audit_entry, so staff could do and see nothing"
        faults.append(Critical(message, id="events.E006"))
    return [*faults, *durability_faults(cursor)]


def durability_faults(cursor: Any) -> list[CheckMessage]:
    """The settings by which PostgreSQL could lose an event that it acknowledged, as a database cursor sees them."""
    faults: list[CheckMessage] = []
    for name in _DURABLE:
        cursor.execute(f"SHOW {name}")
        (value,) = cursor.fetchone()
        if value == "off":
            message = f"PostgreSQL runs with {name} = off: acknowledged events could be lost"
            faults.append(Critical(message, id="events.E002"))
    return faults
