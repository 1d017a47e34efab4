"""Every test of the drift monitor hurries it, and may have a booking that the views have."""

from __future__ import annotations

import pytest
from django.conf import settings

from projections.drift import bookings
from tests.builders import add, given, set_, sub
from tests.projections.drift_monitor.helpers import drain


@pytest.fixture
def booking() -> str:
    """Three versions: 14.00, 19.00, 17.00."""
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    drain()
    return booking


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk that has to be over in a moment checks as much in a tick as its time allows."""
    monkeypatch.setattr(settings, "FAREHISTORY_DRIFT_WALK_SECONDS", 1)
    monkeypatch.setattr(bookings, "estimated", lambda view: 1_000_000)
