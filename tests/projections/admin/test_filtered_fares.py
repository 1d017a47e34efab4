"""Finding fares by what happened: state, component, source, days, amounts, as the page and its addresses have it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from events import corrections, history
from events.partitions import partition_of
from projections import runner
from projections.admin.fare_search import PAGE
from projections.admin.fares import fare_url
from projections.projectors import PROJECTORS, projector
from tests.audits import acts_of
from tests.builders import add, append, given, set_
from tests.events.corrections.desk import contra, lead, waiting
from tests.projections.admin.pages import text_of
from tests.projections.admin.test_fare_search import SEARCH, fresh_prefix, projected
from tests.staff import signed_in


def fresh(prefix: str) -> str:
    return f"{prefix}{uuid4().hex[:12]}"


def drain(booking: str) -> None:
    for view in PROJECTORS:
        runner.drain(view, [partition_of(booking)])


def amount() -> str:
    """One that no other test has."""
    return f"{uuid4().int % 10**9 + 10**6}.25"


def day(offset: int = 0) -> str:
    return (timezone.now() + timedelta(days=offset)).date().isoformat()


def test_fares_are_found_by_a_component_with_the_event_that_they_are_found_by(viewer: Client) -> None:
    component = fresh("gate_fee_")
    first = projected(fresh_prefix() + "1", set_("14.00"), add(component, "5.00"), add("tip", "1.00"))
    second = projected(fresh_prefix() + "2", set_("14.00"), add(component, "2.00"))
    answer = viewer.get(SEARCH, {"component": component})
    text = text_of(answer)
    words = component.replace("_", " ")
    assert f"{first} SGD 20.00 {words} · by pricing · then SGD 19.00 2 of 3" in text
    assert f"{second} SGD 16.00 {words} · by pricing · then SGD 16.00 2" in text
    assert text.index(second) < text.index(first)
    assert f'href="{fare_url(first)}#v2"' in answer.content.decode()


def test_filters_must_be_met_together_and_are_said_with_a_way_out_of_each(viewer: Client) -> None:
    component, source = fresh("c_"), fresh("s-")
    booking = given(set_("14.00"))
    append(booking, add(component, "5.00"), source=source)
    drain(booking)
    answer = viewer.get(SEARCH, {"component": component, "source": source, "since": day(-1), "until": day(1)})
    assert booking in text_of(answer)
    page = answer.content.decode()
    assert f'href="{SEARCH}?source={source}&amp;since={day(-1)}&amp;until={day(1)}"' in page
    nothing = viewer.get(SEARCH, {"component": component, "source": "pricing"})
    assert "No fare meets these filters" in text_of(nothing)


def test_days_are_those_of_the_reader_s_zone(viewer: Client) -> None:
    component = fresh("c_")
    booking = projected(fresh_prefix(), set_("14.00", component=component))
    at = history.last_of(booking).recorded_at
    for zone, hours in (("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)):
        there = (at + timedelta(hours=hours)).date()
        on_the_day = {
            "component": component,
            "zone": zone,
            "since": there.isoformat(),
            "until": there.isoformat(),
        }
        assert booking in text_of(viewer.get(SEARCH, on_the_day))
        before = (there - timedelta(days=1)).isoformat()
        assert booking not in text_of(viewer.get(SEARCH, {**on_the_day, "since": before, "until": before}))


def test_an_amount_in_the_box_goes_straight_to_the_one_fare_at_its_event(viewer: Client) -> None:
    much = amount()
    booking = projected(fresh_prefix(), set_(much), add("tip", "1.00"))
    for query in (much, f"SGD {much}", f"{much} today", f"sgd{much} {day()}"):
        assert viewer.get(SEARCH, {"q": query})["Location"] == f"{fare_url(booking)}#v1"


def test_an_amount_that_several_fares_were_leads_to_a_permalink_of_their_list(viewer: Client) -> None:
    much = amount()
    bookings = [projected(fresh_prefix(), set_(much)) for _ in range(2)]
    answer = viewer.get(SEARCH, {"q": f"SGD {much} yesterday"})
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer["Location"]).query).items()}
    assert asked == {"currency": "SGD", "lowest": much, "highest": much, "since": day(-1), "until": day(-1)}
    text = text_of(viewer.get(viewer.get(SEARCH, {"q": much})["Location"]))
    assert all(booking in text for booking in bookings)


def test_a_whole_number_is_an_id_first_and_else_an_amount(viewer: Client) -> None:
    number = str(uuid4().int % 10**9 + 10**9)
    booking = projected(fresh_prefix(), set_(f"{number}.00"))
    assert viewer.get(SEARCH, {"q": number})["Location"] == f"{fare_url(booking)}#v1"
    same = projected(number)
    assert viewer.get(SEARCH, {"q": number})["Location"] == fare_url(same)


def test_a_range_of_amounts_goes_down_from_the_highest(viewer: Client) -> None:
    base = uuid4().int % 10**9 + 10**10
    low, high = (projected(fresh_prefix(), set_(f"{base + step}.00")) for step in (1, 2))
    asked = {"currency": "sgd", "lowest": f"{base}", "highest": f"{base + 5}"}
    text = text_of(viewer.get(SEARCH, asked))
    assert "Fares found, the highest first" in text
    assert text.index(high) < text.index(low)


def test_lists_go_on_in_pages_with_every_fare_once(viewer: Client) -> None:
    component = fresh("c_")
    bookings = [projected(fresh_prefix(), set_("14.00", component=component)) for _ in range(PAGE + 3)]
    first = viewer.get(SEARCH, {"component": component})
    next_page = first.context["search"].next_page
    assert f"{SEARCH}?component={component}&after=" in next_page
    second = viewer.get(next_page)
    listed = [fare.booking_id for answer in (first, second) for fare in answer.context["search"].found.fares]
    assert listed == bookings[::-1]
    assert second.context["search"].first_page == f"{SEARCH}?component={component}"
    assert second.context["search"].next_page is None


def test_the_one_fare_of_a_list_is_listed_so_that_the_filters_can_be_changed(viewer: Client) -> None:
    component = fresh("c_")
    booking = projected(fresh_prefix(), set_("14.00", component=component))
    assert booking in text_of(viewer.get(SEARCH, {"component": component}))


def test_an_id_s_list_is_narrowed_by_the_filters(viewer: Client) -> None:
    prefix, component = fresh_prefix(), fresh("c_")
    projected(prefix + "1"), projected(prefix + "2")
    meets = projected(prefix + "3", set_("14.00"), add(component, "1.00"))
    also = projected(prefix + "4", set_("14.00"), add(component, "1.00"))
    text = text_of(viewer.get(SEARCH, {"q": prefix, "component": component}))
    assert meets in text
    assert also in text
    assert prefix + "1" not in text


def test_corrected_fares_are_listed_with_their_correction(viewer: Client) -> None:
    component = fresh("toll_")
    booking = given(set_("14.00"), add(component, "5.00"))
    corrections.approve(waiting(contra(booking, 2)).pk, by=lead(), seen_version=2)
    drain(booking)
    text = text_of(viewer.get(SEARCH, {"state": "corrected", "component": component}))
    assert f"correction of {component.replace('_', ' ')}" in text


def test_fares_behind_the_ledger_are_listed(viewer: Client) -> None:
    view = projector("current_fare")
    runner.drain(view, runner.lagging(view))  # what others left may fill more than a page
    booking = given(set_("14.00"))
    assert booking in text_of(viewer.get(SEARCH, {"state": "behind"}))
    drain(booking)
    assert booking not in text_of(viewer.get(SEARCH, {"state": "behind"}))


def test_fares_that_a_view_set_aside_are_listed(viewer: Client, set_aside_booking: str) -> None:
    assert set_aside_booking in text_of(viewer.get(SEARCH, {"state": "set_aside"}))


def test_a_state_with_an_id_is_refused_beside_its_field_but_an_exact_id_is_found(viewer: Client) -> None:
    booking = projected(fresh_prefix() + "1")
    assert viewer.get(SEARCH, {"q": booking, "state": "drift"})["Location"] == fare_url(booking)
    answer = viewer.get(SEARCH, {"q": booking[:-1] + "X", "state": "drift"})
    assert answer.status_code == 400
    assert "leave the box above empty" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "yesterday"}, "Write a day such as 2026-03-01."),
        ({"since": "0001-01-01"}, "Write a day in the years 1970 to 9998."),
        ({"until": "9999-12-31"}, "Write a day in the years 1970 to 9998."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "This is before the first day."),
        ({"lowest": "1,5,5"}, "Write an amount such as 23.40."),
        ({"lowest": "5", "highest": "4", "currency": "SGD"}, "This is less than the lowest fare."),
        ({"lowest": "5"}, "say which."),
        ({"currency": "dollars"}, "Write a currency such as SGD."),
        ({"state": "lost"}, "Select a valid choice."),
        ({"component": "\0"}, "Null characters are not allowed."),
    ],
)
def test_a_filter_that_cannot_be_is_refused_beside_its_field_and_nothing_typed_is_lost(
    viewer: Client, asked: dict[str, str], said: str
) -> None:
    answer = viewer.get(SEARCH, {**asked, "q": "kept-as-typed", "source": "kept-too"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert said in page
    assert 'value="kept-as-typed"' in page
    assert 'value="kept-too"' in page


@pytest.mark.parametrize(
    "after",
    [
        *("x", ",,,", "2026-03-01T00:00:00+00:00,1,BK-1,1,1", "2026-03-01,1,BK-1,1", "nan,1,BK-1,1"),
        *("2026-03-01T00:00:00+00:00,99999999999999999999,BK-1,1", "2026-13-01T00:00:00+00:00,1,BK-1,1"),
        *("2026-03-01T00:00:00+00:00,1,\0,1", "0001-01-01T00:00:00+00:00,70000,BK-1,1"),
    ],
)
def test_a_strange_page_address_shows_no_error(viewer: Client, after: str) -> None:
    assert viewer.get(SEARCH, {"source": "pricing", "after": after}).status_code == 200


def test_a_transaction_id_leads_to_its_event_however_it_is_written(viewer: Client) -> None:
    transaction_id = uuid4()
    booking = projected(fresh_prefix(), set_("14.00"), add("toll", "1.00", transaction_id=transaction_id))
    for query in (str(transaction_id), transaction_id.hex, str(transaction_id).upper()):
        assert viewer.get(SEARCH, {"q": query})["Location"] == f"{fare_url(booking)}#v2"


def test_what_is_not_in_the_search_yet_is_said_where_nothing_is_found(viewer: Client) -> None:
    transaction_id = uuid4()
    booking = given(set_("14.00", transaction_id=transaction_id))
    text = text_of(viewer.get(SEARCH, {"q": str(transaction_id)}))
    assert "not in the search yet" in text
    drain(booking)


def test_every_search_is_in_the_audit_as_it_was_typed() -> None:
    client = signed_in("viewer")
    prefix, component = fresh_prefix(), fresh("c_")
    booking = projected(prefix + "1")
    projected(prefix + "2")
    client.get(SEARCH, {"q": f" {booking.lower()} "})
    client.get(SEARCH, {"q": prefix})
    client.get(SEARCH, {"q": "No-such-id"})
    client.get(SEARCH, {"component": component, "since": "2026-03-01"})
    client.get(SEARCH)
    client.get(SEARCH, {"since": "never"})
    assert acts_of(client) == [
        ("searched", booking, {"kind": "booking", "text": f" {booking.lower()} "}),
        ("searched", None, {"kind": "beginning", "text": prefix}),
        ("searched", None, {"kind": "nothing", "text": "No-such-id"}),
        ("searched", None, {"kind": "filters", "filters": f"component={component}&since=2026-03-01"}),
    ]


def test_who_may_not_see_fares_may_not_search_and_nothing_is_looked_for() -> None:
    client = signed_in()
    assert client.get(SEARCH, {"q": given(set_("14.00"))}).status_code == 403
    assert acts_of(client) == []
