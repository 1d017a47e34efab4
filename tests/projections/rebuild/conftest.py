"""Every test of rebuilds begins with a view that has caught up, and leaves none under way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections import rebuild
from tests.builders import add, given, set_, sub
from tests.projections.rebuild.views import NAME, drain


@pytest.fixture(autouse=True)
def caught_up() -> Iterator[None]:
    drain()
    yield
    left = rebuild.unfinished(NAME)
    if left is not None:
        rebuild.cancel(left.pk, "a test")


@pytest.fixture
def booking() -> str:
    """Three versions, in the view: 14.00, 19.00, 17.00."""
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    drain()
    return booking
