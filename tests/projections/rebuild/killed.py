"""What the children of test_killed do until they are killed."""

from __future__ import annotations

from projections import rebuild
from tests.projections.rebuild.views import NAME


def go_on(*partitions: str) -> None:
    """Begins a rebuild, or goes on with the one that a killed process left; of some partitions, or of all."""
    some = [int(partition) for partition in partitions] or None
    ended = rebuild.run(rebuild.start(NAME, partitions=some).pk)
    assert ended.state == "done", ended.error
