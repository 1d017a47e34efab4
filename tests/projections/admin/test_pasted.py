"""Ids as they come out of mails, sheets and chats lead to their fare as well as clean ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client

from events import feed, history
from projections import receipts
from projections.admin.fare_search import Kind, search_pasted
from projections.admin.fares import fare_url
from projections.admin.pasted import ids_in, tidied
from projections.receipts import issue
from tests.builders import add, new_booking_id, set_
from tests.events.corrections import desk
from tests.projections.admin.test_fare_search import SEARCH, projected
from tests.projections.admin.test_palette import results

AROUND = {
    "blanks": " {} ",
    "no-break space": "\xa0{}\u202f",
    "line end": "{}\r\n",
    "tab": "\t{}",
    "double quotes": '"{}"',
    "single quotes": "'{}'",
    "curly quotes": "“{}”",
    "brackets": "[{}]",
    "angle brackets": "<{}>",
    "full stop": "{}.",
    "comma": "{},",
    "question mark": "({})?",
    "hash": "#{}",
    "the key that leads to the box": "/{}",
    "zero width space": "\u200b{}\u200b",
    "byte order mark": "\ufeff{}",
    "direction marks": "\u2067{}\u2069\u200e",
    "a label": "Booking ID: {}",
    "a sentence": "I was charged twice for {}, please help!",
}
WRITTEN: dict[str, Callable[[str], str]] = {
    "en dash": lambda text: text.replace("-", "–"),
    "hyphen that does not break": lambda text: text.replace("-", "\u2011"),
    "soft hyphen": lambda text: text[:5] + "\xad" + text[5:],
    "full width": lambda text: "".join(chr(ord(each) + 0xFEE0) for each in text),
    "small letters": str.lower,
}


@pytest.fixture(scope="module")
def booking(django_db_blocker: object) -> str:
    return projected(f"P{uuid4().hex[:12].upper()}-7", set_("14.00"), add("toll", "5.00"))


@pytest.mark.parametrize("around", AROUND)
def test_what_stands_around_an_id_does_not_matter(viewer: Client, booking: str, around: str) -> None:
    answer = viewer.get(SEARCH, {"q": AROUND[around].format(booking)})
    assert (answer.status_code, answer.get("Location")) == (302, fare_url(booking))


@pytest.mark.parametrize("written", WRITTEN)
def test_nor_how_its_letters_are_written(viewer: Client, booking: str, written: str) -> None:
    text = WRITTEN[written](booking)
    assert viewer.get(SEARCH, {"q": text}).get("Location") == fare_url(booking)
    assert fare_url(booking) in results(viewer, text)


def test_an_id_that_is_found_as_it_stands_is_not_tidied(viewer: Client) -> None:
    plain = projected(f"P{uuid4().hex[:12]}")
    dotted = projected(plain + ".")
    assert search_pasted(dotted).exact == dotted


def test_what_was_tried_is_said_of_what_was_left_of_it(viewer: Client) -> None:
    page = viewer.get(SEARCH, {"q": "“NOTHING-7”"}).content.decode()
    assert "No fare found for “NOTHING-7”" in page
    assert "fares whose booking id begins with: NOTHING-7, nothing-7" in page


def test_several_ids_in_a_text_are_listed(viewer: Client) -> None:
    first, second = projected(new_booking_id()), projected(new_booking_id())
    found = search_pasted(f"{first} and {second} and NONE-1")
    assert [line.booking_id for line in found.fares] == [first, second]
    assert viewer.get(SEARCH, {"q": f"{first}, {second}"}).status_code == 200


@pytest.mark.parametrize(
    "text", ["", " ", '"', "\u200b", "...", "\0", "%", "_", "\\", "' OR 1=1 --", "🚕", "\ud7ff"]
)
def test_texts_without_an_id_find_nothing(viewer: Client, text: str) -> None:
    assert viewer.get(SEARCH, {"q": text}).status_code == 200


def test_a_long_text_is_answered(viewer: Client) -> None:
    assert viewer.get(SEARCH, {"q": "9 BK-x " * 200_000}).status_code == 200
    assert len(tidied("x" * 2_000_000)) == 1_000
    assert list(ids_in(" ".join(f"BK-{number}" for number in range(100)))) == [f"BK-{n}" for n in range(5)]


def test_the_number_of_a_receipt_leads_to_its_fare(viewer: Client) -> None:
    booking = projected(new_booking_id().upper(), set_("14.00"))
    number = issue(booking).number
    for text in (number, number.lower(), f"Receipt {number}."):
        assert viewer.get(SEARCH, {"q": text}).get("Location") == fare_url(booking), text
    assert search_pasted(number).kind == Kind.RECEIPT
    assert search_pasted(f"{booking}-R2").is_nothing
    assert not receipts.has_receipt(booking, 2)


def test_the_id_of_a_correction_that_waits_leads_to_its_fare(viewer: Client) -> None:
    booking = desk.toll_charged_twice()
    waiting = desk.waiting(desk.contra(booking))
    assert viewer.get(SEARCH, {"q": str(waiting.pk)})["Location"] == fare_url(booking)
    assert search_pasted(str(waiting.pk)).kind == Kind.CORRECTION


def test_the_id_that_an_event_has_in_the_streams_leads_to_it(viewer: Client) -> None:
    booking = projected(new_booking_id(), set_("14.00"), add("toll", "5.00"))
    event = history.event_of(booking, 2)
    epoch = feed.identity().epoch
    address = viewer.get(SEARCH, {"q": f"{epoch}-{event.partition}-{event.position}"})["Location"]
    assert address == f"{fare_url(booking)}#v2"
    assert search_pasted(f"{epoch + 1}-{event.partition}-{event.position}").is_nothing


def test_amounts_may_be_written_as_in_other_countries(viewer: Client) -> None:
    day = datetime(2026, 3, 1).date()  # noqa: DTZ001 - any
    for text in ("$1,234.50", "1.234,50", "SGD 1,234.50", "１２３４.５０", '"1234,50"'):
        found = search_pasted(text, today=day)
        assert found.amount is not None, text
        assert str(found.amount.amount) == "1234.50", text
