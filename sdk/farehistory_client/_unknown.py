"""Fields that a type does not know: found in what was read, and put beside what is written.

An object in a list keeps them if it is written as the type knew it when it was read, wherever it stands by then, each
object once. Where the list is as long as it was, and all that are unchanged stand in their own places, an object that is
another keeps what stood in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from operator import eq
from typing import Any


class Within(dict[str, Any]):
    """Unknown fields of an object that the type knows: where it is gone, so are they."""


class InItems(list[tuple[Any, Any]]):
    """Of each item of a list: as the type knows it, and what is unknown within it."""


def left_out(read: Mapping[str, Any], known: Mapping[str, Any]) -> Within:
    """What of the JSON that was read is not in it as the type knows it."""
    found = Within()
    for name, item in read.items():
        within = _within(item, known[name]) if name in known else item
        if within or name not in known:
            found[name] = within
    return found


def _within(read: Any, known: Any) -> Within | InItems | None:
    if isinstance(read, dict) and isinstance(known, dict):
        return left_out(read, known)
    if (
        isinstance(read, list)
        and isinstance(known, list)
        and any(isinstance(each, (dict, list)) for each in read)
    ):
        pairs = zip(known, _in_order_of(known, read), strict=False)
        items = InItems((item, _within(each, item)) for item, each in pairs)
        return items if any(within for _, within in items) else None
    return None


def _in_order_of(known: Sequence[Any], read: Sequence[Any]) -> Sequence[Any]:
    """What was read in the order in which the type has it: a set has one of its own."""
    left = dict.fromkeys(range(len(read)))
    found = []
    for place, item in enumerate(known):
        candidates = chain([place] if place in left else [], left)
        other = next((each for each in candidates if _agree(item, read[each])), None)
        if other is None:  # it is written in another way, as times can be
            return read if len(read) == len(known) else ()
        found.append(read[other])
        del left[other]
    return found


def _agree(known: Any, read: Any) -> bool:
    """Whether they are equal in what they have both."""
    if isinstance(known, dict) and isinstance(read, dict):
        return all(_agree(known[name], read[name]) for name in known.keys() & read.keys())
    if isinstance(known, list) and isinstance(read, list):
        return len(known) == len(read) and all(map(_agree, known, read))
    return bool(known == read)


def beside(written: Any, unknown: Any) -> Any:
    """What is written, and what is unknown in the places that are left."""
    if isinstance(written, dict) and isinstance(unknown, Mapping):
        whole = dict(written)
        for name, item in unknown.items():
            if name in whole:
                whole[name] = beside(whole[name], item)
            elif not isinstance(item, (Within, InItems)):
                whole[name] = item
        return whole
    if isinstance(written, list) and isinstance(unknown, InItems):
        places = _matched(written, [known for known, _ in unknown])
        return [
            item if place is None else beside(item, unknown[place][1])
            for item, place in zip(written, places, strict=True)
        ]
    return written


def _matched(items: Sequence[Any], others: Sequence[Any]) -> list[int | None]:
    """For each item the place of the other that it is, None for none: an equal one, in its own place before elsewhere;
    where there are as many and none is elsewhere, what is left in its own place."""
    found: list[int | None] = [None] * len(items)
    left = set(range(len(others)))

    def match(candidates: Callable[[int], Sequence[int]], is_other: Callable[[Any, Any], Any]) -> None:
        for place, item in enumerate(items):
            if found[place] is None:
                fitting = (
                    each for each in candidates(place) if each in left and is_other(item, others[each])
                )
                found[place] = next(fitting, None)
                left.discard(found[place])

    match(lambda place: [place], eq)
    match(lambda place: range(len(others)), eq)
    if len(items) == len(others) and all(each in (None, place) for place, each in enumerate(found)):
        match(lambda place: [place], lambda *_: True)
    return found
