"""Two states of a fare side by side."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.utils.html import strip_tags

from events import history, ledger
from events.api.representation import time_as_json
from projections.admin.diff_page import PAGE
from tests.builders import add, event, given, new_booking_id, set_, sub


@pytest.fixture(scope="module")
def ride() -> str:
    return given(set_("14.00"), add("toll", "5.00"), add("waiting_fee", "6.40"), sub("promo", "2.00"))


def html_of(viewer: Client, booking: str, query: str = "", status: int = 200) -> str:
    answer = viewer.get(f"/admin/projections/currentfare/{booking}/diff/?{query}")
    assert answer.status_code == status
    return str(answer.content.decode())


def text_of(viewer: Client, booking: str, query: str = "", status: int = 200) -> str:
    return " ".join(
        unescape(strip_tags(html_of(viewer, booking, query, status).replace("</t", " </t"))).split()
    )


def test_each_component_is_shown_before_after_and_with_its_change(viewer: Client, ride: str) -> None:
    text = text_of(viewer, ride, "from=2&to=4")
    assert "The fare was SGD 19.00: base fare 14.00 + toll 5.00." in text
    assert "The fare is SGD 23.40:" in text
    for row in (
        "Base fare 14.00 14.00 0.00",
        "Toll 5.00 5.00 0.00",
        "Waiting fee 0.00 6.40 +6.40",
        "Promo 0.00 −2.00 −2.00",
        "Fare 19.00 23.40 +4.40",
    ):
        assert row in text
    between = text.partition("The events in between")[2]
    assert "added SGD 6.40 waiting fee." in between
    assert "added SGD 5.00 toll." not in between


def test_what_is_left_empty_is_the_last_change(viewer: Client, ride: str) -> None:
    text = text_of(viewer, ride)
    assert "Fare 25.40 23.40 −2.00" in text
    assert "Fare 14.00 19.00 +5.00" in text_of(viewer, ride, "to=2")
    assert "Fare 19.00 23.40 +4.40" in text_of(viewer, ride, "from=2")


def test_the_earlier_state_comes_first_and_it_is_said_if_the_other_was_asked_for(
    viewer: Client, ride: str
) -> None:
    text = text_of(viewer, ride, "from=4&to=2")
    assert "Turned around: the earlier state comes first." in text
    assert "Fare 19.00 23.40 +4.40" in text
    assert "Turned around" not in text_of(viewer, ride, "from=2&to=4")


def test_before_the_first_event_there_was_no_fare(viewer: Client, ride: str) -> None:
    text = text_of(viewer, ride, "from=0&to=1")
    assert "There was no fare yet." in text
    assert "Fare 0.00 14.00 +14.00" in text


def test_the_later_state_may_be_named_first(viewer: Client, ride: str) -> None:
    assert "Fare 14.00 23.40 +9.40" in text_of(viewer, ride, "from=4&to=1")


def test_a_state_may_be_what_we_knew_at_a_time(viewer: Client, ride: str) -> None:
    then = time_as_json(history.event_of(ride, 3).recorded_at)
    html = html_of(viewer, ride, f"from_time={then}&to=4")
    assert f'data-fh-utc="{then}"' in html
    assert "Fare 19.00 23.40 +4.40" in text_of(viewer, ride, f"from_time={then}&to=4")


def test_the_same_state_twice_differs_in_nothing(viewer: Client, ride: str) -> None:
    assert "None: both are the same state." in text_of(viewer, ride, "from=2&to=2")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=1&to=9", "The latest version is 4."),
        ("from=-1&to=2", "Write a version, such as 3."),
        ("from=x", "Write a version, such as 3."),
        ("to_time=soon", "Write a time such as 2026-05-03 14:05."),
        ("from=1&from_time=2026-05-03T00:00:00Z", "Give a version or a time, not both."),
    ],
)
def test_what_cannot_be_compared_is_said_and_what_was_typed_stays(
    viewer: Client, ride: str, query: str, said: str
) -> None:
    html = html_of(viewer, ride, query, status=400)
    assert said in unescape(strip_tags(html))
    assert "What changed" not in html
    for typed in query.split("&"):
        name, _, value = typed.partition("=")
        assert f'name="{name}" value="{value[:10]}' in html


def test_of_many_events_in_between_the_first_are_shown_and_the_rest_counted(viewer: Client) -> None:
    booking = new_booking_id()
    tolls = [event(booking, add("toll", "0.01")) for _ in range(PAGE + 6)]
    ledger.append_many([event(booking, set_("5.00")), *tolls], source="pricing")
    text = text_of(viewer, booking, f"from=1&to={PAGE + 7}")
    assert "6 more events are in between: see the later state" in text
    assert text.count("Pricing added SGD 0.01 toll.") == PAGE


@pytest.mark.parametrize("booking", ["nobody-knows", "กข", "%00"])
def test_an_unknown_booking_is_a_404(viewer: Client, booking: str) -> None:
    assert viewer.get(f"/admin/projections/currentfare/{booking}/diff/").status_code == 404
