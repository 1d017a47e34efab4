"""The list of runs, as its address asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from events.admin.transfers.run_line import RunLine
from events.models import Transfer

PAGE = 50
_MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the list."""

    words: str
    href: str
    is_chosen: bool
    begins_group: bool = False


@dataclass(frozen=True)
class ListPage:
    """A page of runs, the latest first."""

    kind: str
    number: int

    @classmethod
    def of(cls, given: QueryDict) -> ListPage:
        """The page that an address names; what it names wrongly is left out."""
        kind, text = given.get("kind", ""), given.get("page", "")
        is_number = text.isascii() and text.isdigit() and 0 < len(text) <= len(str(_MOST_PAGES))
        return cls(kind if kind in Transfer.Kind.values else "", max(1, int(text)) if is_number else 1)

    @property
    def choices(self) -> list[Choice]:
        kinds = {"": _("All"), Transfer.Kind.IMPORT: _("Imports"), Transfer.Kind.EXPORT: _("Exports")}
        return [
            Choice(words, f"?kind={kind}" if kind else "?", kind == self.kind)
            for kind, words in kinds.items()
        ]

    @property
    def runs(self) -> list[RunLine]:
        return [RunLine(run) for run in self._found[:PAGE]]

    @property
    def older_query(self) -> str:
        if len(self._found) <= PAGE:
            return ""
        return urlencode(({"kind": self.kind} if self.kind else {}) | {"page": self.number + 1})

    @cached_property
    def _found(self) -> list[Transfer]:
        first = (self.number - 1) * PAGE
        runs = Transfer.objects.filter(kind=self.kind) if self.kind else Transfer.objects.all()
        return list(runs.defer("reached").order_by("-started_at", "-id")[first : first + PAGE + 1])
