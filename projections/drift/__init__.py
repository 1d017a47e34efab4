"""The drift monitor: folds bookings anew and compares them with the views, a few at a time, all the time.

Each tick goes on with a walk through every view, so paced that the whole is walked in the configured time, and
looks at a few of the newest bookings. What differs is recorded, listed and alarmed on; nothing is put right here.
"""

from __future__ import annotations

from projections.drift.monitor import Tick, check_now, tick

__all__ = ["Tick", "check_now", "tick"]
