"""The list of what was set aside: with its error, and retried from there."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from projections import repairs, set_aside
from projections.admin import repairs as repairs_admin
from projections.admin import set_asides
from projections.admin.set_asides import SetAsidePage
from projections.models import CurrentFare
from projections.projectors import projector
from tests.audits import acts_of
from tests.builders import given, new_booking_id, set_
from tests.projections.admin.conftest import Sent
from tests.projections.admin.pages import SET_ASIDE, messages_of, text_of
from tests.projections.repairing import repair_of, repaired
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


def test_a_retry_is_a_workers_and_the_audit_says_who_asked(set_aside_booking: str, sent: list[Sent]) -> None:
    client = signed_in("operator")
    answer = client.post(RETRY, {"only": f"current_fare/{set_aside_booking}", "projection": "current_fare"})
    repair = repair_of(answer)
    assert is_set_aside(set_aside_booking)  # the request has folded nothing
    assert [(each.task, each.arguments) for each in sent] == [
        ("projections.repair", {"repair_id": str(repair.pk)})
    ]
    details = {"projection": "current_fare", "repair": str(repair.pk)}
    assert acts_of(client) == [("projection_retried", set_aside_booking, details)]
    assert "Retry of what was set aside: 0 of 1 booking" in text_of(client.get(SET_ASIDE))


def test_a_worker_takes_it_back(set_aside_booking: str) -> None:
    client = signed_in("operator")
    address = repaired(client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"}))
    assert f"{set_aside_booking} was taken back into Current fare." in text_of(client.get(address))
    assert not is_set_aside(set_aside_booking)
    assert CurrentFare.objects.get(booking_id=set_aside_booking).version == 2


def test_all_that_are_selected_are_retried(set_aside_booking: str) -> None:
    client, other = signed_in("operator"), given(set_("3.00"))
    chosen = [f"current_fare/{set_aside_booking}", f"current_fare/{other}"]
    text = text_of(client.get(repaired(client.post(RETRY, {"booking": chosen}))))
    assert "1 taken back, 1 no longer set aside" in text
    assert f"{set_aside_booking} Current fare Taken back" in text
    assert f"{other} Current fare No longer set aside" in text


def test_all_of_a_projection_can_be_retried_at_once(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("operator")
    assert "Retry all" not in text_of(client.get(SET_ASIDE))  # while all are on the page
    monkeypatch.setattr(SetAsidePage, "more", "1")
    assert "Retry all" in text_of(client.get(f"{SET_ASIDE}?projection=current_fare"))
    repaired(client.post(RETRY, {"all": "1", "projection": "current_fare"}))
    assert not is_set_aside(set_aside_booking)


def test_the_page_reads_no_more_than_it_shows(
    operator: Client, set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a traceback of kilobytes, and a fault of a projector may leave out thousands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO projection.set_aside (projection, partition, booking_id, position, error, traceback)"
            " SELECT 'booking_search', 0, 'BK-of-a-test-' || n, 1, 'of a test', 'of a test'"
            " FROM generate_series(1, 5) AS n"
        )
    try:
        monkeypatch.setattr(set_asides, "SHOWN", 2)
        page = set_asides.read_page("booking_search")
        assert (len(page.oldest), page.total, page.more) == (2, 5, "3")
        assert len(set_asides.all_places("booking_search")) == 5
        text = text_of(operator.get(f"{SET_ASIDE}?projection=booking_search"))
        assert "5 bookings set aside" in text
        assert "Retry all 5" in text
        monkeypatch.setattr(set_asides, "MOST", 4)
        assert len(set_asides.all_places("booking_search")) == 4
        text = text_of(operator.get(f"{SET_ASIDE}?projection=booking_search"))
        assert "Retry the oldest 4" in text
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM projection.set_aside WHERE booking_id LIKE 'BK-of-a-test-%'")


def test_of_many_bookings_the_audit_has_one_entry(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repairs_admin, "MOST_ENTRIES", 1)
    client = signed_in("operator")
    chosen = [f"current_fare/{set_aside_booking}", f"booking_search/{set_aside_booking}"]
    repair = repair_of(client.post(RETRY, {"booking": chosen}))
    assert acts_of(client) == [("projection_retried", None, {"repair": str(repair.pk), "bookings": 2})]


def test_without_a_broker_it_is_noted_and_begins_later(set_aside_booking: str, no_broker: None) -> None:
    client = signed_in("operator")
    answer = client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"})
    [said] = messages_of(answer)
    assert "the workers cannot be reached now" in said
    assert repair_of(answer).pk in {each.pk for each in repairs.unfinished()}
    assert "Waiting for a worker" in text_of(client.get(answer["Location"]))
    repaired(answer)
    assert not is_set_aside(set_aside_booking)


def test_what_fails_again_shows_the_new_error(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(page: object) -> None:
        raise ZeroDivisionError("of a test")

    client = signed_in("operator")
    with monkeypatch.context() as patched:
        patched.setattr(projector("current_fare"), "apply", fail)
        address = repaired(client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"}))
    text = text_of(client.get(address))
    assert f"{set_aside_booking} failed again in Current fare." in text
    assert "ZeroDivisionError: of a test" in text
    assert "ZeroDivisionError: of a test" in text_of(client.get(SET_ASIDE))
    assert is_set_aside(set_aside_booking)


def test_where_the_database_is_busy_it_is_tried_again_and_nothing_is_lost(
    set_aside_booking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(page: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    client = signed_in("operator")
    with monkeypatch.context() as patched:
        patched.setattr(projector("current_fare"), "apply", wait)
        address = repaired(client.post(RETRY, {"only": f"current_fare/{set_aside_booking}"}))
    assert "OperationalError: canceling statement due to lock timeout" in text_of(client.get(address))
    assert is_set_aside(set_aside_booking)
    [row] = [row for row in set_aside.of("current_fare") if row.booking_id == set_aside_booking]
    assert row.tries == 1  # it is not the booking that failed


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
