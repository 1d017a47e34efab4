"""The fare page: what the ledger says, and whether the view agrees."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from events import corrections, history, ledger
from events.event import Origin
from projections.admin.fare_page import MAX_COMPONENTS, ViewState, read_fare_page
from projections.admin.fares import fare_url
from tests.builders import add, append, event, given, new_booking_id, set_, sub
from tests.events.corrections import desk
from tests.projections.admin.fare_pages import html_of, project, text_of
from tests.projections.drift import planted_drift
from tests.staff import signed_in
from tests.tampering import tampered


def test_the_page_tells_a_fare_and_how_it_came_about(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), add("waiting_fee", "6.40"), sub("promo", "2.00"))
    project(booking)
    text = text_of(viewer, booking)
    assert "The fare is SGD 23.40: base fare 14.00 + toll 5.00 + waiting fee 6.40 − promo 2.00." in text
    assert "Version 4" in text
    assert "View up to date" in text
    for sentence in (
        "set the fare to SGD 14.00 (base fare).",
        "added SGD 5.00 toll.",
        "took SGD 2.00 off (promo).",
    ):
        assert f"Pricing {sentence}" in text
    assert "−2.00 23.40" in text


def test_the_chart_is_an_image_described_by_the_sentence(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    html = html_of(viewer, booking)
    assert 'role="img"' in html
    assert re.search(r"<desc[^>]*>The fare is SGD 19.00: base fare\s14.00 \+\stoll\s5.00.</desc>", html)


def test_a_fare_of_one_event_has_no_chart(viewer: Client) -> None:
    assert "fh-waterfall" not in html_of(viewer, given(set_("14.00")))


@pytest.mark.parametrize(
    "booking_id",
    ["A.b:c-d_e", "A_3A5F", "x" * 64, "0"],
)
def test_the_permalink_holds_any_legal_booking_id_as_it_is(viewer: Client, booking_id: str) -> None:
    booking = booking_id if history.head_of(booking_id) else given(set_("14.00"), booking_id=booking_id)
    assert fare_url(booking) == f"/admin/projections/currentfare/{booking_id}/change/"
    assert f"{booking_id}: SGD 14.00 |" in html_of(viewer, booking)


def test_each_event_has_an_anchor(viewer: Client) -> None:
    html = html_of(viewer, given(set_("14.00"), add("toll", "5.00")))
    assert 'id="v1"' in html
    assert 'href="#v2"' in html


def test_description_person_and_ids_of_an_event_are_shown(viewer: Client) -> None:
    booking = new_booking_id()
    toll = append(booking, set_("14.00", actor="maya", description="<b>อโศก</b> & سالمية"), source="support")
    html = html_of(viewer, booking)
    assert "<bdi>&lt;b&gt;อโศก&lt;/b&gt; &amp; سالمية</bdi>" in html
    assert "Support (\u2068maya\u2069) set the fare" in html
    assert str(toll.transaction_id) in html
    assert f">{toll.hash.hex()}<" in html


def test_another_total_in_the_imported_file_is_said_under_the_sentence(viewer: Client) -> None:
    booking = new_booking_id()
    row = [
        event(booking, set_("14.00", metadata={"stated_total": "23.15"})),
        event(booking, add("toll", "1.00")),
    ]
    ledger.append_many(row, source="tlc", origin=Origin.IMPORT)
    text = text_of(viewer, booking)
    assert "The imported file states SGD 23.15, which is not the sum of its events." in text
    assert "TLC set the fare to SGD 14.00" in text


def test_many_components_are_shown_when_asked_for(viewer: Client) -> None:
    few = given(set_("1.00"), *(add(f"fee_{number}", "1.00") for number in range(MAX_COMPONENTS - 1)))
    many = given(set_("1.00"), *(add(f"fee_{number}", "1.00") for number in range(MAX_COMPONENTS)))
    assert "fh-more-parts" not in html_of(viewer, few)
    html = html_of(viewer, many)
    assert "… and 3 more" in html
    assert html.index("fee 6</th>") < html.index("fh-more-parts") < html.index("fee 7</th>")


def test_both_times_are_shown_where_they_differ(viewer: Client) -> None:
    earlier = timezone.now() - timedelta(hours=2)
    booking = given(set_("14.00", occurred_at=earlier), add("toll", "1.00"))
    html = html_of(viewer, booking)
    assert html.count("fh-happened") == 1
    assert f'datetime="{earlier:%Y-%m-%dT%H:%M:%S.%f}Z"' in html


def test_a_view_that_is_behind_is_named_and_the_ledgers_fare_shown(viewer: Client) -> None:
    booking = given(set_("14.00"))
    project(booking)
    given(add("toll", "5.00"), add("toll", "1.00"), booking_id=booking)
    text = text_of(viewer, booking)
    assert "The view is 2 events behind the ledger: it still has SGD 14.00 at version 1." in text
    assert "The fare is SGD 20.00: base fare 14.00 + toll 6.00." in text


def test_a_booking_that_the_view_does_not_have_yet_is_shown_from_the_ledger(viewer: Client) -> None:
    text = text_of(viewer, given(set_("14.00")))
    assert "The view does not have this booking yet." in text
    assert "The fare is SGD 14.00, all of it base fare." in text


def test_drift_shows_both_values(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    project(booking)
    with planted_drift(booking, "fare_minor = 2100, component_amounts = ARRAY[1400, 700]"):
        text = text_of(viewer, booking)
    assert "The view differs from the ledger." in text
    assert "Ledger, version 2 SGD 19.00: base fare 14.00 + toll 5.00" in text
    assert "View, version 2 SGD 21.00: base fare 14.00 + toll 7.00" in text


def test_components_that_differ_at_the_same_fare_are_drift_too() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    project(booking)
    with planted_drift(booking, "component_amounts = ARRAY[1500, 400]"):
        assert read_fare_page(booking).state == ViewState.DRIFT


def test_an_unknown_booking_is_a_404_that_searches(viewer: Client) -> None:
    answer = viewer.get(fare_url(f"NO-{uuid4().hex}"))
    text = unescape(strip_tags(answer.content.decode()))
    assert answer.status_code == 404
    assert "What was tried:" in text
    assert "Which booking?" in text


@pytest.mark.parametrize("address", ["a%20b", "%3Cscript%3E", "-x", "x" * 65, "%E0%B8%81", "a/b", "%00"])
def test_what_cannot_be_a_booking_id_is_a_404_too(viewer: Client, address: str) -> None:
    answer = viewer.get(f"/admin/projections/currentfare/{address}/change/")
    assert answer.status_code == 404
    assert b"What was tried" in answer.content
    assert b"<script>" not in answer.content.replace(b"<script>\n", b"")


def test_a_hash_that_does_not_hold_is_alarmed_on_and_ticked_off(viewer: Client) -> None:
    booking = given(set_("14.00", description="the price"), add("toll", "5.00"))
    assert "somebody has changed the ledger" not in text_of(viewer, booking)
    with tampered(booking, 1, "description = 'another price'"):
        text = text_of(viewer, booking)
        paper = text_of(viewer, booking, "?print=1")
    alarm = "The event of version 1 is not what its hash says: somebody has changed the ledger."
    assert alarm in text
    assert alarm in paper
    assert "Copy text for the customer" not in text
    assert text.count("hash does not hold") == 1
    assert text.count("hash holds") == 1


def test_a_fare_that_the_view_could_not_take_says_where_it_stopped(
    viewer: Client, operator: Client, set_aside_booking: str
) -> None:
    text = text_of(viewer, set_aside_booking)
    assert "The view of this fare stopped at version 7, SGD 0.01: it could not take what came next." in text
    assert "The ledger says SGD 19.00, version 2." in text
    assert "Tell whoever operates this system if it stays so." in text
    assert "See why, and retry" in text_of(operator, set_aside_booking)


def test_the_customers_other_bookings_are_one_step_away(viewer: Client) -> None:
    customer = f"CUST-{uuid4().hex}"
    bookings = sorted(given(set_("14.00", metadata={"customer_ref": customer})) for _ in range(3))
    for booking in bookings:
        project(booking)
    html = html_of(viewer, bookings[1])
    assert f"/admin/projections/currentfare/?q={customer}" in html
    for other in (bookings[0], bookings[2]):
        assert f'href="{fare_url(other)}"' in html
    assert "Booking after" not in html_of(viewer, bookings[2])


def test_without_a_customer_reference_nothing_is_said_of_other_bookings(viewer: Client) -> None:
    booking = given(set_("14.00"))
    project(booking)
    assert "Booking before" not in html_of(viewer, booking)


def test_the_text_for_the_customer_waits_to_be_copied(viewer: Client) -> None:
    booking = given(set_("14.00"), sub("promo", "2.00"))
    copied = re.search(r'data-fh-copy="(The fare[^"]*)"', html_of(viewer, booking))
    assert copied is not None
    assert unescape(copied[1]).split("\n") == [
        f"The fare of your booking {booking} is SGD 12.00.",
        "Base fare: 14.00",
        "Promo: −2.00",
    ]


def test_only_who_may_propose_a_correction_is_offered_one(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    propose = reverse("admin:events_correction_propose")
    support = html_of(signed_in("support"), booking)
    assert f'data-key="c" href="{propose}?booking_id={booking}"' in support
    assert f'href="{propose}?booking_id={booking}&amp;version=2"' in support
    assert propose not in html_of(viewer, booking)


def test_corrections_of_the_booking_are_listed_to_who_may_see_them(viewer: Client) -> None:
    booking = desk.toll_charged_twice()
    correction = desk.waiting(desk.contra(booking))
    assert f"/{correction.pk}/" in html_of(viewer, booking)
    assert f"/{correction.pk}/" not in html_of(viewer, booking, "?version=3")


def test_a_correction_and_what_it_corrects_name_each_other(viewer: Client) -> None:
    booking = desk.toll_charged_twice()
    corrections.approve(desk.waiting(desk.contra(booking)).pk, by=desk.lead(), seen_version=3)
    text = text_of(viewer, booking)
    assert "Corrected by version 4" in text
    assert "Corrects version 3" in text


def test_the_page_styles_nothing_inline(viewer: Client) -> None:
    html = html_of(viewer, given(set_("14.00"), sub("promo", "2.00")))
    own = html[html.index('<div class="fh ') : html.index("</main>")]
    assert " style=" not in own
    assert not re.search(r" on[a-z]+=", own)


def test_on_paper_there_is_no_shell_and_everything_that_happened(viewer: Client) -> None:
    earlier = timezone.now() - timedelta(hours=2)
    booking = given(set_("14.00", occurred_at=earlier), add("toll", "5.00", description="Tuas"))
    html = html_of(viewer, booking, "?print=1")
    assert "nav-sidebar" not in html
    assert f'datetime="{earlier:%Y-%m-%dT%H:%M:%S.%f}Z"' in html
    text = " ".join(unescape(strip_tags(html)).split())
    assert "The fare is SGD 19.00: base fare 14.00 + toll 5.00." in text
    assert "Pricing added SGD 5.00 toll." in text
    assert "Tuas" in text


def test_what_is_printed_can_be_proved(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    paper = text_of(viewer, booking, "?print=1")
    for version in (1, 2):
        event = history.event_of(booking, version)
        assert f"partition {event.partition}, position {event.position}" in paper
        assert str(event.transaction_id) in paper
        assert event.hash.hex() in paper
    assert paper.count(" holds ") == 2
    permalink = f"{fare_url(booking)}?version=2"
    assert f"http://testserver{permalink}" in paper
    append(booking, add("toll", "1.00"))
    assert "The fare was SGD 19.00" in " ".join(
        unescape(strip_tags(viewer.get(permalink).content.decode())).split()
    )


def test_corrections_are_printed_with_who_asked_and_who_decided() -> None:
    booking = desk.toll_charged_twice()
    maker, lead = desk.support(), desk.lead()
    proposed = desk.waiting(desk.contra(booking, evidence="https://tickets.example/7"), by=maker)
    corrections.approve(proposed.pk, by=lead, seen_version=3)
    paper = text_of(signed_in("support"), booking, "?print=1")
    for said in (desk.TEXT, "https://tickets.example/7", maker.username, lead.username, "approved"):
        assert said in paper
    assert "Corrected by version 4" in paper
