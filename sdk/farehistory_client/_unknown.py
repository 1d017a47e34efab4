"""Fields that a type does not know: found in what was read, and put beside what is written.

An object in a list keeps them if it is written as the type knew it when it was read, wherever it stands by then, each
object once. Where the list is as long as it was, and all that are unchanged stand in their own places, an object that
is another keeps what stood in its place.
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


def left_out(read: Mapping[str, Any], known: Mapping[str, Any], *, in_place: bool = True) -> Within:
    """What of the JSON that was read is not in it as the type knows it.

    `in_place`: what lists hold stands where it was read. Where it may not, as in sets, an object has what is unknown of
    one that is written just like it; where there is none for each, what the list holds of unknown fields is lost.
    """
    found = Within()
    for name, item in read.items():
        within = _within(item, known[name], in_place) if name in known else item
        if within or name not in known:
            found[name] = within
    return found


def _within(read: Any, known: Any, in_place: bool) -> Within | InItems | None:
    if isinstance(read, dict) and isinstance(known, dict):
        return left_out(read, known, in_place=in_place)
    if (
        isinstance(read, list)
        and isinstance(known, list)
        and any(isinstance(each, (dict, list)) for each in read)
    ):
        pairs = zip(known, _in_order_of(known, read, in_place), strict=False)
        items = InItems((item, _within(each, item, in_place)) for item, each in pairs)
        return items if any(within for _, within in items) else None
    return None


def _in_order_of(known: Sequence[Any], read: Sequence[Any], in_place: bool) -> Sequence[Any]:
    """What was read in the order in which the type has it: a set has one of its own."""
    left = dict.fromkeys(range(len(read)))
    found = []
    for place, item in enumerate(known):
        candidates = chain([place] if place in left else [], left)
        other = next((each for each in candidates if _agree(item, read[each], wholly=not in_place)), None)
        if other is None:  # it is written in another way, as times can be
            return read if in_place and len(read) == len(known) else ()
        found.append(read[other])
        del left[other]
    return found


def _agree(known: Any, read: Any, *, wholly: bool) -> bool:
    """Whether they are equal in what they have both; wholly: and all that is known was read."""
    if isinstance(known, dict) and isinstance(read, dict):
        both = known.keys() & read.keys()
        return (len(both) == len(known) or not wholly) and all(
            _agree(known[name], read[name], wholly=wholly) for name in both
        )
    if isinstance(known, list) and isinstance(read, list):
        return len(known) == len(read) and all(
            _agree(item, other, wholly=wholly) for item, other in zip(known, read, strict=True)
        )
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
