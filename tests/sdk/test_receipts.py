"""Receipts as JSON: the fake's document is the platform's."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from farehistory_client import (
    ANY,
    Change,
    Client,
    InvalidParameter,
    PermissionDenied,
    UnknownBooking,
    UnknownReceipt,
)
from farehistory_client.testing import FakeServer
from farehistory_client.testing import _receipts as of_fake

from events.partitions import count
from events.wording import ACRONYMS
from projections.receipts.document import MAX_DETAILS
from tests.builders import new_booking_id
from tests.sdk.builders import price, promo, toll
from tests.sdk.conftest import key_of_real
from tests.sdk.platforms import Platform

TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def receipt_of(fares: Any, booking: str, **named: Any) -> Any:
    return json.loads(fares.receipt(booking, **named))


def line(component: str, label: str, amount: str, *details: tuple[str, str], changes: int = 1) -> Any:
    return {
        "component": component,
        "label": label,
        "kind": "reduction" if amount.startswith("-") else "charge",
        "amount": amount,
        "changes": changes,
        "details": [{"text": text, "amount": moved} for text, moved in details],
    }


def test_the_first_one(fares: Any, booking: str) -> None:
    fares.append(booking, price(description="Price at booking"), expected_version=0)
    fares.append(booking, toll(metadata={"gantry": "CTE"}, actor="mei"), expected_version=1)
    fares.append(booking, promo(description="WELCOME10 – chào mừng"), expected_version=2)
    fares.append(booking, toll("0.50"), expected_version=3)
    receipt = receipt_of(fares, booking)
    assert receipt == {
        "number": f"{booking}-R1",
        "booking_id": booking,
        "sequence": 1,
        "version": 4,
        "issued_at": receipt["issued_at"],
        "fare_at": fares.fare(booking, strong=True).document["recorded_at"],
        "currency": "SGD",
        "exponent": 2,
        "fare": "16.50",
        "lines": [
            line("base_fare", "Base fare", "14.00", ("Price at booking", "14.00")),
            line("toll", "Toll", "5.50", changes=2),
            line("promo", "Promo", "-3.00", ("WELCOME10 – chào mừng", "-3.00")),
        ],
        "replaces": None,
        "language": "en",
        "time_zone": "UTC",
    }
    assert list(receipt)[:4] == ["number", "booking_id", "sequence", "version"]
    assert TIME.fullmatch(receipt["issued_at"])


def test_it_never_changes_and_the_next_one_says_what_did(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    fares.append(booking, toll(), expected_version=1)
    first = receipt_of(fares, booking)
    assert receipt_of(fares, booking) == first, "the same one, until the fare changes"
    fares.append(booking, toll("1.00"), expected_version=2)
    fares.append(booking, Change.sub("promo", "7.00", description="WEEKEND"), expected_version=3)
    fares.append(booking, Change.add("tip", 0), expected_version=4)
    second = receipt_of(fares, booking)
    assert second["replaces"] == {
        "number": f"{booking}-R1",
        "version": 2,
        "fare": "19.00",
        "issued_at": first["issued_at"],
        "difference": "-6.00",
        "changes": [
            {"component": "toll", "label": "Toll", "amount": "1.00"},
            {"component": "promo", "label": "Promo", "amount": "-7.00"},
        ],
    }
    assert (second["number"], second["sequence"], second["version"]) == (f"{booking}-R2", 2, 5)
    assert second["lines"][-1] == line("tip", "Tip", "0.00")
    assert receipt_of(fares, booking, number=f"{booking}-R1") == first
    assert receipt_of(fares, booking, number=f"{booking}-R2") == second == receipt_of(fares, booking)


def test_it_begins_where_the_fare_was_set_anew(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    fares.append(booking, toll(), expected_version=1)
    receipt_of(fares, booking)
    fares.append(booking, Change.set("new_price", "19.00", currency="SGD"), expected_version=2)
    receipt = receipt_of(fares, booking)
    assert receipt["lines"] == [line("new_price", "New price", "19.00")]
    assert receipt["replaces"]["difference"] == "0.00"
    assert [(each["component"], each["amount"]) for each in receipt["replaces"]["changes"]] == [
        ("new_price", "19.00"), ("base_fare", "-14.00"), ("toll", "-5.00")
    ]  # fmt: skip


def test_a_line_lists_its_first_descriptions(fares: Any, booking: str) -> None:
    fares.append(booking, price(), expected_version=0)
    tolls = [toll(f"{n}.00", description=None if n == 3 else f"Gantry {n}") for n in range(13)]
    fares.append_many([(booking, each, ANY) for each in [*tolls, toll("1.00", description="")]])
    (_, tolls_line) = receipt_of(fares, booking)["lines"]
    assert tolls_line["changes"] == 14
    listed = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    assert [each["text"] for each in tolls_line["details"]] == [f"Gantry {n}" for n in listed]
    assert of_fake.MOST_DETAILS == MAX_DETAILS


def test_an_empty_description_is_one(fares: Any, booking: str) -> None:
    fares.append(booking, price(description=""), expected_version=0)
    assert receipt_of(fares, booking)["lines"] == [line("base_fare", "Base fare", "14.00", ("", "14.00"))]


def test_components_are_told_in_words(fares: Any, booking: str) -> None:
    components = ["price", *(f"{word}_tax" for word in ACRONYMS), "a__b_", "vat", "vatman", "x1"]
    fares.append(booking, Change.set(components[0], 1, currency="KWD"), expected_version=0)
    fares.append_many([(booking, Change.add(each, 1), ANY) for each in components[1:]])
    labels = [each["label"] for each in receipt_of(fares, booking)["lines"]]
    assert labels == ["Price", *(f"{word} tax" for word in ACRONYMS.values()), "A  b ", "VAT", "Vatman", "X1"]


def test_what_is_no_receipt_of_the_booking(fares: Any, booking: str) -> None:
    with pytest.raises(UnknownBooking):
        fares.receipt(booking)
    with pytest.raises(UnknownBooking):
        fares.receipt(booking, number=f"{booking}-R1")
    fares.append(booking, price(), expected_version=0)
    with pytest.raises(UnknownReceipt) as unknown:
        fares.receipt(booking, number=f"{booking}-R1")
    assert unknown.value.detail == f"booking {booking} has no receipt {booking}-R1", (
        "nobody asked for one yet"
    )
    receipt_of(fares, booking)
    with pytest.raises(UnknownReceipt):
        fares.receipt(booking, number=f"{booking}-R2")
    for number in (
        "x",
        "",
        booking,
        f"{booking}-R0",
        f"{booking}-R01",
        f"{booking}-R1\n",
        "BK-1-R1",
        f"{booking}-R1234567890",
    ):
        with pytest.raises(InvalidParameter) as refused:
            fares.receipt(booking, number=number)
        detail = "number must be a receipt number of this booking: its id and -R1, -R2 …"
        assert (refused.value.status, refused.value.detail) == (400, detail)
        assert [(e.pointer, e.code) for e in refused.value.errors] == [("/number", "invalid_value")]
    with pytest.raises(InvalidParameter) as refused:
        fares.receipt(booking, form="xml", number="x")
    assert [(e.pointer, e.detail) for e in refused.value.errors] == [
        ("/format", "format must be json or html or pdf"), ("/number", detail)
    ]  # fmt: skip


def test_who_may_not_read_gets_none(platform: Platform, booking: str) -> None:
    with pytest.raises(PermissionDenied):
        platform.client(scopes=["fares:append"]).receipt(booking)


def test_the_fake_has_no_other_forms(faked: Platform, booking: str) -> None:
    fares = faked.client()
    fares.append(booking, price(), expected_version=0)
    for form in ("html", "pdf"):
        with pytest.raises(InvalidParameter) as refused:
            fares.receipt(booking, form=form)
        assert refused.value.detail == "format must be json here: a FakeServer makes no HTML and no PDF"
    with pytest.raises(UnknownReceipt):
        fares.receipt(booking, number=f"{booking}-R1")


def test_the_fake_issues_by_its_clock() -> None:
    now = datetime(2026, 5, 3, 14, tzinfo=UTC)
    server = FakeServer(clock=lambda: now)
    server.append("BK-1", price())
    now += timedelta(hours=1)
    with server.client() as fares:
        receipt = receipt_of(fares, "BK-1")
        assert receipt["fare_at"] == "2026-05-03T14:00:00.000000Z"
        assert receipt["issued_at"] == "2026-05-03T15:00:00.000000Z"
        now += timedelta(hours=1)
        assert receipt_of(fares, "BK-1") == receipt


def some_change(random: Random) -> Change:
    component = random.choice(["base_fare", "toll", "mta_tax", "promo"])
    amount = random.choice(["0", "0.001", "1.5", "12.345", "100", "9999999.999"])
    described = random.choice([None, None, "", 'Đi đường vòng "A" & <b>', "x" * 500])
    if random.random() < 0.05:
        return Change.set(component, amount, currency="KWD", description=described)
    make = random.choice([Change.add, Change.sub])
    return make(component, amount, description=described, allow_negative=True)


def without_times(receipt: Any) -> Any:
    """The document less what two platforms cannot have in common; that it is well-formed is seen here."""
    replaces = receipt["replaces"]
    times = [receipt["issued_at"], receipt["fare_at"], *([replaces["issued_at"]] if replaces else [])]
    assert all(TIME.fullmatch(each) for each in times)
    kept = {**receipt, "issued_at": None, "fare_at": None}
    return json.dumps({**kept, "replaces": replaces and {**replaces, "issued_at": None}})


@pytest.mark.parametrize("seed", range(3))
def test_of_any_history_fake_and_platform_say_the_same(web: str, seed: int) -> None:
    """To the letter: the order of fields and lines, too."""
    random, booking = Random(seed), new_booking_id()
    server = FakeServer(partitions=count())
    with server.client() as fake, Client(web, key_of_real("pricing")) as real:
        changes = [Change.set("base_fare", "10", currency="KWD"), *(some_change(random) for _ in range(60))]
        for change in changes:
            for fares in (fake, real):
                fares.append(booking, change, expected_version=ANY)
            if random.random() < 0.3:
                assert without_times(receipt_of(fake, booking)) == without_times(receipt_of(real, booking))
