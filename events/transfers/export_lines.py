"""How an event looks in an exported file: the fields of the API, as JSON Lines or as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from events.api.representation import event_as_json
from events.csv_cells import safe_row
from events.event import FareEvent

FIELDS: Final = (
    "booking_id", "version", "type", "component", "amount", "change", "fare", "currency", "components",
    "description", "source", "actor", "origin", "corrects_version", "correction_id", "occurred_at", "recorded_at",
    "transaction_id", "exponent", "allow_negative", "request_id", "partition", "position", "hash", "erased",
)  # fmt: skip
"""In this order, in both forms; `metadata` comes last, in files that have it."""

METADATA: Final = "metadata"


class ExportForm(StrEnum):
    """The kinds of files that are written."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def content_type(self) -> str:
        return "text/csv; charset=utf-8" if self is ExportForm.CSV else "application/x-ndjson"


class Lines:
    """Writes events in one form, with metadata or without."""

    def __init__(self, form: ExportForm, *, with_metadata: bool) -> None:
        self._form = form
        self._fields = (*FIELDS, METADATA) if with_metadata else FIELDS

    @property
    def head(self) -> bytes:
        """What a file begins with."""
        return _csv([self._fields]) if self._form is ExportForm.CSV else b""

    def of(self, events: Sequence[FareEvent]) -> bytes:
        """The lines of these events."""
        found = (event_as_json(event) for event in events)
        if self._form is ExportForm.CSV:
            return _csv([_text(each[name]) for name in self._fields] for each in found)
        return b"".join(_json({name: each[name] for name in self._fields}) for each in found)


class _Echo:
    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    writer = csv.writer(_Echo())
    return "".join(str(writer.writerow(safe_row(row))) for row in rows).encode()


def _json(fields: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(fields) + b"\n"


def _text(value: Any) -> object:
    """As a cell has it: objects as JSON, truth in lower case, nothing for what is absent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, msgspec.Raw):
        return bytes(value).decode()
    return msgspec.json.encode(value).decode() if isinstance(value, dict) else value
