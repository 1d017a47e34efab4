"""What was last computed, kept in this process: for a few seconds instead of computing it anew, and for as long as it
cannot be computed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MOST: Final = 256
"""Values that are kept; those not asked for the longest make room."""


@dataclass(frozen=True, slots=True)
class Known:
    value: Any
    at: datetime


class LastKnown:
    """Values by key, each with when it was computed."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Known] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Known | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def keep(self, key: Hashable, value: Any, at: datetime) -> None:
        with self._lock:
            self._known[key] = Known(value, at)
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._known.clear()
