"""Files go when their time is over, lists of refused rows later; records stay."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from events import tasks
from events.transfers import beginning, driving, folder, refused
from events.transfers.export_filter import LedgerFilter
from events.transfers.models import Transfer
from tests.builders import given, set_
from tests.events.transfers import runs

BAD = runs.line("BK-never", amount="oops")


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.FAREHISTORY_TRANSFERS = str(tmp_path / "transfers")
    yield


def aged(run: Transfer, days: int) -> Transfer:
    Transfer.objects.filter(pk=run.pk).update(moved_at=timezone.now() - timedelta(days=days))
    return run


def files(run: Transfer) -> set[str]:
    return {path.name for path in folder.folder_of(run.pk).iterdir() if not path.name.startswith(".")}


def test_what_was_imported_goes_and_the_list_of_refused_rows_stays() -> None:
    run = aged(runs.imported(runs.jsonl([runs.line(*runs.bookings(1)), BAD])), 8)
    tasks.remove_old_files()
    assert runs.again(run).file_removed_at is not None
    assert files(run) == {refused.OF_CHECK, refused.OF_IMPORT}
    assert [row["line"] for row in runs.listed(runs.again(run))] == [2]


def test_the_lists_and_the_folder_go_later(settings: Any) -> None:
    settings.FAREHISTORY_ROW_LIST_DAYS = 30
    young, old = (runs.imported(runs.jsonl([runs.line(*runs.bookings(1)), BAD])) for _ in range(2))
    aged(young, 29)
    aged(old, 31)
    tasks.remove_old_files()
    tasks.remove_old_files()
    assert files(young) == {refused.OF_CHECK, refused.OF_IMPORT}
    assert not folder.folder_of(old.pk).exists()
    assert (runs.again(young).folder_removed_at, runs.again(old).rows) == (None, 2)
    assert runs.again(old).folder_removed_at is not None


def test_lists_are_never_kept_for_less_than_the_file(settings: Any) -> None:
    settings.FAREHISTORY_ROW_LIST_DAYS = 1
    run = aged(runs.imported(runs.jsonl([runs.line(*runs.bookings(1)), BAD])), 6)
    tasks.remove_old_files()
    assert files(run) == {folder.IMPORTED, refused.OF_CHECK, refused.OF_IMPORT}


def test_what_is_not_old_yet_stays() -> None:
    run = aged(runs.imported(runs.jsonl([runs.line(*runs.bookings(1))])), 6)
    tasks.remove_old_files()
    assert folder.IMPORTED in files(run)
    assert runs.again(run).file_removed_at is None


def test_an_exported_file_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 0)
    run = runs.driven(runs.export(LedgerFilter(booking_id=given(set_("14.00")))))
    assert files(run) == {folder.EXPORTED}
    aged(run, 8)
    tasks.remove_old_files()
    assert files(run) == set()
    assert runs.again(run).rows == 1


def test_an_import_that_nobody_decided_on_ends() -> None:
    run = aged(runs.checked(runs.jsonl([runs.line(*runs.bookings(1))])), 8)
    tasks.remove_old_files()
    run = runs.again(run)
    assert (run.state, "Nobody decided" in run.error) == (Transfer.State.CANCELLED, True)
    with pytest.raises(beginning.NotNow):
        beginning.confirm(run, runs.asked_by())


def test_a_run_that_goes_on_keeps_its_file_however_old() -> None:
    run = aged(runs.checking(runs.jsonl([runs.line(*runs.bookings(1))])), 99)
    tasks.remove_old_files()
    assert folder.IMPORTED in files(run)
    assert run in driving.stalled()


def test_an_upload_that_became_no_run_goes_after_a_day(tmp_path: Path) -> None:
    old, fresh = folder.make(uuid4()), folder.make(uuid4())
    other = tmp_path / "transfers" / "not-one-of-ours-at-all"
    other.mkdir()
    for path in (old, other):
        os.utime(path, (time.time() - 90_000,) * 2)
    tasks.remove_old_files()
    assert (old.exists(), fresh.exists(), other.exists()) == (False, True, True)


def test_files_and_folders_are_their_owners_alone() -> None:
    run = runs.imported(runs.jsonl([runs.line(*runs.bookings(1)), BAD]))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.folder_of(run.pk).iterdir()}
    assert modes <= {0o600}
    assert stat.S_IMODE(folder.folder_of(run.pk).stat().st_mode) == 0o700


def test_without_a_folder_nothing_is_done_and_nothing_breaks(settings: Any) -> None:
    settings.FAREHISTORY_TRANSFERS = ""
    tasks.remove_old_files()
    with pytest.raises(folder.FilesAway):
        runs.checking(b"")
