"""The command palette leads to a fare by an exact id of any kind, or on to the search page."""

from __future__ import annotations

from uuid import uuid4

from django.test import Client

from events.partitions import partition_of
from projections import runner
from projections.admin.fares import fare_url
from projections.projectors.booking_search import BookingSearchProjector
from projections.projectors.event_search import EventSearchProjector
from tests.audits import acts_of
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


def test_a_reference_leads_to_its_fare_or_to_the_list_of_its_fares(viewer: Client) -> None:
    once, often = f"CUST-{uuid4().hex}", f"CUST-{uuid4().hex}"
    booking, _, another = naming(once), naming(often), naming(often)
    assert f'href="{fare_url(booking)}"' in results(viewer, once)
    answer = results(viewer, often)
    assert f'href="/admin/projections/currentfare/?q={often}"' in answer
    assert another not in answer


def naming(customer: str) -> str:
    booking = given(set_("14.00", metadata={"customer_ref": customer}))
    runner.drain(BookingSearchProjector(), [partition_of(booking)])
    return booking


def test_who_may_not_see_fares_is_led_to_none() -> None:
    booking = given(set_("14.00"))
    assert booking not in results(signed_in(), booking)


def test_a_transaction_id_leads_to_the_fare_at_its_event(viewer: Client) -> None:
    transaction_id = uuid4()
    booking = given(set_("14.00"), set_("15.00", transaction_id=transaction_id))
    runner.drain(EventSearchProjector(), [partition_of(booking)])
    assert f'href="{fare_url(booking)}#v2"' in results(viewer, str(transaction_id))


def test_what_is_no_id_leads_to_the_search_in_every_way(viewer: Client) -> None:
    assert 'href="/admin/projections/currentfare/?q=SGD+23.40"' in results(viewer, "SGD 23.40")
    assert "currentfare" not in results(viewer, "SG")


def test_what_it_shows_is_in_the_audit_and_not_each_letter_on_the_way() -> None:
    client = signed_in("viewer")
    booking = given(set_("14.00"))
    for typed in (booking[:5], booking[:-1], booking):
        results(client, typed)
    assert acts_of(client) == [("searched", booking, {"kind": "booking", "text": booking})]
