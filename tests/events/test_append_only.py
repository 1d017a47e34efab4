"""Rule 1: no fare event is ever changed, deleted or slipped in, whoever asks."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connections
from psycopg import errors

from events import checks, history
from events.models import AppendOnly, FareEvent
from tests.builders import add, connected, given, set_

CHANGES = {
    "UPDATE": "UPDATE ledger.fare_event SET fare = 1 WHERE partition = %(partition)s AND position = %(position)s",
    "UPDATE to the same": (
        "UPDATE ledger.fare_event SET fare = fare WHERE partition = %(partition)s AND position = %(position)s"
    ),
    "DELETE": "DELETE FROM ledger.fare_event WHERE partition = %(partition)s AND position = %(position)s",
    "TRUNCATE": "TRUNCATE ledger.fare_event, ledger.correction",
    "TRUNCATE CASCADE": "TRUNCATE ledger.partition_turn CASCADE",
    "UPDATE of a turn": "UPDATE ledger.partition_turn SET partition = partition",
    "DELETE of a turn": "DELETE FROM ledger.partition_turn",
    "UPDATE of the number of partitions": "UPDATE ledger.ledger SET partitions = 32",
    "DELETE of the ledger's constants": "DELETE FROM ledger.ledger",
}
INSERT = """
    INSERT INTO ledger.fare_event (partition, position, schema, booking_id, version, transaction_id, type, component,
        currency, exponent, amount, fare, change, components, component_amounts, allow_negative, source, origin,
        recorded_at, metadata, salt, content_digest, hash)
    SELECT partition, position + 1000000, schema, booking_id, version + 1000, gen_random_uuid(), type, component,
        currency, exponent, amount, fare, change, components, component_amounts, allow_negative, source, origin,
        recorded_at, metadata, salt, content_digest, hash
    FROM ledger.fare_event WHERE partition = %(partition)s AND position = %(position)s
"""


@pytest.fixture
def place() -> dict[str, Any]:
    last = history.head_of(given(set_("14.00"), add("toll", "5.00")))
    assert last is not None
    return {"partition": last.partition, "position": last.position, "hash": last.hash}


def refused(role: str, statement: str, place: dict[str, Any], *before: str) -> psycopg.Error:
    with connected(role) as connection:
        for setting in before:
            connection.execute(setting)
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute(statement, place)
    return refusal.value


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_application_may_not_change_anything(change: str, place: dict[str, Any]) -> None:
    assert isinstance(refused("default", change, place), errors.InsufficientPrivilege)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_owner_is_stopped_by_triggers(change: str, place: dict[str, Any]) -> None:
    assert isinstance(refused("owner", change, place), errors.RestrictViolation)


def test_the_application_may_not_insert_by_itself(place: dict[str, Any]) -> None:
    assert isinstance(refused("default", INSERT, place), errors.InsufficientPrivilege)


def test_neither_role_may_switch_to_replica(place: dict[str, Any]) -> None:
    for role in ("default", "owner"):
        switch = "SET session_replication_role = replica"
        with connected(role) as connection:
            if connection.execute(
                "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone() == (True,):
                pytest.skip("the owner given is a superuser")
        assert isinstance(refused(role, switch, place), errors.InsufficientPrivilege)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_superuser_in_replica_mode_is_stopped_too(
    change: str, place: dict[str, Any], superuser: str
) -> None:
    """Plain triggers are bypassed by session_replication_role = replica; ENABLE ALWAYS is not."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.RestrictViolation):
            connection.execute(change, place)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger.fare_event DISABLE TRIGGER ALL",
        "DROP TABLE ledger.fare_event",
        "CREATE TABLE ledger.other ()",
        "CREATE FUNCTION ledger.other() RETURNS integer LANGUAGE sql RETURN 1",
        "SELECT ledger.refuse_change_v1()",
        "SELECT * FROM ledger.partition_turn FOR UPDATE",
        "SET ROLE farehistory_owner",
    ],
)
def test_the_application_has_no_way_around(statement: str, place: dict[str, Any]) -> None:
    owner = connections["owner"].settings_dict["USER"]
    refused("default", statement.replace("farehistory_owner", owner), place)


