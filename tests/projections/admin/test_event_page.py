"""The page of one event: in words and in full, its metadata on demand."""

from __future__ import annotations

from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from events import corrections, history
from projections.admin.fare_urls import event_url
from tests.audits import acts_of
from tests.builders import add, append, given, new_booking_id, set_, sub
from tests.events.corrections import desk
from tests.staff import signed_in
from tests.tampering import tampered


def text_of(client: Client, booking: str, version: int) -> str:
    answer = client.get(event_url(booking, version))
    assert answer.status_code == 200
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def metadata_url(booking: str, version: int | str) -> str:
    return f"/admin/projections/currentfare/{booking}/events/{version}/metadata/"


def test_an_event_is_told_in_words_and_in_full(viewer: Client) -> None:
    booking = given(set_("14.00"))
    toll = append(
        booking, add("toll", "5.00", actor="maya", description="Tuas", allow_negative=True), source="support"
    )
    append(booking, sub("promo", "2.00"))
    text = text_of(viewer, booking, 2)
    assert "Support (\u2068maya\u2069) added SGD 5.00 toll." in text
    assert "+5.00 from SGD 14.00 to SGD 19.00" in text
    for told in (
        "Tuas",
        "Type ADD",
        "Component toll",
        "May end below zero yes",
        "Source Support support",
        "Came in by the API, from its service",
        f"partition {toll.partition}, position {toll.position}",
        str(toll.transaction_id),
        toll.hash.hex(),
        "Hash holds",
        "are those that the hash covers",
    ):
        assert told in text


def test_its_neighbours_are_told_and_lead_on(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    html = viewer.get(event_url(booking, 2)).content.decode()
    assert f'data-key="[" href="{event_url(booking, 1)}"' in html
    assert f'data-key="]" href="{event_url(booking, 3)}"' in html
    text = text_of(viewer, booking, 2)
    assert "Before it Version 1 Pricing set the fare to SGD 14.00 (base fare)." in text
    assert "After it Version 3 Pricing took SGD 2.00 off (promo)." in text
    assert "Before it Version" not in text_of(viewer, booking, 1)
    assert "After it Version" not in text_of(viewer, booking, 3)
    assert "Beside it" not in text_of(viewer, given(set_("14.00")), 1)


def test_a_correction_and_what_it_corrects_lead_to_each_other(viewer: Client) -> None:
    booking = desk.toll_charged_twice()
    correction = desk.waiting(desk.contra(booking))
    corrections.approve(correction.pk, by=desk.lead(), seen_version=3)
    assert "Corrects Version 3 Pricing added SGD 5.00 toll." in text_of(viewer, booking, 4)
    assert f'"{reverse("admin:events_correction_change", args=[correction.pk])}"' in (
        viewer.get(event_url(booking, 4)).content.decode()
    )
    assert "Corrected by Version 4" in text_of(viewer, booking, 3)


def test_an_event_that_was_changed_is_told_with_both_hashes(viewer: Client) -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    with tampered(booking, 2, "source = 'somebody-else'"):
        text = text_of(viewer, booking, 2)
    assert "Hash does not hold" in text
    assert history.event_of(booking, 2).hash.hex() in text


def test_what_somebody_has_changed_is_not_offered_to_be_corrected() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    maker = signed_in("support")
    pages = [f"/admin/projections/currentfare/{booking}/{page}" for page in ("events/2/", "change/")]
    for page in pages:
        assert "Correct this event" in maker.get(page).content.decode()
    with tampered(booking, 2, "source = 'somebody-else'"):
        for page in pages:
            seen = maker.get(page).content.decode()
            assert "Correct this event" not in seen
            assert "somebody has changed the ledger" in seen


def test_of_what_was_erased_the_page_says_so(viewer: Client) -> None:
    booking = given(set_("14.00", description="Maya Tan", metadata={"name": "Maya Tan"}))
    with tampered(booking, 1, "description = NULL, actor = NULL, metadata = NULL"):
        text = text_of(viewer, booking, 1)
        metadata = viewer.get(metadata_url(booking, 1)).content.decode()
    assert "erased; the hash still proves the rest" in text
    assert "Hash holds" in text
    assert "was erased" in metadata


@pytest.mark.parametrize("version", ["0", "2", "99999999999999999999"])
@pytest.mark.parametrize("page", ["", "metadata/", "json/"])
def test_an_event_that_is_not_there_is_a_404(viewer: Client, version: str, page: str) -> None:
    booking = given(set_("14.00"))
    for unknown in (booking, new_booking_id(), "กข"):
        address = f"/admin/projections/currentfare/{unknown}/events/{version}/{page}"
        assert viewer.get(address).status_code == 404


def test_metadata_is_in_no_page_until_somebody_asks_for_it() -> None:
    client = signed_in("viewer")
    metadata = {"km": Decimal("18.40"), "note": "</pre><script>"}
    booking = given(set_("14.00", metadata=metadata), add("toll", "1.00"))
    for page in ("change/", "change/?print=1", "change/?version=1", "events/1/", "diff/?from=0&to=2"):
        html = client.get(f"/admin/projections/currentfare/{booking}/{page}").content.decode()
        assert "18.40" not in html
        assert (metadata_url(booking, 1) in html) == ("print" not in page)
        assert metadata_url(booking, 2) not in html
    assert acts_of(client) == []


def test_metadata_that_is_read_is_noted_and_shown_with_every_number_as_stored() -> None:
    client = signed_in("viewer")
    metadata = {"km": Decimal("18.40"), "note": "</pre><script>"}
    booking = given(set_("14.00", metadata=metadata))
    part = client.get(metadata_url(booking, 1), headers={"HX-Request": "true"}).content.decode()
    assert "&quot;km&quot;: 18.40" in part
    assert "<script>" not in part
    assert "<html" not in part
    page = client.get(metadata_url(booking, 1)).content.decode()
    assert "&quot;km&quot;: 18.40" in page
    assert "<html" in page
    assert acts_of(client) == [("metadata_read", booking, {"version": 1})] * 2


def test_metadata_needs_the_permission_of_the_fare() -> None:
    client = signed_in()
    booking = given(set_("14.00", metadata={"km": 1}))
    for page in ("events/1/", "events/1/metadata/", "events/1/json/", "diff/", "json/"):
        assert client.get(f"/admin/projections/currentfare/{booking}/{page}").status_code == 403
    assert acts_of(client) == []


def test_an_event_can_be_corrected_from_its_page_by_who_may(viewer: Client) -> None:
    booking = given(set_("14.00"))
    link = f"{reverse('admin:events_correction_propose')}?booking_id={booking}&amp;version=1"
    assert link in signed_in("support").get(event_url(booking, 1)).content.decode()
    assert link not in viewer.get(event_url(booking, 1)).content.decode()
