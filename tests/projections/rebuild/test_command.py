"""`manage.py rebuild`: what it shows, and the exit codes that a script can rely on."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from events.partitions import count, partition_of
from projections import checkpoints, rebuild, set_aside
from projections.models import Rebuild
from projections.projector import Page
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, given, set_
from tests.projections.rebuild.views import (
    NAME,
    LaterVersion,
    assert_everything_is_right,
    bookings_of,
    damage,
    drain,
    is_as_the_ledger_says,
    rebuilt,
    running,
)

ROOT = Path(__file__).resolve().parents[3]
State = Rebuild.State


@pytest.fixture
def drifted() -> Iterator[str]:
    booking = given(set_("14.00"), add("toll", "5.00"))
    drain()
    damage(booking, "fare_minor = 1")
    yield booking
    left = rebuild.unfinished(NAME)
    if left is not None:
        rebuild.cancel(left.pk, "a test")
    rebuilt(accept=True)
    assert_everything_is_right()


def code_of(*arguments: str) -> int:
    """The exit code of the command, as `manage.py` ends with it."""
    try:
        call_command("rebuild", *arguments)
    except CommandError as error:
        return error.returncode
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def test_0_where_nothing_differed(capsys: pytest.CaptureFixture[str]) -> None:
    given(set_("14.00"))
    drain()
    code_of(NAME)  # puts right what other tests have damaged
    capsys.readouterr()
    assert code_of(NAME) == 0
    shown = capsys.readouterr()
    assert "0 rows differed from the live current_fare; the rebuilt one is in its place." in shown.out
    assert "Readers could have waited" in shown.out
    assert "building: 0 of" in shown.err


def test_1_where_the_view_had_drifted(
    drifted: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert code_of(NAME) == 1
    (alarm,) = [
        record.getMessage() for record in caplog.records if "not what the ledger says" in record.message
    ]
    stored, rebuilt = alarm.split(", rebuilt ")
    assert f"{drifted} from version 1 on: stored " in stored
    assert "'fare_minor': 1," in stored
    assert "'fare_minor': 1900," in rebuilt
    assert is_as_the_ledger_says(drifted)
    shown = capsys.readouterr().out
    assert f"{drifted}  fare_minor: stored 1, rebuilt 1900, from version 1" in shown
    assert "1 row differed" in shown
    assert code_of(NAME) == 0


def test_1_and_nothing_changed_in_a_dry_run(drifted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(NAME, "--dry-run") == 1
    assert not is_as_the_ledger_says(drifted)
    assert "nothing was changed" in capsys.readouterr().out


def test_some_partitions(drifted: str, capsys: pytest.CaptureFixture[str]) -> None:
    here = partition_of(drifted)
    elsewhere = ",".join(str(partition) for partition in range(count()) if partition != here)
    assert code_of(NAME, "--partitions", elsewhere) == 0
    assert "nothing was changed, and nothing was swapped" in capsys.readouterr().out
    assert not is_as_the_ledger_says(drifted)
    assert code_of(NAME, "--partitions", f"{here}-{here}") == 1
    shown = capsys.readouterr()
    assert "1 row differed from the live current_fare; those rows were put right where they are" in shown.out
    assert "in its place" not in shown.out
    assert "swapping" not in shown.err
    assert is_as_the_ledger_says(drifted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fares"], "there is no projection 'fares'"),
        (["fare_cache"], "no tables"),
        ([NAME, "--partitions", "256"], "no partition 256"),
        ([NAME, "--cancel"], "no rebuild of current_fare is under way"),
    ],
)
def test_2_for_what_cannot_be_asked(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said) as refused:
        call_command("rebuild", *arguments)
    assert refused.value.returncode == 2


@pytest.mark.parametrize("partitions", ["x", "-1", "1,,2", "", "1-", "٣", "99999999999"])
def test_partitions_that_are_no_numbers_are_refused(partitions: str) -> None:
    with pytest.raises(CommandError, match="is not a partition such as 3"):
        call_command("rebuild", NAME, f"--partitions={partitions}")


def test_a_range_that_is_turned_round_is_refused() -> None:
    with pytest.raises(CommandError, match="'3-1' ends before it begins"):
        call_command("rebuild", NAME, "--partitions=0,3-1")


def test_2_for_arguments_that_are_wrong() -> None:
    ended = manage("rebuild", NAME, "--partitions=x")
    assert ended.wait(timeout=60) == 2
    assert "is not a partition such as 3" in ended.stderr.read()  # type: ignore[union-attr]


def test_a_dry_run_cannot_be_accepted() -> None:
    with pytest.raises(CommandError, match="not allowed with argument --dry-run"):
        call_command("rebuild", NAME, "--dry-run", "--accept")


def test_2_beside_another_one() -> None:
    run = rebuild.start(NAME, dry_run=True)
    with pytest.raises(CommandError, match=str(run.pk)) as refused:
        call_command("rebuild", NAME)
    assert refused.value.returncode == 2


def test_3_where_a_new_version_waits(drifted: str, capsys: pytest.CaptureFixture[str]) -> None:
    with running(LaterVersion()):
        assert code_of(NAME) == 3
        assert "manage.py rebuild current_fare --accept" in capsys.readouterr().out
        assert code_of(NAME, "--accept") == 0


def test_4_where_it_is_cancelled_meanwhile() -> None:
    run = rebuild.start(NAME)
    Rebuild.objects.filter(pk=run.pk).update(state=State.WAITING)
    assert code_of(NAME, "--cancel") == 0
    assert rebuild.get(run.pk).state == State.CANCELLED
    started = manage("rebuild", NAME)
    wait_for_it()
    call_command("rebuild", NAME, "--cancel")
    assert started.wait(timeout=60) == 4
    assert "the rebuild was cancelled; the live" in started.stdout.read()  # type: ignore[union-attr]


class Failing(CurrentFareProjector):
    def apply(self, page: Page) -> None:
        raise TypeError("of a test")


def test_5_where_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    for booking in bookings_of(7, set_aside.MOST + 1):
        given(set_("1.00"), booking_id=booking)
    drain()
    with running(Failing()):
        assert code_of(NAME, "--partitions", "7") == 5
    assert "TypeError: of a test" in capsys.readouterr().out
    assert_everything_is_right()


def test_130_on_ctrl_c_and_the_next_one_goes_on() -> None:
    with transaction.atomic():
        checkpoints.lock(CurrentFareProjector(), 0)  # it cannot come to its end meanwhile
        stopped = manage("rebuild", NAME)
        run = wait_for_it()
        stopped.send_signal(signal.SIGINT)
        assert stopped.wait(timeout=60) == 130
    said = stopped.stderr.read()  # type: ignore[union-attr]
    assert "Running workers go on with the rebuild and change the live view at its end" in said
    assert "To give it up: manage.py rebuild current_fare --cancel" in said
    assert rebuild.get(run.pk).state in Rebuild.UNFINISHED
    assert code_of(NAME) == 0
    assert rebuild.get(run.pk).state == State.DONE


def test_130_also_where_ctrl_c_comes_while_it_is_begun(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = rebuild.start

    def interrupted(*args: Any, **options: Any) -> None:
        begin(*args, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuild, "start", interrupted)
    assert code_of(NAME) == 130
    run = rebuild.unfinished(NAME)
    assert run is not None
    assert "Running workers go on with the rebuild" in capsys.readouterr().err
    rebuild.cancel(run.pk, "a test")


def test_on_a_terminal_there_is_a_table_of_values_as_they_are_even_if_they_look_like_markup(
    drifted: str,
) -> None:
    damage(drifted, "components[1] = '[red]evil[/b]'")
    text = shown_on_a_terminal()
    assert "from version" in text
    assert drifted in text
    assert "━" in text  # the bar
    assert "[red]evil[/b]" in text


def shown_on_a_terminal() -> str:
    """What a dry run writes there, which finds drift."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "rebuild", NAME, "--dry-run"]
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "200"}
    with subprocess.Popen(command, cwd=ROOT, stdout=theirs, stderr=theirs, env=environment) as child:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert child.wait(timeout=60) == 1
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""


def manage(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_it(seconds: float = 30) -> Rebuild:
    """The rebuild that a child has begun, as soon as it has."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        run = rebuild.unfinished(NAME)
        if run is not None:
            return run
        time.sleep(0.005)
    raise AssertionError("no rebuild was begun")


def test_the_status_does_not_say_that_nothing_differed_where_nothing_was_compared(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    rebuild.cancel(rebuild.start(NAME).pk, "a test")
    call_command("projections")
    shown = capsys.readouterr().out
    assert " cancelled" in shown
    assert "cancelled, 0 differed" not in shown