def test_the_append_function_needs_read_committed() -> None:
    with connected("default") as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(errors.InvalidTransactionState):
            connection.execute(
                "SELECT * FROM ledger.append_v1(0::smallint, 'x', 'api', NULL, NULL, ARRAY['a'], NULL, NULL, NULL,"
                " NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
            )


def test_the_functions_settings_cannot_be_bent() -> None:
    with connected("default") as connection:
        row = connection.execute(
            "SELECT prosecdef, proconfig FROM pg_proc WHERE oid = 'ledger.append_v1'::regproc"
        ).fetchone()
    assert row == (True, ["search_path=pg_catalog, pg_temp", "enable_seqscan=off"])


def test_the_orm_refuses_before_it_asks_the_database() -> None:
    head = history.head_of(given(set_("14.00")))
    assert head is not None
    row = FareEvent.with_key(head.position * 65536 + head.partition)
    assert row is not None
    assert (row.booking_id, row.pk) == (head.booking_id, head.position * 65536 + head.partition)
    rows = FareEvent.objects.filter(partition=head.partition)
    for attempt in (row.save, row.delete, rows.delete, lambda: rows.update(fare=1), FareEvent.objects.create):
        with pytest.raises(AppendOnly):
            attempt()


def test_the_rules_in_force_are_found_in_force() -> None:
    checks.demand_ledger_in_force()
    assert checks.ledger_in_force(["default"]) == []


WEAKENED = {
    "as after pg_restore --disable-triggers": (
        "ALTER TABLE ledger.fare_event ENABLE TRIGGER rows_stay",
        "ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER rows_stay",
        "events.E001",
    ),
    "a trigger of that name which does nothing": (
        "DROP TRIGGER rows_stay ON ledger.fare_event; CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE"
        " ON ledger.fare_event FOR EACH ROW WHEN (false) EXECUTE FUNCTION ledger.refuse_change_v1();"
        " ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER rows_stay",
        "DROP TRIGGER rows_stay ON ledger.fare_event; CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE"
        " ON ledger.fare_event FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change_v1();"
        " ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER rows_stay",
        "events.E001",
    ),
    "a right too many": (
        "GRANT INSERT ON ledger.fare_event TO {application}",
        "REVOKE INSERT ON ledger.fare_event FROM {application}",
        "events.E003",
    ),
    "the append function for everybody": (
        "GRANT EXECUTE ON FUNCTION ledger.append_v1 TO PUBLIC",
        "REVOKE EXECUTE ON FUNCTION ledger.append_v1 FROM PUBLIC",
        "events.E004",
    ),
    "the append function on the caller's search path": (
        "ALTER FUNCTION ledger.append_v1 RESET search_path",
        "ALTER FUNCTION ledger.append_v1 RESET ALL; ALTER FUNCTION ledger.append_v1 SET search_path ="
        " pg_catalog, pg_temp; ALTER FUNCTION ledger.append_v1 SET enable_seqscan = off",
        "events.E004",
    ),
}


@pytest.mark.parametrize(("weaken", "restore", "fault"), WEAKENED.values(), ids=WEAKENED)
def test_a_ledger_that_was_weakened_is_not_served(weaken: str, restore: str, fault: str) -> None:
    """Undone at once, so that no other test meets the weakened ledger."""
    application = connections["default"].settings_dict["USER"]
    with connected("owner") as owner:
        owner.execute(weaken.format(application=application))
        try:
            faults = checks.ledger_in_force(["default"])
            with pytest.raises(checks.LedgerNotInForce):
                checks.demand_ledger_in_force()
            with pytest.raises(SystemCheckError):
                call_command("check", databases=["default"])
        finally:
            owner.execute(restore.format(application=application))
    assert [found.id for found in faults] == [fault]
    checks.demand_ledger_in_force()


def test_unlogged_promises_are_reported() -> None:
    with connected("default") as connection, connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        assert [fault.id for fault in checks.durability_faults(cursor)] == ["events.E002"]
