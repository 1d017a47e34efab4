"""ETag and If-None-Match on the fare of now: a client that has it already gets no body."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import history
from tests.api_client import Api, assert_problem
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.api.test_fares import projected, view_standing_still

READS = ["", "?consistency=strong", "?min_version=1", "?consistency=eventual&min_version=2"]


@pytest.mark.parametrize("query", READS)
def test_a_fare_has_the_tag_of_its_version(api: Api, query: str) -> None:
    booking = projected(given(set_("14.00"), add("toll", "5.00")))
    answer = api.get(f"fares/{booking}{query}")
    assert (answer["ETag"], answer["Cache-Control"]) == ('"v2.1"', "private, no-cache")
    append(booking, add("toll", "1.00"))
    assert api.get(f"fares/{projected(booking)}{query}")["ETag"] == '"v3.1"'


@pytest.mark.parametrize("query", READS)
@pytest.mark.parametrize(
    "tags", ['"v2.1"', 'W/"v2.1"', '"x", "v2.1"', '"v1.1" , W/"v2.1"', "*", ' "v2.1"', '"v2.1", nonsense']
)
def test_who_has_it_gets_304_and_no_body(api: Api, query: str, tags: str) -> None:
    booking = projected(given(set_("14.00"), add("toll", "5.00")))
    answer = api.get(f"fares/{booking}{query}", If_None_Match=tags)
    assert (answer.status_code, answer.content) == (304, b"")
    assert (answer["ETag"], answer["Cache-Control"]) == ('"v2.1"', "private, no-cache")
    assert "Content-Type" not in answer
    assert answer["X-Request-ID"]


@pytest.mark.parametrize(
    "tags",
    ['"v1.1"', '"v2.2"', '"v2"', "v2.1", "", '"v1.1", "v3.1"', "nonsense", '"', '"v2.1', "w/\"v2.1\"", "*, x"],
)  # fmt: skip
def test_who_has_another_gets_the_fare(api: Api, tags: str) -> None:
    booking = projected(given(set_("14.00"), add("toll", "5.00")))
    answer = api.get(f"fares/{booking}", If_None_Match=tags)
    assert (answer.status_code, answer["ETag"]) == (200, '"v2.1"')
    assert answer.json()["version"] == 2


def test_a_tag_is_told_from_the_cache_without_the_database(api: Api) -> None:
    """But for the key of who asks."""
    booking = projected(given(set_("14.00")))
    api.get(f"fares/{booking}")
    with CaptureQueriesContext(connection) as asked:
        assert api.get(f"fares/{booking}", If_None_Match='"v1.1"').status_code == 304
    assert not [query for query in asked.captured_queries if "fare" in query["sql"]]


def test_while_the_view_stands_still_a_strong_read_has_the_newer_tag(api: Api) -> None:
    booking = projected(given(set_("14.00")))
    with view_standing_still(booking):
        append(booking, add("toll", "1.00"))
        assert api.get(f"fares/{booking}?consistency=strong", If_None_Match='"v1.1"').status_code == 200
        assert api.get(f"fares/{booking}?min_version=2", If_None_Match='"v2.1"').status_code == 304


def test_a_fare_as_of_then_has_no_tag(api: Api) -> None:
    booking = projected(given(set_("14.00"), add("toll", "5.00")))
    then = history.event_of(booking, 2).recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for query in ("version=2", f"recorded_before={then}", f"occurred_before={then}"):
        answer = api.get(f"fares/{booking}?{query}", If_None_Match="*")
        assert answer.status_code == 200
        assert "ETag" not in answer


def test_a_booking_without_events_has_no_tag(api: Api) -> None:
    answer = api.get(f"fares/{new_booking_id()}", If_None_Match="*")
    assert_problem(answer, 404, "unknown_booking")
    assert "ETag" not in answer
