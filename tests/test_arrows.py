"""farehistory → projections → events, and never an arrow back."""

from __future__ import annotations

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_the_import_arrows_hold() -> None:
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
