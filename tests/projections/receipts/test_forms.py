"""HTML and PDF say what the JSON says, in every script, and nothing that a client wrote breaks them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pypdfium2
import pytest
import typst

from projections.receipts import pdf
from projections.receipts.document import MAX_DETAILS, Document
from projections.receipts.html import as_html, content_security_policy
from projections.receipts.pdf import as_pdf
from projections.receipts.presentation import direction_of, present
from tests.builders import add, append, given, set_, sub
from tests.projections.receipts.histories import correct, receipt_of

VIETNAMESE = "Phí cầu đường Sài Gòn, đã trừ khuyến mãi"
THAI = "ค่าทางด่วนบางนา ด่าน 3 ขาออก"
CHINESE = "机场高速公路通行费與夜間附加費"
JAPANESE = "渋谷から成田空港、首都高速の両方向と待機料金、辻と桜と巌"
ARABIC = "رسوم انتظار عند البوابة"
SCRIPTS = (VIETNAMESE, THAI, CHINESE, JAPANESE, ARABIC)


def text_of_pdf(file: bytes) -> str:
    """What a reader would copy out of it, page by page."""
    with pypdfium2.PdfDocument(file) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def text_of_html(page: str) -> str:
    body = page[page.index("<body>") :]
    return unescape(re.sub(r"<[^>]+>", " ", body))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def usual() -> Document:
    return receipt_of(
        given(set_("14.00"), add("toll", "5.00"), sub("promo", "3.10", description="WELCOME10"))
    )


def replacing() -> Document:
    booking = given(set_("1400.00"), add("toll", "2.50"), add("toll", "2.50", description="Gantry 7"))
    receipt_of(booking)
    correct(booking, sub("toll", "2.50", description="Gantry 7 was charged twice"))
    append(booking, add("waiting_fee", "3.00"))
    return receipt_of(booking)


def in_yen() -> Document:
    return receipt_of(given(set_("1234567", currency="JPY"), sub("promo", "7")))


def in_dinar() -> Document:
    return receipt_of(given(set_("1.5", currency="KWD"), add("toll", "0.125")))


def below_zero() -> Document:
    return receipt_of(given(set_("2.00"), sub("refund", "1234.50", allow_negative=True)))


def nothing_due() -> Document:
    return receipt_of(given(set_("0")))


def of_a_hundred_parts() -> Document:
    return receipt_of(given(set_("1.00"), *[add(f"part_{n}", f"0.{n:02}") for n in range(1, 100)]))


ALL = (usual, replacing, in_yen, in_dinar, below_zero, nothing_due, of_a_hundred_parts)


@pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
def test_html_and_pdf_have_the_words_and_numbers_of_the_document_in_its_order(
    make: Callable[[], Document],
) -> None:
    receipt = make()
    shown = present(receipt)
    expected = [shown.heading, shown.fare, receipt.number, receipt.booking_id]
    for line in shown.lines:
        expected += [line.label, *(detail.text for detail in line.details), line.amount]
    expected += [*shown.total, *(change.amount for change in shown.changes), shown.foot]
    for text in (text_of_html(as_html(receipt)), text_of_pdf(as_pdf(receipt))):
        squeezed_text = re.sub(r"Page\d+of\d+", "", squeezed(text).replace("\ufffe", "-"))
        at = 0
        for words in expected:
            found = squeezed_text.find(squeezed(words), at)
            assert found >= 0, f"{words!r} is missing after {squeezed_text[:at][-80:]!r}"
            at = found


def test_the_total_is_the_fare_beside_its_currency() -> None:
    assert present(usual()).total == ("Total fare", "SGD 15.90")
    assert present(in_yen()).total == ("Total fare", "JPY 1,234,560")
    assert present(in_dinar()).total == ("Total fare", "KWD 1.625")
    assert present(below_zero()).total == ("Total fare", "SGD −1,232.50")


def test_a_receipt_never_says_that_anything_was_paid() -> None:
    for make in ALL:
        text = text_of_html(as_html(make()))
        assert "you paid" not in text.lower()
        assert text.count("paid") == text.count("does not say what has been paid") == 1


def test_a_fare_of_nothing_and_one_below_zero_say_so() -> None:
    assert present(nothing_due()).remark == "Nothing is due."
    assert present(below_zero()).remark == "The fare is below zero, in the customer's favour."
    assert present(usual()).remark == ""


def test_a_later_receipt_says_what_it_replaces_and_what_changed() -> None:
    receipt = replacing()
    shown = present(receipt)
    assert shown.replaces.startswith(f"This receipt replaces {receipt.booking_id}-R1 of ")
    assert shown.difference == ("The fare was SGD 1,405.00, it is SGD 1,405.50 now", "+0.50")
    assert [(c.label, c.amount) for c in shown.changes] == [("Toll", "−2.50"), ("Waiting fee", "+3.00")]
    assert [(line.label, line.count) for line in shown.lines] == [
        ("Base fare", ""),
        ("Toll", "×2"),
        ("Waiting fee", ""),
        ("Correction of toll", ""),
    ]


def test_times_are_told_in_the_zone_of_the_setting_when_it_was_issued(
    settings: pytest.FixtureRequest,
) -> None:
    booking = given(set_("14.00"))
    settings.TIME_ZONE = "Asia/Kathmandu"  # type: ignore[attr-defined]
    receipt = receipt_of(booking)
    settings.TIME_ZONE = "UTC"  # type: ignore[attr-defined]
    assert present(receipt_of(booking)).facts == present(receipt).facts
    assert present(receipt).facts[2][1].endswith("UTC+05:45")


@pytest.mark.parametrize("text", SCRIPTS)
def test_text_in_every_script_can_be_read_in_the_pdf(text: str) -> None:
    receipt = receipt_of(given(set_("14.00", description=text)))
    assert squeezed(text) in squeezed(text_of_pdf(as_pdf(receipt)))


def test_every_character_of_these_scripts_has_a_glyph() -> None:
    """PDF/UA refuses a file that has a character without one."""
    changes = [add("toll", "1.00", description=text) for text in SCRIPTS]
    receipt = receipt_of(given(set_("14.00"), *changes, sub("promo", "2.50")))
    typst.compile(
        pdf._template(), font_paths=pdf._fonts(), sys_inputs=pdf._inputs(receipt), pdf_standards=["ua-1"]
    )


def test_a_character_without_a_glyph_is_drawn_as_a_box_and_takes_nothing_along() -> None:
    with_taxi = as_pdf(receipt_of(given(set_("14.00", description="Taxi 🚕 한국어 to the airport"))))
    text = text_of_pdf(with_taxi)
    assert "Taxi" in text
    assert "to the airport" in text
    with pypdfium2.PdfDocument(with_taxi) as document:
        glyphs = document[0].get_textpage().count_chars()
    without = as_pdf(receipt_of(given(set_("14.00", description="Taxi  to the airport"))))
    with pypdfium2.PdfDocument(without) as document:
        assert glyphs > document[0].get_textpage().count_chars()


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Toll", "ltr"),
        (ARABIC, "rtl"),
        (f"3: {ARABIC}", "rtl"),
        (f"Toll {ARABIC}", "ltr"),
        ("שלום", "rtl"),
        ("3.50", "ltr"),
        ("", "ltr"),
    ],
)
def test_a_description_runs_in_the_direction_of_its_first_letter(text: str, direction: str) -> None:
    assert direction_of(text) == direction


def test_the_page_keeps_each_description_apart_from_what_is_around_it() -> None:
    page = as_html(receipt_of(given(set_("14.00", description=ARABIC))))
    assert f'<bdi dir="rtl">{ARABIC}</bdi>' in page
    assert '<html lang="en" dir="ltr">' in page


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "#panic() $x$ `raw` @ref *b* _i_ \\", "{{ css }} {% now %}", "a" * 500],
)
def test_what_a_client_wrote_is_shown_as_it_is(text: str) -> None:
    receipt = receipt_of(given(set_("14.00", description=text)))
    assert squeezed(text) in squeezed(text_of_html(as_html(receipt)))
    assert squeezed(text) in squeezed(text_of_pdf(as_pdf(receipt)))
    assert "<script" not in as_html(receipt)


def test_a_booking_id_of_64_characters_can_be_copied_out_of_the_pdf() -> None:
    booking = given(set_("14.00"), booking_id="W" * 40 + given(set_("1.00"))[-24:])
    assert squeezed(text_of_pdf(as_pdf(receipt_of(booking)))).count(booking) >= 2


def test_the_same_receipt_is_the_same_bytes() -> None:
    booking = given(set_("14.00", description=f"{THAI} {ARABIC} {CHINESE}"))
    assert as_pdf(receipt_of(booking)) == as_pdf(receipt_of(booking))
    assert as_html(receipt_of(booking)) == as_html(receipt_of(booking))


def test_a_pdf_is_small_tagged_and_says_what_it_is() -> None:
    receipt = usual()
    file = as_pdf(receipt)
    assert len(file) < 40_000
    with pypdfium2.PdfDocument(file) as document:
        assert document.get_metadata_value("Title") == f"Receipt {receipt.number}"
        assert document.get_metadata_value("CreationDate").startswith(
            "D:" + re.sub(r"\D", "", receipt.issued_at[:19])
        )
        assert [round(side) for side in document[0].get_size()] == [595, 842]
        assert document.is_tagged()
    assert b"/Lang(en)" in file or b"/Lang (en)" in file


def test_long_receipts_go_on_on_further_pages_under_the_same_heading() -> None:
    text = text_of_pdf(as_pdf(of_a_hundred_parts()))
    pages = text.count("What for")
    assert pages > 2
    assert f"Page {pages} of {pages}" in text


def test_a_page_never_ends_between_a_line_and_its_description_or_amount() -> None:
    changes = [
        add(f"part_{n}", f"0.{n}", description=f"D{n}. " + "x " * (n * 37 % 240)) for n in range(10, 99)
    ]
    with pypdfium2.PdfDocument(as_pdf(receipt_of(given(set_("1.00"), *changes)))) as document:
        pages = [page.get_textpage().get_text_range().split() for page in document]
    assert len(pages) > 4
    for n in range(10, 99):
        (page,) = [words for words in pages if f"D{n}." in words]
        assert str(n) in page
        assert f"0.{n}" in page


def test_a_line_that_is_longer_than_a_page_goes_on_on_the_next() -> None:
    changes = [add("toll", "0.10", description=CHINESE[:1] * 490 + f"D{n}.") for n in range(20)]
    text = text_of_pdf(as_pdf(receipt_of(given(set_("1.00"), *changes))))
    assert [n for n in range(MAX_DETAILS) if f"D{n}." in squeezed(text)] == [*range(MAX_DETAILS)]


def test_the_page_needs_nothing_from_elsewhere_and_its_policy_allows_nothing_else() -> None:
    page = as_html(usual())
    assert not re.search(r"<(script|link|img|iframe|object)|\son\w+=|style=|https?:|url\(", page)
    policy = content_security_policy()
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
