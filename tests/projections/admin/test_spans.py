"""Times and numbers in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from projections.admin import spans

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0.0 s"),
        (0.42, "0.4 s"),
        (12.9, "12 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (86_400, "1 day"),
        (5 * 86_400, "5 days"),
    ],
)
def test_a_span_is_told_in_one_unit(seconds: float, words: str) -> None:
    assert spans.span(seconds) == words


def test_how_long_ago() -> None:
    assert spans.ago(NOW - timedelta(seconds=0.5), NOW) == "just now"
    assert spans.ago(NOW + timedelta(seconds=5), NOW) == "just now"
    assert spans.ago(NOW - timedelta(minutes=3), NOW) == "3 min ago"


@pytest.mark.parametrize(
    ("behind", "seconds", "words"),
    [
        (0, 0.0, "up to date"),
        (1, 0.2, "1 event, 0.2 s behind"),
        (12_345, 3.0, "12,345 events, 3 s behind"),
        (2, None, "2 events behind"),
    ],
)
def test_a_lag_in_words(behind: int, seconds: float | None, words: str) -> None:
    assert spans.lag(behind, seconds) == words
