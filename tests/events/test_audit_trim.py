"""Old entries of the audit go in one way only: the owner removes them, and that is noted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from events.audit import Asked, entries, key_of, record
from events.audit_trim import trim
from events.checks import ledger_faults
from events.models import AuditEntry
from tests.builders import connected

LONG_AGO = datetime(2019, 6, 1, tzinfo=UTC)


@pytest.fixture
def old(superuser: str) -> Iterator[str]:
    """The name under which 25 entries of 2019 stand, a day apart, as a restored database has them."""
    name = f"old-{uuid4().hex[:12]}"
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for day in range(25):
            connection.execute(
                "INSERT INTO ledger.audit_entry (id, user_name, action, details) VALUES (%s, %s, 'searched', '{}')",
                [key_of(LONG_AGO + timedelta(days=day)), name],
            )
    yield name
    list(trim(LONG_AGO + timedelta(days=40), by="the test"))


def of(name: str) -> list[AuditEntry]:
    return entries(Asked(person=name), limit=100)


def run(before: Any) -> str:
    out = StringIO()
    call_command("trim_audit", "--before", str(before), stdout=out)
    return out.getvalue()


def test_entries_before_the_day_go_and_the_others_stay(old: str) -> None:
    assert run("2019-06-11") == "Removed 10 entries from before 2019-06-11.\n"
    assert min(entry.at for entry in of(old)) == datetime(2019, 6, 11, tzinfo=UTC)
    assert len(of(old)) == 15


def test_that_it_was_done_and_by_whom_is_in_the_audit(old: str) -> None:
    run("2019-06-11")
    [entry, *_] = entries(Asked(action="audit_trimmed"), limit=1)
    assert entry.details["before"] == "2019-06-11T00:00:00+00:00"
    assert entry.details["by"]
    assert timezone.now() - entry.at < timedelta(minutes=1)


def test_it_goes_in_batches_with_the_triggers_in_force_between_them(old: str) -> None:
    batches = trim(LONG_AGO + timedelta(days=25), by="the test", batch=10)
    for removed in batches:
        assert removed in (10, 5)
        with connections["default"].cursor() as cursor:
            assert [fault.id for fault in ledger_faults(cursor) if fault.id != "events.E002"] == []
        record("searched", user=None, request=None)  # nobody is kept out meanwhile
    assert of(old) == []


def test_a_run_that_breaks_off_leaves_the_triggers_in_force_and_its_batch_there(old: str) -> None:
    with connected("owner") as owner:
        owner.execute("BEGIN")
        owner.execute("ALTER TABLE ledger.audit_entry DISABLE TRIGGER rows_stay")
        owner.execute("DELETE FROM ledger.audit_entry WHERE user_name = %s", [old])
        owner.close()
    assert len(of(old)) == 25
    with connected("owner") as owner, pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("DELETE FROM ledger.audit_entry")


def test_the_last_year_stays_whatever_is_asked_for() -> None:
    yesterday = timezone.now().date() - timedelta(days=1)
    with pytest.raises(CommandError, match="the last 365 days stay"):
        run(yesterday)


def test_only_the_owner_may(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(settings.DATABASES, "owner")
    with pytest.raises(CommandError, match="only the owner"):
        run("2019-06-11")


@pytest.mark.parametrize("day", ["yesterday", "2019-13-01", ""])
def test_what_is_no_day_is_refused(day: str) -> None:
    with pytest.raises(CommandError, match="is not a day like 2025-01-31"):
        call_command("trim_audit", "--before", day)
