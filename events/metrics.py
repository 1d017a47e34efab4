"""What the write side counts. Names and labels are documented in docs/metrics.md; none is without bound."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from events.errors import LedgerError

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

APPENDS: Final = Counter(
    "farehistory_appends",
    "Events that the ledger was asked to append, by what came of it: appended, replayed or a refusal's code.",
    ["outcome"],
)
APPEND_SECONDS: Final = Histogram(
    "farehistory_append_seconds",
    "Seconds that a call of the append function took, with one event or many, retries while busy included.",
    buckets=_SECONDS,
)
FEED_WAITING: Final = Gauge(
    "farehistory_feed_waiting",
    "Readers of the feed that wait for new events now.",
    multiprocess_mode="livesum",
)


def count(answers: Iterable[object]) -> None:
    """Counts what became of events: each an Appended or a LedgerError."""
    for answer in answers:
        _appends(_outcome(answer)).inc()


@cache
def _appends(outcome: str) -> Counter:
    return APPENDS.labels(outcome)


def _outcome(answer: object) -> str:
    if isinstance(answer, LedgerError):
        return answer.code
    return "replayed" if getattr(answer, "replayed", False) else "appended"
