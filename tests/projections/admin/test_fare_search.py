"""Finding a fare by its booking id, or by a reference that its metadata names."""

from __future__ import annotations

from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import strip_tags

from events.partitions import partition_of
from projections import runner
from projections.admin.fare_search import PAGE, recent_fares, search_fares
from projections.admin.fares import fare_url
from projections.projectors import PROJECTORS
from tests.builders import add, given, new_booking_id, set_

SEARCH = "/admin/projections/currentfare/"


def projected(booking: str, *changes: dict[str, object]) -> str:
    given(*(changes or (set_("14.00"),)), booking_id=booking)
    for projector in PROJECTORS:
        runner.drain(projector, [partition_of(booking)])
    return booking


def fresh_prefix() -> str:
    return f"S{uuid4().hex[:12].upper()}-"


def test_an_exact_id_goes_straight_to_the_fare(viewer: Client) -> None:
    booking = projected(fresh_prefix() + "1")
    projected(booking + "0")
    answer = viewer.get(SEARCH, {"q": f"  {booking} "})
    assert (answer.status_code, answer["Location"]) == (302, fare_url(booking))


def test_an_id_in_other_letters_is_found_too(viewer: Client) -> None:
    booking = projected(fresh_prefix() + "A")
    assert viewer.get(SEARCH, {"q": booking.lower()})["Location"] == fare_url(booking)


def test_a_booking_is_found_before_the_view_has_it(viewer: Client) -> None:
    booking = given(set_("14.00"))
    assert viewer.get(SEARCH, {"q": booking})["Location"] == fare_url(booking)


def test_the_beginning_of_an_id_lists_the_fares(viewer: Client) -> None:
    prefix = fresh_prefix()
    projected(prefix + "2", set_("14.00"), add("toll", "5.00"))
    projected(prefix + "1")
    text = " ".join(strip_tags(viewer.get(SEARCH, {"q": prefix}).content.decode()).split())
    assert f"{prefix}1 SGD 14.00 base fare 14.00 1" in text
    assert f"{prefix}2 SGD 19.00 base fare 14.00 + toll 5.00 2" in text
    assert text.index(f"{prefix}1") < text.index(f"{prefix}2")


def test_only_what_begins_with_the_words_typed_is_listed() -> None:
    prefix = fresh_prefix()
    for ending in ("_", ".", ":", "-z", "Z", "a"):
        projected(prefix + ending)
    projected(prefix[:-1] + "X")
    found = [fare.booking_id for fare in search_fares(prefix).fares]
    assert found == sorted(prefix + ending for ending in ("_", ".", ":", "-z", "Z", "a"))


def test_long_results_come_in_pages_in_order(viewer: Client) -> None:
    prefix = fresh_prefix()
    bookings = [projected(f"{prefix}{number:03}") for number in range(PAGE + 5)]
    first = search_fares(prefix)
    assert [fare.booking_id for fare in first.fares] == bookings[:PAGE]
    assert first.next_after is not None
    rest = search_fares(prefix, after=first.next_after)
    assert [fare.booking_id for fare in rest.fares] == bookings[PAGE:]
    assert rest.next_after is None
    assert f"after={first.next_after}" in viewer.get(SEARCH, {"q": prefix}).content.decode()


def test_nothing_found_says_what_was_tried(viewer: Client) -> None:
    query = f"No-{uuid4().hex}"
    answer = viewer.get(SEARCH, {"q": query})
    text = unescape(strip_tags(answer.content.decode()))
    assert answer.status_code == 200
    assert f"No fare found for “{query}”" in text
    assert f"in the ledger: {query}, {query.upper()}, {query.lower()}" in text
    assert (
        "bookings whose metadata names it, or begins with it, as: customer ID, customer ref, order ID" in text
    )


@pytest.mark.parametrize(
    "query", ["a b", "<script>alert(1)</script>", "x" * 65, "ก", "'; --", "%", "_x", "\0"]
)
def test_what_cannot_be_a_booking_id_is_said_to_be_none(viewer: Client, query: str) -> None:
    content = viewer.get(SEARCH, {"q": query}).content
    assert b"this cannot be a booking id" in content
    assert b"<script>alert" not in content


