"""Every test of the archive has a folder of its own, and may have a partition of several files in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from events import feed
from tests.projections.archiving.helpers import archive, booking_with, more, verify


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    """The folder of an archive of this test's own, not there yet."""
    settings.FAREHISTORY_ARCHIVE = str(tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def partition(root: Path) -> int:
    """A partition whose archive has several files of three events, after one of all that was there before."""
    booking, partition = booking_with(3)
    archive(partitions=[partition], page_events=feed.head(partition))
    more(booking, 9)
    archive(partitions=[partition], page_events=3)
    assert verify(root)[0] == 0
    return partition
