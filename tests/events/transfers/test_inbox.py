"""The import folder: what lies in it can be named, and nothing outside of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from events import history
from events.importing.readers import Form
from events.transfers import beginning, folder, inbox
from events.transfers.models import Transfer
from tests.events.transfers import runs

ASKED = beginning.ImportAsked(form=Form.JSONL)


@pytest.fixture
def here(settings: Any, tmp_path: Path) -> Path:
    """The configured folder, beside which there is a secret."""
    (tmp_path / "secret.jsonl").write_text("{}")
    (tmp_path / "imports" / "day").mkdir(parents=True)
    settings.FAREHISTORY_IMPORT_FOLDER = str(tmp_path / "imports")
    return tmp_path / "imports"


def test_a_file_that_is_named_is_imported_as_an_uploaded_one_is(here: Path) -> None:
    (new,) = runs.bookings(1)
    (here / "day" / "fares.jsonl").write_bytes(runs.jsonl([runs.line(new)]))
    run = runs.driven(beginning.begin_import(ASKED, "day/fares.jsonl", runs.asked_by()))
    assert (run.state, run.file_name, run.asked["path"]) == ("checked", "fares.jsonl", "day/fares.jsonl")
    assert (run.file_size, len(run.file_sha256)) == ((here / "day" / "fares.jsonl").stat().st_size, 64)


def test_what_was_checked_is_imported_whatever_becomes_of_the_file(here: Path) -> None:
    (new, other) = runs.bookings(2)
    file = here / "fares.jsonl"
    file.write_bytes(runs.jsonl([runs.line(new)]))
    run = runs.driven(beginning.begin_import(ASKED, "fares.jsonl", runs.asked_by()))
    file.write_bytes(runs.jsonl([runs.line(other)]))
    beginning.confirm(run, runs.asked_by())
    assert runs.driven(run).state == Transfer.State.DONE
    assert history.head_of(new) is not None
    assert history.head_of(other) is None


@pytest.mark.parametrize(
    "path",
    [
        "../secret.jsonl",
        "day/../../secret.jsonl",
        "/etc/passwd",
        "day//x",
        "./x",
        "day/",
        "",
        "x\0y",
        "a" * 600,
        "..",
    ],
    ids=range(10),
)
def test_no_path_leads_out(here: Path, path: str) -> None:
    with pytest.raises(inbox.NotThere):
        beginning.begin_import(ASKED, path, runs.asked_by())


def test_an_absolute_path_of_the_secret_itself_does_not_either(here: Path) -> None:
    with pytest.raises(inbox.NotThere), inbox.opened(str(here.parent / "secret.jsonl")):
        pass


def test_no_link_is_followed_neither_of_a_file_nor_of_a_folder(here: Path) -> None:
    (here / "link.jsonl").symlink_to(here.parent / "secret.jsonl")
    (here / "out").symlink_to(here.parent)
    for path in ("link.jsonl", "out/secret.jsonl"):
        with pytest.raises(inbox.NotThere, match="Links are not followed"), inbox.opened(path):
            pass
    assert inbox.listed() == []


def test_what_is_no_file_is_not_opened(here: Path) -> None:
    os.mkfifo(here / "pipe")
    for path in ("pipe", "day", "missing.jsonl"):
        with pytest.raises(inbox.NotThere), inbox.opened(path):
            pass


def test_a_link_put_there_after_the_name_was_taken_is_not_followed(here: Path) -> None:
    file = here / "fares.jsonl"
    file.write_text("{}\n")
    run = beginning.begin_import(ASKED, "fares.jsonl", runs.asked_by())
    file.unlink()
    file.symlink_to(here.parent / "secret.jsonl")
    run = runs.driven(run)
    assert run.state == Transfer.State.FAILED
    assert not (folder.folder_of(run.pk) / folder.IMPORTED).exists()


def test_a_file_that_is_too_large_is_not_taken_in(here: Path, settings: Any) -> None:
    settings.FAREHISTORY_IMPORT_MEGABYTES = 1
    (here / "big.jsonl").write_bytes(b"\n" * 1_000_001)
    run = runs.driven(beginning.begin_import(ASKED, "big.jsonl", runs.asked_by()))
    assert (run.state, "more than 1 MB" in run.error) == (Transfer.State.FAILED, True)


def test_files_are_listed_by_name_hidden_ones_are_not(here: Path) -> None:
    for name in ("b.csv", "day/a.csv", ".hidden", "day/.part"):
        (here / name).write_text("x")
    assert [(file.path, file.size) for file in inbox.listed()] == [("b.csv", 1), ("day/a.csv", 1)]


def test_without_a_folder_there_is_nothing_to_name(settings: Any) -> None:
    settings.FAREHISTORY_IMPORT_FOLDER = ""
    assert inbox.listed() == []
    with pytest.raises(inbox.NotThere, match="No import folder is configured"), inbox.opened("x"):
        pass
