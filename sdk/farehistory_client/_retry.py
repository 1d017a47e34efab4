"""Which answers are worth another try, and when: full jitter, a budget of tries and a budget of time."""

from __future__ import annotations

import random
from dataclasses import dataclass
from time import monotonic
from typing import Final

RETRIED: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same may be sent again. Never a 409: that is an answer."""

LONGEST_ASKED: Final = 300.0
"""Seconds that the platform's own word counts for: a slip of a gateway must not silence a consumer for years."""


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
        # Put so that it is also false of NaN.
        if not (self.attempts >= 1 and self.within > 0 and self.first_wait >= 0 and self.longest_wait >= 0):
            raise ValueError(f"not a budget: {self}")

    def wait(self, failures: int, since: float, retry_after: float | None) -> float | None:
        """How long to wait after so many failed tries, the first of them begun `since` seconds ago; None: give up.

        The platform's own word (`retry_after`) is the least, up to LONGEST_ASKED; what does not fit the time that is
        left is not begun.
        """
        if failures >= self.attempts:
            return None
        wait = jittered(min(self.longest_wait, self.first_wait * 2 ** min(failures - 1, 30)))
        if retry_after is not None:
            wait += min(retry_after, LONGEST_ASKED)
        return wait if since + wait < self.within else None


UNENDING: Final = Retries(attempts=2**31, within=float("inf"))
"""For a consumer that follows the feed for as long as it runs."""


TOLD_EVERY: Final = 60.0
"""Seconds without an answer after which somebody is to know, and again each time they have passed."""


class Spending:
    """What a call has used up of its budget."""

    def __init__(self, budget: Retries) -> None:
        self._budget = budget
        self._began = monotonic()
        self._failures = 0
        self._told_at = 0.0

    @property
    def seconds_left(self) -> float:
        return self._budget.within - self.passed

    @property
    def passed(self) -> float:
        """Seconds since the first try began."""
        return monotonic() - self._began

    def is_to_be_told(self, wait: float) -> bool:
        """Whether it will have lasted so long after this wait that it is told with more weight, if not just done."""
        until = self.passed + wait
        if until < self._told_at + TOLD_EVERY:
            return False
        self._told_at = until
        return True

    def is_over(self) -> bool:
        """Whether it was told that it lasts, and is to be told that it is over."""
        was_told, self._told_at = self._told_at > 0, 0.0
        return was_told

    def wait_after_failure(self, retry_after: float | None) -> float | None:
        """How long to wait before the next try; None: give up."""
        self._failures += 1
        return self._budget.wait(self._failures, self.passed, retry_after)

    def left_out(self, seconds: float) -> None:
        """Seconds that should have been waited count as if they had been."""
        self._began -= seconds


def jittered(most: float) -> float:
    """Anything from 0 to `most`: clients that failed together do not come back together."""
    return random.uniform(0, most)  # noqa: S311 - no secret
