"""Every test of rebuilds begins with a view that has caught up, and leaves none under way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections import rebuild
from tests.projections.rebuild.views import NAME, drain


@pytest.fixture(autouse=True)
def caught_up() -> Iterator[None]:
    drain()
    yield
    left = rebuild.unfinished(NAME)
    if left is not None:
        rebuild.cancel(left.pk, "a test")
