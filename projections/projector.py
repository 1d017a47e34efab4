"""What a projector is: one view of the ledger, moved by a page of events at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """The events of one partition with after < position <= upto."""

    partition: int
    after: int
    upto: int


class Projector(Protocol):
    """One view. `apply` runs inside the transaction that moves the checkpoint, on whole pages: set-based."""

    name: str
    version: int
    tables: tuple[str, ...]

    def apply(self, page: Page) -> None:
        """Moves the view by this page. Raises OutOfStep if the view is not where the page begins."""


class OutOfStep(RuntimeError):
    """A view is not at the version that a page continues from. Nothing was moved."""
