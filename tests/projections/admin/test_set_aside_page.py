"""The list of what was set aside: with its error, and retried from there."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import OperationalError
from django.test import Client

from projections import set_aside
from projections.models import CurrentFare
from projections.projectors import projector
from tests.builders import given, new_booking_id, set_
from tests.projections.admin.pages import SET_ASIDE, messages_of, text_of
from tests.staff import signed_in

RETRY = f"{SET_ASIDE}retry/"


def is_set_aside(booking: str) -> bool:
    return booking in {row.booking_id for row in set_aside.of("current_fare")}


def test_it_is_listed_with_its_error_traceback_and_fare(operator: Client, set_aside_booking: str) -> None:
    answer = operator.get(SET_ASIDE)
    text = text_of(answer)
    assert "OutOfStep" in text
    assert "Traceback (most recent call last)" in text
    assert f"/currentfare/{set_aside_booking}/change/" in answer.content.decode()


def test_the_list_can_be_narrowed_to_a_projection(operator: Client, set_aside_booking: str) -> None:
    assert set_aside_booking in text_of(operator.get(f"{SET_ASIDE}?projection=current_fare"))
    other = text_of(operator.get(f"{SET_ASIDE}?projection=booking_search"))
    assert set_aside_booking not in other


def test_an_unknown_projection_narrows_nothing(operator: Client, set_aside_booking: str) -> None:
    assert set_aside_booking in text_of(operator.get(f"{SET_ASIDE}?projection=<script>"))


def test_a_retry_takes_it_back_and_says_who_did(set_aside_booking: str) -> None:
    client = signed_in("operator")
    answer = client.post(RETRY, {"only": f"current_fare/{set_aside_booking}", "projection": "current_fare"})
    assert answer["Location"] == f"{SET_ASIDE}?projection=current_fare"
    assert messages_of(answer) == [f"{set_aside_booking} was taken back into Current fare."]
    assert not is_set_aside(set_aside_booking)
    assert CurrentFare.objects.get(booking_id=set_aside_booking).version == 2
    said = LogEntry.objects.get(user_id=answer.wsgi_request.user.pk)
    assert said.change_message == f"retried {set_aside_booking}, which was taken back"


def test_all_that_are_selected_are_retried(set_aside_booking: str) -> None:
    client, other = signed_in("operator"), given(set_("3.00"))
    chosen = [f"current_fare/{set_aside_booking}", f"current_fare/{other}"]
    answer = client.post(RETRY, {"booking": chosen})
    assert messages_of(answer) == [
        f"{set_aside_booking} was taken back into Current fare.",
        f"{other} is no longer set aside in Current fare.",
    ]


def test_what_fails_again_shows_the_new_error(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(page: object) -> None:
        raise ZeroDivisionError("of a test")

    client = signed_in("operator")
    with monkeypatch.context() as patched:
        patched.setattr(projector("current_fare"), "apply", fail)
        answer = client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"})
    said = f"{set_aside_booking} failed again in Current fare: ZeroDivisionError: of a test"
    assert messages_of(answer) == [said]
    text = text_of(client.get(SET_ASIDE))
    assert "ZeroDivisionError: of a test" in text
    assert is_set_aside(set_aside_booking)


def test_where_the_database_is_busy_nothing_is_lost(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(page: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    client = signed_in("operator")
    with monkeypatch.context() as patched:
        patched.setattr(projector("current_fare"), "apply", wait)
        answer = client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"})
    [said] = messages_of(answer)
    assert said.startswith(f"{set_aside_booking} could not be retried now: OperationalError")
    assert is_set_aside(set_aside_booking)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Nothing was selected."),
        ({"only": "nothing/BK-1"}, "There is no projection Nothing."),
        ({"only": "current_fare"}, " is no longer set aside in Current fare."),
        ({"booking": ["<b>/x"]}, "There is no projection <b>."),
    ],
)
def test_what_cannot_be_retried_is_said(form: dict[str, object], said: str) -> None:
    assert messages_of(signed_in("operator").post(RETRY, form)) == [said]


def test_an_illegal_booking_id_is_not_set_aside() -> None:
    answer = signed_in("operator").post(RETRY, {"only": f"current_fare/{new_booking_id()}\x00"})
    [said] = messages_of(answer)
    assert "is no longer set aside" in said
