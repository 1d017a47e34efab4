"""The search page: what was asked for in an address, what came of it, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events import history
from projections import event_search
from projections.admin.fare_lines import FareLine, anchor
from projections.admin.fare_search import FareSearch, Kind, meant, recent_fares, search_fares, search_pasted
from projections.admin.fare_urls import CHANGELIST, fare_url
from projections.admin.filter_form import FilterForm, parameters_of
from projections.admin.list_words import Chip, chips, heading
from projections.fare_states import State

WORTH_SAYING: Final = 100
"""Events that the view lacks, from which on lists say so; fewer are what is just being taken."""

_FILTERS: Final = tuple(name for name in FilterForm.base_fields if name != "zone")
_PART: Final = "part"


@dataclass(frozen=True)
class SearchPage:
    """A search as it stands in an address: `q`, the filters, `part`, `after`."""

    parameters: Mapping[str, str]
    """What is not empty of it, but `after`."""
    typed: str
    """`q` exactly as it was typed."""
    form: FilterForm
    found: FareSearch | None = None
    """None where nothing was asked for, or what was is refused beside its field."""
    is_first: bool = True
    unknown: bool = False
    """Whether the address was that of a fare that there is none of."""

    @property
    def query(self) -> str:
        return self.parameters.get("q", "")

    @property
    def status(self) -> int:
        """Of the answer."""
        return 404 if self.unknown else 400 if self.form.errors else 200

    @property
    def goes_to(self) -> str | None:
        """The address that the search leads to at once."""
        if self.found is None:
            return None
        if self.found.exact:
            return address_of(self.found.exact, self.found.version)
        return self._address(**parameters_of(self.found.amount)) if self.found.amount else None

    @property
    def audited(self) -> dict[str, Any] | None:
        """What the audit keeps of it; None if nothing was looked for."""
        if self.found is None:
            return None
        kind = self.found.kind.value if self.found.kind else "nothing"
        filters = {name: self.parameters[name] for name in _FILTERS if name in self.parameters}
        kept = {
            "booking_id": self.found.exact,
            "kind": kind,
            "text": self.typed,
            "filters": urlencode(filters),
        }
        return {name: value for name, value in kept.items() if value}

    @property
    def heading(self) -> str:
        """What the fares of the list have in common."""
        return heading(self.found, is_by_amount=self.is_by_amount) if self.found else ""

    @property
    def is_by_amount(self) -> bool:
        """Whether the list goes from the highest fare, not from the newest event."""
        is_of_filters = self.found is not None and self.found.kind == Kind.FILTERS
        alone = is_of_filters and self.form.list_state is None
        return alone and event_search.is_by_amount(self.form.filters)

    @property
    def chips(self) -> list[Chip]:
        """The filters that are in force, each with the address of the same search without it."""
        return chips(self.form, lambda *names: self._address(**dict.fromkeys(names, "")))

    @property
    def shows_filters(self) -> bool:
        """Whether they stand open: while they have to be changed, not over what they found."""
        return bool(self.form.errors) or (self.form.is_used and not (self.found and self.found.fares))

    @property
    def next_page(self) -> str | None:
        """The address of the next page, if there is one."""
        after = self.found.next_after if self.found else None
        return self._address(after=after) if after else None

    @property
    def first_page(self) -> str | None:
        """The address of the first page, on a later one."""
        return None if self.is_first else self._address()

    @property
    def with_part(self) -> str | None:
        """The address of the fares with the query anywhere in their id, where those that begin so are listed."""
        begins = self.found is not None and self.found.kind == Kind.BEGINNING
        return self._address(**{_PART: "1"}) if begins else None

    @property
    def without_filters(self) -> str:
        """The address of the same search without filters."""
        return self._address(**dict.fromkeys((*_FILTERS, "zone"), ""))

    @cached_property
    def recent(self) -> Sequence[FareLine]:
        """The fares changed last, where nothing was asked for."""
        return recent_fares() if self.found is None and not self.form.errors else ()

    @cached_property
    def kinds(self) -> list[tuple[str, str]]:
        """Components and sources that there are, in pairs."""
        return event_search.kinds()

    @property
    def components(self) -> list[str]:
        return sorted({component for component, _source in self.kinds})

    @property
    def sources(self) -> list[str]:
        return sorted({source for _component, source in self.kinds})

    @property
    def currencies(self) -> list[str]:
        return event_search.currencies()

    @cached_property
    def missing(self) -> int:
        """Events that cannot be found by what happened in them, as the view has not taken them; 0 if too few to say."""
        if self.found is None or self.form.list_state is State.BEHIND:
            return 0
        missing = event_search.not_taken_yet()
        return missing if missing >= (WORTH_SAYING if self.found.fares else 1) else 0

    def _address(self, **changed: str) -> str:
        """The address of this search with some parameters changed, or taken out where they are empty."""
        together = {name: value for name, value in {**self.parameters, **changed}.items() if value}
        if not {"since", "until"} & together.keys():
            together.pop("zone", None)
        return f"{reverse(f'admin:{CHANGELIST}')}?{urlencode(together)}"


def read_search_page(parameters: Mapping[str, str], *, unknown: bool = False) -> SearchPage:
    """Looks for what an address asks for. `unknown`: it was asked for as a fare's own address."""
    names = ("q", _PART, *FilterForm.base_fields)
    typed = parameters.get("q", "")
    kept = {name: parameters.get(name, "").strip() for name in names}
    page = SearchPage(
        {name: value for name, value in kept.items() if value}, typed, FilterForm(parameters), unknown=unknown
    )
    if not page.form.is_valid() or not (page.query or page.form.is_used):
        return page
    after = parameters.get("after", "")
    found = _one_or_list(page, after)
    if page.query and page.form.list_state and not found.exact:
        said = _("Fares in this state are listed by themselves: leave the box above empty.")
        page.form.add_error("state", said)
        return page
    return replace(page, found=found, is_first=not after)


def _one_or_list(page: SearchPage, after: str) -> FareSearch:
    """What was found; of an amount that was typed, the one fare that was ever that much."""
    found = search_pasted(
        page.query,
        filters=page.form.filters,
        state=page.form.list_state,
        after=after,
        part=_PART in page.parameters,
        today=timezone.now().astimezone(page.form.day_zone).date(),
    )
    if found.amount is None:
        return found
    form = FilterForm({**page.parameters, **parameters_of(found.amount)})
    if form.is_valid():
        only = meant(search_fares("", filters=form.filters))
        found = replace(found, exact=only.exact, version=only.version)
    return found


def address_of(booking_id: str, version: int | None) -> str:
    """Of a fare, opened at the event that was meant."""
    head = history.head_of(booking_id) if version else None
    return fare_url(booking_id) + (anchor(version, of=head.version) if version and head else "")
