"""Rule 10: the hashes are what the documented text says, from the first event on.

The vectors were computed by hand from docs/hashing.md with nothing but SHA-256; neither implementation made them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from events import chain
from tests.builders import add, connected, given, set_, sub

VECTORS = json.loads((Path(__file__).parent / "golden_hashes.json").read_text(encoding="utf-8"))
TIMES = ("recorded_at", "occurred_at")
BYTES = ("salt", "content_digest", "hash")


def fields_of(vector: dict[str, Any]) -> dict[str, Any]:
    fields = dict(vector["event"])
    for name in TIMES:
        fields[name] = fields[name] and datetime.fromisoformat(fields[name]).astimezone(UTC)
    for name in ("transaction_id", "correction_id"):
        fields[name] = fields[name] and UUID(fields[name])
    fields["salt"] = bytes.fromhex(fields["salt"])
    return fields


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
def test_the_documented_text_gives_the_golden_hashes(vector: dict[str, Any]) -> None:
    fields = fields_of(vector)
    fields["content_digest"] = chain.content_digest(
        salt=fields["salt"],
        actor=fields["actor"],
        description=fields["description"],
        metadata=fields["metadata"],
    )
    assert fields["content_digest"].hex() == vector["content_digest"]
    assert chain.canonical_text(fields) == vector["canonical_text"]
    assert chain.event_hash(bytes.fromhex(vector["previous_hash"]), fields).hex() == vector["hash"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["what"])
@pytest.mark.parametrize(
    "session", ["TimeZone = 'Asia/Kathmandu'", "DateStyle = 'German'", "bytea_output = 'escape'"]
)
def test_the_database_gives_the_golden_hashes_whatever_the_session_says(
    vector: dict[str, Any], session: str
) -> None:
    with connected("owner") as owner:
        owner.execute(f"SET {session}")
        answer = owner.execute(
            """
            SELECT encode(ledger.content_digest_v1(event), 'hex'),
                   ledger.canonical_text_v1(event),
                   encode(ledger.event_hash_v1(decode(%(previous)s, 'hex'), event), 'hex')
            FROM json_populate_record(NULL::ledger.fare_event, %(row)s) AS event
            """,
            {"row": row_of(vector), "previous": vector["previous_hash"]},
        ).fetchone()
    assert answer == (vector["content_digest"], vector["canonical_text"], vector["hash"])


def row_of(vector: dict[str, Any]) -> str:
    """The vector's event as JSON, its metadata put in as the very text it is."""
    event = dict(vector["event"])
    metadata = event.pop("metadata") or "null"
    event["salt"] = "\\x" + event["salt"]
    event["content_digest"] = "\\x" + vector["content_digest"]
    return json.dumps(event)[:-1] + f', "metadata": {metadata}}}'


def test_every_event_of_the_ledger_is_chained_to_the_one_before_it() -> None:
    given(
        set_("14.00", metadata={"b": 1, "a": "ü😀"}, actor="Anna", description="ราคา"),
        add("toll", "5.00", occurred_at=datetime(2026, 5, 3, 1, 2, 3, 4, tzinfo=UTC)),
        sub("refund", "30.00", allow_negative=True),
    )
    previous: dict[int, bytes] = {}
    for row in rows_of_the_ledger():
        digest = chain.content_digest(
            salt=bytes(row["salt"]),
            actor=row["actor"],
            description=row["description"],
            metadata=row["metadata"],
        )
        if row["metadata"] is not None:  # else it was erased, by a test or for good
            assert digest == bytes(row["content_digest"])
        before = previous.get(row["partition"], chain.GENESIS)
        assert chain.event_hash(before, row) == bytes(row["hash"])
        previous[row["partition"]] = bytes(row["hash"])


def test_salts_differ() -> None:
    booking = given(set_("1.00"), add("toll", "1.00"), add("toll", "1.00"))
    salts = {bytes(row["salt"]) for row in rows_of_the_ledger() if row["booking_id"] == booking}
    assert len(salts) == 3


def rows_of_the_ledger() -> list[dict[str, Any]]:
    """Every event, its metadata as the stored text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_json(metadata)::text AS text, * FROM ledger.fare_event ORDER BY partition, position"
        )
        names = [column.name for column in cursor.description]
        return [
            (row := dict(zip(names, values, strict=True))) | {"metadata": row["text"]} for values in cursor
        ]
