"""The command palette leads to a fare by its exact booking id."""

from __future__ import annotations

from django.test import Client

from projections.admin.fares import fare_url
from tests.builders import given, new_booking_id, set_
from tests.staff import signed_in


def results(client: Client, term: str) -> str:
    return client.get("/admin/search/", {"s": term, "extended": "1"}).content.decode()


def test_an_exact_booking_id_leads_to_its_fare(viewer: Client) -> None:
    booking = given(set_("14.00"))
    assert f'href="{fare_url(booking)}"' in results(viewer, booking)


def test_letters_may_be_small_or_capital_as_far_as_the_id_is_all_of_one_kind(viewer: Client) -> None:
    booking = given(set_("14.00"), booking_id=new_booking_id().upper())
    assert f'href="{fare_url(booking)}"' in results(viewer, booking.lower())


def test_part_of_an_id_is_not_searched_for(viewer: Client) -> None:
    booking = given(set_("14.00"))
    assert booking not in results(viewer, booking[:-1])


def test_who_may_not_see_fares_is_led_to_none() -> None:
    booking = given(set_("14.00"))
    assert booking not in results(signed_in(), booking)
