"""The fare page: what the ledger says, and whether the view agrees."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from events import history, ledger
from events.event import Origin
from events.partitions import partition_of
from projections import runner
from projections.admin.fare_page import MAX_COMPONENTS, PAGE, ViewState, read_fare_page
from projections.admin.fares import fare_url
from projections.projectors import PROJECTORS
from projections.receipts import issue
from tests.builders import add, append, event, given, new_booking_id, set_, sub
from tests.projections.drift import planted_drift
from tests.staff import signed_in


def project(booking: str) -> None:
    for projector in PROJECTORS:
        runner.drain(projector, [partition_of(booking)])


def html_of(viewer: Client, booking: str, query: str = "") -> str:
    answer = viewer.get(fare_url(booking) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def text_of(viewer: Client, booking: str, query: str = "") -> str:
    """What a reader sees, on one line."""
    return " ".join(unescape(strip_tags(html_of(viewer, booking, query))).split())


def long_history(booking: str, events: int) -> None:
    tolls = [event(booking, add("toll", "1.00")) for _ in range(events - 1)]
    ledger.append_many([event(booking, set_("5.00")), *tolls], source="pricing")


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
    assert "<svg" not in html_of(viewer, given(set_("14.00")))


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
    assert b"cannot be a booking id" in answer.content
    assert b"<script>" not in answer.content.replace(b"<script>\n", b"")


def test_a_long_history_is_shown_in_pages_latest_first(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 2 * PAGE + 50)
    html = html_of(viewer, booking)
    assert 'id="v450"' in html
    assert 'id="v251"' in html
    assert 'id="v250"' not in html
    assert 'href="?before=251"' in html
    assert "250 older events" in html
    assert "<title>toll: +449.00</title>" in html


def test_a_long_history_says_how_many_events_are_older_with_its_thousands(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 1200 + PAGE)
    assert "1,200 older events" in html_of(viewer, booking)


def test_older_pages_lead_on_both_ways_and_keep_the_fare_of_now(viewer: Client) -> None:
    booking = new_booking_id()
    long_history(booking, 2 * PAGE + 50)
    html = html_of(viewer, booking, "?before=251")
    assert 'id="v51"' in html
    assert 'id="v250"' in html
    assert 'href="?before=51"' in html
    assert 'href="?before=451"' in html
    assert 'href="?before=251#v60"' in html
    assert "SGD 454.00" in html
    assert "<svg" not in html


@pytest.mark.parametrize(
    "before",
    ["0", "1", "-3", "x", "", "99999999999999999999", "9" * 5000, "٣"],
    ids=lambda before: before[:9],
)
def test_any_other_page_number_shows_the_latest_events(viewer: Client, before: str) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    assert 'id="v2"' in html_of(viewer, booking, f"?before={before}")


def test_metadata_is_fetched_on_demand_with_every_number_as_stored(viewer: Client) -> None:
    metadata = {"km": Decimal("18.40"), "note": "</pre><script>"}
    booking = given(set_("14.00", metadata=metadata), add("toll", "1.00"))
    html = html_of(viewer, booking)
    address = f"/admin/projections/currentfare/{booking}/events/1/metadata/"
    assert address in html
    assert "/events/2/metadata/" not in html
    assert "18.40" not in html
    fragment = viewer.get(address).content.decode()
    assert "&quot;km&quot;: 18.40" in fragment
    assert "<script>" not in fragment


@pytest.mark.parametrize("version", ["0", "2", "99999999999999999999"])
def test_metadata_of_an_event_that_is_not_there_is_a_404(viewer: Client, version: str) -> None:
    booking = given(set_("14.00"))
    address = f"/admin/projections/currentfare/{booking}/events/{version}/metadata/"
    assert viewer.get(address).status_code == 404


def test_the_page_takes_the_same_few_statements_however_long_the_history(viewer: Client) -> None:
    short, long = given(set_("14.00")), new_booking_id()
    long_history(long, PAGE)
    assert _statements(viewer, short) == _statements(viewer, long) <= 9


def _statements(viewer: Client, booking: str) -> int:
    """Session, person, rights of person and group; view, head, events."""
    with CaptureQueriesContext(connection) as captured:
        html_of(viewer, booking)
    return len(captured)


def test_receipts_of_the_booking_are_linked_and_open_as_page_and_pdf(viewer: Client) -> None:
    booking = given(set_("14.00"))
    assert "Receipts No receipt yet." in text_of(viewer, booking)
    issue(booking)
    append(booking, add("toll", "5.00"))
    issue(booking)
    assert "Receipt 2 PDF of receipt 2 of version 2, " in text_of(viewer, booking)
    html = viewer.get(f"/admin/projections/currentfare/{booking}/receipts/2/")
    assert f"{booking}-R2" in html.content.decode()
    assert html["Content-Security-Policy"].startswith("default-src 'none'")
    pdf = viewer.get(f"/admin/projections/currentfare/{booking}/receipts/1.pdf")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert f'{booking}-R1.pdf"' in pdf["Content-Disposition"]


@pytest.mark.parametrize("receipt", ["2/", "0/", "99999999999999/", "2.pdf"])
def test_a_receipt_that_was_not_issued_is_not_there(viewer: Client, receipt: str) -> None:
    booking = given(set_("14.00"))
    issue(booking)
    assert viewer.get(f"/admin/projections/currentfare/{booking}/receipts/{receipt}").status_code == 404


def test_a_receipt_needs_the_permission_of_the_fare() -> None:
    booking = given(set_("14.00"))
    issue(booking)
    for form in ("1/", "1.pdf"):
        answer = signed_in().get(f"/admin/projections/currentfare/{booking}/receipts/{form}")
        assert answer.status_code == 403
