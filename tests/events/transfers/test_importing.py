"""A file comes in by steps: first looked at, then appended by the ledger; every row is accounted for."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from events import history
from events.admin.transfers.run_line import RunLine
from events.importing.readers import Form
from events.models import AuditEntry
from events.transfers import beginning, driving, folder, importing, refused
from events.transfers.counts import READ, Counts
from events.transfers.models import Transfer
from tests.builders import add, given, set_
from tests.events.importing.builders import GREEN, csv_file, green, void_of
from tests.events.transfers.runs import (
    again,
    asked_by,
    bookings,
    checked,
    checking,
    driven,
    imported,
    jsonl,
    line,
    listed,
)
from tests.staff import staff

State = Transfer.State


def rows(run: Transfer, outcome: str, *, of_check: bool = False) -> int:
    return Counts.of(run.check_counts if of_check else run.counts).rows(outcome)


def test_a_dry_run_tells_new_duplicate_and_refused_rows_and_writes_nothing() -> None:
    new, known, wrong = bookings(3)
    given(set_("14.00"), booking_id=known)
    content = jsonl([line(new), line(new), line(wrong, amount="12,50"), line(known, "ADD", "x")])
    run = checked(content)
    assert run.state == State.CHECKED
    assert [rows(run, each, of_check=True) for each in (READ, "imported", "replayed", "refused")] == [
        4,
        1,
        1,
        2,
    ]
    assert [(each["line"], each["outcome"]) for each in listed(run, refused.OF_CHECK)] == [
        (3, "refused"),
        (4, "refused"),
        (2, "replayed"),
    ]
    assert history.head_of(new) is None


def test_the_import_appends_what_the_dry_run_accepted_and_says_who_let_it() -> None:
    new, other = bookings(2)
    run = checked(jsonl([line(new), line(new, "ADD", "2.50"), line(other, amount="oops")]))
    person = staff("operator")
    beginning.confirm(run, asked_by(person))
    run = driven(run)
    assert (run.state, run.confirmed_by_name, run.rows) == (State.DONE, person.username, 3)
    assert [rows(run, each) for each in (READ, "imported", "refused")] == [3, 2, 1]
    assert [event.fare for event in history.events_of(new)] == [Decimal("14.00"), Decimal("16.50")]
    assert {event.origin for event in history.events_of(new)} == {"import"}
    entry = AuditEntry.objects.filter(action="imported", details__run=str(run.pk)).latest("pk")
    assert entry.user_name == person.username
    assert (entry.details["step"], entry.details["rows"], entry.details["events"]) == ("done", 3, 2)


def test_an_event_of_an_import_leads_back_to_its_run() -> None:
    (new,) = bookings(1)
    run = imported(jsonl([line(new)]))
    (event,) = history.events_of(new)
    assert str(event.request_id).startswith(f"import:{run.pk}:")


def test_the_record_keeps_the_files_name_size_and_hash() -> None:
    content = jsonl([line(*bookings(1))])
    run = checked(content, name="../../etc/day 1.jsonl")
    assert (run.file_name, run.file_size, len(run.file_sha256)) == ("day 1.jsonl", len(content), 64)


def test_a_second_import_of_a_file_adds_nothing() -> None:
    (new,) = bookings(1)
    content = jsonl([line(new), line(new, "ADD", "2.50")])
    imported(content)
    second = imported(content)
    assert [rows(second, each) for each in ("imported", "replayed", "refused")] == [0, 2, 0]
    assert len(history.events_of(new)) == 2


def test_many_steps_count_and_append_as_one_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_EVENTS", 3)
    news = bookings(8)
    content = jsonl(
        [line(each) for each in news] + [line(news[0])] + [line(each, "ADD", "1.00") for each in news]
    )
    run = checked(content)
    assert [rows(run, each, of_check=True) for each in (READ, "imported", "replayed")] == [17, 16, 1]
    beginning.confirm(run, asked_by())
    run = driven(run)
    assert [rows(run, each) for each in (READ, "imported", "replayed")] == [17, 16, 1]
    assert run.step > 10
    assert all(history.last_of(each).fare == Decimal("15.00") for each in news)


def test_a_void_finds_its_trip_in_a_later_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_EVENTS", 2)
    trip, lost = green(), green()
    file = csv_file(tmp_path, [void_of(trip), void_of(lost), green(), trip])
    how = {"form": Form.TLC, "name": "trips.csv"}
    run = checked(file.read_bytes(), **how)
    assert [rows(run, each, of_check=True) for each in ("imported", "refused")] == [3, 1]
    beginning.confirm(run, asked_by())
    run = driven(run)
    assert [rows(run, each) for each in (READ, "imported", "refused")] == [4, 3, 1]
    assert [each["code"] for each in listed(run)] == ["trip_not_found"]


def test_every_kind_of_file_is_read_plain_or_packed(tmp_path: Path) -> None:
    (one,) = bookings(1)
    csv = f"booking_id,type,component,amount,currency\n{one},SET,base_fare,14.00,SGD\n"
    mapping = (
        'name = "nord"\n[booking]\ncolumn = "id"\nprefix = "ND-"\n[currency]\nconstant = "EUR"\n'
        '[time]\ncolumn = "at"\nzone = "Europe/Berlin"\n[fare]\nbase = "base"\n'
    )
    mapped = f"id,at,base\n{one},2026-05-03 14:05,12.00\n"
    files = [
        (csv.encode(), {"form": Form.CSV}),
        (mapped.encode(), {"form": Form.MAPPED, "mapping": mapping}),
        (csv_file(tmp_path, [green()], GREEN).read_bytes(), {"form": Form.TLC}),
        (jsonl([line(*bookings(1))]), {"form": Form.JSONL}),
    ]
    for content, how in files:
        run = checked(gzip.compress(content), name="file.gz", **how)
        assert rows(run, "imported", of_check=True) == 1, run.error
    source = imported(mapped.encode(), form=Form.MAPPED, mapping=mapping)
    assert history.last_of(f"ND-{one}").source == "nord"
    assert source.state == State.DONE


def test_a_file_of_another_kind_fails_with_a_sentence() -> None:
    run = checked(b"id,at\n1,2\n", form=Form.CSV, name="wrong.csv")
    assert run.state == State.FAILED
    assert run.error.startswith("wrong.csv: the header is not that of fare events")


def test_a_damaged_file_fails_after_the_rows_before() -> None:
    packed = gzip.compress(jsonl([line(each) for each in bookings(200)]))
    run = checked(packed[:-20], name="cut.gz")
    assert (run.state, "cut.gz is damaged or cut short" in run.error) == (State.FAILED, True)
    assert rows(run, READ) > 0


def test_what_may_not_be_decided_twice_is_not() -> None:
    run = imported(jsonl([line(*bookings(1))]))
    for act in (beginning.confirm, beginning.cancel):
        with pytest.raises(beginning.NotNow):
            act(run, asked_by())


def test_a_run_that_waits_is_cancelled_at_once_and_one_that_goes_on_after_its_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importing, "BATCH_EVENTS", 1)
    news = bookings(3)
    waiting = checked(jsonl([line(each) for each in news]))
    beginning.cancel(waiting, asked_by())
    assert again(waiting).state == State.CANCELLED
    run = checked(jsonl([line(each) for each in news]))
    beginning.confirm(run, asked_by())
    assert driving.go_on(run.pk, seconds=0)
    person = staff("operator")
    beginning.cancel(run, asked_by(person))
    run = driven(run)
    assert (run.state, run.cancelled_by_name, rows(run, "imported")) == (State.CANCELLED, person.username, 1)
    assert [history.head_of(each) is not None for each in news] == [True, False, False]


def test_two_at_once_do_not_work_on_one_run() -> None:
    run = checking(jsonl([line(*bookings(1))]))
    with folder.held(run.pk) as is_ours:
        assert is_ours
        assert driving.go_on(run.pk) is False
    assert again(run).step == 0
    assert driven(run).state == State.CHECKED


def test_a_step_that_somebody_else_has_done_meanwhile_counts_once() -> None:
    run = checking(jsonl([line(*bookings(1))]))
    stale = again(run)
    driven(run)
    assert driving._commit(stale, {"rows": 99}) is False
    assert again(run).rows == 1


def test_a_step_that_never_comes_to_its_end_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no space left")

    monkeypatch.setattr(importing, "_read", broken)
    run = checking(jsonl([line(*bookings(1))]))
    for _ in range(driving.MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            driving.go_on(run.pk)
        assert "no space left" in again(run).error
    assert driving.go_on(run.pk) is False
    assert again(run).state == State.FAILED
    assert "no space left" in again(run).error


def test_a_run_whose_files_are_gone_fails_and_says_so() -> None:
    run = checking(jsonl([line(*bookings(1))]))
    folder.remove(run.pk)
    run = driven(run)
    assert run.state == State.FAILED
    assert "The files of this run are gone" in run.error


def test_a_booking_changed_after_the_dry_run_is_the_ledgers_to_judge() -> None:
    (new,) = bookings(1)
    run = checked(jsonl([line(new, expected_version=0)]))
    given(set_("9.00"), add("toll", "1.00"), booking_id=new)
    beginning.confirm(run, asked_by())
    run = driven(run)
    assert [rows(run, each) for each in ("imported", "refused")] == [0, 1]
    assert [each["code"] for each in listed(run)] == ["version_conflict"]


def test_a_file_that_takes_too_long_to_read_over_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a small one that unpacks to a huge one would: else no task would get to the rows that are left."""
    monkeypatch.setattr(importing, "BATCH_EVENTS", 1500)
    run = checking(jsonl([line("BK-1", amount="oops")] * 3000))
    assert driving.go_on(run.pk, seconds=0)
    assert again(run).rows == 1500
    monkeypatch.setattr(importing, "_READ_OVER_SECONDS", 0.0)
    run = driven(run)
    assert (run.state, "too large to be imported in steps" in run.error) == (State.FAILED, True)
    assert run.rows == 1500


