"""Events taken out: which ones, by which indexes, in what form, and never more in memory than a page."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import corrections, feed, history, ledger
from events.event import FareEvent
from events.models import AuditEntry
from events.partitions import partition_of
from events.transfers import export_filter, exporting, folder
from events.transfers.export_filter import LedgerFilter, Range
from events.transfers.export_lines import FIELDS, ExportForm, Lines
from events.transfers.models import Transfer
from tests.builders import add, append, connected, event, given, new_booking_id, set_, sub
from tests.events.corrections.desk import contra, person_in, waiting
from tests.events.transfers import runs


@pytest.fixture(scope="module")
def long_log() -> int:
    """A partition with some thousand events, of which the planner knows."""
    booking = given(set_("14.00"))
    for _ in range(3):
        ledger.append_many([event(booking, add("toll", "0.01")) for _ in range(1000)], source="pricing")
    with connected("owner") as owner:
        owner.execute("ANALYZE ledger.fare_event")
    return partition_of(booking)


def taken(wanted: LedgerFilter) -> list[FareEvent]:
    found: list[FareEvent] = []
    for part in wanted.ranges():
        while len(part):
            events, upto = wanted.page(next(export_filter.pieces(part)))
            found += events
            part = Range(part.partition, upto, part.upto)
    return found


def sent(run: Transfer) -> str:
    return b"".join(exporting.streamed(run)).decode()


def test_one_booking_comes_in_the_order_of_its_versions() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"), sub("promo", "2.00"))
    given(set_("1.00"))
    assert [event.version for event in taken(LedgerFilter(booking_id=booking))] == [1, 2, 3]
    assert taken(LedgerFilter(booking_id=new_booking_id())) == []


def test_every_filter_narrows_and_together_they_do() -> None:
    source = f"s-{new_booking_id()[3:20]}".lower()
    sgd = given(set_("14.00"))
    jpy = new_booking_id()
    append(jpy, set_("1400", currency="JPY"), source=source)
    append(jpy, add("toll", "300"), source=source)
    append(sgd, add("toll", "5.00"), source=source)
    assert len(taken(LedgerFilter(source=source))) == 3
    assert [event.booking_id for event in taken(LedgerFilter(source=source, currency="SGD"))] == [sgd]
    both = LedgerFilter(source=source, component="toll", currency="JPY")
    assert [(event.booking_id, event.version) for event in taken(both)] == [(jpy, 2)]
    assert both.count(both.ranges()) == 1


def test_corrections_only_are_those_that_correct() -> None:
    wanted = LedgerFilter(corrections=True)
    before = wanted.count(wanted.ranges())
    booking = given(set_("14.00"), add("toll", "5.00"))
    assert wanted.count(wanted.ranges()) == before
    corrections.approve(waiting(contra(booking, version=2)).id, by=person_in("lead"), seen_version=2)
    found = [event for event in taken(wanted) if event.booking_id == booking]
    assert [(event.version, event.corrects_version) for event in found] == [(3, 2)]


def test_a_period_takes_from_its_beginning_and_not_its_end() -> None:
    booking = given(set_("14.00"))
    append(booking, add("toll", "1.00"))
    append(booking, add("toll", "2.00"))
    first, second, third = history.events_of(booking)
    for wanted in (
        LedgerFilter(since=second.recorded_at, until=third.recorded_at),
        LedgerFilter(since=second.recorded_at, until=third.recorded_at, booking_id=booking),
    ):
        found = [event.version for event in taken(wanted) if event.booking_id == booking]
        assert found == [2]
    assert taken(LedgerFilter(until=datetime(1990, 1, 1, tzinfo=UTC))) == []
    assert taken(LedgerFilter(since=datetime.now(UTC) + timedelta(days=1))) == []
    assert first in taken(LedgerFilter(until=second.recorded_at))


def test_without_filters_it_is_the_ledger_as_it_was_when_asked() -> None:
    given(set_("14.00"))
    wanted = LedgerFilter()
    ranges = wanted.ranges()
    given(set_("15.00"))
    assert wanted.count(ranges) == sum(part.upto for part in ranges)
    assert {part.partition: part.upto for part in ranges if len(part)} != {
        partition: head for partition, head in feed.heads().items() if head
    }


@pytest.mark.parametrize(
    "wanted",
    [
        LedgerFilter(),
        LedgerFilter(component="toll", source="pricing", currency="SGD", corrections=True),
        LedgerFilter(since=datetime(2026, 1, 1, tzinfo=UTC), until=datetime(2090, 1, 1, tzinfo=UTC)),
    ],
    ids=["all", "events", "period"],
)
def test_every_statement_is_served_by_the_logs_key(long_log: int, wanted: LedgerFilter) -> None:
    with CaptureQueriesContext(connection) as captured:
        ranges = [part for part in wanted.ranges() if part.partition == long_log]
        for part in ranges:
            wanted.page(list(export_filter.pieces(part, 500))[2])
            wanted.count([Range(part.partition, part.after + 500, part.after + 1000)])
    queries = {each["sql"].strip() for each in captured}
    assert len(queries) >= 3
    for query in queries:
        plan = plan_of(query)
        assert "Seq Scan on fare_event" not in plan, plan
        assert "fare_event_position" in plan, plan
        if "FROM ledger.fare_event WHERE" in query:
            (bounds,) = [line for line in plan.splitlines() if "Index Cond" in line]
            assert '"position" >' in bounds, plan
            assert '"position" <=' in bounds, plan


def test_a_page_ends_with_enough_events_or_with_its_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few statements where few are asked for; never more than so many at once where many are."""
    monkeypatch.setattr(export_filter, "AT_ONCE", 2)
    booking = given(set_("14.00"), *[add("toll", "1.00") for _ in range(4)])
    wanted = LedgerFilter(booking_id=booking)
    (part,) = wanted.ranges()
    assert ([each.version for each in wanted.page(part)[0]], wanted.page(part)[1]) == ([1, 2], 2)
    assert [each.version for each in taken(wanted)] == [1, 2, 3, 4, 5]
    assert LedgerFilter(booking_id=booking, component="nothing").page(part) == ([], 5)


