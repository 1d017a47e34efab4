"""The audit of staff: entries are added by one function, found by person, act, booking and day, and never change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from events import api_keys
from events.admin.audit_lines import ACTION_WORDS, AuditLine
from events.audit import ACTIONS, Asked, entries, key_of, record
from events.checks import ledger_faults
from events.errors import Unavailable
from events.models import AppendOnly, AuditEntry
from tests.audits import audit_cannot_be_written
from tests.builders import connected, new_booking_id
from tests.staff import staff


def request_from(address: str, **headers: str) -> Any:
    request = RequestFactory().get("/", REMOTE_ADDR=address, **headers)
    request.request_id = f"request-{uuid4().hex}"
    return request


def last() -> AuditEntry:
    return AuditEntry.objects.order_by("-pk")[0]


def test_an_entry_says_who_did_what_to_which_booking_when_and_from_where() -> None:
    person, booking, request = staff(), new_booking_id(), request_from("203.0.113.9")
    before = timezone.now()
    record("metadata_read", user=person, request=request, booking_id=booking, version=3)
    entry = last()
    assert (entry.user_id, entry.user_name, entry.action) == (person.pk, person.username, "metadata_read")
    assert (entry.booking_id, entry.details) == (booking, {"version": 3})
    assert (entry.request_id, entry.address) == (request.request_id, "203.0.113.9")
    assert before - timedelta(seconds=1) <= entry.at <= timezone.now() + timedelta(seconds=1)


def test_an_entry_without_a_person_or_a_request_is_possible() -> None:
    record("log_in_failed", user=None, request=None)
    assert (last().user_id, last().user_name, last().address) == (None, "", None)
    record("log_in_failed", user=AnonymousUser(), request=None)
    assert (last().user_id, last().user_name) == (None, "")


def test_a_key_that_somebody_typed_where_it_does_not_belong_is_not_kept() -> None:
    _key, text = api_keys.create("pricing", ["fares:read"])
    for typed in (text, f"see {text} please", f"{'x' * 470}{text}"):
        record("searched", user=None, request=None, text=typed, filters={"q": [typed]})
        kept = str(last().details)
        assert text[-43:] not in kept
        assert text[20:30] not in kept
        assert text[:20] in kept  # which key it was


def test_what_is_no_action_is_not_recorded() -> None:
    with pytest.raises(ValueError, match="'looked' is not an action"):
        record("looked", user=None, request=None)


@pytest.mark.parametrize(
    "given, kept",
    [
        ({"text": "a\x00b\nc"}, {"text": "a\ufffdb\ufffdc"}),
        ({"text": "x" * 600}, {"text": "x" * 499 + "…"}),
        ({"rows": list(range(300))}, {"rows": list(range(100))}),
        ({"nested": {"a": [True, None, 1.5]}}, {"nested": {"a": [True, None, 1.5]}}),
        ({"text": "\ud800"}, {"text": "\ufffd"}),
        ({"when": date(2026, 5, 3)}, {"when": "2026-05-03"}),
        ({"number": float("inf")}, {"number": "inf"}),
    ],
)
def test_details_are_kept_short_and_without_control_characters(given: Any, kept: Any) -> None:
    record("searched", user=None, request=None, **given)
    assert last().details == kept


def test_details_that_are_long_in_all_are_cut_not_refused() -> None:
    record("searched", user=None, request=None, **{f"field_{n}": ["ü" * 500] * 100 for n in range(20)})
    assert last().details == {"left_out": "these details are too long to be kept"}


def test_every_action_has_words_and_no_words_are_left_over() -> None:
    assert tuple(ACTION_WORDS) == ACTIONS
    assert len({str(words) for words in ACTION_WORDS.values()}) == len(ACTIONS)


def test_a_line_says_details_in_words() -> None:
    entry = AuditEntry(
        action="setting_changed",
        user_name="",
        details={"own_permissions": [], "staff": True, "asked": {"q": "BK-1", "day": ""}, "lead_above": None},
    )
    line = AuditLine(entry)
    assert (line.who, line.what) == ("nobody known", "Changed a setting")
    assert line.facts == [
        ("Own permissions", "none"),
        ("Staff", "yes"),
        ("Asked", "Q BK-1, Day none"),
        ("Lead above", "none"),
    ]


def test_entries_are_found_by_person_act_booking_and_day_the_latest_first() -> None:
    one, other, booking = staff(), staff(), new_booking_id()
    for person, what, about in [
        (one, "searched", None),
        (one, "metadata_read", booking),
        (other, "metadata_read", booking),
        (one, "exported", None),
    ]:
        record(what, user=person, request=None, booking_id=about)
    name = one.username

    def acts(**asked: Any) -> list[str]:
        return [entry.action for entry in entries(Asked(**asked), limit=10)]

    assert acts(person=name) == ["exported", "metadata_read", "searched"]
    assert acts(person=name, action="searched") == ["searched"]
    assert acts(booking_id=booking) == ["metadata_read", "metadata_read"]
    today = timezone.localdate()
    assert acts(person=name, day=today) == ["exported", "metadata_read", "searched"]
    assert acts(person=name, day=today - timedelta(days=1)) == []
    newest = entries(Asked(person=name), limit=1)[0]
    assert acts(person=name, before=newest.pk) == ["metadata_read", "searched"]


def test_the_key_of_an_entry_is_its_time() -> None:
    record("searched", user=None, request=None)
    entry = last()
    assert key_of(entry.at) <= entry.pk < key_of(entry.at + timedelta(microseconds=2))
    assert key_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)) == 512_000_000


def test_entries_of_one_moment_from_many_processes_all_stay() -> None:
    person = staff()

    def many() -> None:
        try:
            for _ in range(50):
                record("searched", user=person, request=None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEntry.objects.filter(user_id=person.pk).count() == 400


@pytest.fixture(scope="module")
def busy() -> str:
    """The name of one who seldom does what others do often, and does much else; PostgreSQL has counted it."""
    one, other = staff(), staff()
    for n in range(600):
        record("exported", user=one, request=None)
        record("searched", user=other if n % 10 else one, request=None)
    with connected("owner") as connection:
        connection.execute("ANALYZE ledger.audit_entry")
    return str(one.username)


@pytest.mark.parametrize("asked", ["person", "action", "booking_id", "day", "person_and_action", "nothing"])
def test_each_way_of_asking_reads_an_index(asked: str, busy: str) -> None:
    by = {
        "person": "user_name = 'x'",
        "action": "action = 'rare'",  # of what is in every other entry, the newest are found by any order
        "booking_id": "booking_id = 'x'",
        "day": "id >= 1 AND id < 2",
        "person_and_action": f"user_name = '{busy}' AND action = 'searched'",
        "nothing": "true",
    }[asked]
    with connected("default") as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_sort = off")
        connection.execute("SET enable_bitmapscan = off")
        plan = connection.execute(
            f"EXPLAIN SELECT * FROM ledger.audit_entry WHERE {by} ORDER BY id DESC LIMIT 51"
        ).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "Index Scan Backward" in text, text
    assert "Filter" not in text, text
    assert "Sort" not in text, text


@pytest.mark.parametrize("role", ["default", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.audit_entry SET action = 'nothing'",
        "DELETE FROM ledger.audit_entry",
        "TRUNCATE ledger.audit_entry",
    ],
)
def test_neither_application_nor_owner_changes_an_entry(role: str, statement: str) -> None:
    record("searched", user=None, request=None)
    refused = {"default": "permission denied", "owner": "the audit is append-only"}[role]
    with connected(role) as connection, pytest.raises(psycopg.Error, match=refused):
        connection.execute(statement)


def test_not_even_a_replica_session_of_a_superuser_changes_one(superuser: str) -> None:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.errors.RestrictViolation, match="the audit is append-only"):
            connection.execute("DELETE FROM ledger.audit_entry")


def test_an_entry_cannot_be_dated_back() -> None:
    name, long_ago = f"nobody-{uuid4().hex}", key_of(datetime(2020, 1, 1, tzinfo=UTC))
    with connected("default") as connection:
        connection.execute(
            "INSERT INTO ledger.audit_entry (id, user_name, action, details) VALUES (%s, %s, 'searched', '{}')",
            [long_ago, name],
        )
    [entry] = entries(Asked(person=name), limit=10)
    assert entry.pk > long_ago
    assert timezone.now() - entry.at < timedelta(minutes=1)


def test_the_time_of_an_entry_cannot_be_made_up() -> None:
    with connected("default") as connection, pytest.raises(psycopg.errors.GeneratedAlways):
        connection.execute(
            "INSERT INTO ledger.audit_entry (at, user_name, action, details)"
            " VALUES (now() - interval '1 day', 'x', 'searched', '{}')"
        )


def test_the_orm_offers_no_way_either() -> None:
    record("searched", user=None, request=None)
    entry = last()
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        AuditEntry.objects.filter(pk=entry.pk).delete,
        AuditEntry.objects.create,
    ):
        with pytest.raises(AppendOnly):
            attempt()
    with pytest.raises(AppendOnly):
        AuditEntry.objects.update(action="nothing")


def test_what_cannot_be_noted_is_refused() -> None:
    with audit_cannot_be_written(), pytest.raises(Unavailable, match="could not be noted"):
        record("searched", user=None, request=None)


@contextmanager
def as_owner(do: str, undo: str) -> Iterator[None]:
    with connected("owner") as connection:
        connection.execute(do)
        try:
            yield
        finally:
            connection.execute(undo)


def faults() -> set[str]:
    with connections["default"].cursor() as cursor:
        return {str(fault.id) for fault in ledger_faults(cursor)} - {"events.E002"}


@pytest.mark.parametrize("trigger", ["rows_stay", "table_stays"])
def test_processes_refuse_to_start_while_a_trigger_of_the_audit_is_weakened(trigger: str) -> None:
    table = "ALTER TABLE ledger.audit_entry"
    assert faults() == set()
    for weakened in ("DISABLE", "ENABLE"):  # the second is bypassed by a replica session
        with as_owner(f"{table} {weakened} TRIGGER {trigger}", f"{table} ENABLE ALWAYS TRIGGER {trigger}"):
            assert faults() == {"events.E001"}
    assert faults() == set()


def test_processes_refuse_to_start_while_entries_could_be_dated_back() -> None:
    table = "ALTER TABLE ledger.audit_entry"
    with as_owner(f"{table} DISABLE TRIGGER time_is_now", f"{table} ENABLE TRIGGER time_is_now"):
        assert faults() == {"events.E001"}
    assert faults() == set()


def test_an_entry_that_the_table_drops_without_a_word_is_one_that_could_not_be_written() -> None:
    rule = "swallow_all"
    with (
        as_owner(
            f"CREATE RULE {rule} AS ON INSERT TO ledger.audit_entry DO INSTEAD NOTHING",
            f"DROP RULE {rule} ON ledger.audit_entry",
        ),
        pytest.raises(Unavailable),
    ):
        record("searched", user=None, request=None)


@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"])
def test_processes_refuse_to_start_where_the_application_may_change_the_audit(right: str) -> None:
    role = connections["default"].settings_dict["USER"]
    with as_owner(
        f'GRANT {right} ON ledger.audit_entry TO "{role}"',
        f'REVOKE {right} ON ledger.audit_entry FROM "{role}"',
    ):
        assert faults() == {"events.E005"}
    assert faults() == set()


def test_processes_refuse_to_start_where_the_audit_cannot_be_written() -> None:
    with audit_cannot_be_written():
        assert faults() == {"events.E006"}
