"""State folders of these tests' own, beside the one that the session runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farehistory.embedded.state import State


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """A state folder that nothing has used yet."""
    state = State(tmp_path / "state")
    yield state
    state.remove()