def test_a_booking_is_served_by_its_versions_key() -> None:
    booking = given(set_("14.00"))
    wanted = LedgerFilter(booking_id=booking, component="base_fare")
    with CaptureQueriesContext(connection) as captured:
        taken(wanted)
    plans = [plan_of(each["sql"]) for each in captured if "fare_event" in each["sql"]]
    assert all("fare_event_version" in plan for plan in plans), plans


def plan_of(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_both_forms_say_the_same_and_amounts_are_exact() -> None:
    booking = given(set_("14.00", metadata={"order": "O-1"}, description="ค่าโดยสาร"), sub("promo", "0.10"))
    wanted = LedgerFilter(booking_id=booking)
    as_json = [json.loads(each) for each in sent(runs.export(wanted)).splitlines()]
    as_csv = list(csv.DictReader(io.StringIO(sent(runs.export(wanted, ExportForm.CSV)))))
    assert list(as_json[0]) == list(as_csv[0]) == list(FIELDS)
    assert [(each["amount"], each["change"], each["fare"]) for each in as_csv] == [
        ("14.00", "14.00", "14.00"),
        ("0.10", "-0.10", "13.90"),
    ]
    for one, other in zip(as_json, as_csv, strict=True):
        assert {name: one[name] for name in ("fare", "booking_id", "hash", "recorded_at", "source")} == {
            name: other[name] for name in ("fare", "booking_id", "hash", "recorded_at", "source")
        }
    assert as_csv[0]["description"] == "ค่าโดยสาร"
    assert (as_csv[0]["allow_negative"], as_csv[0]["corrects_version"]) == ("false", "")
    assert json.loads(as_csv[1]["components"]) == {"base_fare": "14.00", "promo": "-0.10"}


def test_metadata_is_in_the_file_only_if_it_was_asked_for() -> None:
    booking = given(set_("14.00", metadata={"order": "=O-1", "price": Decimal("1.10")}))
    wanted = LedgerFilter(booking_id=booking)
    for form in ExportForm:
        assert "O-1" not in sent(runs.export(wanted, form))
    with_it = [
        sent(runs.export(wanted, form, with_metadata=True)) for form in (ExportForm.JSONL, ExportForm.CSV)
    ]
    assert json.loads(with_it[0])["metadata"] == {"order": "=O-1", "price": 1.1}
    assert '"price":1.10' in with_it[0]
    (row,) = csv.DictReader(io.StringIO(with_it[1]))
    assert row["metadata"] == '{"order":"=O-1","price":1.10}'


@pytest.mark.parametrize("sign", ["=", "+", "-", "@"])
def test_no_cell_of_a_csv_file_is_a_formula(sign: str) -> None:
    evil = f"{sign}HYPERLINK(1)"
    booking = given(set_("14.00", description=evil, actor=evil), sub("promo", "3.10"))
    (first, second) = csv.DictReader(
        io.StringIO(sent(runs.export(LedgerFilter(booking_id=booking), ExportForm.CSV)))
    )
    assert (first["description"], first["actor"]) == (f"'{evil}", f"'{evil}")
    assert second["change"] == "-3.10"
    (line, _) = sent(runs.export(LedgerFilter(booking_id=booking))).splitlines()
    assert json.loads(line)["description"] == evil


def test_a_small_export_is_counted_and_noted_before_it_is_sent() -> None:
    booking = given(set_("14.00"), add("toll", "5.00"))
    run = runs.export(LedgerFilter(booking_id=booking, component="toll"))
    assert (run.state, run.rows, run.asked["direct"]) == (Transfer.State.DONE, 1, True)
    entry = AuditEntry.objects.filter(action="exported", details__run=str(run.pk)).get()
    assert entry.booking_id == booking
    assert (entry.details["rows"], entry.details["step"]) == (1, "sent")
    assert entry.details["filters"] == {"booking_id": booking, "component": "toll"}
    assert entry.details["with_metadata"] is False
    append(booking, add("toll", "1.00"))
    assert len(sent(run).splitlines()) == 1  # what came after it was counted is not sent


def test_a_long_export_goes_into_a_file_with_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.transfers.limits.DIRECT_EVENTS", 2)
    monkeypatch.setattr(exporting, "_WORK_SECONDS", 0)  # each step takes a piece all the same
    monkeypatch.setattr(exporting, "pieces", lambda part: export_filter.pieces(part, 2))
    booking = given(set_("14.00"), *[add("toll", "1.00") for _ in range(6)])
    run = runs.export(LedgerFilter(booking_id=booking), ExportForm.CSV)
    assert run.state == Transfer.State.RUNNING
    run = runs.driven(run)
    assert (run.state, run.rows, run.done) == (Transfer.State.DONE, 7, run.whole)
    written = (folder.folder_of(run.pk) / folder.EXPORTED).read_bytes()
    text = written.decode()
    assert [row["version"] for row in csv.DictReader(io.StringIO(text))] == [str(n) for n in range(1, 8)]
    assert (run.file_size, run.file_sha256) == (len(written), sha256(written).hexdigest())
    steps = AuditEntry.objects.filter(action="exported", details__run=str(run.pk)).order_by("pk")
    assert [(each.details["step"], each.details.get("rows")) for each in steps] == [
        ("asked for", None),
        ("done", 7),
    ]


def test_an_export_of_nothing_is_an_empty_file_with_a_head() -> None:
    run = runs.export(LedgerFilter(booking_id=new_booking_id()), ExportForm.CSV)
    assert sent(run) == ",".join(FIELDS) + "\r\n"


def test_memory_is_bounded_by_a_page_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for a ledger of 10,000 events: each page is made when it is asked for."""
    booking = given(set_("14.00", metadata={"note": "x" * 2000}))
    (one,) = history.events_of(booking)
    monkeypatch.setattr(LedgerFilter, "page", lambda self, part: ([one] * 500, part.after + 500))
    run = Transfer(asked={"form": "csv", "filters": {}, "with_metadata": True, "ranges": [[0, 0, 10_000]]})
    tracemalloc.start()
    try:
        size = sum(map(len, exporting.streamed(run)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 10_000_000


def test_what_a_run_keeps_of_its_filters_gives_them_again() -> None:
    wanted = LedgerFilter(component="toll", since=datetime(2026, 5, 3, 14, 5, tzinfo=UTC), corrections=True)
    kept: dict[str, Any] = json.loads(json.dumps(wanted.kept()))
    assert LedgerFilter.of(kept) == wanted
    assert kept == {"component": "toll", "since": "2026-05-03T14:05:00.000000Z", "corrections": True}


def test_pieces_cover_a_range_without_gap_or_overlap() -> None:
    pieces = list(export_filter.pieces(Range(7, 10, 2011), 1000))
    assert [(each.after, each.upto) for each in pieces] == [(10, 1010), (1010, 2010), (2010, 2011)]
    assert Lines(ExportForm.JSONL, with_metadata=False).head == b""
