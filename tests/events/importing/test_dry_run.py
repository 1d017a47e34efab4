"""What a dry run says of a file is what an import of it then does, row by row: outcome, code, reason and sums."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from events import ledger
from events.errors import InvalidEvent, LedgerError
from events.event import Origin
from events.foreseeing import Foreseen
from events.importing import importer, own_format
from events.importing.readers import Form
from events.importing.rehearsal import Rehearsal
from events.importing.rows import Place
from events.importing.seen import Seen
from events.new_event import NewEvent
from events.transfers import beginning, importing, refused
from events.transfers.models import Transfer
from tests.builders import add, event, new_booking_id, set_
from tests.events.importing.builders import a_file, csv_file, green, import_fares
from tests.events.importing.test_every_row_is_accounted_for import KINDS
from tests.events.transfers.runs import asked_by, checked, driven, jsonl, line, listed
from tests.tampering import erase

Line = dict[str, Any]

ABSENT: Final = object()

AMOUNTS: Final = (
    "14.00", "20", "14", "14.0", "2.50", "0", "2.505", "12,50", "9999999999999.99", "9999999999999.990",
    "999999999999999", "9999999999999999",
)  # fmt: skip
ODD: Final[dict[str, tuple[object, ...]]] = {
    "type": ("SET", "SET", "ADD", "SUB"),
    "component": ("base_fare", "toll", "waiting_fee"),
    "amount": AMOUNTS,
    "currency": ("SGD", "SGD", "SGD", ABSENT, "JPY", "KWD"),
    "expected_version": (ABSENT, ABSENT, ABSENT, "any", 0, 1, 2, 3, 4),
    "allow_negative": (ABSENT, ABSENT, False, True),
    "occurred_at": (ABSENT, ABSENT, "2026-05-03T14:05:00Z", "2026-05-03T16:05:00+02:00", "2026-05-03T16:05:00Z"),
    "actor": (ABSENT, ABSENT, "anna"),
    "description": (ABSENT, ABSENT, "", "a toll"),
    "metadata": (ABSENT, {}, {"n": 1}, {"n": "1"}, {"n": True}, {"a": 0, "b": [1.0]}, {"b": [1], "a": -0.0}),
}  # fmt: skip
"""What a line may say, plainly first; simple lines are likely, so that many of them are taken."""

BOOKINGS: Final = ("new", "other", "known", "in yen", "full", "erased")
IDS: Final = (None, None, "one", "two", "of known", "of erased")


def asked(
    booking: str, type: str, amount: str, *, transaction_id: str | None = None, **fields: object
) -> Line:
    """A line by the names of its booking and its transaction id."""
    return {**line(booking, type, amount, **fields), "transaction_id": transaction_id}


FULL: Final = [
    asked("full", "ADD", "1.00", component="toll"),
    asked("full", "ADD", "1.00", component="waiting_fee"),
    asked("full", "SUB", "0.50", component="toll"),
    asked("full", "SET", "1.00", component="toll"),
    asked("full", "ADD", "1.00", component="waiting_fee"),
]
"""A fare with 99 components gets its hundredth, and not another before it is set anew."""

BELOW_ZERO: Final = [
    asked("new", "SET", "2.50"),
    asked("new", "SUB", "14.00"),
    asked("new", "SUB", "14.00", allow_negative=True),
    asked("new", "ADD", "2.50"),
    asked("new", "SUB", "0.50"),
]
"""A fare below zero may climb, and not sink."""

AGAIN: Final = [
    asked("known", "SET", "14", transaction_id="of known", metadata=metadata, expected_version=7)
    for metadata in ({"n": 1}, {"n": 1.0}, {"n": "1"}, {"n": True}, {})
] + [
    asked("erased", "SET", amount, transaction_id="of erased", actor=actor, currency=currency)
    for amount, actor, currency in (
        ("14", "anna", "SGD"), ("14", "ben", ABSENT), ("15", "anna", "SGD"), ("14", "anna", "JPY")
    )
]  # fmt: skip
"""The same content under the same id is a replay; what was erased cannot be compared."""


@st.composite
def files(draw: st.DrawFn) -> list[Line]:
    """Lines about a few bookings, some in the ledger, that repeat, contradict or follow each other; some are wrong."""
    lines: list[Line] = []
    for _ in range(draw(st.integers(1, 12))):
        if lines and draw(st.integers(0, 3)) == 0:
            made = dict(draw(st.sampled_from(lines)))
        else:
            booking, identity = draw(st.sampled_from(BOOKINGS)), draw(st.sampled_from(IDS))
            kind = draw(st.sampled_from(("SET", "ADD", "SUB")))
            amount = draw(st.sampled_from(AMOUNTS[:5]))
            currency = "JPY" if booking == "in yen" else "SGD"
            made = asked(booking, kind, amount, currency=currency, transaction_id=identity)
        for name in draw(st.lists(st.sampled_from(sorted(ODD)), max_size=2)):
            made[name] = draw(st.sampled_from(ODD[name]))
        lines.append(made)
    return lines


class World:
    """The ledger before a file comes, and what its bookings and transaction ids are called in it."""

    def __init__(self) -> None:
        self.bookings = {name: new_booking_id() for name in BOOKINGS}
        self.ids = {name: uuid4() for name in IDS if name}
        self._has(
            "known",
            set_("14.00", transaction_id=self.ids["of known"], metadata={"n": 1}),
            add("toll", "2.50"),
        )
        self._has("in yen", set_("1400", currency="JPY"))
        self._has("full", set_("14.00"), *(add(f"part_{number}", "1.00") for number in range(98)))
        self._has(
            "erased", set_("14.00", transaction_id=self.ids["of erased"], actor="anna", metadata={"n": 1})
        )
        erase(self.bookings["erased"], version=1)

    def lines(self, named: Sequence[Line]) -> list[Line]:
        return [
            {**self._without_absent(each), "booking_id": self.bookings[each["booking_id"]]} for each in named
        ]

    def _without_absent(self, named: Line) -> Line:
        made = {name: value for name, value in named.items() if value is not ABSENT}
        identity = made.pop("transaction_id")
        return made if identity is None else {**made, "transaction_id": str(self.ids[identity])}

    def _has(self, booking: str, *changes: Mapping[str, Any]) -> None:
        """As an earlier import appended it, so that the same lines are replays."""
        events = [event(self.bookings[booking], dict(change)) for change in changes]
        answers = ledger.append_many(events, source="file-import", origin=Origin.IMPORT)
        assert all(isinstance(answer, ledger.Appended) for answer in answers)


def assert_foretold(content: bytes, form: Form, rows_a_step: int) -> Transfer:
    """Dry runs of the command and in steps, then the import. Answers its record."""
    with pytest.MonkeyPatch.context() as patched, tempfile.TemporaryDirectory() as name:
        patched.setattr(importing, "BATCH_EVENTS", rows_a_step)
        patched.setattr(importer, "BATCH_EVENTS", rows_a_step)
        path = a_file(Path(name), content, form.value)
        by_command = import_fares(Path(name), path, format=str(form), dry_run=True)
        run = checked(content, form=form)
        beginning.confirm(run, asked_by())
        run = driven(run)
    done = listed(run)
    assert listed(run, refused.OF_CHECK) == done
    assert [{**each, "file": ""} for each in by_command.report] == [{**each, "file": ""} for each in done]
    foretold = {name: value for name, value in (run.check_counts or {}).items() if name in run.counts}
    assert foretold == run.counts
    return run


def answered(answer: object) -> object:
    """All that a caller gets to know of one event."""
    if isinstance(answer, LedgerError):
        return type(answer), answer.detail, answer.errors, getattr(answer, "current", None)
    assert isinstance(answer, (ledger.Appended, Foreseen))
    return answer.replayed


@settings(max_examples=40, deadline=None)
@given(named=files(), rows_a_step=st.integers(1, 5))
@example(named=FULL, rows_a_step=2)
@example(named=BELOW_ZERO, rows_a_step=2)
@example(named=AGAIN, rows_a_step=2)
def test_a_rehearsal_answers_what_the_ledger_then_answers(named: list[Line], rows_a_step: int) -> None:
    events: list[NewEvent] = []
    for each in World().lines(named):
        with suppress(InvalidEvent):
            events += own_format.event_row(Place("", 1), each).events
    steps = [events[start : start + rows_a_step] for start in range(0, len(events), rows_a_step)]
    with Seen.for_one_process() as seen:
        rehearsal = Rehearsal(seen, "file-import")
        foreseen = [answered(answer) for step in steps for answer in rehearsal.append_many(step)]
    done = [
        answered(answer)
        for step in steps
        for answer in ledger.append_many(step, source="file-import", origin=Origin.IMPORT)
    ]
    assert foreseen == done


@settings(max_examples=8, deadline=None)
@given(named=files(), rows_a_step=st.integers(1, 5))
@example(named=FULL, rows_a_step=2)
@example(named=BELOW_ZERO, rows_a_step=2)
@example(named=AGAIN, rows_a_step=2)
def test_a_dry_run_of_lines_foretells_what_becomes_of_each(named: list[Line], rows_a_step: int) -> None:
    # A line that is new comes first: where nothing is, there is no import.
    content = jsonl([line(new_booking_id()), *World().lines(named)])
    assert_foretold(content, Form.JSONL, rows_a_step)


@settings(max_examples=8, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(KINDS))), min_size=1, max_size=10),
    known=st.sampled_from(sorted(KINDS)),
    events_a_step=st.integers(1, 12),
)
def test_a_dry_run_of_trips_foretells_what_becomes_of_each(
    rows: list[tuple[int, str]], known: str, events_a_step: int
) -> None:
    trips = [green() for _ in range(3)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        import_fares(folder, csv_file(folder, [KINDS[known](trips[0])]))
        path = csv_file(folder, [green(), *(KINDS[kind](trips[index]) for index, kind in rows)])
        assert_foretold(path.read_bytes(), Form.TLC, events_a_step)
