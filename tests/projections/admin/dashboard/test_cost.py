"""The start page costs the same at any size of the ledger: each of its statements is a range of an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events import corrections
from projections.models import CurrentFare
from tests.builders import given, set_
from tests.events.corrections.desk import contra, lead, toll_charged_twice, waiting
from tests.staff import signed_in

GROWS = {"fare_event", "current_fare", "daily_totals", "correction", "event_search", "booking_search"}
"""Tables that grow with the ledger."""

MOST_STATEMENTS = 60


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def plan_of(statement: str) -> dict[str, Any]:
    """The plan with the other ways closed: what the planner finds then, it takes on a large table."""
    with transaction.atomic(), connection.cursor() as cursor:
        for other_way in (
            "seqscan",
            "bitmapscan",
            "hashjoin",
            "mergejoin",
            "material",
            "sort",
            "incremental_sort",
        ):
            cursor.execute(f"SET LOCAL enable_{other_way} = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        (found,) = cursor.fetchone()
    plans = json.loads(found) if isinstance(found, str) else found
    return dict(plans[0]["Plan"])


@pytest.fixture(scope="module")
def statements() -> list[str]:
    """What the start page of somebody who sees every card reads."""
    given(set_("14.00"))
    waiting(contra(toll_charged_twice()))
    corrections.approve(waiting(contra(toll_charged_twice())).pk, by=lead(), seen_version=3)
    client = signed_in("operator", "lead")
    client.get("/admin/")  # what is read once in a process is read now
    from projections.admin.dashboard import card

    card.forget()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        answer = client.get("/admin/")
    assert b"Cannot be read" not in answer.content
    texts = [query["sql"] for query in seen.captured_queries]
    return [
        text
        for text in texts
        if text.lstrip(" -\n").upper().startswith(("SELECT", "WITH")) or "--" in text[:3]
    ]


def test_what_grows_is_read_by_ranges_of_an_index(statements: list[str]) -> None:
    read = 0
    for statement in statements:
        if not any(table in statement for table in GROWS):
            continue
        for node in nodes(plan_of(statement)):
            if node.get("Relation Name") not in GROWS:
                continue
            read += 1
            assert node["Node Type"] in ("Index Scan", "Index Only Scan"), (node, statement)
            assert "Index Cond" in node, (node, statement)
            # A version that is only sorted out afterwards is looked for among all events of its booking.
            assert "(version " not in node.get("Filter", ""), (node, statement)
    assert read >= 10


def test_nothing_that_grows_is_counted(statements: list[str]) -> None:
    assert not [
        text for text in statements if "count(*)" in text.lower() and CurrentFare._meta.db_table in text
    ]


def test_the_number_of_statements_does_not_depend_on_what_there_is(statements: list[str]) -> None:
    assert len(statements) <= MOST_STATEMENTS
