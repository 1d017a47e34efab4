"""Our own formats, one fare event per line: JSON Lines, and CSV of the same names. See docs/importing.md."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, Final, cast
from uuid import UUID, uuid5

from events import strict_json
from events.errors import InvalidEvent, LedgerError, MalformedBody
from events.event import EventType
from events.importing.files import ADDED, Source, csv_rows, header_of, lines, named, other_encoding
from events.importing.planning import NAMESPACE
from events.importing.rows import ImportFailed, Place, PlannedRow, RefusedRow, Row, RowRefused
from events.money import parse_amount
from events.new_event import ANY, NewEvent

LONGEST_LINE: Final = 256 * 1024
"""Bytes of one JSON line: far beyond any event, and a bound on what one line can make us hold."""

IN_ALREADY: Final = "this line is in already, but from another source"

_FIELDS: Final = tuple(field.name for field in dataclasses.fields(NewEvent))
_METADATA: Final = "metadata."
_NOT_CONTENT: Final = ("transaction_id", "expected_version")
_NO_ID: Final = str(UUID(int=0))
_EXACT: Final = Context(prec=strict_json.MAX_NUMBER_LENGTH)


def read_jsonl(source: Source) -> Iterator[Row]:
    """Every line that is not blank, as one event."""
    for number, line in lines(source, LONGEST_LINE):
        place = Place(source.name, number)
        if line is None:
            detail = f"the line has more than {LONGEST_LINE} bytes"
            yield RefusedRow(place=place, code="too_large", reason=detail)
        else:
            yield _json_row(place, line)


def read_csv(source: Source) -> Iterator[Row]:
    """Every row as one event. Raises ImportFailed for a header with a name that is no field of an event."""
    rows = csv_rows(source)
    names = _checked_header(source, header_of(source, rows))
    for place, fields in rows:
        given: dict[str, Any] = {}
        try:
            if isinstance(fields, RowRefused):
                raise fields
            given = dict(zip(names, fields, strict=False))
            if len(fields) != len(names):
                raise RowRefused(
                    "wrong_width", f"the row has {len(fields)} values, the header {len(names)} columns"
                )
            yield event_row(place, _from_csv(given))
        except RowRefused as refused:
            yield _refused(place, refused, given)
        except LedgerError as error:
            reason = error.detail + other_encoding(given.values())
            yield _refused(place, RowRefused(error.code, reason), given)


def event_row(place: Place, given: Mapping[str, Any]) -> PlannedRow:
    """The one event of a line. Raises InvalidEvent naming every field that is wrong."""
    event = _event(given)
    amount = cast(Decimal, event.amount)  # NewEvent has made it one
    signed = -amount if event.type is EventType.SUB else amount
    return PlannedRow(
        place=place,
        booking_id=event.booking_id,
        events=[event],
        currency=event.currency or "",
        total=signed,
        events_sum=signed,
        if_id_reused="" if "transaction_id" in given else IN_ALREADY,
    )


def _json_row(place: Place, line: bytes) -> Row:
    given: Any = None
    try:
        given = _parsed(line, "the line")
        if not isinstance(given, dict):
            raise InvalidEvent.at("", "not_an_object", "the line is no JSON object")
        return event_row(place, {name: value for name, value in given.items() if name not in ADDED})
    except LedgerError as error:
        return _refused(place, RowRefused(error.code, error.detail), given if isinstance(given, dict) else {})


def _parsed(data: bytes, name: str) -> Any:
    """The JSON parser speaks of a body, which a file has not: here it is `name`."""
    try:
        return strict_json.parse(data)
    except MalformedBody as error:
        raise MalformedBody(error.detail.replace("the body", name).replace("the JSON text", name)) from None


def _event(given: Mapping[str, Any]) -> NewEvent:
    """The event of a line as a body of the API, with two fields that may be left out.

    Without a transaction id it gets one made from its content, as the ledger understands it: 12.5 and 12.50 are
    one change, not two.
    """
    if "booking_id" not in given:
        raise InvalidEvent.at("/booking_id", "required", "booking_id is required")
    body = {"expected_version": ANY, "transaction_id": _NO_ID, **given}
    event = NewEvent.from_json(body, booking_id=body.pop("booking_id"))
    if "transaction_id" in given:
        return event
    return dataclasses.replace(event, transaction_id=_content_id(event))


def _content_id(event: NewEvent) -> UUID:
    content = {name: getattr(event, name) for name in _FIELDS if name not in _NOT_CONTENT}
    content["metadata"] = content["metadata"].parsed()
    return uuid5(NAMESPACE, "event|" + json.dumps(content, sort_keys=True, default=_plain))


def _plain(value: object) -> str:
    """1.50 and 1.5 are one number, also inside metadata."""
    return str(value.normalize(_EXACT) if isinstance(value, Decimal) else value)


def _checked_header(source: Source, header: Sequence[str]) -> list[str]:
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in _FIELDS and not name.startswith(_METADATA)]
    missing = [name for name in ("booking_id", "type", "component", "amount") if name not in names]
    doubled = sorted(name for name, times in Counter(names).items() if times > 1)
    if "metadata" in names and any(name.startswith(_METADATA) for name in names):
        doubled.append("metadata and metadata.*")
    if unknown or missing or doubled:
        wrong = (("unknown", unknown), ("missing", missing), ("given twice", doubled))
        detail = "; ".join(f"{what}: {named(which)}" for what, which in wrong if which)
        raise ImportFailed(
            f"{source.name}: the header is not that of fare events ({detail})."
            f" Columns are {', '.join(_FIELDS)} and metadata.NAME."
            " Another operator's CSV file needs a mapping."
        )
    return names


def _from_csv(given: Mapping[str, str]) -> dict[str, Any]:
    """A CSV row's fields in the forms of JSON. An empty one is absent."""
    fields: dict[str, Any] = {
        name: value for name, value in given.items() if value != "" and not name.startswith(_METADATA)
    }
    if (version := fields.get("expected_version")) not in (None, ANY):
        fields["expected_version"] = int(version) if version.isascii() and version.isdigit() else version
    if "allow_negative" in fields:
        fields["allow_negative"] = {"true": True, "false": False}.get(
            fields["allow_negative"].lower(), fields["allow_negative"]
        )
    if "metadata" in fields:
        fields["metadata"] = _parsed(fields["metadata"].encode("utf-8", "surrogatepass"), "metadata")
    columns = {
        name.removeprefix(_METADATA): value
        for name, value in given.items()
        if name.startswith(_METADATA) and value != ""
    }
    return fields | {"metadata": columns} if columns else fields


def _refused(place: Place, refused: RowRefused, given: Mapping[str, Any]) -> RefusedRow:
    booking_id, currency = (given.get(name) for name in ("booking_id", "currency"))
    return RefusedRow(
        place=place,
        code=refused.code,
        reason=refused.reason,
        booking_id=booking_id if isinstance(booking_id, str) else "",
        currency=currency if isinstance(currency, str) else "",
        total=_signed_amount(given),
    )


def _signed_amount(given: Mapping[str, Any]) -> Decimal | None:
    """What a refused line counts for in the sums: its amount with the sign of its type, if it can be read."""
    amount = given.get("amount")
    try:
        value = parse_amount(amount) if isinstance(amount, str) else None
    except ValueError:
        return None
    return -value if value is not None and given.get("type") == EventType.SUB else value
