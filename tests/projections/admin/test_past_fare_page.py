"""The fare page going back: at a version, as we knew it, by what had happened, and both times together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import strip_tags

from events import history
from events.api.representation import time_as_json
from projections.admin.fares import fare_url
from tests.builders import add, append, given, set_, sub

MAY_1, MAY_2 = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)


@pytest.fixture
def late_toll() -> str:
    """SGD 21.00: a toll that happened before the waiting fee, and was recorded after it."""
    booking = given(set_("14.00", occurred_at=MAY_1), add("waiting_fee", "2.00", occurred_at=MAY_2))
    append(booking, add("toll", "5.00", occurred_at=MAY_1))
    return booking


def get(viewer: Client, booking: str, query: str, status: int = 200) -> str:
    answer = viewer.get(f"{fare_url(booking)}?{query}")
    assert answer.status_code == status
    return str(answer.content.decode())


def text_of(viewer: Client, booking: str, query: str, status: int = 200) -> str:
    return " ".join(unescape(strip_tags(get(viewer, booking, query, status))).split())


def test_at_a_version_the_page_says_that_it_is_the_past_and_leads_back(
    viewer: Client, late_toll: str
) -> None:
    text = text_of(viewer, late_toll, "version=2")
    assert "This is the fare as it was, not as it is now. After version 2" in text
    assert "The fare was SGD 16.00: base fare 14.00 + waiting fee 2.00." in text
    assert "Back to the fare of now: SGD 21.00, version 3" in text
    assert "added SGD 5.00 toll" not in text
    assert "View up to date" not in text
    assert "Issue a receipt" not in text


def test_what_we_knew_at_a_time_is_what_had_been_recorded_before_it(viewer: Client, late_toll: str) -> None:
    then = time_as_json(history.event_of(late_toll, 3).recorded_at)
    text = text_of(viewer, late_toll, f"recorded_before={then}")
    assert "What we knew at" in text
    assert "The fare was SGD 16.00: base fare 14.00 + waiting fee 2.00." in text


def test_what_had_happened_by_a_time_counts_what_was_recorded_late(viewer: Client, late_toll: str) -> None:
    text = text_of(viewer, late_toll, "occurred_before=2026-05-01T12:00:00Z")
    assert "The fare was SGD 19.00: base fare 14.00 + toll 5.00." in text
    assert "Pricing added SGD 5.00 toll." in text
    assert "waiting fee" not in text.partition("Every change that counted then")[2]


def test_what_we_believed_then_about_an_earlier_time_meets_both(viewer: Client, late_toll: str) -> None:
    then = time_as_json(history.event_of(late_toll, 3).recorded_at)
    query = f"recorded_before={then}&occurred_before=2026-05-01T12:00:00Z"
    text = text_of(viewer, late_toll, query)
    assert "What we knew at" in text
    assert "What had happened by" in text
    assert "The fare was SGD 14.00, all of it base fare." in text


def test_of_events_that_count_alone_each_row_is_told_as_if_there_were_no_others(
    viewer: Client, late_toll: str
) -> None:
    text = text_of(viewer, late_toll, "occurred_before=2026-05-01T12:00:00Z")
    assert "+5.00 19.00" in text  # in the ledger, the fare after it is 21.00


def test_without_what_set_the_fare_it_says_so(viewer: Client) -> None:
    booking = given(set_("14.00", occurred_at=MAY_2), sub("promo", "2.00", occurred_at=MAY_1))
    text = text_of(viewer, booking, "occurred_before=2026-05-01T12:00:00Z")
    assert "What set the fare is not among these events" in text
    assert "These changes come to SGD −2.00: promo −2.00." in text
    assert "Incomplete" in text


def test_where_nothing_has_changed_since_it_does_not_say_that_it_has(viewer: Client, late_toll: str) -> None:
    text = text_of(viewer, late_toll, "version=3")
    assert "So the fare was then, and so it is still." in text
    assert "not as it is now" not in text


def test_before_the_first_event_there_was_nothing_yet(viewer: Client, late_toll: str) -> None:
    text = text_of(viewer, late_toll, "recorded_before=2020-01-01T00:00:00Z")
    assert f"There was nothing yet: none of the events of {late_toll} counts as of then." in text
    assert "First event recorded" in text
    assert "Back to the fare of now" in text


def test_a_version_that_is_not_there_yet_keeps_what_was_typed_and_names_the_latest(
    viewer: Client, late_toll: str
) -> None:
    html = get(viewer, late_toll, "version=9", status=400)
    assert "The latest version is 3." in html
    assert 'name="version" value="9"' in html
    assert "SGD 21.00" in html


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("version=0", "Write a version, such as 3."),
        ("version=x", "Write a version, such as 3."),
        ("recorded_before=yesterday", "Write a time such as 2026-05-03 14:05."),
        ("occurred_before=1969-12-31T00:00:00Z", "Write a time in the years 1970 to 9998."),
        ("occurred_before=9999-12-31T23:59:59-23:59", "Write a time"),
        ("recorded_before=%00", "Write a time such as"),
    ],
)
def test_what_is_no_version_or_time_is_said_beside_its_field_and_not_lost(
    viewer: Client, late_toll: str, query: str, said: str
) -> None:
    html = get(viewer, late_toll, query, status=400)
    assert said in unescape(strip_tags(html))
    assert "The fare is SGD 21.00" in html
    typed = query.partition("=")[2]
    assert f'value="{typed}"' in html or typed.startswith("%")


def test_a_time_without_an_offset_is_the_servers(viewer: Client, late_toll: str) -> None:
    assert "SGD 19.00" in get(viewer, late_toll, "occurred_before=2026-05-01T12:00")


def test_links_within_a_past_state_keep_it(viewer: Client, late_toll: str) -> None:
    html = get(viewer, late_toll, "version=2&occurred_before=2026-05-03T00:00:00%2B00:00")
    asked = "version=2&amp;occurred_before=2026-05-03T00:00:00.000000Z"
    assert f'href="?{asked}&amp;print=1"' in html
    assert f"/{late_toll}/json/?{asked}&amp;" in html
    assert 'data-fh-utc="2026-05-03T00:00:00.000000Z"' in html


def test_the_versions_beside_the_shown_one_are_a_step_away(viewer: Client, late_toll: str) -> None:
    html = get(viewer, late_toll, "version=2")
    assert 'data-key="[" href="?version=1"' in html
    assert f'data-key="]" href="{fare_url(late_toll)}"' in html  # the next one is the fare of now
    assert 'data-key="["' not in get(viewer, late_toll, "version=1")


def test_a_fare_shown_in_place_of_what_cannot_be_shown_says_so(viewer: Client, late_toll: str) -> None:
    answer = viewer.get(f"/admin/projections/currentfare/{late_toll}/change/?version=99")
    assert answer.status_code == 400
    assert "What was asked for cannot be shown: this is the fare as it is now." in answer.content.decode()


def test_a_past_state_can_be_printed(viewer: Client, late_toll: str) -> None:
    text = text_of(viewer, late_toll, "version=2&print=1")
    assert "This is the fare as it was, not as it is now." in text
    assert "The fare was SGD 16.00" in text


def test_the_past_of_an_unknown_booking_is_a_search(viewer: Client) -> None:
    assert "What was tried:" in get(viewer, f"NO-{uuid4().hex}", "version=2", status=404)


def test_a_long_past_is_shown_in_pages_too(viewer: Client) -> None:
    at = [MAY_1 + timedelta(minutes=minute) for minute in range(250)]
    booking = given(
        set_("1.00", occurred_at=at[0]), *(add("toll", "0.01", occurred_at=each) for each in at[1:])
    )
    query = "occurred_before=2026-05-01T03:00:00Z"  # 180 of them
    html = get(viewer, booking, query)
    assert 'id="v180"' in html
    assert 'id="v181"' not in html
    assert 'id="v81"' in html
    assert 'id="v80"' not in html
    assert "before=81" in html
    older = get(viewer, booking, f"{query}&before=81")
    assert 'id="v80"' in older
    assert "SGD 2.79" in older
