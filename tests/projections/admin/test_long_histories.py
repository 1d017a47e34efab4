"""A booking of many events: the fare page shows a part at a time, at the cost of a short one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events import history, ledger
from events.admin.corrections.urls import EVENTS_ON_A_FARE_PAGE
from events.api.representation import time_as_json
from projections.admin.fare_page import PAGE
from tests.builders import add, event, given, new_booking_id, set_
from tests.projections.admin.fare_pages import html_of
from tests.projections.admin.plans import plans_of_statements


def long_history(booking: str, events: int) -> None:
    tolls = [event(booking, add("toll", "1.00")) for _ in range(events - 1)]
    ledger.append_many([event(booking, set_("5.00")), *tolls], source="pricing")


def test_a_long_history_is_shown_in_pages_latest_first(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 2 * PAGE + 50)
    html = html_of(viewer, booking)
    assert 'id="v250"' in html
    assert 'id="v151"' in html
    assert 'id="v150"' not in html
    assert 'href="?before=151"' in html
    assert "150 older events" in html
    assert f'<a href="?before={PAGE + 1}">The first events</a>' in html
    assert "<title>toll: +249.00</title>" in html


def test_a_long_history_says_how_many_events_are_older_with_its_thousands(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 1200 + PAGE)
    assert "1,200 older events" in html_of(viewer, booking)


def test_other_pages_know_how_many_events_are_on_one() -> None:
    assert EVENTS_ON_A_FARE_PAGE == PAGE


def test_older_pages_lead_on_both_ways_and_keep_the_fare_of_now(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 2 * PAGE + 50)
    html = html_of(viewer, booking, "?before=151")
    assert 'id="v51"' in html
    assert 'id="v150"' in html
    assert 'href="?before=51"' in html
    assert 'href="?before=251"' in html
    assert 'href="?before=151#v60"' in html
    assert "SGD 254.00" in html
    assert "fh-waterfall" not in html


@pytest.mark.parametrize(
    "before",
    ["0", "1", "-3", "x", "", "99999999999999999999", "9" * 5000, "٣"],
    ids=lambda before: before[:9],
)
def test_any_other_page_number_shows_the_latest_events(viewer: Client, before: str) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    assert 'id="v2"' in html_of(viewer, booking, f"?before={before}")


def test_the_pages_take_the_same_few_statements_however_long_the_history(viewer: Client) -> None:
    short, long = given(set_("14.00"), add("toll", "1.00")), new_booking_id()
    changes = [set_("5.00"), *(add("toll", "0.01") for _ in range(9_999))]
    for start in range(0, len(changes), 1000):
        page = changes[start : start + 1000]
        ledger.append_many([event(long, change) for change in page], source="pricing")
    with plans_of_statements() as plans:
        for query in ("change/", "change/?before=5001", "change/?version=5000", "events/5000/"):
            _statements(viewer, long, query)
        then = history.event_of(long, 5000).recorded_at
        _statements(viewer, long, f"change/?recorded_before={time_as_json(then)}")
    assert [read for read in plans.reads if read.rows > 2 * PAGE] == []
    for query, most in (
        ("change/", 8),
        ("change/?before=2", 8),
        ("change/?version=2", 6),
        ("change/?occurred_before=2100-01-01T00:00:00Z", 9),
        ("change/?print=1", 7),
        ("events/2/", 3),
        ("diff/?from=1&to=2", 6),
        ("json/", 3),
    ):
        taken = _statements(viewer, short, query), _statements(viewer, long, query)
        assert max(taken) <= most, (query, taken)
        assert taken[1] <= taken[0] + 1, (query, taken)


def _statements(viewer: Client, booking: str, query: str) -> int:
    """Those that are about the booking; what the shell asks is the same for every page."""
    with CaptureQueriesContext(connection) as captured:
        assert viewer.get(f"/admin/projections/currentfare/{booking}/{query}").status_code == 200
    return sum(booking in statement["sql"] for statement in captured)
