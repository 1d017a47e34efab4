"""The projectors that run: adding one is a file and a line here."""

from __future__ import annotations

from projections.projector import Projector
from projections.projectors.current_fare import CurrentFareProjector

PROJECTORS: tuple[Projector, ...] = (CurrentFareProjector(),)
