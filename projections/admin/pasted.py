"""What somebody may have meant who pasted an id out of a mail, a sheet or a chat."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 1_000
"""Characters of a text in which an id is looked for."""
MOST_WORDS: Final = 5
"""Words of a text that are looked for as ids."""

_AROUND: Final = " /\\\"'`“”„‘’‚«»‹›()[]{}<>|*#,;:.!?…"
_LABELLED: Final = re.compile(r"(?=[^\d]*\d)[A-Za-z0-9][A-Za-z0-9._:-]{2,63}")


def tidied(text: str) -> str:
    """Without what no eye sees and what stands around an id: characters of no width, quotes, brackets, full stops;
    wide letters and typographic dashes as the keys of a keyboard write them."""
    characters = unicodedata.normalize("NFKC", text[:LONGEST])
    kept = "".join(_plain(character) for character in characters)
    return " ".join(kept.split()).strip(_AROUND)


def ids_in(text: str) -> Iterator[str]:
    """The words of a longer text that could be ids, since they have a digit: the first few."""
    words = [word.strip(_AROUND) for word in tidied(text).split()]
    if len(words) > 1:
        yield from [word for word in dict.fromkeys(words) if _LABELLED.fullmatch(word)][:MOST_WORDS]


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character == "\u2212":
        return "-"
    if category == "Cc":
        return " "
    return "" if category == "Cf" else character
