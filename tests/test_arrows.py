"""farehistory → projections → events, and never an arrow back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from farehistory.embedded.state import CHECKOUT


def test_the_import_arrows_hold() -> None:
    """In a process of its own: import-linter configures logging, and would silence the loggers of other tests."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    linted = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False)
    assert linted.returncode == 0, linted.stdout