def test_a_dry_run_does_not_list_refused_rows_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few megabytes unpack to billions of bad rows, whose list would fill the disk."""
    monkeypatch.setattr(importing, "BATCH_EVENTS", 2)
    monkeypatch.setattr("events.transfers.limits.LARGEST_LIST", 100)
    run = checked(b"{}\n" * 10)
    assert (run.state, run.rows) == (State.FAILED, 2)
    assert "right kind of file" in run.error


def test_a_checked_file_without_new_rows_does_not_wait_for_a_decision() -> None:
    run = RunLine(checked(b"{}\n"), staff("operator"))
    assert (run.words, run.can_confirm) == ("Checked, nothing to import", False)


def test_a_full_disk_is_said_and_the_run_goes_on_once_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    (new, bad) = bookings(2)
    run = checked(jsonl([line(new), line(bad, amount="oops")]))
    beginning.confirm(run, asked_by())
    with monkeypatch.context() as patched:
        patched.setattr(refused.Rows, "written", full)
        with pytest.raises(OSError, match="No space left"):
            driving.go_on(run.pk)
    run = again(run)
    assert (run.state, "No space left" in run.error, run.rows) == (State.RUNNING, True, 0)
    run = driven(run)
    assert (run.state, run.error, rows(run, "imported"), rows(run, "replayed")) == (State.DONE, "", 1, 0)
