"""The choices above a list: links, so that every choice has an address of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from projections.wording import capitalised


@dataclass(frozen=True, slots=True)
class Choice:
    """One link of a filter."""

    words: str
    href: str
    is_chosen: bool
    begins_group: bool = False
    """Whether it is the first of choices of another kind than those before."""


def query(**parameters: str | None) -> str:
    """The query string of the parameters that have a value."""
    return urlencode({name: value for name, value in parameters.items() if value})


def projection_choices(names: Iterable[str], chosen: str, **others: str | None) -> list[Choice]:
    """All projections, and each of those named; `others` stay as they are."""
    everything = Choice(_("All projections"), "?" + query(**others), not chosen, begins_group=True)
    return [everything] + [
        Choice(capitalised(name), "?" + query(projection=name, **others), name == chosen)
        for name in sorted({*names, *([chosen] if chosen else [])})
    ]
