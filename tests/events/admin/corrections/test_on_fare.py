"""The corrections of a fare on its page, and the way there and back."""

from __future__ import annotations

from events import corrections
from events.admin.corrections.lines import ON_A_FARE_PAGE, of_booking
from tests.events.admin.corrections.screens import PROPOSE, client_of, page_of, said
from tests.events.corrections.desk import change, contra, person_in, support, toll_charged_twice, waiting
from tests.staff import staff


def fare(booking_id: str) -> str:
    return f"/admin/projections/currentfare/{booking_id}/change/"


def test_one_that_waits_is_there_for_whoever_can_approve_it() -> None:
    maker = support()
    correction = waiting(contra(toll_charged_twice()), maker)
    page = client_of(support()).get(fare(correction.booking_id))
    assert f"proposed by {maker.username} just now · 6 days left" in said(page)
    assert f'href="{page_of(correction)}">Review' in page.content.decode()
    mine = client_of(maker).get(fare(correction.booking_id))
    assert "proposed by you" in said(mine)
    assert ">Review" not in mine.content.decode()


def test_one_that_was_approved_leads_to_its_event() -> None:
    correction, checker = waiting(contra(toll_charged_twice())), support()
    corrections.approve(correction.pk, by=checker, seen_version=3)
    page = client_of(person_in("viewer")).get(fare(correction.booking_id))
    assert f"approved by {checker.username}" in said(page)
    assert f'/{correction.booking_id}/events/4/">Version 4' in page.content.decode()


def test_a_fare_without_any_has_no_such_part() -> None:
    page = client_of(support()).get(fare(toll_charged_twice()))
    assert 'id="fh-corrections-title"' not in page.content.decode()


def test_of_many_the_latest_are_there_and_the_rest_is_linked() -> None:
    booking, maker = toll_charged_twice(), support()
    made = [waiting(change(booking, "SUB", "0.10"), maker).pk for _ in range(ON_A_FARE_PAGE + 2)]
    lines = of_booking(booking, maker)
    assert [line.correction.pk for line in lines] == made[:1:-1]
    page = client_of(maker).get(fare(booking)).content.decode()
    assert "All corrections of this booking" in page
    assert "All corrections" not in said(client_of(maker).get(fare(toll_charged_twice())))


def test_who_may_not_see_corrections_gets_none() -> None:
    correction = waiting(contra(toll_charged_twice()))
    assert of_booking(correction.booking_id, staff()) == []


def test_each_event_leads_to_its_correction_for_who_may_propose_one() -> None:
    booking = toll_charged_twice()
    link = f'href="{PROPOSE}?booking_id={booking}&amp;version=3"'
    assert link in client_of(support()).get(fare(booking)).content.decode()
    assert PROPOSE not in client_of(person_in("viewer")).get(fare(booking)).content.decode()
