"""The archive's process is killed at every step; the next run's archive is whole and equals the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from projections.archiving import files, manifest
from tests.faults import killed_at_each_step
from tests.projections.archiving.helpers import (
    archive,
    booking_with,
    equals_the_ledger,
    folder,
    more,
    names,
    ranges,
    verify,
)


@pytest.mark.timeout(300)
def test_killed_at_any_step_the_next_run_makes_it_whole(root: Path) -> None:
    booking, partition = booking_with(3)
    archive(partitions=[partition])
    more(booking, 2)
    left_begun = left_named = 0
    deaths = 0
    work = "tests.projections.archiving.killed:run"
    for _ in killed_at_each_step(work, str(root), str(partition)):
        deaths += 1
        left = names(partition)
        left_begun += any(name.startswith(files.BEING_WRITTEN) for name in left)
        left_named += len([name for name in left if name.endswith(".gz")]) > len(ranges(partition))
        archive(partitions=[partition])
        assert equals_the_ledger(partition)
        assert names(partition) == [*(name for name in sorted(left_names(partition))), manifest.MANIFEST]
        more(booking, 2)
    assert deaths > 20
    assert left_begun > 2  # it did die in the middle of things
    assert left_named > 0
    archive(partitions=[partition])
    assert equals_the_ledger(partition)
    assert folder(partition).exists()
    assert verify(root)[0] == 0


def left_names(partition: int) -> list[str]:
    """Of the files that the manifest lists, and no other."""
    held = manifest.read(folder(partition))
    assert held is not None
    return [entry.file for entry in held.files]
