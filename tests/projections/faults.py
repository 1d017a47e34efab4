"""`tests.faults`, under the name that the tests of projections know."""

from __future__ import annotations

from tests.faults import die_at, killed_at, killed_at_each_step, step_too

__all__ = ["die_at", "killed_at", "killed_at_each_step", "step_too"]
