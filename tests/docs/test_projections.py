"""The example of docs/projections.md, word for word, in a copy of the project: live, against the fold, rebuilt."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from events import history
from events.fold import fold
from events.money import to_minor
from events.partitions import partition_of
from farehistory.embedded.state import CHECKOUT
from tests.builders import add, append, given, new_booking_id, set_, sub

DOCUMENT = (CHECKOUT / "docs" / "projections.md").read_text(encoding="utf-8")
COPIED = ("events", "farehistory", "projections", "templates", "static", "manage.py")
REGISTRY = Path("projections/projectors/__init__.py")
MIGRATE = """
from django.core.management import call_command
from projections import runner
from projections.projectors import projector
call_command("migrate", verbosity=0)
tips = projector("tips")
runner.drain(tips, runner.lagging(tips))
"""
"""And what other tests left in the ledger is read at once, not in the small pages of the example's own bookings."""

DRAIN = """
from projections import runner
from projections.projectors import projector
tips = projector("tips")
runner.drain(tips, runner.lagging(tips), page_events=3)
assert runner.lagging(tips) == []
"""


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)


def file_named_before(block: str) -> Path:
    """The file that the words before a block say it is."""
    before = DOCUMENT[: DOCUMENT.index(block)]
    return Path(re.findall(r"(?:in|of) `(projections/[^`]+)`", before)[-1])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project with the example's files and line, migrated; what it made is removed as the page says."""
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / name, copy / name)
    install_example(copy)
    try:
        manage(copy, "shell", "-c", MIGRATE)
        yield copy
    finally:
        with connection.cursor() as cursor:
            cursor.execute(next(block for block in code_blocks("sql") if block.startswith("DROP")))


def install_example(copy: Path) -> None:
    table, page, read, drop = code_blocks("sql")
    projector, imported, line = code_blocks("python")
    assert read.startswith("SELECT")
    assert drop.startswith("DROP")
    for block in (table, page, projector):
        file = copy / file_named_before(block)
        assert not file.exists()
        file.write_text(block, encoding="utf-8")
    assert file_named_before(imported) == REGISTRY
    registry = (copy / REGISTRY).read_text(encoding="utf-8")
    registry = registry.replace(
        "\nfrom projections.projector import", f"\n{imported}from projections.projector import"
    )
    head, listed, rest = registry.partition("PROJECTORS: tuple[Projector, ...] = (\n")
    assert listed
    (copy / REGISTRY).write_text(head + listed + rest.replace("\n)", f"\n{line})", 1), encoding="utf-8")


def manage(copy: Path, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "manage.py", *arguments]
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == code, run.stdout + run.stderr
    return run.stdout


def tip_of(booking: str) -> tuple[int, int] | None:
    """Version and tip as the view has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, tip_minor FROM projection.tips WHERE partition = %s AND booking_id = %s",
            [partition_of(booking), booking],
        )
        return cursor.fetchone()


def folded(booking: str) -> tuple[int, int]:
    events = history.events_of(booking)
    fare = fold(events)
    tip = fare.components.get("tip")
    return fare.version, 0 if tip is None else to_minor(tip, events[0].exponent)


def bookings_with_tips() -> list[str]:
    return [
        given(set_("14.00"), add("tip", "2.00"), add("toll", "5.00"), add("tip", "0.55")),
        given(set_("14.00")),
        given(set_("14.00"), add("tip", "2.00"), set_("20.00")),
        given(set_("1400", currency="JPY"), add("tip", "200"), sub("tip", "50")),
        given(set_("3.00", component="tip")),
    ]


def test_the_example_is_the_fold_live_and_rebuilt(project: Path) -> None:
    bookings = bookings_with_tips()
    manage(project, "shell", "-c", DRAIN)
    assert [tip_of(booking) for booking in bookings] == [(4, 255), (1, 0), (3, 0), (3, 150), (1, 300)]
    assert [tip_of(booking) for booking in bookings] == [folded(booking) for booking in bookings]

    for booking in bookings:
        append(booking, add("tip", "1"))
    unknown = new_booking_id()
    manage(project, "shell", "-c", DRAIN)
    assert [tip_of(booking) for booking in bookings] == [folded(booking) for booking in bookings]
    assert tip_of(unknown) is None

    assert "0 rows differed" in manage(project, "rebuild", "tips")
    assert [tip_of(booking) for booking in bookings] == [folded(booking) for booking in bookings]


def test_drift_in_the_example_is_found_and_put_right_by_a_rebuild(project: Path) -> None:
    booking = given(set_("14.00"), add("tip", "2.00"))
    manage(project, "shell", "-c", DRAIN)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE projection.tips SET tip_minor = 1 WHERE booking_id = %s", [booking])
    assert "1 row differed" in manage(project, "rebuild", "tips", code=1)
    assert tip_of(booking) == (2, 200)


def test_the_example_is_read_as_the_page_says(project: Path) -> None:
    booking = given(set_("14.00"), add("tip", "9999999.00"))
    manage(project, "shell", "-c", DRAIN)
    with connection.cursor() as cursor:
        cursor.execute(next(block for block in code_blocks("sql") if block.startswith("SELECT")))
        assert cursor.fetchall()[0] == (booking, 999999900)


def test_every_projection_is_named_on_the_page() -> None:
    from projections.projectors import PROJECTORS

    table = re.findall(r"^\| `([a-z_]+)` \|", DOCUMENT.partition("## What the runner")[0], re.MULTILINE)
    assert {projector.name for projector in PROJECTORS} <= set(table)
