"""Cells that a spreadsheet opens: texts stay texts, numbers stay numbers."""

from __future__ import annotations

import pytest

from events.csv_cells import safe, safe_row


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "=", "--3", "-3.10x", "-3.1.0", "- 3", "-٣",
     "+3.10", "-.5", "-1e3", "＝1", "＋1", "－1", "＠x", "-3.10\n", " =1", "\u00a0=1", "\u3000＝1", "\ufeff=1",
     "\u200b@x", "\x0b=1", "\u22121", "\ufe63" "1", "\ufe62" "1", "\ufe66" "1", "\ufe6bx", " -3.10"],
    ids=range(34),
)  # fmt: skip
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-3.10", "3.10", "-0", "-1250", "0.001"])
def test_a_plain_number_stays_one(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("text", ["", "toll", " toll", " 3.10", "'=1", "ค่าโดยสาร", '{"a":"=1"}', "a-b@c"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert safe(text) == text


def test_a_row_has_nothing_for_what_is_absent_and_only_what_utf8_holds() -> None:
    assert safe_row([None, 1, -2, "=x", "a\udc80"]) == ["", "1", "-2", "'=x", "a?"]
