"""`manage.py archive_ledger` archives at once what the schedule would, and says what keeps it from it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from events import feed
from projections import control
from projections.archiving import files, manifest
from tests.projections.archiving.helpers import booking_with, equals_the_ledger, folder, verify


def archive_ledger() -> str:
    out = StringIO()
    call_command("archive_ledger", stdout=out)
    return out.getvalue()


def refused() -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        archive_ledger()
    return error.value.returncode, str(error.value)


def test_the_first_archive_need_not_wait_for_the_schedule(root: Path) -> None:
    _, partition = booking_with(3)
    assert f"{sum(feed.heads().values()):,} events archived; the archive is in {root}" in archive_ledger()
    assert equals_the_ledger(partition)
    assert verify(root)[0] == 0
    booking_with(1)
    assert "1 event archived" in archive_ledger()
    assert "nothing was new" in archive_ledger()


def test_without_a_folder_it_says_so(settings: Settings) -> None:
    settings.FAREHISTORY_ARCHIVE = ""
    code, message = refused()
    assert (code, "FAREHISTORY_ARCHIVE names no folder" in message) == (2, True)


def test_paused_it_archives_nothing_and_says_so(root: Path) -> None:
    control.pause("archive", by="a test")
    try:
        code, message = refused()
    finally:
        control.resume("archive")
    assert (code, "projections resume archive" in message) == (2, True)
    assert not root.exists()


def test_what_is_in_its_way_is_said(root: Path) -> None:
    archive_ledger()
    _, partition = booking_with(1)
    with files.locked(folder(partition)):
        assert refused()[0] == 1
    (folder(partition) / manifest.MANIFEST).write_text("{}")
    code, message = refused()
    assert (code, str(folder(partition)) in message) == (1, True)
