"""The operators' page: how each projection is, in words, and pausing it."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils.html import strip_tags

from events.partitions import partition_of
from projections import control, projectors, runner, status
from projections.projectors import PROJECTORS, projector
from projections.wording import capitalised
from tests.audits import acts_of
from tests.builders import add, append, given, set_
from tests.projections.admin.pages import PROJECTIONS, messages_of, text_of
from tests.projections.drift import planted_drift
from tests.projections.rebuild.views import LaterVersion, running
from tests.staff import signed_in

VIEW = projector("current_fare")


def row_of(operator: Client, name: str) -> str:
    """The projection's row of the table, as it is read."""
    content = operator.get(f"{PROJECTIONS}?live").content.decode()
    row = content.split(f'<tr id="{name}">')[1].split("</tr>")[0]
    return " ".join(unescape(strip_tags(row)).split())


def drain() -> None:
    runner.drain(VIEW, runner.lagging(VIEW))


@pytest.fixture
def resumed() -> Iterator[None]:
    yield
    control.resume("current_fare")


def test_every_projection_has_a_row_with_a_sentence_on_what_it_is(operator: Client) -> None:
    for one in PROJECTORS:
        row = row_of(operator, one.name)
        assert row.startswith(capitalised(one.name))
        assert "." in row


def test_a_view_without_lag_is_up_to_date_and_one_behind_says_by_how_much(operator: Client) -> None:
    drain()
    assert "up to date" in row_of(operator, "current_fare")
    given(set_("14.00"), add("toll", "5.00"))
    assert "2 events, 0." in row_of(operator, "current_fare")
    drain()


def test_only_what_has_tables_can_be_rebuilt(operator: Client) -> None:
    for one in PROJECTORS:
        assert ("Rebuild" in row_of(operator, one.name)) == bool(one.tables)


def test_what_was_set_aside_is_counted_and_asks_for_somebody(
    operator: Client, set_aside_booking: str
) -> None:
    content = operator.get(PROJECTIONS).content.decode()
    assert "/set-aside/?projection=current_fare" in content
    assert "Needs you: " in content
    assert set_aside_booking not in content


def test_the_cache_tells_its_hit_rate_and_the_stream_its_readers(operator: Client) -> None:
    cache_row = row_of(operator, "fare_cache")
    assert "Hit rate" in cache_row or "No reads counted yet" in cache_row
    assert "onsumer group" in row_of(operator, "fare_stream")


def test_a_paused_projection_stands_still_and_says_by_whom(resumed: None) -> None:
    client = signed_in("operator")
    answer = client.post(f"{PROJECTIONS}current_fare/pause/")
    assert "Current fare is paused." in messages_of(answer)
    person = answer.wsgi_request.user.get_username()
    assert f"Paused by {person}, " in row_of(client, "current_fare")

    booking = given(set_("14.00"))
    assert runner.drain(VIEW, [partition_of(booking)]) == 0
    answer = client.post(f"{PROJECTIONS}current_fare/resume/")
    assert "Current fare goes on from where it was." in messages_of(answer)
    assert runner.drain(VIEW, [partition_of(booking)]) > 0
    which = {"projection": "current_fare"}
    assert acts_of(client) == [("projection_paused", None, which), ("projection_resumed", None, which)]


def test_who_presses_the_same_button_later_is_told_that_it_was_done(resumed: None) -> None:
    """As in a tab that was left open: nobody is noted for what somebody else has done."""
    first, second = signed_in("operator"), signed_in("operator")
    first.post(f"{PROJECTIONS}current_fare/pause/")
    assert messages_of(second.post(f"{PROJECTIONS}current_fare/pause/")) == [
        "Current fare was paused already."
    ]
    first.post(f"{PROJECTIONS}current_fare/resume/")
    said = messages_of(second.post(f"{PROJECTIONS}current_fare/resume/"))
    assert said[-1] == "Current fare was not paused."
    assert [what for what, *_ in acts_of(first)] == ["projection_paused", "projection_resumed"]
    assert acts_of(second) == []


def test_the_page_of_a_projection_tells_the_place_in_every_partition(operator: Client) -> None:
    drain()
    booking = given(set_("14.00"))
    partition = partition_of(booking)
    at = next(one for one in status.statuses() if one.name == "current_fare").partitions[partition]
    text = text_of(operator.get(f"{PROJECTIONS}current_fare/"))
    assert f"Partition {partition}: {at.position:,}, {at.lag} behind" in text
    drain()
    text = text_of(operator.get(f"{PROJECTIONS}current_fare/?live"))
    assert f"Partition {partition}: {at.head:,} " in text


def test_the_live_part_is_the_same_as_on_the_page_without_the_shell(operator: Client) -> None:
    part = operator.get(f"{PROJECTIONS}?live").content.decode()
    assert part.count("data-fh-live=") == 1
    assert "<html" not in part
    assert 'id="current_fare"' in part


def test_where_the_state_cannot_be_read_the_page_says_so(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang() -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(status, "statuses", hang)
    text = text_of(operator.get(PROJECTIONS))
    assert "How the projections are cannot be read: OperationalError: canceling statement" in text


def test_a_fare_that_is_set_aside_says_where_its_view_stopped(viewer: Client, set_aside_booking: str) -> None:
    text = text_of(viewer.get(f"/admin/projections/currentfare/{set_aside_booking}/change/"))
    assert "The view of this fare stopped at version 7, SGD 0.01" in text
    assert "The ledger says SGD 19.00, version 2." in text
    assert "Tell whoever operates this system" in text
    text = text_of(signed_in("operator").get(f"/admin/projections/currentfare/{set_aside_booking}/change/"))
    assert "See why, and retry" in text


def test_drift_is_not_taken_for_what_was_set_aside(viewer: Client) -> None:
    booking = given(set_("14.00"))
    append(booking, add("toll", "5.00"))
    drain()
    with planted_drift(booking, "fare_minor = 1"):
        text = text_of(viewer.get(f"/admin/projections/currentfare/{booking}/change/"))
    assert "View differs" in text
    assert "stopped at version" not in text


def test_a_version_with_keys_is_told_in_words(operator: Client) -> None:
    row = row_of(operator, "booking_search")
    assert "Version 1 (" in row
    assert ":" not in row.split("Version 1")[1].split(")")[0]


def test_what_stands_still_is_not_up_to_date(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    drain()
    with running(LaterVersion()):
        monkeypatch.setattr(status, "PROJECTORS", projectors.PROJECTORS)
        row = row_of(operator, "current_fare")
    assert "stands still" in row
    assert "Stands still: its tables are of version 1, the code is 2 of a test" in row
    assert "up to date" not in row


def test_a_partition_is_late_only_where_its_projection_is(operator: Client, resumed: None) -> None:
    drain()
    given(set_("14.00"))
    page = f"{PROJECTIONS}current_fare/?live"
    assert "fh-cell-behind" not in operator.get(page).content.decode()
    control.pause("current_fare", "a test")
    assert operator.get(page).content.decode().count("fh-cell-behind") == 1
    control.resume("current_fare", "a test")
    drain()