@pytest.mark.parametrize("after", ["ก", "\0", "'", "x" * 1000, "~"])
def test_a_strange_page_address_shows_no_error(viewer: Client, after: str) -> None:
    prefix = fresh_prefix()
    projected(prefix + "1")
    assert viewer.get(SEARCH, {"q": prefix, "after": after}).status_code == 200


def test_without_a_query_the_fares_changed_last_are_listed_newest_first(viewer: Client) -> None:
    first, second = projected(fresh_prefix() + "1"), projected(fresh_prefix() + "2")
    assert [fare.booking_id for fare in recent_fares()[:2]] == [second, first]
    projected(first, add("toll", "1.00"))
    assert [fare.booking_id for fare in recent_fares()[:2]] == [first, second]
    assert first in viewer.get(SEARCH).content.decode()


def naming(reference: str, **fields: Any) -> str:
    return projected(new_booking_id(), set_("14.00", metadata={"customer_ref": reference, **fields}))


def test_a_reference_that_one_booking_names_goes_straight_to_its_fare(viewer: Client) -> None:
    customer, order = fresh_prefix() + "C", fresh_prefix() + "O"
    booking = naming(customer, order_ref=order)
    for query in (customer, order, order.lower(), f" {order} "):
        assert viewer.get(SEARCH, {"q": query})["Location"] == fare_url(booking)


def test_a_reference_that_many_bookings_name_lists_their_fares_in_pages(viewer: Client) -> None:
    customer = f"{fresh_prefix()}Ngữ & 'Bình' 50%"
    bookings = sorted(naming(customer) for _ in range(PAGE + 2))
    text = unescape(strip_tags(viewer.get(SEARCH, {"q": customer}).content.decode()))
    assert f"Bookings that name “{customer}”" in text
    first = search_fares(customer)
    assert [fare.booking_id for fare in first.fares] == bookings[:PAGE]
    rest = search_fares(customer, after=bookings[PAGE - 1])
    assert [fare.booking_id for fare in rest.fares] == bookings[PAGE:]
    assert (rest.exact, rest.next_after) == (None, None)


def test_the_last_page_of_a_references_bookings_is_a_page_also_with_one_fare_on_it() -> None:
    customer = fresh_prefix()
    bookings = sorted(naming(customer) for _ in range(2))
    found = search_fares(customer, after=bookings[0])
    assert (found.exact, [fare.booking_id for fare in found.fares]) == (None, bookings[1:])


def test_the_beginning_of_a_reference_lists_the_references(viewer: Client) -> None:
    prefix = fresh_prefix()
    for number in ("2", "1", "1"):
        naming(f"{prefix}<{number}>")
    page = viewer.get(SEARCH, {"q": prefix.lower()}).content.decode()
    assert f"?q={prefix}%3C1%3E" in page
    assert list(search_fares(prefix).references) == [f"{prefix}<1>", f"{prefix}<2>"]


def test_a_booking_id_comes_before_a_reference_of_the_same_text() -> None:
    booking = projected(fresh_prefix())
    naming(booking)
    assert search_fares(booking).exact == booking


def test_the_page_of_an_unknown_booking_leads_on_from_a_reference(viewer: Client) -> None:
    order = fresh_prefix()
    assert viewer.get(fare_url(order)).status_code == 404
    assert viewer.get(fare_url(order))["Content-Type"].startswith("text/html")
    booking = naming(order)
    assert viewer.get(fare_url(order))["Location"] == fare_url(booking)


def test_the_box_takes_the_keys_only_where_no_fares_are_listed(viewer: Client) -> None:
    """`j` and `k` go through the list."""
    prefix = fresh_prefix()
    for number in "12":
        projected(prefix + number)
    focused = {
        query: "autofocus" in viewer.get(SEARCH, {"q": query}).content.decode().split("fh-q")[2][:600]
        for query in (prefix, "NOTHING-7")
    }
    assert focused == {prefix: False, "NOTHING-7": True}
