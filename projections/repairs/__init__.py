"""Repairs: bookings of a view that an operator asked to be folded anew, one by one, by a worker.

`start` notes what is wanted, `run` does it booking by booking: any process may call it, again and again, and any may be
killed at any line. What came of a booking is noted in the transaction that folds it.
"""

from __future__ import annotations

from projections.repairs.asking import MOST, Place, UnknownRepair, get, start, unfinished
from projections.repairs.running import run

__all__ = ["MOST", "Place", "UnknownRepair", "get", "run", "start", "unfinished"]
