"""Cells of the CSV files that we hand out, safe to open in a spreadsheet.

A spreadsheet takes a text that begins with = + - @, a tab or a carriage return for a formula, and a formula can send
the sheet's content elsewhere. Some skip what cannot be seen before such a sign, or take its wide and small forms too,
or a minus as it is printed. Such a text gets an apostrophe in front, which spreadsheets take for "this is text"; a
plain number such as -3.10 is no formula and stays the number that it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

_FORMULA = re.compile(r"[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\u2212]")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_BEGINNING = 100
"""Characters that are looked at: what begins with so much nothing is a formula to nobody."""


def safe(text: str) -> str:
    """The text as a cell may hold it: what would be a formula begins with an apostrophe."""
    if not _FORMULA.match(normalize("NFKC", text[:_BEGINNING])) or _NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def unsafe(text: str) -> str:
    """A text as it was before `safe`."""
    plain = text.removeprefix("'")
    return plain if plain != text and safe(plain) == text else text


def safe_row(values: Iterable[object]) -> list[str]:
    """A row of such cells; None is an empty one. What UTF-8 cannot hold becomes a question mark."""
    return ["" if value is None else safe(str(value)).encode("utf-8", "replace").decode() for value in values]
