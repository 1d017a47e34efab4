from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    """The folder of an archive of this test's own, not there yet."""
    settings.FAREHISTORY_ARCHIVE = str(tmp_path / "archive")
    return tmp_path / "archive"
