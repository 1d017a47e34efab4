"""The receipts that the fare page links to."""

from __future__ import annotations

import pytest
from django.test import Client

from projections.receipts import issue
from tests.builders import add, append, given, set_
from tests.projections.admin.fare_pages import text_of
from tests.staff import signed_in


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
