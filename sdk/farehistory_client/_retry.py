"""Which answers are worth another try, and when: full jitter, a budget of tries and a budget of time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import monotonic
from typing import Final

RETRIED: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same may be sent again. Never a 409: that is an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """The budget of one call. Times are in seconds."""

    attempts: int = 10
    """Requests in all; 1: no retries."""
    within: float = 30.0
    """For the call in all, waits included; no request begins after it."""
    first_wait: float = 0.1
    """The wait before the n-th retry is anywhere from 0 to `first_wait` * 2ⁿ⁻¹ ..."""
    longest_wait: float = 5.0
    """... and at most this."""

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.within <= 0 or self.first_wait < 0 or self.longest_wait < 0:
            raise ValueError(f"not a budget: {self}")

    def wait(self, failures: int, since: float, retry_after: float | None) -> float | None:
        """How long to wait after so many failed tries, the first of them begun `since` seconds ago; None: give up.

        The platform's own word (`retry_after`) is the least; what does not fit the time that is left is not begun.
        """
        if failures >= self.attempts:
            return None
        wait = jittered(min(self.longest_wait, self.first_wait * 2 ** min(failures - 1, 30)))
        if retry_after is not None:
            wait += retry_after
        return wait if since + wait < self.within else None


UNENDING: Final = Retries(attempts=2**31, within=float("inf"))
"""For a consumer that follows the feed for as long as it runs."""


class Spending:
    """What a call has used up of its budget."""

    def __init__(self, budget: Retries) -> None:
        self._budget = budget
        self._began = monotonic()
        self._failures = 0

    @property
    def seconds_left(self) -> float:
        return self._budget.within - self._passed

    @property
    def _passed(self) -> float:
        return monotonic() - self._began

    def wait_after_failure(self, retry_after: float | None) -> float | None:
        """How long to wait before the next try; None: give up."""
        self._failures += 1
        return self._budget.wait(self._failures, self._passed, retry_after)

    def left_out(self, seconds: float) -> None:
        """Seconds that should have been waited count as if they had been."""
        self._began -= seconds


def jittered(most: float) -> float:
    """Anything from 0 to `most`: clients that failed together do not come back together."""
    return random.uniform(0, most)  # noqa: S311 - no secret
