"""`manage.py projections`: what it shows and does, and the exit codes that a script can rely on."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

import manage
from events import feed
from events.partitions import count, partition_of
from projections import checkpoints, control, drift, runner, set_aside
from projections.models import CurrentFare, Drift
from projections.projector import Page
from projections.projectors import PROJECTORS, projector
from projections.projectors.current_fare import CurrentFareProjector
from tests.builders import add, append, given, new_booking_id, set_
from tests.projections.drift import planted_drift

FARES = projector("current_fare")


def drain() -> None:
    for each in PROJECTORS:
        runner.drain(each, runner.lagging(each))


@pytest.fixture
def booking() -> str:
    booking = given(set_("14.00"), add("toll", "5.00"))
    drain()
    return booking


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Runs the command; answers what it wrote to standard output."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        call_command("projections", *arguments)
        return capsys.readouterr().out

    return run


def refused(run, *arguments: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        run(*arguments)
    return error.value.returncode, str(error.value)


def put_aside(booking: str) -> None:
    """Its row is not where its next event begins."""
    append(booking, add("toll", "1.00"))
    drain()
    assert booking in {row.booking_id for row in set_aside.of(FARES.name)}


def test_without_an_action_it_shows_a_line_for_each(run, booking: str) -> None:
    append(booking, add("toll", "1.00"))
    lines = run().splitlines()
    by_name = {line.split()[0]: line for line in lines if line.strip()}
    assert set(by_name) >= {each.name for each in PROJECTORS}
    assert "1 event," in by_name["current_fare"]
    assert run("status").splitlines()[0] == lines[0]


@pytest.mark.parametrize("arguments", [(), ("--partitions",)], ids=str)
def test_its_lines_fit_a_terminal_of_80(
    run, booking: str, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = {each.name for each in PROJECTORS}
    rows = [line for line in run(*arguments).splitlines() if line.split(" ")[0] in names]
    assert len(rows) >= len(names)
    assert max(map(len, rows)) <= 80


def test_what_needs_somebody_stands_below(run, booking: str) -> None:
    control.pause("booking_search", "Kim")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE projection.checkpoint SET version = '0' WHERE projection = 'current_fare'")
        try:
            shown = run()
        finally:
            cursor.execute(
                "UPDATE projection.checkpoint SET version = %s WHERE projection = 'current_fare'",
                [FARES.version],
            )
            control.resume("booking_search")
    assert "booking_search: paused since" in shown
    assert "by Kim" in shown
    assert "current_fare: stands still" in shown
    assert "manage.py rebuild current_fare --accept" in shown


def test_each_partition_can_be_shown(run, booking: str) -> None:
    rows = [line.split() for line in run("--partitions").splitlines()]
    assert len([row for row in rows if row[:1] == ["current_fare"]]) == 1 + count()


def test_the_figures_can_be_had_as_the_api_has_them(run, booking: str) -> None:
    for arguments in (("--json",), ("status", "--json"), ("--json", "status")):
        (fares, *_) = json.loads(run(*arguments))
        assert (fares["name"], fares["lag_events"]) == ("current_fare", 0)


def test_a_script_can_ask_whether_somebody_should_look(run, booking: str) -> None:
    Drift.objects.filter(put_right_at=None).delete()  # what other tests left to be looked at
    run("--check")
    with planted_drift(booking, "fare_minor = 1"):
        drift.check_now(FARES, [booking])
        with pytest.raises(SystemExit) as ended:
            run("--check")
        assert ended.value.code == 1
    drift.check_now(FARES, [booking])


def test_a_paused_projection_is_not_moved_until_it_is_resumed(run, booking: str) -> None:
    assert "resume current_fare" in run("pause", "current_fare")
    append(booking, add("toll", "1.00"))
    drain()
    assert CurrentFare.objects.get(booking_id=booking).version == 2
    assert "is moved again" in run("resume", "current_fare")
    assert "was not paused" in run("resume", "current_fare")
    drain()
    assert CurrentFare.objects.get(booking_id=booking).version == 3


@pytest.mark.parametrize("action", ["pause", "resume", "set-aside"])
def test_an_unknown_projection_is_refused(run, action: str) -> None:
    code, message = refused(run, action, "fares")
    assert code == 2
    assert "current_fare" in message


class TestReplay:
    def test_from_the_start(self, run, booking: str) -> None:
        assert f"position 0 in {count()} partitions" in run("replay", "fare_cache", "--after", "0")
        assert set(checkpoints.positions("fare_cache").values()) == {0}
        drain()
        assert checkpoints.positions("fare_cache") == feed.heads()

    def test_of_some_partitions(self, run, booking: str) -> None:
        partition = partition_of(booking)
        head = feed.head(partition)
        run("replay", "fare_cache", "--after", str(head - 1), "--partitions", str(partition))
        behind = [p for p, at in checkpoints.positions("fare_cache").items() if at != feed.heads()[p]]
        assert behind == [partition]
        run("replay", "fare_cache", "--cursor", f"{partition}:{head - 2}")
        assert checkpoints.position("fare_cache", partition) == head - 2
        drain()

    def test_beyond_the_log_is_refused(self, run, booking: str) -> None:
        code, message = refused(run, "replay", "fare_cache", "--cursor", f"{partition_of(booking)}:{10**9}")
        assert (code, "has no position" in message) == (2, True)
        assert runner.lagging(projector("fare_cache")) == []

    def test_a_partition_that_is_not_there_is_refused(self, run) -> None:
        code, message = refused(run, "replay", "fare_cache", "--after", "0", "--partitions", "0-200")
        assert (code, message) == (2, f"there is no partition {count()}: they count from 0 to {count() - 1}")

    def test_a_range_that_is_turned_round_is_refused(self, run) -> None:
        _, message = refused(run, "replay", "fare_cache", "--after", "0", "--partitions", "3-1")
        assert "'3-1' ends before it begins" in message

    def test_only_the_stream_has_consumer_groups(self, run) -> None:
        code, message = refused(run, "replay", "fare_cache", "--after", "0", "--group", "audit")
        assert (code, "has no consumer groups" in message) == (2, True)
        code, message = refused(run, "replay", "fare_stream", "--after", "0", "--group", "audit")
        assert (code, "no consumer group audit" in message) == (2, True)

    def test_the_archive_is_moved_by_its_own_schedule(
        self, run, settings: Settings, tmp_path: Path, booking: str
    ) -> None:
        settings.FAREHISTORY_ARCHIVE = str(tmp_path)
        said = run("replay", "archive", "--cursor", f"{partition_of(booking)}:0")
        assert "its own schedule" in said
        assert "sweep" not in said

    def test_a_view_is_rebuilt_instead(self, run) -> None:
        code, message = refused(run, "replay", "current_fare", "--after", "0")
        assert (code, "rebuild" in message) == (2, True)

    def test_a_cursor_names_its_partitions_itself(self, run) -> None:
        code, message = refused(run, "replay", "fare_cache", "--cursor", "0:0", "--partitions", "0-3")
        assert (code, "--partitions" in message) == (2, True)


class TestSetAside:
    def test_it_is_listed_with_its_error(self, run, booking: str) -> None:
        with planted_drift(booking, "version = 7"):
            put_aside(booking)
            shown = run("set-aside")
            assert booking in shown
            assert "OutOfStep" in shown
            assert "Traceback" not in shown
            assert "Traceback (most recent call last)" in run("set-aside", "current_fare", "--traceback")
            assert booking not in run("set-aside", "booking_search")
        assert "nothing is set aside" in run("set-aside", "current_fare")

    @pytest.mark.parametrize("which", ["one", "all"])
    def test_it_is_taken_back(self, run, booking: str, which: str) -> None:
        with planted_drift(booking, "version = 7"):
            put_aside(booking)
            said = run("retry", "current_fare", booking if which == "one" else "--all")
            assert f"booking {booking} is taken back" in said
            assert CurrentFare.objects.get(booking_id=booking).version == 3
        assert "nothing is set aside" in run("retry", "current_fare", "--all")

    def test_what_fails_again_is_said_and_stays(
        self, run, booking: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(self: CurrentFareProjector, page: Page) -> None:
            raise ZeroDivisionError("of a test")

        with planted_drift(booking, "version = 7"):
            put_aside(booking)
            with monkeypatch.context() as patched:
                patched.setattr(CurrentFareProjector, "apply", fail)
                code, message = refused(run, "retry", "current_fare", booking)
            assert (code, "1 of 1 failed again" in message) == (1, True)
            assert "ZeroDivisionError: of a test" in capsys.readouterr().err
            assert booking in run("set-aside")

    def test_a_booking_that_is_not_set_aside_is_refused(self, run, booking: str) -> None:
        assert refused(run, "retry", "current_fare", booking)[0] == 2
        assert refused(run, "retry", "current_fare", "Straße 1")[0] == 2


class TestRepair:
    def test_a_drifted_booking_is_right_afterwards_and_no_drift_is_left(self, run, booking: str) -> None:
        with planted_drift(booking, "fare_minor = 1"):
            drift.check_now(FARES, [booking])
            assert "2 events" in run("repair", "current_fare", booking)
            assert CurrentFare.objects.get(booking_id=booking).fare_minor == 1900
            assert not Drift.objects.filter(booking_id=booking, put_right_at=None).exists()

    def test_a_row_that_no_event_explains_is_removed(self, run, booking: str) -> None:
        invented = new_booking_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO projection.current_fare SELECT (jsonb_populate_record(fare, %s::jsonb)).*"
                " FROM projection.current_fare AS fare WHERE booking_id = %s",
                [json.dumps({"booking_id": invented, "partition": partition_of(invented)}), booking],
            )
        assert "no event" in run("repair", "current_fare", invented)
        assert not CurrentFare.objects.filter(booking_id=invented).exists()

    def test_what_nobody_knows_is_refused(self, run) -> None:
        assert refused(run, "repair", "current_fare", new_booking_id())[0] == 2
        assert refused(run, "repair", "current_fare", "no booking!")[0] == 2

    def test_totals_have_no_single_bookings(self, run, booking: str) -> None:
        code, message = refused(run, "repair", "daily_totals", booking)
        assert (code, "no rows of single bookings" in message) == (2, True)

    def test_tables_that_stand_still_are_rebuilt_instead(self, run, booking: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE projection.checkpoint SET epoch = 99 WHERE projection = 'current_fare'")
            try:
                code, message = refused(run, "repair", "current_fare", booking)
            finally:
                cursor.execute("UPDATE projection.checkpoint SET epoch = 1 WHERE projection = 'current_fare'")
        assert (code, "rebuild it" in message) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status"], 0),
        (["pause"], 2),
        (["replay", "fare_cache"], 2),
        (["replay", "fare_cache", "--after", "-1"], 2),
        (["replay", "fare_cache", "--cursor", "0:x"], 2),
        (["replay", "fare_cache", "--after", "0", "--partitions", "3-1"], 2),
        (["retry", "current_fare", "BK-1", "--all"], 2),
        (["retry", "current_fare"], 2),
        (["explode"], 2),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int) -> None:
    monkeypatch.setattr(sys, "argv", ["manage.py", "projections", *arguments])
    with pytest.raises(SystemExit) if code else nullcontext() as ended:
        manage.main()
    assert ended is None or ended.value.code == code
