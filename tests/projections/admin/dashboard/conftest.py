from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections import runner
from projections.admin.dashboard import card
from projections.projectors import projector


@pytest.fixture(autouse=True)
def _nothing_is_known_yet() -> Iterator[None]:
    """Each test computes every card anew."""
    card.forget()
    yield
    card.forget()


@pytest.fixture
def counted() -> None:
    """The daily totals have come to the end of the ledger."""
    view = projector("daily_totals")
    runner.drain(view, runner.lagging(view))
