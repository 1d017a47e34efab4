"""What several commands take on their command lines."""

from __future__ import annotations

import getpass
from argparse import ArgumentTypeError


def partitions(text: str) -> list[int]:
    """0-15 or 3,5 or both. Raises ArgumentTypeError."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (_is_number(first) and _is_number(last)):
            raise ArgumentTypeError(f"{part!a} is not a partition such as 3, nor a range such as 0-15")
        if int(first) > int(last):
            raise ArgumentTypeError(f"{part!a} ends before it begins")
        numbers |= set(range(int(first), int(last) + 1))
    return sorted(numbers)


def positions(text: str) -> dict[int, int]:
    """0:120,3:88: partition → position. Raises ArgumentTypeError."""
    places: dict[int, int] = {}
    for part in text.split(","):
        partition, _, place = part.partition(":")
        if not (_is_number(partition) and place) or int(partition) in places:
            raise ArgumentTypeError(f"{part!a} is not a partition and a position such as 3:120, each once")
        places[int(partition)] = position(place)
    return places


def position(text: str) -> int:
    """A position of a log, 0 for its beginning. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ArgumentTypeError(f"{text!a} is not a position: a whole number, 0 for the beginning")
    return int(text)


def who() -> str:
    """The person at the terminal, as far as the system knows."""
    try:
        return f"{getpass.getuser()}, in a terminal"
    except (KeyError, OSError, ImportError):
        return "a terminal"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4
