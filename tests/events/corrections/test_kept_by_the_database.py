"""The rules of a correction's row, for whoever writes SQL: the application, and the owner."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg import errors

from events import corrections, ledger
from events.corrections.models import Correction
from tests.builders import connected, event, sub, then_fare
from tests.events.corrections.desk import contra, support, toll_charged_twice, waiting

ROLES = ("default", "owner")


def refused(role: str, statement: str, *values: object) -> psycopg.Error:
    with connected(role) as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement, values)
    return refusal.value


@pytest.fixture
def correction() -> Correction:
    return waiting(contra(toll_charged_twice()))


def test_the_maker_can_never_approve(correction: Correction) -> None:
    """Not even by code of ours that goes wrong: with the event appended, and only the person not another."""
    booking = correction.booking_id
    change = event(booking, sub("toll", "5.00", transaction_id=correction.pk))
    with pytest.raises(IntegrityError, match="maker_never_approves"), transaction.atomic():
        ledger.append_correction(change, corrects_version=3, source="back-office")
        Correction.objects.filter(partition=correction.partition, pk=correction.pk).update(
            state="approved",
            decided_by=correction.proposed_by,
            decided_by_name=correction.proposed_by_name,
            decided_at=timezone.now(),
            event_version=4,
        )
    then_fare(booking, "24.00", version=3)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "change",
    ["reason = 'another'", "amount_minor = amount_minor + 1", "needs = 'nobody'", "proposed_by = proposed_by + 1",
     "expires_at = expires_at + interval '1 day'", "evidence = 'https://example.com/'"],
)  # fmt: skip
def test_what_it_says_never_changes(role: str, change: str, correction: Correction) -> None:
    for decision in ("", ", state = 'rejected', decided_by = 1, decided_by_name = 'x', decided_at = now()"):
        refusal = refused(
            role,
            f"UPDATE ledger.correction SET {change}{decision} WHERE partition = %s AND id = %s",
            correction.partition,
            correction.pk,
        )
        assert isinstance(refusal, errors.RestrictViolation)


@pytest.mark.parametrize("role", ROLES)
def test_a_decision_is_final(role: str) -> None:
    done = corrections.reject(waiting(contra(toll_charged_twice())).pk, by=support(), reason="No")
    for state in ("proposed", "approved", "withdrawn", "rejected"):
        refusal = refused(
            role,
            "UPDATE ledger.correction SET state = %s WHERE partition = %s AND id = %s",
            state, done.partition, done.pk,
        )  # fmt: skip
        assert isinstance(refusal, errors.RestrictViolation)


def test_none_is_deleted(correction: Correction) -> None:
    delete = "DELETE FROM ledger.correction WHERE partition = %s AND id = %s"
    where = (correction.partition, correction.pk)
    assert isinstance(refused("default", delete, *where), errors.InsufficientPrivilege)
    assert isinstance(refused("owner", delete, *where), errors.RestrictViolation)
    assert isinstance(refused("default", "TRUNCATE ledger.correction"), errors.InsufficientPrivilege)
    assert isinstance(refused("owner", "TRUNCATE ledger.correction"), errors.RestrictViolation)


@pytest.mark.parametrize("role", ROLES)
def test_approved_is_only_what_was_appended(role: str, correction: Correction) -> None:
    for version in (1, 3):
        refusal = refused(
            role,
            """
            UPDATE ledger.correction SET state = 'approved', decided_by = proposed_by + 1, decided_by_name = 'x',
                decided_at = now(), event_version = %s
            WHERE partition = %s AND id = %s
            """,
            version, correction.partition, correction.pk,
        )  # fmt: skip
        assert isinstance(refusal, errors.RestrictViolation)


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"state": "approved"}, errors.RestrictViolation),
        ({"corrects_version": 9, "seen_version": 9}, errors.ForeignKeyViolation),
        ({"seen_version": 2}, errors.CheckViolation),
        ({"partition": -1}, errors.CheckViolation),
        ({"evidence": "javascript:alert(1)"}, errors.CheckViolation),
        ({"reason": ""}, errors.CheckViolation),
        ({"needs": "none"}, errors.CheckViolation),
        ({"target_minor": 5}, errors.CheckViolation),
        ({"amount_minor": -1}, errors.CheckViolation),
        ({"type": "SET"}, errors.CheckViolation),
    ],
    ids=lambda value: str(value),
)
def test_a_row_that_breaks_a_rule_cannot_be_made(
    columns: dict[str, object], kind: type[psycopg.Error], correction: Correction
) -> None:
    row = {field.column: getattr(correction, field.attname) for field in Correction._meta.concrete_fields}
    row |= {"id": uuid4(), "proposed_at": timezone.now(), **columns}
    names = ", ".join(row)
    marks = ", ".join(["%s"] * len(row))
    refusal = refused("default", f"INSERT INTO ledger.correction ({names}) VALUES ({marks})", *row.values())
    assert isinstance(refusal, kind), refusal


def test_every_unique_key_contains_the_partition_and_no_user_is_a_foreign_key() -> None:
    with connected("default") as connection:
        keys = connection.execute(
            """
            SELECT pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = 'ledger.correction'::regclass AND indisunique
            """
        ).fetchall()
        links = connection.execute(
            """
            SELECT DISTINCT confrelid::regclass::text FROM pg_constraint
            WHERE conrelid = 'ledger.correction'::regclass AND contype = 'f'
            """
        ).fetchall()
    assert len(keys) == 3
    assert all("(partition, " in definition for (definition,) in keys)
    assert links == [("ledger.fare_event",)]


def test_only_its_own_rules_let_rows_into_the_table() -> None:
    """The application may insert and decide; what it may not is not a matter of its code."""
    with connected("default") as connection:
        rights = connection.execute(
            """
            SELECT right_, has_table_privilege('ledger.correction', right_)
            FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS right_
            """
        ).fetchall()
    granted = {right for right, has in rights if has}
    assert granted == {"SELECT", "INSERT", "UPDATE"}
